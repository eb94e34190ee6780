//! One line: which of its candidates, newest first, is to be proposed.

use super::super::{Chosen, Fact, Line, Reason, Verdict, Waiting};
use super::Word;
use super::candidate::{Candidate, Question};
use super::versions::{Approval, Row};
use crate::image::{Digest, Tag};

/// How many candidates in a row may have a clock that has only just begun before the older ones are left for later runs.
///
/// The newest of today is the one that matters; once its clock has run it is chosen, or those below it are looked at.
const FRESH: usize = 3;
/// How many candidates of a line that are not ready, refused or unsigned are passed over in one run: each costs several
/// requests, and where so many fail the older ones fail for the same reason.
const PASSED: usize = 10;
/// How many candidates of a line are looked at in one run.
const LOOKED_AT: usize = 100;

/// After how many rounds of questions and answers [`super::select`] has decided, whatever the answers are: three about
/// each candidate, three about a rebuild, and the last.
pub const ROUNDS: usize = 3 * LOOKED_AT + 4;

/// What looking through a line's candidates came to.
#[derive(Default)]
pub(super) struct Walk {
    pub(super) chosen: Option<Chosen>,
    pub(super) waiting: Vec<Waiting>,
    pub(super) missing: Option<Fact>,
}

impl Walk {
    /// Keeps what a reader should know to be coming; what a person refused is not.
    fn wait(&mut self, waiting: Waiting) {
        if !matches!(waiting.reason, Reason::Declined | Reason::Revoked) {
            self.waiting.push(waiting);
        }
    }
}

/// Looks through candidates, newest first, and writes the verdict of each. `v` is the approvals' habit of writing it.
pub(super) fn walk(question: Question<'_>, rows: &mut [Row<'_>], candidates: &[usize], v: Option<bool>) -> Walk {
    let mut walk = Walk::default();
    let (mut fresh, mut passed) = (0, 0);
    for (looked_at, &at) in candidates.iter().enumerate() {
        let row = &mut rows[at];
        let word = match (&walk.chosen, &walk.missing) {
            (Some(chosen), _) => Some((Reason::Superseded, format!("{} is newer", chosen.tag))),
            (None, Some(_)) => Some((Reason::Superseded, "not looked at yet".to_owned())),
            (None, None) => enough(looked_at, fresh, passed),
        };
        if let Some((reason, detail)) = word {
            row.word = Some(Word::skipped(reason, detail));
            continue;
        }
        match question.tag(row.tag) {
            Candidate::Good(chosen) => {
                let prefix_changed = v.is_some_and(|v| row.writes_v() != v);
                let detail = if prefix_changed { habit(row.writes_v()) } else { "the newest that the rule admits" };
                row.word = Some(Word { verdict: Verdict::Chosen, reason: Reason::Newest, detail: detail.to_owned() });
                walk.chosen = Some(Chosen { prefix_changed, ..chosen });
            }
            Candidate::Bad(waiting) => {
                fresh = if question.fresh(&waiting) { fresh + 1 } else { 0 };
                passed += usize::from(waiting.reason != Reason::Waiting);
                row.word = Some(Word::skipped(waiting.reason, waiting.detail.clone()));
                walk.wait(waiting);
            }
            Candidate::Unknown(fact) => {
                row.word = Some(Word::skipped(Reason::Superseded, "not looked at yet"));
                walk.missing = Some(fact);
            }
        }
    }
    walk
}

const fn habit(v: bool) -> &'static str {
    if v {
        "the newest that the rule admits; upstream writes it with `v`, the approvals have none"
    } else {
        "the newest that the rule admits; upstream writes it without the `v` of the approvals"
    }
}

/// Whether enough was looked at in this run, and what to say of the rest.
fn enough(looked_at: usize, fresh: usize, passed: usize) -> Option<(Reason, String)> {
    if passed >= PASSED {
        return Some((Reason::NotReady, format!("not looked at: {PASSED} newer versions cannot be proposed")));
    }
    if fresh >= FRESH {
        let detail =
            format!("not looked at yet: nobody knows since when the {FRESH} newer ones are public, or only now");
        return Some((Reason::Waiting, detail));
    }
    (looked_at >= LOOKED_AT).then(|| (Reason::Waiting, format!("not looked at yet: {LOOKED_AT} newer versions wait")))
}

/// Whether the line's newest approval was rebuilt: the same tag now answers other bytes.
pub(super) fn rebuild(question: Question<'_>, approval: &Approval<'_>, row: &mut Row<'_>, walk: &mut Walk) {
    let Some(word) = &mut row.word else { return };
    match question.facts.digests.get(approval.tag) {
        Some(Some(digest)) if digest == approval.digest => return,
        Some(None) => return "in the manifest; upstream no longer answers it".clone_into(&mut word.detail),
        _ => {}
    }
    match question.tag(approval.tag) {
        Candidate::Good(chosen) => {
            let detail = format!("rebuilt: answers {}", chosen.digest.short());
            *word = Word { verdict: Verdict::Chosen, reason: Reason::Newest, detail };
            walk.chosen = Some(Chosen { rebuild: true, ..chosen });
        }
        Candidate::Bad(waiting) => {
            word.detail = format!("in the manifest; rebuilt, {}", waiting.detail);
            walk.wait(waiting);
        }
        Candidate::Unknown(fact) => walk.missing = Some(fact),
    }
}

/// The approvals that leave with an update: those beyond the newest `keep`, the update counted.
pub(super) fn retired(line: &Line, keep: Option<u32>, newest_first: &[&Approval<'_>]) -> Vec<(Tag, Digest)> {
    let (Some(keep), Some(chosen)) = (keep, &line.chosen) else { return Vec::new() };
    if chosen.rebuild {
        return Vec::new();
    }
    let kept = usize::try_from(keep).unwrap_or(usize::MAX).saturating_sub(1);
    newest_first.iter().skip(kept).map(|a| (a.tag.clone(), a.digest.clone())).collect()
}
