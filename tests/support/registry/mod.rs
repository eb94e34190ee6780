//! The project's own small registry: OCI distribution 1.1 in memory, with switches for what real ones do differently.
//! `tests/it/support_registry.rs` compares it with a real one.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use wharfinger::internals::image::Digest;

use super::http::{Exchange, Handler, Request, Response, Rule, Server, lock};
use super::images::Image;

mod auth;
mod routes;
mod uploads;

pub use auth::{Auth, Refusal, User};

/// What real registries do differently. Change it at any time with [`TestRegistry::set`].
#[derive(Clone, Debug)]
pub struct Switches {
    /// At most this many tags per page, whatever the client asks for.
    pub page_size: Option<usize>,
    /// Whether there is a referrers API (and `OCI-Subject`); else 404.
    pub referrers: bool,
    /// At most this many descriptors per page of referrers.
    pub referrers_page_size: Option<usize>,
    /// Whether mounts are done (201); else a session is opened (202).
    pub mount: bool,
    /// Whether a `Range` on a blob is honoured (206); else the whole blob is returned with 200.
    pub ranges: bool,
    /// Whether manifests and tags can be deleted; else 405.
    pub delete: bool,
    /// Whether tags can be deleted individually; else, if anything can be deleted, only manifests.
    pub delete_tags: bool,
    /// Whether `Docker-Content-Digest` is sent.
    pub digest_header: bool,
    /// Whether blob GETs redirect (307) to another host (a listener at 127.0.0.2).
    pub redirect_blobs: bool,
    /// Whether pushing creates a repository; else pushes to unknown ones answer 404 `NAME_UNKNOWN`.
    pub create_on_push: bool,
    /// How requests are authorized.
    pub auth: Auth,
    /// Whether everybody may pull (with a token for [`Auth::Bearer`]).
    pub anonymous_pull: bool,
    /// The value of `expires_in` in the token response, in seconds; omitted if `None`.
    pub expires_in: Option<u64>,
    /// How the token service answers a user who may not do everything requested.
    pub refusal: Refusal,
    /// Whether tokens say what they grant.
    pub readable_tokens: bool,
    /// A token is no longer accepted after this many uses.
    pub token_uses: Option<usize>,
    /// Where clients are told to get tokens, instead of `/token` here.
    pub realm: Option<String>,
    /// Sent with every answer, such as rate-limit headers.
    pub headers: Vec<(String, String)>,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            page_size: None,
            referrers: true,
            referrers_page_size: None,
            mount: true,
            ranges: true,
            delete: true,
            delete_tags: true,
            digest_header: true,
            redirect_blobs: false,
            create_on_push: true,
            auth: Auth::None,
            anonymous_pull: true,
            expires_in: Some(300),
            refusal: Refusal::Reduced,
            readable_tokens: false,
            token_uses: None,
            realm: None,
            headers: Vec::new(),
        }
    }
}

/// A manifest as it was put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredManifest {
    pub media_type: String,
    pub bytes: Bytes,
}

#[derive(Default)]
struct Repo {
    manifests: BTreeMap<Digest, StoredManifest>,
    tags: BTreeMap<String, Digest>,
    blobs: BTreeSet<Digest>,
}

#[derive(Default)]
struct State {
    repos: BTreeMap<String, Repo>,
    /// The bytes of blobs, whichever repositories link them.
    blobs: BTreeMap<Digest, Bytes>,
    uploads: uploads::Uploads,
    switches: Switches,
    users: Vec<User>,
    tokens: auth::Tokens,
}

/// Notified of what happens at the registry, and asked whether a repository may be pulled or pushed: this is how the
/// Docker Hub stand-in learns of pushes and keeps private repositories private.
pub trait Observer: Send + Sync {
    /// The user is about to push something to the repository.
    fn pushing(&self, repository: &str, user: Option<&str>);
    /// A tag was set.
    fn tagged(&self, repository: &str, tag: &str, digest: &Digest, user: Option<&str>);
    /// A manifest was served, by tag or by digest.
    fn pulled(&self, repository: &str, digest: &Digest);
    /// A tag was deleted.
    fn untagged(&self, repository: &str, tag: &str);
    /// Whether everybody may pull it; `None` if the observer does not know the repository.
    fn is_public(&self, repository: &str) -> Option<bool>;
}

/// Answers instead of the registry; it is given a function that asks the registry itself.
type Intercept = Arc<dyn Fn(&Request, &dyn Fn(&Request) -> Response) -> Response + Send + Sync>;

struct Core {
    state: Mutex<State>,
    intercepts: Mutex<Vec<Intercept>>,
    observer: Mutex<Option<Arc<dyn Observer>>>,
    host: Mutex<String>,
    cdn: Mutex<Option<Server>>,
}

struct Front(Arc<Core>);

