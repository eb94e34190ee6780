//! What would be copied along with an image, for its reviewers.

use std::collections::BTreeSet;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::judge::{Judged, StoreReader, judge};
use super::{Companion, find};
use crate::image::{Digest, Location, Tag};
use crate::observe::sources::Sources;
use crate::plan::companions::{Allowance, LeftBehind};
use crate::proposal::body::{Along, Comes};
use crate::registry::Error;

/// How many are read at once.
const TOGETHER: usize = 8;

/// What promotion would bring along with these manifests if the mirror has none of it.
///
/// # Errors
/// Whatever keeps upstream from answering.
pub(crate) async fn account(sources: &Sources, location: &Location, digests: &[Digest]) -> Result<Along, Error> {
    let found = find(sources, location, digests).await?;
    let judged: Vec<(Companion, Named)> = stream::iter(found.companions)
        .map(|companion| async move { Ok((companion.clone(), named(sources, location, &companion).await?)) })
        .buffered(TOGETHER)
        .try_collect()
        .await?;
    let (mut along, mut room) = (Along::default(), Allowance::default());
    let mut out = BTreeSet::new();
    for (companion, Named { digest, under, judged }) in judged {
        let orphan = companion.subject().is_some_and(|subject| out.contains(subject));
        let why = match judged {
            Judged::Missing => continue,
            Judged::Foreign(what) => what,
            Judged::Artifact(..) if orphan => "it belongs to something that is left behind".to_owned(),
            Judged::Artifact(artifact) => match room.take(artifact.size) {
                Ok(()) => {
                    along.comes.push(Comes { digest, under, artifact });
                    continue;
                }
                Err(excess) => excess.to_string(),
            },
        };
        out.insert(digest.clone());
        along.left.push(LeftBehind { digest: Some(digest), under, why });
    }
    along.left.extend(found.left);
    Ok(along)
}

/// One that was found, and its kind.
struct Named {
    digest: Digest,
    under: Option<Tag>,
    judged: Judged,
}

async fn named(sources: &Sources, location: &Location, companion: &Companion) -> Result<Named, Error> {
    let reader = StoreReader::Source(sources, location);
    match companion {
        Companion::Referrer { subject, referrer } => {
            let judged = judge(reader, &referrer.digest, Some(subject)).await?;
            Ok(Named { digest: referrer.digest.clone(), under: None, judged })
        }
        Companion::Tagged(tag) => {
            let under = Some(tag.clone());
            match sources.head(location, tag).await? {
                Some(held) => {
                    Ok(Named { judged: judge(reader, &held.digest, None).await?, digest: held.digest, under })
                }
                None => Ok(Named { digest: Digest::sha256(b""), under, judged: Judged::Missing }),
            }
        }
    }
}
