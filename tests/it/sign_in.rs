//! The files that enforce signing in, as interpreted by their readers.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::json;

use crate::support::process::Run;

const NAMES: [&str; 4] =
    ["docker-desktop-sign-in.reg", "docker-desktop-sign-in.mobileconfig", "desktop.plist", "registry.json"];

fn sign_in(directory: &tempfile::TempDir) -> Run {
    Run::new(env!("CARGO_BIN_EXE_wharfinger")).dir(directory.path()).arg("sign-in")
}

fn empty() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn files(directory: &std::path::Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|p| (p.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(p).unwrap())).collect()
}

/// What the registry editor makes of a script with one multi-string: key, name and strings.
fn imported(bytes: &[u8]) -> (String, String, Vec<String>) {
    assert_eq!(bytes[..2], [0xff, 0xfe], "the byte order mark");
    let utf16 = |bytes: &[u8]| {
        assert_eq!(bytes.len() % 2, 0);
        let units: Vec<u16> = bytes.chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        String::from_utf16(&units).unwrap()
    };
    let text = utf16(&bytes[2..]);
    assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "every line ends with CRLF");
    assert!(text.lines().all(|line| line.len() <= 100), "{text}");
    let joined = text.replace("\\\r\n  ", "");
    let lines: Vec<&str> = joined.split("\r\n").filter(|line| !line.is_empty()).collect();
    let [version, key, value] = lines[..] else { panic!("{lines:?}") };
    assert_eq!(version, "Windows Registry Editor Version 5.00");
    let (name, hex) = value.split_once("=hex(7):").unwrap();
    let data: Vec<u8> = hex.split(',').map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
    let strings = utf16(&data);
    let strings = strings.strip_suffix("\0\0").expect("each string and the list end with a zero");
    (key.to_owned(), name.to_owned(), strings.split('\0').map(str::to_owned).collect())
}

/// A property list as Python's parser reads it; `None`, said, where there is no Python.
fn property_list(path: &std::path::Path) -> Option<serde_json::Value> {
    let script =
        "import plistlib, json, sys; print(json.dumps(plistlib.load(open(sys.argv[1], 'rb'), fmt=plistlib.FMT_XML)))";
    match Command::new("python3").args(["-c", script]).arg(path).output() {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            Some(serde_json::from_slice(&output.stdout).unwrap())
        }
        Err(e) => {
            let required = std::env::var("WHARFINGER_TEST_SERVERS").is_ok_and(|named| named == "required");
            assert!(!required, "python3, whose parser reads property lists, is absent: {e}");
            use std::io::Write as _;
            let _ = writeln!(std::io::stderr(), "python3 is absent: property lists are not read by its parser");
            None
        }
    }
}

#[test]
fn each_file_is_what_its_reader_takes() {
    let directory = empty();
    let run = sign_in(&directory).args(["--output", "out", "--organization", "Acme", "--organization", "acme-labs"]);
    run.output().expect_status(0);
    let out = directory.path().join("out");
    let written = files(&out);
    let mut names = NAMES.map(str::to_owned);
    names.sort();
    assert_eq!(written.keys().cloned().collect::<Vec<_>>(), names, "these files, and nothing half-written beside them");

    let both = ["acme", "acme-labs"];
    let (key, name, strings) = imported(&written["docker-desktop-sign-in.reg"]);
    assert_eq!(key, r"[HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Docker\Docker Desktop]");
    assert_eq!((name.as_str(), strings.as_slice()), ("\"allowedOrgs\"", &both.map(str::to_owned)[..]));
    let json: serde_json::Value = serde_json::from_slice(&written["registry.json"]).unwrap();
    assert_eq!(json, json!({ "allowedOrgs": both }), "UTF-8 without a byte order mark");
    if let Some(plist) = property_list(&out.join("desktop.plist")) {
        assert_eq!(plist, json!({ "allowedOrgs": both }));
    }
    if let Some(profile) = property_list(&out.join("docker-desktop-sign-in.mobileconfig")) {
        let payload = &profile["PayloadContent"][0];
        assert_eq!(payload["PayloadType"], "com.docker.config");
        assert_eq!(payload["allowedOrgs"], "acme;acme-labs", "one string here");
        assert_eq!(profile["PayloadType"], "Configuration");
        assert_ne!(profile["PayloadUUID"], payload["PayloadUUID"]);
        for dictionary in [&profile, payload] {
            for key in ["PayloadIdentifier", "PayloadUUID", "PayloadVersion", "PayloadDisplayName"] {
                assert!(!dictionary[key].is_null(), "{key}");
            }
        }
    }
}