impl Handler for Front {
    fn handle(&self, request: &Request) -> Response {
        let intercepts = lock(&self.0.intercepts).clone();
        let response = intercepted(&self.0, &intercepts, request);
        let headers = lock(&self.0.state).switches.headers.clone();
        headers.into_iter().fold(response, |response, (name, value)| response.header(&name, value))
    }
}

/// Asks the intercept that was added last, which may ask the previous ones and finally the registry.
fn intercepted(core: &Arc<Core>, intercepts: &[Intercept], request: &Request) -> Response {
    match intercepts.split_last() {
        None => routes::answer(core, request),
        Some((last, before)) => last(request, &|request| intercepted(core, before, request)),
    }
}

/// A running registry; it stops when dropped.
pub struct TestRegistry {
    server: Server,
    core: Arc<Core>,
}

impl TestRegistry {
    /// Starts on 127.0.0.1, open to everybody, with the switches of [`Switches::default`].
    pub fn start() -> Self {
        Self::start_at(IpAddr::V4(Ipv4Addr::LOCALHOST))
    }

    /// Starts on another loopback address.
    pub fn start_at(ip: IpAddr) -> Self {
        Self::launch(|front| Server::start_at(ip, front))
    }

    /// Starts on 127.0.0.1 with TLS.
    pub fn start_tls() -> Self {
        Self::launch(|front| Server::start_tls(IpAddr::V4(Ipv4Addr::LOCALHOST), front))
    }

    fn launch(start: impl FnOnce(Front) -> Server) -> Self {
        let core = Arc::new(Core {
            state: Mutex::default(),
            intercepts: Mutex::default(),
            observer: Mutex::default(),
            host: Mutex::default(),
            cdn: Mutex::default(),
        });
        let server = start(Front(Arc::clone(&core)));
        *lock(&core.host) = server.host();
        Self { server, core }
    }

