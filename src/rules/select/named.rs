//! Floating tags, followed by digest.

use chrono::{DateTime, Utc};

use super::super::{Chosen, Fact, Line, Reason, Selection, Since, TagVerdict, Verdict, Waiting};
use super::candidate::{Candidate, Question};
use super::judgement::Judgement;
use super::readings::Readings;
use super::rows::rejected;
use crate::image::{Digest, Tag};

/// The facts that are lacking, one a tag.
pub(super) fn missing(question: Question<'_>, names: &[Tag]) -> Vec<Fact> {
    let judged = names.iter().filter(|tag| rejected(question.subject, question.now, tag).is_none());
    let fact = |tag| match judge(question, tag, approved(question, tag)) {
        Standing::Unknown(fact) => Some(fact),
        _ => None,
    };
    judged.filter_map(fact).collect()
}

/// Each named tag is a line. Its verdict stands first, in the rule's order; the other tags follow, by name.
pub(super) fn answer(question: Question<'_>, names: &[Tag], tags: &Readings<'_>) -> Selection {
    let (lines, mut verdicts): (_, Vec<_>) = names.iter().map(|name| follow(question, name)).unzip();
    let others = tags.iter().map(|(tag, _)| tag).filter(|tag| !names.contains(tag));
    verdicts.extend(others.map(|tag| {
        let judgement = match approved(question, tag) {
            Some(_) => Judgement::new(Verdict::Approved, Reason::Approved, "no longer followed"),
            None => Judgement::skipped(Reason::OtherLine, "the rule names other tags"),
        };
        judgement.on(tag)
    }));
    Selection { lines, tags: verdicts }
}

/// The digest of a tag's last approval.
fn approved<'q>(question: Question<'q>, tag: &Tag) -> Option<&'q Digest> {
    question.subject.approved.iter().rev().find(|(approved, _)| approved == tag).map(|(_, digest)| digest)
}

fn follow(question: Question<'_>, tag: &Tag) -> (Line, TagVerdict) {
    let current = approved(question, tag);
    let mut line = Line {
        name: format!("tag/{tag}"),
        current: current.map(|digest| (tag.clone(), digest.clone())),
        chosen: None,
        retired: Vec::new(),
        waiting: Vec::new(),
    };
    let judgement = if let Some(until) = rejected(question.subject, question.now, tag) {
        Judgement::skipped(Reason::Rejected, until)
    } else {
        match judge(question, tag, current) {
            Standing::Current => Judgement::new(Verdict::Approved, Reason::Approved, "answers the approved digest"),
            Standing::Good(mut chosen, waiting) => {
                chosen.rebuild = current.is_some();
                let detail = match &waiting {
                    None => format!("answers {}", chosen.digest.short()),
                    Some(_) => format!("answered {} before; what it answers now is too young", chosen.digest.short()),
                };
                line.chosen = Some(chosen);
                line.waiting.extend(waiting);
                Judgement::new(Verdict::Chosen, Reason::Newest, detail)
            }
            Standing::Bad(waiting) => {
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
            Standing::Unknown(_) => Judgement::skipped(Reason::Floating, "not looked at yet"),
        }
    };
    (line, judgement.on(tag))
}

/// How a floating tag stands to what is approved of it.
enum Standing {
    Current,
    Good(Chosen, Option<Waiting>),
    Bad(Waiting),
    Unknown(Fact),
}

/// What the tag answers now, or, where that is too young, the newest digest of its history that is old enough, is newer
/// than the approved one, and still answers.
fn judge(question: Question<'_>, tag: &Tag, current: Option<&Digest>) -> Standing {
    let now = question.facts.digests.get(tag);
    if current.is_some() && now.is_some_and(|digest| digest.as_ref() == current) {
        return Standing::Current;
    }
    match question.tag(tag) {
        Candidate::Good(chosen) => Standing::Good(chosen, None),
        Candidate::Unknown(fact) => Standing::Unknown(fact),
        Candidate::Bad(waiting) if waiting.reason != Reason::Waiting => Standing::Bad(waiting),
        Candidate::Bad(waiting) => earlier(question, tag, current, waiting),
    }
}

fn earlier(question: Question<'_>, tag: &Tag, current: Option<&Digest>, waiting: Waiting) -> Standing {
    let Some(history) = question.facts.history.get(tag) else { return Standing::Unknown(Fact::History(tag.clone())) };
    let history: Vec<&(Digest, DateTime<Utc>)> = history.iter().rev().collect();
    // Without the approved digest in it the history does not say what is newer than that: then nothing of it is taken.
    let newer = match current {
        None => history.len(),
        Some(current) => history.iter().position(|(digest, _)| digest == current).unwrap_or(0),
    };
    let answered = question.facts.digests.get(tag).and_then(Option::as_ref);
    for (digest, since) in history.into_iter().take(newer).filter(|(digest, _)| Some(digest) != answered) {
        let since = Some(Since::first_seen(*since));
        if question.refused(tag, digest).is_some() || question.young(tag, since).is_some() {
            continue;
        }
        match question.ready(tag, digest, since) {
            Candidate::Good(chosen) => return Standing::Good(chosen, Some(waiting)),
            Candidate::Unknown(fact) => return Standing::Unknown(fact),
            Candidate::Bad(_) => {}
        }
    }
    Standing::Bad(waiting)
}
