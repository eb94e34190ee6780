//! regsync's configuration (regclient, `cmd/regsync/config.go`).

use super::constraint::{Dialect, versions};
use super::filter::{literal, matching, unpinned};
use super::reading::{Reading, Unreadable, entries, is_template, items, shown, text, value};
use super::wish::{NamedTag, Tags, Versions, Wish};
use crate::image::{Location, Named, Repository, Tag};
use crate::yaml::Node;

/// Keys of an entry that say how regsync runs, or ask for what is always done here: signatures and other referrers are copied.
const HOW: [&str; 15] = [
    "interval",
    "schedule",
    "ratelimit",
    "referrers",
    "digestTags",
    "referrerSource",
    "referrerTarget",
    "referrerSlow",
    "fastCheck",
    "forceRecursive",
    "mediaTypes",
    "parallel",
    "blobLimit",
    "cacheCount",
    "cacheTime",
];

pub(super) fn read(reading: &mut Reading<'_>, root: &Node) -> Result<(), Unreadable> {
    let Some(sync) = value(root, "sync").and_then(Node::items) else {
        return Err(Unreadable::new("it is no configuration of regsync: it has no list `sync`"));
    };
    for host in items(root, "creds") {
        let registry = text(host, "registry").unwrap_or("a registry");
        if ["user", "pass", "credHelper", "clientCert"].iter().any(|key| text(host, key).is_some()) {
            let why = "credentials are not carried over: give them to the runs with `registry-auth`";
            reading.left(host, format!("creds of {}", shown(registry)), why);
        }
        if matches!(text(host, "tls"), Some("disabled" | "insecure")) {
            reading.left(host, format!("tls of {}", shown(registry)), "registries are always asked with TLS");
        }
    }
    if let Some(defaults) = value(root, "defaults") {
        let how: Vec<&str> = HOW.into_iter().chain(["skipDockerConfig", "userAgent"]).collect();
        reading.unread(defaults, &[], &how);
    }
    reading.unread(root, &["sync", "creds", "defaults"], &["version"]);
    for one in sync {
        entry(reading, one);
    }
    Ok(())
}

fn entry(reading: &mut Reading<'_>, sync: &Node) {
    let read = ["source", "target", "type", "tags", "tagSets", "platform", "platforms"];
    reading.unread(sync, &read, &HOW);
    let (Some(source), Some(target)) = (value(sync, "source"), value(sync, "target")) else {
        // An entry that holds nothing but an anchor's values is what others are made of.
        return reading.left(sync, "an entry", "it names no source or no target");
    };
    let (from, to) = (source.text().unwrap_or_default(), target.text().unwrap_or_default());
    match text(sync, "type") {
        Some("image") => image(reading, sync, source, target),
        Some("repository") => {
            let (Some(from), Some(to)) = (reading.repository(source, from), reading.repository(target, to)) else {
                return;
            };
            repository(reading, sync, &from, &to);
        }
        Some("registry") => {
            reading.left(sync, shown(from), "a whole registry is copied: name the images that are wanted");
        }
        other => {
            let why = "its `type` is neither image nor repository";
            reading.left(sync, format!("{} ({})", shown(from), shown(other.unwrap_or("none"))), why);
        }
    }
}

/// One tag or digest.
fn image(reading: &mut Reading<'_>, sync: &Node, source: &Node, target: &Node) {
    let (from, to) = (source.text().unwrap_or_default(), target.text().unwrap_or_default());
    let (Some(from), Some(to)) = (named(reading, source, from), named(reading, target, to)) else { return };
    let (Location::Remote(repository), Location::Remote(mirror)) = (from.name, to.name) else {
        return reading.left(source, "a directory", "only images on registries are carried over");
    };
    let latest = || "latest".parse::<Tag>().ok();
    let tag = from.tag.or_else(|| from.digest.is_none().then(latest).flatten());
    let given = to.tag.or_else(|| to.digest.is_none().then(latest).flatten());
    match (tag, given, from.digest) {
        (tag, Some(given), digest) if tag.as_ref().is_none_or(|tag| *tag == given) => {
            let tags = Tags::Named(vec![NamedTag { tag: given, digest }]);
            let platforms = platforms(reading, sync);
            let (denied, at) = (Vec::new(), sync.span);
            reading.wishes.push(Wish { source: repository, target: Some(mirror), tags, denied, platforms, at });
        }
        (Some(tag), Some(given), _) => {
            let why = format!("its tag {tag} is renamed to {given}: mirrors have upstream's tags here");
            reading.left(sync, format!("{repository}:{tag}"), why);
        }
        _ => reading.left(sync, repository.to_string(), "it is copied by digest, without a tag"),
    }
}

