//! Why a request failed, in words.

use std::error::Error;

use crate::text::excerpt;

/// What the HTTP client's layers say about themselves; the underlying cause tells a person more.
const LAYERS: &[&str] = &["client error (", "tcp connect error"];

/// An error of the HTTP client with its causes, without the URL: its query may contain what a log must not.
pub(crate) fn causes(error: &reqwest::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(error) = cause {
        let text = excerpt(&error.to_string(), 200);
        cause = error.source();
        if cause.is_some() && LAYERS.iter().any(|layer| text.starts_with(layer)) {
            continue;
        }
        if !parts.last().is_some_and(|last| last.contains(&text)) {
            parts.push(text);
        }
    }
    parts.extend(remedy(error).map(str::to_owned));
    match parts.is_empty() {
        false => parts.join(": "),
        true if error.is_timeout() => "timed out".to_owned(),
        true => "the HTTP request failed".to_owned(),
    }
}

/// How people can repair what broke a connection, if that is up to them: trying again does not help.
pub(crate) fn remedy(error: &(dyn Error + 'static)) -> Option<&'static str> {
    if let Some(rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer)) = error.downcast_ref() {
        return Some(UNTRUSTED);
    }
    // An I/O error does not list what it wraps among its sources.
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(wrapped) => remedy(wrapped),
        None => error.source().and_then(remedy),
    }
}

const UNTRUSTED: &str = "the server's certificate is not signed by a known CA; set SSL_CERT_FILE or ca-certificates \
                         to a PEM file of the CA that signed it, or install the ca-certificates package if it is \
                         missing";
