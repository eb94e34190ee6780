//! Documents that two readers understand differently.
