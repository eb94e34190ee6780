//! The stream that people and the Actions runner read besides results: the log, its groups, masks.
//!
//! The runner reads a step's two streams as two queues, which loses their common order. So when started as the action,
//! the program writes everything to standard output ([`join`]).

use std::fmt::Arguments;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::drawn::suspended;

/// Whether messages go to standard output.
static JOINED: AtomicBool = AtomicBool::new(false);

/// From now on messages go to standard output, like results.
pub(crate) fn join() {
    JOINED.store(true, Ordering::Relaxed);
}

/// Where messages go: standard error, unless the streams are joined. Every write comes out whole, and bars stay below
/// it.
#[derive(Debug, Default)]
pub(crate) struct Messages;

impl Write for Messages {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.write_all(text).map(|()| text.len())
    }

    fn write_all(&mut self, text: &[u8]) -> io::Result<()> {
        suspended(|| match JOINED.load(Ordering::Relaxed) {
            true => io::stdout().write_all(text),
            false => io::stderr().write_all(text),
        })
    }

    fn write_fmt(&mut self, text: Arguments<'_>) -> io::Result<()> {
        self.write_all(text.to_string().as_bytes())
    }

    fn flush(&mut self) -> io::Result<()> {
        match JOINED.load(Ordering::Relaxed) {
            true => io::stdout().flush(),
            false => io::stderr().flush(),
        }
    }
}

/// Where results go when the streams are joined. They have their own groups and are never inside one of the log's.
#[derive(Debug, Default)]
pub(crate) struct OutsideGroups;

impl Write for OutsideGroups {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.write_all(text).map(|()| text.len())
    }

    fn write_all(&mut self, text: &[u8]) -> io::Result<()> {
        groups().close();
        Messages.write_all(text)
    }

    fn write_fmt(&mut self, text: Arguments<'_>) -> io::Result<()> {
        self.write_all(text.to_string().as_bytes())
    }

    fn flush(&mut self) -> io::Result<()> {
        Messages.flush()
    }
}

/// The log target of phases' lines: written in GitHub Actions jobs, and elsewhere with `-v`.
pub(crate) const PHASE: &str = "wharfinger::phase";
/// The log target that begins a group of lines or, with an empty text, ends it.
pub(crate) const GROUP: &str = "wharfinger::phase::group";

/// Says what the run is about, or why it does nothing.
pub(crate) fn say(text: &str) {
    tracing::info!(target: PHASE, "{text}");
}

/// A part of the run. Until it is dropped, lines in the log of a job are folded under its title. The runner does not
/// nest groups: a part of a part is one line.
#[must_use]
pub(crate) struct Group(usize);

impl Group {
    pub(crate) fn begin(title: &str) -> Self {
        let mut groups = groups();
        groups.begun += 1;
        match groups.open {
            Some(_) => tracing::info!(target: PHASE, "{title}"),
            None => {
                groups.open = Some(groups.begun);
                tracing::info!(target: GROUP, "{title}");
            }
        }
        Self(groups.begun)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let mut groups = groups();
        if groups.open == Some(self.0) {
            groups.close();
        }
    }
}

/// The groups of this process's log.
struct Groups {
    /// How many parts of the run have begun so far.
    begun: usize,
    /// The part whose group is open.
    open: Option<usize>,
}

static GROUPS: Mutex<Groups> = Mutex::new(Groups { begun: 0, open: None });

fn groups() -> MutexGuard<'static, Groups> {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Groups {
    fn close(&mut self) {
        if self.open.take().is_some() {
            tracing::info!(target: GROUP, "");
        }
    }
}
