//! A platform subset of an index: fewer entries, and nothing else changed.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::document::{Content, ContentError, Document};
use super::raw::RawDescriptor;
use crate::image::{Descriptor, Digest, Platform};

/// The annotation of a subset that names the index that it was made from: readers of a subset at a mirror need not ask
/// upstream which approval it belongs to.
const SUBSET_OF: &str = "io.github.wharfinger.subset-of";

/// The annotation with which BuildKit's attestation manifests name the manifest that they are about.
const ABOUT: &str = "vnd.docker.reference.digest";

/// The members of a JSON object in their order, with their values as written.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an index")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

impl Document {
    /// The index with only the wanted platforms, in upstream's order, with the attestations of those kept.
    ///
    /// Every entry that stays is kept byte for byte, and so is every other member of the index; an annotation names the
    /// index that it was made from. If all entries stay, it is the same document.
    ///
    /// # Errors
    /// If the document is not an index, or lacks a wanted platform.
    pub fn subset(&self, platforms: &[Platform]) -> Result<Self, ContentError> {
        let Content::Index { children, blobs, .. } = self.read()? else {
            return Err(ContentError::Unusable("a single manifest, which has no platforms to choose from".to_owned()));
        };
        let kept = kept_digests(&children, platforms)?;
        if children.iter().chain(&blobs).all(|entry| stays(entry, &kept)) {
            return Ok(self.clone());
        }
        let bad = |e: serde_json::Error| ContentError::Unusable(format!("not an index: {e}"));
        let Members(members) = serde_json::from_slice(&self.bytes).map_err(bad)?;
        let mut written = Vec::with_capacity(members.len() + 1);
        let mut annotated = false;
        for (name, value) in members {
            let value = match name.as_str() {
                "manifests" => entries(value, &kept)?,
                "annotations" => {
                    annotated = true;
                    annotations(value, &self.digest)?
                }
                _ => value.get().to_owned(),
            };
            written.push(format!("{}:{value}", serde_json::to_string(&name).map_err(bad)?));
        }
        if !annotated {
            written.push(format!("\"annotations\":{{{}}}", made_of(&self.digest)));
        }
        let bytes = format!("{{{}}}", written.join(",")).into_bytes();
        Document::new(bytes.into(), Some(&self.media_type), None)
    }

    /// The index of which this one claims to be a subset.
    #[must_use]
    pub fn subset_of(&self) -> Option<Digest> {
        let value: serde_json::Value = serde_json::from_slice(&self.bytes).ok()?;
        value.get("annotations")?.get(SUBSET_OF)?.as_str()?.parse().ok()
    }
}

/// The annotation that names the index a subset was made from.
fn made_of(digest: &Digest) -> String {
    format!("\"{SUBSET_OF}\":\"{digest}\"")
}

/// Upstream's annotations, each as written, and ours.
fn annotations(value: &RawValue, digest: &Digest) -> Result<String, ContentError> {
    let bad = |e: serde_json::Error| ContentError::Unusable(format!("invalid annotations: {e}"));
    let members: Option<Members<'_>> = serde_json::from_str(value.get()).map_err(bad)?;
    let mut written = Vec::new();
    for (name, value) in members.map(|m| m.0).unwrap_or_default() {
        if name != SUBSET_OF {
            written.push(format!("{}:{}", serde_json::to_string(&name).map_err(bad)?, value.get()));
        }
    }
    written.push(made_of(digest));
    Ok(format!("{{{}}}", written.join(",")))
}

/// The manifests of the wanted platforms; each wanted platform must have one.
fn kept_digests(children: &[Descriptor], platforms: &[Platform]) -> Result<BTreeSet<Digest>, ContentError> {
    let admitted = |wanted: &Platform, child: &Descriptor| {
        attested(child).is_none() && child.platform.as_ref().is_some_and(|p| wanted.admits(p))
    };
    let missing: Vec<String> =
        platforms.iter().filter(|p| !children.iter().any(|c| admitted(p, c))).map(ToString::to_string).collect();
    if !missing.is_empty() {
        return Err(ContentError::Unusable(format!("no {} in the index", missing.join(", "))));
    }
    Ok(children.iter().filter(|c| platforms.iter().any(|p| admitted(p, c))).map(|c| c.digest.clone()).collect())
}

