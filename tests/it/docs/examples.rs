//! Every manifest, workflow step and command line that a page shows can be used as it stands there.

use clap::Parser as _;
use serde_yaml::Value;
use wharfinger::internals::args::Cli;
use wharfinger::internals::manifest;

use super::{blocks, page, pages};

/// Whether a text is a manifest that can be read.
fn reads(text: &str) -> Result<usize, String> {
    let file = manifest::file("approved-images.yml", text.as_bytes().to_vec()).map_err(|error| format!("{error:?}"))?;
    manifest::parse(vec![file]).map(|manifest| manifest.images.len()).map_err(|error| format!("{error:?}"))
}

#[test]
fn every_manifest_can_be_read() {
    let mut seen = 0;
    for page in pages() {
        for text in blocks(&page.text, "yaml") {
            seen += 1;
            let read = reads(&text);
            assert!(read.as_ref().is_ok_and(|images| *images > 0), "{}\n{text}\n{read:?}", page.path);
        }
    }
    assert!(seen >= 4, "{seen}");
    assert!(reads("organization: acme\nimage: []\n").is_err());
}

/// Parts of manifests, as `yml`: with an organization they can be read. Others are steps of workflows, whose inputs the action has.
#[test]
fn every_part_of_a_manifest_or_workflow_can_be_used() {
    let action: Value = serde_yaml::from_str(&page("action.yml").text).unwrap();
    let (mut parts, mut steps) = (0, 0);
    for page in pages() {
        for text in blocks(&page.text, "yml") {
            let value: Value = serde_yaml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}\n{text}", page.path));
            for step in value.as_sequence().into_iter().flatten().filter(|step| is_ours(step)) {
                steps += 1;
                for (input, _) in step["with"].as_mapping().into_iter().flatten() {
                    let known = !action["inputs"][input.as_str().unwrap()].is_null();
                    let is_dockers = matches!(input.as_str(), Some("args" | "entrypoint"));
                    assert!(known || is_dockers, "{}: the action has no input {input:?}", page.path);
                }
                if let Some(command) = step["with"]["command"].as_str().filter(|command| *command != "run") {
                    assert_eq!(wrong(&format!("wharfinger {command}")), None, "{}", page.path);
                }
            }
            if value.as_mapping().is_some_and(|keys| !keys.contains_key("on") && !keys.contains_key("jobs")) {
                parts += 1;
                let head = if text.contains("organization:") { "" } else { "organization: acme\n" };
                assert!(reads(&format!("{head}{text}")).is_ok(), "{}\n{text}\n{:?}", page.path, reads(&text));
            }
        }
    }
    assert!(parts >= 3 && steps >= 2, "{parts} {steps}");
}

/// Whether a step runs this program as an action.
fn is_ours(step: &Value) -> bool {
    step["uses"].as_str().is_some_and(|uses| uses.contains("wharfinger/wharfinger"))
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

/// Every command line of this program that a page shows: in blocks, and in running text.
fn command_lines(text: &str) -> Vec<String> {
    let (mut fenced, mut found) = (false, Vec::new());
    for line in text.lines().map(str::trim) {
        if line.starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            found.extend(line.split(" | ").filter_map(ours));
        } else {
            found.extend(line.split('`').skip(1).step_by(2).filter_map(ours));
        }
    }
    found
}

/// A command line of this program, also in a container; usages, with their brackets, are none.
fn ours(part: &str) -> Option<String> {
    const IMAGE: &str = "ghcr.io/wharfinger/wharfinger";
    let part = part.trim().trim_start_matches("$ ");
    let in_container = part.starts_with("docker run ").then(|| part.split_once(IMAGE)).flatten();
    let line = in_container.map_or_else(
        || part.to_owned(),
        |(_, rest)| {
            let arguments = rest.split_once(' ').map_or("", |(_, arguments)| arguments);
            format!("wharfinger {arguments}")
        },
    );
    let is_ours = words(&line).first().is_some_and(|word| word == "wharfinger") && words(&line).len() > 1;
    (is_ours && !line.contains("[OPTIONS]") && !line.contains(" COMMAND ")).then_some(line)
}

/// What is wrong with a command line, if anything is.
fn wrong(line: &str) -> Option<String> {
    let error = Cli::try_parse_from(words(line)).err()?;
    let is_printed =
        matches!(error.kind(), clap::error::ErrorKind::DisplayHelp | clap::error::ErrorKind::DisplayVersion);
    // A command that is only named may lack what it needs.
    let is_named = words(line).len() == 2 && error.kind() == clap::error::ErrorKind::MissingRequiredArgument;
    (!is_printed && !is_named).then(|| error.to_string())
}

#[test]
fn every_command_line_is_one_with_these_flags() {
    let mut seen = 0;
    for page in pages() {
        for line in command_lines(&page.text) {
            seen += 1;
            assert_eq!(wrong(&line), None, "{}: {line}", page.path);
        }
    }
    assert!(seen > 100, "{seen}");
    for line in ["wharfinger frobnicate", "wharfinger plan --nonsense"] {
        assert!(wrong(line).is_some(), "{line}");
    }
    let container = command_lines(
        "```sh\ndocker run --rm -v \"$PWD:/w\" ghcr.io/wharfinger/wharfinger:v0.1.0 plan --nonsense\n```",
    );
    assert!(wrong(&container[0]).is_some(), "{container:?}");
}
