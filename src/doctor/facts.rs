//! What was found out, before it is judged. No secret is among it.

use std::collections::BTreeMap;

/// Why a question was not answered as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// 401 or 403, with what lacks.
    Refused(String),
    /// No answer, or none that can be used.
    Failed(String),
}

/// What a server said.
pub type Said<T> = Result<T, Fault>;

/// Everything that was found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The manifest's path.
    pub manifest_path: String,
    /// The manifest.
    pub manifest: ManifestFact,
    /// This machine.
    pub machine: Machine,
    /// The event of a workflow's run; `None` outside Actions.
    pub event: Option<EventFact>,
    /// The servers that were asked at all.
    pub servers: Vec<Server>,
    /// The registries of the manifest, in order.
    pub registries: Vec<RegistryFacts>,
    /// Docker Hub's own API; `None` where neither manifest nor credentials are about it.
    pub hub: Option<HubFacts>,
    /// GitHub.
    pub github: GitHubFacts,
}

/// The manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ManifestFact {
    /// It can be used.
    Usable {
        /// The organization.
        organization: String,
        /// How many images it has.
        images: usize,
    },
    /// It cannot: how many faults it has, and the first of them.
    Faulty(usize, String),
    /// There is none; where it was looked for.
    Missing(String),
    /// It could not be read.
    Unread(String),
}

/// This machine and what its environment says of the network.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Machine {
    /// Variables of proxies that are in force, each with the proxy's address without user and password.
    pub proxies: Vec<(String, String)>,
    /// `NO_PROXY`.
    pub no_proxy: Option<String>,
    /// Variables that name certificates, each with the path and whether it can be read.
    pub bundles: Vec<(String, String, bool)>,
    /// How many certificates `ca-certificates` gave.
    pub given_certificates: usize,
    /// Whether there is anybody to trust; `None` where nothing speaks TLS.
    pub trusts: Option<bool>,
    /// `WHARFINGER_HOSTS`: hosts and where they are to be found.
    pub moved: Vec<(String, String)>,
}

/// The event of a workflow's run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventFact {
    /// It can be understood.
    Known {
        /// Its name.
        name: String,
        /// `GITHUB_REF`.
        git_ref: String,
        /// Why commands that write do not run for it; `None` where they do.
        no_writing: Option<String>,
        /// Whether it is one that is only checked.
        checks: bool,
    },
    /// It cannot.
    Unusable(String),
}

/// A server that was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// What it is, such as `docker.io`.
    pub name: String,
    /// Where it is: host and port.
    pub address: String,
    /// The commands that need it.
    pub needed_for: Vec<&'static str>,
    /// By how many seconds this machine's clock is ahead of the server's, where it said the time; else why it did not answer.
    pub reached: Result<Option<i64>, String>,
}

/// A registry of the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryFacts {
    /// Its name in manifests.
    pub name: String,
    /// Whose credential it is asked with; `None` where there is none.
    pub holder: Result<Option<Holder>, String>,
    /// Whether it answered at all.
    pub reached: bool,
    /// The sources there that were asked, in order.
    pub sources: Vec<Source>,
    /// The mirrors there that were asked, in order.
    pub mirrors: Vec<Mirror>,
    /// How many further sources and mirrors there are.
    pub unasked: usize,
}

/// Whose credential a registry is asked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The user, or the organization.
    pub user: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// Where it came from.
    pub place: String,
}

/// What a credential is, as far as it says itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A password, or a token that does not look like one.
    Password,
    /// Docker Hub's personal access token.
    HubPersonal,
    /// Docker Hub's organization access token.
    HubOrganization,
    /// An identity token.
    Identity,
    /// A bearer token.
    Bearer,
    /// A token of GitHub.
    GitHub(TokenKind),
}

/// What a token of GitHub is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// The job's own.
    Job,
    /// An App's, for its installation.
    App,
    /// The job's own or an App's.
    Installation,
    /// A personal one, classic.
    Classic,
    /// A personal one, fine-grained.
    FineGrained,
    /// One that an App or OAuth app got for a user.
    OfUser,
    /// Another.
    Other,
}

/// A source that was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The repository, with its registry.
    pub repository: String,
    /// Whether it is there, as it was asked first.
    pub read: Said<bool>,
    /// Whether it is there for nobody in particular, where the credential was refused.
    pub by_nobody: Option<Said<bool>>,
}

