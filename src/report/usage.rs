//! When the mirror's tags were last pulled, and which files name them.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::page::Page;
use super::rows::Failed;
use super::table::Place::{First, Prose, Second};
use super::table::{Cell, Column, Section, column};
use super::terminal::list;
use crate::image::{Digest, RepositoryName, Tag};
use crate::plan::usage::Place;
use crate::text::clean;

/// What `usage` found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub(crate) struct Usage {
    /// Every promoted tag, in the manifest's order.
    pub(crate) tags: Vec<UsedTag>,
    /// What could not be read.
    pub(crate) failed: Vec<Failed>,
    /// What to know about this.
    pub(crate) notes: Vec<String>,
}

/// A tag at the mirror.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct UsedTag {
    /// The mirror's name without the organization.
    pub(crate) repository: RepositoryName,
    /// The tag.
    pub(crate) tag: Tag,
    /// What it resolves to at the mirror, as recorded.
    pub(crate) digest: Digest,
    /// When somebody last pulled it (RFC 3339); `unknown` if the last pull is not shown or may be our own; null if nobody
    /// ever did.
    #[serde(rename = "last-pulled")]
    pub(crate) last_pulled: Option<String>,
    /// Why the last pull is unknown; null if it is known.
    pub(crate) why: Option<String>,
    /// The places that name it.
    pub(crate) references: Vec<UsedIn>,
}

/// A place in a file that names an image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct UsedIn {
    /// The directory or file that was searched, as it was given.
    pub(crate) repository: String,
    /// The file in it.
    pub(crate) file: String,
    /// Line, from 1.
    pub(crate) line: usize,
}

impl From<Place> for UsedIn {
    fn from(place: Place) -> Self {
        let Place { repository, file, line } = place;
        Self { repository, file, line }
    }
}

const TAGS: &[Column] = &[column("image", First), column("last pulled", Second), column("detail", Prose)];

fn section(usage: &Usage) -> Section {
    Section::new("Tags", TAGS, &usage.tags, |tag| {
        vec![
            Cell::code(format!("{}:{}", tag.repository, tag.tag)),
            Cell::Word(tag.last_pulled.clone().unwrap_or_else(|| "never".to_owned())),
            Cell::Text(detail(tag)),
        ]
    })
}

fn detail(tag: &UsedTag) -> String {
    let places = tag.references.iter().map(|place| format!("{}:{} in {}", place.file, place.line, place.repository));
    tag.why.iter().cloned().chain(places).map(|text| clean(&text)).collect::<Vec<_>>().join("; ")
}

pub(super) fn human(out: &mut Page, usage: &Usage) -> io::Result<()> {
    section(usage).human(out)?;
    if usage.tags.is_empty() {
        writeln!(out, "nothing is promoted yet")?;
    }
    let failed: Vec<String> = usage.failed.iter().map(|failed| clean(&failed.error)).collect();
    list(out, "Failed", &failed)?;
    list(out, "Note", &usage.notes)
}

pub(super) fn markdown(usage: &Usage) -> String {
    section(usage).markdown()
}
