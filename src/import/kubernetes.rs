//! The images that a cluster runs: `kubectl get pods --all-namespaces -o json`, or manifests of any workloads.

use super::filter::unpinned;
use super::reading::{Reading, Unreadable, shown};
use super::wish::{Tags, Wish};
use crate::image::Tag;
use crate::references::{Findings, Format, find};

/// Where a container runs an image without a tag, this one is meant.
const DEFAULT_TAG: &str = "latest";

pub(super) fn read(reading: &mut Reading<'_>) -> Result<(), Unreadable> {
    let Findings { references, unresolved } = find(Format::Kubernetes, reading.text());
    if references.is_empty() && unresolved.is_empty() {
        return Err(Unreadable::new(
            "it names no image: give it what `kubectl get pods --all-namespaces -o json` prints",
        ));
    }
    for one in unresolved {
        let text = shown(reading.at(one.at));
        reading.left_at(one.at, text, one.why);
    }
    for reference in references {
        let (at, source, text) = (reference.at, reference.image.name, shown(reading.at(reference.at)));
        if !reference.known {
            reading.left_at(at, text, "it stands in a resource of an unknown kind, and may be no image");
            continue;
        }
        let tag: Option<Tag> = match (reference.image.tag, reference.image.digest) {
            (None, Some(_)) => {
                reading.left_at(at, text, "it runs by digest alone: no tag tells what to follow");
                continue;
            }
            (tag, _) => tag.or_else(|| DEFAULT_TAG.parse().ok()),
        };
        let wish = |tag| Wish {
            source,
            target: None,
            tags: Tags::Named(vec![unpinned(tag)]),
            denied: Vec::new(),
            platforms: Vec::new(),
            at,
        };
        reading.wishes.extend(tag.map(wish));
    }
    Ok(())
}
