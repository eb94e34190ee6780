//! `propose`: finds new versions and has a pull request open for each.

use super::evidence::{Gathering, standings};
use super::publish::{publish, settle};
use super::unreviewed::unreviewed;
use super::{Context, Exit, Stop, load, promote};
use crate::apply::ledger::{Recorded, record};
use crate::apply::propose::{Publication, PublishError, Published};
use crate::forge::{Error, Forge, Head, OpenProposal, with_rules};
use crate::ledger;
use crate::manifest::Manifest;
use crate::markdown::code;
use crate::observe::candidates::Candidates;
use crate::observe::ledger::{Noted, Place, Trust};
use crate::observe::proposals::{Look, Situation, Unreviewed, situation};
use crate::observe::sources::Sources;
use crate::plan::Scope;
use crate::progress::Group;
use crate::proposal::body::{self, Account, Evidence};
use crate::proposal::machine::{Action, Decision, Wait};
use crate::proposal::{Entry, Wanted, subject};
use crate::report::explain::ExplainedImage;
use crate::report::{Output, rows};
use crate::rules::Reason;
use crate::text::counted;

/// How often everything is looked at anew because a branch moved meanwhile.
const TRIES: usize = 3;

/// Runs it for `images`, or for all where none is named. The proposal of the branch `refresh` is moved to what is wanted even
/// under an approving review.
///
/// # Errors
/// Why it could not work: no forge, an unusable manifest, a refused credential.
pub async fn run(
    context: &Context,
    images: &[String],
    refresh: Option<&str>,
    output: &mut Output,
) -> Result<Exit, Stop> {
    let forge = context.forge()?.as_ref();
    let (sources, standings) = (Sources::new(context.registries.clone()), standings(context));
    let mut done = Done::default();
    for attempt in 1..=TRIES {
        let (head, manifest) = load::at_head(context).await?;
        let scope = promote::scope(context, &manifest, images)?;
        let unreviewed =
            unreviewed(&context.verdicts, &context.review_reader(Some(&head.commit)), &manifest, &scope).await;
        let (from, about) = ((Some(forge), Trust::Ours), (&manifest, &scope));
        let situation = decide(context, &sources, from, about, (&unreviewed, refresh)).await?;
        let gathering = Gathering::new(context, (&sources, &standings), &manifest);
        if context.settings.dry_run {
            let plan = planned(&manifest, &situation, &gathering.of_all(&situation).await);
            let clean = plan.failed.is_empty();
            output.plan(&plan);
            return Ok(if clean { Exit::Done } else { Exit::Findings });
        }
        if attempt == 1 {
            let open: Vec<OpenProposal> = situation.open.iter().chain(&situation.others).cloned().collect();
            if let Err(e) = forge.sweep(&manifest.proposals.branch_prefix, Some(&open)).await {
                tracing::warn!("what interrupted runs left could not be cleared: {e}");
            }
        }
        let round =
            Round { context, forge, gathering: &gathering, head: &head, manifest: &manifest, situation: &situation };
        done.begin(&manifest, &situation);
        note(context, forge, &head, &manifest, &situation.noted, &mut done).await;
        round.carry_out(&mut done).await;
        if done.moved.is_empty() {
            break;
        }
        if attempt == TRIES {
            done.give_up();
        }
    }
    done.end(output)
}

/// What would be proposed, with the forge's say on what is open, what was declined and when tags were first seen, where there
/// is one; and the removal of what is unreviewed.
///
/// # Errors
/// Where the forge does not say what is open.
pub async fn look(
    context: &Context,
    sources: &Sources,
    from: (Option<&dyn Forge>, Trust),
    about: (&Manifest, &Scope),
    unreviewed: &Unreviewed,
) -> Result<Situation, Stop> {
    decide(context, sources, from, about, (unreviewed, None)).await
}

async fn decide(
    context: &Context,
    sources: &Sources,
    (forge, trust): (Option<&dyn Forge>, Trust),
    (manifest, scope): (&Manifest, &Scope),
    (unreviewed, refresh): (&Unreviewed, Option<&str>),
) -> Result<Situation, Stop> {
    let _phase = Group::begin(&format!("Looking for new versions of {}", counted(manifest.images.len(), "image")));
    let hub = context.anonymous_hub();
    let look = Look { sources, hub: hub.as_ref(), forge, trust, now: context.now, unreviewed, refresh };
    situation(&look, manifest, scope).await.map_err(|e| Stop::CannotWork(e.into()))
}

