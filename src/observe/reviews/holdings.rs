//! Whether texts of the manifest hold an approval.

use std::collections::BTreeMap;

use crate::image::Digest;
use crate::manifest::{self, File, Manifest, parse_part};
use crate::plan::reviews::Subject;

/// A file as it is at a commit.
#[derive(Clone, Copy)]
pub(super) struct FileText<'a> {
    pub(super) path: &'a str,
    /// `None` where there is no such file.
    pub(super) text: Option<&'a str>,
}

/// What a main file and another together hold, by a digest of both.
#[derive(Default)]
pub(super) struct Holdings(BTreeMap<Digest, Option<Manifest>>);

impl Holdings {
    /// Whether the main file and the one that declares the image, as they are at a commit, hold the subject.
    pub(super) fn hold(&mut self, subject: &Subject, main: FileText<'_>, other: Option<FileText<'_>>) -> bool {
        let Some(text) = main.text else { return false };
        // A file that the main one did not include approved nothing.
        let named = |path: &str| !manifest::included(main.path, &manifest::includes(text), [path]).is_empty();
        let other = other.and_then(|file| Some((file.path, file.text?))).filter(|(path, _)| named(path));
        let whole = format!("{text}\0{}", other.map_or("", |(_, text)| text));
        let manifest = self.0.entry(Digest::sha256(whole.as_bytes())).or_insert_with(|| {
            let file = |(path, text): (&str, &str)| File { path: path.to_owned(), text: text.to_owned() };
            parse_part(std::iter::once((main.path, text)).chain(other).map(file).collect())
        });
        manifest.as_ref().is_some_and(|manifest| subject.is_held(manifest))
    }
}
