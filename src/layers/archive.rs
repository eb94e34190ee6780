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
    /// Whether it has file capabilities, the rights of root one by one.
    pub has_capabilities: bool,
}

/// An archive that is read entry by entry. Reading from it reads the content of the current entry.
pub(super) struct Archive<R> {
    reader: R,
    /// What is left of the current entry's content.
    content: u64,
    /// What fills its last block.
    padding: u64,
}

/// What headers before an entry say about it, as Go's `archive/tar` understands them: container engines extract with it.
#[derive(Default)]
struct Extension {
    pax: Pax,
    long_path: Vec<u8>,
    long_link: Vec<u8>,
}

/// What the last pax header says. Empty values say nothing.
#[derive(Default)]
struct Pax {
    path: Vec<u8>,
    link: Vec<u8>,
    size: Option<u64>,
    has_capabilities: bool,
    sparse: Sparse,
}

/// GNU's sparse files in pax headers.
#[derive(Default)]
struct Sparse {
    name: Vec<u8>,
    major: Vec<u8>,
    minor: Vec<u8>,
    has_map: bool,
    is_any: bool,
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
                b'x' => extension.pax = Pax::read(&self.small(size)?)?,
                b'L' => extension.long_path = until_nul(&self.small(size)?),
                b'K' => extension.long_link = until_nul(&self.small(size)?),
                // An entry of its own, so that headers before it are about it.
                b'g' => {
                    self.set_content(size);
                    extension = Extension::default();
                }
                _ => return self.entry(&header, size, extension).map(Some),
            }
        }
    }

    /// Reads what follows the archive, so that damage of its compression is found. What it is does not matter.
    pub(super) fn finish(mut self) -> Result<()> {
        copy(&mut self.reader, &mut sink()).map(|_| ())
    }

    fn entry(&mut self, header: &Header, size: u64, extension: Extension) -> Result<Entry> {
        let Extension { pax, long_path, long_link } = extension;
        let is_sparse = header.entry_type().as_byte() == b'S' || pax.sparse.is_any;
        let Pax { path, link, size: pax_size, has_capabilities, sparse } = pax;
        let path = first([sparse.name(), long_path, path]).map_or_else(|| header_path(header), Ok)?;
        let link = first([long_link, link]).unwrap_or_else(|| until_nul(&header.as_old().linkname));
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
        let size = if matches!(kind, Kind::File) { pax_size.unwrap_or(size) } else { 0 };
        self.set_content(size);
        let mode = if is_blank(&header.as_old().mode) { Ok(0) } else { header.mode() };
        let mode = mode.map_err(|_| damaged())?;
        Ok(Entry { path, link, kind, mode, size, is_sparse, has_capabilities })
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

impl Pax {
    /// Records of pax (POSIX.1-2024, `pax`, "pax Extended Header"): `LENGTH KEY=VALUE\n`. The last of equal keys counts.
    fn read(mut records: &[u8]) -> Result<Self> {
        let mut pax = Self::default();
        while !records.is_empty() {
            let (record, rest) = pax_record(records).ok_or_else(damaged)?;
            let equals = record.iter().position(|byte| *byte == b'=').ok_or_else(damaged)?;
            let (key, value) = (&record[..equals], &record[equals + 1..]);
            match key {
                b"path" => pax.path = value.to_vec(),
                b"linkpath" => pax.link = value.to_vec(),
                b"SCHILY.xattr.security.capability" => pax.has_capabilities = !value.is_empty(),
                b"size" => {
                    let size = std::str::from_utf8(value).ok().and_then(|size| size.parse().ok());
                    pax.size = Some(size.ok_or_else(damaged)?);
                }
                _ => pax.sparse.read(key, value),
            }
            records = rest;
        }
        Ok(pax)
    }
}

impl Sparse {
    fn read(&mut self, key: &[u8], value: &[u8]) {
        let Some(key) = key.strip_prefix(b"GNU.sparse.") else { return };
        self.is_any = true;
        match key {
            b"name" => self.name = value.to_vec(),
            b"major" => self.major = value.to_vec(),
            b"minor" => self.minor = value.to_vec(),
            b"map" => self.has_map = !value.is_empty(),
            b"offset" | b"numbytes" => self.has_map = true,
            _ => {}
        }
    }

    /// The file's path, where the version is one that exists: other extractors than GNU's do not look at it otherwise.
    fn name(self) -> Vec<u8> {
        let is_version = match (&self.major[..], &self.minor[..]) {
            (b"0", b"0" | b"1") | (b"1", b"0") => true,
            (b"", b"") => self.has_map,
            _ => false,
        };
        if is_version { self.name } else { Vec::new() }
    }
}

/// The first that says something.
fn first<const N: usize>(texts: [Vec<u8>; N]) -> Option<Vec<u8>> {
    texts.into_iter().find(|text| !text.is_empty())
}

/// The path in an entry's own header. POSIX puts the folder's beginning elsewhere, whatever the version field says.
///
/// # Errors
/// If extractors disagree about it.
fn header_path(header: &Header) -> Result<Vec<u8>> {
    let bytes = header.as_bytes();
    let name = until_nul(&bytes[..100]);
    let prefix = match &bytes[257..265] {
        [b'u', b's', b't', b'a', b'r', 0, ..] if bytes[508..] == *b"tar\0" => until_nul(&bytes[345..476]),
        [b'u', b's', b't', b'a', b'r', 0, ..] => until_nul(&bytes[345..500]),
        b"ustar  \0" if !(is_number(&bytes[345..357]) && is_number(&bytes[357..369])) => {
            return Err(Error::other("extractors disagree about one of its paths"));
        }
        _ => Vec::new(),
    };
    Ok(if prefix.is_empty() { name } else { [&prefix[..], b"/", &name].concat() })
}

/// Whether a field is left out or a number, in octal digits or GNU's binary form.
fn is_number(field: &[u8]) -> bool {
    let text = until_nul(field);
    field[0] == 0 || field[0] & 0x80 != 0 || text.trim_ascii().iter().all(|byte| (b'0'..=b'7').contains(byte))
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
    let mut counted = *header.as_bytes();
    counted[148..156].fill(b' ');
    let Ok(sum) = header.cksum() else { return false };
    let unsigned: u32 = counted.iter().copied().map(u32::from).sum();
    sum == unsigned || i64::from(sum) == counted.iter().map(|byte| i64::from(byte.cast_signed())).sum::<i64>()
}

fn damaged() -> Error {
    Error::other("it is no tar archive, or a damaged one")
}
