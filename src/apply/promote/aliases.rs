//! Moves aliases to what they follow, once that is promoted.

use std::collections::BTreeSet;

use super::work::{Applied, Work};
use crate::plan::aliases::{AliasState, AliasStep};
use crate::plan::{FailedStep, Key};

/// Moves the aliases whose approvals are among these, one after the other, as they are few.
pub(super) async fn set(work: &Work<'_>, promoted: &BTreeSet<Key>, applied: &mut Applied) {
    let is_due = |alias: &&AliasStep| {
        alias.state == AliasState::Set && alias.follows().is_some_and(|followed| promoted.contains(&followed))
    };
    for alias in work.planned.aliases.iter().filter(is_due) {
        let set = match work.manifest.mirror(&alias.repository) {
            Ok(location) => work.copier.set_alias(alias, location).await.map_err(|e| alias.failed(e.step, e.text)),
            Err(error) => Err(alias.failed(FailedStep::Resolve, error.to_string())),
        };
        match set {
            Ok(true) => {
                tracing::info!("{}:{}: {}", alias.repository, alias.alias, alias.detail);
                applied.aliases.push(alias.clone());
                applied.changed = true;
            }
            Ok(false) => {}
            Err(failure) => applied.failed.push(failure),
        }
    }
}
