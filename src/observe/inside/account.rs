//! The memory that is held of what two images hold.

use super::documents::Sbom;
use crate::difference::PlatformPair;
use crate::packages::{Listed, Packages};

/// The most bytes of memory that packages, files and configurations of all platforms may take: two lists of the most
/// packages have room.
const ROOM: usize = 15 << 20;

/// What is held so far. Lists that platforms share are held once.
#[derive(Default, Clone)]
pub(super) struct Account {
    lists: Vec<Packages>,
    taken: usize,
}

impl Account {
    /// Holds one more platform.
    ///
    /// # Errors
    /// If there is no room, in words; then nothing more is held.
    pub(super) fn hold(&mut self, pair: &PlatformPair) -> Result<(), String> {
        let mut with = self.clone();
        with.take(pair.memory())?;
        if let Listed::Known { from, to, .. } = &pair.listed {
            with.list(from)?;
            with.list(to)?;
        }
        *self = with;
        Ok(())
    }

    /// Holds what an SBOM lists, if there is room.
    pub(super) fn sbom(&mut self, sbom: Sbom) -> Sbom {
        if let Ok(Some(packages)) = &sbom {
            self.list(packages)?;
        }
        sbom
    }

    fn list(&mut self, list: &Packages) -> Result<(), String> {
        if self.lists.iter().any(|known| known.is_shared_with(list)) {
            return Ok(());
        }
        self.take(list.memory())?;
        self.lists.push(list.clone());
        Ok(())
    }

    fn take(&mut self, bytes: usize) -> Result<(), String> {
        self.taken += bytes;
        match self.taken > ROOM {
            true => Err(format!("what all platforms list is larger than {} MiB", ROOM >> 20)),
            false => Ok(()),
        }
    }
}
