//! A manifest that `import` made, and what it does not hold.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::page::Page;
use crate::import::Left;
use crate::text::{clean, counted};

/// What `import` made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Import {
    /// The manifest's text.
    pub(crate) manifest: String,
    /// How many images it has.
    pub(crate) images: usize,
    /// What it does not hold.
    pub(crate) left: Vec<LeftOut>,
    /// The file that it was written to; null if it is only printed.
    pub(crate) file: Option<String>,
}

/// Something that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct LeftOut {
    /// The file that says so.
    pub(crate) file: String,
    /// Line, from 1; null if no line is about it.
    pub(crate) line: Option<usize>,
    /// Column in characters, from 1; null if no line is about it.
    pub(crate) column: Option<usize>,
    /// What it is about.
    pub(crate) what: String,
    /// Why, and what to do instead.
    pub(crate) why: String,
}

impl LeftOut {
    pub(crate) fn new(file: &str, Left { place, what, why }: Left) -> Self {
        let (line, column) = place.unzip();
        Self { file: file.to_owned(), line, column, what, why }
    }
}

/// What was left out, a line each; nothing if nothing was.
pub(super) fn left(import: &Import) -> String {
    if import.left.is_empty() {
        return String::new();
    }
    let line = |left: &LeftOut| {
        let place = left.line.zip(left.column).map(|(line, column)| format!("{}:{line}:{column}: ", left.file));
        clean(&format!("{}{}: {}", place.unwrap_or_default(), left.what, left.why)) + "\n"
    };
    let lines: String = import.left.iter().map(line).collect();
    format!("{lines}\n{}: {} left out\n", counted(import.images, "image"), import.left.len())
}

/// Where the manifest was written.
pub(super) fn human(out: &mut Page, import: &Import) -> io::Result<()> {
    match &import.file {
        Some(file) => writeln!(out, "wrote {} with {}", clean(file), counted(import.images, "image")),
        None => Ok(()),
    }
}
