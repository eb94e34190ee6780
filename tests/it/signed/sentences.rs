//! The table of what people are told, by `explain`, `check` and `promote`.

use std::collections::BTreeMap;

use serde_json::Value;
use wharfinger::internals::image::Digest;

use super::faults::{Case, cases};
use super::{PROGRAM, World, entry, redact, rows, text};
use crate::support::clone::Clone;

/// What one command says of each repository.
type Said = BTreeMap<String, String>;

/// A name as a repository has it.
fn slug(name: &str) -> String {
    let plain: String = name.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join("-")
}

fn explained(clone: &Clone) -> Said {
    // What a registry does not answer is a failure, and no reason.
    let output = clone.run(PROGRAM, "", &["explain"]).output().expect_status(1).json();
    let row = |image: &Value| {
        let tags = rows(image, "tags").iter().filter(|tag| tag["tag"] == "1.0.0");
        let told = |tag: &Value| match text(&tag["verdict"]).as_str() {
            "chosen" => "chosen".to_owned(),
            _ => format!("{}: {}", text(&tag["reason"]), tag["detail"].as_str().unwrap_or_default()),
        };
        (text(&image["repository"]), redact(&tags.map(told).collect::<Vec<_>>().join(" | ")))
    };
    let failed = rows(&output, "failed").iter().map(|it| (it, &it["step"], &it["error"]));
    rows(&output, "images").iter().map(row).chain(told(failed)).collect()
}

fn checked(clone: &Clone) -> Said {
    let output = clone.run(PROGRAM, "", &["check"]).output().expect_status(1).json();
    let about = |it: &&Value| it["code"] == "unsigned";
    let findings = rows(&output, "findings").iter().filter(about).map(|it| (it, &it["code"], &it["found"]));
    let failed = rows(&output, "failed").iter().map(|it| (it, &it["step"], &it["error"]));
    told(findings.chain(failed))
}

fn promoted(clone: &Clone) -> Said {
    let output = clone.run(PROGRAM, "", &["promote"]).output().expect_status(1).json();
    told(rows(&output, "failed").iter().map(|it| (it, &it["step"], &it["error"])))
}

/// By repository what was wrong, in the words of the command.
fn told<'a>(faults: impl Iterator<Item = (&'a Value, &'a Value, &'a Value)>) -> Said {
    let mut said = Said::new();
    for (row, code, words) in faults {
        let words = redact(&format!("{}: {}", text(code), text(words)));
        let line = said.entry(text(&row["repository"])).or_default();
        *line = if line.is_empty() { words } else { format!("{line} | {words}") };
    }
    said
}

/// The row of a case: each sentence once, with the commands that say it.
fn row(case: &Case, said: &[(&str, &Said)], record: Option<&str>) -> String {
    let mut lines: Vec<(String, String)> = Vec::new();
    for (command, said) in said {
        let words = said.get(&slug(case.name)).map_or("nothing", String::as_str);
        match lines.iter_mut().find(|(_, other)| other == words) {
            Some((commands, _)) => *commands = format!("{commands}, {command}"),
            None => lines.push(((*command).to_owned(), words.to_owned())),
        }
    }
    lines.extend(record.map(|record| ("signed-by".to_owned(), redact(record))));
    let lines: String = lines.iter().map(|(commands, words)| format!("    {commands}: {words}\n")).collect();
    format!("{}\n{lines}", case.name)
}

/// `signed-by` of each repository, as the record wrote it.
fn signed_by(manifest: &str) -> Said {
    let mut said = Said::new();
    let mut repository = String::new();
    for line in manifest.lines().map(str::trim_start) {
        if let Some(name) = line.strip_prefix("repository: ") {
            name.clone_into(&mut repository);
        } else if let Some(by) = line.strip_prefix("signed-by: ") {
            said.insert(repository.clone(), by.to_owned());
        }
    }
    said
}

#[test]
fn every_fault_has_its_own_sentence_and_only_what_is_verified_comes_in() {
    let (world, cases) = (World::new(), cases());
    let mut digests: Vec<Digest> = Vec::new();
    for (seed, case) in (1000..).zip(&cases) {
        let published = world.publish(&slug(case.name), "1.0.0", seed);
        (case.sign)(&published);
        digests.push(published.digest());
    }
    let manifest = |is_approved: bool| {
        let one = |(case, digest): (&Case, &Digest)| {
            let approved = [("1.0.0", digest)];
            entry(&world.upstream.host(), &slug(case.name), &case.asked, if is_approved { &approved } else { &[] })
        };
        world.manifest(&cases.iter().zip(&digests).map(one).collect::<Vec<_>>())
    };
    let clone = world.clone_with(&manifest(false));
    let explained = explained(&clone);
    std::fs::write(clone.path().join("approved-images.yml"), manifest(true)).unwrap();
    let checked = checked(&clone);
    clone.commit(&[], "Approve them all by hand");
    let promoted = promoted(&clone);
    let records = signed_by(&clone.read("main", "approved-images.yml"));

    for (case, digest) in cases.iter().zip(&digests) {
        let (name, is_verified) = (slug(case.name), case.name.starts_with("verified"));
        let mirrored = world.mirror.digest(&format!("acme/{name}"), "1.0.0");
        assert_eq!(mirrored.is_some(), is_verified, "{}: whether it was promoted", case.name);
        assert_eq!(records.contains_key(&name), is_verified, "{}: whether a signer is recorded", case.name);
        let is_whole = case.asked.contains("platforms") || mirrored.as_ref().is_none_or(|mirrored| mirrored == digest);
        assert!(is_whole, "{}: other bytes", case.name);
        for (command, said) in [("explain", &explained), ("check", &checked), ("promote", &promoted)] {
            let is_fine = said.get(&name).is_none_or(|words| words == "chosen");
            assert_eq!(is_fine, is_verified, "{command} of {}: {:?}", case.name, said.get(&name));
        }
    }
    let said = [("explain", &explained), ("check", &checked), ("promote", &promoted)];
    let table: String =
        cases.iter().map(|case| row(case, &said, records.get(&slug(case.name)).map(String::as_str))).collect();
    insta::assert_snapshot!(table);
}
