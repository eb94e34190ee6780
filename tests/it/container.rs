//! The action in its container, started like a runner does: environment, event file, mounted workspace, output files.
//! `WHARFINGER_TEST_CONTAINER` names the image, which must be in buildah's storage.

use std::path::Path;
use std::process::Command;

use crate::support::process::{Actions, Outcome};
use crate::whole_loop::whole_loop;

fn buildah(arguments: &[&str]) -> String {
    let output = Command::new("buildah").args(arguments).output().expect("buildah is installed");
    assert!(output.status.success(), "buildah {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A container that is removed when it is done with.
struct Container(String);

impl Container {
    fn from(image: &str) -> Self {
        Self(buildah(&["from", "--pull-never", image]))
    }

    /// Runs the image's entry point as a runner would: the job's directory is `/github`.
    fn run(&self, entry: &[String], actions: &Actions) -> Outcome {
        let workspace = actions.workspace();
        let host = workspace.parent().unwrap().to_str().unwrap();
        let mut command = Command::new("buildah");
        command.args(["run", "--volume", &format!("{host}:/github"), "--workingdir", "/github/workspace"]);
        for (name, value) in actions.variables() {
            command.args(["--env", &format!("{name}={}", value.replace(host, "/github"))]);
        }
        command.args(["--env", "HOME=/github/home", &self.0, "--"]).args(entry);
        let output = command.output().unwrap();
        Outcome {
            status: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        buildah(&["rm", &self.0]);
    }
}

/// The entry point of an image, which must be in it.
fn entry_point(image: &str) -> Vec<String> {
    let text = buildah(&["inspect", "--type", "image", "--format", "{{.OCIv1.Config.Entrypoint}}", image]);
    let entry: Vec<String> = text.trim_matches(['[', ']']).split_whitespace().map(str::to_owned).collect();
    assert!(Path::new(&entry[0]).is_absolute(), "{entry:?}");
    entry
}

#[test]
fn the_whole_loop_in_the_container() {
    let Ok(image) = std::env::var("WHARFINGER_TEST_CONTAINER") else {
        return not_run();
    };
    let entry = entry_point(&image);
    let container = Container::from(&image);
    whole_loop(|actions| container.run(&entry, actions));
}

#[expect(clippy::print_stderr, reason = "what was not tested is said")]
fn not_run() {
    eprintln!("not run: WHARFINGER_TEST_CONTAINER names no image; .ci/container builds one");
}
