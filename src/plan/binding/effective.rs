//! The manifest as it was last reviewed: what a run follows, and what it therefore does not do.

use std::collections::{BTreeMap, BTreeSet};

use super::bound::{Bound, ImageName, all_named, platforms};
use super::judge::{ForeignRecord, Gap, Judgement};
use super::line::Line;
use crate::image::{Digest, RepositoryName, Tag};
use crate::manifest::{Image, Manifest, Rejection, Revocation, beside};
use crate::plan::Key;

/// The part of a manifest that is bound by reviews.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Binding {
    /// The manifest with the last reviewed values for unreviewed ones. Images, files and positions are the head's.
    pub(crate) manifest: Manifest,
    /// What is not reviewed, and so not done.
    pub(crate) unreviewed: Vec<Unreviewed>,
    /// Why approvals are not reviewed.
    pub(crate) approvals: BTreeMap<Key, String>,
    /// Repositories for which nothing is reviewed: nothing about them is created or changed.
    pub(crate) withheld: BTreeSet<RepositoryName>,
    /// Approvals that were removed without reviews, and why the removal does not count: their tags are not pruned.
    pub(crate) taken_out: BTreeMap<Key, String>,
    /// Where the last reviewed content of files that the manifest names is, if it differs from the head's.
    pub(crate) held: Held,
    /// Records, past or present, that neither our own commit nor a review introduced: no reason to delete anything.
    pub(crate) foreign: BTreeSet<ForeignRecord>,
}

/// The commit with the last reviewed content of a file, by its path; `None` if none was ever reviewed.
pub(crate) type Held = BTreeMap<String, Option<String>>;

/// What was reviewed of an image under another name: its variant protects nothing, and may change without a review.
enum Former<'a> {
    /// The image is new.
    Nothing,
    Image(&'a Image),
}

/// `None` if something about the image was reviewed under its present name.
fn former<'a>(bound: &Bound, line: &'a Line, judgement: &Judgement) -> Option<Former<'a>> {
    let (Bound::Signatures(name)
    | Bound::Provenance(name)
    | Bound::Platforms(name)
    | Bound::Cooldown(name)
    | Bound::Aliases(name)
    | Bound::ImmutableTags(name)) = bound
    else {
        return None;
    };
    let own = judgement.gaps.get(&Bound::Platforms(name.clone()))?;
    if own.reviewed.is_some() {
        return None;
    }
    let gone = judgement.gaps.iter().find_map(|(bound, gap)| {
        let Bound::Platforms(other) = bound else { return None };
        let is_it = gap.now.is_none() && other.source == name.source && other.repository == name.repository;
        let step = &gap.reviewed.as_ref().filter(|_| is_it)?.step;
        images_of(line.steps[*step].state.manifest(), other).into_iter().next()
    });
    Some(gone.map_or(Former::Nothing, Former::Image))
}

fn images_of<'m>(manifest: Option<&'m Manifest>, name: &ImageName) -> Vec<&'m Image> {
    let images = manifest.into_iter().flat_map(|manifest| &manifest.images);
    images.filter(|image| ImageName::of(image) == *name).collect()
}

/// Something that the manifest asks for and no review covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unreviewed {
    pub(crate) bound: Bound,
    /// The image's source as written in the manifest, if it is about an image.
    pub(crate) source: Option<String>,
    pub(crate) repository: Option<RepositoryName>,
    pub(crate) tag: Option<Tag>,
    /// What it is: "`developers`: admin on `acme/billing`".
    pub(crate) what: String,
    /// Why it is not covered, and what applies instead.
    pub(crate) why: String,
}

impl Binding {
    /// A manifest in which everything is reviewed, or needs no review.
    pub(crate) fn whole(manifest: &Manifest) -> Self {
        Self {
            manifest: manifest.clone(),
            unreviewed: Vec::new(),
            approvals: BTreeMap::new(),
            withheld: BTreeSet::new(),
            taken_out: BTreeMap::new(),
            held: Held::new(),
            foreign: BTreeSet::new(),
        }
    }

