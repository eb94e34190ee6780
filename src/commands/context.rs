//! What every command works with.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Once, OnceLock};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::Stop;
use super::known::KnownReviews;
use crate::apply::interruption::Interruption;
use crate::forge::git::GitForge;
use crate::forge::github::GitHub;
use crate::forge::{Commit, Contents, Forge};
use crate::hub::{self, Hub};
use crate::manifest::{Destination, Manifest, Proposals};
use crate::net::retry::Policy;
use crate::net::{self, Http};
use crate::observe::records::{ALL_BELIEVED, History};
use crate::observe::reviews::Reviews;
use crate::observe::sources::Sources;
use crate::observe::vulnerabilities::Osv;
use crate::plan::ownership::Keeper;
use crate::progress::{Messages, Progress};
use crate::registry::credentials::{self, Credentials};
use crate::registry::{Registries, remote};
use crate::report::workflow_command;
use crate::settings::{ForgeChoice, Settings};

/// Docker Hub's own API, under the name that `WHARFINGER_HOSTS` uses.
const HUB: &str = "hub.docker.com";
/// OSV's API, likewise.
const OSV: &str = "api.osv.dev";

/// What every command works with; built once from [`Settings`].
pub struct Context {
    pub settings: Settings,
    pub registries: Registries,
    /// Upstream, without a total limit per source: for copies.
    pub sources: Sources,
    /// Docker Hub's own API with this run's credential; without one, only public data is available. `None` if it has no
    /// usable address.
    pub hub: Option<Hub>,
    /// OSV's API. It is only asked if the manifest says so.
    pub(super) osv: Arc<Osv>,
    pub forge: Option<Arc<dyn Forge>>,
    /// The same forge, if it is GitHub.
    github: Option<Arc<GitHub>>,
    /// Whether the run was asked to end.
    pub interruption: Interruption,
    /// Now, once for the whole run.
    pub now: chrono::DateTime<chrono::Utc>,
    /// What this run found out about reviews.
    pub(super) reviews: KnownReviews,
    /// Makes sure that a differing manifest here is only reported once.
    pub(super) edits_told: Once,
    /// The commit that the manifest was read at if nothing is checked out.
    pub(super) read_at: OnceLock<Commit>,
    /// Whether proposals may be open, as far as this run knows.
    pub(super) may_have_proposals: AtomicBool,
}

impl Context {
    /// Builds everything from the settings, without using the network.
    ///
    /// # Errors
    /// If the certificates or the local clone are unusable.
    pub async fn build(settings: Settings) -> Result<Self, Stop> {
        // The clone is checked in the meantime.
        let local = matches!(settings.forge, ForgeChoice::Git).then(|| tokio::spawn(local(&settings)));
        let registries = registries(&settings)?;
        let http = registries.client().http().client().clone();
        let hub = hub(&settings, http.clone());
        let osv = Arc::new(osv(&settings, registries.client().http().clone())?);
        let github = github(&settings, &http)?.map(Arc::new);
        let forge = match local {
            Some(local) => Some(local.await.map_err(|e| Stop::CannotWork(e.into()))??),
            None => github.clone().map(|github| github as Arc<dyn Forge>),
        };
        let (interruption, now, reviews) = (Interruption::default(), chrono::Utc::now(), KnownReviews::default());
        let sources = Sources::to_copy(registries.clone());
        let (edits_told, read_at, may_have_proposals) = (Once::new(), OnceLock::new(), AtomicBool::new(true));
        Ok(Self {
            settings,
            registries,
            sources,
            hub,
            osv,
            forge,
            github,
            interruption,
            now,
            reviews,
            edits_told,
            read_at,
            may_have_proposals,
        })
    }

    /// Whether a credential for the destination was given; a directory needs none.
    pub async fn has_credentials_for(&self, destination: &Destination) -> bool {
        match destination {
            Destination::Directory(_) => true,
            // A helper that fails was still configured: writing will report how it fails.
            Destination::Registry(host) => {
                let credentials = &self.registries.client().options().credentials;
                !matches!(credentials.get(host).await, Ok(None)) || credentials.has_keys_for(host)
            }
        }
    }

    /// Gives the forge's temporary branches the manifest's branch prefix.
    pub(super) fn begin_branches_as(&self, manifest: &Manifest) {
        if let Some(github) = &self.github {
            github.begin_branches_with(&manifest.prefix(), &manifest.proposals.branch_prefix);
        }
    }

    /// Bars on a terminal; nothing elsewhere.
    pub(super) fn progress(&self) -> Progress {
        Progress::on_terminal(self.settings.github.in_actions)
    }

