//! A certificate authority, a transparency log and signers for the tests, and the documents that they make.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use sigstore_verify::types::pae;

use super::der::{bits, der, extension, name, oid, sequence};

/// An ECDSA P-256 key pair.
pub(super) struct KeyPair(EcdsaKeyPair);

impl KeyPair {
    pub(super) fn new() -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        Self(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap())
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
    }

    /// The public key in DER (SubjectPublicKeyInfo).
    pub(super) fn der(&self) -> Vec<u8> {
        let curve = [oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7")].concat();
        sequence(&[sequence(&[curve]), bits(self.0.public_key().as_ref())])
    }

    pub(super) fn pem(&self) -> String {
        pem("PUBLIC KEY", &self.der())
    }
}

pub(super) fn base64(bytes: impl AsRef<[u8]>) -> String {
    STANDARD.encode(bytes)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA256, bytes).as_ref().to_vec()
}

pub(super) fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", base64(der))
}

pub(super) fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// An authority that vouches for identities, with its transparency log.
pub(super) struct Authority {
    organization: String,
    key: KeyPair,
    pub log: KeyPair,
    /// From when its root and its log are valid.
    pub since: DateTime<Utc>,
}

/// The identity in a certificate, and when it is valid.
#[derive(Clone)]
pub(super) struct Leaf {
    pub identity: String,
    pub issuer: String,
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
}

impl Leaf {
    pub(super) fn new(identity: &str, issuer: &str) -> Self {
        let (from, until) = (time("2025-03-01T10:00:00Z"), time("2025-03-01T10:10:00Z"));
        Self { identity: identity.to_owned(), issuer: issuer.to_owned(), from, until }
    }
}

impl Authority {
    pub(super) fn new(organization: &str) -> Self {
        let since = time("2025-01-01T00:00:00Z");
        Self { organization: organization.to_owned(), key: KeyPair::new(), log: KeyPair::new(), since }
    }

    fn certificate(&self, leaf: &Leaf, subject: &[u8], key: &[u8], extensions: &[Vec<u8>]) -> Vec<u8> {
        let algorithm = sequence(&[oid("1.2.840.10045.4.3.2")]);
        let date = |time: DateTime<Utc>| der(0x17, time.format("%y%m%d%H%M%SZ").to_string().as_bytes());
        let body = sequence(&[
            der(0xa0, &der(0x02, &[2])),
            der(0x02, &[7]),
            algorithm.clone(),
            name(&self.organization),
            sequence(&[date(leaf.from), date(leaf.until)]),
            subject.to_vec(),
            key.to_vec(),
            der(0xa3, &sequence(extensions)),
        ]);
        let signature = bits(&self.key.sign(&body));
        sequence(&[body, algorithm, signature])
    }

    /// The certificate of the authority itself.
    pub(super) fn own(&self) -> Vec<u8> {
        let leaf = Leaf { until: time("2035-01-01T00:00:00Z"), from: self.since, ..Leaf::new("", "") };
        let is_authority = sequence(&[der(0x01, &[0xff])]);
        let extensions =
            [extension("2.5.29.19", true, &is_authority), extension("2.5.29.15", true, &der(0x03, &[1, 6]))];
        self.certificate(&leaf, &name(&self.organization), &self.key.der(), &extensions)
    }

    /// A certificate for the identity in `leaf`.
    pub(super) fn issue(&self, leaf: &Leaf, key: &KeyPair) -> Vec<u8> {
        let signs_code = sequence(&[oid("1.3.6.1.5.5.7.3.3")]);
        let identity = sequence(&[der(0x86, leaf.identity.as_bytes())]);
        let extensions = [
            extension("2.5.29.15", true, &der(0x03, &[7, 0x80])),
            extension("2.5.29.37", false, &signs_code),
            extension("2.5.29.17", true, &identity),
            extension("1.3.6.1.4.1.57264.1.8", false, &der(0x0c, leaf.issuer.as_bytes())),
        ];
        self.certificate(leaf, &sequence(&[]), &key.der(), &extensions)
    }

    fn log_id(&self) -> Vec<u8> {
        sha256(&self.log.der())
    }