    /// The part of `head` that is bound by reviews.
    pub(crate) fn of(head: &Manifest, line: &Line, judgement: &Judgement) -> Self {
        let mut binding = Self::whole(head);
        for (bound, gap) in &judgement.gaps {
            let was = gap.reviewed.as_ref().and_then(|reviewed| line.steps[reviewed.step].state.manifest());
            binding.hold(bound, gap, was, former(bound, line, judgement).as_ref());
            if let Bound::File(path) = bound {
                let commit = gap.reviewed.as_ref().map(|reviewed| line.steps[reviewed.step].commit.clone());
                binding.held.insert(path.clone(), commit);
            }
            if let Some(unreviewed) = Unreviewed::of(head, bound, gap) {
                binding.unreviewed.push(unreviewed);
            }
        }
        binding.foreign.clone_from(&judgement.foreign);
        binding.hold_renamed(line, judgement);
        binding.hold_unnamed_files(head);
        binding.bar_platforms(judgement);
        binding.bar_sources(judgement.gaps.get(&Bound::Sources));
        binding
    }

    /// Puts the last reviewed value in force. `was` is the manifest that had it; `former` is the image that was
    /// reviewed under another name, if the value is about one.
    fn hold(&mut self, bound: &Bound, gap: &Gap, was: Option<&Manifest>, former: Option<&Former<'_>>) {
        match bound {
            Bound::Organization | Bound::Registry | Bound::Sources | Bound::Enforcement => self.hold_whole(bound, was),
            Bound::ImageAccess => {
                self.manifest.policy.image_access = was.and_then(|was| was.policy.image_access.clone());
            }
            Bound::RegistryAccess => {
                self.manifest.policy.registry_access = was.and_then(|was| was.policy.registry_access.clone());
            }
            // Without a reviewed value the defaults apply.
            Bound::Evidence => {
                self.manifest.inspection = was.map(|was| was.inspection.clone()).unwrap_or_default();
            }
            Bound::Advisories => self.manifest.advisories = was.and_then(|was| was.advisories.clone()),
            // Readers of the file get its reviewed content: `held` says where it is.
            Bound::File(_) => {}
            Bound::Adopt(name) | Bound::Visibility(name) | Bound::Description(name) | Bound::Team(name, _) => {
                self.hold_repository(bound, name, was);
            }
            Bound::ImmutableTags(name)
            | Bound::Signatures(name)
            | Bound::Provenance(name)
            | Bound::Platforms(name)
            | Bound::Cooldown(name)
            | Bound::Aliases(name) => match former {
                Some(Former::Nothing) => {}
                Some(Former::Image(image)) => self.hold_image(bound, name, &[image]),
                None => self.hold_image(bound, name, &images_of(was, name)),
            },
            Bound::Rejected(name, tag) => self.hold_rejected(name, tag, was),
            Bound::Revoked(name, tag, digest) => self.hold_revoked(name, tag, digest, was),
            Bound::Approval(key) if gap.now.is_some() => drop(self.approvals.insert(key.clone(), gap.why.clone())),
            Bound::Approval(key) => drop(self.taken_out.insert(key.clone(), gap.why.clone())),
            // Judged once it is known which platforms apply.
            Bound::Kept(_) => {}
            Bound::Mirrored(key) => {
                let digest: Option<Digest> = gap.reviewed.as_ref().and_then(|reviewed| reviewed.value.parse().ok());
                self.hold_record(key, digest.as_ref());
            }
        }
    }

    fn hold_whole(&mut self, bound: &Bound, was: Option<&Manifest>) {
        let all = || self.manifest.images.iter().map(|image| image.repository.clone()).collect::<BTreeSet<_>>();
        let Some(was) = was else {
            // If none was reviewed, nothing has a place to go; `sources` may exclude hosts without a review.
            if matches!(bound, Bound::Organization | Bound::Registry) {
                self.withheld = all();
            }
            return;
        };
        match bound {
            Bound::Organization => self.manifest.organization.clone_from(&was.organization),
            Bound::Registry => self.manifest.registry.clone_from(&was.registry),
            Bound::Sources => self.manifest.sources.clone_from(&was.sources),
            _ => self.manifest.repositories = was.repositories,
        }
    }

    fn hold_repository(&mut self, bound: &Bound, name: &RepositoryName, was: Option<&Manifest>) {
        let before: Vec<&Image> =
            was.iter().flat_map(|was| &was.images).filter(|image| image.repository == *name).collect();
        if matches!(bound, Bound::Visibility(_)) && before.is_empty() {
            self.withheld.insert(name.clone());
        }
        let images = self.manifest.images.iter_mut().filter(|image| image.repository == *name);
        for image in images {
            match bound {
                Bound::Adopt(_) => image.adopt = before.iter().any(|was| was.adopt),
                Bound::Visibility(_) => {
                    image.visibility = before.first().map(|was| was.visibility).unwrap_or_default();
                }
                Bound::Description(_) => image.description = before.iter().find_map(|was| was.description.clone()),
                Bound::Team(_, team) => match before.iter().find_map(|was| was.teams.get(team)) {
                    Some(access) => drop(image.teams.insert(team.clone(), *access)),
                    None => drop(image.teams.remove(team)),
                },
                _ => {}
            }
        }
    }

