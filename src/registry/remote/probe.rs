//! What a credential may access, checked so that nothing counts as a pull: by HEAD alone, whatever the answer lacks.

use std::sync::Arc;

use reqwest::{Method, StatusCode};

use super::call::Call;
use super::client::Client;
use super::manifests::header_digest;
use super::repository::Remote;
use crate::image::{Digest, Reference, RegistryHost, Repository};
use crate::registry::auth::Identity;
use crate::registry::error::Error;

impl Client {
    /// Checks whether a registry accepts the credential at all, using what every registry has (OCI distribution
    /// specification, "Determining Support").
    pub async fn probe_sign_in(self: &Arc<Self>, registry: &RegistryHost) -> Result<(), Error> {
        let endpoint = self.endpoint(registry)?;
        let url = endpoint.url("").map_err(|e| endpoint.protocol(e))?;
        let call = Call::of_registry(url, format!("signing in to {registry}"));
        let answer = self.call(&endpoint, Identity::Own, &call).await?;
        endpoint.success(&answer, &call.action)
    }

    /// What a reference resolves to, by HEAD and nothing else: its digest, if the answer contains it. `None` if there
    /// is no such manifest.
    pub async fn probe_manifest(
        self: &Arc<Self>,
        repository: &Repository,
        reference: &Reference,
    ) -> Result<Option<Option<Digest>>, Error> {
        let remote = Remote::new(Arc::clone(self), repository.clone());
        let endpoint = remote.endpoint()?;
        let call = remote.manifest_call(&endpoint, Method::HEAD, reference, remote.pull())?;
        let answer = self.call(&endpoint, Identity::Own, &call).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        endpoint.success(&answer, &call.action)?;
        Ok(Some(header_digest(&answer.headers)))
    }
}
