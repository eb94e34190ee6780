//! From what was read to what changed.

use super::account::Difference;
use super::images::ImagePair;
use super::{marks, platform, why};

/// Decides what changed.
pub(crate) fn difference(pair: ImagePair) -> Difference {
    let ImagePair { former, platforms, signer, commits, vulnerabilities } = pair;
    let mut last = platform::Last::default();
    let compared: Vec<platform::Compared> =
        platforms.into_iter().map(|pair| platform::compare(pair, former, &commits, &mut last)).collect();
    let why = why::why(former, &compared);
    let marks = marks::marks(former, why, signer, &compared, &vulnerabilities);
    Difference {
        why,
        base: compared.iter().find_map(|compared| compared.base.clone()),
        commits: compared.iter().find_map(|compared| compared.commits.clone()),
        platforms: compared.into_iter().map(|compared| compared.difference).collect(),
        vulnerabilities,
        marks,
        whole: None,
    }
}
