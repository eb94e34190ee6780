//! cosign's older forms, where signature, certificate and log entry are annotations of a layer: simple signing (tags
//! `.sig`, or referrers) and attestations (tags `.att`).
//!
//! Both are rewritten as the equivalent bundle, so that one path verifies everything.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use sigstore_verify::types::{Bundle, DerCertificate, DerPublicKey, PayloadBytes, SignatureContent};

use super::envelope::{Envelope, Opened, unreadable};
use super::fault::Fault;
use super::signed::{Claim, Signed};
use super::statement::{PAYLOAD, Says, Statement};
use super::trust::fingerprint;
use super::{Beside, Kind, bundle};
use crate::image::Digest;

const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
const CERTIFICATE: &str = "dev.sigstore.cosign/certificate";
const CHAIN: &str = "dev.sigstore.cosign/chain";
const LOG_ENTRY: &str = "dev.sigstore.cosign/bundle";
const TIMESTAMP: &str = "dev.sigstore.cosign/rfc3161timestamp";

/// What cosign calls what it signs; others sign other things in this form.
const SIGNATURE_TYPE: &str = "cosign container image signature";

/// The most certificates in a chain.
const CHAIN_LIMIT: usize = 10;

/// The parts of a simple signing payload that matter.
#[derive(Deserialize)]
#[serde(expecting = "what simple signing signs")]
struct Payload {
    critical: Critical,
}

#[derive(Deserialize)]
#[serde(expecting = "what simple signing signs")]
struct Critical {
    #[serde(rename = "type")]
    kind: String,
    image: Image,
}

#[derive(Deserialize)]
#[serde(expecting = "an image")]
struct Image {
    #[serde(rename = "docker-manifest-digest")]
    digest: Digest,
}

/// The kind of something that is signed through annotations.
pub(super) fn kind(beside: &Beside) -> Kind {
    if beside.annotations.contains_key(CERTIFICATE) { Kind::CosignKeyless } else { Kind::CosignKey }
}

/// Simple signing: the layer is what is signed. The repository that it names is for people; the digest decides.
pub(super) fn simple(beside: &Beside) -> Result<Option<Signed>, Fault> {
    let payload: Payload = serde_json::from_slice(&beside.content).map_err(unreadable)?;
    if payload.critical.kind != SIGNATURE_TYPE {
        return Err(Fault::Unsupported(format!("simple signing of type {}", payload.critical.kind)));
    }
    let signature = annotation(beside, SIGNATURE).ok_or_else(|| Fault::Unreadable("it has no signature".to_owned()))?;
    let bundle = bundle_of(beside, "messageSignature", &json!({ "signature": signature }), true)?;
    let SignatureContent::MessageSignature(message) = &bundle.content else {
        return Err(Fault::Unreadable("it has no signature".to_owned()));
    };
    Ok(Some(Signed {
        kind: Kind::SimpleSigning,
        about: vec![payload.critical.image.digest],
        says: Says::Signed,
        claim: claim(beside, &bundle)?,
        message: beside.content.clone(),
        signature: message.signature.clone(),
        bundle,
    }))
}

/// An attestation: the layer is an envelope.
pub(super) fn envelope(beside: &Beside) -> Result<Option<Signed>, Fault> {
    let envelope: Envelope<'_> = serde_json::from_slice(&beside.content).map_err(unreadable)?;
    if envelope.payload_type != PAYLOAD {
        return Ok(None);
    }
    let opened = envelope.open()?;
    match opened.statement.says {
        Says::Other => Ok(None),
        _ => signed(beside, &envelope, opened).map(Some),
    }
}

/// The same whatever its statement says.
pub(super) fn attestation(beside: &Beside) -> Result<Signed, Fault> {
    let envelope: Envelope<'_> = serde_json::from_slice(&beside.content).map_err(unreadable)?;
    signed(beside, &envelope, envelope.open()?)
}

fn signed(beside: &Beside, envelope: &Envelope<'_>, opened: Opened) -> Result<Signed, Fault> {
    let signatures: Value = serde_json::from_str(envelope.signatures()?).map_err(unreadable)?;
    // cosign's timestamps cover the envelope here but the signature in a bundle, so they prove nothing there.
    if [CERTIFICATE, TIMESTAMP].iter().all(|name| annotation(beside, name).is_some())
        && annotation(beside, LOG_ENTRY).is_none()
    {
        return Err(Fault::Unsupported("an attestation of this form with a timestamp and no log entry".to_owned()));
    }
    // The payload is put in afterwards, so that it is held once.
    let empty = json!({ "payloadType": envelope.payload_type, "payload": "", "signatures": signatures });
    let mut bundle = bundle_of(beside, "dsseEnvelope", &empty, false)?;
    let SignatureContent::DsseEnvelope(envelope) = &mut bundle.content else {
        return Err(Fault::Unreadable("it has no envelope".to_owned()));
    };
    envelope.payload = PayloadBytes::new(opened.payload);
    let (message, signature) = (envelope.pae().into(), envelope.signature.sig.clone());
    let Statement { about, says } = opened.statement;
    Ok(Signed { kind: kind(beside), about, says, claim: claim(beside, &bundle)?, message, signature, bundle })
}

