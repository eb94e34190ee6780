//! What the pages say in tables, lists and samples is what the program says.

use std::collections::BTreeSet;

use wharfinger::internals::manifest;

use super::page;
use crate::support::process::Run;
use crate::threats::exists;

const PROPOSAL: &str = include_str!(
    "../../../src/proposal/body/tests/snapshots/wharfinger__proposal__body__tests__inside_first_approval.snap"
);

/// Every line of signers can be copied into an image.
#[test]
fn every_line_of_signers_can_be_used() {
    let page = page("docs/signatures.md");
    let quoted = page.text.split('`').skip(1).step_by(2);
    let signers: Vec<&str> = quoted.filter(|text| text.starts_with("signatures: ")).collect();
    assert!(signers.len() >= 6, "{signers:?}");
    for line in signers {
        let text = format!("organization: acme\nimages:\n  - source: redis\n    {line}\n");
        let file = manifest::file("approved-images.yml", text.into_bytes()).unwrap();
        assert!(manifest::parse(vec![file]).is_ok(), "{line}");
    }
}

/// Of the tags of a publisher whose precision changed.
#[test]
fn the_pattern_follows_a_publisher_whose_precision_changed() {
    let page = page("docs/versions.md").text;
    let pattern = page.split_once("`pattern: '").unwrap().1.split_once("'`").unwrap().0;
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
fn the_two_commands_of_the_readme_stand_behind_their_markers() {
    let readme = page("README.md").text;
    for (name, command) in [("demo", "cargo run --locked --example demo"), ("test", "cargo test --locked")] {
        let expected = format!("<!-- command: {name} -->\n```sh\n{command}\n```\n");
        assert_eq!(readme.matches(&expected).count(), 1, "{expected}");
    }
}

#[test]
fn the_proposal_is_what_the_program_writes() {
    let written = PROPOSAL.split_once("== body\n").unwrap().1.split_once("<!-- wharfinger").unwrap().0;
    let page = page("docs/proposals.md").text;
    let quoted: String = page
        .lines()
        .filter_map(|line| line.strip_prefix('>'))
        .map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line)))
        .collect();
    assert_eq!(quoted.trim_end(), written.trim_end());
    let title = PROPOSAL.split("---\n").nth(2).unwrap().lines().next().unwrap();
    assert!(page.contains(&format!("titled **{title}**")), "{title}");
}

#[test]
fn the_scopes_are_those_that_refusals_name() {
    let scopes = |text: &str, quote: char| -> BTreeSet<String> {
        let quoted = text.split(quote).filter(|word| word.starts_with("scope-"));
        quoted.filter(|word| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')).map(str::to_owned).collect()
    };
    let mut asked = BTreeSet::from(["scope-image-push".to_owned()]);
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/hub")).unwrap() {
        asked.extend(scopes(&std::fs::read_to_string(entry.unwrap().path()).unwrap(), '"'));
    }
    assert!(asked.len() > 5, "{asked:?}");
    assert_eq!(scopes(&page("docs/credentials.md").text, '`'), asked);
}

#[test]
fn every_limit_of_the_settings_is_named_as_the_program_does() {
    let page = page("docs/policy.md").text;
    for (name, fact) in wharfinger::internals::policy::settings::advice::LIMITS {
        assert!(page.contains(&format!("| {name} | {fact} |\n")), "{name}");
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
fn the_table_of_destinations_is_the_programs() {
    use wharfinger::internals::manifest::{file, parse};
    use wharfinger::internals::plan::destination::{Kind, lacking};

    let page = page("docs/destinations.md").text;
    let rows = page.lines().skip_while(|line| !line.starts_with("| destination |")).take_while(|l| !l.is_empty());
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

#[test]
fn the_way_to_enforcement_uses_every_command_that_it_needs() {
    let chapter = page("docs/rollout.md").text;
    for command in
        ["doctor", "explain", "plan", "propose", "promote", "verify-access", "sign-in", "apply-policy", "audit"]
    {
        assert!(chapter.contains(&format!("\n   wharfinger {command}")), "{command}");
    }
}

#[test]
fn every_finding_of_an_audit_is_listed_as_the_program_does() {
    let page = page("docs/audit.md").text;
    for code in wharfinger::internals::policy::audit::Code::ALL {
        let kind = if code.is_drift() { "" } else { " (no drift)" };
        let row = format!("| `{}`{kind} | {} | {} |\n", code.as_str(), code.meaning(), code.help());
        assert!(page.contains(&row), "{row}");
    }
}

#[test]
fn every_requirement_of_s2c2f_names_a_test_that_exists() {
    let text = page("docs/s2c2f.md").text;
    let rows: Vec<Vec<&str>> = text
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains(": "))
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect();
    assert!(rows.len() >= 20, "{}", rows.len());
    for row in rows {
        let test = row.get(3).map_or("", |cell| cell.trim_matches(['`', '|', ' ']));
        let is_not_met = row[2].starts_with("no");
        assert!(is_not_met || !test.is_empty(), "{row:?}");
        let named = test.split_once("::");
        assert!(test.is_empty() || named.is_some_and(|(module, test)| exists(module, test)), "there is no test {test}");
    }
}

#[test]
fn the_picture_of_a_proposal_is_of_the_body_that_the_program_writes() {
    super::picture::compare(PROPOSAL);
}

/// The first thing that somebody tries, with what they then read.
#[test]
fn the_rule_to_try_prints_what_the_readme_shows() {
    let readme = page("README.md").text;
    let (command, rest) =
        readme.split_once("| wharfinger explain ").unwrap().1.split_once("\n```\n\n```text\n").unwrap();
    let tags = readme.split_once("printf '%s\\n' ").unwrap().1.split_once(" |").unwrap().0.replace(' ', "\n");
    let arguments = command.split_whitespace().map(|word| word.trim_matches('"'));
    let run = Run::new(env!("CARGO_BIN_EXE_wharfinger")).arg("explain").args(arguments).stdin(format!("{tags}\n"));
    assert_eq!(run.output().expect_status(0).stdout.trim_end(), rest.split_once("\n```").unwrap().0);
}
