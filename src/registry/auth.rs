//! TODO auth