fn stays(entry: &Descriptor, kept: &BTreeSet<Digest>) -> bool {
    kept.contains(attested(entry).as_ref().unwrap_or(&entry.digest))
}

/// The manifest that an entry claims to be an attestation of, as BuildKit marks those: with an annotation, and the
/// platform `unknown/unknown`. Engines choose by platform, so an entry with any other one is for that platform, whatever
/// its annotations say.
pub(crate) fn attested(entry: &Descriptor) -> Option<Digest> {
    let is_unknown = |p: &Platform| p.os == "unknown" && p.architecture == "unknown" && p.variant.is_none();
    entry.platform.as_ref().filter(|platform| is_unknown(platform))?;
    entry.annotations.get(ABOUT)?.parse().ok()
}

/// The entries that stay, each as written.
fn entries(manifests: &RawValue, kept: &BTreeSet<Digest>) -> Result<String, ContentError> {
    let bad = |e: serde_json::Error| ContentError::Unusable(format!("not an index: {e}"));
    let entries: Vec<&RawValue> = serde_json::from_str(manifests.get()).map_err(bad)?;
    let mut written = Vec::new();
    for entry in entries {
        let descriptor = serde_json::from_str::<RawDescriptor>(entry.get()).map_err(bad)?.parse()?;
        if stays(&descriptor, kept) {
            written.push(entry.get());
        }
    }
    Ok(format!("[{}]", written.join(",")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::content::media_type;

    fn digest(n: u8) -> Digest {
        Digest::sha256(&[n])
    }

    fn entry(n: u8, platform: &str, more: &str) -> String {
        format!(
            r#"{{ "mediaType":"{}", "digest":"{}","size":{n}.0e0, "platform":{platform}{more} }}"#,
            media_type::OCI_MANIFEST,
            digest(n)
        )
        .replace(".0e0", "")
    }

    /// Two platforms, an attestation for each, and members that are kept as they are, even the number's notation.
    fn upstream() -> Document {
        let attests = |n: u8| {
            format!(
                r#","annotations":{{"{ABOUT}":"{}","vnd.docker.reference.type":"attestation-manifest"}}"#,
                digest(n)
            )
        };
        let unknown = r#"{"os":"unknown","architecture":"unknown"}"#;
        let entries = [
            entry(1, r#"{"architecture":"amd64","os":"linux"}"#, ""),
            entry(2, r#"{"architecture":"arm64","os":"linux","variant":"v8"}"#, r#", "x-vendor": 1.50"#),
            entry(11, unknown, &attests(1)),
            entry(12, unknown, &attests(2)),
        ];
        let text = format!(
            r#"{{"schemaVersion": 2, "annotations": {{"z":"1", "a":"2"}}, "manifests": [{}], "mediaType": "{}"}}"#,
            entries.join(",\n"),
            media_type::OCI_INDEX
        );
        Document::new(text.into(), None, None).unwrap()
    }

    fn platforms(list: &[&str]) -> Vec<Platform> {
        list.iter().map(|p| p.parse().unwrap()).collect()
    }

    #[test]
    fn kept_entries_and_other_members_are_the_bytes_that_upstream_wrote() {
        let kept = upstream().subset(&platforms(&["linux/arm64"])).unwrap();
        let text = std::str::from_utf8(&kept.bytes).unwrap();
        assert!(text.contains(r#""x-vendor": 1.50 }"#), "{text}");
        let head = format!(
            r#"{{"schemaVersion":2,"annotations":{{"z":"1","a":"2","{SUBSET_OF}":"{}"}},"manifests":["#,
            upstream().digest
        );
        assert!(text.starts_with(&head), "{text}");
        assert_eq!(kept.subset_of(), Some(upstream().digest));
        assert!(kept.digest.matches(&kept.bytes));
        let Content::Index { children, .. } = kept.read().unwrap() else { panic!("a manifest") };
        assert_eq!(children.iter().map(|c| c.digest.clone()).collect::<Vec<_>>(), [digest(2), digest(12)]);
    }

    #[test]
    fn upstreams_order_stays_whatever_the_order_of_the_wish() {
        let one = upstream().subset(&platforms(&["linux/arm64", "linux/amd64"])).unwrap();
        assert_eq!(one, upstream(), "all entries stay: the same document");
    }

    #[test]
    fn a_missing_platform_is_named() {
        let error = upstream().subset(&platforms(&["linux/amd64", "linux/s390x", "linux/arm64/v9"])).unwrap_err();
        assert_eq!(error.to_string(), "no linux/s390x, linux/arm64/v9 in the index");
    }

    #[test]
    fn a_subset_names_the_index_it_was_made_of_whatever_upstream_annotates() {
        let arm = platforms(&["linux/arm64"]);
        for annotations in ["", r#""annotations":null,"#, r#""annotations":{},"#] {
            let text = std::str::from_utf8(&upstream().bytes).unwrap().to_owned();
            let text = text.replace(r#""annotations": {"z":"1", "a":"2"},"#, annotations);
            let Ok(index) = Document::new(text.into(), None, None) else { panic!("{annotations}") };
            assert_eq!(index.subset_of(), None);
            let kept = index.subset(&arm).unwrap();
            assert_eq!(kept.subset_of(), Some(index.digest.clone()), "{annotations}");
        }
    }

    #[test]
    fn a_blob_beside_the_platforms_stays_behind() {
        let text = std::str::from_utf8(&upstream().bytes).unwrap().to_owned();
        let blob = entry(9, "null", "").replace(media_type::OCI_MANIFEST, "application/vnd.buildkit.cacheconfig.v0");
        let index = Document::new(text.replacen("[{", &format!("[{blob},{{"), 1).into(), None, None).unwrap();
        let kept = index.subset(&platforms(&["linux/arm64", "linux/amd64"])).unwrap();
        assert!(
            matches!(kept.read(), Ok(Content::Index { children, blobs, .. }) if children.len() == 4 && blobs.is_empty())
        );
    }

    /// An entry marked as an attestation of the first manifest, and its platform.
    fn disguised(platform: &str) -> Document {
        let text = std::str::from_utf8(&upstream().bytes).unwrap().to_owned();
        let marks = format!(r#","annotations":{{"{ABOUT}":"{}"}}"#, digest(1));
        Document::new(text.replacen("[{", &format!("[{},{{", entry(9, platform, &marks)), 1).into(), None, None)
            .unwrap()
    }

    #[test]
    fn an_entry_is_for_its_platform_whatever_its_annotations_say() {
        let digests = |index: &Document, wanted: &[&str]| {
            let Content::Index { children, .. } = index.subset(&platforms(wanted)).unwrap().read().unwrap() else {
                panic!("a manifest")
            };
            children.into_iter().map(|child| child.digest).collect::<Vec<_>>()
        };
        for platform in [
            r#"{"os":"linux","architecture":"s390x"}"#,
            r#"{"os":"unknown","architecture":"s390x"}"#,
            r#"{"os":"unknown","architecture":"unknown","variant":"v8"}"#,
            r#"{"os":"Linux","architecture":"S390X"}"#,
            "null",
        ] {
            assert_eq!(digests(&disguised(platform), &["linux/amd64"]), [digest(1), digest(11)], "{platform}");
        }
        let wanted = disguised(r#"{"os":"linux","architecture":"s390x"}"#);
        assert_eq!(digests(&wanted, &["linux/s390x"]), [digest(9)]);
    }

    #[test]
    fn attestations_are_no_platform() {
        assert!(upstream().subset(&platforms(&["unknown/unknown"])).is_err());
    }
}
