//! What each credential is and may do, what is missing for which command, and where to mend it: [`facts`] that were found
//! out become [`Check`]s. Pure: what could not be found out is `unknown`, never `ok`.

use schemars::JsonSchema;
use serde::Serialize;

pub mod facts;
mod github;
pub mod hosts;
mod hub;
mod machine;
mod registry;
pub mod workflow;

use facts::{Facts, Fault};

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Check {
    /// What it is about.
    pub area: Area,
    /// What was looked at, such as `docker.io push`.
    pub subject: String,
    /// What it came to.
    pub status: Status,
    /// What was found.
    pub found: String,
    /// The commands that need it.
    pub commands: Vec<&'static str>,
    /// What to change and where; null where nothing is to be changed, or nobody knows.
    pub mend: Option<String>,
}

/// What a check is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Area {
    /// This machine, the manifest and what this run was told.
    Machine,
    /// The registries.
    Registries,
    /// Docker Hub's own API.
    DockerHub,
    /// GitHub.
    Github,
}

impl Area {
    /// The name for people.
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

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It is there.
    Ok,
    /// It is not, and something needs it.
    Missing,
    /// It cannot be found out here.
    Unknown,
}

/// What the commands are called.
const PLAN: &str = "plan";
const PROPOSE: &str = "propose";
const CHECK: &str = "check";
const PROMOTE: &str = "promote";
const AUDIT: &str = "audit";
const APPLY_POLICY: &str = "apply-policy";

/// All checks, area by area, in a stable order.
#[must_use]
pub fn judge(facts: &Facts) -> Vec<Check> {
    let mut checks = machine::judge(facts);
    checks.extend(facts.registries.iter().flat_map(|registry| registry::judge(registry, facts)));
    checks.extend(facts.hub.iter().flat_map(hub::judge));
    checks.extend(github::judge(&facts.github));
    checks
}

/// Whether servers were asked and none of them answered.
#[must_use]
pub fn nothing_answered(facts: &Facts) -> bool {
    !facts.servers.is_empty() && facts.servers.iter().all(|server| server.reached.is_err())
}

impl Check {
    fn new(area: Area, subject: impl Into<String>, status: Status, found: impl Into<String>) -> Self {
        Self { area, subject: subject.into(), status, found: found.into(), commands: Vec::new(), mend: None }
    }

    fn ok(area: Area, subject: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(area, subject, Status::Ok, found)
    }

    fn missing(area: Area, subject: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(area, subject, Status::Missing, found)
    }

    fn unknown(area: Area, subject: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(area, subject, Status::Unknown, format!("not known: {}", found.into()))
    }

    /// What a question came to that was not answered as it should be: a refusal is missing, no answer is not known.
    fn failed(area: Area, subject: impl Into<String>, fault: &Fault) -> Self {
        match fault {
            Fault::Refused(text) => Self::missing(area, subject, text),
            Fault::Failed(text) => Self::unknown(area, subject, text),
        }
    }

    fn needed_for(mut self, commands: &[&'static str]) -> Self {
        self.commands = commands.to_vec();
        self
    }

    fn mend(mut self, how: impl Into<String>) -> Self {
        self.mend = Some(how.into());
        self
    }

    /// The way to mend it, where there is something to be mended.
    fn mend_if_not_ok(self, how: impl Into<String>) -> Self {
        if self.status == Status::Ok { self } else { self.mend(how) }
    }
}

/// A few names and how many more there are.
fn some(names: &[String]) -> String {
    const SHOWN: usize = 5;
    let shown = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(SHOWN) {
        None | Some(0) => shown,
        Some(more) => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests;
