//! Every fault has its own state and its own words.

use super::*;

struct Case {
    name: &'static str,
    signatures: Option<Signatures>,
    found: Found,
}

fn case(name: &'static str, signer: Signer, beside: Vec<Beside>) -> Case {
    Case { name, signatures: Some(Signatures::One(signer)), found: found(beside) }
}

/// A bundle by the required identity, altered.
fn changed(world: &World, change: impl FnOnce(&mut Value)) -> Vec<Beside> {
    let mut bundle = world.keyless(&leaf(), &signed(&[1]));
    change(&mut bundle);
    vec![referrer(&bundle)]
}

fn keyless(world: &World) -> Vec<Case> {
    let identity = || by_identity(WORKFLOW);
    let one = |leaf: &Leaf| vec![referrer(&world.keyless(leaf, &signed(&[1])))];
    let other = Authority::new("Other");
    let rotated = Authority::new("Acme");
    let entry = "/verificationMaterial/tlogEntries";
    let expired = Leaf { until: time("2025-03-01T10:01:00Z"), ..leaf() };
    let mut older = world.keyless(&leaf(), &signed(&[1]));
    *older.pointer_mut("/verificationMaterial/tlogEntries/0/logId/keyId").unwrap() = json!(base64([9; 32]));
    vec![
        case("keyless: as it should be", identity(), one(&leaf())),
        case("keyless: other identity", by_identity("https://github.com/acme/other"), one(&leaf())),
        case("keyless: other issuer", identity(), one(&Leaf::new(WORKFLOW, "https://issuer.example"))),
        case("keyless: other root", identity(), vec![referrer(&world.keyless_by(&other, &leaf(), &signed(&[1])))]),
        case("keyless: root too old", identity(), vec![referrer(&world.keyless_by(&rotated, &leaf(), &signed(&[1])))]),
        case("keyless: certificate expired when it signed", identity(), one(&expired)),
        case("keyless: no log", identity(), changed(world, |it| *it.pointer_mut(entry).unwrap() = json!([]))),
        case("keyless: log that the root does not have", identity(), vec![referrer(&older)]),
        case("keyless: log entry of another signature", identity(), {
            let another = world.keyless(&leaf(), &signed(&[1]));
            changed(world, |it| *it.pointer_mut(entry).unwrap() = another.pointer(entry).unwrap().clone())
        }),
        case("keyless: statement changed", identity(), {
            let changed_to = base64(about(SIGN, &json!({ "changed": true }), &[1]));
            changed(world, |it| it["dsseEnvelope"]["payload"] = json!(changed_to))
        }),
        case("keyless: signature changed", identity(), {
            let other = base64(KeyPair::new().sign(b"something"));
            changed(world, |it| it["dsseEnvelope"]["signatures"][0]["sig"] = json!(other))
        }),
        case("keyless: two signatures in an envelope", identity(), {
            changed(world, |it| {
                let second = it["dsseEnvelope"]["signatures"][0].clone();
                it["dsseEnvelope"]["signatures"].as_array_mut().unwrap().push(second);
            })
        }),
        case("keyless: other subject", identity(), vec![referrer(&world.keyless(&leaf(), &signed(&[7])))]),
        case("keyless: a later version of the bundle", identity(), {
            changed(world, |it| it["mediaType"] = json!("application/vnd.dev.sigstore.bundle.v0.9+json"))
        }),
        case("keyless: not JSON", identity(), vec![referrer(&json!("{"))]),
        case("keyless: by a key", identity(), vec![referrer(&world.keyed(&world.key, &signed(&[1])))]),
        case("keyless: an SBOM is no signature", identity(), {
            vec![referrer(&world.keyless(&leaf(), &about("https://spdx.dev/Document", &json!({}), &[1])))]
        }),
        case("keyless: GitHub's statement that it was built", identity(), {
            vec![referrer(&world.keyless(&leaf(), &about(SLSA, &json!({}), &[1])))]
        }),
    ]
}

