//! The job summary: Markdown, within GitHub's limits.

/// The most bytes of a step's summary; GitHub drops a larger one entirely.
pub(crate) const LIMIT: usize = 1024 * 1024;

/// The most characters of a name in a cell.
const CELL: usize = 300;

const CUT: &str =
    "\n\n_This summary is longer than GitHub can show, so the rest was left out. The log has all of it._\n";

/// `markdown`, cut at the end of a line if it is longer than [`LIMIT`] bytes, with a last line that says so. A code
/// fence that the cut would leave open is closed.
pub(crate) fn bounded(markdown: &str) -> String {
    bounded_to(markdown, LIMIT)
}

fn bounded_to(markdown: &str, limit: usize) -> String {
    if markdown.len() <= limit {
        return markdown.to_owned();
    }
    let room = limit.saturating_sub(CUT.len() + 16);
    let end = markdown[..markdown.floor_char_boundary(room)].rfind('\n').map_or(0, |i| i + 1);
    let kept = &markdown[..end];
    let close = open_fence(kept).map_or(String::new(), |fence| format!("{}\n", "`".repeat(fence.min(15))));
    format!("{kept}{close}{CUT}")
}

/// The length of the code fence that is open at the end of `markdown`.
fn open_fence(markdown: &str) -> Option<usize> {
    let mut open = None;
    for line in markdown.lines() {
        let length = line.trim_start().bytes().take_while(|b| *b == b'`').count();
        match open {
            None if length >= 3 => open = Some(length),
            Some(fence) if length >= fence && line.trim().len() == length => open = None,
            _ => {}
        }
    }
    open
}

/// `text` as code in a table cell, which may break if it is long; empty if the text is.
pub(crate) fn code(text: &str) -> String {
    if text.is_empty() { String::new() } else { crate::markdown::breakable_code(text, CELL) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn a_long_summary_is_cut_at_a_line_and_says_so() {
        let text = "0123456789\n".repeat(200_000);
        let cut = bounded(&text);
        assert!(cut.len() <= LIMIT && cut.len() > LIMIT - 200);
        assert!(cut.ends_with(CUT));
        assert!(cut[..cut.len() - CUT.len()].ends_with("0123456789\n"));
        assert_eq!(bounded("short"), "short");
    }

    #[test]
    fn a_cut_closes_the_fence_it_falls_into() {
        let cut = bounded_to(&format!("````\n{}````\n", "x\n".repeat(500)), 300);
        assert!(cut.contains("x\n````\n\n\n_This summary"));
        assert!(cut.len() <= 300);
    }

    #[test]
    fn a_name_is_code_even_with_a_pipe() {
        assert_eq!(code("a`b|"), "``a`b¦``");
    }
}
