//! A first setup: the files that a repository begins with, and what is left to set by hand.

use crate::edit::scalar;
use crate::manifest::{DEFAULT_PATH, File, parse};

mod steps;

pub(crate) use steps::{Place, Step, steps};

/// Where GitHub reads code owners, in its order.
pub(crate) const CODEOWNERS: [&str; 3] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];
/// Where the workflow goes.
pub(crate) const WORKFLOW: &str = ".github/workflows/wharfinger.yml";
/// What is written where nothing else is said; the example workflows have the same.
pub(crate) const SCHEDULE: &str = "17 5 * * *";
/// Likewise.
pub(crate) const BRANCH: &str = "main";
/// The versions of a source that is named without a range.
const ANY: &str = ">=0";
const WITH_APP: &str = include_str!("../../examples/workflows/wharfinger.yml");
const WITH_JOB_TOKEN: &str = include_str!("../../examples/workflows/wharfinger-job-token.yml");

/// With which token the workflow proposes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Workflow {
    /// That of a GitHub App.
    App,
    /// The job's own.
    JobToken,
    /// No workflow is written.
    None,
}

impl Workflow {
    /// The names in arguments and questions.
    pub(crate) const NAMES: [&str; 3] = ["app", "job-token", "none"];

    /// By its name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "app" => Some(Self::App),
            "job-token" => Some(Self::JobToken),
            "none" => Some(Self::None),
            _ => None,
        }
    }
}

/// What a person answered, or gave as flags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answers {
    /// `None`: there is a manifest already.
    pub(crate) organization: Option<String>,
    /// `None` is Docker Hub.
    pub(crate) registry: Option<String>,
    /// `SOURCE` or `SOURCE RANGE`.
    pub(crate) sources: Vec<String>,
    pub(crate) workflow: Workflow,
    /// The default branch.
    pub(crate) branch: String,
    /// When the workflow proposes, as `cron` has it.
    pub(crate) schedule: String,
    /// Who owns the manifest and the workflows, as in CODEOWNERS.
    pub(crate) owners: Vec<String>,
}

/// The files that a repository begins with. `manifest` is the manifest's path.
///
/// # Errors
/// Which answer cannot be used, and how to fix it.
pub(crate) fn files(answers: &Answers, manifest: &str) -> Result<Vec<File>, String> {
    let mut files = Vec::new();
    if let Some(organization) = &answers.organization {
        let file = File { path: manifest.to_owned(), text: manifest_text(organization, answers) };
        if let Some(first) = parse(vec![file.clone()]).err().and_then(|faults| faults.into_iter().next()) {
            return Err(format!("these answers make no manifest: {}. {}", first.message, first.help));
        }
        files.push(file);
    }
    if answers.workflow != Workflow::None && manifest != DEFAULT_PATH {
        return Err(format!(
            "the workflow reads {DEFAULT_PATH}: leave out --manifest, or use --workflow none and copy an example with the input `manifest`"
        ));
    }
    let workflow = match answers.workflow {
        Workflow::App => Some(WITH_APP),
        Workflow::JobToken => Some(WITH_JOB_TOKEN),
        Workflow::None => None,
    };
    if let Some(workflow) = workflow {
        files.push(File { path: WORKFLOW.to_owned(), text: workflow_text(workflow, answers)? });
    }
    let lines = owner_lines(answers, manifest)?;
    if !lines.is_empty() {
        files.push(File { path: CODEOWNERS[0].to_owned(), text: lines.join("\n") + "\n" });
    }
    Ok(files)
}

/// The lines of CODEOWNERS, without line ends; none if no owner is named.
///
/// # Errors
/// If an owner is written as GitHub does not read it.
fn owner_lines(answers: &Answers, manifest: &str) -> Result<Vec<String>, String> {
    let wrong = |owner: &&String| !owner.contains('@') || !owner.bytes().all(|byte| byte.is_ascii_graphic());
    if let Some(owner) = answers.owners.iter().find(wrong) {
        return Err(format!("`{owner}` is no code owner: write @ORGANIZATION/TEAM, @USER or an email address"));
    }
    if answers.owners.is_empty() {
        return Ok(Vec::new());
    }
    let owners = answers.owners.join(" ");
    let paths = [manifest, ".github/workflows/", CODEOWNERS[0]];
    Ok(paths.iter().map(|path| format!("/{path} {owners}")).collect())
}

