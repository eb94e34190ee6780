//! Programs run without anything from the ambient environment.

use serde_json::json;

use crate::support::process::{Actions, Run};

#[test]
fn a_run_sees_only_what_it_is_given() {
    let run = Run::new("/bin/sh").args(["-c", "env | cut -d= -f1 | sort; cat; echo $A >&2; exit 3"]);
    let outcome = run.env("A", "b").stdin("typed\n").output();
    let names: Vec<&str> =
        outcome.stdout.lines().filter(|name| !matches!(*name, "PWD" | "SHLVL" | "_" | "OLDPWD")).collect();
    let names: Vec<&str> = names.into_iter().filter(|name| *name != "LLVM_PROFILE_FILE").collect();
    assert_eq!(names, ["A", "HOME", "PATH", "typed"]);
    assert_eq!((outcome.status, outcome.stderr.as_str()), (Some(3), "b\n"));
}

#[test]
fn a_job_has_its_event_its_files_and_its_inputs() {
    let actions = Actions::pull_request("octo/images", 7, ("wharfinger/loki", "a".repeat(40).as_str()), "b", "c")
        .input("dry-run", "true")
        .api("http://127.0.0.1:1", "http://127.0.0.1:1/api/v3", "http://127.0.0.1:1/api/graphql");
    let script = "printf 'one=1\\nmany<<END\\na\\nb=c\\nEND\\none=2\\n' >> $GITHUB_OUTPUT; echo '# Sum' > $GITHUB_STEP_SUMMARY; \
                  echo $GITHUB_EVENT_NAME $GITHUB_REF $GITHUB_API_URL; pwd; cat $GITHUB_EVENT_PATH";
    let outcome = Run::new("/bin/sh").args(["-c", script]).actions(&actions).output().expect_status(0);
    let mut lines = outcome.stdout.lines();
    assert_eq!(lines.next(), Some("pull_request refs/pull/7/merge http://127.0.0.1:1/api/v3"));
    assert_eq!(lines.next(), actions.workspace().to_str());
    let event: serde_json::Value = serde_json::from_str(lines.next().unwrap()).unwrap();
    assert_eq!(event["pull_request"]["head"]["ref"], json!("wharfinger/loki"));
    // A shell would drop a name with a hyphen.
    let environment = Run::new("/usr/bin/env").actions(&actions).output().stdout;
    assert!(environment.contains("\nINPUT_DRY-RUN=true\n"), "{environment}");
    assert_eq!(actions.output("one").as_deref(), Some("2"));
    assert_eq!(actions.output("many").as_deref(), Some("a\nb=c"));
    assert_eq!(actions.output("none"), None);
    assert_eq!(actions.summary(), "# Sum\n");
}
