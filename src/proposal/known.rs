//! What is known about upstream and the forge while proposals are decided, and what a decision still lacks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::body::account::Account;
use super::body::evidence::Evidence;
use super::signers::Signers;
use super::{Cause, Entry, Item, Kind, Selected, Wanted};
use crate::image::{Digest, Tag};
use crate::manifest::Manifest;
use crate::plan::Failure;
use crate::rules::{self, Selection};

/// The result of a decision, or the facts that it still needs.
pub(crate) type Answer<T> = Result<T, Vec<Fact>>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fact {
    /// What upstream says about one tag of the image at this position of [`crate::manifest::Manifest::images`].
    Upstream(usize, rules::Fact),
    /// What a person declined on this branch.
    Declined(String),
    /// What the rules pick without the declined bytes.
    Choices(Exclusion),
    /// Who has approved the current content of the open proposal on this branch.
    Approver(String),
    /// What there is to know about the bytes of a change, which may have to leave its group.
    Evidence(Box<Item>),
}

/// Bytes that a person declined, so that rules should pick others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Exclusion {
    /// The branches that would have held them.
    pub(crate) branches: BTreeSet<String>,
    /// The digests, by the image's position in [`crate::manifest::Manifest::images`].
    pub(crate) digests: BTreeMap<usize, BTreeSet<Digest>>,
}

/// The facts that were found out so far.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) candidates: Candidates,
    /// What a person declined, by the branch of the closed proposals, in the order in which it was looked up; or why it
    /// could not be read: then nothing is wanted there.
    pub(crate) declined: Vec<(String, Result<BTreeSet<Entry>, String>)>,
    /// The exclusions with which the selections were made again.
    pub(crate) excluded: Vec<Exclusion>,
    /// By branch, who has approved its open proposal's current content, in words; `None`: nobody who counts.
    pub(crate) approvers: BTreeMap<String, Option<String>>,
    /// What was found out about the bytes of changes in groups.
    pub(crate) checked: BTreeMap<Entry, Checked>,
}

/// What was found out about the bytes of a change.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) evidence: Evidence,
    /// Whether it leaves its group because of that.
    is_marked: bool,
}

impl Checked {
    pub(crate) fn new(manifest: &Manifest, item: &Item, evidence: Evidence) -> Self {
        let marks = Account::of(manifest, item, Some(&evidence)).marks();
        Self { is_marked: marks.iter().any(|mark| mark.sets_apart()), evidence }
    }
}

impl Known {
    /// Why it could not be read what a person declined on a branch; `None` if it was not asked, or was read.
    pub(super) fn unreadable(&self, branch: &str) -> Option<&str> {
        let asked = self.declined.iter().find(|(on, declined)| on == branch && declined.is_err());
        asked.and_then(|(_, declined)| declined.as_ref().err()).map(String::as_str)
    }

    /// The changes that checking their bytes marked.
    pub(super) fn marked(&self) -> impl Iterator<Item = &Entry> {
        self.checked.iter().filter(|(_, checked)| checked.is_marked).map(|(entry, _)| entry)
    }

    pub(super) fn has_asked(&self, branch: &str) -> bool {
        self.declined.iter().any(|(on, _)| on == branch)
    }

    /// What a proposal changes although a person declined it. Removals that come with an update belong to it.
    pub(super) fn declined_items<'w>(&self, wanted: &'w Wanted) -> Vec<&'w Item> {
        let on_it = self.declined.iter().find(|(on, _)| *on == wanted.branch);
        let Some((_, Ok(declined))) = on_it else { return Vec::new() };
        let is_declined = |item: &&Item| match item.entry.kind {
            kind if kind.lets_in() => declined.iter().any(|e| e.kind.lets_in() && e.digest == item.entry.digest),
            Kind::Reject => false,
            _ => item.cause != Some(Cause::Keep) && declined.contains(&item.entry),
        };
        wanted.items.iter().filter(is_declined).collect()
    }

    /// How often something else was chosen for a branch.
    pub(super) fn choices(&self, branch: &str) -> usize {
        self.excluded.iter().filter(|excluded| excluded.branches.contains(branch)).count()
    }
}

/// What upstream offers for every image, as far as it was read.
#[derive(Debug, Default)]
pub(crate) struct Candidates {
    /// By the image's position in [`crate::manifest::Manifest::images`].
    pub(crate) images: BTreeMap<usize, ImageCandidates>,
    /// The images that could not be read, and why.
    pub(crate) failed: BTreeMap<usize, Failure>,
}

/// One image's tags and what is known about them.
#[derive(Debug, Default)]
pub(crate) struct ImageCandidates {
    pub(crate) tags: Arc<Vec<Tag>>,
    pub(crate) facts: rules::Facts,
    pub(crate) selection: Selection,
    pub(crate) availability: Availability,
    /// Who signed what is chosen, and what it is compared with, if that matters.
    pub(crate) signers: Signers,
}

/// The approvals of an image that are not simply available.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Availability {
    /// Tags for which upstream has neither the tag nor the approved digest.
    pub(crate) gone: BTreeSet<Tag>,
    /// Tags for which upstream gave no answer.
    pub(crate) unknown: BTreeSet<Tag>,
}

impl Candidates {
    /// Keeps what was read about an image, or why it could not be read.
    pub(crate) fn put(&mut self, image: usize, read: Result<ImageCandidates, Failure>) {
        match read {
            Ok(candidates) => drop(self.images.insert(image, candidates)),
            Err(failure) => drop(self.failed.insert(image, failure)),
        }
    }

    /// What rules chose for every image that could be read, in the manifest's order.
    pub(crate) fn selected(&self) -> Vec<Selected> {
        let selected = |(at, c): (&usize, &ImageCandidates)| Selected {
            image: *at,
            selection: c.selection.clone(),
            signers: c.signers.clone(),
        };
        self.images.iter().map(selected).collect()
    }
}
