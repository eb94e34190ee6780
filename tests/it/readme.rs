//! README is accurate: its examples parse, its sample is the program's, its lists are complete.

use std::collections::BTreeSet;
use std::path::Path;

use clap::Parser as _;
use wharfinger::internals::args::Cli;
use wharfinger::internals::manifest;

use crate::support::process::Run;

const README: &str = include_str!("../../README.md");
const PROPOSAL: &str = include_str!(
    "../../src/proposal/body/tests/snapshots/wharfinger__proposal__body__tests__inside_first_approval.snap"
);

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
    assert_eq!(manifests.len(), 3, "the first manifest, the one by example, and that of the program's own image");
    for text in manifests {
        let file = manifest::file("README.md", text.clone().into_bytes()).unwrap();
        let read = manifest::parse(vec![file]);
        assert!(read.as_ref().is_ok_and(|manifest| !manifest.images.is_empty()), "{text}\n{read:?}");
    }
}

/// Every line of signers can be copied into an image.
#[test]
fn its_signers_parse() {
    let (_, section) = README.split_once("### Signatures and provenance\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let quoted = section.split('`').skip(1).step_by(2);
    let signers: Vec<&str> = quoted.filter(|text| text.starts_with("signatures: ")).collect();
    assert!(signers.len() >= 6, "{signers:?}");
    for line in signers {
        let text = format!("organization: acme\nimages:\n  - source: redis\n    {line}\n");
        let file = manifest::file("README.md", text.into_bytes()).unwrap();
        assert!(manifest::parse(vec![file]).is_ok(), "{line}");
    }
}

/// Of the tags of a publisher whose precision changed.
#[test]
fn its_pattern_follows_a_publisher_whose_precision_changed() {
    let pattern = README.split_once("`pattern: '").unwrap().1.split_once("'`").unwrap().0;
    let chosen = |tags: &str, approved: &[&str]| {
        let approved = approved.iter().flat_map(|tag| ["--approved", tag]);
        let arguments = ["explain", "acme/thing", "--tags", "-", "--format", "json", "--pattern", pattern];
        let run = Run::new(env!("CARGO_BIN_EXE_wharfinger")).args(arguments).args(approved).stdin(tags).output();
        run.expect_status(0).json()["images"][0]["lines"][0]["chosen"].as_str().map(str::to_owned)
    };
    let first = "25_36-jre-alpine\n25-jre-alpine\n21.0.12_8-jre-alpine\n25_36-jdk-alpine\n";
    let all = format!("{first}25.0.1_8-jre-alpine\n25.0.10_1-jre-alpine\n25.0.4_7-jre-alpine\n");
    assert_eq!(chosen(first, &[]).as_deref(), Some("25_36-jre-alpine"));
    assert_eq!(chosen(&all, &["25_36-jre-alpine"]).as_deref(), Some("25.0.10_1-jre-alpine"));
    assert_eq!(chosen(&all, &["25.0.10_1-jre-alpine"]), None);
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
    for (name, fact) in wharfinger::internals::policy::settings::advice::LIMITS {
        assert!(README.contains(&format!("| {name} | {fact} |\n")), "{name}");
    }
}

/// Each destination of the table, as `registry` names it.
const DESTINATIONS: [(&str, &str); 7] = [
    ("Docker Hub", "docker.io"),
    ("GitHub (`ghcr.io`)", "ghcr.io"),
    ("Amazon ECR", "123456789012.dkr.ecr.eu-central-1.amazonaws.com"),
    ("Google Artifact Registry", "europe-docker.pkg.dev"),
    ("Harbor", "harbor.corp"),
    ("another OCI registry", "registry.corp"),
    ("a directory (`oci:DIR`)", "oci:mirror"),
];

/// What an image may wish of its repository, as the columns from the third on are called.
const WISHES: [(&str, &str); 4] = [
    ("visibility", "visibility: public"),
    ("teams", "teams: { developers: read }"),
    ("immutable tags", "immutable-tags: true"),
    ("descriptions", "description: Logs"),
];

#[test]
fn its_table_of_destinations_is_the_programs() {
    use wharfinger::internals::manifest::{file, parse};
    use wharfinger::internals::plan::destination::{Kind, lacking};

    let rows = README.lines().skip_while(|line| !line.starts_with("| destination |")).take_while(|l| !l.is_empty());
    let rows: Vec<&str> = rows.collect();
    insta::assert_snapshot!("destinations", rows.join("\n"));
    let rows: Vec<Vec<&str>> =
        rows.into_iter().map(|row| row.trim_matches(['|', ' ']).split(" | ").collect()).collect();
    assert_eq!(rows[0][..2], ["destination", "creates repositories"]);
    assert_eq!(rows[0][2..6], WISHES.map(|(column, _)| column));
    assert_eq!(rows[2..].iter().map(|row| row[0]).collect::<Vec<_>>(), DESTINATIONS.map(|(name, _)| name));
    for (row, (name, registry)) in rows[2..].iter().zip(DESTINATIONS) {
        let organization = if registry.contains("pkg.dev") { "proj/mirror" } else { "acme" };
        for (cell, (column, wish)) in row[2..6].iter().zip(WISHES) {
            let image = format!("  - source: grafana/loki\n    rebuilds: ignore\n    {wish}\n");
            let text = format!("organization: {organization}\nregistry: {registry}\nimages:\n{image}");
            let manifest = parse(vec![file("approved-images.yml", text.into_bytes()).unwrap()]).unwrap();
            let is_made_ahead = Kind::of(&manifest.registry).is_made_ahead();
            assert_eq!(row[1].starts_with("before the first push"), is_made_ahead, "{name}");
            let fulfilled = lacking(&manifest, &[&manifest.images[0]]).is_empty();
            assert_eq!(*cell == "yes", fulfilled, "{name}, {column}");
        }
    }
}

/// The words of a command line, as a shell splits it: quotes keep together, what follows `#` or `>` is not the program's.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None::<char>);
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '#' | '>') => break,
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    let variables = words.iter().take_while(|word| {
        word.split('=').next().is_some_and(|n| n.len() > 1 && n.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'))
    });
    let variables = variables.count();
    words.split_off(variables)
}

