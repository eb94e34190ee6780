//! What VEX documents take out.

use serde_json::json;

use super::*;

/// An OpenVEX document with one statement.
fn openvex(status: &str, products: &Value) -> Value {
    json!({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "timestamp": "2026-11-01T00:00:00Z",
        "statements": [{
            "vulnerability": { "name": "CVE-1", "aliases": ["GHSA-aaaa-bbbb-cccc"] },
            "products": products,
            "status": status,
            "justification": "vulnerable_code_not_in_execute_path",
            "impact_statement": "It is never called.",
        }],
    })
}

fn statements(document: &Value) -> Statements {
    read_vex(&bytes(document)).unwrap()
}

/// Whether a document takes CVE-1 of openssl 2 out of the new image.
fn excepts(document: &Value) -> bool {
    let changes = compare(
        VulnerabilitySource::Reports,
        Some(&side("old", &[])),
        &side("new", &["CVE-1 high openssl 2"]),
        &statements(document),
    );
    assert_eq!(changes.new.is_empty(), changes.excepted.count() > 0);
    changes.new.is_empty()
}

#[test]
fn vex_takes_out_what_it_names_and_nothing_else() {
    let digest = Digest::sha256(b"new");
    let oci = |digest: &Digest| {
        format!("pkg:oci/tool@{digest}?repository_url=ghcr.io/acme/tool").replace("sha256:", "sha256%3A")
    };
    for (product, is_out) in [
        (json!([{ "@id": oci(&digest) }]), true),
        (json!([{ "@id": oci(&Digest::sha256(b"old")) }]), false),
        (json!([{ "@id": "pkg:oci/tool?repository_url=ghcr.io/acme/tool" }]), true),
        (json!([{ "@id": "pkg:oci/tool?repository_url=ghcr.io/acme" }]), true),
        (json!([{ "@id": "pkg:oci/tool" }]), false),
        (json!([{ "@id": "pkg:docker/acme/tool" }]), false),
        (json!([{ "@id": "https://acme.example/tool", "hashes": { "sha-256": digest.hex() } }]), true),
        (json!([{ "@id": "https://acme.example/tool" }]), false),
        (json!([{ "@id": oci(&digest), "subcomponents": [{ "@id": "pkg:deb/debian/openssl" }] }]), true),
        (json!([{ "@id": oci(&digest), "subcomponents": [{ "@id": "pkg:deb/debian/openssl@2" }] }]), true),
        (json!([{ "@id": oci(&digest), "subcomponents": [{ "@id": "pkg:deb/debian/openssl@1" }] }]), false),
        (json!([{ "@id": oci(&digest), "subcomponents": [{ "@id": "pkg:deb/debian/curl" }] }]), false),
        (json!([{ "@id": "pkg:deb/debian/openssl@2" }]), true),
        (json!([{ "@id": "pkg:deb/debian/openssl@1" }, { "@id": "pkg:deb/ubuntu/openssl@2" }]), false),
        (json!(["pkg:deb/debian/openssl@2"]), true),
        (json!([{ "@id": "x", "identifiers": { "purl": "pkg:deb/debian/openssl@2" } }]), true),
        (json!([]), true),
    ] {
        for (status, counts) in
            [("not_affected", true), ("fixed", true), ("affected", false), ("under_investigation", false)]
        {
            assert_eq!(excepts(&openvex(status, &product)), is_out && counts, "{status} {product}");
        }
    }
}

#[test]
fn the_latest_statement_counts() {
    let mut document = openvex("not_affected", &json!([]));
    let first = document["statements"][0].clone();
    let mut later = first.clone();
    later["status"] = json!("affected");
    for (timestamp, is_out) in
        [("2026-10-01T00:00:00Z", true), ("2026-11-01T00:00:00Z", false), ("2026-12-01T00:00:00Z", false)]
    {
        later["timestamp"] = json!(timestamp);
        document["statements"] = json!([first, later]);
        assert_eq!(excepts(&document), is_out, "{timestamp}");
        document["statements"] = json!([later, first]);
        assert_eq!(excepts(&document), is_out, "{timestamp}, in the other order");
    }
}

