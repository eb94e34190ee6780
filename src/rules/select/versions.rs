//! Version tags: reads every tag, judges it by the rule and its line's family, and goes through each line's candidates.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::super::lines::WHOLE;
use super::super::version::{Numbering, Version, join};
use super::super::{Fact, Follow, Number, Reason, Selection, Subject, TagVerdict, Variant, VersionRule};
use super::beside::beside;
use super::candidate::Question;
use super::family::{Family, floats, out_of_range, unwanted_prerelease, wanted_variant};
use super::floating::FloatingVersions;
use super::judgement::Judgement;
use super::line::CandidateLine;
use super::readings::Readings;
use super::rows::{Approval, Held, Row, approvals, is_approved, rejected, revoked, rows, unread};
use super::start::Start;
use crate::image::Tag;

/// The tags of a list, judged as far as possible without facts, and the lines with the remaining candidates.
#[derive(Debug)]
pub(super) struct VersionLines<'a> {
    rows: Vec<Row<'a>>,
    lines: Vec<CandidateLine<'a>>,
    /// The approval that nothing is chosen past.
    unread: Option<Held<'a>>,
    /// The row of the newest version outside the family in the newest series without approvals.
    ahead: Option<usize>,
}

impl<'a> VersionLines<'a> {
    pub(super) fn new(subject: &'a Subject, rule: &VersionRule, tags: &'a Readings<'_>, now: DateTime<Utc>) -> Self {
        let rows = rows(subject, rule, tags, now);
        let approvals = approvals(subject, rule, &rows);
        let unread = unread(subject, &approvals, &rows);
        let mut judged = Self { rows, lines: Vec::new(), unread, ahead: None };
        let start = Start::new(rule, tags);
        for (series, members) in groups(rule, &mut judged.rows, &approvals).into_iter().rev() {
            Group { subject, now, rule, series, approvals: &approvals, unread, start: &start }
                .judge(&members, &mut judged);
        }
        judged.hold(unread);
        judged.look_ahead();
        judged
    }

    /// Lets the line of the newest approval point out a newer series that has nothing from the family.
    fn look_ahead(&mut self) {
        let newest = self.lines.iter_mut().find(|line| line.current.is_some());
        if let Some(line) = newest.filter(|line| line.candidates.is_empty()) {
            line.beside = line.beside.or(self.ahead);
        }
    }

    /// Gives the unread approval a line, so that it is seen and its rebuilds are followed.
    fn hold(&mut self, unread: Option<Held<'a>>) {
        let Some(unread) = unread else { return };
        match self.lines.iter_mut().find(|line| line.name == WHOLE) {
            Some(line) => line.current = line.current.or(Some(unread)),
            None => self.lines.push(CandidateLine { current: Some(unread), ..CandidateLine::named(WHOLE.to_owned()) }),
        }
    }

    /// The missing facts, one per line.
    pub(super) fn missing(&self, question: Question<'_>) -> Vec<Fact> {
        self.lines.iter().filter_map(|line| line.walk(question, &self.rows).missing).collect()
    }

    /// The decision about the lines and every tag.
    pub(super) fn answer(self, question: Question<'_>) -> Selection {
        let Self { mut rows, lines, unread, .. } = self;
        let lines = lines.into_iter().map(|line| line.answer(question, &mut rows)).collect();
        let unread = unread.map(|held| held.tag.clone());
        Selection { lines, tags: rows.into_iter().map(verdict).collect(), unread }
    }
}

/// The beginning of the numbers that a line's versions share: empty if all versions are in one line.
type Series<'a> = &'a [Number];

/// The series of a version; `None` if it has too few parts to belong to one.
fn series<'v>(rule: &VersionRule, version: &'v Version) -> Option<Series<'v>> {
    let parts = match rule.follow {
        Follow::Latest | Follow::All => 0,
        Follow::EachMajor => 1,
        Follow::EachMinor => 2,
    };
    version.numbers.get(..parts)
}

/// The rows of each series, by index, in the rows' order; includes series that have only approvals.
fn groups<'g, 'a: 'g>(
    rule: &VersionRule,
    rows: &mut [Row<'a>],
    approvals: &'g [Approval<'a>],
) -> BTreeMap<Series<'g>, Vec<usize>> {
    let mut groups: BTreeMap<Series<'g>, Vec<usize>> = BTreeMap::new();
    for approval in approvals {
        if let Some(series) = series(rule, &approval.version) {
            groups.entry(series).or_default();
        }
    }
    for (at, row) in rows.iter_mut().enumerate() {
        let Some(version) = row.version else { continue };
        match series(rule, version) {
            Some(series) => groups.entry(series).or_default().push(at),
            None => {
                let judgement = || Judgement::skipped(Reason::Floating, "has no minor version, so it moves with them");
                row.judgement.get_or_insert_with(judgement);
            }
        }
    }
    groups
}

