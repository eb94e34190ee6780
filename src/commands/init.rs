//! `init`: the files that a repository begins with, and what is left to set.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use super::{Context, Exit, Stop, check, doctor};
use crate::apply::files::{Created, create_below};
use crate::args::{Doctor, Init as Arguments};
use crate::forge::git::origin_address;
use crate::init::{Answers, BRANCH, CODEOWNERS, Place, SCHEDULE, Workflow, files, steps};
use crate::manifest::File;
use crate::progress::Messages;
use crate::report::init::{Init, LeftFile, Ran};
use crate::report::{Format, Output};

/// Asks on a terminal, writes what does not exist yet, and runs `check` and `doctor`, whose exit statuses are only
/// reported.
///
/// # Errors
/// If an answer is missing or unusable (nothing was written then), or a file cannot be written.
pub(crate) async fn run(context: &Context, arguments: &Arguments, output: &mut Output) -> Result<Exit, Stop> {
    let settings = &context.settings;
    let has_manifest = settings.directory.join(&settings.manifest).symlink_metadata().is_ok();
    let mut given = arguments.clone();
    if !arguments.yes && io::stdin().is_terminal() && io::stderr().is_terminal() && settings.format == Format::Human {
        given = ask(given, has_manifest).await?;
    }
    let answers = answers(given, has_manifest)?;
    let mut init = write(context, &answers)?;
    let place = place(context).await;
    init.steps = steps(&answers, place.as_ref());
    output.init(init);
    let checked = check::run(context, &[], output).await;
    let checked = ran("check", checked, output);
    let examined = Box::pin(doctor::run(context, &Doctor::default(), output)).await;
    let examined = ran("doctor", examined, output);
    output.after_init(vec![checked, examined]);
    Ok(Exit::Done)
}

/// The answers, with the defaults of what was not given.
fn answers(given: Arguments, has_manifest: bool) -> Result<Answers, Stop> {
    if given.organization.is_none() && !has_manifest {
        return Err(Stop::Unusable(
            "no organization was named, and nothing was written: use --organization NAME, or run init on a terminal"
                .to_owned(),
        ));
    }
    let workflow = given.workflow.as_deref().unwrap_or(Workflow::NAMES[0]);
    let workflow = Workflow::named(workflow).ok_or_else(|| {
        Stop::Unusable(format!("`{workflow}` is no workflow: choose one of {}", Workflow::NAMES.join(", ")))
    })?;
    Ok(Answers {
        organization: given.organization.filter(|_| !has_manifest),
        registry: given.registry.filter(|registry| registry != "docker.io"),
        sources: given.sources,
        workflow,
        branch: given.branch.unwrap_or_else(|| BRANCH.to_owned()),
        schedule: given.schedule.unwrap_or_else(|| SCHEDULE.to_owned()),
        owners: given.owners,
    })
}

/// Asks for what was not given. It waits in a thread of its own, so that a signal ends the run.
async fn ask(given: Arguments, has_manifest: bool) -> Result<Arguments, Stop> {
    let (answered, answers) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        // Without a receiver, the run has ended.
        let _ = answered.send(questions(given, has_manifest));
    });
    let ended = |e: io::Error| Stop::Unusable(format!("nothing was written: {e}"));
    answers.await.map_err(|e| Stop::CannotWork(e.into()))?.map_err(ended)
}

fn questions(mut given: Arguments, has_manifest: bool) -> io::Result<Arguments> {
    if !has_manifest {
        fill(&mut given.organization, "Organization that receives the images", "")?;
        fill(&mut given.registry, "Registry that it is in", "docker.io")?;
        if given.sources.is_empty() {
            given.sources =
                several("Images to approve, such as `grafana/loki ^3, redis`; none for now: leave it empty")?;
        }
    }
    fill(&mut given.workflow, "Token that proposes (app, job-token; none: no workflow)", Workflow::NAMES[0])?;
    fill(&mut given.branch, "Default branch", BRANCH)?;
    fill(&mut given.schedule, "Schedule, as cron has it", SCHEDULE)?;
    if given.owners.is_empty() {
        given.owners = several("Code owners of the manifest and the workflows, such as @acme/platform; empty: none")?;
    }
    let go = question("Write the files", "yes")?;
    match go.as_str() {
        "yes" | "y" => Ok(given),
        _ => Err(io::Error::other("you did not answer yes")),
    }
}

