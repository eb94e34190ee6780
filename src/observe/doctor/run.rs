//! What a run was told about GitHub.

use secrecy::SecretString;

use super::credential::token_kind;
use crate::doctor::facts::TokenKind;

#[derive(Debug, Clone, Default)]
pub(crate) struct Run {
    /// Whether proposals are made in another repository.
    pub elsewhere: bool,
    pub in_actions: bool,
    pub repository: Option<String>,
    /// `GITHUB_SERVER_URL`.
    pub server: String,
    /// The kind of the token, by its prefix.
    pub token: Option<TokenKind>,
    pub job: Option<String>,
    pub workflow_ref: Option<String>,
    pub workflow_sha: Option<String>,
    /// Whether records are made by commits only.
    pub commits_alone: bool,
    /// The minimum number of reviews.
    pub min_approvals: u32,
}

impl Run {
    pub(crate) fn with_token(mut self, token: Option<&SecretString>) -> Self {
        self.token = token.map(token_kind);
        self
    }
}
