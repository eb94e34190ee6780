//! The account that keeps the ledger, for a run that has another token: determined by what GitHub saw accounts do.

use std::collections::BTreeSet;

use crate::forge::{Account, Accounts, Commit, Error, Forge, Movement, MovementKind, Told, WHOLE};
use crate::observe::manifest::part_from_forge;
use crate::proposal::review::only_records;

/// How many pushes to the default branch are checked for one that only records.
const LOOKED_AT: usize = 5;

/// The account, for the manifest at this path; else why nobody is shown to keep the ledger.
///
/// If only one account ever wrote to the branch, it is that one. If more did, it is the one that last recorded
/// promotions on the default branch, which is the best protected branch there is; else the one that first created the
/// branch: deleting and recreating it helps nobody.
pub(super) async fn find(
    forge: &dyn Forge,
    manifest: &str,
    activity: &dyn Accounts,
    branch: &str,
) -> Result<Result<Account, String>, Error> {
    let rows = match activity.all_movements(branch).await? {
        Told::Movements(rows) => rows,
        Told::Nothing(why) => return Ok(Err(why)),
    };
    let movers = movers(&rows);
    let login = match sole(&rows, &movers) {
        Some(login) => Some(login),
        None => match recorder(forge, manifest, activity, &movers).await? {
            Some(login) => Some(login),
            None => maker(&rows),
        },
    };
    Ok(login.map(Account::Named).ok_or_else(|| {
        format!("GitHub's activity shows neither who created {branch} nor which of its writers records promotions")
    }))
}

/// The accounts that put something on the branch.
fn movers(rows: &[Movement]) -> BTreeSet<String> {
    let put = rows.iter().filter(|row| row.puts());
    put.filter_map(|row| row.actor.as_ref()).map(|actor| actor.login.to_lowercase()).collect()
}

/// The only account that put something on the branch, if all its movements are known.
fn sole(rows: &[Movement], movers: &BTreeSet<String>) -> Option<String> {
    let known = rows.len() < WHOLE && rows.iter().filter(|row| row.puts()).all(|row| row.actor.is_some());
    movers.first().filter(|_| known && movers.len() == 1).cloned()
}

/// The account that first created the branch, if known.
fn maker(rows: &[Movement]) -> Option<String> {
    let first = rows.last().filter(|row| row.kind == MovementKind::Created)?;
    first.actor.as_ref().map(|actor| actor.login.clone())
}

/// Which of these accounts last pushed a record of promotions to the default branch.
async fn recorder(
    forge: &dyn Forge,
    manifest: &str,
    activity: &dyn Accounts,
    movers: &BTreeSet<String>,
) -> Result<Option<String>, Error> {
    let head = forge.head().await?;
    let Told::Movements(rows) = activity.movements(&head.branch).await? else { return Ok(None) };
    let moves = |login: &str| movers.contains(&login.to_lowercase());
    let pushes = rows.iter().filter(|row| row.kind == MovementKind::Push);
    let theirs = pushes.filter(|row| row.actor.as_ref().is_some_and(|actor| moves(&actor.login)));
    for row in theirs.take(LOOKED_AT) {
        let (Some(before), Some(after)) = (&row.before, &row.after) else { continue };
        if records(forge, manifest, before, after).await? {
            return Ok(row.actor.as_ref().map(|actor| actor.login.clone()));
        }
    }
    Ok(None)
}

/// Whether two commits' manifests differ in recorded promotions and nothing else.
async fn records(forge: &dyn Forge, manifest: &str, before: &Commit, after: &Commit) -> Result<bool, Error> {
    let mut states = Vec::new();
    for at in [before, after] {
        match part_from_forge(forge, at, manifest).await? {
            Some(state) => states.push(state),
            None => return Ok(false),
        }
    }
    let [before, after] = states.as_slice() else { return Ok(false) };
    Ok(before.files != after.files && only_records(before, after))
}
