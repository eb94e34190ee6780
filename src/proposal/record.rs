//! Records of promoted digests: which of them the manifest lacks, and the texts of the commit and the proposal that add
//! them.

use chrono::NaiveDate;

use super::body::BODY_LIMIT;
use super::form::{self, Places};
use crate::edit::Change;
use crate::image::{Digest, RepositoryName, Tag};
use crate::manifest::{Approval, Image, Manifest};
use crate::markdown::{breakable, folded, head, name_cell, row};
use crate::text::{counted, excerpt};

/// The trailer of a record's commit that names a commit up to which everything in the manifest was reviewed.
pub(crate) const SETTLED: &str = "Wharfinger-Reviewed";

/// The trailer's value: the commit, and how many reviews were required.
pub(crate) fn settled(commit: &str, asked: u32) -> String {
    format!("{commit} of {asked}")
}

/// The commit in such a trailer. If reviews are required from the beginning, a trailer from a time without them does
/// not count.
pub(crate) fn read_settled(value: &str, floor: u32) -> Option<&str> {
    let (commit, asked) = value.split_once(" of ")?;
    let asked: u32 = asked.parse().ok()?;
    (floor == 0 || asked > 0).then_some(commit)
}

/// How many records the body of a proposal lists.
const NAMED: usize = 200;

/// The most characters of the signers.
const SIGNED_BY: usize = 1000;

/// The most characters of a mirror's name there.
const MIRROR: usize = 70;

/// The most characters of one reason there, and of all of them as they are written.
const REASON: usize = 200;
const REASONS: usize = 20_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub repository: RepositoryName,
    pub tag: Tag,
    /// The approved digest that was promoted.
    pub digest: Digest,
    /// What the mirror's tag was found to resolve to.
    pub mirrored: Digest,
    /// The pull request that added the approval; for people, never trusted.
    pub pull: Option<u64>,
    /// The UTC date of the commit that added it.
    pub approved_on: Option<NaiveDate>,
    /// Who signed it, for people, if signatures are required.
    pub signed_by: Option<String>,
}

/// The records that the manifest lacks and that are still about its approvals.
pub(crate) fn pending(manifest: &Manifest, records: &[Record]) -> Vec<Record> {
    let lacks = |record: &&Record| {
        approval(manifest, record).is_some_and(|(_, approval)| approval.mirrored.as_ref() != Some(&record.mirrored))
    };
    records.iter().filter(lacks).cloned().collect()
}

/// What a branch that collects records should contain: for every approval in `manifest`, the pending record, otherwise
/// what the branch, read as `theirs`, already records.
pub(crate) fn gathered(manifest: &Manifest, pending: &[Record], theirs: Option<&Manifest>) -> Vec<Record> {
    manifest.approvals().filter_map(|(image, approval)| gathered_record(image, approval, pending, theirs)).collect()
}

fn gathered_record(
    image: &Image,
    approved: &Approval,
    pending: &[Record],
    theirs: Option<&Manifest>,
) -> Option<Record> {
    let mut record = Record {
        repository: image.repository.clone(),
        tag: approved.tag.clone(),
        digest: approved.digest.clone(),
        mirrored: approved.digest.clone(),
        pull: None,
        approved_on: None,
        signed_by: None,
    };
    if let Some(ours) = pending.iter().find(|r| r.repository == record.repository && r.tag == record.tag) {
        record = Record { digest: record.digest, ..ours.clone() };
    } else {
        let (_, has) = approval(theirs?, &record)?;
        record.mirrored = has.mirrored.clone()?;
        (record.pull, record.approved_on) = (has.pull, has.approved_on);
        record.signed_by.clone_from(&has.signed_by);
    }
    (approved.mirrored.as_ref() != Some(&record.mirrored)).then_some(record)
}

/// The approval that a record is about, if the manifest still has it with that digest.
fn approval<'m>(manifest: &'m Manifest, record: &Record) -> Option<(&'m Image, &'m Approval)> {
    manifest.approvals().find(|(image, approval)| {
        image.repository == record.repository && approval.tag == record.tag && approval.digest == record.digest
    })
}

