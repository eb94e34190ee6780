//! What was found out, before it is judged. Contains no secret.

use std::collections::BTreeMap;

use chrono::NaiveDate;

/// Why a question has no usable answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// 401 or 403, with what is missing.
    Refused(String),
    /// No answer, or an unusable one.
    Failed(String),
}

pub(crate) type Answer<T> = Result<T, Fault>;

/// Everything that was found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    pub manifest_path: String,
    pub manifest: ManifestFact,
    pub machine: Machine,
    /// The event of a workflow run; `None` outside Actions.
    pub event: Option<EventFact>,
    /// The servers that were contacted.
    pub servers: Vec<Server>,
    /// The registries in the manifest, in order.
    pub registries: Vec<RegistryFacts>,
    /// Docker Hub's own API; `None` if neither manifest nor credentials involve it.
    pub hub: Option<HubFacts>,
    pub github: GitHubFacts,
    /// What signatures are verified with; `None` if no image requires any.
    pub signing: Option<SigningFacts>,
}

/// What signatures are verified with, and the results.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct SigningFacts {
    /// When the newest key of the built-in trust root becomes valid.
    pub newest_key: NaiveDate,
    /// How many days ago that was.
    pub days: i64,
    /// The files with keys and trusted roots, each with the reason if it is unusable.
    pub files: Vec<(String, Option<String>)>,
    /// The newest approvals of images that require signatures, in the manifest's order.
    pub images: Vec<SignedFact>,
    /// How many further images require signatures.
    pub unasked: usize,
}

/// One image that requires signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SignedFact {
    /// The source with the tag of its newest approval.
    pub name: String,
    /// Who signed it; otherwise why it counts as unsigned, and what would verify it.
    pub signed: Result<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ManifestFact {
    /// It is usable.
    Usable {
        organization: String,
        /// How many images it contains.
        images: usize,
    },
    /// It is not: how many errors it has, and the first of them.
    Faulty(usize, String),
    /// There is none; where it was expected.
    Missing(String),
    Unread(String),
}

/// This machine and its environment's network settings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Machine {
    /// The proxy variables in force, each with the proxy's address without user and password.
    pub proxies: Vec<(String, String)>,
    pub no_proxy: Option<String>,
    /// The files in variables that name certificates.
    pub bundles: Vec<Bundle>,
    /// How many certificates `ca-certificates` provided.
    pub given_certificates: usize,
    /// Whether any authority is trusted; `None` if nothing uses TLS.
    pub trusts: Option<bool>,
    /// `WHARFINGER_HOSTS`: hosts and where they are found instead.
    pub moved: Vec<(String, String)>,
}

/// A file of certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bundle {
    pub variable: String,
    pub path: String,
    pub readable: bool,
}

/// The event of a workflow run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EventFact {
    /// It is understood.
    Known {
        name: String,
        /// `GITHUB_REF`.
        git_ref: String,
        /// Why commands that write do not run for it; `None` if they do.
        no_writing: Option<String>,
        /// Whether it is an event that only runs checks.
        checks: bool,
    },
    /// It is not.
    Unusable(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Server {
    /// Its name, such as `docker.io`.
    pub name: String,
    /// Its address: host and port.
    pub address: String,
    pub needed_for: Vec<&'static str>,
    /// How many seconds this machine's clock is ahead of the server's, if it sent the time; or why it did not answer.
    pub reached: Result<Option<i64>, String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RegistryFacts {
    /// Its name in manifests.
    pub name: String,
    /// The holder of the credential in use; `None` if there is none.
    pub holder: Result<Option<Holder>, String>,
    /// Whether it answered at all.
    pub reached: bool,
    /// The setting that would let its token service, on another host, have the credential.
    pub lacking_setting: Option<String>,
    /// The sources there that were checked, in order.
    pub sources: Vec<Source>,
    /// The mirrors there that were checked, in order.
    pub mirrors: Vec<Mirror>,
    /// How many further sources and mirrors there are.
    pub unasked: usize,
}

/// The holder of a registry's credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holder {
    /// The user, or the organization.
    pub user: Option<String>,
    pub kind: Kind,
    /// Where it came from.
    pub place: String,
}

/// What a credential is, as far as it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A password, or a token that cannot be told from one.
    Password,
    /// A Docker Hub personal access token.
    HubPersonal,
    /// A Docker Hub organization access token.
    HubOrganization,
    Identity,
    Bearer,
    GitHub(TokenKind),
}

