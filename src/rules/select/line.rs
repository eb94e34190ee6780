//! One line: which of its candidates, newest first, is to be proposed.

use super::super::{Chosen, Fact, Line, Reason, Verdict, Waiting};
use super::Word;
use super::candidate::{Candidate, Question};
use super::versions::{Approval, Row};
use crate::image::Tag;

/// How many candidates in a row may have a clock that has only just begun before the older ones are left for later runs.
const FRESH: usize = 3;
/// How many candidates of a line that are not ready, refused or unsigned are passed over in one run.
const PASSED: usize = 10;
/// How many candidates of a line are looked at in one run.
const LOOKED_AT: usize = 100;

/// What looking through a line's candidates came to.
#[derive(Default)]
pub(super) struct Walk {
    pub(super) chosen: Option<Chosen>,
    pub(super) waiting: Vec<Waiting>,
    pub(super) missing: Option<Fact>,
}

/// Looks through candidates, newest first, and writes the verdict of each.
pub(super) fn walk(question: Question<'_>, rows: &mut [Row<'_>], candidates: &[usize]) -> Walk {
    let mut walk = Walk::default();
    let (mut fresh, mut passed) = (0, 0);
    for (looked_at, &at) in candidates.iter().enumerate() {
        let row = &mut rows[at];
        if let Some(chosen) = &walk.chosen {
            row.word = Some(Word::skipped(Reason::Superseded, format!("{} is newer", chosen.tag)));
            continue;
        }
        if walk.missing.is_some() {
            row.word = Some(Word::skipped(Reason::Superseded, "not looked at yet"));
            continue;
        }
        if let Some((reason, detail)) = enough(looked_at, fresh, passed) {
            row.word = Some(Word::skipped(reason, detail));
            continue;
        }
        match question.tag(row.tag) {
            Candidate::Good(chosen) => {
                let detail = "the newest that the rule admits".to_owned();
                row.word = Some(Word { verdict: Verdict::Chosen, reason: Reason::Newest, detail });
                walk.chosen = Some(chosen);
            }
            Candidate::Bad(waiting) => {
                fresh = if question.fresh(&waiting) { fresh + 1 } else { 0 };
                passed += usize::from(waiting.reason != Reason::Waiting);
                row.word = Some(Word::skipped(waiting.reason, waiting.detail.clone()));
                if !matches!(waiting.reason, Reason::Declined | Reason::Revoked) {
                    walk.waiting.push(waiting);
                }
            }
            Candidate::Unknown(fact) => {
                row.word = Some(Word::skipped(Reason::Superseded, "not looked at yet"));
                walk.missing = Some(fact);
            }
        }
    }
    walk
}

/// Whether enough was looked at in this run, and what to say of the rest.
fn enough(looked_at: usize, fresh: usize, passed: usize) -> Option<(Reason, String)> {
    if passed >= PASSED {
        return Some((Reason::NotReady, format!("not looked at: {PASSED} newer versions cannot be proposed")));
    }
    if fresh >= FRESH {
        return Some((Reason::Waiting, format!("not looked at yet: the {FRESH} newer ones have only just been seen")));
    }
    (looked_at >= LOOKED_AT).then(|| (Reason::Waiting, format!("not looked at yet: {LOOKED_AT} newer versions wait")))
}

/// Whether the line's newest approval was rebuilt: the same tag now answers other bytes.
pub(super) fn rebuild(question: Question<'_>, approval: &Approval<'_>, row: &mut Row<'_>, walk: &mut Walk) {
    match question.facts.digests.get(approval.tag) {
        Some(Some(digest)) if digest == approval.digest => return,
        Some(None) => {
            if let Some(word) = &mut row.word {
                "upstream no longer answers it".clone_into(&mut word.detail);
            }
            return;
        }
        _ => {}
    }
    match question.tag(approval.tag) {
        Candidate::Good(chosen) => {
            let detail = format!("rebuilt: answers {}", chosen.digest.short());
            row.word = Some(Word { verdict: Verdict::Chosen, reason: Reason::Newest, detail });
            walk.chosen = Some(Chosen { rebuild: true, ..chosen });
        }
        Candidate::Bad(waiting) => {
            if let Some(word) = &mut row.word {
                word.detail = format!("rebuilt: {}", waiting.detail);
            }
            if !matches!(waiting.reason, Reason::Declined | Reason::Revoked) {
                walk.waiting.push(waiting);
            }
        }
        Candidate::Unknown(fact) => walk.missing = Some(fact),
    }
}

/// The approvals that leave with an update: those beyond the newest `keep`, the update counted.
pub(super) fn retired<'a>(
    line: &Line,
    keep: Option<u32>,
    newest_first: &[&Approval<'a>],
) -> Vec<(Tag, crate::image::Digest)> {
    let (Some(keep), Some(chosen)) = (keep, &line.chosen) else { return Vec::new() };
    if chosen.rebuild {
        return Vec::new();
    }
    let kept = usize::try_from(keep).unwrap_or(usize::MAX).saturating_sub(1);
    newest_first.iter().skip(kept).map(|a| (a.tag.clone(), a.digest.clone())).collect()
}
