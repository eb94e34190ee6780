//! The organization's own advisories: which approvals they name, and so which should be revoked.

mod advisory;
mod document;
mod judge;

use std::collections::BTreeMap;

use super::{Cause, Entry, Item, Kind, Rejection};
use crate::manifest::{Image, Manifest};
use crate::plan::{Key, is_revoked};
use crate::rules::line_of;
use crate::text::excerpt;

pub(crate) use advisory::Advisory;
pub(crate) use document::read;

/// The most characters of a reason in the manifest.
const REASON: usize = 200;

/// The approvals that advisories name and that are not revoked yet, each with the reason for its revocation: the
/// identifiers of all of them and the summary of the first.
///
/// # Errors
/// A range that cannot be compared with an image's versions.
pub(crate) fn advised(manifest: &Manifest, advisories: &[Advisory]) -> Result<BTreeMap<Key, String>, String> {
    let mut all = BTreeMap::new();
    for (image, approval) in manifest.approvals().filter(|(image, approval)| !is_revoked(image, approval)) {
        let mut naming = Vec::new();
        for advisory in advisories {
            if judge::names(advisory, image, approval)? {
                naming.push(advisory);
            }
        }
        let Some(first) = naming.first() else { continue };
        let ids: Vec<&str> = naming.iter().map(|advisory| advisory.id.as_str()).collect();
        let reason = match first.summary.trim() {
            "" => ids.join(", "),
            summary => format!("{}: {summary}", ids.join(", ")),
        };
        all.insert(Key::of(image, approval), excerpt(&reason, REASON).trim().to_owned());
    }
    Ok(all)
}

