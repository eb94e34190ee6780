//! Whether upstream still has what is approved: HEADs, which no registry counts as a pull, and the list of tags where several
//! have one digest or one is gone.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;

use super::reader::{Organization, OrganizationReader, TOGETHER};
use crate::image::{Digest, Location, Tag};
use crate::manifest::Manifest;
use crate::observe::availability::{Lost, lost};
use crate::plan::is_revoked;
use crate::policy::audit::Unseen;
use crate::registry::Error;

/// Asks every source for its approved digests. A source that fails is not asked further: it fails as a whole.
pub(super) async fn read_sources(
    reader: &OrganizationReader<'_>,
    manifest: &Manifest,
    organization: &mut Organization,
) {
    let wanted = wanted(manifest);
    organization.counted.approvals = manifest.images.iter().map(|image| image.approved.len()).sum();
    organization.counted.sources = wanted.len();
    tracing::info!("audit: looking up the approved images at {} sources", wanted.len());
    let phase = reader.progress.phase("sources", wanted.len());
    let answers: BTreeMap<Location, Result<Lost, Error>> = futures_util::stream::iter(&wanted)
        .map(|(location, approvals)| {
            let phase = &phase;
            async move {
                let lost = lost(reader.sources, location, approvals).await;
                phase.one();
                ((*location).clone(), lost)
            }
        })
        .buffer_unordered(TOGETHER)
        .collect()
        .await;
    phase.end();
    for (location, answer) in answers {
        match answer {
            Ok(lost) => {
                let Lost { digests, tags, repository } = lost;
                organization.facts.lost.extend(digests.into_iter().map(|digest| (location.clone(), digest)));
                organization.facts.withdrawn.extend(tags.into_iter().map(|tag| (location.clone(), tag)));
                organization.facts.gone.extend(repository.then_some(location));
            }
            Err(error) => {
                let source = manifest.images.iter().find(|image| image.source == location);
                let source = source.map_or_else(|| location.to_string(), |image| image.source_text.clone());
                organization.failed.push(Unseen::of_source(source, error.to_string()));
            }
        }
    }
}

/// What is approved from each source, except what is revoked.
fn wanted(manifest: &Manifest) -> BTreeMap<&Location, BTreeMap<&Digest, BTreeSet<&Tag>>> {
    let mut wanted: BTreeMap<&Location, BTreeMap<&Digest, BTreeSet<&Tag>>> = BTreeMap::new();
    for image in &manifest.images {
        for approval in image.approved.iter().filter(|approval| !is_revoked(image, approval)) {
            wanted.entry(&image.source).or_default().entry(&approval.digest).or_default().insert(&approval.tag);
        }
    }
    wanted
}
