//! Teams of an organization, and what they may do with a repository.

use serde_json::{Value, json};

use super::super::http::{Request, Response};
use super::routes::{Caller, error, not_found, page, visible};
use super::{Group, State};

/// `/v2/orgs/{organization}/groups[/{name}]`
pub(super) fn teams(
    state: &mut State,
    request: &Request,
    caller: &Caller,
    organization: &str,
    rest: &[&str],
) -> Response {
    let scope = if request.method == "POST" { "scope-group-edit" } else { "scope-group-read" };
    if !caller.may(organization, scope) {
        return caller.refusal();
    }
    let Some(groups) = state.groups.get(organization) else { return not_found() };
    match (request.method.as_str(), rest) {
        ("GET", []) => {
            let entries: Vec<Value> = groups.iter().map(group_json).collect();
            without_nulls(&page(request, &entries))
        }
        ("GET", [name]) => groups
            .iter()
            .find(|group| group.name == *name)
            .map_or_else(not_found, |group| Response::json(200, &group_json(group))),
        ("POST", []) => {
            let body = request.json();
            let name = body["name"].as_str().unwrap_or_default();
            if name.is_empty() || groups.iter().any(|group| group.name == name) {
                return error(400, "a team with this name exists, or the name is invalid");
            }
            let description = body["description"].as_str().unwrap_or_default();
            Response::json(201, &group_json(&state.add_group(organization, name, description)))
        }
        _ => error(405, "method not allowed"),
    }
}

/// The description of this one list contains no null: a page that does not exist is left out.
fn without_nulls(response: &Response) -> Response {
    let mut body: Value = serde_json::from_slice(&response.bytes()).unwrap_or_default();
    if let Some(members) = body.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    Response::json(response.status, &body)
}

fn group_json(group: &Group) -> Value {
    let uuid = format!("00000000-0000-4000-8000-{:012}", group.id);
    json!({"id": group.id, "uuid": uuid, "name": group.name, "description": group.description, "member_count": 1})
}

/// `/v2/repositories/{namespace}/{repository}/groups[/{group_id}]`
pub(super) fn grants(
    state: &mut State,
    request: &Request,
    caller: &Caller,
    key: &(String, String),
    rest: &[&str],
) -> Response {
    let scope = match request.method.as_str() {
        "GET" => "scope-repo-group-read",
        "DELETE" => "scope-repo-group-admin",
        _ => "scope-repo-group-edit",
    };
    // Callers with the right to read teams see them, whatever they may read of the repository itself.
    if !caller.may(&key.0, scope) {
        return visible(state, caller, key, scope).map_or_else(|refusal| refusal, |_| caller.refusal());
    }
    let groups = state.groups.get(&key.0).cloned().unwrap_or_default();
    let Some(repository) = state.repositories.get_mut(key) else { return not_found() };
    let body = request.json();
    let by_id = |id: u64| groups.iter().find(|group| group.id == id);
    let permission = body["permission"].as_str().filter(|word| matches!(*word, "read" | "write" | "admin"));
    match (request.method.as_str(), rest) {
        ("GET", []) => {
            let entries: Vec<Value> = groups
                .iter()
                .filter_map(|group| repository.grants.get(&group.name).map(|held| grant_json(group, held)))
                .collect();
            page(request, &entries)
        }
        ("POST", []) => match (body["group_id"].as_u64().and_then(by_id), permission) {
            (Some(group), Some(permission)) => {
                repository.grants.insert(group.name.clone(), permission.to_owned());
                Response::json(200, &grant_json(group, permission))
            }
            (None, _) => not_found(),
            (_, None) => error(400, "permission is read, write or admin"),
        },
        (method, [id]) => {
            let group = id.parse().ok().and_then(by_id);
            let Some(group) = group.filter(|group| repository.grants.contains_key(&group.name)) else {
                return not_found();
            };
            match (method, permission) {
                ("GET", _) => {}
                ("PATCH", Some(permission)) => {
                    repository.grants.insert(group.name.clone(), permission.to_owned());
                }
                ("DELETE", _) => {
                    repository.grants.remove(&group.name);
                    return Response::new(204);
                }
                _ => return error(400, "permission is read, write or admin"),
            }
            Response::json(200, &grant_json(group, &repository.grants[&group.name]))
        }
        _ => error(405, "method not allowed"),
    }
}

fn grant_json(group: &Group, permission: &str) -> Value {
    json!({"group_name": group.name, "permission": permission, "group_id": group.id})
}
