//! Commit hashes that happen to contain no letter, recognized by the tags around them.

use std::collections::BTreeSet;

use super::super::number::digits;
use super::super::version::Version;
use super::super::{NoVersion, Reading};
use crate::image::Tag;

/// Rereads what looks like a number but is not: `1234567` in a list that also has `0a1b2c3` is a commit hash. One in
/// thirty hashes of seven digits has no letter, and as a number it would be the newest version of all. A date stays a
/// date.
pub(super) fn tell(list: &mut [(&Tag, Reading)]) {
    let commits = list.iter().filter(|(_, reading)| *reading == Reading::Other(NoVersion::Commit));
    let lengths: BTreeSet<usize> = commits.map(|(tag, _)| first(tag).len()).collect();
    if lengths.is_empty() {
        return;
    }
    for (tag, reading) in list {
        if matches!(reading, Reading::Version(version) if is_hash(version, tag, &lengths)) {
            *reading = Reading::Other(NoVersion::Commit);
        }
    }
}

fn is_hash(version: &Version, tag: &Tag, lengths: &BTreeSet<usize>) -> bool {
    let first = first(tag);
    version.precision() == 1 && !version.dated && digits(first) && lengths.contains(&first.len())
}

fn first(tag: &Tag) -> &str {
    tag.as_str().split(['-', '_', '.']).next().unwrap_or_default()
}
