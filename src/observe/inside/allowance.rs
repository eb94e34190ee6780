//! How many requests may still be made.

/// The requests that are left for one platform of one image, or for one image as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Allowance(usize);

impl Allowance {
    /// For one platform, its configuration apart.
    pub(super) const fn of_platform() -> Self {
        Self(4)
    }

    /// For what the platforms of one image share.
    pub(super) const fn of_image() -> Self {
        Self(4)
    }

    pub(super) const fn left(&self) -> usize {
        self.0
    }

    /// Takes one request.
    ///
    /// # Errors
    /// If none is left.
    pub(super) fn take(&mut self) -> Result<(), String> {
        self.0 = self.0.checked_sub(1).ok_or_else(|| "finding it takes more requests than are made".to_owned())?;
        Ok(())
    }
}