    fn hold_image(&mut self, bound: &Bound, name: &ImageName, before: &[&Image]) {
        for image in self.manifest.images.iter_mut().filter(|image| ImageName::of(image) == *name) {
            // Of several, the one that protects applies to all.
            match (bound, before.first()) {
                (Bound::ImmutableTags(_), _) => image.immutable_tags = before.iter().any(|was| was.immutable_tags),
                (Bound::Signatures(_), _) => image.signatures = before.iter().find_map(|was| was.signatures.clone()),
                (Bound::Provenance(_), _) => image.provenance = before.iter().find_map(|was| was.provenance.clone()),
                // Without a reviewed one there is none.
                (Bound::Aliases(_), was) => image.aliases = was.map(|was| was.aliases.clone()).unwrap_or_default(),
                (Bound::Platforms(_), Some(was)) => image.platforms.clone_from(&was.platforms),
                (Bound::Cooldown(_), Some(was)) => (image.cooldown, image.fixes) = (was.cooldown, was.fixes),
                // A new image has no reviewed value that could apply.
                _ => {}
            }
        }
    }

    /// What protected an image under its former name protects it under one that no review covers, though nothing there
    /// says that it was taken away.
    fn hold_renamed(&mut self, line: &Line, judgement: &Judgement) {
        for bound in judgement.gaps.iter().filter_map(|(bound, gap)| gap.now.is_some().then_some(bound)) {
            let (Bound::Platforms(name), Some(Former::Image(was))) = (bound, former(bound, line, judgement)) else {
                continue;
            };
            for lost in [Bound::Signatures(name.clone()), Bound::Provenance(name.clone())] {
                if !judgement.gaps.contains_key(&lost) {
                    self.hold_image(&lost, name, &[was]);
                }
            }
        }
    }

    /// Of a file that only last reviewed values name, and whose absence a review covers, no content is reviewed.
    fn hold_unnamed_files(&mut self, head: &Manifest) {
        let named = |manifest: &Manifest| -> BTreeSet<String> {
            all_named(manifest).map(|path| beside(manifest.path(), path)).collect()
        };
        for path in named(&self.manifest).difference(&named(head)) {
            self.held.entry(path.clone()).or_insert(None);
        }
    }

    /// A new rejection stops proposals without a review; a reviewed one stays in force.
    fn hold_rejected(&mut self, name: &ImageName, tag: &Tag, was: Option<&Manifest>) {
        let before = was.iter().flat_map(|was| &was.images).filter(|image| ImageName::of(image) == *name);
        let Some(reviewed) = before.flat_map(|image| &image.rejected).find(|rejected| rejected.tag == *tag) else {
            return;
        };
        let longer =
            |now: &Rejection| now.until.is_none() || reviewed.until.is_some_and(|until| now.until >= Some(until));
        for image in self.guarded(name) {
            match image.rejected.iter_mut().find(|rejected| rejected.tag == *tag) {
                Some(now) if longer(now) => {}
                Some(now) => now.until = reviewed.until,
                // Its removal was not reviewed: until it is, the rejection has no end date.
                None => image.rejected.push(Rejection { until: None, ..reviewed.clone() }),
            }
        }
    }

    /// A new revocation stops promotion without a review, but deletes nothing and moves no alias back to an older version; a
    /// reviewed one keeps doing all of it.
    fn hold_revoked(&mut self, name: &ImageName, tag: &Tag, digest: &Digest, was: Option<&Manifest>) {
        let is_it = |revoked: &&Revocation| revoked.tag == *tag && revoked.digest == *digest;
        let before = was.iter().flat_map(|was| &was.images).filter(|image| ImageName::of(image) == *name);
        let reviewed = before.flat_map(|image| &image.revoked).find(is_it);
        for image in self.guarded(name) {
            match (image.revoked.iter_mut().find(|revoked| is_it(&&**revoked)), reviewed) {
                (Some(now), Some(reviewed)) => now.delete = reviewed.delete,
                (Some(now), None) => {
                    now.delete = false;
                    image.aliases.clear();
                }
                (None, Some(reviewed)) => image.revoked.push(reviewed.clone()),
                (None, None) => {}
            }
        }
    }

