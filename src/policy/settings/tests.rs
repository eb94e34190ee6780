#![allow(clippy::unwrap_used, clippy::expect_used)]
use proptest::prelude::*;

use super::*;

fn iam(enabled: Option<bool>, official: Option<bool>, verified: Option<bool>) -> ImageAccess {
    ImageAccess { enabled, official, verified_publisher: verified, ..ImageAccess::default() }
}

fn registry(address: &str) -> AllowedRegistry {
    AllowedRegistry { address: address.to_owned(), name: address.to_uppercase() }
}

fn told(difference: &Difference) -> Vec<String> {
    let row = |row: &Row| format!("{} {:?} -> {:?} {:?}", row.setting, row.current, row.wanted, row.state);
    difference.rows.iter().map(row).chain(difference.obstacles.iter().cloned()).collect()
}

#[test]
fn switches_change_where_they_differ_and_nothing_else_does() {
    let observed = json!({
        "restricted_images": {
            "enabled": false, "allow_official_images": true, "allow_verified_publishers": true,
            "allowlist": [{ "name": "grafana/loki", "by": { "id": 7 } }],
        },
        "other": [1, null, { "deep": 0.5 }],
    });
    let wanted = ImageAccess { community: Some(false), allowlist: Some(vec![]), ..iam(Some(true), Some(true), None) };
    let difference = image_access(&wanted, &observed).unwrap();
    insta::assert_snapshot!(told(&difference).join("\n"), @r#"
    enabled Some("false") -> Some("true") Different
    official Some("allowed") -> Some("allowed") Same
    community None -> Some("restricted") Unknown
    allowlist None -> Some("empty") Unknown
    "#);
    let mut expected = observed.clone();
    expected["restricted_images"]["enabled"] = json!(true);
    assert_eq!(difference.document, expected);
    assert!(difference.differs());
    let settled = image_access(&wanted, &expected).unwrap();
    assert!(!settled.differs() && settled.document == expected, "what is unknown is no difference");
}

#[test]
fn what_is_neither_shown_nor_said_stops_the_change() {
    let difference = image_access(&iam(Some(true), None, None), &json!({})).unwrap();
    insta::assert_snapshot!(told(&difference).join("\n"), @r#"
    enabled None -> Some("true") Different
    Docker Hub shows no official and accepts no change without one: write official under policy.image-access
    Docker Hub shows no verified-publisher and accepts no change without one: write verified-publisher under policy.image-access
    "#);
    let difference = registry_access(&RegistryAccess::default(), &json!({})).unwrap();
    assert_eq!(difference.obstacles.len(), 2, "{:?}", difference.obstacles);
}

#[test]
fn registries_are_listed_renamed_and_taken_out() {
    let observed = json!({
        "enabled": true,
        "standard_registries": [{ "id": "Other", "allowed": false }, { "id": "DockerHub", "allowed": false, "x": 1 }],
        "custom_registries": [
            { "address": "GHCR.io", "friendly_name": "old", "allowed": true, "x": { "y": 1 } },
            { "address": "plain.example", "friendly_name": "plain", "allowed": true },
            { "address": "kept.example", "friendly_name": "kept", "allowed": true, "x": 2 },
            { "address": "off.example", "friendly_name": "off", "allowed": false },
        ],
    });
    let wanted = RegistryAccess {
        enabled: Some(true),
        docker_hub: Some(true),
        registries: Some(vec![registry("ghcr.io"), registry("quay.io")]),
    };
    let difference = registry_access(&wanted, &observed).unwrap();
    insta::assert_snapshot!(told(&difference).join("\n"), @r#"
    enabled Some("true") -> Some("true") Same
    docker-hub Some("restricted") -> Some("allowed") Different
    registries.ghcr.io Some("allowed as \"old\"") -> Some("allowed as \"GHCR.IO\"") Different
    registries.plain.example Some("allowed as \"plain\"") -> None Different
    registries.kept.example Some("allowed as \"kept\"") -> None Different
    registries.quay.io Some("not listed") -> Some("allowed as \"QUAY.IO\"") Different
    "#);
    assert_eq!(
        difference.document,
        json!({
            "enabled": true,
            "standard_registries": [{ "id": "Other", "allowed": false }, { "id": "DockerHub", "allowed": true, "x": 1 }],
            "custom_registries": [
                { "address": "GHCR.io", "friendly_name": "GHCR.IO", "allowed": true, "x": { "y": 1 } },
                { "address": "kept.example", "friendly_name": "kept", "allowed": false, "x": 2 },
                { "address": "off.example", "friendly_name": "off", "allowed": false },
                { "address": "quay.io", "friendly_name": "QUAY.IO", "allowed": true },
            ],
        })
    );
    assert!(!registry_access(&wanted, &difference.document).unwrap().differs(), "once is enough");
}

#[test]
fn a_hundred_registries_is_the_limit() {
    let observed = json!({ "enabled": true, "standard_registries": [{ "id": "DockerHub", "allowed": true }], "custom_registries": [] });
    let with = |count: usize| {
        let registries = Some((0..count).map(|n| registry(&format!("r{n}.example"))).collect());
        registry_access(&RegistryAccess { registries, ..RegistryAccess::default() }, &observed).unwrap().obstacles
    };
    assert!(with(100).is_empty());
    assert_eq!(with(101), ["Registry Access Management allows at most 100 registries, and this would make 101"]);
}

#[test]
fn a_document_of_another_kind_is_not_touched() {
    let all = iam(Some(true), Some(true), Some(true));
    for observed in [json!([]), json!({ "restricted_images": 1 }), json!({ "restricted_images": { "enabled": "yes" } })]
    {
        assert!(image_access(&all, &observed).is_err(), "{observed}");
    }
    let ram = RegistryAccess { registries: Some(vec![]), ..RegistryAccess::default() };
    for list in [json!({}), json!([1]), json!([{ "allowed": true }]), json!([{ "address": "a", "allowed": 1 }])] {
        let observed = json!({ "enabled": true, "standard_registries": [], "custom_registries": list });
        assert!(registry_access(&ram, &observed).is_err(), "{observed}");
    }
}

#[test]
fn what_a_read_back_lost_or_changed_is_named() {
    let sent = json!({ "enabled": true, "x": { "y": [1, 2] }, "custom_registries": [
        { "address": "a.example", "allowed": true, "note": "n" }, { "address": "b.example", "allowed": true },
    ] });
    assert_eq!(lost(&sent, &sent), []);
    let reordered = json!({ "custom_registries": [
        { "address": "b.example", "allowed": true, "id": 2 }, { "note": "n", "allowed": true, "address": "a.example" },
    ], "x": { "y": [1, 2], "new": 1 }, "enabled": true });
    assert_eq!(lost(&sent, &reordered), []);
    let found = json!({ "enabled": false, "x": {}, "custom_registries": [
        { "address": "a.example", "allowed": true }, { "address": "c.example", "allowed": true },
    ] });
    let members: Vec<_> = lost(&sent, &found).into_iter().map(|lost| lost.member).collect();
    assert_eq!(
        members,
        [
            "enabled",
            "x.y",
            "custom_registries[a.example].note",
            "custom_registries[b.example]",
            "custom_registries[c.example]"
        ]
    );
}

#[test]
fn hosts_that_a_registry_sends_on_to_are_named_unless_listed() {
    let with = |addresses: &[&str]| {
        let registries = Some(addresses.iter().map(|address| registry(address)).collect());
        let registry_access = Some(RegistryAccess { registries, ..RegistryAccess::default() });
        advice::notes(&crate::manifest::Policy { registry_access, ..crate::manifest::Policy::default() })
    };
    assert_eq!(with(&["ghcr.io"]), ["ghcr.io redirects clients to pkg-containers.githubusercontent.com: list it too"]);
    assert!(with(&["ghcr.io", "pkg-containers.githubusercontent.com"]).is_empty());
    assert!(with(&["quay.io"]).is_empty(), "what is below an allowed host is allowed");
    assert_eq!(with(&["1.dkr.ecr.us-west-2.amazonaws.com"]).len(), 1);
    assert!(with(&["1.dkr.ecr.us-west-2.amazonaws.com", "amazonaws.com"]).is_empty());
    assert!(with(&["registry.example"]).is_empty());
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-z]{0,4}".prop_map(Value::from)
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let names = prop::collection::vec(("x[a-z]{1,3}", inner.clone()), 0..4);
        prop_oneof![
            prop::collection::vec(inner, 0..3).prop_map(Value::from),
            names.prop_map(|m| Value::Object(m.into_iter().collect()))
        ]
    })
}

