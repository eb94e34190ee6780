//! One tag with one digest: may it be proposed now?

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::super::{Chosen, Fact, Facts, Readiness, Reason, Since, Subject, Waiting};
use crate::image::{Digest, Tag};

/// What is known about a candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Candidate {
    /// It may be proposed.
    Good(Chosen),
    /// It may not, and why.
    Bad(Waiting),
    /// It cannot be decided before this is known.
    Unknown(Fact),
}

/// What costs many requests and is therefore tried only so often for each line and run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tries {
    /// Earlier digests of tags.
    pub(super) earlier: usize,
    /// Versions that are compared with what is approved, because their cooldown may be shorter.
    pub(super) fixes: usize,
}

impl Tries {
    pub(super) const ALL: Self = Self { earlier: super::earlier::EARLIER, fixes: FIXES };
}

/// How many young versions of a line are compared with what is approved in one run.
pub(super) const FIXES: usize = 2;

/// What was observed, and the subject.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) subject: &'a Subject,
    pub(super) facts: &'a Facts,
    pub(super) now: DateTime<Utc>,
}

impl Question<'_> {
    /// Judges what `tag` resolves to now.
    pub(super) fn tag(self, tag: &Tag, tries: &mut Tries) -> Candidate {
        match self.facts.digests.get(tag) {
            None => Candidate::Unknown(Fact::Digest(tag.clone())),
            Some(None) => Candidate::Bad(bad(tag, Reason::NotReady, "upstream has nothing for it".to_owned(), None)),
            Some(Some(digest)) => self.digest(tag, digest, tries),
        }
    }

    /// Judges a digest that `tag` resolves to now.
    fn digest(self, tag: &Tag, digest: &Digest, tries: &mut Tries) -> Candidate {
        if let Some(refused) = self.refused(tag, digest) {
            return Candidate::Bad(refused);
        }
        let mut public_since = None;
        if !self.subject.cooldown.is_zero() {
            let Some(since) = self.facts.public_since.get(&(tag.clone(), digest.clone())) else {
                return Candidate::Unknown(Fact::PublicSince(tag.clone(), digest.clone()));
            };
            if let Some(young) = self.young(tag, *since) {
                return self.shorter(tag, digest, *since, young, tries);
            }
            public_since = *since;
        }
        self.ready(tag, digest, public_since)
    }

    /// Judges a digest that is younger than the cooldown, but not too young if it fixes something. That costs most of
    /// all: it is only asked of what could be proposed otherwise.
    fn shorter(self, tag: &Tag, digest: &Digest, since: Option<Since>, young: Waiting, tries: &mut Tries) -> Candidate {
        let compared = self.subject.fixes.filter(|_| !self.subject.approved.is_empty());
        let Some(left) = compared.filter(|wait| self.is_over(*wait, since)).and(tries.fixes.checked_sub(1)) else {
            return Candidate::Bad(young);
        };
        tries.fixes = left;
        let chosen = match self.ready(tag, digest, since) {
            Candidate::Good(chosen) => chosen,
            Candidate::Bad(_) => return Candidate::Bad(young),
            unknown @ Candidate::Unknown(_) => return unknown,
        };
        match self.facts.fixes.get(&(tag.clone(), digest.clone())) {
            None => Candidate::Unknown(Fact::Fixes(tag.clone(), digest.clone())),
            Some(Ok(fixes)) => Candidate::Good(Chosen { fixes: Some(fixes.clone()), ..chosen }),
            Some(Err(not)) => {
                let detail = format!("{}; no shorter cooldown: {}", young.detail, not.why);
                Candidate::Bad(Waiting { detail, ..young })
            }
        }
    }

    /// Whether something that has been public since then has waited long enough. An unknown age is enough only if none is
    /// required.
    fn is_over(self, wait: Duration, since: Option<Since>) -> bool {
        let wait = TimeDelta::from_std(wait).unwrap_or(TimeDelta::MAX);
        let due = since.and_then(|since| since.at.checked_add_signed(wait));
        wait.is_zero() || due.is_some_and(|due| due <= self.now)
    }

    /// Judges readiness and signatures last, because they cost the most: if something is missing, nothing needs to be
    /// verified.
    pub(super) fn ready(self, tag: &Tag, digest: &Digest, public_since: Option<Since>) -> Candidate {
        if self.subject.ask_readiness {
            match self.facts.readiness.get(digest) {
                None => return Candidate::Unknown(Fact::Readiness(tag.clone(), digest.clone())),
                Some(Readiness::NotReady(why)) => {
                    return Candidate::Bad(bad(tag, Reason::NotReady, why.clone(), None));
                }
                Some(Readiness::Refused(why)) => {
                    return Candidate::Bad(bad(tag, Reason::Refused, why.clone(), None));
                }
                Some(Readiness::Unchanged) => {
                    let detail = "rebuilt, but the same on the wanted platforms".to_owned();
                    return Candidate::Bad(bad(tag, Reason::Approved, detail, None));
                }
                Some(Readiness::Ready) => {}
            }
        }
        if self.subject.ask_signatures && !self.facts.signed.contains(digest) {
            return Candidate::Unknown(Fact::Signatures(tag.clone(), digest.clone()));
        }
        Candidate::Good(Chosen {
            tag: tag.clone(),
            digest: digest.clone(),
            rebuild: false,
            public_since,
            fixes: None,
            prefix_changed: false,
            instead_of: None,
        })
    }

    /// Whether a person declined these bytes, or they lack the required signature.
    pub(super) fn refused(self, tag: &Tag, digest: &Digest) -> Option<Waiting> {
        if self.subject.revoked.iter().any(|(_, revoked)| revoked == digest) {
            return Some(bad(tag, Reason::Revoked, format!("{} is revoked", digest.short()), None));
        }
        if self.facts.declined.contains(digest) {
            return Some(bad(
                tag,
                Reason::Declined,
                format!("a person closed the proposal for {}", digest.short()),
                None,
            ));
        }
        self.facts.unsigned.get(digest).map(|why| bad(tag, Reason::Unsigned, why.clone(), None))
    }

    /// Whether a digest that has been public since then is too young.
    pub(super) fn young(self, tag: &Tag, since: Option<Since>) -> Option<Waiting> {
        let Some(since) = since else {
            let detail = "it is unknown since when it has been public".to_owned();
            return Some(bad(tag, Reason::Waiting, detail, None));
        };
        let cooldown = TimeDelta::from_std(self.subject.cooldown).unwrap_or(TimeDelta::MAX);
        let due = since.at.checked_add_signed(cooldown).unwrap_or(DateTime::<Utc>::MAX_UTC);
        (due > self.now).then(|| {
            let detail = format!("{since}, due {}", minute(due));
            bad(tag, Reason::Waiting, detail, Some(due))
        })
    }

    /// The digest of a tag's last approval.
    pub(super) fn approved(&self, tag: &Tag) -> Option<&Digest> {
        self.subject.approved.iter().rev().find(|(approved, _)| approved == tag).map(|(_, digest)| digest)
    }

    /// Whether the candidate is seen for the first time or it is unknown since when it is public: then older
    /// candidates' clocks need not begin too. A tag with a history was seen before, and its clock may restart every
    /// night.
    pub(super) fn fresh(self, waiting: &Waiting) -> bool {
        if self.facts.history.get(&waiting.tag).is_some_and(|history| !history.is_empty()) {
            return false;
        }
        let since =
            self.facts.digests.get(&waiting.tag).and_then(Option::as_ref).and_then(|digest| {
                self.facts.public_since.get(&(waiting.tag.clone(), digest.clone())).copied().flatten()
            });
        waiting.reason == Reason::Waiting && since.is_none_or(|since| since.at >= self.now)
    }
}

fn bad(tag: &Tag, reason: Reason, detail: String, until: Option<DateTime<Utc>>) -> Waiting {
    Waiting { tag: tag.clone(), reason, detail, until }
}

pub(super) fn minute(time: DateTime<Utc>) -> impl std::fmt::Display {
    time.format("%Y-%m-%d %H:%M UTC")
}
