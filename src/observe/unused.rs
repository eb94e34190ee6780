//! Which approvals nobody pulls any more: asked of Docker Hub only where `keep` with `unused` says so, and only if there is
//! an approval that it could retire.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::usage::{list, shown};
use crate::hub::Hub;
use crate::image::RepositoryName;
use crate::manifest::{Approval, Image, Manifest};
use crate::plan::usage::{Use, used};
use crate::plan::{FailedStep, Failure, Key};
use crate::proposal::known::{Candidates, ImageCandidates};
use crate::proposal::unused::{Unused, asked};

/// Why nothing is known without a credential.
const NO_CREDENTIAL: &str = "Docker Hub shows pulls to members only: set DOCKERHUB_USERNAME and DOCKERHUB_TOKEN";

/// What Docker Hub shows about the approvals that `keep` would retire, in one listing for each of their repositories; and
/// what could not be listed.
pub(super) async fn read_unused(
    hub: Option<&Hub>,
    manifest: &Manifest,
    candidates: &Candidates,
    today: NaiveDate,
) -> (Unused, Vec<Failure>) {
    let of_image = |(at, read): (&usize, &ImageCandidates)| {
        let image = &manifest.images[*at];
        asked(image, &read.selection).into_iter().map(move |approval| (image, approval)).collect::<Vec<_>>()
    };
    let asked: Vec<(&Image, &Approval)> = candidates.images.iter().flat_map(of_image).collect();
    let names: BTreeSet<&RepositoryName> = asked.iter().map(|(image, _)| &image.repository).collect();
    let listed = match hub {
        Some(hub) => list(hub, &manifest.organization, names).await,
        None => names.into_iter().map(|name| (name, Err(NO_CREDENTIAL.to_owned()))).collect(),
    };
    let (mut unused, mut failed) = (Unused::default(), BTreeMap::new());
    for (image, approval) in asked {
        let Some(after) = image.keep.unused else { continue };
        let known = match listed.get(&image.repository) {
            Some(Ok(tags)) => used(&shown(tags, image, approval), approval.approved_on, after, today),
            Some(Err(error)) => {
                let error = format!("whether anybody still pulls its tags is unknown: {error}");
                failed
                    .entry(&image.repository)
                    .or_insert_with(|| Failure::of(image, None, FailedStep::Read, error.clone()));
                Use::Unknown(error)
            }
            None => continue,
        };
        match known {
            Use::Recent => {}
            Use::Unused(words) => drop(unused.wanted.insert(Key::of(image, approval), words)),
            Use::Unknown(why) => drop(unused.unknown.insert(Key::of(image, approval), why)),
        }
    }
    let failed = failed.into_values();
    (unused, if hub.is_some() { failed.collect() } else { failed.take(1).collect() })
}
