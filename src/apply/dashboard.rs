//! Keeps one issue as the dashboard of an audit.

use crate::forge::{Error, Issues, OwnIssue};
use crate::policy::audit::dashboard::{Action, Kept, Wish, act};
use crate::report::audit::dashboard::{Draft, LABEL, lasting};
use crate::report::audit::{Issue, IssueAction};

/// Decides what happens to the dashboard and, if `write` is set, does it. `None`: there is none, and none is wanted.
///
/// # Errors
/// If the forge refuses or does not answer; what was done until then is found by the next run.
pub(crate) async fn keep(
    issues: &dyn Issues,
    wish: Wish,
    draft: &Draft<'_>,
    write: bool,
) -> Result<Option<Issue>, Error> {
    let mark = draft.mark();
    let found = issues.own_issues(LABEL, &mark).await?;
    let kept: Vec<Kept> = found.iter().map(kept).collect();
    let first = found.iter().min_by_key(|issue| issue.number);
    // A closed one only knows findings that no longer exist.
    let (title, body) = (draft.title(), draft.body(first.filter(|issue| issue.open).map(|issue| issue.body.as_str())));
    let unchanged = |issue: &OwnIssue| issue_row(Some(issue), IssueAction::Unchanged);
    // One that is closed and stays closed is not a dashboard.
    let mut outcome = first.filter(|issue| issue.open).map(unchanged);
    for action in act(&kept, wish, &title, &lasting(&body)) {
        match action {
            Action::Open if !write => outcome = Some(issue_row(None, IssueAction::Opened)),
            Action::Open => {
                let opened = issues.open_issue(LABEL, &mark, &title, &body).await?;
                outcome = Some(issue_row(Some(&opened), IssueAction::Opened));
            }
            Action::Write { number, open, turns } => {
                let Some(issue) = found.iter().find(|issue| issue.number == number) else { continue };
                let (title, body) = (title.clone(), body.clone());
                if write {
                    issues.write_issue(&OwnIssue { open, title, body, ..issue.clone() }, LABEL).await?;
                }
                outcome = Some(issue_row(Some(issue), turned(open, turns)));
            }
            Action::CloseCopy(number) => {
                let Some(issue) = found.iter().find(|issue| issue.number == number).filter(|_| write) else { continue };
                issues.write_issue(&OwnIssue { open: false, ..issue.clone() }, LABEL).await?;
            }
        }
    }
    Ok(outcome)
}

const fn turned(open: bool, turns: bool) -> IssueAction {
    match (open, turns) {
        (_, false) => IssueAction::Updated,
        (true, true) => IssueAction::Reopened,
        (false, true) => IssueAction::Closed,
    }
}

fn kept(issue: &OwnIssue) -> Kept {
    let OwnIssue { number, open, labelled, title, body, .. } = issue.clone();
    Kept { number, open, labelled, title, body: lasting(&body) }
}

fn issue_row(issue: Option<&OwnIssue>, action: IssueAction) -> Issue {
    Issue { number: issue.map(|i| i.number), url: issue.map(|i| i.url.clone()).unwrap_or_default(), action }
}
