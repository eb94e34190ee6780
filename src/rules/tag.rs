//! Reading tags.

/// A regular expression that says how tags are read: the named group `version` and groups that break ties.
#[derive(Debug, Clone)]
pub struct Pattern {
    regex: regex::Regex,
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PatternError(pub String);

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.regex.as_str() == other.regex.as_str()
    }
}

impl std::str::FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        regex::Regex::new(text).map(|regex| Self { regex }).map_err(|e| PatternError(e.to_string()))
    }
}
