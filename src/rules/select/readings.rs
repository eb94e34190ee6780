//! A list of tags, read once for all rounds of questions and answers.

use chrono::{DateTime, Utc};

use super::super::version::Version;
use super::super::{Facts, NoVersion, Reading, Rule, Selection, Subject};
use super::Inquiry;
use crate::image::Tag;

/// A list of tags as a rule reads it: each tag once, newest first, those that are no version last, by name.
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

    /// Decides as [`super::select`] does. The subject's rule is the one that the tags were read with.
    #[must_use]
    pub fn select(&self, subject: &Subject, facts: &Facts, now: DateTime<Utc>) -> Selection {
        let inquiry = self.inquire(subject, now);
        let missing = inquiry.missing(facts);
        Selection { missing, ..inquiry.answer(facts) }
    }

    /// Judges what needs no facts, for all rounds of questions and answers about `subject`. Its rule is the one that the
    /// tags were read with.
    #[must_use]
    pub fn inquire<'a>(&'a self, subject: &'a Subject, now: DateTime<Utc>) -> Inquiry<'a> {
        Inquiry::new(subject, self, now)
    }

    /// The tags with their readings.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'t Tag, &Reading)> {
        self.0.iter().map(|(tag, reading)| (*tag, reading))
    }

    /// The versions among them.
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