    /// Starts with token authentication and these users.
    pub fn with_users(users: Vec<User>) -> Self {
        let registry = Self::start();
        registry.set(|switches| {
            switches.auth = Auth::Bearer;
            switches.anonymous_pull = false;
        });
        for user in users {
            registry.add_user(user);
        }
        registry
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.server.host()
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// A handle to change the registry from inside a fault.
    pub fn handle(&self) -> Handle {
        Handle(Arc::clone(&self.core))
    }

    /// Another server of the same registry, with TLS on 127.0.0.1.
    pub fn tls_front(&self) -> Server {
        Server::start_tls(IpAddr::V4(Ipv4Addr::LOCALHOST), Front(Arc::clone(&self.core)))
    }

    /// The server underneath, for its log and for faults.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Every request so far.
    pub fn log(&self) -> Vec<Exchange> {
        self.server.log()
    }

    /// The requests that may have changed something, except token requests.
    pub fn writes(&self) -> Vec<String> {
        let write = |exchange: &&Exchange| exchange.is_write() && exchange.request.path != "/token";
        self.log().iter().filter(write).map(Exchange::line).collect()
    }

    /// Adds a fault.
    pub fn fault(&self, rule: Rule) {
        self.server.fault(rule);
    }

    /// Lets `answer` answer every request from now on; it is given a function that asks the registry itself.
    pub fn intercept(
        &self,
        answer: impl Fn(&Request, &dyn Fn(&Request) -> Response) -> Response + Send + Sync + 'static,
    ) {
        lock(&self.core.intercepts).push(Arc::new(answer));
    }

    /// Changes switches.
    pub fn set(&self, change: impl FnOnce(&mut Switches)) {
        let mut state = lock(&self.core.state);
        change(&mut state.switches);
        let redirect = state.switches.redirect_blobs;
        drop(state);
        let mut cdn = lock(&self.core.cdn);
        if redirect && cdn.is_none() {
            *cdn = Some(routes::start_cdn(&self.core));
        }
    }

    /// Adds a user.
    pub fn add_user(&self, user: User) {
        lock(&self.core.state).users.push(user);
    }

    /// Changes what a user may do.
    pub fn change_user(&self, name: &str, change: impl FnOnce(&mut User)) {
        let mut state = lock(&self.core.state);
        change(state.users.iter_mut().find(|user| user.name == name).expect("a user of that name"));
    }

    /// Invalidates every token issued so far.
    pub fn revoke_tokens(&self) {
        lock(&self.core.state).tokens.clear();
    }

    /// Notifies `observer` of pushes from now on.
    pub fn observe(&self, observer: Arc<dyn Observer>) {
        *lock(&self.core.observer) = Some(observer);
    }

    /// The requests to the listener that blobs are redirected to.
    pub fn cdn_log(&self) -> Vec<Exchange> {
        lock(&self.core.cdn).as_ref().map(Server::log).unwrap_or_default()
    }

    /// Adds a fault to the listener that blobs are redirected to; redirects must be switched on.
    pub fn cdn_fault(&self, rule: Rule) {
        lock(&self.core.cdn).as_ref().expect("blobs are redirected").fault(rule);
    }

    /// The repositories that exist.
    pub fn repositories(&self) -> Vec<String> {
        lock(&self.core.state).repos.keys().cloned().collect()
    }

    /// The tags of a repository and their digests; empty if it does not exist.
    pub fn tags(&self, repository: &str) -> BTreeMap<String, Digest> {
        lock(&self.core.state).repos.get(repository).map(|repo| repo.tags.clone()).unwrap_or_default()
    }

    /// What a tag resolves to.
    pub fn digest(&self, repository: &str, tag: &str) -> Option<Digest> {
        self.tags(repository).remove(tag)
    }

    /// A manifest's bytes, by tag or digest.
    pub fn manifest(&self, repository: &str, reference: &str) -> Option<Bytes> {
        let state = lock(&self.core.state);
        routes::find(state.repos.get(repository)?, reference).map(|(_, manifest)| manifest.bytes.clone())
    }

    /// The digests of all manifests of a repository, tagged or not.
    pub fn manifests(&self, repository: &str) -> BTreeSet<Digest> {
        let state = lock(&self.core.state);
        state.repos.get(repository).map(|repo| repo.manifests.keys().cloned().collect()).unwrap_or_default()
    }

    /// The blobs of a repository.
    pub fn blobs(&self, repository: &str) -> BTreeSet<Digest> {
        lock(&self.core.state).repos.get(repository).map(|repo| repo.blobs.clone()).unwrap_or_default()
    }

    /// A blob's bytes, if the repository has it.
    pub fn blob(&self, repository: &str, digest: &Digest) -> Option<Bytes> {
        let state = lock(&self.core.state);
        let there = state.repos.get(repository)?.blobs.contains(digest);
        state.blobs.get(digest).filter(|_| there).cloned()
    }

    /// Removes a blob from a repository, as if it had been lost.
    pub fn delete_blob(&self, repository: &str, digest: &Digest) {
        if let Some(repo) = lock(&self.core.state).repos.get_mut(repository) {
            repo.blobs.remove(digest);
        }
    }

    /// Removes a tag; its manifest stays.
    pub fn delete_tag(&self, repository: &str, tag: &str) {
        if let Some(repo) = lock(&self.core.state).repos.get_mut(repository) {
            repo.tags.remove(tag);
        }
    }

    /// Removes a manifest and the tags that resolve to it.
    pub fn delete_manifest(&self, repository: &str, digest: &Digest) {
        if let Some(repo) = lock(&self.core.state).repos.get_mut(repository) {
            repo.manifests.remove(digest);
            repo.tags.retain(|_, tagged| tagged != digest);
        }
    }

    /// Points a tag at an existing manifest.
    pub fn set_tag(&self, repository: &str, tag: &str, digest: &Digest) {
        self.handle().set_tag(repository, tag, digest);
    }

    /// Creates an empty repository.
    pub fn create_repository(&self, repository: &str) {
        self.handle().create_repository(repository);
    }

    /// Puts an image and everything it consists of, without a request; returns its digest.
    pub fn put_image(&self, repository: &str, tag: &str, image: &Image) -> Digest {
        self.put_untagged(repository, image);
        self.set_tag(repository, tag, &image.digest());
        image.digest()
    }

    /// Puts an image or artifact under its digest only.
    pub fn put_untagged(&self, repository: &str, image: &Image) {
        let mut state = lock(&self.core.state);
        state.blobs.extend(image.blobs.iter().map(|(digest, bytes)| (digest.clone(), bytes.clone())));
        let repo = state.repos.entry(repository.to_owned()).or_default();
        repo.blobs.extend(image.blobs.iter().map(|(digest, _)| digest.clone()));
        for manifest in &image.manifests {
            let stored = StoredManifest { media_type: manifest.media_type.clone(), bytes: manifest.bytes.clone() };
            repo.manifests.insert(manifest.digest(), stored);
        }
    }
}

/// A running registry, without the server.
pub struct Handle(Arc<Core>);

impl Handle {
    /// Creates an empty repository.
    pub fn create_repository(&self, repository: &str) {
        lock(&self.0.state).repos.entry(repository.to_owned()).or_default();
    }

    /// What a tag resolves to.
    pub fn digest(&self, repository: &str, tag: &str) -> Option<Digest> {
        lock(&self.0.state).repos.get(repository)?.tags.get(tag).cloned()
    }

    /// Removes a tag; its manifest stays.
    pub fn delete_tag(&self, repository: &str, tag: &str) {
        if let Some(repo) = lock(&self.0.state).repos.get_mut(repository) {
            repo.tags.remove(tag);
        }
    }

    /// Points a tag at an existing manifest.
    pub fn set_tag(&self, repository: &str, tag: &str, digest: &Digest) {
        let mut state = lock(&self.0.state);
        let repo = state.repos.entry(repository.to_owned()).or_default();
        assert!(repo.manifests.contains_key(digest), "{repository} has no manifest {digest}");
        repo.tags.insert(tag.to_owned(), digest.clone());
    }
}
