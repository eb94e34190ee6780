//! States of the manifest, each read and parsed once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::image::Digest;
use crate::manifest::{File, Manifest, beside};
use crate::plan::binding::{State, all_named};

/// The files whose texts make up a state: the main one, those that it may include, and those that its images may name.
#[derive(Debug, Clone, Default)]
pub(super) struct Files {
    /// The main file is the first.
    pub(super) manifest: Vec<String>,
    pub(super) named: Vec<String>,
}

impl Files {
    pub(super) fn of(manifest: &Manifest) -> Self {
        Self {
            manifest: manifest.files.iter().map(|file| file.path.clone()).collect(),
            named: named_by(manifest).into_iter().collect(),
        }
    }

    /// Adds files that the manifest names by globs.
    pub(super) fn add_matching(&mut self, paths: Vec<String>) {
        self.named.extend(paths);
    }

    /// Adds the files that states of the manifest named; returns whether any were new.
    pub(super) fn add_named<'s>(&mut self, states: impl Iterator<Item = &'s State>) -> bool {
        let named: BTreeSet<String> = states.filter_map(State::manifest).flat_map(named_by).collect();
        let before = self.named.len();
        self.named.extend(named.into_iter().filter(|path| !self.named.contains(path)).collect::<Vec<_>>());
        self.named.len() > before
    }

    /// Adds files of the manifest; returns whether any were new.
    pub(super) fn add(&mut self, paths: &[String]) -> bool {
        let new: Vec<String> = paths.iter().filter(|path| !self.manifest.contains(path)).cloned().collect();
        self.manifest.extend(new.iter().cloned());
        !new.is_empty()
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &String> {
        self.manifest.iter().chain(&self.named)
    }

    /// The files that only images name.
    pub(super) fn keys(&self) -> impl Iterator<Item = &String> {
        self.named.iter().filter(|path| !self.manifest.contains(path))
    }

    /// The state in which the files hold these texts.
    pub(super) fn state(&self, text: &dyn Fn(&str) -> Option<String>) -> State {
        let file = |path: &String| text(path).map(|text| File { path: path.clone(), text });
        let main = self.manifest.first().and_then(file);
        let others: Vec<File> = self.manifest.iter().skip(1).filter_map(file).collect();
        let digest = |path: &String| Some((path.clone(), Digest::sha256(text(path)?.as_bytes())));
        let named: BTreeMap<String, Digest> = self.named.iter().filter_map(digest).collect();
        State::read(main, others, &named)
    }
}

/// The repository paths of the files that its images name.
fn named_by(manifest: &Manifest) -> BTreeSet<String> {
    all_named(manifest).map(|path| beside(manifest.path(), path)).collect()
}

/// States by the texts that make them up.
#[derive(Default)]
pub(super) struct States(BTreeMap<Digest, Arc<State>>);

impl States {
    pub(super) fn state(&mut self, files: &Files, text: &dyn Fn(&str) -> Option<String>) -> Arc<State> {
        let mut whole = String::new();
        for path in files.paths() {
            let text = text(path);
            whole.push_str(if text.is_some() { "\0+" } else { "\0-" });
            whole.push_str(&text.unwrap_or_default());
        }
        let state = self.0.entry(Digest::sha256(whole.as_bytes()));
        state.or_insert_with(|| Arc::new(files.state(text))).clone()
    }
}