fn named(reading: &mut Reading<'_>, at: &Node, text: &str) -> Option<Named<Location>> {
    if is_template(text) || text.starts_with("ocidir:") {
        let why = match text.starts_with("ocidir:") {
            true => "it is a directory: only images on registries are carried over",
            false => "it is filled in when the tool runs: write the name that it stands for",
        };
        reading.left(at, shown(text), why);
        return None;
    }
    match text.parse() {
        Ok(named) => Some(named),
        Err(error) => {
            reading.left(at, shown(text), format!("it is not an image: {error}"));
            None
        }
    }
}

fn platforms(reading: &mut Reading<'_>, sync: &Node) -> Vec<crate::image::Platform> {
    // A single name may stand without a list.
    let several = value(sync, "platforms").map_or(&[][..], |all| all.items().unwrap_or(std::slice::from_ref(all)));
    reading.platforms(value(sync, "platform").into_iter().chain(several))
}

fn repository(reading: &mut Reading<'_>, sync: &Node, source: &Repository, target: &Repository) {
    let platforms = platforms(reading, sync);
    let own = value(sync, "tags").filter(|tags| !entries(tags).is_empty());
    let Some(sets) = reading.selecting(sync, "tagSets") else { return };
    let sets: Vec<&Node> = sets.iter().chain(own).collect();
    let mut wishes: Vec<(Tags, Vec<Tag>)> = Vec::new();
    if sets.is_empty() {
        wishes.push((Tags::All, Vec::new()));
    }
    for set in sets {
        reading.unread(set, &["allow", "deny", "semverRange"], &[]);
        wishes.extend(tag_set(reading, source, set));
    }
    for (tags, denied) in wishes {
        let (source, target, platforms) = (source.clone(), Some(target.clone()), platforms.clone());
        reading.wishes.push(Wish { source, target, tags, denied, platforms, at: sync.span });
    }
}

/// What a set selects: versions in a range, then of these what `allow` matches, then without what `deny` matches.
fn tag_set(reading: &mut Reading<'_>, source: &Repository, set: &Node) -> Vec<(Tags, Vec<Tag>)> {
    let lists = ["semverRange", "allow", "deny"].map(|key| reading.selecting(set, key));
    let [Some(ranges), Some(allowed), Some(denied)] = lists else { return Vec::new() };
    let ranges: Vec<&Node> = ranges.iter().filter(|range| range.text() != Some("")).collect();
    let (literals, patterns): (Vec<&Node>, Vec<&Node>) =
        allowed.iter().partition(|allowed| allowed.text().is_some_and(|text| literal(text).is_some()));
    let mut found: Vec<Tags> = Vec::new();
    let tags: Vec<Tag> = literals.iter().filter_map(|node| literal(node.text()?)).collect();
    if !ranges.is_empty() {
        if let Some(allow) = value(set, "allow").filter(|_| !(literals.is_empty() && patterns.is_empty())) {
            let why = "`allow` restricts a range: write one of them as this image's rule";
            reading.left(allow, format!("tags of {source}"), why);
            return Vec::new();
        }
        let read = |range: &&Node| versions(Dialect::Regclient, range.text().unwrap_or_default());
        match ranges.iter().map(read).collect::<Result<Vec<Versions>, String>>() {
            Ok(all) => found.extend(all.into_iter().map(Tags::Versions)),
            Err(why) => reading.left(ranges[0], format!("semverRange of {source}"), why),
        }
    } else if literals.is_empty() && patterns.is_empty() {
        found.push(Tags::All);
    }
    for allowed in patterns {
        match matching(allowed.text().unwrap_or_default(), true) {
            Ok(expression) if expression == ".*" => found.push(Tags::All),
            Ok(expression) => found.push(Tags::Matching(expression)),
            Err(why) => reading.left(allowed, format!("allow of {source}"), why),
        }
    }
    if !tags.is_empty() {
        found.push(Tags::Named(tags.into_iter().map(unpinned).collect()));
    }
    without(reading, source, denied, found)
}

/// What is selected without what a list denies.
fn without(reading: &mut Reading<'_>, source: &Repository, denied: &[Node], found: Vec<Tags>) -> Vec<(Tags, Vec<Tag>)> {
    let mut names = Vec::new();
    for deny in denied {
        match deny.text().and_then(literal) {
            Some(tag) => names.push(tag),
            None => {
                let why = "tags that match it are not left out here: choose a rule that does not read them";
                reading.left(deny, format!("deny of {source}"), why);
            }
        }
    }
    let mut left = Vec::new();
    for tags in found {
        let Tags::Named(named) = tags else {
            left.push((tags, names.clone()));
            continue;
        };
        let named: Vec<NamedTag> = named.into_iter().filter(|one| !names.contains(&one.tag)).collect();
        match (named.is_empty(), denied.first()) {
            (true, Some(at)) => reading.left(at, format!("tags of {source}"), "all that `allow` names is denied"),
            _ => left.push((Tags::Named(named), Vec::new())),
        }
    }
    left
}
