//! A YAML text as a tree of nodes that know where they stand: what strict reading and exact editing both start from.

use std::collections::BTreeMap;
use std::rc::Rc;

use granit_parser::{Event, Options, Parser, ScalarStyle, StructureStyle};

use crate::diag::{Code, Span};

/// How deep lists and mappings may be nested: three times what a manifest needs.
const MAX_DEPTH: usize = 32;
/// How many nodes all aliases of a file together may stand for.
const MAX_EXPANDED: usize = 100_000;

/// One node and its place.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// The node's text without anchor and tag; of a block collection from its first to its last content.
    pub(crate) span: Span,
    /// Where anchor and tag stand, if there are any: from the first of them to the last.
    pub(crate) properties: Option<Span>,
    /// The content.
    pub(crate) kind: Rc<Kind>,
    /// How many nodes this one is, aliases counted as what they stand for.
    weight: usize,
}

/// What a node holds.
#[derive(Debug)]
pub(crate) enum Kind {
    /// A scalar, with its text after unquoting.
    Scalar {
        /// The text.
        text: String,
        /// How it is written.
        style: ScalarStyle,
        /// Tagged `!!str` or `!`: text, whatever it looks like.
        text_tag: bool,
    },
    /// A sequence.
    List {
        /// The items.
        items: Vec<Node>,
        /// Written `[...]`.
        flow: bool,
    },
    /// A mapping, in the order of the text, duplicates and merge keys included.
    Map {
        /// Keys and values.
        entries: Vec<(Node, Node)>,
        /// Written `{...}`.
        flow: bool,
    },
    /// An alias and the node it stands for.
    Alias(Node),
}

/// A fault of the YAML itself.
#[derive(Debug)]
pub(crate) struct TreeFault {
    pub(crate) code: Code,
    pub(crate) span: Span,
    pub(crate) message: String,
    pub(crate) help: &'static str,
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
    /// The node itself, or what it stands for if it is an alias.
    pub(crate) fn resolved(&self) -> &Self {
        match &*self.kind {
            Kind::Alias(target) => target.resolved(),
            _ => self,
        }
    }