/// The proposals' half of a plan.
#[must_use]
pub fn planned(manifest: &Manifest, situation: &Situation, evidence: &[Vec<Evidence>]) -> rows::Plan {
    let proposal = |(at, wanted): (usize, &Wanted)| rows::PlannedProposal {
        branch: wanted.branch.clone(),
        title: Some(body::title(manifest, wanted)),
        images: accounts(manifest, wanted, evidence.get(at)),
        detail: obstacle(situation, &wanted.branch),
    };
    rows::Plan {
        proposals: situation.wanted.iter().enumerate().map(proposal).collect(),
        waiting: waiting(manifest, situation),
        failed: failed(situation).into_iter().chain(about_ledger(manifest, situation)).collect(),
        images: explained(manifest, &situation.candidates),
        ..rows::Plan::default()
    }
}

/// What is shown of each change of a proposal.
pub(super) fn accounts(
    manifest: &Manifest,
    wanted: &Wanted,
    evidence: Option<&Vec<Evidence>>,
) -> Vec<rows::PlannedImage> {
    let account = |(at, item)| Account::of(manifest, item, evidence.and_then(|evidence| evidence.get(at)));
    wanted.items.iter().enumerate().map(account).map(|account| rows::PlannedImage::from(&account)).collect()
}

/// What the rules make of every tag that was looked at, in the manifest's order.
#[must_use]
pub fn explained(manifest: &Manifest, candidates: &Candidates) -> Vec<ExplainedImage> {
    let explained = candidates.selected().into_iter().map(|selected| {
        let image = &manifest.images[selected.image];
        let (tags, subject) = (candidates.tags(selected.image), subject(image));
        ExplainedImage::new(&image.source_text, image.repository.as_str(), &subject, tags, &selected.selection)
    });
    explained.collect()
}

/// Why a wanted proposal is not opened or moved now.
fn obstacle(situation: &Situation, branch: &str) -> Option<String> {
    let decision = situation.decisions.iter().find(|decision| decision.branch == branch)?;
    match &decision.action {
        Action::Leave(why) | Action::Tell(why) => Some(why.clone()),
        Action::Wait(why) => Some(why.to_string()),
        _ => None,
    }
}

