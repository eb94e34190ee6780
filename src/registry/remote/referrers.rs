//! Referrers: the API, else the fallback tag (OCI distribution specification, "Listing Referrers" and "Referrers Tag
//! Schema").

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use reqwest::StatusCode;
use serde_json::{Map, Value, json};

use super::call::Answer;
use super::endpoint::Endpoint;
use super::pages::Pages;
use super::repository::Remote;
use crate::content::{self, Document, companion, media_type};
use crate::image::{Descriptor, Digest, Reference};
use crate::registry::error::Error;

/// How long to wait for the API's answer about another repository.
const OTHERS: Duration = Duration::from_secs(2);

impl Remote {
    /// What refers to a digest, according to the API; `None` if there is no such API: it is refused, however worded, or
    /// returns something other than an index. A fault or a limit is an error: it must not hide a signature.
    pub(super) async fn list_referrers(&self, digest: &Digest) -> Result<Option<Vec<Descriptor>>, Error> {
        let endpoint = self.endpoint()?;
        let (habits, mut first) = (&endpoint.habits, None);
        let here = habits.referrers_asked_of(self.name());
        let asks = AtomicBool::new(false);
        if !here.initialized() {
            // If it turns out that there is no such API, at the registry or for a repository, no other task asks.
            let anywhere = habits.referrers_asked.get_or_init(|| async {
                asks.store(true, Ordering::Relaxed);
                here.get_or_init(|| async { first = Some(self.ask_for_referrers(&endpoint, digest).await) }).await;
            });
            let mut anywhere = std::pin::pin!(anywhere);
            let waited = tokio::time::timeout(OTHERS, &mut anywhere).await;
            // A slow answer about another repository does not concern this one.
            if waited.is_err() && asks.load(Ordering::Relaxed) {
                anywhere.await;
            }
        }
        if first.is_none() && !habits.lacks_referrers(self.name()) {
            here.get_or_init(|| async { first = Some(self.ask_for_referrers(&endpoint, digest).await) }).await;
        }
        match first {
            Some(answer) => answer,
            None if habits.lacks_referrers(self.name()) => Ok(None),
            None => self.ask_for_referrers(&endpoint, digest).await,
        }
    }

    async fn ask_for_referrers(&self, endpoint: &Endpoint, digest: &Digest) -> Result<Option<Vec<Descriptor>>, Error> {
        match self.pages(endpoint, &format!("referrers/{digest}"), media_type::OCI_INDEX, "referrers").await {
            Ok(Pages::Found(pages)) => self.read_referrers(endpoint, digest, &pages),
            Ok(Pages::Other(answer)) if answer.is_declined() => {
                self.learn_from(endpoint, &answer);
                Ok(None)
            }
            Ok(Pages::Other(answer)) => {
                Err(endpoint.protocol(format!("referrers of {digest} in {}: {}", self.name(), answer.error.text)))
            }
            // If everything is refused, nothing is known about referrers.
            Err(error) if error.is_declined() && self.reads(digest).await => {
                endpoint.habits.learn_no_referrers_of(self.name());
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn read_referrers(
        &self,
        endpoint: &Endpoint,
        digest: &Digest,
        pages: &[Bytes],
    ) -> Result<Option<Vec<Descriptor>>, Error> {
        let fail = |text: String| endpoint.protocol(format!("referrers of {digest}: {text}"));
        let mut all = Vec::new();
        for (at, page) in pages.iter().enumerate() {
            match content::referrers(page).map_err(|e| fail(e.to_string()))? {
                Some(listed) => all.extend(listed),
                None if at == 0 => {
                    endpoint.habits.learn_no_referrers_of(self.name());
                    return Ok(None);
                }
                None => return Err(fail("another page that is not an index".to_owned())),
            }
        }
        Ok(Some(all))
    }

    /// A registry that has the API but not the repository says so; one that answers this way to an unknown route has no
    /// API anywhere. Other requests it refuses may work for other repositories.
    fn learn_from(&self, endpoint: &Endpoint, answer: &Answer) {
        match answer.status {
            _ if answer.error.has("NAME_UNKNOWN") => {}
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => {
                endpoint.habits.learn_no_referrers();
            }
            _ => endpoint.habits.learn_no_referrers_of(self.name()),
        }
    }

    /// Whether manifests of the repository can be read.
    async fn reads(&self, digest: &Digest) -> bool {
        self.head_manifest(&Reference::Digest(digest.clone()), self.pull()).await.is_ok()
    }

    /// Adds a document to the index under the fallback tag of its subject.
    pub(super) async fn add_referrer(
        &self,
        endpoint: &Endpoint,
        subject: &Digest,
        document: &Document,
    ) -> Result<(), Error> {
        let fail = |e: String| endpoint.protocol(e);
        let tag = companion::fallback_tag(subject).map_err(|e| fail(format!("no fallback tag for {subject}: {e}")))?;
        let reference = Reference::Tag(tag);
        let _one_at_a_time = endpoint.fallback.lock().await;
        let present = self.get_manifest(&reference, self.push()).await?;
        let extended = extended(present.as_ref(), document).map_err(fail)?;
        match extended {
            Some(index) => self.put_verified(endpoint, &reference, &index).await.map(|_| ()),
            None => Ok(()),
        }
    }
}

/// The index with the document in it; `None` if it is there already. Entries of others stay as they are.
pub(crate) fn extended(present: Option<&Document>, document: &Document) -> Result<Option<Document>, String> {
    let mut index: Map<String, Value> = match present {
        Some(present) => serde_json::from_slice(&present.bytes).map_err(|e| format!("the fallback index: {e}"))?,
        None => Map::from_iter([
            ("schemaVersion".to_owned(), json!(2)),
            ("mediaType".to_owned(), json!(media_type::OCI_INDEX)),
            ("manifests".to_owned(), json!([])),
        ]),
    };
    if index.get("manifests").is_some_and(Value::is_null) {
        index.insert("manifests".to_owned(), json!([]));
    }
    let entries = index.get_mut("manifests").and_then(Value::as_array_mut);
    let entries = entries.ok_or("the fallback tag does not refer to an index")?;
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
