//! The ledger as text: one line per entry, sorted by manifest, source and tag, a tag's entries oldest first, so that a
//! diff shows what a run saw. A line of a manifest with another path than the default begins with that path and a tab.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};

use super::{Entry, HISTORY, Key, Ledger};
use crate::image::{Digest, Location};

/// The first line: what the file is, and the version of its format.
const FIRST: &str =
    "# Wharfinger's ledger, version 1: source, tag, digest, and since when the tag was seen to answer it.";
/// The second line, for anyone who comes across it.
const SECOND: &str =
    "# Written by `wharfinger propose` alone: what anybody else writes here is reported, and its clocks begin anew.";
/// Precedes the last commit by another identity that was judged.
const JUDGED: &str = "# Judged up to the commit of another identity ";

/// The longest text that is read or written, in bytes: some ten thousand waiting tags.
const LIMIT: usize = 4 * 1024 * 1024;

/// A text that is not a ledger, or not one that this program wrote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Broken {
    /// It is longer than any ledger that is written.
    #[error("it has more than {LIMIT} bytes")]
    TooLong,
    /// A line is not as this program writes it.
    #[error("its line {0} is not as this program writes it")]
    Line(usize),
}

impl Ledger {
    /// The text.
    ///
    /// # Errors
    /// If it would be longer than what is read.
    pub(crate) fn write(&self) -> Result<String, Broken> {
        let mut text = format!("{FIRST}\n{SECOND}\n");
        if let Some(judged) = &self.judged {
            let _ = writeln!(text, "{JUDGED}{judged}");
        }
        let own = (self.path.as_str(), &self.tags);
        let mut all: Vec<_> = self.others.iter().map(|(path, tags)| (path.as_str(), tags)).chain([own]).collect();
        all.sort_by_key(|(path, _)| *path);
        for (path, tags) in all {
            let path = if path.is_empty() { String::new() } else { format!("{path}\t") };
            for (Key { source, tag }, entries) in tags {
                for Entry { digest, first_seen } in entries {
                    let at = first_seen.to_rfc3339_opts(SecondsFormat::Secs, true);
                    let _ = writeln!(text, "{path}{source} {tag} {digest} {at}");
                }
            }
        }
        if text.len() > LIMIT { Err(Broken::TooLong) } else { Ok(text) }
    }

    /// Reads a text as [`Ledger::write`] writes it, and nothing else.
    ///
    /// # Errors
    /// If it is anything else.
    pub(crate) fn read(text: &str) -> Result<Self, Broken> {
        if text.len() > LIMIT {
            return Err(Broken::TooLong);
        }
        let mut ledger = Self::default();
        for (number, line) in (1..).zip(text.lines()) {
            let good = match number {
                1 => line == FIRST,
                2 => line == SECOND,
                3 if line.starts_with(JUDGED) => judged(&mut ledger, line),
                _ => row(&mut ledger, line).is_some(),
            };
            if !good {
                return Err(Broken::Line(number));
            }
        }
        // Only one form is valid: order, line ends and spaces must be as written.
        let same = ledger.write().is_ok_and(|again| again == text);
        if same { Ok(ledger) } else { Err(Broken::Line(text.lines().count().max(1))) }
    }
}

fn judged(ledger: &mut Ledger, line: &str) -> bool {
    let commit = line.strip_prefix(JUDGED).filter(|c| !c.is_empty() && c.bytes().all(|b| b.is_ascii_hexdigit()));
    ledger.judged = commit.map(str::to_owned);
    commit.is_some()
}

/// Reads a row. If its manifest is not the default one, it begins with its path.
fn row(ledger: &mut Ledger, line: &str) -> Option<()> {
    match line.split_once('\t') {
        None => entry(&mut ledger.tags, line),
        Some(("", _)) => None,
        Some((path, rest)) => entry(ledger.others.entry(path.to_owned()).or_default(), rest),
    }
}

/// Reads a line; the source, which may contain spaces, is what the other fields leave.
fn entry(tags: &mut BTreeMap<Key, Vec<Entry>>, line: &str) -> Option<()> {
    let mut fields = line.rsplitn(4, ' ');
    let first_seen: DateTime<Utc> = DateTime::parse_from_rfc3339(fields.next()?).ok()?.to_utc();
    let digest: Digest = fields.next()?.parse().ok()?;
    let tag = fields.next()?.parse().ok()?;
    let source: Location = fields.next()?.parse().ok()?;
    let entries = tags.entry(Key { source, tag }).or_default();
    if entries.len() == HISTORY || entries.iter().any(|entry| entry.digest == digest) {
        return None;
    }
    entries.push(Entry { digest, first_seen });
    Some(())
}
