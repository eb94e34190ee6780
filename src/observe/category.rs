//! Which rule of the organization a source falls under: by its name, else by what Docker Hub's search shows about it.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{Mutex, OnceCell};

use crate::hub::Hub;
use crate::image::{Location, Repository};
use crate::policy::Standing;

/// What is known about the sources of a run; each is looked up once, and only if some of it is shown.
pub(crate) struct Standings {
    hub: Option<Hub>,
    known: Mutex<BTreeMap<Repository, Arc<OnceCell<Standing>>>>,
    /// Why the search is no longer used.
    silent: OnceCell<String>,
}

impl Standings {
    /// Without Docker Hub's API, only names tell.
    pub(crate) fn new(hub: Option<Hub>) -> Self {
        Self { hub, known: Mutex::default(), silent: OnceCell::new() }
    }

    /// Where a source stands for `organization`. It is advice for a reviewer: a missing answer is reported and blocks
    /// nothing.
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

    /// Once the search has failed to answer, no further source is looked up.
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
