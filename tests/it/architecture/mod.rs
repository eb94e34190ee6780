//! The structure that ARCHITECTURE.md promises, read from the sources.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

mod imports;

use imports::{Import, Names, Sources, loops};

/// All rooms, lowest first: a room imports only rooms that stand before it.
const ROOMS: [&str; 38] = [
    "text",
    "markdown",
    "image",
    "content",
    "diag",
    "yaml",
    "references",
    "rules",
    "manifest",
    "edit",
    "ledger",
    "evidence",
    "packages",
    "layers",
    "vulnerabilities",
    "difference",
    "plan",
    "policy",
    "scan",
    "import",
    "init",
    "catalog",
    "doctor",
    "proposal",
    "report",
    "exit",
    "progress",
    "net",
    "registry",
    "hub",
    "forge",
    "action",
    "settings",
    "observe",
    "apply",
    "args",
    "commands",
    "cli",
];

/// The last of the rooms that decide: those up to it know no network, no disk, no clock, no environment and no logging.
const LAST_PURE: &str = "report";

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
fn trespasses(code: &str) -> Vec<&'static str> {
    EFFECTS.into_iter().filter(|effect| code.contains(effect)).collect()
}

/// Where a room stands; `None` for `lib.rs` and `main.rs`, which are in none.
fn rank(file: &str) -> Option<usize> {
    let room = file.split('/').next().unwrap().trim_end_matches(".rs");
    ROOMS.iter().position(|known| *known == room)
}

/// Imports of rooms that do not stand below the importing one.
fn upward(imports: &BTreeSet<Import>) -> Vec<&Import> {
    imports.iter().filter(|i| rank(&i.from).zip(rank(&i.to)).is_some_and(|(from, to)| to > from)).collect()
}

#[test]
fn every_room_has_a_place_in_the_order() {
    let mut rooms: BTreeSet<String> = sources(&source_root()).iter().map(|file| room(file)).collect();
    rooms.retain(|room| !matches!(room.as_str(), "lib" | "main"));
    assert_eq!(rooms, ROOMS.into_iter().map(str::to_owned).collect::<BTreeSet<_>>());
}

#[test]
fn rooms_import_only_rooms_below_them() {
    let imports = Sources::read(&source_root()).imports();
    assert!(imports.len() > 1000, "imports are seen: {}", imports.len());
    assert_eq!(upward(&imports), Vec::<&Import>::new());
}

#[test]
fn no_files_import_each_other_in_a_loop() {
    for root in ["src", "benches/compare", "examples/demo"] {
        let imports = Sources::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(root)).imports();
        assert_eq!(loops(&imports), Vec::<&Import>::new(), "{root}");
    }
}

#[test]
fn the_proof_of_direction_can_fail() {
    let text = |(file, text): (&str, &str)| (PathBuf::from(file), text.to_owned());
    let imports = |files: &[(&str, &str)]| Sources::of(files.iter().copied().map(text)).imports();
    // written out, by `super`, in a group, through a re-export, by the name of a module, from a macro
    for import in [
        "fn f() -> crate::plan::Step { todo!() }",
        "use super::plan::Step;",
        "use crate::{diag::Span, plan::{self, Step}};",
        "use crate::plan; fn f() { plan::step::make() }",
        "use crate::plan::step::*;",
        "macro_rules! m { () => { $crate::plan::Step } }",
    ] {
        let files =
            [("plan/mod.rs", "mod step; pub use step::Step;"), ("plan/step.rs", "pub struct Step; pub fn make() {}")];
        let seen = imports(&[&files[..], &[("image.rs", import)]].concat());
        let to: Vec<&str> = upward(&seen).iter().map(|import| import.to.as_str()).collect();
        assert_eq!(to, ["plan/step.rs"], "{import}: {seen:?}");
    }
    let parent = ("hub/mod.rs", "mod wire; pub use wire::Wire; pub struct Error; fn f() { wire::send() }");
    let child = ("hub/wire.rs", "use super::Error; pub struct Wire; pub fn send() {}");
    assert_eq!(loops(&imports(&[parent, child])).len(), 2);
    let three = [("a.rs", "use crate::b::B; pub struct A;"), ("b.rs", "use crate::c::C; pub struct B;")];
    assert_eq!(loops(&imports(&[&three[..], &[("c.rs", "use crate::a::A; pub struct C;")]].concat())).len(), 3);
    // what stands for tests, in comments and in texts is none, nor are `mod` lines and re-exports of children
    let none = [
        ("hub/mod.rs", "mod wire; pub use wire::Wire; pub struct Error; // wire::send()"),
        (
            "hub/wire.rs",
            "use super::Error; pub struct Wire; const T: &str = \"crate::cli::x\"; #[cfg(test)] mod tests { use crate::cli::x; }",
        ),
        ("cli.rs", "pub fn x() {}"),
    ];
    assert_eq!(loops(&imports(&none)), Vec::<&Import>::new());
    assert_eq!(upward(&imports(&none)), Vec::<&Import>::new());
}

