//! `approve`: one version that a person asks for, with its evidence: edited into the working directory, or proposed.

use std::collections::BTreeSet;
use std::time::Duration;

use super::evidence::{Gathering, standings};
use super::publish::ensure;
use super::{Context, Exit, Stop, load, propose};
use crate::apply::propose::{Publication, PublishError, changes};
use crate::args::Approve;
use crate::forge::{Error, Head, with_rules};
use crate::image::{Location, RepositoryName, Tag};
use crate::manifest::{self, Grouping, Image, Manifest};
use crate::observe::asked::Reviewed;
use crate::observe::candidates::{Candidates, Eyes, exact};
use crate::observe::ledger::{Clocks, Place, Trust};
use crate::observe::sources::Sources;
use crate::plan::{Scope, is_called};
use crate::proposal::{Beside, Entry, Item, Kind, Selected, Wanted, adding, body, branch, wanted};
use crate::report::approval::Approval;
use crate::report::{Output, rows};
use crate::rules::{Chosen, Reason, Selection, line_of};
use crate::text::excerpt;

/// How often everything is looked at anew because a branch moved meanwhile.
const TRIES: usize = 3;
/// The most characters of a reason.
const REASON: usize = 200;

/// Runs it.
///
/// # Errors
/// Where the name calls no image and no source, or nothing can be looked at.
pub async fn run(context: &Context, arguments: &Approve, output: &mut Output) -> Result<Exit, Stop> {
    let urgent = arguments.urgent.as_deref().map(reason).transpose()?;
    let proposes = arguments.propose || context.settings.github.in_actions;
    let mut tries = 0;
    loop {
        tries += 1;
        let (head, manifest) = match proposes {
            true => load::at_head(context).await.map(|(head, manifest)| (Some(head), manifest))?,
            false => (None, load::here(context)?),
        };
        let asked = Asked::of(manifest, &arguments.image, urgent.clone())?;
        let found = match resolve(context, asked, proposes).await? {
            Resolved::Found(found) => found,
            Resolved::Refused(refused) => {
                let outcome = rows::Outcome { failed: vec![refused], ..rows::Outcome::default() };
                output.outcome(outcome);
                return Ok(Exit::Findings);
            }
            Resolved::Done(text) => {
                output.outcome(rows::Outcome::default());
                tracing::warn!("{text}");
                return Ok(Exit::Done);
            }
        };
        if let Some(head) = head.as_ref().filter(|_| in_group(&found) && !context.settings.dry_run) {
            tracing::info!("{} is proposed with its group at {}", found.wanted.branch, head.commit);
            return propose::run(context, &[], None, output).await;
        }
        match done(context, head.as_ref(), &found).await {
            Ok(approval) => {
                output.approval(approval);
                return Ok(Exit::Done);
            }
            Err(PublishError::Forge(Error::Moved { .. })) if tries < TRIES => {}
            Err(PublishError::Forge(error)) => {
                let error = match &context.forge {
                    Some(forge) => with_rules(&**forge, error).await,
                    None => error,
                };
                return Err(Stop::CannotWork(error.into()));
            }
            Err(error @ PublishError::Edit { .. }) => return Err(Stop::Unusable(error.to_string())),
        }
    }
}

/// A reason as the manifest's own reasons are: one line.
fn reason(text: &str) -> Result<String, Stop> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > REASON || text.contains(char::is_control) {
        return Err(Stop::Unusable(format!("--urgent takes a reason: one line of 1 to {REASON} characters")));
    }
    Ok(text.to_owned())
}

/// What is asked for.
struct Asked {
    /// The manifest, with the image in it.
    manifest: Manifest,
    /// The manifest without the image, where it is new.
    without: Option<Manifest>,
    image: usize,
    tag: Option<Tag>,
    urgent: Option<String>,
}

impl Asked {
    /// Finds the image that a name calls, with or without a tag; a name that calls none is a new source.
    fn of(manifest: Manifest, name: &str, urgent: Option<String>) -> Result<Self, Stop> {
        let split = name.rsplit_once(':').filter(|(rest, tag)| !tag.contains('/') && *rest != "oci");
        let tagged = split.and_then(|(rest, tag)| Some((rest, tag.parse::<Tag>().ok()?)));
        let whole = called(&manifest, name)?;
        let (image, rest, tag) = match (whole, &tagged) {
            (Some(image), _) => (Some(image), name, None),
            (None, Some((rest, tag))) => (called(&manifest, rest)?, *rest, Some(tag.clone())),
            (None, None) => (None, name, None),
        };
        match image {
            Some(image) => Ok(Self { manifest, without: None, image, tag, urgent }),
            None => Self::new_image(manifest, rest, tag, urgent),
        }
    }

