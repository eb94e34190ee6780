//! New objects, written by one run of git: as a pack (gitformat-pack(5)) that `git unpack-objects` reads. Their ids are
//! known before, so a commit and everything in it is written at once.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};

use super::objects::Kind;
use crate::forge::Error;

/// How many hexadecimal digits an id has in a repository with the object format `sha256`.
const SHA256_DIGITS: usize = 64;

/// Objects that are yet to be written to one repository.
pub(super) struct Pack {
    algorithm: &'static ring::digest::Algorithm,
    count: u32,
    /// The objects, each with its type and size, compressed.
    objects: Vec<u8>,
}

impl Pack {
    /// For a repository in which `id` names an object.
    pub(super) fn beside(id: &str) -> Self {
        let algorithm = if id.len() == SHA256_DIGITS { &SHA256 } else { &SHA1_FOR_LEGACY_USE_ONLY };
        Self { algorithm, count: 0, objects: Vec::new() }
    }

    /// Adds an object and returns its id.
    ///
    /// # Errors
    /// If it cannot be compressed.
    pub(super) fn add(&mut self, kind: Kind, content: &[u8]) -> Result<String, Error> {
        // The first byte has room for the type and four bits of the size; seven more follow in each further byte.
        let (mut byte, mut rest) = (kind.number() << 4 | low(content.len(), 0x0f), content.len() >> 4);
        while rest > 0 {
            self.objects.push(byte | 0x80);
            (byte, rest) = (low(rest, 0x7f), rest >> 7);
        }
        self.objects.push(byte);
        // Git compresses it again, as it is configured to.
        let mut encoder = ZlibEncoder::new(&mut self.objects, Compression::none());
        let packed = encoder.write_all(content).and_then(|()| encoder.finish().map(drop));
        packed.map_err(|e| Error::Unusable(format!("a new object could not be packed: {e}")))?;
        self.count += 1;
        let mut context = Context::new(self.algorithm);
        context.update(format!("{} {}\0", kind.name(), content.len()).as_bytes());
        context.update(content);
        Ok(context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The whole pack.
    pub(super) fn finish(self) -> Vec<u8> {
        let mut pack = [b"PACK", &2u32.to_be_bytes()[..], &self.count.to_be_bytes(), &self.objects].concat();
        let checksum = ring::digest::digest(self.algorithm, &pack);
        pack.extend(checksum.as_ref());
        pack
    }
}

/// The low bits of a number.
fn low(number: usize, mask: u8) -> u8 {
    number.to_le_bytes()[0] & mask
}

impl Kind {
    /// Its name in the header that is part of an object's id.
    const fn name(self) -> &'static str {
        match self {
            Self::Blob => "blob",
            Self::Tree => "tree",
            Self::Commit => "commit",
            Self::Tag => "tag",
        }
    }

    /// Its number in a pack.
    const fn number(self) -> u8 {
        match self {
            Self::Commit => 1,
            Self::Tree => 2,
            Self::Blob => 3,
            Self::Tag => 4,
        }
    }
}
