//! SBOMs and VEX beside images, wherever they stand: which of them count, where signatures are asked for and where not.

use bytes::Bytes;
use serde_json::{Value, json};
use wharfinger::internals::image::Digest;

use crate::support::clone::Clone;
use crate::support::images::{Image, ImageSpec, Manifest};
use crate::support::layers::{Files, Layer};
use crate::support::process::Run;
use crate::support::registry::TestRegistry;
use crate::support::signing::{self, ENVELOPE, Key, STATEMENT, statement, tag_of, tagged};

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");
const SPDX: &str = "https://spdx.dev/Document";
const CYCLONEDX: &str = "https://cyclonedx.org/bom";
const OPENVEX: &str = "https://openvex.dev/ns";
const VERSIONS: [&str; 2] = ["1.0.0", "1.1.0"];

/// A publisher's registry, the publisher's key, and somebody else's.
struct World {
    upstream: TestRegistry,
    key: Key,
    other: Key,
}

/// A repository with two versions, the approved one and a new one.
struct Repository<'w> {
    world: &'w World,
    name: String,
    images: [Image; 2],
}

impl World {
    fn new() -> Self {
        Self { upstream: TestRegistry::start(), key: Key::generate(), other: Key::generate() }
    }

    /// Two versions of one platform each, whose indexes are signed by the publisher.
    fn repository(&self, name: &str, spec: fn(usize) -> ImageSpec) -> Repository<'_> {
        let name = format!("team/{name}");
        let images = [0, 1].map(|version| spec(version).build());
        for (tag, image) in VERSIONS.iter().zip(&images) {
            self.upstream.put_image(&name, tag, image);
            let signature = self.key.simple_signature_of(&image.digest());
            self.upstream.put_image(&name, &tag_of(&image.digest(), ".sig"), &signature);
        }
        Repository { world: self, name, images }
    }
}

/// An image whose layers hold no package database.
fn plain(version: usize) -> ImageSpec {
    layered(&[Files::new().text("srv/app", &version.to_string()).gzip()])
}

fn layered(layers: &[Layer]) -> ImageSpec {
    ImageSpec::new(1).platforms(&["linux/amd64"]).of_files(layers)
}

impl Repository<'_> {
    fn refer(&self, artifact: &Image) {
        self.world.upstream.put_untagged(&self.name, artifact);
    }

    fn tag(&self, about: &Digest, suffix: &str, artifact: &Image) {
        self.world.upstream.put_image(&self.name, &tag_of(about, suffix), artifact);
    }

    /// `diff` of both versions, where a signature by the publisher is asked for or not.
    fn diff(&self, is_signed: bool, more: &[&str]) -> Value {
        let files = tempfile::tempdir().unwrap();
        std::fs::write(files.path().join("tool.pub"), self.world.key.pem()).unwrap();
        std::fs::create_dir(files.path().join("reports")).unwrap();
        self.report(&files.path().join("reports"));
        let name = |tag: &str| format!("{}/{}:{tag}", self.world.upstream.host(), self.name);
        let key: &[&str] = if is_signed { &["--key", "tool.pub"] } else { &[] };
        let run = Run::new(PROGRAM).args(["diff", &name(VERSIONS[0]), &name(VERSIONS[1]), "--format", "json"]);
        run.args(key).args(more).dir(files.path()).output().expect_status(0).json()
    }

    /// Scanners' reports: the new version has two vulnerabilities that the approved one lacks.
    fn report(&self, directory: &std::path::Path) {
        for (image, findings) in self.images.iter().zip([&[][..], &["CVE-2027-1", "CVE-2027-2"]]) {
            let found = |id: &&str| {
                let artifact = json!({"name": "curl", "version": "1", "purl": "pkg:deb/debian/curl@1"});
                json!({"vulnerability": {"id": id, "severity": "High"}, "artifact": artifact})
            };
            let report = json!({"matches": findings.iter().map(found).collect::<Vec<_>>()});
            std::fs::write(directory.join(format!("{}.json", image.digest().hex())), report.to_string()).unwrap();
        }
    }

    /// A clone whose manifest approves the first version.
    fn clone(&self, asked: &str) -> Clone {
        let manifest = format!(
            "organization: acme\nregistry: oci:mirror\ndefaults: {{ cooldown: 0s }}\n\
             evidence: {{ vulnerabilities: reports }}\nimages:\n  - source: {}/{}\n{asked}    approved:\n      \
             - {{ tag: {}, digest: \"{}\" }}\n",
            self.world.upstream.host(),
            self.name,
            VERSIONS[0],
            self.images[0].digest()
        );
        let clone = Clone::with(&[("approved-images.yml", &manifest), ("tool.pub", &self.world.key.pem())]);
        std::fs::create_dir(clone.path().join("reports")).unwrap();
        self.report(&clone.path().join("reports"));
        clone
    }
}

