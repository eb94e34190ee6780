//! Trying a changed rule on the list before it is suggested.

use chrono::{DateTime, Utc};

use crate::image::Tag;
use crate::rules::{Fact, Facts, Pattern, Readings, Rule, Subject, Variant, VersionRule};
use crate::yaml::is_plain_text;

/// A value as written in a manifest: in quotes if YAML would read it as something else.
pub(super) fn plain(text: &str) -> String {
    if is_plain_text(text) { text.to_owned() } else { format!("\"{text}\"") }
}

/// What a suggestion is tried on.
#[derive(Clone, Copy)]
pub(super) struct Trial<'a> {
    pub(super) subject: &'a Subject,
    pub(super) tags: &'a [Tag],
}

/// A changed rule, and the change in the manifest's own words.
pub(super) struct Change {
    pub(super) rule: VersionRule,
    pub(super) words: String,
}

impl Change {
    /// The sentence for it, if it picks this tag.
    pub(super) fn would_pick(&self, tag: &Tag) -> String {
        format!("{} would pick {tag}", self.words)
    }

    /// The change to this pattern, which itself says what the tags end in.
    pub(super) fn to_pattern(rule: &VersionRule, text: &str) -> Option<Self> {
        let pattern: Pattern = text.parse().ok()?;
        let place = if rule.variant.is_some() { " instead of `variant`" } else { "" };
        let words = format!("`pattern: '{text}'`{place}");
        Some(Self { rule: VersionRule { pattern: Some(pattern), variant: None, ..rule.clone() }, words })
    }

    pub(super) fn to_variant(rule: &VersionRule, variant: &str) -> Self {
        let words = format!("`variant: {}`", plain(variant));
        Self { rule: VersionRule { variant: Some(Variant::Exactly(variant.to_owned())), ..rule.clone() }, words }
    }

    pub(super) fn without_variant(rule: &VersionRule) -> Self {
        let rule = VersionRule { variant: None, ..rule.clone() };
        Self { rule, words: "without `variant` it".to_owned() }
    }

    pub(super) fn without_pattern(rule: &VersionRule) -> Self {
        let rule = VersionRule { pattern: None, ..rule.clone() };
        Self { rule, words: "without `pattern` it".to_owned() }
    }

    pub(super) fn to_prereleases(rule: &VersionRule) -> Self {
        let words = "`prereleases: true`".to_owned();
        Self { rule: VersionRule { prereleases: true, ..rule.clone() }, words }
    }
}

impl Trial<'_> {
    /// The sentence for what a changed rule picks; `None` if it picks nothing.
    pub(super) fn told(self, change: &Change) -> Option<String> {
        self.pick(&change.rule).map(|tag| change.would_pick(&tag))
    }

    /// The sentence for a changed rule that picks exactly this tag.
    pub(super) fn picks(self, change: &Change, wanted: &Tag) -> Option<String> {
        let found = self.all(self.with(&change.rule)).contains(wanted);
        found.then(|| change.would_pick(wanted))
    }

    /// The tag that another rule would check first.
    pub(super) fn pick(self, rule: &VersionRule) -> Option<Tag> {
        self.all(self.with(rule)).into_iter().next()
    }

    /// What would be picked if nothing were rejected.
    pub(super) fn pick_of_rejected(self) -> Option<Tag> {
        self.all(Subject { rejected: Vec::new(), ..self.subject.clone() }).into_iter().next()
    }

    fn with(self, rule: &VersionRule) -> Subject {
        Subject { rule: Rule::Versions(rule.clone()), ..self.subject.clone() }
    }

    /// The tags that are checked first, one per line.
    fn all(self, subject: Subject) -> Vec<Tag> {
        let subject = Subject { rebuilds: false, ..subject };
        let readings = Readings::of(&subject.rule, self.tags);
        let missing = readings.inquire(&subject, DateTime::<Utc>::MIN_UTC).missing(&Facts::default());
        let tag = |fact| match fact {
            Fact::Digest(tag) => Some(tag),
            Fact::PublicSince(..)
            | Fact::History(..)
            | Fact::Readiness(..)
            | Fact::Signatures(..)
            | Fact::Fixes(..) => None,
        };
        missing.into_iter().filter_map(tag).collect()
    }
}
