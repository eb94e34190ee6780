//! Links to release notes and to what changed in the source, at known forges. Made from what an image's labels name:
//! strictly parsed, so that they lead nowhere else, and never fetched.

use super::account::Account;
use crate::content::labels::Labels;
use crate::difference::Why;
use crate::image::Tag;
use crate::markdown::code;

/// The forges whose addresses are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Forge {
    GitHub,
    GitLab,
    /// Codeberg and others that run Forgejo or Gitea.
    Gitea(&'static str),
}

impl Forge {
    fn of(host: &str) -> Option<Self> {
        match host.to_ascii_lowercase().as_str() {
            "github.com" | "www.github.com" => Some(Self::GitHub),
            "gitlab.com" => Some(Self::GitLab),
            "codeberg.org" => Some(Self::Gitea("codeberg.org")),
            "gitea.com" => Some(Self::Gitea("gitea.com")),
            _ => None,
        }
    }

    const fn host(self) -> &'static str {
        match self {
            Self::GitHub => "github.com",
            Self::GitLab => "gitlab.com",
            Self::Gitea(host) => host,
        }
    }
}

/// A repository at a known forge.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Source {
    forge: Forge,
    /// `owner/name`; at GitLab with groups in between.
    path: String,
}

/// The most characters of one part of a path, and the most parts.
const PART: usize = 100;
const PARTS: usize = 8;

impl Source {
    /// The repository that a label names: `https://github.com/owner/name`, also with `.git`, a fragment, or a path below it.
    fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix("git+").unwrap_or(text);
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let (host, path) = rest.split_once('/')?;
        let forge = Forge::of(host)?;
        let below = match forge {
            Forge::GitLab => {
                path.split("/-/").next().unwrap_or_default().split('/').take(PARTS + 1).collect::<Vec<_>>()
            }
            Forge::GitHub | Forge::Gitea(_) => path.split('/').take(2).collect(),
        };
        let mut parts: Vec<&str> = below.into_iter().collect();
        while parts.last().is_some_and(|part| part.is_empty()) {
            parts.pop();
        }
        if let Some(last) = parts.last_mut() {
            *last = last.strip_suffix(".git").unwrap_or(last);
        }
        let fits = (2..=PARTS).contains(&parts.len()) && parts.iter().all(|part| is_name(part));
        fits.then(|| Self { forge, path: parts.join("/") })
    }

    fn address(&self) -> String {
        format!("https://{}/{}", self.forge.host(), self.path)
    }

    /// The page with the release notes of a version; at GitHub a search, as a release's tag need not be the image's.
    fn release_notes(&self, tag: &Tag) -> String {
        let address = self.address();
        match self.forge {
            Forge::GitHub => format!("{address}/releases?q={tag}&expanded=true"),
            Forge::GitLab => format!("{address}/-/releases"),
            Forge::Gitea(_) => format!("{address}/releases"),
        }
    }

    fn comparison(&self, from: &str, to: &str) -> String {
        let address = self.address();
        match self.forge {
            Forge::GitLab => format!("{address}/-/compare/{from}...{to}"),
            Forge::GitHub | Forge::Gitea(_) => format!("{address}/compare/{from}...{to}"),
        }
    }

    fn tree(&self, revision: &str) -> String {
        let address = self.address();
        match self.forge {
            Forge::GitHub => format!("{address}/tree/{revision}"),
            Forge::GitLab => format!("{address}/-/tree/{revision}"),
            Forge::Gitea(_) => format!("{address}/src/commit/{revision}"),
        }
    }
}

/// Letters, digits, `-`, `_` and `.`: what the forges' names are made of, and nothing that has a meaning in Markdown or
/// an address.
fn is_name(part: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !part.is_empty() && part.len() <= PART && part.chars().all(plain) && part.chars().any(|c| c != '.')
}

/// The revision, if it is a full commit id.
fn revision(labels: &Labels) -> Option<&str> {
    let revision = labels.revision.as_deref()?;
    let is_commit = matches!(revision.len(), 40 | 64) && revision.bytes().all(|b| b.is_ascii_hexdigit());
    is_commit.then_some(revision)
}

/// The pages of a change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Pages {
    /// The repository as `github.com/owner/name`.
    pub source: String,
    pub release_notes: String,
    /// What changed in the source, or the source itself if there is nothing to compare it with.
    pub changes: Option<Changes>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Changes {
    Compared(String),
    /// The labels name the same commit.
    Same,
    Tree(String),
}

impl Changes {
    pub(crate) fn url(&self) -> Option<&str> {
        match self {
            Self::Compared(url) | Self::Tree(url) => Some(url),
            Self::Same => None,
        }
    }
}

/// The pages that the new image's labels name; `before` are the approved image's labels.
fn pages(labels: &Labels, before: &Labels, tag: &Tag) -> Option<Pages> {
    let source = Source::parse(labels.source.as_deref()?)?;
    let was = before.source.as_deref().and_then(Source::parse).filter(|was| *was == source);
    let changes = revision(labels).map(|to| match was.and_then(|_| revision(before)) {
        Some(from) if from == to => Changes::Same,
        Some(from) => Changes::Compared(source.comparison(from, to)),
        None => Changes::Tree(source.tree(to)),
    });
    Some(Pages {
        release_notes: source.release_notes(tag),
        source: format!("{}/{}", source.forge.host(), source.path),
        changes,
    })
}

