//! What a merge will do in the organization, in words.

use std::fmt::Write as _;

use super::account::Account;
use super::{AtMirror, Evidence};
use crate::image::Tag;
use crate::manifest::{Destination, Image, Manifest, Visibility};
use crate::plan::aliases::gained;
use crate::proposal::{Item, Kind};
use crate::text::{Quote, size};

impl Account<'_> {
    /// What a merge will do in the organization, in one sentence: `creates acme/loki, private, developers: read; copies 3
    /// platforms, 41 MB to acme/loki:3.1.0`.
    pub(crate) fn merging(&self, quote: Quote) -> String {
        let Self { manifest, item, evidence } = *self;
        let image = &manifest.images[item.image];
        let tag = item.entry.to.as_ref().map(|t| quote(t.as_str(), 128)).unwrap_or_default();
        match item.entry.kind {
            Kind::New | Kind::Update => {
                let mirror = format!("{}/{}:{}", manifest.organization, image.repository, tag_text(item));
                let place = place(manifest, image, evidence.map(|evidence| &evidence.at_mirror), quote);
                format!(
                    "{place}{} to {}{}",
                    copying(image, evidence),
                    quote(&mirror, 400),
                    following(image, item, quote)
                )
            }
            Kind::Rebuild => {
                let mirror = quote(&format!("{}/{}:{}", manifest.organization, image.repository, tag_text(item)), 400);
                format!("{}, and moves {mirror} to it, unless somebody else moved that tag", copying(image, evidence))
            }
            Kind::Retire => retirement(manifest, item, &tag, quote),
            Kind::Reject => match item.entry.rejection.as_ref().and_then(|rejection| rejection.until) {
                Some(until) => format!("{tag} is not proposed until {until} is over"),
                None => format!("{tag} is not proposed again"),
            },
            Kind::Revoke => {
                let mirror = quote(&format!("{}/{}", manifest.organization, image.repository), 256);
                format!(
                    "revokes these bytes for good and removes the approval of {tag}; {mirror} keeps the tag until \
                     `delete: true` is added to the revocation"
                )
            }
            Kind::Expire => format!("{tag} may be proposed again"),
        }
    }
}

/// The aliases that follow a new version, as the end of a sentence.
fn following(image: &Image, item: &Item, quote: Quote) -> String {
    let Some(to) = &item.entry.to else { return String::new() };
    let names: Vec<String> = gained(image, to).map(|alias| quote(alias.as_str(), 128)).collect();
    if names.is_empty() { String::new() } else { format!(", and moves {} to it", names.join(", ")) }
}

fn tag_text(item: &Item) -> &str {
    item.entry.to.as_ref().map(Tag::as_str).unwrap_or_default()
}

/// What happens to the mirror's tag.
fn retirement(manifest: &Manifest, item: &Item, tag: &str, quote: Quote) -> String {
    let image = &manifest.images[item.image];
    let mirror = quote(&format!("{}/{}", manifest.organization, image.repository), 256);
    let is_this =
        |r: &&crate::manifest::Revocation| Some(&r.tag) == item.entry.to.as_ref() && r.digest == item.entry.digest;
    match image.revoked.iter().find(is_this) {
        Some(revoked) if revoked.delete => {
            format!("removes the approval of {tag} for good; its revocation deletes the tag in {mirror}")
        }
        Some(_) => format!(
            "removes the approval of {tag} for good; {mirror} keeps the tag, because its revocation does not say `delete: true`"
        ),
        None => format!("removes the approval of {tag}; {mirror} keeps the tag"),
    }
}

impl Account<'_> {
    /// What exists on Docker Hub where something would be pushed for the first time; `None` on other registries, and if
    /// something was already promoted to the repository.
    pub(super) fn new_place(&self) -> Option<&AtMirror> {
        let (manifest, image) = (self.manifest, self.image());
        let enters = matches!(self.entry().kind, Kind::New | Kind::Update);
        let new = enters && manifest.on_docker_hub() && !has_promoted(manifest, image);
        new.then(|| self.evidence.map_or(&AtMirror::Unknown, |evidence| &evidence.at_mirror))
    }
}

fn has_promoted(manifest: &Manifest, image: &Image) -> bool {
    let same = manifest.images.iter().filter(|i| i.repository == image.repository);
    same.flat_map(|i| &i.approved).any(|a| a.mirrored.is_some())
}

/// What happens to the repository; empty if something was already promoted to it.
fn place(manifest: &Manifest, image: &Image, at: Option<&AtMirror>, quote: Quote) -> String {
    if has_promoted(manifest, image) {
        return String::new();
    }
    let name = quote(&format!("{}/{}", manifest.organization, image.repository), 256);
    match at {
        Some(AtMirror::Ours) => String::new(),
        Some(AtMirror::NotOurs) => format!(
            "{name} already exists and is not ours: it is left untouched, and this is not promoted, unless {} is set \
             on the image; then it ",
            quote("adopt: true", 20)
        ),
        Some(AtMirror::TakenOver(changes)) => {
            let changes = match changes.is_empty() {
                true => "its settings do not change".to_owned(),
                false => quote(&changes.join("; "), 600),
            };
            format!("takes over {name}, which exists and was not ours ({changes}); ")
        }
        Some(AtMirror::Absent) => creation(manifest, image, "", quote),
        Some(AtMirror::Unknown) | None => creation(manifest, image, "unless it exists, ", quote),
    }
}

/// What creating the repository does; `condition` is what it depends on.
fn creation(manifest: &Manifest, image: &Image, condition: &str, quote: Quote) -> String {
    let name = format!("{}/{}", manifest.organization, image.repository);
    match &manifest.registry {
        Destination::Registry(host) if host.is_docker_hub() => {
            let visibility = match image.visibility {
                Visibility::Private => "private",
                Visibility::Public => "public",
            };
            let mut text = format!("{condition}creates {}, {visibility}", quote(&name, 256));
            for (team, access) in &image.teams {
                let _ = write!(text, ", {}: {}", quote(team, 60), access.permission.as_str());
            }
            text + "; "
        }
        Destination::Registry(host) => format!("first image in {}; ", quote(&format!("{host}/{name}"), 512)),
        Destination::Directory(path) => {
            format!("first image in {}; ", quote(&format!("oci:{}/{name}", path.display()), 512))
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
    let subset = match (&image.platforms, evidence.left_out) {
        (Some(_), left_out @ 1..) => {
            format!(" of {} (a new index with only these)", left_out + evidence.platforms.len())
        }
        _ => String::new(),
    };
    let bytes = evidence.size.map(|s| format!(", {}", size(s))).unwrap_or_default();
    format!("copies {what}{subset}{bytes}")
}
