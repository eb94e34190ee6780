//! Every way in which an image is signed, or is not: the rows of the table of sentences.

use serde_json::{Value, json};
use wharfinger::internals::image::Digest;

use super::{GITHUB, Published, WORKFLOW, World};
use crate::support::authority::{Authority, Signer};
use crate::support::http::{Action, Rule};
use crate::support::images::{Image, ImageSpec, Manifest};
use crate::support::signing::{
    BUNDLE, Key, PROVENANCE, SIGN, SIMPLE_SIGNING, bundle_of, fallback, provenance, simple_payload, statement, tagged,
};

/// One row: what an image asks, and what is put beside it.
pub(super) struct Case {
    pub name: &'static str,
    /// Lines of the image in the manifest.
    pub asked: String,
    pub sign: Box<dyn Fn(&Published<'_>)>,
}

fn case(name: &'static str, asked: &str, sign: impl Fn(&Published<'_>) + 'static) -> Case {
    Case { name, asked: asked.to_owned(), sign: Box::new(sign) }
}

pub(super) const BY_KEY: &str = "signatures: { key: keys/tool.pub }";

pub(super) fn by_identity() -> String {
    format!("signatures: {{ {} }}", identity())
}

fn identity() -> String {
    format!("issuer: {GITHUB}, identity: '{WORKFLOW}', trusted-root: root.json")
}

impl Published<'_> {
    /// The manifest of one platform.
    fn platform(&self, number: usize) -> &Manifest {
        &self.image.manifests[number]
    }

    fn signed_by(&self, key: &Key) {
        self.refer(&key.signature_of(self.image.root()));
    }

    fn signed_as(&self, signer: &Signer) {
        self.refer(&self.world.authority.signature_of(signer, self.image.root()));
    }

    /// A bundle by the publisher's key, changed after it was made.
    fn keyed_changed(&self, change: impl FnOnce(&mut Value)) {
        let mut bundle = self.world.key.bundle(&statement(&self.digest(), SIGN, &json!({})));
        change(&mut bundle);
        self.refer(&bundle_of(self.image.root(), &bundle, SIGN));
    }

    /// A bundle by the publisher's identity, changed after it was made.
    fn keyless_changed(&self, change: impl FnOnce(&mut Value)) {
        let statement = statement(&self.digest(), SIGN, &json!({}));
        let mut bundle = self.world.authority.bundle(&World::workflow(), &statement);
        change(&mut bundle);
        self.refer(&bundle_of(self.image.root(), &bundle, SIGN));
    }

    /// Provenance by the publisher's key.
    fn built(&self, builder: &str, source: &str) {
        self.refer(&self.world.key.attestation_of(self.image.root(), PROVENANCE, &provenance(builder, source, COMMIT)));
    }
}

const COMMIT: &str = "4d1a5c4f1b8c2e6d9f0a3b7c5e8d1f2a6b9c0d3e";
const BUILDER: &str = "https://github.com/actions/runner/github-hosted";
const SOURCE: &str = "https://github.com/acme/tool";

/// A statement about the same image that says something else.
fn other_statement(bundle: &mut Value, published: &Published<'_>) {
    let other = statement(&published.digest(), SIGN, &json!({"changed": true}));
    bundle["dsseEnvelope"]["payload"] = published.world.other.envelope(&other)["payload"].clone();
}

pub(super) fn cases() -> Vec<Case> {
    [verified(), keyed(), simple_signing(), keyless(), parts(), several(), built(), places()]
        .into_iter()
        .flatten()
        .collect()
}

fn verified() -> Vec<Case> {
    let pattern = format!(
        "signatures: {{ issuer: {GITHUB}, identity-pattern: 'https://github.com/acme/tool/.+', trusted-root: root.json }}"
    );
    vec![
        case("verified, key, bundle", BY_KEY, |it| it.signed_by(&it.world.key)),
        case("verified, key, .sig tag", BY_KEY, |it| it.tag(".sig", &it.world.key.simple_signature_of(&it.digest()))),
        case("verified, key, another key beside it", BY_KEY, |it| {
            it.signed_by(&it.world.key);
            it.signed_by(&it.world.other);
        }),
        case("verified, keyless, bundle", &by_identity(), |it| it.signed_as(&World::workflow())),
        case("verified, keyless, .sig tag", &by_identity(), |it| {
            it.tag(".sig", &it.world.authority.simple_signature_of(&World::workflow(), &it.digest()));
        }),
        case("verified, keyless, by a pattern", &pattern, |it| it.signed_as(&World::workflow())),
        case("verified, GitHub's attestation", &by_identity(), |it| {
            let built = provenance(BUILDER, SOURCE, COMMIT);
            it.refer(&it.world.authority.attestation_of(&World::workflow(), it.image.root(), PROVENANCE, &built));
        }),
    ]
}

