//! The git command line, run in one repository with nothing of the environment that could send it elsewhere.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::config::{Foreign, NONE};
use crate::forge::Error;

/// Variables that would make git work on another repository, index or tree than the one it was started in.
const REDIRECTING: [&str; 7] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
];

/// Runs git in one directory.
#[derive(Debug, Clone)]
pub(super) struct Git {
    directory: PathBuf,
    index: Option<PathBuf>,
    /// What sets the programs of the repository's own configuration aside.
    overrides: Vec<String>,
    /// What of that configuration keeps it from being pushed.
    transport: Vec<String>,
}

pub(super) struct GitOutput {
    /// Whether it exited with 0.
    pub(super) ok: bool,
    /// Its standard output, as it is.
    pub(super) out: Vec<u8>,
    /// Its standard error, cleaned and on one line.
    pub(super) err: String,
}

impl Git {
    /// Git in `directory`, without the programs that the repository there names.
    pub(super) async fn open(directory: impl Into<PathBuf>) -> Result<Self, Error> {
        let git = Self { directory: directory.into(), index: None, overrides: Vec::new(), transport: Vec::new() };
        let said = git.run(&["config", "--list", "--show-scope", "--name-only", "-z"], b"").await?;
        if !said.ok {
            return Err(Error::Unusable(format!("`git config --list` failed: {}", said.err)));
        }
        let foreign = Foreign::read(&String::from_utf8_lossy(&said.out));
        Ok(Self { overrides: foreign.overrides()?, transport: foreign.transport, ..git })
    }

    /// Keys of the repository's own configuration that name programs of a push.
    pub(super) fn foreign_transport(&self) -> &[String] {
        &self.transport
    }

    /// The same repository, with an index file of its own, so that nobody's index is touched.
    pub(super) fn with_index(&self, index: &Path) -> Self {
        Self { index: Some(index.to_path_buf()), ..self.clone() }
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
        String::from_utf8(said.out).map_err(|_| Error::Unusable(format!("`git {}` printed no UTF-8", args.join(" "))))
    }

    /// Whether a command succeeds; for questions that git answers with its exit status.
    pub(super) async fn succeeds(&self, args: &[&str]) -> Result<bool, Error> {
        self.run(args, b"").await.map(|said| said.ok)
    }

    /// The contents of objects (`COMMIT:PATH`, or an id; no line breaks in them), by one command; `None` for what does not
    /// exist or is no file.
    pub(super) async fn blobs(&self, objects: &[String]) -> Result<Vec<Option<Vec<u8>>>, Error> {
        if objects.is_empty() {
            return Ok(Vec::new());
        }
        let input: String = objects.iter().map(|object| format!("{object}\n")).collect();
        let said = self.run(&["cat-file", "--batch"], input.as_bytes()).await?;
        if !said.ok {
            return Err(Error::Unusable(format!("`git cat-file --batch` failed: {}", said.err)));
        }
        let unusable = || Error::Unusable("`git cat-file --batch` printed something else than objects".to_owned());
        let mut rest = &said.out[..];
        objects.iter().map(|_| next_blob(&mut rest).ok_or_else(unusable)).collect()
    }

    /// Runs a command with `input` and says what it said, whatever its exit status.
    pub(super) async fn run(&self, args: &[&str], input: &[u8]) -> Result<GitOutput, Error> {
        let mut command = Command::new("git");
        command.arg("--literal-pathspecs").arg("-C").arg(&self.directory);
        for setting in NONE.into_iter().chain(self.overrides.iter().map(String::as_str)) {
            command.args(["-c", setting]);
        }
        command.args(args);
        // Objects that are missing are not fetched from wherever the repository says.
        let protocols = if args.first() == Some(&"push") { "file:git:http:https:ssh" } else { "" };
        command.env("GIT_ALLOW_PROTOCOL", protocols).env("GIT_NO_LAZY_FETCH", "1");
        for name in REDIRECTING {
            command.env_remove(name);
        }
        if let Some(index) = &self.index {
            command.env("GIT_INDEX_FILE", index);
        }
        command.env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let cannot = |e: std::io::Error| Error::Unusable(format!("git could not be run: {e}; is it installed?"));
        let mut child = command.spawn().map_err(cannot)?;
        let mut stdin = child.stdin.take();
        let feed = async move {
            if let Some(pipe) = &mut stdin {
                // A command that ends without reading its input is judged by its exit status, not by the broken pipe.
                let _ = pipe.write_all(input).await;
            }
            drop(stdin);
        };
        let ((), output) = tokio::join!(feed, child.wait_with_output());
        let output = output.map_err(cannot)?;
        Ok(GitOutput { ok: output.status.success(), out: output.stdout, err: one_line(&output.stderr) })
    }
}

/// The next object that `cat-file --batch` printed: `ID TYPE SIZE`, a line break, the content and a line break, or
/// `NAME missing`. The outer `None`: it is neither.
fn next_blob(rest: &mut &[u8]) -> Option<Option<Vec<u8>>> {
    let end = rest.iter().position(|b| *b == b'\n')?;
    let (line, after) = rest.split_at(end);
    let line = std::str::from_utf8(line).ok()?;
    let after = after.get(1..)?;
    if line.ends_with(" missing") {
        *rest = after;
        return Some(None);
    }
    let (kind, size) = line.split_once(' ')?.1.split_once(' ')?;
    let size: usize = size.parse().ok()?;
    let content = after.get(..size)?;
    *rest = after.get(size + 1..)?;
    Some((kind == "blob").then(|| content.to_vec()))
}

/// Git's complaint on one line of printable characters, at most 500 of them.
fn one_line(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
    words.join(" ").chars().take(500).collect()
}
