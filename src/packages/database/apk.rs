//! apk's database: `lib/apk/db/installed`.

use std::io::{BufRead, Result};

use super::{Entry, Installed, Manager, each_line, field};

/// Reads apk's database, and calls `owned` with the path of every file that a package owns. The inner error is a bound in
/// words.
///
/// # Errors
/// Those of the reader.
pub(crate) fn read_apk(
    reader: &mut dyn BufRead,
    owned: &mut dyn FnMut(&[u8]),
) -> Result<std::result::Result<Installed, String>> {
    let mut installed = Installed::new(Manager::Apk);
    let mut failed = None;
    let (mut entry, mut folder) = (Entry::default(), Vec::new());
    let mut finish = |entry: &mut Entry, installed: &mut Installed| {
        let entry = std::mem::take(entry);
        if failed.is_none() {
            failed = installed.push(&entry).err();
        }
    };
    each_line(reader, &mut |line| {
        installed.bytes += line.len() as u64 + 1;
        let (key, value) = line.split_at(line.len().min(2));
        match key {
            b"" => finish(&mut entry, &mut installed),
            b"P:" => entry.name = field(value),
            b"V:" => entry.version = field(value),
            b"L:" => entry.licence = field(value),
            b"o:" => entry.source = field(value),
            b"F:" => folder = value.to_vec(),
            b"R:" => owned(&[&folder[..], b"/", value].concat()),
            _ => {}
        }
    })?;
    finish(&mut entry, &mut installed);
    Ok(failed.map_or(Ok(installed), Err))
}
