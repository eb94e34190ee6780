//! Proposals as branches of a local clone.
