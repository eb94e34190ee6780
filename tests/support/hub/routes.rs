//! Tokens, repositories, tags, and what each credential may do.

use serde_json::{Value, json};

use super::super::http::{Request, Response};
use super::{HubRepositoryEntry, HubTagEntry, Kind, OAT_REFUSED, State, members, settings, teams};

const NAME: &str = "^[a-z0-9]+(?:[._-][a-z0-9]+)*$";

/// An error body of the API.
pub(super) fn error(status: u16, detail: &str) -> Response {
    Response::json(status, &json!({"errinfo": {}, "detail": detail, "message": detail}))
}

pub(super) fn not_found() -> Response {
    error(404, "object not found")
}

/// The caller.
#[derive(Clone)]
pub(super) enum Caller {
    Nobody,
    Known { identifier: String, kind: Kind },
}

pub(super) fn answer(state: &mut State, request: &Request) -> Response {
    let segments = request.segments();
    let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
    if (request.method.as_str(), parts.as_slice()) == ("POST", &["v2", "auth", "token"]) {
        return sign_in(state, request);
    }
    let caller = match (request.header("authorization"), request.bearer()) {
        (None, _) => Caller::Nobody,
        (Some(_), bearer) => {
            let Some(index) = bearer.and_then(|token| state.tokens.get(token).copied()) else {
                return error(401, "invalid or expired token");
            };
            let account = &state.accounts[index];
            Caller::Known { identifier: account.identifier.clone(), kind: account.kind.clone() }
        }
    };
    match (request.method.as_str(), parts.as_slice()) {
        (method, ["v2", "namespaces", namespace, "repositories"]) => {
            repositories(state, request, method, &caller, namespace)
        }
        (method, ["v2", "namespaces", namespace, "repositories", name, rest @ ..]) => {
            let key = ((*namespace).to_owned(), (*name).to_owned());
            repository(state, request, &caller, &key, method, rest)
        }
        (_, ["v2", "repositories", namespace, name, "groups", rest @ ..]) => {
            let key = ((*namespace).to_owned(), (*name).to_owned());
            teams::grants(state, request, &caller, &key, rest)
        }
        (method, ["v2", "repositories", namespace, name, rest @ ..]) => {
            let key = ((*namespace).to_owned(), (*name).to_owned());
            legacy(state, request, &caller, &key, method, rest)
        }
        (_, ["v2", "orgs", organization, "settings", rest @ ..]) => {
            settings::settings(state, request, &caller, organization, rest)
        }
        ("GET", ["api", "search", "v4"]) => search(state, request),
        ("GET", ["v2", "orgs", organization, "members"]) => members::members(state, request, &caller, organization),
        (_, ["v2", "orgs", organization, "groups", rest @ ..]) => {
            teams::teams(state, request, &caller, organization, rest)
        }
        _ => not_found(),
    }
}

/// Search: public repositories whose name contains the query, an exact match first, each with its badge.
fn search(state: &State, request: &Request) -> Response {
    let query = request.query_value("query").unwrap_or_default();
    let hit =
        |name: &str, badge: Value| json!({"name": name, "type": "image", "badge": badge, "short_description": ""});
    let mut results = vec![hit(&format!("{query}-namesake"), json!("official"))];
    for ((namespace, name), repository) in state.repositories.iter().filter(|(_, r)| !r.is_private) {
        let full = format!("{namespace}/{name}");
        if full.contains(&query) {
            results.push(hit(&full, repository.badge.as_ref().map_or(Value::Null, |badge| json!(badge))));
        }
    }
    Response::json(200, &json!({"total": results.len(), "results": results}))
}

fn sign_in(state: &mut State, request: &Request) -> Response {
    let body = request.json();
    let known = state
        .accounts
        .iter()
        .position(|account| body["identifier"] == account.identifier && body["secret"] == account.secret);
    let Some(index) = known else { return error(401, "Incorrect authentication credentials") };
    state.tokens_given += 1;
    let token = format!("hub-token-{}", state.tokens_given);
    state.tokens.insert(token.clone(), index);
    Response::json(200, &json!({"access_token": token}))
}

