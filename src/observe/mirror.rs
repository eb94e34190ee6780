//! What the mirrors answer, and upstream where something is to be copied: everything that the promotion plan is made of.
//!
//! A promoted approval costs one HEAD at the mirror (a recorded subset one GET more) and nothing upstream.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;
use tokio::sync::Mutex;

use super::ecr;
use super::repositories::{self, Attention};
use super::reviews::{self, Bar, Judged};
use super::sources::Sources;
use crate::content::{Content, Document, media_type};
use crate::hub::{self, Hub};
use crate::image::{Digest, Location, Reference, RepositoryName, Tag};
use crate::manifest::{Approval, Enforcement, Image, Manifest};
use crate::plan::removal::Removal;
use crate::plan::{self, Consent, FailedStep, Failure, Key, Observed, RepositoryStep, Scope, State, Step};
use crate::registry::{Error, ErrorKind, Registries, Store};

/// How many approvals are looked at together; each host's own limit is the client's.
const TOGETHER: usize = 64;

/// Where promotion looks.
pub struct Eyes<'a> {
    /// The destination.
    pub registries: &'a Registries,
    /// Upstream.
    pub sources: &'a Sources,
    /// Docker Hub's own API, where there is a credential for it.
    pub hub: Option<&'a Hub>,
    /// How closely the settings of repositories are looked at.
    pub attention: Attention,
    /// What of them may be mended.
    pub consent: Consent,
}

/// What was seen, planned.
#[derive(Debug)]
pub struct Promotions {
    /// One step for every approval in scope that could be looked at, in the manifest's order.
    pub steps: Vec<Step>,
    /// The repositories that copies go to or whose settings differ, where they are made ahead and have settings.
    pub repositories: Vec<RepositoryStep>,
    /// Tags that are to be taken down.
    pub removals: Vec<Removal>,
    /// Repositories of which it is not known whether they hold revoked bytes: nobody is granted anything there.
    pub doubtful: BTreeSet<RepositoryName>,
    /// What could not be looked at.
    pub failed: Vec<Failure>,
    /// Why no work at all is possible: the destination, or Docker Hub, refuses the credential, or does not answer for any
    /// approval.
    pub stopped: Option<String>,
    /// How what is still to be promoted came to the default branch, and whether enough people approved it.
    pub judged: BTreeMap<Key, Judged>,
}

/// Looks and plans. What is still to be promoted is asked about the reviews that `bar` tells.
pub async fn promotions(eyes: &Eyes<'_>, manifest: &Manifest, scope: &Scope, bar: &Bar<'_>) -> Promotions {
    let seen = match eyes.hub.filter(|_| manifest.on_docker_hub()) {
        Some(hub) => repositories::look(hub, manifest, scope, eyes.attention).await,
        None => repositories::Seen::default(),
    };
    let missing = seen.missing.iter().map(|name| (name.clone(), true));
    let missing = missing.chain(seen.found.keys().map(|name| (name.clone(), false))).collect();
    let look = Look { eyes, manifest, missing: Mutex::new(missing) };
    let vouching = vouching(manifest, scope);
    let approvals = manifest.images.iter().enumerate().filter(|(index, _)| scope.contains(*index));
    let approvals = approvals.flat_map(|(_, image)| image.approved.iter().map(move |approval| (image, approval)));
    let looked = futures_util::stream::iter(approvals.clone())
        .map(|(image, approval)| {
            let whole = vouching.contains(&Key::of(image, approval));
            let look = &look;
            async move { (Key::of(image, approval), look.at(image, approval, whole).await) }
        })
        .buffer_unordered(TOGETHER)
        .collect::<Looked>()
        .await;
    let approvals: Vec<_> = approvals.collect();
    let (judged, looked) = look.reviewed(bar, &approvals, looked).await;
    let looked = look.sources(&approvals, looked).await;
    let mut promotions = Promotions { judged, ..look.planned(looked, &seen).await };
    let standing = look.standing(scope).await;
    promotions.failed.extend(standing.failed);
    (promotions.removals, promotions.doubtful) = (standing.removals, standing.doubtful);
    promotions
}