    /// The text of a scalar.
    pub(crate) fn text(&self) -> Option<&str> {
        match &*self.resolved().kind {
            Kind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// What a plain scalar means in YAML's core schema, where that is neither text nor number.
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

    /// The items of a list.
    pub(crate) fn items(&self) -> Option<&[Self]> {
        match &*self.resolved().kind {
            Kind::List { items, .. } => Some(items),
            _ => None,
        }
    }

    /// The value that a mapping itself writes for a key, merge keys apart.
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

/// YAML's core schema: what a plain scalar means where it is neither text nor number.
pub(crate) fn special(text: &str) -> Option<Special> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Some(Special::Null),
        "true" | "True" | "TRUE" => Some(Special::Bool(true)),
        "false" | "False" | "FALSE" => Some(Special::Bool(false)),
        _ => None,
    }
}

/// Reads one YAML document; `None` is an empty one.
///
/// # Errors
/// The faults of the YAML itself. A tree comes with those that leave one.
pub(crate) fn read(text: &str) -> (Option<Node>, Vec<TreeFault>) {
    let skipped = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut options = Options::default();
    options.emit_anchor_events = true;
    options.emit_unresolved_aliases = true;
    options.emit_comments = false;
    let mut builder = Builder { skipped, ..Builder::default() };
    for next in Parser::new_from_str_with_options(&text[skipped..], options) {
        let taken = match next {
            Ok((event, span)) => builder.take(&event, &span),
            Err(error) => Err(builder.syntax(text, &error)),
        };
        match taken {
            Ok(true) => {}
            Ok(false) => break,
            Err(fault) => {
                builder.faults.push(fault);
                return (None, builder.faults);
            }
        }
    }
    (builder.root, builder.faults)
}

/// A collection that is not closed yet.
#[derive(Debug)]
struct Open {
    span: Span,
    properties: Option<Span>,
    anchor: usize,
    flow: bool,
    map: bool,
    nodes: Vec<Node>,
}

#[derive(Debug, Default)]
struct Builder {
    skipped: usize,
    open: Vec<Open>,
    root: Option<Node>,
    documents: usize,
    anchors: BTreeMap<usize, Node>,
    expanded: usize,
    faults: Vec<TreeFault>,
}

impl Builder {
    /// Takes one event; `false` where nothing more is to be read.
    fn take(&mut self, event: &Event<'_>, span: &granit_parser::Span) -> Result<bool, TreeFault> {
        let at = self.span(span);
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    self.faults.push(fault(
                        Code::MultipleDocuments,
                        at,
                        "a second YAML document starts here",
                        "keep one document in a file: remove the `---` line and what does not belong",
                    ));
                    return Ok(false);
                }
            }
            Event::Alias(id) => self.alias(*id, at)?,
            Event::UnresolvedAlias(name) => {
                self.faults.push(fault(
                    Code::UnknownAlias,
                    at,
                    format!("there is no anchor `&{name}` before this alias"),
                    "define the anchor before its first alias, or write the value out",
                ));
                self.push(scalar(at, String::new(), ScalarStyle::Plain, false));
            }
            Event::Scalar(text, style, anchor, tag) => {
                let text_tag = self.tag(tag.as_deref(), span);
                let node = scalar(at, text.to_string(), *style, text_tag);
                let node = Node { properties: self.properties(span), ..node };
                if *anchor != 0 {
                    self.anchors.insert(*anchor, node.clone());
                }
                self.push(node);
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.tag(tag.as_deref(), span);
                self.start(span, at, *style, *anchor, false)?;
            }
            Event::MappingStart(style, anchor, tag) => {
                self.tag(tag.as_deref(), span);
                self.start(span, at, *style, *anchor, true)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.finish(at),
            Event::Anchor(_, _) => self.anchor(at),
            _ => {}
        }
        Ok(true)
    }

    fn span(&self, span: &granit_parser::Span) -> Span {
        let offset = |m: &granit_parser::Marker| m.byte_offset().unwrap_or_default() + self.skipped;
        Span { start: offset(&span.start), end: offset(&span.end) }
    }

    fn properties(&self, span: &granit_parser::Span) -> Option<Span> {
        span.tag_span().map(|tag| self.span(&tag))
    }

    /// Whether a tag makes the scalar text; faults of unknown tags.
    fn tag(&mut self, tag: Option<&granit_parser::Tag>, span: &granit_parser::Span) -> bool {
        let Some(tag) = tag else { return false };
        let known = ["str", "int", "float", "bool", "null", "seq", "map"];
        if !(known.iter().any(|k| tag.is_yaml_core_schema_tag(k)) || (tag.handle().is_empty() && tag.suffix() == "!")) {
            let at = self.properties(span).unwrap_or_else(|| self.span(span));
            let help = "remove the tag";
            self.faults.push(fault(Code::UnknownYamlTag, at, "this YAML tag means nothing in a manifest", help));
        }
        tag.is_yaml_core_schema_tag("str") || tag.suffix() == "!"
    }

    /// The anchor's name comes right after the start of its node.
    fn anchor(&mut self, at: Span) {
        fn widen(properties: &mut Option<Span>, at: Span) {
            let other = properties.unwrap_or(at);
            *properties = Some(Span { start: at.start.min(other.start), end: at.end.max(other.end) });
        }
        match self.open.last_mut() {
            Some(open) if open.nodes.is_empty() => widen(&mut open.properties, at),
            Some(open) => open.nodes.last_mut().into_iter().for_each(|n| widen(&mut n.properties, at)),
            None => self.root.iter_mut().for_each(|n| widen(&mut n.properties, at)),
        }
    }

    fn alias(&mut self, id: usize, at: Span) -> Result<(), TreeFault> {
        let Some(target) = self.anchors.get(&id).cloned() else {
            return Err(fault(
                Code::AliasLoop,
                at,
                "this alias is inside the node it stands for",
                "write the value out instead",
            ));
        };
        self.expanded += target.weight;
        if self.expanded > MAX_EXPANDED {
            let message = format!("the aliases up to here stand for more than {MAX_EXPANDED} nodes");
            return Err(fault(Code::AliasBomb, at, message, "write the values out, or use fewer aliases"));
        }
        let weight = target.weight;
        self.push(Node { span: at, properties: None, kind: Rc::new(Kind::Alias(target)), weight });
        Ok(())
    }

    fn start(
        &mut self,
        span: &granit_parser::Span,
        at: Span,
        style: StructureStyle,
        anchor: usize,
        map: bool,
    ) -> Result<(), TreeFault> {
        if self.open.len() == MAX_DEPTH {
            let message = format!("nested deeper than {MAX_DEPTH} levels");
            return Err(fault(Code::TooDeep, at, message, "a manifest needs no such depth: check the indentation"));
        }
        let properties = self.properties(span);
        let flow = style == StructureStyle::Flow;
        self.open.push(Open { span: at, properties, anchor, flow, map, nodes: Vec::new() });
        Ok(())
    }

    fn finish(&mut self, at: Span) {
        let Some(open) = self.open.pop() else { return };
        let weight = 1 + open.nodes.iter().map(|n| n.weight).sum::<usize>();
        let span = if open.flow {
            Span { start: open.span.start, end: at.end }
        } else {
            let start = open.nodes.first().map_or(open.span.start, |n| n.outer_start().min(open.span.start));
            Span { start, end: open.nodes.last().map_or(open.span.end, |n| n.span.end).max(open.span.start) }
        };
        let kind = if open.map {
            let mut entries = Vec::with_capacity(open.nodes.len() / 2);
            let mut nodes = open.nodes.into_iter();
            while let (Some(key), Some(value)) = (nodes.next(), nodes.next()) {
                entries.push((key, value));
            }
            Kind::Map { entries, flow: open.flow }
        } else {
            Kind::List { items: open.nodes, flow: open.flow }
        };
        let node = Node { span, properties: open.properties, kind: Rc::new(kind), weight };
        if open.anchor != 0 {
            self.anchors.insert(open.anchor, node.clone());
        }
        self.push(node);
    }

    fn push(&mut self, node: Node) {
        match self.open.last_mut() {
            Some(open) => open.nodes.push(node),
            None => self.root = Some(node),
        }
    }

    fn syntax(&self, text: &str, error: &granit_parser::ScanError) -> TreeFault {
        let start = (error.marker().byte_offset().unwrap_or_default() + self.skipped).min(text.len());
        let start = text.floor_char_boundary(start);
        let end = text[start..].chars().next().map_or(start, |c| start + c.len_utf8());
        let help = if folded_range(text, start) {
            "a value that begins with `>` is read as a block of text: put the range in quotes, as in `versions: \">=1.2\"`"
        } else {
            "check indentation, colons, quotes and brackets here"
        };
        fault(Code::Syntax, Span { start, end }, error.info(), help)
    }
}

