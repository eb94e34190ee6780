//! Debian's order (Debian Policy, "Version"): epoch, version, revision; `~` comes before everything, even the end.

use std::cmp::Ordering;

use super::numbers::{Number, split_while};

pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (Parts::of(a), Parts::of(b));
    let parts = compare_part(a.version, b.version).then_with(|| compare_part(a.revision, b.revision));
    a.epoch.cmp(&b.epoch).then(parts)
}

struct Parts<'a> {
    epoch: Number<'a>,
    version: &'a str,
    revision: &'a str,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Self {
        let epoch = text.split_once(':').and_then(|(epoch, rest)| Some((Number::read(epoch)?, rest)));
        let (epoch, rest) = epoch.unwrap_or((Number::default(), text));
        let (version, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
        Self { epoch, version, revision }
    }
}

/// Compares by turns a text without digits and a number.
fn compare_part(mut a: &str, mut b: &str) -> Ordering {
    while !(a.is_empty() && b.is_empty()) {
        let (text_a, rest_a) = split_while(a, |c| !c.is_ascii_digit());
        let (text_b, rest_b) = split_while(b, |c| !c.is_ascii_digit());
        let (number_a, rest_a) = split_while(rest_a, |c| c.is_ascii_digit());
        let (number_b, rest_b) = split_while(rest_b, |c| c.is_ascii_digit());
        let order = compare_text(text_a, text_b).then_with(|| Number::of(number_a).cmp(&Number::of(number_b)));
        if order.is_ne() {
            return order;
        }
        (a, b) = (rest_a, rest_b);
    }
    Ordering::Equal
}

fn compare_text(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.bytes().map(weight), b.bytes().map(weight));
    loop {
        match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (a, b) if a == b => {}
            (a, b) => return a.unwrap_or_default().cmp(&b.unwrap_or_default()),
        }
    }
}

/// `~`, the end (zero), letters, everything else.
fn weight(byte: u8) -> i32 {
    match byte {
        b'~' => -1,
        letter if letter.is_ascii_alphabetic() => i32::from(letter),
        other => i32::from(other) + 256,
    }
}
