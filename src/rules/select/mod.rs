//! The choice.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use super::{Facts, Reason, Selection, Subject, Verdict};
use crate::image::Tag;

mod candidate;
mod commits;
mod family;
mod floating;
mod inquiry;
mod line;
mod named;
mod readings;
mod rows;
mod start;
mod versions;

pub use candidate::{Candidate, alone};
pub use inquiry::Inquiry;
pub use line::ROUNDS;
pub use readings::Readings;

/// Decides what becomes of every tag, given what is known; says in [`Selection::missing`] what else it must know.
///
/// Asks for little: of each line the newest candidate's digest, then its age, then its readiness, and only where that one
/// is not to be proposed the next older one's. A caller looks up what is missing and asks again until nothing is; every
/// line asks for one fact a round, and [`ROUNDS`] bounds the rounds. Who asks more than once reads the tags once, with
/// [`Readings`], and judges once what needs no facts, with [`Readings::inquire`].
///
/// Every tag of `tags` gets exactly one verdict, newest first; duplicates count once.
#[must_use]
pub fn select(subject: &Subject, tags: &[Tag], facts: &Facts, now: DateTime<Utc>) -> Selection {
    Readings::of(&subject.rule, tags).select(subject, facts, now)
}

/// A verdict without its tag.
#[derive(Debug, Clone)]
struct Word {
    verdict: Verdict,
    reason: Reason,
    detail: Cow<'static, str>,
}

impl Word {
    fn skipped(reason: Reason, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { verdict: Verdict::Skipped, reason, detail: detail.into() }
    }
}

#[cfg(test)]
mod decisions;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
