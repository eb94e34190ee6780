//! What people read on a terminal.

use std::io::{self, Write};

use super::explain::Explanation;
use super::page::Page;
use super::rows::{Check, Outcome, Plan, PlannedImage, PlannedProposal, Promotion};
use super::sections;
use super::terminal::{hanging, wrapped};
use crate::text::{clean, counted, serde_name};

pub(super) fn plan(out: &mut Page, plan: &Plan) -> io::Result<()> {
    planned(out, &plan.proposals)?;
    promotions(out, &plan.promotions)?;
    sections::plan(plan).iter().try_for_each(|section| section.human(out))?;
    sections::failed(&plan.failed).human(out)?;
    first(out, plan.first.as_deref())?;
    if let Some(record) = &plan.record {
        hanging(out, "", "  ", &format!("record: {}", clean(record)))?;
    }
    if let Some(matrix) = &plan.matrix {
        writeln!(out, "matrix: {}", serde_json::to_string(matrix)?)?;
    }
    Ok(())
}

pub(super) fn outcome(out: &mut Page, outcome: &Outcome) -> io::Result<()> {
    sections::outcome(outcome, None).iter().try_for_each(|section| section.human(out))?;
    sections::findings(&outcome.drift).human(out)?;
    sections::failed(&outcome.failed).human(out)?;
    first(out, outcome.first.as_deref())
}

/// Why a first run proposes nothing.
fn first(out: &mut Page, why: Option<&str>) -> io::Result<()> {
    let Some(why) = why else { return Ok(()) };
    wrapped(out, "", why)?;
    writeln!(out)
}

/// What `check` found, except diagnostics: they are shown with their excerpts.
pub(super) fn check(out: &mut Page, check: &Check) -> io::Result<()> {
    promotions(out, &check.promotions)?;
    sections::findings(&check.findings).human(out)?;
    sections::notices(&check.unmatched, &check.unread, &[]).human(out)?;
    sections::failed(&check.failed).human(out)?;
    if check.is_clean() {
        writeln!(out, "no problems in {}", counted(check.looked_at, "image"))?;
    }
    Ok(())
}

pub(super) fn explanation(out: &mut Page, explanation: &Explanation) -> io::Result<()> {
    super::explain::human(out, explanation)?;
    sections::failed(&explanation.failed).human(out)
}

fn promotions(out: &mut Page, promotions: &[Promotion]) -> io::Result<()> {
    sections::promotions(promotions).human(out)?;
    match sections::present(promotions) {
        Some(text) => writeln!(out, "{text}\n"),
        None => Ok(()),
    }
}

fn planned(out: &mut Page, proposals: &[PlannedProposal]) -> io::Result<()> {
    if proposals.is_empty() {
        return Ok(());
    }
    out.heading("Proposals")?;
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

/// What changes, in one line.
fn change(image: &PlannedImage) -> String {
    let kind = if image.facts.change.is_empty() { serde_name(&image.kind) } else { image.facts.change.clone() };
    let tags = match (&image.from, &image.to) {
        (Some(from), Some(to)) if from != to => format!("{from} -> {to}"),
        (_, Some(tag)) | (Some(tag), None) => tag.to_string(),
        (None, None) => String::new(),
    };
    format!("{}: {tags}, {}, {}", image.repository, clean(&kind), image.digest.short())
}

/// What is known about it, one line per fact.
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
    let inside = facts.affected_lines.iter().chain(&facts.inside).cloned();
    let verified = facts.verified.iter().map(|what| format!("[x] {what}"));
    let not_verified = facts.not_verified.iter().map(|what| format!("[ ] {what}"));
    facts_in_words.into_iter().flatten().chain(inside).chain(verified).chain(not_verified).collect()
}
