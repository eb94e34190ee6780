//! Bundles that others made, verified with the roots that ship with the library.

use sigstore_verify::trust_root::{SIGSTORE_GITHUB_TRUSTED_ROOT, SIGSTORE_STAGING_TRUSTED_ROOT};
use sigstore_verify::types::{Artifact, ArtifactDigest, Bundle, HashAlgorithm, SignatureContent};

use super::der::{bits, der, oid, sequence};
use super::*;
use crate::evidence::document::Document;
use crate::evidence::fault::Fault;
use crate::evidence::signed::{Claim, Signed};

const COSIGN: &str = include_str!("../../../tests/fixtures/sigstore/cosign-oci.sigstore.json");
const GITHUB_PRIVATE: &str = include_str!("../../../tests/fixtures/sigstore/github-private.sigstore.json");
const REKOR_2: &str = include_str!("../../../tests/fixtures/sigstore/rekor-2.sigstore.json");
const SLSA_0_2: &str = include_str!("../../../tests/fixtures/sigstore/slsa-0.2.sigstore.json");
const SLSA_1: &str = include_str!("../../../tests/fixtures/sigstore/slsa-1.sigstore.json");
const TWO: &str = include_str!("../../../tests/fixtures/sigstore/two-signatures.sigstore.json");

fn roots() -> Trust {
    let github = serde_json::from_str::<Value>(SIGSTORE_GITHUB_TRUSTED_ROOT).unwrap();
    let staging = serde_json::from_str::<Value>(SIGSTORE_STAGING_TRUSTED_ROOT).unwrap();
    trust(&[
        ("github.json", SIGSTORE_GITHUB_TRUSTED_ROOT.to_owned()),
        ("staging.json", SIGSTORE_STAGING_TRUSTED_ROOT.to_owned()),
        ("both.jsonl", format!("{staging}\n{github}\n")),
    ])
}

fn document(text: &str) -> Document {
    Document::read(&referrer(&serde_json::from_str(text).unwrap()))
}

fn read(text: &str) -> Box<Signed> {
    match document(text) {
        Document::Signed(signed) => signed,
        other => panic!("{other:?}"),
    }
}

/// The verdict on a document when exactly its own identity is required.
fn verdict(text: &str, trusted_root: Option<&str>) -> Makers {
    let signed = read(text);
    let Claim::Certificate(certificate) = &signed.claim else { panic!("{:?}", signed.claim) };
    let signer = Signer::Identity {
        issuer: certificate.issuer.clone().unwrap(),
        identity: Identity::Exact(certificate.identity.clone().unwrap()),
        trusted_root: trusted_root.map(str::to_owned),
    };
    let subjects = [Subject { digest: signed.about[0].clone(), covers: Covers::Index }];
    let signatures = Signatures::One(signer);
    let required = RequiredProvenance { builder: None, source: None };
    let asked = Asked { signatures: Some(&signatures), provenance: Some(&required) };
    judge(asked, &subjects, &found(vec![referrer(&serde_json::from_str(text).unwrap())]), &Labels::default(), &roots())
}

fn told_provenance(makers: &Makers) -> String {
    let Some(Provenance { state, builder, source, commit, agrees: _, detail }) = &makers.provenance else {
        return "    no provenance\n".to_owned();
    };
    let fields = [builder, source, commit, detail].into_iter().flatten();
    let fields = fields.map(|field| format!("      {field}\n")).collect::<String>();
    format!("    {} provenance\n{fields}", state.as_str())
}

#[test]
fn provenance_that_others_signed() {
    let cases = [
        ("SLSA 0.2, version 0.1 of the bundle", SLSA_0_2, None),
        ("SLSA 1", SLSA_1, None),
        ("a log of the second kind, with a timestamp", REKOR_2, Some("staging.json")),
        ("the root on a line of several", REKOR_2, Some("both.jsonl")),
        ("another instance's root", REKOR_2, Some("github.json")),
        ("the public root", REKOR_2, None),
        ("no file", REKOR_2, Some("gone.json")),
    ];
    let line = |(name, text, root): (&str, &str, Option<&str>)| {
        let makers = verdict(text, root);
        format!("{name}\n{}{}", told(&makers), told_provenance(&makers))
    };
    insta::assert_snapshot!(cases.into_iter().map(line).collect::<String>());
}