pub(crate) fn changes<'m>(manifest: &'m Manifest, records: &[Record]) -> impl Iterator<Item = (&'m Image, Change)> {
    records.iter().filter_map(|record| {
        let Record { repository: _, tag, digest: _, mirrored, pull, approved_on, signed_by } = record.clone();
        // Certificates can contain any name; the record is one line.
        let signed_by = signed_by.map(|who| excerpt(&who, SIGNED_BY)).filter(|who| !who.is_empty());
        Some((approval(manifest, record)?.0, Change::Record { tag, mirrored, pull, approved_on, signed_by }))
    })
}

/// The commit's headline and the rest of its message, which names the commit up to which everything was reviewed, if
/// that is known.
pub(crate) fn message(manifest: &Manifest, records: &[Record], settled: Option<&str>) -> (String, String) {
    let lines: Vec<String> = records.iter().map(|r| format!("{}:{} {}", r.repository, r.tag, r.mirrored)).collect();
    let settled = settled.map(|commit| format!("{SETTLED}: {commit}"));
    form::message(&manifest.proposals, &places(manifest, records), &lines.join("\n"), settled.as_deref())
}

pub(crate) fn title(manifest: &Manifest, records: &[Record]) -> String {
    form::title(&manifest.proposals, &places(manifest, records))
}

/// What templates can use of records: how many, and the first of them.
fn places(manifest: &Manifest, records: &[Record]) -> Places {
    let title = match records {
        [one] => format!("Record {}:{} as promoted", one.repository, one.tag),
        many => format!("Record {} promoted images", many.len()),
    };
    let Some(first) = records.first() else { return Places { title, ..Places::default() } };
    let source = approval(manifest, first).map(|(image, _)| image.source_text.clone()).unwrap_or_default();
    let (repository, to) = (first.repository.to_string(), first.tag.to_string());
    Places { title, source, repository, to, kind: "record".to_owned(), ..Places::default() }
}

/// The proposal's body; `branch` is the one that rejects commits.
pub(crate) fn body(manifest: &Manifest, branch: &str, records: &[Record]) -> String {
    let mut body = format!(
        "- Change: the manifest records what the mirror holds for {}\n- Risk: none found\n- On merge: nothing \
         is copied, and nothing waits for it; these images are already promoted\n\n`{branch}` refuses commits, so \
         the record comes as a proposal. Later promotions add to it.\n\n",
        counted(records.len(), "image")
    );
    let named = &records[..records.len().min(NAMED)];
    body.push_str(&table(manifest, named));
    if records.len() > NAMED {
        body.push_str(&format!("\nand {} more\n", records.len() - NAMED));
    }
    let whole: String = named.iter().map(|r| format!("- `{}:{}` `{}`\n", r.repository, r.tag, r.mirrored)).collect();
    let whole = format!("\n{}", folded("Full digests", &whole));
    if body.chars().count() + whole.chars().count() <= BODY_LIMIT { body + &whole } else { body }
}

