//! No document beside an image makes the program crash, and nothing that was altered is verified.

use proptest::prelude::*;

use super::*;
use crate::evidence::document::Document;

const TYPES: [&str; 6] = [
    "application/vnd.dev.sigstore.bundle.v0.3+json",
    "application/vnd.dev.cosign.simplesigning.v1+json",
    "application/vnd.dsse.envelope.v1+json",
    "application/vnd.in-toto+json",
    "application/jose+json",
    "application/octet-stream",
];

const ANNOTATIONS: [&str; 5] = [
    "dev.cosignproject.cosign/signature",
    "dev.sigstore.cosign/certificate",
    "dev.sigstore.cosign/chain",
    "dev.sigstore.cosign/bundle",
    "dev.sigstore.cosign/rfc3161timestamp",
];

fn asked() -> Signatures {
    Signatures::AnyOf(vec![by_key(), by_identity(WORKFLOW)])
}

fn anything() -> impl Strategy<Value = Beside> {
    let text = prop_oneof![any::<Vec<u8>>(), "[\\[{\"a-z0-9:,}\\]]{0,80}".prop_map(String::into_bytes)];
    let annotations = proptest::collection::btree_map(prop::sample::select(&ANNOTATIONS[..]), ".{0,60}", 0..5);
    let place = prop::sample::select(vec![Place::Referrer, Place::SignatureTag, Place::AttestationTag, Place::Index]);
    (text, annotations, place, prop::sample::select(&TYPES[..])).prop_map(
        |(content, annotations, place, media_type)| {
            let annotations = annotations.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            let (subject, content, media_type) = (digest(1), content.into(), media_type.to_owned());
            Beside { subject, place, media_type, annotations, content }
        },
    )
}

proptest! {
    #[test]
    fn no_bytes_are_verified(beside in proptest::collection::vec(anything(), 0..4)) {
        let world = trust(&[("keys/tool.pub", KeyPair::new().pem())]);
        let makers = judged(Some(&asked()), &found(beside), &world);
        prop_assert!(makers.unsigned.is_some() && makers.signed_by.is_none());
    }
}

/// Every string in a document that may be changed, by its path.
fn paths(value: &Value, at: &str, all: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| paths(value, &format!("{at}/{key}"), all)),
        Value::Array(items) => items.iter().enumerate().for_each(|(i, value)| paths(value, &format!("{at}/{i}"), all)),
        Value::String(_) => all.push(at.to_owned()),
        _ => {}
    }
}

/// Changes one byte of the string, or of what it encodes.
fn change(text: &str, place: usize, by: u8) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let (mut bytes, is_encoded) = match STANDARD.decode(text) {
        Ok(bytes) if bytes.len() > 8 => (bytes, true),
        _ => (text.as_bytes().to_vec(), false),
    };
    if bytes.is_empty() {
        return "x".to_owned();
    }
    let place = place % bytes.len();
    bytes[place] = bytes[place].wrapping_add(by.max(1));
    if is_encoded { STANDARD.encode(bytes) } else { String::from_utf8_lossy(&bytes).into_owned() }
}

/// Strings that prove nothing, or repeat what is proven elsewhere: further certificates of a chain, the certificates in
/// a timestamp, and for the second kind of log all but the checkpoint.
fn is_free(path: &str) -> bool {
    const FREE: [&str; 4] = ["/mediaType", "/keyid", "/inclusionProof/checkpoint/envelope", "/signedTimestamp"];
    FREE.iter().any(|end| path.ends_with(end)) || path.contains("/certificates/") && !path.contains("/certificates/0/")
}

fn is_free_in_second_log(path: &str) -> bool {
    ["/logId/keyId", "/rootHash", "/treeSize", "/inclusionProof/logIndex"].iter().any(|end| path.ends_with(end))
}

#[test]
fn one_changed_byte_is_never_verified() {
    let world = World::new();
    let document = world.keyless(&leaf(), &signed(&[1]));
    let (mut all, asked) = (Vec::new(), Signatures::One(by_identity(WORKFLOW)));
    paths(&document, "", &mut all);
    assert!(judged(Some(&asked), &found(vec![referrer(&document)]), &world.trust).unsigned.is_none());
    for path in all.iter().filter(|path| !is_free(path)) {
        for place in (0..2_000).step_by(37) {
            let mut changed = document.clone();
            let text = changed.pointer(path).and_then(Value::as_str).unwrap().to_owned();
            *changed.pointer_mut(path).unwrap() = json!(change(&text, place, place as u8));
            let makers = judged(Some(&asked), &found(vec![referrer(&changed)]), &world.trust);
            assert!(makers.unsigned.is_some(), "{path} at {place}: {makers:?}");
        }
    }
}

