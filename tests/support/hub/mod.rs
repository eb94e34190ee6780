//! A stateful stand-in for Docker Hub's own API. Shapes are those of its published description; what that does not say
//! follows what clients report: creating what exists returns 400, private repositories are hidden (404) from those who
//! may not read them, legacy paths refuse organization access tokens, a push to a repository that does not exist
//! creates it as public.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use wharfinger::internals::image::Digest;

use super::http::{Action, Exchange, Request, Response, Rule, Server, lock};
use super::registry::{Handle, Observer, TestRegistry, User};

mod members;
mod routes;
mod settings;
mod teams;

/// What legacy paths tell organization access tokens.
pub const OAT_REFUSED: &str = "token issued from organization access token is not allowed";

/// Who may use the API.
#[derive(Clone, Debug)]
pub struct Account {
    /// The user's name, or for an organization access token the organization's.
    pub identifier: String,
    pub secret: String,
    pub kind: Kind,
}

/// The two kinds of token.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A personal access token, and the organizations that its user may manage.
    Personal { manages: BTreeSet<String> },
    /// An organization access token and its scopes (repository scopes apply to all repositories).
    Organization { scopes: BTreeSet<String> },
}

impl Account {
    /// A user's personal token; the user manages these organizations.
    pub fn personal(name: &str, secret: &str, manages: &[&str]) -> Self {
        let manages = manages.iter().map(|name| (*name).to_owned()).collect();
        Self { identifier: name.to_owned(), secret: secret.to_owned(), kind: Kind::Personal { manages } }
    }

    /// An organization's token with scopes such as `scope-repository-create`.
    pub fn organization(name: &str, secret: &str, scopes: &[&str]) -> Self {
        let scopes = scopes.iter().map(|name| (*name).to_owned()).collect();
        Self { identifier: name.to_owned(), secret: secret.to_owned(), kind: Kind::Organization { scopes } }
    }
}

/// A tag on Docker Hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubTagEntry {
    pub digest: Option<String>,
    /// RFC 3339.
    pub pushed: Option<String>,
    /// RFC 3339; whoever it was.
    pub pulled: Option<String>,
}

/// A repository on Docker Hub.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HubRepositoryEntry {
    pub is_private: bool,
    pub description: String,
    pub full_description: String,
    /// Team name and permission.
    pub grants: BTreeMap<String, String>,
    pub immutable_tags: Option<Vec<String>>,
    pub tags: BTreeMap<String, HubTagEntry>,
    /// The badge that search shows.
    pub badge: Option<String>,
    /// It was created by a push, not by the API.
    pub created_by_push: bool,
}

#[derive(Clone, Debug)]
struct Group {
    id: u64,
    name: String,
    description: String,
}

#[derive(Default)]
struct State {
    accounts: Vec<Account>,
    /// Token and the account's index.
    tokens: BTreeMap<String, usize>,
    tokens_given: usize,
    /// Organization and its teams.
    groups: BTreeMap<String, Vec<Group>>,
    /// By namespace and name.
    repositories: BTreeMap<(String, String), HubRepositoryEntry>,
    /// By organization and what follows it in the path: empty, or `registry-access-management`.
    settings: BTreeMap<(String, String), Value>,
    /// By organization and user: roles other than owner. Whoever manages an organization is otherwise its owner.
    roles: BTreeMap<(String, String), String>,
    /// Members of a PUT that are not in the published description are dropped.
    drops_unknown: bool,
    now: String,
    requests: u64,
    /// Tags that were deleted but are still in the linked registries.
    deleted: Vec<(String, String)>,
}

struct Core {
    state: Mutex<State>,
    registries: Mutex<Vec<Handle>>,
}

/// The running stand-in; it stops when dropped.
pub struct TestHub {
    server: Server,
    core: Arc<Core>,
}

impl TestHub {
    /// Starts with these accounts and no repositories. Pushes happen on 2026-11-21 at 08:00 UTC unless set otherwise.
    pub fn start(accounts: Vec<Account>) -> Self {
        let mut state = State { now: "2026-11-21T08:00:00.000000Z".to_owned(), ..State::default() };
        for account in &accounts {
            if let Kind::Personal { manages } = &account.kind {
                state.groups.extend(manages.iter().map(|organization| (organization.clone(), Vec::new())));
            } else {
                state.groups.insert(account.identifier.clone(), Vec::new());
            }
        }
        state.accounts = accounts;
        let core = Arc::new(Core { state: Mutex::new(state), registries: Mutex::default() });
        let for_server = Arc::clone(&core);
        let server = Server::start(move |request: &Request| for_server.answer(request));
        Self { server, core }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.server.host()
    }

