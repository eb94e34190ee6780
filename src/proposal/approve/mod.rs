//! One version that a person asks for: the request, and whether and how it is approved, from what is known so far.

#[cfg(test)]
mod tests;

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::known::{Answer, Fact, ImageCandidates, Known};
use super::leaving::Conditions;
use super::signers::signer_change;
use super::wanted::{approving, wanted};
use super::{Entry, Item, Selected, Wanted, adding, branch, subject};
use crate::image::{Location, RepositoryName, Tag};
use crate::manifest::{self, Image, Manifest};
use crate::plan::{FailedStep, Failure, is_called};
use crate::rules::{self, Chosen, Reason, Selection, alone, line_of};
use crate::text::excerpt;

/// What is requested.
pub(crate) struct ApprovalRequest {
    /// The manifest with the image in it.
    manifest: Manifest,
    /// The manifest without the image, if it is new.
    without: Option<Manifest>,
    image: usize,
    tag: Option<Tag>,
    why: Why,
    /// Whether it is proposed, and not only edited locally.
    proposes: bool,
}

/// What a person says about a request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Why {
    /// Why the cooldown is skipped.
    pub(crate) urgent: Option<String>,
    /// Why it is asked for.
    pub(crate) reason: Option<String>,
}

#[derive(Debug)]
pub(crate) enum Resolution {
    /// It is approved by this change of this manifest.
    Approve(Box<(Manifest, Wanted)>),
    /// It may not be approved now, or the image could not be checked.
    Failed(Failure),
    Nothing(String),
    /// The manifest cannot contain it.
    Unusable(String),
}

/// The version that is to be approved.
struct Choice {
    chosen: Chosen,
    /// Whether the rule picks it too.
    by_rule: bool,
}

impl ApprovalRequest {
    /// Finds the image that a name refers to, with or without a tag; a name that matches none is a new source.
    ///
    /// # Errors
    /// If the name matches several images, or neither an image nor a source.
    pub(crate) fn new(manifest: Manifest, name: &str, why: Why, proposes: bool) -> Result<Self, String> {
        let split = name.rsplit_once(':').filter(|(rest, tag)| !tag.contains('/') && *rest != "oci");
        let tagged = split.and_then(|(rest, tag)| Some((rest, tag.parse::<Tag>().ok()?)));
        let whole = called(&manifest, name)?;
        let (image, rest, tag) = match (whole, &tagged) {
            (Some(image), _) => (Some(image), name, None),
            (None, Some((rest, tag))) => (called(&manifest, rest)?, *rest, Some(tag.clone())),
            (None, None) => (None, name, None),
        };
        if let Some(image) = image {
            return Ok(Self { manifest, without: None, image, tag, why, proposes });
        }
        let (with, image) = with_new_image(&manifest, rest, tag.as_ref())?;
        Ok(Self { manifest: with, without: Some(manifest), image, tag, why, proposes })
    }

    pub(crate) const fn position(&self) -> usize {
        self.image
    }

    /// The manifest as the rules see it: what a person calls urgent needs no minimum age.
    pub(crate) fn ruled(&self) -> Manifest {
        let mut ruled = self.manifest.clone();
        if self.why.urgent.is_some() {
            ruled.images[self.image].cooldown = Duration::ZERO;
        }
        ruled
    }

    /// Decides. `ruled` is [`ApprovalRequest::ruled`].
    pub(crate) fn decide(&self, ruled: &Manifest, known: &Known, now: DateTime<Utc>) -> Answer<Resolution> {
        if let Some(failure) = known.candidates.failed.get(&self.image) {
            return Ok(Resolution::Failed(failure.clone()));
        }
        let nothing = ImageCandidates::default();
        let candidates = known.candidates.images.get(&self.image).unwrap_or(&nothing);
        let chosen = self.choose(&ruled.images[self.image], candidates, now)?;
        let change = |choice| {
            let change = self.change(candidates, choice, now);
            change.map_or_else(Resolution::Unusable, |change| Resolution::Approve(Box::new(change)))
        };
        Ok(chosen.map_or_else(|other| other, change))
    }

