//! Text by others, in Markdown: as a code span or escaped, so that it cannot become a link, a mention, HTML or a table.

use crate::text::{clean, excerpt, middle_cut};

/// The text as a code span of at most `limit` characters. Control and direction characters are removed.
pub(crate) fn code(text: &str, limit: usize) -> String {
    // the beginning of a comment could be mistaken for that of the metadata, which is found by its text alone
    let text = excerpt(text, limit).replace("<!--", "<!- -");
    if text.is_empty() {
        return "(empty)".to_owned();
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    let edge = |c: char| c == '`' || c == ' ';
    let pad = if text.starts_with(edge) || text.ends_with(edge) { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// The same for a table cell. A `|` would end the cell even in code, and renderers differ on how they count a `\`
/// before it: it is shown broken.
pub(crate) fn cell(text: &str, limit: usize) -> String {
    code(text, limit).replace('|', "¦")
}

/// A name for a table cell: if it is longer than `limit`, its middle is cut.
pub(crate) fn name_cell(name: &str, limit: usize) -> String {
    cell(&middle_cut(&clean(name), limit), limit)
}

/// The text as code in HTML, for places without Markdown: the summary line that a reader unfolds.
pub(crate) fn html_code(text: &str, limit: usize) -> String {
    let text = excerpt(text, limit).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<code>{text}</code>")
}

/// A section that readers can unfold. `summary` is HTML by this program, `text` Markdown.
pub(crate) fn folded(summary: &str, text: &str) -> String {
    format!("<details><summary>{summary}</summary>\n\n{}\n\n</details>\n", text.trim_matches('\n'))
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

/// `text` for a table cell or a paragraph: nothing in it is Markdown, a mention, an issue or a link.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in clean(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' | '#' => {
                out.push(c);
                out.push_str("<!-- -->");
            }
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out.replace("://", ":<!-- -->//").replace("www.", "www<!-- -->.")
}

/// Words and names longer than this get places where a line may break.
const WORD: usize = 24;

/// The most characters between two such places.
const PIECE: usize = 16;

/// [`escaped`], but long words may break: they make no column wider than its page.
pub(crate) fn breakable(text: &str) -> String {
    let word = |word: &str| match word.chars().count() <= WORD {
        true => escaped(word),
        false => pieces(word).iter().map(|piece| escaped(piece)).collect::<Vec<_>>().join("<wbr>"),
    };
    clean(text).split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// A name as code, for a table cell, that may break if it is long.
pub(crate) fn breakable_code(name: &str, limit: usize) -> String {
    let name = excerpt(name, limit);
    if name.chars().count() <= WORD { cell(&name, limit) } else { format!("<code>{}</code>", breakable(&name)) }
}

/// A word in pieces, which end after punctuation if possible.
fn pieces(word: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut count = 0;
    for c in word.chars() {
        if let Some(piece) = pieces.last_mut() {
            piece.push(c);
        }
        count += 1;
        if count == PIECE || (count >= 6 && "/:@,;=_-.".contains(c)) {
            pieces.push(String::new());
            count = 0;
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// A heading, a table of `rows` and an empty line; nothing if there are no rows. Cells are Markdown.
pub(crate) fn table(heading: &str, columns: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let body: String = rows.iter().map(|cells| row(cells)).collect();
    format!("### {heading}\n\n{}{body}\n", head(columns))
}

/// The beginning of a table.
pub(crate) fn head(columns: &[&str]) -> String {
    row(columns) + &row(&vec!["---"; columns.len()])
}

/// One line of a table. Cells are Markdown.
pub(crate) fn row<S: AsRef<str>>(cells: &[S]) -> String {
    let cells: Vec<&str> = cells.iter().map(AsRef::as_ref).collect();
    format!("| {} |\n", cells.join(" | "))
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
        assert_eq!(code("1234567890", 4), "`123…`");
        assert_eq!(cell("a|b", 10), "`a¦b`");
        assert_eq!(code("<!-- wharfinger: {} -->", 40), "`<!- - wharfinger: {} -->`");
    }

    #[test]
    fn nothing_of_a_foreign_text_is_markdown() {
        assert_eq!(
            escaped("@a <b> [x](http://y) #1\n|"),
            "@<!-- -->a &lt;b&gt; \\[x\\](http:<!-- -->//y) #<!-- -->1 \\|"
        );
    }

    #[test]
    fn long_words_may_be_broken() {
        assert_eq!(breakable("a short text"), "a short text");
        let broken = breakable("at registry.example/some-organization/image:1.2.3 twice");
        assert_eq!(broken, "at registry.<wbr>example/<wbr>some-organizatio<wbr>n/image:<wbr>1.2.3 twice");
        assert_eq!(breakable_code("loki:3.1.0", 300), "`loki:3.1.0`");
        assert_eq!(
            breakable_code("a*b_c|d`e<f>g-0123456789abcdef", 300),
            "<code>a\\*b\\_c\\|d\\`e&lt;f&gt;g-<wbr>0123456789abcdef</code>"
        );
    }

    proptest! {
        #[test]
        fn whatever_may_be_broken_stays_text(text in "[ -~\\n\u{202e}é]{0,60}|(`|<b>|@acme|#12|\\[a\\]\\(http://x\\)|https://evil.example|www.a|\\||\\\\|~|\\*|_){0,20}") {
            let markdown = format!("| a |\n| --- |\n| {} |\n| {} |\n", breakable(&text), breakable_code(&text, 60));
            let allowed = ["<wbr>", "<code>", "</code>", "<!-- -->"];
            for event in Parser::new_ext(&markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
                match event {
                    Event::Html(t) | Event::InlineHtml(t) => prop_assert!(allowed.contains(&&*t), "HTML {}", t),
                    Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::Emphasis | Tag::Strong | Tag::Strikethrough) => {
                        prop_assert!(false, "markup in {:?}", markdown);
                    }
                    _ => {}
                }
            }
            let text = breakable(&text);
            prop_assert!(!text.contains("://") && !text.contains("www."), "{}", text);
        }

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
