//! Proposals as pull requests.

use std::collections::BTreeSet;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::answer::{Answer, PULLS, Written, refused};
use super::client::Verb;
use super::commits::protection;
use super::{GitHub, commit_at, text};
use crate::forge::{
    Account, Branches as _, Brought, Commit, Conversation as _, Declined, ELSEWHERE, Error, NewCommit, OpenProposal,
    Opened, Proposals, Statuses as _, TOUCHED,
};
use crate::ledger;
use crate::proposal::metadata;

/// Contained in this program's closing comment, to distinguish it from a person who shares its account.
const CLOSED: &str = "<!-- wharfinger-closed -->";

#[async_trait]
impl Proposals for GitHub {
    /// One listing, one query for who edited bodies, and who moved the branches of those whose body does not vouch for
    /// them.
    async fn proposals(&self, prefix: &str) -> Result<Vec<OpenProposal>, Error> {
        let query = [("state", "open"), ("sort", "created"), ("direction", "asc")];
        let listed = self.client.pages("listing pull requests", &self.path("/pulls"), &query).await?;
        let ledger = ledger::branch(prefix);
        let is_named = |p: &&Value| p["head"]["ref"].as_str().is_some_and(|b| b.starts_with(prefix) && b != ledger);
        let named: Vec<&Value> = listed.iter().filter(|p| self.is_ours(p)).filter(is_named).collect();
        let numbers: Vec<u64> = named.iter().map(|pull| number(pull)).collect::<Result<_, _>>()?;
        let mut editors = self.editors(&numbers).await?;
        let mut proposals = Vec::new();
        for (pull, number) in named.into_iter().zip(numbers) {
            proposals.push(self.proposal(pull, editors.remove(&number)).await?);
        }
        Ok(proposals)
    }

    async fn declined(&self, branch: &str) -> Result<Vec<Declined>, Error> {
        let head = format!("{}:{branch}", self.owner);
        let query = [("state", "closed"), ("head", head.as_str())];
        let listed = self.client.pages("listing closed pull requests", &self.path("/pulls"), &query).await?;
        let mut declined = Vec::new();
        for pull in listed.iter().filter(|p| self.is_ours(p) && p["merged_at"].is_null()) {
            // The listing's filter is not relied on.
            if text(pull, "/head/ref")? == branch && self.closed_by_a_person(pull).await? {
                let body = pull["body"].as_str().unwrap_or_default().to_owned();
                declined.push(Declined { number: Some(number(pull)?), body });
            }
        }
        Ok(declined)
    }

    /// A proposal that is open already, as after a lost answer, is reused and edited to say the same.
    async fn open(&self, branch: &str, title: &str, body: &str) -> Result<Opened, Error> {
        let base = self.default_branch().await?;
        let request = json!({ "title": title, "body": body, "head": branch, "base": base });
        let find = || self.open_pull_of(branch);
        match self.client.write(Verb::Post, &self.path("/pulls"), &request, find).await? {
            Written::Answer(answer) if answer.done() => opened(&answer.json("opening a pull request")?),
            Written::Answer(answer) => self.taken(branch, title, body, &answer).await,
            Written::Found(pull) => opened(&pull),
        }
    }

    async fn edit(&self, proposal: &OpenProposal, title: &str, body: &str) -> Result<(), Error> {
        self.edit_pull(number_of(proposal)?, title, body).await
    }

    /// Says why, closes, deletes the branch. Repeated after an interruption, it does what is left.
    async fn close(&self, proposal: &OpenProposal, reason: &str) -> Result<(), Error> {
        let number = number_of(proposal)?;
        self.comment_once(number, &format!("{reason}\n\n{CLOSED}")).await?;
        self.change_pull(number, "closing", &json!({ "state": "closed" })).await?;
        self.clear(std::iter::once(proposal.reference())).await
    }
}

impl GitHub {
    /// Whether the head is a branch of this repository. A deleted fork has no repository.
    fn is_ours(&self, pull: &Value) -> bool {
        let head = pull.pointer("/head/repo/full_name").and_then(Value::as_str);
        head.is_some_and(|name| name.eq_ignore_ascii_case(&self.repository()))
    }

    async fn proposal(&self, pull: &Value, editor: Option<String>) -> Result<OpenProposal, Error> {
        let (branch, head) = (text(pull, "/head/ref")?.to_owned(), commit_at(pull, "/head/sha")?);
        let (body, author) =
            (pull["body"].as_str().unwrap_or_default().to_owned(), text(pull, "/user/login")?.to_owned());
        let edited_by = match editor {
            Some(editor) if !self.is_ours_or(&author, &editor).await? => Some(editor),
            _ => None,
        };
        let names_head = metadata::read(&body).and_then(|m| m.head).is_some_and(|h| h.as_str() == head.0);
        let vouched = edited_by.is_none() && names_head;
        let labels = pull["labels"].as_array().into_iter().flatten().filter_map(|l| l["name"].as_str());
        let base = text(pull, "/base/ref")?;
        let elsewhere = (base != self.default_branch().await?).then(|| base.to_owned());
        Ok(OpenProposal {
            number: Some(number(pull)?),
            url: text(pull, "/html_url")?.to_owned(),
            title: text(pull, "/title")?.to_owned(),
            touched: !vouched && self.moved_by_others(&branch, &head, &author).await?,
            stale: false,
            former: None,
            labels: labels.map(str::to_owned).collect(),
            vouched,
            edited_by,
            branch,
            elsewhere,
            head,
            body,
            author,
        })
    }

