//! Version tags: every tag read, judged by the rule and the family of its line, and each line's candidates looked through.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::super::tag::{NoVersion, Reading};
use super::super::version::{Version, join};
use super::super::{
    Facts, Follow, Line, Number, Reason, Selection, Subject, TagVerdict, Variant, Verdict, VersionRule,
};
use super::candidate::Question;
use super::family::{Family, out_of_range, unwanted_prerelease, wanted_variant};
use super::line::{Walk, rebuild, retired, walk};
use super::longer::Longer;
use super::start::Start;
use super::{Readings, Word};
use crate::image::{Digest, Tag};

/// One tag of the list.
pub(super) struct Row<'a> {
    pub(super) tag: &'a Tag,
    version: Option<&'a Version>,
    pub(super) word: Option<Word>,
}

impl<'a> Row<'a> {
    pub(super) fn writes_v(&self) -> bool {
        self.version.is_some_and(|version| version.v)
    }

    /// Its version where nothing has spoken against it yet.
    fn open(&self) -> Option<&'a Version> {
        self.version.filter(|_| self.word.is_none())
    }
}

/// One approval whose tag reads as a version.
pub(super) struct Approval<'a> {
    pub(super) tag: &'a Tag,
    pub(super) digest: &'a Digest,
    version: Box<Version>,
    /// Where it stands in the list, if upstream still lists it.
    row: Option<usize>,
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
    tags: &Readings<'_>,
    facts: &Facts,
    now: DateTime<Utc>,
) -> Selection {
    let question = Question { subject, facts, now };
    let mut rows = rows(question, rule, tags);
    let approvals = approvals(subject, rule, &rows);
    let start = Start::new(rule, tags);
    let mut selection = Selection::default();
    for (key, members) in groups(rule, &mut rows, &approvals).into_iter().rev() {
        Group { question, rule, key: &key, approvals: &approvals, start: &start }.decide(
            &mut rows,
            &members,
            &mut selection,
        );
    }
    selection.tags = rows.into_iter().map(verdict).collect();
    selection
}

/// The verdict on a tag that the manifest rejects: until when.
pub(super) fn rejected(question: Question<'_>, tag: &Tag) -> Option<String> {
    let today = question.now.date_naive();
    let holds = |until: &Option<chrono::NaiveDate>| until.is_none_or(|last| today <= last);
    let (_, until) = question.subject.rejected.iter().find(|(rejected, until)| rejected == tag && holds(until))?;
    Some(until.map_or_else(|| "a person rejected it".to_owned(), |last| format!("a person rejected it until {last}")))
}

/// What needs no other tag is decided.
fn rows<'a>(question: Question<'_>, rule: &VersionRule, tags: &'a Readings<'_>) -> Vec<Row<'a>> {
    let approved: std::collections::BTreeSet<&Tag> = question.subject.approved.iter().map(|(tag, _)| tag).collect();
    let row = |(tag, reading): (&'a Tag, &'a Reading)| {
        let (version, mut word) = match reading {
            Reading::Version(version) => (Some(&**version), None),
            Reading::Other(why) => (None, Some(not_a_version(*why))),
        };
        if approved.contains(tag) {
            word = Some(approved_word(question, rule, tag, version));
        }
        Row { tag, version, word }
    };
    tags.iter().map(row).collect()
}

/// What there is to say of an approved tag: where the rule no longer wants it, that is the reason.
fn approved_word(question: Question<'_>, rule: &VersionRule, tag: &Tag, version: Option<&Version>) -> Word {
    let verdict = Verdict::Approved;
    if revoked(question, tag) {
        return Word { verdict, reason: Reason::Revoked, detail: "in the manifest, though revoked".to_owned() };
    }
    if let Some(detail) = rejected(question, tag) {
        return Word { verdict, reason: Reason::Rejected, detail: format!("in the manifest, though {detail}") };
    }
    let outside = version.and_then(|version| out_of_range(version, rule));
    outside.map_or_else(
        || Word { verdict, reason: Reason::Approved, detail: "in the manifest".to_owned() },
        |word| Word { verdict, reason: word.reason, detail: format!("in the manifest, but {}", word.detail) },
    )
}

