//! The job summary of a run that proposes or promotes: how it ended, what failed, then one table per fact.

use super::rows::{Failed, Outcome, Plan, PlannedImage, Promotion, ProposedAction};
use super::summary::code;
use super::table::Section;
use super::{markdown, sections};
use crate::markdown::{escaped, folded, table};
use crate::plan::State;
use crate::plan::aliases::AliasState;
use crate::proposal::body::Mark;
use crate::text::{counted, serde_name, short_digests};

/// What a run did, otherwise what it would do. What was planned and then done appears once.
pub(super) fn markdown(plan: Option<&Plan>, outcome: Option<&Outcome>) -> String {
    match (plan, outcome) {
        (None, None) => String::new(),
        (Some(plan), None) => planned(plan),
        (plan, Some(outcome)) => done(plan, outcome),
    }
}

fn done(plan: Option<&Plan>, outcome: &Outcome) -> String {
    let mut failed = outcome.failed.clone();
    let planned = plan.into_iter().flat_map(|plan| &plan.failed);
    failed.extend(planned.filter(|row| !outcome.failed.contains(row)).cloned());
    let present = plan.and_then(|plan| sections::present(&plan.promotions));
    headline(&failed, &ended(outcome))
        + &sections::failed(&failed).markdown()
        + &sections::findings(&outcome.drift).markdown()
        + &outcome.first.as_ref().map_or(String::new(), |why| format!("{why}\n\n"))
        + &not_done(plan, outcome, &failed)
        + &sections::outcome(outcome, plan).iter().map(Section::markdown).collect::<String>()
        + &present.map_or(String::new(), |text| format!("{text}.\n\n"))
}

/// What should have been promoted but is reported neither as promoted nor as failed: the run was asked to end.
fn not_done(plan: Option<&Plan>, outcome: &Outcome, failed: &[Failed]) -> String {
    let is_told = |planned: &Promotion| {
        outcome.promoted.iter().any(|done| done.repository == planned.repository && done.tag == planned.tag)
            || failed.iter().any(|failed| {
                let same_tag = failed.tag.as_ref().is_none_or(|tag| *tag == planned.tag);
                failed.repository.as_ref() == Some(&planned.repository) && same_tag
            })
    };
    let planned = plan.into_iter().flat_map(|plan| &plan.promotions);
    let left: Vec<Promotion> =
        planned.filter(|planned| planned.state == State::Copy && !is_told(planned)).cloned().collect();
    sections::promotions_under("Not done", &left).markdown()
}

/// What failed, in bold, then what was done.
fn headline(failed: &[Failed], done: &[String]) -> String {
    let failed = (!failed.is_empty()).then(|| format!("**{} failed**", failed.len()));
    let parts: Vec<String> = failed.into_iter().chain(done.iter().cloned()).collect();
    if parts.is_empty() { String::new() } else { format!("{}.\n\n", parts.join("; ")) }
}

fn ended(outcome: &Outcome) -> Vec<String> {
    if let Some(text) = outcome.nothing_done() {
        return vec![text.to_owned()];
    }
    let proposals = |action| outcome.proposals.iter().filter(|proposal| proposal.action == action).count();
    let counts = [
        (outcome.drift.len(), counted(outcome.drift.len(), "finding")),
        (outcome.promoted.len(), format!("{} promoted", outcome.promoted.len())),
        (proposals(ProposedAction::Opened), of_proposals(proposals(ProposedAction::Opened), "opened")),
        (proposals(ProposedAction::Updated), of_proposals(proposals(ProposedAction::Updated), "updated")),
        (proposals(ProposedAction::Closed), of_proposals(proposals(ProposedAction::Closed), "closed")),
        (outcome.fixed.len(), counted(outcome.fixed.len(), "setting") + " changed"),
        (outcome.aliases.len(), format!("{} moved", of_aliases(outcome.aliases.len()))),
        (outcome.removed.len(), counted(outcome.removed.len(), "tag") + " deleted"),
        (outcome.waiting.len(), counted(outcome.waiting.len(), "version") + " waiting"),
    ];
    counts.into_iter().filter(|(count, _)| *count > 0).map(|(_, words)| words).collect()
}

fn of_aliases(count: usize) -> String {
    if count == 1 { "1 alias".to_owned() } else { format!("{count} aliases") }
}

