//! What is required of signatures and provenance, to the letter: digests, keys and names as written.

use super::provenance::{BUILDER, SOURCE, buildkit_1, github};
use super::*;

#[test]
fn each_manifest_of_a_platform_needs_its_own_signature() {
    let world = World::new();
    let index = Subject { digest: digest(1), covers: Covers::Index };
    let subjects = [index, platform("windows/amd64", 2), platform("windows/amd64", 3)];
    let signatures = Signatures::One(by_key());
    let required = RequiredProvenance { builder: None, source: None };
    let asked = Asked { signatures: Some(&signatures), provenance: Some(&required) };
    let judged = |numbers: &[u8]| {
        let built = about(SLSA, &github(SOURCE), numbers);
        let beside = [signed(numbers), built].map(|payload| referrer(&world.keyed(&world.key, &payload)));
        judge(asked, &subjects, &found(beside.to_vec()), &Labels::default(), &world.trust)
    };
    let both = judged(&[2, 3]);
    assert_eq!((both.unsigned, both.provenance.unwrap().state), (None, State::Verified));
    for one in [2, 3] {
        let Makers { signatures, provenance, unsigned, .. } = judged(&[one]);
        let unsigned = unsigned.unwrap();
        let words = [digest(one), digest(5 - one)].map(|digest| format!("windows/amd64 ({digest}) is"));
        assert!(words.iter().all(|words| unsigned.contains(words)), "{unsigned}");
        assert!(signatures.iter().all(|signature| signature.covers != Covers::Index), "{signatures:?}");
        assert_eq!(provenance.unwrap().state, State::Absent);
    }
}

#[test]
fn one_key_in_two_files_is_one_signer() {
    let (key, other) = (KeyPair::new(), KeyPair::new());
    let trust = trust(&[("a.pub", key.pem()), ("b.pub", key.pem()), ("c.pub", other.pem())]);
    let world = World { authority: Authority::new("Acme"), key, trust };
    let signed_by = |key: &KeyPair| referrer(&world.keyed(key, &signed(&[1])));
    let all = |paths: &[&str]| Signatures::AllOf(paths.iter().map(|path| Signer::Key((*path).to_owned())).collect());
    let beside = found(vec![signed_by(&world.key), signed_by(&other)]);
    let twice = judged(Some(&all(&["a.pub", "c.pub", "b.pub"])), &beside, &world.trust);
    assert_eq!(twice.signed_by, None);
    assert!(twice.unsigned.unwrap().contains("failed, a.pub and b.pub are the same key"));
    assert_eq!(judged(Some(&all(&["a.pub", "c.pub"])), &beside, &world.trust).unsigned, None);
}

