//! Nodes and their content.

use std::rc::Rc;

use granit_parser::ScalarStyle;

use crate::diag::Span;

/// One node and its position.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// The node's text without anchor and tag; for a block collection from its first to its last content.
    pub(crate) span: Span,
    /// Where anchor and tag are, if there are any: from the first of them to the last.
    pub(crate) properties: Option<Span>,
    pub(crate) kind: Rc<Kind>,
    /// The number of nodes in this one, with aliases expanded.
    pub(super) weight: usize,
    /// How deep lists and mappings are nested in it, with aliases expanded.
    pub(super) height: usize,
}

#[derive(Debug)]
pub(crate) enum Kind {
    /// A scalar, with its text after unquoting.
    Scalar {
        text: String,
        /// How it is written.
        style: ScalarStyle,
        /// Tagged `!!str` or `!`: text, whatever it looks like.
        text_tag: bool,
    },
    List {
        items: Vec<Node>,
        /// Written `[...]`.
        flow: bool,
    },
    /// A mapping, in the order of the text, duplicates and merge keys included.
    Map {
        entries: Vec<(Node, Node)>,
        /// Written `{...}`.
        flow: bool,
    },
    /// An alias and the node it stands for.
    Alias(Node),
}

/// A scalar that is neither text nor number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Special {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
}

impl Node {
    pub(super) fn scalar(span: Span, text: String, style: ScalarStyle, text_tag: bool) -> Self {
        Self { span, properties: None, kind: Rc::new(Kind::Scalar { text, style, text_tag }), weight: 1, height: 0 }
    }

    /// Where the node starts, its anchor and tag included.
    pub(crate) fn outer_start(&self) -> usize {
        self.properties.map_or(self.span.start, |p| p.start.min(self.span.start))
    }

    /// The node itself, or what it stands for if it is an alias.
    pub(crate) fn resolved(&self) -> &Self {
        match &*self.kind {
            Kind::Alias(target) => target.resolved(),
            _ => self,
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match &*self.resolved().kind {
            Kind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The meaning of a plain scalar in YAML's core schema, if it is neither text nor number.
    pub(crate) fn special(&self) -> Option<Special> {
        match &*self.resolved().kind {
            Kind::Scalar { text, style: ScalarStyle::Plain, text_tag: false } => special(text),
            _ => None,
        }
    }

    /// Whether there is no value.
    pub(crate) fn is_null(&self) -> bool {
        self.special() == Some(Special::Null)
    }

    /// The entries of a mapping as written.
    pub(crate) fn entries(&self) -> Option<&[(Self, Self)]> {
        match &*self.resolved().kind {
            Kind::Map { entries, .. } => Some(entries),
            _ => None,
        }
    }

    pub(crate) fn items(&self) -> Option<&[Self]> {
        match &*self.resolved().kind {
            Kind::List { items, .. } => Some(items),
            _ => None,
        }
    }

    /// The value that a mapping itself has for a key, ignoring merge keys.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.entries()?.iter().find(|(k, _)| k.text() == Some(key)).map(|(_, v)| v)
    }

    /// Whether a mapping's key is YAML's merge key.
    pub(crate) fn is_merge(&self) -> bool {
        matches!(&*self.kind, Kind::Scalar { text, style: ScalarStyle::Plain, .. } if text == "<<")
    }

    /// The first alias in this node.
    pub(crate) fn first_alias(&self) -> Option<&Self> {
        match &*self.kind {
            Kind::Alias(_) => Some(self),
            Kind::Scalar { .. } => None,
            Kind::List { items, .. } => items.iter().find_map(Self::first_alias),
            Kind::Map { entries, .. } => entries.iter().find_map(|(k, v)| k.first_alias().or_else(|| v.first_alias())),
        }
    }

    /// What kind of node it is, for messages.
    pub(crate) fn describe(&self) -> &'static str {
        match (&*self.resolved().kind, self.special()) {
            (_, Some(Special::Null)) => "nothing",
            (_, Some(Special::Bool(_))) => "true or false",
            (Kind::List { .. }, _) => "a list",
            (Kind::Map { .. }, _) => "a mapping",
            _ => "text",
        }
    }
}

/// YAML's core schema: the meaning of a plain scalar if it is neither text nor number.
fn special(text: &str) -> Option<Special> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Some(Special::Null),
        "true" | "True" | "TRUE" => Some(Special::Bool(true)),
        "false" | "False" | "FALSE" => Some(Special::Bool(false)),
        _ => None,
    }
}
