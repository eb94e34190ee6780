//! What every command works with.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use super::Stop;
use crate::forge::Forge;
use crate::forge::git::GitForge;
use crate::hub::Hub;
use crate::net;
use crate::registry::credentials::{self, Credentials};
use crate::registry::{Registries, remote};
use crate::report::workflow_command;
use crate::settings::{ForgeChoice, Settings};

/// Where Docker Hub's own API is, under the name that `WHARFINGER_HOSTS` knows it by.
const HUB: &str = "hub.docker.com";

/// What every command works with; built once from [`Settings`].
pub struct Context {
    /// What the run was told.
    pub settings: Settings,
    /// The registries.
    pub registries: Registries,
    /// Docker Hub's own API, where there is a credential for it.
    pub hub: Option<Hub>,
    /// The forge, where there is one.
    pub forge: Option<Arc<dyn Forge>>,
    /// Now, once for the whole run.
    pub now: chrono::DateTime<chrono::Utc>,
}

impl Context {
    /// Builds everything from the settings. Nothing is asked of the network yet.
    ///
    /// # Errors
    /// Where the certificates or the local clone cannot be used.
    pub async fn build(settings: Settings) -> Result<Self, Stop> {
        let forge = forge(&settings).await?;
        let registries = registries(&settings)?;
        Ok(Self { settings, registries, hub: None, forge, now: chrono::Utc::now() })
    }

    /// Whether there are credentials with which a destination could be written.
    #[must_use]
    pub fn has_destination_credentials(&self) -> bool {
        let settings = &self.settings;
        settings.dockerhub_token.is_some() || settings.registry_auth.is_some()
    }

    /// Docker Hub's own API asked as nobody, for the push times of public tags: no credential is refused there for what it
    /// may not do elsewhere.
    #[must_use]
    pub fn push_times(&self) -> Option<Hub> {
        let elsewhere = self.settings.hosts.get(HUB).cloned();
        let base = elsewhere.or_else(|| format!("https://{HUB}").parse().ok())?;
        Some(Hub::new(self.registries.client().http().client().clone(), base, None))
    }

    /// The forge.
    ///
    /// # Errors
    /// [`Stop::CannotWork`] where there is none, with how to have one.
    pub fn forge(&self) -> Result<&Arc<dyn Forge>, Stop> {
        self.forge.as_ref().ok_or_else(|| {
            Stop::CannotWork(anyhow::anyhow!(
                "this command needs a forge: give GITHUB_TOKEN and GITHUB_REPOSITORY (owner/name), or --forge git for branches of the local clone"
            ))
        })
    }
}

/// The registries, with everything that settings know of credentials.
fn registries(settings: &Settings) -> Result<Registries, Stop> {
    let username = settings.dockerhub_username.clone();
    let given = credentials::Given {
        dockerhub: username.zip(settings.dockerhub_token.clone()),
        registry_auth: settings.registry_auth.clone(),
        github_token: settings.github_token.clone(),
    };
    let credentials = Credentials::load(given, &settings.docker).map_err(|e| Stop::Unusable(e.to_string()))?;
    let options = remote::Options {
        net: net::Options {
            ca_certificates: settings.ca_certificates.clone(),
            hosts: settings.hosts.clone(),
            public_only: false,
        },
        credentials,
        derived: settings.github.in_actions.then(|| Arc::new(hide) as remote::Derived),
        ..remote::Options::default()
    };
    let client = remote::Client::new(options).map_err(|e| Stop::Unusable(e.to_string()))?;
    Ok(Registries::new(Arc::new(client)))
}

/// Tells the runner to hide a secret that came up on the way, before anything can show it.
fn hide(secret: &SecretString) {
    // Where the runner does not read there is nothing to hide from.
    let _ = workflow_command::write(&mut std::io::stderr(), "add-mask", &[], secret.expose_secret());
}

async fn forge(settings: &Settings) -> Result<Option<Arc<dyn Forge>>, Stop> {
    match settings.forge {
        ForgeChoice::None | ForgeChoice::GitHub => Ok(None),
        ForgeChoice::Git => {
            let forge = GitForge::open(settings.directory.clone()).await;
            forge.map(|forge| Some(Arc::new(forge) as Arc<dyn Forge>)).map_err(|e| Stop::Unusable(e.to_string()))
        }
    }
}