/// The public names that nothing in these files uses.
fn unused(files: &[Names]) -> BTreeSet<&str> {
    let mut uses: BTreeMap<&str, isize> = BTreeMap::new();
    for file in files {
        file.words.iter().for_each(|word| *uses.entry(word).or_default() += 1);
        file.public.iter().for_each(|name| *uses.entry(name).or_default() -= 1);
    }
    let public = files.iter().flat_map(|file| &file.public);
    public.map(String::as_str).filter(|name| uses[name] <= 0).collect()
}

#[test]
fn nothing_is_public_that_only_tests_use() {
    let texts = sources(&source_root()).into_iter().map(|file| std::fs::read_to_string(file).unwrap());
    let files: Vec<Names> = texts.map(|text| Names::of(&text)).collect();
    assert_eq!(unused(&files), BTreeSet::new());
    let files = [
        "pub struct Used; pub fn dead() {} impl Used { pub const fn forgotten(&self) {} pub const N: u8 = 1; }",
        "use crate::a::dead; fn f(used: Used) { Used::N } #[cfg(test)] mod tests { fn t() { forgotten() } }",
    ];
    assert_eq!(unused(&files.map(Names::of)), BTreeSet::from(["dead", "forgotten"]));
}

#[test]
fn a_module_with_children_is_a_directory() {
    let files = sources(&source_root());
    let beside: Vec<_> = files.iter().filter(|file| file.with_extension("").is_dir()).collect();
    assert_eq!(beside, Vec::<&PathBuf>::new(), "x/mod.rs with its children, never x.rs beside x/");
}

#[test]
fn pure_rooms_import_no_effects() {
    let pure = &ROOMS[..=ROOMS.iter().position(|room| *room == LAST_PURE).unwrap()];
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for file in sources(&source_root()) {
        let room = room(&file);
        if pure.contains(&room.as_str()) {
            seen.insert(room);
            let text = std::fs::read_to_string(&file).unwrap();
            wrong.extend(trespasses(&code(&text)).into_iter().map(|what| format!("{} names {what}", file.display())));
        }
    }
    assert_eq!(seen.len(), pure.len(), "the pure rooms are where they were: {seen:?}");
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_proof_of_purity_can_fail() {
    for trespass in [
        "use tokio::sync::Mutex;",
        "let now = Utc::now();",
        "std::fs::read(path)",
        "#[cfg(test)]\nmod tests;\nuse tokio::sync::Mutex;",
        "#[cfg(test)] mod tests;\nuse tokio::sync::Mutex;",
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
    let table = map.split("| room | owns |").nth(1).unwrap().split("\n\n").next().unwrap();
    let cells = table.lines().filter_map(|row| row.strip_prefix("| `")?.split_once("` |"));
    let rooms: Vec<&str> = cells.flat_map(|(names, _)| names.split("`, `")).collect();
    assert_eq!(rooms, ROOMS, "the table of rooms in ARCHITECTURE.md has their order");
    let cargo = std::fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let tables = ["[dependencies]", "[dev-dependencies]"];
    let dependencies =
        tables.iter().flat_map(|table| cargo.split(table).nth(1).unwrap().split("\n[").next().unwrap().lines());
    for name in dependencies.filter_map(|line| line.split_once(" = ")).map(|(name, _)| name) {
        assert!(map.contains(&format!("`{name}`")), "ARCHITECTURE.md gives no reason for {name}");
    }
}
