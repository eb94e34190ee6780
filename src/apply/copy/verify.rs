//! Verifies what the mirror already has, down to its blobs, before it is recorded.

use futures_util::{StreamExt, TryStreamExt, stream};

use super::delivery::{Mirror, TOGETHER};
use super::error::CopyError;
use super::tree::{self, Origin, Tree, TreeError};
use crate::image::{Digest, Reference};
use crate::plan::FailedStep;

/// The image, if the mirror has everything of it. What it lacks is copied again, so that is not an error.
pub(super) async fn whole(digest: &Digest, mirror: &Mirror) -> Result<Option<Tree>, CopyError> {
    let top = mirror.store.manifest(&Reference::Digest(digest.clone())).await;
    let Some(top) = top.map_err(|e| CopyError::at_destination(FailedStep::Verify, &e))? else { return Ok(None) };
    let tree = match tree::read(Origin::Mirror(mirror.store.as_ref()), top).await {
        Ok(tree) => tree,
        Err(TreeError::Missing(_)) => return Ok(None),
        Err(TreeError::Store(error)) => return Err(CopyError::at_destination(FailedStep::Verify, &error)),
        Err(error @ TreeError::Ambiguous(_)) => return Err(CopyError::new(FailedStep::Refused, error)),
        Err(error @ TreeError::Unusable(_)) => return Err(CopyError::new(FailedStep::Verify, error)),
    };
    let asked = stream::iter(tree.blobs.iter().cloned())
        .map(|blob| async move { mirror.store.has_blob(&blob.digest).await })
        .buffer_unordered(TOGETHER);
    let there = asked.try_all(|there| async move { there }).await;
    let there = there.map_err(|e| CopyError::at_destination(FailedStep::Verify, &e))?;
    Ok(there.then_some(tree))
}
