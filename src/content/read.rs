//! From JSON to [`Content`]. Refuses what two readers could understand differently.

use serde_json::{Value, json};

use super::document::{Content, ContentError, DESCRIPTOR_LIMIT, Document, MANIFEST_LIMIT};
use super::media_type;
use super::raw::{Raw, RawDescriptor, annotations, blobs, parse, parse_all};
use super::strict::{self, clean};
use crate::image::{Descriptor, Digest};

impl Document {
    /// The document with these bytes. `content_type` is the type according to the registry, or to the descriptor in a
    /// layout; without it, or if no manifest has it, such as `text/plain`, the document's own `mediaType` counts, and
    /// without that its members. `asked` is the digest that the bytes must have.
    ///
    /// # Errors
    /// If they are too many, not a JSON object, of an unknown type or of schema 1, or have another digest; and if two
    /// readers could understand them differently: their type differs from their own `mediaType`, they are both manifest
    /// and index, or have a member twice or in another spelling.
    pub fn new(bytes: bytes::Bytes, content_type: Option<&str>, asked: Option<&Digest>) -> Result<Self, ContentError> {
        if bytes.len() > MANIFEST_LIMIT {
            return Err(ContentError::Unusable(format!(
                "a manifest of {} bytes; the limit is {MANIFEST_LIMIT}",
                bytes.len()
            )));
        }
        let digest = asked.cloned().unwrap_or_else(|| Digest::sha256(&bytes));
        if asked.is_some_and(|asked| !asked.matches(&bytes)) {
            return Err(ContentError::Unusable(format!("the bytes do not have the digest {digest}")));
        }
        let media_type = agreed_type(&bytes, content_type)?;
        Ok(Self { media_type, digest, bytes })
    }

    /// Reads what the document refers to.
    ///
    /// # Errors
    /// If it is not a manifest or index of a known schema, or has more than [`DESCRIPTOR_LIMIT`] descriptors.
    pub fn read(&self) -> Result<Content, ContentError> {
        let raw = checked(self)?;
        let subject = raw.subject.map(RawDescriptor::parse).transpose()?;
        if let Some(listed) = raw.manifests {
            // An entry with a platform is meant as an image.
            let (blobs, children): (Vec<_>, Vec<_>) = listed
                .into_iter()
                .partition(|entry| entry.names_no_platform() && media_type::is_listed_blob(&entry.media_type));
            let (children, blobs) = (parse_all(children)?, parse_all(blobs)?);
            return Ok(Content::Index { children, blobs, subject });
        }
        if self.media_type == media_type::OCI_ARTIFACT {
            return Ok(Content::Manifest { config: None, layers: parse_all(blobs(raw.blobs)?)?, subject });
        }
        let config = raw.config.ok_or_else(|| ContentError::Unusable("a manifest without config".to_owned()))?;
        let layers = parse_all(raw.layers.unwrap_or_default())?;
        Ok(Content::Manifest { config: Some(config.parse()?), layers, subject })
    }

    /// Everything that an index lists, in order, whatever its type: in a list of referrers each entry is one.
    ///
    /// # Errors
    /// As [`Document::read`], and if the document is not an index.
    pub(crate) fn listed(&self) -> Result<Vec<Descriptor>, ContentError> {
        checked(self)?.manifests.map_or_else(|| Err(no_index()), parse_all)
    }

    /// The manifests and indexes that an index lists, in order.
    ///
    /// # Errors
    /// As [`Document::read`], and if the document is not an index.
    pub fn children(&self) -> Result<Vec<Descriptor>, ContentError> {
        match self.read()? {
            Content::Index { children, .. } => Ok(children),
            Content::Manifest { .. } => Err(no_index()),
        }
    }

    /// The layers of a manifest, in order.
    ///
    /// # Errors
    /// As [`Document::read`], and if the document is an index.
    pub fn layers(&self) -> Result<Vec<Descriptor>, ContentError> {
        match self.read()? {
            Content::Manifest { layers, .. } => Ok(layers),
            Content::Index { .. } => Err(ContentError::Unusable("an index where a manifest should be".to_owned())),
        }
    }

    /// The artifact type that it declares.
    pub(super) fn artifact_type(&self) -> Option<String> {
        checked(self).ok()?.artifact_type.filter(|t| !t.is_empty())
    }

    /// The descriptor of this document in a list of referrers: with its artifact type (for an image manifest without
    /// one, its configuration's media type) and its annotations.
    ///
    /// # Errors
    /// As [`Document::read`].
    pub fn descriptor(&self) -> Result<Descriptor, ContentError> {
        let raw = checked(self)?;
        Ok(Descriptor {
            media_type: self.media_type.clone(),
            digest: self.digest.clone(),
            size: self.bytes.len() as u64,
            platform: None,
            artifact_type: raw.artifact_type.filter(|t| !t.is_empty()).or_else(|| raw.config.map(|c| c.media_type)),
            annotations: annotations(raw.annotations),
        })
    }
}

