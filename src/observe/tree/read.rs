//! Reading one file.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::FILE_LIMIT;

/// What reading a file gave.
pub(super) enum Contents {
    Bytes(Vec<u8>),
    /// It is left, and why.
    Left(String),
    /// It cannot be read, and why.
    Failed(String),
}

/// Reads a regular file of bounded size without zero bytes, which no text in an encoding that extends ASCII contains.
pub(super) fn read(path: &Path) -> Contents {
    let failed = |e: std::io::Error| Contents::Failed(format!("it cannot be read: {e}"));
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) => return failed(error),
    };
    let size = match file.metadata() {
        Ok(metadata) => metadata.len(),
        Err(error) => return failed(error),
    };
    let mut bytes = Vec::with_capacity(usize::try_from(size.min(FILE_LIMIT)).unwrap_or_default() + 1);
    if let Err(error) = file.take(FILE_LIMIT + 1).read_to_end(&mut bytes) {
        return failed(error);
    }
    if bytes.len() as u64 > FILE_LIMIT {
        return Contents::Left(format!("it has more than {} MiB, which are the most", FILE_LIMIT >> 20));
    }
    if bytes.contains(&0) {
        return Contents::Left("it contains zero bytes: it is binary, or in UTF-16".to_owned());
    }
    Contents::Bytes(bytes)
}
