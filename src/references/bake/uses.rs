//! Which variables of a Bake file only name images: the default of another one must not be rewritten.

use std::collections::{BTreeSet, HashMap};

use crate::diag::Span;
use crate::references::found::{Findings, Site};
use crate::references::hcl::{Body, Expression, Part, Value};

/// Marks the references that are written in a variable's value which something uses that is no image.
pub(super) fn mark(text: &str, body: &Body, found: &mut Findings) {
    let is_elsewhere = |at: Span, site: &Site| matches!(site, Site::Literal(site) if *site != at);
    if !found.references.iter().any(|reference| is_elsewhere(reference.at, &reference.site)) {
        return;
    }
    let uses = Uses::of(text, body, found);
    for reference in &mut found.references {
        let Site::Literal(site) = reference.site else { continue };
        if site != reference.at && uses.variable_at(site).is_some_and(|name| !uses.only_images(name)) {
            reference.site = Site::Shared;
        }
    }
}

#[derive(Debug, Default)]
struct Uses<'a> {
    /// Where the value of each variable stands.
    variables: Vec<(&'a str, Span)>,
    /// Where each name is used.
    uses: HashMap<&'a str, Vec<Span>>,
    /// What is put together or computed in ways that are not read: any name may be used there.
    others: Vec<&'a str>,
    /// The places that name images.
    images: BTreeSet<(usize, usize)>,
}

impl<'a> Uses<'a> {
    fn of(text: &'a str, body: &'a Body, found: &Findings) -> Self {
        let images = found.references.iter().map(|reference| (reference.at.start, reference.at.end)).collect();
        let mut uses = Self { images, ..Self::default() };
        for block in body.blocks.iter().filter(|block| block.kind == "variable") {
            let values = block.body.attributes.iter().filter(|attribute| attribute.name == "default");
            uses.variables.extend(block.labels.iter().zip(values).map(|(name, value)| (name.as_str(), value.value.at)));
        }
        uses.variables.extend(body.attributes.iter().map(|one| (one.name.as_str(), one.value.at)));
        uses.body(text, body);
        uses
    }

    fn body(&mut self, text: &'a str, body: &'a Body) {
        body.attributes.iter().for_each(|attribute| self.expression(text, &attribute.value));
        body.blocks.iter().for_each(|block| self.body(text, &block.body));
    }

    fn expression(&mut self, text: &'a str, expression: &'a Expression) {
        match &expression.value {
            Value::Name(name) => self.uses.entry(name).or_default().push(expression.at),
            Value::Template(parts) => {
                for part in parts {
                    match part {
                        Part::Interpolation { value, .. } => self.expression(text, value),
                        Part::Directive(at) => self.others.extend(text.get(at.start..at.end)),
                        Part::Verbatim(_) | Part::Escape { .. } => {}
                    }
                }
            }
            Value::Object(members) => {
                members.iter().for_each(|member| self.expression(text, &member.value));
                if members.iter().any(|member| member.key.is_none()) {
                    self.others.extend(text.get(expression.at.start..expression.at.end));
                }
            }
            Value::Tuple(items) => items.iter().for_each(|item| self.expression(text, item)),
            Value::Conditional(branches) => {
                branches.iter().for_each(|branch| self.expression(text, branch));
                // The condition itself stands before them.
                let condition = text.get(expression.at.start..branches[0].at.start);
                self.others.extend(condition);
            }
            Value::Call { arguments, .. } => arguments.iter().for_each(|argument| self.expression(text, argument)),
            Value::Other => self.others.extend(text.get(expression.at.start..expression.at.end)),
            Value::Text(_) | Value::Literal => {}
        }
    }

    /// The variable in whose value a place is.
    fn variable_at(&self, at: Span) -> Option<&'a str> {
        let is_inside = |value: &Span| value.start <= at.start && at.end <= value.end;
        self.variables.iter().find(|(_, value)| is_inside(value)).map(|(name, _)| *name)
    }

    /// Whether a variable, and every one that it is a part of, is used for nothing but images.
    fn only_images(&self, name: &'a str) -> bool {
        let (mut seen, mut waiting) = (BTreeSet::from([name]), vec![name]);
        while let Some(name) = waiting.pop() {
            if self.others.iter().any(|text| has_word(text, name)) {
                return false;
            }
            for at in self.uses.get(name).into_iter().flatten() {
                match self.variable_at(*at) {
                    _ if self.names_image(*at) => {}
                    Some(outer) => waiting.extend(seen.insert(outer).then_some(outer)),
                    None => return false,
                }
            }
        }
        true
    }

    fn names_image(&self, at: Span) -> bool {
        let before = self.images.range(..=(at.start, usize::MAX)).next_back();
        before.is_some_and(|(_, end)| at.end <= *end)
    }
}

/// Whether a text has a name in it that is not a part of a longer one.
fn has_word(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    text.match_indices(name).any(|(at, _)| {
        let after = &text[at + name.len()..];
        !text[..at].ends_with(is_part) && !after.starts_with(is_part)
    })
}
