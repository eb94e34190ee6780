//! Deleting tags and manifests (OCI distribution specification, "Content Management").

use reqwest::{Method, StatusCode};

use super::Remote;
use super::transport::Call;
use crate::image::Reference;
use crate::registry::auth::Scopes;
use crate::registry::{Deleted, Error};

/// An answer to a deletion is short.
const LIMIT: usize = 64 << 10;

impl Remote {
    /// Deletes what a reference names: by tag the tag alone, by digest the manifest and all its tags. The specification
    /// lets a registry that deletes no such thing answer 400 or 405.
    pub(super) async fn delete(&self, reference: &Reference) -> Result<Deleted, Error> {
        let endpoint = self.endpoint()?;
        let name = &self.repository.name;
        let url = endpoint.url(&format!("{name}/manifests/{reference}")).map_err(|e| endpoint.protocol(e))?;
        let sign = if matches!(reference, Reference::Digest(_)) { '@' } else { ':' };
        let call = Call {
            method: Method::DELETE,
            url,
            headers: Vec::new(),
            body: bytes::Bytes::new(),
            scopes: Scopes::delete(name),
            action: format!("deletion of {name}{sign}{reference}"),
            limit: Some(LIMIT),
        };
        let answer = self.client.call(&endpoint, self.identity, &call).await?;
        match answer.status {
            status if status.is_success() => Ok(Deleted::Done),
            StatusCode::NOT_FOUND => self.gone(reference, answer.said.text).await,
            StatusCode::BAD_REQUEST | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => {
                Ok(Deleted::Unsupported(answer.said.text))
            }
            _ => Err(endpoint.protocol(format!("{}: {}", call.action, answer.said.text))),
        }
    }

    /// 404 is also what registries say that look for a digest where a tag is named: what still answers was not deleted.
    async fn gone(&self, reference: &Reference, said: String) -> Result<Deleted, Error> {
        Ok(match self.head_manifest(reference, self.pull()).await? {
            None => Deleted::Done,
            Some(_) => Deleted::Unsupported(said),
        })
    }
}