/// Neither a document about the new image nor one about the former makes something fixed.
#[test]
fn what_vex_takes_out_is_not_fixed() {
    let about = |image: &str| {
        let id = format!("pkg:oci/tool@{}", Digest::sha256(image.as_bytes())).replace("sha256:", "sha256%3A");
        statements(&openvex("fixed", &json!([{ "@id": id }])))
    };
    let (both, gone) = (["CVE-1 high openssl"], [] as [&str; 0]);
    let mut text = String::new();
    for (name, from, to, vex) in [
        ("the new image's", &both[..], &both[..], about("new")),
        ("the former image's", &both, &both, about("old")),
        ("the former image's, and it is gone", &both, &gone, about("old")),
        ("another image's, and it is gone", &both, &gone, about("other")),
    ] {
        writeln!(text, "## {name}\n{}", compared(from, to, &vex)).unwrap();
    }
    insta::assert_snapshot!(text, @r#"
    ## the new image's
    fixed: 
    new: 
    same: 0
    excepted: CVE-1 openssl (fixed: vulnerable_code_not_in_execute_path: It is never called.)
    ## the former image's
    fixed: 
    new: CVE-1 high openssl
    same: 0
    excepted: CVE-1 openssl (fixed: vulnerable_code_not_in_execute_path: It is never called.)
    ## the former image's, and it is gone
    fixed: 
    new: 
    same: 0
    excepted: CVE-1 openssl (fixed: vulnerable_code_not_in_execute_path: It is never called.)
    ## another image's, and it is gone
    fixed: CVE-1 high openssl
    new: 
    same: 0
    excepted:
    "#);
}

#[test]
fn cyclonedx_and_csaf_are_read() {
    let cyclonedx = |reference: &str, state: &str| {
        json!({
            "bomFormat": "CycloneDX", "specVersion": "1.6",
            "metadata": { "timestamp": "2026-11-01T00:00:00Z" },
            "components": [{ "bom-ref": "c1", "purl": "pkg:deb/debian/openssl@2" }, { "bom-ref": "c2", "purl": "pkg:deb/debian/curl@1" }],
            "vulnerabilities": [{ "id": "CVE-1", "analysis": { "state": state, "justification": "code_not_reachable", "detail": "See above." },
                "affects": [{ "ref": reference }] }],
        })
    };
    for (reference, state, is_out) in [
        ("c1", "not_affected", true),
        ("c1", "resolved", true),
        ("c1", "exploitable", false),
        ("c1", "in_triage", false),
        ("c2", "not_affected", false),
        ("c3", "not_affected", false),
        ("urn:cdx:f08a6ccd-4dce-4759-bd84-c626675d60a7/1#pkg:deb%2Fdebian%2Fopenssl%402", "not_affected", true),
        ("pkg:deb/debian/openssl@2", "false_positive", true),
    ] {
        assert_eq!(excepts(&cyclonedx(reference, state)), is_out, "{reference} {state}");
    }
    let csaf = |status: &str, product: &str| {
        json!({
            "document": { "category": "csaf_vex", "tracking": { "current_release_date": "2026-11-01T00:00:00Z" } },
            "product_tree": {
                "branches": [{ "category": "vendor", "branches": [
                    { "category": "product_version", "product": { "product_id": "P", "product_identification_helper": { "purl": "pkg:deb/debian/openssl@2" } } },
                    { "category": "product_version", "product": { "product_id": "I", "product_identification_helper": {
                        "hashes": [{ "filename": "x", "file_hashes": [{ "algorithm": "sha256", "value": Digest::sha256(b"new").hex() }] }] } } },
                    { "category": "product_version", "product": { "product_id": "O", "product_identification_helper": { "purl": "pkg:deb/debian/curl" } } } ] }],
                "relationships": [
                    { "category": "default_component_of", "product_reference": "P", "relates_to_product_reference": "I", "full_product_name": { "product_id": "I:P", "name": "x" } },
                    { "category": "default_component_of", "product_reference": "O", "relates_to_product_reference": "I", "full_product_name": { "product_id": "I:O", "name": "x" } } ],
            },
            "vulnerabilities": [{ "cve": "CVE-1", "product_status": { status: [product] },
                "flags": [{ "label": "component_not_present", "product_ids": [product] }] }],
        })
    };
    for (status, product, is_out) in [
        ("known_not_affected", "P", true),
        ("known_not_affected", "I", true),
        ("known_not_affected", "I:P", true),
        ("known_not_affected", "I:O", false),
        ("known_not_affected", "O", false),
        ("known_not_affected", "not in the tree", false),
        ("fixed", "P", true),
        ("known_affected", "P", false),
        ("under_investigation", "P", false),
    ] {
        assert_eq!(excepts(&csaf(status, product)), is_out, "{status} {product}");
    }
    let reason = |document: &Value| {
        let changes =
            compare(VulnerabilitySource::Osv, None, &side("new", &["CVE-1 high openssl 2"]), &statements(document));
        changes.excepted.named[0].reason.clone()
    };
    assert_eq!(reason(&cyclonedx("c1", "not_affected")), "not_affected: code_not_reachable: See above.");
    assert_eq!(reason(&csaf("known_not_affected", "P")), "not_affected: component_not_present");
    assert_eq!(
        reason(&openvex("not_affected", &json!([]))),
        "not_affected: vulnerable_code_not_in_execute_path: It is never called."
    );
    for broken in ["", "{}", "{\"bomFormat\":\"SPDX\"}", "{\"document\":[],\"vulnerabilities\":7}"] {
        assert!(read_vex(broken.as_bytes()).is_err(), "{broken}");
    }
}

/// What is attested about one platform does not count for another, and the organization's word goes first.
#[test]
fn attested_vex_counts_for_its_platform_after_the_organizations_own() {
    let [first, second] = ["1", "2"].map(|text| Digest::sha256(text.as_bytes()));
    let says = |status: &str, at: &str| {
        let statement = json!({ "vulnerability": { "name": "CVE-1" }, "status": status });
        let document =
            json!({ "@context": "https://openvex.dev/ns/v0.2.0", "timestamp": at, "statements": [statement] });
        read_vex(&bytes(&document)).unwrap()
    };
    let not_affected = || says("not_affected", "2026-11-02T00:00:00Z");
    let of = |manifests: &[&Digest]| {
        let mut statements = Statements::default();
        for manifest in manifests {
            statements.extend(not_affected().into_iter().map(|one| one.only_for(manifest))).unwrap();
        }
        statements
    };
    let told = |own: &Statements, attested: Statements, manifests: &[&Digest]| {
        let mut new = side("new", &["CVE-1 high openssl 2"]);
        let manifests = std::sync::Arc::new(manifests.iter().map(|manifest| (*manifest).clone()).collect());
        new.findings.are_of(&manifests);
        new.vex = attested;
        compare(VulnerabilitySource::Osv, None, &new, own).excepted.count()
    };
    let nothing = &Statements::default();
    assert_eq!(told(nothing, not_affected(), &[&first, &second]), 1, "about the image");
    assert_eq!(told(nothing, of(&[&first]), &[&first]), 1);
    assert_eq!(told(nothing, of(&[&first]), &[&first, &second]), 0, "the other platform has it");
    assert_eq!(told(nothing, of(&[&first, &second]), &[&first, &second]), 1);
    assert_eq!(told(nothing, of(&[&first]), &[]), 0, "nobody says which platform has it");
    let affected = says("affected", "2026-11-01T00:00:00Z");
    assert_eq!(told(&affected, not_affected(), &[&first]), 0, "the organization knows better");
}

/// Of what exceeds a bound nothing counts: what is left out might say that something is affected.
#[test]
fn statements_are_bounded() {
    let statement = |n: usize| json!({ "vulnerability": format!("CVE-2027-{n}"), "status": "fixed" });
    let many = |count| {
        let statements: Vec<Value> = (0..count).map(statement).collect();
        read_vex(&bytes(&json!({ "@context": "https://openvex.dev/ns/v0.2.0", "statements": statements })))
    };
    assert_eq!(many(25_000).unwrap_err(), "it has more than 1 MiB of statements, which are the most");
    let mut all = many(10_000).unwrap();
    let why = all.extend(many(10_000).unwrap()).unwrap_err();
    assert_eq!(why, "the statements take more than 6 MiB, which are the most");
    assert!(all.is_empty() && all.extend(many(1).unwrap()).is_err());
    // A reference to packages that are too long to be named is none to all packages.
    let parts = json!([{ "@id": "x".repeat(2_000) }]);
    let hashes = json!({ "sha-256": Digest::sha256(b"new").hex() });
    assert!(!excepts(&openvex("fixed", &json!([{ "@id": "x", "hashes": hashes, "subcomponents": parts }]))));
}

/// CycloneDX may list many packages beside what it says of a few: those take no room.
#[test]
fn vex_in_a_large_sbom_is_read() {
    let component = |n: usize| json!({ "bom-ref": n.to_string(), "purl": format!("pkg:deb/debian/package-{n}@1") });
    let mut components: Vec<Value> = (0..30_000).map(component).collect();
    components.push(json!({ "bom-ref": "c1", "purl": "pkg:deb/debian/openssl@2" }));
    let document = json!({
        "bomFormat": "CycloneDX", "components": components,
        "vulnerabilities": [{ "id": "CVE-1", "analysis": { "state": "not_affected" }, "affects": [{ "ref": "c1" }] }],
    });
    assert!(bytes(&document).len() > 1 << 20);
    assert!(excepts(&document));
}
