//! Settings of a run, from flags, environment and action inputs, in the order that the contract specifies.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use crate::action::Environment;
use crate::net::Hosts;
use crate::registry::TokenServices;
use crate::registry::credentials as registry_credentials;

mod keys;
mod masks;
mod resolve;

pub use crate::report::Format;
pub use keys::KEYS;
pub(crate) use keys::Key;
pub(crate) use masks::{masks_of_all, masks_of_variables};
pub use resolve::{Given, resolve, secrets};
pub(crate) use resolve::{Secrets, format_of};

/// Everything that a run was told, in whatever way.
#[derive(Debug)]
pub struct Settings {
    /// The manifest's path, `approved-images.yml` by default.
    pub manifest: String,
    pub format: Format,
    pub log_level: tracing::Level,
    pub forge: ForgeChoice,
    pub github_token: Option<SecretString>,
    /// Docker Hub's user name, or the organization of an organization access token.
    pub dockerhub_username: Option<String>,
    pub dockerhub_token: Option<SecretString>,
    /// The text of a Docker `config.json` with registry credentials.
    pub registry_auth: Option<SecretString>,
    /// Certificates to trust in addition to the system's, PEM.
    pub ca_certificates: Option<String>,
    pub record: RecordMode,
    /// The minimum number of reviews an approval needs.
    pub min_approvals: u32,
    pub shard: Option<Shard>,
    pub dry_run: bool,
    /// How long to wait for the first byte of an answer, and for each next one.
    pub timeout: Duration,
    /// How long to wait for one source's lists and evidence in all.
    pub source_timeout: Duration,
    /// Hosts that are to be reached at another address.
    pub hosts: Hosts,
    /// Token services that may be sent a registry's password, besides the known ones.
    pub token_services: TokenServices,
    /// The directory with scanners' reports.
    pub reports: Option<PathBuf>,
    /// Repositories on GitHub (`OWNER/REPO`) whose files may name images of the mirror.
    pub consumers: Vec<String>,
    /// Docker's own configuration, which also provides registry credentials.
    pub docker: registry_credentials::Environment,
    pub directory: PathBuf,
    /// What GitHub says about itself and this run.
    pub github: Environment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForgeChoice {
    /// In Actions, or if a token and a repository are given.
    GitHub,
    /// Branches of the local clone.
    Git,
    /// None: commands that need one say so.
    None,
}

/// `record`: how `mirrored` digests are added to the manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RecordMode {
    /// A commit or, if the branch refuses it, a pull request.
    #[default]
    Auto,
    /// A commit on the default branch.
    Commit,
    /// The recording pull request.
    PullRequest,
    /// Not at all.
    None,
}

/// `shard`: part `number` of `count`, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// From 1.
    pub number: u32,
    /// At least `number`.
    pub count: u32,
}

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = text.split_once('/').and_then(|(i, n)| Some((i.trim().parse().ok()?, n.trim().parse().ok()?)));
        match parsed {
            Some((number, count)) if (1..=count).contains(&number) => Ok(Self { number, count }),
            _ => Err("expected i/N with i from 1 to N, such as 2/4".to_owned()),
        }
    }
}
