//! Version tags: every tag read, judged by the rule and the family of its line, and each line's candidates looked through.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::super::tag::{NoVersion, Reading, read};
use super::super::version::{Version, join};
use super::super::{
    Facts, Follow, Line, Number, Reason, Selection, Subject, TagVerdict, Variant, Verdict, VersionRule,
};
use super::Word;
use super::candidate::Question;
use super::family::{Family, Longer, out_of_range, unwanted_prerelease, wanted_variant};
use super::line::{Walk, rebuild, retired, walk};
use crate::image::{Digest, Tag};

/// One tag of the list.
pub(super) struct Row<'a> {
    pub(super) tag: &'a Tag,
    version: Option<Version>,
    pub(super) word: Option<Word>,
}

/// One approval whose tag reads as a version.
pub(super) struct Approval<'a> {
    pub(super) tag: &'a Tag,
    pub(super) digest: &'a Digest,
    version: Version,
}

/// What a line is about; the order is that of the lines' names as numbers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Whole,
    Series(Vec<Number>),
}

pub(super) fn select(
    subject: &Subject,
    rule: &VersionRule,
    tags: &[Tag],
    facts: &Facts,
    now: DateTime<Utc>,
) -> Selection {
    let question = Question { subject, facts, now };
    let mut rows = rows(question, rule, tags);
    let approvals = approvals(subject, rule);
    let mut selection = Selection::default();
    for (key, members) in groups(rule, &mut rows, &approvals).into_iter().rev() {
        Group { question, rule, key: &key, approvals: &approvals }.decide(&mut rows, &members, &mut selection);
    }
    selection.tags = rows.into_iter().map(verdict).collect();
    selection
}

/// The verdict on a tag that the manifest rejects: until when.
pub(super) fn rejected(question: Question<'_>, tag: &Tag) -> Option<String> {
    let today = question.now.date_naive();
    let holds = |until: &Option<chrono::NaiveDate>| until.is_none_or(|last| today <= last);
    let (_, until) = question.subject.rejected.iter().find(|(rejected, until)| rejected == tag && holds(until))?;
    Some(
        until.map_or_else(
            || "rejected in the manifest".to_owned(),
            |last| format!("rejected in the manifest until {last}"),
        ),
    )
}

/// Every tag once, newest first, those that are no version last; what needs no other tag is decided.
fn rows<'a>(question: Question<'_>, rule: &VersionRule, tags: &'a [Tag]) -> Vec<Row<'a>> {
    let approved: std::collections::BTreeSet<&Tag> = question.subject.approved.iter().map(|(tag, _)| tag).collect();
    let mut rows: Vec<Row<'a>> = tags
        .iter()
        .map(|tag| {
            let (version, mut word) = match reading(rule, tag) {
                Reading::Version(version) => (Some(version), None),
                Reading::Other(why) => (None, Some(not_a_version(why))),
            };
            if approved.contains(tag) {
                let reason = if revoked(question, tag) { Reason::Revoked } else { Reason::Approved };
                word = Some(Word { verdict: Verdict::Approved, reason, detail: "in the manifest".to_owned() });
            }
            Row { tag, version, word }
        })
        .collect();
    rows.sort_by(|a, b| b.version.cmp(&a.version).then_with(|| b.tag.cmp(a.tag)));
    rows.dedup_by(|a, b| a.tag == b.tag);
    rows
}

fn not_a_version(why: NoVersion) -> Word {
    Word::skipped(Reason::NotAVersion, why.as_str())
}

fn reading(rule: &VersionRule, tag: &Tag) -> Reading {
    let variant = match &rule.variant {
        Some(Variant::Exactly(variant)) => Some(variant.as_str()),
        _ => None,
    };
    rule.pattern.as_ref().map_or_else(|| read(tag.as_str(), variant), |pattern| pattern.read(tag.as_str(), variant))
}

fn revoked(question: Question<'_>, tag: &Tag) -> bool {
    question.subject.revoked.iter().any(|(revoked, _)| revoked == tag)
}

