//! What stands beside a pull request: labels, requests for reviews, comments.

use async_trait::async_trait;

use super::Error;

/// Labels, review requests and comments of pull requests.
#[async_trait]
pub trait Conversation: Send + Sync {
    /// Adds labels to a proposal; GitHub makes those that do not exist where the token may.
    async fn label(&self, number: u64, labels: &[String]) -> Result<(), Error>;

    /// Takes a label off a proposal; no error where it has none of that name.
    async fn unlabel(&self, number: u64, label: &str) -> Result<(), Error>;

    /// Asks one person (`octocat`) for a review.
    async fn request_reviewer(&self, number: u64, login: &str) -> Result<(), Error>;

    /// Asks one team, by its slug, for a review.
    async fn request_team(&self, number: u64, slug: &str) -> Result<(), Error>;

    /// What this program's own account said on a proposal: the comments' texts, oldest first.
    async fn own_comments(&self, number: u64) -> Result<Vec<String>, Error>;

    /// Comments on a proposal, unless a comment of this program's own holds `mark` already. The mark, which is nothing that
    /// people see, is put under the text.
    async fn comment(&self, number: u64, mark: &str, text: &str) -> Result<(), Error>;
}
