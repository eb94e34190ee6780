//! The parts of a body: the table with a row a change, a section a change, and what a reviewer can do.

use std::fmt::Write as _;

use super::account::{Account, Mark};
use super::words;
use crate::image::Tag;
use crate::proposal::Kind;
use crate::proposal::markdown::{cell, code, difference, size};

/// How many platforms a section shows; upstream decides how many there are.
const PLATFORMS: usize = 40;

/// How many of the things that could not be looked at a section names.
const CHECKS: usize = 20;

/// What is said of one change: the summary goes last when a body is too long.
pub(super) struct Section {
    pub(super) summary: String,
    pub(super) details: String,
}

/// What a tired reviewer has to see before anything else: hurry, revocations, and of a group what it holds.
pub(super) fn opening(accounts: &[Account<'_>]) -> String {
    let mut text = String::new();
    for account in accounts {
        let name = name(account);
        let reason = account.reason().map(|reason| code(&reason, 200)).unwrap_or_default();
        let marks = account.marks();
        if marks.contains(&Mark::Urgent) {
            let _ = writeln!(text, "> [!WARNING]\n> Urgent: {name} does not wait for the cooldown. Why: {reason}\n");
        }
        if marks.contains(&Mark::Revoked) {
            let _ = writeln!(text, "> [!CAUTION]\n> Revoked: {name} must not be used any more. Why: {reason}\n");
        }
        if marks.contains(&Mark::TagMoved) {
            let _ = writeln!(text, "> [!WARNING]\n> Upstream's tag of {name} does not answer this digest now.\n");
        }
    }
    if accounts.len() > 3 {
        let _ = writeln!(text, "{}\n", counts(accounts));
    }
    text
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

/// The header: a row a change. `short` has nothing but what a row cannot be without.
pub(super) fn table(accounts: &[Account<'_>], short: bool) -> String {
    let mut table = match short {
        true => "| image | change | version |\n| --- | --- | --- |\n",
        false => "| image | change | version | waited | size |\n| --- | --- | --- | --- | --- |\n",
    }
    .to_owned();
    for account in accounts {
        let source = cell(&account.entry().source, if short { 60 } else { 100 });
        let _ = write!(table, "| {source} | {} | {} |", account.change(strong), version(account));
        table.push_str(&if short { "\n".to_owned() } else { format!(" {} | {} |\n", waited(account), sizes(account)) });
    }
    table
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
        (true, Some(waited), _) => words::span(waited),
        (true, None, Some(since)) => since.to_string(),
        (true, None, None) => "unknown".to_owned(),
    }
}

fn sizes(account: &Account<'_>) -> String {
    let Some(bytes) = account.evidence.and_then(|e| e.size) else { return String::new() };
    let before = account.evidence.and_then(|e| e.size_before).map(|b| format!(" ({})", difference(b, bytes)));
    format!("{}{}", size(bytes), before.unwrap_or_default())
}

/// The image with its tag, as a link where we know a page of it.
fn name(account: &Account<'_>) -> String {
    let source = &account.image().source;
    let name = account.entry().to.as_ref().map_or_else(|| source.to_string(), |tag| format!("{source}:{tag}"));
    let shown = code(&name, 400);
    account.link().map_or_else(|| shown.clone(), |url| format!("[{shown}]({url})"))
}

/// What is said of one change. `age`: whether its age was asked about.
pub(super) fn section(account: &Account<'_>, age: bool) -> Section {
    let entry = account.entry();
    let mut summary = format!("\n### {}\n\n- **On merge:** {}\n", name(account), account.merging(code));
    if let Some(reason) = account.reason() {
        let _ = writeln!(summary, "- **Why:** {}", code(&reason, 200));
    }
    match (entry.kind, &entry.from, &entry.to) {
        (Kind::Update, Some(from), Some(to)) => {
            let link = super::upstream(&account.image().source, from);
            let shown = code(from.as_str(), 128);
            let from = link.map_or_else(|| shown.clone(), |url| format!("[{shown}]({url})"));
            let _ = writeln!(summary, "- **Version:** {} after {from}", code(to.as_str(), 128));
        }
        (Kind::Rebuild, _, _) => {
            let was = account.before().map(|digest| format!("; approved now is `{digest}`")).unwrap_or_default();
            let _ = writeln!(summary, "- **Rebuild:** the tag is the same, its bytes are others{was}");
        }
        _ => {}
    }
    if let (true, Some(to), Some(from)) = (account.item.prefix_changed, &entry.to, &entry.from) {
        let (to, from) = (code(to.as_str(), 128), code(from.as_str(), 128));
        let _ = writeln!(summary, "- **Habit:** upstream now writes versions otherwise, {to} after {from}");
    }
    if account.lets_in() {
        if age {
            let (label, text) = words::age(account);
            let _ = writeln!(summary, "- **{label}:** {text}");
        }
        let _ = writeln!(summary, "- **Category:** {}", account.category_words(code));
    }
    let _ = writeln!(summary, "- **Digest:** `{}`", entry.digest);
    Section { summary, details: details(account) }
}

fn details(account: &Account<'_>) -> String {
    let mut text = platforms(account);
    let checks = account.checks(code);
    for (wanted, heading, mark) in [(true, "Verified:", "✓"), (false, "Not verified:", "✗")] {
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
        let name = if platform.name.is_empty() { "single manifest".to_owned() } else { cell(&platform.name, 60) };
        let change = match &platform.before {
            _ if !compared => String::new(),
            None => " **new** |".to_owned(),
            Some((digest, _)) if *digest == platform.digest => " unchanged |".to_owned(),
            Some((_, before)) => format!(" {} |", difference(*before, platform.size)),
        };
        let _ = writeln!(text, "| {name} | {} |{change} `{}` |", size(platform.size), platform.digest);
    }
    for lost in evidence.lost.iter().take(PLATFORMS).filter(|_| compared) {
        let _ = writeln!(text, "| {} |  | **lost** |  |", cell(lost, 60));
    }
    let more = evidence.platforms.len().max(evidence.lost.len()).saturating_sub(PLATFORMS);
    if more > 0 {
        let _ = writeln!(text, "\nand {more} more platforms.");
    }
    text
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
