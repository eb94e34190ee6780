//! TODO branch
