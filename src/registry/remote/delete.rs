//! Deleting tags and manifests (OCI distribution specification, "Content Management").

use reqwest::{Method, StatusCode};

use super::call::{Answer, Call};
use super::endpoint::Endpoint;
use super::repository::Remote;
use crate::image::Reference;
use crate::registry::auth::Scopes;
use crate::registry::error::Error;
use crate::registry::store::Deleted;
use crate::registry::wire::Tries;

impl Remote {
    /// Deletes what a reference names: a tag alone, or by digest the manifest and all its tags. The specification lets
    /// a registry that does not support this answer 400 or 405.
    pub(super) async fn delete(&self, reference: &Reference) -> Result<Deleted, Error> {
        let endpoint = self.endpoint()?;
        let action = format!("deletion of {}", self.display_name(reference));
        let path = format!("manifests/{reference}");
        let call =
            Call { scopes: Scopes::delete(self.name()), ..self.new_call(&endpoint, Method::DELETE, &path, action)? };
        let Some(answer) = self.delete_once(&endpoint, reference, &call).await? else { return Ok(Deleted::Done) };
        match answer.status {
            status if status.is_success() => Ok(Deleted::Done),
            StatusCode::NOT_FOUND => self.gone(reference, answer.error.text).await,
            StatusCode::BAD_REQUEST | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => {
                Ok(Deleted::Unsupported(answer.error.text))
            }
            _ => Err(endpoint.protocol(format!("{}: {}", call.action, answer.error.text))),
        }
    }

    /// The answer to DELETE; `None` if it was lost and the target is gone: the request is not repeated then, as
    /// somebody else may put something there.
    async fn delete_once(
        &self,
        endpoint: &Endpoint,
        reference: &Reference,
        call: &Call,
    ) -> Result<Option<Answer>, Error> {
        let mut tries = Tries::default();
        loop {
            let fault = match self.client.call_once(endpoint, self.identity, call).await {
                Ok(answer) => return Ok(Some(answer)),
                Err(fault) => fault,
            };
            if fault.may_be_done() && matches!(self.head_manifest(reference, self.pull()).await, Ok(None)) {
                return Ok(None);
            }
            let waited = self.client.wait(endpoint, &mut tries, fault, call).await;
            waited.map_err(|kind| endpoint.error(kind))?;
        }
    }

    /// Registries that take a tag for a digest also answer 404: what still resolves was not deleted.
    async fn gone(&self, reference: &Reference, said: String) -> Result<Deleted, Error> {
        Ok(match self.head_manifest(reference, self.pull()).await? {
            None => Deleted::Done,
            Some(_) => Deleted::Unsupported(said),
        })
    }
}
