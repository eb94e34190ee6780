//! `WWW-Authenticate` (RFC 9110, section 11.6.1).

use std::collections::BTreeMap;

use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};

/// How a registry wants requests to be authenticated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// User name and password, to the registry itself.
    Basic,
    /// A token from the service at `realm`.
    Bearer {
        /// The URL of the token service, as the registry wrote it.
        realm: String,
        /// The name by which the token service knows the registry.
        service: Option<String>,
        /// What the refused request needed.
        scope: Option<String>,
    },
}

impl Challenge {
    /// Picks the challenge to answer: Bearer if there is one, else Basic.
    pub(crate) fn read(headers: &HeaderMap) -> Option<Self> {
        let all: Vec<(String, BTreeMap<String, String>)> =
            headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|v| v.to_str().ok()).flat_map(parse).collect();
        let bearer = all.iter().find(|(scheme, _)| scheme == "bearer").and_then(|(_, parameters)| {
            let of = |name: &str| parameters.get(name).filter(|v| !v.is_empty()).cloned();
            Some(Challenge::Bearer { realm: of("realm")?, service: of("service"), scope: of("scope") })
        });
        bearer.or_else(|| all.iter().any(|(scheme, _)| scheme == "basic").then_some(Challenge::Basic))
    }
}

/// Schemes and their parameters, names in lower case.
fn parse(text: &str) -> Vec<(String, BTreeMap<String, String>)> {
    let mut challenges: Vec<(String, BTreeMap<String, String>)> = Vec::new();
    let mut rest = text.trim_start_matches([' ', '\t', ',']);
    while !rest.is_empty() {
        let end = rest.find([' ', '\t', ',', '=']).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let word = word.to_ascii_lowercase();
        match after.trim_start().strip_prefix('=') {
            Some(value) => {
                let (value, after) = parameter(value.trim_start());
                if let Some((_, parameters)) = challenges.last_mut() {
                    parameters.entry(word).or_insert(value);
                }
                rest = after;
            }
            None => {
                challenges.push((word, BTreeMap::new()));
                rest = after;
            }
        }
        rest = rest.trim_start_matches([' ', '\t', ',']);
    }
    challenges
}

/// A token or a quoted string, and the text after it.
fn parameter(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([' ', '\t', ',']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut escaped = false;
    for (at, c) in quoted.char_indices() {
        match c {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return (value, &quoted[at + 1..]),
            c => {
                value.push(c);
                escaped = false;
            }
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn of(values: &[&str]) -> Option<Challenge> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(WWW_AUTHENTICATE, value.parse().unwrap());
        }
        Challenge::read(&headers)
    }

    fn bearer(realm: &str, service: Option<&str>, scope: Option<&str>) -> Option<Challenge> {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Some(Challenge::Bearer { realm: realm.to_owned(), service: owned(service), scope: owned(scope) })
    }

    #[test]
    fn challenges_in_many_forms() {
        let hub = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push""#;
        let read = bearer("https://auth.docker.io/token", Some("registry.docker.io"), Some("repository:a/b:pull,push"));
        assert_eq!(of(&[hub]), read);
        assert_eq!(
            of(&["Basic realm=\"x, y\", BEARER realm = https://t/a ,service=s"]),
            bearer("https://t/a", Some("s"), None)
        );
        assert_eq!(of(&["Basic realm=\"x\"", "Bearer realm=\"r\\\"q\""]), bearer("r\"q", None, None));
        assert_eq!(of(&["basic"]), Some(Challenge::Basic));
        for none in ["", "Negotiate", "Bearer service=\"s\"", ",,,", "=", "\"", "Bearer realm=\""] {
            assert_eq!(of(&[none]), None, "{none}");
        }
    }
}
