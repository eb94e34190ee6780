//! Proposals that conflict with what was merged are recreated on the new head, with the same changes.

use std::sync::atomic::Ordering;

use std::collections::BTreeMap;

use super::planned::on_branch;
use super::publish::{publish, row};
use super::reader::{proposal_reader, signing_keys, vulnerability_reader};
use super::unreviewed::{also_covered, reviews, unreviewed};
use super::{Context, Exit, Stop, TRIES, load, promote};
use crate::apply::propose::{Publication, PublishError};
use crate::forge::{Error, Forge, Head, with_rules};
use crate::markdown::code;
use crate::observe::ledger::Trust;
use crate::observe::reviews::Reviews;
use crate::observe::siblings::{Conflicting, Siblings, read_dismissed, read_siblings};
use crate::progress::Group;
use crate::proposal::Conditions;
use crate::proposal::anew::{Anew, anew};
use crate::proposal::unsigned::unsigned;
use crate::report::{Output, rows};

/// Runs it. What does not conflict is not touched, so that running it again does nothing.
///
/// # Errors
/// Why it could not work: no forge, an unusable manifest, a refused credential.
pub(super) async fn run(context: &Context, output: &mut Output) -> Result<Exit, Stop> {
    let forge = context.forge()?.as_ref();
    if forge.accounts().is_none() || !context.may_have_proposals.load(Ordering::Relaxed) {
        return Ok(Exit::Done);
    }
    let _phase = Group::begin("Looking for proposals that conflict with what was merged");
    let mut outcome = rows::Outcome::default();
    for attempt in 1..=TRIES {
        let (head, manifest) = load::at_head(context).await?;
        let Siblings { conflicting, others } = read_siblings(forge, &head, &manifest).await?;
        others.iter().for_each(|open| keep(&mut outcome, row(open, rows::ProposedAction::Unchanged, None)));
        if conflicting.is_empty() {
            break;
        }
        let reviews = &*reviews(context, Some(&head), &manifest).await;
        let round = Round { context, forge, head: &head, reviews, conditions: conditions(context, reviews)? };
        if !round.remake_all(&conflicting, attempt == TRIES, &mut outcome).await {
            break;
        }
    }
    outcome.changed = outcome.proposals.iter().any(|row| row.action == rows::ProposedAction::Updated);
    let clean = outcome.failed.is_empty();
    output.outcome(outcome);
    Ok(if clean { Exit::Done } else { Exit::Findings })
}

/// What decides, besides upstream, whether a change is still needed.
fn conditions(context: &Context, reviews: &Reviews) -> Result<Conditions, Stop> {
    let scope = promote::scope(context, &reviews.binding.manifest, &[])?;
    let unreviewed = unreviewed(context, reviews, &scope).wanted;
    Ok(Conditions { today: context.now.date_naive(), unreviewed, ..Conditions::default() })
}

/// Remembers what happened to a branch; having moved it in an earlier try counts more than there being nothing left to
/// do.
fn keep(outcome: &mut rows::Outcome, row: rows::Proposed) {
    if outcome.proposals.iter().all(|known| known.branch != row.branch) {
        outcome.proposals.push(row);
    }
}

/// One look at the default branch, on which proposals are recreated.
struct Round<'a> {
    context: &'a Context,
    forge: &'a dyn Forge,
    head: &'a Head,
    reviews: &'a Reviews,
    conditions: Conditions,
}

impl Round<'_> {
    /// Recreates all of these. Returns whether a branch moved in the meantime, so that they have to be checked again;
    /// in the last round that is a failure.
    async fn remake_all(&self, conflicting: &[Conflicting], last: bool, outcome: &mut rows::Outcome) -> bool {
        let mut moved = false;
        for sibling in conflicting {
            match self.remake(sibling).await {
                Ok(row) => keep(outcome, row),
                Err(PublishError::Forge(Error::Moved { .. })) if !last => moved = true,
                Err(error) => {
                    let error = match error {
                        PublishError::Forge(error) => with_rules(self.forge, error).await.into(),
                        error @ PublishError::Edit(_) => error,
                    };
                    outcome.failed.push(on_branch(&sibling.open.branch, None, &error));
                }
            }
        }
        moved
    }

    /// Recreates one proposal, with its evidence. Those who approved it before are told if their approval is dismissed.
    async fn remake(&self, Conflicting { open, made, held }: &Conflicting) -> Result<rows::Proposed, PublishError> {
        let Self { context, forge, head, reviews, ref conditions } = *self;
        let left = |why: &str| {
            let why = format!("it conflicts with {}; {why}", head.branch);
            tracing::info!("{} is left alone: {why}", open.branch);
            Ok(row(open, rows::ProposedAction::Left, Some(&why)))
        };
        let Some(Anew { manifest, wanted }) = anew(&reviews.binding.manifest, held, &open.branch, made, conditions)
        else {
            return left(
                "its changes are already made or no longer wanted, so the next scheduled run decides about it",
            );
        };
        if wanted.items.iter().any(|item| reviews.binding.is_barred(&manifest.images[item.image])) {
            return left("`sources` no longer allows its source");
        }
        if context.settings.dry_run {
            return left("this dry run does not recreate it");
        }
        let dismissed = match forge.accounts() {
            Some(accounts) => {
                let who = read_dismissed(forge, manifest.path(), &head.branch, open).await?;
                who.map(|who| (accounts, who))
            }
            None => None,
        };
        let mut reader = proposal_reader(context, Some(forge), Trust::Ours);
        reader.keys = signing_keys(context, Some(head), Some(reviews), &manifest).await;
        reader.vulnerabilities = vulnerability_reader(context, Some(head), Some(reviews), &manifest);
        let evidence = reader.evidence(&manifest, &wanted, &BTreeMap::new()).await;
        if let Some(why) = evidence.iter().find_map(|found| unsigned(found.makers.as_ref()?)) {
            return left(&format!("what it brings is unsigned: {why}"));
        }
        let unreviewed = also_covered(reviews, Some(&wanted));
        let publication =
            Publication { head, manifest: &manifest, wanted: &wanted, evidence: &evidence, unreviewed: &unreviewed };
        let row = publish(context, forge, &publication, Some(open)).await?;
        if let (Some((accounts, who)), Some(number)) = (dismissed, open.number) {
            let mark = format!("<!-- wharfinger-anew: {} -->", open.head.0);
            if let Err(e) = accounts.comment(number, &mark, &to_review_again(&head.branch, &who)).await {
                tracing::warn!("#{number}: {who} could not be told to approve it again: {e}");
            }
        }
        Ok(row)
    }
}

/// What the readers of a proposal are told if the push dismissed an approval.
fn to_review_again(base: &str, who: &str) -> String {
    format!(
        "Another merge conflicted with this proposal, so Wharfinger recreated it on {} with the same changes. A \
         ruleset dismisses approvals when commits are pushed, so {} has to approve it again.",
        code(base, 200),
        code(who, 100)
    )
}
