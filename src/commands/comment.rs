//! Comments on proposals: GitHub says who may use commands, and every comment is answered at most once.
//!
//! An answer contains a hidden mark with the comment's number, which is looked for before anything is done. A reaction
//! could mark a comment as well, but it does not say whether the work was done: a run that ends in between would leave
//! a false one. A command can be carried out twice without harm, so the answer is written last.

use super::publish::ensure;
use super::unreviewed::{also_covered, reviews};
use super::{Context, Exit, Stop, TRIES, check, guard, load, propose};
use crate::action::event::Comment;
use crate::apply::propose::{Publication, PublishError};
use crate::forge::{Accounts, Error, Forge, Head, JOB_LOGIN, OpenProposal, with_rules};
use crate::manifest::Manifest;
use crate::markdown::code;
use crate::observe::own::own_proposals;
use crate::observe::proposals::Asked;
use crate::observe::untouched::find_touched;
use crate::progress::say;
use crate::proposal::body::Evidence;
use crate::proposal::comment::{self, Command, FORMS, Fault, Reject};
use crate::proposal::decide::Reviewed;
use crate::proposal::metadata::{self, Metadata};
use crate::proposal::{Wanted, branch, reject};
use crate::report::annotations::{Annotation, Level};
use crate::report::{Output, rows};

/// Carries out a comment's command if it is a new one on an open proposal, by somebody with write access. Anything else
/// also ends with success.
pub(crate) async fn run(context: &Context, comment: &Comment, output: &mut Output) -> Result<Exit, Stop> {
    if comment.action != "created" || !comment.on_pull_request {
        return Ok(not_asked("only new comments on pull requests are read"));
    }
    let Some(command) = comment::parse(&comment.body, context.now.date_naive()) else {
        return Ok(not_asked("the comment does not begin with /wharfinger and a command"));
    };
    if comment.by_program {
        // no answer either: two programs could keep answering each other
        return Ok(passed_over(output, "its author is a program, and commands are only accepted from people"));
    }
    guard(context).await?;
    let forge = context.forge()?.as_ref();
    let Some(accounts) = forge.accounts() else { return Ok(passed_over(output, "this forge has no comments")) };
    // The author is checked first: a stranger's comment costs only that and a check whether they were told.
    let may_write = accounts.may_write(&comment.author).await?;
    let (mark, refused) = (mark(comment.id), refusal_mark(&comment.author));
    if !may_write && accounts.own_comments(comment.number).await?.iter().any(|text| text.contains(&refused)) {
        return Ok(passed_over(output, "its author has no write access to this repository, and has been told so"));
    }
    let (_, manifest) = load::at_head(context).await?;
    let Some(open) = proposal(forge, &manifest, comment.number).await? else {
        return Ok(passed_over(output, "it is not on an open Wharfinger proposal"));
    };
    if accounts.own_comments(comment.number).await?.iter().any(|text| text.contains(&mark)) {
        return Ok(passed_over(output, "it has already been answered"));
    }
    if context.settings.dry_run {
        return Ok(passed_over(output, "this is a dry run"));
    }
    let request = CommandRequest { context, forge, accounts, open };
    let answer = match command {
        _ if !may_write => Answer::done(format!("{NOT_ALLOWED}\n\n{refused}")),
        Err(fault) => Answer::fault(&fault),
        Ok(command) => request.obey(&command, output).await?,
    };
    say(&format!("#{}: {}", comment.number, answer.text.lines().next().unwrap_or_default()));
    accounts.comment(comment.number, &mark, &answer.text).await?;
    Ok(answer.exit)
}

const NOT_ALLOWED: &str =
    "Only people with write access to this repository can use this command. One of them may repeat the comment.";

/// The hidden mark of the answer to a comment.
fn mark(id: u64) -> String {
    format!("<!-- wharfinger-answer: {id} -->")
}

/// The hidden mark of the answer to a person without write access. A login has no characters that could end it.
fn refusal_mark(login: &str) -> String {
    let login: String = login.chars().filter(|c| c.is_ascii_alphanumeric() || "-_[]".contains(*c)).collect();
    format!("<!-- wharfinger-refusal: {} -->", login.to_ascii_lowercase().replace("--", "-_"))
}

