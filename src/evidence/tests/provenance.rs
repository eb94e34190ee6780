//! Provenance: what is read, and what counts if it is required.

use super::*;

pub(super) const BUILDER: &str = "https://github.com/acme/tool/actions/runs/1";
pub(super) const SOURCE: &str = "https://github.com/acme/tool";
const COMMIT: &str = "0123456789012345678901234567890123456789";

/// As GitHub's workflows write it.
pub(super) fn github(source: &str) -> Value {
    json!({
        "buildDefinition": {
            "buildType": "https://actions.github.io/buildtypes/workflow/v1",
            "externalParameters": { "workflow": { "repository": source, "path": ".github/workflows/release.yml" } },
            "resolvedDependencies": [
                { "uri": format!("git+{source}@refs/tags/v1"), "digest": { "gitCommit": COMMIT } },
            ],
        },
        "runDetails": { "builder": { "id": BUILDER } },
    })
}

/// As BuildKit writes it, SLSA 1, if it fetched the source.
pub(super) fn buildkit_1() -> Value {
    let uri = format!("{SOURCE}.git#v1");
    json!({
        "buildDefinition": {
            "buildType": "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md",
            "externalParameters": { "configSource": { "uri": uri, "digest": { "sha1": COMMIT } } },
            "resolvedDependencies": [
                { "uri": "pkg:docker/alpine@3", "digest": { "sha256": "a" } },
                { "uri": uri, "digest": { "sha1": COMMIT } },
            ],
        },
        "runDetails": { "builder": { "id": BUILDER } },
    })
}

/// As BuildKit writes it, SLSA 0.2, if a client sent its checkout.
fn buildkit_0_2() -> Value {
    json!({
        "builder": { "id": "" },
        "invocation": { "configSource": { "entryPoint": "Dockerfile" } },
        "materials": [{ "uri": "pkg:docker/alpine@3", "digest": { "sha256": "a" } }],
        "metadata": { "https://mobyproject.org/buildkit@v1#metadata": { "vcs": { "source": SOURCE, "revision": COMMIT } } },
    })
}

const SLSA_0_2: &str = "https://slsa.dev/provenance/v0.2";

fn in_index(n: u8, predicate_type: &str, predicate: &Value) -> Beside {
    let statement = about(predicate_type, predicate, &[n]);
    Beside { subject: digest(n), ..beside(Place::Index, "application/vnd.in-toto+json", statement) }
}

fn labels(source: Option<&str>, revision: Option<&str>) -> Labels {
    Labels { source: source.map(str::to_owned), revision: revision.map(str::to_owned) }
}

fn read(beside: Vec<Beside>, labels: &Labels) -> Option<Provenance> {
    let asked = Asked { signatures: None, provenance: None };
    judge(asked, &image(), &found(beside), labels, &World::new().trust).provenance
}

#[test]
fn builder_source_and_commit_are_read() {
    let all = |predicate_type, predicate: &Value| {
        let read = read(vec![in_index(2, predicate_type, predicate)], &Labels::default()).unwrap();
        assert_eq!((read.state, read.detail, read.agrees), (State::Present, None, None));
        [read.builder, read.source, read.commit].map(Option::unwrap_or_default)
    };
    let plain = |uri: &str| json!({ "builder": { "id": BUILDER }, "materials": [{ "uri": uri, "digest": { "sha1": COMMIT } }] });
    assert_eq!(all(SLSA, &github(SOURCE)), [BUILDER, &format!("git+{SOURCE}@refs/tags/v1"), COMMIT]);
    assert_eq!(all(SLSA, &buildkit_1()), [BUILDER, &format!("{SOURCE}.git#v1"), COMMIT]);
    assert_eq!(all(SLSA_0_2, &buildkit_0_2()), ["", SOURCE, COMMIT]);
    assert_eq!(all(SLSA_0_2, &plain("git+https://a.example/b")), [BUILDER, "git+https://a.example/b", COMMIT]);
    // anything else there is not a claim
    for predicate in [json!(null), json!([]), json!({ "builder": 7, "runDetails": { "builder": [] } }), json!("x")] {
        assert_eq!(all(SLSA, &predicate), ["", "", ""]);
        assert_eq!(all(SLSA_0_2, &predicate), ["", "", ""]);
    }
}

#[test]
fn only_statements_about_the_image_are_read() {
    let elsewhere = in_index(7, SLSA, &github(SOURCE));
    let sbom = in_index(2, "https://spdx.dev/Document", &json!({}));
    assert_eq!(read(vec![elsewhere, sbom], &Labels::default()), None);
}

#[test]
fn labels_agree_or_not() {
    let agrees = |labels: &Labels| read(vec![in_index(2, SLSA, &github(SOURCE))], labels).unwrap().agrees;
    assert_eq!(agrees(&labels(None, None)), None);
    assert_eq!(agrees(&labels(Some("https://GitHub.com/acme/tool.git"), None)), Some(true));
    assert_eq!(agrees(&labels(Some(SOURCE), Some(COMMIT))), Some(true));
    assert_eq!(agrees(&labels(Some("https://github.com/acme/fork"), Some(COMMIT))), Some(false));
    assert_eq!(agrees(&labels(None, Some("0123456"))), Some(false));
}

