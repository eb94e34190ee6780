//! What runs show about proposals: their half of a plan, what waits, what failed, why rules pick what they pick.

use std::collections::BTreeMap;

use crate::forge::Error;
use crate::ledger;
use crate::manifest::Manifest;
use crate::observe::proposals::Situation;
use crate::plan::FailedStep;
use crate::proposal::body::{self, Account, Evidence};
use crate::proposal::known::{Candidates, ImageCandidates};
use crate::proposal::machine::{Action, Wait};
use crate::proposal::{Entry, Wanted, subject};
use crate::report::explain::ExplainedImage;
use crate::report::rows;
use crate::rules::{self, Notice, Reason};

/// The proposals' half of a plan, with the evidence for each in the order of [`Situation::wanted`].
pub(super) fn planned(manifest: &Manifest, situation: &Situation, evidence: Vec<Vec<Evidence>>) -> rows::Plan {
    let proposal = |(wanted, evidence): (&Wanted, Vec<Evidence>)| rows::PlannedProposal {
        branch: wanted.branch.clone(),
        title: Some(body::title(manifest, wanted)),
        images: accounts(manifest, wanted, &evidence),
        detail: obstacle(situation, &wanted.branch),
    };
    let notices = notices(manifest, &situation.candidates);
    rows::Plan {
        proposals: situation.wanted.iter().zip(evidence).map(proposal).collect(),
        waiting: waiting(manifest, situation),
        failed: failed(situation).into_iter().chain(about_ledger(manifest, situation)).collect(),
        images: explained(manifest, &situation.candidates, &notices),
        notices: notice_rows(manifest, &notices),
        first: first_run(manifest, situation),
        ..rows::Plan::default()
    }
}

/// What is shown for each change of a proposal.
pub(super) fn accounts(manifest: &Manifest, wanted: &Wanted, evidence: &[Evidence]) -> Vec<rows::PlannedImage> {
    let account = |(at, item)| Account::of(manifest, item, evidence.get(at));
    wanted.items.iter().enumerate().map(account).map(|account| rows::PlannedImage::from(&account)).collect()
}

/// What people should know about the rule of every image in question, by its position in the manifest; if its source
/// could not be listed, what is known without the list.
pub(super) fn notices(manifest: &Manifest, candidates: &Candidates) -> BTreeMap<usize, Vec<Notice>> {
    let told = candidates.images.iter().map(|(at, ImageCandidates { tags, selection, .. })| {
        (*at, rules::notices(&subject(&manifest.images[*at]), tags, selection))
    });
    let unlisted = candidates.failed.keys().map(|at| (*at, rules::unread(&subject(&manifest.images[*at]))));
    told.chain(unlisted).collect()
}

/// The rows for it.
pub(super) fn notice_rows(manifest: &Manifest, notices: &BTreeMap<usize, Vec<Notice>>) -> rows::Notices {
    let mut rows = rows::Notices::default();
    notices.iter().for_each(|(at, told)| rows.add(&manifest.images[*at], told));
    rows
}

/// What the rules decide about every tag that was checked, in the manifest's order.
pub(super) fn explained(
    manifest: &Manifest,
    candidates: &Candidates,
    notices: &BTreeMap<usize, Vec<Notice>>,
) -> Vec<ExplainedImage> {
    let explained = candidates.images.iter().map(|(at, ImageCandidates { selection, .. })| {
        let (image, told) = (&manifest.images[*at], notices.get(at).map_or(&[][..], Vec::as_slice));
        ExplainedImage::new(&image.source_text, image.repository.as_str(), &subject(image), selection, told)
    });
    explained.collect()
}

/// Why a wanted proposal is not opened or updated now.
fn obstacle(situation: &Situation, branch: &str) -> Option<String> {
    let decision = situation.decisions.iter().find(|decision| decision.branch == branch)?;
    match &decision.action {
        Action::Leave(why) | Action::Tell(why) => Some(why.clone()),
        Action::Wait(why) => Some(why.to_string()),
        _ => None,
    }
}

/// What waits: versions newer than what is proposed, and proposals that are not opened now.
pub(super) fn waiting(manifest: &Manifest, situation: &Situation) -> Vec<rows::Waiting> {
    let mut rows = young(manifest, &situation.candidates);
    for decision in &situation.decisions {
        if let (Action::Wait(why), Some(at)) = (&decision.action, decision.wanted) {
            let entries = situation.wanted[at].items.iter().map(|item| &item.entry);
            rows.extend(entries.filter(|entry| entry.kind.lets_in()).filter_map(|entry| unopened(entry, *why)));
        }
    }
    rows
}

