//! The manifest of approved images: the typed model that the rest of the program works with.
//!
//! [`parse`] turns texts into this model or into diagnostics; nothing else makes a [`Manifest`]. Every value here is
//! valid: ranges parse, references are references, defaults are applied. Pure: files come in as text.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use semver::VersionReq;

use crate::diag::Span;
use crate::image::{Digest, Location, NameError, Platform, RegistryHost, Repository, RepositoryName, Tag};
use crate::rules::{Rule, Variant, VersionRule};

mod aliases;
mod check;
mod document;
mod faults;
#[cfg(test)]
pub(crate) mod fixtures;
mod forms;
mod globs;
mod inspection;
mod lists;
mod names;
mod object;
mod organization;
mod parse;
mod policy;
mod read;
mod release;
mod scalars;
pub mod schema;
mod signatures;
mod signers;

pub(crate) use globs::{beside, glob, included};
pub(crate) use inspection::{Cooldown, FixesCooldown, Inspection, Severity, Vulnerabilities};
pub(crate) use organization::{AllowedRegistry, ImageAccess, Policy, RegistryAccess};
pub use organization::{Permission, Team, Visibility};
pub(crate) use parse::{approvals_asked, includes, parse_included, parse_part};
pub use parse::{file, parse};
pub(crate) use signatures::{Guard, Identity, RequiredProvenance, Signatures, Signer};

/// One file of the manifest as it was read: the path as the repository or the working directory names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// The path, relative to the root of the repository (or to the working directory), with `/`.
    pub path: String,
    pub text: String,
}

/// The manifest with its includes, defaults applied.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// The files it was read from; the first is the main one.
    pub files: Vec<File>,
    /// The releases that may act on it; `None` asks for none.
    pub required_version: Option<VersionReq>,
    /// The organization (namespace) that receives the images.
    pub organization: String,
    /// Where the organization's repositories are.
    pub registry: Destination,
    /// The hosts images may come from; `None` allows any.
    pub sources: Option<Vec<RegistryHost>>,
    /// Whether promotion fixes drift in repositories.
    pub repositories: Enforcement,
    /// What the organization's settings should be.
    pub policy: Policy,
    pub proposals: Proposals,
    /// What is looked at inside images.
    pub inspection: Inspection,
    /// The file of the organization's advisories, by its path from the main file's directory.
    pub advisories: Option<String>,
    /// What the defaults of each file require of who made its images, in the order of the files.
    pub(crate) guards: Vec<Guard>,
    /// What the defaults of each file have versions wait, in the order of the files.
    pub(crate) cooldowns: Vec<Cooldown>,
    /// The images, in the order of the files.
    pub images: Vec<Image>,
}

/// Where mirrors live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// A registry: a mirror is `REGISTRY/ORGANIZATION/REPOSITORY`.
    Registry(RegistryHost),
    /// A directory: a mirror is the OCI image layout `DIR/ORGANIZATION/REPOSITORY`.
    Directory(std::path::PathBuf),
}

/// `repositories`: what promotion does about drift in a repository's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Enforcement {
    #[default]
    Enforce,
    Report,
}

/// One image: where it comes from, how its versions are chosen, and what was approved.
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    /// The image's file: index into [`Manifest::files`].
    pub file: usize,
    /// Position in that file's `images` list: how an edit finds it.
    pub index: usize,
    /// The position of the whole entry in the file's text.
    pub span: Span,
    /// The `source` as written in the manifest: its name in reports and records.
    pub source_text: String,
    pub source: Location,
    /// The mirror's name in the organization.
    pub repository: RepositoryName,
    /// Whether an existing repository of that name is taken over if it is not ours.
    pub adopt: bool,
    /// The description of the repository in the organization.
    pub description: Option<String>,
    pub rule: Rule,
    /// Approved bytes, in the order of the file.
    pub approved: Vec<Approval>,
    /// Versions that a person rejected.
    pub rejected: Vec<Rejection>,
    /// Bytes that must never be promoted again.
    pub revoked: Vec<Revocation>,
    /// Whether the mirror is private.
    pub visibility: Visibility,
    /// Docker Hub teams and what they may do.
    pub teams: BTreeMap<String, Team>,
    /// Further tags at the mirror, each of which follows the newest approval of its kind.
    pub aliases: Vec<Tag>,
    /// The wanted platforms; `None` is the whole index, byte for byte.
    pub platforms: Option<Vec<Platform>>,
    /// How long a version must have been public; zero requires no age.
    pub cooldown: std::time::Duration,
    /// The shorter cooldown of versions that fix something.
    pub fixes: Option<FixesCooldown>,
    /// Whether a rebuild of an approved version tag is proposed.
    pub rebuilds: bool,
    /// Which approvals stay.
    pub keep: Keep,
    /// Whether promoted tags are made immutable on Docker Hub.
    pub immutable_tags: bool,
    pub reviewers: Vec<String>,
    pub team_reviewers: Vec<String>,
    pub labels: Vec<String>,
    /// Who must have signed the image; `None` requires no signatures.
    pub signatures: Option<Signatures>,
    /// Where it must have been built; never without `signatures`.
    pub provenance: Option<RequiredProvenance>,
}

/// `keep`: which approvals stay; by default, all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Keep {
    /// How many of a line's newest approvals stay; `None` retires none for its age.
    pub newest: Option<u32>,
    /// For how long nobody may have pulled what is retired; with it, only that is, and no update retires anything.
    pub unused: Option<std::time::Duration>,
}

impl Keep {
    /// How many of a line's newest approvals stay although nobody pulls them.
    #[must_use]
    pub fn protected(self) -> usize {
        self.newest.map_or(1, |newest| usize::try_from(newest).unwrap_or(usize::MAX)).max(1)
    }
}

