//! Registries that take their time.
