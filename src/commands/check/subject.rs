//! What is checked: two texts of the manifest, and a proposal's metadata.

use std::path::PathBuf;
use std::sync::Arc;

use crate::action::event::Kind;
use crate::commands::{Context, Stop, load, read_event};
use crate::forge::git::GitForge;
use crate::forge::{Commit, Contents, Forge, OpenProposal};
use crate::manifest::{self, File, Image, Manifest};
use crate::observe::manifest::{LoadError, files_from_forge};
use crate::observe::named::{KeptPlace, NamedFiles, Place as NamedPlace, read_matching, read_named, read_one};
use crate::observe::own::is_alone;
use crate::proposal::metadata::{self, Metadata};
use crate::proposal::own::{Belongs, belongs};
use crate::proposal::{adding, branch, own};

pub(super) struct Subject {
    /// The manifest's texts with the change.
    pub(super) head: Vec<File>,
    /// The same before the change; `None` if there was none.
    pub(super) base: Option<Vec<File>>,
    /// The base's commit, if it is on the default branch.
    pub(super) base_commit: Option<Commit>,
    /// Where to read the files that the manifest refers to.
    pub(super) named: Named,
    /// For a proposal of ours: the contents of its metadata, `Some(None)` if unreadable.
    pub(super) proposal: Option<Option<Metadata>>,
    /// Who last edited its body, if that was not this program.
    pub(super) edited_by: Option<String>,
    /// Whether private addresses and directories must not be accessed.
    pub(super) public_only: bool,
}

/// Where to read the files that the manifest refers to.
pub(super) struct Named {
    /// With the change; `None` is the working directory.
    pub(super) head: Option<ReadAt>,
    /// Before; `None` if there was none.
    pub(super) base: Option<ReadAt>,
    pub(super) directory: PathBuf,
}

/// A commit, and what it was read from.
#[derive(Clone)]
pub(super) struct ReadAt {
    pub(super) contents: Arc<dyn Contents>,
    pub(super) at: Commit,
}

impl Named {
    pub(super) fn of(context: &Context, head: Option<ReadAt>, base: Option<ReadAt>) -> Self {
        Self { head, base, directory: context.settings.directory.clone() }
    }
}

impl ReadAt {
    /// A commit of the run's own forge.
    pub(super) fn of(context: &Context, at: Commit) -> Option<Self> {
        context.forge.clone().map(|forge| Self { contents: forge, at })
    }

    fn place(&self) -> NamedPlace<'_> {
        NamedPlace::Commit { contents: &*self.contents, at: &self.at }
    }
}

impl Subject {
    /// Where the base is; without one, the change itself.
    pub(super) fn vex_place(&self) -> Option<KeptPlace> {
        let kept = |read: &ReadAt| KeptPlace::Commit { contents: read.contents.clone(), at: read.at.clone() };
        match (&self.base, &self.named.base) {
            (Some(_), base) => base.as_ref().map(kept),
            (None, _) if self.public_only => None,
            (None, _) => {
                Some(self.named.head.as_ref().map_or_else(|| KeptPlace::Directory(self.named.directory.clone()), kept))
            }
        }
    }

    /// The contents of files named by images of the base, as the base has them.
    pub(super) async fn named_at_base<'i>(&self, images: impl IntoIterator<Item = &'i Image>) -> NamedFiles {
        match (&self.named.base, self.base.as_ref().and_then(|files| files.first())) {
            (Some(base), Some(main)) => read_named(base.place(), &main.path, images).await,
            _ => NamedFiles::new(),
        }
    }

    /// What the files hold that images of the head name.
    pub(super) async fn named_at_head<'i>(&self, images: impl IntoIterator<Item = &'i Image>) -> NamedFiles {
        let main = self.head.first().map_or("", |main| main.path.as_str());
        read_named(self.head_place(), main, images).await
    }

    /// The VEX documents that the base names, as the base has them.
    pub(super) async fn vex_at_base(&self, base: &Manifest) -> NamedFiles {
        match &self.named.base {
            Some(at) => read_matching(at.place(), None, base.path(), &base.inspection.vex).await,
            None => NamedFiles::new(),
        }
    }

    /// The VEX documents that the head names, as it has them.
    pub(super) async fn vex_at_head(&self, head: &Manifest) -> NamedFiles {
        read_matching(self.head_place(), None, head.path(), &head.inspection.vex).await
    }

    /// The file of advisories that the head names, as it has it.
    ///
    /// # Errors
    /// Why its contents are unknown.
    pub(super) async fn advisories_at_head(&self, head: &Manifest, path: &str) -> Result<Vec<u8>, String> {
        read_one(self.head_place(), None, head.path(), path).await
    }

    fn head_place(&self) -> NamedPlace<'_> {
        self.named.head.as_ref().map_or(NamedPlace::Directory(&self.named.directory), ReadAt::place)
    }
}

