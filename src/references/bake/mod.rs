//! Bake files (Docker's Bake file reference): of a target, the images of `contexts` and of a Dockerfile written in it.
//!
//! Variables have the default of this file, as if the environment set none: that is what most builds use, and what a
//! rewritten default changes. What a function, a matrix or another file says is not known here.

mod json;
mod scope;
mod targets;
mod uses;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use super::found::{Findings, Unresolved};
use super::hcl::{self, Body};
use crate::diag::Span;
use scope::Scope;

/// A Bake file in HCL.
pub(super) fn hcl(text: &str) -> Findings {
    let document = hcl::read(text);
    let mut found = find(text, &document.body);
    if let Some(at) = document.fault {
        let end = text[at..].chars().next().map_or(at, |c| at + c.len_utf8());
        let why = "from here on this is not valid HCL".to_owned();
        found.unresolved.push(Unresolved { at: Span { start: at, end }, why });
    }
    found
}

/// A Bake file in JSON.
pub(super) fn json(text: &str) -> Findings {
    match super::json::read(text) {
        Ok(value) => find(text, &json::body(text, &value)),
        Err(fault) => super::json::unreadable(text, fault),
    }
}

fn find(text: &str, body: &Body) -> Findings {
    let mut found = Findings::default();
    let mut scope = Scope::new(text, body);
    for target in body.blocks.iter().filter(|block| block.kind == "target") {
        targets::find(&mut scope, &target.body, &mut found);
    }
    found.references.sort_by_key(|reference| reference.at.start);
    found.references.dedup_by_key(|reference| reference.at);
    found.unresolved.sort_by_key(|unresolved| unresolved.at.start);
    found.unresolved.dedup_by_key(|unresolved| unresolved.at);
    uses::mark(text, body, &mut found);
    found
}
