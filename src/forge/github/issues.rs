//! Issues that this program opened itself. Anybody may open an issue, write anything into it and, with a template,
//! label it: what counts is who opened it, and the mark at the end of its body.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::answer::{ISSUES, Written};
use super::client::Verb;
use super::conversation::by;
use super::{GitHub, text};
use crate::forge::{Error, Issues, OwnIssue};

#[async_trait]
impl Issues for GitHub {
    /// One listing; if nothing of ours has the label, one more.
    async fn own_issues(&self, label: &str, mark: &str) -> Result<Vec<OwnIssue>, Error> {
        let login = self.login().await?;
        let query = [("labels", label), ("state", "all"), ("sort", "created"), ("direction", "asc")];
        let labelled = self.client.pages("listing issues", &self.path("/issues"), &query).await?;
        let ours = own(&labelled, login, label, mark)?;
        if !ours.is_empty() {
            return Ok(ours);
        }
        let query = [("creator", login), ("state", "open"), ("sort", "created"), ("direction", "asc")];
        match self.client.pages("listing issues", &self.path("/issues"), &query).await {
            Ok(listed) => own(&listed, login, label, mark),
            // An account that GitHub does not know by this name has opened none.
            Err(Error::Invalid { .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    async fn open_issue(&self, label: &str, mark: &str, title: &str, body: &str) -> Result<OwnIssue, Error> {
        let request = json!({ "title": title, "body": body, "labels": [label] });
        let find = || async { Ok(self.own_issues(label, mark).await?.into_iter().next()) };
        match self.client.write(Verb::Post, &self.path("/issues"), &request, find).await? {
            Written::Found(found) => Ok(found),
            Written::Answer(answer) if answer.status == 410 => {
                let detail = format!("{}: turn on issues in the repository's settings", answer.message());
                Err(Error::Refused { action: "opening an issue".to_owned(), detail })
            }
            Written::Answer(answer) => {
                issue(&answer.success("opening an issue", ISSUES)?.json("opening an issue")?, label)
            }
        }
    }

    async fn write_issue(&self, issue: &OwnIssue, label: &str) -> Result<(), Error> {
        let number = issue.number;
        let mut change = json!({ "title": issue.title, "body": issue.body });
        change["state"] = json!(if issue.open { "open" } else { "closed" });
        if !issue.open {
            change["state_reason"] = json!("completed");
        }
        let answer = self.client.again(Verb::Patch, &self.path(&format!("/issues/{number}")), &change).await?;
        answer.success(&format!("updating issue #{number}"), ISSUES)?;
        if issue.labelled {
            return Ok(());
        }
        let path = self.path(&format!("/issues/{number}/labels"));
        let answer = self.client.again(Verb::Post, &path, &json!({ "labels": [label] })).await?;
        answer.success(&format!("labelling the issue #{number}"), ISSUES).map(drop)
    }
}

/// The issues of a listing that are ours: not pull requests, opened by this account, marked.
fn own(listed: &[Value], login: &str, label: &str, mark: &str) -> Result<Vec<OwnIssue>, Error> {
    let marked = |v: &Value| v["body"].as_str().is_some_and(|body| body.trim_end().ends_with(mark));
    let ours = listed.iter().filter(|v| v["pull_request"].is_null() && by(v, login) && marked(v));
    ours.map(|v| issue(v, label)).collect()
}

fn issue(json: &Value, label: &str) -> Result<OwnIssue, Error> {
    let number = json["number"].as_u64();
    let labels = json["labels"].as_array().into_iter().flatten();
    let mut names = labels.filter_map(|l| l["name"].as_str().or_else(|| l.as_str()));
    Ok(OwnIssue {
        number: number.ok_or_else(|| Error::Unusable("GitHub's response has an issue without a number".to_owned()))?,
        url: text(json, "/html_url")?.to_owned(),
        open: text(json, "/state")? == "open",
        labelled: names.any(|name| name.eq_ignore_ascii_case(label)),
        title: text(json, "/title")?.to_owned(),
        body: json["body"].as_str().unwrap_or_default().to_owned(),
    })
}
