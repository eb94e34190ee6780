//! A corpus of broken manifests: every fault in one run, each with its place and how to mend it.

use std::collections::BTreeSet;

use wharfinger::diag::Diagnostic;
use wharfinger::manifest::{Code, File, file, parse};
use wharfinger::observe::manifest::{LoadError, from_directory};
use wharfinger::report::diagnostics;

/// The corpus: name and files. A line `#### PATH` begins an included file.
pub fn corpus() -> Vec<(String, Vec<File>)> {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/manifest/broken");
    let mut names: Vec<_> = std::fs::read_dir(directory).unwrap().map(|e| e.unwrap().path()).collect();
    names.sort();
    names
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let mut parts = text.split("#### ");
            let main = parts.next().unwrap().to_owned();
            let mut files = vec![File { path: "approved-images.yml".to_owned(), text: main }];
            files.extend(parts.map(|part| {
                let (path, text) = part.split_once('\n').unwrap();
                File { path: path.to_owned(), text: text.to_owned() }
            }));
            (path.file_name().unwrap().to_str().unwrap().to_owned(), files)
        })
        .collect()
}

fn faults(files: &[File]) -> Vec<Diagnostic> {
    parse(files.to_vec()).expect_err("the corpus holds broken manifests")
}

#[test]
fn every_broken_manifest_says_where_and_how_to_mend_it() {
    let mut shown = String::new();
    for (name, files) in corpus() {
        let faults = faults(&files);
        assert!(!faults.is_empty(), "{name}");
        shown.push_str(&format!("======== {name}\n{}", diagnostics::text(&faults, &files)));
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn every_code_is_met_and_written_once() {
    let texts: BTreeSet<&str> = Code::ALL.iter().map(|c| c.as_str()).collect();
    assert_eq!(texts.len(), Code::ALL.len(), "two codes are written alike");
    assert!(texts.iter().all(|t| t.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')));
    let mut met: BTreeSet<&str> = corpus().iter().flat_map(|(_, files)| faults(files)).map(|d| d.code).collect();
    met.extend([file("a.yml", vec![b'a', 0xff]).unwrap_err().code, too_large()[0].code]);
    assert_eq!(met, texts);
}

fn too_large() -> Vec<Diagnostic> {
    let text = format!("organization: acme\n{}", "#\n".repeat(600_000));
    faults(&[File { path: "approved-images.yml".to_owned(), text }])
}

#[test]
fn a_fault_of_the_whole_file_stands_at_its_beginning() {
    let fault = &too_large()[0];
    assert_eq!((fault.code, fault.line, fault.column), ("too-large", 1, 1));
    let fault = file("a.yml", b"\xff".repeat(2_000_000)).unwrap_err();
    assert_eq!((fault.code, fault.line, fault.column), ("too-large", 1, 1));
}

#[test]
fn diagnostics_are_json_with_the_keys_that_are_promised() {
    let (_, files) = corpus().into_iter().find(|(name, _)| name == "newer.yml").unwrap();
    insta::assert_json_snapshot!(faults(&files), @r#"
    [
      {
        "code": "newer-version",
        "message": "this manifest is written in version 2, and this release reads version 1",
        "file": "approved-images.yml",
        "line": 1,
        "column": 10,
        "help": "use wharfinger 2.x, which reads it"
      }
    ]
    "#);
}

#[test]
fn a_file_that_is_too_large_is_a_diagnostic_wherever_it_is_included() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).unwrap();
    let found = || match from_directory(directory.path(), "approved-images.yml") {
        Err(LoadError::Faults(faults, _)) => faults.into_iter().map(|f| (f.code, f.file)).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    write("approved-images.yml", "organization: acme\nimages: []\ninclude: [more.yml]\n");
    write("more.yml", &"#\n".repeat(600_000));
    assert_eq!(found(), [("too-large", "more.yml".to_owned())]);
    write("approved-images.yml", &"#\n".repeat(3_000_000));
    assert_eq!(found(), [("too-large", "approved-images.yml".to_owned())]);
}
