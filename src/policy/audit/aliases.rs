//! What is wrong with aliases.

use super::code::Code;
use super::facts::Once;
use super::finding::{Finding, Mismatch, about};
use super::tags::{SharedMirror, code, gone, wanted};
use crate::image::{Digest, Tag};
use crate::manifest::{Approval, Image};
use crate::plan::Key;
use crate::plan::aliases::followed;

impl SharedMirror<'_> {
    /// What is wrong with an alias: it is missing, it does not follow, or somebody moved it.
    pub(super) fn alias(&self, image: &Image, alias: &Tag, once: Option<&Once>) -> Option<Finding> {
        let follows = followed(image, alias);
        let approval = image.approved.iter().find(|approval| Some(&approval.tag) == follows);
        let is_here = |approval: &Approval| approval.mirrored.is_some() && self.mirror.tags.contains_key(&approval.tag);
        let (code, found) = match (approval, self.mirror.tags.get(alias).map(|tagged| tagged.digest.as_ref())) {
            (_, Some(None)) => return None,
            (Some(approval), None) => (is_here(approval).then_some(Code::MissingTag)?, "no such tag".to_owned()),
            (None, None) => return None,
            (Some(approval), Some(Some(now))) if self.gives(image, approval, now) => return None,
            (approval, Some(Some(now))) => {
                let revoked = image.revoked.iter().find(|revoked| revoked.digest == *now);
                if let Some(revoked) = revoked {
                    let mismatch = Mismatch {
                        code: code(revoked),
                        tag: Some(alias.clone()),
                        expected: gone(revoked),
                        found: now.to_string(),
                    };
                    return Some(about(self.manifest, image, mismatch));
                }
                let ours = image.approved.iter().any(|approval| self.gives(image, approval, now))
                    || once.is_some_and(|once| once.digests().any(|digest| digest == now));
                let code = match (ours, approval) {
                    (true, Some(_)) => Code::NotPromoted,
                    (true, None) => Code::RetiredTag,
                    (false, Some(_)) => Code::MirrorDiffers,
                    (false, None) => Code::UnapprovedTag,
                };
                (code, now.to_string())
            }
        };
        let expected = approval.map_or_else(
            || "no such tag: no approval matches the alias".to_owned(),
            |approval| format!("{}, as {}", wanted(image, approval), approval.tag),
        );
        Some(about(self.manifest, image, Mismatch { code, tag: Some(alias.clone()), expected, found }))
    }

    /// Whether an approval's mirror tag should resolve to these bytes, or did when it was recorded.
    fn gives(&self, image: &Image, approval: &Approval, now: &Digest) -> bool {
        let whole = image.platforms.is_none() && approval.digest == *now;
        let expected = self.facts.expected.get(&Key::of(image, approval)).and_then(Option::as_ref);
        whole || approval.mirrored.as_ref() == Some(now) || expected == Some(now)
    }
}
