//! What makes a change risky.

use std::collections::BTreeSet;

use super::account::{Mark, Why};
use super::config::Field;
use super::images::{Former, SignerChange};
use super::platform::Compared;
use crate::layers::FileKind;
use crate::vulnerabilities::{Severity, VulnerabilityChanges};

/// The marks of a change. What a first approval brings is not new compared with anything: only that it runs as root,
/// that it was not looked at and critical vulnerabilities are marked.
pub(super) fn marks(
    former: Former,
    why: Option<Why>,
    signer: Option<SignerChange>,
    platforms: &[Compared],
    vulnerabilities: &VulnerabilityChanges,
) -> BTreeSet<Mark> {
    let all = [
        (Mark::SignatureLost, signer == Some(SignerChange::Lost)),
        (Mark::SignerChanged, signer == Some(SignerChange::Changed)),
        (Mark::Unexplained, why == Some(Why::Unexplained)),
        (Mark::NewCritical, vulnerabilities.new.severities().of(Severity::Critical) > 0),
        (Mark::NotLookedAt, former == Former::Unread),
    ];
    let of_image = all.into_iter().filter(|(_, holds)| *holds).map(|(mark, _)| mark);
    of_image.chain(platforms.iter().flat_map(|platform| of_platform(former, platform))).collect()
}

fn of_platform(former: Former, platform: &Compared) -> Vec<Mark> {
    let (is_pair, difference) = (platform.is_pair(), &platform.difference);
    let changes = |field| difference.config.iter().filter(move |change| change.field == field);
    let becomes_root = match former {
        Former::None => platform.root[1] == Some(true),
        Former::Unread | Former::Read => platform.root == [Some(false), Some(true)],
    };
    let all = [
        (Mark::PlatformLost, difference.to.is_none()),
        (Mark::Root, becomes_root),
        (Mark::Setuid, is_pair && platform.has(FileKind::Setuid)),
        (Mark::NewExecutable, is_pair && platform.has(FileKind::NewExecutable)),
        (Mark::Entrypoint, is_pair && changes(Field::Entrypoint).next().is_some()),
        (Mark::Port, is_pair && changes(Field::Port).any(|change| change.from.is_none())),
        (Mark::DowngradedPackage, !difference.packages.downgraded.is_empty()),
        (Mark::NotLookedAt, difference.to.is_some() && !platform.knows_packages()),
        (Mark::BaseChanged, platform.base.is_some()),
    ];
    all.into_iter().filter(|(_, holds)| *holds).map(|(mark, _)| mark).collect()
}
