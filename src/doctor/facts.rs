//! What was found out, before it is judged. No secret is among it.

use std::collections::BTreeMap;

use chrono::NaiveDate;

/// Why a question was not answered as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// 401 or 403, with what lacks.
    Refused(String),
    /// No answer, or none that can be used.
    Failed(String),
}

pub(crate) type Answer<T> = Result<T, Fault>;

/// Everything that was found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    pub manifest_path: String,
    pub manifest: ManifestFact,
    pub machine: Machine,
    /// The event of a workflow's run; `None` outside Actions.
    pub event: Option<EventFact>,
    /// The servers that were asked at all.
    pub servers: Vec<Server>,
    /// The registries of the manifest, in order.
    pub registries: Vec<RegistryFacts>,
    /// Docker Hub's own API; `None` where neither manifest nor credentials are about it.
    pub hub: Option<HubFacts>,
    pub github: GitHubFacts,
    /// What signatures are verified with; `None` where no image asks for them.
    pub signing: Option<SigningFacts>,
}

/// What signatures are verified with, and what it verifies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct SigningFacts {
    /// When the newest key of the trust root that ships begins to count.
    pub newest_key: NaiveDate,
    /// How many days ago that was.
    pub days: i64,
    /// The files with keys and trusted roots, and why those that cannot be used cannot.
    pub files: Vec<(String, Option<String>)>,
    /// The newest approvals of images that ask for signatures, in the manifest's order.
    pub images: Vec<SignedFact>,
    /// How many further images ask for signatures.
    pub unasked: usize,
}

/// One image that asks for signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SignedFact {
    /// The source with the tag of its newest approval.
    pub name: String,
    /// Who signed it; else why it is unsigned, and what would verify it.
    pub signed: Result<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ManifestFact {
    /// It can be used.
    Usable {
        organization: String,
        /// How many images it has.
        images: usize,
    },
    /// It cannot: how many faults it has, and the first of them.
    Faulty(usize, String),
    /// There is none; where it was looked for.
    Missing(String),
    Unread(String),
}

/// This machine and what its environment says of the network.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Machine {
    /// Variables of proxies that are in force, each with the proxy's address without user and password.
    pub proxies: Vec<(String, String)>,
    pub no_proxy: Option<String>,
    /// Of variables that name certificates.
    pub bundles: Vec<Bundle>,
    /// How many certificates `ca-certificates` gave.
    pub given_certificates: usize,
    /// Whether there is anybody to trust; `None` where nothing speaks TLS.
    pub trusts: Option<bool>,
    /// `WHARFINGER_HOSTS`: hosts and where they are to be found.
    pub moved: Vec<(String, String)>,
}

/// A file of certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bundle {
    pub variable: String,
    pub path: String,
    pub readable: bool,
}

/// The event of a workflow's run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EventFact {
    /// It can be understood.
    Known {
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

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Server {
    /// What it is, such as `docker.io`.
    pub name: String,
    /// Where it is: host and port.
    pub address: String,
    pub needed_for: Vec<&'static str>,
    /// By how many seconds this machine's clock is ahead of the server's, where it said the time; else why it did not answer.
    pub reached: Result<Option<i64>, String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RegistryFacts {
    /// Its name in manifests.
    pub name: String,
    /// Whose credential it is asked with; `None` where there is none.
    pub holder: Result<Option<Holder>, String>,
    /// Whether it answered at all.
    pub reached: bool,
    /// The setting by which its token service, which is elsewhere, would be given the credential.
    pub lacking_setting: Option<String>,
    /// The sources there that were asked, in order.
    pub sources: Vec<Source>,
    /// The mirrors there that were asked, in order.
    pub mirrors: Vec<Mirror>,
    /// How many further sources and mirrors there are.
    pub unasked: usize,
}

/// Whose credential a registry is asked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holder {
    /// The user, or the organization.
    pub user: Option<String>,
    pub kind: Kind,
    /// Where it came from.
    pub place: String,
}

/// What a credential is, as far as it says itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A password, or a token that does not look like one.
    Password,
    /// Docker Hub's personal access token.
    HubPersonal,
    /// Docker Hub's organization access token.
    HubOrganization,
    Identity,
    Bearer,
    GitHub(TokenKind),
}

