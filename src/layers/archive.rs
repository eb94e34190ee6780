//! The entries of a tar archive: ustar, GNU and pax, as extractors of images read them.
//!
//! The headers are read by the `tar` crate. Its own iterator is not used: it reads long names and maps of sparse files to
//! their end, however large they are.

use std::io::{Error, ErrorKind, Read, Result, copy, sink};

use tar::{GnuExtSparseHeader, Header};

const BLOCK: u64 = 512;
/// The largest long name or pax header, in bytes.
const LARGEST_HEADER: u64 = 1 << 20;
/// The longest path that a system accepts, in bytes.
const LONGEST_PATH: usize = 4096;

/// What kind of file an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    HardLink,
    Symlink,
    Folder,
    /// A device or pipe.
    Device,
}

/// One file of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// As it is written.
    pub path: Vec<u8>,
    /// What a link points to.
    pub link: Vec<u8>,
    pub kind: Kind,
    pub mode: u32,
    /// The bytes of its content that follow.
    pub size: u64,
    pub is_sparse: bool,
}

/// An archive that is read entry by entry. Reading from it reads the content of the current entry.
pub(super) struct Archive<R> {
    reader: R,
    /// What is left of the current entry's content.
    content: u64,
    /// What fills its last block.
    padding: u64,
}

/// What headers before an entry say about it.
#[derive(Default)]
struct Extension {
    path: Option<Vec<u8>>,
    sparse_path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    is_sparse: bool,
    long_path: Option<Vec<u8>>,
    long_link: Option<Vec<u8>>,
}

