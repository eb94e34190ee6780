//! What the runner must hide in logs: every given secret and everything that reveals it.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// A secret as it was given.
#[derive(Clone, Copy)]
pub(crate) enum Secret<'a> {
    /// A token or password, with the user names it can be sent with.
    Token { token: &'a str, users: &'a [&'a str] },
    /// A Docker `config.json` text.
    RegistryAuth(&'a str),
}

/// The shortest line of a multi-line secret that is hidden by itself: hiding shorter ones, such as brackets, would
/// mangle the log, and they reveal nothing.
const SHORTEST_LINE: usize = 4;

/// Everything to hide, without duplicates, in a stable order.
pub(crate) fn masks(secrets: &[Secret<'_>]) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for secret in secrets {
        match *secret {
            Secret::Token { token, users } => add_token(&mut all, token, users),
            Secret::RegistryAuth(text) => add_registry_auth(&mut all, text),
        }
    }
    all.retain(|mask| !mask.trim().is_empty());
    all
}

fn add_token(all: &mut BTreeSet<String>, token: &str, users: &[&str]) {
    let token = token.trim();
    if token.is_empty() {
        return;
    }
    add_lines(all, token);
    all.insert(STANDARD.encode(token));
    for user in users.iter().chain(&["x-access-token"]) {
        all.insert(STANDARD.encode(format!("{user}:{token}")));
    }
}

/// The text as a whole is not a secret, but its passwords and tokens are; a text that cannot be parsed is hidden line
/// by line.
fn add_registry_auth(all: &mut BTreeSet<String>, text: &str) {
    let Some(auths) = serde_json::from_str::<Value>(text).ok().and_then(|v| v.get("auths").cloned()) else {
        return add_lines(all, text);
    };
    if !text.trim().contains('\n') {
        all.insert(text.trim().to_owned());
    }
    for entry in auths.as_object().into_iter().flat_map(serde_json::Map::values) {
        let member = |name: &str| entry.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        for name in ["identitytoken", "registrytoken"] {
            member(name).into_iter().for_each(|token| add_token(all, token, &[]));
        }
        if let Some(password) = member("password") {
            add_token(all, password, member("username").as_slice());
        }
        if let Some(auth) = member("auth") {
            add_auth(all, auth);
        }
    }
}

/// `auth` is base64 of `user:password`.
fn add_auth(all: &mut BTreeSet<String>, auth: &str) {
    all.insert(auth.to_owned());
    let decoded = STANDARD.decode(auth.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    if let Some((user, password)) = decoded.as_deref().and_then(|text| text.split_once(':')) {
        add_token(all, password.trim_end_matches('\0'), &[user]);
    }
}

fn add_lines(all: &mut BTreeSet<String>, text: &str) {
    let text = text.trim();
    if text.contains('\n') {
        all.extend(text.lines().map(str::trim).filter(|line| line.len() >= SHORTEST_LINE).map(str::to_owned));
    } else {
        all.insert(text.to_owned());
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn nothing_is_hidden_where_nothing_was_given() {
        let token = |token, users| Secret::Token { token, users };
        assert!(masks(&[token("", &[]), token(" \n", &["user"]), Secret::RegistryAuth("")]).is_empty());
    }

    #[test]
    fn brackets_of_a_config_are_not_hidden() {
        let config = "{\n  \"auths\": {\n    \"ghcr.io\": { \"auth\": \"dTpwYXNz\" }\n  }\n}";
        let all: Vec<String> = masks(&[Secret::RegistryAuth(config)]).into_iter().collect();
        assert_eq!(all, ["cGFzcw==", "dTpwYXNz", "eC1hY2Nlc3MtdG9rZW46cGFzcw==", "pass"]);
    }
}
