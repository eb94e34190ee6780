//! What the manifest's history records as promoted, and where. A record counts for the place that it was written for:
//! one that was carried along when `repository`, `organization` or `registry` changed says nothing about the new place.

use std::collections::BTreeSet;

use crate::image::{Digest, Location, Tag};
use crate::manifest::Manifest;

/// A record that a mirror's tag resolved to a digest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Record {
    /// The mirror.
    pub mirror: Location,
    pub tag: Tag,
    /// What the tag resolved to: `mirrored`.
    pub digest: Digest,
}

/// What one version of the manifest records.
pub(crate) fn records(version: &Manifest) -> BTreeSet<Record> {
    let record = |(image, approval): (&crate::manifest::Image, &crate::manifest::Approval)| {
        let mirror = version.mirror(&image.repository).ok()?;
        Some(Record { mirror, tag: approval.tag.clone(), digest: approval.mirrored.clone()? })
    };
    version.approvals().filter_map(record).collect()
}

/// What was written between an older version and the next newer one. What both contain is older; what the older one has
/// for the same tag at another mirror, where the newer one no longer has it, was carried along and not written.
pub(crate) fn written<'n>(newer: &'n BTreeSet<Record>, older: &'n BTreeSet<Record>) -> Vec<&'n Record> {
    let gone: BTreeSet<(&Tag, &Digest)> = older.difference(newer).map(|record| (&record.tag, &record.digest)).collect();
    newer.difference(older).filter(|record| !gone.contains(&(&record.tag, &record.digest))).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn version(head: &str, images: &[(&str, &[(&str, bool)])]) -> BTreeSet<Record> {
        let mut text = format!("{head}\nimages:\n");
        for (repository, approvals) in images {
            text.push_str(&format!(
                "  - source: ghcr.io/team/{repository}-x\n    repository: {repository}\n    approved:\n"
            ));
            for (tag, recorded) in *approvals {
                let digest = Digest::sha256(tag.as_bytes());
                let mirrored = if *recorded { format!(", mirrored: {digest}") } else { String::new() };
                text.push_str(&format!("      - {{ tag: \"{tag}\", digest: {digest}{mirrored} }}\n"));
            }
        }
        let file = crate::manifest::file("approved-images.yml", text.into_bytes()).unwrap();
        records(&crate::manifest::parse(vec![file]).unwrap())
    }

    fn between(newer: &BTreeSet<Record>, older: &BTreeSet<Record>) -> Vec<String> {
        written(newer, older).iter().map(|record| format!("{}:{}", record.mirror, record.tag)).collect()
    }

    #[test]
    fn a_record_counts_where_it_was_written() {
        const HERE: &str = "organization: acme";
        let (open, done) = (version(HERE, &[("loki", &[("1", false)])]), version(HERE, &[("loki", &[("1", true)])]));
        assert_eq!(between(&done, &open), ["docker.io/acme/loki:1"]);
        assert_eq!(between(&done, &done), Vec::<String>::new(), "it stands in both: it is older");
        let renamed = version(HERE, &[("vault", &[("1", true)])]);
        assert_eq!(between(&renamed, &done), Vec::<String>::new());
        for elsewhere in ["organization: other", "organization: acme\nregistry: quay.io"] {
            assert_eq!(between(&version(elsewhere, &[("loki", &[("1", true)])]), &done), Vec::<String>::new());
        }
        let second = version(HERE, &[("loki", &[("1", true)]), ("tempo", &[("1", true)])]);
        assert_eq!(
            between(&second, &done),
            ["docker.io/acme/tempo:1"],
            "the same bytes under a second name are written"
        );
        assert_eq!(
            between(&done, &BTreeSet::new()),
            ["docker.io/acme/loki:1"],
            "the first version was written as it is"
        );
    }
}
