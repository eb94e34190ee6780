//! TODO body
