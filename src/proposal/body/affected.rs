//! Whom a removal affects: who pulls the mirror's tag, and which files name it.

use chrono::{DateTime, Utc};

use crate::plan::usage::Place;
use crate::text::{Quote, counted};

/// How many files that name a removed tag are shown.
const SHOWN: usize = 20;

/// How many things that were not looked at are shown.
const MISSED: usize = 5;

/// Who uses a tag whose approval is removed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Affected {
    pub(crate) last_pull: LastPull,
    /// The places that name it, in order.
    pub(crate) places: Vec<Place>,
    /// How many repositories were searched for such places.
    pub(crate) searched: usize,
    /// What was not looked at, in words.
    pub(crate) missed: Vec<String>,
}

/// When a tag was last pulled from its mirror by somebody else.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum LastPull {
    /// It was never promoted, or its registry shows no pulls.
    #[default]
    NotAsked,
    Never,
    At(DateTime<Utc>),
    /// Why that is not known.
    Unknown(String),
}

impl Affected {
    /// The same in words, line by line.
    pub(crate) fn lines(&self, quote: Quote) -> Vec<String> {
        let pulled = match &self.last_pull {
            LastPull::NotAsked => None,
            LastPull::Never => Some("Last pulled from the mirror: never".to_owned()),
            LastPull::At(at) => Some(format!("Last pulled from the mirror: {}", at.date_naive())),
            LastPull::Unknown(why) => Some(format!("Last pulled from the mirror: unknown, {}", quote(why, 200))),
        };
        let missed = self.missed.iter().take(MISSED).map(|missed| format!("Not searched: {}", quote(missed, 200)));
        let more = self.missed.len().checked_sub(MISSED + 1).map(|more| format!("Not searched: {} more", more + 1));
        pulled.into_iter().chain(self.named(quote)).chain(missed).chain(more).collect()
    }

    /// The files that name it.
    fn named(&self, quote: Quote) -> Option<String> {
        if self.searched == 0 {
            return None;
        }
        let of = if self.searched == 1 { "1 repository".to_owned() } else { format!("{} repositories", self.searched) };
        if self.places.is_empty() {
            return Some(format!("Named in: no file of {of}"));
        }
        let place = |place: &Place| {
            format!("{} of {}", quote(&format!("{}:{}", place.file, place.line), 200), quote(&place.repository, 140))
        };
        let shown: Vec<String> = self.places.iter().take(SHOWN).map(place).collect();
        let more = self.places.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!(" and {} more", counted(more, "place")) } else { String::new() };
        Some(format!("Named in: {}{more}", shown.join(", ")))
    }
}