/// What a registry's API lists as referrers (OCI distribution specification, "Listing Referrers"); `None` if it is not
/// an index. `null` is an empty list.
///
/// # Errors
/// If it is an index that cannot be read, or that two readers could understand differently.
pub(crate) fn referrers(bytes: &[u8]) -> Result<Option<Vec<Descriptor>>, ContentError> {
    let Ok(list) = serde_json::from_slice::<serde_json::Map<String, Value>>(bytes) else { return Ok(None) };
    let called = list.get("mediaType").and_then(Value::as_str);
    if !called.is_none_or(media_type::is_index) || !matches!(list.get("manifests"), Some(Value::Array(_) | Value::Null))
    {
        return Ok(None);
    }
    strict::check_document(bytes)?;
    let listed = parse(bytes)?.manifests.unwrap_or_default();
    limited(listed.len())?;
    parse_all(listed).map(Some)
}

/// The media type of the bytes, if they and their source agree on it.
fn agreed_type(bytes: &[u8], content_type: Option<&str>) -> Result<String, ContentError> {
    let called = content_type.map(|t| t.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    let called = called.filter(|called| !media_type::is_generic(called));
    if let Some(called) = called.as_deref().filter(|t| media_type::is_schema1(t)) {
        return Err(schema1(called));
    }
    if let Some(called) = called.as_deref().filter(|t| !media_type::ACCEPTED.contains(t)) {
        return Err(ContentError::Unusable(format!("not a manifest, but {}", clean(called))));
    }
    strict::check_document(bytes)?;
    let raw = parse(bytes)?;
    if raw.schema_version == Some(1) || raw.fs_layers.is_some() {
        return Err(schema1("schemaVersion 1"));
    }
    let media_type = match (called, &raw.media_type) {
        (Some(called), Some(own)) if called != *own => {
            let text = format!("a manifest that is served as {called} but declares itself {}", clean(own));
            return Err(ContentError::Ambiguous(text));
        }
        (_, Some(own)) if media_type::is_schema1(own) => return Err(schema1(own)),
        (None, Some(own)) if !media_type::ACCEPTED.contains(&own.as_str()) => {
            return Err(ContentError::Unusable(format!("a manifest of unknown type {}", clean(own))));
        }
        (Some(called), _) => called,
        (None, Some(own)) => own.clone(),
        (None, None) => shape(&raw)?.to_owned(),
    };
    of_one_kind(&raw, &media_type)?;
    Ok(media_type)
}

/// Checks that a document has no members of the other kind (CVE-2021-41190).
fn of_one_kind(raw: &Raw, media_type: &str) -> Result<(), ContentError> {
    let index = media_type::is_index(media_type);
    if media_type == media_type::OCI_ARTIFACT && (raw.config.is_some() || raw.layers.is_some()) {
        return Err(ContentError::Ambiguous("a document with the members of two kinds of manifest".to_owned()));
    }
    let manifest_members = raw.config.is_some() || raw.layers.is_some();
    if (index && manifest_members) || (!index && raw.manifests.is_some()) {
        return Err(ContentError::Ambiguous("a document with the members of both an index and a manifest".to_owned()));
    }
    Ok(())
}

/// The type of a document without a stated one: earlier OCI image specifications do not require it to state its own.
fn shape(raw: &Raw) -> Result<&'static str, ContentError> {
    match (&raw.manifests, &raw.config) {
        (Some(_), _) => Ok(media_type::OCI_INDEX),
        (None, Some(_)) => Ok(media_type::OCI_MANIFEST),
        (None, None) => Err(ContentError::Unusable("a manifest without any media type".to_owned())),
    }
}

fn checked(document: &Document) -> Result<Raw, ContentError> {
    let raw = parse(&document.bytes)?;
    // Artifact manifests have no version.
    let unversioned = document.media_type == media_type::OCI_ARTIFACT && raw.schema_version.is_none();
    if raw.schema_version != Some(2) && !unversioned {
        return Err(ContentError::Unusable("a manifest whose schemaVersion is not 2".to_owned()));
    }
    if media_type::is_index(&document.media_type) && raw.manifests.is_none() {
        return Err(ContentError::Unusable("an index without manifests".to_owned()));
    }
    let blobs = raw.blobs.as_ref().and_then(Value::as_array);
    limited(
        raw.manifests.as_ref().map_or(0, Vec::len)
            + raw.layers.as_ref().map_or(0, Vec::len)
            + blobs.map_or(0, Vec::len),
    )?;
    Ok(raw)
}

fn limited(descriptors: usize) -> Result<(), ContentError> {
    if descriptors > DESCRIPTOR_LIMIT {
        let text = format!("{descriptors} descriptors in one document; the limit is {DESCRIPTOR_LIMIT}");
        return Err(ContentError::Unusable(text));
    }
    Ok(())
}

fn no_index() -> ContentError {
    ContentError::Unusable("a manifest where an index should be".to_owned())
}

fn schema1(what: &str) -> ContentError {
    ContentError::Unusable(format!(
        "an image manifest of schema 1 ({what}), which is not supported: upstream has to republish it"
    ))
}

/// A descriptor as JSON (OCI image specification, `descriptor.md`), without a platform.
pub(crate) fn descriptor_json(descriptor: &Descriptor) -> Value {
    let mut json = json!({
        "mediaType": descriptor.media_type,
        "digest": descriptor.digest.as_str(),
        "size": descriptor.size,
    });
    if let Some(artifact_type) = &descriptor.artifact_type {
        json["artifactType"] = json!(artifact_type);
    }
    if !descriptor.annotations.is_empty() {
        json["annotations"] = json!(descriptor.annotations);
    }
    json
}
