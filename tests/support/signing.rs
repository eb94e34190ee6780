//! Signatures that tests make themselves: keys, statements, bundles, and the artifacts that contain them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use wharfinger::internals::image::Digest;

use super::images::{Image, Manifest};

/// The media type of Sigstore's bundles.
pub const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
/// The media type of a statement's envelope under an `.att` tag.
pub const ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";
/// The media type of what is signed under a `.sig` tag.
pub const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// The media type of statements.
pub const STATEMENT: &str = "application/vnd.in-toto+json";
/// The predicate type of cosign's signatures of images.
pub const SIGN: &str = "https://sigstore.dev/cosign/sign/v1";
/// The predicate type of provenance (SLSA 1).
pub const PROVENANCE: &str = "https://slsa.dev/provenance/v1";

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// An ECDSA key on P-256, as created by `cosign generate-key-pair`.
pub struct Key {
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

impl Key {
    pub fn generate() -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap();
        Self { pair, random }
    }

    /// The public key as PEM (`SubjectPublicKeyInfo`).
    pub fn pem(&self) -> String {
        pem("PUBLIC KEY", &self.der())
    }

    /// The public key as DER (`SubjectPublicKeyInfo`).
    pub fn der(&self) -> Vec<u8> {
        // SEQUENCE { SEQUENCE { id-ecPublicKey, prime256v1 }, BIT STRING }
        let mut der = vec![
            0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
            0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
        ];
        der.extend_from_slice(self.pair.public_key().as_ref());
        der
    }

    /// A signature of these bytes, in base64.
    pub fn sign(&self, bytes: &[u8]) -> String {
        BASE64.encode(self.pair.sign(&self.random, bytes).unwrap())
    }

    /// The envelope of a statement (DSSE).
    pub fn envelope(&self, statement: &Value) -> Value {
        self.envelope_of_text(&statement.to_string())
    }

    fn envelope_of_text(&self, payload: &str) -> Value {
        let signed = format!("DSSEv1 {} {STATEMENT} {} {payload}", STATEMENT.len(), payload.len());
        json!({
            "payload": BASE64.encode(payload), "payloadType": STATEMENT,
            "signatures": [{"sig": self.sign(signed.as_bytes())}],
        })
    }

    /// A bundle with a statement, as created by cosign with a key and no log.
    pub fn bundle(&self, statement: &Value) -> Value {
        self.bundle_of_text(&statement.to_string())
    }

    /// The same of any text in place of a statement.
    pub fn bundle_of_text(&self, text: &str) -> Value {
        json!({
            "mediaType": BUNDLE,
            "verificationMaterial": {"publicKey": {"hint": BASE64.encode(sha256(&self.der()))}},
            "dsseEnvelope": self.envelope_of_text(text),
        })
    }

    /// cosign's signature of an image as a bundle, for the list of its referrers.
    pub fn signature_of(&self, subject: &Manifest) -> Image {
        bundle_of(subject, &self.bundle(&statement(&subject.digest(), SIGN, &json!({}))), SIGN)
    }

    /// An attestation about an image as a bundle, for the list of its referrers.
    pub fn attestation_of(&self, subject: &Manifest, predicate_type: &str, predicate: &Value) -> Image {
        let statement = statement(&subject.digest(), predicate_type, predicate);
        bundle_of(subject, &self.bundle(&statement), predicate_type)
    }

    /// cosign's former signature of an image, for its `.sig` tag.
    pub fn simple_signature_of(&self, digest: &Digest) -> Image {
        let payload = simple_payload(digest);
        let annotations = json!({"dev.cosignproject.cosign/signature": self.sign(payload.as_bytes())});
        tagged(&[(SIMPLE_SIGNING, payload.into(), annotations)])
    }

    /// An attestation about an image, for its `.att` tag.
    pub fn tagged_attestation_of(&self, digest: &Digest, predicate_type: &str, predicate: &Value) -> Image {
        let envelope = self.envelope(&statement(digest, predicate_type, predicate)).to_string();
        tagged(&[(
            ENVELOPE,
            envelope.into(),
            json!({"predicateType": predicate_type, "dev.cosignproject.cosign/signature": ""}),
        )])
    }
}