/// The approvals that read as versions, newest first; of equal ones the manifest's last.
fn approvals<'a>(subject: &'a Subject, rule: &VersionRule) -> Vec<Approval<'a>> {
    let mut approvals: Vec<Approval<'a>> = subject
        .approved
        .iter()
        .rev()
        .filter_map(|(tag, digest)| match reading(rule, tag) {
            Reading::Version(version) => Some(Approval { tag, digest, version }),
            Reading::Other(_) => None,
        })
        .collect();
    approvals.sort_by(|a, b| b.version.precedence(&a.version));
    approvals
}

/// The series a version belongs to; `None` where it has too few parts to belong to one.
fn key(rule: &VersionRule, version: &Version) -> Option<Key> {
    let parts = match rule.follow {
        Follow::Latest | Follow::All => return Some(Key::Whole),
        Follow::EachMajor => 1,
        Follow::EachMinor => 2,
    };
    version.numbers.get(..parts).map(|series| Key::Series(series.to_vec()))
}

/// The rows of each series, by index, in the rows' order; a series that has only approvals is there too.
fn groups(rule: &VersionRule, rows: &mut [Row<'_>], approvals: &[Approval<'_>]) -> BTreeMap<Key, Vec<usize>> {
    let mut groups: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
    for approval in approvals {
        if let Some(key) = key(rule, &approval.version) {
            groups.entry(key).or_default();
        }
    }
    for (at, row) in rows.iter_mut().enumerate() {
        let Some(version) = &row.version else { continue };
        match key(rule, version) {
            Some(key) => groups.entry(key).or_default().push(at),
            None => {
                let word = || Word::skipped(Reason::Floating, "stands for whatever minor version is newest");
                row.word.get_or_insert_with(word);
            }
        }
    }
    groups
}

fn verdict(row: Row<'_>) -> TagVerdict {
    let word = row.word.unwrap_or_else(|| Word::skipped(Reason::OtherLine, "of a line that is not followed"));
    TagVerdict { tag: row.tag.clone(), verdict: word.verdict, reason: word.reason, detail: word.detail }
}

/// The tags and approvals among which a family is sought: one series, or all.
#[derive(Clone, Copy)]
struct Group<'a> {
    question: Question<'a>,
    rule: &'a VersionRule,
    key: &'a Key,
    approvals: &'a [Approval<'a>],
}