#[test]
fn numbers_of_any_size_are_refused() {
    let world = World::new();
    let document = world.keyless(&leaf(), &signed(&[1]));
    let asked = Signatures::One(by_identity(WORKFLOW));
    let entry = "/verificationMaterial/tlogEntries/0";
    for path in ["logIndex", "integratedTime", "inclusionProof/logIndex", "inclusionProof/treeSize"] {
        for number in [0, 2, u64::MAX, i64::MAX as u64, i64::MAX as u64 + 1, u64::MAX - 1] {
            for text in [number.to_string(), format!("-{number}"), format!("{number}0000000000")] {
                let mut changed = document.clone();
                let place = changed.pointer_mut(&format!("{entry}/{path}")).unwrap();
                if number == 0 && text != "0" || place.as_str() == Some(&text) {
                    continue;
                }
                *place = json!(text);
                let makers = judged(Some(&asked), &found(vec![referrer(&changed)]), &world.trust);
                assert!(makers.unsigned.is_some(), "{path}: {text}");
            }
        }
    }
}

/// An SBOM may be larger than the largest signature that is read; it is not a signature.
#[test]
fn large_statements_about_something_else_are_no_signatures() {
    let world = World::new();
    let large = json!({ "text": "x".repeat(3_000_000) });
    let verdict = |predicate_type: &str, beside: Beside| {
        let asked = Asked { signatures: None, provenance: None };
        let makers = judge(asked, &image(), &found(vec![beside]), &Labels::default(), &world.trust);
        let provenance = makers.provenance.map(|provenance| (provenance.state, provenance.detail.unwrap_or_default()));
        (predicate_type.to_owned(), makers.signatures.len(), provenance)
    };
    let spdx = "https://spdx.dev/Document";
    let too_large = || Some((State::Unknown, "it has 3.0 MB, which is more than is read".to_owned()));
    for (predicate_type, provenance) in [(spdx, None), (SLSA, too_large())] {
        let payload = about(predicate_type, &large, &[1]);
        let statement = beside(Place::Index, "application/vnd.in-toto+json", &payload);
        assert_eq!(verdict(predicate_type, statement), (predicate_type.to_owned(), 0, provenance));
    }
    let payload = about(spdx, &large, &[1]);
    let bundle = referrer(&world.keyed(&world.key, &payload));
    assert_eq!(verdict(spdx, bundle), (spdx.to_owned(), 0, None));
    let envelope = envelope(&payload, &world.key);
    let attestation = beside(Place::AttestationTag, "application/vnd.dsse.envelope.v1+json", envelope);
    assert_eq!(verdict(spdx, attestation), (spdx.to_owned(), 0, None));
}

#[test]
fn one_changed_byte_of_what_others_signed_is_never_verified() {
    let (first, second) = (
        include_str!("../../../tests/fixtures/sigstore/slsa-1.sigstore.json"),
        include_str!("../../../tests/fixtures/sigstore/rekor-2.sigstore.json"),
    );
    let trust = trust(&[("root.json", sigstore_verify::trust_root::SIGSTORE_STAGING_TRUSTED_ROOT.to_owned())]);
    let pattern = |trusted_root: Option<&str>| Signer::Identity {
        issuer: GITHUB.to_owned(),
        identity: Identity::Pattern("https://github.com/.*".to_owned()),
        trusted_root: trusted_root.map(str::to_owned),
    };
    for (text, asked, is_second) in [(first, pattern(None), false), (second, pattern(Some("root.json")), true)] {
        let document: Value = serde_json::from_str(text).unwrap();
        let Document::Signed(signed) = Document::read(&referrer(&document)) else { panic!("{text}") };
        let subjects = [Subject { digest: signed.about[0].clone(), covers: Covers::Index }];
        let signatures = Signatures::One(asked);
        let asked = Asked { signatures: Some(&signatures), provenance: None };
        let judged = |document: &Value| {
            judge(asked, &subjects, &found(vec![referrer(document)]), &Labels::default(), &trust).unsigned
        };
        assert_eq!(judged(&document), None);
        let mut all = Vec::new();
        paths(&document, "", &mut all);
        for path in all {
            for place in (0..4_000).step_by(397) {
                let mut changed = document.clone();
                let text = changed.pointer(&path).and_then(Value::as_str).unwrap().to_owned();
                *changed.pointer_mut(&path).unwrap() = json!(change(&text, place, place as u8));
                let is_free = is_free(&path) || is_second && is_free_in_second_log(&path);
                assert!(judged(&changed).is_some() || is_free, "{path} at {place}");
            }
        }
    }
}

