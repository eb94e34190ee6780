//! Floating tags, followed by digest.

use chrono::{DateTime, Utc};

use super::super::{Chosen, Fact, Line, Reason, Selection, Since, TagVerdict, Verdict, Waiting};
use super::candidate::{Candidate, Question};
use super::{Readings, Word};
use crate::image::{Digest, Tag};

/// The facts that are lacking, one a tag.
pub(super) fn missing(question: Question<'_>, names: &[Tag]) -> Vec<Fact> {
    followed(question, names).missing
}

/// Each named tag is a line. Its verdict stands first, in the rule's order; the other tags follow, by name.
pub(super) fn answer(question: Question<'_>, names: &[Tag], tags: &Readings<'_>) -> Selection {
    let mut selection = Selection { missing: Vec::new(), ..followed(question, names) };
    for (tag, _) in tags.iter().filter(|(tag, _)| !names.contains(tag)) {
        let approved = question.subject.approved.iter().any(|(approved, _)| approved == tag);
        let word = if approved {
            Word { verdict: Verdict::Approved, reason: Reason::Approved, detail: "no longer followed".into() }
        } else {
            Word::skipped(Reason::OtherLine, "the rule names other tags")
        };
        push(&mut selection, tag, word);
    }
    selection
}

fn followed(question: Question<'_>, names: &[Tag]) -> Selection {
    let mut selection = Selection::default();
    for name in names {
        follow(question, name, &mut selection);
    }
    selection
}

fn follow(question: Question<'_>, tag: &Tag, selection: &mut Selection) {
    let current = question.subject.approved.iter().rev().find(|(approved, _)| approved == tag).cloned();
    let mut line = Line {
        name: format!("tag/{tag}"),
        current: current.clone(),
        chosen: None,
        retired: Vec::new(),
        waiting: Vec::new(),
    };
    let word = if let Some(until) = super::rows::rejected(question.subject, question.now, tag) {
        Word::skipped(Reason::Rejected, until)
    } else {
        match judge(question, tag, current.as_ref().map(|(_, digest)| digest)) {
            Judged::Current => Word {
                verdict: Verdict::Approved,
                reason: Reason::Approved,
                detail: "answers the approved digest".into(),
            },
            Judged::Good(mut chosen, waiting) => {
                chosen.rebuild = current.is_some();
                let detail = match &waiting {
                    None => format!("answers {}", chosen.digest.short()),
                    Some(_) => format!("answered {} before; what it answers now is too young", chosen.digest.short()),
                };
                line.chosen = Some(chosen);
                line.waiting.extend(waiting);
                Word { verdict: Verdict::Chosen, reason: Reason::Newest, detail: detail.into() }
            }
            Judged::Bad(waiting) => {
                let verdict = if current.is_some() { Verdict::Approved } else { Verdict::Skipped };
                let word = Word { verdict, reason: waiting.reason, detail: waiting.detail.clone().into() };
                if matches!(waiting.reason, Reason::Waiting | Reason::NotReady | Reason::Unsigned | Reason::Declined) {
                    line.waiting.push(waiting);
                }
                word
            }
            Judged::Unknown(fact) => {
                selection.missing.push(fact);
                Word::skipped(Reason::Floating, "not looked at yet")
            }
        }
    };
    selection.lines.push(line);
    push(selection, tag, word);
}

enum Judged {
    Current,
    Good(Chosen, Option<Waiting>),
    Bad(Waiting),
    Unknown(Fact),
}

/// What the tag answers now, or, where that is too young, the newest digest of its history that is old enough, is newer
/// than the approved one, and still answers.
fn judge(question: Question<'_>, tag: &Tag, current: Option<&Digest>) -> Judged {
    let now = question.facts.digests.get(tag);
    if current.is_some() && now.is_some_and(|digest| digest.as_ref() == current) {
        return Judged::Current;
    }
    match question.tag(tag) {
        Candidate::Good(chosen) => Judged::Good(chosen, None),
        Candidate::Unknown(fact) => Judged::Unknown(fact),
        Candidate::Bad(waiting) if waiting.reason != Reason::Waiting => Judged::Bad(waiting),
        Candidate::Bad(waiting) => earlier(question, tag, current, waiting),
    }
}

fn earlier(question: Question<'_>, tag: &Tag, current: Option<&Digest>, waiting: Waiting) -> Judged {
    let Some(history) = question.facts.history.get(tag) else { return Judged::Unknown(Fact::History(tag.clone())) };
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
            Candidate::Good(chosen) => return Judged::Good(chosen, Some(waiting)),
            Candidate::Unknown(fact) => return Judged::Unknown(fact),
            Candidate::Bad(_) => {}
        }
    }
    Judged::Bad(waiting)
}

fn push(selection: &mut Selection, tag: &Tag, word: Word) {
    let Word { verdict, reason, detail } = word;
    selection.tags.push(TagVerdict { tag: tag.clone(), verdict, reason, detail: detail.into_owned() });
}
