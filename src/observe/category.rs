//! Under which rule of the organization a source falls: by its name, else by what Docker Hub's search shows beside it.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{Mutex, OnceCell};

use crate::hub::Hub;
use crate::image::{Location, Repository};
use crate::policy::Standing;

/// What is known of the sources of a run; each is asked about once, and only where something of it is shown.
pub(crate) struct Standings {
    hub: Option<Hub>,
    known: Mutex<BTreeMap<Repository, Arc<OnceCell<Standing>>>>,
    /// Why the search is asked no more.
    silent: OnceCell<String>,
}

impl Standings {
    /// Without Docker Hub's API only names tell.
    pub(crate) fn new(hub: Option<Hub>) -> Self {
        Self { hub, known: Mutex::default(), silent: OnceCell::new() }
    }

    /// Where a source stands for `organization`. It is advice for a reviewer: no answer is said and keeps nothing from being
    /// done.
    pub(crate) async fn of(&self, organization: &str, source: &Location) -> Standing {
        if let Some(standing) = Standing::of_name(source, organization) {
            return standing;
        }
        let (Some(hub), Location::Remote(repository)) = (&self.hub, source) else {
            return Standing::NotAsked;
        };
        let cell = Arc::clone(self.known.lock().await.entry(repository.clone()).or_default());
        cell.get_or_init(|| self.ask(hub, repository)).await.clone()
    }

    /// Where the search gave no answer once, no further source is asked about.
    async fn ask(&self, hub: &Hub, repository: &Repository) -> Standing {
        if let Some(why) = self.silent.get() {
            return Standing::Unknown(why.clone());
        }
        match hub.badge(repository).await {
            Ok(Some(badge)) => Standing::of_badge(badge),
            Ok(None) => Standing::Unknown("Docker Hub's search does not say".to_owned()),
            Err(e) => Standing::Unknown(self.silent.get_or_init(|| async { e.to_string() }).await.clone()),
        }
    }
}
