//! Who made these bytes, through the real program: what is verified, what is not, and what people are told about it.

use std::sync::OnceLock;

use regex::Regex;
use serde_json::Value;
use wharfinger::internals::image::Digest;

use crate::support::authority::{Authority, Signer};
use crate::support::clone::Clone;
use crate::support::images::{Image, ImageSpec};
use crate::support::registry::TestRegistry;
use crate::support::signing::{Key, tag_of};

mod cosign;
mod costs;
mod faults;
mod hostile;
mod sentences;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");
const WORKFLOW: &str = "https://github.com/acme/tool/.github/workflows/release.yml@refs/tags/v1.0.0";
const GITHUB: &str = "https://token.actions.githubusercontent.com";

/// A publisher's registry, the organization's, and who signs.
struct World {
    upstream: TestRegistry,
    mirror: TestRegistry,
    key: Key,
    other: Key,
    authority: Authority,
    stranger: Authority,
}

impl World {
    fn new() -> Self {
        Self {
            upstream: TestRegistry::start(),
            mirror: TestRegistry::start(),
            key: Key::generate(),
            other: Key::generate(),
            authority: Authority::new("Acme"),
            stranger: Authority::new("Stranger"),
        }
    }

    /// The publisher's workflow, as the authority's certificates name it.
    fn workflow() -> Signer {
        Signer::new(WORKFLOW, GITHUB)
    }

    /// The files that manifests here name.
    fn files(&self) -> Vec<(String, String)> {
        let file = |path: &str, text: String| (path.to_owned(), text);
        vec![
            file("keys/tool.pub", self.key.pem()),
            file("keys/other.pub", self.other.pem()),
            file("keys/broken.pub", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n".to_owned()),
            file("root.json", self.authority.root().to_string()),
        ]
    }

    /// A local clone with a manifest and these files.
    fn clone_with(&self, manifest: &str) -> Clone {
        let mut files = self.files();
        files.push(("approved-images.yml".to_owned(), manifest.to_owned()));
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        Clone::with(&files)
    }

    fn manifest(&self, images: &[String]) -> String {
        let mirror = self.mirror.host();
        format!("organization: acme\nregistry: {mirror}\ndefaults: {{ cooldown: 0s }}\nimages:\n{}", images.concat())
    }

    /// An image of two platforms in a repository of its own.
    fn publish(&self, name: &str, tag: &str, seed: u64) -> Published<'_> {
        let (repository, image) = (format!("team/{name}"), ImageSpec::new(seed).build());
        self.upstream.put_image(&repository, tag, &image);
        Published { world: self, repository, image }
    }
}

/// An image that is published, and beside which signatures are put.
struct Published<'a> {
    world: &'a World,
    repository: String,
    image: Image,
}

impl Published<'_> {
    fn digest(&self) -> Digest {
        self.image.digest()
    }

    /// Puts an artifact that names its subject.
    fn refer(&self, artifact: &Image) {
        self.world.upstream.put_untagged(&self.repository, artifact);
    }

    /// Puts what stands under one of cosign's tags of the image.
    fn tag(&self, suffix: &str, artifact: &Image) {
        self.world.upstream.put_image(&self.repository, &tag_of(&self.digest(), suffix), artifact);
    }
}

/// One image of a manifest: where it comes from, what it asks, and its approvals.
fn entry(host: &str, name: &str, asked: &str, approved: &[(&str, &Digest)]) -> String {
    let asked: String = asked.lines().map(|line| format!("    {line}\n")).collect();
    let approved: String =
        approved.iter().map(|(tag, digest)| format!("      - tag: {tag}\n        digest: {digest}\n")).collect();
    let approved = if approved.is_empty() { " []\n".to_owned() } else { format!("\n{approved}") };
    let source = format!("  - source: {host}/team/{name}\n    repository: {name}\n    versions: \">=1\"\n");
    format!("{source}{asked}    approved:{approved}")
}

/// A text without what differs from run to run.
fn redact(text: &str) -> String {
    static VARIABLE: OnceLock<Regex> = OnceLock::new();
    let variable =
        r"(?<digest>sha256[:-][0-9a-f]{64})|(?<host>127\.0\.0\.1:\d+)|(?<place>/[\w./-]*/\.tmp\w+)|\b[0-9a-f]{40,64}\b";
    let variable = VARIABLE.get_or_init(|| Regex::new(variable).unwrap());
    let stand_in = |found: &regex::Captures<'_>| {
        let named = [("digest", "sha256:…"), ("host", "HOST"), ("place", "DIRECTORY")];
        named.into_iter().find(|(name, _)| found.name(name).is_some()).map_or("…", |(_, stand_in)| stand_in)
    };
    variable.replace_all(text, stand_in).into_owned()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

fn rows<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().unwrap_or_else(|| panic!("no {key} in {value}"))
}