fn of_proposals(count: usize, action: &str) -> String {
    format!("{} {action}", counted(count, "proposal"))
}

/// From this many changes on, the details of each are folded.
const FOLDED: usize = 3;

fn planned(plan: &Plan) -> String {
    let all = || plan.proposals.iter().flat_map(|p| p.images.iter().map(move |image| (p.branch.as_str(), image)));
    let rows: Vec<_> = all().map(|(branch, image)| row(branch, image)).collect();
    let columns = ["image", "change", "version", "age", "size", "branch"];
    let known: String = all().map(|(_, image)| facts(image)).collect();
    let known = match rows.len() > FOLDED && !known.is_empty() {
        true => folded("Details of each", &known) + "\n",
        false => known,
    };
    headline(&plan.failed, &intended(plan))
        + &sections::failed(&plan.failed).markdown()
        + &plan.first.as_ref().map_or(String::new(), |why| format!("{why}\n\n"))
        + &table("Proposals to make", &columns, &rows)
        + &known
        + &markdown::promotions(&plan.promotions)
        + &sections::plan(plan).iter().map(Section::markdown).collect::<String>()
}

/// What would be done.
fn intended(plan: &Plan) -> Vec<String> {
    let set = plan.aliases.iter().filter(|alias| alias.state == AliasState::Set).count();
    let copies = plan.promotions.iter().filter(|promotion| promotion.state == State::Copy).count();
    let counts = [
        (plan.proposals.len(), counted(plan.proposals.len(), "proposal") + " to make"),
        (copies, counted(copies, "image") + " to copy"),
        (set, of_aliases(set) + " to move"),
        (plan.removals.len(), counted(plan.removals.len(), "tag") + " to delete"),
        (plan.waiting.len(), counted(plan.waiting.len(), "version") + " waiting"),
    ];
    let parts: Vec<String> = counts.into_iter().filter(|(count, _)| *count > 0).map(|(_, words)| words).collect();
    if parts.is_empty() { vec!["nothing to propose, nothing to copy".to_owned()] } else { parts }
}

fn row(branch: &str, image: &PlannedImage) -> Vec<String> {
    let facts = &image.facts;
    let from = image.from.as_ref().filter(|from| Some(*from) != image.to.as_ref());
    let tags = [from, image.to.as_ref()].into_iter().flatten().map(|tag| code(tag.as_str()));
    let kind = match facts.change.as_str() {
        "" => serde_name(&image.kind),
        change if facts.marks.contains(&Mark::Downgrade) => format!("**{}**", escaped(change)),
        change => escaped(change),
    };
    vec![
        code(image.repository.as_str()),
        kind,
        tags.collect::<Vec<_>>().join(" → "),
        escaped(&facts.age().unwrap_or_default()),
        facts.total().unwrap_or_default(),
        code(branch),
    ]
}

/// What does not fit in a table, as in the proposal's body.
fn facts(image: &PlannedImage) -> String {
    let facts = &image.facts;
    let labelled = [
        ("Why", facts.reason.clone().unwrap_or_default()),
        ("On merge", facts.on_merge.clone()),
        ("Affected", facts.affected_lines.join("; ")),
        ("Category", facts.category_detail.clone()),
        ("Platforms", facts.sizes().unwrap_or_default()),
        ("Release notes", facts.release_notes.clone().unwrap_or_default()),
        ("Source", facts.source_changes.clone().unwrap_or_default()),
        ("Platforms lost", facts.platforms_lost.join(", ")),
        ("Inside", facts.inside.join("; ")),
        ("Verified", facts.verified.join("; ")),
        ("Not verified", facts.not_verified.join("; ")),
    ];
    let link = |label: &str| matches!(label, "Release notes" | "Source");
    let lines: String = labelled
        .iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(label, text)| match link(label) {
            // made by this program, from plain characters only
            true => format!("- [{label}]({text})\n"),
            false => format!("- {label}: {}\n", escaped(&short_digests(text))),
        })
        .collect();
    let tag = image.to.as_ref().or(image.from.as_ref()).map(|tag| format!(":{tag}")).unwrap_or_default();
    match lines.is_empty() {
        true => String::new(),
        false => {
            let name = code(&format!("{}{tag}", image.repository));
            format!("{name} {}\n\n{lines}\n", code(image.digest.short()))
        }
    }
}
