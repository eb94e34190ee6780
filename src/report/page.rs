//! A page for people: how wide it is, and what on it stands out.

use std::io::{self, Write};

/// How text for people looks on a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    /// The most columns of a line, if names allow it.
    pub width: usize,
    /// Whether its reader understands ANSI escapes.
    pub colour: bool,
}

impl Default for Look {
    fn default() -> Self {
        Self { width: 80, colour: false }
    }
}

/// What a word says about its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tone {
    Good,
    Doubtful,
    Bad,
}

/// Text that is being laid out.
#[derive(Debug, Default)]
pub(super) struct Page {
    text: Vec<u8>,
    look: Look,
}

impl Page {
    pub(super) const fn new(look: Look) -> Self {
        Self { text: Vec::new(), look }
    }

    pub(super) fn into_text(self) -> String {
        String::from_utf8_lossy(&self.text).into_owned()
    }

    pub(super) const fn width(&self) -> usize {
        self.look.width
    }

    /// A line that names what follows.
    pub(super) fn heading(&mut self, text: &str) -> io::Result<()> {
        let text = self.look.strong(text);
        writeln!(self, "{text}")
    }

    /// A word with its tone, at unchanged width.
    pub(super) fn toned(&self, word: &str, tone: Option<Tone>) -> String {
        match tone {
            Some(tone) => self.look.toned(word, tone),
            None => word.to_owned(),
        }
    }
}

impl Look {
    pub(super) fn strong(self, text: &str) -> String {
        self.painted(text, "1")
    }

    pub(super) fn toned(self, text: &str, tone: Tone) -> String {
        self.painted(
            text,
            match tone {
                Tone::Good => "32",
                Tone::Doubtful => "33",
                Tone::Bad => "31",
            },
        )
    }

    fn painted(self, text: &str, code: &str) -> String {
        match self.colour && !text.trim().is_empty() {
            true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            false => text.to_owned(),
        }
    }
}

impl Tone {
    /// The meaning of the words that rows of plans, outcomes and `doctor` start with; `None` for neutral ones.
    pub(super) fn of(word: &str) -> Option<Self> {
        match word.trim() {
            "ok" | "promoted" | "present" | "opened" | "updated" | "carried" | "create" | "fix" | "pulled" => {
                Some(Self::Good)
            }
            "unknown" | "waiting" | "left" | "unmatched" | "unread" | "beside" | "report" | "not-ready" => {
                Some(Self::Doubtful)
            }
            "missing" | "source-lost" | "mirror-differs" | "unreviewed" | "unsigned" | "not-ours" | "refused"
            | "revoked" => Some(Self::Bad),
            _ => None,
        }
    }
}

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
