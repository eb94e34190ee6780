//! Names and texts that only occur in manifests, each checked by a function.

use schemars::{Schema, SchemaGenerator, json_schema};

use super::globs::glob;
use super::read::{Reader, Value};
use super::scalars::texty;
use crate::diag::Code;
use crate::image::{Repository, RepositoryName, Tag};
use crate::yaml::Node;

/// Names of one kind, checked by a function.
macro_rules! checked_text {
    ($($(#[doc = $doc:literal])+ $name:ident, $code:ident, $wanted:literal, $why:literal, $help:literal, $check:expr, $schema:expr;)*) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) struct $name(pub(crate) String);

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl Value for $name {
            fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
                let text = reader.text(node, $wanted)?;
                let check: fn(&str) -> bool = $check;
                if check(text) {
                    return Some(Self(text.to_owned()));
                }
                reader.refuse(node, Code::$code, $wanted, $why, $help)
            }

            fn schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    )*};
}

checked_text! {
    /// `organization`: one or, outside Docker Hub, several path components.
    Organization, BadOrganization, "an organization", "it must consist of lower-case letters and digits, joined by `.`, `_` or `-`",
        "write the name as it appears in image references", |t| t.parse::<RepositoryName>().is_ok(),
        texty("^[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*)*$");
    /// A GitHub user or a team's slug.
    Login, BadName, "a user or team", "it must consist of letters, digits, `-` and `_`",
        "write the login or the team's slug, without `@` or the organization",
        |t| (1..=100).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')),
        texty("^[A-Za-z0-9_-]{1,100}$");
    /// A label.
    Label, BadName, "a label", "it must have 1 to 50 characters and no line break",
        "write the label as GitHub shows it", |t| !t.trim().is_empty() && t.chars().count() <= 50 && !t.contains(char::is_control),
        json_schema!({ "type": ["string", "number"], "minLength": 1, "maxLength": 50 });
    /// A glob of sources or repositories.
    Glob, BadGlob, "a glob", "it is empty, or its brackets or braces are not closed",
        "write a name in which `*` matches anything except `/`", is_glob, json_schema!({ "type": ["string", "number"], "minLength": 1 });
    /// A glob of files in one directory, the manifest's or one below it.
    FileGlob, BadGlob, "a file glob", "it must name files in one directory below the manifest's",
        "write it as images/*.yml, without a leading `/`, without `..` and without wildcards in a directory's name",
        |t| is_glob(t) && stays_below(t) && !t.rsplit_once('/').is_some_and(|(d, _)| d.contains(['*', '?', '[', '{'])), texty("^[^/]");
    /// A template for commit messages, possibly of several lines.
    Message, BadText, "a commit message", "it must have 1 to 2000 characters and no control characters",
        "write `|` after the key, and the lines below it",
        |t| !t.trim().is_empty() && t.chars().count() <= 2000 && !t.chars().any(|c| c.is_control() && c != '\n'),
        json_schema!({ "type": ["string", "number"], "minLength": 1, "maxLength": 2000 });
    /// A file of the repository.
    FilePath, BadText, "a file", "it must be relative to the manifest's directory, with `/`",
        "write it as keys/tool.pub or security/advisories.json, without a leading `/` and without `..`", |t| !t.is_empty() && stays_below(t), texty("^[^/]");
    /// Who vouches for identities in certificates.
    Issuer, BadIssuer, "an issuer", "it is an address that begins with https://",
        "write it as https://token.actions.githubusercontent.com", is_issuer, texty("^https://[^\\s/?#@]+(/[^\\s?#@]*)?$");
    /// What branch names begin with.
    BranchPrefix, BadBranchPrefix, "a branch prefix", "git does not allow such branch names",
        "write it as wharfinger/ or bots/images-", is_branch_prefix, texty("^[A-Za-z0-9_]");
    /// A group's name.
    GroupName, BadGroup, "a group name", "it becomes part of a branch name",
        "use lower-case letters, digits, `.`, `_` and `-`; `all` is reserved",
        |t| t != "all" && t.parse::<Tag>().is_ok() && t == t.to_lowercase() && is_branch_prefix(t),
        texty("^(?!all$)[a-z0-9_][a-z0-9._-]*$");
    /// A repository of Docker Hub, for the allowlist.
    HubRepository, BadReference, "a Docker Hub repository", "the allowlist accepts only these", "write it as grafana/loki",
        |t| t.parse::<Repository>().is_ok_and(|r| r.registry.is_docker_hub()), texty("^[a-z0-9./_-]+$");
    /// `sign-off`: name and address.
    SignOff, BadName, "a name and an address", "it goes into a Signed-off-by line",
        "write it as Name <name@example.org>", is_signature, texty("^[^<>]+ <[^<>@ ]+@[^<>@ ]+>$");
}

fn is_glob(text: &str) -> bool {
    // A plain name is always a valid glob.
    let plain = !text.contains(['*', '?', '[', ']', '{', '}', '\\', '!']);
    !text.is_empty() && (plain || glob(text).is_some())
}

/// Whether a path with `/` stays below the directory that it starts from.
fn stays_below(text: &str) -> bool {
    !text.starts_with('/') && !text.contains('\\') && text.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// Whether it is `https://HOST[/PATH]`: issuers are compared as written.
fn is_issuer(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://") else { return false };
    let (host, _) = rest.split_once('/').unwrap_or((rest, ""));
    let bad = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '?' | '#' | '@');
    !host.is_empty() && text.len() <= 500 && !text.contains(bad)
}

/// Git's rules for names of branches (`git check-ref-format`), for the beginning of a name.
fn is_branch_prefix(text: &str) -> bool {
    let bad = |c: char| c.is_control() || matches!(c, ' ' | '~' | '^' | ':' | '?' | '*' | '[' | '\\');
    (1..=100).contains(&text.len())
        && !text.contains(bad)
        && !text.contains("..")
        && !text.contains("@{")
        && !text.contains("//")
        && !text.starts_with(['/', '-'])
        && text.split('/').all(|part| !part.starts_with('.') && !part.ends_with('.') && !part.ends_with(".lock"))
}

fn is_signature(text: &str) -> bool {
    let Some((name, address)) = text.strip_suffix('>').and_then(|t| t.split_once(" <")) else { return false };
    let plain = |t: &str| !t.trim().is_empty() && !t.contains(|c: char| c.is_control() || matches!(c, '<' | '>'));
    plain(name) && plain(address) && address.split('@').count() == 2 && !address.contains(' ')
}
