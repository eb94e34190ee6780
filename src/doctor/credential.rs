//! Who a credential belongs to, and where tokens are created.

use super::facts::{Holder, Kind, TokenKind};

pub(super) const PERSONAL_TOKENS: &str = "Docker Home (app.docker.com), Account settings, Personal access tokens";
pub(super) const ORGANIZATION_TOKENS: &str =
    "Docker Home (app.docker.com), the organization, Admin Console, Access tokens";

/// Who the credential belongs to, what it is and where it came from.
pub(super) fn described(holder: &Holder) -> String {
    let kind = match holder.kind {
        Kind::Password => "a password or a token issued by the registry",
        Kind::HubPersonal => "a personal access token",
        Kind::HubOrganization => "an organization access token",
        Kind::Identity => "an identity token",
        Kind::Bearer => "a bearer token",
        Kind::GitHub(kind) => token(kind),
    };
    match &holder.user {
        Some(user) => format!("{user}: {kind}, from {}", holder.place),
        None => format!("{kind}, from {}", holder.place),
    }
}

/// The kind of a GitHub token, in words.
pub(super) fn token(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::Job => "the job's own token",
        TokenKind::App => "an App's installation token",
        TokenKind::Installation => "a token of the job or of an App",
        TokenKind::Classic => "a personal access token (classic)",
        TokenKind::FineGrained => "a fine-grained personal access token",
        TokenKind::OfUser => "a token issued to an App for a user",
        TokenKind::Other => "a token of an unknown kind",
    }
}
