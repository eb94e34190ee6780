//! How much is read about the makers of one image.

use crate::text::size;

/// What there is still room for.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    /// The most bytes of one content.
    each: u64,
    /// How many more contents are read.
    count: usize,
    /// How many more bytes of them.
    bytes: u64,
    /// Whether exceeding the bounds makes a verdict unknown. If nothing is required, the rest is just not read.
    pub(super) tells: bool,
}

impl Bounds {
    /// If signatures are required.
    pub(super) const fn of_asked() -> Self {
        Self { each: 10_000_000, count: 200, bytes: 50_000_000, tells: true }
    }

    /// If findings are only shown.
    pub(super) const fn of_present() -> Self {
        Self { each: 64 * 1024, count: 6, bytes: 64 * 1024 * 6, tells: false }
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
        let mut few = Bounds::of_present();
        assert_eq!(few.take(70_000), Err(None));
        (0..6).for_each(|_| assert_eq!(few.take(1_000), Ok(())));
        assert_eq!(few.take(1), Err(None));
    }
}
