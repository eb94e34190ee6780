//! A corpus of broken manifests: every fault in one run, each with its location and how to fix it.

use std::collections::BTreeMap;

use wharfinger::internals::diag::Diagnostic;
use wharfinger::internals::manifest::{File, file, parse};
use wharfinger::internals::observe::manifest::{LoadError, from_directory};
use wharfinger::internals::report::diagnostics;

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

/// What the broken manifests give, by code: each diagnostic as it is printed, under the name of its manifest.
fn examples() -> BTreeMap<&'static str, String> {
    let mut broken: Vec<_> = corpus().into_iter().map(|(name, files)| (name, faults(&files), files)).collect();
    let not_utf8 = file("a.yml", vec![b'a', 0xff]).unwrap_err();
    broken.push(("bytes that are not UTF-8".to_owned(), vec![not_utf8], Vec::new()));
    broken.push(("more than 1 MiB".to_owned(), too_large(), Vec::new()));
    let mut examples: BTreeMap<&'static str, String> = BTreeMap::new();
    for (name, faults, files) in broken {
        assert!(!faults.is_empty(), "{name}");
        let mut by_code: BTreeMap<&str, Vec<Diagnostic>> = BTreeMap::new();
        for fault in faults {
            by_code.entry(fault.code).or_default().push(fault);
        }
        for (code, faults) in by_code {
            let text = format!("======== {name}\n{}", diagnostics::text(&faults, &files));
            examples.entry(code).or_default().push_str(&text);
        }
    }
    examples
}

/// A snapshot a code. `src/diag/code.rs` proves that every code has one.
#[test]
fn every_diagnostic_says_where_the_fault_is_and_how_to_fix_it() {
    let examples = examples();
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots/broken");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| examples.iter().for_each(|(code, text)| insta::assert_snapshot!(*code, text)));
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/manifest/snapshots/broken");
    let mut files: Vec<_> =
        std::fs::read_dir(directory).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    let expected: Vec<_> = examples.keys().map(|code| format!("{code}.snap")).collect();
    assert_eq!(files, expected, "a snapshot of a code that no longer occurs");
}

/// Every fault of a manifest comes in one run, in an order that people can follow.
#[test]
fn the_faults_of_a_manifest_come_in_one_order() {
    let place = |fault: &Diagnostic| format!("  {}:{}:{} {}\n", fault.file, fault.line, fault.column, fault.code);
    let of = |(name, files): (String, Vec<File>)| {
        format!("{name}\n{}", faults(&files).iter().map(place).collect::<String>())
    };
    insta::assert_snapshot!(corpus().into_iter().map(of).collect::<String>());
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
        "message": "this manifest uses format version 2, and this release reads version 1",
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
