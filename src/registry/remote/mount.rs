//! Mounts: reusing blobs of another repository of the same registry (OCI distribution specification, "Mounting a blob
//! from another repository"). If a mount is declined, the bytes are sent.

use reqwest::StatusCode;
use url::Url;

use super::endpoint::Endpoint;
use super::mounts::Refused;
use super::repository::Remote;
use super::session::{is_named, location};
use crate::image::{Digest, RepositoryName};
use crate::registry::auth::Scopes;
use crate::registry::error::{Error, ErrorKind};

pub(super) enum Mount {
    Done,
    /// The registry opened an upload instead.
    Session(Url),
    Declined,
}

impl Remote {
    /// Mounts a blob. Whatever the outcome, except a rate limit, the bytes can still be sent.
    pub(super) async fn mount_blob(
        &self,
        endpoint: &Endpoint,
        digest: &Digest,
        from: &RepositoryName,
    ) -> Result<Mount, Error> {
        if !endpoint.mounts.may(from, self.name(), digest) {
            return Ok(Mount::Declined);
        }
        match self.try_mount(endpoint, digest, from).await {
            Ok(Ok(mount)) => Ok(mount),
            Ok(Err(refused)) => {
                tracing::debug!(registry = %endpoint.registry, %digest, ?refused, "no mount");
                endpoint.mounts.refuse(refused);
                Ok(Mount::Declined)
            }
            Err(error) if matches!(error.kind, ErrorKind::RateLimited(_)) => Err(error),
            Err(error) => {
                tracing::debug!(registry = %endpoint.registry, %digest, %error, "no mount");
                endpoint.mounts.refuse(match error.kind.is_refusal() {
                    // Reading the other repository may be what is refused.
                    true => Refused::Between(from.clone(), self.name().clone()),
                    false => Refused::All,
                });
                Ok(Mount::Declined)
            }
        }
    }

    /// Tries the mount, or returns which mounts are not worth another try.
    async fn try_mount(
        &self,
        endpoint: &Endpoint,
        digest: &Digest,
        from: &RepositoryName,
    ) -> Result<Result<Mount, Refused>, Error> {
        let query = format!("?mount={digest}&from={from}");
        let call = self.post(endpoint, &query, self.push().and(&Scopes::pull(from)))?;
        let answer = self.client.call(endpoint, self.identity, &call).await?;
        Ok(match answer.status {
            StatusCode::CREATED => {
                let named = is_named(endpoint, &answer, digest)? && digest.is_sha256();
                if named || self.head_blob(digest).await.unwrap_or(false) {
                    endpoint.mounts.note(self.name(), digest);
                    Ok(Mount::Done)
                } else {
                    Err(Refused::Algorithm(digest.algorithm().to_owned()))
                }
            }
            StatusCode::ACCEPTED => Ok(location(endpoint, &answer)?.map_or(Mount::Declined, Mount::Session)),
            // Perhaps only this blob is missing from that repository.
            StatusCode::NOT_FOUND => Ok(Mount::Declined),
            StatusCode::METHOD_NOT_ALLOWED => Err(Refused::All),
            status if status.is_server_error() => Err(Refused::All),
            _ => Err(Refused::Between(from.clone(), self.name().clone())),
        })
    }
}
