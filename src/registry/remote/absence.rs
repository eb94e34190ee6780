//! What a registry hides. Some answer anonymous requests with 404, 403, a bare 401 or an empty tag list, and never ask
//! for authentication. If a credential is known, such an answer is believed only after the request was repeated with
//! it.

use reqwest::StatusCode;

use super::authorize::Authorization;
use super::call::Call;
use super::client::Client;
use super::endpoint::Endpoint;
use super::transport::Outcome;
use crate::registry::auth::{Identity, Scheme};
use crate::registry::credentials::Credential;
use crate::registry::error::ErrorKind;
use crate::registry::wire::{Fault, Tries};

impl Client {
    /// How to repeat the request with the credential, which was not sent; `None` if the answer can be believed, or no
    /// credential is known.
    ///
    /// # Errors
    /// If the credential must not be sent, or it cannot be found out how to send it: then nothing is known.
    pub(super) async fn untried(
        &self,
        endpoint: &Endpoint,
        call: &Call,
        authorization: &Authorization,
        outcome: &Outcome,
    ) -> Result<Option<Scheme>, ErrorKind> {
        let Some(said) = doubtful(endpoint, call, outcome).filter(|_| authorization.is_anonymous()) else {
            return Ok(None);
        };
        if let Some(why) = authorization.withheld() {
            return Err(withheld(call, &said, why));
        }
        let Some(found) = self.find_credential(&endpoint.registry).await? else { return Ok(None) };
        tracing::debug!(registry = %endpoint.registry, action = %call.action, "{said}: asking again with the credential");
        let offered = endpoint.offered.get_or_try_init(|| self.challenge_of_all(endpoint)).await?;
        Ok(offered.clone().or(match found.credential {
            Credential::Password { .. } | Credential::Bearer(_) => Some(Scheme::Basic),
            // There is no service that would accept them.
            Credential::Identity(_) | Credential::Job(_) => None,
        }))
    }

    /// Repeats the request with the credential, by this scheme; what is learned applies to the repository from then on.
    pub(super) async fn retried(
        &self,
        endpoint: &Endpoint,
        identity: Identity,
        call: &Call,
        scheme: Scheme,
    ) -> Result<(Authorization, Outcome), Fault> {
        let authorization = self.authorize_by(endpoint, identity, scheme.clone(), &call.scopes).await;
        let authorization = authorization.map_err(Fault::fatal)?;
        let outcome = self.ask(endpoint, call, &authorization).await?;
        if let (Some(why), Some(said)) = (authorization.withheld(), doubtful(endpoint, call, &outcome)) {
            return Err(Fault::fatal(withheld(call, &said, why)));
        }
        let (repository, public) = (call.repository.as_ref(), is_public(endpoint, call));
        match outcome {
            // It named its own scheme, which is learned.
            Outcome::Refused { challenge: Some(_), .. } => {}
            // What is public continues to be read anonymously.
            Outcome::Refused { .. } if public => endpoint.auth.keep(repository, Scheme::Open),
            _ if public || matches!(endpoint.offered.get(), Some(None)) => endpoint.auth.keep(repository, scheme),
            _ => endpoint.auth.learn(repository, scheme),
        }
        Ok((authorization, outcome))
    }

    /// How the registry has requests authenticated, as it says when asked for nothing in particular (OCI distribution
    /// specification, "Determining Support"); `None` if it does not say.
    async fn challenge_of_all(&self, endpoint: &Endpoint) -> Result<Option<Scheme>, ErrorKind> {
        let url = endpoint.url("").map_err(ErrorKind::Protocol)?;
        let call = Call::of_registry(url, "finding out how requests are authenticated".to_owned());
        let mut tries = Tries::default();
        loop {
            let fault = match self.ask(endpoint, &call, &Authorization::none()).await {
                Ok(Outcome::Refused { challenge: Some(challenge), .. }) => {
                    return endpoint.scheme(&challenge).map(Some).map_err(ErrorKind::Forbidden);
                }
                Ok(_) => return Ok(None),
                Err(fault) => fault,
            };
            self.wait(endpoint, &mut tries, fault, &call).await?;
        }
    }
}

/// The registry's answer, if it may hide what a request with a credential would get. In a public repository absence
/// hides nothing, but a refusal may: not everybody may write to it, or read all of it.
fn doubtful(endpoint: &Endpoint, call: &Call, outcome: &Outcome) -> Option<String> {
    let public = call.reads() && is_public(endpoint, call);
    let settled = public && call.repository.as_ref().is_some_and(|name| endpoint.auth.is_settled(name));
    match outcome {
        Outcome::Refused { challenge: None, error } => (!settled).then(|| error.text.clone()),
        Outcome::Refused { .. } => None,
        Outcome::Answer(answer) if matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
            (!public).then(|| answer.error.text.clone())
        }
        Outcome::Answer(answer) if public || !(call.is_nothing)(answer) => None,
        Outcome::Answer(answer) if answer.status.is_success() => Some("an empty list".to_owned()),
        Outcome::Answer(answer) => Some(answer.error.text.clone()),
    }
}

fn withheld(call: &Call, said: &str, why: &str) -> ErrorKind {
    ErrorKind::Refused { action: call.action.clone(), detail: format!("{said}; {why}") }
}

fn is_public(endpoint: &Endpoint, call: &Call) -> bool {
    call.repository.as_ref().is_some_and(|name| endpoint.auth.is_public(name))
}
