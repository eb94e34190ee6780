//! Whether somebody else pulled a mirror's tag: Docker Hub shows the last pull, whoever it was, and we pull too.

use chrono::{DateTime, Utc};

use crate::image::{Location, Named, Repository, Tag};
use crate::manifest::Approval;

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
