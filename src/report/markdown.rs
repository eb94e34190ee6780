//! What people read in the job summary.

use super::human::serde_name;
use super::rows::{
    Check, Failed, Finding, Outcome, Plan, PlannedImage, PlannedRepository, Promotion, Removal, Waiting,
};
use super::summary::code;
use crate::diag::Diagnostic;
use crate::markdown::{escaped, table};
use crate::plan::State;
use crate::text::counted;

/// The plan.
#[must_use]
pub fn plan(plan: &Plan) -> String {
    let all = || plan.proposals.iter().flat_map(|p| p.images.iter().map(move |image| (p.branch.as_str(), image)));
    let rows: Vec<_> = all().map(|(branch, image)| planned(branch, image)).collect();
    let columns = ["image", "change", "version", "age", "size", "branch"];
    table("Proposals to make", &columns, &rows)
        + &all().map(|(_, image)| facts(image)).collect::<String>()
        + &promotions(&plan.promotions)
        + &repositories(&plan.repositories)
        + &removals("Tags to take down", &plan.removals)
        + &waiting(&plan.waiting)
        + &failed(&plan.failed)
}

fn planned(branch: &str, image: &PlannedImage) -> Vec<String> {
    let facts = &image.facts;
    let from = image.from.as_ref().filter(|from| Some(*from) != image.to.as_ref());
    let tags = [from, image.to.as_ref()].into_iter().flatten().map(|tag| code(tag.as_str()));
    let kind = if facts.change.is_empty() { serde_name(&image.kind) } else { escaped(&facts.change) };
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
    let said = [
        ("Why", facts.reason.clone().unwrap_or_default()),
        ("On merge", facts.on_merge.clone()),
        ("Category", facts.category_detail.clone()),
        ("Platforms", facts.sizes().unwrap_or_default()),
        ("Platforms lost", facts.platforms_lost.join(", ")),
        ("Verified", facts.verified.join("; ")),
        ("Not verified", facts.not_verified.join("; ")),
    ];
    let lines: String = said
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

/// What was done.
#[must_use]
pub fn outcome(outcome: &Outcome) -> String {
    let proposals: Vec<_> = outcome
        .proposals
        .iter()
        .map(|p| {
            let number = p.number.map_or_else(|| code(&p.branch), |number| linked(number, &p.url));
            vec![serde_name(&p.action), number, code(&p.branch)]
        })
        .collect();
    let promoted: Vec<_> = outcome
        .promoted
        .iter()
        .map(|p| vec![code(&format!("{}:{}", p.repository, p.tag)), code(p.mirrored.as_str())])
        .collect();
    let carried: Vec<_> = outcome
        .carried
        .iter()
        .map(|c| vec![code(&format!("{}:{}", c.repository, c.tag)), code(c.digest.as_str())])
        .collect();
    table("Proposals", &["action", "proposal", "branch"], &proposals)
        + &table("Promoted", &["mirror", "digest"], &promoted)
        + &table("Signatures and attestations", &["of", "digest"], &carried)
        + &listed("Settings mended", &outcome.mended)
        + &removals("Tags taken down", &outcome.removed)
        + &waiting(&outcome.waiting)
        + &findings(&outcome.drift)
        + &failed(&outcome.failed)
}

/// A proposal's number, as a link: a summary makes none of a bare number.
fn linked(number: u64, url: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/".contains(c);
    match url.starts_with("http") && url.chars().all(plain) {
        true => format!("[#{number}]({url})"),
        false => format!("#{number}"),
    }
}

/// What `check` found.
#[must_use]
pub fn check(check: &Check) -> String {
    let clean = check.diagnostics.is_empty() && check.findings.is_empty() && check.failed.is_empty();
    let rest = if clean { "Nothing found.\n\n" } else { "" };
    diagnostics(&check.diagnostics)
        + &findings(&check.findings)
        + &failed(&check.failed)
        + &promotions(&check.promotions)
        + rest
}

/// Faults of the manifest.
#[must_use]
pub fn diagnostics(diagnostics: &[Diagnostic]) -> String {
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
#[must_use]
pub fn error(error: &str) -> String {
    format!("**Error:** {}\n\n", escaped(error))
}

fn promotions(promotions: &[Promotion]) -> String {
    let rows: Vec<_> = promotions
        .iter()
        .filter(|p| p.state != State::Present)
        .map(|p| {
            let mirror = code(&format!("{}:{}", p.repository, p.tag));
            vec![serde_name(&p.state), mirror, code(p.digest.as_str()), escaped(&p.detail)]
        })
        .collect();
    let present = promotions.len() - rows.len();
    let rest = if present > 0 {
        format!("{} promoted already and unchanged.\n\n", counted(present, "approval"))
    } else {
        String::new()
    };
    table("Promotions", &["state", "mirror", "digest", "detail"], &rows) + &rest
}

fn waiting(waiting: &[Waiting]) -> String {
    let rows: Vec<_> = waiting
        .iter()
        .map(|w| {
            let until = w.until.map_or(String::new(), |until| until.format("%Y-%m-%d %H:%M UTC").to_string());
            vec![code(&format!("{}:{}", w.repository, w.tag)), serde_name(&w.reason), until, escaped(&w.detail)]
        })
        .collect();
    table("Waiting", &["version", "reason", "until", "detail"], &rows)
}

fn repositories(repositories: &[PlannedRepository]) -> String {
    let rows: Vec<_> = repositories
        .iter()
        .map(|r| {
            let differs = r.code.map_or(String::new(), code);
            vec![serde_name(&r.action), code(r.repository.as_str()), differs, escaped(&r.detail)]
        })
        .collect();
    table("Repositories", &["action", "repository", "setting", "detail"], &rows)
}

fn removals(heading: &str, removals: &[Removal]) -> String {
    let rows: Vec<_> = removals
        .iter()
        .map(|r| {
            let mirror = code(&format!("{}:{}", r.repository, r.tag));
            vec![serde_name(&r.reason), mirror, code(r.digest.as_str()), escaped(&r.detail)]
        })
        .collect();
    table(heading, &["reason", "mirror", "digest", "detail"], &rows)
}

fn findings(findings: &[Finding]) -> String {
    listed("Findings", findings)
}

fn listed(heading: &str, findings: &[Finding]) -> String {
    let rows: Vec<_> = findings
        .iter()
        .map(|f| {
            let repository = f.repository.as_ref().map_or(String::new(), |r| code(r.as_str()));
            let tag = f.tag.as_ref().map_or(String::new(), |t| code(t.as_str()));
            vec![code(f.code), repository, tag, escaped(&f.expected), escaped(&f.found)]
        })
        .collect();
    table(heading, &["finding", "repository", "tag", "expected", "found"], &rows)
}

pub(super) fn failed(failed: &[Failed]) -> String {
    let rows: Vec<_> = failed
        .iter()
        .map(|f| {
            let subject = f.repository.as_ref().map(crate::image::RepositoryName::as_str).or(f.source.as_deref());
            let tag = f.tag.as_ref().map_or(String::new(), |t| code(t.as_str()));
            vec![serde_name(&f.step), subject.map_or(String::new(), code), tag, escaped(&f.error)]
        })
        .collect();
    table("Failed", &["step", "repository", "tag", "error"], &rows)
}
