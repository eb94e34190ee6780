//! Manifests: HEAD and GET, byte for byte.

use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use reqwest::{Method, StatusCode};

use super::call::Call;
use super::endpoint::Endpoint;
use super::repository::Remote;
use crate::content::{Document, MANIFEST_LIMIT, media_type};
use crate::image::{Descriptor, Digest, Reference};
use crate::registry::auth::Scopes;
use crate::registry::error::{Error, ErrorKind};
use crate::text::excerpt;

impl Remote {
    /// What a reference resolves to, by HEAD; by GET if the answer lacks digest, type or length, or the registry does
    /// not support HEAD. At a source, a manifest counts as absent only if GET says so.
    pub(super) async fn head_manifest(
        &self,
        reference: &Reference,
        scopes: Scopes,
    ) -> Result<Option<Descriptor>, Error> {
        let endpoint = self.endpoint()?;
        if endpoint.habits.refuses_manifest_heads() {
            return self.describe(reference, scopes).await;
        }
        let call = self.manifest_call(&endpoint, Method::HEAD, reference, scopes.clone())?;
        let answer = match self.client.call(&endpoint, self.identity, &call).await {
            Err(error) if self.is_source && error.is_declined() => {
                return self.instead_of_head(reference, scopes).await;
            }
            answer => answer?,
        };
        match answer.status {
            StatusCode::NOT_FOUND if self.is_source => return self.describe(reference, scopes).await,
            StatusCode::NOT_FOUND => return Ok(None),
            _ if answer.is_declined() => return self.instead_of_head(reference, scopes).await,
            _ => endpoint.success(&answer, &call.action)?,
        }
        let Some(descriptor) = described(&answer.headers) else { return self.describe(reference, scopes).await };
        match reference {
            Reference::Digest(asked) if *asked != descriptor.digest => {
                Err(endpoint.error(ErrorKind::Mismatch(format!(
                    "{} returned {}: the registry, or a proxy in front of it, cannot be relied on",
                    self.display_name(reference),
                    descriptor.digest
                ))))
            }
            _ => Ok(Some(descriptor)),
        }
    }

    async fn describe(&self, reference: &Reference, scopes: Scopes) -> Result<Option<Descriptor>, Error> {
        Ok(self.get_manifest(reference, scopes).await?.map(Document::into_plain_descriptor))
    }

    /// Uses GET after HEAD was refused; if that works, HEAD is not tried again.
    async fn instead_of_head(&self, reference: &Reference, scopes: Scopes) -> Result<Option<Descriptor>, Error> {
        let described = self.describe(reference, scopes).await?;
        if described.is_some() {
            self.endpoint()?.habits.learn_no_manifest_heads();
        }
        Ok(described)
    }

    /// The manifest, its bytes checked against the requested digest, or the one that the registry names.
    pub(super) async fn get_manifest(&self, reference: &Reference, scopes: Scopes) -> Result<Option<Document>, Error> {
        let endpoint = self.endpoint()?;
        let call = self.manifest_call(&endpoint, Method::GET, reference, scopes)?;
        let answer = self.client.call(&endpoint, self.identity, &call).await?;
        endpoint.habits.learn_remaining_pulls(&answer.headers);
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        endpoint.success(&answer, &call.action)?;
        let expected = match reference {
            Reference::Digest(digest) => Some(digest.clone()),
            Reference::Tag(_) => header_digest(&answer.headers),
        };
        if let Some(expected) = expected.as_ref().filter(|d| !d.matches(&answer.body)) {
            return Err(endpoint.error(ErrorKind::Mismatch(format!(
                "the bytes of {} do not have the digest {expected}{}",
                self.display_name(reference),
                strange(&answer.headers)
            ))));
        }
        let content_type = answer.headers.get(CONTENT_TYPE).and_then(|t| t.to_str().ok());
        let document = Document::new(answer.body, content_type, expected.as_ref());
        document.map(Some).map_err(|e| endpoint.error(ErrorKind::of_content(&self.display_name(reference), &e)))
    }

    pub(super) fn manifest_call(
        &self,
        endpoint: &Endpoint,
        method: Method,
        reference: &Reference,
        scopes: Scopes,
    ) -> Result<Call, Error> {
        let verb = if method == Method::PUT { "push" } else { "pull" };
        let action = format!("{verb} of {}", self.display_name(reference));
        Ok(Call {
            headers: vec![("accept", media_type::ACCEPTED.join(", "))],
            scopes,
            limit: Some(MANIFEST_LIMIT),
            ..self.new_call(endpoint, method, &format!("manifests/{reference}"), action)?
        })
    }
}

pub(super) fn header_digest(headers: &HeaderMap) -> Option<Digest> {
    headers.get("docker-content-digest")?.to_str().ok()?.parse().ok()
}

/// What was returned, if it is not a manifest.
fn strange(headers: &HeaderMap) -> String {
    let called = headers.get(CONTENT_TYPE).and_then(|t| t.to_str().ok()).unwrap_or_default();
    let plain = called.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if plain.is_empty() || media_type::ACCEPTED.contains(&plain.as_str()) {
        return String::new();
    }
    let shown = excerpt(&plain, 60);
    format!(" but are {shown}: is this a registry, or did a proxy or a sign-in page answer?")
}

/// The descriptor in the headers of a HEAD response, if they are complete.
fn described(headers: &HeaderMap) -> Option<Descriptor> {
    let text = |name| headers.get(name).and_then(|v| v.to_str().ok());
    let media_type = text(CONTENT_TYPE)?.split(';').next()?.trim().to_ascii_lowercase();
    let size = text(CONTENT_LENGTH)?.parse().ok()?;
    let media_type = media_type::ACCEPTED.contains(&media_type.as_str()).then_some(media_type)?;
    Some(Descriptor::new(media_type, header_digest(headers)?, size))
}
