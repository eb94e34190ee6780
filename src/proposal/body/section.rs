//! One section per change: what is known about it, its platforms, what was verified, the digests.

use std::fmt::Write as _;

use super::account::Account;
use super::check::{Check, Outcome};
use super::mark::Mark;
use super::{PlatformEvidence, inside, lead, origin, phrases, risk};
use crate::difference::words::Style;
use crate::markdown::{cell, code, folded, html_code, name_cell};
use crate::policy::Standing;
use crate::proposal::Kind;
use crate::text::{short_digests, size, size_difference};

/// The most characters of a platform's name, which is upstream's text.
const PLATFORM: usize = 40;

/// How many platforms a section shows; upstream decides how many exist.
const PLATFORMS: usize = 40;

/// How many of the things that could not be checked a section names.
const CHECKS: usize = 20;

/// A section's place among others.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Among {
    /// It is the only one: the first lines say what it is and what merging does.
    Alone,
    /// Readers unfold it.
    Many,
}

impl Among {
    pub(super) const fn of(count: usize) -> Self {
        match count {
            1 => Self::Alone,
            _ => Self::Many,
        }
    }
}

/// The part of a section that it cannot do without.
pub(super) struct Summary {
    among: Among,
    /// What changed inside; empty if that was not checked.
    changes: String,
    /// What else is said before the details.
    text: String,
}

impl Summary {
    /// The whole section, with as much of the rest as there is.
    pub(super) fn section(&self, lists: &str, details: &str, digests: &str) -> String {
        let Self { among, changes, text } = self;
        let end = if *among == Among::Many || !changes.is_empty() { "\n</details>\n" } else { "" };
        match among {
            Among::Alone => [changes, lists, text, details, digests, end].concat(),
            Among::Many => [text, changes, lists, details, digests, end].concat(),
        }
    }
}

/// Text by others, as code, with short digests.
fn short_code(text: &str, limit: usize) -> String {
    code(&short_digests(text), limit)
}

/// What is said about one change before its details. `age`: whether it was checked since when it has been public.
pub(super) fn summary(account: &Account<'_>, among: Among, age: bool) -> Summary {
    let mut lines = Vec::new();
    if among != Among::Alone {
        let told = account.told(Style::MARKDOWN);
        lines.extend(inside::why(told.as_ref()));
        lines.extend(account.lets_in().then(|| risk::of_one(account)));
        lines.extend(inside::known(told.as_ref()));
        lines.extend(inside::signing(account));
        lines.extend(account.entry().reason.as_ref().map(|reason| format!("Asked for: {}", code(reason, 200))));
        lines.push(format!("On merge: {}", account.merging(code)));
    }
    let called_out = account.marks().iter().any(|mark| matches!(mark, Mark::Revoked | Mark::Urgent));
    if let Some(reason) = account.reason().filter(|_| !called_out) {
        lines.push(format!("Why: {}", code(&reason, 200)));
    }
    match account.entry().kind {
        Kind::New | Kind::Update => {
            lines.extend(phrases::version(account).map(|version| format!("Version: {version}")));
        }
        Kind::Rebuild => lines.extend(rebuild(account)),
        Kind::Retire | Kind::Revoke => {
            lines.extend(account.affected().into_iter().flat_map(|affected| affected.lines(code)));
        }
        Kind::Reject | Kind::Expire => {}
    }
    if account.lets_in() {
        if age {
            let (label, text) = phrases::age(account);
            lines.push(format!("{label}: {text}"));
        }
        if account.standing() != Standing::NotAsked {
            lines.push(format!("Category: {}", account.category_words(code)));
        }
    }
    if among != Among::Alone {
        lines.extend(origin::line(account));
    }
    if among != Among::Alone || !account.lets_in() {
        lines.push(lead::digests(account));
    }
    let changes = match (inside::changes(account), among) {
        (changes, _) if changes.is_empty() => changes,
        (changes, Among::Alone) => format!("### {}\n\n{changes}\n", inside::heading(account)),
        (changes, Among::Many) => format!("\n{}:\n\n{changes}\n", inside::heading(account)),
    };
    let heading = heading(account, among, !changes.is_empty());
    let text = heading + &lines.iter().fold(String::new(), |text, line| text + "- " + line + "\n");
    Summary { among, changes, text }
}

/// How it begins; `folds` if it stands below what changed.
fn heading(account: &Account<'_>, among: Among, folds: bool) -> String {
    let name = lead::name(account);
    match among {
        Among::Alone if folds => {
            "\n<details><summary>Details: age, category, platforms, checks</summary>\n\n".to_owned()
        }
        Among::Alone => "### Details\n\n".to_owned(),
        Among::Many => {
            let (shown, change) = (html_code(&lead::full_name(account), 120), account.change(str::to_owned));
            format!("\n<details><summary>{shown}: {change}</summary>\n\n{name}\n\n")
        }
    }
}

