//! What one check of an image found.

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Verified,
    Failed,
    /// It was not made, or there was no answer.
    Unchecked,
}

/// A check in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Check {
    pub outcome: Outcome,
    pub text: String,
}

impl Check {
    pub(super) const fn verified(text: String) -> Self {
        Self { outcome: Outcome::Verified, text }
    }

    pub(super) const fn failed(text: String) -> Self {
        Self { outcome: Outcome::Failed, text }
    }

    pub(super) const fn unchecked(text: String) -> Self {
        Self { outcome: Outcome::Unchecked, text }
    }
}
