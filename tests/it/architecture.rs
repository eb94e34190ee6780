//! The structure that ARCHITECTURE.md promises, read off the sources.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Rooms that decide: no network, no disk, no clock, no environment, no logging.
const PURE: [&str; 15] = [
    "content", "diag", "doctor", "edit", "image", "ledger", "manifest", "markdown", "plan", "policy", "proposal",
    "report", "rules", "text", "yaml",
];

/// What pure rooms may not name. `std::io` is for writers, which renderers are given.
const EFFECTS: [&str; 16] = [
    "tokio",
    "reqwest",
    "hyper",
    "octocrab",
    "oci_client::client",
    "oci_client::Client",
    "std::fs",
    "std::env",
    "std::process",
    "std::thread",
    "std::net::Tcp",
    "SystemTime",
    "Instant::now",
    "Utc::now",
    "tracing",
    "println!",
];

/// Rooms that touch the world.
const EFFECT_ROOMS: [&str; 13] = [
    "action", "apply", "args", "cli", "commands", "exit", "forge", "hub", "net", "observe", "progress", "registry",
    "settings",
];

fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn source_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The room a file is in: the first part of its path under `src`.
fn room(file: &Path) -> String {
    let below = file.strip_prefix(source_root()).unwrap();
    below.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned()
}

/// The code of a file without its comments and its unit tests. Of what is compiled for tests only, a module that stands in
/// another file is left out; one in braces is the file's last item, and ends it. Anything else is code like any other.
fn code(text: &str) -> String {
    let mut code = String::new();
    let mut lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    while let Some(line) = lines.next() {
        let Some(rest) = line.trim().strip_prefix("#[cfg(test)]") else {
            code.push_str(line);
            code.push('\n');
            continue;
        };
        let mut item = rest.trim();
        while item.is_empty() || item.starts_with("#[") {
            let Some(next) = lines.next() else { return code };
            item = next.trim();
        }
        let module = item.strip_prefix("pub(crate) ").unwrap_or(item).starts_with("mod ");
        if module && item.ends_with('{') {
            return code;
        }
        if !(module && item.ends_with(';')) {
            code.push_str(item);
            code.push('\n');
        }
    }
    code
}

/// What a pure room's code names that it may not.
fn trespasses(code: &str) -> Vec<String> {
    let mut found: Vec<String> = EFFECTS.iter().filter(|e| code.contains(*e)).map(ToString::to_string).collect();
    for effect in EFFECT_ROOMS {
        let names = [format!("crate::{effect}"), format!("super::super::{effect}")];
        let grouped = code.split("use crate::{").skip(1).filter_map(|rest| rest.split('}').next());
        let in_group = grouped.flat_map(|g| g.split(',')).any(|part| part.trim().split("::").next() == Some(effect));
        if in_group || names.iter().any(|name| code.contains(name.as_str())) {
            found.push(effect.to_owned());
        }
    }
    found
}

#[test]
fn pure_rooms_import_no_effects() {
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for file in sources(&source_root()) {
        let room = room(&file);
        if PURE.contains(&room.as_str()) {
            seen.insert(room);
            let text = std::fs::read_to_string(&file).unwrap();
            wrong.extend(trespasses(&code(&text)).into_iter().map(|what| format!("{} names {what}", file.display())));
        }
    }
    assert_eq!(seen.len(), PURE.len(), "the pure rooms are where they were: {seen:?}");
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_proof_of_purity_can_fail() {
    for trespass in [
        "use tokio::sync::Mutex;",
        "use crate::registry::Store;",
        "use crate::{image::Tag, registry::Store};",
        "let now = Utc::now();",
        "std::fs::read(path)",
        "#[cfg(test)]\nmod tests;\nuse tokio::sync::Mutex;",
        "#[cfg(test)] mod tests;\nuse crate::registry::Store;",
        "#[cfg(test)]\n#[path = \"other.rs\"]\nmod tests;\nstd::fs::read(path)",
        "#[cfg(test)]\nfn only_for_tests() {\n    std::fs::read(path)",
    ] {
        assert!(!trespasses(&code(trespass)).is_empty(), "{trespass}");
    }
    assert!(trespasses(&code("use crate::image::Tag; // not tokio")).is_empty());
    assert!(
        trespasses(&code("use crate::image::Tag;\n#[cfg(test)]\nmod tests {\n    use tokio::sync::Mutex;\n}"))
            .is_empty()
    );
}

#[test]
fn the_map_names_every_room_and_every_dependency() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let map = std::fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    assert!(map.lines().count() < 120, "the map is short");
    let rooms: BTreeSet<String> = sources(&source_root()).iter().map(|f| room(f)).collect();
    for room in rooms.iter().filter(|r| !matches!(r.as_str(), "lib" | "main")) {
        assert!(map.contains(&format!("`{room}`")), "ARCHITECTURE.md does not name the room {room}");
    }
    let cargo = std::fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let tables = ["[dependencies]", "[dev-dependencies]"];
    let dependencies =
        tables.iter().flat_map(|table| cargo.split(table).nth(1).unwrap().split("\n[").next().unwrap().lines());
    for name in dependencies.filter_map(|line| line.split_once(" = ")).map(|(name, _)| name) {
        assert!(map.contains(&format!("`{name}`")), "ARCHITECTURE.md gives no reason for {name}");
    }
}