    /// The trusted root with this authority and its log.
    pub(super) fn root(&self) -> Value {
        json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [{
                "baseUrl": "https://log.example",
                "hashAlgorithm": "SHA2_256",
                "publicKey": {
                    "rawBytes": base64(self.log.der()),
                    "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                    "validFor": { "start": self.since },
                },
                "logId": { "keyId": base64(self.log_id()) },
            }],
            "certificateAuthorities": [{
                "uri": "https://authority.example",
                "certChain": { "certificates": [{ "rawBytes": base64(self.own()) }] },
                "validFor": { "start": self.since },
            }],
            "ctlogs": [],
            "timestampAuthorities": [],
        })
    }

    /// The log's promise that it has held `body` since `at`.
    fn promise(&self, body: &str, at: DateTime<Utc>) -> Vec<u8> {
        let (body, at, id) = (base64(body), at.timestamp(), hex(&self.log_id()));
        let promised = format!(r#"{{"body":"{body}","integratedTime":{at},"logID":"{id}","logIndex":0}}"#);
        self.log.sign(promised.as_bytes())
    }

    /// A log entry as bundles contain it: the only one in its tree.
    pub(super) fn entry(&self, kind: &str, body: &Value, at: DateTime<Utc>) -> Value {
        let body = body.to_string();
        let root = sha256(&[&[0], body.as_bytes()].concat());
        let note = format!("log.example\n1\n{}\n", base64(&root));
        let signature = [&self.log_id()[..4], &self.log.sign(note.as_bytes())].concat();
        json!({
            "logIndex": "0",
            "logId": { "keyId": base64(self.log_id()) },
            "kindVersion": { "kind": kind, "version": "0.0.1" },
            "integratedTime": at.timestamp().to_string(),
            "inclusionPromise": { "signedEntryTimestamp": base64(self.promise(&body, at)) },
            "inclusionProof": {
                "logIndex": "0",
                "rootHash": base64(&root),
                "treeSize": "1",
                "hashes": [],
                "checkpoint": { "envelope": format!("{note}\n\u{2014} log.example {}\n", base64(signature)) },
            },
            "canonicalizedBody": base64(body),
        })
    }

    /// A log entry as cosign writes it in annotations.
    pub(super) fn annotation(&self, body: &Value, at: DateTime<Utc>) -> String {
        let body = body.to_string();
        let payload = json!({
            "body": base64(&body), "integratedTime": at.timestamp(), "logIndex": 0, "logID": hex(&self.log_id()),
        });
        json!({ "SignedEntryTimestamp": base64(self.promise(&body, at)), "Payload": payload }).to_string()
    }
}

/// The payload of an envelope.
pub(super) fn statement(predicate_type: &str, predicate: &Value, digests: &[&str]) -> String {
    let subject: Vec<Value> = digests.iter().map(|hex| json!({ "name": "", "digest": { "sha256": hex } })).collect();
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": subject,
        "predicateType": predicate_type,
        "predicate": predicate,
    })
    .to_string()
}

const PAYLOAD: &str = "application/vnd.in-toto+json";

pub(super) fn envelope(payload: &str, key: &KeyPair) -> Value {
    let signature = base64(key.sign(&pae(PAYLOAD, payload.as_bytes())));
    json!({ "payload": base64(payload), "payloadType": PAYLOAD, "signatures": [{ "sig": signature }] })
}

/// What the log keeps about an envelope; `verifier` is in PEM.
pub(super) fn envelope_body(payload: &str, envelope: &Value, verifier: &str) -> Value {
    json!({ "apiVersion": "0.0.1", "kind": "dsse", "spec": {
        "envelopeHash": { "algorithm": "sha256", "value": hex(&sha256(envelope.to_string().as_bytes())) },
        "payloadHash": { "algorithm": "sha256", "value": hex(&sha256(payload.as_bytes())) },
        "signatures": [{ "signature": envelope["signatures"][0]["sig"], "verifier": base64(verifier) }],
    }})
}

/// What the log keeps about signed bytes; `verifier` is in PEM.
pub(super) fn bytes_body(payload: &str, signature: &str, verifier: &str) -> Value {
    json!({ "apiVersion": "0.0.1", "kind": "hashedrekord", "spec": {
        "data": { "hash": { "algorithm": "sha256", "value": hex(&sha256(payload.as_bytes())) } },
        "signature": { "content": signature, "publicKey": { "content": base64(verifier) } },
    }})
}

pub(super) fn bundle(material: &Value, envelope: &Value) -> Value {
    json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": material,
        "dsseEnvelope": envelope,
    })
}
