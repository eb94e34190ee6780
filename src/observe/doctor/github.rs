//! What GitHub lets the token do: reads, and the query for whose token it is.

use std::collections::BTreeSet;

use super::inspection::Inspection;
use super::run::Run;
use crate::doctor::facts::{About, Answer, Fault, GitHubFacts, ReviewFact, RuleFact, TokenKind};
use crate::forge::github::GitHub;
use crate::forge::github::access::{Readable, ReviewRule, Rule};
use crate::forge::{Activity as _, Contents as _, Error, JOB_LOGIN, Told};
use crate::{ledger, manifest};

/// Asks GitHub, if it answered the first request.
pub(super) async fn ask_github(inspection: &Inspection<'_>, reached: bool) -> GitHubFacts {
    let run = inspection.run;
    let proposals = inspection.manifest.map(|manifest| manifest.proposals.clone()).unwrap_or_default();
    let mut facts = GitHubFacts {
        elsewhere: run.elsewhere,
        in_actions: run.in_actions,
        repository: run.repository.clone(),
        server: run.server.clone(),
        token: run.token,
        commits_alone: run.commits_alone,
        labels: !proposals.labels.is_empty()
            || inspection.manifest.is_some_and(|manifest| manifest.images.iter().any(|image| !image.labels.is_empty())),
        prefix: proposals.branch_prefix.clone(),
        approvals: inspection.manifest.map_or(0, |manifest| manifest.policy.approvals).max(run.min_approvals),
        ..GitHubFacts::default()
    };
    let Some(github) = inspection.github.filter(|_| reached && !run.elsewhere) else { return facts };
    let holder = match github.holder().await {
        Ok(holder) => holder,
        Err(error) => {
            facts.login = Some(Err(fault(&error)));
            return facts;
        }
    };
    facts.token = Some(kind(run.token.unwrap_or(TokenKind::Other), holder.installation, &holder.login));
    facts.login = Some(Ok(holder.login));
    facts.scopes = holder.scopes;
    let about = github.about(holder.installation).await;
    let about = about.map(|a| About { default_branch: a.default_branch, private: a.private, push: a.push });
    facts.about = Some(answered(about));
    let Some(Ok(about)) = facts.about.clone() else { return facts };
    access(github, run, &about, &mut facts).await;
    rules(github, &proposals, inspection.manifest, &about, &mut facts).await;
    if facts.approvals > 0 {
        facts.owners = Some(answered(owners(github).await));
    }
    facts
}

/// An installation's token is the job's own or an App's: its account tells which.
fn kind(looks: TokenKind, installation: bool, login: &str) -> TokenKind {
    match (installation, looks) {
        (true, _) if matches!(login, "github-actions" | JOB_LOGIN) => TokenKind::Job,
        (true, _) => TokenKind::App,
        (false, looks) => looks,
    }
}

async fn access(github: &GitHub, run: &Run, about: &About, facts: &mut GitHubFacts) {
    let branch = about.default_branch.as_str();
    let all = [
        ("contents", Readable::Contents),
        ("pull-requests", Readable::PullRequests),
        ("issues", Readable::Issues),
        ("statuses", Readable::Statuses),
    ];
    for (name, what) in all {
        let read = answered(github.may_read(what, branch).await);
        if what == Readable::Contents {
            facts.protected = Some(read.clone().map(|protected| protected == Some(true)));
        }
        facts.reads.push((name, read.map(drop)));
    }
    facts.activity = Some(match github.movements(branch).await {
        Ok(Told::Movements(_)) => Ok(()),
        Ok(Told::Nothing(why)) => Err(Fault::Refused(why)),
        Err(error) => Err(fault(&error)),
    });
    if facts.token == Some(TokenKind::Job) {
        facts.given = Some(super::workflow::given(github, run).await);
        facts.may_open = Some(answered(github.actions_may_open().await));
    }
}

/// The rules of the default branch, and those of a few branches like the ones this program makes.
async fn rules(
    github: &GitHub,
    proposals: &manifest::Proposals,
    manifest: Option<&manifest::Manifest>,
    about: &About,
    facts: &mut GitHubFacts,
) {
    facts.default_rules = Some(answered(github.rules_found(&about.default_branch).await).map(found));
    if let (Some(Ok(rules)), Some(Ok(true))) = (&mut facts.default_rules, &facts.protected) {
        // Rulesets protect too: classic protection, as far as it is shown, is added to them.
        match github.protection_found(&about.default_branch).await {
            Ok(Some(shown)) => {
                rules.extend(found(shown));
                facts.protected = Some(Ok(false));
            }
            Ok(None) => {}
            Err(error) => facts.protected = Some(Err(fault(&error))),
        }
    }
    let shared = &proposals.branch_prefix;
    let prefix = manifest.map_or_else(|| shared.clone(), manifest::Manifest::prefix);
    let slug =
        manifest.and_then(|manifest| manifest.images.first()).map_or_else(|| "image".to_owned(), manifest::Image::slug);
    let ours = [format!("{prefix}image/{slug}/latest"), format!("{prefix}record"), ledger::branch(shared)];
    let mut all = BTreeSet::new();
    for branch in ours {
        match answered(github.rules_found(&branch).await).map(found) {
            Ok(rules) => all.extend(rules),
            Err(fault) => {
                facts.our_rules = Some(Err(fault));
                return;
            }
        }
    }
    facts.our_rules = Some(Ok(all.into_iter().collect()));
}

/// The text of the first CODEOWNERS on the default branch, in GitHub's search order.
async fn owners(github: &GitHub) -> Result<Option<String>, Error> {
    let head = github.head().await?;
    for path in [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"] {
        if let Some(text) = github.read(&head.commit, path).await? {
            return Ok(Some(text));
        }
    }
    Ok(None)
}

fn found(rules: Vec<Rule>) -> Vec<RuleFact> {
    let review = |review: ReviewRule| ReviewFact {
        approvals: review.approvals,
        last_push: review.last_push,
        code_owners: review.code_owners,
    };
    let fact =
        |rule: Rule| RuleFact { kind: rule.kind, text: rule.words, review: rule.review.map(review), files: rule.files };
    rules.into_iter().map(fact).collect()
}

fn answered<T>(answer: Result<T, Error>) -> Answer<T> {
    answer.map_err(|error| fault(&error))
}

fn fault(error: &Error) -> Fault {
    match error {
        Error::Refused { .. } => Fault::Refused(error.to_string()),
        _ => Fault::Failed(error.to_string()),
    }
}
