//! What a refused credential lacks: just the one scope or role.

use super::Error;
use super::call::{Answer, Call, Level, Need};

/// What organization access tokens get on paths that do not accept them.
const LEGACY: &str = "organization access token is not allowed";

/// The error for a 401 or 403.
pub(super) fn refused(identifier: Option<&str>, call: &Call<'_>, answer: &Answer) -> Error {
    let message = answer.message();
    let lacks = lacks(identifier, &call.need, &message);
    let detail = if lacks.is_empty() { message } else { format!("{message}; {lacks}") };
    Error::Refused { action: call.action.clone(), detail }
}

fn lacks(identifier: Option<&str>, need: &Need<'_>, message: &str) -> String {
    let namespace = match need {
        Need::Nothing => return String::new(),
        Need::Scope { namespace, .. } | Need::PersonalOnly { namespace, .. } | Need::Owner { namespace, .. } => {
            *namespace
        }
    };
    let Some(identifier) = identifier else {
        return "no Docker Hub credential was given".to_owned();
    };
    let organization_token = identifier == namespace || message.contains(LEGACY);
    match need {
        Need::Nothing => String::new(),
        Need::Scope { scope, level, .. } if organization_token && !message.contains(LEGACY) => {
            let level = match level {
                Level::Organization => "under Organization",
                Level::Repository => "under Repository, for this repository or all of them",
            };
            format!("the organization access token of {identifier} lacks {scope} ({level})")
        }
        Need::Owner { scope: Some(scope), .. } if organization_token && !message.contains(LEGACY) => {
            format!("the organization access token of {identifier} lacks {scope} (under Organization)")
        }
        Need::Owner { personal, .. } if organization_token => format!(
            "Docker Hub does not accept organization access tokens for this: a personal access token with {personal} \
             is needed, of an owner of {namespace}"
        ),
        Need::Owner { personal, .. } => {
            format!("{identifier} must be an owner of {namespace}, and the personal access token needs {personal}")
        }
        Need::Scope { personal, .. } | Need::PersonalOnly { personal, .. } if organization_token => format!(
            "Docker Hub does not accept organization access tokens for this: a personal access token with {personal} \
             is needed, of an owner or editor of {namespace}"
        ),
        Need::Scope { personal, .. } | Need::PersonalOnly { personal, .. } => format!(
            "{identifier} must be an owner or editor of {namespace}, and the personal access token needs {personal}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::call::MANAGES;
    use super::*;

    const CREATE: Need<'_> = Need::in_organization("acme", "scope-repository-create", MANAGES);

    #[test]
    fn what_is_missing_is_named_and_nothing_else() {
        let texts = [
            lacks(Some("acme"), &CREATE, "forbidden"),
            lacks(Some("jo"), &CREATE, "forbidden"),
            lacks(None, &CREATE, "forbidden"),
            lacks(Some("acme"), &Need::PersonalOnly { namespace: "acme", personal: MANAGES }, "forbidden"),
            lacks(Some("other"), &CREATE, "token issued from organization access token is not allowed"),
            lacks(Some("acme"), &Need::Nothing, "forbidden"),
        ];
        insta::assert_snapshot!(texts.join("\n"), @r"
        the organization access token of acme lacks scope-repository-create (under Organization)
        jo must be an owner or editor of acme, and the personal access token needs Read, Write, Delete
        no Docker Hub credential was given
        Docker Hub does not accept organization access tokens for this: a personal access token with Read, Write, Delete is needed, of an owner or editor of acme
        Docker Hub does not accept organization access tokens for this: a personal access token with Read, Write, Delete is needed, of an owner or editor of acme
        ");
    }
}
