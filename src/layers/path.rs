//! Paths of files in an image, as text without a leading slash. Bytes that are not UTF-8 are replaced.

use std::hash::{DefaultHasher, Hash, Hasher};

/// The path that an extractor writes to: `..` leads no higher than the root, `.` and empty parts do not count.
pub(super) fn normalized(path: &[u8]) -> String {
    let path = String::from_utf8_lossy(path);
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The folder of a path, empty for the root, and its name.
pub(super) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// Stands for a path among many: two paths of an image have the same one by accident only.
pub(super) fn hash(path: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    hasher.finish()
}

/// The folders that a path is in, up to the root.
pub(super) fn folders(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| (!path.is_empty()).then(|| split(path).0)).skip(1)
}

/// The other name of a path where `bin` and the like are links into `usr`.
pub(super) fn merged_alias(path: &str) -> Option<String> {
    let is_merged = |path: &str| path.split_once('/').is_some_and(|(first, _)| is_merged_folder(first));
    match path.strip_prefix("usr/") {
        Some(rest) => is_merged(rest).then(|| rest.to_owned()),
        None => is_merged(path).then(|| format!("usr/{path}")),
    }
}

/// Whether it is one of the folders that many distributions have merged into `usr`.
pub(super) fn is_merged_folder(name: &str) -> bool {
    matches!(name, "bin" | "sbin" | "lib" | "lib32" | "lib64" | "libx32")
}
