//! `index.json` of a layout. Entries are kept as they were written.

use serde_json::{Map, Value, json};

use crate::content::{descriptor_json, media_type};
use crate::image::{Descriptor, Digest, Tag};

/// The annotation that names an entry (OCI image specification, `annotations.md`).
const NAME: &str = "org.opencontainers.image.ref.name";

/// An entry: its descriptor, and its JSON.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) media_type: String,
    pub(super) digest: Digest,
    json: Value,
}

impl From<Descriptor> for Entry {
    fn from(descriptor: Descriptor) -> Self {
        let json = descriptor_json(&descriptor);
        Self { media_type: descriptor.media_type, digest: descriptor.digest, json }
    }
}

impl Entry {
    fn parse(json: Value) -> Result<Self, String> {
        let text = |name: &str| json.get(name).and_then(Value::as_str);
        let digest =
            text("digest").ok_or("an entry without a digest")?.parse().map_err(|e| format!("an entry: {e}"))?;
        let media_type = text("mediaType").unwrap_or(media_type::OCI_MANIFEST).to_owned();
        Ok(Self { media_type, digest, json })
    }

    /// Its tag: the name, or the part after the last colon of a whole reference.
    pub(super) fn name(&self) -> Option<Tag> {
        let name = self.json["annotations"][NAME].as_str()?;
        let tag = name.rsplit_once(':').map_or(name, |(_, tag)| tag);
        tag.parse().ok()
    }

    fn set_name(&mut self, name: Option<&Tag>) {
        let Some(entry) = self.json.as_object_mut() else { return };
        let annotations = entry.entry("annotations").or_insert(Value::Null);
        if annotations.is_null() {
            *annotations = json!({});
        }
        let Some(annotations) = annotations.as_object_mut() else { return };
        match name {
            Some(tag) => annotations.insert(NAME.to_owned(), json!(tag.as_str())),
            None => annotations.shift_remove(NAME),
        };
        if annotations.is_empty() {
            entry.shift_remove("annotations");
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Index {
    other: Map<String, Value>,
    pub(super) entries: Vec<Entry>,
}

impl Default for Index {
    fn default() -> Self {
        let other =
            [("schemaVersion", json!(2)), ("mediaType", json!(media_type::OCI_INDEX)), ("manifests", json!([]))];
        Self { other: other.into_iter().map(|(k, v)| (k.to_owned(), v)).collect(), entries: Vec::new() }
    }
}

impl Index {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let bad = |e: serde_json::Error| format!("not JSON at line {}, column {}", e.line(), e.column());
        let mut other: Map<String, Value> = serde_json::from_slice(bytes).map_err(bad)?;
        let manifests = other.insert("manifests".to_owned(), json!([])).unwrap_or_default();
        let Value::Array(manifests) = manifests else { return Err("no list of manifests".to_owned()) };
        let entries = manifests.into_iter().map(Entry::parse).collect::<Result<_, _>>()?;
        Ok(Self { other, entries })
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut whole = self.other.clone();
        whole.insert("manifests".to_owned(), self.entries.iter().map(|e| e.json.clone()).collect());
        Value::Object(whole).to_string().into_bytes()
    }

    /// Makes `tag` name `entry` and nothing else. The entry it named before is kept without a name if it has no other:
    /// it may still be requested by digest.
    pub(super) fn name(&mut self, tag: &Tag, mut entry: Entry) {
        entry.set_name(Some(tag));
        let already = self.entries.iter().any(|e| e.digest == entry.digest && e.name().as_ref() == Some(tag));
        if already {
            return;
        }
        for old in self.entries.iter_mut().filter(|e| e.name().as_ref() == Some(tag)) {
            old.set_name(None);
        }
        self.entries.retain(|e| e.digest != entry.digest || e.name().is_some());
        self.entries.push(entry);
        let named: Vec<Digest> = self.entries.iter().filter(|e| e.name().is_some()).map(|e| e.digest.clone()).collect();
        let mut seen = Vec::new();
        self.entries.retain(|e| {
            let first = !seen.contains(&e.digest);
            seen.push(e.digest.clone());
            e.name().is_some() || (first && !named.contains(&e.digest))
        });
    }

    /// Removes `tag`. Its entry is no longer found unless it has another name; the blobs stay.
    pub(super) fn unname(&mut self, tag: &Tag) {
        self.entries.retain(|entry| entry.name().as_ref() != Some(tag));
    }

    /// Removes every entry of a digest.
    pub(super) fn remove(&mut self, digest: &Digest) {
        self.entries.retain(|entry| entry.digest != *digest);
    }

    /// Adds an entry without a name, unless it exists already.
    pub(super) fn add(&mut self, entry: Entry) {
        if !self.entries.iter().any(|e| e.digest == entry.digest) {
            self.entries.push(entry);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn entry(n: u8) -> Entry {
        let json = json!({"mediaType": media_type::OCI_MANIFEST, "digest": Digest::sha256(&[n]), "size": 1, "x": n});
        Entry::parse(json).unwrap()
    }

    fn rows(index: &Index) -> Vec<String> {
        let name = |e: &Entry| e.name().map_or("-".to_owned(), |t| t.to_string());
        index.entries.iter().map(|e| format!("{} {}", e.json["x"], name(e))).collect()
    }

    #[test]
    fn names_move_and_what_they_left_stays() {
        let (a, b): (Tag, Tag) = ("a".parse().unwrap(), "b".parse().unwrap());
        let mut index = Index::default();
        index.name(&a, entry(1));
        index.name(&b, entry(1));
        index.name(&a, entry(2));
        assert_eq!(rows(&index), ["1 b", "2 a"]);
        index.name(&b, entry(2));
        assert_eq!(rows(&index), ["1 -", "2 a", "2 b"]);
        index.name(&a, entry(1));
        assert_eq!(rows(&index), ["2 b", "1 a"]);
        let before = index.clone();
        index.name(&a, entry(1));
        index.add(entry(1));
        assert_eq!(index, before);
        index.unname(&b);
        assert_eq!(rows(&index), ["1 a"]);
        index.unname(&b);
        index = before.clone();
        index.remove(&entry(2).digest);
        assert_eq!(rows(&index), ["1 a"]);
        index = before;
        assert_eq!(Index::parse(&index.to_bytes()).unwrap(), index);
    }

    #[test]
    fn whole_references_name_their_tag() {
        let mut named = entry(1);
        named.json["annotations"] = json!({NAME: "docker.io/library/redis:7.2"});
        assert_eq!(named.name().unwrap().as_str(), "7.2");
    }

    #[test]
    fn broken_files_are_refused() {
        for text in ["", "[]", "{}", r#"{"manifests": 1}"#, r#"{"manifests": [{"digest": "sha256:../x"}]}"#] {
            assert!(Index::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
