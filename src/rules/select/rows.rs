//! The tags of a list and the approvals, with what can be said about each without checking any other tag.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};

use super::super::number::{Number, dotted};
use super::super::tag::{NoVersion, Reading};
use super::super::version::Version;
use super::super::{Reason, Subject, Verdict, VersionRule};
use super::family::out_of_range;
use super::judgement::Judgement;
use super::readings::Readings;
use crate::image::{Digest, Tag};

/// One tag of the list.
#[derive(Debug)]
pub(super) struct Row<'a> {
    pub(super) tag: &'a Tag,
    pub(super) version: Option<&'a Version>,
    pub(super) judgement: Option<Judgement>,
}

impl<'a> Row<'a> {
    pub(super) fn writes_v(&self) -> bool {
        self.version.is_some_and(|version| version.v)
    }

    /// Its version, if nothing has excluded it yet.
    pub(super) fn open(&self) -> Option<&'a Version> {
        self.version.filter(|_| self.judgement.is_none())
    }
}

/// One approval whose tag reads as a version.
#[derive(Debug)]
pub(super) struct Approval<'a> {
    pub(super) held: Held<'a>,
    pub(super) version: Box<Version>,
}

/// An approval in the manifest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held<'a> {
    pub(super) tag: &'a Tag,
    pub(super) digest: &'a Digest,
    /// Its index in the list, if upstream still lists it.
    pub(super) row: Option<usize>,
}

/// The verdict on a tag that the manifest rejects: until when.
pub(super) fn rejected(subject: &Subject, now: DateTime<Utc>, tag: &Tag) -> Option<String> {
    let today = now.date_naive();
    let holds = |until: &Option<NaiveDate>| until.is_none_or(|last| today <= last);
    let (_, until) = subject.rejected.iter().find(|(rejected, until)| rejected == tag && holds(until))?;
    Some(until.map_or_else(|| "a person rejected it".to_owned(), |last| format!("a person rejected it until {last}")))
}

/// Decides whatever needs no other tag.
pub(super) fn rows<'a>(
    subject: &Subject,
    rule: &VersionRule,
    tags: &'a Readings<'_>,
    now: DateTime<Utc>,
) -> Vec<Row<'a>> {
    let approved: HashSet<&Tag> = subject.approved.iter().map(|(tag, _)| tag).collect();
    let row = |(tag, reading): (&'a Tag, &'a Reading)| {
        let (version, mut judgement) = match reading {
            Reading::Version(version) => (Some(&**version), None),
            Reading::Other(why) => (None, Some(not_a_version(*why))),
        };
        if approved.contains(tag) {
            judgement = Some(approved_judgement(subject, now, rule, tag, reading));
        }
        Row { tag, version, judgement }
    };
    tags.iter().map(row).collect()
}

/// What to say about an approved tag: if the rule no longer wants it, why.
fn approved_judgement(
    subject: &Subject,
    now: DateTime<Utc>,
    rule: &VersionRule,
    tag: &Tag,
    reading: &Reading,
) -> Judgement {
    let judgement = |reason, detail: Cow<'static, str>| Judgement::new(Verdict::Approved, reason, detail);
    if revoked(subject, tag) {
        return judgement(Reason::Revoked, "in the manifest, though revoked".into());
    }
    if let Some(detail) = rejected(subject, now, tag) {
        return judgement(Reason::Rejected, format!("in the manifest, though {detail}").into());
    }
    let version = match reading {
        Reading::Version(version) => version,
        Reading::Other(why) => {
            let detail = format!("in the manifest, but the rule does not read it: {}", why.as_str());
            return judgement(Reason::ApprovalNotRead, detail.into());
        }
    };
    match out_of_range(version, rule) {
        None => judgement(Reason::Approved, "in the manifest".into()),
        Some(outside) => judgement(outside.reason, format!("in the manifest, but {}", outside.detail).into()),
    }
}

fn not_a_version(why: NoVersion) -> Judgement {
    Judgement::skipped(Reason::NotAVersion, why.as_str())
}

pub(super) fn revoked(subject: &Subject, tag: &Tag) -> bool {
    subject.revoked.iter().any(|(revoked, _)| revoked == tag)
}

/// The approvals that read as versions, newest first; among equal ones the manifest's last.
pub(super) fn approvals<'a>(subject: &'a Subject, rule: &VersionRule, rows: &[Row<'_>]) -> Vec<Approval<'a>> {
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
            Some(Approval { held: Held { tag, digest, row }, version })
        })
        .collect();
    approvals.sort_by(|a, b| b.version.precedence(&a.version));
    approvals
}

/// The last approval that the rule does not read and that is not known to be older than a later one: nobody can say
/// what is newer than it, so nothing is chosen past it. A later approval that is read says where to continue, unless it
/// is not newer than the number that the unread one begins with: after `1.1.1v` neither `1.1.0` nor `1.1.1` is.
pub(super) fn unread<'a>(subject: &'a Subject, read: &[Approval<'_>], rows: &[Row<'_>]) -> Option<Held<'a>> {
    let versions: HashMap<&Tag, &Version> = read.iter().map(|a| (a.held.tag, &*a.version)).collect();
    let mut newest: Option<&Version> = None;
    for (tag, digest) in subject.approved.iter().rev() {
        if let Some(version) = versions.get(tag) {
            newest = newest.max(Some(version));
            continue;
        }
        let passed = |newest: &Version| beginning(tag).is_none_or(|numbers| newest.numbers > numbers);
        if !newest.is_some_and(passed) {
            return Some(Held { tag, digest, row: rows.iter().position(|row| row.tag == tag) });
        }
    }
    None
}

/// The number that a tag begins with.
fn beginning(tag: &Tag) -> Option<Vec<Number>> {
    let text = tag.as_str().strip_prefix(['v', 'V']).unwrap_or(tag.as_str());
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    dotted(text[..end].trim_end_matches('.'))
}

pub(super) fn is_approved(row: &Row<'_>) -> bool {
    row.judgement.as_ref().is_some_and(|judgement| judgement.verdict == Verdict::Approved)
}
