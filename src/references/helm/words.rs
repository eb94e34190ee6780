//! What names of keys and texts say in the values of a chart.

use super::super::documents::Merging;
use crate::image::{Named, Repository};

/// Helm's reader takes a mapping's own value before a merged one.
pub(super) const FIELDS: Merging = Merging::OwnFirst;

/// Whether a key is named after an image: `image`, `sidecarImage`.
pub(super) fn is_image_name(name: &str) -> bool {
    name.len() >= 5 && name.get(name.len() - 5..).is_some_and(|end| end.eq_ignore_ascii_case("image"))
}

/// Whether an image is named with more than its repository.
pub(super) fn is_pinned(image: &Named<Repository>) -> bool {
    image.tag.is_some() || image.digest.is_some()
}

/// Whether a text names a picture.
pub(super) fn is_picture(text: &str) -> bool {
    let end = text.rsplit('.').next().unwrap_or_default();
    text.contains('.')
        && ["png", "svg", "jpg", "jpeg", "gif", "ico", "webp"].iter().any(|picture| end.eq_ignore_ascii_case(picture))
}
