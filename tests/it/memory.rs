//! How much memory `diff` takes with the worst that its bounds let through, and `plan` with several such images: at most
//! 64 MiB more than to read nothing.
#![cfg(target_os = "linux")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::images::{Image, ImageSpec, Manifest};
use crate::support::layers::{Files, Layer};
use crate::support::registry::TestRegistry;
use crate::support::signing::{Key, tag_of};

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");

/// In KiB. An unoptimized build takes more for its code, which the run that reads nothing takes too.
const BOUND: u64 = 64 << 10;

const PACKAGES: usize = 99_000;

/// The versions of all packages in the former and in the new image.
const VERSIONS: [&str; 2] = ["1.0.1", "1.0.2"];

const PLATFORMS: [&str; 3] = ["linux/amd64", "linux/arm64", "linux/s390x"];

/// A registry, and the directory that `diff` runs in.
struct World {
    registry: TestRegistry,
    directory: TempDir,
}

/// What one run took, in KiB, and what it printed.
struct Ran {
    most: u64,
    printed: String,
}

impl World {
    fn new() -> Self {
        let world = Self { registry: TestRegistry::start(), directory: tempfile::tempdir().unwrap() };
        std::fs::create_dir_all(world.directory.path().join("reports")).unwrap();
        world
    }

    /// Puts an image under a tag, which is its version.
    fn put(&self, version: &str, image: &Image) {
        image.put(&self.registry, "acme/tool", version);
    }

    /// Puts what refers to an image beside it.
    fn beside(&self, artifact: &Image) {
        artifact.put(&self.registry, "acme/tool", artifact.digest().as_str());
    }

    fn run(&self, tags: [&str; 2], more: &[&str]) -> Ran {
        let name = |tag: &str| format!("{}/acme/tool:{tag}", self.registry.host());
        self.measured(&[&["diff", &name(tags[0]), &name(tags[1]), "--format", "json"], more].concat())
    }

    fn measured(&self, arguments: &[&str]) -> Ran {
        let printed = self.directory.path().join("printed");
        let mut command = Command::new(PROGRAM);
        command.args(arguments).current_dir(&self.directory);
        let log = self.directory.path().join("log");
        command.stdout(std::fs::File::create(&printed).unwrap()).stderr(std::fs::File::create(&log).unwrap());
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "GITHUB_ACTIONS"] {
            command.env_remove(name);
        }
        let mut child = command.spawn().unwrap();
        let status = format!("/proc/{}/status", child.id());
        let mut most = 0;
        while child.try_wait().unwrap().is_none() {
            let status = std::fs::read_to_string(&status).unwrap_or_default();
            let line =
                status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().split(' ').next()?.parse().ok());
            most = most.max(line.unwrap_or_default());
            std::thread::sleep(Duration::from_millis(1));
        }
        let (status, printed) = (child.wait().unwrap(), std::fs::read_to_string(printed).unwrap());
        assert!(status.success(), "{status}: {printed:.3000}\n{}", std::fs::read_to_string(log).unwrap());
        Ran { most, printed }
    }

    /// Compares both versions within the bound, and returns what is found.
    #[track_caller]
    fn found(&self, more: &[&str]) -> Value {
        serde_json::from_str(&self.run(VERSIONS, more).bounded()).unwrap()
    }
}

impl Ran {
    /// What it printed, if it kept the bound.
    #[track_caller]
    fn bounded(self) -> String {
        self.within(BOUND)
    }

    #[track_caller]
    fn within(self, bound: u64) -> String {
        let above = self.most.saturating_sub(idle());
        assert!(above <= bound, "{above} KiB more than a run that reads nothing");
        self.printed
    }
}

/// What a run takes that reads nothing.
fn idle() -> u64 {
    static IDLE: OnceLock<u64> = OnceLock::new();
    *IDLE.get_or_init(|| {
        let world = World::new();
        world.put("nothing", &ImageSpec::new(1).build());
        world.run(["nothing", "nothing"], &["--reports", "reports"]).most
    })
}

/// A document of so many packages, nearly 10 MB for the most.
fn sbom(version: &str, packages: usize) -> String {
    sbom_of("package", version, packages)
}

fn sbom_of(kind: &str, version: &str, packages: usize) -> String {
    let mut text = r#"{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{}"#.to_owned();
    for n in 0..packages {
        let name = format!("{kind}-{n:06}");
        write!(
            text,
            r#",{{"type":"library","name":"{name}","version":"{version}","purl":"pkg:npm/{name}@{version}"}}"#
        )
        .unwrap();
    }
    text.push_str("]}");
    text
}

/// The same of different packages as SPDX.
fn spdx(platform: &str, version: &str, packages: usize) -> Value {
    let package = |n: usize| {
        let name = format!("{platform}-{n:06}");
        json!({"name": name, "versionInfo": version, "externalRefs": [
            {"referenceType": "purl", "referenceLocator": format!("pkg:npm/{name}@{version}")}]})
    };
    json!({"spdxVersion": "SPDX-2.3", "packages": (0..packages).map(package).collect::<Vec<Value>>()})
}

