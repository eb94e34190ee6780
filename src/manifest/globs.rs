//! Globs, and the files that they include.

use std::collections::BTreeSet;

use globset::GlobBuilder;

/// The most globs in a main file.
pub(super) const MAX_INCLUDES: usize = 1_000;

/// The paths that the main file's globs include, sorted, each once, without the main file itself.
pub(crate) fn included<'p>(main: &str, globs: &[String], paths: impl IntoIterator<Item = &'p str>) -> Vec<String> {
    let directory = main.rfind('/').map_or("", |i| &main[..=i]);
    let globs: Vec<_> = globs.iter().filter_map(|g| glob(g)).collect();
    let taken = |path: &&str| {
        *path != main && path.strip_prefix(directory).is_some_and(|rest| globs.iter().any(|g| g.is_match(rest)))
    };
    paths.into_iter().filter(taken).map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The path in the repository of a file that a manifest names: relative to the main file's directory.
pub(crate) fn beside(main: &str, path: &str) -> String {
    let directory = main.rfind('/').map_or("", |at| &main[..=at]);
    format!("{directory}{path}")
}

/// The matcher of a glob in which `*` does not cross `/`.
pub(crate) fn glob(text: &str) -> Option<globset::GlobMatcher> {
    GlobBuilder::new(text).literal_separator(true).build().ok().map(|g| g.compile_matcher())
}