/// The open proposal with this number. Only its branch makes it one, and only in this repository.
async fn proposal(forge: &dyn Forge, manifest: &Manifest, number: u64) -> Result<Option<OpenProposal>, Stop> {
    let prefix = &manifest.prefix();
    let mut open = own_proposals(forge, manifest).await?.own;
    open.retain(|p| p.number == Some(number) && branch::is_proposal(prefix, &p.branch));
    Ok(find_touched(forge, manifest.path(), open).await?.pop())
}

/// Says in the log that a comment contains no command.
fn not_asked(why: &str) -> Exit {
    say(&format!("Nothing to do: {why}."));
    Exit::Done
}

/// Says in the job why a comment that looks like a command was not carried out.
fn passed_over(output: &mut Output, why: &str) -> Exit {
    let message = format!("The command was not carried out: {why}.");
    say(&message);
    output.annotate(Annotation { level: Level::Notice, place: None, title: "wharfinger".to_owned(), message });
    Exit::Done
}

/// The answer to a comment, and how the run ends.
struct Answer {
    text: String,
    exit: Exit,
}

impl Answer {
    fn done(text: String) -> Self {
        Self { text, exit: Exit::Done }
    }

    /// A command that is not carried out: why, and which forms are valid.
    fn fault(fault: &Fault) -> Self {
        Self::done(format!("{fault} Nothing was done.\n\n{FORMS}"))
    }
}

struct CommandRequest<'a> {
    context: &'a Context,
    forge: &'a dyn Forge,
    accounts: &'a dyn Accounts,
    open: OpenProposal,
}

