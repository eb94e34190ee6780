//! The table with one row per change.

use super::account::Account;
use super::phrases;
use crate::image::Tag;
use crate::markdown::{head, name_cell, row};
use crate::proposal::Kind;

/// How many characters of names fit next to the other columns on a page of 860 pixels: in a table with all columns, and
/// the gain from each column that is left out.
const NAMES: usize = 58;
const CHANGE: usize = 14;
const WAITED_AND_SIZE: usize = 18;
/// What the counts of vulnerabilities take.
const COUNTS: usize = 10;

/// The most characters of a tag; the image's name gets what the tags leave.
const TAG: usize = 28;

/// Which columns there are, and how much of the names.
struct Columns {
    change: bool,
    why: bool,
    waited: bool,
    size: bool,
    source: usize,
    tag: usize,
}

impl Columns {
    /// `short` has only the columns that a row cannot do without; so does a table of removals.
    fn of(accounts: &[Account<'_>], age: bool, short: bool) -> Self {
        let short = short || !accounts.iter().any(Account::lets_in);
        let change = !all_alike(accounts);
        let tags = accounts.iter().flat_map(|account| [account.entry().from.as_ref(), account.entry().to.as_ref()]);
        let longest = tags.flatten().map(|tag| tag.as_str().len()).max().unwrap_or_default();
        let tag = longest.clamp(8, TAG);
        let why = accounts.iter().any(|account| account.why_and_worst().is_some());
        let names = NAMES - if why { COUNTS } else { 0 }
            + if change { 0 } else { CHANGE }
            + if short { WAITED_AND_SIZE } else { 0 };
        Self { change, why, waited: age && !short, size: !short && !why, source: names - tag, tag }
    }
}

/// Whether every change is of one kind, with the same marks: then the rows do not repeat that.
pub(super) fn all_alike(accounts: &[Account<'_>]) -> bool {
    let mut changes = accounts.iter().map(|account| account.change(str::to_owned));
    let first = changes.next();
    changes.all(|change| Some(&change) == first.as_ref())
}

/// The header, then one row per change. `age`: whether it was checked since when versions have been public.
pub(super) fn table(accounts: &[Account<'_>], age: bool, short: bool) -> Vec<String> {
    let columns = Columns::of(accounts, age, short);
    let headings = [
        Some("image"),
        columns.change.then_some("change"),
        Some("version"),
        columns.why.then_some("why, known vulnerabilities"),
        columns.waited.then_some("age"),
        columns.size.then_some("size"),
    ];
    let headings: Vec<&str> = headings.into_iter().flatten().collect();
    let cells = |account: &Account<'_>| {
        let cells = [
            Some(name_cell(&account.entry().source, columns.source)),
            columns.change.then(|| account.change(strong)),
            Some(version(account, columns.tag)),
            columns.why.then(|| account.why_and_worst().unwrap_or_default()),
            columns.waited.then(|| waited(account)),
            columns.size.then(|| phrases::sizes(account).unwrap_or_default()),
        ];
        row(&cells.into_iter().flatten().collect::<Vec<_>>())
    };
    std::iter::once(head(&headings)).chain(accounts.iter().map(cells)).collect()
}

fn strong(text: &str) -> String {
    format!("**{text}**")
}

/// From what to what.
fn version(account: &Account<'_>, limit: usize) -> String {
    let tag = |tag: Option<&Tag>| tag.map(|t| name_cell(t.as_str(), limit)).unwrap_or_default();
    let (from, to) = (account.entry().from.as_ref(), account.entry().to.as_ref());
    match account.entry().kind {
        Kind::Update if from.is_some() => format!("{} → {}", tag(from), tag(to)),
        Kind::Rebuild => format!("{}, other bytes", tag(to)),
        Kind::Retire | Kind::Revoke => format!("{} leaves", tag(to)),
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
