//! Advisories as they are written: the OSV schema (1.7), one document or a list of them.

use std::str::FromStr;

use packageurl::PackageUrl;
use serde::Deserialize;
use serde_json::Value;

use super::advisory::{Advisory, Affected, Event};
use crate::image::{Digest, Location, Tag};
use crate::text::excerpt;

/// The most documents of a file.
const DOCUMENTS: usize = 1_000;
/// The most of anything else: affected packages and events of the whole file, versions of one package.
const MOST: usize = 10_000;
/// The ecosystems whose names are images. OSV defines none for them; in others, `redis` is something else.
const ECOSYSTEMS: [&str; 3] = ["oci", "docker", "container"];

#[derive(Deserialize)]
struct Document {
    id: String,
    #[serde(default)]
    summary: Option<String>,
    #[serde(default)]
    withdrawn: Option<Value>,
    #[serde(default)]
    affected: Option<Vec<Entry>>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    package: Option<Package>,
    #[serde(default)]
    versions: Option<Vec<String>>,
    #[serde(default)]
    ranges: Option<Vec<Range>>,
}

#[derive(Deserialize)]
struct Package {
    #[serde(default)]
    ecosystem: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    purl: Option<String>,
}

#[derive(Deserialize)]
struct Range {
    #[serde(rename = "type")]
    kind: String,
    events: Vec<RangeEvent>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum RangeEvent {
    Introduced(String),
    Fixed(String),
    LastAffected(String),
    Limit(String),
}

/// Reads a file of advisories, without those that were withdrawn.
///
/// # Errors
/// What is wrong and where: with one document that cannot be used, none of the file is.
pub(crate) fn read(file: &[u8]) -> Result<Vec<Advisory>, String> {
    let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let not_json = |error: serde_json::Error| format!("not JSON: {}", excerpt(&error.to_string(), 200));
    let (documents, is_list) = match serde_json::from_slice(file).map_err(not_json)? {
        Value::Array(list) => (list, true),
        one => (vec![one], false),
    };
    if documents.len() > DOCUMENTS {
        return Err(format!("it has more than {DOCUMENTS} documents, which are the most"));
    }
    let (mut advisories, mut count) = (Vec::new(), 0);
    for (at, document) in documents.into_iter().enumerate() {
        let named = document.get("id").and_then(Value::as_str).map(|id| format!(" ({})", excerpt(id, 60)));
        let named = named.unwrap_or_default();
        let place = if is_list { format!("document {}{named}", at + 1) } else { format!("the document{named}") };
        let read = advisory(document).map_err(|why| format!("{place}: {why}"))?;
        count += read.iter().map(Advisory::size).sum::<usize>();
        if count > MOST {
            return Err(format!("{place}: with it, the file names more than {MOST} versions, which are the most"));
        }
        advisories.extend(read);
    }
    Ok(advisories)
}

impl Advisory {
    /// How much a comparison with it costs.
    fn size(&self) -> usize {
        let events = |affected: &Affected| affected.ranges.iter().map(Vec::len).sum::<usize>();
        self.affected.iter().map(|affected| 1 + affected.versions.len() + events(affected)).sum()
    }
}

/// `None` if it was withdrawn.
fn advisory(document: Value) -> Result<Option<Advisory>, String> {
    let not = |error: serde_json::Error| format!("not an OSV document: {}", excerpt(&error.to_string(), 200));
    let Document { id, summary, withdrawn, affected } = serde_json::from_value(document).map_err(not)?;
    if id.trim().is_empty() {
        return Err("its `id` is empty".to_owned());
    }
    if withdrawn.is_some_and(|withdrawn| !withdrawn.is_null()) {
        return Ok(None);
    }
    let mut images = Vec::new();
    for (at, entry) in affected.unwrap_or_default().into_iter().enumerate() {
        images.extend(image(entry).map_err(|why| format!("affected[{at}]: {why}"))?);
    }
    if images.is_empty() {
        return Err("it names no image: give `affected[].package.purl` as pkg:oci/… or pkg:docker/…, or the \
                    ecosystem \"OCI\" with an image's source as the name"
            .to_owned());
    }
    Ok(Some(Advisory { id, summary: summary.unwrap_or_default(), affected: images }))
}

/// `None` for a package that is no image.
fn image(entry: Entry) -> Result<Option<Affected>, String> {
    let Entry { package, versions, ranges } = entry;
    let Some(package) = package else { return Ok(None) };
    let Some(mut affected) = of_package(&package)? else { return Ok(None) };
    affected.versions.extend(versions.unwrap_or_default());
    for Range { kind, events } in ranges.unwrap_or_default() {
        if ["SEMVER", "ECOSYSTEM"].iter().any(|known| kind.eq_ignore_ascii_case(known)) {
            let events: Vec<Event> = events.into_iter().map(event).collect();
            if !events.iter().any(|event| matches!(event, Event::Introduced(_))) {
                return Err(
                    "a range has no `introduced`: write \"0\" for one that begins before all versions".to_owned()
                );
            }
            affected.ranges.push(events);
        }
    }
    let names_versions = !affected.versions.is_empty() || !affected.ranges.is_empty();
    if names_versions && affected.source.is_none() {
        return Err("its purl does not say whose versions: add `repository_url` with the image's source".to_owned());
    }
    if affected.digest.is_none() && !names_versions {
        return Err("it names neither a digest nor versions: a range with `introduced: \"0\"` names all".to_owned());
    }
    Ok(Some(affected))
}

fn event(event: RangeEvent) -> Event {
    match event {
        RangeEvent::Introduced(version) => Event::Introduced(version),
        RangeEvent::Fixed(version) => Event::Fixed(version),
        RangeEvent::LastAffected(version) => Event::LastAffected(version),
        RangeEvent::Limit(version) => Event::Limit(version),
    }
}

fn of_package(package: &Package) -> Result<Option<Affected>, String> {
    match package.purl.as_deref().filter(|purl| !purl.is_empty()) {
        Some(purl) => of_purl(purl),
        None if ECOSYSTEMS.iter().any(|known| package.ecosystem.eq_ignore_ascii_case(known)) => {
            Ok(Some(Affected { source: Some(location(&package.name)?), ..Affected::default() }))
        }
        None => Ok(None),
    }
}

/// A package URL of an image; `None` for another type's. The version of `pkg:oci` is a digest and its `repository_url`
/// the whole name; of `pkg:docker` it is a digest or a tag, and `repository_url` the registry
/// (purl-spec, `types-doc/oci-definition.md` and `docker-definition.md`).
fn of_purl(text: &str) -> Result<Option<Affected>, String> {
    let not = |why: &dyn std::fmt::Display| format!("`{}` is not a package URL: {why}", excerpt(text, 200));
    let purl = PackageUrl::from_str(text).map_err(|error| not(&error))?;
    let at = purl.qualifiers().get("repository_url").map(|url| bare(url));
    let source = match (purl.ty(), at) {
        ("oci", at) => at.map(location).transpose()?,
        ("docker", at) => {
            let path = purl.namespace().map_or_else(String::new, |namespace| format!("{namespace}/"));
            let name = format!("{path}{}", purl.name());
            Some(location(&at.map_or_else(|| name.clone(), |host| format!("{host}/{name}")))?)
        }
        _ => return Ok(None),
    };
    let tag = purl.qualifiers().get("tag").map(ToString::to_string);
    let (digest, tag) = match purl.version() {
        Some(version) if version.contains(':') => {
            let digest: Digest = version.parse().map_err(|error| not(&error))?;
            // The tag only says where the bytes were.
            (Some(digest), None)
        }
        Some(version) => (None, Some(version.to_owned())),
        None => (None, tag),
    };
    if let Some(tag) = &tag {
        tag.parse::<Tag>().map_err(|error| not(&error))?;
    }
    if source.is_none() && digest.is_none() {
        return Err(format!("`{}` names no image: add `repository_url` or a digest", excerpt(text, 200)));
    }
    Ok(Some(Affected { source, digest, versions: tag.into_iter().collect(), ranges: Vec::new() }))
}

/// A registry or repository without its scheme.
fn bare(url: &str) -> &str {
    let url = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or(url);
    url.trim_end_matches('/')
}

fn location(text: &str) -> Result<Location, String> {
    text.parse().map_err(|error| format!("`{}` is not an image: {error}", excerpt(text, 200)))
}
