//! The organization's settings: whole documents, of which this program knows some members. They are read and written as
//! they are; what they mean is for `policy::settings`.

use reqwest::Method;
use serde_json::Value;

use super::call::{Call, MANAGES, Need};
use super::{Error, Hub};
use crate::policy::settings::{Area, Observed};

impl Hub {
    /// One of the organization's two documents, every member of it.
    ///
    /// # Errors
    /// Where access is refused, there is no such organization, or no usable answer comes.
    pub async fn organization_settings(&self, organization: &str, area: Area) -> Result<Observed, Error> {
        let call = call(Method::GET, organization, area, "reading");
        let answer = self.send(&call).await?;
        Observed::read(answer.text(&call)?).map_err(|e| answer.unreadable(&call, &e))
    }

    /// Sets one of the organization's two documents. Sent twice it is the same as once, so it is repeated where no answer
    /// came; whether every member was taken is for the caller to read.
    ///
    /// # Errors
    /// Where it is refused, there is no such organization, or no usable answer comes.
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
    // Docker names scopes for this one and none for the other.
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
