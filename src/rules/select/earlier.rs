//! Earlier digests of a tag: what it may get if its current digest is too young.

use chrono::{DateTime, Utc};

use super::super::{Chosen, Fact, Facts, Readiness, Reason, Since, Subject, Waiting};
use super::candidate::{Candidate, Question, minute};
use crate::image::{Digest, Tag};

/// How many earlier digests of a line's tags are tried in one run, each of which costs requests: the whole history of one tag.
pub(crate) const EARLIER: usize = 12;

/// Judges one tag by itself, whatever else the rule would pick: what it answers, its age, whether all of it is there; where
/// that is too young, what it answered before.
pub(crate) fn alone(subject: &Subject, tag: &Tag, facts: &Facts, now: DateTime<Utc>) -> Candidate {
    let mut tries = EARLIER;
    Question { subject, facts, now }.newest(tag, &mut tries)
}

impl Question<'_> {
    /// Judges what `tag` answers now or, where that is too young, the newest digest of its history that is old enough, newer
    /// than what is approved of the tag, and still held by upstream. `tries` are left for earlier digests, and are used up.
    ///
    /// A digest of the history counts from when it was first seen, also where the tag has answered others since. A cooldown
    /// waits for somebody to find what is wrong with bytes that anybody can pull, and an earlier digest was in the open for as
    /// long; a clock that each rebuild ends would never let a tag through that is rebuilt every night. A publisher who
    /// withdraws bytes deletes them, so they are no longer held, or has the tag resolve to the approved ones again, which ends
    /// its history. Bytes that come back as what the tag resolves to start again. The proposal says that its tag has moved on.
    pub(super) fn newest(self, tag: &Tag, tries: &mut usize) -> Candidate {
        match self.tag(tag) {
            Candidate::Bad(waiting) if waiting.reason == Reason::Waiting => self.earlier(tag, waiting, tries),
            judged => judged,
        }
    }

    fn earlier(self, tag: &Tag, waiting: Waiting, tries: &mut usize) -> Candidate {
        let Some(history) = self.facts.history.get(tag) else { return Candidate::Unknown(Fact::History(tag.clone())) };
        let (mut next, mut unsigned) = (None, None);
        for (digest, since) in self.newer(tag, history) {
            // What was declined is not followed by what is older still.
            if self.facts.declined.contains(digest) {
                break;
            }
            let since = Some(Since::first_seen(*since));
            if let Some(refused) = self.refused(tag, digest) {
                if refused.reason == Reason::Unsigned {
                    // It was asked about, as what is tried below.
                    let Some(left) = tries.checked_sub(1) else { break };
                    *tries = left;
                    unsigned.get_or_insert((digest, refused.detail));
                }
                continue;
            }
            if let Some(young) = self.young(tag, since) {
                next = young.until.map(|due| (digest, due));
                continue;
            }
            let Some(left) = tries.checked_sub(1) else { break };
            *tries = left;
            match self.ready(tag, digest, since) {
                Candidate::Good(chosen) => return Candidate::Good(Chosen { instead_of: Some(waiting), ..chosen }),
                unknown @ Candidate::Unknown(_) => return unknown,
                // The same as what is approved: what is older is not an update of that.
                Candidate::Bad(_) if self.facts.readiness.get(digest) == Some(&Readiness::Unchanged) => break,
                Candidate::Bad(_) => {}
            }
        }
        let waiting = match next {
            Some((digest, due)) if waiting.until.is_none_or(|until| due < until) => due_before(waiting, digest, due),
            _ => waiting,
        };
        Candidate::Bad(match unsigned {
            Some((digest, why)) => but_for_signatures(waiting, digest, &why),
            None => waiting,
        })
    }

    /// What a tag answered before, newest first, as far as it is newer than what is approved of the tag. Without the approved
    /// digest in it a history does not say what is newer: then nothing of it is taken.
    fn newer<'h>(
        self,
        tag: &Tag,
        history: &'h [(Digest, DateTime<Utc>)],
    ) -> impl Iterator<Item = &'h (Digest, DateTime<Utc>)> {
        let oldest = match self.approved(tag) {
            None => 0,
            Some(approved) => history.iter().position(|(d, _)| d == approved).map_or(history.len(), |at| at + 1),
        };
        let now = self.facts.digests.get(tag).cloned().flatten();
        history[oldest..].iter().rev().filter(move |(digest, _)| Some(digest) != now.as_ref())
    }
}

/// A tag that waits, where an earlier digest of it is due before what it resolves to now.
fn due_before(waiting: Waiting, digest: &Digest, due: DateTime<Utc>) -> Waiting {
    let detail = format!("{}; {}, which it resolved to before, is due {}", waiting.detail, digest.short(), minute(due));
    Waiting { detail, until: Some(due), ..waiting }
}

/// A tag that waits, where an earlier digest of it would come but for its signatures.
fn but_for_signatures(waiting: Waiting, digest: &Digest, why: &str) -> Waiting {
    let detail =
        format!("{}, which it answered before: {why}; what it answers now: {}", digest.short(), waiting.detail);
    Waiting { reason: Reason::Unsigned, detail, ..waiting }
}

impl Chosen {
    /// What is said about a tag whose earlier digest is chosen.
    pub(super) fn answered(&self) -> String {
        let digest = self.digest.short();
        match self.instead_of {
            None => format!("resolves to {digest}"),
            Some(_) => format!("resolved to {digest} before; the current digest is too young"),
        }
    }
}
