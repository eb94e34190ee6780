//! Makes text by others fit to be shown; counts and sizes in words.

use regex::Regex;
use std::time::Duration;

mod parts;
mod spelling;

pub(crate) use parts::without_parts;
pub(crate) use spelling::{names_there_are, nearest};

/// How a name or another party's text is shown: as a code span in Markdown, cleaned on a terminal. The number is the
/// most characters that it may have.
pub(crate) type Quote = fn(&str, usize) -> String;

/// `text` on one line: control characters and line separators become spaces, invisible characters are removed, and runs
/// of white space become one space.
pub(crate) fn clean(text: &str) -> String {
    let spaced = text.chars().map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c });
    let kept: String = spaced.filter(|c| !is_invisible(*c)).collect();
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Characters that change the direction of text or have no width (Trojan Source, CVE-2021-42574), and tags and
/// variation selectors, which can carry invisible text.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Whether [`clean`] hides something of `text` that belongs in no name: a control character, or one that is invisible or
/// changes the direction of text.
pub(crate) fn has_hidden(text: &str) -> bool {
    text.chars().any(|c| c.is_control() || is_invisible(c) || matches!(c, '\u{2028}' | '\u{2029}'))
}

/// [`clean`], but lines stay lines and keep their leading spaces.
pub(crate) fn clean_lines(text: &str) -> String {
    let line = |line: &str| {
        let indent = line.bytes().take_while(|byte| *byte == b' ').count();
        format!("{}{}", &line[..indent.min(MAX_INDENT)], clean(line))
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

const MAX_INDENT: usize = 20;

/// `text` in at most `limit` characters; if something was cut off, the last of them is `…`.
pub(crate) fn cut(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(limit.saturating_sub(1)).collect();
    out.push('…');
    out
}

/// `text` in at most `limit` characters: if it is longer, `…` replaces its middle. Beginning and end distinguish names.
pub(crate) fn middle_cut(text: &str, limit: usize) -> String {
    let count = text.chars().count();
    if count <= limit {
        return text.to_owned();
    }
    let head = limit.saturating_sub(1) / 2;
    let tail = limit.saturating_sub(1) - head;
    text.chars().take(head).chain(['…']).chain(text.chars().skip(count - tail)).collect()
}

/// How many hexadecimal digits of a digest are shown to people.
const DIGITS: usize = 12;

/// `text` with every digest shortened to its first digits.
pub(crate) fn short_digests(text: &str) -> String {
    let mut parts = text.split("sha256:");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_hexdigit).count();
        let kept = if digits == 64 { DIGITS } else { digits };
        out.push_str("sha256:");
        out.push_str(&part[..kept]);
        out.push_str(&part[digits..]);
    }
    out
}

/// [`clean`], then [`cut`]: for quoting a text that may be long and hostile.
pub(crate) fn excerpt(text: &str, limit: usize) -> String {
    cut(&clean(text), limit)
}

/// The name that a unit variant has in JSON, so that people and programs read the same word.
pub(crate) fn serde_name(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

/// `text`, padded with spaces to `width` characters.
pub(crate) fn pad(text: &str, width: usize) -> String {
    format!("{text:<width$}")
}

/// A whole number of seconds, minutes, hours, days or weeks, such as `90s`; ten years at most.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let unit = match text.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return None,
    };
    let number = &text[..text.len() - 1];
    let digits = (1..=9).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    let seconds = number.parse::<u64>().ok().filter(|_| digits)? * unit;
    (seconds <= 3_653 * 86_400).then(|| Duration::from_secs(seconds))
}

/// A duration in the largest of the manifest's units that divides it evenly.
pub(crate) fn duration_text(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let units = [(604_800, "w"), (86_400, "d"), (3_600, "h"), (60, "m")];
    let unit = units.into_iter().find(|(unit, _)| seconds > 0 && seconds.is_multiple_of(*unit));
    unit.map_or_else(|| format!("{seconds}s"), |(unit, name)| format!("{}{name}", seconds / unit))
}

/// A whole number of bytes with a unit, such as `200MB` (powers of 1,000), `1 GiB` (powers of 1,024) or `512B`; `0` needs none.
pub(crate) fn bytes(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit = match unit.strip_prefix(' ').unwrap_or(unit) {
        "" if text == "0" => 1,
        "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "kiB" | "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok().filter(|_| (1..=12).contains(&digits))?.checked_mul(unit)
}

/// `count` and the noun, in the plural unless there is exactly one.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// A number of bytes for people, in powers of 1,000: `41 MB`.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 4] =
        [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];
    match UNITS.into_iter().find(|(_, unit)| bytes >= *unit) {
        None => format!("{bytes} B"),
        Some((name, unit)) if bytes / unit >= 10 => format!("{} {name}", bytes.saturating_add(unit / 2) / unit),
        Some((name, unit)) => format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
    }
}

/// The difference of two sizes for people: `+1.2 MB`, `-300 kB`, `same size`.
pub(crate) fn size_difference(before: u64, after: u64) -> String {
    match before.cmp(&after) {
        std::cmp::Ordering::Less => format!("+{}", size(after - before)),
        std::cmp::Ordering::Equal => "same size".to_owned(),
        std::cmp::Ordering::Greater => format!("-{}", size(before - after)),
    }
}

/// Texts that must not be shown anywhere, whoever sends them back to us: given secrets and what is derived from them.
#[derive(Clone, Default)]
pub struct Hidden(Vec<String>);

/// The shortest secret that is searched for in texts: a shorter one would mangle them and is not secret anyway.
const SHORTEST_SECRET: usize = 6;