    fn new_image(without: Manifest, source: &str, tag: Option<Tag>, urgent: Option<String>) -> Result<Self, Stop> {
        let _: Location = source.parse().map_err(|e| {
            Stop::Unusable(format!("no image of the manifest is called `{source}`, and it is no source either: {e}"))
        })?;
        let repository = free_repository(&without, source).ok_or_else(|| {
            Stop::Unusable(format!(
                "{source}: its last part is no name for a repository: add the image by hand with `repository`"
            ))
        })?;
        let manifest = with_image(&without, source, &repository, tag.as_ref())?;
        let image = manifest.images.iter().position(|i| i.source_text == source && i.repository == repository);
        let image = image.ok_or_else(|| Stop::Unusable(format!("{source} could not be added to the manifest")))?;
        Ok(Self { manifest, without: Some(without), image, tag, urgent })
    }

    fn image(&self) -> &Image {
        &self.manifest.images[self.image]
    }
}

/// The one image that a name calls.
fn called(manifest: &Manifest, name: &str) -> Result<Option<usize>, Stop> {
    let all: Vec<usize> = (0..manifest.images.len()).filter(|at| is_called(&manifest.images[*at], name)).collect();
    match all[..] {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        _ => {
            let names: Vec<String> = all.iter().map(|at| manifest.images[*at].slug()).collect();
            Err(Stop::Unusable(format!("several images are called `{name}`: name one of {}", names.join(", "))))
        }
    }
}

/// The mirror of a new source: the last part of its path, or, where another image has that, the last two.
fn free_repository(manifest: &Manifest, source: &str) -> Option<RepositoryName> {
    let taken = |name: &RepositoryName| manifest.images.iter().any(|image| image.repository == *name);
    let last = adding::default_repository(source)?;
    if !taken(&last) {
        return Some(last);
    }
    let mut parts = source.rsplit('/');
    let (name, owner) = (parts.next()?, parts.next()?);
    format!("{owner}-{name}").parse().ok().filter(|name| !taken(name))
}

fn with_image(
    manifest: &Manifest,
    source: &str,
    repository: &RepositoryName,
    tag: Option<&Tag>,
) -> Result<Manifest, Stop> {
    let lines = adding::lines(source, repository, tag);
    let files = adding::files_with(&manifest.files, &lines);
    let files = files.map_err(|e| Stop::Unusable(format!("{source} cannot be added to the manifest: {e}")))?;
    manifest::parse(files).map_err(|faults| {
        let faults: Vec<String> = faults.iter().map(|fault| format!("{} ({})", fault.message, fault.help)).collect();
        Stop::Unusable(format!("{source} cannot be added to the manifest: {}", faults.join("; ")))
    })
}

/// A version to approve, with everything that shows it.
struct Found {
    manifest: Manifest,
    wanted: Wanted,
    evidence: Vec<body::Evidence>,
}

enum Resolved {
    Found(Box<Found>),
    /// It may not be approved, and why.
    Refused(rows::Failed),
    /// There is nothing to do.
    Done(String),
}

/// Finds the version, and looks at it.
async fn resolve(context: &Context, asked: Asked, proposes: bool) -> Result<Resolved, Stop> {
    let sources = Sources::new(context.registries.clone());
    let hub = context.anonymous_hub();
    let prefix = asked.manifest.proposals.branch_prefix.clone();
    let place = context.forge.as_deref().map(|forge| Place { forge, prefix: &prefix, trust: Trust::Machines });
    let clocks = Clocks::new(place, context.now);
    let eyes = Eyes { sources: &sources, hub: hub.as_ref(), clocks: &clocks, now: context.now };
    // What a person calls urgent waits for no age; what is shown of the image stays as the manifest has it.
    let mut ruled = asked.manifest.clone();
    if asked.urgent.is_some() {
        ruled.images[asked.image].cooldown = Duration::ZERO;
    }
    let name = asked.image().slug();
    let scope = Scope::new(&ruled, &[name], None).map_err(|e| Stop::Unusable(e.to_string()))?;
    let candidates = Candidates::look(&eyes, &ruled, &scope, &BTreeSet::new()).await;
    if let Some(failure) = candidates.failed.get(&asked.image) {
        return Ok(Resolved::Refused(failure.clone().into()));
    }
    let selected = candidates.selected().into_iter().find(|selected| selected.image == asked.image);
    let selection = selected.map(|selected| selected.selection).unwrap_or_default();
    let pick = pick(&eyes, &ruled.images[asked.image], &asked, &selection, proposes).await;
    let (chosen, by_rule) = match pick {
        Ok(Pick::Chosen(chosen, by_rule)) => (chosen, by_rule),
        Ok(Pick::Nothing(text)) => return Ok(Resolved::Done(text)),
        Err(refused) => return Ok(Resolved::Refused(*refused)),
    };
    let (manifest, wanted) = proposal(context, asked, selection, &chosen, by_rule)?;
    let standings = standings(context);
    let evidence = Gathering::new(context, (&sources, &standings), &manifest).of(&wanted).await;
    Ok(Resolved::Found(Box::new(Found { manifest, wanted, evidence })))
}