    /// The version, or why it may not be approved now and what to do.
    fn choose(
        &self,
        image: &Image,
        candidates: &ImageCandidates,
        now: DateTime<Utc>,
    ) -> Answer<Result<Choice, Resolution>> {
        let ImageCandidates { selection, facts, .. } = candidates;
        let chosen = selection.lines.iter().filter_map(|line| line.chosen.as_ref());
        let mut asked = chosen.filter(|chosen| self.tag.as_ref().is_none_or(|tag| *tag == chosen.tag));
        if let Some(chosen) = asked.next() {
            return Ok(Ok(Choice { chosen: chosen.clone(), by_rule: true }));
        }
        let Some(tag) = &self.tag else { return Ok(Err(self.without_choice(image, selection))) };
        let Some(verdict) = selection.tags.iter().find(|verdict| verdict.tag == *tag) else {
            return Ok(Err(refused(image, Some(tag), format!("upstream has no tag {tag}: check the spelling"))));
        };
        // `propose` would move such a proposal, unless it adds an image.
        let moves = matches!(verdict.reason, Reason::Superseded | Reason::Older | Reason::ApprovalNotRead)
            && self.proposes
            && self.why.urgent.is_none()
            && self.without.is_none();
        if moves || !verdict.reason.may_be_overridden() {
            return Ok(Err(self.refuse(image, tag, verdict.reason, &verdict.detail)));
        }
        let held = image.approved.iter().find(|approval| approval.tag == *tag);
        if let Some(held) = held {
            match facts.digests.get(tag) {
                None => return self.lacks(rules::Fact::Digest(tag.clone())),
                Some(Some(now)) if *now == held.digest => {
                    let text = format!("{}:{tag} is already approved", image.source_text);
                    return Ok(Err(Resolution::Nothing(text)));
                }
                Some(_) => {}
            }
        }
        match alone(&subject(image), tag, facts, now) {
            rules::Candidate::Unknown(fact) => self.lacks(fact),
            rules::Candidate::Bad(waiting) => Ok(Err(self.refuse(image, tag, waiting.reason, &waiting.detail))),
            rules::Candidate::Good(chosen) => {
                Ok(Ok(Choice { chosen: Chosen { rebuild: held.is_some(), ..chosen }, by_rule: false }))
            }
        }
    }

    fn lacks<T>(&self, fact: rules::Fact) -> Answer<T> {
        Err(vec![Fact::Upstream(self.image, fact)])
    }

    /// What is said if no tag is named and the rule picks none.
    fn without_choice(&self, image: &Image, selection: &Selection) -> Resolution {
        let waiting = selection.lines.iter().flat_map(|line| &line.waiting).next();
        if let Some(waiting) = waiting {
            return self.refuse(image, &waiting.tag, waiting.reason, &waiting.detail);
        }
        if image.approved.is_empty() {
            let error = "the rule picks none of its tags: name a tag, or see `wharfinger explain`".to_owned();
            return refused(image, None, error);
        }
        Resolution::Nothing(format!("there is nothing newer of {} to approve", image.source_text))
    }

    fn refuse(&self, image: &Image, tag: &Tag, reason: Reason, detail: &str) -> Resolution {
        refused(image, Some(tag), format!("{}: {}", excerpt(detail, 300), remedy(reason, self.without.is_some())))
    }

    /// The change on the line's branch, as `propose` would make it.
    fn change(
        &self,
        ImageCandidates { selection, signers, .. }: &ImageCandidates,
        Choice { chosen, by_rule }: Choice,
        now: DateTime<Utc>,
    ) -> Result<(Manifest, Wanted), String> {
        let manifest = match &self.without {
            None => self.manifest.clone(),
            // A new image's rule follows the version that was found.
            Some(without) => {
                let Image { source_text, repository, .. } = &self.manifest.images[self.image];
                with_image(without, source_text, repository, Some(&chosen.tag))?
            }
        };
        let image = &manifest.images[self.image];
        let line = line_of(&image.rule, &chosen.tag);
        let branch = branch::image(&manifest.prefix(), &image.slug(), &line);
        let mut item = approving(self.image, image, &line, &chosen);
        item.entry.urgent.clone_from(&self.why.urgent);
        item.entry.reason.clone_from(&self.why.reason);
        item.signer = signer_change(image, &item.entry, signers);
        if self.without.is_none() && (by_rule || self.why.urgent.is_some()) {
            let urgent = self.why.urgent.iter().map(|_| (branch.clone(), item.entry.clone())).collect();
            let conditions = Conditions {
                today: now.date_naive(),
                urgent,
                reasons: vec![item.entry.clone()],
                ..Conditions::default()
            };
            let selected = Selected { image: self.image, selection: selection.clone(), signers: signers.clone() };
            let joined =
                wanted(&manifest, &[selected], &conditions).into_iter().find(|wanted| holds(wanted, &item.entry));
            if let Some(joined) = joined {
                return Ok((manifest, joined));
            }
        }
        let context = adding::context(&item.entry);
        Ok((manifest, Wanted { branch, group: None, items: vec![item], later: 0, context }))
    }
}