const ASKED: &str = "    signatures: { key: tool.pub }\n";

/// The evidence of the one proposal of a plan.
fn planned(clone: &Clone, command: &str) -> Value {
    let plan = clone.run(PROGRAM, "", &[command, "--reports", "reports"]).output().expect_status(0).json();
    plan["proposals"][0]["images"][0]["evidence"].clone()
}

fn vex(ids: &[&str]) -> Value {
    let says = |id: &&str| json!({"vulnerability": {"name": id}, "status": "not_affected", "justification": "component_not_present"});
    json!({
        "@context": "https://openvex.dev/ns/v0.2.0", "timestamp": "2026-11-01T00:00:00Z",
        "statements": ids.iter().map(says).collect::<Vec<_>>(),
    })
}

/// VEX as CycloneDX has it.
fn cyclonedx_vex() -> Value {
    let analysis = json!({"state": "not_affected", "justification": "code_not_present"});
    json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "vulnerabilities": [{"id": "CVE-2027-1", "analysis": analysis}]})
}

/// What counts as new, and what is excepted with which reason.
fn told(vulnerabilities: &Value) -> String {
    let list = |key: &str, words: &[&str]| {
        let rows = vulnerabilities[key].as_array().unwrap_or_else(|| panic!("{vulnerabilities}")).iter();
        let row = |row: &Value| words.iter().map(|key| row[*key].as_str().unwrap()).collect::<Vec<_>>().join(" ");
        rows.map(row).collect::<Vec<_>>().join(", ")
    };
    let detail = vulnerabilities["detail"].as_str().map(|detail| format!(" ({detail})")).unwrap_or_default();
    format!("new [{}], excepted [{}]{detail}", list("new", &["id"]), list("excepted", &["id", "reason"]))
}

