//! Globs, and the files that they include.

use std::collections::BTreeSet;

use globset::GlobBuilder;

/// The most globs that a main file may name.
pub(super) const MAX_INCLUDES: usize = 1_000;

/// Those of `paths` that the globs of the main file include, sorted, each once, the main file itself left out.
pub(crate) fn included<'p>(main: &str, globs: &[String], paths: impl IntoIterator<Item = &'p str>) -> Vec<String> {
    let directory = main.rfind('/').map_or("", |i| &main[..=i]);
    let globs: Vec<_> = globs.iter().filter_map(|g| glob(g)).collect();
    let taken = |path: &&str| {
        *path != main && path.strip_prefix(directory).is_some_and(|rest| globs.iter().any(|g| g.is_match(rest)))
    };
    paths.into_iter().filter(taken).map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The path in the repository of a file that a manifest names: it counts from the directory of the main file.
pub(crate) fn beside(main: &str, path: &str) -> String {
    let directory = main.rfind('/').map_or("", |at| &main[..=at]);
    format!("{directory}{path}")
}

/// The matcher of a glob in which `*` does not cross `/`.
pub(crate) fn glob(text: &str) -> Option<globset::GlobMatcher> {
    GlobBuilder::new(text).literal_separator(true).build().ok().map(|g| g.compile_matcher())
}
