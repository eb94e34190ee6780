//! A blob's bytes as they arrive, decoded if they come compressed although that was not requested.

use bytes::{Bytes, BytesMut};
use reqwest::Response;
use reqwest::header::{CONTENT_LENGTH, HeaderMap};

use crate::registry::wire::{Cure, Fault, Flow, GZIP_MAGIC, Gunzip, Patience, begins_packed, is_called_gzip};

/// How many bytes suffice to tell what is compressed in them, whatever tables come first.
const ENOUGH: usize = 4096;

/// How a response body that contains a blob is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    Raw,
    Compressed,
    /// It is labelled compressed, but whether the blob was compressed once more only its first bytes tell.
    Unclear,
}

impl Reading {
    /// How to read a response that should have this many bytes. A body of that length is the blob, whatever its label.
    /// `Err`: it has another length.
    pub(super) fn of(headers: &HeaderMap, announced: u64) -> Result<Self, u64> {
        let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        match (is_called_gzip(headers), length) {
            (_, Some(length)) if length == announced => Ok(Self::Raw),
            (false, None) => Ok(Self::Raw),
            (false, Some(length)) => Err(length),
            (true, Some(_)) => Ok(Self::Compressed),
            (true, None) => Ok(Self::Unclear),
        }
    }
}

/// The body of a response.
pub(super) struct Body {
    response: Response,
    flow: Flow,
    reading: Reading,
    /// Whether the blob itself is gzip, by its media type.
    gzip: bool,
    gunzip: Gunzip,
    /// Received and not decoded yet.
    coded: Bytes,
    /// Received, but too little to tell how it is to be read.
    first: BytesMut,
    ended: bool,
}

impl Body {
    pub(super) fn new(response: Response, reading: Reading, media_type: &str) -> Self {
        let gzip = media_type.ends_with("gzip");
        let (flow, gunzip, coded, first) = (Flow::default(), Gunzip::new(), Bytes::new(), BytesMut::new());
        Self { response, flow, reading, gzip, gunzip, coded, first, ended: false }
    }

    /// Whether the received bytes differ from the blob's own: ranges of them would be ranges of something else.
    pub(super) fn is_compressed(&self) -> bool {
        self.reading != Reading::Raw
    }

    /// The next bytes of the blob; `None` at the end.
    pub(super) async fn next(&mut self, patience: &Patience) -> Result<Option<Bytes>, Fault> {
        loop {
            if !self.coded.is_empty() {
                let decoded = self.gunzip.take(&mut self.coded).map_err(|e| broken(&e))?;
                if !decoded.is_empty() {
                    return Ok(Some(decoded));
                }
                continue;
            }
            if self.ended {
                return Ok(None);
            }
            match (self.flow.next(&mut self.response, patience).await?, self.reading) {
                (bytes, Reading::Raw) => return Ok(bytes),
                (bytes, Reading::Unclear) => {
                    let ended = bytes.is_none();
                    self.first.extend_from_slice(&bytes.unwrap_or_default());
                    if ended || self.first.len() >= ENOUGH {
                        let first = std::mem::take(&mut self.first).freeze();
                        if !is_compressed(&first, self.gzip) {
                            self.reading = Reading::Raw;
                            return Ok(Some(first).filter(|first| !first.is_empty()));
                        }
                        (self.reading, self.coded) = (Reading::Compressed, first);
                    }
                }
                (Some(bytes), Reading::Compressed) => self.coded = bytes,
                (None, Reading::Compressed) => {
                    self.ended = true;
                    let last = self.gunzip.finish().map_err(|e| broken(&e))?;
                    return Ok(Some(last).filter(|last| !last.is_empty()));
                }
            }
        }
    }
}

/// Whether a body that begins like this was compressed in transit; for a blob that is gzip itself, whether it is
/// compressed twice.
fn is_compressed(first: &Bytes, gzip: bool) -> bool {
    if !first.starts_with(&GZIP_MAGIC) {
        return false;
    }
    !gzip || begins_packed(first).starts_with(&GZIP_MAGIC)
}

fn broken(error: &std::io::Error) -> Fault {
    Fault { cure: Cure::Again, ..Fault::protocol(format!("its `Content-Encoding: gzip` is broken: {error}")) }
}
