//! The parts of a document beside an image that may say who made it: signatures and statements, unlike SBOMs and such.

use std::collections::BTreeMap;

use super::artifact::{Sort, plain};
use super::document::{Content, ContentError, Document};
use crate::image::Descriptor;

/// Predicates that say what an image contains, not who made it: SBOMs and VEX.
const CONTENTS: [&str; 3] = ["https://spdx.dev/", "https://cyclonedx.org/", "https://openvex.dev/"];

/// Predicates that are scanners' reports.
const SCANS: [&str; 2] = ["https://cosign.sigstore.dev/attestation/vuln", "https://in-toto.io/attestation/vulns"];

/// The annotations that name a statement's predicate: BuildKit's and cosign's on layers, that of bundles on manifests.
const PREDICATES: [&str; 3] = ["in-toto.io/predicate-type", "predicateType", "dev.sigstore.bundle.predicateType"];

/// A layer that may be a signature or a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    /// The layer's media type if that says what it is, else the type of the whole document.
    pub media_type: String,
    pub layer: Descriptor,
}

impl Statement {
    /// The predicate in its annotations: hostile text.
    pub(crate) fn predicate(&self) -> Option<&str> {
        predicate_of(&self.layer.annotations)
    }
}

/// The type of a statement's predicate, as annotations name it: hostile text.
pub(super) fn predicate_of(annotations: &BTreeMap<String, String>) -> Option<&str> {
    PREDICATES.iter().find_map(|key| annotations.get(*key)).map(String::as_str)
}

/// The layers of a document that may say who made the image.
///
/// # Errors
/// If it is not a manifest, or cannot be read.
pub(crate) fn statements(document: &Document) -> Result<Vec<Statement>, ContentError> {
    let mut all = all(document)?;
    let is_other = |predicate: &str| starts(predicate, &CONTENTS) || starts(predicate, &SCANS);
    all.retain(|statement| statement.predicate().is_none_or(|predicate| !is_other(predicate)));
    Ok(all)
}

/// The layers of a document that may be statements about what the image contains: SBOMs and VEX.
///
/// # Errors
/// As for [`statements`].
pub(crate) fn statements_of_contents(document: &Document) -> Result<Vec<Statement>, ContentError> {
    let mut all = all(document)?;
    all.retain(|statement| may_be_contents(&statement.layer.annotations));
    Ok(all)
}

/// Whether annotations name an SBOM or VEX as the predicate, or none.
pub(crate) fn may_be_contents(annotations: &BTreeMap<String, String>) -> bool {
    predicate_of(annotations).is_none_or(|predicate| starts(predicate, &CONTENTS))
}

/// Whether annotations name a predicate at all.
pub(crate) fn names_predicate(annotations: &BTreeMap<String, String>) -> bool {
    predicate_of(annotations).is_some()
}

fn starts(predicate: &str, known: &[&str]) -> bool {
    known.iter().any(|known| predicate.starts_with(known))
}

fn all(document: &Document) -> Result<Vec<Statement>, ContentError> {
    let Content::Manifest { config, layers, .. } = document.read()? else {
        return Err(ContentError::Unusable("an index where a signature should be".to_owned()));
    };
    let own = document.descriptor()?.annotations;
    let declared = document.artifact_type().or_else(|| config.map(|config| config.media_type)).map(|name| plain(&name));
    let declared = declared.filter(|name| tells(name));
    let statement = |mut layer: Descriptor| {
        let media_type = Some(plain(&layer.media_type)).filter(|name| tells(name)).or_else(|| declared.clone())?;
        for key in PREDICATES {
            if let (Some(predicate), false) = (own.get(key), layer.annotations.contains_key(key)) {
                layer.annotations.insert(key.to_owned(), predicate.clone());
            }
        }
        Some(Statement { media_type, layer })
    };
    Ok(layers.into_iter().filter_map(statement).collect())
}

/// Whether an artifact of this type says what an image contains.
pub(crate) fn names_contents(artifact_type: &str) -> bool {
    Sort::of(&plain(artifact_type)) == Sort::Sbom
}

/// Whether it is a media type of signatures or statements.
fn tells(media_type: &str) -> bool {
    matches!(Sort::of(media_type), Sort::Signature | Sort::Attestation)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use serde_json::{Value, json};

    use super::*;
    use crate::image::Digest;

    fn read(artifact_type: Option<&str>, layers: &Value) -> Vec<(String, Option<String>)> {
        let blob = |media_type: &str| json!({"mediaType": media_type, "digest": Digest::sha256(b"x"), "size": 1});
        let layers: Vec<Value> = layers
            .as_array()
            .unwrap()
            .iter()
            .map(|layer| {
                let mut described = blob(layer[0].as_str().unwrap());
                described["annotations"] = layer[1].clone();
                described
            })
            .collect();
        let value = json!({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "artifactType": artifact_type,
            "config": blob("application/vnd.oci.empty.v1+json"), "layers": layers,
            "annotations": {"dev.sigstore.bundle.predicateType": "https://slsa.dev/provenance/v1"},
        });
        let document = Document::new(value.to_string().into(), None, None).unwrap();
        let told = |statement: Statement| (statement.media_type.clone(), statement.predicate().map(str::to_owned));
        statements(&document).unwrap().into_iter().map(told).collect()
    }

    #[test]
    fn signatures_and_statements_are_told_from_what_is_in_the_image() {
        let bundle = "application/vnd.dev.sigstore.bundle.v0.3+json";
        let provenance = Some("https://slsa.dev/provenance/v1".to_owned());
        let octets = json!([["application/octet-stream", null]]);
        assert_eq!(read(Some(bundle), &octets), [(bundle.to_owned(), provenance.clone())]);
        assert_eq!(read(Some("application/x"), &octets), []);
        let statement = "application/vnd.in-toto+json";
        let layers = json!([
            [statement, {"in-toto.io/predicate-type": "https://spdx.dev/Document"}],
            [statement, {"in-toto.io/predicate-type": "https://slsa.dev/provenance/v1"}],
            ["text/spdx+json", null],
        ]);
        assert_eq!(read(None, &layers), [(statement.to_owned(), provenance)]);
    }
}
