//! Scalars that name images, and what is collected of a file.

use super::aliases::Uses;
use super::found::{Findings, FoundReference, Site, Unresolved};
use super::named::{image_named, not_an_image};
use crate::diag::Span;
use crate::text::excerpt;
use crate::yaml::{Kind, Node, ScalarStyle, Special};

/// A scalar with a value: its text, and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scalar<'n> {
    /// Without white space around it, as blocks have.
    pub(super) value: &'n str,
    /// Where it is used: of an alias the alias, otherwise inside quotes.
    pub(super) at: Span,
    /// Where exactly the value stands; `None` if escapes or line breaks make the file's text differ from it.
    pub(super) written: Option<Span>,
}

impl<'n> Scalar<'n> {
    pub(super) fn of(text: &str, node: &'n Node) -> Option<Self> {
        let value = node.text().filter(|_| !node.is_null())?.trim();
        let target = node.resolved();
        let inside = inside(text, target)?;
        let written = text.get(inside.start..inside.end).is_some_and(|there| there == value).then_some(inside);
        let at = if matches!(&*node.kind, Kind::Alias(_)) { node.span } else { inside };
        (!value.is_empty()).then_some(Self { value, at, written })
    }

    /// What comes after the first `count` bytes.
    pub(super) fn after(self, count: usize) -> Self {
        let behind = |span: Span| Span { start: span.start + count, ..span };
        let at = if self.written == Some(self.at) { behind(self.at) } else { self.at };
        Self { value: &self.value[count..], at, written: self.written.map(behind) }
    }

    /// What comes after a prefix, in whatever case.
    pub(super) fn after_prefix(self, prefix: &str) -> Option<Self> {
        let begins = self.value.get(..prefix.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(prefix));
        begins.then(|| self.after(prefix.len()))
    }

    pub(super) fn site(&self) -> Site {
        self.written.map_or(Site::Composed, Site::Literal)
    }
}

/// A scalar's place without quotes and without white space around it.
fn inside(text: &str, scalar: &Node) -> Option<Span> {
    let quote = match &*scalar.kind {
        Kind::Scalar { style: ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted, .. } => 1,
        _ => 0,
    };
    let (start, end) = (scalar.span.start + quote, scalar.span.end.checked_sub(quote)?);
    let there = text.get(start..end)?;
    let start = start + (there.len() - there.trim_start().len());
    Some(Span { start, end: start + there.trim().len() })
}

/// What comes out when the variables in a value are expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Filled {
    pub(super) value: String,
    /// Where all of it stands, if it comes from one place.
    pub(super) literal: Option<Span>,
}

/// What is found, in any order.
#[derive(Debug)]
pub(super) struct Collector<'t> {
    pub(super) text: &'t str,
    findings: Findings,
    uses: Uses,
}

impl<'t> Collector<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, findings: Findings::default(), uses: Uses::default() }
    }

    /// A document whose aliases count.
    pub(super) fn document(&mut self, root: &Node) {
        self.uses.add(root);
    }

    /// A field that names an image as it stands there.
    pub(super) fn field(&mut self, node: &Node, known: bool) {
        if let Some(scalar) = Scalar::of(self.text, node) {
            self.scalar(scalar, known);
        } else if is_template(self.text, node) {
            self.unresolved(node.span, TEMPLATE);
        }
    }

    /// A value that names an image.
    pub(super) fn scalar(&mut self, scalar: Scalar<'_>, known: bool) {
        self.image(scalar.at, scalar.value, scalar.site(), known);
    }

    /// An image by its name, used at a place and written at a site.
    pub(super) fn image(&mut self, at: Span, name: &str, site: Site, known: bool) {
        match (outside(name), image_named(name)) {
            (None, Some(image)) => self.reference(FoundReference { at, image, site, known }),
            (Some(why), _) => self.unresolved(at, why),
            (None, None) => self.unresolved(at, not_an_image(name)),
        }
    }

    /// What another format's reader found in a part of the file.
    pub(super) fn add(&mut self, findings: Findings) {
        self.findings.references.extend(findings.references);
        self.findings.unresolved.extend(findings.unresolved);
    }

    pub(super) fn reference(&mut self, reference: FoundReference) {
        self.findings.references.push(reference);
    }

    pub(super) fn unresolved(&mut self, at: Span, why: impl Into<String>) {
        self.findings.unresolved.push(Unresolved { at, why: why.into() });
    }

    /// Everything in the order of the text, each place once: one that is used several times, with different values, is
    /// unresolved.
    pub(super) fn finish(self) -> Findings {
        let Findings { mut references, mut unresolved } = self.findings;
        let place = |at: Span| (at.start, at.end);
        references.sort_by_key(|found| place(found.at));
        references.dedup_by(|next, found| {
            let is_same_place = next.at == found.at;
            if is_same_place && next.image != found.image {
                unresolved.push(Unresolved { at: found.at, why: "not the same wherever it is used".to_owned() });
            } else if is_same_place && next.site != found.site {
                found.site = Site::Composed;
            }
            is_same_place
        });
        unresolved.sort_by_key(|missing| place(missing.at));
        unresolved.dedup_by_key(|missing| missing.at);
        references
            .retain(|found| unresolved.binary_search_by_key(&place(found.at), |missing| place(missing.at)).is_err());
        let mut findings = Findings { references, unresolved };
        self.uses.mark(&mut findings);
        findings
    }
}

pub(super) const TEMPLATE: &str = "a template";
/// Why a name is not known whose variables this file leaves empty.
pub(super) const EMPTY: &str = "empty unless a variable is set elsewhere";

/// Why a name cannot be known from the file, if it has what other programs fill in.
pub(super) fn outside(name: &str) -> Option<String> {
    if ["{{", "{%", "<%"].iter().any(|begin| name.contains(begin)) {
        Some(TEMPLATE.to_owned())
    } else if let Some((_, after)) = name.split_once('$') {
        let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
        let variable =
            after.trim_start_matches(['{', '(', '[', ' ']).split(|c| !is_letter(c)).next().unwrap_or_default();
        Some(from_outside(variable))
    } else if name.starts_with("ko://") {
        Some("built by ko".to_owned())
    } else {
        None
    }
}

/// That a variable has no value in the file.
pub(super) fn from_outside(variable: &str) -> String {
    match variable {
        "" => "a variable from outside this file".to_owned(),
        name => format!("`{}` is not set in this file", excerpt(name, 60)),
    }
}

/// Whether a value is `true`, `false` or a plain number: it switches something, and names no image.
pub(super) fn is_switch(node: &Node) -> bool {
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match &*node.resolved().kind {
        Kind::Scalar { text, style: ScalarStyle::Plain, .. } => {
            matches!(node.special(), Some(Special::Bool(_))) || is_number(text)
        }
        _ => false,
    }
}

/// Whether a value is a template without quotes, `{{ ... }}`: to YAML a mapping in a mapping.
pub(super) fn is_template(text: &str, node: &Node) -> bool {
    node.entries().is_some() && text.get(node.span.start..node.span.end).is_some_and(|there| there.starts_with("{{"))
}
