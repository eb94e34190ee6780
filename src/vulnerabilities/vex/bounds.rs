//! How much is read.

/// The most bytes of one document that may be statements.
pub(super) const DOCUMENT: usize = 1 << 20;
pub(super) const TOO_LONG: &str = "it has more than 1 MiB of statements, which are the most";
