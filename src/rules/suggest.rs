//! When a rule picks nothing: what small change of it would.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::tag::{NoVersion, Reading, read};
use super::{Fact, Facts, Pattern, Reason, Rule, Selection, Subject, Variant, VersionRule, select};
use crate::image::Tag;

/// The change of the rule, in a sentence with the manifest's own keys, that would pick something; `None` where the rule
/// picks something, has something approved to follow, or no small change helps.
#[must_use]
pub fn suggest(subject: &Subject, tags: &[Tag]) -> Option<String> {
    let Rule::Versions(rule) = &subject.rule else { return None };
    let now = Trial { subject, tags };
    let selection = now.selection(rule.clone());
    if picked(&selection).is_some() || selection.lines.iter().any(|line| line.current.is_some()) {
        return None;
    }
    let of = |reason: Reason| selection.tags.iter().filter(move |t| t.reason == reason).map(|t| &t.tag);
    now.prereleases(rule)
        .or_else(|| now.variant(rule, of(Reason::OtherVariant)))
        .or_else(|| now.range(rule))
        .or_else(|| now.pattern(rule, of(Reason::OtherPrefix).chain(of(Reason::NotAVersion))))
        .or_else(|| floating(of(Reason::NotAVersion)))
}

/// The tag that a rule would look at first.
fn picked(selection: &Selection) -> Option<&Tag> {
    selection.missing.iter().find_map(|fact| match fact {
        Fact::Digest(tag) => Some(tag),
        Fact::PublicSince(..) | Fact::History(..) | Fact::Readiness(..) => None,
    })
}

struct Trial<'a> {
    subject: &'a Subject,
    tags: &'a [Tag],
}

impl Trial<'_> {
    fn selection(&self, rule: VersionRule) -> Selection {
        let rule = Rule::Versions(rule);
        let subject = Subject { rule, cooldown: Duration::ZERO, rebuilds: false, ..self.subject.clone() };
        select(&subject, self.tags, &Facts::default(), DateTime::<Utc>::MIN_UTC)
    }

    fn pick(&self, rule: VersionRule) -> Option<Tag> {
        picked(&self.selection(rule)).cloned()
    }

    fn prereleases(&self, rule: &VersionRule) -> Option<String> {
        let tag = self.pick(VersionRule { prereleases: true, ..rule.clone() })?;
        Some(format!("`prereleases: true` would pick {tag}"))
    }

    /// The suffix that most tags have among those that would give a choice.
    fn variant<'t>(&self, rule: &VersionRule, tags: impl Iterator<Item = &'t Tag>) -> Option<String> {
        let mut found: BTreeMap<String, usize> = BTreeMap::new();
        if rule.variant.is_some() && self.pick(VersionRule { variant: None, ..rule.clone() }).is_some() {
            let tag = self.pick(VersionRule { variant: None, ..rule.clone() })?;
            return Some(format!("without `variant` it would pick {tag}"));
        }
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

    fn range(&self, rule: &VersionRule) -> Option<String> {
        rule.range.as_ref()?;
        let tag = self.pick(VersionRule { range: None, ..rule.clone() })?;
        let reading = rule.pattern.as_ref().map_or_else(|| read(tag.as_str(), None), |p| p.read(tag.as_str(), None));
        let Reading::Version(version) = reading else { return None };
        let newest = version.numbers.first()?;
        Some(format!("the newest version is {tag}; `versions: ^{newest}` would pick it"))
    }

    /// A pattern for the commonest words around the digits of tags that are not read.
    fn pattern<'t>(&self, rule: &VersionRule, tags: impl Iterator<Item = &'t Tag>) -> Option<String> {
        if rule.pattern.is_some() {
            let tag = self.pick(VersionRule { pattern: None, ..rule.clone() })?;
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
    Some(format!("there are no versions; `tags: [{name}]` follows that tag by digest"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::super::{Follow, Range};
    use super::*;

    fn suggested(range: Option<&str>, variant: Option<&str>, pattern: Option<&str>, list: &str) -> String {
        let rule = VersionRule {
            range: range.map(|r| r.parse::<Range>().unwrap()),
            variant: variant.map(|v| Variant::Exactly(v.to_owned())),
            pattern: pattern.map(|p| p.parse().unwrap()),
            follow: Follow::Latest,
            prereleases: false,
        };
        let subject = Subject {
            rule: Rule::Versions(rule),
            approved: Vec::new(),
            rejected: Vec::new(),
            revoked: Vec::new(),
            cooldown: Duration::from_secs(60),
            rebuilds: true,
            keep: None,
            ask_readiness: true,
        };
        let tags: Vec<Tag> = list.split(' ').map(|t| t.parse().unwrap()).collect();
        suggest(&subject, &tags).unwrap_or_else(|| "-".to_owned())
    }

    #[test]
    fn a_rule_that_picks_nothing_is_told_what_would() {
        insta::assert_snapshot!(suggested(None, None, None, "1.2.3 latest"), @"-");
        insta::assert_snapshot!(suggested(None, None, None, "1.2.3-rc.1 1.2.3-rc.2 latest"), @"`prereleases: true` would pick 1.2.3-rc.2");
        insta::assert_snapshot!(suggested(None, None, None, "1.2.3-slim 1.2.3-alpine 1.2.4-alpine 1.2.4-amd64"), @"`variant: alpine` would pick 1.2.4-alpine");
        insta::assert_snapshot!(suggested(None, Some("debian"), None, "1.2.3-slim 1.2.3"), @"without `variant` it would pick 1.2.3");
        insta::assert_snapshot!(suggested(Some("^4"), None, None, "3.1.0 3.2.0"), @"the newest version is 3.2.0; `versions: ^3` would pick it");
        insta::assert_snapshot!(suggested(None, None, None, "jdk-21.0.4_7 jdk-21.0.5_11"), @"`pattern: 'jdk-(?<version>.+)'` would pick jdk-21.0.5_11");
        insta::assert_snapshot!(suggested(None, None, None, "RELEASE.2025-06-13T11-33-47Z RELEASE.2025-09-07T16-13-09Z latest"), @r"`pattern: 'RELEASE\.(?<version>.+)Z'` would pick RELEASE.2025-09-07T16-13-09Z");
        insta::assert_snapshot!(suggested(None, None, Some("v(?<version>.+)"), "1.2.3"), @"without `pattern` it would pick 1.2.3");
        insta::assert_snapshot!(suggested(None, None, None, "latest edge stable"), @"there are no versions; `tags: [stable]` follows that tag by digest");
        insta::assert_snapshot!(suggested(None, None, None, "0a1b2c3"), @"-");
    }
}
