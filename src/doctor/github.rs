//! What GitHub permits the token.

use super::check::{Area, CHECK, Check, PROMOTE, PROPOSE, Status};
use super::credential::token;
use super::facts::{About, Answer, Fault, GitHubFacts, RuleFact, TokenKind};
use super::reviews;

/// The permissions needed on the repository: each one's name, and the commands that need it.
const NEEDED: [(&str, &[&str]); 4] = [
    ("contents", &[PROPOSE, PROMOTE]),
    ("pull-requests", &[PROPOSE, PROMOTE]),
    ("issues", &[PROPOSE]),
    ("statuses", &[PROPOSE]),
];

pub(super) fn judge(github: &GitHubFacts) -> Vec<Check> {
    if github.elsewhere {
        return Vec::new();
    }
    let Some(kind) = github.token.filter(|_| github.repository.is_some()) else { return vec![none(github)] };
    let mut checks = vec![credential(github, kind)];
    let Some(Ok(_)) = &github.login else { return checks };
    checks.push(repository(github, kind));
    let Some(Ok(about)) = &github.about else { return checks };
    checks.extend(NEEDED.iter().filter_map(|(name, needed)| permission(github, kind, about, name, needed)));
    checks.extend(activity(github));
    checks.extend(opening(github, kind));
    checks.extend(default_branch(github, kind, about));
    checks.extend(own_branches(github));
    checks.extend(reviews::judge(github, kind, about));
    checks
}

fn none(github: &GitHubFacts) -> Check {
    let (found, how) = match (&github.token, &github.repository) {
        (None, _) if github.in_actions => {
            ("no token", "set the action's input github-token; it defaults to the job's own token")
        }
        (None, _) => (
            "no token",
            "set GITHUB_TOKEN and GITHUB_REPOSITORY (owner/name), or use --forge git for branches of the local clone",
        ),
        (Some(_), _) => ("a token, but no repository", "set GITHUB_REPOSITORY to owner/name"),
    };
    Check::missing(Area::Github, "credential", found).needed_for(&[PROPOSE, PROMOTE]).fix(how)
}

fn credential(github: &GitHubFacts, kind: TokenKind) -> Check {
    let what = token(kind);
    let check = match &github.login {
        Some(Ok(login)) => {
            let scopes = github.scopes.as_ref().map(|scopes| match scopes.as_slice() {
                [] => ", without any scopes".to_owned(),
                scopes => format!(", with the scopes {}", scopes.join(", ")),
            });
            Check::ok(Area::Github, "credential", format!("{login}: {what}{}", scopes.unwrap_or_default()))
        }
        Some(Err(fault)) => Check::failed(Area::Github, "credential", fault).fix(format!(
            "wrong token? {what} is not accepted: it has expired, or belongs to a GitHub other than {}; create a new one ({})",
            github.server,
            page_of(kind)
        )),
        None => Check::unknown(Area::Github, "credential", format!("{what}; not tried")),
    };
    check.needed_for(&[PROPOSE, CHECK, PROMOTE])
}

/// The page where a token's permissions are set.
fn page_of(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::Job => "the workflow's `permissions:` line",
        TokenKind::App | TokenKind::Installation => {
            "the App's page, Permissions & events, Repository permissions; then an owner accepts the change where it is installed"
        }
        TokenKind::Classic => "GitHub, Settings, Developer settings, Personal access tokens, Tokens (classic)",
        TokenKind::FineGrained | TokenKind::OfUser | TokenKind::Other => {
            "GitHub, Settings, Developer settings, Personal access tokens, Fine-grained tokens"
        }
    }
}

/// How to set a permission there.
fn fix(kind: TokenKind, permission: &str, level: &str) -> String {
    match kind {
        TokenKind::Job => format!("the workflow's `permissions:` line: `{permission}: {level}`"),
        TokenKind::Classic => format!("{}: the scope `repo`", page_of(kind)),
        _ => {
            let name = match permission {
                "contents" => "Contents",
                "pull-requests" => "Pull requests",
                "issues" => "Issues",
                _ => "Commit statuses",
            };
            let level = if level == "write" { "Read and write" } else { "Read-only" };
            format!("{}: {name}, {level}", page_of(kind))
        }
    }
}

fn repository(github: &GitHubFacts, kind: TokenKind) -> Check {
    let name = github.repository.as_deref().unwrap_or_default();
    let check = match &github.about {
        Some(Ok(about)) => {
            let visibility = if about.private { "private" } else { "public" };
            Check::ok(
                Area::Github,
                "repository",
                format!("{name}, {visibility}, default branch {}", about.default_branch),
            )
        }
        Some(Err(fault)) => Check::failed(Area::Github, "repository", fault)
            .fix(format!("GITHUB_REPOSITORY is {name}; if that is right, {}", fix(kind, "contents", "read"))),
        None => Check::unknown(Area::Github, "repository", "not checked"),
    };
    check.needed_for(&[PROPOSE, CHECK, PROMOTE])
}

