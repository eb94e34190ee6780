//! What a refused credential lacks: the one scope or role, and no other.

use super::Error;
use super::transport::{Answer, Call};

/// What organization access tokens are told on paths that do not take them.
const LEGACY: &str = "organization access token is not allowed";

/// What a call needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need<'a> {
    /// Nothing that could be missing.
    Nothing,
    /// In a namespace: a scope of an organization access token, or a role of a personal one's user.
    Scope {
        /// The organization or user whose things these are.
        namespace: &'a str,
        /// The scope's value, such as `scope-repository-create`.
        scope: &'static str,
        /// Which resource of the token the scope belongs to.
        level: Level,
        /// The least access of a personal access token.
        personal: &'static str,
    },
    /// Settings of the organization, which owners alone may see and change.
    Owner {
        /// The organization.
        namespace: &'a str,
        /// The scope of an organization access token, where Docker names one.
        scope: Option<&'static str>,
        /// The least access of a personal access token.
        personal: &'static str,
    },
    /// A path that no organization access token may use.
    PersonalOnly {
        /// The organization.
        namespace: &'a str,
        /// The least access of a personal access token.
        personal: &'static str,
    },
}

/// Where a scope is picked when a token is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// For the organization as a whole.
    Organization,
    /// For chosen repositories, or for all.
    Repository,
}

/// Reading what is public or the caller's own.
pub(super) const READS: &str = "Read";
/// Changing repositories and teams.
pub(super) const MANAGES: &str = "Read, Write, Delete";

/// The error for a 401 or 403.
pub(super) fn refused(identifier: Option<&str>, call: &Call<'_>, answer: &Answer) -> Error {
    let said = answer.said();
    let lacks = lacks(identifier, &call.need, &said);
    let detail = if lacks.is_empty() { said } else { format!("{said}; {lacks}") };
    Error::Refused { action: call.action.clone(), detail }
}

fn lacks(identifier: Option<&str>, need: &Need<'_>, said: &str) -> String {
    let namespace = match need {
        Need::Nothing => return String::new(),
        Need::Scope { namespace, .. } | Need::PersonalOnly { namespace, .. } | Need::Owner { namespace, .. } => {
            *namespace
        }
    };
    let Some(identifier) = identifier else {
        return "no Docker Hub credential was given".to_owned();
    };
    let organization_token = identifier == namespace || said.contains(LEGACY);
    match need {
        Need::Nothing => String::new(),
        Need::Scope { scope, level, .. } if organization_token && !said.contains(LEGACY) => {
            let level = match level {
                Level::Organization => "under Organization",
                Level::Repository => "under Repository, for this repository or all of them",
            };
            format!("the organization access token of {identifier} lacks {scope} ({level})")
        }
        Need::Owner { scope: Some(scope), .. } if organization_token && !said.contains(LEGACY) => {
            format!("the organization access token of {identifier} lacks {scope} (under Organization)")
        }
        Need::Owner { personal, .. } if organization_token => format!(
            "Docker Hub takes no organization access token for this: a personal access token with {personal} is needed, \
             of an owner of {namespace}"
        ),
        Need::Owner { personal, .. } => format!(
            "{identifier} needs to be an owner of {namespace}, and the personal access token the access {personal}"
        ),
        Need::Scope { personal, .. } | Need::PersonalOnly { personal, .. } if organization_token => format!(
            "Docker Hub takes no organization access token for this: a personal access token with {personal} is needed, \
             of an owner or editor of {namespace}"
        ),
        Need::Scope { personal, .. } | Need::PersonalOnly { personal, .. } => format!(
            "{identifier} needs to be an owner or editor of {namespace}, and the personal access token the access {personal}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREATE: Need<'_> = Need::Scope {
        namespace: "acme",
        scope: "scope-repository-create",
        level: Level::Organization,
        personal: MANAGES,
    };

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
        jo needs to be an owner or editor of acme, and the personal access token the access Read, Write, Delete
        no Docker Hub credential was given
        Docker Hub takes no organization access token for this: a personal access token with Read, Write, Delete is needed, of an owner or editor of acme
        Docker Hub takes no organization access token for this: a personal access token with Read, Write, Delete is needed, of an owner or editor of acme
        ");
    }
}
