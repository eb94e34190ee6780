//! The choice.

use chrono::{DateTime, Utc};

use super::{Facts, Reason, Rule, Selection, Subject, Verdict};
use crate::image::Tag;

mod candidate;
mod family;
mod floating;
mod line;
mod versions;

pub use line::ROUNDS;

/// Decides what becomes of every tag, given what is known; says in [`Selection::missing`] what else it must know.
///
/// Asks for little: of each line the newest candidate's digest, then its age, then its readiness, and only where that one
/// is not to be proposed the next older one's. A caller looks up what is missing and asks again until nothing is; every
/// line asks for one fact a round, and [`ROUNDS`] bounds the rounds.
///
/// Every tag of `tags` gets exactly one verdict, newest first; duplicates count once.
#[must_use]
pub fn select(subject: &Subject, tags: &[Tag], facts: &Facts, now: DateTime<Utc>) -> Selection {
    match &subject.rule {
        Rule::Tags(names) => floating::select(subject, names, tags, facts, now),
        Rule::Versions(rule) => versions::select(subject, rule, tags, facts, now),
    }
}

/// A verdict without its tag.
#[derive(Debug, Clone)]
struct Word {
    verdict: Verdict,
    reason: Reason,
    detail: String,
}

impl Word {
    fn skipped(reason: Reason, detail: impl Into<String>) -> Self {
        Self { verdict: Verdict::Skipped, reason, detail: detail.into() }
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
