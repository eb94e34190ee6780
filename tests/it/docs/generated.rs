//! Pages that are made from the program's own definitions.

use super::{commands, keys, page, root};

/// Set to write the pages instead of comparing them.
pub const WRITE: &str = "WHARFINGER_WRITE_DOCS";

/// What to do when a page is not what the program says.
pub fn regenerate() -> String {
    format!("Run: {WRITE}=1 cargo test --locked --test it -- docs::")
}

#[track_caller]
fn compare(path: &str, made: &str) {
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(root().join(path), made).unwrap();
    }
    let there = page(path).text;
    let first = there.lines().zip(made.lines()).find(|(there, made)| there != made);
    assert!(
        there == made,
        "{path} is not what the program says. {}\nThe first line that differs: {first:?}",
        regenerate()
    );
}

#[test]
fn the_keys_of_the_manifest_are_those_of_its_schema() {
    for (path, text) in keys::pages() {
        compare(path, &text);
    }
}

#[test]
fn the_commands_are_those_of_the_command_line() {
    for (path, text) in commands::pages() {
        compare(path, &text);
    }
}
