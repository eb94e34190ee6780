//! What a target of a Bake file says about images.

use super::scope::Scope;
use crate::references::dockerfile;
use crate::references::expanded::Expanded;
use crate::references::found::{Findings, Unresolved};
use crate::references::hcl::{Body, Expression, Value};

/// What stands before an image in the value of a context.
const IMAGE: &str = "docker-image://";

/// How many variables may lead to the object of contexts.
const DEPTH: usize = 8;

pub(super) fn find<'a>(scope: &mut Scope<'a>, target: &'a Body, found: &mut Findings) {
    scope.enter(matrix(target));
    for attribute in &target.attributes {
        match attribute.name.as_str() {
            "contexts" => contexts(scope, &attribute.value, DEPTH, found),
            "dockerfile-inline" => alternatives(&attribute.value, &mut |text| inline(&scope.value(text), found)),
            _ => {}
        }
    }
}

/// The names that a target's matrix sets.
fn matrix(target: &Body) -> Vec<&str> {
    let matrix = target.attributes.iter().filter(|attribute| attribute.name == "matrix");
    matrix
        .filter_map(|attribute| match &attribute.value.value {
            Value::Object(members) => Some(members.iter().filter_map(|member| member.key.as_deref())),
            _ => None,
        })
        .flatten()
        .collect()
}

/// The contexts of a target, each of which may be an image.
fn contexts<'a>(scope: &mut Scope<'a>, expression: &'a Expression, depth: usize, found: &mut Findings) {
    match &expression.value {
        Value::Object(members) => {
            for member in members {
                alternatives(&member.value, &mut |value| context(&scope.value(value), found));
            }
        }
        Value::Conditional(branches) if depth > 0 => {
            branches.iter().for_each(|branch| contexts(scope, branch, depth - 1, found));
        }
        Value::Call { function, arguments } if function == "merge" && depth > 0 => {
            arguments.iter().for_each(|argument| contexts(scope, argument, depth - 1, found));
        }
        Value::Name(name) if depth > 0 && scope.variable(name).is_some() => {
            if let Some(value) = scope.object_once(name) {
                contexts(scope, value, depth - 1, found);
            }
        }
        Value::Template(_) | Value::Text(_) | Value::Literal | Value::Tuple(_) => {}
        Value::Name(_) | Value::Conditional(_) | Value::Call { .. } | Value::Other => {
            unresolved(&scope.value(expression), found);
        }
    }
}

/// Both branches of a condition name what can be used; anything else stands for itself.
fn alternatives<'a>(expression: &'a Expression, each: &mut impl FnMut(&'a Expression)) {
    match &expression.value {
        Value::Conditional(branches) => branches.iter().for_each(|branch| alternatives(branch, each)),
        _ => each(expression),
    }
}

fn context(value: &Expanded, found: &mut Findings) {
    let text = value.text();
    let known = value.first_missing(0..text.len()).map_or(text.len(), |(start, _)| start);
    if text[..known].starts_with(IMAGE) {
        value.reference(IMAGE.len()..text.len(), found);
    } else if known < text.len() && IMAGE.starts_with(&text[..known]) {
        unresolved(value, found);
    }
}

fn unresolved(value: &Expanded, found: &mut Findings) {
    let whole = 0..value.text().len();
    if let (Some(at), Some((_, why))) = (value.place(whole.clone()), value.first_missing(whole)) {
        found.unresolved.push(Unresolved { at, why: why.to_owned() });
    }
}

/// A Dockerfile that is written in the target.
fn inline(value: &Expanded, found: &mut Findings) {
    if value.first_missing(0..1).is_some() {
        unresolved(value, found);
    } else {
        value.translate(dockerfile::find(value.text()), found);
    }
}
