//! dpkg's database: `var/lib/dpkg/status`, and the files of `status.d` that distroless images have instead.

use std::io::{BufRead, Result};

use super::{Entry, Installed, Manager, each_line, field};

/// Which file it is: in those of `status.d`, which describe one package each, nothing says that it is installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DpkgFile {
    Status,
    Part,
}

/// The stanza that is being read.
#[derive(Default)]
struct Stanza {
    entry: Entry,
    status: Option<String>,
}

/// Reads one of dpkg's files. The inner error is a bound in words.
///
/// # Errors
/// Those of the reader.
pub(crate) fn read_dpkg(reader: &mut dyn BufRead, file: DpkgFile) -> Result<std::result::Result<Installed, String>> {
    let mut installed = Installed::new(Manager::Dpkg);
    let mut failed = None;
    let mut stanza = Stanza::default();
    let mut of_ubuntu = 0usize;
    let mut finish = |stanza: &mut Stanza, installed: &mut Installed| {
        let stanza = std::mem::take(stanza);
        if failed.is_none() && stanza.is_installed(file) {
            failed = installed.push(&stanza.entry).err();
        }
    };
    each_line(reader, &mut |line| {
        installed.bytes += line.len() as u64 + 1;
        if line.iter().all(u8::is_ascii_whitespace) {
            finish(&mut stanza, &mut installed);
        } else if !line[0].is_ascii_whitespace() {
            of_ubuntu += usize::from(stanza.read_field(line));
        }
    })?;
    finish(&mut stanza, &mut installed);
    installed.ubuntu = of_ubuntu * 2 > installed.count;
    Ok(failed.map_or(Ok(installed), Err))
}

impl Stanza {
    /// Returns whether the field names Ubuntu as the maintainer. Lines that continue a field are none.
    fn read_field(&mut self, line: &[u8]) -> bool {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { return false };
        let (name, value) = (line[..colon].to_ascii_lowercase(), &line[colon + 1..]);
        match name.as_slice() {
            b"package" => self.entry.name = field(value),
            b"version" => self.entry.version = field(value),
            b"status" => self.status = Some(field(value)),
            // `openssl`, or with its version where that differs: `openssl (3.0.11-1)`.
            b"source" => self.entry.source = field(value).replace(" (", "@").replace(')', ""),
            b"maintainer" => return String::from_utf8_lossy(value).contains("ubuntu.com"),
            _ => {}
        }
        false
    }

    /// Whether its files are there: `config-files` says that only configuration is left.
    fn is_installed(&self, file: DpkgFile) -> bool {
        let state = self.status.as_deref().map(|status| status.split_whitespace().nth(2).unwrap_or_default());
        match state {
            None => file == DpkgFile::Part,
            Some(state) => {
                matches!(state, "installed" | "triggers-pending" | "triggers-awaited" | "half-configured" | "unpacked")
            }
        }
    }
}
