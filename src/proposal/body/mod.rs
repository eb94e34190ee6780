//! What a reviewer reads: title, commit message, body.
//!
//! All text from upstream goes through [`super::markdown`]; links are made here from names, never taken from upstream.

use std::fmt::Write as _;

use crate::manifest::Manifest;
use crate::proposal::form::{self, Places};
use crate::proposal::kept::Kept;
use crate::proposal::metadata::{self, Metadata};
use crate::proposal::{Cause, Entry, Item, Kind, Wanted};

pub(crate) mod account;
mod affected;
mod check;
mod closing;
pub(crate) mod evidence;
mod inside;
mod lead;
mod links;
pub(crate) mod makers;
pub(crate) mod mark;
mod merging;
mod names;
pub(crate) mod origin;
mod phrases;
mod risk;
mod rows;
mod section;
#[cfg(test)]
mod tests;
mod uncovered;

pub(crate) use account::Account;
pub use account::Step;
pub(crate) use affected::{Affected, LastPull};
pub(crate) use check::{Check, Outcome};
pub(crate) use evidence::{Along, AtMirror, Comes, Evidence, Exchanged, PlatformEvidence, Served};
pub(crate) use links::upstream;
pub use mark::Mark;
pub(crate) use phrases::{span, total};

use section::{Among, Summary};
use uncovered::uncovered;

use crate::markdown::folded;
use crate::text::excerpt;

/// The most characters that GitHub accepts in a pull request's body. It counts code points, as we do here.
pub(crate) const BODY_LIMIT: usize = 65_536;

/// The most characters of `check`'s report: its summary has other things to say, and one mebibyte for everything.
const REPORT_LIMIT: usize = 400_000;

/// The title of a proposal and the headline of its commit.
pub(crate) fn title(manifest: &Manifest, wanted: &Wanted) -> String {
    form::title(&manifest.proposals, &places(manifest, wanted))
}

/// The commit's message, without the headline: one line per change, and the sign-off if the manifest asks for one.
pub(crate) fn message(manifest: &Manifest, wanted: &Wanted) -> (String, String) {
    let lines = wanted.items.iter().map(|item| line(manifest, item)).collect::<Vec<_>>().join("\n");
    form::message(&manifest.proposals, &places(manifest, wanted), &lines, None)
}

/// The body: what changes, what is a risk and what merging does; a table with one row per change, one section per change,
/// what a reviewer can do, the metadata. The most serious comes first; what does not fit is left out from the end: digests,
/// then details, then summaries, and table rows only if not even all of them fit. `unreviewed` is what the manifest already
/// says and a review would also cover.
pub(crate) fn body(
    manifest: &Manifest,
    wanted: &Wanted,
    evidence: &[Evidence],
    unreviewed: &[String],
    metadata: &Metadata,
) -> String {
    let accounts = accounts(manifest, &wanted.items, evidence);
    let closing = closing::closing(&accounts, wanted.group.is_some(), metadata.head.is_some());
    let closing = format!("{}\n{closing}\n{}\n", closing::later(wanted.later), metadata::write(metadata));
    let room = BODY_LIMIT.saturating_sub(closing.chars().count());
    bounded(&accounts, unreviewed, true, room, ELSEWHERE) + &closing
}

/// The same without the metadata and the age: what `check` reports.
pub(crate) fn report(manifest: &Manifest, items: &[Item], evidence: &[Evidence], unreviewed: &[String]) -> String {
    if items.is_empty() {
        return uncovered(unreviewed);
    }
    bounded(&accounts(manifest, items, evidence), unreviewed, false, REPORT_LIMIT, NOWHERE)
}

/// What is known of the changes of a proposal, in few words.
pub(crate) fn kept(manifest: &Manifest, wanted: &Wanted, evidence: &[Evidence]) -> Vec<Kept> {
    let account = |(at, item)| Kept::of(at, &Account::of(manifest, item, evidence.get(at)));
    wanted.items.iter().enumerate().filter_map(account).collect()
}

/// Where a reader finds what did not fit in the body.
const ELSEWHERE: &str = "the check's summary has more; the changed files and the commit message have all changes";

/// The same for the summary of the check itself.
const NOWHERE: &str = "the changed files have all changes, and `wharfinger plan` shows more";

/// All changes, the most serious first.
fn accounts<'a>(manifest: &'a Manifest, items: &'a [Item], evidence: &'a [Evidence]) -> Vec<Account<'a>> {
    let account = |(at, item)| Account::of(manifest, item, evidence.get(at));
    let mut accounts: Vec<Account<'a>> = items.iter().enumerate().map(account).collect();
    accounts.sort_by_key(Account::rank);
    accounts
}

