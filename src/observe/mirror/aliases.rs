//! What the aliases of mirrors resolve to: one HEAD for each, nothing where there is none.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;

use super::reader::MirrorReader;
use super::tags::TagReader;
use crate::image::{Digest, RepositoryName, Tag};
use crate::manifest::Image;
use crate::plan::aliases::{AliasStep, Seen, aliases, unexplained};
use crate::plan::{FailedStep, Failure, Key, Scope, Step};

/// How many aliases are read at once; each host's own limit is in the client.
const TOGETHER: usize = 16;

/// What is done about the aliases of the images in scope, whose approvals have these steps; and what failed.
pub(super) async fn planned(
    reader: &MirrorReader<'_>,
    tags: &TagReader<'_>,
    scope: &Scope,
    steps: &[Step],
) -> (Vec<AliasStep>, Vec<Failure>) {
    let images = tags.manifest.images.iter().enumerate().filter(|(index, _)| scope.contains(*index));
    let images: Vec<&Image> = images.map(|(_, image)| image).filter(|image| !image.aliases.is_empty()).collect();
    if images.is_empty() {
        return Default::default();
    }
    let (now, mut failed) = read(tags, &images).await;
    let unread: BTreeSet<Key> = failed.iter().filter_map(key_of).collect();
    let steps: BTreeMap<Key, &Step> = steps.iter().map(|step| (step.key(), step)).collect();
    let none = BTreeSet::new();
    let seen = Seen { steps: &steps, now: &now, recorded: &none };
    let open =
        images.iter().flat_map(|image| unexplained(image, &seen)).filter(|held| !is_approved(tags, held)).collect();
    let (recorded, unknown) = recorded(reader, tags, open).await;
    let seen = Seen { recorded: &recorded, ..seen };
    let mut planned: Vec<AliasStep> = images.iter().flat_map(|image| aliases(image, &seen)).collect();
    planned.retain(|alias| !unread.contains(&alias.key()));
    failed.extend(unknown);
    failed.extend(planned.iter().filter_map(AliasStep::failure));
    (planned, failed)
}

/// Whether an approval of the repository has these bytes: then an image that shares it with the alias's has them, and the
/// alias was not moved there by this program.
fn is_approved(tags: &TagReader<'_>, (name, digest): &(RepositoryName, Digest)) -> bool {
    let mut approvals = tags.manifest.approvals().filter(|(image, _)| image.repository == *name);
    approvals.any(|(_, approval)| approval.digest == *digest || approval.mirrored.as_ref() == Some(digest))
}

fn key_of(failure: &Failure) -> Option<Key> {
    Some(Key { repository: failure.repository.clone(), tag: failure.tag.clone()? })
}

/// What each alias resolves to, and which could not be read.
async fn read(tags: &TagReader<'_>, images: &[&Image]) -> (BTreeMap<Key, Digest>, Vec<Failure>) {
    let all = images.iter().flat_map(|image| image.aliases.iter().map(move |alias| (*image, alias)));
    let answers: Vec<_> = futures_util::stream::iter(all)
        .map(|(image, alias)| async move { (image, alias, resolve(tags, image, alias).await) })
        .buffered(TOGETHER)
        .collect()
        .await;
    let (mut now, mut failed) = (BTreeMap::new(), Vec::new());
    for (image, alias, answer) in answers {
        match answer {
            Ok(Some(digest)) => {
                now.insert(Key { repository: image.repository.clone(), tag: alias.clone() }, digest);
            }
            Ok(None) => {}
            Err(error) => failed.push(Failure::of(image, Some(alias), FailedStep::Resolve, error)),
        }
    }
    (now, failed)
}

async fn resolve(tags: &TagReader<'_>, image: &Image, alias: &Tag) -> Result<Option<Digest>, String> {
    let mirror = tags.open(&image.repository).map_err(|error| error.to_string())?;
    let answer = tags.tag(mirror.as_ref(), &image.repository, alias, false).await;
    answer.map_err(|error| error.to_string())
}

/// Those of these bytes that the default branch's history recorded in their repository. Without a history none is.
async fn recorded(
    reader: &MirrorReader<'_>,
    tags: &TagReader<'_>,
    open: BTreeSet<(RepositoryName, Digest)>,
) -> (BTreeSet<(RepositoryName, Digest)>, Option<Failure>) {
    let Some(history) = reader.history.filter(|_| !open.is_empty()) else { return Default::default() };
    let first = open.first().and_then(|(name, _)| tags.manifest.images.iter().find(|image| image.repository == *name));
    match history.recorded_in(tags.manifest, open).await {
        Ok(recorded) => (recorded, None),
        Err(error) => {
            let text = format!("whether aliases may be moved is unknown: {error}");
            (BTreeSet::new(), first.map(|image| Failure::of(image, None, FailedStep::Resolve, text)))
        }
    }
}