impl<R: Read> Archive<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, content: 0, padding: 0 }
    }

    /// The next entry; `None` at the end.
    ///
    /// # Errors
    /// Those of the reader; a fault of the archive, in words.
    pub(super) fn next(&mut self) -> Result<Option<Entry>> {
        let mut extension = Extension::default();
        loop {
            self.skip(self.content.saturating_add(self.padding))?;
            (self.content, self.padding) = (0, 0);
            let Some(header) = self.header()? else { return Ok(None) };
            let size = if is_blank(&header.as_old().size) { Ok(0) } else { header.entry_size() };
            let size = size.map_err(|_| damaged())?;
            match header.entry_type().as_byte() {
                b'x' => extension.read_pax(&self.small(size)?)?,
                b'L' => extension.long_path = Some(until_nul(&self.small(size)?)),
                b'K' => extension.long_link = Some(until_nul(&self.small(size)?)),
                b'g' => self.set_content(size),
                _ => return self.entry(&header, size, extension).map(Some),
            }
        }
    }

    /// Reads what follows the archive, so that damage of its compression is found. What it is does not matter.
    pub(super) fn finish(mut self) -> Result<()> {
        copy(&mut self.reader, &mut sink()).map(|_| ())
    }

    fn entry(&mut self, header: &Header, size: u64, extension: Extension) -> Result<Entry> {
        let header_path = header.path_bytes();
        let path = extension.long_path.or(extension.sparse_path).or(extension.path);
        let path = path.unwrap_or_else(|| header_path.to_vec());
        let header_link = header.link_name_bytes().map(|link| link.to_vec());
        let link = extension.long_link.or(extension.link).or(header_link).unwrap_or_default();
        if path.len() > LONGEST_PATH || path.contains(&0) {
            return Err(Error::other("it holds a path that no system accepts"));
        }
        let type_byte = header.entry_type().as_byte();
        let kind = match type_byte {
            0 if path.ends_with(b"/") => Kind::Folder,
            b'1' => Kind::HardLink,
            b'2' => Kind::Symlink,
            b'3' | b'4' | b'6' => Kind::Device,
            b'5' => Kind::Folder,
            _ => Kind::File,
        };
        if type_byte == b'S' {
            self.skip_sparse_map(header)?;
        }
        // Extractors expect no content after links, devices and folders, whatever their size says.
        let size = if matches!(kind, Kind::File) { extension.size.unwrap_or(size) } else { 0 };
        self.set_content(size);
        let mode = if is_blank(&header.as_old().mode) { Ok(0) } else { header.mode() };
        let mode = mode.map_err(|_| damaged())?;
        Ok(Entry { path, link, kind, mode, size, is_sparse: type_byte == b'S' || extension.is_sparse })
    }

    fn set_content(&mut self, size: u64) {
        (self.content, self.padding) = (size, (BLOCK - size % BLOCK) % BLOCK);
    }

    /// The next header; `None` at the end: two blocks of zeros, or nothing more.
    fn header(&mut self) -> Result<Option<Header>> {
        let mut header = Header::new_old();
        if !self.block(header.as_mut_bytes())? {
            return Ok(None);
        }
        if is_zero(&header) {
            let more = self.block(header.as_mut_bytes())?;
            return if more && !is_zero(&header) { Err(damaged()) } else { Ok(None) };
        }
        if checksum_matches(&header) { Ok(Some(header)) } else { Err(damaged()) }
    }

    /// Fills a block; false where the archive ends before it.
    fn block(&mut self, block: &mut [u8]) -> Result<bool> {
        let mut filled = 0;
        while filled < block.len() {
            match self.reader.read(&mut block[filled..]) {
                Ok(0) if filled == 0 => return Ok(false),
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(read) => filled += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    fn skip(&mut self, bytes: u64) -> Result<()> {
        let skipped = copy(&mut self.reader.by_ref().take(bytes), &mut sink())?;
        if skipped == bytes { Ok(()) } else { Err(ErrorKind::UnexpectedEof.into()) }
    }

    /// The content of an entry that describes the next one.
    fn small(&mut self, size: u64) -> Result<Vec<u8>> {
        if size > LARGEST_HEADER {
            return Err(Error::other("one of its headers is larger than 1 MiB"));
        }
        self.set_content(size);
        let mut content = Vec::new();
        self.read_to_end(&mut content)?;
        Ok(content)
    }

    /// The map of an old GNU sparse file stands between its header and its content.
    fn skip_sparse_map(&mut self, header: &Header) -> Result<()> {
        let mut is_extended = header.as_gnu().is_some_and(tar::GnuHeader::is_extended);
        while is_extended {
            let mut more = GnuExtSparseHeader::new();
            if !self.block(more.as_mut_bytes())? {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            is_extended = more.is_extended();
        }
        Ok(())
    }
}

impl<R: Read> Read for Archive<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let most = usize::try_from(self.content).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.reader.read(&mut buffer[..most])?;
        if read == 0 && most > 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.content -= read as u64;
        Ok(read)
    }
}

impl Extension {
    /// Records of pax (POSIX.1-2024, `pax`, "pax Extended Header"): `LENGTH KEY=VALUE\n`. The last of equal keys counts.
    fn read_pax(&mut self, mut records: &[u8]) -> Result<()> {
        while !records.is_empty() {
            let (record, rest) = pax_record(records).ok_or_else(damaged)?;
            let equals = record.iter().position(|byte| *byte == b'=').ok_or_else(damaged)?;
            let (key, value) = (&record[..equals], &record[equals + 1..]);
            match key {
                b"path" => self.path = Some(value.to_vec()),
                // The path of a sparse file says nothing but that it is one.
                b"GNU.sparse.name" => self.sparse_path = Some(value.to_vec()),
                b"linkpath" => self.link = Some(value.to_vec()),
                b"size" => {
                    let size = std::str::from_utf8(value).ok().and_then(|size| size.parse().ok());
                    self.size = Some(size.ok_or_else(damaged)?);
                }
                _ => self.is_sparse |= key.starts_with(b"GNU.sparse."),
            }
            records = rest;
        }
        Ok(())
    }
}

/// The first record, without its length and the end of its line, and what follows it.
fn pax_record(records: &[u8]) -> Option<(&[u8], &[u8])> {
    let space = records.iter().position(|byte| *byte == b' ')?;
    let length: usize = std::str::from_utf8(&records[..space]).ok()?.parse().ok()?;
    let record = records.get(space + 1..length)?.strip_suffix(b"\n")?;
    Some((record, &records[length..]))
}

fn until_nul(bytes: &[u8]) -> Vec<u8> {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default().to_vec()
}

/// Whether a field of a header is left out, which stands for zero.
fn is_blank(field: &[u8]) -> bool {
    field.iter().all(|byte| matches!(byte, 0 | b' '))
}

fn is_zero(header: &Header) -> bool {
    header.as_bytes().iter().all(|byte| *byte == 0)
}

/// The sum of the header's bytes, with spaces for the sum itself. Old archives add signed bytes.
fn checksum_matches(header: &Header) -> bool {
    let counted =
        || header.as_bytes().iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { b' ' } else { *byte });
    let unsigned: u32 = counted().map(u32::from).sum();
    let signed: i64 = counted().map(|byte| i64::from(byte.cast_signed())).sum();
    header.cksum().is_ok_and(|sum| sum == unsigned || i64::from(sum) == signed)
}

fn damaged() -> Error {
    Error::other("it is no tar archive, or a damaged one")
}
