//! The variables of a Bake file, and what strings become with them.

use std::collections::{HashMap, HashSet};

use crate::diag::Span;
use crate::references::expanded::Expanded;
use crate::references::hcl::{Body, Expression, Part, Value};
use crate::text::excerpt;

/// How many variables may refer to one another.
const DEPTH: usize = 32;

pub(super) struct Scope<'a> {
    text: &'a str,
    /// The value of each variable, `None` without a default.
    variables: HashMap<&'a str, Option<&'a Expression>>,
    /// Names that the matrix of the current target sets.
    matrix: Vec<&'a str>,
    /// What variables became; `None` while one is read.
    values: HashMap<&'a str, Option<Expanded>>,
    /// Variables whose objects were looked at.
    objects: HashSet<&'a str>,
    depth: usize,
    /// How much may still be put together: variables of variables grow without bounds.
    budget: usize,
}

impl<'a> Scope<'a> {
    pub(super) fn new(text: &'a str, body: &'a Body) -> Self {
        let blocks = body.blocks.iter().filter(|block| block.kind == "variable").filter_map(|block| {
            let default = block.body.attributes.iter().rev().find(|attribute| attribute.name == "default");
            let value = default.map(|attribute| &attribute.value);
            // `null` is no default: nothing can be put together with it.
            Some((
                block.labels.first()?.as_str(),
                value.filter(|value| text.get(value.at.start..value.at.end) != Some("null")),
            ))
        });
        // A top-level attribute goes before a variable of the same name, as in Bake.
        let attributes = body.attributes.iter().map(|attribute| (attribute.name.as_str(), Some(&attribute.value)));
        Self {
            text,
            variables: blocks.chain(attributes).collect(),
            matrix: Vec::new(),
            values: HashMap::new(),
            objects: HashSet::new(),
            depth: 0,
            budget: 64 * 1024 + 4 * text.len(),
        }
    }

    pub(super) fn enter(&mut self, matrix: Vec<&'a str>) {
        self.matrix = matrix;
    }

    /// What a variable is said to be, if this file says it.
    pub(super) fn variable(&self, name: &str) -> Option<&'a Expression> {
        if self.matrix.contains(&name) { None } else { self.variables.get(name).copied().flatten() }
    }

    /// A variable's value, when it is asked for the first time: what is found in it is found once.
    pub(super) fn object_once(&mut self, name: &'a str) -> Option<&'a Expression> {
        if self.objects.insert(name) { self.variable(name) } else { None }
    }

    /// An expression as a string.
    pub(super) fn value(&mut self, expression: &'a Expression) -> Expanded {
        let at = expression.at;
        let why = match &expression.value {
            Value::Template(parts) => return self.template(parts),
            Value::Text(text) => return text.clone(),
            Value::Literal => return literal(&self.text[at.start..at.end], at),
            Value::Name(name) => return self.named(name, at),
            Value::Call { function, .. } => format!("the function `{}` is not evaluated", excerpt(function, 60)),
            Value::Conditional(_) => "a condition is not evaluated".to_owned(),
            Value::Object(_) | Value::Tuple(_) | Value::Other => "an expression is not evaluated".to_owned(),
        };
        Expanded::missing(at, why)
    }

    fn template(&mut self, parts: &'a [Part]) -> Expanded {
        let mut whole = Expanded::default();
        for part in parts {
            match part {
                Part::Verbatim(at) => whole.push(&self.text[at.start..at.end], *at),
                Part::Escape { at, means } => whole.push_escape(means, *at),
                Part::Interpolation { at, value } => whole.push_value(&self.value(value), *at),
                Part::Directive(at) => whole.push_missing(*at, "a directive is not evaluated".to_owned()),
            }
        }
        whole
    }

    fn named(&mut self, name: &'a str, at: Span) -> Expanded {
        let shown = excerpt(name, 60);
        if self.matrix.contains(&name) {
            return Expanded::missing(at, format!("the matrix sets `{shown}`"));
        }
        let why = match self.variables.get(name).copied() {
            None => format!("this file does not set `{shown}`"),
            Some(None) => format!("the variable `{shown}` has no default"),
            Some(Some(value)) => return self.default(name, value, at),
        };
        Expanded::missing(at, why)
    }

    fn default(&mut self, name: &'a str, value: &'a Expression, at: Span) -> Expanded {
        let refused = |why: &str| Expanded::missing(at, format!("the variable `{}` {why}", excerpt(name, 60)));
        if self.depth == DEPTH {
            return refused("refers to too many others");
        }
        if !self.values.contains_key(name) {
            self.values.insert(name, None);
            let matrix = std::mem::take(&mut self.matrix);
            self.depth += 1;
            let value = self.value(value);
            self.depth -= 1;
            self.matrix = matrix;
            self.values.insert(name, Some(value));
        }
        let Some(Some(value)) = self.values.get(name) else { return refused("refers to itself") };
        let Some(budget) = self.budget.checked_sub(value.size()) else { return refused("is used too often") };
        self.budget = budget;
        let mut here = Expanded::default();
        here.push_value(value, at);
        here
    }
}

/// A number, or `true` or `false`, as a string. HCL shows numbers without the zeros that change nothing: `7.20` is `7.2`.
fn literal(text: &str, at: Span) -> Expanded {
    let mut value = Expanded::default();
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        value.push(text, at);
    } else if text.contains(['e', 'E']) {
        value.push_missing(at, "a number with an exponent is not evaluated".to_owned());
    } else {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let (whole, part) = (whole.trim_start_matches('0'), part.trim_end_matches('0'));
        let whole = if whole.is_empty() { "0" } else { whole };
        match if part.is_empty() { whole.to_owned() } else { format!("{whole}.{part}") } {
            shown if shown == text => value.push(text, at),
            shown => value.push_escape(&shown, at),
        }
    }
    value
}
