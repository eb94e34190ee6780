//! Texts that go to Docker Hub, cut to what it takes.

/// The longest full description, in characters.
pub const FULL_DESCRIPTION_LIMIT: usize = 25_000;

/// A full description as Docker Hub takes it.
pub(super) fn full_description(text: &str) -> String {
    text.chars().take(FULL_DESCRIPTION_LIMIT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_descriptions_keep_their_lines() {
        assert_eq!(full_description("a\n\nb"), "a\n\nb");
        assert_eq!(full_description(&"é".repeat(25_001)).chars().count(), 25_000);
    }
}
