//! Who may do what: by Basic authentication, or by tokens following the distribution token specification.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use serde_json::json;

use super::super::http::{Request, Response, lock, pairs};
use super::Core;

/// How requests are authorized.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// Everybody may do everything.
    None,
    /// `Authorization: Basic` on every request.
    Basic,
    /// A token from the realm, by scopes.
    Bearer,
}

/// A user with a password.
#[derive(Clone, Debug)]
pub struct User {
    pub name: String,
    pub password: String,
    /// What may be pulled: repository names, `acme/*`, or `*`.
    pub pull: Vec<String>,
    /// What may be pulled and pushed.
    pub push: Vec<String>,
    /// What this user is refused though everybody else may pull it, like Docker Hub's Image Access Management.
    pub refused: Vec<String>,
    /// Accepted by `POST /token` as a refresh token.
    pub identity_token: Option<String>,
}

impl User {
    /// May do everything.
    pub fn new(name: &str, password: &str) -> Self {
        Self::limited(name, password, &["*"], &["*"])
    }

    /// May pull and push what is listed.
    pub fn limited(name: &str, password: &str, pull: &[&str], push: &[&str]) -> Self {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            name: name.to_owned(),
            password: password.to_owned(),
            pull: list(pull),
            push: list(push),
            refused: Vec::new(),
            identity_token: None,
        }
    }

    fn may(&self, repository: &str, action: &str) -> bool {
        let meets = |pattern: &String| meets(pattern, repository);
        self.push.iter().any(meets) || (action == "pull" && self.pull.iter().any(meets))
    }

    fn is_refused(&self, repository: &str) -> bool {
        self.refused.iter().any(|pattern| meets(pattern, repository))
    }
}

fn meets(pattern: &str, repository: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => repository.starts_with(prefix),
        None => pattern == repository,
    }
}

/// How the token service answers a user who may not do everything requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A token for the rest.
    Reduced,
    /// This status, and no token.
    Status(u16),
}

#[derive(Clone, Debug)]
struct Token {
    user: Option<String>,
    /// Repository and action.
    access: BTreeSet<(String, String)>,
    uses: usize,
}

/// The tokens issued.
#[derive(Default)]
pub(super) struct Tokens {
    given: BTreeMap<String, Token>,
    count: usize,
}

impl Tokens {
    pub(super) fn clear(&mut self) {
        self.given.clear();
    }
}

/// The user's name if the request is allowed, or the refusal.
pub(super) fn allow(core: &Core, request: &Request, wanted: &[(&str, &str)]) -> Result<Option<String>, Response> {
    let auth = lock(&core.state).switches.auth;
    match auth {
        Auth::None => Ok(None),
        Auth::Basic => allow_basic(core, request, wanted),
        Auth::Bearer => allow_bearer(core, request, wanted),
    }
}

fn allow_basic(core: &Core, request: &Request, wanted: &[(&str, &str)]) -> Result<Option<String>, Response> {
    let user = match request.basic() {
        None => None,
        Some((name, password)) => {
            let known = user(core, &name, &password).ok_or_else(|| refused(core, wanted, None))?;
            Some(known)
        }
    };
    let all = wanted.iter().all(|(repository, action)| may(core, user.as_ref(), repository, action));
    if all && (user.is_some() || !wanted.is_empty()) {
        return Ok(user.map(|user| user.name));
    }
    Err(refused(core, wanted, None))
}

fn allow_bearer(core: &Core, request: &Request, wanted: &[(&str, &str)]) -> Result<Option<String>, Response> {
    let Some(bearer) = request.bearer() else { return Err(refused(core, wanted, None)) };
    let mut state = lock(&core.state);
    let limit = state.switches.token_uses;
    let token = state.tokens.given.get_mut(bearer).map(|token| {
        token.uses += 1;
        token.clone()
    });
    drop(state);
    let Some(token) = token.filter(|token| limit.is_none_or(|limit| token.uses <= limit)) else {
        return Err(refused(core, wanted, Some("invalid_token")));
    };
    let has =
        |(repository, action): &(&str, &str)| token.access.contains(&((*repository).to_owned(), (*action).to_owned()));
    if wanted.iter().all(has) { Ok(token.user) } else { Err(refused(core, wanted, Some("insufficient_scope"))) }
}

fn user(core: &Core, name: &str, password: &str) -> Option<User> {
    lock(&core.state).users.iter().find(|user| user.name == name && user.password == password).cloned()
}

/// Whether a user, or everybody if there is none, may do something with a repository.
fn may(core: &Core, user: Option<&User>, repository: &str, action: &str) -> bool {
    let public = lock(&core.observer).as_ref().and_then(|observer| observer.is_public(repository));
    let anonymous = public.unwrap_or_else(|| lock(&core.state).switches.anonymous_pull);
    if user.is_some_and(|user| user.is_refused(repository)) {
        return false;
    }
    (action == "pull" && anonymous) || user.is_some_and(|user| user.may(repository, action))
}

