//! `apply-policy`: makes the organization's settings match the manifest, or shows the differences.

use super::unreviewed::reviews;
use super::{Context, Exit, Stop, load, read_event};
use crate::action::event::Kind;
use crate::args::ApplyPolicy as Arguments;
use crate::hub::Hub;
use crate::manifest::{Manifest, Policy};
use crate::plan::binding::Bound;
use crate::policy::settings::{self, Area, Comparison, Difference, advice, lost};
use crate::report::Output;
use crate::report::settings::{Limitation, LostMember, Refused, Settings, SettingsStep};

/// Shows how the settings differ and, with `--yes`, writes them. The two documents are handled separately: what is
/// refused for one does not affect the other.
///
/// # Errors
/// If there is no usable manifest or credential, or Docker Hub refuses every request.
pub(crate) async fn run(context: &Context, arguments: &Arguments, output: &mut Output) -> Result<Exit, Stop> {
    if context.settings.github.in_actions && matches!(read_event(context)?.kind, Kind::IssueComment(_)) {
        return Err(Stop::Unusable("comments cannot change the organization's settings: apply-policy is for push, schedule and workflow_dispatch".to_owned()));
    }
    let (manifest, unreviewed) = reviewed(context).await?;
    let mut report = Settings { organization: manifest.organization.clone(), ..Settings::default() };
    report.refused.extend(unreviewed);
    let areas = settings::areas(&manifest.policy);
    if areas.is_empty() && report.refused.is_empty() {
        output.settings(report);
        return Ok(Exit::Done);
    }
    let hub = hub(context, &manifest)?;
    let mut differences = Vec::new();
    for area in areas.iter().copied() {
        match hub.organization_settings(&manifest.organization, area).await {
            Ok(observed) => match settings::compare(&manifest.policy, area, &observed) {
                Ok(difference) => differences.push((area, difference)),
                Err(e) => report.refused.push(refused(area, SettingsStep::Compare, &e)),
            },
            Err(e) => report.refused.push(refused(area, SettingsStep::Read, &e)),
        }
    }
    let unread = report.refused.iter().filter(|refused| refused.step == SettingsStep::Read).count();
    if unread == areas.len() && unread > 0 {
        let all: Vec<&str> = report.refused.iter().map(|refused| refused.error.as_str()).collect();
        return Err(Stop::CannotWork(anyhow::Error::msg(all.join("; "))));
    }
    let write = arguments.yes && !context.settings.dry_run;
    for (area, difference) in differences {
        apply(hub, &manifest, area, difference, write, &mut report).await;
    }
    advise(&manifest.policy, &mut report);
    let exit = if report.settled() { Exit::Done } else { Exit::Findings };
    output.settings(report);
    Ok(exit)
}

/// The manifest, in Actions as it was last reviewed, and the unreviewed parts of its policy.
async fn reviewed(context: &Context) -> Result<(Manifest, Vec<Refused>), Stop> {
    if context.forge.is_none() {
        return Ok((load::here(context).await?, Vec::new()));
    }
    let (head, manifest) = load::at_head(context).await?;
    if !context.settings.github.in_actions {
        return Ok((manifest, Vec::new()));
    }
    let reviews = reviews(context, Some(&head), &manifest).await;
    if let Some(why) = &reviews.untold {
        return Err(Stop::CannotWork(anyhow::Error::msg(why.clone())));
    }
    let gap = |(area, bound): (Area, Bound)| {
        let gap = reviews.binding.unreviewed.iter().find(|gap| gap.bound == bound)?;
        Some(Refused { area, step: SettingsStep::Review, error: format!("{}: {}", gap.what, gap.why) })
    };
    let areas = [(Area::ImageAccess, Bound::ImageAccess), (Area::RegistryAccess, Bound::RegistryAccess)];
    let refused = areas.into_iter().filter_map(gap).collect();
    Ok((reviews.binding.manifest.clone(), refused))
}

/// Docker Hub with a credential; without one an organization's settings are not shown.
fn hub<'a>(context: &'a Context, manifest: &Manifest) -> Result<&'a Hub, Stop> {
    if !manifest.on_docker_hub() {
        return Err(Stop::Unusable(
            "only Docker Hub has these settings, and the manifest uses another registry".to_owned(),
        ));
    }
    let settings = &context.settings;
    let given = settings.dockerhub_username.is_some() && settings.dockerhub_token.is_some();
    context.hub.as_ref().filter(|_| given).ok_or_else(|| {
        Stop::CannotWork(anyhow::anyhow!(
            "the organization's settings need DOCKERHUB_USERNAME and DOCKERHUB_TOKEN: a personal access token of an owner of {}",
            manifest.organization
        ))
    })
}

/// Writes one document if it differs, and reads it back.
async fn apply(hub: &Hub, manifest: &Manifest, area: Area, difference: Difference, write: bool, report: &mut Settings) {
    let (differs, first) = (difference.differs(), report.settings.len());
    report.settings.extend(difference.rows);
    if !differs {
        return;
    }
    if !difference.obstacles.is_empty() {
        let obstacle = |text: String| Refused { area, step: SettingsStep::Compare, error: text };
        report.refused.extend(difference.obstacles.into_iter().map(obstacle));
        return;
    }
    if !write {
        return;
    }
    let (organization, sent) = (&manifest.organization, difference.document);
    if let Err(e) = hub.set_organization_settings(organization, area, &sent).await {
        report.refused.push(refused(area, SettingsStep::Write, &e));
        return;
    }
    report.changed = true;
    let found = match hub.organization_settings(organization, area).await {
        Ok(found) => found,
        Err(e) => return report.refused.push(refused(area, SettingsStep::ReadBack, &e)),
    };
    let member = |lost: settings::Lost| LostMember { area, member: lost.member, sent: lost.sent, found: lost.found };
    report.lost.extend(lost(&sent, &found.document).into_iter().map(member));
    match settings::compare(&manifest.policy, area, &found) {
        Ok(now) => {
            let open =
                |setting: &str| now.rows.iter().any(|r| r.setting == setting && r.state == Comparison::Different);
            for row in report.settings[first..].iter_mut().filter(|row| row.state == Comparison::Different) {
                if !open(&row.setting) {
                    row.state = Comparison::Written;
                }
            }
        }
        Err(e) => report.refused.push(refused(area, SettingsStep::ReadBack, &e)),
    }
}

fn refused(area: Area, step: SettingsStep, error: &dyn std::fmt::Display) -> Refused {
    Refused { area, step, error: error.to_string() }
}

/// Adds further advice about the settings.
fn advise(policy: &Policy, report: &mut Settings) {
    if report.settings.is_empty() {
        return;
    }
    report.notes = advice::notes(policy);
    let limitation = |(name, text): &(&str, &str)| Limitation { name: (*name).to_owned(), text: (*text).to_owned() };
    report.limitations = advice::LIMITS.iter().map(limitation).collect();
}
