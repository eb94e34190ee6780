//! An organization's settings: two documents, kept with every member that was ever put there. Only owners' personal
//! tokens may see and change them; of organization access tokens only those with `scope-ram-*`, and only the one
//! document.

use serde_json::{Value, json};

use super::super::http::{Request, Response};
use super::routes::{Caller, error, not_found};
use super::{Kind, OAT_REFUSED, State};

/// The document, or what an organization has before anybody changed it.
pub(super) fn document(state: &State, organization: &str, area: &str) -> Value {
    let key = (organization.to_owned(), area.to_owned());
    state.settings.get(&key).cloned().unwrap_or_else(|| match area {
        "" => json!({"restricted_images": {
            "enabled": false, "allow_official_images": true, "allow_verified_publishers": true,
        }}),
        _ => json!({
            "enabled": false, "standard_registries": [{"id": "DockerHub", "allowed": true}], "custom_registries": [],
        }),
    })
}

pub(super) fn settings(
    state: &mut State,
    request: &Request,
    caller: &Caller,
    organization: &str,
    rest: &[&str],
) -> Response {
    let area = match rest {
        [] => "",
        ["registry-access-management"] => "registry-access-management",
        _ => return not_found(),
    };
    if !state.groups.contains_key(organization) {
        return not_found();
    }
    let scope = if request.method == "GET" { "scope-ram-read" } else { "scope-ram-write" };
    if area.is_empty() && matches!(caller, Caller::Known { kind: Kind::Organization { .. }, .. }) {
        return error(403, OAT_REFUSED);
    }
    let implied = scope == "scope-ram-read" && caller.may(organization, "scope-ram-write");
    if !caller.may(organization, scope) && !implied {
        return caller.refusal();
    }
    if request.method == "GET" {
        return Response::json(200, &document(state, organization, area));
    }
    let sent = request.json();
    let taken = if state.drops_unknown { known(&sent) } else { sent };
    let right = match area {
        "" => ["enabled", "allow_official_images", "allow_verified_publishers"]
            .iter()
            .all(|member| taken["restricted_images"][*member].is_boolean()),
        _ => {
            taken["enabled"].is_boolean()
                && taken["standard_registries"].is_array()
                && taken["custom_registries"].is_array()
        }
    };
    if request.method != "PUT" || !right {
        return error(400, "Invalid request");
    }
    state.settings.insert((organization.to_owned(), area.to_owned()), taken.clone());
    if area.is_empty() { Response::json(200, &taken) } else { Response::json(200, &json!({})) }
}

/// What the published description names, and nothing else.
fn known(value: &Value) -> Value {
    const NAMES: [&str; 10] = [
        "restricted_images",
        "enabled",
        "allow_official_images",
        "allow_verified_publishers",
        "standard_registries",
        "custom_registries",
        "id",
        "allowed",
        "address",
        "friendly_name",
    ];
    match value {
        Value::Object(members) => {
            let kept = members.iter().filter(|(name, _)| NAMES.contains(&name.as_str()));
            Value::Object(kept.map(|(name, value)| (name.clone(), known(value))).collect())
        }
        Value::Array(entries) => Value::Array(entries.iter().map(known).collect()),
        other => other.clone(),
    }
}
