//! What a credential may do, as far as reading shows.

use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

use super::call::{Call, Need, READS};
use super::client::PAGE_SIZE;
use super::listing::{list_repositories, list_tags};
use super::{Error, Hub};
use crate::image::RepositoryName;

/// A role with more rights than a member's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HubRole {
    Owner,
    Editor,
}

/// What the caller may do with a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HubRights {
    pub private: bool,
    /// Push to it.
    pub write: bool,
    /// Change its settings.
    pub admin: bool,
}

#[derive(Deserialize)]
struct RepositoryBody {
    is_private: bool,
    permissions: PermissionsBody,
}

#[derive(Deserialize)]
struct PermissionsBody {
    #[serde(default)]
    write: bool,
    #[serde(default)]
    admin: bool,
}

/// An organization has few owners and editors.
const PAGES: usize = 20;

impl Hub {
    /// An address where the API answers everybody, for the first request.
    #[must_use]
    pub fn public_address(&self, organization: &str) -> Option<url::Url> {
        self.transport.url(&list_repositories(organization).query("page_size", &1)).ok()
    }

    /// The role of a user in an organization; `None` if that is neither owner nor editor.
    pub async fn role(&self, organization: &str, user: &str) -> Result<Option<HubRole>, Error> {
        for (name, role) in [("owner", HubRole::Owner), ("editor", HubRole::Editor)] {
            if self.holds(organization, user, name).await? {
                return Ok(Some(role));
            }
        }
        Ok(None)
    }

    async fn holds(&self, organization: &str, user: &str, role: &'static str) -> Result<bool, Error> {
        let need = Need::Owner { namespace: organization, scope: None, personal: READS };
        let path = ["v2", "orgs", organization, "members"];
        for page in 1..=PAGES {
            let action = format!("listing the {role}s of {organization}");
            let call = Call::new(Method::GET, &path, need, action).query("page", &page).query("page_size", &PAGE_SIZE);
            let call = call.query("role", role);
            let answer = self.send(&call).await?;
            if answer.status == 404 {
                // A list that is not shown says nothing about who is on it.
                let text = format!("the list of {role}s of {organization} is not shown to this credential (404)");
                return Err(Error::Unusable(text));
            }
            let body: Value = answer.read(&call)?;
            // Documented as a list of pages, but returned as one page.
            let pages = body.as_array().cloned().unwrap_or_else(|| vec![body]);
            let members = pages.iter().filter_map(|page| page["results"].as_array()).flatten();
            if members.filter_map(|member| member["username"].as_str()).any(|name| name.eq_ignore_ascii_case(user)) {
                return Ok(true);
            }
            if !pages.iter().any(|page| page["next"].is_string()) {
                return Ok(false);
            }
        }
        Err(Error::Unusable(format!("the {role}s of {organization} have more than {PAGES} pages")))
    }

    /// What the caller may do with a repository; `None` if it does not exist, or is hidden from the caller.
    pub async fn rights(&self, organization: &str, name: &RepositoryName) -> Result<Option<HubRights>, Error> {
        let read = self.read_repository::<RepositoryBody>(organization, name).await?;
        let rights = |RepositoryBody { is_private: private, permissions: PermissionsBody { write, admin } }| {
            HubRights { private, write, admin }
        };
        Ok(read.map(rights))
    }

    /// Whether a list of the organization's repositories contains an existing one: private ones are silently omitted
    /// for those who may not list them. `None` if the list is too long to tell.
    pub async fn lists(&self, organization: &str, name: &RepositoryName) -> Result<Option<bool>, Error> {
        let call = list_repositories(organization).query("name", name).query("page_size", &PAGE_SIZE);
        let page: Value = self.send(&call).await?.read(&call)?;
        let there = page["results"].as_array().into_iter().flatten().any(|one| one["name"] == name.as_str());
        Ok(if there || page["next"].is_null() { Some(there) } else { None })
    }

    /// Refused if the tags of a repository may not be listed.
    pub async fn may_list_tags(&self, organization: &str, name: &RepositoryName) -> Result<(), Error> {
        self.send(&list_tags(organization, name).query("page_size", &1)).await.map(drop)
    }
}
