//! A Bake file in JSON as the same tree that HCL gives (HCL JSON Syntax Specification).

use crate::diag::Span;
use crate::references::expanded::Expanded;
use crate::references::hcl::{Attribute, Block, Body, Expression, Member, Value, template};
use crate::references::json::{self, Json};

/// The file's blocks and attributes.
pub(super) fn body(text: &str, file: &Json) -> Body {
    let mut body = Body::default();
    for member in file.members() {
        if !matches!(member.key.as_str(), "target" | "variable") {
            body.attributes.push(attribute(text, member));
            continue;
        }
        for labelled in objects(&member.value).flat_map(Json::members) {
            for content in objects(&labelled.value) {
                let attributes = content.members().iter().map(|member| attribute(text, member)).collect();
                body.blocks.push(Block {
                    kind: member.key.clone(),
                    labels: vec![labelled.key.clone()],
                    body: Body { attributes, blocks: Vec::new() },
                });
            }
        }
    }
    body
}

/// A block is one object, or several in an array.
fn objects(value: &Json) -> impl Iterator<Item = &Json> {
    match &value.value {
        json::Value::Array(items) => items.iter(),
        json::Value::Object(_) | json::Value::String(_) | json::Value::Literal => std::slice::from_ref(value).iter(),
    }
}

fn attribute(text: &str, member: &json::Member) -> Attribute {
    Attribute { name: member.key.clone(), value: expression(text, &member.value) }
}

fn expression(text: &str, json: &Json) -> Expression {
    let value = match &json.value {
        json::Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|member| Member { key: Some(member.key.clone()), value: expression(text, &member.value) })
                .collect(),
        ),
        json::Value::Array(items) => Value::Tuple(items.iter().map(|item| expression(text, item)).collect()),
        json::Value::String(string) => string_value(text, json, string),
        json::Value::Literal => Value::Literal,
    };
    Expression { at: json.at, value }
}

/// Strings are templates there too; one that has escapes and interpolations at once is not read.
fn string_value(text: &str, json: &Json, string: &Expanded) -> Value {
    let inside = Span { start: json.at.start + 1, end: json.at.end - 1 };
    if string.text() == &text[inside.start..inside.end] {
        return template(text, inside).map_or(Value::Other, |template| template.value);
    }
    if string.text().contains("${") || string.text().contains("%{") {
        return Value::Other;
    }
    Value::Text(string.clone())
}