fn keyed() -> Vec<Case> {
    vec![
        case("key, nothing there", BY_KEY, |_| {}),
        case("key, other key", BY_KEY, |it| it.signed_by(&it.world.other)),
        case("key, statement changed", BY_KEY, |it| it.keyed_changed(|bundle| other_statement(bundle, it))),
        case("key, signature changed", BY_KEY, |it| {
            it.keyed_changed(|bundle| {
                bundle["dsseEnvelope"]["signatures"][0]["sig"] = json!(it.world.key.sign(b"else"));
            });
        }),
        case("key, signed with a certificate", BY_KEY, |it| it.signed_as(&World::workflow())),
        case("key, another image's signature", BY_KEY, |it| {
            let other = statement(&Digest::sha256(b"another image"), SIGN, &json!({}));
            it.refer(&bundle_of(it.image.root(), &it.world.key.bundle(&other), SIGN));
        }),
        case("key, an attestation that is no signature", BY_KEY, |it| {
            it.refer(&it.world.key.attestation_of(it.image.root(), "https://spdx.dev/Document", &json!({})));
        }),
        case("key, two signatures in an envelope", BY_KEY, |it| {
            it.keyed_changed(|bundle| {
                let second = bundle["dsseEnvelope"]["signatures"][0].clone();
                bundle["dsseEnvelope"]["signatures"].as_array_mut().unwrap().push(second);
            });
        }),
        case("key, a bundle that is no bundle", BY_KEY, |it| {
            it.refer(&bundle_of(it.image.root(), &json!(["what", "is this"]), SIGN));
        }),
        case("key, a later version of the bundle", BY_KEY, |it| {
            it.keyed_changed(|bundle| bundle["mediaType"] = json!("application/vnd.dev.sigstore.bundle.v0.9+json"));
        }),
        case("key, file is not there", "signatures: { key: keys/gone.pub }", |it| it.signed_by(&it.world.key)),
        case("key, file is broken", "signatures: { key: keys/broken.pub }", |it| it.signed_by(&it.world.key)),
        case("key, file is a trusted root", "signatures: { key: root.json }", |it| it.signed_by(&it.world.key)),
        case("key, Notation", BY_KEY, |it| {
            let signature = Image::artifact(it.image.root(), "application/vnd.cncf.notary.signature", b"{}");
            it.refer(&signature);
        }),
    ]
}

fn simple_signing() -> Vec<Case> {
    let signature = |text: String| json!({"dev.cosignproject.cosign/signature": text});
    vec![
        case(".sig tag, other key", BY_KEY, |it| it.tag(".sig", &it.world.other.simple_signature_of(&it.digest()))),
        case(".sig tag, payload changed", BY_KEY, move |it| {
            let payload = simple_payload(&it.digest());
            let changed = payload.replace("null", "{}");
            let by_key = signature(it.world.key.sign(payload.as_bytes()));
            it.tag(".sig", &tagged(&[(SIMPLE_SIGNING, changed.into(), by_key)]));
        }),
        case(".sig tag, signature of the tag's former digest", BY_KEY, |it| {
            it.tag(".sig", &it.world.key.simple_signature_of(&Digest::sha256(b"the former image")));
        }),
        case(".sig tag, no signature in it", BY_KEY, |it| {
            it.tag(".sig", &tagged(&[(SIMPLE_SIGNING, simple_payload(&it.digest()).into(), json!({}))]));
        }),
        case(".sig tag, an image in its place", BY_KEY, |it| {
            it.tag(".sig", &ImageSpec::new(7).single().build());
        }),
        case(".sig tag, keyless, expired", &by_identity(), |it| {
            it.tag(".sig", &it.world.authority.simple_signature_of(&World::workflow().late(), &it.digest()));
        }),
        case(".sig tag, keyless, other root", &by_identity(), |it| {
            it.tag(".sig", &it.world.stranger.simple_signature_of(&World::workflow(), &it.digest()));
        }),
    ]
}

