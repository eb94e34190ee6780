//! How much is read about the makers of one image.

use crate::plan::companions::{LeftBehind, MOST};
use crate::text::size;

/// The most bytes of a document whose parts may be signatures: real ones have a few kilobytes.
pub(super) const DOCUMENT: u64 = 1_000_000;

/// What there is still room for.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    /// The most bytes of one content.
    each: u64,
    /// How many more contents are read.
    count: usize,
    /// How many more bytes of contents and documents.
    bytes: u64,
    /// How many more companions, of all its manifests.
    companions: usize,
    /// How many more manifests are looked at.
    manifests: usize,
    /// How many more attestation manifests inside an index.
    attestations: usize,
    /// Whether exceeding the bounds makes a verdict unknown. If nothing is required, the rest is just not read.
    pub(super) tells: bool,
}

impl Bounds {
    /// If signatures are required.
    pub(super) const fn of_asked() -> Self {
        Self {
            each: 10_000_000,
            count: MOST,
            bytes: 50_000_000,
            companions: MOST,
            manifests: MOST,
            attestations: MOST,
            tells: true,
        }
    }

    /// If findings are only shown.
    pub(super) const fn of_present() -> Self {
        Self {
            each: 64 * 1024,
            count: 6,
            bytes: 2_000_000,
            companions: MOST,
            manifests: MOST,
            attestations: MOST,
            tells: false,
        }
    }

    /// Takes up room for one content.
    ///
    /// # Errors
    /// Why there is none, if that is to be reported.
    pub(super) fn take(&mut self, bytes: u64) -> Result<(), Option<String>> {
        let excess = if bytes > self.each {
            format!("it has {}, and {} are read", size(bytes), size(self.each))
        } else if self.count == 0 || bytes > self.bytes {
            "so much stands beside the image that not all of it is read".to_owned()
        } else {
            self.count -= 1;
            self.bytes -= bytes;
            return Ok(());
        };
        Err(self.tells.then_some(excess))
    }

    /// Takes up room for one document with this many bytes.
    ///
    /// # Errors
    /// As for [`Self::take`].
    pub(super) fn take_document(&mut self, bytes: u64) -> Result<(), Option<String>> {
        let excess = if bytes > DOCUMENT {
            too_large(bytes)
        } else if bytes > self.bytes {
            "so much stands beside the image that not all of it is read".to_owned()
        } else {
            self.bytes -= bytes;
            return Ok(());
        };
        Err(self.tells.then_some(excess))
    }

    /// Takes up room for one more attestation manifest.
    ///
    /// # Errors
    /// As for [`Self::take`].
    pub(super) fn take_attestations(&mut self) -> Result<(), Option<String>> {
        let excess = || format!("it lists so many attestations that only {MOST} of them are read");
        self.attestations = self.attestations.checked_sub(1).ok_or_else(|| self.tells.then(excess))?;
        Ok(())
    }

    /// How many of so many companions there is room for.
    pub(super) fn take_companions(&mut self, count: usize) -> usize {
        let taken = count.min(self.companions);
        self.companions -= taken;
        taken
    }

    /// Takes up room for what is beside one more manifest.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) fn take_manifest(&mut self) -> Result<(), String> {
        self.manifests = self
            .manifests
            .checked_sub(1)
            .ok_or_else(|| format!("it lists so many manifests that only what stands beside {MOST} of them is read"))?;
        Ok(())
    }
}

/// Why a document of this many bytes is not read.
pub(super) fn too_large(bytes: u64) -> String {
    format!("it has {}, and {} of a signature's manifest are read", size(bytes), size(DOCUMENT))
}

/// Why companions beyond the bound are not read.
pub(super) fn too_many() -> String {
    LeftBehind::rest().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_much_is_read() {
        let mut bounds = Bounds::of_asked();
        assert!(bounds.take(10_000_001).is_err_and(|why| why.is_some_and(|why| why.contains("10 MB"))));
        (0..5).for_each(|_| assert_eq!(bounds.take(10_000_000), Ok(())));
        assert!(bounds.take(1).is_err_and(|why| why.is_some()));
        assert!(bounds.take_document(1).is_err_and(|why| why.is_some()), "one budget for both");
        let mut few = Bounds::of_present();
        assert_eq!(few.take(70_000), Err(None));
        (0..6).for_each(|_| assert_eq!(few.take(1_000), Ok(())));
        assert_eq!(few.take(1), Err(None));
    }

    #[test]
    fn documents_companions_and_manifests_are_counted_for_the_whole_image() {
        let mut bounds = Bounds::of_asked();
        assert!(bounds.take_document(1_000_001).is_err_and(|why| why.is_some_and(|why| why.contains("1.0 MB"))));
        (0..50).for_each(|_| assert_eq!(bounds.take_document(1_000_000), Ok(())));
        assert!(bounds.take_document(1).is_err_and(|why| why.is_some()));
        assert_eq!([150, 100, 1].map(|count| bounds.take_companions(count)), [150, 50, 0]);
        (0..200).for_each(|_| assert_eq!(bounds.take_manifest(), Ok(())));
        assert!(bounds.take_manifest().is_err_and(|why| why.contains("200")));
    }
}
