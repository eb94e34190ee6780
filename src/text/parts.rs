//! Parts of secrets, in texts that were cut before secrets were taken out of them.

use super::SHORTEST_SECRET;

/// What [`super::cut`] and [`super::middle_cut`] leave of what they cut off.
const CUT: char = '…';

/// `text` with `***` in place of what is left of a secret where something was cut off: its beginning before the place, its end
/// after it. Less than the shortest secret is no secret.
pub(crate) fn without_parts(text: String, secrets: &[&str]) -> String {
    if !text.contains(CUT) {
        return text;
    }
    let mut pieces: Vec<String> = text.split(CUT).map(str::to_owned).collect();
    let last = pieces.len() - 1;
    for (at, piece) in pieces.iter_mut().enumerate() {
        let begun = (at < last).then(|| longest(secrets.iter().map(|secret| begins(piece, secret)))).flatten();
        if let Some(length) = begun {
            piece.truncate(piece.len() - length);
            piece.push_str("***");
        }
        let ended = (at > 0).then(|| longest(secrets.iter().map(|secret| ends(piece, secret)))).flatten();
        if let Some(length) = ended {
            piece.replace_range(..length, "***");
        }
    }
    pieces.join(&CUT.to_string())
}

fn longest(lengths: impl Iterator<Item = usize>) -> Option<usize> {
    lengths.max().filter(|length| *length >= SHORTEST_SECRET)
}

/// How many bytes at a text's end are the beginning of a secret.
fn begins(text: &str, secret: &str) -> usize {
    let beginnings = secret.char_indices().map(|(at, _)| at).rev();
    beginnings.filter(|at| *at <= text.len()).find(|at| text.ends_with(&secret[..*at])).unwrap_or_default()
}

/// How many bytes at a text's beginning are the end of a secret.
fn ends(text: &str, secret: &str) -> usize {
    let endings = secret.char_indices().skip(1).map(|(at, _)| &secret[at..]);
    endings.filter(|ending| ending.len() <= text.len()).find(|ending| text.starts_with(ending)).map_or(0, str::len)
}

#[cfg(test)]
mod tests {
    use super::super::{cut, middle_cut};
    use super::*;

    #[test]
    fn wherever_a_text_is_cut_no_more_than_a_few_characters_of_a_secret_stay() {
        let secret = "SuperSecretPassword0";
        let text = format!("the answer was: no entry for bob:{secret}, sorry about that");
        let whole = |text: String| without_parts(text.replace(secret, "***"), &[secret, "another one"]);
        for limit in 1..text.len() {
            for shown in [whole(cut(&text, limit)), whole(middle_cut(&text, limit))] {
                let left = (SHORTEST_SECRET..=secret.len())
                    .flat_map(|length| (0..=secret.len() - length).map(move |at| &secret[at..at + length]))
                    .find(|part| shown.contains(part));
                assert_eq!(left, None, "{limit}: {shown}");
            }
        }
        assert_eq!(whole("an end… of it".to_owned()), "an end… of it");
    }
}
