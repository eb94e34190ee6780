//! What is known of one approval, for auditors: one JSON object, or text.

use std::io::{self, Write};

use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use super::evidence::PlannedEvidence;
use super::facts::PlannedFacts;
use super::page::Page;
use super::terminal::hanging;
use crate::image::{Digest, RepositoryName, Tag};
use crate::plan::reviews::{Opinion, Verdict};
use crate::proposal::kept::Kept;
use crate::text::{clean, excerpt, serde_name};

/// One approval: what was known of it when it was proposed and now, who approved it, when, by which pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct ApprovalRecord {
    /// The image's source as the manifest writes it.
    pub(crate) image: String,
    /// The mirror's name without the organization.
    pub(crate) repository: RepositoryName,
    /// The tag.
    pub(crate) tag: Tag,
    /// The approved digest.
    pub(crate) digest: Digest,
    /// What the mirror's tag held when it was last read; null until it is promoted.
    pub(crate) mirrored: Option<Digest>,
    /// The UTC date of the commit that brought the approval; null if that is not known.
    #[schemars(with = "Option<String>")]
    pub(crate) approved_on: Option<NaiveDate>,
    /// The pull request that brought it; null if none did, or that is not known.
    pub(crate) pull: Option<u64>,
    /// Its page; null if the forge does not tell.
    pub(crate) url: Option<String>,
    /// When it was merged; null if the forge does not tell.
    #[schemars(with = "Option<String>")]
    pub(crate) merged_at: Option<DateTime<Utc>>,
    /// Who merged it; null if the forge does not tell.
    pub(crate) merged_by: Option<String>,
    /// Why it was asked for; null if nobody said so.
    pub(crate) reason: Option<String>,
    /// Why the manifest revokes these bytes; null if it does not.
    pub(crate) revoked: Option<String>,
    /// Who signed it when it was promoted, as the manifest records it.
    pub(crate) signed_by: Option<String>,
    /// Each reviewer's latest review of the pull request.
    pub(crate) reviews: Vec<GivenReview>,
    /// What was known when it was proposed; null if that was not kept.
    pub(crate) then: Option<Kept>,
    /// What is known now, compared with the version before it; null if nothing could be checked.
    pub(crate) now: Option<PlannedEvidence>,
    /// What could not be found out, and why.
    pub(crate) unknown: Vec<String>,
    /// The evidence of now for people.
    #[serde(skip)]
    pub(crate) facts: PlannedFacts,
}

/// One review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct GivenReview {
    /// The reviewer's login.
    pub(crate) who: String,
    /// What it said.
    pub(crate) verdict: ReviewVerdict,
    /// When it was given; null if the forge does not tell.
    #[schemars(with = "Option<String>")]
    pub(crate) when: Option<DateTime<Utc>>,
    /// The commit that was reviewed; null if the forge does not tell.
    pub(crate) commit: Option<String>,
}

/// What a review said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ReviewVerdict {
    /// It approved.
    Approved,
    /// It asked for changes.
    ChangesRequested,
    /// It was withdrawn or dismissed.
    Dismissed,
}

impl From<Opinion> for GivenReview {
    fn from(Opinion { review, .. }: Opinion) -> Self {
        let verdict = match review.verdict {
            Verdict::Approved => ReviewVerdict::Approved,
            Verdict::ChangesRequested => ReviewVerdict::ChangesRequested,
            Verdict::Dismissed => ReviewVerdict::Dismissed,
        };
        Self { who: excerpt(&review.login, 100), verdict, when: review.at, commit: review.commit }
    }
}

pub(super) fn human(out: &mut Page, record: &ApprovalRecord) -> io::Result<()> {
    writeln!(out, "{}:{}", clean(&record.image), record.tag)?;
    for line in lines(record) {
        let depth = line.chars().take_while(|c| *c == ' ').count();
        hanging(out, &" ".repeat(depth + 2), "  ", &clean(&line))?;
    }
    Ok(())
}

fn lines(record: &ApprovalRecord) -> Vec<String> {
    let ApprovalRecord {
        digest,
        mirrored,
        approved_on,
        pull,
        reason,
        revoked,
        signed_by,
        then,
        now,
        facts,
        unknown,
        ..
    } = record;
    let or_unknown = |text: Option<String>| text.unwrap_or_else(|| "unknown".to_owned());
    let mut lines = vec![
        format!("digest: {digest}"),
        format!("mirrored: {}", mirrored.as_ref().map_or_else(|| "not yet".to_owned(), ToString::to_string)),
        format!("approved on: {}", or_unknown(approved_on.map(|date| date.to_string()))),
        format!("pull request: {}", or_unknown(pull.map(|number| merged(record, number)))),
    ];
    lines.extend(revoked.iter().map(|reason| format!("revoked: {reason}")));
    lines.extend(reason.iter().map(|reason| format!("asked for: {reason}")));
    lines.extend(signed_by.iter().map(|who| format!("signed by: {who}")));
    lines.extend(record.reviews.iter().map(review));
    lines.push(format!("when it was proposed: {}", then.as_ref().map_or_else(|| "not kept".to_owned(), kept)));
    lines.push(match now {
        None => "now: nothing could be checked".to_owned(),
        Some(PlannedEvidence { from: None, .. }) => "now, as the first version:".to_owned(),
        Some(PlannedEvidence { from: Some(from), .. }) => format!("now, compared with {from}:"),
    });
    lines.extend(facts.inside.iter().map(|line| format!("  {line}")));
    lines.extend(facts.verified.iter().map(|what| format!("  [x] {what}")));
    lines.extend(facts.not_verified.iter().map(|what| format!("  [ ] {what}")));
    lines.extend(unknown.iter().map(|what| format!("unknown: {what}")));
    lines
}

fn merged(record: &ApprovalRecord, number: u64) -> String {
    let by = record.merged_by.as_ref().map(|who| format!(" by {who}")).unwrap_or_default();
    let at = record.merged_at.map(|at| format!(", merged{by} on {}", at.format("%Y-%m-%d %H:%M UTC")));
    let url = record.url.as_ref().map(|url| format!(" ({url})")).unwrap_or_default();
    format!("#{number}{url}{}", at.unwrap_or_default())
}

fn review(review: &GivenReview) -> String {
    let at = review.when.map(|at| format!(" on {}", at.format("%Y-%m-%d %H:%M UTC"))).unwrap_or_default();
    let commit = review.commit.as_ref().map(|commit| format!(", at {commit}")).unwrap_or_default();
    format!("review: {} by {}{at}{commit}", serde_name(&review.verdict), review.who)
}

/// What was kept, in one line.
fn kept(kept: &Kept) -> String {
    let Kept { why, marks, signatures, packages, vulnerabilities, .. } = kept;
    let joined = |names: Vec<String>| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let why = why.map_or_else(|| "nothing to compare with".to_owned(), |why| why.word().to_owned());
    format!(
        "{why}; marks: {}; signatures: {}; packages ({}): {} added, {} removed, {} upgraded, {} downgraded; \
         vulnerabilities ({}): {} fixed, {} new, {} the same",
        joined(marks.iter().map(|mark| mark.words().to_owned()).collect()),
        joined(signatures.iter().map(|state| state.as_str().to_owned()).collect()),
        serde_name(&packages.source),
        packages.added,
        packages.removed,
        packages.upgraded,
        packages.downgraded,
        serde_name(&vulnerabilities.source),
        vulnerabilities.fixed,
        vulnerabilities.new,
        vulnerabilities.same,
    )
}