/// A few files, of which some run by themselves, with others' rights or as programs.
fn layer(seed: &str) -> Layer {
    let files = Files::new().program(&format!("srv/{seed}/program")).file(&format!("srv/{seed}/setuid"), 0o4755, b"");
    files.text(&format!("etc/cron.d/{seed}"), "").text(&format!("srv/{seed}/text"), "").gzip_fast()
}

fn image(layer: Layer) -> ImageSpec {
    ImageSpec::new(1).platforms(&PLATFORMS[..1]).of_files(&[layer])
}

fn cyclonedx_beside(subject: &Manifest, version: &str) -> Image {
    let text = sbom(version, PACKAGES);
    assert!((9_000_000..10_000_000).contains(&text.len()), "{}", text.len());
    Image::artifact(subject, "application/vnd.cyclonedx+json", text.as_bytes())
}

/// A report of Grype of many megabytes about an image.
fn report(directory: &Path, image: &Image, seed: &str) {
    let one = |n: usize| {
        json!({"vulnerability": {"id": format!("CVE-2026-{n}"), "severity": "High", "description": "x".repeat(200)},
            "artifact": {"name": format!("package-{n}-{seed}"), "purl": format!("pkg:deb/debian/package-{n}@{seed}")}})
    };
    let matches: Vec<Value> = (0..25_000).map(one).collect();
    let name = format!("{}.json", image.digest().hex());
    std::fs::write(directory.join("reports").join(name), json!({ "matches": matches }).to_string()).unwrap();
}

/// Two versions of one platform with the largest SBOMs beside them, and reports.
fn largest() -> World {
    let world = World::new();
    for version in VERSIONS {
        let image = image(layer(version)).build();
        world.put(version, &image);
        report(world.directory.path(), &image, version);
        world.beside(&cyclonedx_beside(image.root(), version));
    }
    world
}

fn upgraded(found: &Value, platform: usize) -> usize {
    let packages = &found["platforms"][platform]["packages"];
    assert_eq!(packages["source"], "sbom", "{}", packages["detail"]);
    packages["upgraded"].as_array().unwrap().len()
}

#[test]
fn the_largest_sboms_and_reports_take_little_memory() {
    let world = largest();
    let found = world.found(&["--reports", "reports"]);
    assert_eq!(upgraded(&found, 0), PACKAGES);
    assert_eq!(found["vulnerabilities"]["new"].as_array().unwrap().len(), 25_000);
}

#[test]
fn sboms_of_several_platforms_take_little_memory() {
    let world = World::new();
    for version in VERSIONS {
        let spec = ImageSpec::new(1).platforms(&PLATFORMS).of_files(&[layer(version)]);
        let sboms = ["package", "arm-tool", "ibmtool"].map(|platform| spdx(platform, version, 70_000));
        world.put(version, &spec.with_sboms(sboms.to_vec()).build());
    }
    let found = world.found(&[]);
    assert_eq!(upgraded(&found, 0), 70_000);
    let last = &found["platforms"][2]["packages"];
    let why = "what all platforms list is larger than 15 MiB";
    assert!(last["detail"].as_str().unwrap().contains(why), "{last:.300}");
}

/// Debian's database with very many packages, and as many files that matter as a layer may have.
fn dangerous(version: &str) -> Layer {
    let packages: Vec<String> = (0..90_000).map(|n| format!("package-{n:06}")).collect();
    let entry = |name: &String| format!("Package: {name}\nStatus: install ok installed\nVersion: {version}\n\n");
    let mut files = Files::new().text("var/lib/dpkg/status", &packages.iter().map(entry).collect::<String>());
    for n in 0..30_000 {
        files = files.file(&format!("srv/{version}/{n:05}"), 0o755, b"").file(&format!("srv/{n:05}"), 0o4755, b"");
    }
    files.gzip_fast()
}

#[test]
fn databases_with_dangerous_files_and_sboms_take_little_memory() {
    let world = World::new();
    for version in VERSIONS {
        let image = image(dangerous(version)).build();
        world.put(version, &image);
        world.beside(&cyclonedx_beside(image.root(), version));
    }
    let found = world.found(&[]);
    assert!(upgraded(&found, 0) >= 90_000);
    assert_eq!(found["platforms"][0]["files"].as_array().unwrap().len(), 1_000);
}

/// As many files as a layer may have, all with others' rights, and as many programs that run by themselves.
fn crowded() -> Layer {
    let mut files = Files::new();
    for n in 0..500_000 {
        files = files.file(&format!("srv/{n:06}"), 0o4755, b"").file(&format!("etc/cron.d/{n:06}"), 0o644, b"");
    }
    files.gzip_fast()
}

#[test]
fn a_layer_of_very_many_files_takes_little_memory() {
    let world = World::new();
    for (version, layer) in VERSIONS.into_iter().zip([layer("former"), crowded()]) {
        world.put(version, &image(layer).build());
    }
    let found = world.found(&[]);
    assert_eq!(found["platforms"][0]["files"].as_array().unwrap().len(), 1_000);
}

