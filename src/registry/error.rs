//! What can go wrong with a registry.

use crate::content::ContentError;

/// What went wrong with a registry. Callers decide by the kind; the text is for people and contains no secret.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{registry}: {kind}")]
pub struct Error {
    /// The registry or directory, as manifests name it.
    pub registry: String,
    pub kind: ErrorKind,
}

impl Error {
    /// Whether the registry does not support or allow this, for whatever reason, though it may well do everything else.
    pub(crate) const fn is_declined(&self) -> bool {
        matches!(self.kind, ErrorKind::Refused { .. } | ErrorKind::Declined(_))
    }

    /// Whether the requested document is one that two readers could understand differently.
    pub(crate) const fn is_ambiguous(&self) -> bool {
        matches!(self.kind, ErrorKind::Ambiguous(_))
    }
}

#[derive(Debug, Clone, thiserror::Error)]
pub enum ErrorKind {
    /// 401 or 403, with what the registry said: the credential is missing, wrong or not allowed to do this.
    #[error("refused {action}: {detail}")]
    Refused {
        /// What was being done, such as `pull of library/redis`.
        action: String,
        /// What the registry said, cleaned and truncated.
        detail: String,
    },
    /// The token service refuses a token for this, with a status other than 401 or 403.
    #[error("refused {action}: {detail}")]
    NoToken {
        /// What was asked for, such as `a token for repository:library/redis:pull`.
        action: String,
        /// What the token service said, cleaned and truncated.
        detail: String,
    },
    /// Too many requests, and the registry asks for a longer pause than we wait.
    #[error("rate limit: {0}")]
    RateLimited(String),
    /// No answer: name resolution, connection, TLS, timeout, stalled body.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// The registry answered with a server error on every try.
    #[error("server error: {0}")]
    Server(String),
    /// The answer violates the protocol or one of our limits, or is not what was requested.
    #[error("unusable response: {0}")]
    Protocol(String),
    /// The registry rejects a manifest because it does not have something the manifest names.
    #[error("the registry lacks content that the manifest refers to: {0}")]
    Lacking(String),
    /// The registry answered that it does not support this: 4xx or 501.
    #[error("unusable response: {0}")]
    Declined(String),
    /// The manifest or index is one that two readers could understand differently.
    #[error("refused document: {0}")]
    Ambiguous(String),
    /// The bytes do not have the digest or size that they should have.
    #[error("{0}")]
    Mismatch(String),
    /// Reading or writing a layout on disk failed.
    #[error("{0}")]
    Disk(String),
    /// The address must not be contacted from here.
    #[error("not contacted: {0}")]
    Forbidden(String),
}

impl ErrorKind {
    /// The bytes behind `name` are not a usable document.
    pub(crate) fn of_content(name: &str, error: &ContentError) -> Self {
        let text = format!("{name}: {error}");
        match error {
            ContentError::Unusable(_) => Self::Protocol(text),
            ContentError::Ambiguous(_) => Self::Ambiguous(text),
        }
    }

    /// Whether the request was refused, with whatever status.
    pub(crate) const fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { .. } | Self::NoToken { .. })
    }

    /// The same kind, its text prefixed with what was being done. A refusal already says that.
    pub(crate) fn about(self, action: &str) -> Self {
        match self {
            Self::Refused { .. } | Self::NoToken { .. } => self,
            other => other.map(|text| format!("{action}: {text}")),
        }
    }

    /// The same refusal with more detail.
    pub(crate) fn and(self, more: &str) -> Self {
        match self {
            Self::Refused { action, detail } => Self::Refused { action, detail: format!("{detail}; {more}") },
            Self::NoToken { action, detail } => Self::NoToken { action, detail: format!("{detail}; {more}") },
            other => other,
        }
    }

    /// The same kind with each of its texts changed.
    pub(crate) fn map(self, change: impl Fn(String) -> String) -> Self {
        match self {
            Self::Refused { action, detail } => Self::Refused { action: change(action), detail: change(detail) },
            Self::NoToken { action, detail } => Self::NoToken { action: change(action), detail: change(detail) },
            Self::RateLimited(text) => Self::RateLimited(change(text)),
            Self::Unreachable(text) => Self::Unreachable(change(text)),
            Self::Server(text) => Self::Server(change(text)),
            Self::Protocol(text) => Self::Protocol(change(text)),
            Self::Lacking(text) => Self::Lacking(change(text)),
            Self::Declined(text) => Self::Declined(change(text)),
            Self::Ambiguous(text) => Self::Ambiguous(change(text)),
            Self::Mismatch(text) => Self::Mismatch(change(text)),
            Self::Disk(text) => Self::Disk(change(text)),
            Self::Forbidden(text) => Self::Forbidden(change(text)),
        }
    }
}