/// Attests something about the new version.
type Attest = fn(&Repository<'_>, &World, &Manifest);

#[test]
fn vex_counts_where_it_is_signed_by_who_is_asked_for_and_about_this_image() {
    let rows: [(&str, Attest); 12] = [
        ("nothing", |_, _, _| {}),
        ("referrer", |it, world, image| it.refer(&world.key.attestation_of(image, OPENVEX, &vex(&["CVE-2027-1"])))),
        ("fallback tag", |it, world, image| {
            let attestation = world.key.attestation_of(image, OPENVEX, &vex(&["CVE-2027-1"]));
            it.refer(&attestation);
            it.tag(&image.digest(), "", &signing::fallback(&[&attestation]));
        }),
        (".att", |it, world, image| {
            it.tag(
                &image.digest(),
                ".att",
                &world.key.tagged_attestation_of(&image.digest(), OPENVEX, &vex(&["CVE-2027-1"])),
            );
        }),
        ("CycloneDX", |it, world, image| it.refer(&world.key.attestation_of(image, CYCLONEDX, &cyclonedx_vex()))),
        ("two documents", |it, world, image| {
            for id in ["CVE-2027-1", "CVE-2027-2"] {
                it.refer(&world.key.attestation_of(image, OPENVEX, &vex(&[id])));
            }
        }),
        ("platform", |it, world, _| {
            it.refer(&world.key.attestation_of(&it.images[1].manifests[0], OPENVEX, &vex(&["CVE-2027-1"])));
        }),
        ("by another", |it, world, image| {
            it.refer(&world.other.attestation_of(image, OPENVEX, &vex(&["CVE-2027-1"])));
        }),
        (".att by another", |it, world, image| {
            it.tag(
                &image.digest(),
                ".att",
                &world.other.tagged_attestation_of(&image.digest(), OPENVEX, &vex(&["CVE-2027-1"])),
            );
        }),
        ("unsigned", |it, _, image| {
            let statement = statement(&image.digest(), OPENVEX, &vex(&["CVE-2027-1"])).to_string();
            let annotations = json!({"in-toto.io/predicate-type": OPENVEX});
            it.tag(&image.digest(), ".att", &tagged(&[(STATEMENT, statement.into(), annotations)]));
            it.refer(&Image::artifact(
                image,
                "application/vnd.openvex+json",
                vex(&["CVE-2027-1"]).to_string().as_bytes(),
            ));
        }),
        ("about another digest", |it, world, image| {
            let statement = statement(&it.images[0].digest(), OPENVEX, &vex(&["CVE-2027-1"]));
            it.refer(&signing::bundle_of(image, &world.key.bundle(&statement), OPENVEX));
        }),
        ("beside the approved version", |it, world, _| {
            it.refer(&world.key.attestation_of(it.images[0].root(), OPENVEX, &vex(&["CVE-2027-1"])));
        }),
    ];
    let world = World::new();
    let mut table = String::new();
    for (number, (name, attest)) in rows.into_iter().enumerate() {
        world.upstream.set(|switches| switches.referrers = name != "fallback tag");
        let repository = world.repository(&format!("vex{number}"), plain);
        attest(&repository, &world, repository.images[1].root());
        let signed = planned(&repository.clone(ASKED), "plan")["vulnerabilities"].clone();
        let found = repository.diff(true, &["--reports", "reports"])["vulnerabilities"].clone();
        assert_eq!(told(&signed), told(&found), "{name}");
        let unsigned = repository.diff(false, &["--reports", "reports"])["vulnerabilities"].clone();
        assert_eq!(told(&unsigned), "new [CVE-2027-1, CVE-2027-2], excepted []", "{name}: nobody is asked for");
        table.push_str(&format!("{name}: {}\n", told(&signed)));
    }
    insta::assert_snapshot!("vex", table);
}

fn spdx(version: usize) -> Value {
    let purl = format!("pkg:deb/debian/curl@8.{version}");
    let reference = json!({"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl});
    let package = json!({"SPDXID": "SPDXRef-curl", "name": "curl", "versionInfo": format!("8.{version}"), "externalRefs": [reference]});
    json!({"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "packages": [package]})
}

fn cyclonedx(version: usize) -> Value {
    let purl = format!("pkg:deb/debian/curl@8.{version}");
    let component = json!({"type": "library", "name": "curl", "version": format!("8.{version}"), "purl": purl});
    json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [component]})
}

/// Puts an SBOM of one version beside its image.
type Put = fn(&Repository<'_>, &World, usize);

/// Where packages come from, what was upgraded, and the detail.
fn packages(found: &Value) -> String {
    let packages = &found["platforms"][0]["packages"];
    let upgraded = packages["upgraded"].as_array().unwrap_or_else(|| panic!("{found}")).iter();
    let upgraded = upgraded.map(|one| format!(" {} {} {}", text(&one["name"]), text(&one["from"]), text(&one["to"])));
    let detail = packages["detail"].as_str().map(|detail| format!(" ({detail})")).unwrap_or_default();
    format!("{}{}{detail}", text(&packages["source"]), upgraded.collect::<String>())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

#[test]
fn sboms_are_found_wherever_they_stand_and_only_signed_ones_count_where_signatures_are_asked_for() {
    let rows: [(&str, Put); 13] = [
        ("nothing", |_, _, _| {}),
        ("bare SPDX as referrer", |it, _, n| {
            let sbom = spdx(n).to_string();
            it.refer(&Image::artifact(it.images[n].root(), "application/spdx+json", sbom.as_bytes()));
        }),
        ("bare CycloneDX as referrer", |it, _, n| {
            let sbom = cyclonedx(n).to_string();
            it.refer(&Image::artifact(it.images[n].root(), "application/vnd.cyclonedx+json", sbom.as_bytes()));
        }),
        ("unsigned statement as referrer", |it, _, n| {
            let statement = statement(&it.images[n].digest(), SPDX, &spdx(n)).to_string();
            let more = json!({"artifactType": STATEMENT, "subject": it.images[n].subject(),
                "annotations": {"in-toto.io/predicate-type": SPDX}});
            it.refer(&Image::disguised(&json!({}), STATEMENT, statement.as_bytes(), &more));
        }),
        ("bundle as referrer", |it, world, n| {
            it.refer(&world.key.attestation_of(it.images[n].root(), SPDX, &spdx(n)));
        }),
        ("bundle of CycloneDX as referrer of platforms", |it, world, n| {
            it.refer(&world.key.attestation_of(&it.images[n].manifests[0], CYCLONEDX, &cyclonedx(n)));
        }),
        ("bundle by another", |it, world, n| {
            it.refer(&world.other.attestation_of(it.images[n].root(), SPDX, &spdx(n)));
        }),
        ("bundle about another digest", |it, world, n| {
            let statement = statement(&it.images[1 - n].digest(), SPDX, &spdx(n));
            it.refer(&signing::bundle_of(it.images[n].root(), &world.key.bundle(&statement), SPDX));
        }),
        ("fallback tag", |it, world, n| {
            let attestation = world.key.attestation_of(it.images[n].root(), SPDX, &spdx(n));
            it.refer(&attestation);
            it.tag(&it.images[n].digest(), "", &signing::fallback(&[&attestation]));
        }),
        (".att", |it, world, n| {
            let digest = it.images[n].digest();
            it.tag(&digest, ".att", &world.key.tagged_attestation_of(&digest, SPDX, &spdx(n)));
        }),
        (".att by another, then by the publisher", |it, world, n| {
            let digest = it.images[n].digest();
            let layers = [&world.other, &world.key].map(|key| {
                let envelope = Bytes::from(key.envelope(&statement(&digest, SPDX, &spdx(n))).to_string());
                (ENVELOPE, envelope, json!({"predicateType": SPDX, "dev.cosignproject.cosign/signature": ""}))
            });
            it.tag(&digest, ".att", &tagged(&layers));
        }),
        (".att by another", |it, world, n| {
            let digest = it.images[n].digest();
            it.tag(&digest, ".att", &world.other.tagged_attestation_of(&digest, SPDX, &spdx(n)));
        }),
        (".sbom", |it, _, n| {
            let sbom = spdx(n).to_string();
            it.tag(&it.images[n].digest(), ".sbom", &Image::cosign("text/spdx+json", sbom.as_bytes()));
        }),
    ];
    let world = World::new();
    let mut table = String::new();
    for (number, (name, put)) in rows.into_iter().enumerate() {
        world.upstream.set(|switches| switches.referrers = name != "fallback tag");
        let repository = world.repository(&format!("sbom{number}"), plain);
        (0..2).for_each(|version| put(&repository, &world, version));
        let [anybody, asked] = [false, true].map(|is_signed| packages(&repository.diff(is_signed, &[])));
        for (keys, expected) in [("", &anybody), (ASKED, &asked)] {
            assert_eq!(packages(&planned(&repository.clone(keys), "plan")), *expected, "{name}");
        }
        table.push_str(&format!("{name}\n    anybody's: {anybody}\n    signed:    {asked}\n"));
    }
    insta::assert_snapshot!("sboms", table);
}

/// An SBOM of BuildKit in the index: the index itself must be signed, not only its platforms.
#[test]
fn an_sbom_in_an_index_is_signed_with_the_index() {
    let world = World::new();
    let signed = world.repository("signed", |version| plain(version).with_sbom(spdx(version)));
    assert_eq!(packages(&signed.diff(true, &[])), "sbom curl 8.0 8.1");
    assert_eq!(packages(&planned(&signed.clone(ASKED), "plan")), "sbom curl 8.0 8.1");
    let images = [0, 1].map(|version| plain(version).with_sbom(spdx(version)).build());
    for (tag, image) in VERSIONS.iter().zip(&images) {
        world.upstream.put_image("team/platforms", tag, image);
        world.upstream.put_untagged("team/platforms", &world.key.signature_of(&image.manifests[0]));
    }
    let platforms = Repository { world: &world, name: "team/platforms".to_owned(), images };
    assert_eq!(packages(&platforms.diff(true, &[])), "layers", "nobody signed the SBOM");
    let evidence = planned(&platforms.clone(ASKED), "plan");
    assert_eq!((packages(&evidence).as_str(), &evidence["signatures"][0]["state"]), ("layers", &json!("verified")));
    assert_eq!(packages(&platforms.diff(false, &[])), "sbom curl 8.0 8.1", "nobody is asked for");
}

/// A bundle that claims to be attested, of so many bytes and more.
fn large(world: &World, image: &Manifest, kind: &str, bytes: usize) -> Image {
    world.key.attestation_of(image, kind, &json!({"comment": "x".repeat(bytes)}))
}

/// What hostile publishers put beside an image costs a bounded number of requests, and is not taken for an answer.
#[test]
fn hostile_attestations_are_bounded_and_the_bound_is_named() {
    type Row<'a> = (&'a str, Attest, &'a str, &'a str);
    let rows: [Row<'_>; 4] = [
        (
            "11 MB",
            |it, world, image| {
                it.refer(&large(world, image, SPDX, 9_000_000));
                it.refer(&large(world, image, OPENVEX, 9_000_000));
            },
            "it has 12 MB, and 10 MB are read",
            "it has 12 MB, and 10 MB are read",
        ),
        (
            "as many as a registry may list",
            |it, world, image| {
                for number in 0..900 {
                    let kind = if number % 2 == 0 { SPDX } else { OPENVEX };
                    it.refer(&world.other.attestation_of(image, kind, &json!({"number": number})));
                }
            },
            "the SBOM cannot be used: ",
            "finding it takes more than 4 requests, which are the most",
        ),
        (
            "very many subjects",
            |it, world, image| {
                for kind in [SPDX, OPENVEX] {
                    let mut statement = statement(&image.digest(), kind, &json!({}));
                    statement["subject"] = json!(vec![json!({}); 1_000_000]);
                    it.refer(&signing::bundle_of(image, &world.key.bundle(&statement), kind));
                }
            },
            "it has more than 10000 subjects, which are the most",
            "it has more than 10000 subjects, which are the most",
        ),
        (
            "deep",
            |it, world, image| {
                for kind in [SPDX, OPENVEX] {
                    let text = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
                    let marked = statement(&image.digest(), kind, &json!("MARK")).to_string();
                    it.refer(&signing::bundle_of(
                        image,
                        &world.key.bundle_of_text(&marked.replace("\"MARK\"", &text)),
                        kind,
                    ));
                }
            },
            "the SBOM cannot be used: this form is not read",
            "attested VEX excepts nothing: not OpenVEX, CycloneDX or CSAF",
        ),
    ];
    for (name, attest, of_sbom, of_vex) in rows {
        let world = World::new();
        let repository = world.repository("hostile", plain);
        attest(&repository, &world, repository.images[1].root());
        world.upstream.server().clear_log();
        let found = repository.diff(true, &["--reports", "reports"]);
        assert_eq!(found["platforms"][0]["packages"]["source"], "none", "{name}: {found}");
        assert!(packages(&found).contains(of_sbom), "{name}: {}", packages(&found));
        let vulnerabilities = told(&found["vulnerabilities"]);
        assert!(vulnerabilities.starts_with("new [CVE-2027-1, CVE-2027-2], excepted []"), "{name}: {vulnerabilities}");
        assert!(vulnerabilities.contains(of_vex), "{name}: {vulnerabilities}");
        let requests = world.upstream.log().len();
        assert!(requests < 450, "{name}: {requests}");
    }
}

/// What stands beside an image is looked for once, and reading what is attested stays within its allowance.
#[test]
fn what_is_attested_costs_few_requests_and_none_twice() {
    let world = World::new();
    let lines = |name: &str, asked: &str, attest: Attest| {
        let repository = world.repository(name, plain);
        for image in &repository.images {
            attest(&repository, &world, image.root());
        }
        let clone = repository.clone(asked);
        world.upstream.server().clear_log();
        planned(&clone, "plan");
        // What cosign's tags have as a configuration is the same for all of them here.
        let configuration = &tagged(&[]).blobs[0].0;
        let lines = world.upstream.server().lines().into_iter();
        lines.filter(|line| !line.contains(configuration.as_str())).collect::<Vec<_>>()
    };
    let nothing = lines("bare", ASKED, |_, _, _| {});
    let bundles = lines("bundles", ASKED, |it, world, image| {
        it.refer(&world.key.attestation_of(image, SPDX, &spdx(usize::from(*image == it.images[1].manifests[1]))));
        it.refer(&world.key.attestation_of(image, OPENVEX, &vex(&["CVE-2027-1"])));
    });
    let tagged = lines("tagged", ASKED, |it, world, image| {
        let (digest, sbom) = (image.digest(), spdx(usize::from(*image == it.images[1].manifests[1])));
        let layers = [(SPDX, sbom), (OPENVEX, vex(&["CVE-2027-1"]))].map(|(kind, predicate)| {
            let envelope = Bytes::from(world.key.envelope(&statement(&digest, kind, &predicate)).to_string());
            (ENVELOPE, envelope, json!({"predicateType": kind, "dev.cosignproject.cosign/signature": ""}))
        });
        it.tag(&digest, ".att", &tagged(&layers));
    });
    for (name, lines) in [("nothing", &nothing), ("bundles", &bundles), ("tagged", &tagged)] {
        let mut once = lines.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), lines.len(), "{name}: something is asked twice: {lines:#?}");
    }
    let contents = |lines: &[String]| lines.iter().filter(|line| line.contains("/blobs/")).count();
    assert_eq!(contents(&bundles) - contents(&nothing), 4, "an SBOM and VEX of each image: {bundles:#?}");
    assert_eq!(contents(&tagged) - contents(&nothing), 4, "{tagged:#?}");
}
