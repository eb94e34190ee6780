//! `approve`: one version that a person asks for, with its evidence: edited into the working directory, or proposed.

use std::collections::BTreeMap;

use super::planned::accounts;
use super::publish::ensure;
use super::reader::{proposal_reader, signing_keys, vulnerability_reader};
use super::unreviewed::{also_covered, reviews};
use super::{Context, Exit, Stop, TRIES, load, propose};
use crate::apply::files;
use crate::apply::propose::{Publication, PublishError, changes};
use crate::args::Approve;
use crate::forge::{Error, Head, with_rules};
use crate::manifest::Manifest;
use crate::observe::ledger::Trust;
use crate::observe::proposals::Asked;
use crate::proposal::Wanted;
use crate::proposal::approve::{ApprovalRequest, Resolution, Why};
use crate::proposal::body::{self, Evidence};
use crate::proposal::decide::Reviewed;
use crate::report::approval::Approval;
use crate::report::{Output, rows};

/// In characters.
const LONGEST_REASON: usize = 200;

/// Runs it.
///
/// # Errors
/// If the name matches no image and no source, or nothing can be checked.
pub(crate) async fn run(context: &Context, arguments: &Approve, output: &mut Output) -> Result<Exit, Stop> {
    let one_line = |flag: &str, text: &Option<String>| text.as_deref().map(|text| reason(flag, text)).transpose();
    let why =
        Why { urgent: one_line("--urgent", &arguments.urgent)?, reason: one_line("--reason", &arguments.reason)? };
    let proposes = arguments.propose || context.settings.github.in_actions;
    let mut reader = proposal_reader(context, context.forge.as_deref(), Trust::Keeper);
    let mut tries = 0;
    loop {
        tries += 1;
        let (head, manifest) = match proposes {
            true => load::at_head(context).await.map(|(head, manifest)| (Some(head), manifest))?,
            false => (None, load::here(context).await?),
        };
        let request = ApprovalRequest::new(manifest, &arguments.image, why.clone(), proposes);
        let request = request.map_err(Stop::Unusable)?;
        reader.keys = signing_keys(context, head.as_ref(), None, &request.ruled()).await;
        reader.vulnerabilities = vulnerability_reader(context, head.as_ref(), None, &request.ruled());
        let resolution = reader.requested(&request).await?;
        let (manifest, wanted) = match resolution {
            Resolution::Approve(change) => *change,
            Resolution::Failed(failure) => {
                output.outcome(rows::Outcome { failed: vec![failure.into()], ..rows::Outcome::default() });
                return Ok(Exit::Findings);
            }
            Resolution::Nothing(text) => {
                output.outcome(rows::Outcome::default());
                tracing::warn!("{text}");
                return Ok(Exit::Done);
            }
            Resolution::Unusable(text) => return Err(Stop::Unusable(text)),
        };
        if let Some(head) = head.as_ref().filter(|_| wanted.group.is_some() && !context.settings.dry_run) {
            tracing::info!("{} is proposed with its group at {}", wanted.branch, head.commit);
            let reason = wanted.items.iter().map(|item| &item.entry).find(|entry| entry.reason.is_some());
            return Box::pin(propose::run(context, &[], Asked { reason, ..Asked::default() }, output)).await;
        }
        let evidence = reader.evidence(&manifest, &wanted, &BTreeMap::new()).await;
        match edit_or_propose(context, head.as_ref(), &manifest, &wanted, &evidence).await {
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
                return Err(error.into());
            }
            Err(error @ PublishError::Edit { .. }) => return Err(Stop::Unusable(error.to_string())),
        }
    }
}

/// A reason in the form of the manifest's reasons: one line.
fn reason(flag: &str, text: &str) -> Result<String, Stop> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > LONGEST_REASON || text.contains(char::is_control) {
        return Err(Stop::Unusable(format!("{flag} takes a reason: one line of 1 to {LONGEST_REASON} characters")));
    }
    Ok(text.to_owned())
}

/// Edits the working directory, or opens the proposal if a head is given.
async fn edit_or_propose(
    context: &Context,
    head: Option<&Head>,
    manifest: &Manifest,
    wanted: &Wanted,
    evidence: &[Evidence],
) -> Result<Approval, PublishError> {
    let images = accounts(manifest, wanted, evidence);
    let mut approval = Approval {
        images: images.iter().map(rows::LookedAt::from).collect(),
        approval: rows::PlannedProposal {
            branch: wanted.branch.clone(),
            title: Some(body::title(manifest, wanted)),
            images,
            detail: None,
        },
        proposals: Vec::new(),
        files: Vec::new(),
        changed: false,
    };
    let files = changes(manifest, wanted)?;
    let dry_run = context.settings.dry_run;
    let Some(head) = head else {
        approval.files = files.iter().map(|file| file.path.clone()).collect();
        approval.changed = !dry_run;
        if !dry_run {
            files::write(&context.settings.directory, files)?;
        }
        return Ok(approval);
    };
    if dry_run {
        return Ok(approval);
    }
    let forge = context.forge().map_err(|stop| Error::Unusable(stop.to_string()))?.as_ref();
    let unreviewed = also_covered(&*reviews(context, Some(head), manifest).await, Some(wanted));
    let publication = Publication { head, manifest, wanted, evidence, unreviewed: &unreviewed };
    let row = ensure(context, forge, &publication, Reviewed::Stays).await?;
    approval.changed = !matches!(row.action, rows::ProposedAction::Unchanged | rows::ProposedAction::Left);
    approval.proposals.push(row);
    Ok(approval)
}