    async fn closed_by_a_person(&self, pull: &Value) -> Result<bool, Error> {
        let number = number(pull)?;
        let path = self.path(&format!("/issues/{number}/events"));
        let events = self.client.pages("reading who closed a proposal", &path, &[]).await?;
        let Some(closed) = events.iter().rev().find(|e| e["event"] == "closed") else { return Ok(false) };
        if closed.pointer("/actor/type").and_then(Value::as_str) != Some("User") {
            return Ok(false);
        }
        // A person who was told that closing makes it be proposed again does not decline it.
        let told = |comment: &String| comment.contains(TOUCHED) || comment.contains(ELSEWHERE);
        if self.own_comments(number).await?.iter().any(told) {
            return Ok(false);
        }
        // With a personal token this program and that person are one account: then its comment tells.
        let closer = text(closed, "/actor/login")?;
        Ok(text(pull, "/user/login")? != closer || !self.has_comment_by(number, closer, CLOSED).await?)
    }

    async fn taken(&self, branch: &str, title: &str, body: &str, answer: &Answer) -> Result<Opened, Error> {
        let found = match answer.message().contains("already exists") {
            true => self.open_pull_of(branch).await?,
            false => None,
        };
        let Some(pull) = found else {
            let detail = answer.message();
            if protection(&detail) {
                return Err(Error::Protected { branch: branch.to_owned(), detail });
            }
            return Err(refused(&format!("opening a pull request from {branch}"), answer, PULLS));
        };
        if pull["title"].as_str() != Some(title) || pull["body"].as_str() != Some(body) {
            self.edit_pull(number(&pull)?, title, body).await?;
        }
        opened(&pull)
    }

    async fn open_pull_of(&self, branch: &str) -> Result<Option<Value>, Error> {
        let head = format!("{}:{branch}", self.owner);
        let query = [("state", "open"), ("head", head.as_str())];
        let listed = self.client.pages("listing pull requests", &self.path("/pulls"), &query).await?;
        let base = self.default_branch().await?;
        // the same branch may also be proposed to another base
        let is = |p: &Value| p["head"]["ref"] == branch && p["base"]["ref"] == base;
        Ok(listed.into_iter().find(|p| self.is_ours(p) && is(p)))
    }

    /// The branches of this repository that have an open pull request.
    pub(super) async fn open_heads(&self) -> Result<BTreeSet<String>, Error> {
        let query = [("state", "open")];
        let listed = self.client.pages("listing pull requests", &self.path("/pulls"), &query).await?;
        listed.iter().filter(|p| self.is_ours(p)).map(|p| text(p, "/head/ref").map(str::to_owned)).collect()
    }

    /// Whether a branch, now at `tip`, is a remnant of a merged or closed pull request and of nothing newer.
    pub(super) async fn is_finished(&self, branch: &str, tip: &Commit) -> Result<bool, Error> {
        Ok(self.pulls_of(branch).await?.last() == Some(&(false, tip.clone())))
    }

    /// Whether a branch without an open pull request is only this program's: a remnant of a finished one, or a commit
    /// that an interrupted run did not get to propose, which is to be recreated as `new`.
    pub(super) async fn is_left_over(&self, branch: &str, new: &NewCommit) -> Result<bool, Error> {
        let Some(tip) = self.tip(branch).await? else { return Ok(false) };
        let pulls = self.pulls_of(branch).await?;
        if pulls.iter().any(|(open, _)| *open) {
            return Ok(false);
        }
        if pulls.last().is_some_and(|(_, head)| *head == tip) {
            return Ok(true);
        }
        let Brought { base, commits, files } = self.brings(&tip).await?;
        let alone = commits.len() == 1 && self.parents(&tip).await? == [base];
        let alike = files.iter().all(|file| new.files.iter().any(|new| new.path == *file));
        Ok(alone && alike && self.shown(branch, &tip, &Account::Us).await?.own == Some(tip))
    }

    /// The pull requests of a branch, oldest first: whether each is open, and its head.
    async fn pulls_of(&self, branch: &str) -> Result<Vec<(bool, Commit)>, Error> {
        let head = format!("{}:{branch}", self.owner);
        let query = [("state", "all"), ("head", head.as_str()), ("sort", "created"), ("direction", "asc")];
        let listed = self.client.pages("listing a branch's pull requests", &self.path("/pulls"), &query).await?;
        let ours = listed.iter().filter(|p| self.is_ours(p) && p["head"]["ref"] == branch);
        ours.map(|p| Ok((p["state"] == "open", commit_at(p, "/head/sha")?))).collect()
    }

    async fn edit_pull(&self, number: u64, title: &str, body: &str) -> Result<(), Error> {
        self.change_pull(number, "editing", &json!({ "title": title, "body": body })).await
    }

    async fn change_pull(&self, number: u64, what: &str, change: &Value) -> Result<(), Error> {
        let answer = self.client.again(Verb::Patch, &self.path(&format!("/pulls/{number}")), change).await?;
        answer.success(&format!("{what} pull request #{number}"), PULLS).map(drop)
    }
}

fn number_of(proposal: &OpenProposal) -> Result<u64, Error> {
    proposal.number.ok_or_else(|| Error::Unusable(format!("the proposal of {} has no number", proposal.reference())))
}

pub(super) fn number(pull: &Value) -> Result<u64, Error> {
    pull["number"]
        .as_u64()
        .ok_or_else(|| Error::Unusable("GitHub's response has a pull request without a number".to_owned()))
}

fn opened(pull: &Value) -> Result<Opened, Error> {
    Ok(Opened {
        number: Some(number(pull)?),
        url: text(pull, "/html_url")?.to_owned(),
        author: text(pull, "/user/login")?.to_owned(),
    })
}
