//! The contents of files that the manifest refers to: public keys and trusted roots.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::manifest::{bytes_below, matching, matching_on_disk};
use crate::forge::{Commit, Contents, Error};
use crate::manifest::{Image, beside};
use crate::plan::binding::{Held, named_files};

/// The most bytes of such a file: far more than any key, and many times the largest trusted root.
const LIMIT: usize = 1 << 20;

/// The most VEX documents of a manifest, and the most bytes that they have together.
const MOST_VEX: usize = 200;
const VEX_BYTES: usize = 4 << 20;
/// How many of them are read at once.
const TOGETHER: usize = 4;

/// The contents of files, by the path that the manifest gives; an error says why they are unknown.
pub(crate) type NamedFiles = BTreeMap<String, Result<Vec<u8>, String>>;

/// Where files are read.
#[derive(Clone, Copy)]
pub(crate) enum Place<'a> {
    Directory(&'a Path),
    Commit { contents: &'a dyn Contents, at: &'a Commit },
}

/// A place for later.
pub(crate) enum KeptPlace {
    Directory(PathBuf),
    Commit { contents: Arc<dyn Contents>, at: Commit },
}

impl KeptPlace {
    pub(crate) fn place(&self) -> Place<'_> {
        match self {
            Self::Directory(directory) => Place::Directory(directory),
            Self::Commit { contents, at } => Place::Commit { contents: &**contents, at },
        }
    }
}

/// Reads the files named by the images of a manifest with the main file `main`. Nothing is requested if they name none.
pub(crate) async fn read_named<'i>(
    place: Place<'_>,
    main: &str,
    images: impl IntoIterator<Item = &'i Image>,
) -> NamedFiles {
    read(place, main, &named(images)).await
}

/// The same for a manifest as it was last reviewed: what is `held` is read in `contents`, where it was reviewed.
pub(crate) async fn read_reviewed<'i>(
    place: Place<'_>,
    contents: &dyn Contents,
    held: &Held,
    main: &str,
    images: impl IntoIterator<Item = &'i Image>,
) -> NamedFiles {
    read_held(place, contents, held, main, named(images)).await
}

/// Reads one file that the manifest names; with what is held, as it was last reviewed.
///
/// # Errors
/// Why its contents are unknown.
pub(crate) async fn read_one(
    place: Place<'_>,
    reviewed: Option<(&dyn Contents, &Held)>,
    main: &str,
    path: &str,
) -> Result<Vec<u8>, String> {
    let paths = BTreeSet::from([path]);
    let mut files = match reviewed {
        Some((contents, held)) => read_held(place, contents, held, main, paths).await,
        None => read(place, main, &paths).await,
    };
    files.remove(path).unwrap_or_else(|| Err(format!("there is no {path}")))
}

async fn read_held(
    place: Place<'_>,
    contents: &dyn Contents,
    held: &Held,
    main: &str,
    paths: BTreeSet<&str>,
) -> NamedFiles {
    let (mut files, mut rest, mut elsewhere) = (NamedFiles::new(), BTreeSet::new(), BTreeMap::new());
    for path in paths {
        match held.get(&beside(main, path)) {
            None => drop(rest.insert(path)),
            Some(None) => drop(files.insert(path.to_owned(), Err("nothing of it was ever reviewed".to_owned()))),
            Some(Some(commit)) => elsewhere.entry(commit).or_insert_with(BTreeSet::new).extend([path]),
        }
    }
    files.extend(read(place, main, &rest).await);
    for (commit, paths) in elsewhere {
        let at = Commit(commit.clone());
        files.extend(read(Place::Commit { contents, at: &at }, main, &paths).await);
    }
    files
}

/// Reads the VEX documents that globs from the main file's directory name; with what is held, as they were last reviewed.
/// Nothing is requested without globs.
pub(crate) async fn read_matching(
    place: Place<'_>,
    reviewed: Option<(&dyn Contents, &Held)>,
    main: &str,
    globs: &[String],
) -> NamedFiles {
    let names = globs.join(", ");
    let found = match place {
        Place::Directory(directory) => matching_on_disk(directory, main, globs).map_err(|error| error.to_string()),
        Place::Commit { contents, at } => matching(contents, at, main, globs).await.map_err(|error| error.to_string()),
    };
    let found = match found {
        Ok(found) if found.len() > MOST_VEX => Err(format!("more than {MOST_VEX} files, which are the most")),
        found => found,
    };
    let directory = main.rfind('/').map_or("", |at| &main[..=at]);
    let found: Vec<&str> = match &found {
        Ok(found) => found.iter().filter_map(|path| path.strip_prefix(directory)).collect(),
        Err(why) => return NamedFiles::from([(names, Err(why.clone()))]),
    };
    let mut files = NamedFiles::new();
    for some in found.chunks(TOGETHER) {
        let some = some.iter().copied().collect();
        files.extend(match reviewed {
            Some((contents, held)) => read_held(place, contents, held, main, some).await,
            None => read(place, main, &some).await,
        });
        if files.values().flatten().map(Vec::len).sum::<usize>() > VEX_BYTES {
            return NamedFiles::from([(names, Err("more than 4 MiB together, which are the most".to_owned()))]);
        }
    }
    files
}

