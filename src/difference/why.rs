//! Why the bytes differ.

use super::account::{Named, Why};
use super::images::Former;
use super::platform::Compared;
use crate::layers::FileKind;

/// The most serious reason of all platforms; `None` for a first approval, where there is nothing to explain.
pub(super) fn why(former: Former, platforms: &[Compared]) -> Option<Why> {
    match former {
        Former::None => None,
        Former::Unread => Some(Why::Unexplained),
        Former::Read => Some(platforms.iter().map(of_platform).min().unwrap_or(Why::Unexplained)),
    }
}

fn of_platform(platform: &Compared) -> Why {
    if !platform.is_pair() {
        return Why::Platforms;
    }
    if platform.is_same {
        return Why::Same;
    }
    // What a publisher says explains a change; that layers differ does not.
    let is_labelled = platform.base.as_ref().is_some_and(Named::differs) || platform.commits.is_some();
    let has_changes = !platform.difference.packages.is_empty();
    let may_have_programs = platform.has(FileKind::NewExecutable) || !platform.knows_files;
    let is_strange = !platform.knows_packages() || (!has_changes && may_have_programs);
    let in_order = [
        (Why::Unexplained, is_strange && !is_labelled),
        (Why::Base, platform.base.is_some()),
        (Why::Source, platform.commits.is_some()),
        (Why::Packages, has_changes),
        (Why::Config, platform.configures()),
    ];
    in_order.into_iter().find(|(_, holds)| *holds).map_or(Why::Rebuild, |(why, _)| why)
}