fn keyless() -> Vec<Case> {
    let asked = by_identity();
    let entries = "/verificationMaterial/tlogEntries";
    let missing = asked.replace("root.json", "gone.json");
    let broken = asked.replace("root.json", "keys/broken.pub");
    let public = format!("signatures: {{ issuer: {GITHUB}, identity: '{WORKFLOW}' }}");
    vec![
        case("keyless, nothing there", &asked, |_| {}),
        case("keyless, other identity", &asked, |it| {
            it.signed_as(&Signer::new(
                "https://github.com/evil/tool/.github/workflows/release.yml@refs/heads/x",
                GITHUB,
            ));
        }),
        case("keyless, other issuer", &asked, |it| it.signed_as(&Signer::new(WORKFLOW, "https://accounts.example"))),
        case("keyless, signed with a key", &asked, |it| it.signed_by(&it.world.key)),
        case("keyless, other root", &asked, |it| {
            it.refer(&it.world.stranger.signature_of(&World::workflow(), it.image.root()));
        }),
        case("keyless, no root of its own is named", &public, |it| it.signed_as(&World::workflow())),
        case("keyless, signed by a newer key of the authority than the root has", &asked, |it| {
            it.refer(&Authority::new("Acme").signature_of(&World::workflow(), it.image.root()));
        }),
        case("keyless, certificate expired when it signed", &asked, |it| it.signed_as(&World::workflow().late())),
        case("keyless, in no log", &asked, move |it| {
            it.keyless_changed(|bundle| *bundle.pointer_mut(entries).unwrap() = json!([]));
        }),
        case("keyless, log entry of another signature", &asked, move |it| {
            let other = statement(&it.digest(), SIGN, &json!({"another": true}));
            let other = it.world.authority.bundle(&World::workflow(), &other);
            let entry = other.pointer(entries).unwrap().clone();
            it.keyless_changed(|bundle| *bundle.pointer_mut(entries).unwrap() = entry);
        }),
        case("keyless, statement changed", &asked, |it| it.keyless_changed(|bundle| other_statement(bundle, it))),
        case("keyless, signature changed", &asked, |it| {
            let other = it.world.other.sign(b"something else");
            it.keyless_changed(|bundle| bundle["dsseEnvelope"]["signatures"][0]["sig"] = json!(other));
        }),
        case("keyless, another image's signature", &asked, |it| {
            let other = statement(&Digest::sha256(b"another image"), SIGN, &json!({}));
            let bundle = it.world.authority.bundle(&World::workflow(), &other);
            it.refer(&bundle_of(it.image.root(), &bundle, SIGN));
        }),
        case("keyless, root file is not there", &missing, |it| it.signed_as(&World::workflow())),
        case("keyless, root file is broken", &broken, |it| it.signed_as(&World::workflow())),
    ]
}

fn parts() -> Vec<Case> {
    vec![
        case("verified, every platform", BY_KEY, |it| {
            it.refer(&it.world.key.signature_of(it.platform(0)));
            it.refer(&it.world.key.signature_of(it.platform(1)));
        }),
        case("one platform of two", BY_KEY, |it| it.refer(&it.world.key.signature_of(it.platform(0)))),
        case("one platform of two, and the other by another key", BY_KEY, |it| {
            it.refer(&it.world.key.signature_of(it.platform(0)));
            it.refer(&it.world.other.signature_of(it.platform(1)));
        }),
        case(
            "verified, the one platform that is wanted",
            "platforms: [linux/amd64]\nsignatures: { key: keys/tool.pub }",
            |it| {
                it.refer(&it.world.key.signature_of(it.platform(0)));
            },
        ),
    ]
}

fn several() -> Vec<Case> {
    let keys = "[{ key: keys/tool.pub }, { key: keys/other.pub }]";
    let (any, all) = (format!("signatures: {{ any-of: {keys} }}"), format!("signatures: {{ all-of: {keys} }}"));
    let mixed = format!("signatures: {{ all-of: [{{ key: keys/tool.pub }}, {{ {} }}] }}", identity());
    vec![
        case("verified, any of: one", &any, |it| it.signed_by(&it.world.other)),
        case("any of: neither", &any, |it| it.signed_by(&Key::generate())),
        case("any of: nothing there", &any, |_| {}),
        case("verified, all of: both", &all, |it| {
            it.signed_by(&it.world.key);
            it.signed_by(&it.world.other);
        }),
        case("all of: one", &all, |it| it.signed_by(&it.world.other)),
        case("verified, all of: a key and an identity", &mixed, |it| {
            it.signed_by(&it.world.key);
            it.signed_as(&World::workflow());
        }),
    ]
}

