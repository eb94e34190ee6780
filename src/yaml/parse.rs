//! From text to nodes.

use std::collections::BTreeMap;
use std::rc::Rc;

use granit_parser::{Event, Options, Parser, ScalarStyle, StructureStyle};

use super::node::{Kind, Node};
use crate::diag::{Code, Span};

/// How deep lists and mappings may be nested in a manifest: three times what one needs.
const MAX_DEPTH: usize = 32;
/// How deep they may be nested in files of other programs.
const MAX_FOREIGN_DEPTH: usize = 100;
/// How deep they may be nested with aliases expanded.
const MAX_HEIGHT: usize = 400;
/// How many nodes all aliases in a file together may expand to.
const MAX_EXPANDED: usize = 100_000;

/// An error in the YAML itself.
#[derive(Debug)]
pub(crate) struct TreeFault {
    pub(crate) code: Code,
    pub(crate) span: Span,
    pub(crate) message: String,
    pub(crate) help: &'static str,
}

/// Reads one YAML document; `None` is an empty one.
///
/// # Errors
/// The errors in the YAML itself. The tree is present if they leave one.
pub(crate) fn read(text: &str) -> (Option<Node>, Vec<TreeFault>) {
    let skipped = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    Builder { skipped, ..Builder::default() }.read(text)
}

/// Reads the one document that stands in `at`, of a file of another program: with any tags, and nested deeper than manifests.
///
/// # Errors
/// The first error in the YAML itself.
pub(super) fn read_foreign(text: &str, at: Span) -> Result<Option<Node>, TreeFault> {
    let builder = Builder { skipped: at.start, foreign: true, ..Builder::default() };
    let (root, mut faults) = builder.read(&text[..at.end]);
    if faults.is_empty() { Ok(root) } else { Err(faults.swap_remove(0)) }
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
    /// The file is another program's, and not a manifest.
    foreign: bool,
    open: Vec<Open>,
    root: Option<Node>,
    documents: usize,
    anchors: BTreeMap<usize, Node>,
    expanded: usize,
    faults: Vec<TreeFault>,
}

impl Builder {
    fn read(mut self, text: &str) -> (Option<Node>, Vec<TreeFault>) {
        let mut options = Options::default();
        options.emit_anchor_events = true;
        options.emit_unresolved_aliases = true;
        options.emit_comments = false;
        for next in Parser::new_from_str_with_options(&text[self.skipped..], options) {
            let taken = match next {
                Ok((event, span)) => self.take(&event, &span),
                Err(error) => Err(self.syntax(text, &error)),
            };
            match taken {
                Ok(true) => {}
                Ok(false) => break,
                Err(fault) => {
                    self.faults.push(fault);
                    return (None, self.faults);
                }
            }
        }
        (self.root, self.faults)
    }

