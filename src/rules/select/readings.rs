//! A list of tags, read once for all rounds of questions and answers.

use super::super::version::Version;
use super::super::{NoVersion, Reading, Rule};
use crate::image::Tag;

/// A list of tags as a rule reads it: each tag once, newest first, those that are not versions last, by name.
#[derive(Debug)]
pub struct Readings<'t>(Vec<(&'t Tag, Reading)>);

impl<'t> Readings<'t> {
    /// Reads `tags`; duplicates count once. A rule of floating tags reads no versions.
    #[must_use]
    pub fn of(rule: &Rule, tags: &'t [Tag]) -> Self {
        let read = |tag: &Tag| match rule {
            Rule::Versions(rule) => rule.read(tag),
            Rule::Tags(_) => Reading::Other(NoVersion::Name),
        };
        let mut list: Vec<(&Tag, Reading)> = tags.iter().map(|tag| (tag, read(tag))).collect();
        if matches!(rule, Rule::Versions(rule) if rule.pattern.is_none()) {
            super::commits::tell(&mut list);
        }
        list.sort_unstable_by(|(a, x), (b, y)| version(y).cmp(&version(x)).then_with(|| b.cmp(a)));
        list.dedup_by(|(a, _), (b, _)| a == b);
        Self(list)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&'t Tag, &Reading)> {
        self.0.iter().map(|(tag, reading)| (*tag, reading))
    }

    pub(super) fn versions(&self) -> impl Iterator<Item = &Version> + Clone {
        self.0.iter().filter_map(|(_, reading)| version(reading))
    }
}

fn version(reading: &Reading) -> Option<&Version> {
    match reading {
        Reading::Version(version) => Some(version),
        Reading::Other(_) => None,
    }
}
