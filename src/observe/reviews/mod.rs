//! How approvals came to the default branch, and who approved them there.
//!
//! Asked only about what is still to be promoted, and of all of it together. What brought an approval is the newest state of
//! the default branch's own line that holds it while the state before does not: neither a branch that was merged nor what a
//! commit says of itself decides, so no listing of a file's commits and no blame of its lines would do. Both follow branches
//! that were merged, and what was taken out and merged back by hand looks there as if it had never been away.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::forge::{Commit, Error, Forge};
use crate::image::Digest;
use crate::manifest::{self, Approval, File, Image, Manifest, parse_part};
use crate::plan::Key;
use crate::plan::reviews::{Origin, Subject, unreviewed};

mod opinions;
mod trace;

pub(super) use opinions::approver;
use opinions::opinions;
use trace::Trace;

/// How many files beside the main one are followed together.
const FILES: usize = 7;

const NO_FORGE: &str = "there is no forge to ask: give GITHUB_TOKEN and GITHUB_REPOSITORY";
const NO_REVIEWS: &str = "a plain git repository has none: nothing is promoted from it under this policy";
const NOT_FOUND: &str = "what brought it is not among the newest commits of the default branch: take the approval out and \
                         merge a pull request that adds it";

/// Where reviews are looked for, and how many this run asks for at least.
#[derive(Clone, Copy)]
pub struct Bar<'a> {
    /// The forge, where there is one.
    pub forge: Option<&'a dyn Forge>,
    /// The default branch's commit that the manifest was read at; `None`: as it is now.
    pub at: Option<&'a Commit>,
    /// The path of the main file.
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
    /// By which merged pull request.
    pub pull: Option<u64>,
    /// When the commit was made that brought it.
    pub at: DateTime<Utc>,
}

/// An approval that is asked about.
struct Asked {
    key: Key,
    subject: Subject,
    /// The path of the file that declares its image.
    path: String,
}

/// The change of the default branch that brought something.
#[derive(Debug, Clone)]
struct Brought {
    commit: Commit,
    at: DateTime<Utc>,
    pull: Option<u64>,
    /// How many reviews the strictest of the policies before and after it asks for.
    asked: u32,
}

/// That it could not be found out how an approval was reviewed.
#[must_use]
pub fn untold(error: &Error) -> String {
    format!("it cannot be told how it was reviewed: {error}")
}

/// What is known of each of these approvals, or why that could not be found out.
pub async fn judge(
    bar: &Bar<'_>,
    manifest: &Manifest,
    pending: &[(&Image, &Approval)],
) -> BTreeMap<Key, Result<Judged, Error>> {
    let path = |image: &Image| manifest.files.get(image.file).map_or(bar.path, |file| file.path.as_str()).to_owned();
    let asked: Vec<Asked> = pending
        .iter()
        .map(|(image, approval)| Asked {
            key: Key::of(image, approval),
            subject: Subject::of(image, approval),
            path: path(image),
        })
        .collect();
    if asked.is_empty() {
        return BTreeMap::new();
    }
    let floor = bar.floor.max(manifest.policy.approvals);
    let without = |why| Judged { unreviewed: unreviewed(floor, &Origin::Unknown(why)), came: None };
    let Some(forge) = bar.forge else {
        return asked.into_iter().map(|asked| (asked.key, Ok(without(NO_FORGE)))).collect();
    };
    let head = match bar.at {
        Some(at) => Ok(at.clone()),
        None => forge.head().await.map(|head| head.commit),
    };
    let head = match head {
        Ok(head) => head,
        Err(error) => return asked.into_iter().map(|asked| (asked.key, Err(error.clone()))).collect(),
    };
    let (brought, mut judged) = all_brought(forge, bar, &head, &asked).await;
    let mut to_ask = Vec::new();
    for asked in &asked {
        match brought.get(&asked.key) {
            Some(brought) if brought.asked > 0 => to_ask.push((asked, brought)),
            Some(Brought { pull, at, .. }) => {
                let came = Some(Came { pull: *pull, at: *at });
                judged.insert(asked.key.clone(), Ok(Judged { unreviewed: None, came }));
            }
            None => drop(judged.entry(asked.key.clone()).or_insert_with(|| Ok(without(NOT_FOUND)))),
        }
    }
    judged.extend(reviewed(forge, bar.path, &to_ask).await);
    judged
}

