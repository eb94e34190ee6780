//! What goes wrong with Docker Hub's API.

use crate::text::names_there_are;

/// What went wrong with Docker Hub's API. Callers decide by the kind; no text contains a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The credential itself is refused: so is every request made with it.
    #[error("Docker Hub refused {action}: {detail}")]
    SignIn {
        /// Who signs in.
        action: String,
        /// What Docker Hub said, and what may be wrong.
        detail: String,
    },
    /// 401 or 403 to one request, with the role or scope that it is missing. Others may be granted.
    #[error("Docker Hub refused {action}: {detail}")]
    Refused {
        /// What was being done.
        action: String,
        /// What Docker Hub said, and which scope or role is missing.
        detail: String,
    },
    /// The organization has no such team, and none was to be created.
    #[error("{organization} has no team `{team}` on Docker Hub; {}", known_teams(team, known))]
    NoTeam {
        organization: String,
        team: String,
        /// The existing teams, sorted.
        known: Vec<String>,
    },
    /// A rate limit that lasts longer than we wait.
    #[error("Docker Hub's rate limit: {0}")]
    RateLimited(String),
    /// No answer, or server errors on every try.
    #[error("Docker Hub gave no answer: {0}")]
    Unreachable(String),
    /// An answer that cannot be used.
    #[error("Docker Hub: {0}")]
    Unusable(String),
}

fn known_teams(team: &str, known: &[String]) -> String {
    names_there_are(team, known).unwrap_or_else(|| "the credential can see no teams there".to_owned())
}
