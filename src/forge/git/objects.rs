//! Objects, read through one git process that stays for the whole run: a process for each look costs more than the look.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::Mutex;

use crate::forge::Error;
use crate::text::excerpt;

/// The most of git's complaints that is read.
const COMPLAINT: u64 = 4096;

/// What an object is.
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

/// Reads objects by `git cat-file --batch`, which is started where it is needed and not running.
#[derive(Debug, Default)]
pub(super) struct Objects(Mutex<Option<Process>>);

#[derive(Debug)]
struct Process {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Objects {
    /// Has the process start, so that it is ready when something is asked.
    pub(super) async fn start(&self, command: Command) -> Result<(), Error> {
        let mut process = self.0.lock().await;
        if process.is_none() {
            *process = Some(Process::start(command)?);
        }
        Ok(())
    }

    /// The objects of these names (`COMMIT:PATH`, a reference, an id; no line breaks in them); `None` for what does not exist.
    /// `command` starts the process, where there is none that answers.
    pub(super) async fn read(&self, command: Command, names: &[String]) -> Result<Vec<Option<Object>>, Error> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let mut place = self.0.lock().await;
        // One that is left in the middle of an answer is of no use any more.
        if let Some(mut process) = place.take()
            && let Ok(objects) = process.ask(names).await
        {
            *place = Some(process);
            return Ok(objects);
        }
        let mut process = Process::start(command)?;
        match process.ask(names).await {
            Ok(objects) => {
                *place = Some(process);
                Ok(objects)
            }
            Err(what) => {
                let said = process.end().await;
                Err(Error::Unusable(format!("`git cat-file --batch` failed: {what}; {said}")))
            }
        }
    }
}

impl Process {
    fn start(mut command: Command) -> Result<Self, Error> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let cannot =
            |e: &dyn std::fmt::Display| Error::Unusable(format!("git could not be run: {e}; is it installed?"));
        let mut child = command.spawn().map_err(|e| cannot(&e))?;
        let (Some(questions), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(cannot(&"it has no input or output"));
        };
        Ok(Self { child, questions, answers: BufReader::new(answers) })
    }

    /// Writes and reads at once: git may wait for its answers to be taken.
    async fn ask(&mut self, names: &[String]) -> std::io::Result<Vec<Option<Object>>> {
        let Self { questions, answers, .. } = self;
        let text: String = names.iter().map(|name| format!("{name}\n")).collect();
        let ask = async {
            questions.write_all(text.as_bytes()).await?;
            questions.flush().await
        };
        let read = async {
            let mut objects = Vec::with_capacity(names.len());
            for _ in names {
                objects.push(answer(answers).await?);
            }
            Ok(objects)
        };
        tokio::try_join!(ask, read).map(|((), objects)| objects)
    }

    /// Ends it; answers what it complained of.
    async fn end(mut self) -> String {
        let _ = self.child.kill().await;
        let mut said = Vec::new();
        if let Some(errors) = self.child.stderr.take() {
            let _ = errors.take(COMPLAINT).read_to_end(&mut said).await;
        }
        excerpt(&String::from_utf8_lossy(&said), 500)
    }
}

/// One answer: `ID TYPE SIZE`, a line break, the content and a line break, or `NAME missing`.
async fn answer(answers: &mut BufReader<ChildStdout>) -> std::io::Result<Option<Object>> {
    let strange = |line: &[u8]| std::io::Error::other(format!("it printed {:?}", String::from_utf8_lossy(line)));
    let mut line = Vec::new();
    answers.read_until(b'\n', &mut line).await?;
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