enum Pick {
    /// This one; whether the rule picks it too.
    Chosen(Chosen, bool),
    Nothing(String),
}

fn refusal(image: &Image, tag: Option<&Tag>, error: String) -> Box<rows::Failed> {
    Box::new(rows::Failed {
        source: Some(image.source_text.clone()),
        repository: Some(image.repository.clone()),
        tag: tag.cloned(),
        step: rows::FailedStep::Propose,
        error,
    })
}

/// The version, or why it may not be approved now and what to do.
async fn pick(
    eyes: &Eyes<'_>,
    image: &Image,
    asked: &Asked,
    selection: &Selection,
    proposes: bool,
) -> Result<Pick, Box<rows::Failed>> {
    let by_rule = |tag: Option<&Tag>| {
        let chosen = selection.lines.iter().filter_map(|line| line.chosen.clone());
        chosen.into_iter().find(|chosen| tag.is_none_or(|tag| *tag == chosen.tag))
    };
    let refuse = |tag: &Tag, reason: Reason, detail: &str| {
        Err(refusal(image, Some(tag), format!("{}: {}", excerpt(detail, 300), remedy(reason, asked))))
    };
    if let Some(chosen) = by_rule(asked.tag.as_ref()) {
        return Ok(Pick::Chosen(chosen, true));
    }
    let Some(tag) = &asked.tag else {
        let waiting = selection.lines.iter().flat_map(|line| &line.waiting).next();
        if let Some(waiting) = waiting {
            return refuse(&waiting.tag, waiting.reason, &waiting.detail);
        }
        if image.approved.is_empty() {
            let error = "the rule picks none of its tags: name one, or see `wharfinger explain`".to_owned();
            return Err(refusal(image, None, error));
        }
        return Ok(Pick::Nothing(format!("nothing newer of {} is to be approved", image.source_text)));
    };
    let Some(verdict) = selection.tags.iter().find(|verdict| verdict.tag == *tag) else {
        return Err(refusal(image, Some(tag), format!("upstream has no tag {tag}: is it written as there?")));
    };
    match verdict.reason {
        // A proposal that adds an image is not moved.
        Reason::Superseded | Reason::Older if proposes && asked.urgent.is_none() && asked.without.is_none() => {
            return refuse(tag, verdict.reason, &verdict.detail);
        }
        Reason::Newest
        | Reason::Approved
        | Reason::Superseded
        | Reason::Older
        | Reason::Waiting
        | Reason::NotReady
        | Reason::Unsigned
        | Reason::Declined => {}
        reason => return refuse(tag, reason, &verdict.detail),
    }
    let held = image.approved.iter().find(|approval| approval.tag == *tag);
    if let (Some(held), Ok(Some(now))) = (held, eyes.sources.head(&image.source, tag).await)
        && held.digest == now.digest
    {
        return Ok(Pick::Nothing(format!("{}:{tag} is approved already", image.source_text)));
    }
    match exact(eyes, image, tag).await {
        Err(failure) => Err(Box::new(failure.into())),
        Ok(Err(waiting)) => refuse(tag, waiting.reason, &waiting.detail),
        Ok(Ok(chosen)) => Ok(Pick::Chosen(Chosen { rebuild: held.is_some(), ..chosen }, false)),
    }
}

/// What to do about a version that may not be approved now.
fn remedy(reason: Reason, asked: &Asked) -> String {
    match reason {
        Reason::Waiting if asked.without.is_some() => {
            "wait, or say `--urgent REASON`; where nobody knows since when it is public, the clock starts with the first \
             `propose` after the image is in the manifest"
                .to_owned()
        }
        Reason::Waiting => "wait, or say `--urgent REASON` to skip the cooldown".to_owned(),
        Reason::NotReady => "wait until upstream has all of it; `platforms` says what is wanted".to_owned(),
        Reason::Rejected => "take its entry out of `rejected` first".to_owned(),
        Reason::Revoked => "what is revoked is never approved again".to_owned(),
        Reason::Unsigned => "what cannot be verified is not approved".to_owned(),
        Reason::OutOfRange | Reason::Prerelease => "change `versions` or `prereleases` of the image first".to_owned(),
        Reason::Superseded | Reason::Older => {
            "the next `propose` would move its proposal to what the rule picks: run `approve` in a clone, without \
             `--propose`, and open the pull request yourself"
                .to_owned()
        }
        _ => "the image's rule does not admit it: change the rule, or add another image of this source".to_owned(),
    }
}