fn built() -> Vec<Case> {
    let asked = format!("{BY_KEY}\nprovenance: {{ builder: {BUILDER}, source: {SOURCE} }}");
    let signed = |it: &Published<'_>| it.signed_by(&it.world.key);
    vec![
        case("verified, provenance", &asked, move |it| {
            signed(it);
            it.built(BUILDER, SOURCE);
        }),
        case("verified, provenance under the .att tag", &asked, move |it| {
            signed(it);
            let built = provenance(BUILDER, SOURCE, COMMIT);
            it.tag(".att", &it.world.key.tagged_attestation_of(&it.digest(), PROVENANCE, &built));
        }),
        case("provenance, nothing there", &asked, signed),
        case("provenance, other builder", &asked, move |it| {
            signed(it);
            it.built("https://ci.example/laptop", SOURCE);
        }),
        case("provenance, other source", &asked, move |it| {
            signed(it);
            it.built(BUILDER, "https://github.com/evil/tool");
        }),
        case("provenance, by another key", &asked, move |it| {
            signed(it);
            let built = provenance(BUILDER, SOURCE, COMMIT);
            it.refer(&it.world.other.attestation_of(it.image.root(), PROVENANCE, &built));
        }),
    ]
}

/// The registry answers the image and nothing more.
fn places() -> Vec<Case> {
    let fails = |it: &Published<'_>, path: &str| {
        let path = format!("^/v2/{}/{path}", it.repository);
        it.world.upstream.fault(Rule::new("", &path, Action::Answer(500, vec![], "".into())));
    };
    vec![
        case("the list of referrers answers 500", BY_KEY, move |it| {
            it.signed_by(&it.world.other);
            fails(it, "referrers/");
        }),
        case("the .sig tag answers 500", BY_KEY, move |it| {
            it.tag(".sig", &it.world.key.simple_signature_of(&it.digest()));
            fails(it, "manifests/sha256-");
        }),
        case("the .sig tag is listed and not there", BY_KEY, |it| {
            it.tag(".sig", &it.world.key.simple_signature_of(&it.digest()));
            let path = format!("^/v2/{}/manifests/sha256-", it.repository);
            it.world.upstream.fault(Rule::new("", &path, Action::Answer(404, vec![], "".into())));
        }),
        case("the fallback tag is listed and not there", BY_KEY, |it| {
            it.tag("", &fallback(&[&it.world.key.signature_of(it.image.root())]));
            let path = format!("^/v2/{}/manifests/sha256-", it.repository);
            it.world.upstream.fault(Rule::new("", &path, Action::Answer(404, vec![], "".into())));
        }),
        case("the bundle's manifest is larger than what is read", BY_KEY, |it| {
            let mut artifact = it.world.key.signature_of(it.image.root());
            let mut manifest: Value = serde_json::from_slice(&artifact.root().bytes).unwrap();
            manifest["annotations"]["padding"] = json!(" ".repeat(1_100_000));
            artifact.manifests[0].bytes = manifest.to_string().into();
            it.refer(&artifact);
        }),
        case("more stands beside its manifests than is read", BY_KEY, |it| {
            for (subject, count) in [(it.image.root(), 150), (it.platform(0), 60)] {
                for number in 0..count {
                    let payload = format!("{{\"number\":{number}}}");
                    it.refer(&Image::artifact(subject, BUNDLE, payload.as_bytes()));
                }
            }
        }),
        case("the bundle is listed and not there", BY_KEY, move |it| {
            let signature = it.world.key.signature_of(it.image.root());
            it.refer(&signature);
            let path = format!("^/v2/{}/manifests/{}", it.repository, signature.digest());
            it.world.upstream.fault(Rule::new("", &path, Action::Answer(404, vec![], "".into())));
        }),
        case("the bundle has other bytes", BY_KEY, |it| {
            let signature = it.world.key.signature_of(it.image.root());
            it.refer(&signature);
            let (layer, bytes) = signature.blobs.last().unwrap();
            let path = format!("^/v2/{}/blobs/{layer}", it.repository);
            it.world.upstream.fault(Rule::new("GET", &path, Action::Body(vec![b'x'; bytes.len()].into())));
        }),
        case("the bundle is larger than what is read", BY_KEY, |it| {
            let padding = " ".repeat(10_500_000);
            let layers = [(BUNDLE, padding.into(), json!({}))];
            let mut artifact = tagged(&layers);
            let mut manifest: Value = serde_json::from_slice(&artifact.root().bytes).unwrap();
            manifest["subject"] = it.image.subject();
            manifest["artifactType"] = json!(BUNDLE);
            artifact.manifests[0].bytes = manifest.to_string().into();
            it.refer(&artifact);
        }),
    ]
}
