//! The organization's settings: whole documents, of which this program knows some members. They are read and written as
//! they are; interpreting them is up to `policy::settings`.

use reqwest::Method;
use serde_json::Value;

use super::call::{Call, MANAGES, Need};
use super::{Error, Hub};
use crate::policy::settings::{Area, Observed};

impl Hub {
    /// One of the organization's two documents, with every member.
    ///
    /// # Errors
    /// If access is refused, the organization does not exist, or no usable answer comes.
    pub async fn organization_settings(&self, organization: &str, area: Area) -> Result<Observed, Error> {
        let call = call(Method::GET, organization, area, "reading");
        let answer = self.send(&call).await?;
        Observed::read(answer.text(&call)?).map_err(|e| answer.unreadable(&call, &e))
    }

    /// Sets one of the organization's two documents. Sending it twice has the same effect, so it is repeated if no
    /// answer comes; the caller has to read whether every member was accepted.
    ///
    /// # Errors
    /// If it is refused, the organization does not exist, or no usable answer comes.
    pub async fn set_organization_settings(
        &self,
        organization: &str,
        area: Area,
        document: &Value,
    ) -> Result<(), Error> {
        let call = call(Method::PUT, organization, area, "changing").body(document.clone());
        self.send(&call).await?.success(&call)
    }
}

fn call<'a>(method: Method, organization: &'a str, area: Area, doing: &str) -> Call<'a> {
    let mut path = vec!["v2", "orgs", organization, "settings"];
    // Docker names scopes for one document and none for the other.
    let scope = match (area, method == Method::GET) {
        (Area::ImageAccess, _) => None,
        (Area::RegistryAccess, true) => Some("scope-ram-read"),
        (Area::RegistryAccess, false) => Some("scope-ram-write"),
    };
    if area == Area::RegistryAccess {
        path.push("registry-access-management");
    }
    let need = Need::Owner { namespace: organization, scope, personal: MANAGES };
    Call::new(method, &path, need, format!("{doing} {} of {organization}", area.title()))
}
