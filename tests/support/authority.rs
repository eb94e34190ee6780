//! A certificate authority with a transparency log for tests, which vouches for identities like Fulcio and Rekor. It
//! signs images without a key that anybody keeps, and its trusted root is a file like any other.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use wharfinger::internals::image::Digest;

use super::der::{bits, der, extension, name, oid, sequence};
use super::images::{Image, Manifest};
use super::signing::{
    BUNDLE, ENVELOPE, Key, SIGN, SIMPLE_SIGNING, bundle_of, pem, sha256, simple_payload, statement, tagged,
};

/// When signatures are made, unless a test says otherwise.
const SIGNED: &str = "2026-03-01T10:05:00Z";

/// An authority that issues certificates for ten minutes, and its log.
pub struct Authority {
    organization: String,
    key: Key,
    log: Key,
}

/// The identity in a certificate, its validity, and when its key signed.
#[derive(Clone, Debug)]
pub struct Signer {
    /// A URI.
    pub identity: String,
    /// The issuer of the token that proved the identity.
    pub issuer: String,
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
    pub signed: DateTime<Utc>,
}

impl Signer {
    pub fn new(identity: &str, issuer: &str) -> Self {
        let signed: DateTime<Utc> = SIGNED.parse().unwrap();
        let minutes = chrono::Duration::minutes(5);
        let (identity, issuer) = (identity.to_owned(), issuer.to_owned());
        Self { identity, issuer, from: signed - minutes, until: signed + minutes, signed }
    }

    /// A signer who signs when the certificate is no longer valid.
    #[must_use]
    pub fn late(mut self) -> Self {
        self.signed = self.until + chrono::Duration::hours(1);
        self
    }
}

/// Something signed, before it is put into a bundle or into annotations.
struct Signed {
    certificate: Vec<u8>,
    key: Key,
}

impl Authority {
    pub fn new(organization: &str) -> Self {
        Self { organization: organization.to_owned(), key: Key::generate(), log: Key::generate() }
    }

