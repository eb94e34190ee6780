//! Upload sessions: how they are opened, and where they continue.

use reqwest::header::LOCATION;
use reqwest::{Method, StatusCode};
use url::Url;

use super::call::{Answer, Call};
use super::endpoint::Endpoint;
use super::repository::Remote;
use crate::image::Digest;
use crate::registry::auth::Scopes;
use crate::registry::error::{Error, ErrorKind};

impl Remote {
    pub(super) async fn start_upload(&self, endpoint: &Endpoint) -> Result<Url, Error> {
        let call = self.post(endpoint, "", self.push())?;
        let answer = self.client.call(endpoint, self.identity, &call).await?;
        if answer.status != StatusCode::ACCEPTED {
            endpoint.success(&answer, &call.action)?;
            return Err(endpoint.protocol(format!(
                "{}: {} instead of 202: is this a registry, or did a proxy or a sign-in page answer?",
                call.action,
                answer.status.as_u16()
            )));
        }
        location(endpoint, &answer)?.ok_or_else(|| {
            endpoint.protocol(format!(
                "{}: 202 without the upload's Location: a proxy in front of the registry must pass it on",
                call.action
            ))
        })
    }

    /// The start of an upload, or a mount.
    pub(super) fn post(&self, endpoint: &Endpoint, query: &str, scopes: Scopes) -> Result<Call, Error> {
        let call = self.new_call(
            endpoint,
            Method::POST,
            &format!("blobs/uploads/{query}"),
            format!("push to {}", self.name()),
        )?;
        Ok(Call { headers: vec![("content-length", "0".to_owned())], scopes, ..call })
    }
}

/// Where an upload continues: only on the registry's own origin, as private bytes would otherwise go elsewhere.
pub(super) fn location(endpoint: &Endpoint, answer: &Answer) -> Result<Option<Url>, Error> {
    let Some(location) = answer.headers.get(LOCATION).and_then(|l| l.to_str().ok()) else { return Ok(None) };
    let url = answer.url.join(location).map_err(|_| endpoint.protocol("an upload Location that is not a URL"))?;
    if !endpoint.owns(&url) {
        let to = url.origin().ascii_serialization();
        return Err(endpoint.error(ErrorKind::Forbidden(format!(
            "an upload Location on another origin ({to}), where nothing is sent: the registry's external URL must be configured as the address used here"
        ))));
    }
    Ok(Some(url))
}

/// Whether the registry confirms that it has the blob under its digest; an error if it names a different one.
pub(super) fn is_named(endpoint: &Endpoint, answer: &Answer, digest: &Digest) -> Result<bool, Error> {
    let called = answer.headers.get("docker-content-digest").and_then(|v| v.to_str().ok()?.parse::<Digest>().ok());
    let Some(called) = called.filter(|called| called.algorithm() == digest.algorithm()) else { return Ok(false) };
    if called == *digest {
        return Ok(true);
    }
    Err(endpoint.error(ErrorKind::Mismatch(format!(
        "the blob {digest} was pushed, but the registry calls it {called}: the registry, or a proxy in front of it, changes what is pushed"
    ))))
}