/// One permission: reading is tried; writing is derived from the workflow's file, a classic token's scopes or the
/// user's role.
fn permission(
    github: &GitHubFacts,
    kind: TokenKind,
    about: &About,
    name: &str,
    needed: &[&'static str],
) -> Option<Check> {
    // Statuses stand in for the workflows that a job's own token does not start; issues are needed for labels only.
    if name == "statuses" && !matches!(kind, TokenKind::Job | TokenKind::Installation)
        || name == "issues" && !github.labels
    {
        return None;
    }
    let subject = format!("{name}: write");
    let how = fix(kind, name, "write");
    let (status, found) = written(github, kind, about, name);
    let check = match status {
        Status::Ok => Check::ok(Area::Github, subject, found),
        Status::Missing => Check::missing(Area::Github, subject, found).fix(how),
        Status::Unknown => Check::unknown(Area::Github, subject, found).fix(format!("{how}, if a command is refused")),
    };
    Some(check.needed_for(needed))
}

fn written(github: &GitHubFacts, kind: TokenKind, about: &About, name: &str) -> (Status, String) {
    let read = github.reads.iter().find(|(permission, _)| *permission == name).map(|(_, answer)| answer);
    if let Some(Err(Fault::Refused(why))) = read {
        return (Status::Missing, format!("it cannot even be read: {why}"));
    }
    if about.push == Some(false) {
        return (Status::Missing, "the account has no write access to the repository".to_owned());
    }
    if let (TokenKind::Classic, Some(scopes)) = (kind, &github.scopes) {
        let does = scopes.iter().any(|scope| scope == "repo" || scope == "public_repo" && !about.private);
        return match does {
            true => (Status::Ok, "the account has write access, and the token has the scope for it".to_owned()),
            false => (Status::Missing, "the token lacks the scope `repo`".to_owned()),
        };
    }
    match &github.given {
        Some(Ok(given)) => match &given.permissions {
            Some(permissions) => match permissions.get(name).map(String::as_str) {
                Some("write") => (Status::Ok, format!("{} grants it to this job", given.file)),
                Some(level) => (Status::Missing, format!("{} grants this job `{name}: {level}`", given.file)),
                None => (Status::Missing, format!("{} lists permissions for this job, but not {name}", given.file)),
            },
            None => (
                Status::Unknown,
                format!(
                    "{} does not set permissions, so the repository's default (Settings, Actions, General) applies",
                    given.file
                ),
            ),
        },
        Some(Err(why)) => (Status::Unknown, format!("the workflow file says it, but {why}")),
        None => {
            let may_read = if matches!(read, Some(Ok(()))) { "it can be read, but " } else { "" };
            (Status::Unknown, format!("{may_read}only writing shows whether it can be written"))
        }
    }
}

/// Who moved branches: if that is not shown, only verified signatures tell who wrote a commit.
fn activity(github: &GitHubFacts) -> Option<Check> {
    let subject = "who moved branches";
    let check = match github.activity.as_ref()? {
        Ok(()) => Check::ok(Area::Github, subject, "the repository's activity shows it"),
        Err(Fault::Refused(why) | Fault::Failed(why)) => Check::unknown(Area::Github, subject, why).fix(
            "without it, an approval is `unreviewed` under `policy.approvals` unless verified signatures show who \
             wrote it, and likewise the ledger's clocks start again",
        ),
    };
    Some(check.needed_for(&[PROPOSE, CHECK, PROMOTE]))
}

/// "Allow GitHub Actions to create and approve pull requests": only checked for a job's own token.
fn opening(github: &GitHubFacts, kind: TokenKind) -> Option<Check> {
    if !matches!(kind, TokenKind::Job | TokenKind::Installation) {
        return None;
    }
    let page = format!(
        "{}/{}/settings/actions, Workflow permissions: Allow GitHub Actions to create and approve pull requests (an organization or \
         enterprise can forbid it), or use an App's token",
        github.server,
        github.repository.as_deref().unwrap_or_default()
    );
    let subject = "Actions may create pull requests";
    let check = match github.may_open.as_ref()? {
        Ok(true) => Check::ok(Area::Github, subject, "it is on"),
        Ok(false) => Check::missing(Area::Github, subject, "it is off").fix(page),
        // No command needs the permission to read this setting.
        Err(Fault::Refused(_)) => {
            Check::unknown(Area::Github, subject, "GitHub shows that setting only to administrators").fix(page)
        }
        Err(fault) => Check::failed(Area::Github, subject, fault),
    };
    Some(check.needed_for(&[PROPOSE, PROMOTE]))
}

/// Rules that keep a record's commit off a branch. Signatures are not among them: GitHub signs these commits.
const REFUSES_COMMITS: [&str; 8] = [
    "update",
    "pull_request",
    "merge_queue",
    "required_status_checks",
    "required_deployments",
    "workflows",
    "code_scanning",
    "file_path_restriction",
];
/// Rules that require a form that the manifest may already comply with.
const ASKS_FOR_A_FORM: [&str; 4] =
    ["commit_message_pattern", "commit_author_email_pattern", "committer_email_pattern", "branch_name_pattern"];
/// Rules that keep this program from creating, moving and deleting its own branches.
const REFUSES_BRANCHES: [&str; 4] = ["creation", "update", "deletion", "non_fast_forward"];

fn default_branch(github: &GitHubFacts, kind: TokenKind, about: &About) -> Option<Check> {
    let subject = format!("records on {}", about.default_branch);
    let rules = github.default_rules.as_ref()?;
    let check = match rules {
        Ok(rules) if !refusing(rules, &REFUSES_COMMITS).is_empty() => recorded(github, kind, &subject, rules),
        Ok(rules) => match (asked(rules), &github.protected) {
            (Some(form), _) => {
                Check::unknown(Area::Github, subject, format!("the branch requires a certain form: {form}"))
            }
            (None, Some(Ok(true))) => Check::unknown(
                Area::Github,
                subject,
                "the branch is protected, but GitHub shows the details only to administrators",
            )
            .fix(format!(
                "{}/{}/settings/branches: let the token's account bypass it, or promote records by pull request",
                github.server,
                github.repository.as_deref().unwrap_or_default()
            )),
            (None, Some(Err(fault))) => Check::failed(Area::Github, subject, fault),
            (None, _) => {
                Check::ok(Area::Github, subject, "no rule or protection keeps promote from committing digests")
            }
        },
        Err(fault) => Check::failed(Area::Github, subject, fault),
    };
    Some(check.needed_for(&[PROMOTE]))
}

/// A branch that refuses commits: records are made by pull request, unless only commits were asked for.
fn recorded(github: &GitHubFacts, kind: TokenKind, subject: &str, rules: &[RuleFact]) -> Check {
    let texts = refusing(rules, &REFUSES_COMMITS).join("; ");
    let job = kind == TokenKind::Job;
    let bypass =
        if job { "a job's own token cannot bypass it" } else { "unless the token's App or account bypasses it" };
    match (github.commits_alone, job) {
        (true, true) => Check::missing(Area::Github, subject, format!("commits are refused, {bypass}: {texts}")).fix(
            "set `record: auto` or `record: pull-request`, or use the token of an App that may bypass the ruleset",
        ),
        (true, false) => Check::unknown(Area::Github, subject, format!("commits are refused, {bypass}: {texts}"))
            .fix("let the App bypass the ruleset, or set `record: auto`"),
        (false, _) => Check::ok(
            Area::Github,
            subject,
            format!("commits are refused, {bypass}; promote then records by one pull request: {texts}"),
        ),
    }
}

fn refusing(rules: &[RuleFact], kinds: &[&str]) -> Vec<String> {
    rules.iter().filter(|rule| kinds.contains(&rule.kind.as_str())).map(|rule| rule.text.clone()).collect()
}

fn asked(rules: &[RuleFact]) -> Option<String> {
    let all = refusing(rules, &ASKS_FOR_A_FORM);
    (!all.is_empty()).then(|| all.join("; "))
}

fn own_branches(github: &GitHubFacts) -> Option<Check> {
    let rules: &Answer<Vec<RuleFact>> = github.our_rules.as_ref()?;
    let subject = format!("branches {}*", github.prefix);
    let check = match rules {
        Ok(rules) => {
            let kinds: Vec<&str> = REFUSES_BRANCHES.iter().chain(&REFUSES_COMMITS).copied().collect();
            let refused = refusing(rules, &kinds);
            match (refused.is_empty(), asked(rules)) {
                (false, _) => Check::missing(Area::Github, subject, refused.join("; ")).fix(
                    "exclude these branches from the rulesets, or let the App that this token belongs to bypass them",
                ),
                (true, Some(form)) => {
                    Check::unknown(Area::Github, subject, format!("rulesets require a certain form: {form}"))
                }
                (true, None) => {
                    Check::ok(Area::Github, subject, "no rule keeps them from being created, moved or deleted")
                }
            }
        }
        Err(fault) => Check::failed(Area::Github, subject, fault),
    };
    Some(check.needed_for(&[PROPOSE, PROMOTE]))
}
