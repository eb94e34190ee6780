//! The catalogue in its forms: a page, JSON, Markdown and Renovate's preset; and what `catalog` wrote.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::page::Page;
use super::rows::Failed;
use super::terminal::list;
use crate::catalog::{Catalog, PRESET, preset};
use crate::text::counted;

mod markdown;
pub mod page;

/// A catalogue that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Cataloged {
    /// The files that were written; those that already had the same bytes are not among them.
    pub(crate) written: Vec<String>,
    /// What could not be found out.
    pub(crate) failed: Vec<Failed>,
    /// What they say.
    #[serde(flatten)]
    pub(crate) catalog: Catalog,
}

/// A file of the catalogue.
pub(crate) struct CatalogFile {
    pub(crate) name: &'static str,
    pub(crate) text: String,
    /// Whether a text of this name was written by this program: anything else is somebody else's.
    pub(crate) is_ours: fn(&str) -> bool,
}

/// `catalog.json`: as `--format json` prints it.
#[derive(Serialize)]
struct Document<'a> {
    version: u8,
    #[serde(flatten)]
    catalog: &'a Catalog,
}

/// The files. The same catalogue gives the same bytes.
///
/// # Errors
/// If a form cannot be rendered, which is a fault of this program.
pub(crate) fn files(catalog: &Catalog) -> anyhow::Result<Vec<CatalogFile>> {
    let json = serde_json::to_string(&Document { version: 1, catalog })? + "\n";
    let renovate = serde_json::to_string_pretty(&preset(catalog))? + "\n";
    let file = |name, text, is_ours| CatalogFile { name, text, is_ours };
    Ok(vec![
        file("index.html", page::html(catalog)?, page::is_ours),
        file("catalog.json", json, |text| text.starts_with("{\"version\":1,\"organization\":")),
        file("catalog.md", markdown::markdown(catalog), |text| text.starts_with(markdown::TITLE)),
        file("renovate.json", renovate, is_preset),
    ])
}

/// Whether a text is a preset and nothing else: people may put other settings beside our rules.
fn is_preset(text: &str) -> bool {
    let Ok(serde_json::Value::Object(preset)) = serde_json::from_str(text) else { return false };
    let keys: Vec<&str> = preset.keys().map(String::as_str).collect();
    let title = preset.get("description").and_then(|lines| lines[0].as_str());
    keys == ["$schema", "description", "packageRules"] && title.is_some_and(|title| title.starts_with(PRESET))
}

pub(super) fn human(out: &mut Page, cataloged: &Cataloged) -> io::Result<()> {
    let Cataloged { written, failed, catalog } = cataloged;
    let approved: usize = catalog.images.iter().map(|image| image.approved.len()).sum();
    let (images, tags) = (counted(catalog.images.len(), "image"), counted(approved, "approved tag"));
    writeln!(out, "{images}, {tags}")?;
    if written.is_empty() {
        writeln!(out, "nothing changed: the files say this already")?;
    }
    list(out, "Written", written)?;
    let problems = if failed.is_empty() { &[][..] } else { &catalog.unknown };
    list(out, "Not found out, or not as it should be", problems)
}

#[cfg(test)]
mod tests;
