//! What a reviewer reads: title, commit message, body.
//!
//! Everything upstream wrote goes through [`super::markdown`]; links are made here from names, never taken from upstream.

use crate::manifest::Manifest;
use crate::proposal::form::{self, Places};
use crate::proposal::metadata::{self, Metadata};
use crate::proposal::{Cause, Entry, Item, Kind, Wanted};

pub mod account;
pub mod evidence;
mod image;
mod links;
mod merging;
mod words;

pub use account::{Account, Mark, Step};
pub use evidence::{Evidence, PlatformEvidence, Served};
pub use links::upstream;
pub(crate) use words::span;

use super::markdown::clean;

/// The most characters that GitHub takes in a body. Bytes are counted here: they are never fewer.
pub const BODY_LIMIT: usize = 65_536;

/// The title of a proposal and the headline of its commit.
#[must_use]
pub fn title(manifest: &Manifest, wanted: &Wanted) -> String {
    form::title(&manifest.proposals, &places(manifest, wanted))
}

/// The commit's message, without the headline: one line a change, and the sign-off where the manifest asks for one.
#[must_use]
pub fn message(manifest: &Manifest, wanted: &Wanted) -> (String, String) {
    let lines = wanted.items.iter().map(|item| line(manifest, item)).collect::<Vec<_>>().join("\n");
    form::message(&manifest.proposals, &places(manifest, wanted), &lines)
}

/// The body: what must not be overlooked, a table with a row a change, a section a change, what a reviewer can do, the
/// metadata. The gravest stands first; what does not fit is left out from the end, details before summaries. A row of the
/// table never is.
#[must_use]
pub fn body(manifest: &Manifest, wanted: &Wanted, evidence: &[Evidence], metadata: &Metadata) -> String {
    let accounts = accounts(manifest, &wanted.items, evidence);
    let closing = image::closing(&accounts, wanted.group.is_some(), metadata.head.is_some());
    let closing = format!("\n{closing}\n{}\n", metadata::write(metadata));
    bounded(&accounts, true, closing.len()) + &closing
}

/// The same without the metadata and the age: what `check` works out by itself.
#[must_use]
pub fn report(manifest: &Manifest, items: &[Item], evidence: &[Evidence]) -> String {
    bounded(&accounts(manifest, items, evidence), false, 0)
}

/// All changes, the gravest first.
fn accounts<'a>(manifest: &'a Manifest, items: &'a [Item], evidence: &'a [Evidence]) -> Vec<Account<'a>> {
    let account = |(at, item)| Account::of(manifest, item, evidence.get(at));
    let mut accounts: Vec<Account<'a>> = items.iter().enumerate().map(account).collect();
    accounts.sort_by_key(|account| (account.rank().0, account.rank().1));
    accounts
}

