//! GitHub's JSON.

use base64::Engine as _;
use serde_json::{Map, Value, json};

use super::git::{Logged, Signature};
use super::state::{Comment, Event, Pull, Review, State, Status};

fn set_urls(object: &mut Map<String, Value>, base: &str, names: &[&str]) {
    for name in names {
        object.insert((*name).to_owned(), json!(format!("{base}/{}", name.trim_end_matches("_url"))));
    }
}

impl State {
    pub fn repository_api(&self) -> String {
        format!("{}/repos/{}", self.api, self.full_name())
    }

    pub fn html(&self) -> String {
        format!("{}/{}", self.server, self.full_name())
    }

    pub fn user_json(&self, login: &str) -> Value {
        let id = self.id_of(login);
        let path = login.replace('[', "%5B").replace(']', "%5D");
        let url = format!("{}/users/{path}", self.api);
        let kind = if login.ends_with("[bot]") { "Bot" } else { "User" };
        let mut user = json!({
            "login": login, "id": id, "node_id": format!("U_{id}"), "avatar_url": format!("{}/avatars/{id}", self.server),
            "gravatar_id": "", "url": url, "html_url": format!("{}/{path}", self.server), "type": kind,
            "site_admin": false,
        });
        let names = [
            "followers_url",
            "following_url",
            "gists_url",
            "starred_url",
            "subscriptions_url",
            "organizations_url",
            "repos_url",
            "events_url",
            "received_events_url",
        ];
        set_urls(user.as_object_mut().expect("an object"), &url, &names);
        user
    }

    pub fn repository_json(&self, full_name: &str) -> Value {
        let (owner, name) = full_name.split_once('/').expect("OWNER/NAME");
        let url = format!("{}/repos/{full_name}", self.api);
        let html = format!("{}/{full_name}", self.server);
        let at = "2026-01-01T00:00:00Z";
        let id = self.id_of(full_name);
        let mut repository = json!({
            "id": id, "node_id": format!("R_{id}"), "name": name, "full_name": full_name, "private": self.private,
            "owner": self.user_json(owner), "html_url": html, "description": null, "fork": full_name != self.full_name(),
            "url": url, "default_branch": self.default_branch, "forks": 0, "forks_count": 0, "has_issues": true,
            "has_projects": false, "has_wiki": false, "has_pages": false, "has_discussions": false, "has_downloads": true,
            "homepage": null, "language": null, "archived": self.archived, "disabled": false, "mirror_url": null,
            "open_issues": 0, "open_issues_count": 0, "license": null, "pushed_at": at, "created_at": at,
            "updated_at": at, "size": 1, "stargazers_count": 0, "watchers": 0, "watchers_count": 0, "network_count": 0,
            "subscribers_count": 0, "clone_url": format!("{html}.git"), "git_url": format!("{html}.git"),
            "ssh_url": format!("{html}.git"), "svn_url": html, "visibility": if self.private { "private" } else { "public" },
        });
        let names = [
            "archive_url",
            "assignees_url",
            "blobs_url",
            "branches_url",
            "collaborators_url",
            "comments_url",
            "commits_url",
            "compare_url",
            "contents_url",
            "contributors_url",
            "deployments_url",
            "downloads_url",
            "events_url",
            "forks_url",
            "git_commits_url",
            "git_refs_url",
            "git_tags_url",
            "hooks_url",
            "issue_comment_url",
            "issue_events_url",
            "issues_url",
            "keys_url",
            "labels_url",
            "languages_url",
            "merges_url",
            "milestones_url",
            "notifications_url",
            "pulls_url",
            "releases_url",
            "stargazers_url",
            "statuses_url",
            "subscribers_url",
            "subscription_url",
            "tags_url",
            "teams_url",
            "trees_url",
        ];
        set_urls(repository.as_object_mut().expect("an object"), &url, &names);
        repository
    }

    /// The account behind a commit's address, as GitHub finds it.
    pub fn account(&self, signature: &Signature) -> Option<String> {
        if signature.email == "noreply@github.com" {
            return Some("web-flow".to_owned());
        }
        let name = signature.email.strip_suffix("@users.noreply.github.com")?;
        Some(name.split_once('+').map_or(name, |(_, login)| login).to_owned())
    }