/// The proposal on the branch that the line has, as `propose` would make it.
fn proposal(
    context: &Context,
    asked: Asked,
    selection: Selection,
    chosen: &Chosen,
    by_rule: bool,
) -> Result<(Manifest, Wanted), Stop> {
    let Asked { mut manifest, without, image: at, urgent, .. } = asked;
    if let Some(without) = &without {
        // A new image's rule follows the version that was found.
        let Image { source_text, repository, .. } = manifest.images[at].clone();
        manifest = with_image(without, &source_text, &repository, Some(&chosen.tag))?;
    }
    let image = &manifest.images[at];
    let line = line_of(&image.rule, &chosen.tag);
    let branch = branch::image(&manifest.proposals.branch_prefix, &image.slug(), &line);
    let current = selection.lines.iter().find(|l| l.name == line).and_then(|l| l.current.clone());
    let entry = Entry {
        source: image.source_text.clone(),
        repository: image.repository.clone(),
        from: current.map(|(tag, _)| tag),
        to: Some(chosen.tag.clone()),
        digest: chosen.digest.clone(),
        kind: Kind::New,
        rejection: None,
        urgent,
    };
    let kind = match &entry.from {
        _ if chosen.rebuild => Kind::Rebuild,
        None => Kind::New,
        Some(_) => Kind::Update,
    };
    let entry = Entry { kind, ..entry };
    if without.is_none() && (by_rule || entry.urgent.is_some()) {
        let hurried = entry.urgent.is_some().then(|| (branch.clone(), entry.clone()));
        let beside =
            Beside { today: context.now.date_naive(), urgent: hurried.into_iter().collect(), ..Beside::default() };
        let selected = Selected { image: at, selection };
        let holds =
            |item: &Item| item.entry.kind.lets_in() && item.entry.digest == entry.digest && item.entry.to == entry.to;
        let joined = wanted(&manifest, &[selected], &beside).into_iter().find(|wanted| wanted.items.iter().any(holds));
        if let Some(joined) = joined {
            return Ok((manifest, joined));
        }
    }
    let context_of = adding::context(&entry);
    let Chosen { public_since, prefix_changed, .. } = *chosen;
    let item = Item { entry, image: at, line, public_since, prefix_changed, cause: None };
    Ok((manifest, Wanted { branch, group: None, items: vec![item], later: 0, context: context_of }))
}

/// Whether its proposal is a group's, which holds other images as well.
fn in_group(found: &Found) -> bool {
    found.wanted.group.is_some() && found.manifest.proposals.group != Grouping::Image
}

/// Edits the working directory, or opens the proposal where a head is given.
async fn done(context: &Context, head: Option<&Head>, found: &Found) -> Result<Approval, PublishError> {
    let Found { manifest, wanted, evidence } = found;
    let mut approval = Approval {
        approval: rows::PlannedProposal {
            branch: wanted.branch.clone(),
            title: Some(body::title(manifest, wanted)),
            images: propose::accounts(manifest, wanted, Some(evidence)),
            detail: None,
        },
        proposals: Vec::new(),
        files: Vec::new(),
        changed: false,
    };
    let files = changes(manifest, wanted)?;
    let Some(head) = head else {
        approval.files = files.iter().map(|file| file.path.clone()).collect();
        if !context.settings.dry_run {
            for file in files {
                let path = context.settings.directory.join(&file.path);
                let unwritten = |e: std::io::Error| Error::Unusable(format!("{} cannot be written: {e}", file.path));
                std::fs::write(path, &file.text).map_err(unwritten)?;
            }
            approval.changed = true;
        }
        return Ok(approval);
    };
    if context.settings.dry_run {
        return Ok(approval);
    }
    let forge = context.forge().map_err(|stop| Error::Unusable(stop.to_string()))?.as_ref();
    let row = ensure(context, forge, &Publication { head, manifest, wanted, evidence }, Reviewed::Stays).await?;
    approval.changed = !matches!(row.action, rows::ProposedAction::Unchanged | rows::ProposedAction::Left);
    approval.proposals.push(row);
    Ok(approval)
}
