//! What a merge will do in the organization, in words.

use std::fmt::Write as _;

use super::Evidence;
use crate::manifest::{Destination, Image, Manifest, Visibility};
use crate::proposal::markdown::{code, size};
use crate::proposal::{Item, Kind};

/// One sentence: `creates acme/loki, private, developers: read; copies 3 platforms, 41 MB; tag 3.1.0`.
#[must_use]
pub(super) fn sentence(manifest: &Manifest, item: &Item, evidence: Option<&Evidence>) -> String {
    let image = &manifest.images[item.image];
    let tag = item.entry.to.as_ref().map(|t| code(t.as_str(), 128)).unwrap_or_default();
    match item.entry.kind {
        Kind::New | Kind::Update => {
            format!("{}{}; tag {tag}", creation(manifest, image), copying(image, evidence))
        }
        Kind::Rebuild => format!(
            "{}; the tag {tag} moves off the bytes that it was recorded to hold, and off no others",
            copying(image, evidence)
        ),
        Kind::Retire => format!("the approval of {tag} leaves; the mirror keeps its tag"),
        Kind::Reject => {
            let rejection = item.entry.rejection.as_ref();
            let until =
                rejection.and_then(|r| r.until).map(|until| format!(" until {until} is over")).unwrap_or_default();
            let why = rejection.map(|r| format!(": {}", code(&r.reason, 200))).unwrap_or_default();
            format!("{tag} is rejected and not proposed again{until}{why}")
        }
        Kind::Expire => format!("{tag} may be proposed again"),
    }
}

/// Nothing where something of this repository was promoted already.
fn creation(manifest: &Manifest, image: &Image) -> String {
    let same = manifest.images.iter().filter(|i| i.repository == image.repository);
    if same.flat_map(|i| &i.approved).any(|a| a.mirrored.is_some()) {
        return String::new();
    }
    let name = format!("{}/{}", manifest.organization, image.repository);
    match &manifest.registry {
        Destination::Registry(host) if host.is_docker_hub() => {
            let visibility = match image.visibility {
                Visibility::Private => "private",
                Visibility::Public => "public",
            };
            let mut text = format!("creates {}, {visibility}", code(&name, 256));
            for (team, access) in &image.teams {
                let _ = write!(text, ", {}: {}", code(team, 60), access.permission.as_str());
            }
            text + "; "
        }
        Destination::Registry(host) => format!("first image in {}; ", code(&format!("{host}/{name}"), 512)),
        Destination::Directory(path) => {
            format!("first image in {}; ", code(&format!("oci:{}/{name}", path.display()), 512))
        }
    }
}

fn copying(image: &Image, evidence: Option<&Evidence>) -> String {
    let Some(evidence) = evidence.filter(|e| !e.platforms.is_empty()) else {
        return "copies the image".to_owned();
    };
    let what = match evidence.platforms.as_slice() {
        [one] if one.name.is_empty() => "one manifest".to_owned(),
        [_] => "1 platform".to_owned(),
        many => format!("{} platforms", many.len()),
    };
    let subset =
        if image.platforms.is_some() && evidence.left_out > 0 { " (a new index with these alone)" } else { "" };
    let bytes = evidence.size.map(|s| format!(", {}", size(s))).unwrap_or_default();
    format!("copies {what}{subset}{bytes}")
}