fn keyed(world: &World) -> Vec<Case> {
    let one = |bundle: Value| vec![referrer(&bundle)];
    let other = KeyPair::new();
    let mut tampered = world.keyed(&world.key, &signed(&[1]));
    tampered["dsseEnvelope"]["payload"] = json!(base64(about(SIGN, &json!({ "changed": true }), &[1])));
    let both = vec![referrer(&world.keyed(&world.key, &signed(&[1]))), referrer(&world.keyed(&other, &signed(&[1])))];
    vec![
        case("key: as it should be", by_key(), one(world.keyed(&world.key, &signed(&[1])))),
        case("key: another one beside it", by_key(), both),
        case("key: other key", by_key(), one(world.keyed(&other, &signed(&[1])))),
        case("key: statement changed", by_key(), one(tampered)),
        case("key: other subject", by_key(), one(world.keyed(&world.key, &signed(&[7])))),
        case("key: by a certificate", by_key(), one(world.keyless(&leaf(), &signed(&[1])))),
        case("key: provenance is no signature", by_key(), one(world.keyed(&world.key, &about(SLSA, &json!({}), &[1])))),
        case("key: nothing there", by_key(), vec![]),
        case("key: one platform", by_key(), one(world.keyed(&world.key, &signed(&[2])))),
        case("key: every platform", by_key(), {
            vec![referrer(&world.keyed(&world.key, &signed(&[2]))), referrer(&world.keyed(&world.key, &signed(&[3])))]
        }),
        case("key: file missing", Signer::Key("keys/gone.pub".to_owned()), one(world.keyed(&world.key, &signed(&[1])))),
        case("key: Notation", by_key(), vec![beside(Place::Referrer, "application/jose+json", "{}")]),
        Case {
            name: "key: a place was not read",
            signatures: Some(Signatures::One(by_key())),
            found: Found {
                beside: one(world.keyed(&other, &signed(&[1]))),
                unread: vec![Unread { subject: digest(1), why: "503 Service Unavailable".to_owned() }],
            },
        },
    ]
}

