//! Tags as the API knows them: what they resolve to and when they were pushed. Reading them does not count as a pull.

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde::Deserialize;

use super::call::{Call, MANAGES, Need, READS};
use super::{Error, Hub, HubTag};
use crate::image::{Repository, RepositoryName, Tag};

#[derive(Deserialize)]
struct TagBody {
    digest: Option<String>,
    tag_last_pushed: Option<String>,
    last_updated: Option<String>,
}

impl Hub {
    /// What Docker Hub says about a tag; `None` if it does not exist. Does not count as a pull.
    ///
    /// # Errors
    /// If the repository is not on Docker Hub, access is refused, or no usable answer comes.
    pub async fn tag(&self, repository: &Repository, tag: &Tag) -> Result<Option<HubTag>, Error> {
        let Some((namespace, name)) = repository.name.as_str().split_once('/').filter(|(_, name)| !name.contains('/'))
        else {
            return Err(Error::Unusable(format!("{repository} is not a Docker Hub repository")));
        };
        let need = Need::on_repository(namespace, "scope-tag-read", READS);
        let path = ["v2", "namespaces", namespace, "repositories", name, "tags", tag.as_str()];
        let call = Call::new(Method::GET, &path, need, format!("reading the tag {repository}:{tag}"));
        // A wrong credential is an error here too.
        self.session.token(&self.transport).await?;
        let answer = match self.send(&call).await {
            // Public tags of another namespace are open to anybody: a credential limited to its own must not hide them.
            Err(Error::Refused { .. }) if self.session.identifier().is_some_and(|own| own != namespace) => {
                self.anonymously(&call).await?
            }
            answer => answer?,
        };
        if answer.status == 404 {
            return Ok(None);
        }
        let body: TagBody = answer.read(&call)?;
        let digest = body.digest.map(|text| text.parse()).transpose();
        let digest = digest.map_err(|e| Error::Unusable(format!("the digest of {repository}:{tag}: {e}")))?;
        Ok(Some(HubTag { digest, last_pushed: body.tag_last_pushed.or(body.last_updated).and_then(|t| time(&t)) }))
    }

    /// Deletes a tag and nothing else: other tags of the same digest stay. A missing one counts as deleted already. An
    /// immutable tag is not deleted.
    pub async fn delete_tag(&self, organization: &str, name: &RepositoryName, tag: &Tag) -> Result<(), Error> {
        // Docker names the first for organization access tokens and documents neither; its own tools use the second.
        let paths = [
            vec!["v2", "namespaces", organization, "repositories", name.as_str(), "tags", tag.as_str()],
            vec!["v2", "repositories", organization, name.as_str(), "tags", tag.as_str()],
        ];
        let repository: Repository = format!("docker.io/{organization}/{name}")
            .parse()
            .map_err(|e| Error::Unusable(format!("{organization}/{name}: {e}")))?;
        let mut failed = None;
        for path in &paths {
            let need = Need::on_repository(organization, "scope-tag-admin", MANAGES);
            let call = Call::new(Method::DELETE, path, need, format!("deleting the tag {organization}/{name}:{tag}"));
            match self.send(&call).await {
                Ok(answer) if answer.is_success() => return Ok(()),
                Ok(answer) if matches!(answer.status, 404 | 405) => {
                    if answer.status == 404 && self.tag(&repository, tag).await?.is_none() {
                        return Ok(());
                    }
                    failed = failed.or_else(|| Some(answer.unexpected(&call)));
                }
                Ok(answer) => return Err(answer.unexpected(&call)),
                // The first refusal names the scope; the second would only say that the path does not accept this
                // token.
                Err(error) => return Err(failed.unwrap_or(error)),
            }
        }
        failed.map_or(Ok(()), Err)
    }
}

/// A time; `None` if it cannot be read.
pub(super) fn time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.with_timezone(&Utc))
}
