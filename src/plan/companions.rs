//! How much may be copied along with an image, and what is left behind.

use std::fmt;

use crate::image::{Digest, Tag};
use crate::text::size;

/// The most companions of one image: anything with more is not just an image's signatures.
pub(crate) const MOST: usize = 200;

/// The most bytes of companions.
pub(crate) const MOST_BYTES: u64 = 200 << 20;

/// A companion that is not brought to the mirror.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LeftBehind {
    /// What it is; `None` for everything after the last one that was checked.
    pub digest: Option<Digest>,
    /// The tag that it is found under; `None` if it names its subject itself.
    pub under: Option<Tag>,
    pub why: String,
}

impl LeftBehind {
    /// Everything beyond the limit.
    pub(crate) fn rest() -> Self {
        Self { digest: None, under: None, why: Excess::Many.to_string() }
    }
}

impl fmt::Display for LeftBehind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.under, &self.digest) {
            (Some(tag), _) => write!(f, "{tag} is left behind: {}", self.why),
            (None, Some(digest)) => write!(f, "{digest} is left behind: {}", self.why),
            (None, None) => write!(f, "the rest is left behind: {}", self.why),
        }
    }
}

/// Why a companion is left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Excess {
    Many,
    Large,
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Many => write!(f, "an image may have at most {MOST} signatures and other artifacts"),
            Self::Large => {
                write!(f, "the signatures and other artifacts of an image may have at most {}", size(MOST_BYTES))
            }
        }
    }
}

/// The room that is left for companions of one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Allowance {
    count: usize,
    bytes: u64,
}

impl Default for Allowance {
    fn default() -> Self {
        Self { count: MOST, bytes: MOST_BYTES }
    }
}

impl Allowance {
    /// Takes up room for one of this size, if there is enough.
    pub(crate) fn take(&mut self, size: u64) -> Result<(), Excess> {
        let count = self.count.checked_sub(1).ok_or(Excess::Many)?;
        self.bytes = self.bytes.checked_sub(size).ok_or(Excess::Large)?;
        self.count = count;
        Ok(())
    }

    /// Takes up room for one that is already at the mirror, whether or not there is enough.
    pub(crate) fn hold(&mut self, size: u64) {
        self.count = self.count.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(size);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_has_room_for_so_many_and_so_much() {
        let mut room = Allowance::default();
        assert_eq!(room.take(MOST_BYTES + 1), Err(Excess::Large));
        room.hold(MOST_BYTES - 10);
        assert_eq!(
            (room.take(11), room.take(10), room.take(1), room.take(0)),
            (Err(Excess::Large), Ok(()), Err(Excess::Large), Ok(()))
        );
        (0..MOST).for_each(|_| room.hold(1));
        assert_eq!(room.take(0), Err(Excess::Many));
    }
}
