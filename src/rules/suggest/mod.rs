//! Which small change to a rule would pick tags that it misses. Every change is tried on the list before it is
//! suggested.

use std::collections::BTreeMap;

use super::number::digits;
use super::tag::{NoVersion, Reading, read};
use super::version::{Suffix, join};
use super::{Reason, Rule, Selection, Subject, Variant, VersionRule, vocabulary};
use crate::image::Tag;
use crate::text::nearest;

mod trial;
mod words;

use trial::{Change, Trial, plain};
use words::{Words, between, families, made_of, shapes};

/// How many variants and how many words around versions are tried, the commonest first.
const TRIED: usize = 20;

/// Whether a rule has no candidates.
pub(super) fn picks_nothing(subject: &Subject, tags: &[Tag]) -> bool {
    let Rule::Versions(rule) = &subject.rule else { return false };
    Trial { subject, tags }.pick(rule).is_none()
}

/// The change, in a sentence with the manifest's keys, that would make a rule that picks nothing pick something; `None`
/// if no small change helps. `selection` is the rule's choice from `tags`.
pub(super) fn for_nothing(subject: &Subject, tags: &[Tag], selection: &Selection) -> Option<String> {
    let Rule::Versions(rule) = &subject.rule else { return None };
    let trial = Trial { subject, tags };
    let of = |reason: Reason| selection.tags.iter().filter(move |t| t.reason == reason).map(|t| &t.tag);
    let worded = || of(Reason::OtherPrefix).chain(of(Reason::OtherVariant)).chain(of(Reason::NotAVersion));
    unrejected(trial)
        .or_else(|| trial.told(&Change::to_prereleases(rule)))
        .or_else(|| variant_in_front(trial, rule))
        .or_else(|| like_variant(trial, rule, of(Reason::OtherVariant)))
        .or_else(|| misspelt(trial, rule, of(Reason::OtherVariant)))
        .or_else(|| rule.variant.as_ref().and_then(|_| trial.told(&Change::without_variant(rule))))
        .or_else(|| variant(trial, rule, of(Reason::OtherVariant)))
        .or_else(|| range(trial, rule))
        .or_else(|| rule.pattern.as_ref().and_then(|_| trial.told(&Change::without_pattern(rule))))
        .or_else(|| families(worded()).into_iter().take(TRIED).find_map(|words| pattern(trial, rule, words)))
        .or_else(|| shapes(of(Reason::NotAVersion)).into_iter().take(TRIED).find_map(|text| shaped(trial, rule, &text)))
        .or_else(|| floating(of(Reason::NotAVersion)))
}

/// A rule that reads an approval, and what it would pick.
pub(super) fn for_unread(subject: &Subject, tags: &[Tag], approved: &Tag) -> Option<String> {
    let Rule::Versions(rule) = &subject.rule else { return None };
    let trial = Trial { subject, tags };
    let reads = |change: &Change| matches!(change.rule.read(approved), Reading::Version(_));
    let plain = rule.pattern.as_ref().map(|_| Change::without_pattern(rule));
    let worded = Words::of(approved).into_iter().flat_map(|words| exact_patterns(trial, rule, words));
    let early = |rule: &VersionRule, tag: &Tag| matches!(rule.read(tag), Reading::Version(v) if v.is_prerelease());
    let told = |change: Change| {
        // a release never follows a prerelease: it may be the name that moves with them
        let alike = |tag: &Tag| early(&change.rule, tag) == early(&change.rule, approved);
        let pick = trial.pick(&change.rule).filter(alike);
        pick.map_or_else(|| format!("{} reads {approved}", change.words), |tag| change.would_pick(&tag))
    };
    let pattern = plain.into_iter().chain(worded).find(reads).map(told);
    pattern.or_else(|| lettered(tags, approved)).or_else(|| named(tags, approved))
}