#[test]
fn long_signed_attestations_take_little_memory() {
    let (world, key) = (World::new(), Key::generate());
    std::fs::write(world.directory.path().join("tool.pub"), key.pem()).unwrap();
    for (version, is_tagged) in VERSIONS.into_iter().zip([false, true]) {
        let image = image(layer(version)).build();
        world.put(version, &image);
        let predicate: Value = serde_json::from_str(&sbom(version, 60_000)).unwrap();
        let predicate = json!({"Data": predicate.to_string()});
        let kind = "https://cyclonedx.org/bom";
        if is_tagged {
            let attestation = key.tagged_attestation_of(&image.digest(), kind, &predicate);
            world.put(&tag_of(&image.digest(), ".att"), &attestation);
        } else {
            world.beside(&key.attestation_of(image.root(), kind, &predicate));
        }
    }
    let found = world.found(&["--key", "tool.pub"]);
    assert_eq!(upgraded(&found, 0), 60_000);
}

#[test]
fn the_largest_vex_documents_take_little_memory() {
    let world = largest();
    let statement = |n: usize| json!({"vulnerability": format!("CVE-2025-{n}"), "status": "fixed"});
    let vex = json!({"@context": "https://openvex.dev/ns/v0.2.0", "statements": (0..20_000).map(statement).collect::<Vec<_>>()});
    let text = vex.to_string();
    assert!((1_000_000..1 << 20).contains(&text.len()), "{}", text.len());
    std::fs::create_dir(world.directory.path().join("vex")).unwrap();
    let write = |n: usize| std::fs::write(world.directory.path().join(format!("vex/{n:03}.json")), &text).unwrap();
    (0..3).for_each(write);
    let manifest = "organization: acme\nregistry: oci:mirror\nevidence: { vulnerabilities: reports, vex: [vex/*.json] }\n\
        images:\n  - source: docker.io/acme/tool\n    approved: []\n";
    std::fs::write(world.directory.path().join("approved-images.yml"), manifest).unwrap();
    for why in
        ["vex/000.json excepts nothing: the statements take more than 6 MiB, which are the most", "more than 4 MiB"]
    {
        let found = world.found(&["--reports", "reports"]);
        assert_eq!(upgraded(&found, 0), PACKAGES);
        let detail = found["vulnerabilities"]["detail"].as_str().unwrap();
        assert!(detail.contains(why), "{detail}");
        (3..200).for_each(write);
    }
}

/// So many images with an approved version and a new one, each with SBOMs of other packages.
fn many(images: usize) -> World {
    let world = World::new();
    let mut manifest = "organization: acme\nregistry: oci:mirror\nimages:\n".to_owned();
    for at in 0..images {
        let (name, kind) = (format!("acme/tool-{at}"), format!("image{at:02}"));
        for version in VERSIONS {
            let image = image(layer(&format!("{kind}-{version}"))).build();
            image.put(&world.registry, &name, version);
            let text = sbom_of(&kind, version, PACKAGES);
            let sbom = Image::artifact(image.root(), "application/vnd.cyclonedx+json", text.as_bytes());
            sbom.put(&world.registry, &name, sbom.digest().as_str());
            if version == VERSIONS[0] {
                let (host, digest) = (world.registry.host(), image.digest());
                write!(
                    manifest,
                    "  - source: {host}/{name}\n    cooldown: 0s\n    approved: [{{ tag: {version}, digest: \"{digest}\" }}]\n"
                )
                .unwrap();
            }
        }
    }
    std::fs::write(world.directory.path().join("approved-images.yml"), manifest).unwrap();
    world
}

/// All lists of such a run whole take several times as much. The allocator keeps some of what each image took until it was
/// compared, so that the bound is half as much again as that of one image.
#[test]
fn a_plan_of_many_images_takes_not_much_more_memory_than_of_one() {
    const IMAGES: usize = 10;
    const BOUND_OF_MANY: u64 = BOUND / 2 * 3;
    let world = many(IMAGES);
    let written = world.measured(&["plan", "--format", "json"]).within(BOUND_OF_MANY);
    let printed = world.measured(&["plan"]).within(BOUND_OF_MANY);
    let printed = printed.split_whitespace().collect::<Vec<_>>().join(" ");
    let plan: Value = serde_json::from_str(&written).unwrap();
    let proposals = plan["proposals"].as_array().unwrap();
    assert_eq!(proposals.len(), IMAGES, "{printed}");
    let mut listed = 0;
    for proposal in proposals {
        let packages = &proposal["images"][0]["evidence"]["platforms"][0]["packages"];
        assert_eq!(packages["source"], "sbom", "{packages:.300}");
        let upgraded = packages["upgraded"].as_array().unwrap().len();
        assert_eq!(upgraded + usize::try_from(packages["upgraded-omitted"].as_u64().unwrap()).unwrap(), PACKAGES);
        assert!((2_000..10_000).contains(&upgraded), "each has the same room: {upgraded}");
        listed += upgraded;
    }
    let left_out = PACKAGES - listed / IMAGES;
    assert_eq!(printed.matches(&format!("{PACKAGES} upgraded (from the image's own SBOM)")).count(), IMAGES);
    assert_eq!(printed.matches(&format!("Lists: {left_out} entries are left out")).count(), IMAGES, "{printed:.3000}");
}