#[test]
fn long_lists_are_folded_as_the_registry_editor_folds_them() {
    let directory = empty();
    let organizations: Vec<String> = (0..40).map(|n| format!("organization-number-{n}")).collect();
    let flags = organizations.iter().flat_map(|name| ["--organization", name]);
    sign_in(&directory).args(["--output", "."]).args(flags).output().expect_status(0);
    assert_eq!(imported(&files(directory.path())["docker-desktop-sign-in.reg"]).2, organizations);
}

#[test]
fn what_is_printed_is_as_it_was_read() {
    let directory = empty();
    std::fs::write(directory.path().join("approved-images.yml"), "organization: acme\nimages: []\n").unwrap();
    insta::assert_snapshot!(sign_in(&directory).output().expect_status(0).stdout);
    let json = sign_in(&directory).args(["--format", "json"]).output().expect_status(0).json();
    let schema = Run::new(env!("CARGO_BIN_EXE_wharfinger")).args(["schema", "output"]).output().json();
    jsonschema::validate(&schema, &json).unwrap();
    assert_eq!((&json["version"], &json["organizations"]), (&json!(1), &json!(["acme"])));
    let names: Vec<_> = json["files"].as_array().unwrap().iter().map(|file| file["name"].as_str().unwrap()).collect();
    assert_eq!(names, NAMES);
    assert!(json["files"].as_array().unwrap().iter().all(|file| file["written"].is_null()), "{json}");
    assert_eq!(files(directory.path()).len(), 1, "printing writes nothing");
}

#[test]
fn a_file_that_holds_something_else_is_replaced_only_when_told() {
    let directory = empty();
    let acme =
        |flags: &[&str]| sign_in(&directory).args(["--output", ".", "--organization", "acme"]).args(flags).output();
    let actions = |outcome: crate::support::process::Outcome| -> Vec<String> {
        let json = outcome.expect_status(0).json();
        json["files"].as_array().unwrap().iter().map(|f| f["written"]["action"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(actions(acme(&["--format", "json"])), ["written"; 4]);
    let first = files(directory.path());
    assert_eq!(actions(acme(&["--format", "json"])), ["unchanged"; 4]);
    assert_eq!(files(directory.path()), first, "the same bytes every time");

    std::fs::write(directory.path().join("registry.json"), "{\"allowedOrgs\":[\"others\"]}").unwrap();
    std::fs::remove_file(directory.path().join("desktop.plist")).unwrap();
    let before = files(directory.path());
    let refused = acme(&[]).expect_status(2);
    assert_eq!(
        refused.stderr,
        "error: ./registry.json exists with different content; nothing was written: choose another directory, or use --force to overwrite it\n"
    );
    assert_eq!(files(directory.path()), before);
    assert_eq!(actions(acme(&["--force", "--format", "json"])), ["unchanged", "unchanged", "written", "replaced"]);
    assert_eq!(files(directory.path()), first);
}

#[test]
fn what_cannot_be_used_is_said() {
    let directory = empty();
    let error = |flags: &[&str]| sign_in(&directory).args(flags).output().expect_status(2).stderr;
    assert!(error(&[]).contains("approved-images.yml"), "without a manifest an organization is named");
    let bad = error(&["--organization", "acme;others", "--output", "out"]);
    assert_eq!(
        bad,
        "error: `acme;others` is not a Docker Hub organization: it must consist of letters, digits, `-` and `_`; repeat the flag for several\n"
    );
    std::fs::write(directory.path().join("file"), "").unwrap();
    assert!(error(&["--organization", "acme", "--output", "file"]).contains("cannot be written"));
    assert!(error(&["--organization", "acme", "--force"]).contains("--output"));
    let elsewhere = "organization: acme\nregistry: ghcr.io\nimages: []\n";
    std::fs::write(directory.path().join("approved-images.yml"), elsewhere).unwrap();
    assert!(error(&[]).contains("name one with --organization"));
    assert_eq!(files(directory.path()).len(), 2, "nothing was written");
}