    /// Takes one event; `false` if nothing more is to be read.
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
                        "keep one document per file: remove the `---` line and whatever does not belong",
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
                self.push(Node::scalar(at, String::new(), ScalarStyle::Plain, false));
            }
            Event::Scalar(text, style, anchor, tag) => {
                let text_tag = self.tag(tag.as_deref(), span);
                let node = Node::scalar(at, text.to_string(), *style, text_tag);
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
            Event::SequenceEnd | Event::MappingEnd => self.finish(at)?,
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

    /// Whether a tag makes the scalar text; reports unknown tags.
    fn tag(&mut self, tag: Option<&granit_parser::Tag>, span: &granit_parser::Span) -> bool {
        let Some(tag) = tag else { return false };
        let known = ["str", "int", "float", "bool", "null", "seq", "map"];
        let is_known =
            known.iter().any(|k| tag.is_yaml_core_schema_tag(k)) || (tag.handle().is_empty() && tag.suffix() == "!");
        if !is_known && !self.foreign {
            let at = self.properties(span).unwrap_or_else(|| self.span(span));
            let help = "remove the tag";
            self.faults.push(fault(Code::UnknownYamlTag, at, "this YAML tag has no meaning in a manifest", help));
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
                "this alias is inside the node that it refers to",
                "write the value out instead",
            ));
        };
        self.expanded += target.weight;
        if self.expanded > MAX_EXPANDED {
            let message = format!("the aliases up to here expand to more than {MAX_EXPANDED} nodes");
            return Err(fault(Code::AliasBomb, at, message, "write the values out, or use fewer aliases"));
        }
        let (weight, height) = (target.weight, target.height);
        self.push(Node { span: at, properties: None, kind: Rc::new(Kind::Alias(target)), weight, height });
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
        let limit = if self.foreign { MAX_FOREIGN_DEPTH } else { MAX_DEPTH };
        if self.open.len() == limit {
            let message = format!("nested deeper than {limit} levels");
            return Err(fault(Code::TooDeep, at, message, "no manifest needs such depth: check the indentation"));
        }
        let properties = self.properties(span);
        let flow = style == StructureStyle::Flow;
        self.open.push(Open { span: at, properties, anchor, flow, map, nodes: Vec::new() });
        Ok(())
    }

    fn finish(&mut self, at: Span) -> Result<(), TreeFault> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let weight = 1 + open.nodes.iter().map(|n| n.weight).sum::<usize>();
        let height = 1 + open.nodes.iter().map(|n| n.height).max().unwrap_or_default();
        if height > MAX_HEIGHT {
            let message = format!("the aliases up to here nest more than {MAX_HEIGHT} levels");
            return Err(fault(Code::TooDeep, open.span, message, "write the values out, or use fewer aliases"));
        }
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
        let node = Node { span, properties: open.properties, kind: Rc::new(kind), weight, height };
        if open.anchor != 0 {
            self.anchors.insert(open.anchor, node.clone());
        }
        self.push(node);
        Ok(())
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
        let told = error.info();
        let start = if mistake(&told).0 == TAB { indenting_tab(text, start).unwrap_or(start) } else { start };
        let end = text[start..].chars().next().map_or(start, |c| start + c.len_utf8());
        let (message, help) = if folded_range(text, start) {
            let help = "a value that begins with `>` is read as a block of text: put the range in quotes, as in \
                        `versions: \">=1.2\"`";
            (told.as_str(), help)
        } else {
            mistake(&told)
        };
        fault(Code::Syntax, Span { start, end }, message, help)
    }
}

const TAB: &str = "a tab is used to indent";

/// The first tab that indents, from the line of `at` on: the parser reports the place where it started looking.
fn indenting_tab(text: &str, at: usize) -> Option<usize> {
    let mut begin = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    for line in text[begin..].split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        if let Some(tab) = line[..indent].find('\t') {
            return Some(begin + tab);
        }
        begin += line.len();
    }
    None
}

/// The mistake behind a message of the parser, and what helps.
fn mistake(told: &str) -> (&str, &'static str) {
    let has = |words: &[&str]| words.iter().any(|word| told.contains(word));
    if has(&["tabs disallowed", "tab cannot", "start with a tab", "found a tab"]) {
        return (TAB, "replace it with spaces: YAML only allows spaces for indentation");
    }
    if has(&["multiline quoted scalar", "unclosed quote", "found unexpected document indicator"]) {
        return ("a quoted text is not closed", "close the quote that was opened before this point");
    }
    if has(&["mapping values are not allowed", "illegal placement of ':'"]) {
        return (
            "a colon followed by a space makes a key, and no key is allowed here",
            "put the text that contains `: ` in quotes",
        );
    }
    if has(&["simple key expected", "simple key is no longer valid"]) {
        return ("a key without a colon", "write `key: value`, with a space after the colon");
    }
    if has(&["expected ',' or ']'", "expected ',' or '}'", "parsing a flow"]) {
        return ("a bracket or brace is not closed", "close the `[` or `{` that was opened before this point");
    }
    if has(&["did not find expected key", "expected '-' indicator", "invalid indentation"]) {
        return (
            "this line is not indented like the lines that it belongs with",
            "indent all lines of a list or mapping equally",
        );
    }
    (told, "check the indentation, colons, quotes and brackets here")
}

/// Whether the line at `at` has a range without quotes, `versions: >=1.2`: in YAML that starts a folded text.
fn folded_range(text: &str, at: usize) -> bool {
    let begin = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[begin..].lines().next().unwrap_or_default();
    let value = line.split_once(": ").map_or(line, |(_, value)| value).trim_start();
    value
        .strip_prefix('>')
        .is_some_and(|rest| rest.trim_start().starts_with(|c: char| c == '=' || c == 'v' || c.is_ascii_digit()))
}

fn fault(code: Code, span: Span, message: impl Into<String>, help: &'static str) -> TreeFault {
    TreeFault { code, span, message: message.into(), help }
}
