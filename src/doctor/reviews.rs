//! What keeps approvals honest on GitHub, if a manifest or `min-approvals` requires reviews: the default branch, the
//! most recent push, the workflows' files, and the owner of the token.

use super::check::{Area, Check, PROMOTE};
use super::facts::{About, GitHubFacts, ReviewFact, RuleFact, TokenKind};
use crate::manifest::glob;

/// A workflow's file, for matching the patterns of code owners.
const WORKFLOW: &str = ".github/workflows/wharfinger.yml";

/// What the rules for the default branch say: the visible ones, and whether there are others.
struct Shown<'a> {
    rules: &'a [RuleFact],
    /// The branch is also protected in a way that only administrators can see.
    hidden: bool,
}

pub(super) fn judge(github: &GitHubFacts, kind: TokenKind, about: &About) -> Vec<Check> {
    if github.approvals == 0 {
        return Vec::new();
    }
    let branch = &about.default_branch;
    let subjects = [format!("reviews on {branch}"), format!("most recent push to {branch}"), WORKFLOWS.to_owned()];
    let mut checks = match github.default_rules.as_ref() {
        Some(Ok(rules)) => {
            let shown = Shown { rules, hidden: matches!(github.protected, Some(Ok(true) | Err(_))) };
            let [reviews, push, workflows] = subjects;
            vec![reviewed(github, &shown, reviews), last_push(github, &shown, push), owned(github, &shown, workflows)]
        }
        Some(Err(fault)) => subjects.map(|subject| Check::failed(Area::Github, subject, fault)).into(),
        None => Vec::new(),
    };
    checks.extend(unnamed(kind));
    checks.into_iter().map(|check| check.needed_for(&[PROMOTE])).collect()
}

const WORKFLOWS: &str = ".github/workflows";

impl Shown<'_> {
    fn reviews(&self) -> impl Iterator<Item = ReviewFact> {
        self.rules.iter().filter_map(|rule| rule.review)
    }

    /// The check for a rule that is not among the visible ones: missing, or unknown if more rules are hidden.
    fn lacking(&self, subject: String, missing: String, how: String) -> Check {
        let check = match self.hidden {
            false => Check::missing(Area::Github, subject, missing),
            true => Check::unknown(
                Area::Github,
                subject,
                "the branch is protected, but GitHub shows the details only to administrators; a ruleset is visible to everybody",
            ),
        };
        check.fix(how)
    }
}

fn page(github: &GitHubFacts) -> String {
    format!("{}/{}/settings/rules", github.server, github.repository.as_deref().unwrap_or_default())
}

fn reviewed(github: &GitHubFacts, shown: &Shown<'_>, subject: String) -> Check {
    match shown.reviews().map(|review| review.approvals).max() {
        Some(0) | None => shown.lacking(
            subject,
            "the branch accepts commits that nobody approved".to_owned(),
            format!("{}: add a ruleset for the default branch, Require a pull request before merging", page(github)),
        ),
        Some(approvals) => {
            Check::ok(Area::Github, subject, format!("changes need a pull request with {approvals} approving"))
        }
    }
}

fn last_push(github: &GitHubFacts, shown: &Shown<'_>, subject: String) -> Check {
    if shown.reviews().any(|review| review.last_push) {
        return Check::ok(Area::Github, subject, "somebody other than the last pusher must approve it");
    }
    shown.lacking(
        subject,
        "the last pusher may approve what others pushed before, and merge it".to_owned(),
        format!("{}: Require approval of the most recent reviewable push", page(github)),
    )
}

/// Anyone who can change a workflow unreviewed can remove `min-approvals` from it, or write with its token.
fn owned(github: &GitHubFacts, shown: &Shown<'_>, subject: String) -> Check {
    if shown.rules.iter().any(|rule| rule.files.iter().any(|pattern| covers(pattern))) {
        return Check::ok(Area::Github, subject, "a ruleset restricts who may push files there");
    }
    let how = format!(
        "list the owners of {WORKFLOWS}/ in .github/CODEOWNERS, and in {} Require review from Code Owners; or add a \
         push ruleset that restricts file paths",
        page(github)
    );
    let owners = match &github.owners {
        Some(Ok(text)) => text.as_deref().and_then(owners),
        Some(Err(fault)) => return Check::failed(Area::Github, subject, fault).fix(how),
        None => return Check::unknown(Area::Github, subject, "not checked").fix(how),
    };
    let Some(owners) = owners else {
        let found = "anyone with write access can change them alone, including their `min-approvals`: no line of CODEOWNERS names their owners";
        return Check::missing(Area::Github, subject, found).fix(how);
    };
    if shown.reviews().any(|review| review.code_owners) {
        return Check::ok(Area::Github, subject, format!("a change needs the review of {owners}"));
    }
    let found = format!("CODEOWNERS names {owners}, but their review is not required");
    shown.lacking(subject, found, how)
}

/// Whether a pattern of code owners, or of a push ruleset, matches the workflows' files.
fn covers(pattern: &str) -> bool {
    let anchored = pattern.trim_end_matches('/').contains('/');
    let path = pattern.trim_start_matches('/');
    let path = if path.ends_with('/') { format!("{path}**") } else { path.to_owned() };
    let path = if anchored { path } else { format!("**/{path}") };
    // The name of a directory stands for everything below it.
    let below = if path.ends_with('*') { None } else { Some(format!("{path}/**")) };
    std::iter::once(path).chain(below).filter_map(|text| glob(&text)).any(|glob| glob.is_match(WORKFLOW))
}

/// The owners of the workflows' files, from the last line that matches them.
fn owners(text: &str) -> Option<String> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().split_whitespace());
    let mut found = None;
    for mut words in lines {
        if words.next().is_some_and(covers) {
            found = Some(words.collect::<Vec<_>>().join(" ")).filter(|owners| !owners.is_empty());
        }
    }
    found.map(|owners| crate::text::excerpt(&owners, 200))
}

/// `github-actions[bot]` is any workflow of the repository.
fn unnamed(kind: TokenKind) -> Option<Check> {
    let subject = "who else writes as this account";
    match kind {
        TokenKind::Job => Some(
            Check::unknown(
                Area::Github,
                subject,
                "github-actions[bot] is shared by all workflows of the repository: anyone who can run one with \
                 `contents: write` can write anonymously",
            )
            .fix("use an App's token, with its key in an environment that only the default branch may use"),
        ),
        TokenKind::App => Some(Check::ok(Area::Github, subject, "only those who have the App's key")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn the_last_line_that_meets_the_workflows_names_their_owners() {
        for (text, found) in [
            ("/.github/workflows/ @acme/platform", Some("@acme/platform")),
            (".github/ @a @b # all of it", Some("@a @b")),
            ("* @a", Some("@a")),
            ("*.yml @a", Some("@a")),
            ("/.github/** @a", Some("@a")),
            ("/.github/workflows @a", Some("@a")),
            ("workflows/ @a", Some("@a")),
            (".github/workflows/*.yml @a", Some("@a")),
            ("* @a\n/.github/workflows/", None),
            ("/.github/* @a", None),
            ("/workflows/ @a", None),
            ("/src/ @a\n# * @b", None),
            ("", None),
        ] {
            assert_eq!(owners(text).as_deref(), found, "{text}");
        }
    }
}