#[test]
fn deep_and_large_documents_are_refused_quickly() {
    let world = World::new();
    let deep = |open: &str| Bytes::from(open.repeat(1_000_000));
    let large = format!(r#"{{"mediaType":"{}"}}"#, "x".repeat(10_000_000));
    for content in [deep("["), deep(r#"{"a":"#), Bytes::from(large)] {
        for media_type in TYPES {
            let document = Beside { content: content.clone(), ..beside(Place::Referrer, media_type, "") };
            let makers = judged(Some(&asked()), &found(vec![document]), &world.trust);
            assert!(makers.unsigned.is_some());
            let lengths = makers.signatures.iter().filter_map(|signature| signature.detail.as_ref()).map(String::len);
            assert!(lengths.max().unwrap_or_default() < 400, "{:?}", makers.signatures);
        }
    }
    let large = Beside {
        content: Bytes::from(" ".repeat(3_000_000)),
        ..beside(Place::Referrer, "application/vnd.dev.sigstore.bundle.v0.3+json", "")
    };
    assert_eq!(
        told(&judged(Some(&Signatures::One(by_key())), &found(vec![large]), &world.trust)),
        "    unknown cosign-keyless of index: it has 3.0 MB, which is more than is read\n    \
         unsigned: no verified signature by key keys/tool.pub: unknown, it has 3.0 MB, which is more than is read\n"
    );
}

#[test]
fn names_in_certificates_are_cut() {
    let world = World::new();
    let long = format!("https://github.com/{}", "a".repeat(3_000));
    let document = referrer(&world.keyless(&Leaf::new(&long, GITHUB), &signed(&[1])));
    let makers = judged(None, &found(vec![document.clone()]), &world.trust);
    assert!(makers.signatures[0].by.as_ref().unwrap().chars().count() < 500);
    let makers = judged(Some(&Signatures::One(by_identity(&long))), &found(vec![document]), &world.trust);
    assert!(makers.signed_by.unwrap().chars().count() < 500);
}

/// An index may list a thousand manifests, and each of two hundred documents may name them all.
#[test]
fn many_manifests_that_many_documents_name_are_judged_at_once() {
    let world = World::new();
    let digest = |n: u16| Digest::sha256(&n.to_le_bytes());
    let index = Subject { digest: digest(0), covers: Covers::Index };
    let child = |n| Subject { digest: digest(n), covers: Covers::Platform(format!("linux/v{}", n % 500)) };
    let subjects: Vec<Subject> = std::iter::once(index).chain((1..=1_000).map(child)).collect();
    let digits: Vec<&str> = subjects[1..].iter().map(|subject| subject.digest.hex()).collect();
    let by = |key: &KeyPair, n: usize, digits: &[&str]| {
        referrer(&world.keyed(key, &statement(SIGN, &json!({ "n": n }), digits)))
    };
    let stranger = KeyPair::new();
    let mut beside: Vec<Beside> = (0..100).map(|n| by(&stranger, n, &digits[n..])).collect();
    beside.push(by(&world.key, 0, &digits[..1]));
    let signatures = Signatures::One(by_key());
    let asked = Asked { signatures: Some(&signatures), provenance: None };
    let makers = judge(asked, &subjects, &found(beside), &Labels::default(), &world.trust);
    assert_eq!((makers.signatures.len(), makers.signatures[0].state), (200, State::Verified));
    let why = makers.unsigned.unwrap();
    assert!(why.contains("and 993 others is not") && why.len() < 1_000, "{why}");
    let details = makers.signatures.iter().filter_map(|signature| signature.detail.as_ref()).map(String::len);
    assert!(details.max().unwrap() < 1_000);
}

/// What is kept of a fault is not longer than what is shown, and each of many signers has one.
#[test]
fn faults_do_not_keep_what_others_wrote() {
    let long = json!({ "mediaType": "x".repeat(1_000_000) });
    let Document::Broken { fault, .. } = Document::read(&referrer(&long)) else { panic!("it is read") };
    assert!(format!("{fault:?}").len() < 1_000);
}

#[test]
fn a_file_has_a_bounded_number_of_roots() {
    let root = Authority::new("Acme").root().to_string();
    let usable = |count: usize| trust(&[("root.json", format!("{root}\n").repeat(count))]).unusable().next().is_none();
    assert!(usable(1) && usable(20) && !usable(21));
}

#[test]
fn bundles_with_many_proofs_are_not_supported() {
    let world = World::new();
    let document = world.keyless(&leaf(), &signed(&[1]));
    let verdict = |change: &dyn Fn(&mut Value)| {
        let mut changed = document.clone();
        change(&mut changed["verificationMaterial"]);
        told(&judged(Some(&Signatures::One(by_identity(WORKFLOW))), &found(vec![referrer(&changed)]), &world.trust))
    };
    let entries = |count: usize| {
        verdict(&|material| {
            let entry = material["tlogEntries"][0].clone();
            material["tlogEntries"] = json!(vec![entry; count]);
        })
    };
    assert!(entries(10).contains("signed by: "), "{}", entries(10));
    assert!(entries(11).contains("unsupported, a bundle with 11 log entries is not supported"), "{}", entries(11));
    let timestamps = verdict(&|material| {
        material["timestampVerificationData"] = json!({ "rfc3161Timestamps": vec![json!({}); 500] });
    });
    assert!(timestamps.contains("unsupported, a bundle with 500 timestamps is not supported"), "{timestamps}");
    let chain = verdict(&|material| {
        let certificate = material["certificate"].take();
        *material = json!({ "x509CertificateChain": { "certificates": vec![certificate; 11] } });
    });
    assert!(chain.contains("unsupported, a bundle with 11 certificates is not supported"), "{chain}");
}

/// Forms that others write and that are not read.
#[test]
fn what_is_in_another_form_is_neither_failed_nor_absent() {
    let world = World::new();
    let asked = Signatures::One(by_identity(WORKFLOW));
    let why = |beside: Beside| judged(Some(&asked), &found(vec![beside]), &world.trust).unsigned.unwrap();
    for (kind, version) in [("intoto", "0.0.1"), ("dsse", "0.0.2"), ("hashedrekord", "0.0.3")] {
        let mut bundle = world.keyless(&leaf(), &signed(&[1]));
        bundle["verificationMaterial"]["tlogEntries"][0]["kindVersion"] = json!({ "kind": kind, "version": version });
        let why = why(referrer(&bundle));
        assert!(why.ends_with(&format!("unsupported, a log entry of type {kind}/{version} is not supported")), "{why}");
    }
    for kind in ["provenance", "verification_summary"] {
        let media_type = format!("application/vnd.in-toto.{kind}+dsse");
        let envelope = envelope(&about(SLSA, &json!({}), &[1]), &world.key);
        let why = why(beside(Place::Referrer, &media_type, envelope));
        assert!(
            why.ends_with(&format!("unsupported, Docker's own form of signatures ({media_type}) is not supported"))
        );
    }
    // cosign's attestations under `.att`, which only a timestamp dates.
    let key = KeyPair::new();
    let timestamp = json!({ "SignedRFC3161Timestamp": "AAAA" }).to_string();
    let annotations = [
        ("dev.sigstore.cosign/certificate", pem("CERTIFICATE", &world.authority.issue(&leaf(), &key))),
        ("dev.sigstore.cosign/rfc3161timestamp", timestamp),
    ];
    let envelope = envelope(&about(SLSA, &json!({}), &[1]), &key);
    let attested = beside(Place::AttestationTag, "application/vnd.dsse.envelope.v1+json", envelope);
    let annotations = annotations.map(|(name, value)| (name.to_owned(), value)).into();
    let required = RequiredProvenance { builder: Some(String::new()), source: None };
    let asked = Asked { signatures: Some(&asked), provenance: Some(&required) };
    let signed = referrer(&world.keyless(&leaf(), &signed(&[1])));
    let beside = found(vec![signed, Beside { annotations, ..attested }]);
    let provenance = judge(asked, &image(), &beside, &Labels::default(), &world.trust).provenance.unwrap();
    assert_eq!(provenance.state, State::Unsupported, "{provenance:?}");
    assert!(provenance.detail.unwrap().contains("a timestamp and no log entry is not supported"));
}
