#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Value, json};

use super::*;
use crate::content::labels::Labels;
use crate::manifest::{Identity, Signer};
use authority::{
    Authority, KeyPair, Leaf, base64, bundle, bytes_body, envelope, envelope_body, hex, pem, sha256, statement, time,
};

mod attested;
mod authority;
/// Shared with the integration tests, whose authority signs through the whole program.
#[path = "../../../tests/support/der.rs"]
mod der;
mod hostile;
mod others;
mod provenance;
mod required;
mod signatures;

const WORKFLOW: &str = "https://github.com/acme/tool/.github/workflows/release.yml@refs/tags/v1.2.3";
const GITHUB: &str = "https://token.actions.githubusercontent.com";
const SIGN: &str = "https://sigstore.dev/cosign/sign/v1";
const SLSA: &str = "https://slsa.dev/provenance/v1";

/// The hexadecimal digits of digest number `n`.
fn digits(n: u8) -> String {
    hex(&sha256(&[n]))
}

fn digest(n: u8) -> Digest {
    format!("sha256:{}", digits(n)).parse().unwrap()
}

fn platform(name: &str, n: u8) -> Subject {
    Subject { digest: digest(n), covers: Covers::Platform(name.to_owned()) }
}

/// An index (digest 1) of two platforms (digests 2 and 3).
fn image() -> Vec<Subject> {
    let index = Subject { digest: digest(1), covers: Covers::Index };
    vec![index, platform("linux/amd64", 2), platform("linux/arm64", 3)]
}

/// The signers in these tests, and what is trusted.
struct World {
    authority: Authority,
    key: KeyPair,
    trust: Trust,
}

impl World {
    fn new() -> Self {
        let (authority, key) = (Authority::new("Acme"), KeyPair::new());
        let files = [("keys/tool.pub", key.pem()), ("root.json", authority.root().to_string())];
        Self { trust: trust(&files), authority, key }
    }

    /// A bundle signed with a certificate; its material and envelope can be changed before it is logged.
    fn keyless(&self, leaf: &Leaf, payload: &str) -> Value {
        self.keyless_by(&self.authority, leaf, payload)
    }

    fn keyless_by(&self, authority: &Authority, leaf: &Leaf, payload: &str) -> Value {
        let key = KeyPair::new();
        let certificate = authority.issue(leaf, &key);
        let envelope = envelope(payload, &key);
        let body = envelope_body(payload, &envelope, &pem("CERTIFICATE", &certificate));
        let entry = authority.entry("dsse", &body, time("2025-03-01T10:05:00Z"));
        let material = json!({ "certificate": { "rawBytes": base64(certificate) }, "tlogEntries": [entry] });
        bundle(&material, &envelope)
    }

    /// A bundle signed with a key, without a log entry.
    fn keyed(&self, key: &KeyPair, payload: &str) -> Value {
        let hint = base64(sha256(&key.der()));
        bundle(&json!({ "publicKey": { "hint": hint } }), &envelope(payload, key))
    }
}

fn trust(files: &[(&str, String)]) -> Trust {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), Ok(text.clone().into_bytes())));
    Trust::new(&files.collect())
}

fn leaf() -> Leaf {
    Leaf::new(WORKFLOW, GITHUB)
}

fn signed(numbers: &[u8]) -> String {
    about(SIGN, &json!({}), numbers)
}

fn about(predicate_type: &str, predicate: &Value, numbers: &[u8]) -> String {
    let digits: Vec<String> = numbers.iter().map(|n| digits(*n)).collect();
    statement(predicate_type, predicate, &digits.iter().map(String::as_str).collect::<Vec<_>>())
}

fn beside(place: Place, media_type: &str, content: impl std::fmt::Display) -> Beside {
    let content = Bytes::from(content.to_string());
    let media_type = media_type.to_owned();
    Beside { subject: digest(1), place, media_type, annotations: BTreeMap::new(), content }
}

fn referrer(bundle: &Value) -> Beside {
    beside(Place::Referrer, "application/vnd.dev.sigstore.bundle.v0.3+json", bundle)
}

/// A layer of simple signing.
fn simple(payload: &str, annotations: &[(&str, String)]) -> Beside {
    let layer = beside(Place::SignatureTag, "application/vnd.dev.cosign.simplesigning.v1+json", payload);
    let annotations = annotations.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Beside { annotations, ..layer }
}

fn payload(n: u8) -> String {
    json!({ "critical": {
        "identity": { "docker-reference": "ghcr.io/acme/tool" },
        "image": { "docker-manifest-digest": digest(n).to_string() },
        "type": "cosign container image signature",
    }, "optional": null })
    .to_string()
}

fn found(beside: Vec<Beside>) -> Found {
    Found { beside, unread: Vec::new() }
}

fn by_key() -> Signer {
    Signer::Key("keys/tool.pub".to_owned())
}

fn by_identity(identity: &str) -> Signer {
    let identity = Identity::Exact(identity.to_owned());
    Signer::Identity { issuer: GITHUB.to_owned(), identity, trusted_root: Some("root.json".to_owned()) }
}

fn judged(signatures: Option<&Signatures>, found: &Found, trust: &Trust) -> Makers {
    let asked = Asked { signatures, provenance: None };
    judge(asked, &image(), found, &Labels::default(), trust)
}

/// A verdict as text, without what differs from run to run.
fn told(makers: &Makers) -> String {
    let mut lines: Vec<String> = makers.signatures.iter().map(told_signature).collect();
    lines.extend(makers.signed_by.iter().map(|by| format!("signed by: {by}")));
    lines.extend(makers.unsigned.iter().map(|why| format!("unsigned: {why}")));
    let text = lines.iter().map(|line| format!("    {line}\n")).collect::<String>();
    regex::Regex::new("sha256:[0-9a-f]{64}").unwrap().replace_all(&text, "sha256:…").into_owned()
}

fn told_signature(signature: &Signature) -> String {
    let Signature { kind, state, by, detail, covers } = signature;
    let by = by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
    let detail = detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
    format!("{} {} of {}{by}{detail}", state.as_str(), kind.as_str(), covers.as_str())
}
