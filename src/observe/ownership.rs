//! Who owns Docker Hub repositories, in few requests: none if a tag resolves to what the manifest records, else one for
//! the full description, and if that does not carry our mark, one walk through the manifest's history for all of them
//! together.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;

use super::records::{History, mirror_of};
use crate::hub::Hub;
use crate::image::RepositoryName;
use crate::manifest::Manifest;
use crate::plan::ownership::{Claim, Keeper, Mark, Owned, Ownership, Past, Proof, ownership};

/// How many repositories are queried at once: Docker Hub's API counts requests per minute.
const TOGETHER: usize = 8;

/// How ownership of repositories is determined.
#[derive(Clone, Copy)]
pub(crate) struct OwnershipReader<'a> {
    /// Docker Hub's own API, if there is a credential for it.
    pub hub: Option<&'a Hub>,
    /// The manifest's history, if there is a forge.
    pub history: Option<History<'a>>,
    pub keeper: &'a Keeper,
}

/// What is known about a repository before anything is requested.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    /// Whether Docker Hub has it; `None` if that was not checked.
    pub exists: Option<bool>,
    /// Whether a tag resolves to what the manifest records for it.
    pub answers_record: bool,
    pub full_description: Option<String>,
}

/// A repository whose owner is being determined.
struct Open {
    name: RepositoryName,
    claim: Claim,
    full_description: Option<String>,
}

/// Determines who owns these repositories of the manifest.
pub(crate) async fn read_ownership(
    reader: &OwnershipReader<'_>,
    manifest: &Manifest,
    known: BTreeMap<RepositoryName, Known>,
) -> BTreeMap<RepositoryName, Owned> {
    let opened = known.into_iter().map(|(name, known)| open(reader, manifest, name, known));
    let mut opened: Vec<Open> = futures_util::stream::iter(opened)
        .map(|open| async move { with_mark(reader, manifest, open).await })
        .buffered(TOGETHER)
        .collect()
        .await;
    with_past(reader, manifest, &mut opened).await;
    let owned = opened.into_iter().filter_map(|open| {
        let ownership = judge(reader, manifest, &open).ok()?;
        Some((open.name, Owned { ownership, full_description: open.full_description }))
    });
    owned.collect()
}

fn open(reader: &OwnershipReader<'_>, manifest: &Manifest, name: RepositoryName, known: Known) -> Open {
    let Known { exists, answers_record, full_description } = known;
    let adopt = manifest.images.iter().any(|image| image.repository == name && image.adopt);
    let mark = full_description.as_ref().map(|text| reader.keeper.mark(text));
    Open { name, claim: Claim { exists, answers_record, adopt, mark, past: None }, full_description }
}

fn judge(reader: &OwnershipReader<'_>, manifest: &Manifest, open: &Open) -> Result<Ownership, Proof> {
    ownership(&format!("{}/{}", manifest.organization, open.name), &open.claim, reader.keeper)
}

/// Adds what the full description says, if needed.
async fn with_mark(reader: &OwnershipReader<'_>, manifest: &Manifest, mut open: Open) -> Open {
    if judge(reader, manifest, &open) != Err(Proof::Mark) {
        return open;
    }
    let Some(hub) = reader.hub else {
        open.claim.mark = Some(Mark::Unknown("no credential for Docker Hub's API was given".to_owned()));
        return open;
    };
    match hub.repository(&manifest.organization, &open.name).await {
        Ok(Some(repository)) => {
            open.claim.exists = Some(true);
            open.claim.mark = Some(reader.keeper.mark(&repository.full_description));
            open.full_description = Some(repository.full_description);
        }
        Ok(None) => open.claim.exists = Some(false),
        Err(error) => open.claim.mark = Some(Mark::Unknown(error.to_string())),
    }
    open
}

/// Adds what the manifest's history says, if needed.
async fn with_past(reader: &OwnershipReader<'_>, manifest: &Manifest, opened: &mut [Open]) {
    let lacking: Vec<&mut Open> =
        opened.iter_mut().filter(|open| judge(reader, manifest, open) == Err(Proof::Past)).collect();
    if lacking.is_empty() {
        return;
    }
    let mirrors: BTreeSet<_> = lacking.iter().filter_map(|open| mirror_of(manifest, &open.name)).collect();
    let read = match &reader.history {
        Some(history) => history.recorded_mirrors(manifest, mirrors).await.map_err(|e| e.to_string()),
        None => Err(super::records::NO_HISTORY.to_owned()),
    };
    for open in lacking {
        open.claim.past = Some(match &read {
            Ok(recorded) => match mirror_of(manifest, &open.name).is_some_and(|mirror| recorded.contains(&mirror)) {
                true => Past::Recorded,
                false => Past::NeverRecorded,
            },
            Err(_) if reader.history.is_none() && is_recorded(manifest, &open.name) => Past::Recorded,
            Err(why) => Past::Unknown(why.clone()),
        });
    }
}

/// Whether the current manifest records anything for a repository.
fn is_recorded(manifest: &Manifest, name: &RepositoryName) -> bool {
    manifest.approvals().any(|(image, approval)| image.repository == *name && approval.mirrored.is_some())
}