/// Known members beside unknown ones, whose names begin with `x`.
fn with(known: Value) -> impl Strategy<Value = Value> {
    prop::collection::vec(("x[a-z]{1,3}", anything()), 0..4).prop_map(move |more| {
        let mut members = known.as_object().unwrap().clone();
        members.extend(more);
        Value::Object(members)
    })
}

/// Every unknown member, with its place; entries of lists are identified by their name.
fn unknown(value: &Value, place: &str, all: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            let place = format!("{place}.{name}");
            if name.starts_with('x') { all.push((place, value.clone())) } else { unknown(value, &place, all) }
        }),
        Value::Array(entries) => entries.iter().for_each(|entry| {
            let name = entry["address"].as_str().or(entry["id"].as_str()).unwrap_or_default();
            unknown(entry, &format!("{place}[{name}]"), all);
        }),
        _ => {}
    }
}

fn survives(before: &Value, after: &Value) {
    let (mut old, mut new) = (Vec::new(), Vec::new());
    unknown(before, "", &mut old);
    unknown(after, "", &mut new);
    assert_eq!(old, new);
}

proptest! {
    #[test]
    fn unknown_members_survive_at_every_depth_and_once_is_enough(
        top in with(json!({})),
        inner in with(json!({ "enabled": false, "allow_official_images": true, "allow_verified_publishers": false })),
        entries in prop::collection::vec((0u8..6, any::<bool>(), with(json!({}))), 0..6),
        hub in with(json!({ "id": "DockerHub", "allowed": true })),
        switches in prop::collection::vec(any::<Option<bool>>(), 5),
        named in prop::option::of(prop::collection::btree_set(0u8..6, 0..5)),
    ) {
        let mut observed = top.clone();
        observed["restricted_images"] = inner;
        let difference = image_access(&iam(switches[0], switches[1], switches[2]), &observed).unwrap();
        survives(&observed, &difference.document);

        let mut observed = top;
        observed["enabled"] = json!(false);
        observed["standard_registries"] = json!([hub]);
        let entries = entries.into_iter().map(|(n, allowed, mut entry)| {
            entry["address"] = json!(format!("r{n}.example"));
            entry["friendly_name"] = json!("n");
            entry["allowed"] = json!(allowed);
            entry
        });
        observed["custom_registries"] = Value::Array(entries.collect());
        let registries = named.map(|named| named.into_iter().map(|n| registry(&format!("r{n}.example"))).collect());
        let wanted = RegistryAccess { enabled: switches[3], docker_hub: switches[4], registries };
        let difference = registry_access(&wanted, &observed).unwrap();
        survives(&observed, &difference.document);
        let again = registry_access(&wanted, &difference.document).unwrap();
        prop_assert!(!again.differs() && again.document == difference.document);
    }
}
