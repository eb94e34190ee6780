//! What no review covers: what a run knows about it, and the approvals whose removal is offered.

use std::sync::Arc;

use super::Context;
use crate::forge::{Forge, Head};
use crate::manifest::Manifest;
use crate::observe::reviews::{ReviewReader, Reviews, read_reviews};
use crate::plan::binding::Unreviewed as Gap;
use crate::plan::{FailedStep, Key, Scope, is_pending};
use crate::proposal::{Unreviewed, Wanted};
use crate::report::rows;

/// Which parts of a manifest, read at a head of the default branch, are in effect after review; `None`: the current
/// head.
pub(super) async fn reviews(context: &Context, at: Option<&Head>, manifest: &Manifest) -> Arc<Reviews> {
    let commit = at.map(|head| head.commit.clone());
    if let Some(known) = context.reviews.of(commit.as_ref()) {
        return known;
    }
    let made = context.reviews.all_made();
    let (path, floor) = (context.settings.manifest.as_str(), context.settings.min_approvals);
    let reader = ReviewReader { forge: context.forge.as_deref(), at, path, floor, made: &made };
    let read = Arc::new(read_reviews(&reader, manifest).await);
    context.reviews.keep(commit, &read);
    read
}

/// The approvals whose removal is wanted: those that are not promoted. On a forge without reviews none is offered,
/// because a new approval would not have one either.
pub(super) fn unreviewed(context: &Context, reviews: &Reviews, scope: &Scope) -> Unreviewed {
    let mut unreviewed = Unreviewed::default();
    if context.forge.as_deref().and_then(Forge::accounts).is_none() {
        return unreviewed;
    }
    let manifest = &reviews.binding.manifest;
    for (_, image) in manifest.images.iter().enumerate().filter(|(at, _)| scope.contains(*at)) {
        for approval in image.approved.iter().filter(|approval| is_pending(image, approval)) {
            let key = Key::of(image, approval);
            match (&reviews.untold, reviews.binding.approvals.get(&key)) {
                (Some(untold), _) => drop(unreviewed.unknown.insert(key, untold.clone())),
                (None, Some(why)) => drop(unreviewed.wanted.insert(key, why.clone())),
                (None, None) => {}
            }
        }
    }
    unreviewed
}

/// What a review of a proposal would cover besides the proposal's changes, in words.
pub(super) fn also_covered(reviews: &Reviews, wanted: Option<&Wanted>) -> Vec<String> {
    let Reviews { binding, .. } = reviews;
    let changed = |key: &Key| {
        let items = wanted.iter().flat_map(|wanted| &wanted.items);
        items
            .filter_map(|item| item.entry.to.as_ref().map(|tag| (&item.entry.repository, tag)))
            .any(|(repository, tag)| *repository == key.repository && *tag == key.tag)
    };
    let approvals = binding.approvals.keys().filter(|key| !changed(key));
    let approvals =
        approvals.map(|key| format!("approved: {}/{}:{}", binding.manifest.organization, key.repository, key.tag));
    binding.unreviewed.iter().map(|gap| gap.what.clone()).chain(approvals).collect()
}

/// What the manifest asks for without reviews, and so is not done: for the images in scope, and in general.
pub(super) fn not_done(reviews: &Reviews, scope: &Scope) -> Vec<rows::Failed> {
    let manifest = &reviews.binding.manifest;
    let in_scope = |gap: &&Gap| {
        let mut images = manifest.images.iter().enumerate();
        gap.repository.as_ref().is_none_or(|name| images.any(|(at, i)| scope.contains(at) && i.repository == *name))
    };
    reviews.binding.unreviewed.iter().filter(in_scope).map(row).collect()
}

fn row(gap: &Gap) -> rows::Failed {
    rows::Failed {
        source: gap.source.clone(),
        repository: gap.repository.clone(),
        tag: gap.tag.clone(),
        step: FailedStep::Unreviewed,
        error: format!("{}: {}", gap.what, gap.why),
    }
}
