//! As whom a registry is asked: the authorization of each request, and what a refusal of it means.

use reqwest::header::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};

use super::client::Client;
use super::endpoint::Endpoint;
use crate::image::RegistryHost;
use crate::registry::auth::{Challenge, Identity, Realm, Scheme, Scopes, Service, lacking, sensitive};
use crate::registry::credentials::{Credential, KnownCredential, Place, basic};
use crate::registry::error::ErrorKind;

/// The authorization of one request, and the token in it.
pub(crate) struct Authorization {
    pub(crate) header: Option<HeaderValue>,
    token: Option<SecretString>,
}

impl Authorization {
    /// The token, where there is one of the token service.
    pub(crate) const fn token(&self) -> Option<&SecretString> {
        self.token.as_ref()
    }

    /// The scopes that its token does not have of those that were needed, as far as it says.
    pub(super) fn lacks(&self, needed: &Scopes) -> Option<String> {
        self.token.as_ref().and_then(|token| lacking(token, needed))
    }
}

impl Client {
    /// The authorization for a request with these scopes; a token is fetched if none is at hand.
    pub(crate) async fn authorize(
        &self,
        endpoint: &Endpoint,
        identity: Identity,
        scopes: &Scopes,
    ) -> Result<Authorization, ErrorKind> {
        let nothing = Authorization { header: None, token: None };
        let scheme = endpoint.auth.scheme();
        if matches!(scheme, Scheme::Unknown | Scheme::Open) {
            return Ok(nothing);
        }
        let credential = match identity {
            Identity::Own => self.credential_for(endpoint).await?,
            Identity::Anonymous => None,
        };
        match (scheme, credential) {
            (_, Some(KnownCredential { credential: Credential::Bearer(token), .. })) => {
                Ok(Authorization { header: Some(sensitive("Bearer", token.expose_secret())), token: None })
            }
            (Scheme::Basic, Some(KnownCredential { credential: Credential::Password { username, password }, .. })) => {
                Ok(Authorization { header: Some(sensitive("Basic", &basic(&username, &password))), token: None })
            }
            (Scheme::Bearer { realm: Realm { url: realm, trusted }, service }, credential) => {
                let withheld = credential.as_ref().filter(|_| !trusted).map(|found| endpoint.withheld(&realm, found));
                let credential = credential.filter(|_| trusted);
                let service = Service { wire: &self.wire, realm, service, credential, withheld };
                let token = endpoint.auth.token(identity, scopes, &service).await?;
                Ok(Authorization { header: Some(sensitive("Bearer", token.expose_secret())), token: Some(token) })
            }
            _ => Ok(nothing),
        }
    }

    async fn credential_for(&self, endpoint: &Endpoint) -> Result<Option<KnownCredential>, ErrorKind> {
        let found = self.find_credential(&endpoint.registry).await?;
        let credential = found.as_ref().map(|found| &found.credential);
        if let Some(Credential::Password { password: secret, .. } | Credential::Identity(secret)) = credential {
            self.wire.secrets.derive(secret);
        }
        Ok(found)
    }

    /// The credential for a registry and where it came from: what is known, else what Amazon ECR gives for keys of AWS.
    pub(crate) async fn find_credential(&self, registry: &RegistryHost) -> Result<Option<KnownCredential>, ErrorKind> {
        let found = self.options().credentials.find(registry).await.map_err(|e| ErrorKind::Refused {
            action: "the look-up of a credential".to_owned(),
            detail: e.to_string(),
        })?;
        match (found, self.ecr(registry)) {
            (None, Some(ecr)) => self.passwords.credential(&ecr).await.map(Some).map_err(|error| error.kind),
            (known, _) => Ok(known),
        }
    }

    /// What a registry said of a refusal, with the credential it was asked with and the scope that lacked: where to fix it.
    pub(crate) async fn explain_refusal(
        &self,
        endpoint: &Endpoint,
        identity: Identity,
        said: String,
        lacks: Option<String>,
    ) -> String {
        let who = match identity {
            Identity::Anonymous => "nobody".to_owned(),
            Identity::Own => match self.options().credentials.find(&endpoint.registry).await {
                Ok(Some(found)) => match endpoint.kept_from(&found.credential) {
                    Some(realm) => return format!("{said}; {}", endpoint.withheld(&realm, &found)),
                    None => found.to_string(),
                },
                Ok(None) if self.options().credentials.has_keys_for(&endpoint.registry) => {
                    format!("AWS (from {})", Place::Aws)
                }
                Ok(None) | Err(_) => format!("nobody, for no credential for {} was given", endpoint.registry),
            },
        };
        let lacks = lacks.map(|scopes| format!(": the token lacks {scopes}")).unwrap_or_default();
        format!("{said}; asked as {who}{lacks}")
    }

    /// Learns from a 401 of the registry: how it authenticates requests, and that the token used is of no more use.
    pub(crate) fn learn_challenge(
        &self,
        endpoint: &Endpoint,
        authorization: &Authorization,
        scopes: &Scopes,
        headers: &HeaderMap,
    ) -> Result<Option<Challenge>, ErrorKind> {
        let Some(challenge) = Challenge::read(headers) else { return Ok(None) };
        if let Some(token) = &authorization.token {
            endpoint.auth.forget(token);
        }
        let scheme = match &challenge {
            Challenge::Basic => Scheme::Basic,
            Challenge::Bearer { realm, service, scope } => {
                // Where a registry names its repositories otherwise than its paths do, its own word is what counts.
                let challenged = Scopes::parse(scope.as_deref().filter(|s| s.len() <= 1024).unwrap_or_default());
                if !scopes.cover(&challenged) {
                    endpoint.auth.bundle(&scopes.clone().and(&challenged));
                }
                Scheme::Bearer { realm: endpoint.realm(realm).map_err(ErrorKind::Forbidden)?, service: service.clone() }
            }
        };
        endpoint.auth.learn(scheme);
        Ok(Some(challenge))
    }
}