/// Why a first run proposes nothing, and what to do: if nothing is approved yet, nothing is proposed, the ledger is
/// new, and versions wait for their cooldown.
pub(super) fn first_run(manifest: &Manifest, situation: &Situation) -> Option<String> {
    let is_new = !matches!(&situation.noted.reading, Some(Ok(reading)) if reading.tip.is_some());
    let waiting = young(manifest, &situation.candidates);
    let mut waiting = waiting.iter().filter(|row| row.reason == Reason::Waiting).peekable();
    let nothing = situation.wanted.is_empty() && manifest.approvals().next().is_none();
    if !(is_new && nothing && waiting.peek().is_some()) {
        return None;
    }
    let until = waiting.filter_map(|row| row.until).min();
    let until = until
        .map_or_else(|| "once".to_owned(), |until| format!("from {} on, when", until.format("%Y-%m-%d %H:%M UTC")));
    Some(format!(
        "Nothing is proposed yet, and that is as it should be. A version must have been public for its cooldown (3d \
         unless the manifest says otherwise); if the registry does not say since when it has been public, this \
         counts from when `propose` first saw it. Run `propose` again, on a schedule: it proposes versions {until} \
         they are old enough. `wharfinger approve IMAGE --urgent REASON` does not wait, and `cooldown: 0s` requires \
         no age."
    ))
}

fn unopened(entry: &Entry, why: Wait) -> Option<rows::Waiting> {
    Some(rows::Waiting {
        source: entry.source.clone(),
        repository: entry.repository.clone(),
        tag: entry.to.clone()?,
        reason: match why {
            Wait::Declined => Reason::Declined,
            Wait::NoRoom => Reason::Waiting,
        },
        detail: why.to_string(),
        until: None,
    })
}

/// Versions that are newer than what is proposed, and wait.
fn young(manifest: &Manifest, candidates: &Candidates) -> Vec<rows::Waiting> {
    let mut rows = Vec::new();
    for (at, ImageCandidates { selection, .. }) in &candidates.images {
        let image = &manifest.images[*at];
        for waiting in selection.lines.iter().flat_map(|line| line.waiting.iter().cloned()) {
            let row = rows::Waiting {
                source: image.source_text.clone(),
                repository: image.repository.clone(),
                tag: waiting.tag,
                reason: waiting.reason,
                detail: waiting.detail,
                until: waiting.until,
            };
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
    }
    rows
}

/// What could not be checked.
pub(super) fn failed(situation: &Situation) -> Vec<rows::Failed> {
    let images = situation.candidates.failed.values().cloned().map(rows::Failed::from);
    let branches = situation.failed.iter().map(|(branch, error)| on_branch(branch, None, error));
    let untold = situation.untold.iter().cloned().map(rows::Failed::from);
    images.chain(branches).chain(untold).collect()
}

/// Reports that the ledger could not be read, or what others wrote there, for runs that write nothing.
pub(super) fn about_ledger(manifest: &Manifest, situation: &Situation) -> Option<rows::Failed> {
    let error = match situation.noted.reading.as_ref()? {
        Err(e) => unreadable(e),
        Ok(reading) => format!("expected {}, found {}", expected_in_ledger(), reading.foreign.as_ref()?),
    };
    Some(on_branch(&ledger::branch(&manifest.proposals.branch_prefix), None, &error))
}

pub(super) fn unreadable(error: &Error) -> String {
    format!("the ledger cannot be read, so it is unknown since when tags have been public: {error}")
}

pub(super) const fn expected_in_ledger() -> &'static str {
    "only pushes by the account that `propose` runs as"
}

/// The failure for a proposal that could not be made as it should be.
pub(super) fn on_branch(branch: &str, wanted: Option<&Wanted>, error: &dyn std::fmt::Display) -> rows::Failed {
    let entry = wanted.and_then(|w| w.items.first()).map(|item| &item.entry);
    rows::Failed {
        source: entry.map(|e| e.source.clone()),
        repository: entry.map(|e| e.repository.clone()),
        tag: entry.and_then(|e| e.to.clone()),
        step: FailedStep::Propose,
        error: format!("{branch}: {error}"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;
    use crate::image::Digest;
    use crate::proposal::Kind;

    #[test]
    fn what_was_declined_waits_as_declined() {
        let entry = Entry {
            source: "grafana/loki".to_owned(),
            repository: "loki".parse().unwrap(),
            from: None,
            to: Some("3.1.0".parse().unwrap()),
            digest: Digest::sha256(b"3.1.0"),
            kind: Kind::New,
            rejection: None,
            urgent: None,
            reason: None,
        };
        let row = |why| unopened(&entry, why).map(|row| (row.reason, row.detail)).unwrap();
        let (declined, no_room) = (row(Wait::Declined), row(Wait::NoRoom));
        assert_eq!(declined, (Reason::Declined, "a person closed its proposal without merging it".to_owned()));
        assert_eq!(no_room, (Reason::Waiting, "the limit of open proposals (proposals.limit) is reached".to_owned()));
    }
}