fn simple_signing(world: &World) -> Vec<Case> {
    let signature = "dev.cosignproject.cosign/signature";
    let signed_by = |key: &KeyPair, n| (signature, base64(key.sign(payload(n).as_bytes())));
    let at = time("2025-03-01T10:05:00Z");
    let certified = |at, root: &Authority| {
        let key = KeyPair::new();
        let certificate = pem("CERTIFICATE", &world.authority.issue(&leaf(), &key));
        let signed = base64(key.sign(payload(1).as_bytes()));
        let entry = root.annotation(&bytes_body(&payload(1), &signed, &certificate), at);
        vec![
            (signature, signed),
            ("dev.sigstore.cosign/certificate", certificate),
            ("dev.sigstore.cosign/chain", pem("CERTIFICATE", &world.authority.own())),
            ("dev.sigstore.cosign/bundle", entry),
        ]
    };
    let logged = |key: &KeyPair, of: u8| {
        let signed = base64(key.sign(payload(of).as_bytes()));
        let entry = world.authority.annotation(&bytes_body(&payload(of), &signed, &key.pem()), at);
        vec![(signature, signed), ("dev.sigstore.cosign/bundle", entry)]
    };
    let other = KeyPair::new();
    let one = |n: u8, annotations: &[(&'static str, String)]| vec![simple(&payload(n), annotations)];
    let without_log = certified(at, &world.authority)[..3].to_vec();
    let identity = || by_identity(WORKFLOW);
    vec![
        case("simple, key: as it should be", by_key(), one(1, &[signed_by(&world.key, 1)])),
        case("simple, key: logged", by_key(), one(1, &logged(&world.key, 1))),
        case("simple, key: other key or changed", by_key(), one(1, &[signed_by(&world.key, 2)])),
        case("simple, key: other key, logged", by_key(), one(1, &logged(&other, 1))),
        case("simple, key: changed, logged", by_key(), one(1, &logged(&world.key, 2))),
        case("simple, key: other subject", by_key(), one(7, &[signed_by(&world.key, 7)])),
        case("simple, key: no signature", by_key(), one(1, &[])),
        case("simple, keyless: as it should be", identity(), one(1, &certified(at, &world.authority))),
        case("simple, keyless: no log", identity(), one(1, &without_log)),
        case(
            "simple, keyless: expired",
            identity(),
            one(1, &certified(time("2025-03-01T11:00:00Z"), &world.authority)),
        ),
        case("simple, keyless: other log", identity(), one(1, &certified(at, &Authority::new("Acme")))),
        case("simple, keyless: changed", identity(), {
            let changed = payload(1).replace("null", "{}");
            vec![simple(&changed, &certified(at, &world.authority))]
        }),
    ]
}

fn several_signers(world: &World) -> Vec<Case> {
    let both = || vec![by_key(), by_identity(WORKFLOW)];
    let key = || referrer(&world.keyed(&world.key, &signed(&[1])));
    let identity = || referrer(&world.keyless(&leaf(), &signed(&[1])));
    let case = |name, signatures, beside| Case { name, signatures: Some(signatures), found: found(beside) };
    vec![
        case("any of: the key", Signatures::AnyOf(both()), vec![key()]),
        case("any of: both", Signatures::AnyOf(both()), vec![key(), identity()]),
        case("any of: neither", Signatures::AnyOf(both()), vec![]),
        case("all of: both", Signatures::AllOf(both()), vec![key(), identity()]),
        case("all of: the key", Signatures::AllOf(both()), vec![key()]),
    ]
}

fn not_asked_for(world: &World) -> Vec<Case> {
    let case = |name, beside| Case { name, signatures: None, found: found(beside) };
    vec![
        case("not asked for: nothing", vec![]),
        case("not asked for: keyless", vec![referrer(&world.keyless(&leaf(), &signed(&[1])))]),
        case("not asked for: a key", vec![referrer(&world.keyed(&world.key, &signed(&[1])))]),
        case("not asked for: other subject", vec![referrer(&world.keyed(&world.key, &signed(&[7])))]),
        Case {
            name: "not asked for: a place was not read",
            signatures: None,
            found: Found {
                beside: vec![],
                unread: vec![Unread { subject: digest(2), why: "503 Service Unavailable".to_owned() }],
            },
        },
    ]
}

#[test]
fn every_fault_has_its_own_words() {
    let world = World::new();
    let all = [keyless(&world), keyed(&world), simple_signing(&world), several_signers(&world), not_asked_for(&world)];
    let line = |case: &Case| {
        let makers = judged(case.signatures.as_ref(), &case.found, &world.trust);
        assert_eq!(case.signatures.is_some(), makers.signed_by.is_some() != makers.unsigned.is_some(), "{}", case.name);
        format!("{}\n{}", case.name, told(&makers))
    };
    insta::assert_snapshot!(all.iter().flatten().map(line).collect::<String>());
}

#[test]
fn verdicts_do_not_depend_on_the_order_in_which_documents_are_found() {
    let world = World::new();
    let key = referrer(&world.keyed(&world.key, &signed(&[1])));
    let other = referrer(&world.keyed(&KeyPair::new(), &signed(&[1])));
    let identity = referrer(&world.keyless(&leaf(), &signed(&[2, 3])));
    let broken = referrer(&json!("{"));
    let asked = Signatures::AllOf(vec![by_key(), by_identity("https://github.com/acme/other")]);
    let all = [key, other, identity, broken];
    let verdicts = (0..all.len()).map(|first| {
        let mut rotated = all.to_vec();
        rotated.rotate_left(first);
        judged(Some(&asked), &found(rotated), &world.trust)
    });
    let verdicts: Vec<Makers> = verdicts.collect();
    assert!(verdicts.iter().all(|makers| *makers == verdicts[0]), "{verdicts:?}");
}
