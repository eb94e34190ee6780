//! A document on its way into a file, or to the runner. As JSON it can be long, and is never held as a whole.

use std::io::{self, Write};

use super::redacting::Redacting;
use super::results::Results;
use crate::image::{Digest, Hasher};
use crate::text::Hidden;

/// A file to write when a run ends.
pub(crate) struct Filed {
    pub path: String,
    pub(super) content: Content,
}

/// What is written into it.
pub(super) enum Content {
    Text(String),
    Json { results: Box<Results>, hidden: Hidden, error: Option<String> },
}

impl Filed {
    /// Writes the document.
    ///
    /// # Errors
    /// Those of `out`.
    pub(crate) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        match &self.content {
            Content::Text(text) => out.write_all(text.as_bytes()),
            Content::Json { results, hidden, error } => json(out, results, hidden, error.as_deref(), str::to_owned),
        }
    }
}

/// Writes the run's document as JSON, without secrets and as `change` has it.
pub(super) fn json(
    out: &mut dyn Write,
    results: &Results,
    hidden: &Hidden,
    error: Option<&str>,
    change: fn(&str) -> String,
) -> io::Result<()> {
    let mut out = Redacting::new(out, hidden, change);
    super::json::write(&mut out, &results.document(), error)?;
    out.finish()
}

/// The digest of what [`json`] writes.
pub(super) fn digest_of_json(results: &Results, hidden: &Hidden, error: Option<&str>) -> io::Result<Digest> {
    struct Digesting(Hasher);
    impl Write for Digesting {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.update(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut digesting = Digesting(Digest::sha256(b"").hasher());
    json(&mut digesting, results, hidden, error, str::to_owned)?;
    Ok(digesting.0.finish())
}
