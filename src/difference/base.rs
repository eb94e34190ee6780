//! Whether the image that another is built on was replaced.

use super::account::Named;
use super::images::PlatformInside;
use super::labels::{Origin, differ};
use crate::image::Descriptor;

/// How the base differs; `None` if nothing shows that it was replaced.
///
/// Labels that name it count where both images have them. Otherwise the layers do: the bottom layer is the base's where
/// labels name one, or where there are layers above it in both images, and it was replaced if neither image has the
/// other's bottom layer.
pub(super) fn replaced(from: &PlatformInside, to: &PlatformInside, origins: [&Origin; 2]) -> Option<Named> {
    let [was, is] = origins;
    let by_labels = differ(was.base_name.as_ref(), is.base_name.as_ref())
        || differ(was.base_digest.as_ref(), is.base_digest.as_ref());
    let is_named = was.base().is_some() && is.base().is_some();
    let stands_on_one = from.layers.len().min(to.layers.len()) > 1;
    let by_layers = (is_named || stands_on_one) && bottom_replaced(from, to);
    (by_labels || by_layers).then(|| Named { from: was.base(), to: is.base() })
}

fn bottom_replaced(from: &PlatformInside, to: &PlatformInside) -> bool {
    let has =
        |image: &PlatformInside, layer: &Descriptor| image.layers.iter().any(|other| other.digest == layer.digest);
    match (from.layers.first(), to.layers.first()) {
        (Some(was), Some(is)) => !has(to, was) && !has(from, is),
        _ => false,
    }
}
