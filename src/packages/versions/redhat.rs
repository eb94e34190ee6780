//! rpm's order: epoch, version, release; letters come before numbers, `~` before and `^` after the end.

use std::cmp::Ordering;

use super::numbers::{Number, compare_padded, split_while};

pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (epoch_a, rest_a) = epoch(a);
    let (epoch_b, rest_b) = epoch(b);
    let (version_a, release_a) = rest_a.rsplit_once('-').unwrap_or((rest_a, ""));
    let (version_b, release_b) = rest_b.rsplit_once('-').unwrap_or((rest_b, ""));
    epoch_a
        .cmp(&epoch_b)
        .then_with(|| compare_padded(&parts(version_a), &parts(version_b), &Part::End))
        .then_with(|| compare_padded(&parts(release_a), &parts(release_b), &Part::End))
}

fn epoch(text: &str) -> (Number<'_>, &str) {
    let epoch = text.split_once(':').and_then(|(epoch, rest)| Some((Number::read(epoch)?, rest)));
    epoch.unwrap_or((Number::default(), text))
}

/// A part of a version, in rpm's order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part<'a> {
    Tilde,
    End,
    Caret,
    Letters(&'a str),
    Number(Number<'a>),
}

fn parts(mut text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    loop {
        text = split_while(text, |c| !c.is_ascii_alphanumeric() && !matches!(c, '~' | '^')).1;
        let Some(first) = text.chars().next() else { return parts };
        let part;
        (part, text) = match first {
            '~' => (Part::Tilde, &text[1..]),
            '^' => (Part::Caret, &text[1..]),
            digit if digit.is_ascii_digit() => {
                let (digits, rest) = split_while(text, |c| c.is_ascii_digit());
                (Part::Number(Number::of(digits)), rest)
            }
            _ => {
                let (letters, rest) = split_while(text, |c| c.is_ascii_alphabetic());
                (Part::Letters(letters), rest)
            }
        };
        parts.push(part);
    }
}