impl Caller {
    /// Whether the caller may do something in the organization: by scope, or because they manage it.
    pub(super) fn may(&self, organization: &str, scope: &str) -> bool {
        match self {
            Self::Nobody => false,
            Self::Known { kind: Kind::Personal { manages }, .. } => manages.contains(organization),
            Self::Known { kind: Kind::Organization { scopes }, identifier } => {
                identifier == organization && scopes.iter().any(|held| includes(held, scope))
            }
        }
    }

    /// The refusal for what the caller may not do.
    pub(super) fn refusal(&self) -> Response {
        match self {
            Self::Nobody => error(401, "authentication required"),
            Self::Known { .. } => error(403, "access to the resource is forbidden with the current token"),
        }
    }
}

/// Whether a granted scope includes another: `-admin` includes `-edit` includes `-read`.
fn includes(held: &str, wanted: &str) -> bool {
    let order = ["read", "edit", "admin"];
    let split = |scope: &str| scope.rsplit_once('-').map(|(object, level)| (object.to_owned(), level.to_owned()));
    match (split(held), split(wanted)) {
        (Some((object, have)), Some((of, need))) if object == of => {
            let rank = |level: &str| order.iter().position(|known| *known == level);
            rank(&have).zip(rank(&need)).map_or(have == need, |(have, need)| have >= need)
        }
        _ => held == wanted,
    }
}

fn repositories(state: &mut State, request: &Request, method: &str, caller: &Caller, namespace: &str) -> Response {
    match method {
        "GET" => list(state, request, caller, namespace),
        "POST" => create(state, request, caller, namespace),
        _ => error(405, "method not allowed"),
    }
}

/// Private repositories are silently omitted for callers who may not list them.
fn list(state: &State, request: &Request, caller: &Caller, namespace: &str) -> Response {
    let all = caller.may(namespace, "scope-repository-list");
    let filter = request.query_value("name").unwrap_or_default();
    let seen = |((space, name), repository): &(&(String, String), &HubRepositoryEntry)| {
        space == namespace && name.contains(&filter) && (all || !repository.is_private)
    };
    let entries: Vec<Value> = state
        .repositories
        .iter()
        .filter(seen)
        .map(|((space, name), repository)| {
            json!({
                "name": name, "namespace": space, "repository_type": "image", "status": 1,
                "status_description": "active", "description": repository.description,
                "is_private": repository.is_private, "star_count": 0, "pull_count": 0, "last_updated": state.now,
                "date_registered": state.now, "affiliation": "", "media_types": [], "content_types": ["image"],
                "categories": [], "storage_size": 0,
            })
        })
        .collect();
    page(request, &entries)
}

/// The page that `page` and `page_size` (default 10, at most 100) request.
pub(super) fn page(request: &Request, entries: &[Value]) -> Response {
    let number = |name: &str, default: usize| {
        request.query_value(name).map_or(Some(default), |value| value.parse::<usize>().ok().filter(|n| *n > 0))
    };
    let (Some(page), Some(size)) = (number("page", 1), number("page_size", 10)) else {
        return error(400, "Invalid page or page_size");
    };
    let size = size.min(100);
    let from = (page - 1) * size;
    if page > 1 && from >= entries.len() {
        return error(404, "Page not found");
    }
    let results: Vec<&Value> = entries.iter().skip(from).take(size).collect();
    // Absolute and on the service's own host, like the real one's.
    let link = |page: usize| format!("https://hub.docker.com{}?page={page}&page_size={size}", request.path);
    let next = (from + size < entries.len()).then(|| link(page + 1));
    let previous = (page > 1).then(|| link(page - 1));
    Response::json(200, &json!({"count": entries.len(), "next": next, "previous": previous, "results": results}))
}

fn create(state: &mut State, request: &Request, caller: &Caller, namespace: &str) -> Response {
    if !caller.may(namespace, "scope-repository-create") {
        return caller.refusal();
    }
    if !state.groups.contains_key(namespace) {
        return not_found();
    }
    let body = request.json();
    let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
    let name = text("name");
    let good =
        regex::Regex::new(NAME).expect("a regular expression").is_match(&name) && (2..=255).contains(&name.len());
    let (short, full) = (text("description"), text("full_description"));
    if !good || text("namespace") != namespace || short.chars().count() > 100 || full.chars().count() > 25_000 {
        return error(400, "Invalid request");
    }
    let key = (namespace.to_owned(), name);
    if state.repositories.contains_key(&key) {
        return error(400, "object already exists");
    }
    let is_private = body["is_private"].as_bool().unwrap_or(false);
    let new =
        HubRepositoryEntry { is_private, description: short, full_description: full, ..HubRepositoryEntry::default() };
    state.repositories.insert(key.clone(), new);
    show(state, 201, &key)
}

