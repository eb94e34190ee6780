//! Ranges of versions as people write them.

/// A range of versions with npm's meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    text: String,
}

/// Why a text is no range, and where in the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RangeError {
    /// What is wrong.
    pub message: String,
    /// Byte offsets of the offending part in the range's text.
    pub at: std::ops::Range<usize>,
}

impl std::str::FromStr for Range {
    type Err = RangeError;

    fn from_str(text: &str) -> Result<Self, RangeError> {
        Ok(Self { text: text.to_owned() })
    }
}

impl std::fmt::Display for Range {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}