impl Group<'_> {
    fn decide(self, rows: &mut [Row<'_>], members: &[usize], selection: &mut Selection) {
        let own: Vec<&Approval<'_>> =
            self.approvals.iter().filter(|a| key(self.rule, &a.version).as_ref() == Some(self.key)).collect();
        let followed = |a: &&Approval<'_>| self.rule.variant.is_none() || wanted_variant(&a.version, self.rule);
        let habit = own.iter().copied().find(followed).or_else(|| self.approvals.iter().find(followed));
        let family = match habit {
            Some(habit) => Some(Family::of(&habit.version, self.rule)),
            None => Family::first(members.iter().filter_map(|&at| rows[at].version.as_ref()), self.rule),
        };
        let Some(family) = family else {
            self.refuse_all(rows, members);
            return self.line(rows, &[], &own, selection);
        };
        self.judge(rows, members, &family);
        let current = own.iter().copied().find(followed).or(own.first().copied());
        let candidates = self.candidates(rows, members, current, &own);
        match self.rule.follow {
            Follow::All => self.each(rows, &candidates, &own, selection),
            _ => self.line(rows, &candidates, &own, selection),
        }
        self.note_prefix(rows, habit, selection);
    }

    /// Nothing to follow: says of each tag the first thing that speaks against it.
    fn refuse_all(self, rows: &mut [Row<'_>], members: &[usize]) {
        for &at in members {
            let row = &mut rows[at];
            let Some(version) = row.version.as_ref().filter(|_| row.word.is_none()) else { continue };
            let variant = || {
                (!wanted_variant(version, self.rule) || version.architecture.is_some())
                    .then(|| Word::skipped(Reason::OtherVariant, "another variant than the rule's"))
            };
            let prefix = || {
                Word::skipped(Reason::OtherPrefix, format!("begins with `{}`; a pattern can say so", version.prefix))
            };
            let word = variant()
                .or_else(|| unwanted_prerelease(version, self.rule))
                .or_else(|| out_of_range(version, self.rule))
                .unwrap_or_else(prefix);
            row.word = Some(word);
        }
    }

    /// Judges what the family, the range and the manifest say of each tag.
    fn judge(self, rows: &mut [Row<'_>], members: &[usize], family: &Family) {
        let words: Vec<(usize, Option<Word>)> = {
            let versions = || members.iter().filter_map(|&at| rows[at].version.as_ref());
            let longer = Longer::new(versions().filter(|v| family.is_shape_of(v)));
            let judge = |version: &Version| {
                family
                    .differs(version)
                    .or_else(|| family.imprecise(version, &longer))
                    .or_else(|| unwanted_prerelease(version, self.rule))
                    .or_else(|| out_of_range(version, self.rule))
            };
            let open = members.iter().filter(|&&at| rows[at].word.is_none());
            open.map(|&at| (at, rows[at].version.as_ref().and_then(judge))).collect()
        };
        for (at, word) in words {
            rows[at].word = word;
        }
        twins(rows, members, family.v);
        for &at in members {
            let row = &mut rows[at];
            if row.word.is_none() {
                let rejection = rejected(self.question, row.tag).map(|detail| Word::skipped(Reason::Rejected, detail));
                row.word = rejection.or_else(|| {
                    revoked(self.question, row.tag).then(|| Word::skipped(Reason::Revoked, "revoked in the manifest"))
                });
            }
        }
    }

    /// What is left and newer than what is approved, newest first.
    fn candidates(
        self,
        rows: &mut [Row<'_>],
        members: &[usize],
        current: Option<&Approval<'_>>,
        own: &[&Approval<'_>],
    ) -> Vec<usize> {
        let mut candidates = Vec::new();
        for &at in members {
            let row = &mut rows[at];
            let Some(version) = row.version.as_ref().filter(|_| row.word.is_none()) else { continue };
            let older = match self.rule.follow {
                Follow::All => below_oldest(version, own),
                _ => current.and_then(|current| not_above(version, current, self.rule)),
            };
            match older {
                Some(detail) => row.word = Some(Word::skipped(Reason::Older, detail)),
                None => candidates.push(at),
            }
        }
        candidates
    }

    /// One line of all candidates.
    fn line(self, rows: &mut [Row<'_>], candidates: &[usize], own: &[&Approval<'_>], selection: &mut Selection) {
        if candidates.is_empty() && own.is_empty() && self.key != &Key::Whole {
            return;
        }
        let name = match self.key {
            Key::Whole => "latest".to_owned(),
            Key::Series(series) => join(series),
        };
        let followed = |a: &&&Approval<'_>| wanted_variant(&a.version, self.rule);
        let current = own.iter().find(followed).or(own.first()).copied();
        self.push(rows, candidates, name, current, own, selection);
    }

    /// A line for each version: those approved and those to come.
    fn each(self, rows: &mut [Row<'_>], candidates: &[usize], own: &[&Approval<'_>], selection: &mut Selection) {
        let same = |rows: &[Row<'_>], a: usize, b: usize| match (&rows[a].version, &rows[b].version) {
            (Some(a), Some(b)) => a.precedence(b).is_eq(),
            _ => false,
        };
        let mut lines: Vec<(Version, Option<&Approval<'_>>, Vec<usize>)> =
            own.iter().map(|a| (a.version.clone(), Some(*a), Vec::new())).collect();
        let versions: Vec<Vec<usize>> = candidates.chunk_by(|&a, &b| same(rows, a, b)).map(<[usize]>::to_vec).collect();
        lines.extend(versions.into_iter().filter_map(|at| Some((rows[at[0]].version.clone()?, None, at))));
        lines.sort_by(|a, b| b.0.cmp(&a.0));
        for (version, current, candidates) in lines {
            let name = self.name(&version);
            self.push(rows, &candidates, name, current, own, selection);
        }
    }

    /// What a line of one version is called.
    fn name(self, version: &Version) -> String {
        if self.rule.pattern.is_some() { version.text.clone() } else { version.release() }
    }

    fn push(
        self,
        rows: &mut [Row<'_>],
        candidates: &[usize],
        name: String,
        current: Option<&Approval<'_>>,
        own: &[&Approval<'_>],
        selection: &mut Selection,
    ) {
        let mut walk = walk(self.question, rows, candidates);
        if let Some(current) = current.filter(|_| walk.chosen.is_none() && walk.missing.is_none()) {
            self.rebuilt(rows, current, &mut walk);
        }
        let current = current.map(|a| (a.tag.clone(), a.digest.clone()));
        let mut line = Line { name, current, chosen: walk.chosen, retired: Vec::new(), waiting: walk.waiting };
        if self.rule.follow != Follow::All {
            line.retired = retired(&line, self.question.subject.keep, own);
        }
        selection.missing.extend(walk.missing);
        selection.lines.push(line);
    }

    /// Looks for a rebuild where the rule still wants the approval and upstream still lists it.
    fn rebuilt(self, rows: &mut [Row<'_>], current: &Approval<'_>, walk: &mut Walk) {
        let wanted = self.question.subject.rebuilds
            && !revoked(self.question, current.tag)
            && rejected(self.question, current.tag).is_none()
            && out_of_range(&current.version, self.rule).is_none();
        if let Some(row) = rows.iter_mut().find(|row| row.tag == current.tag).filter(|_| wanted) {
            rebuild(self.question, current, row, walk);
        }
    }

    /// Says where a choice changes the habit of writing `v`.
    fn note_prefix(self, rows: &mut [Row<'_>], habit: Option<&Approval<'_>>, selection: &mut Selection) {
        let Some(habit) = habit else { return };
        for chosen in selection.lines.iter_mut().filter_map(|line| line.chosen.as_mut()).filter(|c| !c.rebuild) {
            let Some(row) = rows.iter_mut().find(|row| *row.tag == chosen.tag) else { continue };
            chosen.prefix_changed = row.version.as_ref().is_some_and(|v| v.v != habit.version.v);
            if let Some(word) = row.word.as_mut().filter(|_| chosen.prefix_changed) {
                let (now, before) = if habit.version.v { ("without", "with") } else { ("with", "without") };
                word.detail =
                    format!("the newest that the rule admits; upstream now writes it {now} `v`, {before} it before");
            }
        }
    }
}

/// Of two tags for one version that differ in `v` alone the one of the approvals' habit stays.
fn twins(rows: &mut [Row<'_>], members: &[usize], habit: bool) {
    let open: Vec<usize> = members.iter().copied().filter(|&at| rows[at].word.is_none()).collect();
    let same = |a: &Row<'_>, b: &Row<'_>| match (&a.version, &b.version) {
        (Some(a), Some(b)) => a.precedence(b).is_eq() && a.variant == b.variant,
        _ => false,
    };
    let mut start = 0;
    while start < open.len() {
        let length = open[start..].iter().take_while(|&&at| same(&rows[at], &rows[open[start]])).count().max(1);
        let run = &open[start..start + length];
        let writes = |row: &Row<'_>| row.version.as_ref().map(|v| v.v);
        if run.iter().any(|&at| writes(&rows[at]) == Some(habit)) {
            for &at in run.iter().filter(|&&at| writes(&rows[at]) != Some(habit)).collect::<Vec<_>>() {
                let detail = format!("the same version {} `v` is there", if habit { "with" } else { "without" });
                rows[at].word = Some(Word::skipped(Reason::OtherPrefix, detail));
            }
        }
        start += length;
    }
}

/// Why a version is not above what is approved on its line.
fn not_above(version: &Version, current: &Approval<'_>, rule: &VersionRule) -> Option<String> {
    let other_variant = version.variant != current.version.variant;
    let newer = match version.precedence(&current.version) {
        Ordering::Greater => true,
        Ordering::Equal
            if rule.variant == Some(Variant::Any) && version.variant.kind() == current.version.variant.kind() =>
        {
            version.variant > current.version.variant
        }
        Ordering::Equal => other_variant,
        Ordering::Less => false,
    };
    (!newer).then(|| format!("{} is approved", current.tag))
}

/// Why a version does not come with `follow: all`: it is below the oldest approval, or approved under another name.
fn below_oldest(version: &Version, own: &[&Approval<'_>]) -> Option<String> {
    let oldest = own.last()?;
    if version.precedence(&oldest.version).is_lt() {
        return Some(format!("{} is the oldest approved", oldest.tag));
    }
    let same = own.iter().find(|a| a.version.precedence(version).is_eq() && a.version.variant == version.variant)?;
    Some(format!("the same version as {}", same.tag))
}