impl CommandRequest<'_> {
    async fn obey(&self, command: &Command, output: &mut Output) -> Result<Answer, Stop> {
        match command {
            Command::Recheck => self.recheck(output).await,
            Command::Refresh => self.refresh(output).await,
            Command::Reject(reject) => self.reject(reject, output).await,
        }
    }

    async fn recheck(&self, output: &mut Output) -> Result<Answer, Stop> {
        let OpenProposal { head, author, .. } = &self.open;
        let verdict = check::recheck(self.context, self.accounts, &self.open, output).await;
        // In other cases branch rules require the job `wharfinger`; a status with the same name would be required too.
        if author == JOB_LOGIN
            && let Err(e) = check::post(self.accounts, head, verdict.state, &verdict.text).await
        {
            tracing::warn!("the verdict on {head} could not be posted as a commit status: {e}");
        }
        Ok(Answer::done(verdict.sentence(head)))
    }

    async fn refresh(&self, output: &mut Output) -> Result<Answer, Stop> {
        if let Some(fault) = self.taken() {
            return Ok(Answer::fault(&fault));
        }
        let (_, manifest) = load::at_head(self.context).await?;
        let before = &self.open.head;
        let exit = self.propose(&manifest, output).await?;
        let now = proposal(self.forge, &manifest, self.open.number.unwrap_or_default()).await?;
        let text = match now {
            None => "This pull request is closed: there is nothing left to propose here.".to_owned(),
            Some(now) if now.head == *before && exit == Exit::Findings => {
                "Not everything could be checked, and nothing was changed here: the job's log has details.".to_owned()
            }
            Some(now) if now.head == *before => "This pull request already has the newest version.".to_owned(),
            Some(now) => format!("This pull request was recreated: {}.", code(&now.title, 200)),
        };
        Ok(Answer { text, exit })
    }

    /// `propose` for the images of this proposal's branch, which is updated even if its current head was approved.
    async fn propose(&self, manifest: &Manifest, output: &mut Output) -> Result<Exit, Stop> {
        let prefix = &manifest.prefix();
        let on_it = manifest.images.iter().map(crate::manifest::Image::slug);
        let images: Vec<String> =
            on_it.filter(|slug| self.open.branch.starts_with(&branch::of_image(prefix, slug))).collect();
        // a group consists of the images its globs match now: all are checked
        let asked = Asked { refresh: Some(&self.open.branch), ..Asked::default() };
        Box::pin(propose::run(self.context, &images, asked, output)).await
    }

    /// Why it is left alone, whatever the command.
    fn taken(&self) -> Option<Fault> {
        match &self.open.elsewhere {
            _ if self.open.touched => {
                Some(Fault("A person committed to this pull request's branch: it is left alone.".to_owned()))
            }
            Some(base) => {
                let base = code(base, 200);
                Some(Fault(format!("A person changed this pull request's base branch to {base}: it is left alone.")))
            }
            None => None,
        }
    }

    async fn reject(&self, rejection: &Reject, output: &mut Output) -> Result<Answer, Stop> {
        if let Some(fault) = self.taken() {
            return Ok(Answer::fault(&fault));
        }
        let Some(Metadata { entries, .. }) = metadata::read(&self.open.body) else {
            let fault = Fault("This pull request's body no longer contains Wharfinger's metadata.".to_owned());
            return Ok(Answer::fault(&fault));
        };
        for _ in 0..TRIES {
            let (head, manifest) = load::at_head(self.context).await?;
            let wanted = match reject::rejecting(
                &manifest,
                &self.open.branch,
                &entries,
                rejection,
                self.context.now.date_naive(),
            ) {
                Ok(wanted) => wanted,
                Err(fault) => return Ok(Answer::fault(&fault)),
            };
            match self.turn(&head, &manifest, &wanted).await {
                Ok(row) if row.action == rows::ProposedAction::Left => return Ok(self.left(row, output)),
                Ok(row) => return self.rejected(&manifest, &wanted, row, output).await,
                Err(PublishError::Forge(Error::Moved { .. })) => {}
                Err(e @ PublishError::Edit { .. }) => {
                    return Ok(Answer::fault(&Fault(format!("{}.", code(&e.to_string(), 400)))));
                }
                Err(PublishError::Forge(e)) => return Err(with_rules(self.forge, e).await.into()),
            }
        }
        Err(Error::Moved { branch: self.open.branch.clone() }.into())
    }

    /// Puts the rejection on its branch: in place of this proposal or, from a group, in a separate one.
    async fn turn(&self, head: &Head, manifest: &Manifest, wanted: &Wanted) -> Result<rows::Proposed, PublishError> {
        let evidence = [Evidence::default()];
        let unreviewed = also_covered(&*reviews(self.context, Some(head), manifest).await, Some(wanted));
        let publication = Publication { head, manifest, wanted, evidence: &evidence, unreviewed: &unreviewed };
        // Whoever comments here is looking at what was approved here, not elsewhere.
        let reviewed = if wanted.branch == self.open.branch { Reviewed::Moves } else { Reviewed::Stays };
        ensure(self.context, self.forge, &publication, reviewed).await
    }

    /// Says that the proposal where the rejection belongs is left alone.
    fn left(&self, row: rows::Proposed, output: &mut Output) -> Answer {
        let place = match row.number {
            Some(number) if row.number != self.open.number => format!("#{number}, where the rejection belongs,"),
            _ => "This pull request".to_owned(),
        };
        let why = code(row.detail.as_deref().unwrap_or_default(), 400);
        output.outcome(rows::Outcome { proposals: vec![row], ..rows::Outcome::default() });
        Answer::fault(&Fault(format!("{place} is left alone: {why}.")))
    }

    /// Says it, and recreates a group without what left it.
    async fn rejected(
        &self,
        manifest: &Manifest,
        wanted: &Wanted,
        row: rows::Proposed,
        output: &mut Output,
    ) -> Result<Answer, Stop> {
        let own = row.number == self.open.number;
        let place = match row.number {
            Some(number) if !own => format!("#{number} now adds"),
            _ => "This pull request now adds".to_owned(),
        };
        let changed = row.action != rows::ProposedAction::Unchanged;
        output.outcome(rows::Outcome { proposals: vec![row], changed, ..rows::Outcome::default() });
        let exit = if own { Exit::Done } else { self.propose(manifest, output).await? };
        let entries = wanted.entries();
        let Some((entry, rejection)) = entries.first().and_then(|e| Some((e, e.rejection.as_ref()?))) else {
            return Ok(Answer { text: format!("{place} the rejection."), exit });
        };
        let tag = entry.to.as_ref().map(ToString::to_string).unwrap_or_default();
        let name = code(&format!("{}:{tag}", entry.source), 400);
        let until = rejection.until.map(|until| format!(", until {until}")).unwrap_or_default();
        let text = format!(
            "{place} {name} to `rejected`{until}: {}. Until it is merged or closed, nothing else is proposed for this line.",
            code(&rejection.reason, 200)
        );
        Ok(Answer { text, exit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_ends_where_it_should() {
        assert_eq!(mark(7), "<!-- wharfinger-answer: 7 -->");
        for (login, kept) in
            [("Octo-Cat", "octo-cat"), ("app[bot]", "app[bot]"), ("x --> y", "x-_y"), ("a---b", "a-_-b")]
        {
            assert_eq!(refusal_mark(login), format!("<!-- wharfinger-refusal: {kept} -->"));
        }
    }
}
