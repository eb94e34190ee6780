//! Bodies that come compressed although that was not requested (RFC 9110, section 8.4).

use std::io::{self, Read as _, Write as _};

use bytes::{Buf as _, Bytes};
use flate2::read::MultiGzDecoder as Whole;
use flate2::write::MultiGzDecoder as Stream;
use reqwest::header::{CONTENT_ENCODING, HeaderMap};

/// The first bytes of gzip (RFC 1952, section 2.3.1).
pub(crate) const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Whether a body is labelled compressed.
pub(crate) fn is_called_gzip(headers: &HeaderMap) -> bool {
    let coding = headers.get(CONTENT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    matches!(coding.trim().to_ascii_lowercase().as_str(), "gzip" | "x-gzip")
}

/// A whole body that is labelled compressed, decompressed; if it only has the label, unchanged. At most one byte more
/// than `limit` comes out.
///
/// # Errors
/// If it is broken.
pub(super) fn decoded(body: Bytes, limit: usize) -> io::Result<Bytes> {
    if !body.starts_with(&MAGIC) {
        return Ok(body);
    }
    let mut decoded = Vec::new();
    Whole::new(body.reader()).take(limit as u64 + 1).read_to_end(&mut decoded)?;
    Ok(decoded.into())
}

/// The first two decompressed bytes of a body that begins like this, or fewer.
pub(crate) fn begins_packed(body: &[u8]) -> Vec<u8> {
    let mut begin = Vec::new();
    // It is truncated: only what came before that is wanted.
    let _ = Whole::new(body).take(2).read_to_end(&mut begin);
    begin
}

/// A compressed body that is decoded as it arrives: each call's output is bounded, however much is packed into few
/// bytes.
#[derive(Debug)]
pub(crate) struct Gunzip {
    decoder: Stream<Vec<u8>>,
}

impl Gunzip {
    pub(crate) fn new() -> Self {
        Self { decoder: Stream::new(Vec::new()) }
    }

    /// Takes some of `input` and returns the output, about 64 KiB at most; it may be empty although more is to come.
    ///
    /// # Errors
    /// If it is broken.
    pub(crate) fn take(&mut self, input: &mut Bytes) -> io::Result<Bytes> {
        let taken = self.decoder.write(input)?;
        if taken == 0 && !input.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "bytes after its end"));
        }
        input.advance(taken);
        Ok(std::mem::take(self.decoder.get_mut()).into())
    }

    /// The remaining output at the end.
    ///
    /// # Errors
    /// If the gzip stream does not end properly.
    pub(crate) fn finish(&mut self) -> io::Result<Bytes> {
        self.decoder.try_finish()?;
        Ok(std::mem::take(self.decoder.get_mut()).into())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(bytes: &[u8]) -> Bytes {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap().into()
    }

    /// The output for pieces of this size, and the most from one call.
    fn stream(packed: &[u8], piece: usize) -> io::Result<(Vec<u8>, usize)> {
        let (mut gunzip, mut out, mut most) = (Gunzip::new(), Vec::new(), 0);
        for piece in packed.chunks(piece) {
            let mut input = Bytes::copy_from_slice(piece);
            while !input.is_empty() {
                let bytes = gunzip.take(&mut input)?;
                most = most.max(bytes.len());
                out.extend_from_slice(&bytes);
            }
        }
        let last = gunzip.finish()?;
        most = most.max(last.len());
        out.extend_from_slice(&last);
        Ok((out, most))
    }

    #[test]
    fn pieces_of_any_size_give_the_bytes_and_never_many_at_once() {
        let bytes: Vec<u8> =
            (0..3_000_000_u32).map(|n| if n < 100_000 { n.to_le_bytes()[n as usize % 3] } else { 7 }).collect();
        let packed = packed(&bytes);
        for piece in [1, 100, packed.len()] {
            let (out, most) = stream(&packed, piece).unwrap();
            assert!(out == bytes && most <= 128 * 1024, "{piece}: {most}");
        }
        assert!(stream(&packed[..packed.len() - 1], 100).is_err(), "cut off");
        assert!(stream(b"plain", 100).is_err());
        let twice = [packed.as_ref(), &packed].concat();
        assert_eq!(stream(&twice, 1_000).unwrap().0.len(), 2 * bytes.len());
    }

    #[test]
    fn a_whole_body_is_bounded_and_what_is_only_called_compressed_stays() {
        assert_eq!(decoded(packed(&[b'x'; 1_000]), 1_000).unwrap().len(), 1_000);
        assert_eq!(decoded(packed(&[b'x'; 1_000_000]), 1_000).unwrap().len(), 1_001);
        assert_eq!(decoded("{}".into(), 1_000).unwrap().as_ref(), b"{}");
        assert!(decoded(packed(b"{}").slice(..12), 1_000).is_err());
    }
}
