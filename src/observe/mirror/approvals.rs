//! One approval: what its mirror has, and upstream if needed.

use super::ahead::Asking;
use super::error::MirrorError;
use super::tags::TagReader;
use super::upstream::{Upstream, upstream};
use crate::image::Digest;
use crate::manifest::{Approval, Image};
use crate::observe::makers::MakerReader;
use crate::plan::{self, Fact, Observed};
use crate::registry::Store;

/// Observes an approval at its mirror. `whole`: the tag's document is read, not only its digest. `recorded_by_us`: this
/// program wrote its `mirrored`, so the mirror's document is believed to be what it says.
pub(super) async fn at_mirror(
    tags: &TagReader<'_>,
    image: &Image,
    approval: &Approval,
    whole: bool,
    recorded_by_us: bool,
) -> Result<Observed, MirrorError> {
    let mut observed = Observed::default();
    if plan::is_revoked(image, approval) {
        return Ok(observed);
    }
    let mirror = tags.open(&image.repository)?;
    observed.mirror = tags.tag(mirror.as_ref(), &image.repository, &approval.tag, whole).await?;
    let gives = gives(tags, mirror.as_ref(), image, approval).await?;
    if image.platforms.is_none() || recorded_by_us {
        observed.expected = gives;
    } else {
        observed.claimed = gives;
    }
    Ok(observed)
}

/// What `digest` and `platforms` result in, as far as can be known without upstream.
async fn gives(
    tags: &TagReader<'_>,
    mirror: &dyn Store,
    image: &Image,
    approval: &Approval,
) -> Result<Option<Digest>, MirrorError> {
    let Some(platforms) = &image.platforms else { return Ok(Some(approval.digest.clone())) };
    let Some(mirrored) = &approval.mirrored else { return Ok(None) };
    let held = match tags.documents.of(mirror, mirrored).await {
        // What can be understood in two ways says nothing.
        Err(error) if error.is_ambiguous() => None,
        held => held.map_err(MirrorError::Destination)?,
    };
    Ok(held.and_then(|held| plan::from_mirror(&held, &approval.digest, platforms)))
}

/// Adds what upstream has, if the plan needs that, and then who signed it; `ahead`: the query to upstream that is
/// already under way.
pub(super) async fn at_source(
    makers: MakerReader<'_>,
    image: &Image,
    approval: &Approval,
    mut observed: Observed,
    ahead: Option<Asking>,
) -> Result<Observed, MirrorError> {
    if plan::decide(image, approval, &observed).lacks == Some(Fact::Upstream) {
        let Upstream { has, wanted, foreign, refused } = match ahead {
            Some(ahead) => ahead.answer().await?,
            None => upstream(makers.sources, image, approval).await?,
        };
        let expected = wanted.or(observed.expected);
        observed = Observed { upstream: Some(has), expected, foreign, refused, ..observed };
    }
    if plan::decide(image, approval, &observed).lacks == Some(Fact::Signing) {
        observed.signing = Some(makers.signing(image, &approval.digest).await);
    }
    Ok(observed)
}