/// The approvals whose manifests are read rather than only their digest: the newest promoted one of every repository that
/// has something to copy. It vouches for the blobs it shares with what is copied.
fn vouching(manifest: &Manifest, scope: &Scope) -> BTreeSet<Key> {
    let in_scope = || manifest.images.iter().enumerate().filter(|(i, _)| scope.contains(*i)).map(|(_, image)| image);
    let pending: BTreeSet<&RepositoryName> =
        in_scope().filter(|image| image.approved.iter().any(|a| is_pending(image, a))).map(|i| &i.repository).collect();
    let mut newest = BTreeMap::new();
    for image in in_scope().filter(|image| pending.contains(&image.repository)) {
        for approval in image.approved.iter().filter(|a| a.mirrored.is_some() && !is_pending(image, a)) {
            newest.insert(&image.repository, Key::of(image, approval));
        }
    }
    newest.into_values().collect()
}

/// Whether an approval is known, before anything is asked, to be not promoted.
#[must_use]
pub fn is_pending(image: &Image, approval: &Approval) -> bool {
    match &approval.mirrored {
        None => true,
        Some(mirrored) => image.platforms.is_none() && *mirrored != approval.digest,
    }
}

/// What was seen of each approval.
type Looked = BTreeMap<Key, Result<Observed, Trouble>>;

/// Why an approval could not be looked at.
pub(super) enum Trouble {
    /// The destination failed; nothing is known of any image's source.
    Destination(Error),
    /// Docker Hub's own API failed.
    Hub(hub::Error),
    /// This approval alone failed.
    Item(FailedStep, String),
}

/// One look at everything.
pub(super) struct Look<'a> {
    pub(super) eyes: &'a Eyes<'a>,
    pub(super) manifest: &'a Manifest,
    /// Repositories that Docker Hub was asked about, and whether they are missing.
    missing: Mutex<BTreeMap<RepositoryName, bool>>,
}

