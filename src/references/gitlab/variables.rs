//! The variables in an image's name, where the file itself gives them values.

use super::super::collector::{Filled, Scalar, from_outside};
use super::super::named::NO_REFERENCE;
use super::super::numbers::Reader;
use super::pipeline::{FIELDS, Job, Pipeline};
use crate::diag::Span;
use crate::text::excerpt;

/// How deep variables may be in variables, how many may be looked up for a name, and how long it may become.
const MAX_DEPTH: usize = 8;
const MAX_VARIABLES: usize = 50;
const MAX_LENGTH: usize = 1_000;

/// The value of a name with variables, in a job with these ancestors.
///
/// # Errors
/// What is missing, in a clause.
pub(super) fn expand(
    pipeline: &Pipeline<'_>,
    scope: &[&Job<'_>],
    text: &str,
    name: Scalar<'_>,
) -> Result<Filled, String> {
    Expansion { pipeline, scope, text, count: 0 }.value(name, 0)
}

struct Expansion<'e, 'n> {
    pipeline: &'e Pipeline<'n>,
    scope: &'e [&'e Job<'n>],
    text: &'e str,
    count: usize,
}

impl Expansion<'_, '_> {
    fn value(&mut self, scalar: Scalar<'_>, depth: usize) -> Result<Filled, String> {
        let mut pieces = Vec::new();
        let mut rest = scalar.value;
        let literal = |piece: &str, from: usize| {
            let literal = scalar.written.map(|at| Span { start: at.start + from, end: at.start + from + piece.len() });
            Filled { value: piece.to_owned(), literal }
        };
        while let Some((before, after)) = rest.split_once('$') {
            pieces.push(literal(before, scalar.value.len() - rest.len()));
            if let Some(escaped) = after.strip_prefix('$') {
                pieces.push(Filled { value: "$".to_owned(), literal: None });
                rest = escaped;
                continue;
            }
            let braced = after.strip_prefix('{');
            let inner = braced.unwrap_or(after);
            let (name, behind) = inner.split_at(name_length(inner));
            rest = if braced.is_some() { behind.strip_prefix('}').ok_or(NO_REFERENCE)? } else { behind };
            if name.is_empty() {
                return Err(NO_REFERENCE.to_owned());
            }
            pieces.push(self.variable(name, depth)?);
        }
        pieces.push(literal(rest, scalar.value.len() - rest.len()));
        pieces.retain(|piece| !piece.value.is_empty());
        match pieces.len() {
            1 => Ok(pieces.swap_remove(0)),
            _ => Ok(Filled { value: pieces.iter().map(|piece| piece.value.as_str()).collect(), literal: None }),
        }
    }

    fn variable(&mut self, name: &str, depth: usize) -> Result<Filled, String> {
        self.count += 1;
        let shown = excerpt(name, 60);
        if depth == MAX_DEPTH || self.count > MAX_VARIABLES {
            return Err(format!("`{shown}` has too many variables in it"));
        }
        if self.scope.iter().any(|job| job.matrix.contains(name)) {
            return Err(format!("`{shown}` is a value of the matrix"));
        }
        if self.scope.iter().any(|job| job.ruled.contains(name)) || self.pipeline.defaults.ruled.contains(name) {
            return Err(format!("`{shown}` depends on rules"));
        }
        let Some(node) = self.pipeline.variable(self.scope, name) else {
            let is_given = name.starts_with("CI_") || name.starts_with("GITLAB_");
            return Err(if is_given { format!("`{shown}` comes from GitLab") } else { from_outside(name) });
        };
        let target = self.pipeline.dereferenced(node).ok_or_else(|| from_outside(name))?;
        let value = if target.entries().is_some() { FIELDS.value(target, "value") } else { Some(target) };
        let value = value.ok_or_else(|| from_outside(name))?;
        if Reader::Ruby.changes(value) {
            return Err(format!("`{shown}` is a number to GitLab: put it in quotes"));
        }
        let expanded = match Scalar::of(self.text, value) {
            Some(scalar) => self.value(scalar, depth + 1)?,
            None => Filled { value: String::new(), literal: None },
        };
        if expanded.value.len() > MAX_LENGTH { Err(NO_REFERENCE.to_owned()) } else { Ok(expanded) }
    }
}

/// The length of the variable's name that a text begins with.
fn name_length(text: &str) -> usize {
    text.bytes().position(|byte| !(byte.is_ascii_alphanumeric() || byte == b'_')).unwrap_or(text.len())
}