/// How many bytes differ.
fn rebuild(account: &Account<'_>) -> Option<String> {
    let evidence = account.evidence?;
    Some(format!("Bytes: of {}, {}", size(evidence.size?), evidence.exchanged?))
}

/// Platforms of one change, and what was checked for it in addition to what was checked for all.
pub(super) fn details(account: &Account<'_>, of_all: &[Check]) -> String {
    let mut checks = account.checks(short_code);
    checks.retain(|check| !of_all.contains(check));
    platforms(account) + &checklist(&checks, ["Verified:", "Failed:", "Not checked:"])
}

/// What was checked for every change that approves something, if there are several: it is said once.
pub(super) fn of_all(accounts: &[Account<'_>]) -> Vec<Check> {
    let mut incoming = accounts.iter().filter(|account| account.lets_in()).map(|account| account.checks(short_code));
    let (Some(mut common), Some(second)) = (incoming.next(), incoming.next()) else { return Vec::new() };
    for checks in std::iter::once(second).chain(incoming) {
        common.retain(|check| checks.contains(check));
    }
    common
}

/// The same as text.
pub(super) fn checked_of_all(of_all: &[Check]) -> String {
    let [verified, failed, unchecked] =
        ["Verified for each new version:", "Failed for each of them:", "Not checked for any of them:"];
    checklist(of_all, [verified, failed, unchecked])
}

/// The headings are for what was verified, what failed and what was not checked.
fn checklist(checks: &[Check], headings: [&str; 3]) -> String {
    let mut text = String::new();
    let outcomes = [(Outcome::Verified, "✓"), (Outcome::Failed, "✗"), (Outcome::Unchecked, "–")];
    for ((outcome, mark), heading) in outcomes.into_iter().zip(headings) {
        let these: Vec<&String> = checks.iter().filter(|c| c.outcome == outcome).map(|check| &check.text).collect();
        if !these.is_empty() {
            let _ = writeln!(text, "\n{heading}\n");
        }
        for what in these.iter().take(CHECKS) {
            let _ = writeln!(text, "- {mark} {what}");
        }
        if these.len() > CHECKS {
            let _ = writeln!(text, "- {mark} and {} more", these.len() - CHECKS);
        }
    }
    text
}

fn platforms(account: &Account<'_>) -> String {
    let mut text = String::new();
    let Some(evidence) = account.evidence.filter(|e| !e.platforms.is_empty()) else { return text };
    let compared = evidence.size_before.is_some();
    text.push_str(match compared {
        true => "\n| platform | size | difference | digest |\n| --- | --- | --- | --- |\n",
        false => "\n| platform | size | digest |\n| --- | --- | --- |\n",
    });
    let rebuilt = account.entry().kind == Kind::Rebuild;
    for platform in evidence.platforms.iter().take(PLATFORMS) {
        let change = if compared { format!(" {} |", difference(platform, rebuilt)) } else { String::new() };
        let (name, bytes) = (platform_name(platform), size(platform.size));
        let _ = writeln!(text, "| {name} | {bytes} |{change} `{}` |", platform.digest.short());
    }
    for lost in evidence.lost.iter().take(PLATFORMS).filter(|_| compared) {
        let _ = writeln!(text, "| {} |  | **lost** |  |", name_cell(lost, PLATFORM));
    }
    let more = evidence.platforms.len().max(evidence.lost.len()).saturating_sub(PLATFORMS);
    if more > 0 {
        let _ = writeln!(text, "\nand {more} more platforms.");
    }
    text
}

fn platform_name(platform: &PlatformEvidence) -> String {
    if platform.name.is_empty() { "single manifest".to_owned() } else { cell(&platform.name, PLATFORM) }
}

/// How a platform's bytes differ from the approved ones.
fn difference(platform: &PlatformEvidence, rebuilt: bool) -> String {
    match (&platform.before, platform.exchanged) {
        (None, _) => "new".to_owned(),
        (Some((digest, _)), _) if *digest == platform.digest => "unchanged".to_owned(),
        (_, Some(exchanged)) if rebuilt => exchanged.to_string(),
        (Some((_, before)), _) => size_difference(*before, platform.size),
    }
}

/// The digests of one change with all their digits.
pub(super) fn whole_digests(account: &Account<'_>) -> String {
    let mut text = format!("- `{}`\n", account.entry().digest);
    if let Some(before) = account.before().filter(|_| account.entry().kind == Kind::Rebuild) {
        let _ = writeln!(text, "- `{before}`, currently approved");
    }
    let platforms = account.evidence.map(|evidence| evidence.platforms.as_slice()).unwrap_or_default();
    for platform in platforms.iter().filter(|p| p.digest != account.entry().digest).take(PLATFORMS) {
        let _ = writeln!(text, "- `{}`, {}", platform.digest, platform_name(platform));
    }
    format!("\n{}", folded("Full digests", &text))
}
