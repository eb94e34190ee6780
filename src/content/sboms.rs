//! SBOMs stored beside an image: which parts of a document are SBOMs, and what is inside their envelopes.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::artifact::{Sort, plain};
use super::document::{Content, Document};
use super::statements::predicate_of;
use crate::image::Descriptor;

/// The prefixes of the predicate types of SBOMs.
const PREDICATES: [&str; 2] = ["https://spdx.dev/", "https://cyclonedx.org/"];

/// Whether an entry in a list of referrers may be an SBOM: its type says so, or it is a statement whose predicate is
/// one or is not named there.
pub(crate) fn may_be_sbom(referrer: &Descriptor) -> bool {
    let declared = referrer.artifact_type.as_deref().map(plain).unwrap_or_default();
    let is_bundle = declared.starts_with("application/vnd.dev.sigstore.bundle");
    match Sort::of(&declared) {
        Sort::Sbom => true,
        Sort::Signature if !is_bundle => false,
        Sort::Attestation | Sort::Signature => predicate_of(&referrer.annotations).is_none_or(is_sbom),
        Sort::Other => false,
    }
}

/// The layers of a document beside an image that are SBOMs, bare or as statements.
pub(crate) fn sboms(document: &Document) -> Vec<Descriptor> {
    let (Ok(Content::Manifest { layers, .. }), Ok(own)) = (document.read(), document.descriptor()) else {
        return Vec::new();
    };
    let declared = own.artifact_type.as_deref().map(plain).unwrap_or_default();
    let is_one = |layer: &Descriptor| match predicate_of(&layer.annotations).or_else(|| predicate_of(&own.annotations))
    {
        Some(predicate) => is_sbom(predicate),
        None => Sort::of(&plain(&layer.media_type)) == Sort::Sbom || Sort::of(&declared) == Sort::Sbom,
    };
    layers.into_iter().filter(is_one).collect()
}

/// Whether an entry in a list of referrers is called an SBOM itself: bare, without any signature.
pub(crate) fn names_sbom(referrer: &Descriptor) -> bool {
    Sort::of(&referrer.artifact_type.as_deref().map(plain).unwrap_or_default()) == Sort::Sbom
}

/// Whether statements with this type of predicate are SBOMs.
pub(crate) fn is_sbom(predicate: &str) -> bool {
    PREDICATES.iter().any(|known| predicate.starts_with(known))
}

/// The envelope (DSSE) in a bundle (Sigstore) or as the whole document; without either, the document is its own content.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outer<'a> {
    #[serde(borrow)]
    dsse_envelope: Option<Envelope<'a>>,
    /// Long ones are not copied.
    #[serde(borrow)]
    payload: Option<Payload<'a>>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    payload: Payload<'a>,
}

#[derive(Deserialize)]
struct Payload<'a>(#[serde(borrow)] Cow<'a, str>);

/// The statement or the bare SBOM inside a bundle or an envelope.
///
/// # Errors
/// Why it cannot be used, in words.
pub(crate) fn unwrapped(content: &[u8]) -> Result<Cow<'_, [u8]>, String> {
    let outer: Outer<'_> = serde_json::from_slice(content).map_err(|e| format!("it cannot be read: {e}"))?;
    match outer.dsse_envelope.map(|envelope| envelope.payload).or(outer.payload) {
        Some(Payload(payload)) => {
            STANDARD.decode(&*payload).map(Cow::Owned).map_err(|e| format!("its envelope cannot be read: {e}"))
        }
        None => Ok(Cow::Borrowed(content)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn a_statement_is_taken_out_of_its_envelope() {
        let statement = json!({"_type": "https://in-toto.io/Statement/v1", "predicate": {}}).to_string();
        let envelope = json!({"payloadType": "x", "payload": STANDARD.encode(&statement)});
        let bundle = json!({"mediaType": "x", "dsseEnvelope": envelope});
        for wrapped in [statement.clone(), envelope.to_string(), bundle.to_string()] {
            assert_eq!(&*unwrapped(wrapped.as_bytes()).unwrap(), statement.as_bytes());
        }
        let deep = format!("{}{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
        for broken in ["not JSON", "[]", r#"{"payload": "%"}"#, &deep] {
            assert!(unwrapped(broken.as_bytes()).is_err(), "{}", &broken[..8.min(broken.len())]);
        }
    }
}