fn not_a_version(why: NoVersion) -> Word {
    Word::skipped(Reason::NotAVersion, why.as_str())
}

fn revoked(question: Question<'_>, tag: &Tag) -> bool {
    question.subject.revoked.iter().any(|(revoked, _)| revoked == tag)
}

/// The approvals that read as versions, newest first; of equal ones the manifest's last.
fn approvals<'a>(subject: &'a Subject, rule: &VersionRule, rows: &[Row<'_>]) -> Vec<Approval<'a>> {
    let listed = rows.iter().enumerate().filter(|(_, row)| is_approved(row));
    let listed: BTreeMap<&Tag, usize> = listed.map(|(at, row)| (row.tag, at)).collect();
    let mut approvals: Vec<Approval<'a>> = subject
        .approved
        .iter()
        .rev()
        .filter_map(|(tag, digest)| {
            let row = listed.get(tag).copied();
            let version = match row {
                Some(at) => rows[at].version.cloned().map(Box::new)?,
                None => match rule.read(tag) {
                    Reading::Version(version) => version,
                    Reading::Other(_) => return None,
                },
            };
            Some(Approval { tag, digest, version, row })
        })
        .collect();
    approvals.sort_by(|a, b| b.version.precedence(&a.version));
    approvals
}

fn is_approved(row: &Row<'_>) -> bool {
    row.word.as_ref().is_some_and(|word| word.verdict == Verdict::Approved)
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
        let Some(version) = row.version else { continue };
        match key(rule, version) {
            Some(key) => groups.entry(key).or_default().push(at),
            None => {
                let word = || Word::skipped(Reason::Floating, "has no minor version, so it moves with them");
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
struct Group<'a, 't> {
    question: Question<'a>,
    rule: &'a VersionRule,
    key: &'a Key,
    approvals: &'a [Approval<'a>],
    start: &'a Start<'t>,
}

impl Group<'_, '_> {
    fn decide(self, rows: &mut [Row<'_>], members: &[usize], selection: &mut Selection) {
        let own: Vec<&Approval<'_>> =
            self.approvals.iter().filter(|a| key(self.rule, &a.version).as_ref() == Some(self.key)).collect();
        let followed = |a: &&Approval<'_>| self.rule.variant.is_none() || wanted_variant(&a.version, self.rule);
        let habit = own.iter().copied().find(followed).or_else(|| self.approvals.iter().find(followed));
        let current = own.iter().copied().find(followed).or(own.first().copied());
        let line = Found { own: &own, current, v: habit.map(|habit| habit.version.v) };
        let Some(family) = self.family(rows, members, habit, !own.is_empty()) else {
            self.refuse_all(rows, members);
            return self.lines(rows, &[], line, selection);
        };
        self.judge(rows, members, &family);
        let candidates = self.candidates(rows, members, line);
        self.lines(rows, &candidates, line, selection);
    }

    /// The habit's family. A series of its own that has no approval yet may have another suffix where the rule takes any.
    fn family(self, rows: &[Row<'_>], members: &[usize], habit: Option<&Approval<'_>>, own: bool) -> Option<Family> {
        let versions = || members.iter().filter_map(|&at| rows[at].version);
        let family = habit.map(|habit| Family::of(&habit.version, self.rule));
        let kept = family.filter(|family| {
            own || self.rule.variant != Some(Variant::Any) || versions().any(|version| family.is_shape_of(version))
        });
        kept.or_else(|| self.start.family(versions()))
    }

    /// Nothing to follow: says of each tag the first thing that speaks against it.
    fn refuse_all(self, rows: &mut [Row<'_>], members: &[usize]) {
        for &at in members {
            let Some(version) = rows[at].open() else { continue };
            let foreign = !wanted_variant(version, self.rule) || version.architecture.is_some();
            let variant = foreign.then(|| Word::skipped(Reason::OtherVariant, "another variant than the rule's"));
            let prefix = || {
                if version.prefix.is_empty() {
                    return Word::skipped(Reason::OtherPrecision, "is a day, other versions count");
                }
                let detail = format!("begins with `{}`, which a pattern can say", version.prefix);
                Word::skipped(Reason::OtherPrefix, detail)
            };
            let word = variant
                .or_else(|| unwanted_prerelease(version, self.rule))
                .or_else(|| out_of_range(version, self.rule))
                .unwrap_or_else(prefix);
            rows[at].word = Some(word);
        }
    }

    /// Judges what the family, the range and the manifest say of each tag.
    fn judge(self, rows: &mut [Row<'_>], members: &[usize], family: &Family) {
        let words: Vec<(usize, Option<Word>)> = {
            let versions = members.iter().filter_map(|&at| rows[at].version);
            let kin = (!family.is_first()).then(|| Longer::new(versions.filter(|v| family.is_kin_of(v))));
            let longer = kin.as_ref().unwrap_or_else(|| self.start.longer());
            let judge = |version: &Version| {
                family
                    .differs(version)
                    .or_else(|| unwanted_prerelease(version, self.rule))
                    .or_else(|| family.imprecise(version, longer))
                    .or_else(|| family.builds_differ(version))
                    .or_else(|| out_of_range(version, self.rule))
            };
            members.iter().filter_map(|&at| Some((at, rows[at].open().map(judge)?))).collect()
        };
        for (at, word) in words {
            rows[at].word = word;
        }
        twins(rows, members, family.v);
        for &at in members {
            let row = &mut rows[at];
            if row.word.is_none() {
                let rejection = rejected(self.question, row.tag).map(|detail| Word::skipped(Reason::Rejected, detail));
                let revocation = || Word::skipped(Reason::Revoked, "revoked in the manifest");
                row.word = rejection.or_else(|| revoked(self.question, row.tag).then(revocation));
            }
        }
    }

    /// What is left and newer than what is approved, newest first.
    fn candidates(self, rows: &mut [Row<'_>], members: &[usize], line: Found<'_>) -> Vec<usize> {
        let mut candidates = Vec::new();
        for &at in members {
            let Some(version) = rows[at].open() else { continue };
            let older = match self.rule.follow {
                Follow::All => below_oldest(version, line.own),
                _ => line.current.and_then(|current| not_above(version, current, self.rule)),
            };
            match older {
                Some(detail) => rows[at].word = Some(Word::skipped(Reason::Older, detail)),
                None => candidates.push(at),
            }
        }
        candidates
    }

    fn lines(self, rows: &mut [Row<'_>], candidates: &[usize], line: Found<'_>, selection: &mut Selection) {
        match (self.rule.follow, self.key) {
            (Follow::All, _) => self.each(rows, candidates, line, selection),
            (_, Key::Whole) => self.push(rows, candidates, "latest".to_owned(), line, selection),
            (_, Key::Series(_)) if candidates.is_empty() && line.own.is_empty() => {}
            (_, Key::Series(series)) => self.push(rows, candidates, join(series), line, selection),
        }
    }

    /// A line for each version: those approved and those to come.
    fn each(self, rows: &mut [Row<'_>], candidates: &[usize], line: Found<'_>, selection: &mut Selection) {
        let same = |rows: &[Row<'_>], a: usize, b: usize| match (rows[a].version, rows[b].version) {
            (Some(a), Some(b)) => a.precedence(b).is_eq(),
            _ => false,
        };
        let approved = line.own.iter().map(|a| (&*a.version, Some(*a), Vec::new()));
        let mut lines: Vec<(&Version, Option<&Approval<'_>>, Vec<usize>)> = approved.collect();
        let versions: Vec<Vec<usize>> = candidates.chunk_by(|&a, &b| same(rows, a, b)).map(<[usize]>::to_vec).collect();
        lines.extend(versions.into_iter().filter_map(|at| Some((rows[*at.first()?].version?, None, at))));
        lines.sort_by(|a, b| b.0.cmp(a.0));
        for (version, current, candidates) in lines {
            let name = if self.rule.pattern.is_some() { version.text.clone() } else { version.release() };
            self.push(rows, &candidates, name, Found { current, ..line }, selection);
        }
    }

    fn push(
        self,
        rows: &mut [Row<'_>],
        candidates: &[usize],
        name: String,
        found: Found<'_>,
        selection: &mut Selection,
    ) {
        let mut walk = walk(self.question, rows, candidates, found.v);
        if let Some(current) = found.current.filter(|_| walk.chosen.is_none() && walk.missing.is_none()) {
            self.rebuilt(rows, current, &mut walk);
        }
        let current = found.current.map(|a| (a.tag.clone(), a.digest.clone()));
        let mut line = Line { name, current, chosen: walk.chosen, retired: Vec::new(), waiting: walk.waiting };
        if self.rule.follow != Follow::All {
            line.retired = retired(&line, self.question.subject.keep, found.own);
        }
        selection.missing.extend(walk.missing);
        selection.lines.push(line);
    }

    /// Looks for a rebuild where the rule still wants the approval and upstream still lists it.
    fn rebuilt(self, rows: &mut [Row<'_>], current: &Approval<'_>, walk: &mut Walk) {
        let Some(at) = current.row.filter(|_| self.question.subject.rebuilds) else { return };
        if rows[at].word.as_ref().is_some_and(|word| word.reason == Reason::Approved) {
            rebuild(self.question, current, &mut rows[at], walk);
        }
    }
}

/// What the manifest says of a line.
#[derive(Clone, Copy)]
struct Found<'a> {
    /// The approvals of the series, newest first.
    own: &'a [&'a Approval<'a>],
    /// The newest of them that the rule's variant admits, else the newest.
    current: Option<&'a Approval<'a>>,
    /// Whether the habit is to write `v`.
    v: Option<bool>,
}

/// Of two tags for one version that differ in `v` alone the one of the approvals' habit stays.
fn twins(rows: &mut [Row<'_>], members: &[usize], habit: bool) {
    let same = |a: &Row<'_>, b: &Row<'_>| match (a.version, b.version) {
        (Some(a), Some(b)) => a.precedence(b).is_eq() && a.variant == b.variant && a.prefix == b.prefix,
        _ => false,
    };
    let open: Vec<usize> =
        members.iter().copied().filter(|&at| rows[at].word.is_none() || is_approved(&rows[at])).collect();
    let runs: Vec<&[usize]> = open.chunk_by(|&a, &b| same(&rows[a], &rows[b])).collect();
    for run in runs.into_iter().filter(|run| run.len() > 1) {
        if !run.iter().any(|&at| rows[at].writes_v() == habit) {
            continue;
        }
        for &at in run {
            if rows[at].word.is_none() && rows[at].writes_v() != habit {
                let detail = format!("the same version {} `v` is there", if habit { "with" } else { "without" });
                rows[at].word = Some(Word::skipped(Reason::OtherPrefix, detail));
            }
        }
    }
}

/// Why a version is not above what is approved on its line.
fn not_above(version: &Version, current: &Approval<'_>, rule: &VersionRule) -> Option<String> {
    let approved = &current.version;
    let newer = match version.precedence(approved) {
        Ordering::Greater => true,
        Ordering::Less => false,
        Ordering::Equal if rule.variant == Some(Variant::Any) && version.variant.is_like(&approved.variant) => {
            version.variant > approved.variant
        }
        Ordering::Equal => version.variant != approved.variant,
    };
    (!newer).then(|| format!("{} is approved", current.tag))
}

/// Why a version does not come with `follow: all`: it is below the oldest approval, or approved under another name.
fn below_oldest(version: &Version, own: &[&Approval<'_>]) -> Option<String> {
    let oldest = own.last()?;
    if version.precedence(&oldest.version).is_lt() {
        return Some(format!("{} is the oldest approved", oldest.tag));
    }
    let from = own.partition_point(|a| a.version.precedence(version).is_gt());
    let mut equal = own[from..].iter().take_while(|a| a.version.precedence(version).is_eq());
    equal.find(|a| a.version.variant == version.variant).map(|same| format!("the same version as {}", same.tag))
}
