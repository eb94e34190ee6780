//! The page in a browser: searching, filtering, copying, reading without a script, hostile texts, accessibility. What is done
//! there is in `tests/catalog`.

use std::path::{Path, PathBuf};
use std::process::Command;

use wharfinger::internals::report::catalog::page::html;

use super::fixture::{catalog, hostile, many, ordinary};
use crate::support::servers::{find, missing, required};

/// Where pages and screenshots are left, to be looked at.
fn directory() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("catalog")
}

#[test]
fn in_a_browser() {
    let Some(mut check) = check() else { return };
    let directory = directory();
    std::fs::create_dir_all(&directory).unwrap();
    let pages = [("ordinary", ordinary()), ("hostile", hostile()), ("many", many()), ("empty", catalog(Vec::new()))];
    for (name, catalog) in pages {
        std::fs::write(directory.join(format!("{name}.html")), html(&catalog).unwrap()).unwrap();
    }
    let output = check.arg("fixtures").arg(&directory).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let passed: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("passed: ")).collect();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    insta::assert_snapshot!(passed.join("\n"));
}

/// The program that drives a browser over pages; `None`, and named, if something that it needs is not installed.
pub fn check() -> Option<Command> {
    let [node, chromium] = ["node", "chromium"].map(|program| {
        let found = find(program);
        if found.is_none() {
            missing(program);
        }
        found
    });
    let (node, chromium) = (node?, chromium?);
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/catalog");
    if !directory.join("node_modules").is_dir() {
        let how = "its packages are not installed: npm ci --prefix tests/catalog --ignore-scripts";
        assert!(!required("node"), "{how}");
        missing(how);
        return None;
    }
    let mut command = Command::new(node);
    command.arg(directory.join("check.mjs")).env("CHROMIUM", chromium);
    Some(command)
}
