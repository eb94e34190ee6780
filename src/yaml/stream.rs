//! Files of other programs: many documents, each read on its own.

use super::node::Node;
use super::parse::read_foreign;
use crate::diag::Span;

/// One document of a file.
#[derive(Debug)]
pub(crate) struct Document {
    /// Its text, with the marker before it and comments and directives.
    pub(crate) span: Span,
    /// `Ok(None)` if it is empty.
    pub(crate) root: Result<Option<Node>, Broken>,
}

/// Why a document is not valid YAML.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) at: Span,
    /// A clause without a full stop.
    pub(crate) why: String,
}

/// Reads the documents of a file whose text is wanted. One that is not valid YAML leaves the others readable.
pub(crate) fn read_stream(text: &str, is_wanted: impl Fn(&str) -> bool) -> Vec<Document> {
    document_spans(text)
        .into_iter()
        .filter(|span| is_wanted(&text[span.start..span.end]))
        .map(|span| {
            let root = read_foreign(text, span);
            Document { span, root: root.map_err(|fault| Broken { at: fault.span, why: fault.message }) }
        })
        .collect()
}

/// Where the documents of a file are. A line that begins with `---` or `...` separates documents wherever it stands, also
/// in a text in quotes or in a block (YAML 1.2.2, section 9.1.2).
pub(crate) fn document_spans(text: &str) -> Vec<Span> {
    let bom = '\u{feff}';
    let mut start = if text.starts_with(bom) { bom.len_utf8() } else { 0 };
    let (mut spans, mut has_content, mut at) = (Vec::new(), false, start);
    for line in text[start..].split_inclusive('\n') {
        let end = at + line.len();
        if is_marker(line, "...") {
            spans.push(Span { start, end: at });
            (start, has_content) = (end, false);
        } else if is_marker(line, "---") {
            if has_content {
                spans.push(Span { start, end: at });
                start = at;
            }
            has_content = true;
        } else {
            has_content |=
                !line.trim_start_matches([' ', '\t', '\r', '\n']).is_empty() && !line.starts_with(['#', '%']);
        }
        at = end;
    }
    spans.push(Span { start, end: text.len() });
    spans
}

fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
}