/// Verifies bundles whose statements are neither signatures nor provenance.
#[test]
fn roots_verify_what_their_instances_signed() {
    let trust = roots();
    let verify = |text: &str, root: Option<&str>| {
        let bundle = Bundle::from_json(text).unwrap();
        let SignatureContent::DsseEnvelope(envelope) = &bundle.content else { panic!("no envelope") };
        let statement: Value = serde_json::from_slice(envelope.payload.as_bytes()).unwrap();
        let subjects = statement["subject"].as_array().unwrap();
        let hex = subjects.iter().find_map(|subject| subject["digest"]["sha256"].as_str()).unwrap();
        let bytes: Vec<u8> = (0..32).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect();
        let digest = ArtifactDigest::new(HashAlgorithm::Sha2256, bytes).unwrap();
        let root = &trust.roots(root).unwrap()[0];
        root.verify(&bundle, Artifact::Digest(digest)).map(|verified| verified.identity().unwrap().to_string())
    };
    assert_eq!(verify(COSIGN, None).unwrap(), "cody@soyland.com");
    assert_eq!(verify(GITHUB_PRIVATE, Some("github.json")).unwrap(), "https://dotcom.releases.github.com");
    assert!(verify(GITHUB_PRIVATE, None).is_err());
    assert_eq!(verify(COSIGN, Some("github.json")).unwrap_err(), Fault::UnknownLog);
}

#[test]
fn an_envelope_with_two_signatures_is_not_supported() {
    let Document::Broken { kind: Kind::CosignKeyless, fault: Fault::Several, .. } = document(TWO) else {
        panic!("{:?}", document(TWO))
    };
}

#[test]
fn the_root_that_ships_tells_its_age() {
    assert_eq!(roots().newest_key(), time("2025-09-23T00:00:00Z"));
}

/// An RSA key of 2,048 bits, by itself (PKCS #1).
fn rsa() -> Vec<u8> {
    let modulus = [&[0][..], &[0xc3; 256]].concat();
    sequence(&[der(0x02, &modulus), der(0x02, &[1, 0, 1])])
}

/// The kinds of keys that cosign makes and imports, in the form that OpenSSL writes.
#[test]
fn keys_are_read_from_pem_and_nothing_else_is() {
    let key = KeyPair::new();
    let bare = rsa();
    // SubjectPublicKeyInfo: the algorithm, and the same key.
    let algorithm = sequence(&[oid("1.2.840.113549.1.1.1"), der(0x05, &[])]);
    let whole = sequence(&[algorithm, bits(&bare)]);
    let files = [
        ("good.pub", key.pem()),
        ("commented.pub", format!("made by cosign\n{}", key.pem())),
        ("private.pem", pem("ENCRYPTED SIGSTORE PRIVATE KEY", b"secret")),
        ("certificate.pem", pem("CERTIFICATE", b"x")),
        ("rsa.pub", pem("PUBLIC KEY", &whole)),
        ("bare-rsa.pub", pem("RSA PUBLIC KEY", &bare)),
        ("broken-rsa.pub", pem("RSA PUBLIC KEY", b"garbage")),
        ("windows.pub", key.pem().replace('\n', "\r\n")),
        ("garbage.pub", pem("PUBLIC KEY", b"garbage")),
        ("empty.pub", String::new()),
        ("root.json", "{}".to_owned()),
    ];
    let trust = trust(&files);
    assert_eq!(trust.key("rsa.pub").unwrap().fingerprint, trust.key("bare-rsa.pub").unwrap().fingerprint);
    let told = files.iter().map(|(path, _)| match trust.key(path) {
        Ok(key) => format!("{path}: a key of {} hexadecimal digits\n", key.fingerprint.len()),
        Err(fault) => format!("{fault}\n"),
    });
    insta::assert_snapshot!(told.collect::<String>());
}