/// The kind of a GitHub token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// The job's own token.
    Job,
    /// An App's token for its installation.
    App,
    /// The job's own token or an App's.
    Installation,
    /// A classic personal token.
    Classic,
    /// A fine-grained personal token.
    FineGrained,
    /// A token that an App or OAuth app got for a user.
    OfUser,
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    /// The repository, with its registry.
    pub repository: String,
    /// Whether it exists, according to the first request.
    pub read: Answer<bool>,
    /// Whether it exists when asked anonymously, if the credential was refused.
    pub by_nobody: Option<Answer<bool>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mirror {
    /// The repository, with its registry.
    pub repository: String,
    /// Whether it exists.
    pub read: Answer<bool>,
    /// Whether it can be pushed to: `None`, with the reason, if only a push can tell.
    pub push: Answer<Option<&'static str>>,
    /// Whether Docker Hub's API says that it does not exist yet.
    pub unmade: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct HubFacts {
    /// The organization of the manifest, if it is on Docker Hub.
    pub organization: Option<String>,
    pub holder: Option<Holder>,
    /// Whether the credential is accepted; `None` if that was not checked.
    pub signed_in: Option<Answer<()>>,
    /// The user's role in the organization: `None` inside if the user is neither owner nor editor.
    pub role: Option<Answer<Option<Role>>>,
    pub teams: Option<Answer<Vec<String>>>,
    /// The teams to which the manifest grants something, and whether missing ones are created.
    pub wanted_teams: BTreeMap<String, bool>,
    /// The mirrors that were checked, and what the credential may do with each; `None` inside if it does not exist.
    pub mirrors: Vec<(String, Answer<Option<Rights>>)>,
    /// The existing mirrors that are not ours, and why.
    pub not_ours: BTreeMap<String, String>,
    /// Whether the tags of an existing mirror may be listed; with its name.
    pub tags: Option<(String, Answer<()>)>,
    /// Whether the list of all repositories has an existing private mirror, if that can be told; with its name.
    pub listed: Option<(String, Answer<Option<bool>>)>,
    /// Whether the manifest wants a revoked tag deleted.
    pub takes_down: bool,
    /// Whether the teams of an existing mirror may be listed; with its name.
    pub grants: Option<(String, Answer<()>)>,
    /// Whether the manifest makes tags immutable.
    pub immutable: bool,
    /// Whether Image Access Management's settings may be read, if the policy covers them.
    pub image_access: Option<Answer<()>>,
    /// Whether Registry Access Management's settings may be read, if the policy covers them.
    pub registry_access: Option<Answer<()>>,
}

/// What a credential may do with a repository, according to Docker Hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rights {
    pub private: bool,
    /// Push to it.
    pub write: bool,
    /// Change its settings.
    pub admin: bool,
}

/// A role in an organization with more rights than a member's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Owner,
    Editor,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct GitHubFacts {
    /// Whether proposals are made elsewhere: then nothing here is needed.
    pub elsewhere: bool,
    pub in_actions: bool,
    /// The repository, `owner/name`.
    pub repository: Option<String>,
    /// Where people open it: `https://github.com`.
    pub server: String,
    /// The kind of the given token, if any.
    pub token: Option<TokenKind>,
    /// The account that it belongs to.
    pub login: Option<Answer<String>>,
    /// The scopes of a classic token.
    pub scopes: Option<Vec<String>>,
    /// What GitHub says about the repository.
    pub about: Option<Answer<About>>,
    /// What may be read in the repository: each permission's name, and the answer.
    pub reads: Vec<(&'static str, Answer<()>)>,
    /// Whether the repository's activity shows who moved branches.
    pub activity: Option<Answer<()>>,
    /// The permissions that the workflow's file gives this job, or why they are unknown; `None` for other tokens.
    pub given: Option<Result<Given, String>>,
    /// Whether a job's own token may open pull requests.
    pub may_open: Option<Answer<bool>>,
    pub default_rules: Option<Answer<Vec<RuleFact>>>,
    /// Whether the default branch is protected by anything besides its rules.
    pub protected: Option<Answer<bool>>,
    /// The rules for branches that this program creates, each once.
    pub our_rules: Option<Answer<Vec<RuleFact>>>,
    /// The prefix of those branches.
    pub prefix: String,
    /// Whether records are made by commits only.
    pub commits_alone: bool,
    /// Whether the manifest has labels.
    pub labels: bool,
    /// How many reviews the manifest or `min-approvals` requires.
    pub approvals: u32,
    /// The text of CODEOWNERS on the default branch, if reviews are required; `None` inside if there is no such file.
    pub owners: Option<Answer<Option<String>>>,
}

/// The permissions that a workflow's file gives a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Given {
    pub file: String,
    /// `read`, `write` or `none` by name; what is not named is `none`. `None`: the file says nothing, and the
    /// repository's default applies.
    pub permissions: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct About {
    pub default_branch: String,
    pub private: bool,
    /// Whether the token's user may push, if GitHub says so.
    pub push: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RuleFact {
    /// Its type, in GitHub's terms.
    pub kind: String,
    /// In words, with what to change.
    pub text: String,
    /// What it requires of pull requests, if it is of that type.
    pub review: Option<ReviewFact>,
    /// Patterns of files that must not be pushed.
    pub files: Vec<String>,
}

/// What a rule requires of the reviews of a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ReviewFact {
    pub approvals: u64,
    /// Whether someone other than the last pusher must approve.
    pub last_push: bool,
    /// Whether the code owners of the changed files must approve.
    pub code_owners: bool,
}
