//! Deleting tags and manifests (OCI distribution specification, "Content Management").

use reqwest::{Method, StatusCode};

use super::call::Call;
use super::repository::Remote;
use crate::image::Reference;
use crate::registry::auth::Scopes;
use crate::registry::error::Error;
use crate::registry::store::Deleted;

impl Remote {
    /// Deletes what a reference names: by tag the tag alone, by digest the manifest and all its tags. The specification
    /// lets a registry that deletes no such thing answer 400 or 405.
    pub(super) async fn delete(&self, reference: &Reference) -> Result<Deleted, Error> {
        let endpoint = self.endpoint()?;
        let action = format!("deletion of {}", self.display_name(reference));
        let path = format!("manifests/{reference}");
        let call =
            Call { scopes: Scopes::delete(self.name()), ..self.new_call(&endpoint, Method::DELETE, &path, action)? };
        let answer = self.client.call(&endpoint, self.identity, &call).await?;
        match answer.status {
            status if status.is_success() => Ok(Deleted::Done),
            StatusCode::NOT_FOUND => self.gone(reference, answer.error.text).await,
            StatusCode::BAD_REQUEST | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => {
                Ok(Deleted::Unsupported(answer.error.text))
            }
            _ => Err(endpoint.protocol(format!("{}: {}", call.action, answer.error.text))),
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