    /// The server underneath, for its log and for faults.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Every request so far.
    pub fn log(&self) -> Vec<Exchange> {
        self.server.log()
    }

    /// The requests that may have changed something, except token exchanges.
    pub fn writes(&self) -> Vec<String> {
        let write = |exchange: &&Exchange| exchange.is_write() && exchange.request.path != "/v2/auth/token";
        self.log().iter().filter(write).map(Exchange::line).collect()
    }

    /// Fails if the traffic so far does not match Docker Hub's description, except scripted faults.
    pub fn check_traffic(&self) {
        let log: Vec<Exchange> = self.log().into_iter().filter(|exchange| !exchange.scripted).collect();
        super::contract::dockerhub(&log);
    }

    /// Performs the next matching request, then breaks the connection instead of answering.
    pub fn lose_answer(&self, method: &str, path: &str) {
        self.server.fault(Rule::new(method, path, Action::Lose).times(1));
    }

    /// Answers 429 to the next `times` requests, with these headers.
    pub fn limit(&self, times: usize, headers: &[(&str, &str)]) {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let body = "{\"detail\":\"Rate limit exceeded\",\"error\":false}".into();
        self.server.fault(Rule::new("", "", Action::Answer(429, headers, body)).times(times));
    }

    /// Invalidates all tokens given out so far.
    pub fn expire_tokens(&self) {
        lock(&self.core.state).tokens.clear();
    }

    /// The time of pushes from now on, RFC 3339.
    pub fn set_time(&self, now: &str) {
        now.clone_into(&mut lock(&self.core.state).now);
    }

    /// Gives a user who manages an organization another role than `owner`: `editor` or `member`.
    pub fn set_role(&self, organization: &str, user: &str, role: &str) {
        lock(&self.core.state).roles.insert((organization.to_owned(), user.to_owned()), role.to_owned());
    }

    /// Creates a team.
    pub fn add_team(&self, organization: &str, team: &str) {
        lock(&self.core.state).add_group(organization, team, "");
    }

    /// The teams of an organization.
    pub fn teams(&self, organization: &str) -> Vec<String> {
        let state = lock(&self.core.state);
        state.groups.get(organization).into_iter().flatten().map(|group| group.name.clone()).collect()
    }

    /// Creates a repository.
    pub fn add_repository(&self, namespace: &str, name: &str, repository: HubRepositoryEntry) {
        lock(&self.core.state).repositories.insert((namespace.to_owned(), name.to_owned()), repository);
    }

    /// Sets the badge that search shows for a repository.
    pub fn set_badge(&self, namespace: &str, name: &str, badge: &str) {
        let mut state = lock(&self.core.state);
        let repository = state.repositories.entry((namespace.to_owned(), name.to_owned())).or_default();
        repository.badge = Some(badge.to_owned());
    }

    /// The current state of a repository.
    pub fn repository(&self, namespace: &str, name: &str) -> Option<HubRepositoryEntry> {
        lock(&self.core.state).repositories.get(&(namespace.to_owned(), name.to_owned())).cloned()
    }

    /// The names of a namespace's repositories.
    pub fn repositories(&self, namespace: &str) -> Vec<String> {
        let state = lock(&self.core.state);
        state.repositories.keys().filter(|(space, _)| space == namespace).map(|(_, name)| name.clone()).collect()
    }

    /// Sets a tag and when it was pushed; a missing repository is created as public.
    pub fn set_tag(&self, namespace: &str, name: &str, tag: &str, digest: &Digest, pushed: &str) {
        let mut state = lock(&self.core.state);
        let repository = state.repositories.entry((namespace.to_owned(), name.to_owned())).or_default();
        let entry = HubTagEntry { digest: Some(digest.to_string()), pushed: Some(pushed.to_owned()), pulled: None };
        repository.tags.insert(tag.to_owned(), entry);
    }

    /// Sets one of an organization's two documents, whole.
    pub fn set_settings(&self, organization: &str, area: &str, document: Value) {
        lock(&self.core.state).settings.insert((organization.to_owned(), area.to_owned()), document);
    }

