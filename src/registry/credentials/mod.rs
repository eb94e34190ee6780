//! Who we are to each registry: from what the run was given, Docker's configuration, credential helpers, GitHub's token.
//!
//! The order: `dockerhub-username` and `dockerhub-token` for Docker Hub; `registry-auth`; `DOCKER_AUTH_CONFIG`; Docker's
//! `config.json` (`credHelpers`, then `auths`, then `credsStore`); GitHub's token for ghcr.io.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::OnceCell;

use crate::image::RegistryHost;
use crate::registry::aws;

mod config;
mod helper;

/// How a registry is told who asks.
#[derive(Debug, Clone)]
pub enum Credential {
    /// A user name and a password or token.
    Password {
        /// The user name.
        username: String,
        /// The password or token.
        password: SecretString,
    },
    /// An identity token, exchanged for bearer tokens by the OAuth2 refresh flow.
    Identity(SecretString),
    /// A bearer token, sent to the registry as it is.
    Bearer(SecretString),
    /// The job's own GitHub token, for ghcr.io: where it is refused, the registry is read anonymously.
    Job(SecretString),
}

/// The user name that the job's own token is sent with: ghcr.io looks at the token alone.
pub(crate) const JOB_USER: &str = "wharfinger";

/// A credential, and where it came from.
#[derive(Debug, Clone)]
pub struct Found {
    /// The credential.
    pub credential: Credential,
    /// Where it came from.
    pub place: Place,
}

/// Where a credential came from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// `dockerhub-username` and `dockerhub-token`.
    DockerHub,
    /// `github-token`.
    GitHub,
    /// `registry-auth`.
    RegistryAuth,
    /// `DOCKER_AUTH_CONFIG`.
    DockerAuthConfig,
    /// Docker's `config.json`, by its path.
    File(String),
    /// A credential helper, by its program.
    Helper(String),
    /// Keys of AWS, for Amazon ECR.
    Aws,
    /// What a command was given for itself.
    Command,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DockerHub => "dockerhub-token",
            Self::GitHub => "github-token",
            Self::RegistryAuth => "registry-auth",
            Self::DockerAuthConfig => "DOCKER_AUTH_CONFIG",
            Self::File(path) => path,
            Self::Helper(program) => program,
            Self::Aws => "AWS_ACCESS_KEY_ID",
            Self::Command => "what the command was given",
        })
    }
}

impl fmt::Display for Found {
    /// As whom a registry is asked and from where that is known; never the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.credential {
            Credential::Password { username, .. } => write!(f, "{}", shown(username))?,
            Credential::Identity(_) => f.write_str("the holder of an identity token")?,
            Credential::Bearer(_) => f.write_str("the holder of a bearer token")?,
            Credential::Job(_) => f.write_str("the holder of GitHub's token")?,
        }
        match self.place {
            Place::Command => Ok(()),
            _ => write!(f, " (from {})", self.place),
        }
    }
}

impl Found {
    fn is_job(&self) -> bool {
        matches!(self.credential, Credential::Job(_))
    }
}

/// What tokens begin with: some people give theirs as the user name.
const TOKENS: [&str; 9] = ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "dckr_", "glpat-", "eyJ"];

/// A user name as it may be shown.
pub(crate) fn shown(username: &str) -> String {
    if TOKENS.iter().any(|start| username.starts_with(start)) {
        return "a token given as user name".to_owned();
    }
    crate::text::excerpt(username, 80)
}

impl Credential {
    fn secret(&self) -> &SecretString {
        match self {
            Self::Password { password: secret, .. }
            | Self::Identity(secret)
            | Self::Bearer(secret)
            | Self::Job(secret) => secret,
        }
    }
}

/// What a run was given for registries.
#[derive(Debug, Default)]
pub struct Given {
    /// Docker Hub's user name and token.
    pub dockerhub: Option<(String, SecretString)>,
    /// A Docker `config.json` text.
    pub registry_auth: Option<SecretString>,
    /// GitHub's token: ghcr.io takes it where `server_url` is github.com's.
    pub github_token: Option<SecretString>,
}

