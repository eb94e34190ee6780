#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::{ProptestConfig, any, prop, proptest};
use serde_json::{Value, json};

use super::super::{Package, Packages, Sbom};
use super::read_sbom;
use crate::image::Digest;

fn read(document: &Value) -> Result<Sbom, String> {
    read_sbom(document.to_string().as_bytes())
}

fn told(packages: &Packages) -> Vec<String> {
    let one = |package: Package<'_>| {
        let licences = package.licences.replace('\n', ",");
        format!("{} {} {} {licences}", package.name, package.version, package.purl.unwrap_or("-")).trim().to_owned()
    };
    packages.iter().map(one).collect()
}

fn spdx_package(name: &str, version: &Value, purl: Option<&str>) -> Value {
    let references: Vec<Value> = [
        json!({"referenceCategory": "SECURITY", "referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:x:x:1:*:*:*:*:*:*:*"}),
    ]
    .into_iter()
    .chain(purl.map(|purl| {
        json!({"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl})
    }))
    .collect();
    json!({
        "name": name, "SPDXID": format!("SPDXRef-Package-{name}"), "versionInfo": version, "supplier": "NOASSERTION",
        "downloadLocation": "NOASSERTION", "filesAnalyzed": false, "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "GPL-2.0-only AND (BSD-3-Clause OR LicenseRef-x)", "copyrightText": "NOASSERTION",
        "externalRefs": references,
    })
}

/// In the manner of syft, which BuildKit uses.
fn spdx() -> Value {
    json!({
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": "sbom",
        "documentNamespace": "https://anchore.com/syft/dir/sbom-1",
        "creationInfo": {"creators": ["Tool: syft-v1.0.0", "Tool: buildkit-v0.12"], "created": "2026-01-01T00:00:00Z"},
        "packages": [
            spdx_package(
                "libssl3",
                &json!("3.0.11-1~deb12u2"),
                Some("pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&upstream=openssl&distro=debian-12"),
            ),
            spdx_package("@babel/core", &json!("7.2.0"), Some("pkg:npm/%40babel/core@7.2.0")),
            spdx_package("golang.org/x/net", &json!("v0.17.0"), Some("pkg:golang/golang.org/x/net@v0.17.0#http2")),
            spdx_package("golang.org/x/net", &json!("v0.17.0"), Some("pkg:golang/golang.org/x/net@v0.17.0")),
            spdx_package("unnamed", &json!("1"), None),
            spdx_package("without-version", &json!(null), None),
            {
                "name": "image", "SPDXID": "SPDXRef-DocumentRoot-Image-x", "versionInfo": "sha256:abc",
                "primaryPackagePurpose": "CONTAINER", "externalRefs": [],
            },
        ],
        "files": [{"fileName": "/bin/sh", "SPDXID": "SPDXRef-File-1"}],
        "relationships": [
            {"spdxElementId": "SPDXRef-DOCUMENT", "relatedSpdxElement": "SPDXRef-DocumentRoot-Image-x", "relationshipType": "DESCRIBES"},
            {"spdxElementId": "SPDXRef-Package-a", "relatedSpdxElement": "SPDXRef-Package-b", "relationshipType": "CONTAINS"},
            {"spdxElementId": "SPDXRef-Package-b", "relatedSpdxElement": "SPDXRef-Package-a", "relationshipType": "CONTAINS"},
        ],
    })
}

const SPDX: [&str; 4] = [
    "@babel/core 7.2.0 pkg:npm/%40babel/core@7.2.0 BSD-3-Clause,GPL-2.0-only,LicenseRef-x",
    "golang.org/x/net v0.17.0 pkg:golang/golang.org/x/net@v0.17.0 BSD-3-Clause,GPL-2.0-only,LicenseRef-x",
    "libssl3 3.0.11-1~deb12u2 pkg:deb/debian/libssl3@3.0.11-1~deb12u2?distro=debian-12&upstream=openssl \
     BSD-3-Clause,GPL-2.0-only,LicenseRef-x",
    "unnamed 1 - BSD-3-Clause,GPL-2.0-only,LicenseRef-x",
];

#[test]
fn spdx_is_read_bare_and_in_statements() {
    let digest = Digest::sha256(b"image");
    let statement = |predicate: Value| {
        json!({
            "_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://spdx.dev/Document",
            "subject": [{"name": "_", "digest": {"sha256": digest.hex(), "md5": "x"}}, {"name": "no digest"}, null],
            "predicate": predicate,
        })
    };
    let bare = read(&spdx()).unwrap();
    assert_eq!((told(&bare.packages), bare.subjects), (SPDX.map(str::to_owned).to_vec(), vec![]));
    for predicate in [spdx(), json!({"Data": spdx()}), json!({"Data": spdx().to_string(), "Timestamp": "x"})] {
        let stated = read(&statement(predicate)).unwrap();
        assert_eq!((told(&stated.packages), stated.subjects), (SPDX.map(str::to_owned).to_vec(), vec![digest.clone()]));
    }
}

#[test]
fn what_an_spdx_document_describes_is_the_image_itself() {
    let mut document = json!({
        "spdxVersion": "SPDX-2.2", "documentDescribes": ["SPDXRef-Package-app"],
        "packages": [
            spdx_package("app", &json!("2.0"), None),
            spdx_package("glibc", &json!("2.38-r1"), Some("pkg:apk/wolfi/glibc@2.38-r1?arch=x86_64")),
            {"name": "alpine", "versionInfo": "3.20", "primaryPackagePurpose": "OPERATING-SYSTEM"},
            {"name": "a.txt", "versionInfo": "1", "primaryPackagePurpose": "FILE"},
        ],
    });
    let names = |document: &Value| {
        let names = read(document).unwrap().packages;
        names.iter().map(|one| one.name.to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&document), ["glibc"]);
    document["documentDescribes"] = json!(["SPDXRef-Package-app", "SPDXRef-Package-glibc"]);
    assert_eq!(names(&document), ["app", "glibc"]);
}

#[test]
fn spdx_3_is_read_without_licences() {
    let document = json!({
        "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
        "@graph": [
            {"type": "SpdxDocument", "spdxId": "urn:doc", "rootElement": ["urn:sbom"]},
            {"type": "software_Sbom", "spdxId": "urn:sbom", "rootElement": ["urn:image"]},
            {"type": "software_Package", "spdxId": "urn:image", "name": "image", "software_packageVersion": "1"},
            {"type": "software_Package", "spdxId": "urn:a", "name": "serde", "software_packageVersion": "1.0.1",
             "software_packageUrl": "pkg:cargo/serde@1.0.1"},
            {"type": "software_File", "spdxId": "urn:f", "name": "x"},
            "urn:odd",
        ],
    });
    assert_eq!(told(&read(&document).unwrap().packages), ["serde 1.0.1 pkg:cargo/serde@1.0.1"]);
}

#[test]
fn cyclonedx_is_read_with_nested_components() {
    let document = json!({
        "bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": "urn:uuid:1", "version": 1,
        "metadata": {"component": {"type": "container", "name": "image", "version": "sha256:abc"}},
        "components": [
            {"bom-ref": "a", "type": "library", "group": "org.apache.logging.log4j", "name": "log4j-core", "version": "2.17.0",
             "purl": "pkg:maven/org.apache.logging.log4j/log4j-core@2.17.0", "licenses": [{"license": {"id": "Apache-2.0"}}],
             "components": [{"type": "library", "name": "nested", "version": "1", "licenses": [{"expression": "MIT OR Zlib"}]}]},
            {"type": "library", "name": "libssl3", "version": "3.0.11", "purl": "pkg:deb/debian/libssl3@3.0.11?arch=amd64&distro=debian-12.5",
             "licenses": [{"license": {"name": "Apache License, Version 2.0 (and more)"}}],
             "properties": [{"name": "aquasecurity:trivy:SrcName", "value": "openssl"}]},
            {"type": "operating-system", "name": "debian", "version": "12.5"},
            {"type": "file", "name": "/etc/passwd", "version": "1"},
            {"type": "application", "name": "app/package-lock.json"},
            {"type": "framework", "group": "@angular", "name": "core", "version": "17.0.0"},
        ],
        "dependencies": [{"ref": "a", "dependsOn": ["a"]}],
    });
    let expected = [
        "@angular/core 17.0.0 -",
        "libssl3 3.0.11 pkg:deb/debian/libssl3@3.0.11?distro=debian-12.5&upstream=openssl Apache License, Version 2.0 (and more)",
        "nested 1 - MIT,Zlib",
        "org.apache.logging.log4j/log4j-core 2.17.0 pkg:maven/org.apache.logging.log4j/log4j-core@2.17.0 Apache-2.0",
    ];
    assert_eq!(told(&read(&document).unwrap().packages), expected);
}

#[test]
fn odd_members_lose_themselves_only() {
    let mut document = spdx();
    let packages = document["packages"].as_array_mut().unwrap();
    packages[0]["licenseDeclared"] = json!({"deep": [[[]]]});
    packages[0]["licenseConcluded"] = json!("MIT");
    packages[1]["externalRefs"] = json!({"not": "a list"});
    packages[2]["externalRefs"] = json!([null, 1, {"referenceType": "purl", "referenceLocator": "pkg:no purl"}]);
    packages[3]["versionInfo"] = json!(17);
    packages[4]["name"] = json!(["x"]);
    packages.extend([json!(null), json!("text"), json!([1]), json!({})]);
    document["relationships"] = json!("none");
    assert_eq!(
        told(&read(&document).unwrap().packages),
        [
            "@babel/core 7.2.0 - BSD-3-Clause,GPL-2.0-only,LicenseRef-x",
            "golang.org/x/net 17 pkg:golang/golang.org/x/net@v0.17.0 BSD-3-Clause,GPL-2.0-only,LicenseRef-x",
            "golang.org/x/net v0.17.0 - BSD-3-Clause,GPL-2.0-only,LicenseRef-x",
            "libssl3 3.0.11-1~deb12u2 pkg:deb/debian/libssl3@3.0.11-1~deb12u2?distro=debian-12&upstream=openssl MIT",
        ]
    );
}

#[test]
fn text_by_others_stays_as_it_is_but_short() {
    let name = "<script>`|](javascript:x) ".repeat(40);
    let document = json!({"spdxVersion": "SPDX-2.3", "packages": [spdx_package(&name, &json!("1\n2"), None)]});
    let packages = read(&document).unwrap().packages;
    let package = packages.iter().next().unwrap();
    assert_eq!((package.name.chars().count(), package.version), (256, "1\n2"));
}

/// One object in another, so deep.
fn nested(depth: usize, inner: &str) -> String {
    format!("{}{inner}{}", r#"{"type":"library","components":["#.repeat(depth), "]}".repeat(depth))
}

#[test]
fn what_cannot_be_used_is_told_in_words() {
    let many = |count: usize| {
        let one = |n: usize| {
            json!({"name": format!("package-{n}"), "versionInfo": "1.0.0",
            "externalRefs": [{"referenceType": "purl", "referenceLocator": format!("pkg:npm/package-{n}@1")}]})
        };
        json!({"spdxVersion": "SPDX-2.3", "packages": (0..count).map(one).collect::<Vec<_>>()}).to_string()
    };
    // Shorter packages fit into 10 MB.
    let short = |count: usize| {
        let one = |n: usize| format!(r#"{{"name":"p{n}","versionInfo":"1"}}"#);
        format!(r#"{{"spdxVersion":"SPDX-2.3","packages":[{}]}}"#, (0..count).map(one).collect::<Vec<_>>().join(","))
    };
    let cyclonedx = |components: &str| format!(r#"{{"bomFormat":"CycloneDX","components":[{components}]}}"#);
    let table = [
        (format!("{}{}", many(1), " ".repeat(10_000_000)), "it is larger than 10 MB"),
        (short(100_001), "it lists more than 100,000 packages"),
        (cyclonedx(&nested(17, "")), "its components are nested more than 16 deep"),
        (cyclonedx(""), "it lists no packages"),
        ("{".to_owned(), "its JSON ends too early (line 1, column 1)"),
        ("<bom/>".to_owned(), "it is not JSON (line 1, column 1): SPDX and CycloneDX are read as JSON"),
        ("SPDXVersion: SPDX-2.3".to_owned(), "it is not JSON (line 1, column 1): SPDX and CycloneDX are read as JSON"),
        ("[]".to_owned(), "this form is not read: SPDX and CycloneDX are read as JSON"),
        (r#"{"spdxVersion":"SPDX-1.2"}"#.to_owned(), "this version of SPDX is not read"),
        (r#"{"_type":"https://in-toto.io/Statement/v1"}"#.to_owned(), "its statement has no predicate"),
        (r#"{"_type":"x","predicate":{}}"#.to_owned(), "this form is not read: SPDX and CycloneDX are read as JSON"),
    ];
    for (document, words) in table {
        assert_eq!(read_sbom(document.as_bytes()).unwrap_err(), words, "{document:.60}");
    }
    assert_eq!(read_sbom(b"{\"spdxVersion\":\"\xff\"}").unwrap_err(), "it is not JSON: it is not UTF-8");
    assert_eq!(read_sbom(short(100_000).as_bytes()).unwrap().packages.len(), 100_000);
    let component = r#"{"type":"library","name":"x","version":"1"}"#;
    assert_eq!(told(&read_sbom(cyclonedx(&nested(15, component)).as_bytes()).unwrap().packages), ["x 1 -"]);
    // Depth that nobody looks at does no harm; where it is looked at, it counts as malformed.
    let deep = format!(
        r#"{{"spdxVersion":"SPDX-2.3","annotations":{}{},"packages":[{component}]}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let read = read_sbom(deep.replace("\"version\"", "\"versionInfo\"").as_bytes());
    assert!(matches!(&read, Err(words) if words == "its JSON is nested too deeply") || read.is_ok(), "{read:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Damage anywhere ends in packages or in words of our own.
    #[test]
    fn no_damage_makes_it_fail(damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut document = spdx().to_string().into_bytes();
        for (at, byte) in damage {
            let at = at.index(document.len());
            document[at] = byte;
        }
        if let Err(words) = read_sbom(&document) {
            assert!(words.len() < 100, "{words}");
        }
    }
}