/// What brought each approval, as far as it was found; beside them those of which that could not be asked.
async fn all_brought(
    forge: &dyn Forge,
    bar: &Bar<'_>,
    head: &Commit,
    asked: &[Asked],
) -> (BTreeMap<Key, Brought>, BTreeMap<Key, Result<Judged, Error>>) {
    let others: BTreeSet<&str> = asked.iter().map(|a| a.path.as_str()).filter(|path| *path != bar.path).collect();
    let others: Vec<&str> = others.into_iter().collect();
    let mut groups: Vec<&[&str]> = others.chunks(FILES).collect();
    if groups.is_empty() {
        groups.push(&[]);
    }
    let (mut brought, mut failed) = (BTreeMap::new(), BTreeMap::new());
    for (at, group) in groups.into_iter().enumerate() {
        let in_group = |a: &&Asked| group.contains(&a.path.as_str()) || (at == 0 && a.path == bar.path);
        let asked: Vec<&Asked> = asked.iter().filter(in_group).collect();
        let paths: Vec<String> = std::iter::once(bar.path).chain(group.iter().copied()).map(str::to_owned).collect();
        match Trace::new(forge, paths, bar.floor, &asked).follow(head).await {
            Ok(found) => brought.extend(found),
            Err(error) => failed.extend(asked.iter().map(|a| (a.key.clone(), Err(error.clone())))),
        }
    }
    (brought, failed)
}

/// Judges those that need reviews.
async fn reviewed(
    forge: &dyn Forge,
    main: &str,
    to_ask: &[(&Asked, &Brought)],
) -> BTreeMap<Key, Result<Judged, Error>> {
    let given = match forge.accounts() {
        Some(accounts) => opinions(forge, accounts, main, to_ask).await,
        None => Ok(BTreeMap::new()),
    };
    let judge = |(asked, brought): &(&Asked, &Brought)| {
        let came = Some(Came { pull: brought.pull, at: brought.at });
        let judged = given.as_ref().map_err(Clone::clone).map(|given| {
            let origin = match (brought.pull, given.get(&asked.key)) {
                _ if forge.accounts().is_none() => Origin::Unknown(NO_REVIEWS),
                (Some(number), Some(opinions)) => Origin::Pull(number, opinions.clone()),
                (Some(number), None) => Origin::Pull(number, Vec::new()),
                (None, _) => Origin::Pushed(brought.commit.0.clone()),
            };
            Judged { unreviewed: unreviewed(brought.asked, &origin), came }
        });
        (asked.key.clone(), judged)
    };
    to_ask.iter().map(judge).collect()
}

/// What a main file and another together hold, by a digest of both.
#[derive(Default)]
struct Holdings(BTreeMap<Digest, Option<Manifest>>);

impl Holdings {
    /// Whether the main file and the one that declares the image, as they are at a commit, hold the subject.
    fn hold(&mut self, subject: &Subject, main: (&str, Option<&str>), other: Option<(&str, Option<&str>)>) -> bool {
        let (path, Some(text)) = main else { return false };
        // A file that the main one did not include approved nothing.
        let named = |path: &str| !manifest::included(main.0, &manifest::includes(text), [path]).is_empty();
        let other = other.and_then(|(path, text)| Some((path, text?))).filter(|(path, _)| named(path));
        let whole = format!("{text}\0{}", other.map_or("", |(_, text)| text));
        let manifest = self.0.entry(Digest::sha256(whole.as_bytes())).or_insert_with(|| {
            let file = |(path, text): (&str, &str)| File { path: path.to_owned(), text: text.to_owned() };
            parse_part(std::iter::once((path, text)).chain(other).map(file).collect())
        });
        manifest.as_ref().is_some_and(|manifest| subject.is_held(manifest))
    }
}