/// 401 with the challenge for what was wanted.
fn refused(core: &Core, wanted: &[(&str, &str)], error: Option<&str>) -> Response {
    let (auth, realm) = {
        let state = lock(&core.state);
        (state.switches.auth, state.switches.realm.clone())
    };
    let realm = realm.unwrap_or_else(|| format!("http://{}/token", lock(&core.host)));
    let challenge = match auth {
        Auth::Bearer => bearer_challenge(&realm, wanted, error),
        _ => "Basic realm=\"test\"".to_owned(),
    };
    let body = json!({"errors": [{"code": "UNAUTHORIZED", "message": "authentication required", "detail": null}]});
    Response::json(401, &body).header("www-authenticate", challenge)
}

fn bearer_challenge(realm: &str, wanted: &[(&str, &str)], error: Option<&str>) -> String {
    let mut challenge = format!("Bearer realm=\"{realm}\",service=\"test-registry\"");
    if !wanted.is_empty() {
        challenge.push_str(&format!(",scope=\"{}\"", scopes(wanted)));
    }
    if let Some(error) = error {
        challenge.push_str(&format!(",error=\"{error}\""));
    }
    challenge
}

/// `repository:a:pull,push repository:b:pull`
fn scopes(wanted: &[(&str, &str)]) -> String {
    let mut by_repository: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (repository, action) in wanted {
        by_repository.entry(repository).or_default().push(action);
    }
    let scope = |(repository, actions): (&&str, &Vec<&str>)| format!("repository:{repository}:{}", actions.join(","));
    by_repository.iter().map(scope).collect::<Vec<_>>().join(" ")
}

/// `GET /token` with Basic or anonymously, or `POST /token` with a form (password or refresh token).
pub(super) fn token(core: &Core, request: &Request) -> Response {
    let form =
        if request.method == "POST" { pairs(&String::from_utf8_lossy(&request.body)) } else { request.query_pairs() };
    let value = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    let who = if request.method == "POST" {
        posted_user(core, &value)
    } else {
        request.basic().map_or(Ok(None), |(name, password)| some(user(core, &name, &password)))
    };
    let Ok(who) = who else {
        let body = json!({"errors": [{"code": "UNAUTHORIZED", "message": "incorrect username or password"}]});
        return Response::json(401, &body);
    };
    let asked: Vec<&str> =
        form.iter().filter(|(key, _)| key == "scope").flat_map(|(_, scope)| scope.split(' ')).collect();
    let access: BTreeSet<_> = asked.iter().flat_map(|scope| granted(core, who.as_ref(), scope)).collect();
    let wanted: usize = asked.iter().map(|scope| scope.split(',').count()).sum();
    let refusal = lock(&core.state).switches.refusal;
    if let (Refusal::Status(status), true) = (refusal, access.len() < wanted) {
        let body = json!({"errors": [{"code": "DENIED", "message": "requested access to the resource is denied"}]});
        return Response::json(status, &body);
    }
    give(core, who.map(|user| user.name), access)
}

fn some(user: Option<User>) -> Result<Option<User>, ()> {
    user.map(Some).ok_or(())
}

fn posted_user(core: &Core, value: &dyn Fn(&str) -> Option<String>) -> Result<Option<User>, ()> {
    match value("grant_type").as_deref() {
        Some("password") => {
            some(user(core, &value("username").unwrap_or_default(), &value("password").unwrap_or_default()))
        }
        Some("refresh_token") => {
            let token = value("refresh_token");
            let known = |user: &&User| token.is_some() && user.identity_token == token;
            some(lock(&core.state).users.iter().find(known).cloned())
        }
        _ => Err(()),
    }
}

/// The granted part of a scope such as `repository:acme/app:pull,push`.
fn granted(core: &Core, user: Option<&User>, scope: &str) -> Vec<(String, String)> {
    let mut parts = scope.splitn(3, ':');
    let (Some("repository"), Some(repository), Some(actions)) = (parts.next(), parts.next(), parts.next()) else {
        return Vec::new();
    };
    let allowed = |action: &&str| may(core, user, repository, action);
    actions.split(',').filter(allowed).map(|action| (repository.to_owned(), action.to_owned())).collect()
}

/// The payload of a token that says what it grants, like Docker Hub's.
fn claims(access: &BTreeSet<(String, String)>) -> String {
    let mut actions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (repository, action) in access {
        actions.entry(repository).or_default().push(action);
    }
    let one = |(name, actions): (&str, Vec<&str>)| json!({"type": "repository", "name": name, "actions": actions});
    let access: Vec<_> = actions.into_iter().map(one).collect();
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json!({ "access": access }).to_string())
}

fn give(core: &Core, user: Option<String>, access: BTreeSet<(String, String)>) -> Response {
    let mut state = lock(&core.state);
    state.tokens.count += 1;
    let mut token = format!("registry-token-{}", state.tokens.count);
    if state.switches.readable_tokens {
        token = format!("e30.{}.{token}", claims(&access));
    }
    let mut body = json!({"token": token, "access_token": token, "issued_at": "2026-11-21T08:00:00Z"});
    if let Some(seconds) = state.switches.expires_in {
        body["expires_in"] = seconds.into();
    }
    state.tokens.given.insert(token, Token { user, access, uses: 0 });
    Response::json(200, &body)
}