/// The remaining characters of a body.
struct Room(usize);

impl Room {
    /// With less room than this, nothing more is tried.
    const SPENT: usize = 100;

    /// The text, if it fits.
    fn take(&mut self, text: String) -> Option<String> {
        self.0 = self.0.checked_sub(text.chars().count())?;
        Some(text)
    }

    /// The result of writing, if it may fit and does.
    fn take_from(&mut self, write: impl FnOnce() -> String) -> Option<String> {
        if self.0 < Self::SPENT { None } else { self.take(write()) }
    }
}

/// What is written besides the parts: what is left out, and the ends of folded parts.
const BESIDE: usize = 300;

/// As much as fits in this many characters: what must not be overlooked, then the table, then summaries, details,
/// digests.
fn bounded(accounts: &[Account<'_>], unreviewed: &[String], age: bool, room: usize, elsewhere: &str) -> String {
    let mut room = Room(room.saturating_sub(elsewhere.chars().count() + BESIDE));
    let first = [lead::lead(accounts, age), lead::calls(accounts), uncovered(unreviewed)];
    let mut text: String = first.into_iter().filter_map(|part| room.take(part)).collect();
    let (table, hidden) = table(accounts, age, &mut room);
    text.push_str(&table);
    let mut of_all = section::of_all(accounts);
    match room.take(section::checked_of_all(&of_all)) {
        Some(checked) => text.push_str(&checked),
        None => of_all.clear(),
    }
    let (sections, all) = if hidden > 0 { (String::new(), false) } else { sections(accounts, &of_all, age, &mut room) };
    if hidden > 0 {
        let _ = writeln!(text, "\n{hidden} more changes do not fit here: {elsewhere}.");
    } else if !all {
        let _ = writeln!(text, "\nDetails that do not fit here are left out: {elsewhere}.");
    }
    text + &sections
}

/// One section per change, as many as fit, and whether all of them are complete except for digests.
fn sections(accounts: &[Account<'_>], of_all: &[Check], age: bool, room: &mut Room) -> (String, bool) {
    let among = Among::of(accounts.len());
    let mut summary = |account| {
        let summary = section::summary(account, among, age);
        room.take_from(|| summary.section("", "", "")).map(|_| summary)
    };
    let summaries: Vec<Option<Summary>> = accounts.iter().map(&mut summary).collect();
    let mut details = |write: &dyn Fn(&Account<'_>) -> String| -> Vec<Option<String>> {
        let shown = accounts.iter().zip(&summaries);
        shown.map(|(account, summary)| summary.as_ref().and_then(|_| room.take_from(|| write(account)))).collect()
    };
    let (details, lists, digests) = (
        details(&|account| section::details(account, of_all)),
        details(&inside::lists),
        details(&section::whole_digests),
    );
    let all = details.iter().chain(&lists).all(Option::is_some);
    let rest = details.into_iter().zip(lists).zip(digests);
    let text = summaries.iter().zip(rest).filter_map(|(summary, ((details, lists), digests))| {
        let [lists, details, digests] = [lists, details, digests].map(Option::unwrap_or_default);
        Some(summary.as_ref()?.section(&lists, &details, &digests))
    });
    (text.collect(), all)
}

/// From this many rows on, a table of changes that are all alike is folded: one sentence says what they are.
const FOLDED: usize = 10;

/// The table with as many rows as fit, and how many do not; columns go before rows. One change needs none.
fn table(accounts: &[Account<'_>], age: bool, room: &mut Room) -> (String, usize) {
    if accounts.len() < 2 {
        return (String::new(), 0);
    }
    let shown = |rows: Vec<String>| match rows::all_alike(accounts) && accounts.len() > FOLDED {
        true => folded(&format!("All {} changes", accounts.len()), &rows.concat()),
        false => rows.concat(),
    };
    let full = rows::table(accounts, age, false);
    if room.take(full.concat()).is_some() {
        return (shown(full), 0);
    }
    let rows: Vec<String> = rows::table(accounts, age, true).into_iter().map_while(|row| room.take(row)).collect();
    let hidden = (accounts.len() + 1).saturating_sub(rows.len());
    (shown(rows), hidden)
}

/// The title of our own: what happens, to which image, from where; urgency and revocations come first.
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

/// The title if several things are removed and nothing is added.
fn leaving_title(wanted: &Wanted) -> String {
    let approvals = wanted.items.iter().filter(|i| i.entry.kind == Kind::Retire).count();
    let what = match wanted.items.len() {
        all if wanted.items.iter().all(|i| i.entry.kind == Kind::Revoke) => format!("Revoke {all} approvals"),
        all if all == approvals => format!("Retire {approvals} approvals"),
        all if approvals == 0 => format!("End or add {all} rejections"),
        all => format!("Retire {approvals} of {all} entries and fix the others"),
    };
    let mut of: Vec<&str> = wanted.items.iter().map(|i| i.entry.source.as_str()).collect();
    of.dedup();
    match (&wanted.group, of.as_slice()) {
        (_, [source]) => format!("{what} of {}", excerpt(source, 100)),
        (Some(group), _) if group != "all" => format!("{what} of {}", excerpt(group, 60)),
        _ => format!("{what} of {} images", of.len()),
    }
}

fn of_group(group: &str, accounts: &[Account<'_>], incoming: usize) -> String {
    let group = if group == "all" { "all images".to_owned() } else { excerpt(group, 60) };
    let majors = accounts.iter().filter(|account| account.marks().contains(&Mark::Major)).count();
    match majors {
        0 => format!("Approve {incoming} versions of {group}"),
        majors => format!("Approve {incoming} versions of {group} ({majors} major)"),
    }
}

/// One change in words, with the cause if a reader must not overlook it.
fn titled(account: &Account<'_>) -> String {
    let title = change(account);
    match account.item.cause {
        _ if account.entry().kind == Kind::Revoke => title,
        _ if account.revocation().is_some() => title + ", revoked",
        Some(Cause::Unreviewed(_)) => title + ", not reviewed",
        Some(Cause::Gone) => title + ", gone upstream",
        Some(Cause::Unused(_)) => title + ", unused",
        _ => title,
    }
}

fn change(account: &Account<'_>) -> String {
    let entry = account.entry();
    let source = excerpt(&entry.source, 100);
    let to = entry.to.as_ref().map(ToString::to_string).unwrap_or_default();
    let notes = |notes: String| if notes.is_empty() { notes } else { format!(" ({notes})") };
    match entry.kind {
        Kind::New => format!("Approve {source} {to}{}", notes(account.new_line().unwrap_or_default())),
        Kind::Update => format!("Approve {source} {to}{}", notes(update(account))),
        Kind::Rebuild => format!("Approve {source} {to}, rebuilt"),
        Kind::Retire => format!("Retire {source} {to}"),
        Kind::Revoke => format!("Revoke {source} {to}"),
        Kind::Reject => format!("Reject {source} {to}"),
        Kind::Expire => format!("Ask about {source} {to} again"),
    }
}

/// What an update starts from, and what must not be overlooked about it: `major, after 2.9.4`.
fn update(account: &Account<'_>) -> String {
    let Some((from, _)) = account.update() else { return String::new() };
    let marks = account.marks();
    if marks.contains(&Mark::Downgrade) {
        return format!("{} from {from}", account.kind_words());
    }
    let major = marks.contains(&Mark::Major).then(|| Mark::Major.words().to_owned());
    let other = marks.contains(&Mark::AnotherTag).then(|| Mark::AnotherTag.words().to_owned());
    let notes = [major, other, account.new_line(), Some(format!("after {from}"))];
    notes.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn line(manifest: &Manifest, item: &Item) -> String {
    let account = Account::of(manifest, item, None);
    let Entry { source, from, to, digest, .. } = &item.entry;
    let mut tags: Vec<String> = [from, to].into_iter().flatten().map(ToString::to_string).collect();
    tags.dedup();
    let plain = |text: &str| text.to_owned();
    format!("{} {}: {} {digest}", excerpt(source, 100), account.change(plain), tags.join(" -> "))
}

/// What templates can use of a proposal: its title, and the first of its changes.
fn places(manifest: &Manifest, wanted: &Wanted) -> Places {
    let title = own_title(manifest, wanted);
    let Some(item) = wanted.items.first() else { return Places { title, ..Places::default() } };
    let entry = &item.entry;
    let tag = |tag: &Option<crate::image::Tag>| tag.as_ref().map(ToString::to_string).unwrap_or_default();
    Places {
        title,
        source: excerpt(&entry.source, 100),
        repository: entry.repository.to_string(),
        from: tag(&entry.from),
        to: tag(&entry.to),
        kind: Account::of(manifest, item, None).kind_words(),
    }
}
