//! What GitHub lets the token do: reads, and the question whose token it is.

use std::collections::BTreeSet;

use super::Eyes;
use crate::doctor::facts::{About, Fault, GitHubFacts, RuleFact, Said, TokenKind};
use crate::forge::Error;
use crate::forge::github::GitHub;
use crate::forge::github::access::{Readable, Rule};
use crate::{ledger, manifest};

/// What a run was told of GitHub.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// Whether proposals are made elsewhere.
    pub elsewhere: bool,
    /// Whether this is a job of Actions.
    pub in_actions: bool,
    /// `GITHUB_REPOSITORY`.
    pub repository: Option<String>,
    /// `GITHUB_SERVER_URL`.
    pub server: String,
    /// What the token is, by what it begins with.
    pub token: Option<TokenKind>,
    /// `GITHUB_JOB`.
    pub job: Option<String>,
    /// `GITHUB_WORKFLOW_REF`.
    pub workflow_ref: Option<String>,
    /// `GITHUB_WORKFLOW_SHA`.
    pub workflow_sha: Option<String>,
    /// Whether records are made by commits alone.
    pub commits_alone: bool,
}

impl Run {
    /// Notes what the token is.
    #[must_use]
    pub fn with_token(mut self, token: Option<&secrecy::SecretString>) -> Self {
        self.token = token.map(super::token_kind);
        self
    }
}

/// Asks GitHub, where it answered the greeting.
pub(super) async fn look(eyes: &Eyes<'_>, reached: bool) -> GitHubFacts {
    let run = eyes.run;
    let proposals = eyes.manifest.map(|manifest| manifest.proposals.clone()).unwrap_or_default();
    let mut facts = GitHubFacts {
        elsewhere: run.elsewhere,
        in_actions: run.in_actions,
        repository: run.repository.clone(),
        server: run.server.clone(),
        token: run.token,
        commits_alone: run.commits_alone,
        labels: !proposals.labels.is_empty()
            || eyes.manifest.is_some_and(|manifest| manifest.images.iter().any(|image| !image.labels.is_empty())),
        prefix: proposals.branch_prefix.clone(),
        ..GitHubFacts::default()
    };
    let Some(github) = eyes.github.filter(|_| reached && !run.elsewhere) else { return facts };
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
    facts.about = Some(said(about));
    let Some(Ok(about)) = facts.about.clone() else { return facts };
    access(github, run, &about, &mut facts).await;
    rules(github, &proposals, eyes.manifest, &about, &mut facts).await;
    facts
}

/// An installation's token is the job's own or an App's: its account tells which.
fn kind(looks: TokenKind, installation: bool, login: &str) -> TokenKind {
    match (installation, looks) {
        (true, _) if matches!(login, "github-actions" | "github-actions[bot]") => TokenKind::Job,
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
        let read = said(github.may_read(what, branch).await);
        if what == Readable::Contents {
            facts.protected = Some(read.clone().map(|protected| protected == Some(true)));
        }
        facts.reads.push((name, read.map(drop)));
    }
    if facts.token == Some(TokenKind::Job) {
        facts.given = Some(super::workflow::given(github, run).await);
        facts.may_open = Some(said(github.actions_may_open().await));
    }
}

/// The rules of the default branch, and those of a few branches such as this program makes.
async fn rules(
    github: &GitHub,
    proposals: &manifest::Proposals,
    manifest: Option<&manifest::Manifest>,
    about: &About,
    facts: &mut GitHubFacts,
) {
    facts.default_rules = Some(said(github.rules_found(&about.default_branch).await).map(found));
    if let (Some(Ok(rules)), Some(Ok(true))) = (&mut facts.default_rules, &facts.protected) {
        // Rulesets protect too: what is shown of the other kind is added to theirs.
        match github.protection_found(&about.default_branch).await {
            Ok(Some(shown)) => {
                rules.extend(found(shown));
                facts.protected = Some(Ok(false));
            }
            Ok(None) => {}
            Err(error) => facts.protected = Some(Err(fault(&error))),
        }
    }
    let prefix = &proposals.branch_prefix;
    let slug =
        manifest.and_then(|manifest| manifest.images.first()).map_or_else(|| "image".to_owned(), manifest::Image::slug);
    let ours = [format!("{prefix}image/{slug}/latest"), format!("{prefix}record"), ledger::branch(prefix)];
    let mut all = BTreeSet::new();
    for branch in ours {
        match said(github.rules_found(&branch).await).map(found) {
            Ok(rules) => all.extend(rules),
            Err(fault) => {
                facts.our_rules = Some(Err(fault));
                return;
            }
        }
    }
    facts.our_rules = Some(Ok(all.into_iter().collect()));
}

fn found(rules: Vec<Rule>) -> Vec<RuleFact> {
    rules.into_iter().map(|rule| RuleFact { kind: rule.kind, text: rule.words }).collect()
}

fn said<T>(answer: Result<T, Error>) -> Said<T> {
    answer.map_err(|error| fault(&error))
}

fn fault(error: &Error) -> Fault {
    match error {
        Error::Refused { .. } => Fault::Refused(error.to_string()),
        _ => Fault::Failed(error.to_string()),
    }
}
