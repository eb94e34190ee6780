//! Layers and images made by the tests.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

use super::super::{Contents, LayerFacts, Next, Pair, read};
use crate::image::{Descriptor, Digest};
use crate::packages::Listed;

pub(super) const GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// A tar archive while it is made.
#[derive(Default)]
pub(super) struct Tar(Vec<u8>);

impl Tar {
    /// Writes an entry exactly so, whatever its path.
    pub(super) fn entry(mut self, path: &str, kind: EntryType, mode: u32, link: &str, content: &[u8]) -> Self {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(content.len() as u64);
        let fields = header.as_old_mut();
        fields.name[..path.len()].copy_from_slice(path.as_bytes());
        fields.linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_cksum();
        self.0.extend_from_slice(header.as_bytes());
        self.0.extend_from_slice(content);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    pub(super) fn file(self, path: &str, content: &str) -> Self {
        self.entry(path, EntryType::Regular, 0o644, "", content.as_bytes())
    }

    pub(super) fn program(self, path: &str, mode: u32) -> Self {
        self.entry(path, EntryType::Regular, mode, "", b"#!")
    }

    pub(super) fn link(self, path: &str, to: &str) -> Self {
        self.entry(path, EntryType::Symlink, 0o777, to, b"")
    }

    pub(super) fn folder(self, path: &str) -> Self {
        self.entry(path, EntryType::Directory, 0o755, "", b"")
    }

    /// Without the blocks at the end.
    pub(super) fn unfinished(self) -> Vec<u8> {
        self.0
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.0.resize(self.0.len() + 1024, 0);
        self.0
    }

    pub(super) fn gzip(self) -> Vec<u8> {
        gzip(&self.finish())
    }
}

/// An archive by the `tar` crate's own builder.
pub(super) fn built(make: impl FnOnce(&mut Builder<Vec<u8>>)) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    make(&mut builder);
    builder.into_inner().unwrap()
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn facts(layer: &[u8]) -> LayerFacts {
    read(GZIP, layer).unwrap()
}

pub(super) fn fault(layer: impl Read) -> String {
    read(GZIP, layer).unwrap_err()
}

/// A stanza of dpkg's.
pub(super) fn deb(name: &str, version: &str) -> String {
    format!(
        "Package: {name}\nStatus: install ok installed\nMaintainer: Debian <a@debian.org>\nArchitecture: amd64\n\
         Version: {version}\nDescription: words\n more words\n .\n\n"
    )
}

/// Two images of layers, and what was asked of them.
pub(super) struct Images {
    pub pair: Pair,
    layers: BTreeMap<Digest, Vec<u8>>,
    /// The digests that were asked for, in order.
    pub asked: Vec<Digest>,
    /// Layers that cannot be had, and why.
    pub failing: BTreeMap<Digest, String>,
}

impl Images {
    /// Bottom first.
    pub(super) fn new<T: AsRef<[u8]>>(from: &[T], to: &[T]) -> Self {
        let describe = |layer: &T| {
            let bytes = layer.as_ref();
            Descriptor::new(GZIP.to_owned(), Digest::sha256(bytes), bytes.len() as u64)
        };
        let pair = Pair {
            from: from.iter().map(describe).collect(),
            to: to.iter().map(describe).collect(),
            each: 4,
            bytes: 200_000_000,
        };
        let all = from.iter().chain(to).map(AsRef::as_ref);
        let layers = all.map(|layer| (Digest::sha256(layer), layer.to_vec())).collect();
        Self { pair, layers, asked: Vec::new(), failing: BTreeMap::new() }
    }

    pub(super) fn contents(&mut self) -> Contents {
        let mut read_so_far = BTreeMap::new();
        for _ in 0..100 {
            let wanted = match self.pair.next(&read_so_far) {
                Next::Known(contents) => return contents.list(),
                Next::Read(wanted) => wanted,
            };
            assert!(!wanted.is_empty());
            for layer in wanted {
                self.asked.push(layer.digest.clone());
                let facts = match self.failing.get(&layer.digest) {
                    Some(reason) => Err(reason.clone()),
                    None => read(&layer.media_type, &self.layers[&layer.digest][..]).map(Arc::new),
                };
                assert!(read_so_far.insert(layer.digest, facts).is_none(), "asked for a layer twice");
            }
        }
        panic!("it asks without end");
    }

    /// Which of these layers were asked for.
    pub(super) fn asked_for(&self, layer: &[u8]) -> bool {
        self.asked.contains(&Digest::sha256(layer))
    }
}

/// Each package as `name version`, of the former and the new image.
pub(super) fn names(listed: &Listed) -> [Vec<String>; 2] {
    let Listed::Known { from, to, .. } = listed else { panic!("{listed:?}") };
    [from, to].map(|side| side.iter().map(|package| format!("{} {}", package.name, package.version)).collect())
}

pub(super) fn files(contents: &Contents) -> Vec<String> {
    contents.files.iter().map(|file| format!("{:?} {}", file.what, file.path)).collect()
}

pub(super) fn reason(listed: &Listed) -> &str {
    let Listed::Unknown(reason) = listed else { panic!("{listed:?}") };
    reason
}
