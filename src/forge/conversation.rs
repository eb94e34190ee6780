//! What accompanies a pull request: labels, review requests, comments.

use async_trait::async_trait;

use super::Error;

/// Labels, review requests and comments of pull requests.
#[async_trait]
pub trait Conversation: Send + Sync {
    /// Adds labels to a proposal; GitHub creates those that do not exist if the token may.
    async fn label(&self, number: u64, labels: &[String]) -> Result<(), Error>;

    /// Removes a label from a proposal; no error if it does not have it.
    async fn unlabel(&self, number: u64, label: &str) -> Result<(), Error>;

    /// Asks one person (`octocat`) for a review.
    async fn request_reviewer(&self, number: u64, login: &str) -> Result<(), Error>;

    /// Asks one team, by its slug, for a review.
    async fn request_team(&self, number: u64, slug: &str) -> Result<(), Error>;

    /// The texts of this program's own comments on a proposal, oldest first.
    async fn own_comments(&self, number: u64) -> Result<Vec<String>, Error>;

    /// Comments on a proposal, unless one of this program's own comments contains `mark` already. The mark, which
    /// people do not see, is added below the text.
    async fn comment(&self, number: u64, mark: &str, text: &str) -> Result<(), Error>;
}
