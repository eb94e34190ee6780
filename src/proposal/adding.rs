//! Images that a person asks for and the manifest does not have yet: how they are written, and how their proposals are
//! distinguished from those of images that were removed.

use super::Entry;
use super::metadata::Metadata;
use super::not_edited::NotEdited;
use crate::edit;
use crate::image::{Digest, Location, RepositoryName, Tag};
use crate::manifest::{File, Manifest};
use crate::rules::{Numbering, Range, Reading, read};

/// The lines of a new image that follows its first version: the same variant, and the same major version. If no range
/// can name that version, the tag itself is followed.
pub(crate) fn lines(source: &str, repository: &RepositoryName, tag: Option<&Tag>) -> Vec<String> {
    let mut lines = vec![format!("source: {}", edit::scalar(source))];
    if default_repository(source).as_ref() != Some(repository) {
        lines.push(format!("repository: {}", edit::scalar(&repository.to_string())));
    }
    if let Some(tag) = tag {
        lines.extend(rule_lines(tag).unwrap_or_else(|| vec![format!("tags: [\"{tag}\"]")]));
    }
    lines
}

/// The rule that follows a version; `None` if a tag is not a version, or not one that a range can name.
fn rule_lines(tag: &Tag) -> Option<Vec<String>> {
    let Reading::Version(version) = read(tag.as_str(), None) else { return None };
    let mut lines = Vec::new();
    if !version.variant.is_empty() {
        lines.push(format!("variant: \"{}\"", version.variant.0));
    }
    if version.numbering() == Numbering::Count {
        let range = format!("^{}", version.release());
        range.parse::<Range>().ok()?;
        lines.push(format!("versions: \"{range}\""));
    }
    if version.is_prerelease() {
        lines.push("prereleases: true".to_owned());
    }
    Some(lines)
}

/// The mirror's name if the manifest gives none: the last component of the source's path.
pub(crate) fn default_repository(source: &str) -> Option<RepositoryName> {
    let location: Location = source.parse().ok()?;
    location.to_string().rsplit('/').next()?.parse().ok()
}

/// The mirror of a new source: the last part of its path, or, if another image has that name, the last two.
pub(super) fn free_repository(manifest: &Manifest, source: &str) -> Option<RepositoryName> {
    let taken = |name: &RepositoryName| manifest.images.iter().any(|image| image.repository == *name);
    let last = default_repository(source)?;
    if !taken(&last) {
        return Some(last);
    }
    let mut parts = source.rsplit('/');
    let (name, owner) = (parts.next()?, parts.next()?);
    format!("{owner}-{name}").parse().ok().filter(|name| !taken(name))
}

/// The files of a manifest with a new image in its main file.
///
/// # Errors
/// If that file is written in a way that cannot be edited.
pub(crate) fn files_with(files: &[File], lines: &[String]) -> Result<Vec<File>, NotEdited> {
    let mut files = files.to_vec();
    if let Some(main) = files.first_mut() {
        main.text = edit::add_image(&main.text, lines).map_err(|error| NotEdited::new(main, error))?;
    }
    Ok(files)
}

/// What replaces the text around the edits if there is none: the image's own lines.
pub(crate) fn context(entry: &Entry) -> Digest {
    let lines = lines(&entry.source, &entry.repository, entry.to.as_ref());
    Digest::sha256(format!("a new image\n{}", lines.join("\n")).as_bytes())
}

/// The image that a proposal adds, if it adds one that this manifest does not have: a first approval with nothing around it.
pub(crate) fn added<'e>(manifest: &Manifest, made: &'e Metadata) -> Option<&'e Entry> {
    let [entry] = made.entries.as_slice() else { return None };
    let there = manifest.images.iter().any(|image| entry.names(image));
    (!there && made.context == context(entry)).then_some(entry)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn a_new_image_follows_what_its_first_version_is() {
        let written = |source: &str, repository: &str, tag: &str| {
            lines(source, &repository.parse().unwrap(), Some(&tag.parse().unwrap())).join("; ")
        };
        assert_eq!(written("grafana/loki", "loki", "3.1.0"), "source: grafana/loki; versions: \"^3.1.0\"");
        assert_eq!(
            written("redis", "cache", "7.2.4-alpine"),
            "source: redis; repository: cache; variant: \"alpine\"; versions: \"^7.2.4\""
        );
        assert_eq!(written("ghcr.io/a/tool", "tool", "stable"), "source: ghcr.io/a/tool; tags: [\"stable\"]");
        assert_eq!(written("quay.io/a/b", "b", "20240601"), "source: quay.io/a/b");
        assert_eq!(written("1.10", "null", "20240601"), "source: \"1.10\"; repository: \"null\"");
    }
}
