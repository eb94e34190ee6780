//! Referrers: the API, else the fallback tag (OCI distribution specification, "Listing Referrers", "Referrers Tag Schema").

use std::sync::atomic::Ordering;

use serde_json::{Map, Value, json};

use super::Remote;
use super::endpoint::Endpoint;
use super::pages::{Pages, is_missing};
use crate::content::{self, Content, Document, media_type};
use crate::image::{Descriptor, Digest, Reference, Tag};
use crate::registry::{Error, ErrorKind};

impl Remote {
    /// What refers to a digest. A refusal, a fault or a limit is an error: a signature must not be lost to one.
    pub(super) async fn list_referrers(&self, digest: &Digest) -> Result<Vec<Descriptor>, Error> {
        let endpoint = self.endpoint()?;
        if endpoint.lacks_referrers() {
            return self.fallback_referrers(&endpoint, digest).await;
        }
        let url = endpoint.url(&format!("{}/referrers/{digest}", self.name())).map_err(|e| endpoint.protocol(e))?;
        match self.pages(&endpoint, url, media_type::OCI_INDEX, "referrers").await? {
            Pages::Found(pages) => pages.into_iter().try_fold(Vec::new(), |mut all, page| {
                let document = Document::new(page, Some(media_type::OCI_INDEX), None);
                all.extend(children(&endpoint, document.and_then(|d| d.read()))?);
                Ok(all)
            }),
            Pages::Other(answer) if is_missing(&answer) => {
                // A registry that has the API but not the repository says so; else it does not have the API.
                if !answer.said.has("NAME_UNKNOWN") {
                    endpoint.no_referrers.store(true, Ordering::Relaxed);
                }
                self.fallback_referrers(&endpoint, digest).await
            }
            Pages::Other(answer) => {
                Err(endpoint.protocol(format!("referrers of {digest} in {}: {}", self.name(), answer.said.text)))
            }
        }
    }

    async fn fallback_referrers(&self, endpoint: &Endpoint, digest: &Digest) -> Result<Vec<Descriptor>, Error> {
        let tag = fallback_tag(digest).map_err(|e| endpoint.protocol(e))?;
        match self.get_manifest(&Reference::Tag(tag), self.pull()).await? {
            Some(document) => children(endpoint, document.read()),
            None => Ok(Vec::new()),
        }
    }

    /// Adds a document to the index under the fallback tag of what it refers to.
    pub(super) async fn add_referrer(
        &self,
        endpoint: &Endpoint,
        subject: &Digest,
        document: &Document,
    ) -> Result<(), Error> {
        let fail = |e: String| endpoint.protocol(e);
        let reference = Reference::Tag(fallback_tag(subject).map_err(fail)?);
        let _one_at_a_time = endpoint.fallback.lock().await;
        let present = self.get_manifest(&reference, self.push()).await?;
        let extended = extended(present.as_ref(), document).map_err(fail)?;
        match extended {
            Some(index) => self.put_verified(endpoint, &reference, &index).await.map(|_| ()),
            None => Ok(()),
        }
    }
}

/// `sha256-<64 hexadecimal digits>`: algorithm and digits cut to 32 and 64 characters.
fn fallback_tag(digest: &Digest) -> Result<Tag, String> {
    let hex: String = digest.hex().chars().take(64).collect();
    format!("{}-{hex}", digest.algorithm()).parse().map_err(|e| format!("no fallback tag for {digest}: {e}"))
}

fn children(
    endpoint: &Endpoint,
    content: Result<Content, crate::content::ContentError>,
) -> Result<Vec<Descriptor>, Error> {
    match content {
        Ok(Content::Index { children, .. }) => Ok(children),
        Ok(Content::Manifest { .. }) => {
            Err(endpoint.error(ErrorKind::Protocol("referrers that are no index".to_owned())))
        }
        Err(e) => Err(endpoint.protocol(format!("referrers: {e}"))),
    }
}

/// The index with the document in it; `None` where it is there already. What others wrote stays as it is.
pub(crate) fn extended(present: Option<&Document>, document: &Document) -> Result<Option<Document>, String> {
    let mut index: Map<String, Value> = match present {
        Some(present) => serde_json::from_slice(&present.bytes).map_err(|e| format!("the fallback index: {e}"))?,
        None => Map::from_iter([
            ("schemaVersion".to_owned(), json!(2)),
            ("mediaType".to_owned(), json!(media_type::OCI_INDEX)),
            ("manifests".to_owned(), json!([])),
        ]),
    };
    let entries = index.get_mut("manifests").and_then(Value::as_array_mut);
    let entries = entries.ok_or("what stands under the fallback tag is no index")?;
    if entries.iter().any(|e| e["digest"] == document.digest.as_str()) {
        return Ok(None);
    }
    entries.push(content::descriptor_json(&document.descriptor().map_err(|e| e.to_string())?));
    let bytes = serde_json::to_vec(&index).map_err(|e| e.to_string())?;
    Document::new(bytes.into(), Some(media_type::OCI_INDEX), None).map(Some).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn fallback_tags_are_cut_as_the_specification_says() {
        let (a, b) = ("a".repeat(64), "b".repeat(128));
        let of = |text: String| fallback_tag(&text.parse().unwrap()).unwrap().to_string();
        assert_eq!(of(format!("sha256:{a}")), format!("sha256-{a}"));
        assert_eq!(of(format!("sha512:{b}")), format!("sha512-{}", "b".repeat(64)));
    }

    #[test]
    fn the_fallback_index_grows_once_and_keeps_what_others_wrote() {
        let config =
            json!({"mediaType": "application/vnd.oci.empty.v1+json", "digest": Digest::sha256(b"{}"), "size": 2});
        let signature = json!({"schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "artifactType": "application/x",
            "config": config, "layers": [], "annotations": {"a": "b"}});
        let signature = Document::new(signature.to_string().into(), None, None).unwrap();
        let first = extended(None, &signature).unwrap().unwrap();
        assert_eq!(extended(Some(&first), &signature), Ok(None));
        let text = std::str::from_utf8(&first.bytes).unwrap();
        assert!(text.contains(r#""artifactType":"application/x","annotations":{"a":"b"}"#), "{text}");
        let theirs = text.replace("\"schemaVersion\":2", "\"schemaVersion\":2,\"x-other\":[1.5]");
        let theirs = Document::new(
            theirs
                .replace("application/x", "application/y")
                .replace(signature.digest.as_str(), Digest::sha256(b"o").as_str())
                .into(),
            None,
            None,
        )
        .unwrap();
        let both = extended(Some(&theirs), &signature).unwrap().unwrap();
        let text = std::str::from_utf8(&both.bytes).unwrap();
        assert!(
            text.contains("x-other\":[1.5]") && text.contains("application/y") && text.contains("application/x"),
            "{text}"
        );
    }
}
