//! Trees: read as git stores them, and rebuilt with some files changed, without an index or work tree.

use std::collections::BTreeMap;

use futures_util::future::BoxFuture;

use super::GitForge;
use super::objects::{Kind, Object};
use super::pack::Pack;
use crate::forge::{Commit, Error, FileChange};

/// The mode of a directory in a tree.
const DIRECTORY: &str = "40000";

/// One entry of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Octal, without leading zeros.
    mode: String,
    pub(super) name: Vec<u8>,
    id: String,
}

impl Entry {
    /// Whether it is a file or a symbolic link, which is stored like a file.
    pub(super) fn is_blob(&self) -> bool {
        self.mode.starts_with('1') && self.mode != "160000"
    }

    /// Git orders the entries of a tree as if the names of directories ended in a slash.
    fn order(&self) -> Vec<u8> {
        let slash: &[u8] = if self.mode == DIRECTORY { b"/" } else { b"" };
        [&self.name, slash].concat()
    }

    /// The bytes of the id.
    fn raw_id(&self) -> Option<Vec<u8>> {
        let byte = |at: usize| u8::from_str_radix(self.id.get(at..at + 2)?, 16).ok();
        (0..self.id.len()).step_by(2).map(byte).collect()
    }
}

/// The entries of a tree, each `MODE NAME`, a zero byte and the bytes of the id; `None` for another kind of object.
pub(super) fn entries(tree: &Object) -> Option<Vec<Entry>> {
    let (length, mut rest) = (tree.id.len() / 2, &tree.content[..]);
    let mut entries = Vec::new();
    while tree.kind == Kind::Tree && !rest.is_empty() {
        let space = rest.iter().position(|b| *b == b' ')?;
        let end = rest.iter().position(|b| *b == 0)?;
        let id = rest.get(end + 1..end + 1 + length)?;
        entries.push(Entry {
            // Some old programs wrote leading zeros.
            mode: String::from_utf8(rest[..space].to_vec()).ok()?.trim_start_matches('0').to_owned(),
            name: rest.get(space + 1..end)?.to_vec(),
            id: id.iter().map(|byte| format!("{byte:02x}")).collect(),
        });
        rest = &rest[end + 1 + length..];
    }
    (tree.kind == Kind::Tree).then_some(entries)
}

/// New contents by their paths below a directory, each the id of a blob.
type Contents = BTreeMap<Vec<String>, String>;

impl GitForge {
    /// Adds the tree of a commit with some files changed, and returns its id. Existing files keep their mode.
    pub(super) async fn add_tree(&self, pack: &mut Pack, base: &Commit, files: &[FileChange]) -> Result<String, Error> {
        let mut contents = Contents::new();
        for file in files {
            let path: Vec<String> = format!("{}{}", self.prefix, file.path).split('/').map(str::to_owned).collect();
            let odd = |part: &String| matches!(&**part, "" | "." | "..") || part.eq_ignore_ascii_case(".git");
            if path.iter().any(odd) {
                return Err(Error::Unusable(format!("git cannot store the path {}", file.path)));
            }
            contents.insert(path, pack.add(Kind::Blob, file.text.as_bytes())?);
        }
        self.changed_tree(pack, Some(format!("{base}^{{tree}}")), contents).await
    }

    /// An existing tree, or an empty one, with these contents; returns its id.
    fn changed_tree<'a>(
        &'a self,
        pack: &'a mut Pack,
        tree: Option<String>,
        contents: Contents,
    ) -> BoxFuture<'a, Result<String, Error>> {
        Box::pin(async move {
            let mut entries = match tree {
                Some(tree) => self.entries(tree.clone()).await?.ok_or_else(|| not_here(&tree))?,
                None => Vec::new(),
            };
            let mut below: BTreeMap<String, Contents> = BTreeMap::new();
            for (mut path, id) in contents {
                let name = path.remove(0);
                if path.is_empty() {
                    set(&mut entries, &name, "100644", id)?;
                } else {
                    below.entry(name).or_default().insert(path, id);
                }
            }
            for (name, contents) in below {
                let held = entries.iter().find(|entry| entry.name == name.as_bytes()).map(|entry| entry.id.clone());
                let id = self.changed_tree(pack, held, contents).await?;
                set(&mut entries, &name, DIRECTORY, id)?;
            }
            entries.sort_by_cached_key(Entry::order);
            let mut content = Vec::new();
            for entry in &entries {
                content.extend(format!("{} ", entry.mode).into_bytes());
                content.extend(&entry.name);
                content.push(0);
                content.extend(entry.raw_id().ok_or_else(|| not_here(&entry.id))?);
            }
            pack.add(Kind::Tree, &content)
        })
    }

    /// Checks that a commit really has no file at this path, not just this clone.
    ///
    /// # Errors
    /// If the clone lacks the objects that would tell, or the file itself.
    pub(super) async fn is_absent(&self, at: &Commit, path: &str) -> Result<(), Error> {
        let mut object = format!("{at}^{{tree}}");
        let mut parts = path.split('/').peekable();
        while let Some(part) = parts.next() {
            let entries = self.entries(object.clone()).await?.ok_or_else(|| not_here(&object))?;
            let entry = entries.into_iter().find(|entry| entry.name == part.as_bytes());
            match entry {
                Some(entry) if parts.peek().is_some() && entry.mode == DIRECTORY => object = entry.id,
                Some(entry) if parts.peek().is_none() && entry.is_blob() => return Err(not_here(&entry.id)),
                _ => return Ok(()),
            }
        }
        Ok(())
    }

    /// The entries of a tree; `None` if it does not exist.
    pub(super) async fn entries(&self, tree: String) -> Result<Option<Vec<Entry>>, Error> {
        let object = self.git.objects(&[tree]).await?.pop().flatten();
        Ok(object.as_ref().and_then(entries))
    }
}

fn not_here(object: &str) -> Error {
    Error::Unusable(format!("{object} is not in this partial clone: `git fetch --refetch --no-filter` fetches it"))
}

/// Sets the contents of an entry. A directory stays a directory, and a file a file.
fn set(entries: &mut Vec<Entry>, name: &str, new: &str, id: String) -> Result<(), Error> {
    match entries.iter_mut().find(|entry| entry.name == name.as_bytes()) {
        Some(entry) if (entry.mode == DIRECTORY) == (new == DIRECTORY) => entry.id = id,
        Some(_) => {
            return Err(Error::Unusable(format!("{name} is a directory where a file should be, or the reverse")));
        }
        None => entries.push(Entry { mode: new.to_owned(), name: name.as_bytes().to_vec(), id }),
    }
    Ok(())
}
