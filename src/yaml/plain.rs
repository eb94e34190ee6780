//! Which texts need no quotes: those that no reader takes for anything else.

/// Whether every reader of YAML, 1.1 or 1.2, takes a plain scalar for exactly this text anywhere. No if readers differ:
/// go-yaml, PyYAML, Ruby's and JavaScript's each have numbers, truth values and dates that are text to others.
pub(crate) fn is_plain_text(text: &str) -> bool {
    is_plain_scalar(text) && !is_word(text) && !is_number(text) && !is_timestamp(text)
}

/// Whether a text can be a plain scalar at all, inside brackets as well (YAML 1.2.2, section 7.3.3). Stricter than
/// that: only visible ASCII, and none of the characters that may begin one only before certain others.
fn is_plain_scalar(text: &str) -> bool {
    let bytes = text.as_bytes();
    let begins = bytes.first().is_some_and(|first| !b"-?:,[]{}#&*!|>'\"%@` ".contains(first));
    let ends = !text.ends_with([' ', ':']);
    let is_inside = |byte: &u8| (b' '..=b'~').contains(byte) && !b",[]{}".contains(byte);
    begins
        && ends
        && bytes.iter().all(is_inside)
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.starts_with("...")
}

/// Null, truth values, not-a-number and infinity, the merge key and the default value.
fn is_word(text: &str) -> bool {
    let word = text.to_ascii_lowercase();
    let signless = word.strip_prefix(['+', '-']).unwrap_or(&word);
    matches!(word.as_str(), "~" | "null" | "y" | "yes" | "n" | "no" | "on" | "off" | "true" | "false" | "<<" | "=")
        || matches!(signless, ".inf" | ".nan")
}

/// Integers of every base and floats, with signs and digit separators, and sexagesimal ones such as `190:20:30`.
fn is_number(text: &str) -> bool {
    let number = text.strip_prefix(['+', '-']).unwrap_or(text).replace(['_', ','], "").to_ascii_lowercase();
    let is_hexadecimal = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_based = ["0b", "0o", "0x"].iter().any(|base| number.strip_prefix(base).is_some_and(is_hexadecimal));
    is_based || is_decimal(&number) || is_sexagesimal(&number)
}

/// `017`, `1.10`, `1.`, `.5`, `1e5`, `1.0e+3`.
fn is_decimal(number: &str) -> bool {
    let (mantissa, exponent) = number.split_once('e').map_or((number, None), |(before, after)| (before, Some(after)));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let power = exponent.map(|exponent| exponent.strip_prefix(['+', '-']).unwrap_or(exponent));
    (!whole.is_empty() || !fraction.is_empty())
        && is_digits(whole)
        && is_digits(fraction)
        && power.is_none_or(|power| !power.is_empty() && is_digits(power))
}

/// Whether there are only digits here, if anything.
fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_sexagesimal(number: &str) -> bool {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    whole.contains(':') && whole.split(':').all(|part| !part.is_empty() && is_digits(part)) && is_digits(fraction)
}