/// Entries that ask for overlapping identities.
#[test]
fn what_one_signed_does_not_count_for_two() {
    let world = World::new();
    let pattern = |pattern: &str| Signer::Identity {
        issuer: GITHUB.to_owned(),
        identity: Identity::Pattern(pattern.to_owned()),
        trusted_root: Some("root.json".to_owned()),
    };
    let other = WORKFLOW.replace("release.yml", "review.yml");
    let by = |identity: &str, payload: &str| referrer(&world.keyless(&Leaf::new(identity, GITHUB), payload));
    let all = Signatures::AllOf(vec![pattern("https://github.com/acme/.+"), by_identity(WORKFLOW)]);
    let judged = |beside: &[Beside]| judged(Some(&all), &found(beside.to_vec()), &world.trust);
    let of = |numbers: &[u8]| [WORKFLOW, &other].map(|identity| by(identity, &signed(numbers)));
    for alone in [&of(&[1])[..1], &[by(WORKFLOW, &signed(&[1])), by(WORKFLOW, &signed(&[1, 2]))]] {
        let makers = judged(alone);
        assert!(makers.unsigned.unwrap().contains("failed, one of those who signed is the only one for two entries"));
        assert_eq!(makers.signed_by, None);
    }
    let makers = judged(&of(&[1]));
    assert_eq!((makers.unsigned, makers.signed_by.unwrap().matches(GITHUB).count()), (None, 2));
    assert_eq!(judged(&[by(WORKFLOW, &signed(&[1])), by(&other, &signed(&[2, 3]))]).unsigned, None, "in every part");
    assert!(judged(&[by(WORKFLOW, &signed(&[1])), by(&other, &signed(&[2]))]).unsigned.is_some());

    // Nor does what one states about the build, nor what is inside an index that only one of them signed.
    let required = RequiredProvenance { builder: None, source: Some(SOURCE.to_owned()) };
    let asked = Asked { signatures: Some(&all), provenance: Some(&required) };
    let built = |beside: Vec<Beside>| judge(asked, &image(), &found(beside), &Labels::default(), &world.trust).unsigned;
    let says = about(SLSA, &buildkit_1(), &[1]);
    let stated = [WORKFLOW, &other].map(|identity| {
        let bundle = world.keyless(&Leaf::new(identity, GITHUB), &says);
        Beside { place: Place::AttestationTag, ..referrer(&bundle) }
    });
    let with = |stated: &[Beside]| built([&of(&[1]), stated].concat());
    assert!(with(&stated[..1]).unwrap().ends_with("not all of those who must sign the image signed it"));
    assert_eq!(with(&stated), None);
    let inside = [2, 3].map(|n| {
        let statement = about(SLSA, &buildkit_1(), &[n]);
        Beside { subject: digest(n), ..beside(Place::Index, "application/vnd.in-toto+json", statement) }
    });
    let apart = [by(WORKFLOW, &signed(&[1])), by(&other, &signed(&[2, 3]))];
    assert!(built([&apart[..], &inside].concat()).is_some());
    assert_eq!(with(&inside), None);
}

#[test]
fn provenance_is_signed_by_all_who_must_sign() {
    let (key, other) = (KeyPair::new(), KeyPair::new());
    let trust = trust(&[("a.pub", key.pem()), ("b.pub", other.pem())]);
    let world = World { authority: Authority::new("Acme"), key, trust };
    let signers = ["a.pub", "b.pub"].map(|path| Signer::Key(path.to_owned())).to_vec();
    let built = about(SLSA, &github(SOURCE), &[1]);
    let by = |key: &KeyPair, payload: &str| referrer(&world.keyed(key, payload));
    let signatures = [by(&world.key, &signed(&[1])), by(&other, &signed(&[1]))];
    let judged = |signers: &Signatures, more: &[Beside]| {
        let required = RequiredProvenance { builder: None, source: Some(SOURCE.to_owned()) };
        let asked = Asked { signatures: Some(signers), provenance: Some(&required) };
        judge(asked, &image(), &found([&signatures, more].concat()), &Labels::default(), &world.trust).unsigned
    };
    let (all, any) = (Signatures::AllOf(signers.clone()), Signatures::AnyOf(signers));
    let one = [by(&world.key, &built)];
    assert!(judged(&all, &one).unwrap().ends_with("failed, not all of those who must sign the image signed it"));
    assert_eq!(judged(&any, &one), None);
    assert_eq!(judged(&all, &[by(&world.key, &built), by(&other, &built)]), None);
    // An index that all signed holds what they all signed.
    let inside = [2, 3].map(|n| {
        let statement = about(SLSA, &buildkit_1(), &[n]);
        Beside { subject: digest(n), ..beside(Place::Index, "application/vnd.in-toto+json", statement) }
    });
    assert_eq!(judged(&all, &inside), None);
}