fn show(state: &State, status: u16, key: &(String, String)) -> Response {
    let Some(repository) = state.repositories.get(key) else { return not_found() };
    let immutable = repository.immutable_tags.clone();
    Response::json(
        status,
        &json!({
            "user": key.0, "name": key.1, "namespace": key.0, "repository_type": "image", "status": 1,
            "status_description": "active", "description": repository.description,
            "is_private": repository.is_private, "is_automated": false, "star_count": 0, "pull_count": 0,
            "last_updated": state.now, "date_registered": state.now, "collaborator_count": 0, "affiliation": null,
            "hub_user": key.0, "has_starred": false, "full_description": repository.full_description,
            "permissions": {"read": true, "write": true, "admin": true}, "media_types": [], "content_types": [],
            "categories": [],
            "immutable_tags_settings": {"enabled": immutable.is_some(), "rules": immutable.unwrap_or_default()},
            "storage_size": null, "source": null,
        }),
    )
}

/// The repository if the caller may see it, else the response that hides it.
pub(super) fn visible<'a>(
    state: &'a State,
    caller: &Caller,
    key: &(String, String),
    scope: &str,
) -> Result<&'a HubRepositoryEntry, Response> {
    match state.repositories.get(key) {
        Some(repository) if !repository.is_private || caller.may(&key.0, scope) => Ok(repository),
        Some(_) if matches!(caller, Caller::Known { identifier, .. } if *identifier == key.0) => Err(caller.refusal()),
        _ => Err(not_found()),
    }
}

fn repository(
    state: &mut State,
    request: &Request,
    caller: &Caller,
    key: &(String, String),
    method: &str,
    rest: &[&str],
) -> Response {
    match (method, rest) {
        ("GET" | "HEAD", []) => match visible(state, caller, key, "scope-repository-read") {
            Ok(_) => members::seen_by(&show(state, 200, key), state, caller, &key.0),
            Err(refusal) => refusal,
        },
        ("GET" | "HEAD", ["tags"]) => match visible(state, caller, key, "scope-tag-read") {
            Ok(repository) => {
                let tags: Vec<Value> = repository.tags.iter().map(|(name, tag)| tag_json(name, tag)).collect();
                page(request, &tags)
            }
            Err(refusal) => refusal,
        },
        ("GET" | "HEAD", ["tags", tag]) => match visible(state, caller, key, "scope-tag-read") {
            Ok(repository) => match repository.tags.get(*tag) {
                Some(entry) => Response::json(200, &tag_json(tag, entry)),
                None => not_found(),
            },
            Err(refusal) => refusal,
        },
        ("DELETE", ["tags", tag]) => delete_tag(state, caller, key, tag),
        ("PATCH", ["immutabletags"]) => immutable_tags(state, request, caller, key),
        ("POST", ["immutabletags", "verify"]) => verify(state, request, caller, key),
        _ => error(405, "method not allowed"),
    }
}

/// One tag, unless the repository's rules make it immutable.
fn delete_tag(state: &mut State, caller: &Caller, key: &(String, String), tag: &str) -> Response {
    if let Err(refusal) = visible(state, caller, key, "scope-tag-admin") {
        return refusal;
    }
    if !caller.may(&key.0, "scope-tag-admin") {
        return caller.refusal();
    }
    let Some(repository) = state.repositories.get_mut(key) else { return not_found() };
    let holds = |rule: &String| regex::Regex::new(rule).is_ok_and(|rule| rule.is_match(tag));
    if repository.immutable_tags.as_ref().is_some_and(|rules| rules.is_empty() || rules.iter().any(holds)) {
        return error(403, "the tag is immutable");
    }
    if repository.tags.remove(tag).is_none() {
        return not_found();
    }
    state.deleted.push((format!("{}/{}", key.0, key.1), tag.to_owned()));
    Response::new(204)
}