struct Required {
    builder: Option<&'static str>,
    source: Option<&'static str>,
}

fn required(world: &World, signer: Signer, required: &Required, beside: Vec<Beside>) -> String {
    let signatures = Signatures::One(signer);
    let Required { builder, source } = *required;
    let required = RequiredProvenance { builder: builder.map(str::to_owned), source: source.map(str::to_owned) };
    let asked = Asked { signatures: Some(&signatures), provenance: Some(&required) };
    let makers = judge(asked, &image(), &found(beside), &Labels::default(), &world.trust);
    let Provenance { state, detail, .. } = makers.provenance.clone().unwrap();
    let detail = detail.map(|detail| format!(": {detail}")).unwrap_or_default();
    let unsigned = makers.unsigned.as_deref().unwrap_or("may come in");
    assert_eq!(state == State::Verified, !unsigned.contains("provenance"), "{unsigned}");
    format!("    {}{detail}\n    {unsigned}\n", state.as_str())
}

/// Provenance as GitHub's workflows store it.
fn by_github(world: &World, source: &str) -> Beside {
    referrer(&world.keyless(&leaf(), &about(SLSA, &github(source), &[1])))
}

fn signed_by_key(world: &World, numbers: &[u8]) -> Beside {
    referrer(&world.keyed(&world.key, &signed(numbers)))
}

/// Provenance signed with a key, under the tag.
fn attested(key: &KeyPair, numbers: &[u8]) -> Beside {
    let envelope = envelope(&about(SLSA, &github(SOURCE), numbers), key);
    beside(Place::AttestationTag, "application/vnd.dsse.envelope.v1+json", envelope)
}

/// Provenance signed with a certificate, logged, under the tag.
fn logged_attestation(of: &Authority) -> Beside {
    let (key, payload) = (KeyPair::new(), about(SLSA, &github(SOURCE), &[1]));
    let certificate = pem("CERTIFICATE", &of.issue(&leaf(), &key));
    let envelope = envelope(&payload, &key);
    let body = envelope_body(&payload, &envelope, &certificate);
    let entry = of.annotation(&body, time("2025-03-01T10:05:00Z"));
    let annotations = [("dev.sigstore.cosign/certificate", certificate), ("dev.sigstore.cosign/bundle", entry)];
    let annotations = annotations.map(|(name, value)| (name.to_owned(), value)).into();
    Beside { annotations, ..beside(Place::AttestationTag, "application/vnd.dsse.envelope.v1+json", envelope) }
}

/// What the manifest lets in by its signer, and by its provenance.
fn required_of_signers(world: &World) -> Vec<(&'static str, String)> {
    let source = Required { builder: None, source: Some(SOURCE) };
    let both = Required { builder: Some(BUILDER), source: Some("https://GitHub.com/acme/tool.git") };
    let other_builder = Required { builder: Some("https://builder.example"), source: None };
    let by_another = "https://github.com/acme/fork";
    let signed = || signed_by_key(world, &[1]);
    let by_identity = |asked: &Required, beside| required(world, by_identity(WORKFLOW), asked, beside);
    let by_key = |beside| required(world, by_key(), &source, beside);
    let signed_by_identity = || referrer(&world.keyless(&leaf(), &super::signed(&[1])));
    let other = Authority::new("Other");
    vec![
        ("GitHub's", by_identity(&both, vec![by_github(world, SOURCE)])),
        ("other source", by_identity(&source, vec![by_github(world, by_another)])),
        ("other builder", by_identity(&other_builder, vec![by_github(world, SOURCE)])),
        ("none", by_key(vec![signed()])),
        ("by another", by_key(vec![signed(), by_github(world, SOURCE)])),
        ("attested with the key", by_key(vec![signed(), attested(&world.key, &[1])])),
        ("attested with another key", by_key(vec![signed(), attested(&KeyPair::new(), &[1])])),
        ("attested by the identity, logged", {
            by_identity(&source, vec![signed_by_identity(), logged_attestation(&world.authority)])
        }),
        ("attested under another root", {
            by_identity(&source, vec![signed_by_identity(), logged_attestation(&other)])
        }),
        ("of one platform", by_key(vec![signed(), attested(&world.key, &[2])])),
    ]
}

/// What builds say of each platform inside the index.
fn required_of_builds(world: &World) -> Vec<(&'static str, String)> {
    let source = Required { builder: None, source: Some(SOURCE) };
    let inside = |predicate_type: &str, predicate: &Value, signed: &[u8]| {
        let each = [2, 3].map(|n| in_index(n, predicate_type, predicate));
        required(world, by_key(), &source, [vec![signed_by_key(world, signed)], each.to_vec()].concat())
    };
    vec![
        ("BuildKit's in a signed index", inside(SLSA, &buildkit_1(), &[1])),
        ("BuildKit's where only platforms are signed", inside(SLSA, &buildkit_1(), &[2, 3])),
        ("the source as a client named it", inside(SLSA_0_2, &buildkit_0_2(), &[1])),
    ]
}

#[test]
fn required_provenance_is_signed_and_says_what_is_required() {
    let world = World::new();
    let cases = [required_of_signers(&world), required_of_builds(&world)].concat();
    insta::assert_snapshot!(cases.iter().map(|(name, told)| format!("{name}\n{told}")).collect::<String>());
}
