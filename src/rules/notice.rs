//! What a person should know about a rule for which nothing is proposed.

use std::fmt;

use super::{Line, Rule, Selection, Subject, out_of_range, suggest};
use crate::image::Tag;

/// Why nothing is proposed although one might expect it, and which change to the rule would help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) kind: NoticeKind,
    /// The change to the rule, in a sentence with the manifest's keys. It was tried on the list and does what it says.
    pub(crate) suggestion: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoticeKind {
    /// The rule picks nothing, nothing waits, and nothing is approved that could be followed.
    Unmatched,
    /// The rule does not read this approval, so nothing is chosen past it.
    Unread(Tag),
    /// Versions newer than a line's newest approval are published, but in another family.
    Beside {
        line: String,
        current: Tag,
        /// The newest of them.
        newest: Tag,
    },
}

impl Notice {
    /// The whole notice as text.
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
            Self::Unmatched => f.write_str("the rule picks none of the existing tags"),
            Self::Unread(tag) => {
                write!(f, "{tag} is approved, but the rule does not read it: nothing is chosen past it")
            }
            Self::Beside { current, newest, .. } => {
                write!(f, "{newest} is newer than {current}, but belongs to another family, so it is not followed")
            }
        }
    }
}

/// What has to be said about a rule, given the `selection` that it made from `tags`. Nothing if it has something to
/// propose, or if everything it would pick is only waiting.
pub(crate) fn notices(subject: &Subject, tags: &[Tag], selection: &Selection) -> Vec<Notice> {
    if let Some(approved) = &selection.unread {
        let suggestion = suggest::for_unread(subject, tags, approved);
        return vec![Notice { kind: NoticeKind::Unread(approved.clone()), suggestion }];
    }
    if is_unmatched(subject, selection) && suggest::picks_nothing(subject, tags) {
        let suggestion = suggest::for_nothing(subject, tags, selection);
        return vec![Notice { kind: NoticeKind::Unmatched, suggestion }];
    }
    let beside = |line: &Line| {
        let (current, newest) = (line.current.as_ref()?.0.clone(), line.beside.clone()?);
        let suggestion = suggest::for_beside(subject, tags, &current, &newest);
        Some(Notice { kind: NoticeKind::Beside { line: line.name.clone(), current, newest }, suggestion })
    };
    selection.lines.iter().filter_map(beside).collect()
}

/// Whether a rule for versions has nothing to propose, nothing waiting, and no approval that it still admits.
fn is_unmatched(subject: &Subject, selection: &Selection) -> bool {
    let under_way = |line: &Line| line.chosen.is_some() || !line.waiting.is_empty();
    let mut approved = subject.approved.iter().map(|(tag, _)| tag);
    matches!(subject.rule, Rule::Versions(_))
        && !selection.lines.iter().any(under_way)
        && !approved.any(|tag| out_of_range(&subject.rule, tag).is_none())
}