fn manifest_text(organization: &str, answers: &Answers) -> String {
    let mut text = format!("version: 1\norganization: {}\n", scalar(organization));
    if let Some(registry) = &answers.registry {
        text += &format!("registry: {}\n", scalar(registry));
    }
    if answers.sources.is_empty() {
        return text
            + "images: []\n# For example, instead of []:\n#   - source: grafana/loki\n#     versions: \">=3\"\n";
    }
    text += "images:\n";
    for source in &answers.sources {
        let (name, range) = source.split_once(char::is_whitespace).unwrap_or((source, ANY));
        text += &format!("  - source: {}\n    versions: {}\n", scalar(name), scalar(range.trim()));
    }
    text
}

/// An example workflow with this schedule and branch.
fn workflow_text(example: &str, answers: &Answers) -> Result<String, String> {
    let Answers { schedule, branch, .. } = answers;
    let is_cron = |byte: u8| byte.is_ascii_alphanumeric() || b"*,-/ ".contains(&byte);
    if schedule.split(' ').filter(|field| !field.is_empty()).count() != 5 || !schedule.bytes().all(is_cron) {
        return Err(format!("`{schedule}` is no schedule: write five fields as cron has them, such as \"{SCHEDULE}\""));
    }
    let is_branch = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    if branch.is_empty() || branch.starts_with('-') || !branch.bytes().all(is_branch) {
        return Err(format!("`{branch}` is no usable branch: use letters, digits and - _ . / only"));
    }
    let text = example.replace(&format!("cron: \"{SCHEDULE}\""), &format!("cron: \"{schedule}\""));
    Ok(text.replace(&format!("branches: [{BRANCH}] "), &format!("branches: [{}] ", scalar(branch))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers() -> Answers {
        Answers {
            organization: Some("acme".to_owned()),
            registry: None,
            sources: vec!["grafana/loki ^3".to_owned(), "redis".to_owned()],
            workflow: Workflow::App,
            branch: BRANCH.to_owned(),
            schedule: SCHEDULE.to_owned(),
            owners: vec!["@acme/platform".to_owned()],
        }
    }

    #[test]
    fn with_the_defaults_the_workflow_is_the_example() {
        let files = files(&answers(), DEFAULT_PATH).unwrap();
        assert_eq!(
            files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(),
            [DEFAULT_PATH, WORKFLOW, CODEOWNERS[0]]
        );
        assert_eq!(files[1].text, WITH_APP);
        assert!(files[0].text.contains("source: grafana/loki\n    versions: ^3\n"), "{}", files[0].text);
    }

    #[test]
    fn schedule_and_branch_are_in_both_workflows() {
        for workflow in [Workflow::App, Workflow::JobToken] {
            let (schedule, branch) = ("5 6 * * 1".to_owned(), "trunk".to_owned());
            let files = files(&Answers { workflow, schedule, branch, ..answers() }, DEFAULT_PATH).unwrap();
            let text = &files[1].text;
            assert!(text.contains("cron: \"5 6 * * 1\"\n") && text.contains("branches: [trunk] #"), "{text}");
            assert!(!text.contains(SCHEDULE) && !text.contains("[main]"), "{text}");
        }
    }

    #[test]
    fn answers_that_cannot_be_used_are_named() {
        let refused = |answers: Answers, named: &str| {
            let why = files(&answers, DEFAULT_PATH).unwrap_err();
            assert!(why.contains(named), "{why}");
        };
        refused(Answers { organization: Some("No Such".to_owned()), ..answers() }, "organization");
        refused(Answers { sources: vec!["redis >=>".to_owned()], ..answers() }, ">=>");
        refused(Answers { schedule: "daily\"\non: push".to_owned(), ..answers() }, "schedule");
        refused(Answers { branch: "main]\nx: [".to_owned(), ..answers() }, "branch");
        refused(Answers { owners: vec!["platform".to_owned()], ..answers() }, "`platform` is no code owner");
        let elsewhere = files(&answers(), "images.yml").unwrap_err();
        assert!(elsewhere.contains("--workflow none"), "{elsewhere}");
    }
}
