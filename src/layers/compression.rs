//! A layer's bytes, decompressed within bounds. What they are decides, whatever the media type says.

use std::cell::Cell;
use std::io::{BufRead, BufReader, Cursor, Error, Read, Result, copy, sink};
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// The most decompressed bytes of one layer.
const MOST: u64 = 4 << 30;
/// How much larger than its compressed bytes a layer may be, apart from the first bytes.
const RATIO: u64 = 200;
const FIRST: u64 = 64 << 20;
/// The largest window of zstd: what RFC 8878 recommends to support.
const WINDOW: u64 = 8 << 20;

/// Opens a layer.
///
/// # Errors
/// Those of the reader; a form that is not read.
pub(super) fn open<'a>(media_type: &str, mut layer: impl Read + 'a) -> Result<Box<dyn Read + 'a>> {
    if media_type.contains("encrypted") {
        return Err(Error::other("encrypted layers are not read"));
    }
    let mut magic = Vec::new();
    layer.by_ref().take(6).read_to_end(&mut magic)?;
    let consumed = Rc::new(Cell::new(0));
    let whole = Cursor::new(magic.clone()).chain(layer);
    let source = BufReader::with_capacity(64 << 10, Counted { inner: whole, count: Rc::clone(&consumed) });
    let inner: Box<dyn Read + 'a> = match magic[..] {
        [0x1f, 0x8b, ..] => Box::new(MultiGzDecoder::new(source)),
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Box::new(Zstd::new(source)),
        [0xfd, b'7', b'z', b'X', b'Z', 0] => return Err(Error::other("layers compressed with xz are not read")),
        [b'B', b'Z', b'h', ..] => return Err(Error::other("layers compressed with bzip2 are not read")),
        _ => Box::new(source),
    };
    Ok(Box::new(Bounded { inner, produced: 0, consumed }))
}

/// Counts what is read.
struct Counted<R> {
    inner: R,
    count: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count.set(self.count.get() + read as u64);
        Ok(read)
    }
}

/// Fails where a layer expands too much.
struct Bounded<R> {
    inner: R,
    produced: u64,
    consumed: Rc<Cell<u64>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let read = self.inner.read(buffer)?;
        self.produced += read as u64;
        if self.produced > MOST {
            return Err(Error::other("it is larger than 4 GiB when decompressed"));
        }
        if self.produced > FIRST.saturating_add(self.consumed.get().saturating_mul(RATIO)) {
            return Err(Error::other(format!("it expands to more than {RATIO} times its compressed size")));
        }
        Ok(read)
    }
}

/// Frames of zstd, one after the other (RFC 8878, section 3).
struct Zstd<R> {
    source: R,
    decoder: FrameDecoder,
    in_frame: bool,
}

impl<R: BufRead> Zstd<R> {
    fn new(source: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(WINDOW);
        Self { source, decoder, in_frame: false }
    }

    fn start_frame(&mut self) -> Result<()> {
        match self.decoder.reset(&mut self.source) {
            Ok(()) => self.in_frame = true,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                copy(&mut self.source.by_ref().take(u64::from(length)), &mut sink())?;
            }
            Err(FrameDecoderError::WindowSizeTooBig { .. }) => {
                return Err(Error::other("its zstd window is larger than 8 MiB"));
            }
            Err(_) => return Err(Error::other("its zstd data is damaged")),
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        loop {
            if self.in_frame {
                while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                    let decoded = self.decoder.decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBlocks(1));
                    decoded.map_err(|_| Error::other("its zstd data is damaged or ends too early"))?;
                }
                let read = self.decoder.read(buffer)?;
                if read > 0 || buffer.is_empty() {
                    return Ok(read);
                }
                self.in_frame = false;
            }
            if self.source.fill_buf()?.is_empty() {
                return Ok(0);
            }
            self.start_frame()?;
        }
    }
}
