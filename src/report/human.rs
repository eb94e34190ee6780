//! What people read on a terminal: at most 80 columns wherever the names allow it.

use std::io::{self, Write};

use super::explain::Explanation;
use super::rows::{
    Carried, Check, Failed, Finding, Outcome, Plan, PlannedImage, PlannedProposal, PlannedRepository, Promoted,
    Promotion, Proposed, Removal, Waiting,
};
use crate::plan::State;
use crate::text::{clean, pad};

const WIDTH: usize = 80;

/// The plan: proposals, promotions, what waits and what failed.
///
/// # Errors
/// Where the sink fails.
pub fn plan(out: &mut dyn Write, plan: &Plan) -> io::Result<()> {
    planned(out, &plan.proposals)?;
    promotions(out, &plan.promotions)?;
    let rows: Vec<_> = plan.repositories.iter().map(repository).collect();
    section(out, "Repositories", &rows)?;
    removals(out, "Tags to take down", &plan.removals)?;
    waiting(out, &plan.waiting)?;
    failed(out, &plan.failed)?;
    if let Some(matrix) = &plan.matrix {
        writeln!(out, "matrix: {}", serde_json::to_string(matrix)?)?;
    }
    Ok(())
}

/// What was done.
///
/// # Errors
/// Where the sink fails.
pub fn outcome(out: &mut dyn Write, outcome: &Outcome) -> io::Result<()> {
    let rows: Vec<_> = outcome.proposals.iter().map(proposed).collect();
    section(out, "Proposals", &rows)?;
    let rows: Vec<_> = outcome.promoted.iter().map(promoted).collect();
    section(out, "Promoted", &rows)?;
    let rows: Vec<_> = outcome.carried.iter().map(carried).collect();
    section(out, "Signatures and attestations", &rows)?;
    let rows: Vec<_> = outcome.mended.iter().map(mended).collect();
    section(out, "Settings mended", &rows)?;
    removals(out, "Tags taken down", &outcome.removed)?;
    waiting(out, &outcome.waiting)?;
    findings(out, &outcome.drift)?;
    failed(out, &outcome.failed)
}

/// What `check` found, diagnostics apart: they are shown with their excerpts.
///
/// # Errors
/// Where the sink fails.
pub fn check(out: &mut dyn Write, check: &Check) -> io::Result<()> {
    promotions(out, &check.promotions)?;
    findings(out, &check.findings)?;
    failed(out, &check.failed)?;
    if check.diagnostics.is_empty() && check.findings.is_empty() && check.failed.is_empty() {
        writeln!(out, "nothing found")?;
    }
    Ok(())
}

/// What rules make of tags.
///
/// # Errors
/// Where the sink fails.
pub fn explanation(out: &mut dyn Write, explanation: &Explanation) -> io::Result<()> {
    super::explain::human(out, explanation)?;
    failed(out, &explanation.failed)
}

fn planned(out: &mut dyn Write, proposals: &[PlannedProposal]) -> io::Result<()> {
    if proposals.is_empty() {
        return Ok(());
    }
    writeln!(out, "Proposals")?;
    for proposal in proposals {
        wrapped(out, "  ", &clean(proposal.title.as_ref().unwrap_or(&proposal.branch)))?;
        if proposal.title.is_some() {
            wrapped(out, "    ", &format!("on {}", proposal.branch))?;
        }
        for image in &proposal.images {
            wrapped(out, "    ", &change(image))?;
            for fact in facts(image) {
                hanging(out, "      ", "  ", &clean(&fact))?;
            }
        }
        if let Some(detail) = &proposal.detail {
            wrapped(out, "    ", &format!("not now: {}", clean(detail)))?;
        }
    }
    writeln!(out)
}

/// What changes, in a line.
fn change(image: &PlannedImage) -> String {
    let kind = if image.facts.change.is_empty() { serde_name(&image.kind) } else { image.facts.change.clone() };
    let tags = match (&image.from, &image.to) {
        (Some(from), Some(to)) if from != to => format!("{from} -> {to}"),
        (_, Some(tag)) | (Some(tag), None) => tag.to_string(),
        (None, None) => String::new(),
    };
    format!("{}: {tags}, {}, {}", image.repository, clean(&kind), image.digest.short())
}

/// What is known of it, a line a fact.
fn facts(image: &PlannedImage) -> Vec<String> {
    let facts = &image.facts;
    let labelled = |label: &str, text: &str| (!text.is_empty()).then(|| format!("{label}: {text}"));
    let facts_in_words = [
        labelled("why", facts.reason.as_deref().unwrap_or_default()),
        labelled("on merge", &facts.on_merge),
        facts.age(),
        labelled("category", &facts.category_detail),
        facts.sizes(),
        labelled("platforms lost", &facts.platforms_lost.join(", ")),
    ];
    let verified = facts.verified.iter().map(|what| format!("[x] {what}"));
    let not_verified = facts.not_verified.iter().map(|what| format!("[ ] {what}"));
    facts_in_words.into_iter().flatten().chain(verified).chain(not_verified).collect()
}

fn promotions(out: &mut dyn Write, promotions: &[Promotion]) -> io::Result<()> {
    let present = promotions.iter().filter(|p| p.state == State::Present).count();
    let rows: Vec<_> = promotions.iter().filter(|p| p.state != State::Present).map(promotion).collect();
    section(out, "Promotions", &rows)?;
    if present > 0 {
        writeln!(out, "{} promoted already and unchanged\n", crate::text::counted(present, "approval"))?;
    }
    Ok(())
}

