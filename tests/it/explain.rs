//! `explain SOURCE --tags`: a rule tried on a list, without manifest or network.

use crate::support::process::Run;

fn wharfinger() -> Run {
    Run::new(env!("CARGO_BIN_EXE_wharfinger"))
}

const LIST: &str =
    "latest\n3.1.0\n3.1.1\n3.2.0\n\n3.2\n3\n4.0.0\n3.2.1-rc.1\n3.2.0-alpine\n3.2.0-amd64\nmain-1a2b3c4\n";

#[test]
fn a_rule_is_tried_on_a_list() {
    let arguments = ["explain", "grafana/loki", "--tags", "-", "--versions", ">=2.9, <4", "--approved", "3.1.0"];
    let outcome = wharfinger().args(arguments).stdin(LIST).output().expect_status(0);
    insta::assert_snapshot!(outcome.stdout);
}

#[test]
fn json_has_every_tag_with_its_reason() {
    let arguments = ["explain", "ghcr.io/grafana/loki", "--tags", "-", "--format", "json", "--follow", "each-minor"];
    let outcome = wharfinger().args(arguments).stdin("3.1.0\n3.2.0\nedge\n").output().expect_status(0);
    insta::assert_json_snapshot!(outcome.json());
}

#[test]
fn a_rule_that_picks_nothing_is_told_what_would() {
    let arguments = ["explain", "quay.io/minio/minio", "--tags", "-"];
    let list = "RELEASE.2025-06-13T11-33-47Z\nRELEASE.2025-09-07T16-13-09Z\nlatest\n";
    let outcome = wharfinger().args(arguments).stdin(list).output().expect_status(0);
    insta::assert_snapshot!(outcome.stdout);
}

#[test]
fn what_cannot_be_used_is_said() {
    let refused = |arguments: &[&str], list: &str| {
        wharfinger().arg("explain").args(arguments).stdin(list).output().expect_status(2).stderr
    };
    insta::assert_snapshot!(refused(&["grafana/loki", "--tags", "-", "--versions", "newest"], ""));
    insta::assert_snapshot!(refused(&["grafana/loki", "--tags", "-", "--pattern", "v(.+)"], ""));
    insta::assert_snapshot!(refused(&["grafana/loki", "--tags", "-"], "1.2.3\nnot a tag\n"));
    insta::assert_snapshot!(refused(&["--tags", "-"], "1.2.3\n"));
    insta::assert_snapshot!(refused(&["grafana/loki", "--tags", "absent.txt"], ""));
    insta::assert_snapshot!(refused(&["grafana/loki", "--versions", "^1"], ""));
}
