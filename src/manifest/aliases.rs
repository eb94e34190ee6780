//! What an image's aliases may be.

use super::document::{Approval, Revocation};
use super::faults::Faults;
use super::read::At;
use crate::diag::Code;
use crate::image::Tag;
use crate::rules::is_alias;

/// An alias must say which approval it follows, and be no tag that an approval has or a revocation took down.
pub(super) fn check(aliases: &[At<Tag>], approved: &[Approval], revoked: &[Revocation], faults: &mut Faults) {
    for alias in aliases {
        let is_it = |tag: &Option<At<Tag>>| tag.as_ref().is_some_and(|tag| tag.value == alias.value);
        if !is_alias(&alias.value) {
            let message = format!("`{}` is no alias: nothing says which approval it follows", alias.value);
            let help = "write `latest`, or the first parts of a version, as in \"3\" or \"3.1\"";
            faults.report(Code::BadAlias, alias.place, message, help);
        } else if approved.iter().any(|approval| is_it(&approval.tag)) {
            let message = format!("`{}` is approved, and cannot be an alias as well", alias.value);
            faults.report(Code::SharedMirrorTag, alias.place, message, "remove the alias, or the approval");
        } else if revoked.iter().any(|revoked| is_it(&revoked.tag)) {
            let message = format!("`{}` is revoked, and cannot be an alias", alias.value);
            faults.report(Code::SharedMirrorTag, alias.place, message, "remove the alias");
        }
    }
}