/// What waits: versions that are newer than what is proposed, and what is not opened now.
fn waiting(manifest: &Manifest, situation: &Situation) -> Vec<rows::Waiting> {
    let mut rows = young(manifest, &situation.candidates);
    for decision in &situation.decisions {
        if let (Action::Wait(why), Some(at)) = (&decision.action, decision.wanted) {
            let entries = situation.wanted[at].items.iter().map(|item| &item.entry);
            rows.extend(entries.filter(|entry| entry.kind.lets_in()).filter_map(|entry| unopened(entry, *why)));
        }
    }
    rows
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
    for selected in candidates.selected() {
        let image = &manifest.images[selected.image];
        for waiting in selected.selection.lines.into_iter().flat_map(|line| line.waiting) {
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

/// What could not be looked at.
fn failed(situation: &Situation) -> Vec<rows::Failed> {
    let images = situation.candidates.failed.values().cloned().map(rows::Failed::from);
    let branches = situation.failed.iter().map(|(branch, error)| on_branch(branch, None, error));
    let untold = situation.untold.iter().cloned().map(rows::Failed::from);
    images.chain(branches).chain(untold).collect()
}

/// That the ledger could not be read, or what others wrote there, for runs that write nothing.
#[must_use]
pub fn about_ledger(manifest: &Manifest, situation: &Situation) -> Option<rows::Failed> {
    let error = match situation.noted.reading.as_ref()? {
        Err(e) => unreadable(e),
        Ok(reading) => format!("expected {}, found {}", expected_in_ledger(), reading.foreign.as_ref()?),
    };
    Some(on_branch(&ledger::branch(&manifest.proposals.branch_prefix), None, &error))
}

fn unreadable(error: &Error) -> String {
    format!("the ledger cannot be read, so it is not known since when tags are public: {error}")
}

const fn expected_in_ledger() -> &'static str {
    "no commits but those of the account that `propose` runs with"
}

/// That a proposal could not be made as it should be.
fn on_branch(branch: &str, wanted: Option<&Wanted>, error: &dyn std::fmt::Display) -> rows::Failed {
    let entry = wanted.and_then(|w| w.items.first()).map(|item| &item.entry);
    rows::Failed {
        source: entry.map(|e| e.source.clone()),
        repository: entry.map(|e| e.repository.clone()),
        tag: entry.and_then(|e| e.to.clone()),
        step: rows::FailedStep::Propose,
        error: format!("{branch}: {error}"),
    }
}

/// Writes down in the ledger what was seen. Where that fails proposals go on: what was seen for the first time now only waits
/// longer.
async fn note(context: &Context, forge: &dyn Forge, head: &Head, manifest: &Manifest, noted: &Noted, done: &mut Done) {
    let prefix = &manifest.proposals.branch_prefix;
    if let Some(Err(e)) = &noted.reading {
        return done.outcome.failed.push(on_branch(&ledger::branch(prefix), None, &unreadable(e)));
    }
    let place = Place { forge, prefix, trust: Trust::Ours };
    match record(place, &head.commit, manifest, noted, context.now).await {
        Ok(Recorded { written, foreign }) => {
            done.outcome.changed |= written;
            for foreign in foreign {
                let row = rows::Finding {
                    code: "foreign-ledger",
                    repository: None,
                    tag: None,
                    expected: format!("on {}, {}", ledger::branch(prefix), expected_in_ledger()),
                    found: foreign.to_string(),
                };
                done.outcome.drift.push(row);
            }
        }
        Err(e) => done.outcome.failed.push(on_branch(&ledger::branch(prefix), None, &e)),
    }
}

/// What a run has done so far.
#[derive(Default)]
struct Done {
    outcome: rows::Outcome,
    /// Branches that moved meanwhile: they are decided anew.
    moved: Vec<String>,
    /// Branches on which something was to be written in this round.
    written: usize,
    /// What the forge refused of that with this credential.
    refused: Vec<String>,
}

impl Done {
    fn begin(&mut self, manifest: &Manifest, situation: &Situation) {
        let writes =
            |d: &&Decision| matches!(d.action, Action::Open | Action::Update | Action::Tell(_) | Action::Close(_));
        self.moved.clear();
        self.refused.clear();
        self.written = situation.decisions.iter().filter(writes).count();
        self.outcome.waiting = waiting(manifest, situation);
        // what failed in an earlier round is tried anew in this one
        self.outcome.failed = failed(situation);
    }

    /// Remembers what became of a branch; what an earlier round did counts more than that there is nothing left to do.
    fn row(&mut self, row: rows::Proposed) {
        self.outcome.changed |= !matches!(row.action, rows::ProposedAction::Unchanged | rows::ProposedAction::Left);
        match self.outcome.proposals.iter_mut().find(|p| p.branch == row.branch) {
            Some(before) if row.action == rows::ProposedAction::Unchanged => before.url = row.url,
            Some(before) => *before = row,
            None => self.outcome.proposals.push(row),
        }
    }

    fn failure(&mut self, branch: &str, wanted: Option<&Wanted>, error: &PublishError) {
        match error {
            PublishError::Forge(Error::Moved { .. }) => self.moved.push(branch.to_owned()),
            PublishError::Forge(Error::Refused { .. }) => {
                self.refused.push(error.to_string());
                self.outcome.failed.push(on_branch(branch, wanted, error));
            }
            _ => self.outcome.failed.push(on_branch(branch, wanted, error)),
        }
    }

    fn give_up(&mut self) {
        for branch in std::mem::take(&mut self.moved) {
            let error = format!(
                "moved during each of {TRIES} tries, or holds commits that are not ours: delete it or run again"
            );
            self.outcome.failed.push(on_branch(&branch, None, &error));
        }
    }

    /// Where everything that was to be written was refused, the credential may do nothing and no work was possible.
    fn end(self, output: &mut Output) -> Result<Exit, Stop> {
        let Self { outcome, refused, written, .. } = self;
        let (clean, changed) = (outcome.failed.is_empty() && outcome.drift.is_empty(), outcome.changed);
        let nothing_else = !changed && refused.len() == written;
        output.outcome(outcome);
        match refused.into_iter().next() {
            Some(refused) if nothing_else => Err(Stop::CannotWork(anyhow::Error::msg(refused))),
            _ if clean => Ok(Exit::Done),
            _ => Ok(Exit::Findings),
        }
    }
}

/// One look at the forge, and what is done about it.
struct Round<'a> {
    context: &'a Context,
    forge: &'a dyn Forge,
    gathering: &'a Gathering<'a>,
    head: &'a Head,
    manifest: &'a Manifest,
    situation: &'a Situation,
}

impl Round<'_> {
    async fn carry_out(&self, done: &mut Done) {
        let _phase = Group::begin("Bringing the pull requests up to date");
        for decision in &self.situation.decisions {
            let wanted = decision.wanted.map(|at| &self.situation.wanted[at]);
            if let Err(mut e) = self.act(decision, wanted, done).await {
                if let PublishError::Forge(error) = e {
                    e = with_rules(self.forge, error).await.into();
                }
                done.failure(&decision.branch, wanted, &e);
            }
        }
        for other in &self.situation.others {
            done.row(row(other, rows::ProposedAction::Unchanged, None));
        }
    }

    async fn act(&self, decision: &Decision, wanted: Option<&Wanted>, done: &mut Done) -> Result<(), PublishError> {
        let open = self.situation.open.iter().find(|open| open.branch == decision.branch);
        match (&decision.action, wanted, open) {
            (Action::Open | Action::Update, Some(wanted), _) => {
                let published = self.publish(wanted, open).await?;
                let action = open.map_or(rows::ProposedAction::Opened, |_| rows::ProposedAction::Updated);
                let Published { number, url } = published;
                done.row(rows::Proposed { number, url, branch: wanted.branch.clone(), action, detail: None });
            }
            (Action::Unchanged, _, Some(open)) => {
                done.row(row(open, rows::ProposedAction::Unchanged, None));
                settle(self.context, self.forge, open, wanted.map(|wanted| (self.manifest, wanted))).await?;
            }
            (Action::Leave(why) | Action::Tell(why), _, Some(open)) => {
                tracing::info!("{} is left alone: {why}", open.branch);
                done.row(row(open, rows::ProposedAction::Left, Some(why)));
                if let (Action::Tell(_), Some(accounts), Some(number)) =
                    (&decision.action, self.forge.accounts(), open.number)
                {
                    let (mark, text) = taken(open);
                    accounts.comment(number, mark, &text).await?;
                }
                settle(self.context, self.forge, open, None).await?;
            }
            (Action::Close(why), _, Some(open)) => {
                self.forge.close(open, why).await?;
                done.row(row(open, rows::ProposedAction::Closed, Some(why)));
            }
            (Action::Wait(why), _, _) => tracing::info!("{} is not opened: {why}", decision.branch),
            _ => {}
        }
        Ok(())
    }

    async fn publish(&self, wanted: &Wanted, open: Option<&OpenProposal>) -> Result<Published, PublishError> {
        let evidence = self.gathering.of(wanted).await;
        let publication = Publication { head: self.head, manifest: self.manifest, wanted, evidence: &evidence };
        publish(self.context, self.forge, &publication, open).await
    }
}

