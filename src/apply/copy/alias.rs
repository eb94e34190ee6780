//! Aliases: further tags for what the mirror has.

use super::{Copier, CopyError, Mirror};
use crate::image::{Location, Reference};
use crate::plan::FailedStep;
use crate::plan::aliases::AliasStep;

impl Copier {
    /// Sets an alias to what it follows, whose bytes are at the mirror; returns whether it was moved.
    ///
    /// # Errors
    /// At which step it stopped, and why; the alias then still resolves to what it did before.
    pub(crate) async fn set_alias(&self, step: &AliasStep, location: Location) -> Result<bool, CopyError> {
        let Some(digest) = &step.digest else { return Ok(false) };
        let mirror = Mirror { store: self.delivery.destination(&location), location };
        let at_tag = |error: &crate::registry::Error| CopyError::at_destination(FailedStep::Tag, error);
        let reference = Reference::Tag(step.alias.clone());
        let now = mirror.store.head(&reference).await.map_err(|error| at_tag(&error))?.map(|held| held.digest);
        if now.as_ref() == Some(digest) {
            return Ok(false);
        }
        // One that answered revoked bytes may be gone by now.
        if now.is_some() && now != step.now {
            let text =
                "the alias was moved while this run was at work: it is left alone; delete it there to have it set";
            return Err(CopyError::new(FailedStep::MirrorDiffers, text));
        }
        let held = self.delivery.sources.documents.of(mirror.store.as_ref(), digest).await;
        let held = held.map_err(|error| CopyError::at_destination(FailedStep::Verify, &error))?;
        let lost = || CopyError::new(FailedStep::Verify, format!("{}: {digest} is not there", mirror.location));
        let put = mirror.store.put_manifest(&reference, &held.ok_or_else(lost)?).await;
        put.map_err(|error| at_tag(&error))?;
        Ok(true)
    }
}