impl Subject {
    /// The subject of this run: a pull request or merge queue in Actions, else the working directory.
    pub(super) async fn of_run(context: &Context) -> Result<Self, Stop> {
        let github = &context.settings.github;
        if !github.in_actions {
            return Self::here(context, false).await;
        }
        let event = read_event(context)?;
        match &event.kind {
            Kind::PullRequest(pull) => {
                let forge = context.forge()?;
                let sha = event.sha.as_ref().ok_or_else(|| {
                    Stop::Unusable("GITHUB_SHA is not set, so the event's merge commit is unknown".to_owned())
                })?;
                let mut subject = Self::at(context, forge, sha, None).await?;
                let own = github.repository.as_ref().map(|(owner, name)| format!("{owner}/{name}"));
                if own.is_some() && pull.head_repository == own {
                    let open = claim(&**forge, &subject, &pull.head_branch, &pull.head).await?;
                    subject.proposal = open.as_ref().map(|open| metadata::read(&open.body));
                    subject.edited_by = open.and_then(|open| open.edited_by);
                }
                Ok(subject)
            }
            Kind::MergeGroup(group) => Self::at(context, context.forge()?, &group.head, Some(&group.base)).await,
            _ => Self::here(context, true).await,
        }
    }

    /// The manifest at a commit and at its base: if none is given, its first parent.
    async fn at(context: &Context, forge: &Arc<dyn Forge>, at: &Commit, base: Option<&Commit>) -> Result<Self, Stop> {
        let path = &context.settings.manifest;
        let read_at = |at: &Commit| ReadAt { contents: forge.clone(), at: at.clone() };
        let parent = match (base, forge.accounts()) {
            (Some(base), _) => Some(base.clone()),
            (None, Some(accounts)) => accounts.parents(at).await?.into_iter().next(),
            (None, None) => None,
        };
        let named = Named::of(context, Some(read_at(at)), parent.as_ref().map(read_at));
        let forge = &**forge;
        let head = files(forge, at, path).await?.ok_or_else(|| {
            Stop::Unusable(format!("there is no {path} at {at}: name another file with `--manifest`"))
        })?;
        let base = match &parent {
            Some(parent) => files(forge, parent, path).await?,
            None => None,
        };
        Ok(Self { head, base, base_commit: parent, named, proposal: None, edited_by: None, public_only: true })
    }

    /// The working directory, compared with the default branch of its repository.
    async fn here(context: &Context, public_only: bool) -> Result<Self, Stop> {
        let (directory, path) = (&context.settings.directory, &context.settings.manifest);
        let head = load::files_here(context).await?.files;
        let local = match GitForge::open(directory.clone()).await {
            Ok(forge) => forge.head().await.ok().map(|default| (forge, default.commit)),
            Err(_) => None,
        };
        let base_at = match (local, context.github()) {
            (Some((forge, at)), _) => Some(ReadAt { contents: Arc::new(forge), at }),
            (None, Some(github)) => ReadAt::of(context, github.head().await?.commit),
            (None, None) => None,
        };
        let base = match &base_at {
            Some(base) => files(&*base.contents, &base.at, path).await?,
            None => None,
        };
        let head_at = context.read_at.get().cloned().and_then(|at| ReadAt::of(context, at));
        let named = Named::of(context, head_at, base_at);
        Ok(Self { head, base, base_commit: None, named, proposal: None, edited_by: None, public_only })
    }
}

/// The manifest's texts at a commit; `None` if it has none.
pub(super) async fn files(contents: &dyn Contents, at: &Commit, path: &str) -> Result<Option<Vec<File>>, Stop> {
    match files_from_forge(contents, at, path).await {
        Ok(files) => Ok(Some(files)),
        Err(LoadError::Missing { .. }) => Ok(None),
        Err(e) => Err(Stop::from(e)),
    }
}

/// The open proposal of ours on this branch; `None` if there is none: only branches named by the base's manifest count,
/// and those that add an image.
async fn claim(
    forge: &dyn Forge,
    subject: &Subject,
    head_branch: &str,
    head: &Commit,
) -> Result<Option<OpenProposal>, Stop> {
    let Some(base) = subject.base.clone().and_then(manifest::parse_part) else { return Ok(None) };
    let (prefix, name) = (&base.prefix(), own::present(&base, head_branch));
    let of_image = base.images.iter().any(|i| name.starts_with(&branch::of_image(prefix, &i.slug())));
    let known = of_image || branch::spans_images(prefix, &name);
    if !known && !branch::is_proposal(prefix, &name) {
        return Ok(None);
    }
    let open = forge.proposals_of(head_branch).await?;
    let Some(this) = open.into_iter().find(|open| open.head == *head) else { return Ok(None) };
    let ours = match belongs(&base, head_branch, metadata::read(&this.body).as_ref()) {
        Belongs::Here | Belongs::Formerly(_) => true,
        Belongs::FormerlyIfAlone(_) => is_alone(forge, base.path()).await?,
        Belongs::Elsewhere => false,
    };
    // A branch of no image in the base is ours if its own metadata adds one.
    let adds = |metadata: &Metadata| adding::added(&base, metadata).is_some();
    Ok(Some(this).filter(|_| ours).filter(|open| known || metadata::read(&open.body).as_ref().is_some_and(adds)))
}
