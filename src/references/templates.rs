//! Documents that become YAML only when a template is filled in, as in Helm's charts: read line by line.

use super::collector::{Collector, Scalar, TEMPLATE};
use super::kinds::Standing;
use crate::diag::Span;

/// Whether a text has a template in it. `${{` is an expression of GitHub's, inside of YAML.
pub(super) fn has_template(text: &str) -> bool {
    let mut braces = text.match_indices("{{");
    text.contains("{%") || braces.any(|(at, _)| !text[..at].ends_with('$'))
}

/// Finds the lines `image: ...` with a value: a literal is a reference, what holds a template is unresolved, also as the value
/// of `repository`. Lines in blocks of
/// text and in the template's own comments are none, nor is anything in a resource that runs no images.
pub(super) fn find(collector: &mut Collector<'_>, document: Span) {
    let text = &collector.text[document.start..document.end];
    let known = match standing(text) {
        Standing::Pods(_) | Standing::Unnamed => true,
        Standing::Custom => false,
        Standing::Other => return,
    };
    let (mut lines, mut at) = (Lines::default(), document.start);
    for line in text.split_inclusive('\n') {
        if lines.is_content(line) {
            field(line, at, "image").into_iter().for_each(|image| collector.scalar(image, known));
            let repository = field(line, at, "repository").filter(|repository| has_template(repository.value));
            repository.into_iter().for_each(|repository| collector.unresolved(repository.at, TEMPLATE));
        }
        at += line.len();
    }
}

/// What a resource is, by its first lines `apiVersion:` and `kind:` that are indented as little as the first one.
fn standing(text: &str) -> Standing {
    let is_content = |line: &&str| {
        let bare = line.trim_start();
        !(bare.is_empty() || bare.starts_with(['#', '%']) || bare.starts_with("{{") || line.starts_with("---"))
    };
    let margin = text.lines().find(is_content).map_or(0, |line| line.len() - line.trim_start().len());
    let value = |key: &str| {
        let line = text.lines().find_map(|line| line.get(margin..)?.strip_prefix(key)?.strip_prefix(':'))?;
        let value = line.split(" #").next()?.trim().trim_matches(['"', '\'']);
        (!value.is_empty() && !has_template(value)).then_some(value)
    };
    Standing::of(value("apiVersion"), value("kind"))
}

/// Which lines are content: what came before the current one.
#[derive(Debug, Default)]
struct Lines {
    in_comment: bool,
    /// The indentation of the key whose block of text goes on.
    block: Option<usize>,
}

impl Lines {
    fn is_content(&mut self, line: &str) -> bool {
        let was_comment = self.in_comment;
        let opened = line.rfind("/*").filter(|open| line[..*open].trim_end_matches(['-', ' ']).ends_with("{{"));
        self.in_comment = match (opened, line.rfind("*/")) {
            (Some(open), Some(close)) => open > close,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => self.in_comment,
        };
        let trimmed = line.trim();
        let indent = line.len() - line.trim_start().len();
        if self.block.is_some_and(|block| trimmed.is_empty() || indent > block) {
            return false;
        }
        let indicator = trimmed.rsplit([' ', ':']).next().unwrap_or_default();
        let is_value = trimmed.contains(':') || trimmed.starts_with("- ");
        let begins_block = is_value && indicator.starts_with(['|', '>']) && indicator.len() <= 3;
        self.block = begins_block.then_some(indent);
        !was_comment && !trimmed.starts_with(['#', '{'])
    }
}

/// The value of a line `key: value` that begins at `start`.
fn field<'l>(line: &'l str, start: usize, key: &str) -> Option<Scalar<'l>> {
    let content = line.trim_start().trim_start_matches("- ").trim_start();
    let quote = content.chars().next().filter(|first| matches!(first, '"' | '\''));
    let behind = content.trim_start_matches(['"', '\'']).strip_prefix(key)?;
    let behind = quote.map_or(Some(behind), |quote| behind.strip_prefix(quote))?;
    let value = behind.trim_start().strip_prefix(':').filter(|rest| rest.starts_with([' ', '\t']))?.trim();
    let value = match value.chars().next()? {
        quote @ ('"' | '\'') => &value[1..1 + value[1..].rfind(quote)?],
        '#' | '|' | '>' | '&' | '*' | '[' => return None,
        '{' if !value.starts_with("{{") => return None,
        _ => value.split(" #").next()?.trim_end(),
    };
    let begin = start + (value.as_ptr() as usize - line.as_ptr() as usize);
    let at = Span { start: begin, end: begin + value.len() };
    (!value.is_empty()).then_some(Scalar { value, at, written: Some(at) })
}