/// Every command line of this program that the README shows: in blocks, and in running text.
fn command_lines() -> Vec<String> {
    let (mut fenced, mut found) = (false, Vec::new());
    for line in README.lines().map(str::trim) {
        if line.starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            let parts =
                line.split('|').map(str::trim).filter(|part| words(part).first().is_some_and(|w| w == "wharfinger"));
            found.extend(parts.map(str::to_owned));
        } else {
            let spans = line.split('`').skip(1).step_by(2).filter(|span| span.starts_with("wharfinger "));
            found.extend(spans.map(str::to_owned));
        }
    }
    found
}

#[test]
fn every_command_that_it_shows_is_one_with_these_flags() {
    let lines = command_lines();
    assert!(lines.len() > 30, "{lines:?}");
    for line in &lines {
        let parsed = Cli::try_parse_from(words(line));
        let known = parsed.as_ref().err().is_none_or(|e| {
            // A command that is only named may lack what it needs.
            words(line).len() == 2 && e.kind() == clap::error::ErrorKind::MissingRequiredArgument
        });
        assert!(known, "{line}: {}", parsed.err().map(|e| e.to_string()).unwrap_or_default());
    }
    for wrong in ["wharfinger frobnicate", "wharfinger plan --nonsense"] {
        assert!(Cli::try_parse_from(words(wrong)).is_err(), "{wrong}");
    }
}

#[test]
fn its_way_to_enforcement_uses_every_command_that_it_needs() {
    let chapter = README.split_once("## From Image Access Management off").unwrap().1.split_once("\n## ").unwrap().0;
    for command in
        ["doctor", "explain", "plan", "propose", "promote", "verify-access", "sign-in", "apply-policy", "audit"]
    {
        assert!(chapter.contains(&format!("\n   wharfinger {command}")), "{command}");
    }
}

#[test]
fn it_lists_every_finding_of_an_audit_as_the_program_does() {
    for code in wharfinger::internals::policy::audit::Code::ALL {
        let kind = if code.is_drift() { "" } else { " (no drift)" };
        let row = format!("| `{}`{kind} | {} | {} |\n", code.as_str(), code.meaning(), code.help());
        assert!(README.contains(&row), "{row}");
    }
}
