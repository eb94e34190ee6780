//! Errors in registries' own words.

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde::Deserialize;

use crate::text::excerpt;

/// What an error's body says (OCI distribution specification, "Error Codes").
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ErrorBody {
    /// The codes, such as `NAME_UNKNOWN`.
    pub(crate) codes: Vec<String>,
    /// For people: status, codes and messages.
    pub(crate) text: String,
}

impl ErrorBody {
    pub(crate) fn read(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Errors {
            errors: Vec<One>,
        }
        #[derive(Deserialize)]
        struct One {
            #[serde(default)]
            code: String,
            #[serde(default)]
            message: Option<String>,
        }
        if let Ok(found) = serde_json::from_slice::<Errors>(body) {
            let parts: Vec<String> = found
                .errors
                .iter()
                .take(3)
                .map(|e| match &e.message {
                    Some(message) => format!("{}: {}", excerpt(&e.code, 60), excerpt(message, 200)),
                    None => excerpt(&e.code, 60),
                })
                .collect();
            let codes = found.errors.into_iter().take(10).map(|e| e.code).collect();
            return Self { codes, text: format!("{} {}", status.as_u16(), parts.join("; ")).trim().to_owned() };
        }
        let html = headers.get("content-type").is_some_and(|t| t.to_str().is_ok_and(|t| t.contains("html")))
            || body.trim_ascii_start().starts_with(b"<");
        let body = if html { String::new() } else { excerpt(&String::from_utf8_lossy(body), 200) };
        let what = if body.is_empty() { status.canonical_reason().unwrap_or_default().to_owned() } else { body };
        Self { codes: Vec::new(), text: format!("{} {what}", status.as_u16()).trim().to_owned() }
    }

    pub(crate) fn has(&self, code: &str) -> bool {
        self.codes.iter().any(|c| c == code)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn what_errors_say_is_read_and_cleaned() {
        let headers = HeaderMap::new();
        let body = br#"{"errors":[{"code":"DENIED","message":"no\n::error::x"},{"code":"UNSUPPORTED","detail":{}}]}"#;
        let said = ErrorBody::read(StatusCode::FORBIDDEN, &headers, body);
        assert_eq!(said.text, "403 DENIED: no ::error::x; UNSUPPORTED");
        assert!(said.has("UNSUPPORTED"));
        assert_eq!(ErrorBody::read(StatusCode::NOT_FOUND, &headers, b"").text, "404 Not Found");
        let mut html = HeaderMap::new();
        html.insert("content-type", "text/html".parse().unwrap());
        assert_eq!(ErrorBody::read(StatusCode::NOT_FOUND, &html, b"<html>").text, "404 Not Found");
        assert_eq!(ErrorBody::read(StatusCode::BAD_GATEWAY, &headers, b" <html>").text, "502 Bad Gateway");
    }
}