    pub fn commit_json(&self, commit: &Logged) -> Value {
        let api = self.repository_api();
        let url = format!("{api}/commits/{}", commit.sha);
        let html = format!("{}/commit", self.html());
        let account = |s: &Signature| self.account(s).map_or(Value::Null, |login| self.user_json(&login));
        let parents: Vec<Value> = commit
            .parents
            .iter()
            .map(|p| json!({ "sha": p, "url": format!("{api}/commits/{p}"), "html_url": format!("{html}/{p}") }))
            .collect();
        let mut inner = self.git_commit_json(commit);
        inner["comment_count"] = json!(0);
        for key in ["sha", "node_id", "html_url", "parents"] {
            inner.as_object_mut().expect("an object").remove(key);
        }
        json!({
            "url": url, "sha": commit.sha, "node_id": format!("C_{}", commit.sha), "html_url": format!("{html}/{}", commit.sha),
            "comments_url": format!("{url}/comments"), "commit": inner, "author": account(&commit.author),
            "committer": account(&commit.committer), "parents": parents,
        })
    }

    pub fn git_commit_json(&self, commit: &Logged) -> Value {
        let api = self.repository_api();
        let html = format!("{}/commit", self.html());
        let signed = |s: &Signature| json!({ "name": s.name, "email": s.email, "date": s.date });
        let verified = self.signer(commit).is_some();
        let parents: Vec<Value> = commit
            .parents
            .iter()
            .map(|p| json!({ "sha": p, "url": format!("{api}/git/commits/{p}"), "html_url": format!("{html}/{p}") }))
            .collect();
        json!({
            "sha": commit.sha, "node_id": format!("C_{}", commit.sha), "url": format!("{api}/git/commits/{}", commit.sha),
            "html_url": format!("{html}/{}", commit.sha), "author": signed(&commit.author),
            "committer": signed(&commit.committer), "message": commit.message,
            "tree": { "sha": commit.tree, "url": format!("{api}/git/trees/{}", commit.tree) }, "parents": parents,
            "verification": {
                "verified": verified, "reason": if verified { "valid" } else { "unsigned" }, "signature": null,
                "payload": null, "verified_at": null,
            },
        })
    }

    pub fn ref_json(&self, reference: &str, sha: &str) -> Value {
        let api = self.repository_api();
        json!({
            "ref": reference, "node_id": format!("REF_{sha}"), "url": format!("{api}/git/{reference}"),
            "object": { "type": "commit", "sha": sha, "url": format!("{api}/git/commits/{sha}") },
        })
    }

    pub fn label_json(&self, name: &str) -> Value {
        let id = self.id_of(name);
        json!({
            "id": id, "node_id": format!("L_{id}"), "url": format!("{}/labels/{name}", self.repository_api()), "name": name,
            "description": "", "color": "ededed", "default": false,
        })
    }

    pub fn team_json(&self, slug: &str) -> Value {
        let id = self.id_of(slug);
        let url = format!("{}/organizations/1/team/{id}", self.api);
        json!({
            "id": id, "node_id": format!("T_{id}"), "name": slug, "slug": slug, "description": null, "privacy": "closed",
            "notification_setting": "notifications_enabled", "permission": "push", "url": url,
            "html_url": format!("{}/orgs/{}/teams/{slug}", self.server, self.owner),
            "members_url": format!("{url}/members{{/member}}"), "repositories_url": format!("{url}/repos"), "parent": null,
            "type": "organization",
        })
    }

