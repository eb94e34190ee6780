//! One thing that was checked, and its result.

use schemars::JsonSchema;
use serde::Serialize;

use super::facts::Fault;

pub(super) const PLAN: &str = "plan";
pub(super) const PROPOSE: &str = "propose";
pub(super) const CHECK: &str = "check";
pub(super) const PROMOTE: &str = "promote";
pub(super) const AUDIT: &str = "audit";
pub(super) const APPLY_POLICY: &str = "apply-policy";

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Check {
    /// What it is about.
    pub area: Area,
    /// What was checked, such as `docker.io push`.
    pub subject: String,
    /// Its result.
    pub status: Status,
    /// What was found.
    pub found: String,
    /// The commands that need it.
    pub commands: Vec<&'static str>,
    /// What to change and where; null if nothing has to be changed, or if that is unknown.
    pub fix: Option<String>,
}

/// What a check is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Area {
    /// This machine, the manifest and this run's settings.
    Machine,
    /// The registries.
    Registries,
    /// Docker Hub's own API.
    DockerHub,
    /// GitHub.
    Github,
}

impl Area {
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Machine => "Machine and manifest",
            Self::Registries => "Registries",
            Self::DockerHub => "Docker Hub",
            Self::Github => "GitHub",
        }
    }
}

/// The result of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It is there.
    Ok,
    /// It is missing, and something needs it.
    Missing,
    /// It cannot be found out here.
    Unknown,
}

impl Check {
    fn new(area: Area, subject: impl Into<String>, status: Status, found: impl Into<String>) -> Self {
        Self { area, subject: subject.into(), status, found: found.into(), commands: Vec::new(), fix: None }
    }

    pub(super) fn ok(area: Area, subject: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(area, subject, Status::Ok, found)
    }

    pub(super) fn missing(area: Area, subject: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(area, subject, Status::Missing, found)
    }

    pub(super) fn unknown(area: Area, subject: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(area, subject, Status::Unknown, format!("not known: {}", found.into()))
    }

    /// The check of a question without a usable response: a refusal is missing, no response is unknown.
    pub(super) fn failed(area: Area, subject: impl Into<String>, fault: &Fault) -> Self {
        match fault {
            Fault::Refused(text) => Self::missing(area, subject, text),
            Fault::Failed(text) => Self::unknown(area, subject, text),
        }
    }

    pub(super) fn needed_for(mut self, commands: &[&'static str]) -> Self {
        self.commands = commands.to_vec();
        self
    }

    pub(super) fn fix(mut self, how: impl Into<String>) -> Self {
        self.fix = Some(how.into());
        self
    }

    /// How to fix it, if anything needs fixing.
    pub(super) fn fix_if_not_ok(self, how: impl Into<String>) -> Self {
        if self.status == Status::Ok { self } else { self.fix(how) }
    }
}

/// A few of the names, and how many more there are.
pub(super) fn some(names: &[String]) -> String {
    const SHOWN: usize = 5;
    let shown = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(SHOWN) {
        None | Some(0) => shown,
        Some(more) => format!("{shown} and {more} more"),
    }
}
