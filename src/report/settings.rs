//! What the organization's settings are and should be, and what happened to a change.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::page::Page;
use super::rows::{Failed, Finding};
use super::summary;
use super::table::Place::{First, Prose, Second, Third};
use super::table::{Cell, Column, Section, column, in_table, on_terminal};
use super::terminal::{list, wrapped};
use crate::plan::FailedStep;
use crate::policy::settings::{Area, Comparison, Row};
use crate::text::{clean, serde_name};

/// What `apply-policy` found and did.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Settings {
    /// The organization.
    pub organization: String,
    /// The settings, one by one.
    pub settings: Vec<Row>,
    /// What could not be read, compared or written, by document.
    pub refused: Vec<Refused>,
    /// Members that were sent, but are missing or different when read again.
    pub lost: Vec<LostMember>,
    /// Whether anything was written.
    pub changed: bool,
    /// What is likely to go wrong with these settings.
    pub notes: Vec<String>,
    /// What the settings do not cover, as Docker documents it.
    pub limitations: Vec<Limitation>,
}

/// A document that could not be handled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Refused {
    /// The document.
    pub area: Area,
    /// What was being done with it.
    pub step: SettingsStep,
    /// Why not, and what to do.
    pub error: String,
}

/// What is done with a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SettingsStep {
    /// It is read.
    Read,
    /// Whether the manifest's settings were reviewed is checked.
    Review,
    /// It is compared with the manifest.
    Compare,
    /// It is written.
    Write,
    /// It is read again.
    ReadBack,
}

/// A member that was sent, but is missing or different.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LostMember {
    /// The document.
    pub area: Area,
    /// The member's place in it.
    pub member: String,
    /// What was sent, as JSON.
    pub sent: String,
    /// What is there instead, as JSON; null if nothing is.
    pub found: Option<String>,
}

/// What the settings do not cover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Limitation {
    /// Its name.
    pub name: String,
    /// The fact.
    pub text: String,
}

impl Settings {
    /// Whether everything that can be known matches the manifest.
    #[must_use]
    pub fn settled(&self) -> bool {
        let open = self.settings.iter().any(|row| row.state == Comparison::Different);
        !open && self.refused.is_empty() && self.lost.is_empty()
    }

    /// What could not be done, by document, as failures in the form of every command.
    #[must_use]
    pub fn failures(&self) -> Vec<Failed> {
        let failed = |step, error| Failed { source: None, repository: None, tag: None, step, error };
        let refused = self.refused.iter().map(|refused| {
            let step = match refused.step {
                SettingsStep::Review => FailedStep::Unreviewed,
                SettingsStep::Read | SettingsStep::Compare => FailedStep::Read,
                SettingsStep::Write => FailedStep::Create,
                SettingsStep::ReadBack => FailedStep::Verify,
            };
            failed(step, format!("{}: {}", refused.area.title(), refused.error))
        });
        let lost = self.lost.iter().map(|lost| {
            failed(FailedStep::Verify, format!("{}: {} was sent and was lost", lost.area.title(), lost.member))
        });
        refused.chain(lost).collect()
    }

    /// What differs from the manifest, as findings.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let different = self.settings.iter().filter(|row| row.state == Comparison::Different);
        different
            .map(|row| Finding {
                code: row.area.key(),
                repository: None,
                tag: None,
                expected: format!("{}: {}", row.setting, wanted(row)),
                found: row.current.clone().unwrap_or_else(|| "not set".to_owned()),
            })
            .collect()
    }
}

pub(super) fn human(out: &mut Page, settings: &Settings) -> io::Result<()> {
    for area in [Area::ImageAccess, Area::RegistryAccess] {
        let heading = format!("{} of {}", area.title(), settings.organization);
        section(heading, settings.settings.iter().filter(|row| row.area == area)).human(out)?;
    }
    for refused in &settings.refused {
        out.heading(&format!("Failed: {} ({})", refused.area.title(), serde_name(&refused.step)))?;
        wrapped(out, "  ", &clean(&refused.error))?;
    }
    for lost in &settings.lost {
        let found = lost.found.as_deref().unwrap_or("nothing");
        writeln!(out, "Lost: {} of {}", clean(&lost.member), lost.area.title())?;
        wrapped(
            out,
            "  ",
            &clean(&format!("sent {}, but read back {found}: an owner has to fix it in Docker Home", lost.sent)),
        )?;
    }
    if settings.settings.is_empty() && settings.refused.is_empty() {
        return writeln!(out, "the manifest's policy does not mention image-access or registry-access");
    }
    list(out, "Note", &settings.notes)?;
    let limits: Vec<String> = settings.limitations.iter().map(|l| format!("{}: {}", l.name, l.text)).collect();
    list(out, "What these settings do not cover", &limits)?;
    writeln!(out, "{}", verdict(settings))
}

fn verdict(settings: &Settings) -> &'static str {
    match (settings.changed, settings.settled()) {
        (true, true) => {
            "written and read back: it takes up to 24 hours to reach everybody, unless they sign out of Docker Desktop and in again"
        }
        (true, false) => "written, but not everything is as it should be",
        (false, true) => "already as the manifest says: nothing to write",
        (false, false) => "nothing was written: --yes writes the differences",
    }
}

pub(super) fn markdown(settings: &Settings) -> String {
    let mut text = section("Organization settings", &settings.settings).markdown();
    let refused =
        |r: &Refused| vec![r.area.title().to_owned(), serde_name(&r.step), crate::markdown::escaped(&r.error)];
    let rows: Vec<_> = settings.refused.iter().map(refused).collect();
    text.push_str(&crate::markdown::table("Failed", &["settings", "step", "error"], &rows));
    let lost = |l: &LostMember| {
        vec![
            l.area.title().to_owned(),
            summary::code(&l.member),
            summary::code(&l.sent),
            summary::code(l.found.as_deref().unwrap_or("nothing")),
        ]
    };
    let rows: Vec<_> = settings.lost.iter().map(lost).collect();
    text + &crate::markdown::table("Lost", &["settings", "member", "sent", "read back"], &rows)
}

/// On a terminal, a setting's change is in one column, below the name of its document.
const SETTINGS: &[Column] = &[
    in_table("setting"),
    on_terminal(Second),
    in_table("current"),
    on_terminal(Third),
    in_table("wanted"),
    column("state", First),
    on_terminal(Prose),
];

fn section<'a>(heading: impl Into<String>, rows: impl IntoIterator<Item = &'a Row>) -> Section {
    Section::new(heading, SETTINGS, rows, cells)
}

fn cells(row: &Row) -> Vec<Cell> {
    let (current, wanted) = (row.current.as_deref().unwrap_or("not shown"), wanted(row));
    let change = match row.state {
        Comparison::Same => current.to_owned(),
        Comparison::Different | Comparison::Written => format!("{current} -> {wanted}"),
        Comparison::Unknown => format!("wanted {wanted}"),
    };
    let hint = match row.state {
        Comparison::Unknown => {
            "Docker Hub's API does not show it: an owner sets it in Docker Home under Docker Desktop, Image Access"
        }
        _ => "",
    };
    vec![
        Cell::Code(format!("{}.{}", row.area.key(), row.setting)),
        Cell::code(&row.setting),
        Cell::text(current),
        Cell::Text(change),
        Cell::Text(wanted),
        Cell::name(&row.state),
        Cell::text(hint),
    ]
}

fn wanted(row: &Row) -> String {
    row.wanted.clone().unwrap_or_else(|| "not allowed".to_owned())
}
