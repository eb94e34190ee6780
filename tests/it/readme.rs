//! README says what is so: its examples are read, its sample is the program's, its lists are complete.

use std::collections::BTreeSet;
use std::path::Path;

use wharfinger::manifest;

use crate::support::process::Run;

const README: &str = include_str!("../../README.md");
const PROPOSAL: &str =
    include_str!("../../src/proposal/body/snapshots/wharfinger__proposal__body__tests__first_approval.snap");

/// The fenced blocks of a language, without the indentation of a list that they stand in.
fn blocks(language: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = README.lines();
    while let Some(line) = lines.next() {
        let indent = line.len() - line.trim_start().len();
        if line.trim_start() == format!("```{language}") {
            let inside = lines.by_ref().take_while(|line| line.trim() != "```");
            found.push(inside.map(|line| format!("{}\n", line.get(indent..).unwrap_or_default())).collect());
        }
    }
    found
}

#[test]
fn its_manifests_parse() {
    let manifests = blocks("yaml");
    assert_eq!(manifests.len(), 2, "the first manifest, and the one by example");
    for text in manifests {
        let file = manifest::file("README.md", text.clone().into_bytes()).unwrap();
        let read = manifest::parse(vec![file]);
        assert!(read.as_ref().is_ok_and(|manifest| !manifest.images.is_empty()), "{text}\n{read:?}");
    }
}

#[test]
fn its_two_commands_stand_behind_their_markers() {
    for (name, command) in [("demo", "cargo run --locked --example demo"), ("test", "cargo test --locked")] {
        let expected = format!("<!-- command: {name} -->\n```sh\n{command}\n```\n");
        assert_eq!(README.matches(&expected).count(), 1, "{expected}");
    }
}

#[test]
fn its_proposal_is_what_the_program_writes() {
    let written = PROPOSAL.split_once("== body\n").unwrap().1.split_once("<!-- wharfinger").unwrap().0;
    let quoted: String = README
        .lines()
        .filter_map(|line| line.strip_prefix('>'))
        .map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line)))
        .collect();
    assert_eq!(quoted.trim_end(), written.trim_end());
    let title = PROPOSAL.split("---\n").nth(2).unwrap().lines().next().unwrap();
    assert!(README.contains(&format!("titled **{title}**")), "{title}");
}

#[test]
fn its_links_lead_to_files() {
    let targets = README.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    let local: Vec<_> = targets.filter(|target| !target.contains("://") && !target.starts_with('#')).collect();
    assert!(local.len() >= 5, "{local:?}");
    for target in local {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(target).exists(), "{target}");
    }
}

#[test]
fn it_lists_every_command_and_none_that_is_not_there() {
    let help = Run::new(env!("CARGO_BIN_EXE_wharfinger")).args(["--help"]).output().expect_status(0).stdout;
    let listed = help.split_once("Commands:\n").unwrap().1.split_once("\n\n").unwrap().0.lines();
    let names = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let there: BTreeSet<_> = names.filter_map(|l| l.split_whitespace().next()).filter(|n| *n != "help").collect();
    let section = README.split_once("## Command line\n\n```\n").unwrap().1.split_once("```").unwrap().0;
    let said: BTreeSet<_> = section.lines().filter_map(|line| line.split_whitespace().nth(1)).collect();
    assert_eq!(said, there);
}

#[test]
fn it_names_the_scopes_that_refusals_name() {
    let scopes = |text: &str, quote: char| -> BTreeSet<String> {
        let quoted = text.split(quote).filter(|word| word.starts_with("scope-"));
        quoted.filter(|word| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')).map(str::to_owned).collect()
    };
    let mut asked = BTreeSet::from(["scope-image-push".to_owned()]);
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/hub")).unwrap() {
        asked.extend(scopes(&std::fs::read_to_string(entry.unwrap().path()).unwrap(), '"'));
    }
    assert!(asked.len() > 5, "{asked:?}");
    assert_eq!(scopes(README, '`'), asked);
}

#[test]
fn it_names_every_limit_of_the_settings_as_the_program_does() {
    for (name, fact) in wharfinger::policy::settings::advice::LIMITS {
        assert!(README.contains(&format!("| {name} | {fact} |\n")), "{name}");
    }
}

#[test]
fn its_table_of_destinations_is_the_programs() {
    use wharfinger::plan::destination::{CAPABILITIES, COLUMNS};
    let line = |cells: &[&str]| format!("| {} |\n", cells.join(" | "));
    let table = line(&COLUMNS) + &line(&["---"; 9]) + &CAPABILITIES.iter().map(|row| line(row)).collect::<String>();
    assert!(README.contains(&table), "{table}");
}