/// The part of the environment that credentials come from; nothing below reads the environment itself.
#[derive(Debug, Default)]
pub struct Environment {
    /// `DOCKER_AUTH_CONFIG`: a `config.json` text with `auths` only.
    pub docker_auth_config: Option<SecretString>,
    /// `DOCKER_CONFIG`: the directory of `config.json`.
    pub docker_config: Option<PathBuf>,
    /// `HOME`: holds `.docker/config.json` where `DOCKER_CONFIG` is not set.
    pub home: Option<PathBuf>,
    /// `PATH`: where credential helpers are found.
    pub path: Option<OsString>,
    /// `GITHUB_SERVER_URL`.
    pub github_server_url: Option<String>,
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`, for Amazon ECR.
    pub aws: Option<aws::Keys>,
}

/// Which configuration of credentials cannot be used, and why; never what stands in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {why}")]
pub struct CredentialError {
    /// `registry-auth`, `DOCKER_AUTH_CONFIG`, the path of a file, or the name of a helper.
    pub origin: String,
    /// What is wrong.
    pub why: String,
}

/// What a helper answered for one registry: those who come while it is asked wait for it.
type Asked = Arc<OnceCell<Option<Found>>>;

/// The credentials of a run.
#[derive(Clone, Default)]
pub struct Credentials {
    known: BTreeMap<RegistryHost, Found>,
    helpers: BTreeMap<RegistryHost, String>,
    store: Option<String>,
    path: Option<OsString>,
    /// For hosts of Amazon ECR that nothing else is known for.
    pub(crate) aws: Option<aws::Keys>,
    asked: Arc<std::sync::Mutex<BTreeMap<RegistryHost, Asked>>>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("known", &self.known.keys().collect::<Vec<_>>()).finish_non_exhaustive()
    }
}

impl Credentials {
    /// Puts together what was given and what the environment has.
    ///
    /// # Errors
    /// Where a configuration is there but cannot be read.
    pub fn load(given: Given, environment: &Environment) -> Result<Self, CredentialError> {
        let mut credentials = Self { path: environment.path.clone(), aws: environment.aws.clone(), ..Self::default() };
        if let Some(token) = given.github_token.filter(|_| is_github_com(environment))
            && let Ok(host) = "ghcr.io".parse()
        {
            credentials.known.insert(host, Found { credential: Credential::Job(token), place: Place::GitHub });
        }
        if let Some((file, text)) = read_docker_config(environment)? {
            let config = config::parse(&text, &file)?;
            credentials.know(config.known, &Place::File(file));
            credentials.helpers = config.helpers;
            credentials.store = config.store;
        }
        let texts =
            [(Place::DockerAuthConfig, &environment.docker_auth_config), (Place::RegistryAuth, &given.registry_auth)];
        for (place, text) in texts {
            let Some(text) = text.as_ref().filter(|t| !t.expose_secret().trim().is_empty()) else { continue };
            let config = config::parse(text.expose_secret(), &place.to_string())?;
            credentials.helpers.retain(|host, _| !config.known.contains_key(host));
            credentials.know(config.known, &place);
        }
        if let Some((username, password)) = given.dockerhub {
            credentials.helpers.remove(&RegistryHost::docker_hub());
            let credential = Credential::Password { username, password };
            credentials.known.insert(RegistryHost::docker_hub(), Found { credential, place: Place::DockerHub });
        }
        Ok(credentials)
    }

    /// One user's for one registry, and none for any other.
    #[must_use]
    pub fn of_one(registry: RegistryHost, username: String, password: SecretString) -> Self {
        let credential = Credential::Password { username, password };
        let known = BTreeMap::from([(registry, Found { credential, place: Place::Command })]);
        Self { known, ..Self::default() }
    }

    fn know(&mut self, all: BTreeMap<RegistryHost, Credential>, place: &Place) {
        let found = |(host, credential)| (host, Found { credential, place: place.clone() });
        self.known.extend(all.into_iter().map(found));
    }

    /// The credential for a registry, where there is one; helpers are asked once a run.
    ///
    /// # Errors
    /// Where a helper is configured and fails. That it knows no such registry is no failure.
    pub async fn get(&self, registry: &RegistryHost) -> Result<Option<Credential>, CredentialError> {
        Ok(self.find(registry).await?.map(|found| found.credential))
    }

    /// The same, with where it came from.
    ///
    /// # Errors
    /// As [`Credentials::get`].
    pub async fn find(&self, registry: &RegistryHost) -> Result<Option<Found>, CredentialError> {
        let known = self.known.get(registry);
        let own = self.helpers.get(registry);
        let job = known.is_some_and(Found::is_job);
        let Some(helper) = own.or(self.store.as_ref().filter(|_| known.is_none() || job)) else {
            return Ok(known.cloned());
        };
        let cell = {
            let mut asked = self.asked.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            Arc::clone(asked.entry(registry.clone()).or_default())
        };
        let ask = async || {
            let answer = helper::ask(helper, registry, self.path.as_deref()).await?;
            let place = Place::Helper(helper::program(helper));
            Ok(answer.map(|credential| Found { credential, place }))
        };
        let answer = cell.get_or_try_init(ask).await?;
        Ok(answer.clone().or_else(|| known.cloned()))
    }

    /// Whether anything but the job's own token is known for a registry, without asking a helper.
    #[must_use]
    pub fn has(&self, registry: &RegistryHost) -> bool {
        self.known.get(registry).is_some_and(|found| !found.is_job())
            || self.helpers.contains_key(registry)
            || self.store.is_some()
            || self.has_keys_for(registry)
    }

    /// Whether there are keys of AWS and the registry is one of Amazon ECR.
    #[must_use]
    pub fn has_keys_for(&self, registry: &RegistryHost) -> bool {
        self.aws.is_some() && registry.ecr().is_some()
    }

    /// Every secret that was given, for masking, the encoded forms included. What helpers and token services answer
    /// later is handed to [`super::remote::Options::derived`].
    #[must_use]
    pub fn secrets(&self) -> Vec<SecretString> {
        let encoded = |credential: &Credential| match credential {
            Credential::Password { username, password } => Some(SecretString::from(basic(username, password))),
            _ => None,
        };
        let all = |found: &Found| std::iter::once(found.credential.secret().clone()).chain(encoded(&found.credential));
        let keys = self.aws.iter().flat_map(|keys| std::iter::once(&keys.secret).chain(&keys.session));
        self.known.values().flat_map(all).chain(keys.cloned()).collect()
    }
}

/// The value of Basic authentication, without the word `Basic`.
pub(super) fn basic(username: &str, password: &SecretString) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(format!("{username}:{}", password.expose_secret()))
}

/// GitHub's token goes to ghcr.io only where the job runs on github.com.
fn is_github_com(environment: &Environment) -> bool {
    environment.github_server_url.as_deref().is_some_and(|url| url.trim_end_matches('/') == "https://github.com")
}

fn read_docker_config(environment: &Environment) -> Result<Option<(String, String)>, CredentialError> {
    let directory =
        environment.docker_config.clone().or_else(|| environment.home.as_deref().map(|h| h.join(".docker")));
    let Some(path) = directory.map(|d| d.join("config.json")) else { return Ok(None) };
    read_if_there(&path).map(|text| text.map(|text| (path.display().to_string(), text)))
}

fn read_if_there(path: &Path) -> Result<Option<String>, CredentialError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(e) if matches!(e.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => Ok(None),
        Err(e) => Err(CredentialError { origin: path.display().to_string(), why: format!("cannot be read: {e}") }),
    }
}

#[cfg(test)]
mod tests;
