//! Docker's `config.json`, as far as it concerns credentials.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;

use super::credential::{Credential, CredentialError};
use crate::image::RegistryHost;

/// The contents of a `config.json`.
pub(super) struct Config {
    pub(super) known: BTreeMap<RegistryHost, Credential>,
    pub(super) helpers: BTreeMap<RegistryHost, String>,
    pub(super) store: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Raw {
    #[serde(default)]
    auths: Option<BTreeMap<String, RawAuth>>,
    #[serde(default)]
    cred_helpers: Option<BTreeMap<String, String>>,
    #[serde(default)]
    creds_store: Option<String>,
}

#[derive(Deserialize, Default)]
struct RawAuth {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
    registrytoken: Option<String>,
}

/// Parses the text; errors say where and what, but never show a value.
pub(super) fn parse(text: &str, origin: &str) -> Result<Config, CredentialError> {
    let fail = |why: String| CredentialError { origin: origin.to_owned(), why };
    let raw: Raw = serde_json::from_str(text)
        .map_err(|e| fail(format!("not Docker's config.json at line {}, column {}", e.line(), e.column())))?;
    let mut known = BTreeMap::new();
    for (key, auth) in raw.auths.unwrap_or_default() {
        let Some(host) = host(&key) else { continue };
        if let Some(credential) = credential(auth).map_err(|why| fail(format!("auths: {host}: {why}")))? {
            known.insert(host, credential);
        }
    }
    let helpers = raw.cred_helpers.unwrap_or_default();
    let helpers = helpers.into_iter().filter_map(|(key, helper)| Some((host(&key)?, helper))).collect();
    Ok(Config { known, helpers, store: raw.creds_store.filter(|s| !s.is_empty()) })
}

/// The registry that a key means; `https://index.docker.io/v1/` is Docker Hub. `None` for a key with a path, which
/// covers only part of a registry.
fn host(key: &str) -> Option<RegistryHost> {
    let rest = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    matches!(path, "" | "v1" | "v1/" | "v2" | "v2/").then(|| host.parse().ok()).flatten()
}

fn credential(auth: RawAuth) -> Result<Option<Credential>, &'static str> {
    let given = |text: Option<String>| text.filter(|t| !t.is_empty());
    if let Some(token) = given(auth.registrytoken) {
        return Ok(Some(Credential::Bearer(token.into())));
    }
    if let Some(token) = given(auth.identitytoken) {
        return Ok(Some(Credential::Identity(token.into())));
    }
    let (username, password) = match given(auth.auth) {
        Some(auth) => decode(&auth)?,
        None => match (given(auth.username), given(auth.password)) {
            (Some(username), Some(password)) => (username, password),
            _ => return Ok(None),
        },
    };
    Ok(Some(if username == "<token>" {
        Credential::Identity(password.into())
    } else {
        Credential::Password { username, password: password.into() }
    }))
}

fn decode(auth: &str) -> Result<(String, String), &'static str> {
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let engine = GeneralPurpose::new(&base64::alphabet::STANDARD, lenient);
    let bytes = engine.decode(auth.trim()).map_err(|_| "auth is not base64")?;
    let text = String::from_utf8(bytes).map_err(|_| "auth is not base64-encoded text")?;
    let (username, password) = text.split_once(':').ok_or("auth is not base64-encoded user:password")?;
    Ok((username.to_owned(), password.trim_end_matches('\0').to_owned()))
}