/// Asks unless it was given.
fn fill(given: &mut Option<String>, text: &str, default: &str) -> io::Result<()> {
    if given.is_none() {
        *given = Some(question(text, default)?).filter(|answer| !answer.is_empty());
    }
    Ok(())
}

fn several(text: &str) -> io::Result<Vec<String>> {
    let answer = question(text, "")?;
    Ok(answer.split(',').map(str::trim).filter(|one| !one.is_empty()).map(str::to_owned).collect())
}

/// One line; an empty one is the default.
fn question(text: &str, default: &str) -> io::Result<String> {
    let shown = if default.is_empty() { String::new() } else { format!(" [{default}]") };
    let mut out = Messages;
    write!(out, "{text}{shown}: ")?;
    out.flush()?;
    let mut line = String::new();
    if io::stdin().lock().read_line(&mut line)? == 0 {
        return Err(io::Error::other("the input ended"));
    }
    let line = line.trim();
    Ok(if line.is_empty() { default } else { line }.to_owned())
}

/// Writes what does not exist yet.
fn write(context: &Context, answers: &Answers) -> Result<Init, Stop> {
    let (directory, manifest) = (&context.settings.directory, &context.settings.manifest);
    let mut init = Init::default();
    let owners = CODEOWNERS.into_iter().find(|path| directory.join(path).symlink_metadata().is_ok());
    if answers.organization.is_none() {
        init.left.push(left(manifest, "the manifest is already there", Vec::new()));
    }
    for File { path, text } in files(answers, manifest).map_err(Stop::Unusable)? {
        if let Some(there) = owners.filter(|_| path == CODEOWNERS[0]) {
            let had = std::fs::read_to_string(directory.join(there)).unwrap_or_default();
            let lacks = |line: &&str| !had.lines().any(|other| other.trim() == *line);
            let add: Vec<String> = text.lines().filter(lacks).map(str::to_owned).collect();
            let why =
                if add.is_empty() { "has these owners" } else { "exists: add these lines, in this order, at its end" };
            init.left.push(left(there, why, add));
            continue;
        }
        let unwritten = |e: io::Error| Stop::Unusable(format!("{path} cannot be written: {e}"));
        match create_below(directory, &path, &text).map_err(unwritten)? {
            Created::Written => init.written.push(path),
            Created::Exists => init.left.push(left(&path, "exists", Vec::new())),
            Created::Link(link) => {
                init.left.push(left(&path, &format!("{link} is a link, which is not followed"), Vec::new()));
            }
        }
    }
    Ok(init)
}

fn left(file: &str, why: &str, add: Vec<String>) -> LeftFile {
    LeftFile { file: file.to_owned(), why: why.to_owned(), add }
}

/// The repository on GitHub: what the environment says, otherwise the clone's origin.
async fn place(context: &Context) -> Option<Place> {
    let github = &context.settings.github;
    match &github.repository {
        Some((owner, name)) => Place::new(&github.server_url, &format!("{owner}/{name}")),
        None => Place::of_remote(&github.server_url, &origin_address(&context.settings.directory).await?),
    }
}

/// How a command ended; faults of the manifest are shown.
fn ran(command: &str, result: Result<Exit, Stop>, output: &mut Output) -> Ran {
    let error = result.as_ref().err().map(ToString::to_string);
    let status = match result {
        Ok(Exit::Done) => 0,
        Ok(Exit::Findings) | Err(Stop::Behind(_)) => 1,
        Err(Stop::Unusable(_)) => 2,
        Err(Stop::Manifest(faults, files)) => {
            output.diagnostics(faults, &files);
            2
        }
        Err(Stop::CannotWork(_)) => 3,
    };
    Ran { command: command.to_owned(), status, error }
}
