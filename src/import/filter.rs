//! Regular expressions and lists of tags.

use super::wish::NamedTag;
use crate::image::Tag;
use crate::rules::Pattern;

/// Whether an expression is a tag rather than a pattern. A dot matches any character, but who writes `1.2.3` means that tag.
pub(super) fn literal(expression: &str) -> Option<Tag> {
    let inner = expression.strip_prefix('^').unwrap_or(expression);
    let name = inner.strip_suffix('$').unwrap_or(inner).replace("\\.", ".");
    // No version has two dots in a row or one at its end: there they stand for any character.
    let is_name = !name.contains("..") && !name.ends_with('.');
    is_name.then(|| name.parse().ok()).flatten()
}

/// An expression that matches whole tags, made of one that the tool reads; `whole` if the tool itself matches whole tags.
///
/// # Errors
/// If it cannot be carried over; the text says why.
pub(super) fn matching(expression: &str, whole: bool) -> Result<String, String> {
    let unknown = |error: &dyn std::fmt::Display| format!("it is no regular expression that is known here: {error}");
    // By itself, so that nothing put around it completes it.
    regex::Regex::new(stripped(expression)).map_err(|error| unknown(&reason(&error.to_string())))?;
    let inner = match whole {
        true => stripped(expression).to_owned(),
        // A part of the tag suffices where the expression is not anchored.
        false => {
            let start = if expression.starts_with('^') { "" } else { ".*" };
            let end = if expression.ends_with('$') && !expression.ends_with("\\$") { "" } else { ".*" };
            format!("{start}{}{end}", grouped(stripped(expression)))
        }
    };
    if inner.contains("(?P<version>") || inner.contains("(?<version>") {
        return Err("it has a group `version` of its own".to_owned());
    }
    match pattern(std::slice::from_ref(&inner)).parse::<Pattern>() {
        Ok(_) => Ok(inner),
        Err(error) => Err(unknown(&error)),
    }
}

/// What a message of several lines ends with: what is wrong.
fn reason(error: &str) -> String {
    error.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

fn stripped(expression: &str) -> &str {
    let inner = expression.strip_prefix('^').unwrap_or(expression);
    match inner.strip_suffix('$') {
        Some(rest) if !rest.ends_with('\\') => rest,
        _ => inner,
    }
}

/// An expression as one unit, so that alternatives in it do not reach further.
fn grouped(expression: &str) -> String {
    if expression.contains('|') { format!("(?:{expression})") } else { expression.to_owned() }
}

/// The `pattern` of a manifest that reads what one of these expressions matches: the whole tag is the version.
pub(super) fn pattern(expressions: &[String]) -> String {
    match expressions {
        [one] => format!("(?<version>{one})"),
        all => {
            let all: Vec<String> = all.iter().map(|one| grouped(one)).collect();
            format!("(?<version>{})", all.join("|"))
        }
    }
}

/// A tag that nothing pins.
pub(super) const fn unpinned(tag: Tag) -> NamedTag {
    NamedTag { tag, digest: None }
}