/// As much as fits beside `reserved` bytes: first the table, then what must not be overlooked, then summaries, then details.
fn bounded(accounts: &[Account<'_>], age: bool, reserved: usize) -> String {
    const LEFT_OUT: &str = "\nDetails that did not fit are left out; the summary of the check has them.\n";
    let limit = BODY_LIMIT.saturating_sub(reserved + LEFT_OUT.len());
    let full = image::table(accounts, false);
    let table = if full.len() <= limit { full } else { image::table(accounts, true) };
    let mut room = limit.saturating_sub(table.len());
    let mut take = |text: &str| {
        let fits = text.len() <= room;
        room -= if fits { text.len() } else { 0 };
        fits
    };
    let opening = image::opening(accounts);
    let opened = take(&opening);
    let sections: Vec<image::Section> = accounts.iter().map(|account| image::section(account, age)).collect();
    let summaries: Vec<bool> = sections.iter().map(|s| take(&s.summary)).collect();
    let details: Vec<bool> = sections.iter().zip(&summaries).map(|(s, kept)| *kept && take(&s.details)).collect();
    let mut text = if opened { opening } else { String::new() } + &table;
    for ((section, summary), detail) in sections.iter().zip(&summaries).zip(&details) {
        text.push_str(if *summary { &section.summary } else { "" });
        text.push_str(if *detail { &section.details } else { "" });
    }
    if !details.iter().all(|kept| *kept) {
        text.push_str(LEFT_OUT);
    }
    text
}

/// The title of our own: what happens, to which image, from where; hurry and revocations lead it.
fn own_title(manifest: &Manifest, wanted: &Wanted) -> String {
    let accounts = accounts(manifest, &wanted.items, &[]);
    let incoming = accounts.iter().filter(|account| account.lets_in()).count();
    let urgent = accounts.iter().any(|account| account.entry().urgent.is_some());
    let text = match (&wanted.group, accounts.as_slice()) {
        _ if incoming == 0 && wanted.items.len() > 1 => leaving_title(wanted),
        (Some(group), _) if incoming > 1 => of_group(group, &accounts, incoming),
        (_, accounts) => {
            let leading = accounts.iter().find(|account| account.lets_in()).or(accounts.first());
            leading.map(titled).unwrap_or_default()
        }
    };
    if urgent { format!("Urgent: {text}") } else { text }
}

/// The title where several things leave and nothing comes in.
fn leaving_title(wanted: &Wanted) -> String {
    let approvals = wanted.items.iter().filter(|i| i.entry.kind == Kind::Retire).count();
    let what = match wanted.items.len() {
        all if all == approvals => format!("Retire {approvals} approvals"),
        all if approvals == 0 => format!("End or add {all} rejections"),
        all => format!("Retire {approvals} of {all} entries and mend the others"),
    };
    let mut of: Vec<&str> = wanted.items.iter().map(|i| i.entry.source.as_str()).collect();
    of.dedup();
    match (&wanted.group, of.as_slice()) {
        (_, [source]) => format!("{what} of {}", clean(source, 100)),
        (Some(group), _) if group != "all" => format!("{what} of {}", clean(group, 60)),
        _ => format!("{what} of {} images", of.len()),
    }
}

fn of_group(group: &str, accounts: &[Account<'_>], incoming: usize) -> String {
    let group = if group == "all" { "all images".to_owned() } else { clean(group, 60) };
    let majors = accounts.iter().filter(|account| account.marks().contains(&Mark::Major)).count();
    match majors {
        0 => format!("Approve {incoming} versions of {group}"),
        majors => format!("Approve {incoming} versions of {group} ({majors} major)"),
    }
}

/// One change in words, with the cause where that is what a reader must not overlook.
fn titled(account: &Account<'_>) -> String {
    let title = change(account);
    match account.item.cause {
        _ if account.revocation().is_some() => title + ", revoked",
        Some(Cause::Unreviewed(_)) => title + ", not reviewed",
        Some(Cause::Gone) => title + ", gone upstream",
        _ => title,
    }
}

/// One change in words.
fn change(account: &Account<'_>) -> String {
    let entry = account.entry();
    let source = clean(&entry.source, 100);
    let to = entry.to.as_ref().map(ToString::to_string).unwrap_or_default();
    let major = if account.marks().contains(&Mark::Major) { "major, " } else { "" };
    match (entry.kind, &entry.from) {
        (Kind::New | Kind::Update, Some(from)) => format!("Approve {source} {to} ({major}after {from})"),
        (Kind::New | Kind::Update, None) => format!("Approve {source} {to}"),
        (Kind::Rebuild, _) => format!("Approve {source} {to}, rebuilt"),
        (Kind::Retire, _) => format!("Retire {source} {to}"),
        (Kind::Reject, _) => format!("Reject {source} {to}"),
        (Kind::Expire, _) => format!("Ask about {source} {to} again"),
    }
}

/// A line of the commit's message.
fn line(manifest: &Manifest, item: &Item) -> String {
    let account = Account::of(manifest, item, None);
    let Entry { source, from, to, digest, .. } = &item.entry;
    let mut tags: Vec<String> = [from, to].into_iter().flatten().map(ToString::to_string).collect();
    tags.dedup();
    let plain = |text: &str| text.to_owned();
    format!("{} {}: {} {digest}", clean(source, 100), account.change(plain), tags.join(" -> "))
}

/// What templates say of a proposal: its title, and the first of its changes.
fn places(manifest: &Manifest, wanted: &Wanted) -> Places {
    let title = own_title(manifest, wanted);
    let Some(Item { entry, .. }) = wanted.items.first() else { return Places { title, ..Places::default() } };
    let tag = |tag: &Option<crate::image::Tag>| tag.as_ref().map(ToString::to_string).unwrap_or_default();
    Places {
        title,
        source: clean(&entry.source, 100),
        repository: entry.repository.to_string(),
        from: tag(&entry.from),
        to: tag(&entry.to),
        kind: account::kind_word(entry.kind).to_owned(),
    }
}

#[cfg(test)]
mod tests;