    /// The images that guards of this name protect: if none is left, all images of its repository.
    fn guarded(&mut self, name: &ImageName) -> impl Iterator<Item = &mut Image> {
        let is_there = self.manifest.images.iter().any(|image| ImageName::of(image) == *name);
        let stands_for = move |image: &Image| match is_there {
            true => ImageName::of(image) == *name,
            false => image.repository == name.repository,
        };
        self.manifest.images.iter_mut().filter(move |image| stands_for(image))
    }

    fn hold_record(&mut self, key: &Key, digest: Option<&Digest>) {
        for image in self.manifest.images.iter_mut().filter(|image| image.repository == key.repository) {
            for approval in image.approved.iter_mut().filter(|approval| approval.tag == key.tag) {
                approval.mirrored = digest.cloned();
            }
        }
    }

    /// An approval applies to the platforms that were reviewed with it, or to none.
    fn bar_platforms(&mut self, judgement: &Judgement) {
        for (image, approval) in self.manifest.approvals() {
            let key = Key::of(image, approval);
            let Some(gap) = judgement.gaps.get(&Bound::Kept(key.clone())) else { continue };
            if gap.reviewed.as_ref().is_none_or(|reviewed| reviewed.value != platforms(image)) {
                self.approvals.entry(key).or_insert_with(|| gap.why.clone());
            }
        }
    }

    /// Nothing is accepted from hosts that no review allowed.
    fn bar_sources(&mut self, gap: Option<&Gap>) {
        let (Some(gap), Some(sources)) = (gap, self.manifest.sources.clone()) else { return };
        for image in &self.manifest.images {
            if image.source.registry().is_none_or(|host| sources.contains(host)) {
                continue;
            }
            for approval in &image.approved {
                let why = format!("`sources` allows its host without a review: {}", gap.why);
                self.approvals.entry(Key::of(image, approval)).or_insert(why);
            }
        }
    }

    /// Why a tag may not be deleted because of what was recorded for it; `None` if it may.
    pub(crate) fn keeps(&self, key: &Key, digest: &Digest) -> Option<String> {
        let record = ForeignRecord { key: key.clone(), digest: digest.to_string() };
        if self.foreign.contains(&record) {
            return Some(format!(
                "its `mirrored` was {}, but neither a record of ours nor a review brought that, so it is left alone; \
                 if it has to go, delete it at the mirror",
                digest.short()
            ));
        }
        let taken_out = self.taken_out.get(key)?;
        Some(format!("its approval was removed without a review, so its tag stays: {taken_out}"))
    }

    /// The approvals with a record that nobody vouches for.
    pub(crate) fn foreign_keys(&self) -> BTreeSet<Key> {
        self.foreign.iter().map(|record| record.key.clone()).collect()
    }

    /// Whether the last reviewed values exclude the image's host.
    pub(crate) fn is_barred(&self, image: &Image) -> bool {
        let sources = self.manifest.sources.as_ref();
        sources.is_some_and(|sources| image.source.registry().is_some_and(|host| !sources.contains(host)))
    }
}

impl Unreviewed {
    /// `None` for approvals of the head, which have their own state, and for removed ones, which matter only when tags
    /// are pruned.
    fn of(head: &Manifest, bound: &Bound, gap: &Gap) -> Option<Self> {
        let on = |repository: &RepositoryName| head.images.iter().find(|image| image.repository == *repository);
        let (repository, tag) = match bound {
            Bound::Approval(_) | Bound::Kept(_) => return None,
            // `signatures` already says that the file is no longer named.
            Bound::File(_) if gap.now.is_none() => return None,
            Bound::Mirrored(key) => (Some(&key.repository), Some(&key.tag)),
            Bound::Adopt(name) | Bound::Visibility(name) | Bound::Description(name) | Bound::Team(name, _) => {
                (Some(name), None)
            }
            Bound::ImmutableTags(name)
            | Bound::Signatures(name)
            | Bound::Provenance(name)
            | Bound::Platforms(name)
            | Bound::Cooldown(name)
            | Bound::Aliases(name) => (Some(&name.repository), None),
            Bound::Rejected(name, tag) | Bound::Revoked(name, tag, _) => (Some(&name.repository), Some(tag)),
            _ => (None, None),
        };
        let holds = match &gap.reviewed {
            Some(reviewed) => format!("; the last reviewed value stays in force: {}", reviewed.value),
            None => String::new(),
        };
        Some(Self {
            bound: bound.clone(),
            source: repository.and_then(on).map(|image| image.source_text.clone()),
            repository: repository.cloned(),
            tag: tag.cloned(),
            what: bound.describe(&head.organization, gap.now.as_deref()),
            why: format!("{}{holds}", gap.why),
        })
    }
}