fn tag_json(name: &str, tag: &HubTagEntry) -> Value {
    let mut value = json!({
        "id": 1, "name": name, "repository": 1, "creator": 1, "last_updater": 1, "last_updater_username": "someone",
        "full_size": 1024, "v2": true, "status": "active", "tag_status": "active", "content_type": "image",
        "media_type": "application/vnd.oci.image.index.v1+json", "last_updated": tag.pushed,
        "tag_last_pushed": tag.pushed, "tag_last_pulled": tag.pulled,
        "images": [{
            "architecture": "amd64", "features": "", "variant": "", "digest": tag.digest, "os": "linux",
            "os_features": "", "os_version": "", "size": 1024, "status": "active", "last_pulled": tag.pulled,
            "last_pushed": tag.pushed,
        }],
    });
    if let Some(digest) = &tag.digest {
        value["digest"] = json!(digest);
    }
    value
}

fn immutable_tags(state: &mut State, request: &Request, caller: &Caller, key: &(String, String)) -> Response {
    if let Err(refusal) = visible(state, caller, key, "scope-repository-settings-admin") {
        return refusal;
    }
    if !caller.may(&key.0, "scope-repository-settings-admin") {
        return caller.refusal();
    }
    let body = request.json();
    let (Some(on), Some(rules)) = (body["immutable_tags"].as_bool(), body["immutable_tags_rules"].as_array()) else {
        return error(400, "immutable_tags and immutable_tags_rules are required");
    };
    let rules: Vec<String> = rules.iter().filter_map(|rule| rule.as_str().map(str::to_owned)).collect();
    if rules.iter().any(|rule| regex::Regex::new(rule).is_err()) {
        return error(400, "invalid immutable tag rule");
    }
    if let Some(repository) = state.repositories.get_mut(key) {
        repository.immutable_tags = on.then_some(rules);
    }
    show(state, 200, key)
}

fn verify(state: &State, request: &Request, caller: &Caller, key: &(String, String)) -> Response {
    if !caller.may(&key.0, "scope-repository-settings-admin") {
        return caller.refusal();
    }
    let Some(repository) = state.repositories.get(key) else { return not_found() };
    let Ok(rule) = regex::Regex::new(request.json()["regex"].as_str().unwrap_or_default()) else {
        return error(400, "invalid regex");
    };
    let tags: Vec<&String> = repository.tags.keys().filter(|tag| rule.is_match(tag)).collect();
    Response::json(200, &json!({ "tags": tags }))
}

/// Paths that no organization access token may use.
fn legacy(
    state: &mut State,
    request: &Request,
    caller: &Caller,
    key: &(String, String),
    method: &str,
    rest: &[&str],
) -> Response {
    if matches!(caller, Caller::Known { kind: Kind::Organization { .. }, .. }) {
        return error(403, OAT_REFUSED);
    }
    if let Err(refusal) = visible(state, caller, key, "") {
        return refusal;
    }
    if (method, rest) == ("GET", &[]) {
        return show(state, 200, key);
    }
    if !caller.may(&key.0, "") {
        return caller.refusal();
    }
    if let ("DELETE", ["tags", tag]) = (method, rest) {
        return delete_tag(state, caller, key, tag);
    }
    let body = request.json();
    let Some(repository) = state.repositories.get_mut(key) else { return not_found() };
    match (method, rest) {
        ("PATCH", []) => {
            let text = |key: &str| body[key].as_str().map(str::to_owned);
            if text("description").is_some_and(|text| text.chars().count() > 100) {
                return error(400, "description: at most 100 characters");
            }
            repository.description = text("description").unwrap_or_else(|| repository.description.clone());
            repository.full_description =
                text("full_description").unwrap_or_else(|| repository.full_description.clone());
            show(state, 200, key)
        }
        ("POST", ["privacy"]) => {
            let Some(is_private) = body["is_private"].as_bool() else { return error(400, "is_private is required") };
            repository.is_private = is_private;
            Response::json(200, &json!({}))
        }
        ("DELETE", []) => {
            state.repositories.remove(key);
            Response::new(202)
        }
        _ => not_found(),
    }
}
