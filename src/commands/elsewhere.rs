//! A manifest of another repository on GitHub, named `OWNER/REPO@REF:PATH`.

use super::{Context, Stop};
use crate::forge::github::GitHub;
use crate::manifest::Manifest;
use crate::observe::manifest::{LoadError, from_forge};

/// Where a manifest is on GitHub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Elsewhere {
    repository: String,
    /// A branch, a tag or a commit.
    reference: String,
    path: String,
}

impl Elsewhere {
    /// `None` if the text is a path. No reference contains a colon (git-check-ref-format(1)).
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (repository, rest) = text.split_once('@')?;
        let (reference, path) = rest.split_once(':')?;
        let good = |part: &str| {
            let name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
            !part.is_empty() && !matches!(part, "." | "..") && part.bytes().all(name)
        };
        let (owner, name) = repository.split_once('/')?;
        let named = good(owner) && good(name) && !reference.is_empty() && !path.is_empty();
        named.then(|| Self {
            repository: repository.to_owned(),
            reference: reference.to_owned(),
            path: path.to_owned(),
        })
    }

    /// Reads it, with its includes, through GitHub's API: with this run's token, or as anybody.
    ///
    /// # Errors
    /// If there is none, it is unusable, or GitHub does not answer.
    pub(super) async fn read(&self, context: &Context) -> Result<Manifest, Stop> {
        let (settings, http) = (&context.settings, context.registries.client().http().client());
        let (github, token) = (&settings.github, settings.github_token.as_ref());
        let forge = GitHub::reader(http, &github.api_url, &github.graphql_url, &self.repository, token)
            .map_err(|e| Stop::Unusable(e.to_string()))?
            .with_timeout(settings.timeout);
        if self.leaves_the_repository() {
            let Self { repository, reference, path } = self;
            let why = "it leads out of the repository: write path and reference without `.` and `..`";
            return Err(Stop::Unusable(format!("--manifest {repository}@{reference}:{path}: {why}")));
        }
        let Some(commit) = forge.named_commit(&self.reference).await? else {
            return Err(self.missing("no such branch, tag or commit", token.is_some()));
        };
        match from_forge(&forge, &commit, &self.path).await {
            Err(LoadError::Missing { .. }) => Err(self.missing(&format!("no {}", self.path), token.is_some())),
            read => Ok(read?),
        }
    }

    /// Whether a part of the path or of the reference would make a request for something else.
    fn leaves_the_repository(&self) -> bool {
        let is_step = |part: &str| matches!(part, "" | "." | "..");
        self.path.split(['/', '\\']).any(is_step) || self.reference.split('/').any(is_step)
    }

    /// What is private looks missing to those who may not read it.
    fn missing(&self, what: &str, token: bool) -> Stop {
        let Self { repository, reference, path } = self;
        let who = match token {
            true => {
                "if it is private, the token may not read it: it needs `contents: read` there, which a job's own token has \
                     for its own repository only"
            }
            false => "if it is private, set GITHUB_TOKEN to a token that may read its contents",
        };
        Stop::Unusable(format!("--manifest {repository}@{reference}:{path}: {what} is there; {who}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leaves_the_repository_is_told() {
        let leaves = |text| Elsewhere::parse(text).map(|elsewhere| elsewhere.leaves_the_repository());
        for inside in ["acme/images@main:a.yml", "acme/images@release/1.x:teams/..a.yml", "acme/images@v1..2:.a/b..yml"]
        {
            assert_eq!(leaves(inside), Some(false), "{inside}");
        }
        for outside in [
            "acme/images@main:../a.yml",
            "acme/images@main:a/../../b.yml",
            "acme/images@main:./a.yml",
            "acme/images@main:/a.yml",
            "acme/images@main:a//b.yml",
            "acme/images@main:a/..",
            "acme/images@main:..\\a.yml",
            "acme/images@../main:a.yml",
            "acme/images@..:a.yml",
            "acme/images@/main:a.yml",
        ] {
            assert_eq!(leaves(outside), Some(true), "{outside}");
        }
    }

    #[test]
    fn a_manifest_elsewhere_is_told_from_a_path() {
        let parts = |text| Elsewhere::parse(text).map(|e| [e.repository, e.reference, e.path].join(" "));
        let read = |text| parts(text).unwrap_or_default();
        assert_eq!(read("acme/images@main:approved-images.yml"), "acme/images main approved-images.yml");
        assert_eq!(read("acme/images@release/1.x:teams/a:b.yml"), "acme/images release/1.x teams/a:b.yml");
        for path in [
            "approved-images.yml",
            "teams/images.yml",
            "a@b/c:d",
            "acme/images@main",
            "acme/images@:a",
            "acme/images@a:",
            "a/b/c@d:e",
            "acme/..@a:b",
        ] {
            assert_eq!(parts(path), None, "{path}");
        }
    }
}
