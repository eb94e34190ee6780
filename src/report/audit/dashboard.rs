//! The issue that serves as the dashboard. Apart from the last line but one, its text contains nothing that changes
//! while the findings stay, so it is only written when they change.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use chrono::NaiveDate;

use super::{Audit, Row, explained_of, section, verdict};
use crate::image::Digest;
use crate::markdown;
use crate::report::summary;
use crate::text::counted;

pub(crate) const LABEL: &str = "wharfinger-audit";

/// GitHub accepts 65,536 characters; the text below the findings needs some of them.
const ROOM: usize = 60_000;

/// The input for a dashboard.
pub(crate) struct Draft<'a> {
    pub audit: &'a Audit,
    pub today: NaiveDate,
    /// Where people find this run.
    pub run: Option<String>,
}

impl Draft<'_> {
    /// The title, which never changes.
    pub(crate) fn title(&self) -> String {
        format!("Audit of {} against its approved images", self.audit.organization)
    }

    /// What distinguishes this dashboard from others of the same account: it ends the body and is invisible to people.
    pub(crate) fn mark(&self) -> String {
        let key = Digest::sha256(format!("{}\n{}", self.audit.organization, self.audit.manifest).as_bytes());
        format!("<!-- wharfinger-audit {} -->", &key.hex()[..32])
    }

    /// The body; `former` is the body of an open dashboard, which says since when findings have existed.
    pub(crate) fn body(&self, former: Option<&str>) -> String {
        let audit = self.audit;
        let mut since =
            Since { known: former.map(read_since).unwrap_or_default(), today: self.today, shown: BTreeMap::new() };
        let mut body = format!("**{}**\n\n", markdown::escaped(&verdict(audit)));
        failures(&mut body, audit);
        findings(&mut body, audit, &mut since);
        let _ = write!(
            body,
            "---\nKept by `wharfinger audit --issue` from {}: written when the findings change, closed when nothing \
             differs. Edits to this text are overwritten; comments stay. `wharfinger audit --format json` has the \
             full digests.\n\n",
            summary::code(&audit.manifest)
        );
        if let Some(run) = &self.run {
            let _ = writeln!(body, "{RUN}{run}).\n");
        }
        body + &since.written() + &self.mark()
    }
}

/// The start of the line that names the run.
const RUN: &str = "Last written by [this run](";

/// A body without the line that names the run that wrote it: if nothing else differs, it is kept.
pub(crate) fn lasting(body: &str) -> String {
    body.lines().filter(|line| !line.starts_with(RUN)).collect::<Vec<_>>().join("\n")
}

/// Since when findings have existed.
struct Since {
    /// What the former body said.
    known: BTreeMap<String, NaiveDate>,
    today: NaiveDate,
    /// What is shown, by day.
    shown: BTreeMap<NaiveDate, BTreeSet<String>>,
}

/// The start of a line that says since when findings have existed, for the next run.
const SINCE: &str = "<!-- since ";

impl Since {
    fn of(&self, row: &Row) -> NaiveDate {
        self.known.get(&row.identity()).map_or(self.today, |since| (*since).min(self.today))
    }

    fn written(&self) -> String {
        let line = |(since, rows): (&NaiveDate, &BTreeSet<String>)| {
            format!("{SINCE}{since}: {} -->\n", rows.iter().map(String::as_str).collect::<Vec<_>>().join(" "))
        };
        self.shown.iter().map(line).collect()
    }
}

fn read_since(body: &str) -> BTreeMap<String, NaiveDate> {
    let line = |line: &str| {
        let (since, rows) = line.strip_prefix(SINCE)?.strip_suffix(" -->")?.split_once(": ")?;
        Some((since.parse::<NaiveDate>().ok()?, rows.split(' ').map(str::to_owned).collect::<Vec<_>>()))
    };
    let lines = body.lines().filter_map(line);
    lines.flat_map(|(since, rows)| rows.into_iter().map(move |row| (row, since))).collect()
}

/// The most characters that the note on one finding takes up: its identity, and its own line.
const NOTE: usize = 17 + 27;

fn findings(body: &mut String, audit: &Audit, since: &mut Since) {
    let mut used = body.chars().count();
    for (code, rows) in audit.by_code() {
        let kind = if code.is_drift() { "" } else { ", no drift" };
        let table = section(code, &rows);
        let mut section =
            format!("### `{}` ({}{kind})\n\n{}\n\n", code.as_str(), rows.len(), explained_of(code, &rows));
        let headings = table.headings();
        section.push_str(&markdown::head(&headings.into_iter().chain(["since"]).collect::<Vec<_>>()));
        used += section.chars().count();
        let mut left = rows.len();
        for (row, mut cells) in rows.iter().zip(table.markdown_rows()) {
            let day = since.of(row);
            cells.push(day.to_string());
            let line = markdown::row(&cells);
            used += line.chars().count() + NOTE;
            if used > ROOM {
                break;
            }
            section.push_str(&line);
            since.shown.entry(day).or_default().insert(row.identity());
            left -= 1;
        }
        if left > 0 {
            let _ = writeln!(section, "\n{left} more: `wharfinger audit` prints all.");
        }
        body.push_str(&section);
        body.push('\n');
    }
}

/// Says that some things could not be checked. The reasons are left to the run: such texts differ from run to run.
fn failures(body: &mut String, audit: &Audit) {
    if !audit.failed.is_empty() {
        let things = counted(audit.failed.len(), "thing");
        let _ = write!(body, "**{things} could not be checked**: the last run says what and why.\n\n");
    }
}