/// A date, `2001-12-14` or `2001-1-2`, alone or with a time of day.
fn is_timestamp(text: &str) -> bool {
    let (date, time) = match text.find(['t', 'T', ' ']) {
        Some(at) => (&text[..at], text[at + 1..].trim_start()),
        None => (text, ""),
    };
    let parts: Vec<&str> = date.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return false };
    let is_short = |part: &str| matches!(part.len(), 1 | 2) && is_digits(part);
    let is_date = year.len() == 4 && is_digits(year) && is_short(month) && is_short(day);
    is_date && (time.is_empty() || (time.contains(':') && time.starts_with(|c: char| c.is_ascii_digit())))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::LazyLock;

    use proptest::prelude::*;
    use regex::Regex;

    use super::is_plain_text;

    /// What readers of YAML 1.1 and 1.2 resolve, in the specifications' own words: https://yaml.org/type for 1.1 (with
    /// PyYAML's float, as the one there matches every version), section 10.3.2 of YAML 1.2.2, and go-yaml's float.
    static RESOLVED: LazyLock<Regex> = LazyLock::new(|| {
        let expressions = [
            "[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+",
            r"[-+]?[0-9][0-9_]*\.[0-9_]*([eE][-+][0-9]+)?|\.[0-9][0-9_]*([eE][-+][0-9]+)?",
            r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
            "y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF|~|null|Null|NULL||<<|=",
            "[0-9]{4}-[0-9]{2}-[0-9]{2}",
            r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(\.[0-9]*)?([ \t]*(Z|[-+][0-9]{1,2}(:[0-9]{2})?))?",
            r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?",
        ];
        Regex::new(&format!("^(?:{})$", expressions.join("|"))).unwrap()
    });

    proptest! {
        #[test]
        fn no_plain_text_is_what_a_reader_resolves(
            text in "[0-9a-fxob._:,+-]{1,6}|[-+]?0[xbo][0-9a-f_]{1,4}|[-+]?[0-9_]{0,4}[.]?[0-9_]{0,3}([eE][-+]?[0-9]{0,2})?|[0-9]{1,3}(:[0-9]{1,2}){0,2}[.]?[0-9]?|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([tT ][0-9:.+Z]{1,8})?|[a-zA-Z~<=.]{1,5}"
        ) {
            prop_assert!(!is_plain_text(&text) || !RESOLVED.is_match(&text), "{}", text);
        }
    }

    /// Texts that one of the readers takes for something else, by kind.
    #[test]
    fn what_some_reader_takes_for_something_else_is_no_plain_text() {
        let others = [
            "0 7 -1 +12 017 08 0o17 0O17 0b11 0B11 -0b1 0x1f 0X1F 0xcafe 1_000 1__0 0b1_0 0x_1f 0x_ 1,000 20241219",
            "1.10 1.9 1. .5 -1.5 +.5 1e5 1E5 1.0e3 1.5e+3 1e-9 1_0.5 685_230.15 12e03",
            ".inf -.inf +.INF .Inf .nan .NaN .NAN",
            "1:30 190:20:30 190:20:30.15 -1:30",
            "y Y n N yes Yes YES no No NO on On ON off Off OFF true True TRUE false False FALSE tRUE",
            "~ null Null NULL << =",
            "2001-12-14 2001-1-2 2001-12-14t21:59:43.10-05:00 2001-12-15T02:59:43.1Z",
            "- -a ? ?a : :a , a,b [a] {a} #a &a *a !a |a >a 'a \"a %a @a `a a: ... ---",
        ];
        for text in others.iter().flat_map(|kind| kind.split(' ')) {
            assert!(!is_plain_text(text), "{text}");
        }
        for text in [
            "",
            " ",
            " a",
            "a ",
            "a: b",
            "a #b",
            "a\tb",
            "a\nb",
            "a\u{85}b",
            "é",
            "2001-12-14 21:59:43.10 -5",
            "\u{feff}a",
        ] {
            assert!(!is_plain_text(text), "{text:?}");
        }
    }

    #[test]
    fn what_every_reader_takes_for_text_needs_no_quotes() {
        let texts = "3.1.0 v1.10 1.10-alpine 7.2.4-alpine3.20 latest yess nullable one 0b12x 0xyz 1e 1e5a 1.2.3e4 e5 1-2-3 \
                     2024-06-01-alpine 2024-06-01T12-00-00Z RELEASE.2025-06-13T11-33-47Z 20241219-1 sha-0123abc grafana/loki \
                     ghcr.io/a/b localhost:5000/a/b oci:mirror 25_36-jre a:b a#b sha256:0123 inf nan infinity";
        for text in texts.split_whitespace() {
            assert!(is_plain_text(text), "{text}");
        }
        assert!(is_plain_text("two words"));
    }
}
