//! The edits that callers ask for.

use chrono::NaiveDate;

use super::error::EditError;
use crate::image::{Digest, Tag};

/// One change to one image's entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The image: its position in the `images` list of the file.
    pub image: usize,
    pub change: Change,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Appends an approval.
    Approve { tag: Tag, digest: Digest },
    /// Changes the digest of this tag's approval in place; keeps `mirrored`, and removes who signed the former bytes.
    Rebuild { tag: Tag, digest: Digest },
    /// Records what the mirror's tag holds and, for people, where the approval came from.
    Record {
        tag: Tag,
        /// What the mirror's tag was found to hold.
        mirrored: Digest,
        /// The pull request that added the approval.
        pull: Option<u64>,
        /// The UTC date of the commit that added it.
        approved_on: Option<NaiveDate>,
        /// Who signed it: one line of at most 1000 characters. `None` removes the present value.
        signed_by: Option<String>,
    },
    /// Says why this tag is approved.
    Explain {
        tag: Tag,
        /// One line of at most 200 characters; always quoted.
        reason: String,
    },
    /// Removes this tag's approval.
    Retire { tag: Tag },
    /// Adds a `rejected` entry.
    Reject {
        tag: Tag,
        /// Why: one line of at most 200 characters; always quoted.
        reason: String,
        /// The last day on which it applies.
        until: Option<NaiveDate>,
    },
    /// Adds a `revoked` entry, without `delete`.
    Revoke {
        tag: Tag,
        digest: Digest,
        /// Why: one line of at most 200 characters; always quoted.
        reason: String,
    },
    /// Removes this tag's `rejected` entry.
    Expire { tag: Tag },
}

/// The key that says who signed.
pub(super) const SIGNED_BY: &str = "signed-by";

/// The key that says why.
pub(super) const REASON: &str = "reason";

/// A key and the value to write under it.
pub(super) type Field = (&'static str, String);

/// The effect of a change on one of an image's lists.
#[derive(Debug)]
pub(super) enum Operation<'c> {
    /// Appends an item with these fields.
    Append { list: &'static str, tag: &'c Tag, fields: Vec<Field> },
    /// Removes a tag's item.
    Remove { list: &'static str, tag: &'c Tag },
    /// Sets keys in a tag's approval, and removes others.
    Set { tag: &'c Tag, fields: Vec<Field>, without: &'static [&'static str] },
}

impl Change {
    pub(super) fn operation(&self) -> Result<Operation<'_>, EditError> {
        Ok(match self {
            Self::Approve { tag, digest } => {
                let fields = vec![("tag", tag.to_string()), ("digest", digest.to_string())];
                Operation::Append { list: "approved", tag, fields }
            }
            Self::Reject { tag, reason, until } => {
                let mut fields = vec![("tag", tag.to_string()), (REASON, checked_reason(reason)?)];
                fields.extend(until.map(|until| ("until", until.to_string())));
                Operation::Append { list: "rejected", tag, fields }
            }
            Self::Revoke { tag, digest, reason } => {
                let fields =
                    vec![("tag", tag.to_string()), ("digest", digest.to_string()), (REASON, checked_reason(reason)?)];
                Operation::Append { list: "revoked", tag, fields }
            }
            Self::Explain { tag, reason } => {
                Operation::Set { tag, fields: vec![(REASON, checked_reason(reason)?)], without: &[] }
            }
            Self::Retire { tag } => Operation::Remove { list: "approved", tag },
            Self::Expire { tag } => Operation::Remove { list: "rejected", tag },
            Self::Rebuild { tag, digest } => {
                Operation::Set { tag, fields: vec![("digest", digest.to_string())], without: &[SIGNED_BY] }
            }
            Self::Record { tag, mirrored, pull, approved_on, signed_by } => {
                let mut fields = vec![("mirrored", mirrored.to_string())];
                fields.extend(pull.map(|pull| ("pull", pull.to_string())));
                fields.extend(approved_on.map(|date| ("approved-on", date.to_string())));
                fields.extend(signed_by.clone().map(|who| (SIGNED_BY, who)));
                Operation::Set { tag, fields, without: if signed_by.is_some() { &[] } else { &[SIGNED_BY] } }
            }
        })
    }
}

/// A reason is one line, so that nobody can hide entries in it.
fn checked_reason(reason: &str) -> Result<String, EditError> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > 200 || reason.contains(char::is_control) {
        return Err(EditError::whole("a reason must be one line of 1 to 200 characters"));
    }
    Ok(reason.to_owned())
}
