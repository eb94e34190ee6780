//! One subject's rounds of questions and answers about one list of tags.

use chrono::{DateTime, Utc};

use super::super::{Fact, Facts, Rule, Selection, Subject};
use super::candidate::Question;
use super::named;
use super::readings::Readings;
use super::versions::VersionLines;
use crate::image::Tag;

/// A list of tags in which everything that needs no facts is already judged: a round of questions and answers only goes
/// through the lines' candidates.
#[derive(Debug)]
pub struct Inquiry<'a> {
    subject: &'a Subject,
    now: DateTime<Utc>,
    tags: Tags<'a>,
}

/// The tags as the rule reads them.
#[derive(Debug)]
enum Tags<'a> {
    Floating(&'a [Tag], &'a Readings<'a>),
    Versions(VersionLines<'a>),
}

impl Readings<'_> {
    /// Judges what needs no facts, for all rounds of questions and answers about `subject`. Its rule must be the one
    /// that the tags were read with.
    #[must_use]
    pub fn inquire<'a>(&'a self, subject: &'a Subject, now: DateTime<Utc>) -> Inquiry<'a> {
        let tags = match &subject.rule {
            Rule::Tags(names) => Tags::Floating(names, self),
            Rule::Versions(rule) => Tags::Versions(VersionLines::new(subject, rule, self, now)),
        };
        Inquiry { subject, now, tags }
    }
}

impl Inquiry<'_> {
    /// What must be looked up before the answer is final: one fact per line, none if it is final.
    #[must_use]
    pub fn missing(&self, facts: &Facts) -> Vec<Fact> {
        let question = Question { subject: self.subject, facts, now: self.now };
        match &self.tags {
            Tags::Floating(names, _) => named::missing(question, names),
            Tags::Versions(lines) => lines.missing(question),
        }
    }

    /// The verdict on every tag, as far as the facts allow: exactly one each, newest first.
    #[must_use]
    pub fn answer(self, facts: &Facts) -> Selection {
        let question = Question { subject: self.subject, facts, now: self.now };
        match self.tags {
            Tags::Floating(names, tags) => named::answer(question, names, tags),
            Tags::Versions(lines) => lines.answer(question),
        }
    }
}
