//! A document on its way out, without secrets: long ones are never held as a whole.

use std::io::{self, Write};

use crate::text::Hidden;

/// How much is held before it is written, in bytes.
const PIECE: usize = 256 << 10;

/// Writes text with `***` in place of what is hidden, and as `change` has it.
pub(super) struct Redacting<'a> {
    out: &'a mut dyn Write,
    hidden: &'a Hidden,
    change: fn(&str) -> String,
    text: Vec<u8>,
}

impl<'a> Redacting<'a> {
    /// `change` replaces texts of at most eight bytes.
    pub(super) fn new(out: &'a mut dyn Write, hidden: &'a Hidden, change: fn(&str) -> String) -> Self {
        Self { out, hidden, change, text: Vec::new() }
    }

    /// Writes the rest.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.pass(0)
    }

    /// Writes all but the last bytes: what is hidden may begin there.
    fn pass(&mut self, kept: usize) -> io::Result<()> {
        let text = (self.change)(&self.hidden.redact(&String::from_utf8_lossy(&self.text)));
        let (done, rest) = text.split_at(text.floor_char_boundary(text.len().saturating_sub(kept)));
        self.out.write_all(done.as_bytes())?;
        self.text = rest.as_bytes().to_vec();
        Ok(())
    }
}

impl Write for Redacting<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        let kept = self.hidden.longest().max(8);
        if self.text.len() > PIECE + kept && std::str::from_utf8(&self.text).is_ok() {
            self.pass(kept)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_hidden_is_found_wherever_pieces_end() {
        let hidden = Hidden::new(["hunter22".to_owned()]);
        let mut out = Vec::new();
        let mut writer = Redacting::new(&mut out, &hidden, |text| text.replace("##[", "#\\u0023["));
        for _ in 0..60_000 {
            writer.write_all("é hunter".as_bytes()).unwrap();
            writer.write_all(b"22 ##").unwrap();
            writer.write_all(b"[").unwrap();
        }
        writer.finish().unwrap();
        assert!(String::from_utf8(out).unwrap() == "é *** #\\u0023[".repeat(60_000));
    }
}
