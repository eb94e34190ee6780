//! `audit`: compares the organization with the manifest, and keeps an issue as the dashboard if told to.

use super::unreviewed::reviews;
use super::{Context, Exit, Stop, into_file, load, read_event};
use crate::action::event::Kind;
use crate::apply::dashboard;
use crate::args::Audit as Arguments;
use crate::observe::organization::{History, OrganizationReader, read_organization};
use crate::plan::FailedStep;
use crate::policy::audit::dashboard::Wish;
use crate::policy::audit::judge;
use crate::report::Output;
use crate::report::audit::{Audit, dashboard::Draft};
use crate::report::rows::Failed;

/// Checks everything that the manifest specifies. Nothing is written except the issue.
///
/// # Errors
/// If there is no usable manifest, or nothing could be checked.
pub(crate) async fn run(context: &Context, arguments: &Arguments, output: &mut Output) -> Result<Exit, Stop> {
    refuse(context, arguments)?;
    into_file(context, arguments.output.as_deref(), output)?;
    let (head, manifest) = match arguments.issue {
        true => load::at_head(context).await.map(|(head, manifest)| (Some(head), manifest))?,
        false => (None, load::here(context).await?),
    };
    let sources = context.sources.bounded();
    let progress = context.progress();
    let hub = context.patient_hub();
    let file = context.settings.manifest.as_str();
    let foreign_records = reviews(context, head.as_ref(), &manifest).await.binding.foreign_keys();
    let reader = OrganizationReader {
        registries: &context.registries,
        sources: &sources,
        hub: hub.as_ref(),
        history: context.forge.as_deref().map(|forge| History {
            forge,
            head: head.as_ref().map(|head| &head.commit),
            path: file,
        }),
        foreign_records: &foreign_records,
        progress: &progress,
    };
    let organization = read_organization(&reader, &manifest).await;
    if let Some(reason) = organization.stopped {
        return Err(Stop::CannotWork(anyhow::Error::msg(reason)));
    }
    let findings = judge(&manifest, &organization.facts);
    let mut audit = Audit::new(&manifest.organization, file, findings, organization.failed, organization.counted);
    if arguments.issue {
        keep(context, &mut audit).await?;
    }
    let clean = !audit.drift && audit.failed.is_empty();
    output.audit(audit);
    Ok(if clean { Exit::Done } else { Exit::Findings })
}

/// Refuses combinations that make no sense.
fn refuse(context: &Context, arguments: &Arguments) -> Result<(), Stop> {
    let unusable = |text: &str| Err(Stop::Unusable(text.to_owned()));
    if !arguments.issue {
        return Ok(());
    }
    if context.settings.github.in_actions && matches!(read_event(context)?.kind, Kind::IssueComment(_)) {
        return unusable(
            "comments cannot update the dashboard: audit --issue is for push, schedule and workflow_dispatch",
        );
    }
    match context.forge()?.accounts() {
        Some(_) => Ok(()),
        None => unusable("--issue needs GitHub, but another forge is in use"),
    }
}

/// Keeps the dashboard; if that fails, it is a failure next to the findings.
async fn keep(context: &Context, audit: &mut Audit) -> Result<(), Stop> {
    let Some(accounts) = context.forge()?.accounts() else { return Ok(()) };
    let wish = Wish::of(audit.drift, audit.failed.is_empty());
    let (today, run) = (context.now.date_naive(), context.settings.github.run_page());
    let draft = Draft { audit, today, run };
    match dashboard::keep(accounts, wish, &draft, !context.settings.dry_run).await {
        Ok(issue) => audit.issue = issue,
        Err(error) => {
            let error = format!("the dashboard: {error}");
            audit.failed.push(Failed { source: None, repository: None, tag: None, step: FailedStep::Record, error });
        }
    }
    Ok(())
}
