//! One line: which of its candidates, newest first, should be proposed.

use std::borrow::Cow;

use super::super::{Chosen, Fact, Line, Reason, Verdict, Waiting};
use super::candidate::{Candidate, FIXES, Question, Tries};
use super::earlier::EARLIER;
use super::judgement::Judgement;
use super::rows::{Held, Row};
use crate::image::{Digest, Tag};

/// How many candidates in a row may have a clock that has just begun before older ones are left for later runs.
///
/// Today's newest is the one that matters; once its clock has run out it is chosen, or those below it are checked.
const FRESH: usize = 3;
/// How many candidates of a line that are not ready, refused or unsigned are skipped in one run: each costs several
/// requests, and if that many fail, the older ones fail for the same reason.
pub(super) const PASSED: usize = 10;
/// How many candidates of a line are checked in one run.
const LOOKED_AT: usize = 100;

/// After how many rounds of questions and answers nothing is missing, whatever the answers: three for each candidate
/// and a rebuild (its digest, its age, and its readiness or its history), one more for the signatures of those that are
/// skipped and of the last, two for each earlier digest, three for each version that is compared with what is approved
/// (whether it is ready, its signatures, what it fixes), and the last round.
pub const ROUNDS: usize = 3 * (LOOKED_AT + 1) + PASSED + 1 + 2 * EARLIER + 3 * FIXES + 1;

/// A line and its candidates, for which it is only known that the rule admits them.
#[derive(Debug)]
pub(super) struct CandidateLine<'a> {
    pub(super) name: String,
    /// The newest approval.
    pub(super) current: Option<Held<'a>>,
    /// The approvals among which `keep` counts, newest first.
    pub(super) own: Vec<Held<'a>>,
    /// The rows of the candidates, newest first.
    pub(super) candidates: Vec<usize>,
    /// Whether the approvals write `v` by habit.
    pub(super) v: Option<bool>,
    /// The row of the newest version that is published outside the family.
    pub(super) beside: Option<usize>,
}

/// The result of going through a line's candidates.
#[derive(Default)]
pub(super) struct LineChoice {
    chosen: Option<Chosen>,
    waiting: Vec<Waiting>,
    pub(super) missing: Option<Fact>,
    /// The verdicts on the candidates that were checked, newest first.
    judgements: Vec<Judgement>,
    /// The verdict on all others.
    others: Option<Judgement>,
    /// The verdict on the approval, if it was rebuilt.
    rebuilt: Option<Judgement>,
}

impl CandidateLine<'_> {
    /// A line without anything on it.
    pub(super) const fn named(name: String) -> Self {
        Self { name, current: None, own: Vec::new(), candidates: Vec::new(), v: None, beside: None }
    }

    /// Goes through the candidates, newest first, and looks for a rebuild if nothing is chosen.
    pub(super) fn walk(&self, question: Question<'_>, rows: &[Row<'_>]) -> LineChoice {
        let mut walk = LineChoice::default();
        let (mut fresh, mut passed, mut tries) = (0, 0, Tries::ALL);
        for (looked_at, row) in self.candidates.iter().map(|&at| &rows[at]).enumerate() {
            walk.others = enough(looked_at, fresh, passed);
            if walk.others.is_some() {
                break;
            }
            match question.newest(row.tag, &mut tries) {
                Candidate::Good(chosen) => {
                    walk.others = Some(Judgement::skipped(Reason::Superseded, format!("{} is newer", chosen.tag)));
                    walk.choose(Chosen { prefix_changed: self.v.is_some_and(|v| row.writes_v() != v), ..chosen }, row);
                    break;
                }
                Candidate::Bad(waiting) => {
                    fresh = if question.fresh(&waiting) { fresh + 1 } else { 0 };
                    passed += usize::from(waiting.reason != Reason::Waiting);
                    walk.judgements.push(Judgement::skipped(waiting.reason, waiting.detail.clone()));
                    walk.wait(waiting);
                }
                Candidate::Unknown(fact) => {
                    walk.others = Some(Judgement::skipped(Reason::Superseded, "not checked yet"));
                    walk.missing = Some(fact);
                    break;
                }
            }
        }
        if let Some(current) = self.current.filter(|_| walk.chosen.is_none() && walk.missing.is_none()) {
            walk.rebuild(question, current, rows, &mut tries);
        }
        walk
    }

    /// Decides about the line; writes the verdicts on its tags.
    pub(super) fn answer(self, question: Question<'_>, rows: &mut [Row<'_>]) -> Line {
        let LineChoice { chosen, waiting, judgements, others, rebuilt, .. } = self.walk(question, rows);
        let mut judgements = judgements.into_iter();
        for &at in &self.candidates {
            rows[at].judgement = judgements.next().or_else(|| others.clone());
        }
        if let (Some(rebuilt), Some(at)) = (rebuilt, self.current.and_then(|current| current.row)) {
            rows[at].judgement = Some(rebuilt);
        }
        let retired = chosen.as_ref().map(|chosen| retired(chosen, question.subject.keep, &self.own));
        let current = self.current.map(|held| (held.tag.clone(), held.digest.clone()));
        let approved = self.own.iter().map(|held| held.tag.clone()).collect();
        let beside = self.beside.filter(|_| chosen.is_none() && waiting.is_empty()).map(|at| rows[at].tag.clone());
        Line { name: self.name, current, chosen, approved, retired: retired.unwrap_or_default(), waiting, beside }
    }
}

