//! `propose`: finds new versions and keeps a pull request open for each.

use super::planned::{
    expected_in_ledger, failed, first_run, notice_rows, notices, on_branch, planned, unreadable, waiting,
};
use super::publish::{publish, rewrite, row, settle};
use super::reader::{advisories, proposal_reader, signing_keys, vulnerability_reader};
use super::unreviewed::{also_covered, not_done, reviews, unreviewed};
use super::{Context, Exit, Stop, TRIES, load, promote};
use crate::apply::ledger::{Recorded, record};
use crate::apply::propose::{Publication, PublishError};
use crate::forge::{ELSEWHERE, Error, Forge, Head, OpenProposal, TOUCHED, with_rules};
use crate::ledger;
use crate::manifest::Manifest;
use crate::markdown::code;
use crate::observe::ledger::{Noted, Place, Trust};
use crate::observe::proposals::{Asked, ProposalReader, Situation};
use crate::observe::reviews::Reviews;
use crate::progress::Group;
use crate::proposal::Wanted;
use crate::proposal::machine::{Action, Decision};
use crate::report::{Output, rows};
use crate::text::excerpt;

/// Runs it for `images`, or for all if none is named.
///
/// # Errors
/// Why it could not work: no forge, an unusable manifest, a refused credential.
pub(crate) async fn run(
    context: &Context,
    images: &[String],
    asked: Asked<'_>,
    output: &mut Output,
) -> Result<Exit, Stop> {
    let forge = context.forge()?.as_ref();
    let mut reader = proposal_reader(context, Some(forge), Trust::Ours);
    let mut done = Done::default();
    for attempt in 1..=TRIES {
        let (head, manifest) = load::at_head(context).await?;
        let reviews = reviews(context, Some(&head), &manifest).await;
        let manifest = reviews.binding.manifest.clone();
        let scope =
            promote::scope(context, &manifest, images)?.without(|image| reviews.binding.is_barred(image), &manifest);
        let unreviewed = unreviewed(context, &reviews, &scope);
        reader.keys = signing_keys(context, Some(&head), Some(&reviews), &manifest).await;
        reader.vulnerabilities = vulnerability_reader(context, Some(&head), Some(&reviews), &manifest);
        reader.advisories = advisories(context, Some(&head), Some(&reviews), &manifest).await;
        let situation = reader.situation(&manifest, &scope, &unreviewed, &Asked { evidence: true, ..asked }).await?;
        if context.settings.dry_run {
            let plan = planned(&manifest, &situation, reader.evidence_of_all(&manifest, &situation).await);
            let clean = plan.failed.is_empty();
            output.plan(&plan);
            return Ok(if clean { Exit::Done } else { Exit::Findings });
        }
        if attempt == 1 {
            let Situation { open, others, of_others, .. } = &situation;
            let open: Vec<OpenProposal> = open.iter().chain(others).chain(of_others).cloned().collect();
            if let Err(e) = forge.sweep(&manifest.prefix(), Some(&open)).await {
                tracing::warn!("leftovers of interrupted runs could not be removed: {e}");
            }
        }
        let (head, manifest, situation, reviews) = (&head, &manifest, &situation, &*reviews);
        let round = Round { context, forge, reader: &reader, head, manifest, situation, reviews };
        done.begin(manifest, situation);
        done.edited(situation);
        done.outcome.failed.extend(not_done(reviews, &scope));
        note(context, forge, head, manifest, &situation.noted, &mut done).await;
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

/// Notes in the ledger what was seen. If that fails, proposals go on: versions seen for the first time then only wait
/// longer.
async fn note(context: &Context, forge: &dyn Forge, head: &Head, manifest: &Manifest, noted: &Noted, done: &mut Done) {
    let prefix = &manifest.proposals.branch_prefix;
    if let Some(Err(e)) = &noted.reading {
        return done.outcome.failed.push(on_branch(&ledger::branch(prefix), None, &unreadable(e)));
    }
    let place = Place { forge, prefix, manifest: manifest.path(), trust: Trust::Ours };
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
    /// Branches that moved in the meantime: they are decided again.
    moved: Vec<String>,
    /// Branches that needed a write in this round.
    written: usize,
    /// Which of them the forge refused with this credential.
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
        self.outcome.first = first_run(manifest, situation);
        self.outcome.notices = notice_rows(manifest, &notices(manifest, &situation.candidates));
        // what failed in an earlier round is tried again in this one
        self.outcome.failed = failed(situation);
    }

    /// Bodies that others edited, each reported once although it is rewritten.
    fn edited(&mut self, situation: &Situation) {
        for open in situation.open.iter().chain(&situation.others) {
            let finding = open.edited_by.as_ref().map(|who| rows::Finding {
                code: "body-edited",
                repository: None,
                tag: None,
                expected: format!("on {}, the body that Wharfinger wrote", open.branch),
                found: format!("{}, last edited by {}", open.url, excerpt(who, 100)),
            });
            let known = |finding: &rows::Finding| self.outcome.drift.iter().any(|before| before.found == finding.found);
            if let Some(finding) = finding.filter(|finding| !known(finding)) {
                self.outcome.drift.push(finding);
            }
        }
    }

    /// Remembers what happened to a proposal; if its content is known, versions that its title does not name are added.
    fn wanted_row(&mut self, mut row: rows::Proposed, wanted: Option<&Wanted>) {
        let items = wanted.map(|wanted| wanted.items.as_slice()).unwrap_or_default();
        let versions: Vec<String> = items
            .iter()
            .filter_map(|item| Some(format!("{}:{}", item.entry.repository, item.entry.to.as_ref()?)))
            .filter(|version| version.rsplit_once(':').is_none_or(|(_, tag)| !row.title.contains(tag)))
            .collect();
        if !versions.is_empty() {
            row.title = format!("{} ({})", row.title, some(&versions));
        }
        self.row(row);
    }

    /// Remembers what happened to a branch; what an earlier round did counts more than there being nothing left to do.
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
                "moved during each of {TRIES} attempts, or contains commits that are not ours: delete it or run again"
            );
            self.outcome.failed.push(on_branch(&branch, None, &error));
        }
    }

    /// If every write was refused, the credential can do nothing and no work was possible.
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

