//! Files that are either complete or absent.

use std::fs::File as StdFile;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::try_unfold;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

/// How much of a file is read at once.
const CHUNK: usize = 256 * 1024;

/// The whole file, at most `limit` bytes; `None` if it does not exist.
pub(super) async fn read(path: &Path, limit: usize) -> io::Result<Option<Vec<u8>>> {
    let Some((file, length)) = open(path, 0).await? else { return Ok(None) };
    if length > limit as u64 {
        return Err(io::Error::other(format!("{length} bytes; the limit is {limit}")));
    }
    let mut bytes = Vec::with_capacity(length as usize);
    file.take(limit as u64).read_to_end(&mut bytes).await?;
    Ok(Some(bytes))
}

/// The file at `offset`, and its length; `None` if it does not exist.
pub(super) async fn open(path: &Path, offset: u64) -> io::Result<Option<(File, u64)>> {
    let mut file = match File::open(path).await {
        Ok(file) => file,
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return Ok(None),
        Err(e) => return Err(e),
    };
    let length = file.metadata().await?.len();
    if offset > 0 {
        file.seek(io::SeekFrom::Start(offset)).await?;
    }
    Ok(Some((file, length)))
}

/// The bytes of a file from its current position.
pub(super) fn stream(file: File) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    try_unfold(file, |mut file| async move {
        let mut chunk = Vec::with_capacity(CHUNK);
        (&mut file).take(CHUNK as u64).read_to_end(&mut chunk).await?;
        Ok((!chunk.is_empty()).then(|| (Bytes::from(chunk), file)))
    })
}

pub(super) async fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use tokio::io::AsyncWriteExt as _;
    let mut partial = Partial::create(path).await?;
    partial.file().write_all(bytes).await?;
    partial.finish().await
}

/// The name prefix of files that are still being written.
const PARTIAL: &str = ".partial-";

/// A file being written next to its final path; an unfinished one is removed. It is locked meanwhile, so that what a
/// killed process left behind can be recognised.
pub(super) struct Partial {
    file: File,
    here: PathBuf,
    there: PathBuf,
    finished: bool,
}

impl Partial {
    /// Starts writing the future file at `path`, creating its directory.
    pub(super) async fn create(path: &Path) -> io::Result<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let directory = path.parent().ok_or_else(|| io::Error::other("not a directory"))?;
        tokio::fs::create_dir_all(directory).await?;
        loop {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let here = directory.join(format!("{PARTIAL}{}-{number}", std::process::id()));
            if let Some(file) = blocking(here.clone(), |here| create_locked(&here)).await? {
                return Ok(Self { file: File::from_std(file), here, there: path.to_owned(), finished: false });
            }
        }
    }

    pub(super) fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Moves the file into place, safely on disk.
    pub(super) async fn finish(mut self) -> io::Result<()> {
        use tokio::io::AsyncWriteExt as _;
        self.file.flush().await?;
        self.file.sync_all().await?;
        tokio::fs::rename(&self.here, &self.there).await?;
        self.finished = true;
        if let Some(directory) = self.there.parent() {
            File::open(directory).await?.sync_all().await?;
        }
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.finished {
            // Best effort: a left-over is never taken for a blob.
            let _ = std::fs::remove_file(&self.here);
        }
    }
}

/// A new, locked file; `None` if it was swept away before it was locked, or its name is taken.
fn create_locked(path: &Path) -> io::Result<Option<StdFile>> {
    let file = match StdFile::options().write(true).create_new(true).open(path) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
        file => file?,
    };
    match file.try_lock() {
        // A file system without locks: nothing is swept there.
        Err(std::fs::TryLockError::Error(e)) if e.kind() != io::ErrorKind::Unsupported => return Err(e),
        Err(std::fs::TryLockError::WouldBlock) => return Ok(None),
        _ => {}
    }
    Ok(path.try_exists()?.then_some(file))
}

/// Removes half-written files of killed processes from a directory: those that nobody holds locked.
pub(super) async fn sweep(directory: PathBuf) -> io::Result<()> {
    blocking(directory, |directory| {
        let entries = match std::fs::read_dir(&directory) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            if !entry.file_name().to_string_lossy().starts_with(PARTIAL) {
                continue;
            }
            // Another run may be finishing or sweeping it at this moment.
            if let Ok(file) = StdFile::options().write(true).open(entry.path())
                && file.try_lock().is_ok()
            {
                drop(std::fs::remove_file(entry.path()));
            }
        }
        Ok(())
    })
    .await
}

/// File operations that may wait for the disk.
async fn blocking<T: Send + 'static>(
    path: PathBuf,
    work: impl FnOnce(PathBuf) -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(move || work(path)).await.map_err(io::Error::other)?
}

/// Takes the lock, waiting for its holder. It is released when the file is closed, however the process ends.
pub(super) async fn lock(path: PathBuf) -> io::Result<StdFile> {
    blocking(path, |path| {
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory)?;
        }
        let file = StdFile::options().create(true).truncate(false).write(true).open(&path)?;
        file.lock()?;
        Ok(file)
    })
    .await
}
