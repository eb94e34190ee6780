//! How many requests may still be made.

/// The requests that are left for one platform of one image, or for one image as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Allowance {
    left: usize,
    most: usize,
}

impl Allowance {
    /// For one platform, its configuration apart.
    pub(super) const fn of_platform() -> Self {
        Self { left: 4, most: 4 }
    }

    /// For what the platforms of one image share.
    pub(super) const fn of_image() -> Self {
        Self::of_platform()
    }

    pub(super) const fn left(&self) -> usize {
        self.left
    }

    /// Takes so many requests.
    ///
    /// # Errors
    /// If fewer are left.
    pub(super) fn take(&mut self, requests: usize) -> Result<(), String> {
        let most = self.most;
        let excess = || format!("finding it takes more than {most} requests, which are the most");
        self.left = self.left.checked_sub(requests).ok_or_else(excess)?;
        Ok(())
    }
}
