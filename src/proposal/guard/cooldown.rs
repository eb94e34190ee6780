//! What a pull request changes about how long versions wait.

use super::change::{Change, Of, What};
use crate::manifest::{Cooldown, FixesCooldown, Image, Manifest};
use crate::proposal::review::same_image;
use crate::text::duration_text;

/// What the defaults of a file of the head had versions wait, and what they do now.
#[derive(PartialEq, Eq)]
struct Waits {
    was: Cooldown,
    now: Cooldown,
}

/// All changes: of `defaults`, and of what does not just follow these.
pub(super) fn changes(base: &Manifest, head: &Manifest) -> Vec<Change> {
    let files = 0..head.cooldowns.len();
    let of_file = |file: usize| {
        let path = &head.files.get(file)?.path;
        let was = *base.cooldowns.get(base.files.iter().position(|other| other.path == *path)?)?;
        Some(Waits { was, now: *head.cooldowns.get(file)? })
    };
    // The defaults of an included file are those of the main file, unless it has its own.
    let defaults = files.filter_map(|file| {
        let waits = of_file(file).filter(|waits| file == 0 || of_file(0).as_ref() != Some(waits))?;
        change(Of::Defaults, (file, 0), waits)
    });
    let images = head.images.iter().enumerate().filter_map(|(at, image)| {
        let waits = Waits { was: predecessor(base, head, image)?.cooldown(), now: image.cooldown() };
        let follows = of_file(image.file).as_ref() == Some(&waits);
        let of = Of::Image(at, image.repository.clone());
        change(of, (image.file, image.span.start), waits).filter(|_| !follows)
    });
    defaults.chain(images).collect()
}

/// The image at the base, or the one that this one replaces: with the same mirror, or of the same source and gone from
/// the head.
fn predecessor<'b>(base: &'b Manifest, head: &Manifest, image: &Image) -> Option<&'b Image> {
    let same_mirror = || base.images.iter().find(|other| other.repository == image.repository);
    let is_gone = |other: &&Image| !head.images.iter().any(|image| image.repository == other.repository);
    let replaced = || base.images.iter().filter(|other| other.source == image.source).find(is_gone);
    same_image(base, head, image).or_else(same_mirror).or_else(replaced)
}

fn change(of: Of, place: (usize, usize), Waits { was, now }: Waits) -> Option<Change> {
    let (before, after) = (words(was), words(now));
    (was != now).then(|| Change { of, place, what: What::Key("cooldown"), before, after, lowers: lowers(was, now) })
}

/// Whether some version waits less than before. Another severity does that either way: it says which fixes count, and
/// also what a version must not bring.
fn lowers(was: Cooldown, now: Cooldown) -> bool {
    let shorter = |cooldown: Cooldown| cooldown.fixes.filter(|fixes| fixes.wait < cooldown.default);
    let fixes_sooner = match (shorter(was), shorter(now)) {
        (_, None) => false,
        (None, Some(now)) => now.wait < was.default,
        (Some(was), Some(now)) => now.wait < was.wait || now.severity != was.severity,
    };
    now.default < was.default || fixes_sooner
}

fn words(Cooldown { default, fixes }: Cooldown) -> String {
    let default = duration_text(default);
    let Some(FixesCooldown { wait, severity }) = fixes else { return default };
    format!("{default}, {} for fixes of severity {} or worse", duration_text(wait), severity.as_str())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use std::time::Duration;

    use super::*;
    use crate::manifest::Severity;

    #[test]
    fn what_lets_some_version_wait_less_lowers() {
        let days = |days: u64| Duration::from_secs(days * 86_400);
        let plain = |default| Cooldown { default: days(default), fixes: None };
        let fixes = |default, wait, severity| {
            let fixes = Some(FixesCooldown { wait: days(wait), severity });
            Cooldown { default: days(default), fixes }
        };
        let high = |default, wait| fixes(default, wait, Severity::High);
        for (was, now, expected) in [
            (plain(3), plain(3), false),
            (plain(3), plain(2), true),
            (plain(3), plain(4), false),
            (plain(3), high(3, 0), true),
            (plain(3), high(3, 3), false),
            (plain(3), high(7, 4), false),
            (high(3, 1), plain(3), false),
            (high(3, 1), high(3, 0), true),
            (high(3, 1), high(3, 2), false),
            (high(3, 1), high(2, 1), true),
            (high(3, 1), fixes(3, 1, Severity::Medium), true),
            (high(3, 1), fixes(3, 1, Severity::Critical), true),
            (high(3, 1), fixes(3, 3, Severity::Critical), false),
        ] {
            assert_eq!(lowers(was, now), expected, "{} to {}", words(was), words(now));
        }
    }
}
