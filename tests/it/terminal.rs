//! What is shown on a person's own terminal, which `script` provides.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::promote::{Clone, entry, manifest};
use crate::support::http::{Action, Rule};
use crate::support::images::ImageSpec;
use crate::support::registry::TestRegistry;
use crate::support::servers::missing;

/// Everything that a terminal of so many columns gets from the program; `None` where there is no `script`.
fn on_terminal(directory: &Path, columns: u16, variables: &[(&str, &str)], arguments: &str) -> Option<String> {
    let line = format!("stty cols {columns} rows 40; exec {} {arguments}", env!("CARGO_BIN_EXE_wharfinger"));
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--command", &line, "/dev/null"]).current_dir(directory);
    for name in ["NO_COLOR", "CLICOLOR_FORCE", "CLICOLOR", "COLUMNS", "GITHUB_ACTIONS", "CI"] {
        command.env_remove(name);
    }
    command.env("TERM", "xterm-256color").envs(variables.iter().copied());
    let Ok(output) = command.output() else {
        missing("script");
        return None;
    };
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{shown}");
    Some(shown)
}

/// The lines as they stand there in the end, without colour.
fn lines(shown: &str) -> Vec<String> {
    let colour = regex::Regex::new("\u{1b}\\[[0-9;?]*[A-Za-z]").unwrap();
    let line = |line: &str| line.rsplit('\r').next().unwrap_or_default().to_owned();
    colour.replace_all(&shown.replace("\r\n", "\n"), "").lines().map(line).collect()
}

/// Two approvals that are not promoted yet.
fn pending() -> (TestRegistry, Clone) {
    let registry = TestRegistry::start();
    let digest = ImageSpec::new(1).build().put(&registry, "up/tool-with-a-rather-long-name", "1.0.0");
    let source = format!("{}/up/tool-with-a-rather-long-name", registry.host());
    let images = ["tool", "tool-of-another-name"].map(|name| entry(&source, name, "", &[("1.0.0", &digest)]));
    let clone = Clone::new(&manifest(&registry.host(), &images));
    (registry, clone)
}

#[test]
fn a_plan_is_coloured_and_as_wide_as_the_terminal() {
    let (_registry, clone) = pending();
    let plan = "--forge git promote --dry-run";
    let Some(shown) = on_terminal(clone.path(), 60, &[], plan) else { return };
    assert!(shown.contains("\u{1b}["), "{shown:?}");
    let wide = lines(&shown).into_iter().filter(|line| line.chars().count() > 60).collect::<Vec<_>>();
    assert!(shown.contains("tool-of-another-name") && wide.is_empty(), "{wide:#?}");
    let plain = on_terminal(clone.path(), 60, &[("NO_COLOR", "1")], plan).unwrap();
    assert!(!plain.contains("\u{1b}[3"), "{plain:?}");
}

#[test]
fn while_registries_are_slow_a_bar_says_what_is_waited_for_and_is_gone_in_the_end() {
    let (registry, clone) = pending();
    registry.fault(Rule::new("", "/manifests/", Action::Delay(Duration::from_millis(400))));
    for (command, phase) in [("promote", "mirrors"), ("propose", "images upstream")] {
        let Some(shown) = on_terminal(clone.path(), 100, &[], &format!("--forge git {command}")) else { return };
        assert!(shown.contains(phase) && shown.contains("of       2"), "{command}: {shown:?}");
        let left: Vec<String> = lines(&shown).into_iter().filter(|line| line.contains(phase)).collect();
        assert!(left.iter().all(|line| !line.contains("of       2")), "{command}: {left:#?}");
    }
}
