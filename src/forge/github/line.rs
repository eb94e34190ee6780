//! A branch's first-parent history, with what files held along it and which pull requests brought it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::Write as _;
use std::sync::PoisonError;

use serde_json::{Value, json};

use super::authors::named;
use super::{GitHub, commit_at, text, time_at};
use crate::forge::contents::trailers;
use crate::forge::{Commit, Error, Line, Merge, MergedHead, Version};

/// How many files one query covers, each at every commit.
const FILES: usize = 8;

/// A commit of GitHub's listing.
struct Listed {
    version: Version,
    /// Its first parent.
    parent: Option<Commit>,
}

impl GitHub {
    /// See [`crate::forge::Contents::line`]: from the newest hundred commits that lead to `from`, in git's order, those
    /// of which each is the first parent of the previous one. Nothing is read twice in a run: a commit's history never
    /// changes.
    pub(super) async fn own_line(&self, from: &Commit, paths: &[String]) -> Result<Line, Error> {
        let key = (from.clone(), paths.to_vec());
        let known = self.lines.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let line = self.read_line(from, paths).await?;
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).insert(key, line.clone());
        Ok(line)
    }

    async fn read_line(&self, from: &Commit, paths: &[String]) -> Result<Line, Error> {
        let action = format!("reading how the default branch came to {from}");
        let mut listed: BTreeMap<Commit, Listed> = BTreeMap::new();
        for some in paths.chunks(FILES) {
            for Listed { version, parent } in self.newest(&action, from, some).await? {
                match listed.entry(version.commit.clone()) {
                    Entry::Vacant(new) => drop(new.insert(Listed { version, parent })),
                    Entry::Occupied(mut known) => known.get_mut().version.contents.extend(version.contents),
                }
            }
        }
        let mut line = Line { versions: Vec::new(), rest: Some(from.clone()) };
        let is_whole = |listed: &Listed| listed.version.contents.len() == paths.len();
        while let Some(Listed { version, parent }) =
            line.rest.as_ref().and_then(|next| listed.remove(next)).filter(is_whole)
        {
            line.versions.push(version);
            line.rest = parent;
        }
        match line.versions.is_empty() {
            true => Err(Error::Unusable(format!("{action}: GitHub's listing does not start with it"))),
            false => Ok(line),
        }
    }

    /// The newest hundred commits that lead to `from`, with what a few files hold there.
    async fn newest(&self, action: &str, from: &Commit, paths: &[String]) -> Result<Vec<Listed>, Error> {
        let mut variables = json!({ "owner": self.owner, "name": self.name, "from": from.0 });
        for (at, path) in paths.iter().enumerate() {
            variables[format!("p{at}")] = json!(path);
        }
        // A token without `pull-requests: read` promotes if no review is required.
        let (query, pulls) = (line_query(paths.len()), "associatedPullRequests");
        let answer = self.client.ask_sparing(action, &query, &variables, pulls).await?;
        let base = self.default_branch().await?;
        let listed = |node: &Value| {
            let parent = node.pointer("/parents/nodes/0").map(|parent| commit_at(parent, "/oid")).transpose()?;
            Ok(Listed { version: version(node, paths.len(), base)?, parent })
        };
        let nodes = answer.pointer("/object/history/nodes").and_then(Value::as_array).into_iter().flatten();
        nodes.map(listed).collect()
    }
}

/// The query for a branch's first-parent history with this many files.
fn line_query(paths: usize) -> String {
    let (mut names, mut files) = (String::new(), String::new());
    for at in 0..paths {
        let _ = write!(names, ", $p{at}: String!");
        let _ = write!(files, " f{at}: file(path: $p{at}) {{ type oid }}");
    }
    format!(
        "query ($owner: String!, $name: String!, $from: String!{names}) {{ \
         repository(owner: $owner, name: $name) {{ object(expression: $from) {{ ... on Commit {{ history(first: 100) {{ \
         nodes {{ oid committedDate message author {{ email user {{ login }} }} signature {{ isValid wasSignedByGitHub }} \
         parents(first: 1) {{ nodes {{ oid }} }} associatedPullRequests(first: 5) {{ nodes {{ \
         number baseRefName mergedAt mergeCommit {{ oid }} headRefName headRefOid isCrossRepository }} }}{files} }} }} }} }} }} }}"
    )
}

fn version(node: &Value, paths: usize, base: &str) -> Result<Version, Error> {
    let content = |at: usize| {
        let entry = &node[format!("f{at}")];
        entry["oid"].as_str().filter(|_| entry["type"] == "blob").map(str::to_owned)
    };
    let pulls = || node.pointer("/associatedPullRequests/nodes").and_then(Value::as_array).into_iter().flatten();
    let merged = pulls().filter(|pull| pull["mergedAt"].is_string() && pull["baseRefName"] == base);
    // A merge carries the name of whoever opened its pull request.
    let is_merge = pulls().any(|pull| pull.pointer("/mergeCommit/oid") == Some(&node["oid"]));
    Ok(Version {
        commit: commit_at(node, "/oid")?,
        date: time_at(node, "/committedDate")?,
        contents: (0..paths).map(content).collect(),
        merges: merged.filter_map(merge).collect(),
        trailers: trailers(text(node, "/message")?),
        made_for: made_for(node).filter(|_| !is_merge),
    })
}

fn merge(pull: &Value) -> Option<Merge> {
    let ours = pull["isCrossRepository"] == false;
    let head =
        |branch: &str| Some(MergedHead { branch: branch.to_owned(), commit: commit_at(pull, "/headRefOid").ok()? });
    Some(Merge {
        number: pull["number"].as_u64()?,
        commit: commit_at(pull, "/mergeCommit/oid").ok(),
        head: pull["headRefName"].as_str().filter(|_| ours).and_then(head),
    })
}

/// The account for which GitHub made and signed a commit.
fn made_for(node: &Value) -> Option<String> {
    let signed = node.pointer("/signature/isValid") == Some(&Value::Bool(true))
        && node.pointer("/signature/wasSignedByGitHub") == Some(&Value::Bool(true));
    named(&node["author"]).filter(|_| signed)
}
