//! The databases of package managers in an image: dpkg's and apk's.

use std::io::{BufRead, Error, Read, Result};

use super::MOST;

mod apk;
mod distribution;
mod dpkg;
mod listing;
#[cfg(test)]
mod tests;

pub(crate) use apk::read_apk;
pub(crate) use distribution::Distribution;
pub(crate) use dpkg::{DpkgFile, read_dpkg};
pub(crate) use listing::packages;

/// The largest database that is read, in bytes.
pub(crate) const LARGEST: u64 = 16 << 20;
/// The most bytes of names, versions and so on of one database that are kept.
const MOST_TEXT: usize = 3 << 20;
/// The longest line that matters; of a longer one, the beginning is read.
const LONGEST_LINE: usize = 4 << 10;
/// The longest name or version, in bytes.
const LONGEST: usize = 256;

/// Which package manager a database belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manager {
    Dpkg,
    Apk,
}

/// A package as a database describes it.
#[derive(Debug, Clone, Default)]
struct Entry {
    name: String,
    version: String,
    /// The source package, perhaps with its version: `openssl`, `openssl@3.0.11`. Empty if it is not named.
    source: String,
    licence: String,
}

impl Entry {
    fn pack(&self) -> String {
        [&self.name, &self.version, &self.source, &self.licence].map(String::as_str).join(&SEPARATOR.to_string()) + "\n"
    }

    fn unpack(line: &str) -> Self {
        let mut fields = line.split(SEPARATOR).map(str::to_owned);
        let mut next = || fields.next().unwrap_or_default();
        Self { name: next(), version: next(), source: next(), licence: next() }
    }
}

/// Between the fields of a packed entry.
const SEPARATOR: char = '\u{1f}';

/// The packages that a database says are installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Installed {
    pub manager: Manager,
    /// Packed entries: many databases are held at once.
    packed: String,
    count: usize,
    /// Whether it is Ubuntu's, according to who maintains the packages.
    ubuntu: bool,
    /// The size of the database, in bytes.
    pub bytes: u64,
}

impl Installed {
    fn new(manager: Manager) -> Self {
        Self { manager, packed: String::new(), count: 0, ubuntu: false, bytes: 0 }
    }

    /// Whether it lists nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The bytes of memory that it takes.
    pub(crate) fn memory(&self) -> usize {
        self.packed.len()
    }

    /// The error is a bound in words.
    fn push(&mut self, entry: &Entry) -> std::result::Result<(), String> {
        if entry.name.is_empty() || entry.version.is_empty() {
            return Ok(());
        }
        let packed = entry.pack();
        if self.count == MOST {
            return Err("it lists more than 100,000 packages".to_owned());
        }
        if self.packed.len() + packed.len() > MOST_TEXT {
            return Err("its names and versions are larger than 3 MiB".to_owned());
        }
        self.count += 1;
        self.packed.push_str(&packed);
        Ok(())
    }

    fn entries(&self) -> impl Iterator<Item = Entry> {
        self.packed.lines().map(Entry::unpack)
    }

    /// Each package as it is packed: equal ones are the same package.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &str> {
        self.packed.lines()
    }

    /// Whether it lists a package of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.lines().any(|line| line.split(SEPARATOR).next() == Some(name))
    }

    /// The version of an installed package.
    fn version_of(&self, name: &str) -> Option<String> {
        self.entries().find(|entry| entry.name == name).map(|entry| entry.version)
    }
}

/// Calls `act` with every line, without its end. A long line is cut.
///
/// # Errors
/// Those of the reader.
pub(crate) fn each_line(reader: &mut dyn BufRead, act: &mut dyn FnMut(&[u8])) -> Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = Read::take(&mut *reader, LONGEST_LINE as u64).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(());
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        } else if read == LONGEST_LINE {
            skip_line(reader)?;
        }
        act(line.strip_suffix(b"\r").unwrap_or(&line));
    }
}

fn skip_line(reader: &mut dyn BufRead) -> std::result::Result<(), Error> {
    loop {
        let buffer = reader.fill_buf()?;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let (used, done) = end.map_or((buffer.len(), buffer.is_empty()), |at| (at + 1, true));
        reader.consume(used);
        if done {
            return Ok(());
        }
    }
}

/// A name or version of reasonable length.
fn field(value: &[u8]) -> String {
    let value = String::from_utf8_lossy(value);
    let value = value.trim().replace(char::is_control, " ");
    let mut end = value.len().min(LONGEST);
    while !value.is_char_boundary(end) {
        end -= 1;
    }
    value[..end].to_owned()
}