/// Whether the line at `at` gives a range without quotes, `versions: >=1.2`: what YAML begins a folded text with.
fn folded_range(text: &str, at: usize) -> bool {
    let begin = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[begin..].lines().next().unwrap_or_default();
    let value = line.split_once(": ").map_or(line, |(_, value)| value).trim_start();
    value
        .strip_prefix('>')
        .is_some_and(|rest| rest.trim_start().starts_with(|c: char| c == '=' || c == 'v' || c.is_ascii_digit()))
}

impl Node {
    /// Where the node starts, its anchor and tag included.
    pub(crate) fn outer_start(&self) -> usize {
        self.properties.map_or(self.span.start, |p| p.start.min(self.span.start))
    }
}

fn scalar(span: Span, text: String, style: ScalarStyle, text_tag: bool) -> Node {
    Node { span, properties: None, kind: Rc::new(Kind::Scalar { text, style, text_tag }), weight: 1 }
}

fn fault(code: Code, span: Span, message: impl Into<String>, help: &'static str) -> TreeFault {
    TreeFault { code, span, message: message.into(), help }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn dump(text: &str, node: &Node, depth: usize, out: &mut String) {
        use std::fmt::Write as _;
        let slice = &text[node.span.start..node.span.end];
        let props = node.properties.map(|p| format!(" {}", &text[p.start..p.end])).unwrap_or_default();
        let pad = "  ".repeat(depth);
        match &*node.kind {
            Kind::Scalar { text, style, .. } => writeln!(out, "{pad}{style:?} {text:?} {slice:?}{props}").unwrap(),
            Kind::Alias(_) => writeln!(out, "{pad}alias {slice:?}").unwrap(),
            Kind::List { items, .. } => {
                writeln!(out, "{pad}list {slice:?}{props}").unwrap();
                items.iter().for_each(|n| dump(text, n, depth + 1, out));
            }
            Kind::Map { entries, .. } => {
                writeln!(out, "{pad}map {slice:?}{props}").unwrap();
                for (k, v) in entries {
                    dump(text, k, depth + 1, out);
                    dump(text, v, depth + 2, out);
                }
            }
        }
    }

    #[test]
    fn spans_are_exact() {
        let text = "\u{feff}a: &x !!str 'q''s' # c\r\nb: &l\r\n  - 1 # one\r\n  - { k: \"v\\n\", z: }\r\nc: *x\nd:\n- é x\n-\n# end\ne: [ 1, 2 ] # t\nf: |\n  text\n\ng:\n";
        let (root, faults) = read(text);
        assert!(faults.is_empty(), "{faults:?}");
        let mut out = String::new();
        dump(text, &root.unwrap(), 0, &mut out);
        insta::assert_snapshot!(out, @r##"
        map "a: &x !!str 'q''s' # c\r\nb: &l\r\n  - 1 # one\r\n  - { k: \"v\\n\", z: }\r\nc: *x\nd:\n- é x\n-\n# end\ne: [ 1, 2 ] # t\nf: |\n  text\n\ng"
          Plain "a" "a"
            SingleQuoted "q's" "'q''s'" &x !!str
          Plain "b" "b"
            list "- 1 # one\r\n  - { k: \"v\\n\", z: }" &l
              Plain "1" "1"
              map "{ k: \"v\\n\", z: }"
                Plain "k" "k"
                  DoubleQuoted "v\n" "\"v\\n\""
                Plain "z" "z"
                  Plain "~" ""
          Plain "c" "c"
            alias "*x"
          Plain "d" "d"
            list "é x\n-"
              Plain "é x" "é x"
              Plain "~" ""
          Plain "e" "e"
            list "[ 1, 2 ]"
              Plain "1" "1"
              Plain "2" "2"
          Plain "f" "f"
            Literal "text\n" "text\n\n"
          Plain "g" "g"
            Plain "~" ""
        "##);
    }

    /// Whether both parsers read the same, the oracle's numbers compared by value.
    fn agrees(node: &Node, oracle: &serde_yaml::Value) -> bool {
        use serde_yaml::Value as Y;
        match (&*node.resolved().kind, oracle) {
            (Kind::Scalar { .. }, Y::Null) => node.is_null(),
            (Kind::Scalar { .. }, Y::Bool(b)) => node.special() == Some(Special::Bool(*b)),
            (Kind::Scalar { text, .. }, Y::Number(n)) => {
                let float = |t: &str| t.trim_start_matches('+').parse::<f64>().ok();
                node.special().is_none() && float(text) == n.as_f64()
            }
            (Kind::Scalar { text, .. }, Y::String(s)) => node.special().is_none() && text == s,
            (Kind::List { items, .. }, Y::Sequence(s)) => {
                items.len() == s.len() && items.iter().zip(s).all(|(n, y)| agrees(n, y))
            }
            (Kind::Map { entries, .. }, Y::Mapping(m)) => {
                entries.len() == m.len()
                    && entries.iter().zip(m).all(|((k, v), (ky, vy))| agrees(k, ky) && agrees(v, vy))
            }
            _ => false,
        }
    }

    fn compared(text: &str) {
        let oracle: serde_yaml::Value = serde_yaml::from_str(text).unwrap();
        let (root, faults) = read(text);
        assert!(faults.is_empty(), "{faults:?}\n{text}");
        assert!(root.is_some_and(|root| agrees(&root, &oracle)), "{oracle:?}\n{text}");
    }

    #[test]
    fn scalars_mean_what_another_parser_says() {
        let plain = [
            "1.20",
            "3.0",
            "007x",
            "1e3",
            "-5",
            "+7",
            "~",
            "null",
            "Null",
            "NULL",
            "nUll",
            "true",
            "True",
            "TRUE",
            "tRue",
            "yes",
            "no",
            "on",
            "off",
            "y",
            "2027-03-01",
            "12:30:45",
            "a b  c",
            "v1.2",
            "a#b",
            "a:b",
            "-a",
            "?a",
            "é",
            "<<",
            "=",
            "_1",
            "sha256:00",
            "RELEASE.2025-06-13T11-33-47Z",
            ">=2",
            "a'b\"c",
            "\\d",
        ];
        let quoted = [
            "''",
            "'it''s'",
            "\"\"",
            "\"a\\nb\\u00e9\\x41\"",
            "'\\d+'",
            "'true'",
            "\"null\"",
            "'a\n  b'",
            "|\n  a\n  b\n",
            ">-\n  a\n  b\n",
        ];
        for value in plain.iter().chain(&quoted).filter(|v| !v.starts_with('>') || v.contains('\n')) {
            compared(&format!("k: {value}\nl: 1\n"));
            compared(&format!("- {value}\n- x\n"));
            // The oracle takes no plain `?a` inside brackets.
            if !value.contains('\n') && !value.starts_with('?') {
                compared(&format!("{{k: [{value}, x], l: {value} }}\n"));
            }
        }
    }

    /// YAML 1.2 breaks lines at LF and CR alone (section 5.4); these were breaks in YAML 1.1.
    #[test]
    fn separators_of_unicode_are_text_and_no_line_breaks() {
        for text in ["a\u{2028}b", "a\u{2029} b", "\u{2028}", "a\u{85}b"] {
            let (root, faults) = read(&format!("- '{text}'\n- {text}z\n"));
            assert!(faults.is_empty(), "{faults:?}");
            let wanted = serde_yaml::Value::Sequence(vec![text.into(), format!("{text}z").into()]);
            assert!(root.is_some_and(|root| agrees(&root, &wanted)), "{text:?}");
        }
    }

    proptest::proptest! {
        // The other writer is one of YAML 1.1: it folds lines at U+2028 and U+2029, which are its line breaks and not ours.
        #[test]
        fn any_text_survives_as_another_writer_writes_it(
            texts in proptest::collection::vec("[\\PC&&[^\u{2028}\u{2029}]]{0,20}|[ -~\n]{0,40}", 1..6), nested: bool
        ) {
            let value = serde_yaml::Value::Sequence(texts.iter().map(|t| t.as_str().into()).collect());
            let value = if nested { serde_yaml::to_value([("k", value)]).unwrap() } else { value };
            compared(&serde_yaml::to_string(&value).unwrap());
        }
    }
}
