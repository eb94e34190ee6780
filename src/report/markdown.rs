//! What people read in the job summary.

use super::rows::{Check, Outcome, Plan, PlannedImage, Promotion};
use super::sections;
use super::summary::code;
use super::table::Section;
use super::terminal::serde_name;
use crate::diag::Diagnostic;
use crate::markdown::{escaped, table};
use crate::proposal::body::Mark;

pub(super) fn plan(plan: &Plan) -> String {
    let all = || plan.proposals.iter().flat_map(|p| p.images.iter().map(move |image| (p.branch.as_str(), image)));
    let rows: Vec<_> = all().map(|(branch, image)| planned(branch, image)).collect();
    let columns = ["image", "change", "version", "age", "size", "branch"];
    table("Proposals to make", &columns, &rows)
        + &all().map(|(_, image)| facts(image)).collect::<String>()
        + &promotions(&plan.promotions)
        + &sections::plan(plan).iter().map(Section::markdown).collect::<String>()
}

pub(super) fn outcome(outcome: &Outcome) -> String {
    let first = outcome.first.as_ref().map_or(String::new(), |why| format!("{why}\n\n"));
    sections::outcome(outcome).iter().map(Section::markdown).collect::<String>() + &first
}

pub(super) fn check(check: &Check) -> String {
    diagnostics(&check.diagnostics)
        + &sections::findings(&check.findings).markdown()
        + &sections::notices(&check.unmatched, &check.unread, &[]).markdown()
        + &sections::failed(&check.failed).markdown()
        + &promotions(&check.promotions)
        + if check.is_clean() { "Nothing found.\n\n" } else { "" }
}

fn promotions(promotions: &[Promotion]) -> String {
    let rest = sections::present(promotions).map_or(String::new(), |text| format!("{text}.\n\n"));
    sections::promotions(promotions).markdown() + &rest
}

pub(super) fn diagnostics(diagnostics: &[Diagnostic]) -> String {
    let rows: Vec<_> = diagnostics
        .iter()
        .map(|d| {
            let place = format!("{}:{}:{}", d.file, d.line, d.column);
            vec![code(d.code), code(&place), escaped(&d.message), escaped(&d.help)]
        })
        .collect();
    table("The manifest cannot be used", &["code", "place", "what is wrong", "how to mend it"], &rows)
}

/// Why nothing, or no more, was done.
pub(super) fn error(error: &str) -> String {
    format!("**Error:** {}\n\n", escaped(error))
}

fn planned(branch: &str, image: &PlannedImage) -> Vec<String> {
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

/// What a table has no room for, as the proposal's body says it.
fn facts(image: &PlannedImage) -> String {
    let facts = &image.facts;
    let labelled = [
        ("Why", facts.reason.clone().unwrap_or_default()),
        ("On merge", facts.on_merge.clone()),
        ("Category", facts.category_detail.clone()),
        ("Platforms", facts.sizes().unwrap_or_default()),
        ("Platforms lost", facts.platforms_lost.join(", ")),
        ("Verified", facts.verified.join("; ")),
        ("Not verified", facts.not_verified.join("; ")),
    ];
    let lines: String = labelled
        .iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(label, text)| format!("- **{label}:** {}\n", escaped(text)))
        .collect();
    let tag = image.to.as_ref().or(image.from.as_ref()).map(|tag| format!(":{tag}")).unwrap_or_default();
    match lines.is_empty() {
        true => String::new(),
        false => {
            let name = code(&format!("{}{tag}", image.repository));
            format!("**{name}** {}\n\n{lines}\n", code(image.digest.as_str()))
        }
    }
}