    /// A pull request as in listings; `alone`, with more fields.
    pub fn pull_json(&self, pull: &Pull, alone: bool) -> Value {
        let n = pull.number;
        let url = format!("{}/pulls/{n}", self.repository_api());
        let issue = format!("{}/issues/{n}", self.repository_api());
        let html = format!("{}/pull/{n}", self.html());
        let statuses = format!("{}/statuses/{}", self.repository_api(), pull.head_sha);
        let link = |href: &str| json!({ "href": href });
        let head_owner = pull.head_repository.as_deref().and_then(|r| r.split_once('/')).map_or("unknown", |(o, _)| o);
        let side = |owner: &str, repository: Option<&str>, reference: &str, sha: &str| {
            json!({
                "label": format!("{owner}:{reference}"), "ref": reference, "sha": sha, "user": self.user_json(owner),
                "repo": repository.map_or(Value::Null, |r| self.repository_json(r)),
            })
        };
        let mut value = json!({
            "id": 9000 + n, "node_id": format!("PR_{n}"), "url": url, "html_url": html, "diff_url": format!("{html}.diff"),
            "patch_url": format!("{html}.patch"), "issue_url": issue, "number": n,
            "state": if pull.open { "open" } else { "closed" }, "locked": false, "title": pull.title,
            "user": self.user_json(&pull.user), "body": pull.body, "created_at": pull.created_at,
            "updated_at": pull.closed_at.as_ref().unwrap_or(&pull.created_at), "closed_at": pull.closed_at,
            "merged_at": pull.merged_at, "merge_commit_sha": pull.merge_commit, "assignee": null, "assignees": [],
            "requested_reviewers": pull.reviewers.iter().map(|r| self.user_json(r)).collect::<Vec<_>>(),
            "requested_teams": pull.teams.iter().map(|t| self.team_json(t)).collect::<Vec<_>>(),
            "labels": pull.labels.iter().map(|l| self.label_json(l)).collect::<Vec<_>>(), "milestone": null,
            "draft": pull.draft, "commits_url": format!("{url}/commits"), "review_comments_url": format!("{url}/comments"),
            "review_comment_url": format!("{url}/comments{{/number}}"), "comments_url": format!("{issue}/comments"),
            "statuses_url": statuses, "author_association": "CONTRIBUTOR", "auto_merge": null,
            "head": side(head_owner, pull.head_repository.as_deref(), &pull.head, &pull.head_sha),
            "base": side(&self.owner, Some(&self.full_name()), &pull.base, &pull.base_sha),
        });
        value["_links"] = json!({
            "self": link(&url), "html": link(&html), "issue": link(&issue), "comments": link(&format!("{issue}/comments")),
            "review_comments": link(&format!("{url}/comments")),
            "review_comment": link(&format!("{url}/comments{{/number}}")), "commits": link(&format!("{url}/commits")),
            "statuses": link(&statuses),
        });
        if alone {
            self.add_alone(&mut value, pull);
        }
        value
    }

    fn add_alone(&self, value: &mut Value, pull: &Pull) {
        let commits = self.git.log(&[&format!("{}..{}", pull.base_sha, pull.head_sha)]).len();
        let merged_by = pull.merged_by.as_ref().map_or(Value::Null, |login| self.user_json(login));
        let more = json!({
            "merged": pull.merged_at.is_some(), "mergeable": pull.open, "rebaseable": null, "mergeable_state": "clean",
            "merged_by": merged_by, "comments": self.comments.iter().filter(|c| c.number == pull.number).count(),
            "review_comments": 0, "maintainer_can_modify": false, "commits": commits, "additions": 1, "deletions": 0,
            "changed_files": 1,
        });
        if let (Some(to), Value::Object(from)) = (value.as_object_mut(), more) {
            to.extend(from);
        }
    }

