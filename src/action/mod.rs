//! The Actions environment: where GitHub is, what happened ([`event`]), which events may write ([`guard`]), what the
//! runner must hide ([`masks`]) and the files it reads ([`files`]).

use std::path::PathBuf;

use url::Url;

pub(crate) mod event;
pub(crate) mod files;
pub(crate) mod guard;
pub(crate) mod masks;

pub(crate) use event::Event;
pub(crate) use guard::may_write;

/// The process's environment, as far as it is text.
pub type Variables = std::collections::BTreeMap<String, String>;

/// What GitHub's variables say. Outside Actions most of them are absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Whether this is a step of a workflow.
    pub in_actions: bool,
    /// The REST API, `GITHUB_API_URL`.
    pub api_url: Url,
    /// The GraphQL API, `GITHUB_GRAPHQL_URL`.
    pub graphql_url: Url,
    /// The address that people open, `GITHUB_SERVER_URL`.
    pub server_url: Url,
    /// Owner and name of the repository, `GITHUB_REPOSITORY`.
    pub repository: Option<(String, String)>,
    /// The commit that the run is for, `GITHUB_SHA`.
    pub sha: Option<String>,
    /// The ref that the run is for, `GITHUB_REF`.
    pub git_ref: Option<String>,
    /// The event's name, `GITHUB_EVENT_NAME`.
    pub event_name: Option<String>,
    /// The event's payload, `GITHUB_EVENT_PATH`.
    pub event_path: Option<PathBuf>,
    /// The job's id in the workflow, `GITHUB_JOB`.
    pub job: Option<String>,
    /// The run's id, `GITHUB_RUN_ID`.
    pub run_id: Option<u64>,
    /// The workflow's file and its ref, `GITHUB_WORKFLOW_REF`.
    pub workflow_ref: Option<String>,
    /// The commit of the workflow's file, `GITHUB_WORKFLOW_SHA`.
    pub workflow_sha: Option<String>,
    /// The file for outputs, `GITHUB_OUTPUT`.
    pub output: Option<PathBuf>,
    /// The file for the job summary, `GITHUB_STEP_SUMMARY`.
    pub summary: Option<PathBuf>,
}

/// A variable with an invalid value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EnvironmentError(String);

impl Environment {
    /// Reads GitHub's variables; empty ones count as absent.
    ///
    /// # Errors
    /// If an address is not an `http` or `https` URL, or the repository is not in the form `owner/name`.
    pub fn read(variables: &Variables) -> Result<Self, EnvironmentError> {
        let text = |name: &str| variables.get(name).filter(|text| !text.is_empty()).cloned();
        let api_url = address("GITHUB_API_URL", text("GITHUB_API_URL"), "https://api.github.com")?;
        let graphql = text("GITHUB_GRAPHQL_URL").unwrap_or_else(|| graphql_beside(&api_url));
        Ok(Self {
            in_actions: text("GITHUB_ACTIONS").as_deref() == Some("true"),
            graphql_url: address("GITHUB_GRAPHQL_URL", Some(graphql), "")?,
            server_url: address("GITHUB_SERVER_URL", text("GITHUB_SERVER_URL"), "https://github.com")?,
            api_url,
            repository: text("GITHUB_REPOSITORY").map(|text| repository(&text)).transpose()?,
            sha: text("GITHUB_SHA"),
            git_ref: text("GITHUB_REF"),
            event_name: text("GITHUB_EVENT_NAME"),
            event_path: text("GITHUB_EVENT_PATH").map(PathBuf::from),
            job: text("GITHUB_JOB"),
            run_id: text("GITHUB_RUN_ID").and_then(|text| text.parse().ok()),
            workflow_ref: text("GITHUB_WORKFLOW_REF"),
            workflow_sha: text("GITHUB_WORKFLOW_SHA"),
            output: text("GITHUB_OUTPUT").map(PathBuf::from),
            summary: text("GITHUB_STEP_SUMMARY").map(PathBuf::from),
        })
    }

    /// The repository's page for people.
    fn repository_page(&self) -> Option<String> {
        let (owner, name) = self.repository.as_ref()?;
        Some(format!("{}/{owner}/{name}", self.server_url.as_str().trim_end_matches('/')))
    }

    /// The page of a pull request.
    pub(crate) fn pull_page(&self, number: u64) -> Option<String> {
        Some(format!("{}/pull/{number}", self.repository_page()?))
    }

    /// The page of this run.
    pub(crate) fn run_page(&self) -> Option<String> {
        Some(format!("{}/actions/runs/{}", self.repository_page()?, self.run_id?))
    }
}

fn address(name: &str, text: Option<String>, default: &str) -> Result<Url, EnvironmentError> {
    let text = text.unwrap_or_else(|| default.to_owned());
    Url::parse(&text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .filter(|url| url.username().is_empty() && url.password().is_none())
        .ok_or_else(|| {
            EnvironmentError(format!("{name} is not an http or https address without a user name and password"))
        })
}

/// GitHub Enterprise Server has REST at `/api/v3` and GraphQL at `/api/graphql`; github.com has it at `/graphql`.
fn graphql_beside(api: &Url) -> String {
    let api = api.as_str().trim_end_matches('/');
    format!("{}/graphql", api.strip_suffix("/v3").unwrap_or(api))
}

fn repository(text: &str) -> Result<(String, String), EnvironmentError> {
    let good = |part: &str| {
        !part.is_empty()
            && !matches!(part, "." | "..")
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    match text.split_once('/') {
        Some((owner, name)) if good(owner) && good(name) => Ok((owner.to_owned(), name.to_owned())),
        _ => Err(EnvironmentError("GITHUB_REPOSITORY is not of the form owner/name".to_owned())),
    }
}
