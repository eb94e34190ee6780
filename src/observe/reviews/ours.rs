//! What our own account did on the default branch, according to the forge itself.

use std::collections::BTreeSet;

use crate::forge::{Accounts, Actor, Commit, Error, JOB_LOGIN, MergedHead, Movement, Told, Version};
use crate::plan::binding::Base;

/// How far the history was read.
pub(super) struct End {
    /// The index of the last version that counts.
    pub(super) at: usize,
    pub(super) base: Base,
    /// Whether that version is a step even if it left the files unchanged.
    pub(super) kept: bool,
}

/// What our own account did on the default branch.
pub(super) struct Ours {
    /// How the branch moved, newest first; `None` if unknown.
    movements: Option<Vec<Movement>>,
    /// Commits that our own account pushed there.
    pushed: BTreeSet<Commit>,
    /// Our own login and aliases, as commits name them; not that of a job's token.
    names: BTreeSet<String>,
}

impl Ours {
    /// `made` are the commits made by this run.
    pub(super) async fn read(
        accounts: Option<&dyn Accounts>,
        branch: &str,
        made: &BTreeSet<Commit>,
    ) -> Result<Self, Error> {
        let mut ours = Self { movements: None, pushed: made.clone(), names: BTreeSet::new() };
        let Some(accounts) = accounts else { return Ok(ours) };
        let told = accounts.movements(branch).await?;
        ours.take(accounts, told).await?;
        Ok(ours)
    }

    async fn take(&mut self, accounts: &dyn Accounts, told: Told) -> Result<(), Error> {
        if let Told::Movements(movements) = told {
            self.pushed.extend(pushes_of_ours(accounts, &movements).await?);
            self.movements = Some(movements);
        }
        Ok(())
    }

    /// Learns which of these accounts are ours, from versions whose commits were made for them.
    pub(super) async fn learn(&mut self, accounts: &dyn Accounts, versions: &[Version]) -> Result<(), Error> {
        let logins: BTreeSet<&String> = versions.iter().filter_map(|version| version.made_for.as_ref()).collect();
        for login in logins.into_iter().filter(|login| *login != JOB_LOGIN) {
            if accounts.is_us(&Actor::named(login)).await? {
                self.names.insert(login.clone());
            }
        }
        Ok(())
    }

    /// Whether our own account put a commit on the branch. If the forge no longer tells who did, its own signature on a
    /// commit that no merge made has to do; but not for a job's token, which is shared by all workflows.
    pub(super) fn made(&self, version: &Version) -> bool {
        let told = || self.movements.iter().flatten().any(|movement| movement.after.as_ref() == Some(&version.commit));
        let signed = || version.made_for.as_ref().is_some_and(|login| self.names.contains(login));
        self.pushed.contains(&version.commit) || (!told() && signed())
    }

    /// Whether our own account pushed the head from which a pull request was merged.
    pub(super) async fn pushed(&self, accounts: &dyn Accounts, head: &MergedHead) -> Result<bool, Error> {
        let Told::Movements(movements) = accounts.movements(&head.branch).await? else { return Ok(false) };
        Ok(pushes_of_ours(accounts, &movements).await?.contains(&head.commit))
    }

    /// What the branch pointed to before, newest first.
    pub(super) fn former_heads(&self) -> impl Iterator<Item = &Commit> {
        self.movements.iter().flatten().filter_map(|movement| movement.before.as_ref())
    }

    /// Whether the history, down to its end, is what the branch went through.
    pub(super) fn way(&self, line: &[Version], end: &End) -> Way {
        let Some(movements) = &self.movements else { return Way::Untold };
        let place = |commit: &Commit| line.iter().position(|version| version.commit == *commit);
        let head = line.first().map(|version| &version.commit);
        // Movements after the head being judged are not part of its history.
        let newer = movements.iter().position(|movement| movement.after.as_ref() == head).unwrap_or_default();
        for movement in movements.iter().skip(newer) {
            let Some(before) = &movement.before else { return Way::Line };
            match place(before) {
                Some(at) if at >= end.at => return Way::Line,
                Some(_) => {}
                // It may be older than what was read.
                None if end.base == Base::Cut => return Way::Line,
                None => {
                    let at = movement.after.as_ref().and_then(place).unwrap_or_default();
                    return Way::Left(Detour { at, before: before.clone() });
                }
            }
        }
        Way::Untold
    }

    /// Reads how the branch moved, as far back as the forge tells.
    pub(super) async fn read_on(&mut self, accounts: &dyn Accounts, branch: &str) -> Result<(), Error> {
        let told = accounts.all_movements(branch).await?;
        self.take(accounts, told).await
    }
}

/// Whether a history is what the branch went through.
pub(super) enum Way {
    Line,
    /// It bypasses something the branch pointed to.
    Left(Detour),
    /// The known movements do not reach back far enough.
    Untold,
}

/// A commit of the history that was put on top of something that is not in it.
pub(super) struct Detour {
    /// Its index in the history.
    pub(super) at: usize,
    /// What the branch pointed to before.
    pub(super) before: Commit,
}

async fn pushes_of_ours(accounts: &dyn Accounts, movements: &[Movement]) -> Result<BTreeSet<Commit>, Error> {
    let mut pushed = BTreeSet::new();
    for movement in movements.iter().filter(|movement| movement.puts()) {
        let (Some(actor), Some(after)) = (&movement.actor, &movement.after) else { continue };
        if accounts.is_us(actor).await? {
            pushed.insert(after.clone());
        }
    }
    Ok(pushed)
}
