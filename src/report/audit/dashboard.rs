//! The issue that is kept as the dashboard: its text says nothing that changes while the findings stay, so that it is
//! written only when they change.

use std::fmt::Write as _;

use super::{Audit, explained, section, verdict};
use crate::image::Digest;
use crate::markdown;
use crate::report::summary;
use crate::text::counted;

pub(crate) const LABEL: &str = "wharfinger-audit";

/// GitHub takes 65,536 characters; what stands below the findings needs some of them.
const ROOM: usize = 60_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dashboard {
    /// The title, which stays.
    pub title: String,
    /// The body, which ends with the mark.
    pub body: String,
    /// What tells this dashboard from others of the same account: it ends the body, and people do not see it.
    pub mark: String,
}

pub(crate) fn dashboard(audit: &Audit) -> Dashboard {
    let mark = mark(&audit.organization, &audit.manifest);
    let manifest = summary::code(&audit.manifest);
    let mut body = format!("**{}**\n\n", markdown::escaped(&verdict(audit)));
    findings(&mut body, audit);
    failures(&mut body, audit);
    let _ = write!(
        body,
        "---\nKept by `wharfinger audit --issue` from {manifest}: written when the findings change, closed when nothing \
         differs. What people write here is overwritten; comments stay.\n\n{mark}"
    );
    Dashboard { title: format!("Audit of {} against its approved images", audit.organization), body, mark }
}

fn mark(organization: &str, manifest: &str) -> String {
    let key = Digest::sha256(format!("{organization}\n{manifest}").as_bytes());
    format!("<!-- wharfinger-audit {} -->", &key.hex()[..32])
}

fn findings(body: &mut String, audit: &Audit) {
    let mut used = body.chars().count();
    for (code, rows) in audit.by_code() {
        let kind = if code.is_drift() { "" } else { ", no drift" };
        let table = section(code, &rows);
        let mut section = format!("### `{}` ({}{kind})\n\n{}\n\n", code.as_str(), rows.len(), explained(code));
        section.push_str(&markdown::head(&table.headings()));
        used += section.chars().count();
        let mut left = rows.len();
        for row in table.markdown_rows() {
            let line = markdown::row(&row);
            used += line.chars().count();
            if used > ROOM {
                break;
            }
            section.push_str(&line);
            left -= 1;
        }
        if left > 0 {
            let _ = writeln!(section, "\n{left} more: `wharfinger audit` prints all.");
        }
        body.push_str(&section);
        body.push('\n');
    }
}

/// That some things could not be looked at. Why is left to the run: such texts change from one to the next.
fn failures(body: &mut String, audit: &Audit) {
    if !audit.failed.is_empty() {
        let things = counted(audit.failed.len(), "thing");
        let _ = write!(body, "**{things} could not be looked at**: the last run says what and why.\n\n");
    }
}