fn promotion(promotion: &Promotion) -> Vec<String> {
    vec![
        serde_name(&promotion.state),
        format!("{}:{}", promotion.repository, promotion.tag),
        promotion.digest.short().to_owned(),
        promotion.detail.clone(),
    ]
}

fn repository(planned: &PlannedRepository) -> Vec<String> {
    let code = planned.code.unwrap_or_default().to_owned();
    vec![serde_name(&planned.action), planned.repository.to_string(), code, planned.detail.clone()]
}

fn mended(finding: &Finding) -> Vec<String> {
    let repository = finding.repository.as_ref().map(ToString::to_string).unwrap_or_default();
    vec![finding.code.to_owned(), repository, String::new(), format!("{}, was {}", finding.expected, finding.found)]
}

fn removals(out: &mut dyn Write, heading: &str, removals: &[Removal]) -> io::Result<()> {
    let row = |r: &Removal| {
        let mirror = format!("{}:{}", r.repository, r.tag);
        vec![serde_name(&r.reason), mirror, r.digest.short().to_owned(), r.detail.clone()]
    };
    section(out, heading, &removals.iter().map(row).collect::<Vec<_>>())
}

fn waiting(out: &mut dyn Write, waiting: &[Waiting]) -> io::Result<()> {
    let rows: Vec<_> = waiting
        .iter()
        .map(|w| {
            let until = w.until.map_or(String::new(), |until| format!("until {}", until.format("%Y-%m-%d %H:%M UTC")));
            vec![serde_name(&w.reason), format!("{}:{}", w.repository, w.tag), until, w.detail.clone()]
        })
        .collect();
    section(out, "Waiting", &rows)
}

fn findings(out: &mut dyn Write, findings: &[Finding]) -> io::Result<()> {
    let rows: Vec<_> = findings
        .iter()
        .map(|f| {
            let name = name(f.repository.as_ref().map(ToString::to_string), f.tag.as_ref().map(ToString::to_string));
            vec![f.code.to_owned(), name, String::new(), format!("expected {}, found {}", f.expected, f.found)]
        })
        .collect();
    section(out, "Findings", &rows)
}

pub(super) fn failed(out: &mut dyn Write, failed: &[Failed]) -> io::Result<()> {
    let rows: Vec<_> = failed
        .iter()
        .map(|f| {
            let subject = f.repository.as_ref().map(ToString::to_string).or_else(|| f.source.clone());
            let name = name(subject, f.tag.as_ref().map(ToString::to_string));
            vec![serde_name(&f.step), name, String::new(), f.error.clone()]
        })
        .collect();
    section(out, "Failed", &rows)
}

fn proposed(proposal: &Proposed) -> Vec<String> {
    // Without a forge's page, the branch is the place to look at, and it stands there already.
    let url = Some(&proposal.url).filter(|url| **url != proposal.branch);
    let prose: Vec<&str> = url.into_iter().chain(&proposal.detail).map(String::as_str).collect();
    vec![serde_name(&proposal.action), proposal.branch.clone(), String::new(), prose.join(" ")]
}

fn promoted(promoted: &Promoted) -> Vec<String> {
    let mirror = format!("{}:{}", promoted.repository, promoted.tag);
    vec!["promoted".to_owned(), mirror, String::new(), promoted.mirrored.to_string()]
}

fn carried(carried: &Carried) -> Vec<String> {
    let mirror = format!("{}:{}", carried.repository, carried.tag);
    vec!["carried".to_owned(), mirror, String::new(), carried.digest.to_string()]
}

fn name(subject: Option<String>, tag: Option<String>) -> String {
    match (subject, tag) {
        (Some(subject), Some(tag)) => format!("{subject}:{tag}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => String::new(),
    }
}

/// A heading, the rows and an empty line; nothing where there are no rows.
fn section(out: &mut dyn Write, heading: &str, rows: &[Vec<String>]) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out, "{heading}")?;
    aligned(out, "  ", rows)?;
    writeln!(out)
}

/// Rows whose first three cells stand in columns; the fourth is prose, on lines of its own below.
pub(super) fn aligned(out: &mut dyn Write, indent: &str, rows: &[Vec<String>]) -> io::Result<()> {
    let width = |column: usize| {
        rows.iter().map(|row| row.get(column).map_or(0, |cell| clean(cell).chars().count())).max().unwrap_or(0)
    };
    let (first, second) = (width(0), width(1));
    for row in rows {
        let cell = |column: usize| row.get(column).map(|cell| clean(cell)).unwrap_or_default();
        let line = format!("{indent}{}  {}  {}", pad(&cell(0), first), pad(&cell(1), second), cell(2));
        match line.trim_end() {
            line if line.chars().count() <= WIDTH => writeln!(out, "{line}")?,
            _ => hanging(out, indent, "  ", &format!("{} {} {}", cell(0), cell(1), cell(2)))?,
        }
        wrapped(out, &format!("{indent}    "), &cell(3))?;
    }
    Ok(())
}

/// Prose on lines of at most [`WIDTH`] columns; a longer word stands on a line of its own.
pub(super) fn wrapped(out: &mut dyn Write, indent: &str, prose: &str) -> io::Result<()> {
    hanging(out, indent, "", prose)
}

/// The same, with every line but the first further in.
fn hanging(out: &mut dyn Write, indent: &str, further: &str, prose: &str) -> io::Result<()> {
    let mut line = indent.to_owned();
    let mut empty = true;
    for word in prose.split_whitespace() {
        if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            writeln!(out, "{line}")?;
            line = format!("{indent}{further}");
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    if empty { Ok(()) } else { writeln!(out, "{line}") }
}

/// The name that a unit variant has in JSON, so that people and programs read the same word.
pub(super) fn serde_name(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}