/// A mirror that was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    /// The repository, with its registry.
    pub repository: String,
    /// Whether it is there.
    pub read: Said<bool>,
    /// Whether it may be pushed to: `None` where only pushing can tell, with the reason.
    pub push: Said<Option<&'static str>>,
    /// Whether Docker Hub's API says that it is yet to be made.
    pub unmade: bool,
}

/// Docker Hub's own API.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HubFacts {
    /// The organization of the manifest, where it is one of Docker Hub.
    pub organization: Option<String>,
    /// The credential.
    pub holder: Option<Holder>,
    /// Whether it is taken; `None` where it was not asked.
    pub signed_in: Option<Said<()>>,
    /// The user's role in the organization: `None` inside where the user is neither owner nor editor.
    pub role: Option<Said<Option<Role>>>,
    /// The organization's teams.
    pub teams: Option<Said<Vec<String>>>,
    /// The teams that the manifest grants something, and whether they are made.
    pub wanted_teams: BTreeMap<String, bool>,
    /// The mirrors that were asked, and what the credential may do with each; `None` inside where it is not there.
    pub mirrors: Vec<(String, Said<Option<Rights>>)>,
    /// Whether tags of a mirror that is there may be listed; with its name.
    pub tags: Option<(String, Said<()>)>,
    /// Whether a private mirror that is there stands in the list of all repositories, where that can be told; with its name.
    pub listed: Option<(String, Said<Option<bool>>)>,
    /// Whether the manifest has a revoked tag taken down.
    pub takes_down: bool,
    /// Whether the teams of a mirror that is there may be listed; with its name.
    pub grants: Option<(String, Said<()>)>,
    /// Whether the manifest makes tags immutable.
    pub immutable: bool,
    /// Whether Image Access Management's settings may be read, where the policy says something of them.
    pub image_access: Option<Said<()>>,
    /// Whether Registry Access Management's settings may be read, where the policy says something of them.
    pub registry_access: Option<Said<()>>,
}

/// What a credential may do with a repository, as Docker Hub says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rights {
    /// Whether it is private.
    pub private: bool,
    /// Push to it.
    pub write: bool,
    /// Change its settings.
    pub admin: bool,
}

/// A role in an organization that may do more than a member's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Owner.
    Owner,
    /// Editor.
    Editor,
}

/// GitHub.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GitHubFacts {
    /// Whether proposals are made elsewhere: then nothing of it is needed.
    pub elsewhere: bool,
    /// Whether this is a job of Actions.
    pub in_actions: bool,
    /// The repository, `owner/name`.
    pub repository: Option<String>,
    /// Where people open it: `https://github.com`.
    pub server: String,
    /// Whether a token was given.
    pub token: Option<TokenKind>,
    /// Whose it is.
    pub login: Option<Said<String>>,
    /// The scopes of a classic token.
    pub scopes: Option<Vec<String>>,
    /// What was said of the repository.
    pub about: Option<Said<About>>,
    /// What of the repository may be read: the permission's name, and what was said.
    pub reads: Vec<(&'static str, Said<()>)>,
    /// The permissions that the workflow's file gives this job, or why they are not known; `None` where it is no job's token.
    pub given: Option<Result<Given, String>>,
    /// Whether a job's own token may open pull requests.
    pub may_open: Option<Said<bool>>,
    /// The rules of the default branch.
    pub default_rules: Option<Said<Vec<RuleFact>>>,
    /// Whether the default branch is protected in a way that is not among its rules.
    pub protected: Option<Said<bool>>,
    /// The rules of branches that this program makes, each once.
    pub our_rules: Option<Said<Vec<RuleFact>>>,
    /// The prefix of those branches.
    pub prefix: String,
    /// Whether records are made by commits alone.
    pub commits_alone: bool,
    /// Whether the manifest has labels.
    pub labels: bool,
}

/// The permissions that a workflow's file gives a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The file.
    pub file: String,
    /// `read`, `write` or `none` by name; what is not named is `none`. `None`: the file says nothing, and the repository's
    /// default holds.
    pub permissions: Option<BTreeMap<String, String>>,
}

/// What GitHub says of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Its default branch.
    pub default_branch: String,
    /// Whether it is private.
    pub private: bool,
    /// Whether the user whose token this is may push, where that was said.
    pub push: Option<bool>,
}

/// A rule of a branch.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleFact {
    /// Its type, as GitHub names it.
    pub kind: String,
    /// In words, with what to change.
    pub text: String,
}
