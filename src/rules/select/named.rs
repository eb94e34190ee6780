//! Floating tags, followed by digest.

use super::super::{Chosen, Fact, Line, Reason, Selection, TagVerdict, Verdict};
use super::candidate::{Candidate, Question, Tries};
use super::judgement::Judgement;
use super::readings::Readings;
use super::rows::rejected;
use crate::image::Tag;

/// The missing facts, one per tag.
pub(super) fn missing(question: Question<'_>, names: &[Tag]) -> Vec<Fact> {
    let judged = names.iter().filter(|tag| rejected(question.subject, question.now, tag).is_none());
    let fact = |tag| match judge(question, tag) {
        Some(Candidate::Unknown(fact)) => Some(fact),
        _ => None,
    };
    judged.filter_map(fact).collect()
}

/// Each named tag is a line. Its verdict comes first, in the rule's order; the other tags follow, by name.
pub(super) fn answer(question: Question<'_>, names: &[Tag], tags: &Readings<'_>) -> Selection {
    let (lines, mut verdicts): (_, Vec<_>) = names.iter().map(|name| follow(question, name)).unzip();
    let others = tags.iter().map(|(tag, _)| tag).filter(|tag| !names.contains(tag));
    verdicts.extend(others.map(|tag| {
        let judgement = match question.approved(tag) {
            Some(_) => Judgement::new(Verdict::Approved, Reason::Approved, "no longer followed"),
            None => Judgement::skipped(Reason::OtherLine, "the rule names other tags"),
        };
        judgement.on(tag)
    }));
    Selection { lines, tags: verdicts, unread: None }
}

fn follow(question: Question<'_>, tag: &Tag) -> (Line, TagVerdict) {
    let current = question.approved(tag);
    let mut line = Line {
        name: format!("tag/{tag}"),
        current: current.map(|digest| (tag.clone(), digest.clone())),
        chosen: None,
        approved: current.map(|_| tag.clone()).into_iter().collect(),
        retired: Vec::new(),
        waiting: Vec::new(),
        beside: None,
    };
    let judgement = if let Some(until) = rejected(question.subject, question.now, tag) {
        Judgement::skipped(Reason::Rejected, until)
    } else {
        match judge(question, tag) {
            None => Judgement::new(Verdict::Approved, Reason::Approved, "resolves to the approved digest"),
            Some(Candidate::Good(chosen)) => {
                let judgement = Judgement::new(Verdict::Chosen, Reason::Newest, chosen.answered() + &chosen.hurried());
                line.waiting.extend(chosen.instead_of.clone());
                line.chosen = Some(Chosen { rebuild: current.is_some(), ..chosen });
                judgement
            }
            Some(Candidate::Bad(waiting)) => {
                let verdict = if current.is_some() { Verdict::Approved } else { Verdict::Skipped };
                let judgement = Judgement::new(verdict, waiting.reason, waiting.detail.clone());
                if matches!(
                    waiting.reason,
                    Reason::Waiting | Reason::NotReady | Reason::Unsigned | Reason::Declined | Reason::Refused
                ) {
                    line.waiting.push(waiting);
                }
                judgement
            }
            Some(Candidate::Unknown(_)) => Judgement::skipped(Reason::Floating, "not checked yet"),
        }
    };
    (line, judgement.on(tag))
}

/// Judges which digest a floating tag may get; `None` if it resolves to the approved one.
fn judge(question: Question<'_>, tag: &Tag) -> Option<Candidate> {
    let current = question.approved(tag);
    let now = question.facts.digests.get(tag);
    if current.is_some() && now.is_some_and(|digest| digest.as_ref() == current) {
        return None;
    }
    let mut tries = Tries::ALL;
    Some(question.newest(tag, &mut tries))
}
