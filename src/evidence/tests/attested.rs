//! What is attested counts only as it was signed, by who must sign, about this image.

use super::*;
use crate::evidence::{Attestation, AttestationVerifier};

const SPDX: &str = "https://spdx.dev/Document";
const ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";

/// What counts of these documents, one after the other.
fn verified(signatures: &Signatures, trust: &Trust, beside: &[Beside]) -> Vec<Result<Option<Attestation>, String>> {
    let mut verifier = AttestationVerifier::new(signatures, trust);
    beside.iter().map(|one| verifier.verify(one.clone())).collect()
}

fn counts(signatures: &Signatures, trust: &Trust, beside: &Beside) -> bool {
    matches!(&verified(signatures, trust, std::slice::from_ref(beside))[0], Ok(Some(_)))
}

fn sbom() -> Value {
    json!({ "spdxVersion": "SPDX-2.3", "packages": [] })
}

#[test]
fn an_attestation_counts_by_the_asked_signer_in_every_form() {
    let world = World::new();
    let payload = about(SPDX, &sbom(), &[1]);
    let by_other = referrer(&world.keyed(&KeyPair::new(), &payload));
    let (key, identity) = (Signatures::One(by_key()), Signatures::One(by_identity(WORKFLOW)));
    let any = Signatures::AnyOf(vec![by_key(), by_identity(WORKFLOW)]);
    let keyed = referrer(&world.keyed(&world.key, &payload));
    let keyless = referrer(&world.keyless(&leaf(), &payload));
    let tagged = beside(Place::AttestationTag, ENVELOPE, envelope(&payload, &world.key));
    let expected = [(&key, [true, false, true]), (&identity, [false, true, false]), (&any, [true; 3])];
    for (signatures, expected) in expected {
        assert_eq!([&keyed, &keyless, &tagged].map(|one| counts(signatures, &world.trust, one)), expected);
        assert!(!counts(signatures, &world.trust, &by_other));
    }
    let found = verified(&key, &world.trust, &[keyed]).remove(0).unwrap().unwrap();
    assert_eq!((found.predicate_type.as_str(), found.predicate()), (SPDX, sbom().to_string().as_str()));
    assert_eq!(found.statement, payload.into_bytes());
}

#[test]
fn unsigned_and_foreign_statements_do_not_count() {
    let world = World::new();
    let key = Signatures::One(by_key());
    let why = |beside: &Beside| verified(&key, &world.trust, std::slice::from_ref(beside)).remove(0).unwrap_err();
    let payload = about(SPDX, &sbom(), &[1]);
    let bare = beside(Place::Referrer, "application/vnd.in-toto+json", &payload);
    assert_eq!(why(&bare), "it is not signed as `signatures` asks: it is not signed");
    let another = referrer(&world.keyed(&world.key, &about(SPDX, &sbom(), &[2])));
    assert_eq!(why(&another), "its statement is about another digest");
    let nothing = referrer(&world.keyed(&world.key, &about(SPDX, &sbom(), &[])));
    assert_eq!(why(&nothing), "its statement is about another digest");
    let by_other = referrer(&world.keyed(&KeyPair::new(), &payload));
    assert_eq!(why(&by_other), "it is not signed as `signatures` asks: it is signed by another key");
    // One who signed the image does not sign what stands in another envelope.
    let mut swapped = world.keyed(&world.key, &payload);
    swapped["dsseEnvelope"]["payload"] = json!(base64(about(SPDX, &json!({}), &[1])));
    assert_eq!(
        why(&referrer(&swapped)),
        "it is not signed as `signatures` asks: it was changed: its signature does not fit"
    );
}

/// Each of those who must all sign does so himself, and the same statement.
#[test]
fn where_all_must_sign_each_attests_the_same() {
    let world = World::new();
    let all = Signatures::AllOf(vec![by_key(), by_identity(WORKFLOW)]);
    let (one, other) = (about(SPDX, &sbom(), &[1]), about(SPDX, &json!({}), &[1]));
    let keyed = |payload: &str| referrer(&world.keyed(&world.key, payload));
    let keyless = |payload: &str| referrer(&world.keyless(&leaf(), payload));
    let told = |beside: &[Beside]| {
        let mut verifier = AttestationVerifier::new(&all, &world.trust);
        let verified = beside.iter().map(|one| verifier.verify(one.clone()).unwrap().is_some()).collect::<Vec<_>>();
        (verified, verifier.lacks_signers())
    };
    assert_eq!(told(&[keyed(&one), keyless(&one)]), (vec![false, true], false));
    assert_eq!(told(&[keyless(&one), keyed(&one)]), (vec![false, true], false));
    assert_eq!(told(&[keyed(&one), keyed(&one)]), (vec![false, false], true));
    assert_eq!(told(&[keyed(&one), keyless(&other)]), (vec![false, false], true));
    let twice = Signatures::AllOf(vec![by_key(), Signer::Key("keys/again.pub".to_owned())]);
    let trust = trust(&[("keys/tool.pub", world.key.pem()), ("keys/again.pub", world.key.pem())]);
    let why = verified(&twice, &trust, &[keyed(&one)]).remove(0).unwrap_err();
    assert!(why.contains("are the same key"), "{why}");
}

#[test]
fn hostile_statements_are_refused_with_what_exceeds() {
    let world = World::new();
    let key = Signatures::One(by_key());
    let why = |payload: &str| verified(&key, &world.trust, &[referrer(&world.keyed(&world.key, payload))]).remove(0);
    let subjects = |count: usize| {
        let one = format!("{{\"digest\":{{\"sha256\":\"{}\"}}}}", digits(1));
        let all = vec![one.as_str(); count].join(",");
        format!(
            "{{\"_type\":\"https://in-toto.io/Statement/v1\",\"predicateType\":\"{SPDX}\",\"predicate\":{{}},\"subject\":[{all}]}}"
        )
    };
    assert!(why(&subjects(10_000)).unwrap().is_some());
    let many = why(&subjects(10_001)).unwrap_err();
    assert!(many.contains("it has more than 10000 subjects, which are the most"), "{many}");
    let few = format!("{}{}", "{},".repeat(2_000_000), "{}");
    let million = why(&subjects(1).replace("\"subject\":[", &format!("\"subject\":[{few},"))).unwrap_err();
    assert!(million.contains("which are the most"), "{million}");
    let twice = why(&subjects(1).replace("\"predicate\":{}", "\"predicate\":{},\"predicate\":{}")).unwrap_err();
    assert!(twice.contains("duplicate field"), "{twice}");
    // A deep predicate is not followed here, and read by who knows its form.
    let deep = format!("{}1{}", "[".repeat(500_000), "]".repeat(500_000));
    let found = why(&subjects(1).replace("\"predicate\":{}", &format!("\"predicate\":{deep}"))).unwrap().unwrap();
    assert_eq!(found.predicate(), deep);
    assert!(crate::packages::read_sbom(&found.statement).is_err());
    assert!(crate::vulnerabilities::read_vex(found.predicate().as_bytes()).is_err());
}