/// The page that compares the commits that the labels of two images name, if they are of one repository at a known
/// forge.
pub(crate) fn comparison(labels: &Labels, before: &Labels) -> Option<String> {
    let source = Source::parse(labels.source.as_deref()?)?;
    before.source.as_deref().and_then(Source::parse).filter(|was| *was == source)?;
    let (from, to) = (revision(before)?, revision(labels)?);
    (from != to).then(|| source.comparison(from, to))
}

impl Account<'_> {
    /// Release notes and source of the new image, if its labels name a known forge.
    pub(crate) fn pages(&self) -> Option<Pages> {
        let evidence = self.evidence.filter(|_| self.lets_in())?;
        pages(&evidence.labels, &evidence.labels_before, self.entry().to.as_ref()?)
    }
}

/// Why there is nothing to link; `None` if the labels were not read.
fn no_pages(account: &Account<'_>) -> Option<String> {
    let evidence = account.evidence.filter(|evidence| account.lets_in() && evidence.complete)?;
    Some(match &evidence.labels.source {
        Some(source) => {
            format!("Source: {} as the image's labels say, at no forge that Wharfinger knows", code(source, 120))
        }
        None => "Source: the image's labels name no repository".to_owned(),
    })
}

/// The same as a line of Markdown, saying where it comes from.
pub(super) fn line(account: &Account<'_>) -> Option<String> {
    let Some(Pages { source, release_notes, changes }) = account.pages() else { return no_pages(account) };
    let is_said = account.difference().is_some_and(|difference| difference.why == Some(Why::Source));
    let changes = match changes.filter(|changes| !(is_said && matches!(changes, Changes::Compared(_)))) {
        Some(Changes::Compared(url)) => format!(", [what changed in the source]({url})"),
        Some(Changes::Same) => ", built from the same commit".to_owned(),
        Some(Changes::Tree(url)) => format!(", [the source]({url})"),
        None => String::new(),
    };
    Some(format!("Upstream: [release notes]({release_notes}){changes}, at `{source}` as the image's labels say"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use proptest::prelude::*;

    use super::*;

    const A: &str = "1111111111111111111111111111111111111111";
    const B: &str = "2222222222222222222222222222222222222222";

    fn labels(source: &str, revision: &str) -> Labels {
        Labels { source: Some(source.to_owned()), revision: Some(revision.to_owned()) }
    }

    #[test]
    fn a_source_at_a_known_forge_has_pages() {
        let shown = |source: &str, before: &Labels| {
            let Some(pages) = pages(&labels(source, B), before, &"3.1.0".parse().unwrap()) else {
                return format!("{source}: none");
            };
            let changes = match pages.changes.unwrap() {
                Changes::Compared(url) | Changes::Tree(url) => url,
                Changes::Same => "same".to_owned(),
            };
            format!("{source}\n  {}\n  {changes}", pages.release_notes)
        };
        let sources = [
            "https://github.com/grafana/loki",
            "http://github.com/docker-library/redis.git#deadbeef:7.2/debian",
            "git+https://GitHub.com/a/b/tree/main/deploy?x=y",
            "https://gitlab.com/group/sub/project/-/tree/main",
            "https://codeberg.org/forgejo/forgejo/",
            "https://github.com/only-owner",
            "https://github.com/../../evil",
            "https://github.com/a/b)](https:",
            "https://github.com.evil.example/a/b",
            "https://user@github.com/a/b",
            "https://github.com:8443/a/b",
            "https://evil.example/github.com/a/b",
            "javascript:alert(1)//github.com/a/b",
            "git@github.com:a/b",
            "",
        ];
        let mut all: Vec<String> =
            sources.iter().map(|source| shown(source, &labels("https://github.com/x/y", A))).collect();
        all.push(shown("https://github.com/a/b", &labels("https://github.com/a/b.git", A)));
        all.push(shown("https://gitlab.com/a/b", &labels("https://gitlab.com/a/b", A)));
        all.push(shown("https://github.com/a/b", &labels("https://github.com/a/b", B)));
        all.push(shown("https://github.com/a/b", &labels("https://github.com/a/b", "main")));
        insta::assert_snapshot!(all.join("\n"));
    }

    proptest! {
        #[test]
        fn whatever_labels_say_no_other_address_comes_of_them(
            source in "(https://)?(github|gitlab|codeberg)\\.(com|org)(/|\\.|-|_|[a-z]|@|:|\\)|\\(|<|>|\\||`| |\\]|#|\\?|&|%2f|\\\\|\u{202e}|\n){0,24}",
            revision in "[0-9a-f)(\\]@/ ]{38,42}",
        ) {
            let labels = Labels { source: Some(source), revision: Some(revision) };
            if let Some(pages) = pages(&labels, &labels, &"1".parse().unwrap()) {
                let plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "-._/:?=&".contains(c));
                let known = ["https://github.com/", "https://gitlab.com/", "https://codeberg.org/"];
                let fits = |url: &str| plain(url) && known.iter().any(|known| url.starts_with(known)) && !url.contains("/../");
                prop_assert!(fits(&pages.release_notes), "{:?}", pages);
                prop_assert!(plain(&pages.source));
                match pages.changes {
                    Some(Changes::Compared(url) | Changes::Tree(url)) => prop_assert!(fits(&url), "{}", url),
                    Some(Changes::Same) | None => {}
                }
            }
        }
    }
}
