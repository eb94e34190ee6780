//! The files that the manifest names beside itself, where a command reads the manifest.

use super::Context;
use crate::forge::Head;
use crate::manifest::Image;
use crate::observe::named::{NamedFiles, Place, read_named, read_reviewed};
use crate::observe::reviews::Reviews;

/// What the files hold that images name whose manifest has the main file `main`: at the default branch's head where the manifest was
/// read there, else where this run found it; with `reviews`, what was last reviewed of them.
pub(super) async fn named_files<'i>(
    context: &Context,
    head: Option<&Head>,
    reviews: Option<&Reviews>,
    main: &str,
    images: impl IntoIterator<Item = &'i Image>,
) -> NamedFiles {
    let commit = head.map(|head| &head.commit);
    let place = match (commit, context.read_at.get(), context.forge.as_deref(), context.github()) {
        (Some(at), _, Some(forge), _) => Place::Commit { contents: forge, at },
        (None, Some(at), _, Some(github)) => Place::Commit { contents: github, at },
        _ => Place::Directory(&context.settings.directory),
    };
    match (reviews, context.forge.as_deref()) {
        (Some(reviews), Some(forge)) => read_reviewed(place, forge, &reviews.binding.held, main, images).await,
        _ => read_named(place, main, images).await,
    }
}
