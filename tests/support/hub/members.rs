//! Members of an organization and their roles. Owners and editors may list them.

use serde_json::{Value, json};

use super::super::http::{Request, Response};
use super::routes::{Caller, page};
use super::{Kind, State};

/// `GET /v2/orgs/{organization}/members?role=`: documented as a list of pages.
pub(super) fn members(state: &State, request: &Request, caller: &Caller, organization: &str) -> Response {
    let may = match caller {
        Caller::Known { identifier, kind: Kind::Personal { manages } } => {
            manages.contains(organization) && role(state, organization, identifier) != "member"
        }
        _ => caller.may(organization, "scope-member-read"),
    };
    if !may {
        return caller.refusal();
    }
    let wanted = request.query_value("role");
    let entries: Vec<Value> = state
        .accounts
        .iter()
        .filter(|account| matches!(&account.kind, Kind::Personal { manages } if manages.contains(organization)))
        .map(|account| (account.identifier.clone(), role(state, organization, &account.identifier)))
        .filter(|(_, role)| wanted.as_ref().is_none_or(|wanted| wanted == role))
        .map(|(name, role)| {
            let title = if role == "owner" { "Owner" } else { "Member" };
            json!({"username": name, "role": title, "groups": []})
        })
        .collect();
    let mut body: Value = serde_json::from_slice(&page(request, &entries).bytes()).unwrap_or_default();
    // No member in the description is null.
    if let Some(members) = body.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    Response::json(200, &json!([body]))
}

fn role(state: &State, organization: &str, user: &str) -> String {
    let key = (organization.to_owned(), user.to_owned());
    state.roles.get(&key).cloned().unwrap_or_else(|| "owner".to_owned())
}

/// A repository as seen by somebody who may be just a member: then fewer things may be done with it.
pub(super) fn seen_by(shown: &Response, state: &State, caller: &Caller, organization: &str) -> Response {
    let mut body: Value = serde_json::from_slice(&shown.bytes()).unwrap_or_default();
    if let Caller::Known { identifier, kind: Kind::Personal { .. } } = caller
        && role(state, organization, identifier) == "member"
    {
        body["permissions"] = json!({"read": true, "write": false, "admin": false});
    }
    Response::json(shown.status, &body)
}
