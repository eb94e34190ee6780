//! Issues that this program opened itself.

use async_trait::async_trait;

use super::Error;

/// This program's own issues.
#[async_trait]
pub trait Issues: Send + Sync {
    /// The issues, no proposals, that this program's own account opened and whose body ends with `mark`, whoever labelled what:
    /// found by the label, or where none has it by their author.
    async fn own_issues(&self, label: &str, mark: &str) -> Result<Vec<OwnIssue>, Error>;

    /// Opens an issue with a label; one that stands there already, as after a lost answer, is taken.
    async fn open_issue(&self, label: &str, mark: &str, title: &str, body: &str) -> Result<OwnIssue, Error>;

    /// Makes an issue say this and be open or closed, with the label.
    async fn write_issue(&self, issue: &OwnIssue, label: &str) -> Result<(), Error>;
}

/// An issue that this program's own account opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnIssue {
    pub number: u64,
    /// Where a person looks at it.
    pub url: String,
    pub open: bool,
    /// Whether it carries the label that it was asked for by.
    pub labelled: bool,
    pub title: String,
    pub body: String,
}
