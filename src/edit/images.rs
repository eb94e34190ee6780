//! Adding an image.

use super::error::EditError;
use super::lines::{after_line, colon_end, column, content_end, dash, splice};
use super::lists::append_in_brackets;
use super::nodes::root;
use super::reach;
use super::tree::Tree;
use crate::yaml::Kind;

/// Adds an image at the end of `images`, written as these lines; every other byte stays. The result, parsed again,
/// differs from the text in exactly this image.
///
/// # Errors
/// If the lines are not an image, or `images` is written in a way that cannot be edited safely.
pub(crate) fn add_image(text: &str, image: &[String]) -> Result<String, EditError> {
    let root = root(text)?;
    let entries = root.entries().ok_or_else(|| EditError::unusual(root.outer_start()))?;
    let listed = entries.iter().find(|(key, _)| key.text() == Some("images"));
    let item = |dash: usize, pad: usize| {
        let (indent, pad) = (" ".repeat(dash), " ".repeat(pad));
        let lead = |at: usize| if at == 0 { format!("{indent}-{pad}") } else { format!("{indent} {pad}") };
        image.iter().enumerate().map(|(at, line)| format!("{}{line}", lead(at))).collect::<Vec<_>>()
    };
    let splices = match listed {
        None => {
            let lines: Vec<String> = std::iter::once("images:".to_owned()).chain(item(2, 1)).collect();
            let last = entries.last().map_or(text.len(), |(_, value)| content_end(text, value));
            vec![after_line(text, last, &lines)]
        }
        Some((key, value)) => match &*value.kind {
            Kind::List { items, flow: false } => {
                let last = items.last().ok_or_else(|| EditError::unusual(value.outer_start()))?;
                let dash = dash(text, last).ok_or_else(|| EditError::unusual(last.outer_start()))?;
                let column_of_dash = column(text, dash);
                let inside = column(text, last.outer_start()).checked_sub(column_of_dash + 1);
                let pad = inside.filter(|pad| (1..=8).contains(pad)).unwrap_or(1);
                vec![after_line(text, content_end(text, last), &item(column_of_dash, pad))]
            }
            Kind::List { items, flow: true } if !items.is_empty() => {
                let new = format!("{{ {} }}", image.join(", "));
                items.last().map(|last| append_in_brackets(text, value, last, &new)).unwrap_or_default()
            }
            Kind::List { .. } | Kind::Scalar { .. } if value.is_null() || value.items().is_some() => {
                let colon = colon_end(text, key).ok_or_else(|| EditError::unusual(key.span.start))?;
                let end = value.span.end.max(colon);
                let dash = column(text, key.outer_start()) + 2;
                vec![(colon..end, String::new()), after_line(text, end, &item(dash, 1))]
            }
            _ => return Err(EditError::unusual(value.outer_start())),
        },
    };
    let new = splice(text, splices)?;
    let mut wanted = Tree::of(&root)?;
    wanted.add_image(Tree::read(&image.join("\n"))?)?;
    let found = Tree::read(&new)?;
    if found == wanted { Ok(new) } else { Err(reach::explain(&root, &found, &wanted)) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn added(text: &str) -> String {
        add_image(text, &["source: redis".to_owned(), "versions: \"^7.2.4\"".to_owned()]).unwrap()
    }

    #[test]
    fn an_image_comes_last_and_every_other_byte_stays() {
        let head = "organization: acme # us\n";
        let own = "  - source: redis\n    versions: \"^7.2.4\"\n";
        for (before, after) in [
            (format!("{head}images:\n  - source: a\n    approved: []  # none\n"), own.to_owned()),
            (format!("{head}images:\n- source: a\n"), "- source: redis\n  versions: \"^7.2.4\"\n".to_owned()),
            (
                format!("{head}images:\n  -   source: a\n"),
                "  -   source: redis\n      versions: \"^7.2.4\"\n".to_owned(),
            ),
            (head.to_owned(), format!("images:\n{own}")),
        ] {
            assert_eq!(added(&before), before.clone() + &after);
        }
        assert_eq!(added(&format!("{head}images: []\n")), format!("{head}images:\n{own}"));
        assert_eq!(
            added(&format!("{head}images:\nregistry: ghcr.io\n")),
            format!("{head}images:\n{own}registry: ghcr.io\n")
        );
        let windows = format!("{head}images:\n  - source: a\nsources: [docker.io]\n").replace('\n', "\r\n");
        let between = format!("{head}images:\n  - source: a\n{own}sources: [docker.io]\n").replace('\n', "\r\n");
        assert_eq!(added(&windows), between);
        let inline = "images: [{ source: a }]\n";
        assert_eq!(added(inline), inline.replace(" }]", " }, { source: redis, versions: \"^7.2.4\" }]"));
        let inline = "images: [\n  { source: a }, # first\n]\n";
        assert_eq!(added(inline), inline.replace("]", "  { source: redis, versions: \"^7.2.4\" },\n]"));
    }
}