/// What the readers of a proposal are told that a person took over, and the mark by which it is told once.
fn taken(open: &OpenProposal) -> (&'static str, String) {
    let alone = "so Wharfinger leaves it alone from now on: it is neither moved to newer versions nor closed";
    match &open.elsewhere {
        Some(base) if !open.touched => (
            "<!-- wharfinger-elsewhere -->",
            format!(
                "Somebody had this be merged into {}, {alone}. Have it be merged into the default branch again, or close it and \
                 delete the branch to have it proposed anew.",
                code(base, 200)
            ),
        ),
        _ => (
            "<!-- wharfinger-touched -->",
            format!(
                "Somebody committed to this branch, {alone}. Close it and delete the branch to have it proposed anew."
            ),
        ),
    }
}

fn row(open: &OpenProposal, action: rows::ProposedAction, why: Option<&String>) -> rows::Proposed {
    let (url, branch, detail) = (open.url.clone(), open.branch.clone(), why.cloned());
    rows::Proposed { number: open.number, url, branch, action, detail }
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
        };
        let row = |why| unopened(&entry, why).map(|row| (row.reason, row.detail)).unwrap();
        let (declined, no_room) = (row(Wait::Declined), row(Wait::NoRoom));
        assert_eq!(declined, (Reason::Declined, "a person closed its proposal without a merge".to_owned()));
        assert_eq!(no_room, (Reason::Waiting, "as many proposals are open as proposals.limit allows".to_owned()));
    }
}
