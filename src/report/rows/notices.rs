//! What people should know about rules for which nothing is proposed. None of it changes how a run ends.

use schemars::JsonSchema;
use serde::Serialize;

use crate::image::{RepositoryName, Tag};
use crate::manifest::Image;
use crate::rules::{Notice, NoticeKind};

/// What people should know about the rules of a run's images.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Notices {
    /// Images whose rule picks nothing and has no approval to follow.
    pub unmatched: Vec<Unmatched>,
    /// Approvals that their image's rule does not read: nothing is chosen past them.
    pub unread: Vec<Unread>,
    /// Lines for which newer versions are published in another family.
    pub beside: Vec<Beside>,
}

/// An image whose rule picks nothing and has no approval to follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Unmatched {
    /// The image's source as the manifest writes it.
    pub source: String,
    /// The mirror's name without the organization.
    pub repository: RepositoryName,
    /// The change to the rule that would pick something, in words; null if none is known.
    pub suggestion: Option<String>,
}

/// An approval that its image's rule does not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Unread {
    /// The image's source as the manifest writes it.
    pub source: String,
    /// The mirror's name without the organization.
    pub repository: RepositoryName,
    /// The approved tag.
    pub tag: Tag,
    /// The change to the rule that would read it, in words; null if none is known.
    pub suggestion: Option<String>,
}

/// A line for which newer versions are published in another family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Beside {
    /// The image's source as the manifest writes it.
    pub source: String,
    /// The mirror's name without the organization.
    pub repository: RepositoryName,
    /// The line.
    pub line: String,
    /// The line's newest approval.
    pub current: Tag,
    /// The newest of those versions.
    pub newest: Tag,
    /// The change to the rule that would follow them, in words; null if none is known.
    pub suggestion: Option<String>,
}

impl Notices {
    /// Adds what has to be said about an image's rule.
    pub(crate) fn add(&mut self, image: &Image, notices: &[Notice]) {
        for Notice { kind, suggestion } in notices.iter().cloned() {
            let (source, repository) = (image.source_text.clone(), image.repository.clone());
            match kind {
                NoticeKind::Unmatched => self.unmatched.push(Unmatched { source, repository, suggestion }),
                NoticeKind::Unread(tag) => self.unread.push(Unread { source, repository, tag, suggestion }),
                NoticeKind::Beside { line, current, newest } => {
                    self.beside.push(Beside { source, repository, line, current, newest, suggestion });
                }
            }
        }
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.unmatched.extend(other.unmatched);
        self.unread.extend(other.unread);
        self.beside.extend(other.beside);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.unmatched.is_empty() && self.unread.is_empty() && self.beside.is_empty()
    }
}

impl Unmatched {
    pub(crate) fn notice(&self) -> Notice {
        Notice { kind: NoticeKind::Unmatched, suggestion: self.suggestion.clone() }
    }
}

impl Unread {
    pub(crate) fn notice(&self) -> Notice {
        Notice { kind: NoticeKind::Unread(self.tag.clone()), suggestion: self.suggestion.clone() }
    }
}

impl Beside {
    pub(crate) fn notice(&self) -> Notice {
        let Self { line, current, newest, suggestion, .. } = self.clone();
        Notice { kind: NoticeKind::Beside { line, current, newest }, suggestion }
    }
}
