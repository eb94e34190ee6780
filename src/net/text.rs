//! Remote text in messages: without control characters, one line, and cut.

use std::error::Error;

/// Text that somebody else wrote, fit for an error message: control characters become spaces, runs of white space one
/// space, and it is cut at `limit` characters.
#[must_use]
pub fn clean(text: &str, limit: usize) -> String {
    let printable: String =
        text.chars().take(limit * 4).map(|c| if c.is_control() || is_invisible(c) { ' ' } else { c }).collect();
    let words = printable.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().count() <= limit {
        return words;
    }
    words.chars().take(limit.saturating_sub(1)).chain(['…']).collect()
}

/// Characters that reorder or hide text.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// What the HTTP client's layers say of themselves; the cause below tells a person more.
const LAYERS: &[&str] = &["client error (", "tcp connect error"];

/// An error of the HTTP client with its causes, without the URL: its query may hold what a log must not.
#[must_use]
pub fn causes(error: &reqwest::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(error) = cause {
        let text = clean(&error.to_string(), 200);
        cause = error.source();
        if cause.is_some() && LAYERS.iter().any(|layer| text.starts_with(layer)) {
            continue;
        }
        if !parts.last().is_some_and(|last| last.contains(&text)) {
            parts.push(text);
        }
    }
    parts.extend(mend(error).map(str::to_owned));
    match parts.is_empty() {
        false => parts.join(": "),
        true if error.is_timeout() => "timed out".to_owned(),
        true => "the HTTP request failed".to_owned(),
    }
}

/// How people mend what broke a connection, where it is theirs to mend: trying again does not.
#[must_use]
pub fn mend(error: &(dyn Error + 'static)) -> Option<&'static str> {
    if let Some(rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer)) = error.downcast_ref() {
        return Some(UNTRUSTED);
    }
    // What an I/O error wraps is not among its sources.
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(wrapped) => mend(wrapped),
        None => error.source().and_then(mend),
    }
}

const UNTRUSTED: &str = "no CA known here signed the server's certificate; name a PEM file of the CA that did with \
                         SSL_CERT_FILE or ca-certificates, or install the ca-certificates package where it is missing";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_stays_on_one_line_and_short() {
        assert_eq!(clean("a\r\n::add-mask::\u{1b}[31mx\u{202e}y", 80), "a ::add-mask:: [31mx y");
        assert_eq!(clean("abcdef", 4), "abc…");
        assert_eq!(clean("", 4), "");
    }
}
