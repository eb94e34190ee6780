//! The parts of a body: the table with a row a change, a section a change, and what a reviewer can do.

use std::fmt::Write as _;

use super::account::{Account, Mark};
use super::phrases;
use crate::image::Tag;
use crate::markdown::{cell, code};
use crate::proposal::Kind;
use crate::text::{size, size_difference};

/// The most characters of a platform's name, which is upstream's text.
const PLATFORM: usize = 60;

/// How many platforms a section shows; upstream decides how many there are.
const PLATFORMS: usize = 40;

/// How many of the things that could not be looked at a section names.
const CHECKS: usize = 20;

/// How many changes are called out above the table, which marks all of them.
const CALLS: usize = 10;

/// What a tired reviewer has to see before anything else: hurry, revocations, downgrades, and of a group what it holds.
pub(super) fn opening(accounts: &[Account<'_>]) -> String {
    let mut text = String::new();
    let calls: Vec<String> = accounts.iter().flat_map(calls).collect();
    for call in calls.iter().take(CALLS) {
        let _ = writeln!(text, "{call}\n");
    }
    if calls.len() > CALLS {
        let _ = writeln!(text, "**{} more like these:** their rows say so.\n", calls.len() - CALLS);
    }
    if accounts.len() > 3 {
        let _ = writeln!(text, "{}\n", counts(accounts));
    }
    text
}

/// What of one change is called out.
fn calls(account: &Account<'_>) -> Vec<String> {
    let name = name(account);
    let reason = account.reason().map(|reason| code(&reason, 200)).unwrap_or_default();
    let call = |mark| match mark {
        Mark::Revoked => Some(format!("> [!CAUTION]\n> Revoked: {name} must not be used any more. Why: {reason}")),
        Mark::Urgent => Some(format!("> [!WARNING]\n> Urgent: {name} does not wait for the cooldown. Why: {reason}")),
        Mark::TagMoved => {
            let why = if account.item.is_earlier {
                ", but an earlier one of it: what it answers now is too young"
            } else {
                " any more"
            };
            Some(format!("> [!WARNING]\n> Moved on: upstream's {name} does not answer the digest proposed here{why}."))
        }
        Mark::Downgrade => account.update().map(|(from, _)| {
            let from = code(from.as_str(), 128);
            format!("> [!WARNING]\n> **Downgrade:** {name} is older than {from}, which is approved.")
        }),
        _ => None,
    };
    account.marks().into_iter().filter_map(call).collect()
}

/// Of a group what it holds, the gravest first: `20 changes: 1 **major** update, 2 **rebuild**, 17 patch update`.
fn counts(accounts: &[Account<'_>]) -> String {
    let mut kinds: Vec<(String, usize)> = Vec::new();
    for account in accounts {
        let change = account.change(strong);
        match kinds.iter_mut().find(|(kind, _)| *kind == change) {
            Some((_, count)) => *count += 1,
            None => kinds.push((change, 1)),
        }
    }
    let kinds: Vec<String> = kinds.into_iter().map(|(kind, count)| format!("{count} × {kind}")).collect();
    format!("{} changes: {}.", accounts.len(), kinds.join("; "))
}

/// The header, then a row a change. `short` has nothing but what a row cannot be without; so has one of what leaves.
pub(super) fn table(accounts: &[Account<'_>], short: bool) -> Vec<String> {
    let short = short || !accounts.iter().any(Account::lets_in);
    let header = match short {
        true => "| image | change | version |\n| --- | --- | --- |\n",
        false => "| image | change | version | waited | size |\n| --- | --- | --- | --- | --- |\n",
    };
    let row = |account: &Account<'_>| {
        let source = cell(&account.entry().source, if short { 60 } else { 100 });
        let row = format!("| {source} | {} | {} |", account.change(strong), version(account));
        if short { row + "\n" } else { format!("{row} {} | {} |\n", waited(account), sizes(account)) }
    };
    std::iter::once(header.to_owned()).chain(accounts.iter().map(row)).collect()
}

fn strong(text: &str) -> String {
    format!("**{text}**")
}

/// From what to what.
fn version(account: &Account<'_>) -> String {
    let tag = |tag: Option<&Tag>| tag.map(|t| cell(t.as_str(), 128)).unwrap_or_default();
    let (from, to) = (account.entry().from.as_ref(), account.entry().to.as_ref());
    match account.entry().kind {
        Kind::Update if from.is_some() => format!("{} → {}", tag(from), tag(to)),
        Kind::Rebuild => format!("{}, other bytes", tag(to)),
        Kind::Retire => format!("{} leaves", tag(to)),
        _ => tag(to),
    }
}

fn waited(account: &Account<'_>) -> String {
    match (account.lets_in(), account.waited(), account.since()) {
        (false, ..) => String::new(),
        (true, Some(waited), _) => phrases::span(waited),
        (true, None, Some(since)) => since.to_string(),
        (true, None, None) if account.image().cooldown.is_zero() => "not asked".to_owned(),
        (true, None, None) => "unknown".to_owned(),
    }
}

fn sizes(account: &Account<'_>) -> String {
    let Some(bytes) = account.evidence.and_then(|e| e.size) else { return String::new() };
    let before = account.evidence.and_then(|e| e.size_before).map(|b| format!(" ({})", size_difference(b, bytes)));
    format!("{}{}", size(bytes), before.unwrap_or_default())
}

/// The image with its tag, as a link where we know a page of it.
fn name(account: &Account<'_>) -> String {
    let source = &account.image().source;
    let name = account.entry().to.as_ref().map_or_else(|| source.to_string(), |tag| format!("{source}:{tag}"));
    let shown = code(&name, 400);
    account.link().map_or_else(|| shown.clone(), |url| format!("[{shown}]({url})"))
}

/// What is said of one change before its details. `age`: whether its age was asked about.
pub(super) fn summary(account: &Account<'_>, age: bool) -> String {
    let entry = account.entry();
    let mut summary = format!("\n### {}\n\n- **On merge:** {}\n", name(account), account.merging(code));
    let called_out = account.marks().iter().any(|mark| matches!(mark, Mark::Revoked | Mark::Urgent));
    if let Some(reason) = account.reason().filter(|_| !called_out) {
        let _ = writeln!(summary, "- **Why:** {}", code(&reason, 200));
    }
    match entry.kind {
        Kind::New | Kind::Update => {
            if let Some(version) = phrases::version(account) {
                let _ = writeln!(summary, "- **Version:** {version}");
            }
        }
        Kind::Rebuild => {
            let was = account.before().map(|digest| format!("; approved now is `{digest}`")).unwrap_or_default();
            let _ = writeln!(summary, "- **Rebuild:** the tag is the same, its bytes are others{was}");
        }
        Kind::Retire | Kind::Reject | Kind::Expire => {}
    }
    if account.lets_in() {
        if age {
            let (label, text) = phrases::age(account);
            let _ = writeln!(summary, "- **{label}:** {text}");
        }
        let _ = writeln!(summary, "- **Category:** {}", account.category_words(code));
    }
    let _ = writeln!(summary, "- **Digest:** `{}`", entry.digest);
    summary
}

/// Platforms of one change, and what was checked of it beside what was of all.
pub(super) fn details(account: &Account<'_>, of_all: &[(bool, String)]) -> String {
    let mut checks = account.checks(code);
    checks.retain(|check| !of_all.contains(check));
    platforms(account) + &checklist(&checks, "Verified:", "Not verified:")
}

/// What was checked of every change that lets something in, where there are several: it is said once.
pub(super) fn of_all(accounts: &[Account<'_>]) -> Vec<(bool, String)> {
    let mut incoming = accounts.iter().filter(|account| account.lets_in()).map(|account| account.checks(code));
    let (Some(mut common), Some(second)) = (incoming.next(), incoming.next()) else { return Vec::new() };
    for checks in std::iter::once(second).chain(incoming) {
        common.retain(|check| checks.contains(check));
    }
    common
}

/// The same as text.
pub(super) fn checked_of_all(of_all: &[(bool, String)]) -> String {
    checklist(of_all, "Verified of each that comes in:", "Not verified of any:")
}

fn checklist(checks: &[(bool, String)], verified: &str, not_verified: &str) -> String {
    let mut text = String::new();
    for (wanted, heading, mark) in [(true, verified, "✓"), (false, not_verified, "✗")] {
        let these: Vec<&String> = checks.iter().filter(|(done, _)| *done == wanted).map(|(_, what)| what).collect();
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
    for platform in evidence.platforms.iter().take(PLATFORMS) {
        let name = if platform.name.is_empty() { "single manifest".to_owned() } else { cell(&platform.name, PLATFORM) };
        let change = match &platform.before {
            _ if !compared => String::new(),
            None => " **new** |".to_owned(),
            Some((digest, _)) if *digest == platform.digest => " unchanged |".to_owned(),
            Some((_, before)) => format!(" {} |", size_difference(*before, platform.size)),
        };
        let _ = writeln!(text, "| {name} | {} |{change} `{}` |", size(platform.size), platform.digest);
    }
    for lost in evidence.lost.iter().take(PLATFORMS).filter(|_| compared) {
        let _ = writeln!(text, "| {} |  | **lost** |  |", cell(lost, PLATFORM));
    }
    let more = evidence.platforms.len().max(evidence.lost.len()).saturating_sub(PLATFORMS);
    if more > 0 {
        let _ = writeln!(text, "\nand {more} more platforms.");
    }
    text
}

/// That the group has more changes than one proposal can name.
pub(super) fn later(count: usize) -> String {
    match count {
        0 => String::new(),
        1 => "\nOne more change of this group is proposed once this is merged.\n".to_owned(),
        count => format!("\n{count} more changes of this group are proposed once this is merged.\n"),
    }
}

/// What a reviewer can do, under everything. Comments are read where there is somebody to answer them.
pub(super) fn closing(accounts: &[Account<'_>], group: bool, comments: bool) -> String {
    let lets_in = accounts.iter().any(Account::lets_in);
    let rejects = !accounts.is_empty() && accounts.iter().all(|account| account.entry().kind == Kind::Reject);
    let (merge, close) = match (lets_in, rejects) {
        (true, _) => ("approves exactly these digests", "declines them: they are not proposed again"),
        (_, true) => ("keeps the version out", "withdraws the rejection: the version is proposed again"),
        _ => ("makes exactly these changes", "leaves everything as it is: these changes are not proposed again"),
    };
    let mut text = format!(
        "---\n**Merge** {merge}. **Close** {close}. Commits that a person adds to this branch stay: it is then left alone."
    );
    if comments {
        text.push_str("\n\nComments that people who may write can make:\n\n");
        if lets_in {
            let image = if group { "IMAGE[:TAG] " } else { "" };
            let _ = writeln!(
                text,
                "- `/wharfinger reject {image}REASON [until YYYY-MM-DD]` turns this into a pull request that keeps the version out, for good or until that day"
            );
        }
        if rejects {
            text.push_str("- `/wharfinger reject REASON [until YYYY-MM-DD]` gives another reason, or another day\n");
        }
        text.push_str(
            "- `/wharfinger refresh` looks again and moves this to what is newest, under an approving review too\n\
             - `/wharfinger recheck` checks it again and posts the verdict\n",
        );
    }
    text
}
