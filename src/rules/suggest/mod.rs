//! When a rule picks nothing: what small change of it would.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::tag::{NoVersion, Reading, read};
use super::version::join;
use super::{Fact, Facts, Line, Pattern, Readings, Reason, Rule, Selection, Subject, Variant, VersionRule};
use crate::image::Tag;

/// The change of the rule, in a sentence with the manifest's own keys, that would pick something; `None` where the rule
/// picks something, has something approved to follow, only waits, or no small change helps. `selection` is what the rule
/// made of `tags`. Every change is tried before it is told.
pub(crate) fn suggest(subject: &Subject, tags: &[Tag], selection: &Selection) -> Option<String> {
    let Rule::Versions(rule) = &subject.rule else { return None };
    let under_way = |line: &Line| line.chosen.is_some() || line.current.is_some() || !line.waiting.is_empty();
    let trial = Trial { subject, tags };
    if selection.lines.iter().any(under_way) || trial.pick(rule.clone()).is_some() {
        return None;
    }
    let of = |reason: Reason| selection.tags.iter().filter(move |t| t.reason == reason).map(|t| &t.tag);
    trial
        .unrejected(rule)
        .or_else(|| trial.prereleases(rule))
        .or_else(|| trial.variant(rule, of(Reason::OtherVariant)))
        .or_else(|| trial.range(rule))
        .or_else(|| trial.pattern(rule, of(Reason::OtherPrefix).chain(of(Reason::NotAVersion))))
        .or_else(|| floating(of(Reason::NotAVersion)))
}

struct Trial<'a> {
    subject: &'a Subject,
    tags: &'a [Tag],
}

impl Trial<'_> {
    /// The tag that another rule would look at first.
    fn pick(&self, rule: VersionRule) -> Option<Tag> {
        self.first(Subject { rule: Rule::Versions(rule), ..self.subject.clone() })
    }

    fn first(&self, subject: Subject) -> Option<Tag> {
        let subject = Subject { rebuilds: false, ..subject };
        let readings = Readings::of(&subject.rule, self.tags);
        let missing = readings.inquire(&subject, DateTime::<Utc>::MIN_UTC).missing(&Facts::default());
        missing.into_iter().find_map(|fact| match fact {
            Fact::Digest(tag) => Some(tag),
            Fact::PublicSince(..) | Fact::History(..) | Fact::Readiness(..) => None,
        })
    }

    fn unrejected(&self, rule: &VersionRule) -> Option<String> {
        let rule = Rule::Versions(rule.clone());
        let tag = self.first(Subject { rule, rejected: Vec::new(), ..self.subject.clone() })?;
        Some(format!("all that the rule admits is rejected; without its `rejected` entry it would pick {tag}"))
    }

    fn prereleases(&self, rule: &VersionRule) -> Option<String> {
        let tag = self.pick(VersionRule { prereleases: true, ..rule.clone() })?;
        Some(format!("`prereleases: true` would pick {tag}"))
    }

    /// The suffix that most tags have among those that would give a choice.
    fn variant<'t>(&self, rule: &VersionRule, tags: impl Iterator<Item = &'t Tag>) -> Option<String> {
        if rule.variant.is_some()
            && let Some(tag) = self.pick(VersionRule { variant: None, ..rule.clone() })
        {
            return Some(format!("without `variant` it would pick {tag}"));
        }
        let mut found: BTreeMap<String, usize> = BTreeMap::new();
        for tag in tags {
            if let Reading::Version(version) = read(tag.as_str(), None)
                && version.architecture.is_none()
                && !version.variant.is_empty()
            {
                *found.entry(version.variant.0).or_default() += 1;
            }
        }
        let mut found: Vec<(String, usize)> = found.into_iter().collect();
        found.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        found.into_iter().take(5).find_map(|(variant, _)| {
            let tag = self.pick(VersionRule { variant: Some(Variant::Exactly(variant.clone())), ..rule.clone() })?;
            Some(format!("`variant: {variant}` would pick {tag}"))
        })
    }

    /// The newest version's own major series, or all from that version on.
    fn range(&self, rule: &VersionRule) -> Option<String> {
        rule.range.as_ref()?;
        let newest = self.pick(VersionRule { range: None, ..rule.clone() })?;
        let Reading::Version(version) = rule.read(&newest) else { return None };
        let texts = [format!("^{}", version.numbers.first()?), format!(">={}", join(&version.numbers))];
        texts.into_iter().find_map(|text| {
            let tag = self.pick(VersionRule { range: Some(text.parse().ok()?), ..rule.clone() })?;
            Some(format!("the newest version is {newest}; `versions: {}` would pick {tag}", quoted(&text)))
        })
    }

    /// A pattern for the commonest words around the digits of tags that are not read.
    fn pattern<'t>(&self, rule: &VersionRule, tags: impl Iterator<Item = &'t Tag>) -> Option<String> {
        if rule.pattern.is_some()
            && let Some(tag) = self.pick(VersionRule { pattern: None, ..rule.clone() })
        {
            return Some(format!("without `pattern` it would pick {tag}"));
        }
        let mut found: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for tag in tags.map(Tag::as_str) {
            let hash = matches!(read(tag, None), Reading::Other(NoVersion::Commit | NoVersion::Companion));
            if let Some(around) = around(tag).filter(|_| !hash) {
                *found.entry(around).or_default() += 1;
            }
        }
        let ((before, after), _) = found.into_iter().max_by_key(|(_, count)| *count)?;
        let text = format!("{}(?<version>.+){}", regex::escape(before), regex::escape(after)).replace(r"\-", "-");
        let pattern: Pattern = text.parse().ok()?;
        let tag = self.pick(VersionRule { pattern: Some(pattern), ..rule.clone() })?;
        Some(format!("`pattern: '{text}'` would pick {tag}"))
    }
}

/// A range as it stands in a manifest: YAML reads a bare `>` as the beginning of a block of text.
fn quoted(range: &str) -> String {
    if range.starts_with('>') { format!("'{range}'") } else { range.to_owned() }
}

/// What stands before the first and after the last digit, where that is words: `RELEASE.` and `Z`.
fn around(tag: &str) -> Option<(&str, &str)> {
    let digit = |c: char| c.is_ascii_digit();
    let (first, last) = (tag.find(digit)?, tag.rfind(digit)?);
    (first > 0 && last > first).then(|| (&tag[..first], &tag[last + 1..]))
}

fn floating<'t>(tags: impl Iterator<Item = &'t Tag>) -> Option<String> {
    let known = ["stable", "latest", "edge", "nightly", "main", "master"];
    let tags: Vec<&str> = tags.map(Tag::as_str).collect();
    let name = known.into_iter().find(|name| tags.contains(name))?;
    Some(format!("no version can be followed; `tags: [{name}]` follows that tag by digest"))
}

#[cfg(test)]
mod tests;
