//! Edits of the manifest that keep every byte outside the touched lines.

use chrono::NaiveDate;

use crate::image::{Digest, Tag};
use crate::yaml::{self, Kind, Node};

mod images;
mod lines;
mod lists;
mod record;
mod scalar;
mod tree;

pub use images::add_image;
use lines::Splice;
use tree::Tree;

/// One change to one image's entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The image: its position in the `images` list of the file.
    pub image: usize,
    /// What to change.
    pub change: Change,
}

/// The changes there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Appends an approval.
    Approve {
        /// The tag.
        tag: Tag,
        /// The reviewed digest.
        digest: Digest,
    },
    /// Changes the digest of the approval of this tag in place; `mirrored` stays.
    Rebuild {
        /// The tag.
        tag: Tag,
        /// The new digest.
        digest: Digest,
    },
    /// Records what the mirror's tag holds, and for people where the approval came from.
    Record {
        /// The tag.
        tag: Tag,
        /// What the mirror's tag was read to hold.
        mirrored: Digest,
        /// The pull request that brought the approval.
        pull: Option<u64>,
        /// The UTC date of the commit that brought it.
        approved_on: Option<NaiveDate>,
    },
    /// Removes the approval of this tag.
    Retire {
        /// The tag.
        tag: Tag,
    },
    /// Adds a `rejected` entry.
    Reject {
        /// The tag.
        tag: Tag,
        /// Why: one line of at most 200 characters; always quoted.
        reason: String,
        /// The last day it holds.
        until: Option<NaiveDate>,
    },
    /// Removes the `rejected` entry of this tag.
    Expire {
        /// The tag.
        tag: Tag,
    },
}

/// Why a text could not be edited as asked. The text is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EditError(pub String);

/// Applies edits to one file's text. Bytes outside the touched lines stay; the result, parsed again, differs from the
/// text in exactly these changes, else this is an error.
///
/// # Errors
/// Where an edit names an image or a tag that is not there, or the file is written in a way that cannot be edited safely.
pub fn apply(text: &str, edits: &[Edit]) -> Result<String, EditError> {
    if text.replace("\r\n", "").contains('\r') {
        return Err(EditError(
            "a carriage return ends a line of this file: save it with ordinary line breaks".to_owned(),
        ));
    }
    let mut wanted = Tree::read(text)?;
    for edit in edits {
        wanted.change(edit)?;
    }
    let mut current = text.to_owned();
    for round in rounds(edits) {
        current = one_round(&current, &round)?;
    }
    if Tree::read(&current)? == wanted {
        Ok(current)
    } else {
        Err(EditError("the file is written in a way that cannot be edited safely: make this change by hand".to_owned()))
    }
}

/// A digest of the text that edits depend on: the entries of the images they touch, and three lines around each. While it
/// stays, a change of the file elsewhere asks for no new edit.
///
/// # Errors
/// Where an edit names an image that is not there, or the text is no manifest.
pub fn context(text: &str, edits: &[Edit]) -> Result<Digest, EditError> {
    let root = root(text)?;
    let mut images: Vec<usize> = edits.iter().map(|e| e.image).collect();
    images.sort_unstable();
    images.dedup();
    let mut around = String::new();
    for index in images {
        let image = image(&root, index)?;
        around.push_str(&text[lines::around(text, image.outer_start(), lines::content_end(text, image), 3)]);
        around.push('\0');
    }
    Ok(Digest::sha256(around.as_bytes()))
}

/// Edits that can be made at once: the first of every image, then the second of every image, and so on.
fn rounds(edits: &[Edit]) -> Vec<Vec<&Edit>> {
    let mut rounds: Vec<Vec<&Edit>> = Vec::new();
    let mut made = std::collections::BTreeMap::new();
    for edit in edits {
        let round = made.entry(edit.image).or_insert(0_usize);
        if rounds.len() == *round {
            rounds.push(Vec::new());
        }
        rounds[*round].push(edit);
        *round += 1;
    }
    rounds.iter_mut().for_each(|round| round.sort_by_key(|e| e.image));
    rounds
}

/// Makes one edit of each of several images.
fn one_round(text: &str, edits: &[&Edit]) -> Result<String, EditError> {
    let root = root(text)?;
    let mut splices = Vec::new();
    for edit in edits {
        let image = image(&root, edit.image)?;
        splices.extend(splices_of(text, &root, image, &edit.change)?);
    }
    lines::splice(text, splices)
}

fn splices_of(text: &str, root: &Node, image: &Node, change: &Change) -> Result<Vec<Splice>, EditError> {
    match change {
        Change::Approve { tag, digest } => {
            let fields = [("tag", tag.as_str()), ("digest", digest.as_str())];
            lists::append(text, root, image, "approved", &fields)
        }
        Change::Reject { tag, reason, until } => {
            let until = until.map(|u| u.to_string());
            let mut fields = vec![("tag", tag.as_str()), ("reason", reason.trim())];
            fields.extend(until.as_deref().map(|u| ("until", u)));
            lists::append(text, root, image, "rejected", &fields)
        }
        Change::Retire { tag } => lists::remove(text, image, "approved", tag),
        Change::Expire { tag } => lists::remove(text, image, "rejected", tag),
        Change::Rebuild { tag, digest } => record::set(text, image, tag, &[("digest", digest.to_string())]),
        Change::Record { tag, mirrored, pull, approved_on } => {
            let mut fields = vec![("mirrored", mirrored.to_string())];
            fields.extend(pull.map(|p| ("pull", p.to_string())));
            fields.extend(approved_on.map(|d| ("approved-on", d.to_string())));
            record::set(text, image, tag, &fields)
        }
    }
}

fn root(text: &str) -> Result<Node, EditError> {
    let (root, faults) = yaml::read(text);
    match (root, faults.first()) {
        (Some(root), None) => Ok(root),
        (_, Some(fault)) => Err(EditError(format!("the file cannot be read: {}", fault.message))),
        (None, None) => Err(EditError("the file is empty".to_owned())),
    }
}

/// The entry of an image that is written where it stands.
fn image(root: &Node, index: usize) -> Result<&Node, EditError> {
    let images = root.get("images").filter(|i| !matches!(&*i.kind, Kind::Alias(_)));
    let image = images.and_then(|i| i.items()).and_then(|items| items.get(index));
    let image = image.ok_or_else(|| EditError(format!("there is no image {} in this file", index + 1)))?;
    if image.entries().is_none() || matches!(&*image.kind, Kind::Alias(_)) {
        return Err(EditError(format!("image {} is not written out where it stands", index + 1)));
    }
    Ok(image)
}

/// The item of a list of an image that has this tag, and its position.
fn item<'n>(image: &'n Node, list: &str, tag: &Tag) -> Result<(usize, &'n Node), EditError> {
    let items = image.get(list).and_then(Node::items).unwrap_or_default();
    items
        .iter()
        .enumerate()
        .find(|(_, item)| item.get("tag").and_then(Node::text) == Some(tag.as_str()))
        .ok_or_else(|| EditError(format!("`{list}` has no entry for the tag {tag}")))
}
