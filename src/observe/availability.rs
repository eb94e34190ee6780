//! Whether upstream still has what is approved.

use std::collections::{BTreeMap, BTreeSet};

use super::sources::Sources;
use crate::image::{Digest, Tag};
use crate::manifest::{Approval, Image};
use crate::registry::Error;
use crate::rules::Rule;

/// The approvals of an image that are not simply there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Availability {
    /// Tags of which upstream has neither the tag nor the approved digest.
    pub gone: BTreeSet<Tag>,
    /// Tags of which upstream did not say.
    pub unknown: BTreeSet<Tag>,
}

/// Looks for the approvals that are not in the list of tags: one request each, and one more where the tag is gone.
///
/// A list may be short and a registry may stumble, so gone is only what a list that was read does not hold, whose tag answers
/// that there is none, and whose digest does too. `tags` is the list, `asked` what tags were found to answer already.
pub(super) async fn availability(
    sources: &Sources,
    image: &Image,
    tags: &[Tag],
    asked: &BTreeMap<Tag, Option<Digest>>,
) -> Availability {
    let mut availability = Availability::default();
    let floating = matches!(image.rule, Rule::Tags(_));
    // a rule of floating tags names them itself: what it does not name is nobody's question
    let doubtful = |a: &&Approval| if floating { asked.get(&a.tag) == Some(&None) } else { !tags.contains(&a.tag) };
    for approval in image.approved.iter().filter(doubtful) {
        match is_gone(sources, image, approval, floating).await {
            Ok(true) => drop(availability.gone.insert(approval.tag.clone())),
            Ok(false) => {}
            Err(error) => {
                tracing::info!("whether {}:{} is still there is not known: {error}", image.source_text, approval.tag);
                availability.unknown.insert(approval.tag.clone());
            }
        }
    }
    availability
}

async fn is_gone(sources: &Sources, image: &Image, approval: &Approval, ask_list: bool) -> Result<bool, Error> {
    let Approval { tag, digest, .. } = approval;
    if sources.head(&image.source, tag).await?.is_some() || sources.has(&image.source, digest).await? {
        return Ok(false);
    }
    if !ask_list {
        return Ok(true);
    }
    // a repository that does not exist is a fault like any other
    Ok(sources.tags(&image.source).await?.is_some_and(|tags| !tags.contains(&approval.tag)))
}
