//! Credentials for each registry: from the run's inputs, Docker's configuration, credential helpers, GitHub's token.
//!
//! The order: `dockerhub-username` and `dockerhub-token` for Docker Hub; `registry-auth`; `DOCKER_AUTH_CONFIG`;
//! Docker's `config.json` (`credHelpers`, then `auths`, then `credsStore`); GitHub's token for ghcr.io.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::OnceCell;

use crate::image::RegistryHost;

mod config;
mod credential;
mod helper;

pub(crate) use credential::{AwsKeys, Credential, CredentialError, KnownCredential, Place};
pub(crate) use credential::{JOB_USER, basic, display_username};

/// The registry credentials a run was given.
#[derive(Debug, Default)]
pub struct Given {
    /// Docker Hub's user name and token.
    pub dockerhub: Option<(String, SecretString)>,
    /// The text of a Docker `config.json`.
    pub registry_auth: Option<SecretString>,
    /// GitHub's token: ghcr.io accepts it if `server_url` is github.com's.
    pub github_token: Option<SecretString>,
}

/// The part of the environment that credentials come from; nothing below reads the environment itself.
#[derive(Debug, Default)]
pub struct Environment {
    /// `DOCKER_AUTH_CONFIG`: the text of a `config.json` with `auths` only.
    pub docker_auth_config: Option<SecretString>,
    /// `DOCKER_CONFIG`: the directory of `config.json`.
    pub docker_config: Option<PathBuf>,
    /// `HOME`: contains `.docker/config.json` if `DOCKER_CONFIG` is not set.
    pub home: Option<PathBuf>,
    /// `PATH`: where credential helpers are found.
    pub path: Option<OsString>,
    pub github_server_url: Option<String>,
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`, for Amazon ECR.
    pub aws: Option<AwsKeys>,
}

/// A helper's answer for one registry: tasks that ask in the meantime wait for it.
type HelperAnswer = Arc<OnceCell<Option<KnownCredential>>>;

#[derive(Clone, Default)]
pub struct Credentials {
    known: BTreeMap<RegistryHost, KnownCredential>,
    helpers: BTreeMap<RegistryHost, String>,
    store: Option<String>,
    path: Option<OsString>,
    /// For Amazon ECR hosts with no other credential.
    pub(crate) aws: Option<AwsKeys>,
    answers: Arc<std::sync::Mutex<BTreeMap<RegistryHost, HelperAnswer>>>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("known", &self.known.keys().collect::<Vec<_>>()).finish_non_exhaustive()
    }
}

impl Credentials {
    /// Combines what was given with what the environment has.
    pub fn load(given: Given, environment: &Environment) -> Result<Self, CredentialError> {
        let mut credentials = Self { path: environment.path.clone(), aws: environment.aws.clone(), ..Self::default() };
        if let Some(token) = given.github_token.filter(|_| is_github_com(environment))
            && let Ok(host) = "ghcr.io".parse()
        {
            credentials
                .known
                .insert(host, KnownCredential { credential: Credential::Job(token), place: Place::GitHub });
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
            credentials
                .known
                .insert(RegistryHost::docker_hub(), KnownCredential { credential, place: Place::DockerHub });
        }
        Ok(credentials)
    }

    /// One user's credential for one registry, and none for any other.
    #[must_use]
    pub fn of_one(registry: RegistryHost, username: String, password: SecretString) -> Self {
        let credential = Credential::Password { username, password };
        let known = BTreeMap::from([(registry, KnownCredential { credential, place: Place::Command })]);
        Self { known, ..Self::default() }
    }

    fn know(&mut self, all: BTreeMap<RegistryHost, Credential>, place: &Place) {
        let found = |(host, credential)| (host, KnownCredential { credential, place: place.clone() });
        self.known.extend(all.into_iter().map(found));
    }

    /// The credential for a registry, if there is one; helpers are asked once per run.
    ///
    /// # Errors
    /// If a configured helper fails. A helper that does not know the registry has not failed.
    pub async fn get(&self, registry: &RegistryHost) -> Result<Option<Credential>, CredentialError> {
        Ok(self.find(registry).await?.map(|found| found.credential))
    }

    /// The same, with its source.
    pub async fn find(&self, registry: &RegistryHost) -> Result<Option<KnownCredential>, CredentialError> {
        let known = self.known.get(registry);
        let own = self.helpers.get(registry);
        let job = known.is_some_and(KnownCredential::is_job);
        let Some(helper) = own.or(self.store.as_ref().filter(|_| known.is_none() || job)) else {
            return Ok(known.cloned());
        };
        let cell = {
            let mut answers = self.answers.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            Arc::clone(answers.entry(registry.clone()).or_default())
        };
        let ask = async || {
            let answer = helper::ask(helper, registry, self.path.as_deref()).await?;
            let place = Place::Helper(helper::program(helper));
            Ok(answer.map(|credential| KnownCredential { credential, place }))
        };
        let answer = cell.get_or_try_init(ask).await?;
        Ok(answer.clone().or_else(|| known.cloned()))
    }

    /// Whether there are AWS keys and the registry is an Amazon ECR registry.
    #[must_use]
    pub fn has_keys_for(&self, registry: &RegistryHost) -> bool {
        self.aws.is_some() && registry.ecr().is_some()
    }

    /// Every secret that was given, including its encoded forms, for masking. Secrets that helpers and token services
    /// return later go to [`crate::registry::remote::Options::derived`].
    #[must_use]
    pub fn secrets(&self) -> Vec<SecretString> {
        let encoded = |credential: &Credential| match credential {
            Credential::Password { username, password } => Some(SecretString::from(basic(username, password))),
            _ => None,
        };
        let all = |found: &KnownCredential| {
            std::iter::once(found.credential.secret().clone()).chain(encoded(&found.credential))
        };
        let keys = self.aws.iter().flat_map(|keys| std::iter::once(&keys.secret).chain(&keys.session));
        self.known.values().flat_map(all).chain(keys.cloned()).collect()
    }
}

/// Whether the job runs on github.com: only then is GitHub's token sent to ghcr.io.
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
