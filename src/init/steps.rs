//! What a person still has to set: secrets, rules and environments, each with its page or a command.

use schemars::JsonSchema;
use serde::Serialize;
use url::Url;

use super::{Answers, Workflow};

/// Something that only a person can set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Step {
    /// What to set, and why.
    pub(crate) what: String,
    /// The page that sets it; null if the repository is not known or no page does.
    pub(crate) page: Option<String>,
    /// Commands that set it. None holds a secret: `gh` asks for it, or reads it from a file.
    pub(crate) commands: Vec<String>,
}

/// A repository on GitHub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// Such as `https://github.com`.
    server: Url,
    /// `OWNER/REPO`.
    repository: String,
}

impl Place {
    pub(crate) fn new(server: &Url, repository: &str) -> Option<Self> {
        let is_name = |name: &str| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        let (owner, name) = repository.split_once('/')?;
        let repository = format!("{owner}/{}", name.strip_suffix(".git").unwrap_or(name));
        (is_name(owner) && is_name(name)).then(|| Self { server: server.clone(), repository })
    }

    /// The repository of a remote's address, as git has it, if it is on this server.
    pub(crate) fn of_remote(server: &Url, remote: &str) -> Option<Self> {
        let (host, path) = match Url::parse(remote) {
            Ok(url) => (url.host_str()?.to_owned(), url.path().to_owned()),
            // git@HOST:OWNER/REPO.git
            Err(_) => {
                let (host, path) = remote.split_once(':')?;
                (host.rsplit('@').next()?.to_owned(), path.to_owned())
            }
        };
        (server.host_str() == Some(host.as_str())).then(|| Self::new(server, path.trim_matches('/')))?
    }

    fn page(&self, path: &str) -> String {
        format!("{}/{}/settings/{path}", self.server.as_str().trim_end_matches('/'), self.repository)
    }

    /// Where the organization that owns the repository creates a GitHub App.
    fn new_app(&self) -> String {
        let owner = self.repository.split('/').next().unwrap_or_default();
        format!("{}/organizations/{owner}/settings/apps/new", self.server.as_str().trim_end_matches('/'))
    }

    fn host(&self) -> Option<&str> {
        self.server.host_str().filter(|host| *host != "github.com")
    }
}

/// Writes `gh` lines for a repository; without one, `gh` uses that of the directory it runs in.
struct Lines<'a>(Option<&'a Place>);

impl Lines<'_> {
    fn page(&self, path: &str) -> Option<String> {
        self.0.map(|place| place.page(path))
    }

    /// `gh secret set` or `gh variable set` in the environment.
    fn set(&self, kind: &str, name: &str, from: &str) -> String {
        let host = self.0.and_then(Place::host).map(|host| format!("{host}/")).unwrap_or_default();
        let repository = self.0.map(|place| format!(" --repo {host}{}", place.repository)).unwrap_or_default();
        format!("gh {kind} set {name} --env images{repository}{from}")
    }

    fn api(&self, method: &str, path: &str, fields: &str) -> String {
        let host = self.0.and_then(Place::host).map(|host| format!(" --hostname {host}")).unwrap_or_default();
        let repository = self.0.map_or("{owner}/{repo}", |place| &place.repository);
        format!("gh api{host} --method {method} 'repos/{repository}/{path}' {fields}")
    }
}

/// What is left to set, in the order to do it. `place`: the repository, if it is known.
pub(crate) fn steps(answers: &Answers, place: Option<&Place>) -> Vec<Step> {
    let lines = Lines(place);
    let mut steps = Vec::new();
    if answers.workflow != Workflow::None {
        steps.extend([environment(&lines, &answers.branch), docker_hub(&lines, answers)]);
    }
    match answers.workflow {
        Workflow::App => steps.push(app(&lines)),
        Workflow::JobToken => steps.push(Step {
            what: "allow GitHub Actions to create and approve pull requests".to_owned(),
            page: lines.page("actions"),
            commands: vec![lines.api(
                "PUT",
                "actions/permissions/workflow",
                "-f default_workflow_permissions=read -F can_approve_pull_request_reviews=true",
            )],
        }),
        Workflow::None => {}
    }
    if answers.workflow != Workflow::None {
        steps.push(rules(&lines, answers));
    }
    steps
}

fn environment(lines: &Lines<'_>, branch: &str) -> Step {
    let policy = "-F 'deployment_branch_policy[protected_branches]=false' -F 'deployment_branch_policy[custom_branch_policies]=true'";
    Step {
        what: format!("create the environment `images`, which only {branch} may use"),
        page: lines.page("environments"),
        commands: vec![
            lines.api("PUT", "environments/images", policy),
            lines.api("POST", "environments/images/deployment-branch-policies", &format!("-f name={branch}")),
        ],
    }
}

fn docker_hub(lines: &Lines<'_>, answers: &Answers) -> Step {
    let (what, names): (_, &[&str]) = match &answers.registry {
        None => (
            "in it, set the secrets with Docker Hub's user and token".to_owned(),
            &["DOCKERHUB_USERNAME", "DOCKERHUB_TOKEN"],
        ),
        Some(registry) => (
            format!(
                "in it, set a secret with a Docker config.json for {registry}, and pass it as the input `registry-auth` where the workflow has `dockerhub-token`"
            ),
            &["REGISTRY_AUTH"],
        ),
    };
    let commands = names.iter().map(|name| lines.set("secret", name, "")).collect();
    Step { what, page: lines.page("environments"), commands }
}

fn app(lines: &Lines<'_>) -> Step {
    Step {
        what: "create a GitHub App with Contents, Pull requests and Issues (read and write), install it on this repository, \
               and set its client ID and private key in the environment"
            .to_owned(),
        page: lines.0.map(Place::new_app),
        commands: vec![
            lines.set("variable", "WHARFINGER_APP_CLIENT_ID", ""),
            lines.set("secret", "WHARFINGER_APP_PRIVATE_KEY", " < private-key.pem"),
        ],
    }
}

fn rules(lines: &Lines<'_>, answers: &Answers) -> Step {
    let owners = if answers.owners.is_empty() {
        "; name the owners of the workflows in CODEOWNERS, and require their review"
    } else {
        ", and review from Code Owners"
    };
    Step {
        what: format!(
            "protect {}: require the status check `wharfinger` from GitHub Actions, a pull request with an approval, \
             approval of the most recent reviewable push{owners}",
            answers.branch
        ),
        page: lines.page("rules"),
        commands: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_read_from_every_form_of_a_remote() {
        let server: Url = "https://github.com".parse().unwrap();
        let expected = Place::new(&server, "acme/images");
        assert!(expected.is_some());
        for remote in [
            "https://github.com/acme/images",
            "https://user:secret@github.com/acme/images.git",
            "git@github.com:acme/images.git",
            "ssh://git@github.com/acme/images.git",
        ] {
            assert_eq!(Place::of_remote(&server, remote), expected, "{remote}");
        }
        for remote in ["https://gitlab.com/acme/images", "/srv/images.git", "git@github.com:acme/$(x)", "a"] {
            assert_eq!(Place::of_remote(&server, remote), None, "{remote}");
        }
    }
}
