//! The catalogue as one page that needs nothing else: style and script are in it, and nothing else runs or is loaded.
//!
//! It reads without its script, which only searches, copies and changes the theme. The same catalogue gives the same bytes.

use std::collections::BTreeMap;

use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::catalog::Catalog;
use crate::text::{counted, excerpt};

use view::{ImageView, State};
use words::{NAME, TEXT};

mod tag;
mod view;
mod words;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// Whether this program wrote a page: its head says so.
pub(super) fn is_ours(text: &str) -> bool {
    let head = text.split_once("<title>").map_or("", |(head, _)| head);
    head.starts_with("<!doctype html>\n") && head.contains("<meta name=\"generator\" content=\"Wharfinger\">")
}

#[derive(Template)]
#[template(path = "index.html", config = "src/report/catalog/page/askama.toml")]
struct Page {
    policy: String,
    style: &'static str,
    script: &'static str,
    organization: String,
    counts: String,
    categories: Vec<Choice>,
    platforms: Vec<Choice>,
    states: Vec<StateChoice>,
    unknown: Vec<String>,
    images: Vec<ImageView>,
}

/// A value that can be filtered by.
struct Choice {
    value: String,
    /// The images that have it.
    count: usize,
}

struct StateChoice {
    name: &'static str,
    label: &'static str,
    count: usize,
}

/// The page.
///
/// # Errors
/// If its template cannot be written into memory.
pub fn html(catalog: &Catalog) -> askama::Result<String> {
    let mut images: Vec<ImageView> = catalog.images.iter().map(ImageView::of).collect();
    tell_apart(&mut images);
    let categories = images.iter().filter(|image| !image.category.is_empty()).map(|image| image.category.as_str());
    let page = Page {
        policy: policy(),
        style: STYLE,
        script: SCRIPT,
        organization: excerpt(&catalog.organization, NAME),
        counts: counts(catalog),
        categories: choices(categories),
        platforms: choices(images.iter().flat_map(|image| image.platforms.split_whitespace())),
        states: State::ALL.map(|state| state_choice(state, &images)).into(),
        unknown: catalog.unknown.iter().map(|line| excerpt(line, TEXT)).collect(),
        images,
    };
    page.render()
}

/// Gives images that share a mirror names of their own in the page. No repository's name has a dot at its end.
fn tell_apart(images: &mut [ImageView]) {
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for image in images {
        let before = known.entry(image.id.clone()).or_default();
        *before += 1;
        if *before > 1 {
            image.id.push_str(&format!(".{before}."));
        }
    }
}

/// What the page may load and run: its own style and script, known by their bytes, and the icon that is in it.
fn policy() -> String {
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'",
        STANDARD.encode(Sha256::digest(SCRIPT)),
        STANDARD.encode(Sha256::digest(STYLE)),
    )
}

fn choices<'v>(values: impl Iterator<Item = &'v str>) -> Vec<Choice> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    counts.into_iter().map(|(value, count)| Choice { value: value.to_owned(), count }).collect()
}

fn state_choice(state: State, images: &[ImageView]) -> StateChoice {
    let has = |image: &&ImageView| image.states.split(' ').any(|name| name == state.name());
    StateChoice { name: state.name(), label: state.label(), count: images.iter().filter(has).count() }
}

/// How many there are of what, without what there is none of.
fn counts(catalog: &Catalog) -> String {
    let sum = |count: fn(&crate::catalog::CatalogImage) -> usize| catalog.images.iter().map(count).sum::<usize>();
    let others = [
        (sum(|image| image.waiting.len()), "version waiting", "versions waiting"),
        (sum(|image| image.rejected.len()), "rejected", "rejected"),
        (sum(|image| image.revoked.len()), "revoked", "revoked"),
    ];
    let others = others.into_iter().filter(|(count, ..)| *count > 0);
    let others = others.map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }));
    let first = [counted(catalog.images.len(), "image"), counted(sum(|image| image.approved.len()), "approved tag")];
    first.into_iter().chain(others).collect::<Vec<_>>().join(", ")
}
