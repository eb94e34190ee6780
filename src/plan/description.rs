//! The short description of a repository.

use crate::text::excerpt;

/// The longest short description that Docker Hub takes, in characters.
const DESCRIPTION_LIMIT: usize = 100;

/// A description in the form that Docker Hub accepts: one line of at most 100 characters, cut at a word. Anything that
/// is compared with a repository's description must have passed through here.
pub(crate) fn short_description(text: &str) -> String {
    let line = excerpt(text, usize::MAX);
    if line.chars().count() <= DESCRIPTION_LIMIT {
        return line;
    }
    let head: String = line.chars().take(DESCRIPTION_LIMIT - 1).collect();
    // A word that fills most of the line is cut in the middle.
    let end = head.rfind(' ').filter(|at| *at > DESCRIPTION_LIMIT / 2).unwrap_or(head.len());
    format!("{}…", head[..end].trim_end_matches([' ', ',', ';', ':', '.']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_are_cut_at_a_word() {
        assert_eq!(short_description("Log\naggregation"), "Log aggregation");
        assert_eq!(short_description(&"x".repeat(100)), "x".repeat(100));
        let cut = short_description(&format!("{} second, third word", "x".repeat(85)));
        assert_eq!(cut, format!("{} second…", "x".repeat(85)));
        assert_eq!(short_description(&"é".repeat(101)), format!("{}…", "é".repeat(99)));
        assert_eq!(short_description(&cut), cut, "cutting twice changes nothing");
    }
}