/// A rule that picks `newest`, which is published in another family than the approved `current`.
pub(super) fn for_beside(subject: &Subject, tags: &[Tag], current: &Tag, newest: &Tag) -> Option<String> {
    let Rule::Versions(rule) = &subject.rule else { return None };
    let (Reading::Version(one), Reading::Version(other)) = (rule.read(current), rule.read(newest)) else { return None };
    let trial = Trial { subject, tags };
    let picks = |change: Option<Change>| trial.picks(&change?, newest);
    let other_variant = one.variant != other.variant && !other.variant.is_empty();
    let variant = || other_variant.then(|| Change::to_variant(rule, &other.variant.0));
    picks(counting(rule, &one.variant, &other.variant)).or_else(|| picks(variant())).or_else(|| {
        if one.commit.is_some() {
            return None;
        }
        let same = |ending: &&str| one.variant == other.variant && newest.as_str().ends_with(*ending);
        let ending = made_of(current.as_str(), &one).filter(same).unwrap_or_default();
        picks(Change::to_pattern(rule, &between(current.as_str(), newest.as_str(), ending)?))
    })
}

/// If two variants differ only in their leading numbers, the variant without them: the numbers count then, `36-centos`.
fn counting(rule: &VersionRule, one: &Suffix, other: &Suffix) -> Option<Change> {
    let (number, words) = other.0.split_once('-')?;
    let counts = digits(number) && one != other && one.is_like(other);
    counts.then(|| Change::to_variant(rule, words))
}

fn unrejected(trial: Trial<'_>) -> Option<String> {
    let tag = trial.pick_of_rejected()?;
    Some(format!("everything that the rule admits is rejected; without its `rejected` entry it would pick {tag}"))
}

/// If the words that the rule asks for precede the version: `enterprise-8.0.2`.
fn variant_in_front(trial: Trial<'_>, rule: &VersionRule) -> Option<String> {
    let Some(Variant::Exactly(variant)) = &rule.variant else { return None };
    let leads = |tag: &&Tag| tag.as_str().strip_prefix(variant).is_some_and(|rest| rest.starts_with(['-', '_']));
    let mut found = families(trial.tags.iter().filter(leads));
    found.sort_by_key(|words| words.length());
    found.into_iter().take(TRIED).find_map(|words| pattern(trial, rule, words))
}

/// If a suffix contains the words that the rule asks for, or differs from them in numbers: `22-trixie`, `alpine3.20`.
fn like_variant<'t>(trial: Trial<'_>, rule: &VersionRule, tags: impl Iterator<Item = &'t Tag>) -> Option<String> {
    let Some(Variant::Exactly(wanted)) = &rule.variant else { return None };
    let wanted_suffix = Suffix(wanted.clone());
    let is_like = |found: &String| {
        let words = format!("-{found}-").contains(&format!("-{wanted}-"));
        words || Suffix(found.clone()).is_like(&wanted_suffix) || vocabulary::stem(found) == vocabulary::stem(wanted)
    };
    let mut found: Vec<String> = variants(tags).into_iter().filter(is_like).collect();
    found.sort_by_cached_key(|found| (!found.contains(wanted.as_str()), std::cmp::Reverse(Suffix(found.clone()))));
    found.into_iter().take(TRIED).find_map(|found| trial.told(&Change::to_variant(rule, &found)))
}

/// If a suffix is what was probably meant.
fn misspelt<'t>(trial: Trial<'_>, rule: &VersionRule, tags: impl Iterator<Item = &'t Tag>) -> Option<String> {
    let Some(Variant::Exactly(wanted)) = &rule.variant else { return None };
    let found = variants(tags);
    trial.told(&Change::to_variant(rule, nearest(wanted, found.iter().map(String::as_str))?))
}

/// The commonest suffix among those that would give a choice.
fn variant<'t>(trial: Trial<'_>, rule: &VersionRule, tags: impl Iterator<Item = &'t Tag>) -> Option<String> {
    variants(tags).into_iter().take(TRIED).find_map(|found| trial.told(&Change::to_variant(rule, &found)))
}

/// The suffixes of tags, the commonest first.
fn variants<'t>(tags: impl Iterator<Item = &'t Tag>) -> Vec<String> {
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
    found.into_iter().map(|(variant, _)| variant).collect()
}

