//! Earlier digests of a tag: candidates if its current digest is too young.

use chrono::{DateTime, Utc};

use super::super::{Chosen, Fact, Facts, Readiness, Reason, Since, Subject, Waiting};
use super::candidate::{Candidate, Question, Tries, minute};
use crate::image::{Digest, Tag};

/// How many earlier digests of a line's tags are tried per run, as each costs requests: the whole history of one tag.
pub(crate) const EARLIER: usize = 12;

/// Judges one tag by itself, whatever else the rule would pick: its digest, its age, whether all of it is there; if it
/// is too young, its earlier digests.
pub(crate) fn alone(subject: &Subject, tag: &Tag, facts: &Facts, now: DateTime<Utc>) -> Candidate {
    let mut tries = Tries::ALL;
    Question { subject, facts, now }.newest(tag, &mut tries)
}

impl Question<'_> {
    /// Judges what `tag` resolves to now or, if that is too young, the newest digest in its history that is old enough,
    /// newer than the tag's approval, and still available upstream. `tries` are left for earlier digests, and are used
    /// up.
    ///
    /// An earlier digest's age counts from when it was first seen, even if the tag has moved since. A cooldown gives
    /// people time to find faults in public bytes, and an earlier digest has been public as long; if each rebuild
    /// stopped the clock, a tag that is rebuilt every night would never pass. A publisher who withdraws bytes deletes
    /// them, so they are no longer available, or points the tag back to the approved ones, which ends its history.
    /// Bytes that become a tag's current ones again start over. The proposal says that its tag has moved on.
    pub(super) fn newest(self, tag: &Tag, tries: &mut Tries) -> Candidate {
        match self.tag(tag, tries) {
            Candidate::Bad(waiting) if waiting.reason == Reason::Waiting => {
                self.earlier(tag, waiting, &mut tries.earlier)
            }
            judged => judged,
        }
    }

    fn earlier(self, tag: &Tag, waiting: Waiting, tries: &mut usize) -> Candidate {
        let Some(history) = self.facts.history.get(tag) else { return Candidate::Unknown(Fact::History(tag.clone())) };
        let (mut next, mut unsigned) = (None, None);
        for (digest, since) in self.newer(tag, history) {
            // After a declined digest, nothing older is proposed.
            if self.facts.declined.contains(digest) {
                break;
            }
            let since = Some(Since::first_seen(*since));
            if let Some(refused) = self.refused(tag, digest) {
                if refused.reason == Reason::Unsigned {
                    // This took a request, like those tried below.
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
                // Equal to the approval: anything older is not an update of it.
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

    /// A tag's earlier digests, newest first, as far as they are newer than the tag's approval. A history without the
    /// approved digest does not say what is newer: then none of it is used.
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

/// A waiting tag with an earlier digest that is due before the current one.
fn due_before(waiting: Waiting, digest: &Digest, due: DateTime<Utc>) -> Waiting {
    let detail = format!("{}; {}, which it resolved to before, is due {}", waiting.detail, digest.short(), minute(due));
    Waiting { detail, until: Some(due), ..waiting }
}

/// A waiting tag with an earlier digest that only its signatures hold back.
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

    /// What is said about a version that waits less than others; empty for others.
    pub(super) fn hurried(&self) -> String {
        let fixes = self.fixes.as_ref();
        fixes.map_or_else(String::new, |fixes| format!("; its cooldown is shorter: it {fixes}"))
    }
}