fn verdict(row: Row<'_>) -> TagVerdict {
    let unfollowed = || Judgement::skipped(Reason::OtherLine, "belongs to a line that is not followed");
    row.judgement.unwrap_or_else(unfollowed).on(row.tag)
}

/// The tags and approvals within which a family is sought: one series, or all.
#[derive(Clone, Copy)]
struct Group<'g, 'a> {
    subject: &'a Subject,
    now: DateTime<Utc>,
    rule: &'g VersionRule,
    series: Series<'g>,
    approvals: &'g [Approval<'a>],
    unread: Option<Held<'a>>,
    start: &'g Start<'g>,
}

impl<'a> Group<'_, 'a> {
    fn judge(self, members: &[usize], judged: &mut VersionLines<'a>) {
        let rows = &mut judged.rows;
        let own: Vec<&Approval<'a>> =
            self.approvals.iter().filter(|a| series(self.rule, &a.version) == Some(self.series)).collect();
        let followed = |a: &&Approval<'_>| self.follows(&a.version);
        let habit = own.iter().copied().find(followed).or_else(|| self.approvals.iter().find(followed));
        let current = own.iter().copied().find(followed).or(own.first().copied());
        let mut line = Approvals { own: &own, current, v: habit.map(|habit| habit.version.v), beside: None };
        let candidates = match self.family(rows, members, habit, !own.is_empty()) {
            Some(family) => {
                self.refuse(rows, members, &family);
                self.candidates(rows, members, line)
            }
            None => {
                self.refuse_all(rows, members);
                Vec::new()
            }
        };
        if candidates.is_empty() && self.unread.is_none() {
            line.beside = self.beside(&judged.rows, members, current);
            if own.is_empty() && judged.ahead.is_none() {
                judged.ahead = self.beside(&judged.rows, members, habit);
            }
        }
        self.lines(candidates, line, judged);
    }

    /// What is published outside the family of a line with this newest approval.
    fn beside(self, rows: &[Row<'_>], members: &[usize], current: Option<&Approval<'_>>) -> Option<usize> {
        let may_come = |tag: &Tag| rejected(self.subject, self.now, tag).is_none() && !revoked(self.subject, tag);
        let members = members.iter().map(|&at| (at, &rows[at])).filter(|(_, row)| may_come(row.tag));
        beside(self.rule, self.start, &current?.version, members)
    }

    /// The habit's family. A separate series without approvals may have another suffix if the rule accepts any.
    fn family(self, rows: &[Row<'_>], members: &[usize], habit: Option<&Approval<'_>>, own: bool) -> Option<Family> {
        let versions = || members.iter().filter_map(|&at| rows[at].version);
        let family = habit.map(|habit| Family::of(&habit.version, self.rule));
        let kept = family.filter(|family| {
            own || self.rule.variant != Some(Variant::Any) || versions().any(|version| family.is_shape_of(version))
        });
        kept.or_else(|| self.start.family(versions()))
    }

    /// Why a version floats, unless it is a day, which is not a release beside versions that count.
    fn floats(self, version: &Version) -> Option<Judgement> {
        let why = self.start.floating().floats(version).filter(|_| version.numbering() != Numbering::Day)?;
        Some(floats(why, version))
    }

    /// Nothing to follow: gives each tag the first reason against it.
    fn refuse_all(self, rows: &mut [Row<'_>], members: &[usize]) {
        for &at in members {
            let Some(version) = rows[at].open() else { continue };
            let foreign = !wanted_variant(version, self.rule) || version.architecture.is_some();
            let variant =
                foreign.then(|| Judgement::skipped(Reason::OtherVariant, "a different variant than the rule's"));
            let rest = || {
                if !version.prefix.is_empty() {
                    let detail = format!("starts with `{}`, which a pattern can match", version.prefix);
                    return Judgement::skipped(Reason::OtherPrefix, detail);
                }
                match version.unknown_counters().next() {
                    Some(word) => Judgement::skipped(
                        Reason::OtherVariant,
                        format!("counts `{word}`, a word that no image starts with"),
                    ),
                    None if version.numbering() == Numbering::Day => {
                        Judgement::skipped(Reason::OtherPrecision, "is a date, other versions count")
                    }
                    None => Judgement::skipped(Reason::OtherLine, "older than versions published in other families"),
                }
            };
            let judgement = variant
                .or_else(|| unwanted_prerelease(version, self.rule))
                .or_else(|| out_of_range(version, self.rule))
                .or_else(|| self.floats(version))
                .unwrap_or_else(rest);
            rows[at].judgement = Some(judgement);
        }
    }

    /// Judges each tag by the family, the range and the manifest.
    fn refuse(self, rows: &mut [Row<'_>], members: &[usize], family: &Family) {
        let judgements: Vec<(usize, Option<Judgement>)> = {
            let versions = members.iter().filter_map(|&at| rows[at].version);
            let kin =
                (!family.is_first()).then(|| FloatingVersions::new(versions.filter(|v| family.is_kin_of(v)), |_| true));
            let floating = kin.as_ref().unwrap_or_else(|| self.start.floating());
            let judge = |version: &Version| {
                family
                    .differs(version)
                    .or_else(|| unwanted_prerelease(version, self.rule))
                    .or_else(|| family.imprecise(version, floating))
                    .or_else(|| family.builds_differ(version))
                    .or_else(|| out_of_range(version, self.rule))
            };
            members.iter().filter_map(|&at| Some((at, rows[at].open().map(judge)?))).collect()
        };
        for (at, judgement) in judgements {
            rows[at].judgement = judgement;
        }
        twins(rows, members, family.v);
        for &at in members {
            let row = &mut rows[at];
            if row.judgement.is_none() {
                let rejection = rejected(self.subject, self.now, row.tag)
                    .map(|detail| Judgement::skipped(Reason::Rejected, detail));
                let revocation = || Judgement::skipped(Reason::Revoked, "revoked in the manifest");
                row.judgement = rejection.or_else(|| revoked(self.subject, row.tag).then(revocation));
            }
        }
    }

    /// What remains and is newer than the approvals, newest first.
    fn candidates(self, rows: &mut [Row<'_>], members: &[usize], line: Approvals<'_, '_>) -> Vec<usize> {
        let mut candidates = Vec::new();
        for &at in members {
            let Some(version) = rows[at].open() else { continue };
            let older = match self.rule.follow {
                Follow::All => below_oldest(version, line.own, self.rule),
                _ => line.current.and_then(|current| not_above(version, current, self.rule)),
            };
            match (older, self.unread) {
                (Some(detail), _) => rows[at].judgement = Some(Judgement::skipped(Reason::Older, detail)),
                (None, Some(unread)) => rows[at].judgement = Some(not_past(unread.tag)),
                (None, None) => candidates.push(at),
            }
        }
        candidates
    }

    fn lines(self, candidates: Vec<usize>, line: Approvals<'_, 'a>, judged: &mut VersionLines<'a>) {
        let name = match self.rule.follow {
            Follow::All => return self.each(&candidates, line, judged),
            Follow::Latest => WHOLE.to_owned(),
            _ if candidates.is_empty() && line.own.is_empty() => return,
            _ => join(self.series),
        };
        let own = line.own.iter().map(|a| a.held).collect();
        let current = line.current.map(|a| a.held);
        judged.lines.push(CandidateLine { name, current, own, candidates, v: line.v, beside: line.beside });
    }

    /// A line for each version, approved or new; what it is made of makes no other line.
    fn each(self, candidates: &[usize], line: Approvals<'_, 'a>, judged: &mut VersionLines<'a>) {
        let rows = &judged.rows;
        let named = self.rule.pattern.is_some();
        let name = |version: &Version| if named { version.text.clone() } else { version.release() };
        let mut lines: Vec<VersionLine<'_, 'a>> = line
            .own
            .iter()
            .map(|a| VersionLine { version: &a.version, current: Some(a), candidates: vec![] })
            .collect();
        let new =
            |&at: &usize| rows[at].version.map(|version| VersionLine { version, current: None, candidates: vec![at] });
        lines.extend(candidates.iter().filter_map(new));
        lines.sort_by(|a, b| b.version.precedence(a.version));
        lines.dedup_by(|next, line| {
            let same = line.version.precedence(next.version).is_eq() && name(line.version) == name(next.version);
            if same {
                line.candidates.append(&mut next.candidates);
                line.current = self.current([line.current, next.current]);
            }
            same
        });
        let mut beside = line.beside;
        judged.lines.extend(lines.into_iter().map(|VersionLine { version, current, candidates }| {
            let current = current.map(|a| a.held);
            let name = name(version);
            CandidateLine { name, current, own: Vec::new(), candidates, v: line.v, beside: beside.take() }
        }));
    }

    /// The one of a line's approvals that is followed: the first of the rule's variant, else the first.
    fn current<'g>(self, approvals: [Option<&'g Approval<'a>>; 2]) -> Option<&'g Approval<'a>> {
        let mut approvals = approvals.into_iter().flatten();
        approvals.clone().find(|a| self.follows(&a.version)).or_else(|| approvals.next())
    }

    /// Whether the version is of the rule's variant, if it has one.
    fn follows(self, version: &Version) -> bool {
        self.rule.variant.is_none() || wanted_variant(version, self.rule)
    }
}

/// A version with `follow: all`.
struct VersionLine<'g, 'a> {
    version: &'g Version,
    current: Option<&'g Approval<'a>>,
    candidates: Vec<usize>,
}

/// What the manifest says about a line.
#[derive(Clone, Copy)]
struct Approvals<'g, 'a> {
    /// The approvals of the series, newest first.
    own: &'g [&'g Approval<'a>],
    /// The newest of them that the rule's variant admits, else the newest of all.
    current: Option<&'g Approval<'a>>,
    /// Whether `v` is written by habit.
    v: Option<bool>,
    /// The row of what is published outside the family.
    beside: Option<usize>,
}

/// Says that it is unknown whether a version is newer than an approval that the rule does not read.
fn not_past(unread: &Tag) -> Judgement {
    let detail = format!("{unread} is approved, but the rule does not read it: nothing is chosen past it");
    Judgement::skipped(Reason::ApprovalNotRead, detail)
}

/// Of two tags for one version that differ only in `v`, keeps the one that fits the approvals' habit.
fn twins(rows: &mut [Row<'_>], members: &[usize], habit: bool) {
    let same = |a: &Row<'_>, b: &Row<'_>| match (a.version, b.version) {
        (Some(a), Some(b)) => a.precedence(b).is_eq() && a.variant == b.variant && a.prefix == b.prefix,
        _ => false,
    };
    let open: Vec<usize> =
        members.iter().copied().filter(|&at| rows[at].judgement.is_none() || is_approved(&rows[at])).collect();
    let runs: Vec<&[usize]> = open.chunk_by(|&a, &b| same(&rows[a], &rows[b])).collect();
    for run in runs.into_iter().filter(|run| run.len() > 1) {
        if !run.iter().any(|&at| rows[at].writes_v() == habit) {
            continue;
        }
        for &at in run {
            if rows[at].judgement.is_none() && rows[at].writes_v() != habit {
                let detail = format!("the same version exists {} `v`", if habit { "with" } else { "without" });
                rows[at].judgement = Some(Judgement::skipped(Reason::OtherPrefix, detail));
            }
        }
    }
}

/// Why a version is not newer than the approval on its line.
fn not_above(version: &Version, current: &Approval<'_>, rule: &VersionRule) -> Option<String> {
    let approved = &current.version;
    let newer = match version.precedence(approved) {
        Ordering::Greater => true,
        Ordering::Less => false,
        Ordering::Equal if rule.variant == Some(Variant::Any) => !version.variant.is_replaced_by(&approved.variant),
        Ordering::Equal => version.variant != approved.variant,
    };
    (!newer).then(|| format!("{} is approved", current.held.tag))
}

/// Why a version is left out with `follow: all`: it is below the oldest approval, approved under another name, or of an
/// older variant of the kind that is approved.
fn below_oldest(version: &Version, own: &[&Approval<'_>], rule: &VersionRule) -> Option<String> {
    let oldest = own.last()?;
    if version.precedence(&oldest.version).is_lt() {
        return Some(format!("{} is the oldest approval", oldest.held.tag));
    }
    let from = own.partition_point(|a| a.version.precedence(version).is_gt());
    let equal = || own[from..].iter().take_while(|a| a.version.precedence(version).is_eq());
    let same = equal().find(|a| a.version.variant == version.variant);
    let older =
        || equal().find(|a| rule.variant == Some(Variant::Any) && version.variant.is_replaced_by(&a.version.variant));
    same.map(|same| format!("the same version as {}", same.held.tag))
        .or_else(|| older().map(|newer| format!("{} is approved", newer.held.tag)))
}
