//! What a proposal depends on at its base.

use crate::image::Digest;
use crate::manifest::{Image, Manifest};
use crate::proposal::Item;

/// What a proposal depends on at its base, besides its entries: the lines of the image and the one on either side of
/// them (an edit there would conflict), and the settings that its body names.
pub(in crate::proposal) fn context(manifest: &Manifest, items: &[Item]) -> Digest {
    let mut text = format!("{} {:?}\n", manifest.organization, manifest.registry);
    let mut last = None;
    for item in items {
        if last == Some(item.image) {
            continue;
        }
        last = Some(item.image);
        let image = &manifest.images[item.image];
        let Image { visibility, teams, platforms, cooldown, fixes, signatures, provenance, .. } = image;
        let file = &manifest.files[image.file];
        text.push_str(&format!("{} {visibility:?} {teams:?} {platforms:?} {cooldown:?} {signatures:?}\n", file.path));
        text.extend(fixes.iter().map(|fixes| format!("{fixes:?}\n")));
        text.extend(provenance.iter().map(|asked| format!("{asked}\n")));
        text.push_str(around(&file.text, image.span.start, image.span.end));
    }
    Digest::sha256(text.as_bytes())
}

/// The whole lines that hold `start..end`, and one more on either side.
fn around(text: &str, start: usize, end: usize) -> &str {
    let line_start = |at: usize| text[..at].rfind('\n').map_or(0, |i| i + 1);
    let line_end = |at: usize| text[at..].find('\n').map_or(text.len(), |i| at + i + 1);
    let start = line_start(text.floor_char_boundary(start.min(text.len())));
    let before = if start == 0 { 0 } else { line_start(start - 1) };
    // an entry's last byte may be the line's end already
    let end = text.floor_char_boundary(end.min(text.len()));
    let own = if text[..end].ends_with('\n') { end } else { line_end(end) };
    &text[before.min(own)..line_end(own)]
}
