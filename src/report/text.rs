//! Text that others wrote, made fit to be shown.

/// `text` on one line without control characters, characters that turn the direction of writing, or invisible ones.
#[must_use]
pub fn clean(text: &str) -> String {
    crate::proposal::markdown::clean(text, usize::MAX)
}

/// [`clean`], but lines stay lines.
#[must_use]
pub fn clean_lines(text: &str) -> String {
    text.lines().map(clean).collect::<Vec<_>>().join("\n")
}

/// `text` in at most `limit` characters; where something was cut off, the last of them is `…`.
#[must_use]
pub fn cut(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(limit.saturating_sub(1)).collect();
    out.push('…');
    out
}

/// `text` with spaces after it up to `width` characters.
#[must_use]
pub fn pad(text: &str, width: usize) -> String {
    format!("{text:<width$}")
}

/// `count` and the noun, in the plural where there is not exactly one.
#[must_use]
pub fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// Texts that may be shown nowhere, whoever sends them back to us: given secrets and what is derived from them.
#[derive(Clone, Default)]
pub struct Hidden(Vec<String>);

/// The shortest secret that is looked for in texts: a shorter one would take them apart and is none.
const SHORTEST_SECRET: usize = 6;

impl Hidden {
    /// These, also as JSON writes them; the longest goes first, so that none is left in part.
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let long = secrets.into_iter().filter(|secret| secret.len() >= SHORTEST_SECRET);
        let mut all: Vec<String> = long.flat_map(|secret| [in_json(&secret), secret]).collect();
        all.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        all.dedup();
        Self(all)
    }

    /// `text` with `***` in their place.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        self.0.iter().fold(
            text.to_owned(),
            |text, secret| {
                if text.contains(secret) { text.replace(secret, "***") } else { text }
            },
        )
    }
}

/// How a text stands inside a JSON string.
fn in_json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn control_characters_become_one_space() {
        assert_eq!(clean("a\r\n\u{1b}[31mb\u{202e}c\u{85}"), "a [31mbc");
        assert_eq!(clean_lines("a\rb\nc\u{7}"), "a b\nc");
    }

    #[test]
    fn secrets_are_hidden_wherever_they_come_back() {
        let hidden =
            Hidden::new(["canary".to_owned(), "canary-longer".to_owned(), "pass\"word".to_owned(), "abc".to_owned()]);
        assert_eq!(hidden.redact("canary canary-longer abc pass\\\"word"), "*** *** abc ***");
    }

    #[test]
    fn cutting_counts_characters() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüß", 3), "äö…");
    }
}
