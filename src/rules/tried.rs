//! Tries a rule on a list when nothing but the tags is known.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Fact, Facts, Notice, NoticeKind, ROUNDS, Readings, Selection, Subject, notices};
use crate::image::{Digest, Tag};

/// What a rule decides about a list; cooldown, readiness and signatures are not checked.
pub(crate) fn tried(subject: &Subject, tags: &[Tag], now: DateTime<Utc>) -> Selection {
    let unasked = Subject { ask_readiness: false, ask_signatures: false, ..subject.clone() };
    let subject = Subject { cooldown: Duration::ZERO, fixes: None, rebuilds: false, ..unasked };
    let readings = Readings::of(&subject.rule, tags);
    let inquiry = readings.inquire(&subject, now);
    let mut facts = Facts::default();
    for _ in 0..ROUNDS {
        let missing = inquiry.missing(&facts);
        let answers = missing.into_iter().filter_map(|fact| match fact {
            Fact::Digest(tag) => Some((tag.clone(), Some(made_up(&tag)))),
            Fact::PublicSince(..)
            | Fact::History(..)
            | Fact::Readiness(..)
            | Fact::Signatures(..)
            | Fact::Fixes(..) => None,
        });
        let known = facts.digests.len();
        facts.digests.extend(answers);
        if facts.digests.len() == known {
            break;
        }
    }
    inquiry.answer(&facts)
}

/// The approvals that a rule does not read, found without the list on which a suggestion is tried.
pub(crate) fn unread(subject: &Subject) -> Vec<Notice> {
    let notices = notices(subject, &[], &tried(subject, &[], DateTime::UNIX_EPOCH));
    let unread = notices.into_iter().filter(|notice| matches!(notice.kind, NoticeKind::Unread(_)));
    unread.map(|notice| Notice { suggestion: None, ..notice }).collect()
}

/// A made-up digest for a tag of which only the name is known.
pub(crate) fn made_up(tag: &Tag) -> Digest {
    Digest::sha256(tag.as_str().as_bytes())
}