impl Hidden {
    /// These texts, also as JSON writes them; the longest comes first, so that none is left in part.
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let long = secrets.into_iter().filter(|secret| secret.len() >= SHORTEST_SECRET);
        let mut all: Vec<String> = long.flat_map(|secret| [in_json(&secret), secret]).collect();
        all.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        all.dedup();
        Self(all)
    }

    /// The bytes of the longest of them, and of a mark that it was cut off.
    pub(crate) fn longest(&self) -> usize {
        self.0.iter().map(String::len).max().unwrap_or_default() + '…'.len_utf8()
    }

    /// `text` with `***` in place of them, and of what is left of one that was cut off.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        let whole =
            self.0.iter().fold(
                text.to_owned(),
                |text, secret| {
                    if text.contains(secret) { text.replace(secret, "***") } else { text }
                },
            );
        without_parts(whole, &self.0.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

impl Hidden {
    /// The same for a text with markup: what Markdown, HTML or a line break puts between the characters of a secret
    /// hides it from nobody.
    #[must_use]
    pub fn redact_laid_out(&self, text: &str) -> String {
        let short = self.0.iter().filter(|secret| secret.len() <= LONGEST_LAID_OUT);
        let patterns = short.filter_map(|secret| Regex::new(&laid_out(secret)).ok());
        patterns.fold(self.redact(text), |text, pattern| match pattern.replace_all(&text, "***") {
            std::borrow::Cow::Borrowed(_) => text,
            std::borrow::Cow::Owned(redacted) => redacted,
        })
    }
}

/// The longest secret that is searched for in markup; a longer one is a file of several lines.
const LONGEST_LAID_OUT: usize = 4096;

/// A pattern that matches a secret with any markup between its characters.
fn laid_out(secret: &str) -> String {
    let one = |c: char| match c {
        '<' => "(?:<|&lt;)".to_owned(),
        '>' => "(?:>|&gt;)".to_owned(),
        '&' => "(?:&amp;|&)".to_owned(),
        c => regex::escape(c.encode_utf8(&mut [0; 4])),
    };
    let between = r"(?:<wbr>|<!-- -->|\\|\n[ \t│|]*)*";
    secret.chars().map(one).collect::<Vec<_>>().join(between)
}

/// How a text is written inside a JSON string.
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
        assert_eq!(clean_lines("a\rb\n  c\u{7}"), "a b\n  c");
    }

    #[test]
    fn what_cleaning_hides_is_noticed() {
        let hidden = ["a\u{1b}[31m", "a\nb", "a\u{202e}b", "a\u{200b}b", "a\u{2028}b", "a\u{e0041}b"];
        assert!(hidden.iter().all(|text| has_hidden(text)));
        assert!(["", "libssl3 3.0.13-1", "ä 语 | ` < @"].iter().all(|text| !has_hidden(text)));
    }

    #[test]
    fn foreign_text_stays_on_one_line_and_short() {
        assert_eq!(excerpt("a\r\n::add-mask::\u{1b}[31mx\u{202e}y", 80), "a ::add-mask:: [31mxy");
        assert_eq!(excerpt("abcdef", 4), "abc…");
        assert_eq!(excerpt("", 4), "");
    }

    #[test]
    fn sizes_read_well() {
        assert_eq!(size(u64::MAX), "18446744 TB");
        let shown = [0, 999, 1_000, 9_949, 41_300_000, 41_600_000, 1_500_000_000, 7_000_000_000_000].map(size);
        assert_eq!(shown, ["0 B", "999 B", "1.0 kB", "9.9 kB", "41 MB", "42 MB", "1.5 GB", "7.0 TB"]);
        assert_eq!(size_difference(10, 10), "same size");
        assert_eq!(size_difference(1_000_000, 3_200_000), "+2.2 MB");
        assert_eq!(size_difference(2_000, 500), "-1.5 kB");
    }

    #[test]
    fn secrets_are_hidden_wherever_they_come_back() {
        let hidden =
            Hidden::new(["canary".to_owned(), "canary-longer".to_owned(), "pass\"word".to_owned(), "abc".to_owned()]);
        assert_eq!(hidden.redact("canary canary-longer abc pass\\\"word"), "*** *** abc ***");
    }

    #[test]
    fn a_secret_is_found_whatever_a_layout_puts_between_its_characters() {
        let token = "dckr_pat_Zx9Kq3LmN8vB2cT7yR5wA1sDx<&>";
        let hidden = Hidden::new([token.to_owned()]);
        let in_a_cell = r"dckr\_pat\_Zx9Kq3Lm<wbr>N8vB2cT7yR5wA1sD<wbr>x&lt;&amp;&gt;".to_owned();
        for laid_out in [in_a_cell, token.replace("Zx9", "Zx\n   9"), token.to_owned()] {
            assert_eq!(
                hidden.redact_laid_out(&format!("bad secret {laid_out}: no")),
                "bad secret ***: no",
                "{laid_out}"
            );
        }
    }

    #[test]
    fn of_a_long_name_beginning_and_end_stay() {
        assert_eq!(middle_cut("äöü", 3), "äöü");
        assert_eq!(middle_cut("registry.example/team/image-12", 15), "registr…mage-12");
        assert_eq!((middle_cut("abcdef", 1), middle_cut("abcdef", 0)), ("…".to_owned(), "…".to_owned()));
    }

    #[test]
    fn only_whole_digests_are_shortened() {
        let digest = format!("sha256:{}", "ab".repeat(32));
        let text = format!("a {digest}, sha256:abc, {digest}0 sha256:");
        assert_eq!(short_digests(&text), format!("a sha256:abababababab, sha256:abc, {digest}0 sha256:"));
    }

    #[test]
    fn cutting_counts_characters() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüß", 3), "äö…");
    }
}