/// What was promoted; where somebody said why it was asked for, also that, and where it was reviewed.
fn table(manifest: &Manifest, records: &[Record]) -> String {
    let reason = |record| approval(manifest, record).and_then(|(_, approval)| approval.reason.as_deref());
    let asked = records.iter().any(|record| reason(record).is_some());
    let columns: &[&str] =
        if asked { &["mirror", "digest", "reviewed in", "asked for"] } else { &["mirror", "digest"] };
    let (mut table, mut room) = (head(columns), REASONS);
    for record in records {
        let mirror = name_cell(&format!("{}:{}", record.repository, record.tag), MIRROR);
        let mut cells = vec![mirror, format!("`{}`", record.mirrored.short())];
        if asked {
            cells.push(record.pull.map(|number| format!("#{number}")).unwrap_or_default());
            let reason = reason(record).map(|reason| breakable(&excerpt(reason, REASON))).unwrap_or_default();
            let left = room.checked_sub(reason.chars().count());
            room = left.unwrap_or(room);
            cells.push(if left.is_some() { reason } else { "in the manifest: too long for here".to_owned() });
        }
        table.push_str(&row(&cells));
    }
    table
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::manifest::fixtures;
    use crate::proposal::fixtures::approval as approved;

    fn record(approval: &Approval, signed_by: Option<&str>) -> Record {
        Record {
            repository: "loki".parse().unwrap(),
            tag: approval.tag.clone(),
            digest: approval.digest.clone(),
            mirrored: approval.digest.clone(),
            pull: None,
            approved_on: None,
            signed_by: signed_by.map(str::to_owned),
        }
    }

    #[test]
    fn who_signed_is_one_short_line_whatever_a_certificate_says() {
        let mut manifest = fixtures::manifest(&["docker.io/grafana/loki"]);
        manifest.images[0].approved = vec![approved("3.1.0")];
        let of = |signed_by: &str| {
            let record = record(&manifest.images[0].approved[0], Some(signed_by));
            match changes(&manifest, &[record]).next() {
                Some((_, Change::Record { signed_by, .. })) => signed_by,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(of("me@acme.example\n    digest: sha256:0").as_deref(), Some("me@acme.example digest: sha256:0"));
        assert_eq!(of("\u{202e}\n "), None);
        assert_eq!(of(&"x".repeat(5000)).unwrap().chars().count(), SIGNED_BY);
    }

    #[test]
    fn a_branch_that_gathers_records_keeps_who_signed() {
        let mut manifest = fixtures::manifest(&["docker.io/grafana/loki"]);
        manifest.images[0].approved = vec![approved("3.1.0"), approved("3.2.0")];
        let mut theirs = manifest.clone();
        let first = &mut theirs.images[0].approved[0];
        (first.mirrored, first.signed_by) = (Some(first.digest.clone()), Some("keys/a.pub".to_owned()));
        let pending = [record(&manifest.images[0].approved[1], Some("keys/b.pub"))];
        let gathered = gathered(&manifest, &pending, Some(&theirs));
        let signed: Vec<Option<&str>> = gathered.iter().map(|record| record.signed_by.as_deref()).collect();
        assert_eq!(signed, [Some("keys/a.pub"), Some("keys/b.pub")]);
    }

    #[test]
    fn the_body_says_why_something_was_asked_for_and_nothing_else_comes_of_it() {
        let mut manifest = fixtures::manifest(&["docker.io/grafana/loki"]);
        manifest.images[0].approved = vec![approved("3.1.0"), approved("3.2.0")];
        let of = |manifest: &Manifest| {
            let records: Vec<Record> = manifest.images[0].approved.iter().map(|one| record(one, None)).collect();
            let with_pull = |mut record: Record| {
                record.pull = Some(41);
                record
            };
            body(manifest, "main", &records.into_iter().map(with_pull).collect::<Vec<_>>())
        };
        let plain = of(&manifest);
        assert!(plain.contains("| mirror | digest |\n"), "{plain}");
        manifest.images[0].approved[0].reason = Some("asked for by @billing <b> | see #7".to_owned());
        let text = of(&manifest);
        insta::assert_snapshot!(text.lines().filter(|line| line.starts_with('|')).collect::<Vec<_>>().join("\n"), @r"
        | mirror | digest | reviewed in | asked for |
        | --- | --- | --- | --- |
        | `loki:3.1.0` | `84e4509524fd` | #41 | asked for by @<!-- -->billing &lt;b&gt; \| see #<!-- -->7 |
        | `loki:3.2.0` | `a23c8e6b166f` | #41 |  |
        ");
        let approvals = (0..250).map(|n| Approval { reason: Some("<|@".repeat(70)), ..approved(&format!("4.{n}")) });
        manifest.images[0].approved = approvals.collect();
        let long = of(&manifest);
        assert!(long.chars().count() <= BODY_LIMIT, "{}", long.chars().count());
        assert_eq!(long.matches("| #41 |").count(), NAMED);
        let left = long.matches("| in the manifest: too long for here |").count();
        assert!((1..NAMED).contains(&left), "{left}");
    }
}