impl LineChoice {
    fn choose(&mut self, chosen: Chosen, row: &Row<'_>) {
        let detail =
            if chosen.prefix_changed { habit(row.writes_v()) } else { "the newest version that the rule admits" };
        let detail = match chosen.instead_of {
            None => detail.into(),
            Some(_) => Cow::from(format!("{detail}; {}", chosen.answered())),
        };
        let detail = if chosen.fixes.is_some() { Cow::from(format!("{detail}{}", chosen.hurried())) } else { detail };
        self.judgements.push(Judgement::new(Verdict::Chosen, Reason::Newest, detail));
        self.take(chosen);
    }

    fn take(&mut self, chosen: Chosen) {
        self.waiting.extend(chosen.instead_of.clone());
        self.chosen = Some(chosen);
    }

    /// Keeps what a reader should know is coming or held back; revoked versions are neither.
    fn wait(&mut self, waiting: Waiting) {
        if waiting.reason != Reason::Revoked {
            self.waiting.push(waiting);
        }
    }

    /// Looks for a rebuild of the approval if the rule still wants it and upstream still lists it: the same tag now has
    /// different bytes.
    fn rebuild(&mut self, question: Question<'_>, held: Held<'_>, rows: &[Row<'_>], tries: &mut Tries) {
        let follows = |own: &&Judgement| matches!(own.reason, Reason::Approved | Reason::ApprovalNotRead);
        let own = held.row.and_then(|at| rows[at].judgement.as_ref()).filter(follows);
        let Some(own) = own.filter(|_| question.subject.rebuilds) else { return };
        let say = |detail: String| Some(Judgement { detail: detail.into(), ..own.clone() });
        match question.facts.digests.get(held.tag) {
            Some(Some(digest)) if digest == held.digest => return,
            Some(None) => {
                self.rebuilt = say("in the manifest; upstream no longer has it".to_owned());
                return;
            }
            _ => {}
        }
        match question.newest(held.tag, tries) {
            Candidate::Good(chosen) => {
                let detail = format!("rebuilt: {}{}", chosen.answered(), chosen.hurried());
                self.rebuilt = Some(Judgement::new(Verdict::Chosen, Reason::Newest, detail));
                self.take(Chosen { rebuild: true, ..chosen });
            }
            Candidate::Bad(waiting) if waiting.reason == Reason::Approved => {
                self.rebuilt = say(format!("in the manifest; {}", waiting.detail));
            }
            Candidate::Bad(waiting) => {
                self.rebuilt = say(format!("in the manifest; rebuilt, {}", waiting.detail));
                self.wait(waiting);
            }
            Candidate::Unknown(fact) => self.missing = Some(fact),
        }
    }
}

const fn habit(v: bool) -> &'static str {
    if v {
        "the newest version that the rule admits; upstream writes it with `v`, the approvals have none"
    } else {
        "the newest version that the rule admits; upstream writes it without the `v` of the approvals"
    }
}

/// Whether enough was checked in this run, and what to say about the rest.
fn enough(looked_at: usize, fresh: usize, passed: usize) -> Option<Judgement> {
    if passed >= PASSED {
        let detail = format!("not checked: {PASSED} newer versions cannot be proposed");
        return Some(Judgement::skipped(Reason::NotReady, detail));
    }
    if fresh >= FRESH {
        let detail = format!(
            "not checked yet: the {FRESH} newer versions have only just been seen, or it is unknown since when they have been public"
        );
        return Some(Judgement::skipped(Reason::Waiting, detail));
    }
    let rest =
        || Judgement::skipped(Reason::Waiting, format!("not checked yet: {LOOKED_AT} newer versions are waiting"));
    (looked_at >= LOOKED_AT).then(rest)
}

/// The approvals that an update removes: those beyond the newest `keep`, including the update.
fn retired(chosen: &Chosen, keep: Option<u32>, newest_first: &[Held<'_>]) -> Vec<(Tag, Digest)> {
    let Some(keep) = keep.filter(|_| !chosen.rebuild) else { return Vec::new() };
    let kept = usize::try_from(keep).unwrap_or(usize::MAX).saturating_sub(1);
    newest_first.iter().skip(kept).map(|held| (held.tag.clone(), held.digest.clone())).collect()
}
