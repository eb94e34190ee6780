//! Text from elsewhere in Markdown: always a code span, so that it is no link, no mention, no HTML and no table of its own.

/// The text as a code span of at most `limit` characters. Control and direction characters are taken out.
#[must_use]
pub fn code(text: &str, limit: usize) -> String {
    // a comment's beginning would be taken for that of the metadata, which is found by its text alone
    let text = clean(text, limit).replace("<!--", "<!- -");
    if text.is_empty() {
        return "(empty)".to_owned();
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    let edge = |c: char| c == '`' || c == ' ';
    let pad = if text.starts_with(edge) || text.ends_with(edge) { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// The same inside a cell of a table. A `|` would end the cell even in code, and how a `\` before it counts differs
/// between renderers: it is shown broken.
#[must_use]
pub fn cell(text: &str, limit: usize) -> String {
    code(text, limit).replace('|', "¦")
}

/// The text on one line without characters that would change how its surroundings are shown, cut with an ellipsis.
#[must_use]
pub fn clean(text: &str, limit: usize) -> String {
    let spaced = text.chars().map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c });
    let kept: String = spaced.filter(|c| !is_invisible(*c)).collect();
    let mut words = kept.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((at, _)) = words.char_indices().nth(limit) {
        words.truncate(at);
        words.push('…');
    }
    words
}

/// Characters that turn the direction of text or have no width (Trojan Source, CVE-2021-42574), and tags and variation
/// selectors, which can carry text that nobody sees.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

/// A number of bytes for people, in powers of 1,000: `41 MB`.
#[must_use]
pub fn size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 4] =
        [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];
    match UNITS.into_iter().find(|(_, unit)| bytes >= *unit) {
        None => format!("{bytes} B"),
        Some((name, unit)) if bytes / unit >= 10 => format!("{} {name}", bytes.saturating_add(unit / 2) / unit),
        Some((name, unit)) => format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
    }
}

/// The difference of two sizes for people: `+1.2 MB`, `-300 kB`, `same size`.
#[must_use]
pub fn difference(before: u64, after: u64) -> String {
    match before.cmp(&after) {
        std::cmp::Ordering::Less => format!("+{}", size(after - before)),
        std::cmp::Ordering::Equal => "same size".to_owned(),
        std::cmp::Ordering::Greater => format!("-{}", size(before - after)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use proptest::prelude::*;
    use pulldown_cmark::{Event, Options, Parser, Tag};

    use super::*;

    #[test]
    fn spans_cannot_be_left() {
        assert_eq!(code("plain", 10), "`plain`");
        assert_eq!(code("a`b``c", 10), "```a`b``c```");
        assert_eq!(code("`x", 10), "`` `x ``");
        assert_eq!(code(" \n\t ", 10), "(empty)");
        assert_eq!(code("a\nb\x1b[31mc\u{202e}d", 20), "`a b [31mcd`");
        assert_eq!(code("1234567890", 4), "`1234…`");
        assert_eq!(cell("a|b", 10), "`a¦b`");
        assert_eq!(code("<!-- wharfinger: {} -->", 40), "`<!- - wharfinger: {} -->`");
    }

    #[test]
    fn sizes_read_well() {
        assert_eq!(size(u64::MAX), "18446744 TB");
        let shown = [0, 999, 1_000, 9_949, 41_300_000, 41_600_000, 1_500_000_000, 7_000_000_000_000].map(size);
        assert_eq!(shown, ["0 B", "999 B", "1.0 kB", "9.9 kB", "41 MB", "42 MB", "1.5 GB", "7.0 TB"]);
        assert_eq!(difference(10, 10), "same size");
        assert_eq!(difference(1_000_000, 3_200_000), "+2.2 MB");
        assert_eq!(difference(2_000, 500), "-1.5 kB");
    }

    proptest! {
        #[test]
        fn whatever_it_says_it_is_code(text in "[ -~\\n\u{202e}é]{0,60}|(`|<b>|@acme|#12|\\[a\\]\\(http://x\\)|\\||\\\\|\n\n){0,12}") {
            let markdown = format!("| a |\n| --- |\n| {} |\n\nTag {} ends.\n", cell(&text, 40), code(&text, 40));
            for event in Parser::new_ext(&markdown, Options::ENABLE_TABLES) {
                match event {
                    Event::Text(t) => prop_assert!(["a", "Tag ", " ends.", "(empty)", "Tag (empty) ends."].contains(&&*t), "{:?}", t),
                    Event::Html(_) | Event::InlineHtml(_) => prop_assert!(false, "HTML"),
                    Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::Emphasis | Tag::Strong) => prop_assert!(false, "markup"),
                    _ => {}
                }
            }
        }
    }
}