#[test]
fn names_are_compared_as_written() {
    let world = World::new();
    let signatures = Signatures::One(by_key());
    let unmet = |predicate_type: &str, predicate: &Value, required: &RequiredProvenance| {
        let asked = Asked { signatures: Some(&signatures), provenance: Some(required) };
        let payloads = [signed(&[1]), about(predicate_type, predicate, &[1])];
        let beside = payloads.map(|payload| referrer(&world.keyed(&world.key, &payload))).to_vec();
        judge(asked, &image(), &found(beside), &Labels::default(), &world.trust).provenance.unwrap().detail
    };
    let builder = RequiredProvenance { builder: Some(BUILDER.to_owned()), source: None };
    let built = |builder: &str| json!({ "runDetails": { "builder": { "id": builder } } });
    assert_eq!(unmet(SLSA, &built(BUILDER), &builder), None);
    for other in [format!("{BUILDER}\u{200b}"), format!(" {BUILDER}"), BUILDER.replace("acme", "ac\u{2060}me")] {
        let unmet = unmet(SLSA, &built(&other), &builder).unwrap();
        assert_eq!(unmet, format!("its builder is {BUILDER} with characters that are not visible"));
    }
    let source = RequiredProvenance { builder: None, source: Some(SOURCE.to_owned()) };
    let mut hidden = github(SOURCE);
    hidden["buildDefinition"]["externalParameters"]["workflow"]["repository"] = json!(format!("{SOURCE}\n"));
    assert!(unmet(SLSA, &hidden, &source).is_some());
}

#[test]
fn the_source_is_what_the_type_of_build_says_it_is() {
    const SLSA_0_2: &str = "https://slsa.dev/provenance/v0.2";
    let world = World::new();
    let signatures = Signatures::One(by_key());
    let required = RequiredProvenance { builder: None, source: Some(SOURCE.to_owned()) };
    let asked = Asked { signatures: Some(&signatures), provenance: Some(&required) };
    let unmet = |predicate_type: &str, predicate: &Value| {
        let payloads = [signed(&[1]), about(predicate_type, predicate, &[1])];
        let beside = payloads.map(|payload| referrer(&world.keyed(&world.key, &payload))).to_vec();
        judge(asked, &image(), &found(beside), &Labels::default(), &world.trust).provenance.unwrap().detail
    };
    let resource = json!({ "uri": format!("git+{SOURCE}@refs/heads/main"), "digest": { "sha1": digits(9) } });
    let invoked = json!({ "invocation": { "configSource": resource }, "materials": [] });
    assert_eq!(
        (unmet(SLSA, &github(SOURCE)), unmet(SLSA, &buildkit_1()), unmet(SLSA_0_2, &invoked)),
        (None, None, None)
    );
    let (mut unknown, mut elsewhere, mut unnamed) = (github(SOURCE), github(SOURCE), buildkit_1());
    unknown["buildDefinition"]["buildType"] = json!("https://example.org/build");
    let evil = "https://github.com/evil/tool";
    elsewhere["buildDefinition"]["externalParameters"]["workflow"]["repository"] = json!(evil);
    unnamed["buildDefinition"]["externalParameters"] = json!({});
    let material = json!({ "invocation": { "configSource": {} }, "materials": [resource] });
    for (predicate_type, predicate) in [(SLSA, unknown), (SLSA, unnamed), (SLSA_0_2, material)] {
        let unmet = unmet(predicate_type, &predicate).unwrap();
        assert!(
            unmet.contains("its source is not named") && unmet.contains("only something it was built with"),
            "{unmet}"
        );
    }
    assert_eq!(unmet(SLSA, &elsewhere).unwrap(), format!("its source is {evil}"));
}

#[test]
fn only_cosigns_simple_signing_is_read() {
    let world = World::new();
    let signatures = Signatures::One(by_key());
    let judged = |payload: &str| {
        let signature = base64(world.key.sign(payload.as_bytes()));
        let layer = simple(payload, &[("dev.cosignproject.cosign/signature", signature)]);
        judged(Some(&signatures), &found(vec![layer]), &world.trust).unsigned
    };
    assert_eq!(judged(&payload(1)), None);
    let other = payload(1).replace("cosign container image signature", "atomic container signature");
    assert!(judged(&other).unwrap().contains("unsupported"));
    assert!(judged(&payload(1).replace("\"type\"", "\"kind\"")).is_some());
}