/// What a token of GitHub is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
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
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    /// The repository, with its registry.
    pub repository: String,
    /// Whether it is there, as it was asked first.
    pub read: Answer<bool>,
    /// Whether it is there for nobody in particular, where the credential was refused.
    pub by_nobody: Option<Answer<bool>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mirror {
    /// The repository, with its registry.
    pub repository: String,
    /// Whether it is there.
    pub read: Answer<bool>,
    /// Whether it may be pushed to: `None` where only pushing can tell, with the reason.
    pub push: Answer<Option<&'static str>>,
    /// Whether Docker Hub's API says that it is yet to be made.
    pub unmade: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct HubFacts {
    /// The organization of the manifest, where it is one of Docker Hub.
    pub organization: Option<String>,
    pub holder: Option<Holder>,
    /// Whether it is taken; `None` where it was not asked.
    pub signed_in: Option<Answer<()>>,
    /// The user's role in the organization: `None` inside where the user is neither owner nor editor.
    pub role: Option<Answer<Option<Role>>>,
    pub teams: Option<Answer<Vec<String>>>,
    /// The teams that the manifest grants something, and whether they are made.
    pub wanted_teams: BTreeMap<String, bool>,
    /// The mirrors that were asked, and what the credential may do with each; `None` inside where it is not there.
    pub mirrors: Vec<(String, Answer<Option<Rights>>)>,
    /// The mirrors that are there and not ours, and why.
    pub not_ours: BTreeMap<String, String>,
    /// Whether tags of a mirror that is there may be listed; with its name.
    pub tags: Option<(String, Answer<()>)>,
    /// Whether a private mirror that is there stands in the list of all repositories, where that can be told; with its name.
    pub listed: Option<(String, Answer<Option<bool>>)>,
    /// Whether the manifest has a revoked tag deleted.
    pub takes_down: bool,
    /// Whether the teams of a mirror that is there may be listed; with its name.
    pub grants: Option<(String, Answer<()>)>,
    /// Whether the manifest makes tags immutable.
    pub immutable: bool,
    /// Whether Image Access Management's settings may be read, where the policy says something of them.
    pub image_access: Option<Answer<()>>,
    /// Whether Registry Access Management's settings may be read, where the policy says something of them.
    pub registry_access: Option<Answer<()>>,
}

/// What a credential may do with a repository, as Docker Hub says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rights {
    pub private: bool,
    /// Push to it.
    pub write: bool,
    /// Change its settings.
    pub admin: bool,
}

/// A role in an organization that may do more than a member's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Owner,
    Editor,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct GitHubFacts {
    /// Whether proposals are made elsewhere: then nothing of it is needed.
    pub elsewhere: bool,
    pub in_actions: bool,
    /// The repository, `owner/name`.
    pub repository: Option<String>,
    /// Where people open it: `https://github.com`.
    pub server: String,
    /// Whether a token was given.
    pub token: Option<TokenKind>,
    /// Whose it is.
    pub login: Option<Answer<String>>,
    /// The scopes of a classic token.
    pub scopes: Option<Vec<String>>,
    /// What was said of the repository.
    pub about: Option<Answer<About>>,
    /// What of the repository may be read: the permission's name, and what was said.
    pub reads: Vec<(&'static str, Answer<()>)>,
    /// Whether the repository's activity tells who moved branches.
    pub activity: Option<Answer<()>>,
    /// The permissions that the workflow's file gives this job, or why they are unknown; `None` where it is not a job's token.
    pub given: Option<Result<Given, String>>,
    /// Whether a job's own token may open pull requests.
    pub may_open: Option<Answer<bool>>,
    pub default_rules: Option<Answer<Vec<RuleFact>>>,
    /// Whether the default branch is protected in a way that is not among its rules.
    pub protected: Option<Answer<bool>>,
    /// The rules of branches that this program makes, each once.
    pub our_rules: Option<Answer<Vec<RuleFact>>>,
    /// The prefix of those branches.
    pub prefix: String,
    /// Whether records are made by commits alone.
    pub commits_alone: bool,
    /// Whether the manifest has labels.
    pub labels: bool,
    /// How many reviews the manifest or `min-approvals` asks for.
    pub approvals: u32,
    /// The text of CODEOWNERS on the default branch; `None` in it where there is no such file. Asked where reviews are.
    pub owners: Option<Answer<Option<String>>>,
}

/// The permissions that a workflow's file gives a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Given {
    pub file: String,
    /// `read`, `write` or `none` by name; what is not named is `none`. `None`: the file says nothing, and the repository's
    /// default holds.
    pub permissions: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct About {
    pub default_branch: String,
    pub private: bool,
    /// Whether the user whose token this is may push, where that was said.
    pub push: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RuleFact {
    /// Its type, as GitHub names it.
    pub kind: String,
    /// In words, with what to change.
    pub text: String,
    /// What it asks of pull requests, where that is its type.
    pub review: Option<ReviewFact>,
    /// Patterns of files that it keeps from being pushed.
    pub files: Vec<String>,
}

/// What a rule asks of the reviews of a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ReviewFact {
    pub approvals: u64,
    /// Whether somebody else than who pushed last must approve.
    pub last_push: bool,
    /// Whether the owners of what is changed must approve.
    pub code_owners: bool,
}
