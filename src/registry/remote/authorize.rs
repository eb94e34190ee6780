//! As whom a registry is asked: the authorization of each request, and what a refusal of it means.

use reqwest::header::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};

use super::client::Client;
use super::endpoint::Endpoint;
use crate::image::{RegistryHost, RepositoryName};
use crate::registry::auth::{Challenge, Identity, Scheme, Scopes, Service, lacking, sensitive};
use crate::registry::credentials::{Credential, KnownCredential, basic};
use crate::registry::error::ErrorKind;

/// The authorization of one request, and the token in it.
pub(crate) struct Authorization {
    pub(crate) header: Option<HeaderValue>,
    token: Option<SecretString>,
    asked: Asked,
}

/// As whom a request is made.
enum Asked {
    /// With this credential, or with a token that was got with it; never the secret.
    As(String),
    /// Without a credential that is known: why.
    Withheld(String),
    /// Without a credential, because none may be used.
    Anonymously,
    /// Without a credential: the registry asked for none, or none is known.
    AsNobody,
}

impl Authorization {
    /// Of a request that says nothing of who asks.
    pub(super) const fn none() -> Self {
        Self { header: None, token: None, asked: Asked::AsNobody }
    }

    fn basic(found: &KnownCredential, username: &str, password: &SecretString) -> Self {
        let header = Some(sensitive("Basic", &basic(username, password)));
        Self { header, token: None, asked: Asked::As(found.to_string()) }
    }

    /// The token, where there is one of the token service.
    pub(crate) const fn token(&self) -> Option<&SecretString> {
        self.token.as_ref()
    }

    /// The scopes that its token does not have of those that were needed, as far as it says.
    fn lacks(&self, needed: &Scopes) -> Option<String> {
        self.token.as_ref().and_then(|token| lacking(token, needed))
    }

    /// Whether it says who asks.
    pub(super) const fn is_sent(&self) -> bool {
        matches!(self.asked, Asked::As(_))
    }

    /// Whether it says nothing of who asks, though that could be said.
    pub(super) const fn is_anonymous(&self) -> bool {
        matches!(self.asked, Asked::AsNobody | Asked::Withheld(_))
    }

    /// Why a credential that is known was not sent.
    pub(super) fn withheld(&self) -> Option<&str> {
        match &self.asked {
            Asked::Withheld(why) => Some(why),
            _ => None,
        }
    }
}

impl Client {
    /// The authorization for a request about a repository with these scopes; a token is fetched if none is at hand.
    pub(crate) async fn authorize(
        &self,
        endpoint: &Endpoint,
        identity: Identity,
        repository: Option<&RepositoryName>,
        scopes: &Scopes,
    ) -> Result<Authorization, ErrorKind> {
        self.authorize_by(endpoint, identity, endpoint.auth.scheme(repository), scopes).await
    }

    /// The same by this scheme, whatever is known of the repository's.
    pub(super) async fn authorize_by(
        &self,
        endpoint: &Endpoint,
        identity: Identity,
        scheme: Scheme,
        scopes: &Scopes,
    ) -> Result<Authorization, ErrorKind> {
        let nobody = match identity {
            Identity::Own => Asked::AsNobody,
            Identity::Anonymous => Asked::Anonymously,
        };
        if matches!(scheme, Scheme::Unknown | Scheme::Open) {
            return Ok(Authorization { asked: nobody, ..Authorization::none() });
        }
        let credential = match identity {
            Identity::Own => self.credential_for(endpoint).await?,
            Identity::Anonymous => None,
        };
        if let Some(found) = &credential {
            match (&scheme, &found.credential) {
                (_, Credential::Bearer(token)) => {
                    let header = Some(sensitive("Bearer", token.expose_secret()));
                    return Ok(Authorization { header, token: None, asked: Asked::As(found.to_string()) });
                }
                (Scheme::Basic, Credential::Password { username, password }) => {
                    return Ok(Authorization::basic(found, username, password));
                }
                _ => {}
            }
        }
        let Scheme::Bearer { realm, service } = scheme else {
            return Ok(Authorization { asked: nobody, ..Authorization::none() });
        };
        let asked = match &credential {
            Some(found) if realm.trusted => Asked::As(found.to_string()),
            Some(found) => Asked::Withheld(endpoint.withheld(&realm, found)),
            None => nobody,
        };
        let credential = credential.filter(|_| realm.trusted);
        let withheld = if let Asked::Withheld(why) = &asked { Some(why.clone()) } else { None };
        let title = endpoint.title(&realm);
        let service = Service { wire: &self.wire, realm: realm.url.clone(), title, service, credential, withheld };
        let token = endpoint.auth.token(identity, scopes, &service).await?;
        let header = Some(sensitive("Bearer", token.expose_secret()));
        Ok(Authorization { header, token: Some(token), asked })
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
        let found =
            self.options().credentials.find(registry).await.map_err(|e| ErrorKind::Refused {
                action: "looking up a credential".to_owned(),
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
        authorization: &Authorization,
        needed: &Scopes,
        said: String,
    ) -> String {
        let who = match &authorization.asked {
            Asked::As(found) => format!("as {found}"),
            Asked::Withheld(why) => return format!("{said}; {why}"),
            Asked::Anonymously => "without credentials".to_owned(),
            Asked::AsNobody => match self.find_credential(&endpoint.registry).await {
                Ok(Some(found)) => format!("without credentials: those of {found} were not sent"),
                Ok(None) | Err(_) => format!("without credentials: none were given for {}", endpoint.registry),
            },
        };
        let lacks = authorization.lacks(needed).map(|scopes| format!(": the token lacks {scopes}")).unwrap_or_default();
        format!("{said}; requested {who}{lacks}")
    }

    /// Learns from a 401 of the registry: how it authenticates requests, and that the token used is of no more use.
    pub(crate) fn learn_challenge(
        &self,
        endpoint: &Endpoint,
        authorization: &Authorization,
        repository: Option<&RepositoryName>,
        scopes: &Scopes,
        headers: &HeaderMap,
    ) -> Result<Option<Challenge>, ErrorKind> {
        let Some(challenge) = Challenge::read(headers) else { return Ok(None) };
        if let Some(token) = &authorization.token {
            endpoint.auth.forget(token);
        }
        if let Challenge::Bearer { scope, .. } = &challenge {
            // Where a registry names its repositories otherwise than its paths do, its own word is what counts.
            let challenged = Scopes::parse(scope.as_deref().filter(|s| s.len() <= 1024).unwrap_or_default());
            if !scopes.cover(&challenged) {
                endpoint.auth.bundle(&scopes.clone().and(&challenged));
            }
        }
        endpoint.auth.learn(repository, endpoint.scheme(&challenge).map_err(ErrorKind::Forbidden)?);
        Ok(Some(challenge))
    }
}
