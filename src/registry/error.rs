//! What can go wrong with a registry.

use crate::content::ContentError;

/// What went wrong with a registry. The kinds are what callers decide by; the text is for people and holds no secret.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{registry}: {kind}")]
pub struct Error {
    /// The registry or directory, as manifests name it.
    pub registry: String,
    pub kind: ErrorKind,
}

impl Error {
    /// Whether the registry does not let this be done, whoever is to blame, and may well do everything else.
    pub(crate) const fn is_declined(&self) -> bool {
        matches!(self.kind, ErrorKind::Refused { .. } | ErrorKind::Declined(_))
    }

    /// Whether what was asked for is a document that two readers could understand differently.
    pub(crate) const fn is_ambiguous(&self) -> bool {
        matches!(self.kind, ErrorKind::Ambiguous(_))
    }
}

#[derive(Debug, Clone, thiserror::Error)]
pub enum ErrorKind {
    /// 401 or 403, with what the registry said of it: the credential is missing, wrong or not allowed to do this.
    #[error("refused {action}: {detail}")]
    Refused {
        /// What was being done, such as `pull of library/redis`.
        action: String,
        /// What the registry said, cleaned and cut.
        detail: String,
    },
    /// The token service gives no token for this, and says so by another status than 401 or 403.
    #[error("refused {action}: {detail}")]
    NoToken {
        /// What was asked for, such as `a token for repository:library/redis:pull`.
        action: String,
        /// What the token service said, cleaned and cut.
        detail: String,
    },
    /// Too many requests, and the registry asks for a longer pause than is waited.
    #[error("rate limit: {0}")]
    RateLimited(String),
    /// No answer: name resolution, connection, TLS, timeout, stalled body.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// The registry answered with a server error until the tries were used up.
    #[error("server error: {0}")]
    Server(String),
    /// The answer breaks the protocol or one of our limits, or is not what was asked for.
    #[error("unusable response: {0}")]
    Protocol(String),
    /// The registry does not take a manifest because it does not have what that names.
    #[error("the registry lacks content that the manifest refers to: {0}")]
    Lacking(String),
    /// The registry answered that it does not do this: 4xx or 501.
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
    /// The address may not be contacted here.
    #[error("not contacted: {0}")]
    Forbidden(String),
}

impl ErrorKind {
    /// That the bytes that `name` answers are no document that can be used.
    pub(crate) fn of_content(name: &str, error: &ContentError) -> Self {
        let text = format!("{name}: {error}");
        match error {
            ContentError::Unusable(_) => Self::Protocol(text),
            ContentError::Ambiguous(_) => Self::Ambiguous(text),
        }
    }

    /// Whether somebody refused what was asked, by whatever status.
    pub(crate) const fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { .. } | Self::NoToken { .. })
    }

    /// The same kind, its text beginning with what was being done. A refusal says that already.
    pub(crate) fn about(self, action: &str) -> Self {
        match self {
            Self::Refused { .. } | Self::NoToken { .. } => self,
            other => other.map(|text| format!("{action}: {text}")),
        }
    }

    /// The same refusal with something more said of it.
    pub(crate) fn and(self, more: &str) -> Self {
        match self {
            Self::Refused { action, detail } => Self::Refused { action, detail: format!("{detail}; {more}") },
            Self::NoToken { action, detail } => Self::NoToken { action, detail: format!("{detail}; {more}") },
            other => other,
        }
    }

    /// The same kind with every text of it changed.
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
