//! Which commit brought texts into a file, and by which pull request.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::client::{READ, clean, refused};
use super::{Commit, Error, GitHub, Introduced, commit_at, text};

/// REST would take some requests for every commit of the file: GraphQL knows of each line where it came from.
const BLAME: &str = "query ($owner: String!, $name: String!, $head: String!, $path: String!) { \
    repository(owner: $owner, name: $name) { object(expression: $head) { ... on Commit { blame(path: $path) { ranges { \
    startingLine endingLine commit { oid committedDate associatedPullRequests(first: 5) { nodes { \
    number baseRefName mergedAt mergeCommit { oid committedDate parents(first: 2) { totalCount } } } } } } } } } } }";

impl GitHub {
    /// See [`super::Forge::introduced`]: one question, and the file itself where it was not read yet.
    pub(super) async fn brought(
        &self,
        head: &Commit,
        path: &str,
        texts: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Introduced>, Error> {
        let mut found: BTreeMap<String, Introduced> = BTreeMap::new();
        let Some(file) = self.text(head, path).await? else { return Ok(found) };
        if !texts.iter().any(|text| file.contains(text.as_str())) {
            return Ok(found);
        }
        let answer = self.blame(head, path).await?;
        let lines: Vec<&str> = file.lines().collect();
        for range in
            answer.pointer("/data/repository/object/blame/ranges").and_then(Value::as_array).into_iter().flatten()
        {
            let line = |key: &str| range[key].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
            let blamed = lines.get(line("startingLine").max(1) - 1..line("endingLine")).unwrap_or_default();
            let here: Vec<&String> =
                texts.iter().filter(|text| blamed.iter().any(|line| line.contains(text.as_str()))).collect();
            if here.is_empty() {
                continue;
            }
            let introduced = introduced(&range["commit"], self.default_branch().await?)?;
            for text in here {
                // Where it stands twice, it was there since the older of the two.
                if found.get(text).is_none_or(|other| other.date > introduced.date) {
                    found.insert(text.clone(), introduced.clone());
                }
            }
        }
        Ok(found)
    }

    async fn blame(&self, head: &Commit, path: &str) -> Result<Value, Error> {
        let action = format!("asking where the lines of {path} came from");
        let variables = json!({ "owner": self.owner, "name": self.name, "head": head.0, "path": path });
        let answer = self.client.ask(BLAME, &variables).await?;
        if !answer.done() {
            return Err(refused(&action, &answer, READ));
        }
        let json = answer.json(&action)?;
        match json["errors"].as_array().and_then(|errors| errors.first()) {
            Some(error) => {
                let said = clean(error["message"].as_str().unwrap_or("no message"));
                Err(Error::Unusable(format!("{action}: {said}: the token needs {READ}")))
            }
            None => Ok(json),
        }
    }
}

/// The commit itself, or where a merged pull request brought it by a merge, that merge.
fn introduced(commit: &Value, base: &str) -> Result<Introduced, Error> {
    let direct = |pull: Option<u64>| {
        Ok(Introduced { commit: commit_at(commit, "/oid")?, date: date(text(commit, "/committedDate")?)?, pull })
    };
    let pulls = commit.pointer("/associatedPullRequests/nodes").and_then(Value::as_array).into_iter().flatten();
    let merged = |pull: &&Value| pull["mergedAt"].is_string() && pull["baseRefName"] == base;
    let Some(pull) = pulls.into_iter().find(merged) else { return direct(None) };
    let (number, merge) = (pull["number"].as_u64(), &pull["mergeCommit"]);
    if merge.pointer("/parents/totalCount").and_then(Value::as_u64) != Some(2) {
        return direct(number);
    }
    Ok(Introduced { commit: commit_at(merge, "/oid")?, date: date(text(merge, "/committedDate")?)?, pull: number })
}

fn date(text: &str) -> Result<DateTime<Utc>, Error> {
    let date = DateTime::parse_from_rfc3339(text);
    date.map(|d| d.to_utc()).map_err(|_| Error::Unusable(format!("GitHub's answer has no date but {text:?}")))
}
