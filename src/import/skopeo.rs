//! The file of `skopeo sync --src yaml` (skopeo-sync(1)). Where the images go is said on skopeo's command line.

use super::constraint::{Dialect, versions};
use super::filter::{literal, matching, unpinned};
use super::reading::{Reading, Unreadable, entries, shown, value};
use super::wish::{NamedTag, Tags, Wish};
use crate::image::{Digest, Repository, Tag};
use crate::references::Entry;
use crate::yaml::Node;

const READ: [&str; 3] = ["images", "images-by-tag-regex", "images-by-semver"];

pub(super) fn read(reading: &mut Reading<'_>, root: &Node) -> Result<(), Unreadable> {
    let registries = entries(root);
    if registries.is_empty()
        || !registries.iter().any(|registry| READ.iter().any(|key| value(registry.value, key).is_some()))
    {
        return Err(Unreadable::new("it is no file of `skopeo sync`: it has no registry with `images`"));
    }
    for Entry { name: registry, value: settings } in registries {
        if let Some(credentials) = value(settings, "credentials") {
            let why = "credentials are not carried over: give them to the runs with `registry-auth`";
            reading.left(credentials, format!("credentials of {}", shown(registry)), why);
        }
        if let Some(tls) = value(settings, "tls-verify").filter(|tls| tls.text() == Some("false")) {
            let why = "certificates are always verified: give the registry's with `ca-certificates`";
            reading.left(tls, format!("tls-verify of {}", shown(registry)), why);
        }
        if let Some(directory) = value(settings, "cert-dir") {
            let why = "give the registry's certificates with `ca-certificates`";
            reading.left(directory, format!("cert-dir of {}", shown(registry)), why);
        }
        reading.unread(settings, &[&READ[..], &["credentials", "tls-verify", "cert-dir"]].concat(), &[]);
        for key in READ {
            for image in value(settings, key).map(entries).unwrap_or_default() {
                let Some(source) = reading.repository(image.value, &format!("{registry}/{}", image.name)) else {
                    continue;
                };
                let found = match key {
                    "images" => by_name(reading, &source, image.value),
                    "images-by-semver" => by_versions(reading, &source, image.value),
                    _ => by_expression(reading, &source, image.value),
                };
                let wish = |tags| Wish {
                    source: source.clone(),
                    target: None,
                    tags,
                    denied: Vec::new(),
                    platforms: Vec::new(),
                    at: image.value.span,
                };
                reading.wishes.extend(found.map(wish));
            }
        }
    }
    Ok(())
}

/// A list of tags and digests; an empty one means all tags.
fn by_name(reading: &mut Reading<'_>, source: &Repository, list: &Node) -> Option<Tags> {
    let Some(items) = list.items().or(list.is_null().then_some(&[][..])) else {
        reading.left(list, source.to_string(), "its tags must be a list: it is left out");
        return None;
    };
    if items.is_empty() {
        return Some(Tags::All);
    }
    let mut tags: Vec<NamedTag> = Vec::new();
    for item in items {
        let text = item.text().unwrap_or_default();
        match text.parse::<Tag>() {
            Ok(tag) => tags.push(unpinned(tag)),
            Err(_) if text.parse::<Digest>().is_ok() => {
                reading.left(item, format!("{source}@{}", shown(text)), "it is copied by digest, without a tag");
            }
            Err(error) => reading.left(item, format!("{source}: {}", shown(text)), error.to_string()),
        }
    }
    (!tags.is_empty()).then_some(Tags::Named(tags))
}

fn by_versions(reading: &mut Reading<'_>, source: &Repository, constraint: &Node) -> Option<Tags> {
    match versions(Dialect::Masterminds, constraint.text().unwrap_or_default()) {
        Ok(versions) => Some(Tags::Versions(versions)),
        Err(why) => {
            reading.left(constraint, format!("images-by-semver of {source}"), why);
            None
        }
    }
}

fn by_expression(reading: &mut Reading<'_>, source: &Repository, expression: &Node) -> Option<Tags> {
    let text = expression.text().unwrap_or_default();
    let is_anchored = text.starts_with('^') && text.ends_with('$');
    if let Some(tag) = literal(text).filter(|_| is_anchored) {
        return Some(Tags::Named(vec![unpinned(tag)]));
    }
    match matching(text, false) {
        Ok(pattern) => Some(Tags::Matching(pattern)),
        Err(why) => {
            reading.left(expression, format!("images-by-tag-regex of {source}"), why);
            None
        }
    }
}