/// The newest version's own major series, or all from that version on.
fn range(trial: Trial<'_>, rule: &VersionRule) -> Option<String> {
    rule.range.as_ref()?;
    let newest = trial.pick(&VersionRule { range: None, ..rule.clone() })?;
    let Reading::Version(version) = rule.read(&newest) else { return None };
    let texts = [format!("^{}", version.numbers.first()?), format!(">={}", join(&version.numbers))];
    texts.into_iter().find_map(|text| {
        let tag = trial.pick(&VersionRule { range: Some(text.parse().ok()?), ..rule.clone() })?;
        Some(format!("the newest version is {newest}; `versions: {}` would pick {tag}", quoted(&text)))
    })
}

/// A range as it is written in a manifest: YAML reads a bare `>` as the beginning of a block of text.
fn quoted(range: &str) -> String {
    if range.starts_with('>') { format!("'{range}'") } else { range.to_owned() }
}

/// A pattern for tags with these words.
fn pattern(trial: Trial<'_>, rule: &VersionRule, words: Words<'_>) -> Option<String> {
    exact_patterns(trial, rule, words).into_iter().find_map(|change| trial.told(&change))
}

/// A pattern of numbers with words between them.
fn shaped(trial: Trial<'_>, rule: &VersionRule, text: &str) -> Option<String> {
    trial.told(&Change::to_pattern(rule, text)?)
}

/// The patterns that read only the tags of the list that have these words.
fn exact_patterns(trial: Trial<'_>, rule: &VersionRule, words: Words<'_>) -> Vec<Change> {
    let changes = words.patterns().into_iter().filter_map(|text| Change::to_pattern(rule, &text));
    let others: Vec<&Tag> = trial.tags.iter().filter(|tag| Words::of(tag) != Some(words)).collect();
    changes.filter(|change| !others.iter().any(|tag| matches!(change.rule.read(tag), Reading::Version(_)))).collect()
}

/// A tag to follow by digest, if there is no version.
fn floating<'t>(tags: impl Iterator<Item = &'t Tag>) -> Option<String> {
    let known = ["stable", "latest", "edge", "nightly", "main", "master"];
    let tags: Vec<&str> = tags.map(Tag::as_str).collect();
    let name = known.into_iter().find(|name| tags.contains(name))?;
    Some(format!("no version can be followed; `tags: [{name}]` follows that tag by digest"))
}

/// The last of the tags that are versions with a letter, which no rule can order: `1.1.1w` after `1.1.1v`.
fn lettered(tags: &[Tag], approved: &Tag) -> Option<String> {
    let shape = |tag: &Tag| {
        let letter = tag.as_str().chars().last().filter(char::is_ascii_lowercase)?;
        match read(tag.as_str().strip_suffix(letter)?, None) {
            Reading::Version(version) if version.is_numbers() => Some((version.v, version.numbers, letter)),
            _ => None,
        }
    };
    let from = shape(approved)?;
    let newer = tags.iter().filter_map(|tag| Some((shape(tag)?, tag))).filter(|(found, _)| found.0 == from.0);
    let newest = newer.max().filter(|(found, _)| *found > from);
    let follow = newest.map_or_else(
        || "approve the next one by hand".to_owned(),
        |(_, newest)| format!("`tags: [{}]` would pick {newest}", plain(newest.as_str())),
    );
    Some(format!("no rule can order letters after a version; {follow}"))
}

/// A tag that is not a version is followed by its digest.
fn named(tags: &[Tag], approved: &Tag) -> Option<String> {
    let channel = matches!(read(approved.as_str(), None), Reading::Other(NoVersion::Channel | NoVersion::Name));
    let passing = approved.as_str().split(['-', '_', '.']).any(vocabulary::passing);
    let follows = channel && !passing && tags.contains(approved);
    follows.then(|| format!("`tags: [{}]` follows it by digest", plain(approved.as_str())))
}

#[cfg(test)]
pub(super) mod tests;