/// Whether a proposal approves what an entry does.
fn holds(wanted: &Wanted, entry: &Entry) -> bool {
    let same =
        |item: &Item| item.entry.kind.lets_in() && item.entry.digest == entry.digest && item.entry.to == entry.to;
    wanted.items.iter().any(same)
}

fn refused(image: &Image, tag: Option<&Tag>, error: String) -> Resolution {
    Resolution::Failed(Failure::of(image, tag, FailedStep::Propose, error))
}

/// What to do about a version that may not be approved now.
fn remedy(reason: Reason, is_new_image: bool) -> &'static str {
    match reason {
        Reason::Waiting if is_new_image => {
            "wait, or use `--urgent REASON`; if it is unknown since when it has been public, the clock starts with \
             the first `propose` after the image is in the manifest"
        }
        Reason::Waiting => "wait, or use `--urgent REASON` to skip the cooldown",
        Reason::NotReady => "wait until upstream has all of it; `platforms` says what is required",
        Reason::Rejected => "remove its entry from `rejected` first",
        Reason::Revoked => "revoked bytes are never approved again",
        Reason::Unsigned => "what cannot be verified cannot be approved",
        Reason::Refused => "upstream has to republish it: what two readers understand differently cannot be approved",
        Reason::OutOfRange | Reason::Prerelease => "change `versions` or `prereleases` of the image first",
        Reason::ApprovalNotRead => {
            "the next `propose` would close its proposal: run `approve` in a clone, without `--propose`, and open \
             the pull request yourself, or change the rule so that it reads what is approved"
        }
        Reason::Superseded | Reason::Older => {
            "the next `propose` would move its proposal to the version that the rule picks: run `approve` in a \
             clone, without `--propose`, and open the pull request yourself"
        }
        _ => "the image's rule does not admit it: change the rule, or add another image of this source",
    }
}

/// The one image that a name refers to.
fn called(manifest: &Manifest, name: &str) -> Result<Option<usize>, String> {
    let all: Vec<usize> = (0..manifest.images.len()).filter(|at| is_called(&manifest.images[*at], name)).collect();
    match all[..] {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        _ => {
            let names: Vec<String> = all.iter().map(|at| manifest.images[*at].slug()).collect();
            Err(format!("several images are called `{name}`: use one of {}", names.join(", ")))
        }
    }
}

/// The manifest with an image of a new source, and its position.
fn with_new_image(without: &Manifest, source: &str, tag: Option<&Tag>) -> Result<(Manifest, usize), String> {
    let _: Location = source
        .parse()
        .map_err(|e| format!("no image in the manifest is called `{source}`, and it is not a source either: {e}"))?;
    let repository = adding::free_repository(without, source).ok_or_else(|| {
        format!("{source}: its last part is not a valid repository name: add the image by hand, with `repository`")
    })?;
    let manifest = with_image(without, source, &repository, tag)?;
    let image = manifest.images.iter().position(|i| i.source_text == source && i.repository == repository);
    let image = image.ok_or_else(|| format!("{source} could not be added to the manifest"))?;
    Ok((manifest, image))
}

fn with_image(
    manifest: &Manifest,
    source: &str,
    repository: &RepositoryName,
    tag: Option<&Tag>,
) -> Result<Manifest, String> {
    let lines = adding::lines(source, repository, tag);
    let files = adding::files_with(&manifest.files, &lines);
    let files = files.map_err(|e| format!("{source} cannot be added to the manifest: {e}"))?;
    manifest::parse(files).map_err(|faults| {
        let faults: Vec<String> = faults.iter().map(|fault| format!("{} ({})", fault.message, fault.help)).collect();
        format!("{source} cannot be added to the manifest: {}", faults.join("; "))
    })
}
