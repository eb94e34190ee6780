//! `THREATS.md`: every test that it names exists, and every threat names one.

use std::path::Path;

/// The rows of its tables: each threat's cells.
fn threats() -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("THREATS.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
    let cells = |line: &str| line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    rows.map(cells).filter(|row| row[0] != "what they could try").collect()
}

/// Whether a module of these tests has a test of this name.
pub fn exists(module: &str, test: &str) -> bool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let module = module.replace("::", "/");
    let files = [root.join(format!("{module}.rs")), root.join(&module).join("mod.rs")];
    let is_test = |text: String| {
        let before =
            text.find(&format!("fn {test}(")).map(|at| text[..at].trim_end_matches("async ").trim_end().to_owned());
        before.is_some_and(|before| before.ends_with("#[test]") || before.ends_with("::test]"))
    };
    files.into_iter().filter_map(|file| std::fs::read_to_string(file).ok()).any(is_test)
}

#[test]
fn every_threat_names_a_test_that_exists() {
    let threats = threats();
    assert!(threats.len() > 40, "{}", threats.len());
    for row in threats {
        let [what, stops, test] = row.as_slice() else { panic!("three cells: {row:?}") };
        let named =
            test.trim_matches('`').rsplit_once("::").unwrap_or_else(|| panic!("{what}: a test as module::name"));
        assert!(!stops.is_empty(), "{what}");
        assert!(exists(named.0, named.1), "{what}: there is no test {test}");
    }
    assert!(!exists("ours", "there_is_no_such_test"));
}