    /// The trusted root with this authority and its log (`trusted_root.json`).
    pub fn root(&self) -> Value {
        let since = self.since();
        json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [{
                "baseUrl": "https://log.example",
                "hashAlgorithm": "SHA2_256",
                "publicKey": {
                    "rawBytes": BASE64.encode(self.log.der()), "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                    "validFor": {"start": since},
                },
                "logId": {"keyId": BASE64.encode(self.log_id())},
            }],
            "certificateAuthorities": [{
                "uri": "https://authority.example",
                "certChain": {"certificates": [{"rawBytes": BASE64.encode(self.own())}]},
                "validFor": {"start": since},
            }],
            "ctlogs": [], "timestampAuthorities": [],
        })
    }

    /// A bundle with a statement, as created by cosign and GitHub.
    pub fn bundle(&self, signer: &Signer, statement: &Value) -> Value {
        let signed = self.issue(signer);
        let envelope = signed.key.envelope(statement);
        let body = logged_envelope(statement, &envelope, &pem("CERTIFICATE", &signed.certificate));
        json!({
            "mediaType": BUNDLE,
            "verificationMaterial": {
                "certificate": {"rawBytes": BASE64.encode(&signed.certificate)},
                "tlogEntries": [self.entry("dsse", &body, signer.signed)],
            },
            "dsseEnvelope": envelope,
        })
    }

    /// cosign's signature of an image as a bundle, for the list of its referrers.
    pub fn signature_of(&self, signer: &Signer, subject: &Manifest) -> Image {
        self.attestation_of(signer, subject, SIGN, &json!({}))
    }

    /// An attestation about an image as a bundle, for the list of its referrers.
    pub fn attestation_of(
        &self,
        signer: &Signer,
        subject: &Manifest,
        predicate_type: &str,
        predicate: &Value,
    ) -> Image {
        let statement = statement(&subject.digest(), predicate_type, predicate);
        bundle_of(subject, &self.bundle(signer, &statement), predicate_type)
    }

    /// cosign's former signature of an image, for its `.sig` tag.
    pub fn simple_signature_of(&self, signer: &Signer, digest: &Digest) -> Image {
        let (payload, signed) = (simple_payload(digest), self.issue(signer));
        let certificate = pem("CERTIFICATE", &signed.certificate);
        let signature = signed.key.sign(payload.as_bytes());
        let body = json!({"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": {
            "data": {"hash": {"algorithm": "sha256", "value": sha256_hex(payload.as_bytes())}},
            "signature": {"content": signature, "publicKey": {"content": BASE64.encode(&certificate)}},
        }});
        let annotations = self.annotations(&signature, &certificate, &body, signer.signed);
        tagged(&[(SIMPLE_SIGNING, payload.into(), annotations)])
    }

    /// An attestation about an image, for its `.att` tag.
    pub fn tagged_attestation_of(&self, signer: &Signer, digest: &Digest, kind: &str, predicate: &Value) -> Image {
        let (statement, signed) = (statement(digest, kind, predicate), self.issue(signer));
        let certificate = pem("CERTIFICATE", &signed.certificate);
        let envelope = signed.key.envelope(&statement);
        let body = logged_envelope(&statement, &envelope, &certificate);
        let annotations = self.annotations("", &certificate, &body, signer.signed);
        tagged(&[(ENVELOPE, envelope.to_string().into(), annotations)])
    }

    /// What cosign annotates a layer with.
    fn annotations(&self, signature: &str, certificate: &str, body: &Value, at: DateTime<Utc>) -> Value {
        let text = body.to_string();
        let entry = json!({
            "SignedEntryTimestamp": self.promise(&text, at),
            "Payload": {
                "body": BASE64.encode(&text), "integratedTime": at.timestamp(), "logIndex": 0,
                "logID": hex(&self.log_id()),
            },
        });
        json!({
            "dev.cosignproject.cosign/signature": signature,
            "dev.sigstore.cosign/bundle": entry.to_string(),
            "dev.sigstore.cosign/certificate": certificate,
            "dev.sigstore.cosign/chain": pem("CERTIFICATE", &self.own()),
        })
    }

    fn since(&self) -> DateTime<Utc> {
        "2026-01-01T00:00:00Z".parse().unwrap()
    }

    fn log_id(&self) -> Vec<u8> {
        sha256(&self.log.der())
    }

    /// The log's promise that it has contained `body` since `at` (Rekor's signed entry timestamp).
    fn promise(&self, body: &str, at: DateTime<Utc>) -> String {
        let (body, at, id) = (BASE64.encode(body), at.timestamp(), hex(&self.log_id()));
        let promised = format!(r#"{{"body":"{body}","integratedTime":{at},"logID":"{id}","logIndex":0}}"#);
        self.log.sign(promised.as_bytes())
    }

    /// A log entry in the form used by bundles: the only one of its tree.
    fn entry(&self, kind: &str, body: &Value, at: DateTime<Utc>) -> Value {
        let body = body.to_string();
        let root = BASE64.encode(sha256(&[&[0], body.as_bytes()].concat()));
        let note = format!("log.example\n1\n{root}\n");
        let by_log = BASE64.decode(self.log.sign(note.as_bytes())).unwrap();
        let signature = BASE64.encode([&self.log_id()[..4], &by_log].concat());
        json!({
            "logIndex": "0", "logId": {"keyId": BASE64.encode(self.log_id())},
            "kindVersion": {"kind": kind, "version": "0.0.1"}, "integratedTime": at.timestamp().to_string(),
            "inclusionPromise": {"signedEntryTimestamp": self.promise(&body, at)},
            "inclusionProof": {
                "logIndex": "0", "rootHash": root, "treeSize": "1", "hashes": [],
                "checkpoint": {"envelope": format!("{note}\n\u{2014} log.example {signature}\n")},
            },
            "canonicalizedBody": BASE64.encode(body),
        })
    }

    /// The certificate of the authority itself.
    fn own(&self) -> Vec<u8> {
        let until = self.since() + chrono::Duration::days(3650);
        let is_authority = sequence(&[der(0x01, &[0xff])]);
        let extensions =
            [extension("2.5.29.19", true, &is_authority), extension("2.5.29.15", true, &der(0x03, &[1, 6]))];
        self.certificate((self.since(), until), &name(&self.organization), &self.key.der(), &extensions)
    }

    /// A new key with a certificate for it, following Fulcio's profile: code signing, a URI, the token's issuer.
    fn issue(&self, signer: &Signer) -> Signed {
        let key = Key::generate();
        let extensions = [
            extension("2.5.29.15", true, &der(0x03, &[7, 0x80])),
            extension("2.5.29.37", false, &sequence(&[oid("1.3.6.1.5.5.7.3.3")])),
            extension("2.5.29.17", true, &sequence(&[der(0x86, signer.identity.as_bytes())])),
            extension("1.3.6.1.4.1.57264.1.8", false, &der(0x0c, signer.issuer.as_bytes())),
        ];
        let certificate = self.certificate((signer.from, signer.until), &sequence(&[]), &key.der(), &extensions);
        Signed { certificate, key }
    }

    /// An X.509 certificate by the authority (RFC 5280).
    fn certificate(
        &self,
        (from, until): (DateTime<Utc>, DateTime<Utc>),
        subject: &[u8],
        key: &[u8],
        extensions: &[Vec<u8>],
    ) -> Vec<u8> {
        let algorithm = sequence(&[oid("1.2.840.10045.4.3.2")]);
        let date = |time: DateTime<Utc>| der(0x17, time.format("%y%m%d%H%M%SZ").to_string().as_bytes());
        let body = sequence(&[
            der(0xa0, &der(0x02, &[2])),
            der(0x02, &[7]),
            algorithm.clone(),
            name(&self.organization),
            sequence(&[date(from), date(until)]),
            subject.to_vec(),
            key.to_vec(),
            der(0xa3, &sequence(extensions)),
        ]);
        let signature = BASE64.decode(self.key.sign(&body)).unwrap();
        sequence(&[body, algorithm, bits(&signature)])
    }
}

/// What the log stores about an envelope; `verifier` in PEM.
fn logged_envelope(statement: &Value, envelope: &Value, verifier: &str) -> Value {
    json!({"apiVersion": "0.0.1", "kind": "dsse", "spec": {
        "envelopeHash": {"algorithm": "sha256", "value": sha256_hex(envelope.to_string().as_bytes())},
        "payloadHash": {"algorithm": "sha256", "value": sha256_hex(statement.to_string().as_bytes())},
        "signatures": [{"signature": envelope["signatures"][0]["sig"], "verifier": BASE64.encode(verifier)}],
    }})
}

fn sha256_hex(bytes: &[u8]) -> String {
    hex(&sha256(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