fn named<'i>(images: impl IntoIterator<Item = &'i Image>) -> BTreeSet<&'i str> {
    images.into_iter().flat_map(named_files).collect()
}

async fn read(place: Place<'_>, main: &str, paths: &BTreeSet<&str>) -> NamedFiles {
    if paths.is_empty() {
        return NamedFiles::new();
    }
    match place {
        Place::Directory(directory) => {
            paths.iter().map(|path| ((*path).to_owned(), on_disk(directory, &beside(main, path)))).collect()
        }
        Place::Commit { contents, at } => at_commit(contents, at, main, paths).await,
    }
}

fn on_disk(directory: &Path, path: &str) -> Result<Vec<u8>, String> {
    let bytes = bytes_below(directory, path, LIMIT as u64 + 1)?;
    bounded(bytes.ok_or_else(|| format!("there is no {path} in {}", directory.display()))?)
}

/// They are read together; if one is not text, one by one.
async fn at_commit(contents: &dyn Contents, at: &Commit, main: &str, paths: &BTreeSet<&str>) -> NamedFiles {
    let places: Vec<(Commit, String)> = paths.iter().map(|path| (at.clone(), beside(main, path))).collect();
    let texts: Vec<Result<Option<String>, Error>> = match contents.read_all(&places).await {
        Ok(texts) => texts.into_iter().map(Ok).collect(),
        Err(Error::NotText(_)) => {
            let mut texts = Vec::with_capacity(places.len());
            for (at, path) in &places {
                texts.push(contents.read(at, path).await);
            }
            texts
        }
        Err(error) => {
            return paths.iter().map(|path| ((*path).to_owned(), Err(error.to_string()))).collect();
        }
    };
    let held = |((_, path), text): (&(Commit, String), Result<Option<String>, Error>)| {
        let text = text.map_err(|error| error.to_string())?;
        bounded(text.ok_or_else(|| format!("there is no {path} in the repository at {at}"))?.into_bytes())
    };
    paths.iter().map(|path| (*path).to_owned()).zip(places.iter().zip(texts).map(held)).collect()
}

fn bounded(bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    if bytes.len() > LIMIT {
        return Err("it has more than 1,048,576 bytes, which are the most".to_owned());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::manifest::{Signatures, Signer, fixtures};

    fn image(key: &str) -> Image {
        let mut image = fixtures::manifest(&["docker.io/grafana/loki"]).images.remove(0);
        image.signatures = Some(Signatures::One(Signer::Key(key.to_owned())));
        image
    }

    #[test]
    fn files_of_the_disk_are_read_beside_the_main_file_and_not_outside() {
        let directory = tempfile::tempdir().unwrap();
        let below = directory.path().join("work");
        std::fs::create_dir_all(below.join("team/keys")).unwrap();
        std::fs::write(directory.path().join("secret"), "secret").unwrap();
        std::fs::write(below.join("team/keys/tool.pub"), "key").unwrap();
        std::fs::write(below.join("team/keys/large.pub"), vec![b' '; LIMIT + 1]).unwrap();
        std::os::unix::fs::symlink("../../../secret", below.join("team/keys/link.pub")).unwrap();
        let read = |key: &str| on_disk(&below, &beside("team/approved-images.yml", key));
        assert_eq!(read("keys/tool.pub").unwrap(), b"key");
        let missing = read("keys/other.pub").unwrap_err();
        assert!(missing.starts_with("there is no team/keys/other.pub in /"), "{missing}");
        let large = read("keys/large.pub").unwrap_err();
        assert!(large.contains("1,048,576"), "{large}");
        let link = read("keys/link.pub").unwrap_err();
        assert!(link.contains("a link that leads out of"), "{link}");
    }

    #[tokio::test]
    async fn where_no_image_names_a_file_nothing_is_read() {
        let manifest = fixtures::manifest(&["docker.io/grafana/loki"]);
        let nowhere = Place::Directory(Path::new("/nowhere"));
        assert!(read_named(nowhere, manifest.path(), &manifest.images).await.is_empty());
        let images = [image("keys/a.pub"), image("keys/a.pub")];
        let read = read_named(nowhere, manifest.path(), &images).await;
        assert_eq!(read.len(), 1);
        assert!(
            read["keys/a.pub"].as_ref().is_err_and(|why| why.contains("there is no keys/a.pub in /nowhere")),
            "{read:?}"
        );
    }
}
