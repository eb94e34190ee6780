//! Which of the names in a Dockerfile are images, and which are stages of it.

use std::collections::BTreeSet;

use super::expand::Arguments;
use super::placed::Placed;
use super::value::Value;
use super::words::{self, Instruction, Keyword};
use crate::diag::Span;
use crate::references::found::{Findings, FoundReference, Site, Unresolved};
use crate::references::named::{self, image_named};

/// What was read of a Dockerfile.
pub(super) struct Stages {
    escape: char,
    arguments: Arguments,
    /// The names of the stages, in lower case.
    names: BTreeSet<String>,
    /// Whether a stage has begun: arguments declared from then on reach no `FROM`.
    begun: bool,
    sources: Vec<Source>,
    findings: Findings,
    /// The places that more depends on than one whole reference.
    shared: Vec<Span>,
}

/// What an instruction copies or mounts from: a stage before or behind it, or an image.
struct Source {
    name: Placed,
    by: Keyword,
    /// Whether `ONBUILD` has it done by the files that build on this one.
    triggered: bool,
}

impl Stages {
    /// Those of a file of `size` bytes.
    pub(super) fn new(size: usize, escape: char) -> Self {
        Self {
            escape,
            arguments: Arguments::new(size),
            names: BTreeSet::new(),
            begun: false,
            sources: Vec::new(),
            findings: Findings::default(),
            shared: Vec::new(),
        }
    }

    pub(super) fn read(&mut self, instruction: &Instruction, triggered: bool) {
        match instruction.keyword {
            Keyword::From if !triggered => self.from(&instruction.rest),
            Keyword::Arg if !triggered && !self.begun => self.arguments(&instruction.rest),
            Keyword::Copy => {
                let sources = instruction.values("--from");
                self.sources.extend(sources.map(|name| Source { name, by: Keyword::Copy, triggered }));
            }
            Keyword::Run => {
                let mounts = instruction.values("--mount").filter_map(|mount| mounted(&mount));
                self.sources.extend(mounts.map(|name| Source { name, by: Keyword::Run, triggered }));
            }
            _ => {}
        }
    }

    /// The image that reads the file.
    pub(super) fn syntax(&mut self, image: &Placed) {
        self.image(image);
    }

    pub(super) fn unresolved(&mut self, unresolved: Unresolved) {
        self.findings.unresolved.push(unresolved);
    }

    /// Everything found, in the order of the text.
    pub(super) fn findings(mut self) -> Findings {
        for source in std::mem::take(&mut self.sources) {
            self.source(&source);
        }
        let shared = Shared::new(self.shared);
        for reference in &mut self.findings.references {
            if matches!(reference.site, Site::Literal(at) if shared.touches(at)) {
                reference.site = Site::Composed;
            }
        }
        self.findings.references.sort_by_key(|reference| reference.at.start);
        self.findings.unresolved.sort_by_key(|unresolved| unresolved.at.start);
        self.findings
    }

    /// `ARG NAME[=default] ...`
    fn arguments(&mut self, rest: &Placed) {
        for word in words::quoted(rest, self.escape) {
            let Some(equals) = word.text().find('=') else {
                self.arguments.declare(word.text(), None);
                continue;
            };
            let default = word.slice(equals + 1..word.text().len());
            let value = self.arguments.expand(&default, self.escape);
            let value = value.unwrap_or_else(|why| Value::unknown(why.to_owned()));
            self.arguments.declare(&word.text()[..equals], Some(value));
        }
    }

    /// `FROM image [AS name]`
    fn from(&mut self, rest: &Placed) {
        self.begun = true;
        let words: Vec<Placed> = words::spaced(rest).collect();
        let named = words.iter().position(|word| word.text().eq_ignore_ascii_case("as"));
        let (base, name) = words.split_at(named.unwrap_or(words.len()));
        if let (Some(first), Some(last)) = (base.first(), base.last()) {
            if is_template(rest.text()) {
                let span = first.span().zip(last.span());
                let at = span.map(|(first, last)| Span { start: first.start, end: last.end });
                self.missed(at, TEMPLATE);
            } else {
                self.base(first);
            }
        }
        self.names.extend(name.get(1).map(|name| name.text().to_ascii_lowercase()));
    }

