//! What is known of approvals that are still to be promoted: how each came, and whether enough people approved it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::opinions::opinions;
use super::pending::{Introduced, Introduction, PendingApproval};
use super::trace::Trace;
use crate::forge::{Commit, Error, Forge};
use crate::manifest::{Approval, Image, Manifest};
use crate::observe::first_parents::FirstParents;
use crate::plan::Key;
use crate::plan::reviews::{Origin, Subject, unreviewed};

const NO_FORGE: &str = "there is no forge to ask: give GITHUB_TOKEN and GITHUB_REPOSITORY";
const NO_REVIEWS: &str = "a plain git repository has none: nothing is promoted from it under this policy";
const NOT_FOUND: &str = "what brought it is not among the newest commits of the default branch: take the approval out and \
                         merge a pull request that adds it";

/// Where reviews are read, and how many this run asks for at least.
#[derive(Clone, Copy)]
pub struct ReviewReader<'a> {
    pub forge: Option<&'a dyn Forge>,
    /// The default branch's commit that the manifest was read at; `None`: as it is now.
    pub at: Option<&'a Commit>,
    pub path: &'a str,
    /// The least number of reviews, whatever the manifest says.
    pub floor: u32,
}

/// What was found out of one approval.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Judged {
    /// Why it may not be promoted; `None` where it may.
    pub unreviewed: Option<String>,
    /// How it came, as far as that could be told.
    pub came: Option<Came>,
}

/// How an approval came to the default branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Came {
    pub pull: Option<u64>,
    /// When the commit was made that brought it.
    pub at: DateTime<Utc>,
}

/// That it could not be found out how an approval was reviewed.
pub(crate) fn untold(error: &Error) -> String {
    format!("it cannot be told how it was reviewed: {error}")
}

/// What is known of each of these approvals, or why that could not be found out.
pub(crate) async fn read_reviews(
    reader: &ReviewReader<'_>,
    manifest: &Manifest,
    pending: &[(&Image, &Approval)],
) -> BTreeMap<Key, Result<Judged, Error>> {
    let path = |image: &Image| manifest.files.get(image.file).map_or(reader.path, |file| file.path.as_str()).to_owned();
    let pending = pending.iter().map(|(image, approval)| PendingApproval {
        key: Key::of(image, approval),
        subject: Subject::of(image, approval),
        path: path(image),
    });
    let pending: Vec<PendingApproval> = pending.collect();
    if pending.is_empty() {
        return BTreeMap::new();
    }
    let floor = reader.floor.max(manifest.policy.approvals);
    let unknown = |why| Judged { unreviewed: unreviewed(floor, &Origin::Unknown(why)), came: None };
    let Some(forge) = reader.forge else {
        return pending.into_iter().map(|approval| (approval.key, Ok(unknown(NO_FORGE)))).collect();
    };
    let introduced = match introductions(forge, reader, &pending).await {
        Ok(introduced) => introduced,
        Err(error) => return pending.into_iter().map(|approval| (approval.key, Err(error.clone()))).collect(),
    };
    let (mut judged, mut to_review) = (BTreeMap::new(), Vec::new());
    for approval in &pending {
        match introduced.get(&approval.key) {
            Some(by) if by.required > 0 => to_review.push(Introduced { approval, by }),
            Some(by) => {
                let came = Some(Came { pull: by.pull, at: by.at });
                judged.insert(approval.key.clone(), Ok(Judged { unreviewed: None, came }));
            }
            None => drop(judged.insert(approval.key.clone(), Ok(unknown(NOT_FOUND)))),
        }
    }
    judged.extend(reviewed(forge, reader.path, &to_review).await);
    judged
}

/// What brought each approval, as far as it was found.
async fn introductions(
    forge: &dyn Forge,
    reader: &ReviewReader<'_>,
    pending: &[PendingApproval],
) -> Result<BTreeMap<Key, Introduction>, Error> {
    let head = match reader.at {
        Some(at) => at.clone(),
        None => forge.head().await?.commit,
    };
    let line = FirstParents::new(forge, &head, reader.path, pending.iter().map(|approval| approval.path.as_str()));
    Trace::new(line, forge.accounts(), reader.floor, pending).follow().await
}

async fn reviewed(forge: &dyn Forge, main: &str, to_review: &[Introduced<'_>]) -> BTreeMap<Key, Result<Judged, Error>> {
    let given = match forge.accounts() {
        Some(accounts) => opinions(forge, accounts, main, to_review).await,
        None => Ok(BTreeMap::new()),
    };
    let judge = |Introduced { approval, by }: &Introduced<'_>| {
        let came = Some(Came { pull: by.pull, at: by.at });
        let judged = given.as_ref().map_err(Clone::clone).map(|given| {
            let origin = match (by.pull, given.get(&approval.key)) {
                _ if forge.accounts().is_none() => Origin::Unknown(NO_REVIEWS),
                (Some(number), Some(opinions)) => Origin::Pull(number, opinions.clone()),
                (Some(number), None) => Origin::Pull(number, Vec::new()),
                (None, _) => Origin::Pushed(by.commit.0.clone()),
            };
            Judged { unreviewed: unreviewed(by.required, &origin), came }
        });
        (approval.key.clone(), judged)
    };
    to_review.iter().map(judge).collect()
}
