//! A list of packages while it is read.

use std::collections::BTreeSet;

use super::packed::Packer;
use super::purl::{Purl, ecosystem};
use super::{MOST, Package, Packages};
use crate::text;

/// The longest name and version that are kept, in characters.
const LONGEST: usize = 256;
/// The longest licence that is kept, in characters, and the most of one package.
const LONGEST_LICENCE: usize = 100;
pub(super) const MOST_LICENCES: usize = 30;
/// How much of an expression of licences is read, in bytes.
const LONGEST_EXPRESSION: usize = 8 << 10;

/// The most text of all packages of one image, in bytes.
const MOST_TEXT: usize = 6 << 20;

/// What is said of one package.
#[derive(Debug, Clone, Default)]
pub(super) struct Told {
    pub name: Option<String>,
    pub version: Option<String>,
    pub purl: Option<String>,
    pub licences: BTreeSet<String>,
}

/// Packages, also several times the same.
#[derive(Default)]
pub(super) struct List {
    packages: Packer,
    text: usize,
}

impl List {
    /// What has neither a purl nor a version, or no name, is no package.
    ///
    /// # Errors
    /// If there are too many, in words.
    pub(super) fn add(&mut self, told: Told) -> Result<(), String> {
        let purl = told.purl.as_deref().and_then(Purl::read);
        if purl.is_none() && told.version.is_none() {
            return Ok(());
        }
        let (purl_name, purl_version, purl) =
            purl.map_or((None, None, None), |purl| (Some(purl.name), purl.version, Some(purl.text)));
        let Some(name) = purl_name.or(told.name).filter(|name| !name.is_empty()) else { return Ok(()) };
        let version = told.version.or(purl_version).unwrap_or_default();
        let licences: Vec<String> = told.licences.into_iter().map(|licence| licence.replace('\n', " ")).collect();
        self.text += licences.len() * size_of::<String>();
        self.push(Package {
            name: &text::cut(&name, LONGEST),
            version: &text::cut(&version, LONGEST),
            purl: purl.as_deref(),
            licences: &licences.join("\n"),
        })
    }

    /// # Errors
    /// As for [`Self::add`].
    pub(super) fn push(&mut self, package: Package<'_>) -> Result<(), String> {
        let Package { name, version, purl, licences } = package;
        self.text += name.len() + version.len() + purl.map_or(0, str::len) + licences.len();
        if self.packages.len() == MOST {
            return Err("it lists more than 100,000 packages".to_owned());
        }
        if self.text > MOST_TEXT {
            return Err("the names and versions of its packages are larger than 6 MiB".to_owned());
        }
        self.packages.push(package);
        Ok(())
    }

    /// As they were added.
    pub(super) fn unsorted(self) -> Packages {
        self.packages.pack()
    }

    /// In order of names, each once: the same package again adds its licences.
    pub(super) fn finish(self) -> Packages {
        let is_same =
            |a: Package<'_>, b: Package<'_>| (a.name, a.version, ecosystem(a)) == (b.name, b.version, ecosystem(b));
        self.packages.pack_sorted(is_same, MOST_LICENCES)
    }
}

/// The licences in an SPDX expression, or what a database says instead: `MIT AND (GPL-2.0-only OR Apache-2.0)` names three.
pub(super) fn licences(expression: &str) -> BTreeSet<String> {
    let mut licences = BTreeSet::new();
    let mut current = Vec::new();
    let spaced = expression[..expression.floor_char_boundary(LONGEST_EXPRESSION)].replace(['(', ')'], " AND ");
    // An operator at the end closes the last one.
    for word in spaced.split_whitespace().chain(["AND"]) {
        if matches!(word, "AND" | "OR" | "and" | "or") {
            let licence = std::mem::take(&mut current).join(" ");
            licences.extend(licence_named(&licence).filter(|_| licences.len() < MOST_LICENCES));
        } else {
            current.push(word);
        }
    }
    licences
}

/// A licence by its identifier or name; `None` if it says nothing.
pub(super) fn licence_named(name: &str) -> Option<String> {
    (!matches!(name, "" | "NOASSERTION" | "NONE")).then(|| text::cut(name, LONGEST_LICENCE))
}
