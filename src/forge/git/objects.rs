//! Objects, read through one git process that stays for the whole run: a process per read costs more than the read.

use std::io::ErrorKind;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::Mutex;

use super::faults::{not_run, one_line};
use super::ready::spawn;
use crate::forge::Error;

/// How long to wait for a process that stopped answering to end by itself.
const ENDING: Duration = Duration::from_secs(1);
/// How much of git's error output is read at most.
const COMPLAINT: u64 = 4096;

/// The type of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Blob,
    Tree,
    Commit,
    Tag,
}

/// An object of the repository.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Object {
    pub(super) id: String,
    pub(super) kind: Kind,
    pub(super) content: Vec<u8>,
}

/// Reads objects through `git cat-file --batch`, which is started when it is needed and not running.
#[derive(Debug, Default)]
pub(super) struct Objects(Mutex<Option<Process>>);

#[derive(Debug)]
struct Process {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Objects {
    /// Starts the process, so that it is ready for the first query.
    pub(super) async fn start(&self, command: Command) -> Result<(), Error> {
        let mut process = self.0.lock().await;
        if process.is_none() {
            *process = Some(Process::start(command)?);
        }
        Ok(())
    }

    /// The objects of these names (`COMMIT:PATH`, a reference, an id; without line breaks); `None` for what does not
    /// exist. `command` starts the process if none is answering; `patience` limits the wait for each answer.
    pub(super) async fn read(
        &self,
        command: Command,
        names: &[String],
        patience: Duration,
    ) -> Result<Vec<Option<Object>>, Error> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let mut place = self.0.lock().await;
        // A process left in the middle of an answer is no longer usable.
        if let Some(mut process) = place.take() {
            match process.ask(names, patience).await {
                Ok(objects) => {
                    *place = Some(process);
                    return Ok(objects);
                }
                Err(what) if what.kind() == ErrorKind::TimedOut => return Err(process.end(&what).await),
                Err(_) => {}
            }
        }
        let mut process = Process::start(command)?;
        match process.ask(names, patience).await {
            Ok(objects) => {
                *place = Some(process);
                Ok(objects)
            }
            Err(what) => Err(process.end(&what).await),
        }
    }
}

impl Process {
    fn start(command: Command) -> Result<Self, Error> {
        let mut child = spawn(command).map_err(|e| not_run(&e))?;
        let (Some(questions), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(not_run(&std::io::Error::other("it has no input or output")));
        };
        Ok(Self { child, questions, answers: BufReader::new(answers) })
    }

    /// Writes and reads at once: git may wait for its answers to be read.
    async fn ask(&mut self, names: &[String], patience: Duration) -> std::io::Result<Vec<Option<Object>>> {
        let Self { questions, answers, .. } = self;
        let text: String = names.iter().map(|name| format!("{name}\n")).collect();
        let ask = async {
            questions.write_all(text.as_bytes()).await?;
            questions.flush().await
        };
        let read = async {
            let mut objects = Vec::with_capacity(names.len());
            for _ in names {
                let late = |_| std::io::Error::new(ErrorKind::TimedOut, silent(patience));
                objects.push(tokio::time::timeout(patience, answer(answers)).await.map_err(late)??);
            }
            Ok(objects)
        };
        tokio::try_join!(ask, read).map(|((), objects)| objects)
    }

    /// Ends it and returns why it could not be used.
    async fn end(self, what: &std::io::Error) -> Error {
        let Self { mut child, questions, answers } = self;
        drop((questions, answers));
        let status = tokio::time::timeout(ENDING, child.wait()).await;
        let _ = child.kill().await;
        let mut said = Vec::new();
        if let Some(errors) = child.stderr.take() {
            let _ = tokio::time::timeout(ENDING, errors.take(COMPLAINT).read_to_end(&mut said)).await;
        }
        let ended = match (what.kind(), status) {
            (ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe, Ok(Ok(status))) => format!("it ended ({status})"),
            _ => what.to_string(),
        };
        Error::Unusable(match one_line(&said) {
            said if said.is_empty() => format!("`git cat-file --batch` failed: {ended}"),
            said => format!("`git cat-file --batch` failed: {ended}: {said}"),
        })
    }
}

fn silent(patience: Duration) -> String {
    format!("it did not respond within {} s", patience.as_secs())
}

/// One answer: `ID TYPE SIZE`, a line break, the content and a line break, or `NAME missing`.
async fn answer(answers: &mut BufReader<ChildStdout>) -> std::io::Result<Option<Object>> {
    let strange = |line: &[u8]| std::io::Error::other(format!("it printed {:?}", String::from_utf8_lossy(line)));
    let mut line = Vec::new();
    if answers.read_until(b'\n', &mut line).await? == 0 {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    let text =
        std::str::from_utf8(&line).ok().and_then(|text| text.strip_suffix('\n')).ok_or_else(|| strange(&line))?;
    if text.ends_with(" missing") {
        return Ok(None);
    }
    let (id, kind, size) = described(text).ok_or_else(|| strange(&line))?;
    let mut content = vec![0; size + 1];
    answers.read_exact(&mut content).await?;
    content.pop();
    Ok(Some(Object { id: id.to_owned(), kind, content }))
}

fn described(line: &str) -> Option<(&str, Kind, usize)> {
    let [id, kind, size] = line.split(' ').collect::<Vec<_>>()[..] else { return None };
    let kind = match kind {
        "blob" => Kind::Blob,
        "tree" => Kind::Tree,
        "commit" => Kind::Commit,
        "tag" => Kind::Tag,
        _ => return None,
    };
    Some((id, kind, size.parse().ok()?))
}
