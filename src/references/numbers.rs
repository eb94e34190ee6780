//! Tags without quotes that are numbers to a program, and so other tags than those that are written.

use crate::yaml::{Kind, Node, ScalarStyle};

/// Whose numbers they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// Helm's and Kubernetes': `1.0` becomes `1`, `12e3`, as in short hashes of commits, `12000`, and `20240101`
    /// `2.0240101e+07`.
    Go,
    /// GitLab's.
    Ruby,
}

impl Reader {
    /// Whether a scalar is read as a number that is shown in another way than it is written: `1.10`, `017`, `0x1f`, `1_000`.
    pub(super) fn changes(self, node: &Node) -> bool {
        let Kind::Scalar { text, style: ScalarStyle::Plain, text_tag: false } = &*node.resolved().kind else {
            return false;
        };
        let digits = text.replace('_', "");
        if !text.starts_with(|c: char| c.is_ascii_digit()) || digits.is_empty() {
            return false;
        }
        let is_based = ["0x", "0o", "0b"].iter().any(|base| text.strip_prefix(base).is_some_and(is_hexadecimal));
        let is_float = digits.contains('.') || (self == Self::Go && digits.contains(['e', 'E']));
        let shown = match digits.parse::<f64>() {
            Ok(number) if is_float && self == Self::Go => number.to_string(),
            Ok(number) if is_float => format!("{number:?}"),
            Ok(_) if text.len() > 1 && text.starts_with('0') => String::new(),
            // Go shows it with an exponent.
            Ok(number) if self == Self::Go && number >= 1e6 => String::new(),
            Ok(_) => digits,
            Err(_) => return is_based,
        };
        shown != *text
    }
}

fn is_hexadecimal(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
