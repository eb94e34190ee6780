//! The files that the manifest refers to, from where a command reads the manifest.

use super::Context;
use crate::forge::Head;
use crate::manifest::Image;
use crate::observe::named::{KeptPlace, NamedFiles, read_named, read_reviewed};

use crate::observe::reviews::Reviews;

/// The contents of the files named by images of a manifest with the main file `main`: at the default branch's head if
/// the manifest was read there, else where this run found it; with `reviews`, as they were last reviewed.
pub(super) async fn named_files<'i>(
    context: &Context,
    head: Option<&Head>,
    reviews: Option<&Reviews>,
    main: &str,
    images: impl IntoIterator<Item = &'i Image>,
) -> NamedFiles {
    let place = place(context, head);
    let place = place.place();
    match (reviews, context.forge.as_deref()) {
        (Some(reviews), Some(forge)) => read_reviewed(place, forge, &reviews.binding.held, main, images).await,
        _ => read_named(place, main, images).await,
    }
}

/// Where the files that the manifest names are: at the default branch's head if the manifest was read there, else where
/// this run found it.
pub(super) fn place(context: &Context, head: Option<&Head>) -> KeptPlace {
    let commit = head.map(|head| &head.commit).cloned();
    match (commit, context.read_at.get(), context.forge.clone(), context.github_contents()) {
        (Some(at), _, Some(forge), _) => KeptPlace::Commit { contents: forge, at },
        (None, Some(at), _, Some(github)) => KeptPlace::Commit { contents: github, at: at.clone() },
        _ => KeptPlace::Directory(context.settings.directory.clone()),
    }
}