    pub fn issue_json(&self, pull: &Pull) -> Value {
        let issue = format!("{}/issues/{}", self.repository_api(), pull.number);
        let html = format!("{}/pull/{}", self.html(), pull.number);
        let pull_url = format!("{}/pulls/{}", self.repository_api(), pull.number);
        json!({
            "id": 8000 + pull.number, "node_id": format!("I_{}", pull.number), "url": issue,
            "repository_url": self.repository_api(), "labels_url": format!("{issue}/labels{{/name}}"),
            "comments_url": format!("{issue}/comments"), "events_url": format!("{issue}/events"), "html_url": html,
            "number": pull.number, "state": if pull.open { "open" } else { "closed" }, "state_reason": null,
            "title": pull.title, "user": self.user_json(&pull.user), "body": pull.body,
            "labels": pull.labels.iter().map(|l| self.label_json(l)).collect::<Vec<_>>(), "assignee": null, "assignees": [],
            "milestone": null, "locked": false, "active_lock_reason": null,
            "comments": self.comments.iter().filter(|c| c.number == pull.number).count(),
            "pull_request": {
                "url": pull_url, "html_url": html, "diff_url": format!("{html}.diff"), "patch_url": format!("{html}.patch"),
                "merged_at": pull.merged_at,
            },
            "closed_at": pull.closed_at, "created_at": pull.created_at,
            "updated_at": pull.closed_at.as_ref().unwrap_or(&pull.created_at), "author_association": "CONTRIBUTOR",
        })
    }

    pub fn comment_json(&self, comment: &Comment) -> Value {
        let api = self.repository_api();
        json!({
            "id": comment.id, "node_id": format!("IC_{}", comment.id), "url": format!("{api}/issues/comments/{}", comment.id),
            "html_url": format!("{}/pull/{}#issuecomment-{}", self.html(), comment.number, comment.id),
            "issue_url": format!("{api}/issues/{}", comment.number), "user": self.user_json(&comment.user),
            "created_at": comment.at, "updated_at": comment.at, "author_association": "CONTRIBUTOR", "body": comment.body,
        })
    }

    pub fn review_json(&self, review: &Review) -> Value {
        let html = format!("{}/pull/{}#pullrequestreview-{}", self.html(), review.number, review.id);
        let pull = format!("{}/pulls/{}", self.repository_api(), review.number);
        json!({
            "id": review.id, "node_id": format!("PRR_{}", review.id), "user": self.user_json(&review.user), "body": "",
            "state": review.state, "html_url": html, "pull_request_url": pull, "author_association": "MEMBER",
            "_links": { "html": { "href": html }, "pull_request": { "href": pull } }, "submitted_at": review.at,
            "commit_id": review.commit,
        })
    }

    pub fn status_json(&self, status: &Status) -> Value {
        json!({
            "url": format!("{}/statuses/{}", self.repository_api(), status.sha), "avatar_url": null, "id": status.id,
            "node_id": format!("SC_{}", status.id), "state": status.state, "description": status.description,
            "target_url": null, "context": status.context, "created_at": status.at, "updated_at": status.at,
            "creator": self.user_json(&status.user),
        })
    }

    pub fn event_json(&self, event: &Event) -> Value {
        json!({
            "id": event.id, "node_id": format!("E_{}", event.id),
            "url": format!("{}/issues/events/{}", self.repository_api(), event.id), "actor": self.user_json(&event.actor),
            "event": event.event, "commit_id": null, "commit_url": null, "created_at": event.at,
            "performed_via_github_app": null,
        })
    }

    pub fn content_json(&self, commit: &str, path: &str, sha: &str, size: u64, kind: &str) -> Value {
        let in_url = in_url(path);
        let url = format!("{}/contents/{in_url}?ref={commit}", self.repository_api());
        let html = format!("{}/blob/{commit}/{in_url}", self.html());
        let git = format!("{}/git/blobs/{sha}", self.repository_api());
        json!({
            "name": path.rsplit('/').next(), "path": path, "sha": sha, "size": size, "url": url, "html_url": html,
            "git_url": git, "download_url": format!("{html}?raw=1"), "type": kind,
            "_links": { "self": url, "git": git, "html": html },
        })
    }
}

/// A path in a URL: encoded except for its slashes.
fn in_url(path: &str) -> String {
    let mut url = url::Url::parse("http://stand-in").expect("a URL");
    url.set_path(path);
    url.path().trim_start_matches('/').to_owned()
}

/// Base64 in lines of sixty, like GitHub's.
pub fn base64_lines(bytes: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(bytes);
    text.as_bytes().chunks(60).map(|line| format!("{}\n", String::from_utf8_lossy(line))).collect()
}
