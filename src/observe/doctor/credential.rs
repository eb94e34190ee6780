//! Whose credential it is, without the secret.

use secrecy::{ExposeSecret as _, SecretString};

use crate::doctor::facts::{Holder, Kind, TokenKind};
use crate::registry::credentials::{Credential, KnownCredential};

pub(super) fn holder(found: &KnownCredential) -> Holder {
    let (user, kind) = match &found.credential {
        Credential::Password { username, password } => {
            (Some(crate::registry::credentials::display_username(username)), kind_of(password))
        }
        Credential::Identity(_) => (None, Kind::Identity),
        Credential::Bearer(_) => (None, Kind::Bearer),
        Credential::Job(token) => (None, Kind::GitHub(token_kind(token))),
    };
    Holder { user, kind, place: found.place.to_string() }
}

/// The kind of a secret, by its prefix.
pub(super) fn kind_of(secret: &SecretString) -> Kind {
    let secret = secret.expose_secret();
    match secret {
        text if text.starts_with("dckr_pat_") => Kind::HubPersonal,
        text if text.starts_with("dckr_oat_") => Kind::HubOrganization,
        text if text.starts_with("gh") || text.starts_with("github_pat_") => {
            match token_kind(&secret.to_owned().into()) {
                TokenKind::Other => Kind::Password,
                kind => Kind::GitHub(kind),
            }
        }
        _ => Kind::Password,
    }
}

/// The kind of a GitHub token, by its prefix.
pub(super) fn token_kind(token: &SecretString) -> TokenKind {
    let starts = [
        ("ghs_", TokenKind::Installation),
        ("ghp_", TokenKind::Classic),
        ("github_pat_", TokenKind::FineGrained),
        ("gho_", TokenKind::OfUser),
        ("ghu_", TokenKind::OfUser),
    ];
    let token = token.expose_secret();
    starts.iter().find(|(start, _)| token.starts_with(start)).map_or(TokenKind::Other, |(_, kind)| *kind)
}
