//! Runs a program without the ambient environment, and prepares the environment that GitHub Actions provides.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::runner::Log;

/// The outcome of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The exit status; `None` if a signal ended it.
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    /// Standard output as JSON; for the action, which writes everything there, the document in it.
    #[track_caller]
    pub fn json(&self) -> Value {
        let whole = serde_json::from_str(&self.stdout);
        whole.unwrap_or_else(|error| match Log::read(&self.stdout).map(|log| log.document) {
            Ok(Some(document)) => serde_json::from_str(&document).expect("a document"),
            read => panic!("no JSON ({error}; {read:?}) in {self:#?}"),
        })
    }

    /// Both streams, for text that may be in either.
    pub fn said(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// This outcome, after checking that it ended with `status`.
    #[track_caller]
    pub fn expect_status(self, status: i32) -> Self {
        assert_eq!(self.status, Some(status), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}

/// A run to be started: environment emptied, `HOME` an empty directory, `PATH` kept.
pub struct Run {
    program: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    directory: Option<PathBuf>,
    input: Vec<u8>,
    limit: Duration,
    home: tempfile::TempDir,
    job: Option<Actions>,
}

impl Run {
    /// A run of `program` (tests pass `env!("CARGO_BIN_EXE_wharfinger")`).
    pub fn new(program: impl AsRef<Path>) -> Self {
        Self {
            program: program.as_ref().to_owned(),
            arguments: Vec::new(),
            environment: Vec::new(),
            directory: None,
            input: Vec::new(),
            limit: Duration::from_secs(120),
            home: tempfile::tempdir().expect("a temporary directory"),
            job: None,
        }
    }

    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    #[must_use]
    pub fn args<S: AsRef<OsStr>>(self, arguments: impl IntoIterator<Item = S>) -> Self {
        arguments.into_iter().fold(self, Self::arg)
    }

    /// Sets a variable; the last value wins.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    #[must_use]
    pub fn dir(mut self, directory: impl AsRef<Path>) -> Self {
        self.directory = Some(directory.as_ref().to_owned());
        self
    }

    /// What it reads from standard input.
    #[must_use]
    pub fn stdin(mut self, input: impl AsRef<[u8]>) -> Self {
        self.input = input.as_ref().to_vec();
        self
    }

    /// The variables of a job, and its workspace as working directory.
    #[must_use]
    pub fn actions(self, actions: &Actions) -> Self {
        let run = actions.variables().into_iter().fold(self, |run, (name, value)| run.env(name, value));
        run.dir(actions.workspace())
    }

    /// Keeps the files of a job as long as the run.
    #[must_use]
    pub fn keep(mut self, actions: Actions) -> Self {
        self.job = Some(actions);
        self
    }

    /// The empty directory that is `HOME`, in which to put files before the run.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Starts it without waiting, its streams piped: for tests that stop it.
    pub fn spawn(&self) -> Child {
        self.command().spawn().unwrap_or_else(|error| panic!("{}: {error}", self.program.display()))
    }

    /// Starts it with nobody reading its output, so that it never waits for a reader.
    pub fn spawn_alone(&self) -> Child {
        let mut command = self.command();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap_or_else(|error| panic!("{}: {error}", self.program.display()))
    }

    /// Runs it to its end; after two minutes it is killed and fails the test.
    #[track_caller]
    pub fn output(&self) -> Outcome {
        let mut child = self.spawn();
        let mut stdin = child.stdin.take().expect("a pipe");
        let input = self.input.clone();
        let writer = std::thread::spawn(move || {
            let _ = stdin.write_all(&input);
        });
        let stdout = drain(child.stdout.take().expect("a pipe"));
        let stderr = drain(child.stderr.take().expect("a pipe"));
        let until = Instant::now() + self.limit;
        let status = loop {
            match child.try_wait().expect("a child") {
                Some(status) => break Some(status),
                None if Instant::now() > until => break None,
                None => std::thread::sleep(Duration::from_millis(2)),
            }
        };
        if status.is_none() {
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = writer.join();
        let (stdout, stderr) = (stdout.join().unwrap_or_default(), stderr.join().unwrap_or_default());
        let Some(status) = status else { panic!("not done after {:?}:\n{stdout}\n{stderr}", self.limit) };
        Outcome { status: status.code(), stdout, stderr }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .env_clear()
            .env("HOME", self.home.path())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(self.directory.as_deref().unwrap_or(self.home.path()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // Coverage of child processes is written next to the tests' own.
        if let Some(profile) = std::env::var_os("LLVM_PROFILE_FILE") {
            command.env("LLVM_PROFILE_FILE", profile);
        }
        command
    }
}

fn drain(mut stream: impl Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// What a job of GitHub Actions sees: an event, files to write to, a workspace.
pub struct Actions {
    directory: tempfile::TempDir,
    repository: String,
    event: String,
    reference: String,
    more: Vec<(String, String)>,
}

impl Actions {
    /// A job for an event of `repository` (`owner/name`) with this payload. `GITHUB_REF` matches the event's kind: the
    /// default branch `main`, or for a pull request its merge reference.
    pub fn new(repository: &str, event: &str, payload: &Value) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        std::fs::create_dir(directory.path().join("workspace")).expect("a workspace");
        std::fs::create_dir(directory.path().join("temp")).expect("a directory");
        for file in ["output", "summary", "env", "state", "path"] {
            std::fs::write(directory.path().join(file), "").expect("a file");
        }
        std::fs::write(directory.path().join("event.json"), payload.to_string()).expect("an event file");
        let number = payload["pull_request"]["number"].as_u64();
        let reference = match (event, number) {
            ("pull_request", Some(number)) => format!("refs/pull/{number}/merge"),
            _ => "refs/heads/main".to_owned(),
        };
        Self { directory, repository: repository.to_owned(), event: event.to_owned(), reference, more: Vec::new() }
    }

    /// A scheduled run.
    pub fn schedule(repository: &str) -> Self {
        Self::new(repository, "schedule", &json!({"schedule": "17 * * * *", "repository": repository_json(repository)}))
    }

    /// A run started by hand.
    pub fn workflow_dispatch(repository: &str) -> Self {
        let payload = json!({"inputs": null, "ref": "refs/heads/main", "repository": repository_json(repository)});
        Self::new(repository, "workflow_dispatch", &payload)
    }

    /// A push to `main` from one commit to another.
    pub fn push(repository: &str, before: &str, after: &str) -> Self {
        let payload = json!({
            "ref": "refs/heads/main", "before": before, "after": after, "forced": false,
            "head_commit": {"id": after}, "repository": repository_json(repository),
        });
        Self::new(repository, "push", &payload).env("GITHUB_SHA", after)
    }

    /// A pull request's event.
    pub fn pull_request(repository: &str, number: u64, head: (&str, &str), base_sha: &str, merge_sha: &str) -> Self {
        let payload = json!({
            "action": "opened", "number": number, "repository": repository_json(repository),
            "pull_request": {
                "number": number, "state": "open", "merge_commit_sha": merge_sha,
                "head": {"ref": head.0, "sha": head.1, "repo": repository_json(repository)},
                "base": {"ref": "main", "sha": base_sha, "repo": repository_json(repository)},
            },
        });
        let actions = Self::new(repository, "pull_request", &payload);
        actions.env("GITHUB_SHA", merge_sha).env("GITHUB_HEAD_REF", head.0).env("GITHUB_BASE_REF", "main")
    }

    /// Sets another `GITHUB_REF`.
    #[must_use]
    pub fn reference(mut self, reference: &str) -> Self {
        reference.clone_into(&mut self.reference);
        self
    }

    /// Sets another text in the event's file, whatever it is.
    #[must_use]
    pub fn payload(self, text: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.directory.path().join("event.json"), text).expect("an event file");
        self
    }

    /// Sets or overrides a variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.more.push((name.to_owned(), value.to_owned()));
        self
    }

    /// An input of the action, passed like the runner does: upper case, spaces to `_`, hyphens kept.
    #[must_use]
    pub fn input(self, name: &str, value: &str) -> Self {
        let name = format!("INPUT_{}", name.replace(' ', "_").to_uppercase());
        self.env(&name, value)
    }

    /// Points the action at a stand-in for GitHub.
    #[must_use]
    pub fn api(self, server: &str, api: &str, graphql: &str) -> Self {
        self.env("GITHUB_SERVER_URL", server).env("GITHUB_API_URL", api).env("GITHUB_GRAPHQL_URL", graphql)
    }

    /// The workspace, which is the working directory.
    pub fn workspace(&self) -> PathBuf {
        self.directory.path().join("workspace")
    }

    /// What was written to `GITHUB_OUTPUT`.
    pub fn output_file(&self) -> String {
        self.read("output")
    }

    /// One output's value.
    pub fn output(&self, name: &str) -> Option<String> {
        let text = self.output_file();
        let mut lines = text.lines();
        let mut found = None;
        while let Some(line) = lines.next() {
            let multi = line.split_once("<<").filter(|(key, _)| !key.contains('='));
            let (key, value) = match (multi, line.split_once('=')) {
                (Some((key, end)), _) => {
                    (key, lines.by_ref().take_while(|line| *line != end).collect::<Vec<_>>().join("\n"))
                }
                (None, Some((key, value))) => (key, value.to_owned()),
                (None, None) => continue,
            };
            if key == name {
                found = Some(value);
            }
        }
        found
    }

    /// What was written to `GITHUB_STEP_SUMMARY`.
    pub fn summary(&self) -> String {
        self.read("summary")
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.directory.path().join(file)).unwrap_or_default()
    }

    /// The variables of the job.
    pub fn variables(&self) -> Vec<(String, String)> {
        let path = |file: &str| self.directory.path().join(file).display().to_string();
        let owner = self.repository.split('/').next().unwrap_or_default();
        let name = self.reference.trim_start_matches("refs/heads/").trim_start_matches("refs/");
        let fixed = [
            ("CI", "true".to_owned()),
            ("GITHUB_ACTIONS", "true".to_owned()),
            ("GITHUB_REPOSITORY", self.repository.clone()),
            ("GITHUB_REPOSITORY_OWNER", owner.to_owned()),
            ("GITHUB_EVENT_NAME", self.event.clone()),
            ("GITHUB_EVENT_PATH", path("event.json")),
            ("GITHUB_REF", self.reference.clone()),
            ("GITHUB_REF_NAME", name.to_owned()),
            ("GITHUB_RUN_ID", "4711".to_owned()),
            ("GITHUB_RUN_ATTEMPT", "1".to_owned()),
            ("GITHUB_WORKFLOW", "approved images".to_owned()),
            ("GITHUB_ACTOR", "octocat".to_owned()),
            ("GITHUB_WORKSPACE", path("workspace")),
            ("GITHUB_OUTPUT", path("output")),
            ("GITHUB_STEP_SUMMARY", path("summary")),
            ("GITHUB_ENV", path("env")),
            ("GITHUB_STATE", path("state")),
            ("GITHUB_PATH", path("path")),
            ("RUNNER_TEMP", path("temp")),
            ("RUNNER_OS", "Linux".to_owned()),
        ];
        fixed.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(self.more.clone()).collect()
    }
}

/// A repository as it appears in event payloads.
pub fn repository_json(repository: &str) -> Value {
    let (owner, name) = repository.split_once('/').unwrap_or(("octo", repository));
    json!({"name": name, "full_name": repository, "default_branch": "main", "private": true, "owner": {"login": owner}})
}
