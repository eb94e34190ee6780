//! Text that others wrote, in Markdown: a code span or escaped, so that it is no link, no mention, no HTML and no table of
//! its own.

use crate::text::{clean, excerpt};

/// The text as a code span of at most `limit` characters. Control and direction characters are taken out.
pub(crate) fn code(text: &str, limit: usize) -> String {
    // a comment's beginning would be taken for that of the metadata, which is found by its text alone
    let text = excerpt(text, limit).replace("<!--", "<!- -");
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
pub(crate) fn cell(text: &str, limit: usize) -> String {
    code(text, limit).replace('|', "¦")
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

/// `text` for a cell of a table or a paragraph: nothing in it is Markdown, a mention, an issue or a link.
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

/// A heading, a table of `rows` and an empty line; nothing where there are no rows. Cells are Markdown.
pub(crate) fn table(heading: &str, columns: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let body: String = rows.iter().map(|cells| row(cells)).collect();
    format!("### {heading}\n\n{}{body}\n", head(columns))
}

/// What a table begins with.
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