/// The payload of simple signing.
pub fn simple_payload(digest: &Digest) -> String {
    json!({
        "critical": {
            "identity": {"docker-reference": ""}, "image": {"docker-manifest-digest": digest},
            "type": "cosign container image signature",
        },
        "optional": null,
    })
    .to_string()
}

/// The SHA-256 of these bytes.
pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    ring::digest::digest(&ring::digest::SHA256, bytes).as_ref().to_vec()
}

/// A key or certificate as PEM.
pub fn pem(label: &str, der: &[u8]) -> String {
    let text = BASE64.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// A statement about one digest (in-toto, v1).
pub fn statement(digest: &Digest, predicate_type: &str, predicate: &Value) -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v1", "subject": [{"name": "", "digest": {"sha256": digest.hex()}}],
        "predicateType": predicate_type, "predicate": predicate,
    })
}

/// A build service's statement about a build (SLSA 1).
pub fn provenance(builder: &str, source: &str, commit: &str) -> Value {
    json!({
        "buildDefinition": {
            "buildType": "https://actions.github.io/buildtypes/workflow/v1",
            "externalParameters": {"workflow": {"repository": source, "ref": "refs/heads/main"}},
            "internalParameters": {},
            "resolvedDependencies": [{"uri": format!("git+{source}@refs/heads/main"), "digest": {"gitCommit": commit}}],
        },
        "runDetails": {"builder": {"id": builder}, "metadata": {}},
    })
}

/// A bundle as an artifact that names its subject.
pub fn bundle_of(subject: &Manifest, bundle: &Value, predicate_type: &str) -> Image {
    let layer = Bytes::from(bundle.to_string());
    let manifest = json!({
        "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": BUNDLE,
        "config": descriptor("application/vnd.oci.empty.v1+json", b"{}"), "layers": [descriptor(BUNDLE, &layer)],
        "subject": descriptor(&subject.media_type, &subject.bytes),
        "annotations": {
            "dev.sigstore.bundle.content": "dsse-envelope", "dev.sigstore.bundle.predicateType": predicate_type,
            "org.opencontainers.image.created": "2026-11-01T00:00:00Z",
        },
    });
    image(&[Bytes::from_static(b"{}"), layer], &manifest)
}

/// The image for one of cosign's tags: layers of these types, contents and annotations.
pub fn tagged(layers: &[(&str, Bytes, Value)]) -> Image {
    let config = Bytes::from_static(b"{\"architecture\":\"\",\"os\":\"\",\"config\":{}}");
    let described = layers.iter().map(|(media_type, content, annotations)| {
        let mut layer = descriptor(media_type, content);
        layer["annotations"] = annotations.clone();
        layer
    });
    let manifest = json!({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": descriptor("application/vnd.oci.image.config.v1+json", &config),
        "layers": described.collect::<Vec<_>>(),
    });
    let blobs: Vec<Bytes> =
        std::iter::once(config).chain(layers.iter().map(|(_, content, _)| content.clone())).collect();
    image(&blobs, &manifest)
}

/// The index that lists artifacts under the fallback tag, for a registry without referrers API.
pub fn fallback(artifacts: &[&Image]) -> Image {
    let listed = artifacts.iter().map(|artifact| {
        let root = artifact.root();
        let mut listed = descriptor(&root.media_type, &root.bytes);
        listed["artifactType"] = json!(BUNDLE);
        listed
    });
    let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": listed.collect::<Vec<_>>()});
    Image {
        blobs: Vec::new(),
        manifests: vec![Manifest { media_type: INDEX.to_owned(), bytes: index.to_string().into() }],
    }
}

/// The tag of a digest with one of cosign's suffixes; without a suffix, the fallback tag.
pub fn tag_of(digest: &Digest, suffix: &str) -> String {
    format!("{}-{}{suffix}", digest.algorithm(), digest.hex())
}

fn image(blobs: &[Bytes], manifest: &Value) -> Image {
    let manifest = Manifest { media_type: MANIFEST.to_owned(), bytes: manifest.to_string().into() };
    let blobs = blobs.iter().map(|bytes| (Digest::sha256(bytes), bytes.clone())).collect();
    Image { blobs, manifests: vec![manifest] }
}

fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({"mediaType": media_type, "digest": Digest::sha256(bytes), "size": bytes.len()})
}