    /// How to read the history of a manifest that was read at `at` on the default branch; `None`: the current head.
    pub(super) fn history<'a>(&'a self, at: Option<&'a Commit>, reviews: Option<&'a Reviews>) -> Option<History<'a>> {
        let forge = self.forge.as_deref()?;
        let foreign = reviews.map_or(&ALL_BELIEVED, |reviews| &reviews.binding.foreign);
        let path = self.settings.manifest.as_str();
        Some(History { contents: forge, head: at, path, foreign })
    }

    /// The manifest that manages repositories.
    ///
    /// # Errors
    /// If there is a forge and it does not say which repository it is.
    pub(super) async fn keeper(&self) -> Result<Keeper, Stop> {
        let known = self.known_keeper();
        match &self.forge {
            Some(forge) => Ok(Keeper { repository: Some(forge.identity().await?), ..known }),
            None => Ok(known),
        }
    }

    /// The same, as far as it is known without a forge.
    pub(super) fn known_keeper(&self) -> Keeper {
        let repository = self.settings.github.repository.as_ref().map(|(owner, name)| format!("{owner}/{name}"));
        Keeper { repository, path: self.settings.manifest.clone() }
    }

    #[must_use]
    pub fn github(&self) -> Option<&GitHub> {
        self.github.as_deref()
    }

    /// GitHub, for reading files.
    pub(super) fn github_contents(&self) -> Option<Arc<dyn Contents>> {
        self.github.clone().map(|github| github as Arc<dyn Contents>)
    }

    /// Docker Hub's own API, used anonymously, for the push times of public tags: so that a credential's other
    /// restrictions do not matter.
    #[must_use]
    pub fn anonymous_hub(&self) -> Option<Hub> {
        self.hub.as_ref().map(Hub::anonymous)
    }

    /// Docker Hub's own API for a run with many requests: a rate limit that ends within minutes is waited for. `None`
    /// without a credential, because private repositories would seem not to exist.
    #[must_use]
    pub fn patient_hub(&self) -> Option<Hub> {
        self.settings.dockerhub_token.as_ref()?;
        let hub = self.hub.clone()?;
        Some(hub.with_retry(Policy { longest: Duration::from_secs(180), ..hub::RETRY }))
    }

    /// The forge.
    ///
    /// # Errors
    /// [`Stop::CannotWork`] if there is none, with how to get one.
    pub fn forge(&self) -> Result<&Arc<dyn Forge>, Stop> {
        self.forge.as_ref().ok_or_else(|| {
            Stop::CannotWork(anyhow::anyhow!(
                "this command needs a forge: set GITHUB_TOKEN and GITHUB_REPOSITORY (owner/name), or use --forge git for branches of the local clone"
            ))
        })
    }
}

/// The registries, with all credentials known from settings.
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
        token_services: settings.token_services.clone(),
        patience: remote::Patience::of(settings.timeout, settings.source_timeout),
        derived: settings.github.in_actions.then(|| Arc::new(hide) as remote::Derived),
        ..remote::Options::default()
    };
    let client = remote::Client::new(options).map_err(|e| Stop::Unusable(e.to_string()))?;
    Ok(Registries::new(Arc::new(client)))
}

/// Tells the runner to hide a secret obtained during the run, before anything can show it.
fn hide(secret: &SecretString) {
    // If the runner does not read, there is nothing to hide.
    let _ = workflow_command::write(&mut Messages, "add-mask", &[], secret.expose_secret());
}

/// Docker Hub's own API, with the credential of this run: where `WHARFINGER_HOSTS` points, otherwise at its public
/// address.
fn hub(settings: &Settings, http: reqwest::Client) -> Option<Hub> {
    let address = settings.hosts.get(HUB).cloned().or_else(|| format!("https://{HUB}").parse().ok())?;
    let credential = settings.dockerhub_username.clone().zip(settings.dockerhub_token.clone());
    let credential = credential.map(|(identifier, secret)| hub::Credential { identifier, secret });
    let derived = settings.github.in_actions.then(|| Arc::new(hide) as hub::Derived);
    Some(Hub::new(http, address, credential, derived).with_timeout(settings.timeout))
}

/// OSV's API: where `WHARFINGER_HOSTS` points, otherwise at its public address.
pub(super) fn osv(settings: &Settings, http: Http) -> Result<Osv, Stop> {
    let address = settings.hosts.get(OSV).cloned().map_or_else(|| format!("https://{OSV}").parse(), Ok);
    let address = address.map_err(|e| Stop::Unusable(format!("{OSV}: {e}")))?;
    Ok(Osv::new(http, address, settings.timeout))
}

/// GitHub, if it is the forge and a token was given.
fn github(settings: &Settings, http: &reqwest::Client) -> Result<Option<GitHub>, Stop> {
    let github = &settings.github;
    let (ForgeChoice::GitHub, Some(token)) = (settings.forge, &settings.github_token) else { return Ok(None) };
    let Some((owner, name)) = &github.repository else {
        return Err(Stop::Unusable("GITHUB_REPOSITORY is not set: set it to owner/name".to_owned()));
    };
    let repository = format!("{owner}/{name}");
    let prefix = Proposals::default().branch_prefix;
    GitHub::new(http, &github.api_url, &github.graphql_url, &repository, token, &prefix)
        .map(|github| Some(github.with_timeout(settings.timeout)))
        .map_err(|e| Stop::Unusable(e.to_string()))
}

fn local(settings: &Settings) -> impl Future<Output = Result<Arc<dyn Forge>, Stop>> + use<> {
    let (directory, timeout) = (settings.directory.clone(), settings.timeout);
    async move {
        let forge = GitForge::open(directory).await.map_err(|e| Stop::Unusable(e.to_string()))?;
        Ok(Arc::new(forge.with_timeout(timeout)) as Arc<dyn Forge>)
    }
}
