//! The Actions environment: inputs, events, outputs, masks.
