//! What a person should hear of a rule for which nothing is proposed.

use std::fmt;

use super::suggest::suggest;
use super::{Selection, Subject};
use crate::image::Tag;

/// Why nothing is proposed although there is something that a person may expect, and what change of the rule would help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) kind: NoticeKind,
    /// The change of the rule, in a sentence with the manifest's own keys. It was tried on the list and picks what it says.
    pub(crate) suggestion: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoticeKind {
    /// The rule picks nothing, nothing waits, and nothing is approved that could be followed.
    Unmatched,
    /// The rule does not read this approval, so nothing is chosen past it.
    Unread(Tag),
    /// Newer versions than the newest approval of a line are published, and of another family.
    Beside {
        line: String,
        current: Tag,
        /// The newest of them.
        newest: Tag,
    },
}

impl Notice {
    /// The whole of it in a sentence.
    pub(crate) fn text(&self) -> String {
        match &self.suggestion {
            Some(suggestion) => format!("{}; {suggestion}", self.kind),
            None => self.kind.to_string(),
        }
    }
}

impl fmt::Display for NoticeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unmatched => f.write_str("the rule picks none of the tags that are there"),
            Self::Unread(tag) => {
                write!(f, "{tag} is approved, but the rule does not read it: nothing is chosen past it")
            }
            Self::Beside { current, newest, .. } => {
                write!(f, "{newest} is newer than {current}, but of another family: it is not followed")
            }
        }
    }
}

/// What is to be said of a rule, where `selection` is what it made of `tags`. Nothing where it has something to propose or
/// all that it would take only waits.
pub(crate) fn notices(subject: &Subject, tags: &[Tag], selection: &Selection) -> Vec<Notice> {
    suggest(subject, tags, selection)
        .map(|suggestion| Notice { kind: NoticeKind::Unmatched, suggestion: Some(suggestion) })
        .into_iter()
        .collect()
}
