//! Which parts of an image are covered by signatures or statements. Only digests count: an index may list two manifests
//! of the same platform.

use std::collections::BTreeSet;

use super::{Covers, Subject};
use crate::image::Digest;
use crate::text::counted;

/// How many parts are named in a reason: a hostile index may list a thousand.
const NAMED: usize = 6;

/// The parts of an image, and which of them are covered.
pub(super) struct Coverage<'a> {
    subjects: &'a [Subject],
    digests: BTreeSet<&'a Digest>,
}

impl<'a> Coverage<'a> {
    pub(super) fn of(subjects: &'a [Subject], digests: impl IntoIterator<Item = &'a Digest>) -> Self {
        Self { subjects, digests: digests.into_iter().collect() }
    }

    /// Whether the top document itself is covered, and with it everything that it lists.
    pub(super) fn has_index(&self) -> bool {
        self.covered().any(|subject| subject.covers == Covers::Index)
    }

    /// Whether the whole image is covered: its top document, or each manifest in it.
    pub(super) fn is_whole(&self) -> bool {
        self.has_index() || self.platforms().next().is_some() && self.lacking().next().is_none()
    }

    /// The manifests of platforms that are not covered themselves.
    pub(super) fn lacking(&self) -> impl Iterator<Item = &'a Subject> {
        self.platforms().filter(|subject| !self.digests.contains(&subject.digest))
    }

    /// What still must be covered: the top document if nothing is covered.
    pub(super) fn uncovered(&self) -> Vec<&'a Subject> {
        if self.covered().next().is_none() {
            return self.subjects.iter().filter(|subject| subject.covers == Covers::Index).collect();
        }
        self.lacking().collect()
    }

    pub(super) fn covered(&self) -> impl Iterator<Item = &'a Subject> {
        self.subjects.iter().filter(|subject| self.digests.contains(&subject.digest))
    }

    /// What people call a part: the digest is added if its platform is listed more than once.
    pub(super) fn name(&self, subject: &Subject) -> String {
        let name = subject.covers.as_str();
        match self.subjects.iter().filter(|other| other.covers == subject.covers).count() {
            0 | 1 => name.to_owned(),
            _ => format!("{name} ({})", subject.digest),
        }
    }

    /// The names of these parts, as many as a reader needs.
    pub(super) fn names(&self, subjects: &[&Subject]) -> String {
        let names: Vec<String> = subjects.iter().take(NAMED).map(|subject| self.name(subject)).collect();
        match subjects.len().saturating_sub(NAMED) {
            0 => names.join(", "),
            rest => format!("{} and {}", names.join(", "), counted(rest, "other")),
        }
    }

    fn platforms(&self) -> impl Iterator<Item = &'a Subject> {
        self.subjects.iter().filter(|subject| subject.covers != Covers::Index)
    }
}