/// Whether an envelope, of any size, is neither a signature nor provenance.
pub(super) fn is_other(content: &[u8]) -> bool {
    serde_json::from_slice::<Envelope<'_>>(content).is_ok_and(|envelope| envelope.is_other())
}

fn annotation<'a>(beside: &'a Beside, name: &str) -> Option<&'a str> {
    beside.annotations.get(name).map(String::as_str).filter(|text| !text.trim().is_empty())
}

/// The bundle equivalent to the layer and its annotations.
fn bundle_of(beside: &Beside, name: &str, content: &Value, timestamps: bool) -> Result<Bundle, Fault> {
    let mut material = serde_json::Map::new();
    match annotation(beside, CERTIFICATE) {
        Some(leaf) => {
            let chain = certificates(annotation(beside, CHAIN).unwrap_or_default())?;
            let all = certificates(leaf)?.into_iter().take(1).chain(chain);
            let all: Vec<Value> = all.map(|der| json!({ "rawBytes": der })).collect();
            material.insert("x509CertificateChain".to_owned(), json!({ "certificates": all }));
        }
        None => drop(material.insert("publicKey".to_owned(), json!({}))),
    }
    let entry = annotation(beside, LOG_ENTRY).map(log_entry).transpose()?;
    // Version 0.1 is the one with an inclusion promise instead of a proof.
    let version = if entry.is_some() { "0.1" } else { "0.2" };
    material.insert("tlogEntries".to_owned(), entry.into_iter().collect());
    if timestamps && let Some(timestamp) = annotation(beside, TIMESTAMP) {
        let timestamp: Value = serde_json::from_str(timestamp).map_err(unreadable)?;
        let timestamps = json!({ "rfc3161Timestamps": [{ "signedTimestamp": timestamp["SignedRFC3161Timestamp"] }] });
        material.insert("timestampVerificationData".to_owned(), timestamps);
    }
    let bundle = json!({
        "mediaType": format!("application/vnd.dev.sigstore.bundle+json;version={version}"),
        "verificationMaterial": material,
        name: content,
    });
    Bundle::from_json(&bundle.to_string()).map_err(unreadable)
}

/// The certificates in a PEM text, each in base64.
fn certificates(pem: &str) -> Result<Vec<String>, Fault> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    let blocks = pem.split(BEGIN).skip(1).take(CHAIN_LIMIT);
    let der = blocks.map(|block| DerCertificate::from_pem(&format!("{BEGIN}{block}")).map_err(unreadable));
    der.map(|der| Ok(STANDARD.encode(der?.as_bytes()))).collect()
}

/// Rekor's entry as cosign writes it in annotations.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[serde(expecting = "a log entry")]
struct LogEntry {
    signed_entry_timestamp: String,
    payload: LogPayload,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[serde(expecting = "a log entry")]
struct LogPayload {
    body: String,
    integrated_time: i64,
    log_index: i64,
    #[serde(rename = "logID")]
    log_id: String,
}

fn log_entry(annotation: &str) -> Result<Value, Fault> {
    let LogEntry { signed_entry_timestamp, payload } = serde_json::from_str(annotation).map_err(unreadable)?;
    let body: Value =
        serde_json::from_slice(&STANDARD.decode(&payload.body).map_err(unreadable)?).map_err(unreadable)?;
    let (kind, version) = (text(&body["kind"]), text(&body["apiVersion"]));
    if !matches!((kind, version), ("hashedrekord" | "dsse", "0.0.1") | ("intoto", "0.0.2")) {
        return Err(Fault::Unsupported(format!("a log entry of type {kind}/{version}")));
    }
    let id = payload.log_id.as_bytes().chunks(2);
    let id = id.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect::<Option<Vec<u8>>>();
    let id = id.ok_or_else(|| Fault::Unreadable("its log has no name".to_owned()))?;
    Ok(json!({
        "logIndex": payload.log_index.to_string(),
        "logId": { "keyId": STANDARD.encode(id) },
        "kindVersion": { "kind": kind, "version": version },
        "integratedTime": payload.integrated_time.to_string(),
        "inclusionPromise": { "signedEntryTimestamp": signed_entry_timestamp },
        "canonicalizedBody": payload.body,
    }))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Who claims to have signed. Only the log entry names a key.
fn claim(beside: &Beside, bundle: &Bundle) -> Result<Claim, Fault> {
    if annotation(beside, CERTIFICATE).is_some() {
        return bundle::claim(bundle);
    }
    let entries = &bundle.verification_material.tlog_entries;
    let body = entries.first().and_then(|entry| serde_json::from_slice(entry.canonicalized_body.as_bytes()).ok());
    Ok(Claim::Key(body.as_ref().and_then(logged_key)))
}

/// The fingerprint of the key in the body of a log entry.
fn logged_key(body: &Value) -> Option<String> {
    let spec = &body["spec"];
    let key = [&spec["signature"]["publicKey"]["content"], &spec["signatures"][0]["verifier"]];
    let pem = STANDARD.decode(key.into_iter().find_map(Value::as_str)?).ok()?;
    let der = DerPublicKey::from_pem(std::str::from_utf8(&pem).ok()?).ok()?;
    Some(fingerprint(der.as_bytes()))
}
