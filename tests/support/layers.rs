//! Layers with files in them: package databases, programs, whiteouts, and what no honest builder writes.

use std::io::Write as _;

use bytes::Bytes;

const GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";
const PLAIN: &str = "application/vnd.oci.image.layer.v1.tar";

/// A layer and its media type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    pub bytes: Bytes,
    pub media_type: &'static str,
}

/// The files of a layer.
pub struct Files(tar::Builder<Vec<u8>>);

impl Files {
    pub fn new() -> Self {
        Self(tar::Builder::new(Vec::new()))
    }

    /// A file with these permissions. The path is taken as it is, absolute ones too.
    #[must_use]
    pub fn file(self, path: &str, mode: u32, content: &[u8]) -> Self {
        self.entry(path, tar::EntryType::Regular, mode, content)
    }

    #[must_use]
    pub fn text(self, path: &str, content: &str) -> Self {
        self.file(path, 0o644, content.as_bytes())
    }

    /// A program that may be run.
    #[must_use]
    pub fn program(self, path: &str) -> Self {
        self.file(path, 0o755, b"\x7fELF program")
    }

    #[must_use]
    pub fn device(self, path: &str) -> Self {
        self.entry(path, tar::EntryType::Block, 0o666, b"")
    }

    /// Removes what a layer below has there (OCI image specification, "Whiteouts").
    #[must_use]
    pub fn without(self, path: &str) -> Self {
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        self.file(format!("{directory}/.wh.{name}").trim_start_matches('/'), 0o644, b"")
    }

    /// Debian's database with these packages, each of which owns `usr/bin/<name>`.
    #[must_use]
    pub fn dpkg(self, packages: &[(&str, &str)]) -> Self {
        let entry = |(name, version): &(&str, &str)| {
            format!("Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n\n")
        };
        let with_status = self.text("var/lib/dpkg/status", &packages.iter().map(entry).collect::<String>());
        packages.iter().fold(with_status, |files, (name, _)| {
            let owned = format!("/.\n/usr\n/usr/bin\n/usr/bin/{name}\n");
            files.text(&format!("var/lib/dpkg/info/{name}.list"), &owned)
        })
    }

    /// Alpine's database with these packages, each of which owns `usr/bin/<name>`.
    #[must_use]
    pub fn apk(self, packages: &[(&str, &str)]) -> Self {
        let entry =
            |(name, version): &(&str, &str)| format!("P:{name}\nV:{version}\nA:x86_64\nL:MIT\nF:usr/bin\nR:{name}\n\n");
        self.text("lib/apk/db/installed", &packages.iter().map(entry).collect::<String>())
    }

    fn entry(mut self, path: &str, kind: tar::EntryType, mode: u32, content: &[u8]) -> Self {
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(content.len() as u64);
        header.set_cksum();
        self.0.append(&header, content).expect("memory");
        self
    }

    fn archive(self) -> Vec<u8> {
        self.0.into_inner().expect("memory")
    }

    pub fn plain(self) -> Layer {
        Layer { bytes: self.archive().into(), media_type: PLAIN }
    }

    pub fn gzip(self) -> Layer {
        Layer::compressed(&self.archive())
    }

    /// With the least effort: for large layers.
    pub fn gzip_fast(self) -> Layer {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&self.archive()).expect("memory");
        Layer { bytes: encoder.finish().expect("memory").into(), media_type: GZIP }
    }

    pub fn zstd(self) -> Layer {
        let archive = self.archive();
        let level = ruzstd::encoding::CompressionLevel::Fastest;
        Layer { bytes: ruzstd::encoding::compress_to_vec(&archive[..], level).into(), media_type: ZSTD }
    }
}

impl Layer {
    /// These bytes, compressed with gzip, whatever they are.
    pub fn compressed(bytes: &[u8]) -> Self {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).expect("memory");
        Self { bytes: encoder.finish().expect("memory").into(), media_type: GZIP }
    }

    /// Only the first half of its bytes.
    #[must_use]
    pub fn truncated(self) -> Self {
        Self { bytes: self.bytes.slice(..self.bytes.len() / 2), ..self }
    }

    /// An archive of a few kilobytes that unpacks to very many bytes in one file.
    pub fn bomb(size: u64) -> Self {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        let mut header = tar::Header::new_gnu();
        header.set_path("srv/zeros").expect("a path");
        header.set_size(size);
        header.set_mode(0o644);
        header.set_cksum();
        encoder.write_all(header.as_bytes()).expect("memory");
        let zeros = vec![0; 1 << 20];
        for _ in 0..size >> 20 {
            encoder.write_all(&zeros).expect("memory");
        }
        encoder.write_all(&[0; 1024]).expect("memory");
        Self { bytes: encoder.finish().expect("memory").into(), media_type: GZIP }
    }
}
