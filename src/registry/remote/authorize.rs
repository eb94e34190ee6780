//! The identity used towards a registry: the authorization of each request, and what its refusal means.

use reqwest::header::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};

use super::client::Client;
use super::endpoint::Endpoint;
use crate::image::{RegistryHost, RepositoryName};
use crate::registry::auth::{Challenge, Identity, Scheme, Scopes, Service, lacking, sensitive};
use crate::registry::credentials::{Credential, KnownCredential, basic};
use crate::registry::error::ErrorKind;

/// The authorization of one request, and its token.
pub(crate) struct Authorization {
    pub(crate) header: Option<HeaderValue>,
    token: Option<SecretString>,
    asked: Asked,
}

/// The identity a request is made with.
enum Asked {
    /// With this credential, or a token obtained with it; never the secret.
    As(String),
    /// Without a credential, though one is known: why.
    Withheld(String),
    /// Without a credential, because none may be used.
    Anonymously,
    /// Without a credential: the registry asked for none, or none is known.
    AsNobody,
}

impl Authorization {
    /// For an anonymous request.
    pub(super) const fn none() -> Self {
        Self { header: None, token: None, asked: Asked::AsNobody }
    }

    fn basic(found: &KnownCredential, username: &str, password: &SecretString) -> Self {
        let header = Some(sensitive("Basic", &basic(username, password)));
        Self { header, token: None, asked: Asked::As(found.to_string()) }
    }

    /// The token, if it came from the token service.
    pub(crate) const fn token(&self) -> Option<&SecretString> {
        self.token.as_ref()
    }

    /// The needed scopes that its token lacks, as far as the token says.
    fn lacks(&self, needed: &Scopes) -> Option<String> {
        self.token.as_ref().and_then(|token| lacking(token, needed))
    }

    /// Whether an identity is sent.
    pub(super) const fn is_sent(&self) -> bool {
        matches!(self.asked, Asked::As(_))
    }

    /// Whether the request is anonymous although a credential could be sent.
    pub(super) const fn is_anonymous(&self) -> bool {
        matches!(self.asked, Asked::AsNobody | Asked::Withheld(_))
    }

    /// Why a known credential was not sent.
    pub(super) fn withheld(&self) -> Option<&str> {
        match &self.asked {
            Asked::Withheld(why) => Some(why),
            _ => None,
        }
    }
}

impl Client {
    /// The authorization for a request about a repository with these scopes; fetches a token if none is cached.
    pub(crate) async fn authorize(
        &self,
        endpoint: &Endpoint,
        identity: Identity,
        repository: Option<&RepositoryName>,
        scopes: &Scopes,
    ) -> Result<Authorization, ErrorKind> {
        self.authorize_by(endpoint, identity, endpoint.auth.scheme(repository), scopes).await
    }

    /// The same with this scheme, whatever is known about the repository's.
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

    /// The credential for a registry and its source: a known one, else what Amazon ECR gives for AWS keys.
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

    /// What a registry said in a refusal, with the credential used and the missing scope: what has to be fixed.
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

    /// Learns from a registry's 401: how it authenticates requests, and that the token used is no longer valid.
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
            // If a registry names its repositories differently from its paths, its own name counts.
            let challenged = Scopes::parse(scope.as_deref().filter(|s| s.len() <= 1024).unwrap_or_default());
            if !scopes.cover(&challenged) {
                endpoint.auth.bundle(&scopes.clone().and(&challenged));
            }
        }
        endpoint.auth.learn(repository, endpoint.scheme(&challenge).map_err(ErrorKind::Forbidden)?);
        Ok(Some(challenge))
    }
}