    /// The image or the stage before it that a stage builds on.
    fn base(&mut self, word: &Placed) {
        let at = inside_quotes(word).span();
        let value = match self.arguments.expand(word, self.escape) {
            Ok(value) => value,
            Err(why) => return self.missed(at, why),
        };
        if value.missing.is_none() && self.is_stage(value.text.text()) {
            return self.shared.extend(value.text.pieces());
        }
        let image = match &value.missing {
            Some(missing) => Err(missing.why.clone()),
            None => image_named(value.text.text()).ok_or_else(|| not_an_image(&value)),
        };
        let site = value.text.literal().filter(|_| image.is_ok() && value.is_of_one_place());
        if site.is_none() {
            self.shared.extend(value.text.pieces());
        }
        let at = site.filter(|_| value.is_verbatim()).or(at);
        match (image, at) {
            (Ok(image), Some(at)) => {
                let site = site.map_or(Site::Composed, Site::Literal);
                self.findings.references.push(FoundReference { at, image, site, known: true });
            }
            (Err(why), at) => self.missed(at, &why),
            (Ok(_), None) => {}
        }
    }

    /// What is copied or mounted from. Names are those of all stages: one that comes later is an error, not an image.
    fn source(&mut self, source: &Source) {
        let name = source.name.text();
        let number = source.by == Keyword::Copy && name.parse::<i64>().is_ok();
        if name.is_empty() || number || self.is_stage(name) {
            return;
        }
        let at = source.name.span();
        if is_template(name) {
            self.missed(at, TEMPLATE);
        } else if name.contains('$') {
            let why = match source.by {
                Keyword::Run => "`from` of a mount expands no arguments",
                _ => "`COPY --from` expands no arguments",
            };
            self.missed(at, why);
        } else if source.triggered && !name.contains(['/', ':', '@']) {
            self.missed(at, "the file that builds on this one decides whether it is a stage or an image");
        } else {
            self.image(&source.name);
        }
    }

    /// A name that can be nothing but an image.
    fn image(&mut self, name: &Placed) {
        let Some(at) = name.span() else { return };
        match image_named(name.text()) {
            Some(image) => {
                let site = name.literal().map_or(Site::Composed, Site::Literal);
                self.findings.references.push(FoundReference { at, image, site, known: true });
            }
            None => self.missed(Some(at), &named::not_an_image(name.text())),
        }
    }

    fn is_stage(&self, name: &str) -> bool {
        name == "scratch" || self.names.contains(&name.to_ascii_lowercase())
    }

    fn missed(&mut self, at: Option<Span>, why: &str) {
        self.findings.unresolved.extend(at.map(|at| Unresolved { at, why: why.to_owned() }));
    }
}

const TEMPLATE: &str = "a template fills this in";

/// The `from` of a mount.
fn mounted(mount: &Placed) -> Option<Placed> {
    let from = |field: &Placed| {
        let (key, value) = field.text().split_once('=')?;
        let at = field.text().len() - value.len();
        key.eq_ignore_ascii_case("from").then(|| field.slice(at..field.text().len()))
    };
    words::fields(mount).iter().filter_map(from).next_back()
}

/// Whether a template engine writes the text before Docker reads it.
fn is_template(text: &str) -> bool {
    ["{{", "{%", "<%"].iter().any(|mark| text.contains(mark))
}

fn inside_quotes(word: &Placed) -> Placed {
    let quoted = ['"', '\''].iter().any(|quote| {
        let inside = word.text().strip_prefix(*quote).and_then(|rest| rest.strip_suffix(*quote));
        inside.is_some_and(|inside| !inside.contains(*quote))
    });
    if quoted { word.slice(1..word.text().len() - 1) } else { word.clone() }
}

fn not_an_image(value: &Value) -> String {
    match &value.undeclared {
        Some(name) => format!("the argument `{name}` is not declared before the first FROM"),
        None => named::not_an_image(value.text.text()),
    }
}

/// Places in the file, for finding out whether others overlap them.
struct Shared {
    /// By their start; each ends where the furthest of those up to it does.
    spans: Vec<Span>,
}

impl Shared {
    fn new(mut spans: Vec<Span>) -> Self {
        spans.sort_by_key(|span| span.start);
        let mut end = 0;
        for span in &mut spans {
            end = end.max(span.end);
            span.end = end;
        }
        Self { spans }
    }

    fn touches(&self, at: Span) -> bool {
        let before = self.spans.partition_point(|span| span.start < at.end);
        self.spans[..before].last().is_some_and(|span| span.end > at.start)
    }
}