impl Look<'_> {
    /// Asks how what is still to be promoted was approved.
    async fn reviewed(
        &self,
        bar: &Bar<'_>,
        approvals: &[(&Image, &Approval)],
        mut looked: Looked,
    ) -> (BTreeMap<Key, Judged>, Looked) {
        let awaits = |image: &Image, approval: &Approval| {
            let seen = looked.get(&Key::of(image, approval)).and_then(|looked| looked.as_ref().ok());
            seen.is_some_and(|observed| plan::awaits(image, approval, observed))
        };
        let pending: Vec<_> = approvals.iter().copied().filter(|(image, approval)| awaits(image, approval)).collect();
        let mut known = BTreeMap::new();
        for (key, judged) in reviews::judge(bar, self.manifest, &pending).await {
            match (judged, looked.get_mut(&key)) {
                (Ok(judged), Some(Ok(observed))) => {
                    observed.unreviewed.clone_from(&judged.unreviewed);
                    known.insert(key, judged);
                }
                (Err(error), Some(seen)) => {
                    *seen = Err(Trouble::Item(FailedStep::Resolve, reviews::untold(&error)));
                }
                _ => {}
            }
        }
        (known, looked)
    }

    /// Asks upstream about everything that was seen, as far as it is needed.
    async fn sources(&self, approvals: &[(&Image, &Approval)], mut looked: Looked) -> Looked {
        let seen = approvals.iter().filter_map(|(image, approval)| {
            let key = Key::of(image, approval);
            Some((*image, *approval, looked.remove(&key)?, key))
        });
        futures_util::stream::iter(seen)
            .map(|(image, approval, seen, key)| async move {
                let upstream = async {
                    let mut observed = seen?;
                    self.upstream(image, approval, &mut observed).await?;
                    Ok(observed)
                };
                (key, upstream.await)
            })
            .buffer_unordered(TOGETHER)
            .collect()
            .await
    }

    /// Observes one approval at the mirror. `whole`: the tag's document is read, not only its digest.
    async fn at(&self, image: &Image, approval: &Approval, whole: bool) -> Result<Observed, Trouble> {
        let mut observed = Observed::default();
        if plan::state(image, approval, &observed) == State::Revoked {
            return Ok(observed);
        }
        let location =
            self.manifest.mirror(&image.repository).map_err(|e| Trouble::Item(FailedStep::Resolve, e.to_string()))?;
        let mirror = self.eyes.registries.open(&location);
        observed.mirror = self.tag(mirror.as_ref(), &image.repository, &approval.tag, whole).await?;
        observed.expected = self.expected(mirror.as_ref(), image, approval).await?;
        Ok(observed)
    }

    /// What the mirror's tag answers. Docker Hub refuses to say where there is no repository: then there is no tag either.
    pub(super) async fn tag(
        &self,
        mirror: &dyn Store,
        repository: &RepositoryName,
        tag: &Tag,
        whole: bool,
    ) -> Result<Option<Digest>, Trouble> {
        let reference = Reference::Tag(tag.clone());
        let answer = if whole {
            mirror.manifest(&reference).await.map(|held| held.map(|document| self.keep(document)))
        } else {
            mirror.head(&reference).await.map(|held| held.map(|descriptor| descriptor.digest))
        };
        match answer {
            Err(Error { kind: ErrorKind::Refused { .. }, .. }) if self.is_missing(repository).await? => Ok(None),
            answer => answer.map_err(Trouble::Destination),
        }
    }

    fn keep(&self, document: Document) -> Digest {
        self.eyes.sources.documents.keep(&document);
        document.digest
    }

    /// What `digest` and `platforms` give, as far as it can be told without upstream.
    async fn expected(
        &self,
        mirror: &dyn Store,
        image: &Image,
        approval: &Approval,
    ) -> Result<Option<Digest>, Trouble> {
        let Some(platforms) = &image.platforms else { return Ok(Some(approval.digest.clone())) };
        let Some(mirrored) = &approval.mirrored else { return Ok(None) };
        let held = self.eyes.sources.documents.of(mirror, mirrored).await.map_err(Trouble::Destination)?;
        Ok(held.and_then(|held| plan::from_mirror(&held, &approval.digest, platforms)))
    }

    /// Asks upstream, where something is to be copied or nothing else can tell what is expected.
    async fn upstream(&self, image: &Image, approval: &Approval, observed: &mut Observed) -> Result<(), Trouble> {
        let state = plan::state(image, approval, observed);
        let asks = match state {
            State::Copy => true,
            State::MirrorDiffers => observed.expected.is_none(),
            _ => false,
        };
        if !asks {
            return Ok(());
        }
        let read = self.eyes.sources.document(&image.source, &approval.digest).await;
        let document = read.map_err(|e| Trouble::Item(FailedStep::Read, e.to_string()))?;
        observed.upstream = Some(document.is_some());
        if let Some(document) = document {
            let wanted = plan::from_upstream(&document, image.platforms.as_deref()).map_err(|e| {
                Trouble::Item(FailedStep::Read, format!("{}@{}: {e}", image.source_text, approval.digest))
            })?;
            observed.foreign = self.foreign(&image.source, &wanted).await;
            observed.expected = Some(self.keep(wanted));
        }
        Ok(())
    }

    /// How many layers of what is to be copied may not be distributed. What is read for it is not read again to be copied;
    /// what cannot be read fails then.
    async fn foreign(&self, source: &Location, top: &Document) -> usize {
        let children = match top.read() {
            Ok(Content::Index { children, .. }) => children,
            _ => Vec::new(),
        };
        let manifests = children.into_iter().filter(|child| media_type::is_manifest(&child.media_type));
        let read = futures_util::stream::iter(manifests)
            .map(|child| async move { self.eyes.sources.document(source, &child.digest).await.ok().flatten() })
            .buffered(TOGETHER)
            .filter_map(std::future::ready);
        let documents: Vec<Document> = read.chain(futures_util::stream::iter([top.clone()])).collect().await;
        let layers = documents.iter().filter_map(|document| match document.read() {
            Ok(Content::Manifest { layers, .. }) => Some(layers),
            _ => None,
        });
        let foreign = layers.flatten().filter(|layer| media_type::is_foreign(&layer.media_type));
        foreign.map(|layer| layer.digest).collect::<BTreeSet<_>>().len()
    }

    /// Whether the organization has no such repository, as the destination's own API says. `false` where it cannot be asked.
    async fn is_missing(&self, repository: &RepositoryName) -> Result<bool, Trouble> {
        let mut missing = self.missing.lock().await;
        if let Some(known) = missing.get(repository) {
            return Ok(*known);
        }
        let found = match self.eyes.hub {
            Some(hub) if self.manifest.on_docker_hub() => {
                hub.repository(&self.manifest.organization, repository).await.map_err(Trouble::Hub)?.is_none()
            }
            _ => {
                ecr::is_missing(self.eyes.registries, self.manifest, repository).await.map_err(Trouble::Destination)?
            }
        };
        missing.insert(repository.clone(), found);
        Ok(found)
    }

    /// The plan of what was looked at. Docker Hub is asked about every repository that receives something.
    async fn planned(&self, looked: BTreeMap<Key, Result<Observed, Trouble>>, seen: &repositories::Seen) -> Promotions {
        let mut observed = BTreeMap::new();
        let mut troubles = BTreeMap::new();
        for (key, looked) in looked {
            match looked {
                Ok(seen) => drop(observed.insert(key, seen)),
                Err(trouble) => drop(troubles.insert(key, trouble)),
            }
        }
        let steps = plan::plan(self.manifest, &observed);
        let mut stopped = seen.refused.clone().or_else(|| stopped(&troubles, observed.is_empty()));
        let existing: BTreeSet<&RepositoryName> =
            steps.iter().filter(|s| s.mirror_now.is_some()).map(|s| &s.repository).collect();
        let mut missing = BTreeSet::new();
        for step in steps.iter().filter(|s| s.state == State::Copy && !existing.contains(&s.repository)) {
            match self.is_missing(&step.repository).await {
                Ok(true) => drop(missing.insert(step.repository.clone())),
                Ok(false) => {}
                Err(trouble) => stopped = stopped.or_else(|| Some(trouble.text())),
            }
        }
        missing.extend(seen.missing.iter().filter(|name| !existing.contains(name)).cloned());
        if self.manifest.repositories == Enforcement::Report {
            seen.troubles.keys().for_each(|said| tracing::warn!("settings of repositories are not compared: {said}"));
        }
        let repositories = plan::repositories(self.manifest, &steps, &missing, &seen.found, self.eyes.consent);
        let mut failed = self.failures(&troubles);
        failed.extend(plan::unseen(self.manifest, &seen.troubles));
        let (removals, doubtful, judged) = (Vec::new(), BTreeSet::new(), BTreeMap::new());
        Promotions { steps, repositories, removals, doubtful, failed, stopped, judged }
    }

    /// The failures, in the manifest's order.
    fn failures(&self, troubles: &BTreeMap<Key, Trouble>) -> Vec<Failure> {
        let all = self.manifest.images.iter().flat_map(|image| image.approved.iter().map(move |a| (image, a)));
        all.filter_map(|(image, approval)| {
            let trouble = troubles.get(&Key::of(image, approval))?;
            Some(Failure {
                source: image.source_text.clone(),
                repository: image.repository.clone(),
                tag: Some(approval.tag.clone()),
                step: trouble.step(),
                error: trouble.text(),
            })
        })
        .collect()
    }
}

impl Trouble {
    const fn step(&self) -> FailedStep {
        match self {
            Self::Destination(_) | Self::Hub(_) => FailedStep::Resolve,
            Self::Item(step, _) => *step,
        }
    }

    pub(super) fn text(&self) -> String {
        match self {
            Self::Destination(error) => error.to_string(),
            Self::Hub(error) => error.to_string(),
            Self::Item(_, text) => text.clone(),
        }
    }

    const fn is_refusal(&self) -> bool {
        match self {
            Self::Destination(error) => matches!(error.kind, ErrorKind::Refused { .. }),
            Self::Hub(error) => matches!(error, hub::Error::Refused { .. }),
            Self::Item(..) => false,
        }
    }
}

/// Why no work is possible: a credential that is refused, or a destination that answered for nothing.
fn stopped(troubles: &BTreeMap<Key, Trouble>, nothing_seen: bool) -> Option<String> {
    if let Some(refusal) = troubles.values().find(|t| t.is_refusal()) {
        return Some(refusal.text());
    }
    let silent = |t: &&Trouble| !matches!(t, Trouble::Item(..));
    (nothing_seen && troubles.values().all(|t| silent(&t))).then(|| troubles.values().next().map(Trouble::text))?
}
