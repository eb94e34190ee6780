//! The messages that `docs/troubleshooting.md` explains are the program's.

use std::path::Path;

use super::{page, root};

/// The text of every source file, with strings that go over several lines put together, and of what tests saw printed.
fn sources(directory: &Path, into: &mut String) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|ending| ending == "rs" || ending == "snap") {
            let text = std::fs::read_to_string(path).unwrap();
            for part in text.split("\\\n") {
                into.push_str(part.trim_start_matches(' '));
            }
            into.push('\n');
        }
    }
}

/// The fixed parts of a message: what stands in capitals, or is a number, differs.
fn fixed(message: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for word in message.split_inclusive(' ') {
        let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let differs = bare.len() > 1 && bare.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        if differs { parts.push(String::new()) } else { parts.last_mut().unwrap().push_str(word) }
    }
    parts.into_iter().map(|part| part.trim().to_owned()).filter(|part| part.len() > 7).collect()
}

#[test]
fn every_message_is_one_that_the_program_writes() {
    let mut source = String::new();
    for directory in ["src", "tests/it/snapshots", "tests/it/manifest/snapshots"] {
        sources(&root().join(directory), &mut source);
    }
    let text = page("docs/troubleshooting.md").text;
    let messages: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`')).collect();
    assert!(messages.len() >= 20, "{messages:?}");
    for message in messages {
        let parts = fixed(message);
        assert!(!parts.is_empty(), "{message}: nothing of it is fixed");
        for part in parts {
            assert!(source.contains(&part), "{message}: the program never says `{part}`");
        }
    }
    assert_eq!(fixed("HOST refused the credential of NAME"), ["refused the credential of"]);
    assert!(!source.contains(&["no such", "message"].join(" of ours ")));
}
