//! `action.yml` says what the program reads and writes.

use std::collections::BTreeSet;

use serde_yaml::Value;
use wharfinger::internals::settings::KEYS;

use crate::support::process::{Actions, Run};

fn action() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/action.yml");
    serde_yaml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn names(section: &Value) -> BTreeSet<String> {
    section.as_mapping().unwrap().keys().map(|key| key.as_str().unwrap().to_owned()).collect()
}

#[test]
fn its_inputs_are_the_settings() {
    let inputs = names(&action()["inputs"]);
    let known = KEYS.iter().filter(|key| key.input).map(|key| key.name.to_owned());
    assert_eq!(inputs, known.chain(["command".to_owned()]).collect());
}

#[test]
fn every_input_and_output_is_described_and_every_input_has_a_default() {
    let action = action();
    for section in ["inputs", "outputs"] {
        for name in names(&action[section]) {
            let described = action[section][name.as_str()]["description"].as_str().is_some_and(|text| text.len() > 10);
            assert!(described, "{section}.{name} has no description");
            assert!(
                section == "outputs" || action[section][name.as_str()]["default"].is_string(),
                "{name} has no default"
            );
        }
    }
}

/// What GitHub Marketplace takes: https://docs.github.com/en/actions/how-tos/create-and-publish-actions/publish-in-github-marketplace
#[test]
fn the_marketplace_takes_it() {
    let action = action();
    let text = |key: &str| action[key].as_str().unwrap_or_else(|| panic!("{key} is missing")).to_owned();
    assert!(text("name").len() <= 50 && !text("name").to_lowercase().contains("github"), "{}", text("name"));
    let description = text("description");
    assert!(description.len() < 125 && !description.contains('\n'), "{} characters", description.len());
    assert!(!text("author").is_empty());
    let colors = ["white", "black", "yellow", "blue", "green", "orange", "red", "purple", "gray-dark"];
    assert!(colors.contains(&action["branding"]["color"].as_str().unwrap()));
    assert!(action["branding"]["icon"].as_str().unwrap().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'));
    let known = ["name", "description", "author", "branding", "inputs", "outputs", "runs"];
    assert!(names(&action).iter().all(|key| known.contains(&key.as_str())), "{:?}", names(&action));
    for (name, input) in action["inputs"].as_mapping().unwrap() {
        assert!(input["description"].as_str().unwrap().len() < 1_000, "{name:?}");
    }
}

/// The defaults are what the program takes where nothing is given, but for the log, which a job shows more of.
#[test]
fn its_defaults_are_the_programs() {
    let action = action();
    let mut actions = Actions::new("acme/images", "release", &serde_json::json!({}));
    for name in names(&action["inputs"]) {
        let default = action["inputs"][name.as_str()]["default"].as_str().unwrap().to_owned();
        actions = actions.input(&name, if name == "github-token" { "" } else { &default });
    }
    let given = Run::new(env!("CARGO_BIN_EXE_wharfinger")).actions(&actions).output();
    let nothing = Actions::new("acme/images", "release", &serde_json::json!({}));
    let bare = Run::new(env!("CARGO_BIN_EXE_wharfinger")).actions(&nothing).output();
    assert_eq!(given, bare);
    assert!(given.expect_status(2).stdout.contains("run does nothing for the event release"));
}

#[test]
fn its_outputs_are_what_is_written() {
    let mut written = BTreeSet::from(["matrix".to_owned()]);
    let actions = Actions::new("acme/images", "release", &serde_json::json!({}));
    Run::new(env!("CARGO_BIN_EXE_wharfinger")).actions(&actions).output().expect_status(2);
    written.extend(
        actions.output_file().lines().filter_map(|line| line.split_once("<<")).map(|(name, _)| name.to_owned()),
    );
    assert_eq!(names(&action()["outputs"]), written);
}

#[test]
fn it_runs_in_the_container_of_the_checkout() {
    let action = action();
    assert_eq!(action["runs"]["using"].as_str(), Some("docker"));
    let image = action["runs"]["image"].as_str().unwrap();
    assert!(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(image).is_file(), "{image} is no file here");
    assert!(action["runs"]["args"].is_null(), "arguments would keep the inputs from being read");
}
