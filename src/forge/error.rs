//! Errors of a forge.

/// What went wrong with a forge.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The branch did not point to the expected commit: read it again and start over.
    #[error("the branch {branch} has moved in the meantime")]
    Moved { branch: String },
    /// The branch's rules refuse a commit, the branch or its proposal (protection, rulesets); with what the forge said.
    #[error("the rules of the branch {branch} reject it: {detail}")]
    Protected { branch: String, detail: String },
    /// The rules of a branch prevent its deletion; with those rules, and what to change.
    #[error("the branch {branch} cannot be deleted: {detail}")]
    Undeletable { branch: String, detail: String },
    /// The credential is missing, wrong, or not allowed to do this; with the missing permission or setting.
    #[error("{action} was refused: {detail}")]
    Refused {
        action: String,
        /// What the forge said, and how to fix it.
        detail: String,
    },
    /// The forge rejects the request, whoever makes it; with what it said.
    #[error("{action}: GitHub rejected it: {detail}")]
    Invalid { action: String, detail: String },
    /// A rate limit, with when it ends.
    #[error("rate limit: {0}")]
    RateLimited(String),
    /// No answer, or server errors on every try.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// A file that is not UTF-8.
    #[error("{0} is not UTF-8")]
    NotText(String),
    /// An answer that violates the forge's own description, or a failed git command.
    #[error("{0}")]
    Unusable(String),
}
