//! Whom a removal affects: asked only when a proposal that removes something is made or shown, once in a run.

use tokio::sync::OnceCell;

use super::consumers::{Searched, in_repository, places};
use super::records::{ALL_BELIEVED, History};
use super::usage::read_pulls_of;
use crate::forge::Forge;
use crate::forge::github::GitHub;
use crate::hub::Hub;
use crate::manifest::{Approval, Image, Manifest};
use crate::plan::Key;
use crate::plan::usage::{Pull, believed};
use crate::proposal::Item;
use crate::proposal::body::{Affected, LastPull};

/// A repository to search, by its name; or why it cannot be read.
pub(crate) type ConsumerPlace = (String, Result<GitHub, String>);

/// Where to look.
pub(crate) struct AffectedReader {
    /// Docker Hub's own API, if there is a credential for it: it shows pulls to members only.
    hub: Option<Hub>,
    /// The repositories that may name what is removed.
    consumers: Vec<ConsumerPlace>,
    /// What was found in them, and what could not be searched.
    searched: OnceCell<(Vec<Searched>, Vec<String>)>,
}

impl AffectedReader {
    pub(crate) fn new(hub: Option<Hub>, consumers: Vec<ConsumerPlace>) -> Self {
        Self { hub, consumers, searched: OnceCell::new() }
    }

    /// Who uses what these changes remove, in their order.
    pub(super) async fn read(
        &self,
        forge: Option<&dyn Forge>,
        manifest: &Manifest,
        items: &[&Item],
    ) -> Vec<Option<Affected>> {
        let hub = self.hub.as_ref().filter(|_| manifest.on_docker_hub());
        if items.is_empty() || (hub.is_none() && self.consumers.is_empty()) {
            return items.iter().map(|_| None).collect();
        }
        let removed: Vec<Option<(&Image, &Approval)>> = items.iter().map(|item| approval(manifest, item)).collect();
        let promoted = removed.iter().flatten().copied().filter(|(_, approval)| approval.mirrored.is_some()).collect();
        let history =
            forge.map(|forge| History { contents: forge, head: None, path: manifest.path(), foreign: &ALL_BELIEVED });
        let pulls = match hub {
            Some(hub) => Some(read_pulls_of(hub, history.as_ref(), manifest, promoted).await),
            None => None,
        };
        let last_pull = |image: &Image, approval: &Approval| {
            let failure = |pulls: &super::usage::Pulls| {
                let failed = pulls.failed.iter().find(|failure| failure.repository == image.repository);
                failed.map(|failure| LastPull::Unknown(failure.error.clone()))
            };
            let Some(pulls) = &pulls else { return LastPull::NotAsked };
            let Some(facts) = pulls.facts.get(&Key::of(image, approval)) else { return LastPull::NotAsked };
            let believed = believed(facts);
            failure(pulls).unwrap_or_else(|| match (believed.pull, facts.shown) {
                (Pull::Never, _) => LastPull::Never,
                (Pull::At(at), _) => LastPull::At(at),
                (Pull::Unknown, Pull::At(at)) => LastPull::Unknown(format!(
                    "but not since {}: {}",
                    at.date_naive(),
                    believed.why.unwrap_or_default()
                )),
                (Pull::Unknown, _) => LastPull::Unknown(believed.why.unwrap_or_default().to_owned()),
            })
        };
        let (searched, unread) = self.searched.get_or_init(|| self.search()).await;
        let missed: Vec<String> = searched.iter().flat_map(Searched::notes).chain(unread.iter().cloned()).collect();
        let affected = |(image, approval): (&Image, &Approval)| {
            let mirror = manifest.mirror(&image.repository).ok();
            Affected {
                last_pull: last_pull(image, approval),
                places: mirror.map(|mirror| places(searched, &mirror, approval)).unwrap_or_default(),
                searched: searched.len(),
                missed: missed.clone(),
            }
        };
        removed.into_iter().map(|removed| removed.map(affected)).collect()
    }

    async fn search(&self) -> (Vec<Searched>, Vec<String>) {
        let (mut searched, mut unread) = (Vec::new(), Vec::new());
        for (name, github) in &self.consumers {
            let found = match github {
                Ok(github) => in_repository(github).await.map_err(|e| e.to_string()),
                Err(why) => Err(why.clone()),
            };
            match found {
                Ok(found) => searched.push(Searched { name: name.clone(), found }),
                Err(why) => unread.push(format!("{name}: {why}")),
            }
        }
        (searched, unread)
    }
}

/// The approval that a change removes.
fn approval<'m>(manifest: &'m Manifest, item: &Item) -> Option<(&'m Image, &'m Approval)> {
    let image = manifest.images.get(item.image)?;
    let same = |approval: &&Approval| Some(&approval.tag) == item.entry.to.as_ref();
    image.approved.iter().find(same).map(|approval| (image, approval))
}
