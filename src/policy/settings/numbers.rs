//! Numbers that would not go back as they came: JSON does not limit them, but the types that hold them here do.

use serde_json::Value;

/// The numbers in a JSON text that this program would send back with another value.
pub(super) fn inexact(text: &str) -> Vec<String> {
    let altered = |number: &&str| {
        let kept = serde_json::from_str::<Value>(number).ok().map(|value| value.to_string());
        kept.is_none_or(|kept| decimal(number).is_none() || decimal(number) != decimal(&kept))
    };
    numbers(text).into_iter().filter(altered).map(str::to_owned).collect()
}

/// The numbers in a JSON text, ignoring strings.
fn numbers(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let (mut found, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                at += 1;
                while at < bytes.len() && bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                at += 1;
            }
            b'-' | b'0'..=b'9' => {
                let of_number = |b: &&u8| b.is_ascii_digit() || b"+-.eE".contains(b);
                let length = bytes[at..].iter().take_while(of_number).count();
                found.push(&text[at..at + length]);
                at += length;
            }
            _ => at += 1,
        }
    }
    found
}

/// Sign, digits and power of ten, the same for every way of writing a number.
fn decimal(number: &str) -> Option<(bool, String, i64)> {
    let (negative, number) = number.strip_prefix('-').map_or((false, number), |rest| (true, rest));
    let (mantissa, power) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let power = power.parse::<i64>().ok()?.checked_sub(i64::try_from(fraction.len()).ok()?)?;
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_end_matches('0');
    let power = power.checked_add(i64::try_from(digits.len() - significant.len()).ok()?)?;
    match significant.trim_start_matches('0') {
        "" => Some((false, String::new(), 0)),
        digits => Some((negative, digits.to_owned(), power)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_that_change_their_value_are_told() {
        let kept =
            r#"{"a": [0, -0, 1.0, 1.50, 1e2, 18446744073709551615, -9223372036854775808, 0.1], "b\"9e99": "1e999"}"#;
        assert_eq!(inexact(kept), [""; 0]);
        let lost = "[18446744073709551616, 12345678901234567890123, -1.00000000000000000001, {\"id\": 3e-400}]";
        let told = ["18446744073709551616", "12345678901234567890123", "-1.00000000000000000001", "3e-400"];
        assert_eq!(inexact(lost), told);
    }
}
