//! Issues that this program opened itself.

use async_trait::async_trait;

use super::Error;

/// This program's own issues.
#[async_trait]
pub trait Issues: Send + Sync {
    /// The issues, not proposals, that this program's own account opened and whose body ends with `mark`, whatever
    /// their labels: found by the label, or by their author if none has it.
    async fn own_issues(&self, label: &str, mark: &str) -> Result<Vec<OwnIssue>, Error>;

    /// Opens an issue with a label; an existing one, as after a lost answer, is reused.
    async fn open_issue(&self, label: &str, mark: &str, title: &str, body: &str) -> Result<OwnIssue, Error>;

    /// Sets an issue's text and whether it is open, and gives it the label.
    async fn write_issue(&self, issue: &OwnIssue, label: &str) -> Result<(), Error>;
}

/// An issue that this program's own account opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnIssue {
    pub number: u64,
    /// Its address for people.
    pub url: String,
    pub open: bool,
    /// Whether it has the label that it was searched by.
    pub labelled: bool,
    pub title: String,
    pub body: String,
}