/// The revocations of one image's approvals.
pub(super) fn revocations(at: usize, image: &Image, advised: &BTreeMap<Key, String>) -> Vec<Item> {
    let item = |approval| {
        let reason = advised.get(&Key::of(image, approval))?.clone();
        let entry = Entry::of(image, Kind::Revoke, None, &approval.tag, &approval.digest);
        let rejection = Some(Rejection { reason: reason.clone(), until: None });
        let item = Item::new(Entry { rejection, ..entry }, at, line_of(&image.rule, &approval.tag));
        Some(Item { cause: Some(Cause::Revoked(reason)), ..item })
    };
    image.approved.iter().filter(|approval| !is_revoked(image, approval)).filter_map(item).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use serde_json::{Value, json};

    use super::*;
    use crate::proposal::fixtures::{approval, manifest};

    const TAGS: [&str; 5] = ["2.9.0", "v3.0.0", "3.1.0-rc.1", "3.1.0", "3.2.0"];

    /// The approved tags that an advisory with this affected package names.
    fn named(affected: &Value) -> Result<Vec<String>, String> {
        let mut manifest = manifest(&["ghcr.io/grafana/loki"]);
        manifest.images[0].approved = TAGS.map(approval).to_vec();
        let file = json!({ "id": "ACME-1", "summary": "s", "affected": [affected] }).to_string();
        let advised = advised(&manifest, &read(file.as_bytes())?)?;
        assert!(advised.values().all(|reason| reason == "ACME-1: s"), "{advised:?}");
        Ok(advised.into_keys().map(|key| key.tag.to_string()).collect())
    }

    fn ranged(events: &Value) -> Result<Vec<String>, String> {
        let package = json!({ "ecosystem": "oci", "name": "ghcr.io/grafana/loki" });
        named(&json!({ "package": package, "ranges": [{ "type": "SEMVER", "events": events }] }))
    }

    fn purl(purl: &str) -> Result<Vec<String>, String> {
        named(&json!({ "package": { "purl": purl } }))
    }

    #[test]
    fn ranges_are_evaluated_as_osv_says() {
        let all = json!([{ "introduced": "0" }]);
        assert_eq!(ranged(&all).unwrap().len(), TAGS.len());
        let fixed = json!([{ "fixed": "3.1.0" }, { "introduced": "3.0.0" }]);
        assert_eq!(ranged(&fixed).unwrap(), ["3.1.0-rc.1", "v3.0.0"], "in whatever order they are written");
        let last = json!([{ "introduced": "3.0.0" }, { "last_affected": "3.1.0" }]);
        assert_eq!(ranged(&last).unwrap(), ["3.1.0", "3.1.0-rc.1", "v3.0.0"]);
        let twice = json!([{ "introduced": "0" }, { "fixed": "3.0.0" }, { "introduced": "3.2.0" }]);
        assert_eq!(ranged(&twice).unwrap(), ["2.9.0", "3.2.0"]);
        let limit = json!([{ "introduced": "0" }, { "limit": "3.0.0" }]);
        assert_eq!(ranged(&limit).unwrap(), ["2.9.0"]);
        let why = ranged(&json!([{ "introduced": "0" }, { "fixed": "next" }])).unwrap_err();
        assert_eq!(why, "ACME-1: `next` in a range is no version of ghcr.io/grafana/loki");
    }

    #[test]
    fn a_range_of_all_names_tags_that_are_no_versions_and_one_without_a_beginning_is_refused() {
        let mut manifest = manifest(&["ghcr.io/grafana/loki"]);
        manifest.images[0].approved = vec![approval("stable")];
        let of = |events: &Value| {
            let package = json!({ "ecosystem": "oci", "name": "ghcr.io/grafana/loki" });
            let affected = json!({ "package": package, "ranges": [{ "type": "semver", "events": events }] });
            let file = json!({ "id": "ACME-1", "affected": [affected] }).to_string();
            advised(&manifest, &read(file.as_bytes())?).map(|advised| advised.len())
        };
        assert_eq!(of(&json!([{ "introduced": "0" }])), Ok(1));
        assert_eq!(of(&json!([{ "introduced": "0" }, { "fixed": "3.0.0" }])), Ok(0));
        assert!(of(&json!([{ "fixed": "3.0.0" }])).unwrap_err().contains("no `introduced`"));
    }

    #[test]
    fn the_bytes_at_the_mirror_count_as_those_that_were_approved() {
        let mut manifest = manifest(&["ghcr.io/grafana/loki"]);
        let mirrored = crate::image::Digest::sha256(b"of some platforms");
        manifest.images[0].approved =
            vec![crate::manifest::Approval { mirrored: Some(mirrored.clone()), ..approval("3.0.0") }];
        let purl = format!("pkg:oci/loki@{}", mirrored.to_string().replace(':', "%3A"));
        let file = json!({ "id": "ACME-1", "affected": [{ "package": { "purl": purl } }] }).to_string();
        assert_eq!(advised(&manifest, &read(file.as_bytes()).unwrap()).unwrap().len(), 1);
    }

    #[test]
    fn purls_name_bytes_everywhere_and_tags_of_one_image() {
        let digest = approval("3.1.0").digest.to_string().replace(':', "%3A");
        assert_eq!(purl(&format!("pkg:oci/other@{digest}?repository_url=quay.io/x/other")).unwrap(), ["3.1.0"]);
        assert_eq!(purl(&format!("pkg:oci/loki@{digest}")).unwrap(), ["3.1.0"]);
        assert_eq!(purl("pkg:docker/grafana/loki@3.1.0?repository_url=ghcr.io").unwrap(), ["3.1.0"]);
        assert_eq!(purl("pkg:docker/grafana/loki@3.1.0").unwrap(), Vec::<String>::new(), "Docker Hub's");
        assert_eq!(purl("pkg:oci/loki?repository_url=ghcr.io/grafana/loki&tag=3.2.0").unwrap(), ["3.2.0"]);
        for (text, part) in [
            ("pkg:oci/loki?tag=3.2.0", "names no image"),
            ("pkg:oci/loki?repository_url=ghcr.io/grafana/loki", "neither a digest nor versions"),
            ("pkg:npm/loki@3.1.0", "it names no image"),
            ("loki", "is not a package URL"),
        ] {
            let why = purl(text).unwrap_err();
            assert!(why.contains(part) && why.starts_with("the document (ACME-1)"), "{text}: {why}");
        }
    }

    #[test]
    fn a_file_is_bounded_and_says_where_it_is_wrong() {
        let why = |file: &[u8]| read(file).unwrap_err();
        assert!(why(b"{").starts_with("not JSON: "));
        assert!(why("[".repeat(100_000).as_bytes()).contains("recursion limit"));
        let many = Value::Array(vec![json!({}); 1_001]).to_string();
        assert_eq!(why(many.as_bytes()), "it has more than 1000 documents, which are the most");
        let package = json!({ "purl": "pkg:docker/redis@7" });
        let versions = json!([{ "id": "A", "affected": [{ "package": package, "versions": vec!["1"; 10_000] }] }]);
        assert!(why(versions.to_string().as_bytes()).starts_with("document 1 (A): with it, the file names more than"));
        assert_eq!(read(b"[]"), Ok(Vec::new()));
    }

    #[test]
    fn a_plain_version_names_its_variants_and_other_ecosystems_name_no_image() {
        let package = json!({ "ecosystem": "OCI", "name": "ghcr.io/grafana/loki" });
        assert_eq!(named(&json!({ "package": package, "versions": ["3.0.0"] })).unwrap(), ["v3.0.0"]);
        let package = json!({ "ecosystem": "npm", "name": "ghcr.io/grafana/loki" });
        assert!(named(&json!({ "package": package, "versions": ["3.0.0"] })).is_err());
    }
}
