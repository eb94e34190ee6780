//! What each credential is and may do, what is missing and where to fix it; the hosts to open in a firewall.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::page::{Page, Tone};
use super::rows::Finding;
use super::terminal::wrapped;
use crate::diag::Diagnostic;
use crate::doctor::hosts::Host;
use crate::doctor::{Area, Check, Status};
use crate::text::{clean, counted, pad, serde_name};

/// What `doctor` found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Doctor {
    /// Everything that was checked.
    pub checks: Vec<Check>,
    /// What to open in a firewall; empty without `--hosts`.
    pub hosts: Vec<Host>,
    /// The manifest's faults, if it cannot be used: the first hundred.
    pub diagnostics: Vec<Diagnostic>,
    /// How many more there are.
    #[serde(rename = "omitted-diagnostics")]
    pub omitted: usize,
}

impl Doctor {
    fn count(&self, status: Status) -> usize {
        self.checks.iter().filter(|check| check.status == status).count()
    }

    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let missing = self.checks.iter().filter(|check| check.status == Status::Missing);
        missing
            .map(|check| Finding {
                code: "missing",
                repository: None,
                tag: None,
                expected: check.subject.clone(),
                found: check.found.clone(),
            })
            .collect()
    }
}

/// For people: by area, what is missing and where to fix it; or the hosts, one per line.
pub(super) fn human(out: &mut Page, doctor: &Doctor) -> io::Result<()> {
    if doctor.checks.is_empty() {
        return hosts(out, &doctor.hosts);
    }
    for area in [Area::Machine, Area::Registries, Area::DockerHub, Area::Github] {
        let mut checks = doctor.checks.iter().filter(|check| check.area == area).peekable();
        if checks.peek().is_some() {
            out.heading(area.title())?;
            checks.try_for_each(|check| render_check(out, check))?;
            writeln!(out)?;
        }
    }
    writeln!(out, "{}", verdict(doctor))
}

fn render_check(out: &mut Page, check: &Check) -> io::Result<()> {
    let status = serde_name(&check.status);
    let status = out.toned(&pad(&status, 8), Tone::of(&status));
    writeln!(out, "  {status} {}", clean(&check.subject))?;
    wrapped(out, "           ", &clean(&check.found))?;
    if check.status == Status::Ok {
        return Ok(());
    }
    if !check.commands.is_empty() {
        wrapped(out, "           ", &format!("needed for {}", check.commands.join(", ")))?;
    }
    match &check.fix {
        Some(fix) => wrapped(out, "           ", &format!("-> {}", clean(fix))),
        None => Ok(()),
    }
}

fn hosts(out: &mut Page, hosts: &[Host]) -> io::Result<()> {
    let place = |host: &Host| format!("{}:{}", host.host, host.port);
    let width = hosts.iter().map(|host| place(host).chars().count()).max().unwrap_or(0).min(40);
    hosts.iter().try_for_each(|host| writeln!(out, "{}  {}", pad(&place(host), width), clean(&host.why)))
}

fn verdict(doctor: &Doctor) -> String {
    let unknown = match doctor.count(Status::Unknown) {
        0 => String::new(),
        1 => "; 1 thing is unknown".to_owned(),
        count => format!("; {count} things are unknown"),
    };
    match doctor.count(Status::Missing) {
        0 => format!("nothing is missing{unknown}"),
        1 => format!("1 thing is missing{unknown}"),
        count => format!("{} are missing{unknown}", counted(count, "thing")),
    }
}

/// Everything that is not as it should be.
pub(super) fn markdown(doctor: &Doctor) -> String {
    let row = |check: &Check| {
        vec![
            serde_name(&check.status),
            crate::markdown::escaped(&check.subject),
            crate::markdown::escaped(&check.found),
            check.commands.join(", "),
            crate::markdown::escaped(check.fix.as_deref().unwrap_or_default()),
        ]
    };
    let rows: Vec<_> = doctor.checks.iter().filter(|check| check.status != Status::Ok).map(row).collect();
    let text = crate::markdown::table("What is missing", &["status", "what", "found", "needed for", "fix"], &rows);
    if doctor.checks.is_empty() { text } else { format!("{text}_{}_\n\n", verdict(doctor)) }
}