/// One look at the forge, and the resulting actions.
struct Round<'a> {
    context: &'a Context,
    forge: &'a dyn Forge,
    reader: &'a ProposalReader<'a>,
    head: &'a Head,
    manifest: &'a Manifest,
    situation: &'a Situation,
    reviews: &'a Reviews,
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
                done.wanted_row(self.publish(wanted, open).await?, Some(wanted));
            }
            (Action::Unchanged, Some(wanted), Some(open)) if open.edited_by.is_some() => {
                let evidence = self.reader.evidence(self.manifest, wanted, &self.situation.checked).await;
                let unreviewed = also_covered(self.reviews, Some(wanted));
                let (head, manifest) = (self.head, self.manifest);
                let publication = Publication { head, manifest, wanted, evidence: &evidence, unreviewed: &unreviewed };
                done.row(rewrite(self.context, self.forge, &publication, open).await?);
            }
            (Action::Unchanged, _, Some(open)) => {
                done.wanted_row(row(open, rows::ProposedAction::Unchanged, None), wanted);
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

    async fn publish(&self, wanted: &Wanted, open: Option<&OpenProposal>) -> Result<rows::Proposed, PublishError> {
        let evidence = self.reader.evidence(self.manifest, wanted, &self.situation.checked).await;
        let unreviewed = also_covered(self.reviews, Some(wanted));
        let (head, manifest) = (self.head, self.manifest);
        let publication = Publication { head, manifest, wanted, evidence: &evidence, unreviewed: &unreviewed };
        publish(self.context, self.forge, &publication, open).await
    }
}

/// What the readers of a proposal that a person took over are told, and the mark that makes sure it is told once.
fn taken(open: &OpenProposal) -> (&'static str, String) {
    let alone = "so Wharfinger leaves it alone from now on: it is neither moved to newer versions nor closed";
    match &open.elsewhere {
        Some(base) if !open.touched => (
            ELSEWHERE,
            format!(
                "Somebody changed the base branch to {}, {alone}. Change it back to the default branch, or close \
                 this and delete the branch to have it proposed again.",
                code(base, 200)
            ),
        ),
        _ => (
            TOUCHED,
            format!(
                "Somebody committed to this branch, {alone}. Close this and delete the branch to have it proposed again."
            ),
        ),
    }
}

/// The first of some names, and how many more there are.
fn some(names: &[String]) -> String {
    const SHOWN: usize = 5;
    let shown = names[..names.len().min(SHOWN)].join(", ");
    if names.len() > SHOWN { format!("{shown} and {} more", names.len() - SHOWN) } else { shown }
}
