//! What each credential is and may do, what is missing for which command, and where to fix it: turns [`facts`] into
//! [`Check`]s. Pure: what could not be found out is `unknown`, never `ok`.

mod check;
mod credential;
pub(crate) mod facts;
mod github;
pub(crate) mod hosts;
mod hub;
mod machine;
mod registry;
mod reviews;
mod signing;
pub(crate) mod workflow;

pub(crate) use check::{Area, Check, Status};
use facts::Facts;

/// All checks, area by area, in a stable order.
pub(crate) fn judge(facts: &Facts) -> Vec<Check> {
    let mut checks = machine::judge(facts);
    checks.extend(facts.signing.iter().flat_map(signing::judge));
    checks.extend(facts.registries.iter().flat_map(|registry| registry::judge(registry, facts)));
    checks.extend(facts.hub.iter().flat_map(hub::judge));
    checks.extend(github::judge(&facts.github));
    checks
}

/// Whether servers were contacted and none of them answered.
pub(crate) fn nothing_answered(facts: &Facts) -> bool {
    !facts.servers.is_empty() && facts.servers.iter().all(|server| server.reached.is_err())
}

#[cfg(test)]
mod tests;
