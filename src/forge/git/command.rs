//! The git command line, run in one repository without any environment variables that could redirect it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::author::Configured;
use super::config::{Foreign, NONE};
use super::faults::{not_run, one_line};
use super::objects::{Object, Objects};
use super::ready::{Ready, spawn};
use crate::forge::Error;

/// Variables that would make git use another repository, index or work tree than the one it was started in.
const REDIRECTING: [&str; 7] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
];

/// How long to wait for an answer unless set otherwise.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many times as long a whole command may take.
const COMMAND: u32 = 5;

/// Runs git in one directory.
#[derive(Debug, Clone)]
pub(super) struct Git {
    directory: PathBuf,
    /// Options that disable the programs named in the repository's own configuration.
    overrides: Vec<String>,
    /// The settings of that configuration that prevent pushing.
    transport: Vec<String>,
    /// Whether any configuration names an origin.
    origin: bool,
    /// The name that some configuration gives to the first branch of a new repository.
    default_branch: Option<String>,
    author: Configured,
    /// Whether the configuration says that there is a work tree.
    has_work_tree: bool,
    objects: Arc<Objects>,
    ready: Arc<Ready>,
    /// How long to wait for an answer.
    patience: Duration,
}

pub(super) struct GitOutput {
    /// Whether it exited with 0.
    pub(super) ok: bool,
    /// Its standard output, as is.
    pub(super) out: Vec<u8>,
    /// Its standard error, cleaned and on one line, with a remedy if one is known.
    pub(super) err: String,
}

impl Git {
    /// Git in `directory`, without the programs named by the repository there.
    pub(super) async fn open(directory: impl Into<PathBuf>) -> Result<Self, Error> {
        Self::at(directory).configured().await
    }

    /// Git in `directory`, for commands that run none of those programs.
    pub(super) fn at(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            overrides: Vec::new(),
            transport: Vec::new(),
            origin: false,
            default_branch: None,
            author: Configured::default(),
            has_work_tree: false,
            objects: Arc::default(),
            ready: Arc::default(),
            patience: PATIENCE,
        }
    }

    pub(super) fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    pub(super) async fn configured(self) -> Result<Self, Error> {
        let git = self;
        let said = git.run(&["config", "--list", "--show-scope", "-z"], b"").await?;
        if !said.ok {
            return Err(Error::Unusable(format!("`git config --list` failed: {}", said.err)));
        }
        let foreign = Foreign::read(&String::from_utf8_lossy(&said.out));
        let overrides = foreign.overrides()?;
        let Foreign { transport, origin, default_branch, author, has_work_tree, .. } = foreign;
        Ok(Self { overrides, transport, origin, default_branch, author, has_work_tree, ..git })
    }

    /// The name that some configuration gives to the first branch of a new repository.
    pub(super) fn configured_default(&self) -> Option<&str> {
        self.default_branch.as_deref()
    }

    /// Author and committer of a commit, if the configuration says plainly who they are.
    pub(super) fn author(&self) -> Option<String> {
        self.author.plain()
    }

    /// Whether the configuration says that there is a work tree.
    pub(super) const fn has_work_tree(&self) -> bool {
        self.has_work_tree
    }

    /// Keys of the repository's own configuration that name programs used by a push.
    pub(super) fn foreign_transport(&self) -> &[String] {
        &self.transport
    }

    /// Whether any configuration names an origin.
    pub(super) const fn has_origin(&self) -> bool {
        self.origin
    }

    /// Whether it runs in or below a directory, whose path contains no links.
    pub(super) fn is_in(&self, directory: &Path) -> bool {
        std::fs::canonicalize(&self.directory).is_ok_and(|own| own.starts_with(directory))
    }

    /// The same work tree, from its top directory.
    pub(super) fn at_top(&self, top: &Path) -> Self {
        Self { directory: top.to_path_buf(), ..self.clone() }
    }

    /// Starts the process that reads objects ahead of time.
    pub(super) async fn start_objects(&self) -> Result<(), Error> {
        self.objects.start(self.command(&["cat-file", "--batch"])).await
    }

    /// Starts commands that read all of their input before they do anything, so that [`Self::run`] finds them running.
    /// If one cannot be started, `run` tries again and reports why.
    pub(super) fn start_ahead(&self, commands: &'static [&[&str]]) {
        for args in commands {
            self.ready.start(self.command(args), args);
        }
    }

    /// The text that a command prints, without the final newline.
    pub(super) async fn line(&self, args: &[&str]) -> Result<String, Error> {
        self.text(args, b"").await.map(|text| text.trim_end_matches('\n').to_owned())
    }

    /// The text that a command prints, fed with `input`; a failure is an error that quotes git.
    pub(super) async fn text(&self, args: &[&str], input: &[u8]) -> Result<String, Error> {
        let said = self.run(args, input).await?;
        if !said.ok {
            return Err(Error::Unusable(format!("`git {}` failed: {}", args.join(" "), said.err)));
        }
        String::from_utf8(said.out)
            .map_err(|_| Error::Unusable(format!("`git {}` printed text that is not UTF-8", args.join(" "))))
    }

    /// Whether a command succeeds; for questions that git answers by exit status.
    pub(super) async fn succeeds(&self, args: &[&str]) -> Result<bool, Error> {
        self.run(args, b"").await.map(|said| said.ok)
    }

    /// The current objects of these names (`COMMIT:PATH`, a reference, an id; without line breaks); `None` for what
    /// does not exist.
    pub(super) async fn objects(&self, names: &[String]) -> Result<Vec<Option<Object>>, Error> {
        self.objects.read(self.command(&["cat-file", "--batch"]), names, self.patience).await
    }

    /// Runs a command with `input` and returns its output, whatever its exit status.
    pub(super) async fn run(&self, args: &[&str], input: &[u8]) -> Result<GitOutput, Error> {
        let mut child = match self.ready.take(args).await {
            Some(child) => child,
            None => spawn(self.command(args)).map_err(|e| not_run(&e))?,
        };
        let mut stdin = child.stdin.take();
        let feed = async move {
            if let Some(pipe) = &mut stdin {
                // A command that ends without reading its input is judged by its exit status, not by the broken pipe.
                let _ = pipe.write_all(input).await;
            }
            drop(stdin);
        };
        let limit = self.patience * COMMAND;
        let done = tokio::time::timeout(limit, async { tokio::join!(feed, child.wait_with_output()) }).await;
        let late =
            |_| Error::Unusable(format!("`git {}` had not finished after {} s", args.join(" "), limit.as_secs()));
        let output = done.map_err(late)?.1.map_err(|e| not_run(&e))?;
        Ok(GitOutput { ok: output.status.success(), out: output.stdout, err: one_line(&output.stderr) })
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.arg("--literal-pathspecs").arg("-C").arg(&self.directory);
        for setting in NONE.into_iter().chain(self.overrides.iter().map(String::as_str)) {
            command.args(["-c", setting]);
        }
        command.args(args);
        // Missing objects are not fetched from wherever the repository says.
        let reaches_origin = matches!(args.first(), Some(&"push" | &"ls-remote"));
        let protocols = if reaches_origin { "file:git:http:https:ssh" } else { "" };
        command.env("GIT_ALLOW_PROTOCOL", protocols).env("GIT_NO_LAZY_FETCH", "1");
        for name in REDIRECTING {
            command.env_remove(name);
        }
        command.env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0");
        command
    }
}
