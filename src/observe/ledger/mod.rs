//! The ledger on its branch, read when a rule first needs something that only the ledger knows.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use tokio::sync::OnceCell;

use crate::forge::{Account, Commit, Error, Forge, Written};
use crate::image::{Digest, Location, Tag};
use crate::ledger::{self, Broken, Key, Ledger, Survey, trusted};
use crate::observe::own::is_alone;

mod keeper;

/// Whose commits on the ledger's branch count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Our own account's: for those that write there.
    Ours,
    /// Those of the account shown to keep the ledger: a run that only reads often has another token than the one that
    /// writes.
    Keeper,
}

#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub forge: &'a dyn Forge,
    pub prefix: &'a str,
    /// The manifest's path.
    pub manifest: &'a str,
    pub trust: Trust,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Reading {
    /// The branch's commit; `None` if there is no branch.
    pub tip: Option<Commit>,
    /// The part of the text there that counts.
    pub ledger: Ledger,
    /// What somebody else wrote since our own newest commit.
    pub foreign: Option<Foreign>,
}

/// Somebody else wrote to the ledger's branch, or its text is not ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Foreign {
    /// The newest commit of another identity; `None` if the branch's text is broken though all commits are ours.
    pub by: Option<(Commit, String)>,
    /// Why it is unknown whose it is, and how to change that.
    pub silence: Option<String>,
    /// How many tags' clocks start again.
    pub touched: usize,
    /// Why none of the text counts.
    pub broken: Option<Broken>,
}

impl std::fmt::Display for Foreign {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.by {
            Some((commit, author)) => write!(f, "the commit {commit} by {author}")?,
            None => f.write_str("a text that was changed after it was written")?,
        }
        if let Some(broken) = &self.broken {
            write!(f, ", which is not a ledger: {broken}")?;
        }
        match (self.touched, &self.broken) {
            (0, None) => f.write_str("; no clocks are affected"),
            (1, None) => f.write_str("; the clock of 1 tag starts again"),
            (touched, None) => write!(f, "; the clocks of {touched} tags start again"),
            (_, Some(_)) => f.write_str("; all clocks start again"),
        }?;
        self.silence.as_ref().map_or(Ok(()), |why| write!(f, ". It is unknown whose it is: {why}"))
    }
}

/// Reads the ledger.
///
/// # Errors
/// If the forge does not answer. A missing branch is an empty ledger.
pub(crate) async fn read(place: Place<'_>) -> Result<Reading, Error> {
    let branch = ledger::branch(place.prefix);
    let Some(tip) = place.forge.tip(&branch).await? else {
        return Ok(Reading { ledger: Ledger::default().seen_from(place.manifest), ..Reading::default() });
    };
    let Written { own, other, silence } = written(place, &branch, &tip).await?;
    let text = place.forge.read(&tip, ledger::PATH).await?;
    let trusted = |own: Option<&str>| trusted(place.manifest, own, text.as_deref());
    let mut trusted = match own {
        Some(own) if own == tip => trusted(text.as_deref()),
        Some(own) => trusted(place.forge.read(&own, ledger::PATH).await?.as_deref()),
        None => trusted(None),
    };
    if trusted.ledger.may_take_over() && is_alone(place.forge, place.manifest).await? {
        trusted.ledger.take_over();
    }
    let by = other.map(|other| (tip.clone(), other));
    let foreign = (by.is_some() || trusted.broken.is_some()).then(|| Foreign {
        by,
        silence,
        touched: trusted.touched,
        broken: trusted.broken.clone(),
    });
    Ok(Reading { tip: Some(tip), ledger: trusted.ledger, foreign })
}

/// Who wrote to the ledger's branch, relative to the account whose commits count.
async fn written(place: Place<'_>, branch: &str, tip: &Commit) -> Result<Written, Error> {
    let account = match (place.trust, place.forge.accounts()) {
        (Trust::Ours, _) | (_, None) => Ok(Account::Us),
        (Trust::Keeper, Some(activity)) => keeper::find(place.forge, place.manifest, activity, branch).await?,
    };
    match account {
        Ok(account) => place.forge.written(branch, tip, &account).await,
        Err(why) => Ok(Written { own: None, other: Some("somebody".to_owned()), silence: Some(why) }),
    }
}

/// Clocks and histories from the ledger, which is read once, when the first is needed.
pub(crate) struct Clocks<'a> {
    place: Option<Place<'a>>,
    now: DateTime<Utc>,
    reading: OnceCell<Result<Reading, Error>>,
    asked: Mutex<BTreeSet<Key>>,
}

/// What a run has from the ledger, and for it.
#[derive(Debug, Default)]
pub(crate) struct Noted {
    /// What was read; `None` if nothing was needed.
    pub reading: Option<Result<Reading, Error>>,
    pub asked: BTreeSet<Key>,
    pub survey: Survey,
}

impl<'a> Clocks<'a> {
    /// Clocks that run until `now`. Without a place nothing is known.
    pub(crate) fn new(place: Option<Place<'a>>, now: DateTime<Utc>) -> Self {
        Self { place, now, reading: OnceCell::new(), asked: Mutex::default() }
    }

    /// Since when a tag is known to resolve to a digest. What is seen for the first time starts now; `None` (unknown)
    /// if there is no ledger, or it cannot be read.
    pub(crate) async fn since(&self, source: &Location, tag: &Tag, digest: &Digest) -> Option<DateTime<Utc>> {
        let (key, reading) = self.ask(source, tag).await?;
        Some(reading.ledger.since(&key, digest, self.now).unwrap_or(self.now))
    }

    /// What a tag was seen to resolve to, oldest first.
    pub(crate) async fn history(&self, source: &Location, tag: &Tag) -> Vec<(Digest, DateTime<Utc>)> {
        let Some((key, reading)) = self.ask(source, tag).await else { return Vec::new() };
        reading.ledger.history(&key).iter().map(|e| (e.digest.clone(), e.first_seen.min(self.now))).collect()
    }

    /// Whether a tag was seen to resolve to a digest, now or earlier. A ledger that cannot be read saw nothing.
    pub(crate) async fn saw(&self, source: &Location, tag: &Tag, digest: &Digest) -> bool {
        self.ask(source, tag).await.is_some_and(|(key, reading)| reading.ledger.saw(&key, digest))
    }

    async fn ask(&self, source: &Location, tag: &Tag) -> Option<(Key, &Reading)> {
        let key = Key { source: source.clone(), tag: tag.clone() };
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone());
        Some((key, self.reading().await?.as_ref().ok()?))
    }

    async fn reading(&self) -> Option<&Result<Reading, Error>> {
        let place = self.place?;
        Some(self.reading.get_or_init(|| read(place)).await)
    }

    /// What a run has to write down. A run that writes there also reads the ledger if nothing needed it but it may have
    /// to be told what was seen: see [`Survey::has_looked`].
    pub(crate) async fn noted(self, survey: Survey) -> Noted {
        if survey.has_looked() && self.place.is_some_and(|place| place.trust == Trust::Ours) {
            self.reading().await;
        }
        let asked = self.asked.into_inner().unwrap_or_else(PoisonError::into_inner);
        Noted { reading: self.reading.into_inner(), asked, survey }
    }
}