impl Manifest {
    /// Whether the mirrors are on Docker Hub, where repositories have settings.
    #[must_use]
    pub fn on_docker_hub(&self) -> bool {
        matches!(&self.registry, Destination::Registry(host) if host.is_docker_hub())
    }

    /// Whether the manifest asks for anything in a repository: see [`Image::has_effect`].
    pub(crate) fn has_effect_on(&self, repository: &RepositoryName) -> bool {
        self.images.iter().any(|image| image.repository == *repository && image.has_effect())
    }

    /// The main file's path.
    pub(crate) fn path(&self) -> &str {
        self.files.first().map_or("", |file| file.path.as_str())
    }

    /// What the branch names of this manifest's proposals begin with: `branch-prefix`, followed by an identifier for
    /// its path unless it is the default one, so that two manifests in one repository have separate branches.
    pub(crate) fn prefix(&self) -> String {
        let shared = &self.proposals.branch_prefix;
        match self.path() {
            DEFAULT_PATH | "" => shared.clone(),
            path => format!("{shared}m-{}/", &Digest::sha256(path.as_bytes()).hex()[..8]),
        }
    }

    /// All approvals with their images, in the manifest's order.
    pub(crate) fn approvals(&self) -> impl Iterator<Item = (&Image, &Approval)> {
        self.images.iter().flat_map(|image| image.approved.iter().map(move |approval| (image, approval)))
    }

    /// Where the mirror of `repository` is: `REGISTRY/ORGANIZATION/REPOSITORY` on every registry,
    /// `DIR/ORGANIZATION/REPOSITORY` in a directory.
    ///
    /// # Errors
    /// If the organization and the repository together are not a valid name; [`parse`] does not accept such a pair.
    pub fn mirror(&self, repository: &RepositoryName) -> Result<Location, NameError> {
        let name: RepositoryName = format!("{}/{repository}", self.organization).parse()?;
        Ok(match &self.registry {
            Destination::Registry(registry) => Location::Remote(Repository { registry: registry.clone(), name }),
            Destination::Directory(directory) => Location::Layout(directory.join(name.as_str())),
        })
    }
}

impl Image {
    /// Whether the manifest asks for anything at the mirror: an image with nothing approved and nothing revoked does not.
    pub(crate) fn has_effect(&self) -> bool {
        !(self.approved.is_empty() && self.revoked.is_empty())
    }

    pub(crate) const fn cooldown(&self) -> Cooldown {
        Cooldown { default: self.cooldown, fixes: self.fixes }
    }

    /// The name of the image in branches and on the command line: `<repository>` or `<repository>-<variant>`, with `/`
    /// written as `-` and the variant `*` as `any`.
    #[must_use]
    pub fn slug(&self) -> String {
        let repository = self.repository.as_str().replace('/', "-");
        match &self.rule {
            Rule::Versions(VersionRule { variant: Some(Variant::Any), .. }) => format!("{repository}-any"),
            Rule::Versions(VersionRule { variant: Some(Variant::Exactly(v)), .. }) => format!("{repository}-{v}"),
            _ => repository,
        }
    }
}

/// One approval: a person accepted these bytes under this tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// The tag, upstream and in the mirror.
    pub tag: Tag,
    /// What was reviewed: the digest of the upstream index or manifest.
    pub digest: Digest,
    /// What the mirror's tag held when it was last read; `None` until promoted.
    pub mirrored: Option<Digest>,
    /// The pull request that added it; for people, never trusted.
    pub pull: Option<u64>,
    /// The UTC date of the commit that added it; for people, never trusted.
    pub approved_on: Option<NaiveDate>,
    /// Who made the required signatures when it was promoted; for people, never trusted.
    pub signed_by: Option<String>,
    /// Why it was asked for; by people, for people.
    pub reason: Option<String>,
    /// The position of the entry in its file.
    pub span: Span,
}

/// A version that a person rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    pub tag: Tag,
    /// Why, for people.
    pub reason: String,
    /// The last day on which it applies; `None`: permanently.
    pub until: Option<NaiveDate>,
    /// The position of the entry in its file.
    pub span: Span,
}

/// Bytes that must never be promoted again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    pub tag: Tag,
    /// The digest that was approved.
    pub digest: Digest,
    /// Why, for people.
    pub reason: String,
    /// Whether the mirror's tag is deleted.
    pub delete: bool,
    /// The position of the entry in its file.
    pub span: Span,
}

/// The default path of the manifest.
pub(crate) const DEFAULT_PATH: &str = "approved-images.yml";

/// `proposals`: how pull requests are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposals {
    /// How images are grouped into proposals.
    pub group: Grouping,
    /// How many may be open at once.
    pub limit: u32,
    pub labels: Vec<String>,
    pub reviewers: Vec<String>,
    pub team_reviewers: Vec<String>,
    /// What all branch names begin with; `wharfinger/` by default.
    pub branch_prefix: String,
    /// The template for titles; `None` is ours.
    pub title: Option<String>,
    /// The template for commit messages; `None` is ours.
    pub commit_message: Option<String>,
    /// Adds a `Signed-off-by` line with this name and address.
    pub sign_off: Option<String>,
}

impl Default for Proposals {
    fn default() -> Self {
        Self {
            group: Grouping::Image,
            limit: 10,
            labels: Vec::new(),
            reviewers: Vec::new(),
            team_reviewers: Vec::new(),
            branch_prefix: "wharfinger/".to_owned(),
            title: None,
            commit_message: None,
            sign_off: None,
        }
    }
}

/// `proposals.group`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grouping {
    /// One proposal per image and line.
    Image,
    All,
    /// Named groups of source or repository globs, in the file's order; images in no group get their own proposals.
    Named(Vec<(String, Vec<String>)>),
}
