//! An image as the rules see it.

use crate::manifest::Image;
use crate::rules::Subject;

/// An image's rule and history, in the form that rules need.
#[must_use]
pub fn subject(image: &Image) -> Subject {
    Subject {
        rule: image.rule.clone(),
        approved: image.approved.iter().map(|a| (a.tag.clone(), a.digest.clone())).collect(),
        rejected: image.rejected.iter().map(|r| (r.tag.clone(), r.until)).collect(),
        revoked: image.revoked.iter().map(|r| (r.tag.clone(), r.digest.clone())).collect(),
        cooldown: image.cooldown,
        // What a publisher claims unsigned opens nothing.
        fixes: image.fixes.filter(|_| image.signatures.is_some()).map(|fixes| fixes.wait),
        rebuilds: image.rebuilds,
        // What is in use stays, however old it is.
        keep: image.keep.newest.filter(|_| image.keep.unused.is_none()),
        ask_readiness: true,
        ask_signatures: image.signatures.is_some(),
    }
}