    /// One of an organization's two documents: the settings themselves (`""`), or `registry-access-management`.
    pub fn settings(&self, organization: &str, area: &str) -> Value {
        settings::document(&lock(&self.core.state), organization, area)
    }

    /// From now on, changes of settings drop every member that the published description does not name.
    pub fn drop_unknown_members(&self) {
        lock(&self.core.state).drops_unknown = true;
    }

    /// Makes `registry` Docker Hub's registry: its users are the accounts here, pushes show up here, and what is
    /// private here is private there.
    pub fn link(&self, registry: &TestRegistry) {
        for account in &lock(&self.core.state).accounts {
            let namespaces: Vec<String> = match &account.kind {
                Kind::Personal { manages } => manages.iter().map(|name| format!("{name}/*")).collect(),
                Kind::Organization { .. } => vec![format!("{}/*", account.identifier)],
            };
            let namespaces: Vec<&str> = namespaces.iter().map(String::as_str).collect();
            registry.add_user(User::limited(&account.identifier, &account.secret, &[], &namespaces));
        }
        lock(&self.core.registries).push(registry.handle());
        registry.observe(Arc::clone(&self.core) as Arc<dyn Observer>);
    }
}

impl State {
    fn add_group(&mut self, organization: &str, name: &str, description: &str) -> Group {
        let id = 1000 + self.groups.values().map(|groups| groups.len() as u64).sum::<u64>();
        let group = Group { id, name: name.to_owned(), description: description.to_owned() };
        self.groups.entry(organization.to_owned()).or_default().push(group.clone());
        group
    }
}

impl Core {
    fn answer(&self, request: &Request) -> Response {
        let mut state = lock(&self.state);
        state.requests += 1;
        let remaining = 180_u64.saturating_sub(state.requests).to_string();
        let response = routes::answer(&mut state, request);
        let deleted = std::mem::take(&mut state.deleted);
        drop(state);
        for (repository, tag) in deleted {
            lock(&self.registries).iter().for_each(|registry| registry.delete_tag(&repository, &tag));
        }
        response
            .header("x-ratelimit-limit", "180")
            .header("x-ratelimit-remaining", remaining)
            .header("x-ratelimit-reset", "1795248060")
    }
}

impl Observer for Core {
    fn pushing(&self, repository: &str, _user: Option<&str>) {
        let Some((namespace, name)) = repository.split_once('/') else { return };
        let mut state = lock(&self.state);
        let key = (namespace.to_owned(), name.to_owned());
        let new = HubRepositoryEntry { created_by_push: true, ..HubRepositoryEntry::default() };
        state.repositories.entry(key).or_insert(new);
    }

    fn tagged(&self, repository: &str, tag: &str, digest: &Digest, _user: Option<&str>) {
        let Some((namespace, name)) = repository.split_once('/') else { return };
        let mut state = lock(&self.state);
        let entry = HubTagEntry { digest: Some(digest.to_string()), pushed: Some(state.now.clone()), pulled: None };
        if let Some(known) = state.repositories.get_mut(&(namespace.to_owned(), name.to_owned())) {
            known.tags.insert(tag.to_owned(), entry);
        }
    }

    fn pulled(&self, repository: &str, digest: &Digest) {
        let Some((namespace, name)) = repository.split_once('/') else { return };
        let mut state = lock(&self.state);
        let (now, digest) = (state.now.clone(), digest.to_string());
        let Some(known) = state.repositories.get_mut(&(namespace.to_owned(), name.to_owned())) else { return };
        for tag in known.tags.values_mut().filter(|tag| tag.digest.as_ref() == Some(&digest)) {
            tag.pulled = Some(now.clone());
        }
    }

    fn untagged(&self, repository: &str, tag: &str) {
        let Some((namespace, name)) = repository.split_once('/') else { return };
        if let Some(known) = lock(&self.state).repositories.get_mut(&(namespace.to_owned(), name.to_owned())) {
            known.tags.remove(tag);
        }
    }

    fn is_public(&self, repository: &str) -> Option<bool> {
        let (namespace, name) = repository.split_once('/')?;
        let state = lock(&self.state);
        let known = state.repositories.get(&(namespace.to_owned(), name.to_owned()));
        match known {
            Some(known) => Some(!known.is_private),
            None => state.groups.contains_key(namespace).then_some(false),
        }
    }
}
