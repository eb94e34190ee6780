//! Whether somebody else pulled a mirror's tag: Docker Hub shows the last pull, whoever it was, and we pull too.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use crate::image::{Location, Named, Repository, Tag};
use crate::manifest::Approval;

/// A place in a consumer's file that names an image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// The repository, or the directory or file that was searched, as it was given.
    pub(crate) repository: String,
    /// The file in it.
    pub(crate) file: String,
    /// Line, from 1.
    pub(crate) line: usize,
}

/// When a tag was last pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pull {
    Unknown,
    Never,
    At(DateTime<Utc>),
}

/// What is known of a tag at its mirror.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PullFacts {
    /// What Docker Hub shows.
    pub(crate) shown: Pull,
    /// When it was last pushed, as Docker Hub shows it.
    pub(crate) pushed: Option<DateTime<Utc>>,
    /// When the default branch recorded its promotion, which may read what it pushed: later than our own last read,
    /// unless `read_again`.
    pub(crate) recorded: Option<DateTime<Utc>>,
    /// Whether audits may read its manifests, which nothing records.
    pub(crate) read_again: bool,
}

/// The last pull that was not our own, and why it is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Believed {
    pub(crate) pull: Pull,
    pub(crate) why: Option<&'static str>,
}

/// The last pull that can be believed to be somebody else's: one later than our own last read.
pub(crate) fn believed(facts: &PullFacts) -> Believed {
    let unknown = |why| Believed { pull: Pull::Unknown, why: Some(why) };
    let at = match facts.shown {
        Pull::Unknown => return unknown("Docker Hub does not show it"),
        Pull::Never => return Believed { pull: Pull::Never, why: None },
        Pull::At(at) => at,
    };
    if facts.read_again {
        return unknown("audits may read it as well, at times that nothing records");
    }
    let Some(recorded) = facts.recorded else {
        return unknown("the manifest's history does not say when it was promoted");
    };
    if facts.pushed.is_none_or(|pushed| pushed > recorded) {
        return unknown("it may have been pushed and read again since its promotion was recorded");
    }
    if at <= recorded {
        return unknown("the last pull may be that of its promotion");
    }
    Believed { pull: Pull::At(at), why: None }
}

/// Whether a tag is still used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Use {
    /// It was pulled, pushed or approved too recently.
    Recent,
    /// Nobody has pulled it for long enough; in words.
    Unused(String),
    /// That is not known, and why.
    Unknown(String),
}

/// Whether nobody has pulled a tag for as long as `after`, on the day `today`. The last pull that Docker Hub shows may be our
/// own, but nobody pulled after it: if it is old enough, it does not matter whose it was. A recent one keeps the tag, even
/// if it was ours.
pub(crate) fn used(facts: &PullFacts, approved_on: Option<NaiveDate>, after: Duration, today: NaiveDate) -> Use {
    let now = today.and_time(NaiveTime::MIN).and_utc();
    let recent = |at: DateTime<Utc>| now.signed_duration_since(at).to_std().unwrap_or_default() < after;
    let unknown = |why: &str| Use::Unknown(why.to_owned());
    let Some(pushed) = facts.pushed else { return unknown("Docker Hub does not show when it was pushed") };
    if recent(pushed) || approved_on.is_some_and(|day| recent(day.and_time(NaiveTime::MIN).and_utc())) {
        return Use::Recent;
    }
    match facts.shown {
        Pull::Unknown => unknown("Docker Hub does not show when it was last pulled"),
        Pull::Never => Use::Unused(format!("nobody has pulled it since it was pushed on {}", pushed.date_naive())),
        Pull::At(at) if !recent(at) => Use::Unused(format!("nobody has pulled it since {}", at.date_naive())),
        Pull::At(_) if facts.read_again => unknown("its last pull may be that of our own runs, which read it again"),
        Pull::At(_) => Use::Recent,
    }
}

/// Whether a reference means this approval at its mirror: by digest, otherwise by tag.
pub(crate) fn means(reference: &Named<Repository>, mirror: &Location, approval: &Approval) -> bool {
    let Location::Remote(mirror) = mirror else { return false };
    let tagged = reference.tag.as_ref().map_or("latest", Tag::as_str) == approval.tag.as_str();
    reference.name == *mirror
        && match &reference.digest {
            None => tagged,
            Some(digest) => {
                let same = approval.mirrored.as_ref() == Some(digest) || approval.digest == *digest;
                same && (tagged || reference.tag.is_none())
            }
        }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn at(hour: u32) -> DateTime<Utc> {
        format!("2026-11-21T{hour:02}:00:00Z").parse().unwrap()
    }

    #[test]
    fn unused_is_what_nobody_pulled_for_long_enough_whoever_pulled_last() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let after = Duration::from_secs(30 * 86_400);
        let facts = PullFacts { shown: Pull::At(at(9)), pushed: Some(at(8)), recorded: None, read_again: false };
        let since = Use::Unused("nobody has pulled it since 2026-11-21".to_owned());
        let on = |facts: &PullFacts, today: &str| used(facts, None, after, day(today));
        assert_eq!(on(&facts, "2026-12-21"), Use::Recent, "not a whole 30 days after 9 o'clock");
        assert_eq!(on(&facts, "2026-12-22"), since);
        assert_eq!(used(&facts, Some(day("2026-12-01")), after, day("2026-12-22")), Use::Recent, "approved again");
        assert_eq!(on(&facts, "2026-11-01"), Use::Recent, "a clock that is behind");
        let never = PullFacts { shown: Pull::Never, ..facts };
        let pushed = Use::Unused("nobody has pulled it since it was pushed on 2026-11-21".to_owned());
        assert_eq!(on(&never, "2027-01-01"), pushed);
        assert_eq!(on(&never, "2026-12-01"), Use::Recent, "promoted recently");
        // What our own runs read may be their pull, but not if it is long ago.
        let again = PullFacts { read_again: true, ..facts };
        assert_eq!(on(&again, "2027-01-01"), since);
        let lately = PullFacts { shown: Pull::At("2026-12-30T00:00:00Z".parse().unwrap()), ..facts };
        assert_eq!(on(&lately, "2027-01-01"), Use::Recent);
        for unknown in [
            PullFacts { read_again: true, ..lately },
            PullFacts { shown: Pull::Unknown, ..facts },
            PullFacts { pushed: None, ..facts },
        ] {
            assert!(matches!(on(&unknown, "2027-01-01"), Use::Unknown(_)), "{unknown:?}");
        }
    }

    #[test]
    fn no_pull_of_our_own_is_believed() {
        let facts =
            PullFacts { shown: Pull::At(at(10)), pushed: Some(at(8)), recorded: Some(at(9)), read_again: false };
        assert_eq!(believed(&facts), Believed { pull: Pull::At(at(10)), why: None });
        let pull = |facts: PullFacts| believed(&facts).pull;
        assert_eq!(pull(PullFacts { shown: Pull::Never, recorded: None, ..facts }), Pull::Never);
        for unknown in [
            PullFacts { shown: Pull::Unknown, ..facts },
            PullFacts { shown: Pull::At(at(9)), ..facts },
            PullFacts { shown: Pull::At(at(8)), ..facts },
            PullFacts { recorded: None, ..facts },
            PullFacts { pushed: None, ..facts },
            PullFacts { pushed: Some(at(10)), ..facts },
            PullFacts { read_again: true, ..facts },
        ] {
            assert_eq!((pull(unknown), believed(&unknown).why.is_some()), (Pull::Unknown, true), "{unknown:?}");
        }
    }
}
