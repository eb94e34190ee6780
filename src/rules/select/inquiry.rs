//! One subject's rounds of questions and answers about one list of tags.

use chrono::{DateTime, Utc};

use super::super::{Fact, Facts, Rule, Selection, Subject};
use super::candidate::Question;
use super::versions::Judged;
use super::{Readings, named};
use crate::image::Tag;

/// A list of tags of which everything is judged that needs no facts: a round of questions and answers looks through the
/// lines' candidates and nothing else.
#[derive(Debug)]
pub struct Inquiry<'a> {
    subject: &'a Subject,
    now: DateTime<Utc>,
    tags: Tags<'a>,
}

/// The tags as the rule takes them.
#[derive(Debug)]
enum Tags<'a> {
    Floating(&'a [Tag], &'a Readings<'a>),
    Versions(Judged<'a>),
}

impl<'a> Inquiry<'a> {
    pub(super) fn new(subject: &'a Subject, tags: &'a Readings<'a>, now: DateTime<Utc>) -> Self {
        let tags = match &subject.rule {
            Rule::Tags(names) => Tags::Floating(names, tags),
            Rule::Versions(rule) => Tags::Versions(Judged::new(subject, rule, tags, now)),
        };
        Self { subject, now, tags }
    }

    /// What must be looked up before the answer is final: one fact a line, none where it is.
    #[must_use]
    pub fn missing(&self, facts: &Facts) -> Vec<Fact> {
        let question = self.question(facts);
        match &self.tags {
            Tags::Floating(names, _) => named::missing(question, names),
            Tags::Versions(judged) => judged.missing(question),
        }
    }

    /// What becomes of every tag, as far as the facts tell.
    #[must_use]
    pub fn answer(self, facts: &Facts) -> Selection {
        let question = self.question(facts);
        match self.tags {
            Tags::Floating(names, tags) => named::answer(question, names, tags),
            Tags::Versions(judged) => judged.answer(question),
        }
    }

    fn question<'q>(&self, facts: &'q Facts) -> Question<'q>
    where
        'a: 'q,
    {
        Question { subject: self.subject, facts, now: self.now }
    }
}
