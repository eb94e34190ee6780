//! Compares the results of pulls in a signed-in Docker Desktop with the expected ones.

use super::results::{Outcome, Pulled, Results};
use super::{Expected, Row, State, Subject};

/// Docker's name for a system where the organization's settings apply.
const DESKTOP: &str = "Docker Desktop";

/// A row for each image that was to be pulled, and remarks on the other lines, one sentence each.
pub(crate) fn judge_pulls(subjects: &[Subject], results: &Results) -> (Vec<Row>, Vec<String>) {
    let elsewhere = results.system.as_deref().filter(|system| !system.is_empty() && *system != "unknown");
    let elsewhere = elsewhere.filter(|system| !system.contains(DESKTOP));
    let rows = subjects.iter().map(|subject| {
        let pull = subject.pull();
        let lines: Vec<&Pulled> = results.pulls.iter().filter(|line| line.image == pull).collect();
        judged(subject, &lines, elsewhere.is_some())
    });
    let rows = rows.collect();
    (rows, problems(subjects, results, elsewhere))
}

fn problems(subjects: &[Subject], results: &Results, elsewhere: Option<&str>) -> Vec<String> {
    let shown = |text: &str| crate::text::excerpt(text, 120);
    let mut problems = Vec::new();
    problems.extend(elsewhere.map(|system| {
        format!("the pulls were made on {}, which is not Docker Desktop: nothing is refused there", shown(system))
    }));
    for line in results.pulls.iter().filter(|line| !subjects.iter().any(|subject| subject.pull() == line.image)) {
        problems.push(format!(
            "line {} is about {}, which was not in the script: is it from another manifest's script, or from an older one?",
            line.line,
            shown(&line.image)
        ));
    }
    problems.extend(
        results
            .strange
            .iter()
            .map(|(line, text)| format!("line {line} was not printed by the script: {}", shown(text))),
    );
    problems
}

/// The result for one image from its lines. If Docker Desktop decided, that counts, whatever failed before; if it
/// decided both ways, nothing does.
fn judged(subject: &Subject, lines: &[&Pulled], elsewhere: bool) -> Row {
    let decided: Vec<(&Pulled, Outcome)> =
        lines.iter().map(|line| (*line, Outcome::of(line))).filter(|(_, outcome)| outcome.is_decided()).collect();
    if let Some((first, outcome)) = decided.first() {
        if let Some((other, _)) = decided.iter().find(|(_, other)| other != outcome) {
            let detail = format!(
                "lines {} and {} contradict each other: run the script again from the beginning",
                first.line, other.line
            );
            return Row::new(subject, State::Unclear, false, detail);
        }
        return found(subject, first, outcome, elsewhere);
    }
    match lines.last() {
        Some(line) => found(subject, line, &Outcome::of(line), elsewhere),
        None => Row::new(subject, State::NotRun, false, "no line gives its result: run the script to its end"),
    }
}

fn found(subject: &Subject, line: &Pulled, outcome: &Outcome, elsewhere: bool) -> Row {
    let said = crate::text::excerpt(&line.said, 300);
    let row = |state, ok, detail: &str| Row::new(subject, state, ok, detail);
    match (outcome, subject.expected) {
        (Outcome::Pulled, Expected::Pulled | Expected::Unknown) => row(State::Allowed, true, ""),
        (Outcome::OtherPlatform, Expected::Pulled | Expected::Unknown) => {
            row(State::Allowed, true, "allowed; it has nothing for the platform of the machine that pulled it")
        }
        (Outcome::Pulled | Outcome::OtherPlatform, Expected::ImageRefused | Expected::RegistryRefused) => {
            passed(subject, elsewhere)
        }
        (Outcome::ImageRefused | Outcome::RegistryRefused(_), expected) => refused(subject, outcome, expected, &said),
        (Outcome::Denied, Expected::Pulled) => {
            let detail =
                format!("its registry refused it: {said}; is the member signed in, and in a team that may read it?");
            row(State::Refused, false, &detail)
        }
        (Outcome::Denied, Expected::Unknown) => row(State::Refused, true, &said),
        (Outcome::Denied, _) => {
            let detail = format!("its registry refused it, so it is unknown whether Docker Desktop would: {said}");
            row(State::Unclear, false, &detail)
        }
        (Outcome::Missing, Expected::Pulled) => row(State::Missing, false, &said),
        (Outcome::Missing, _) => {
            let detail = format!("this image no longer exists, so the result is unknown: {said}");
            row(State::Unclear, subject.expected == Expected::Unknown, &detail)
        }
        (Outcome::Unclear, _) => row(State::Unclear, false, &format!("exit status {}: {said}", line.status)),
    }
}

/// An image that should have been refused, and was not.
fn passed(subject: &Subject, elsewhere: bool) -> Row {
    if elsewhere {
        return Row::new(subject, State::NotEnforcedHere, true, "it was not pulled in Docker Desktop");
    }
    let setting = match subject.expected {
        Expected::RegistryRefused => "Registry Access Management",
        _ => "Image Access Management",
    };
    let detail = format!(
        "{setting} should refuse it and did not: is Docker Desktop signed in as a member who is not an owner, is the \
         setting on (`wharfinger apply-policy`), and have 24 hours passed since, or has the member signed out and \
         in?"
    );
    Row::new(subject, State::Allowed, false, detail)
}

/// A refusal by Docker Desktop, which must be the expected one.
fn refused(subject: &Subject, outcome: &Outcome, expected: Expected, said: &str) -> Row {
    let row = |ok, detail: String| Row::new(subject, State::Refused, ok, detail);
    match (outcome, expected) {
        (Outcome::ImageRefused, Expected::ImageRefused) => row(true, said.to_owned()),
        (Outcome::RegistryRefused(host), Expected::RegistryRefused) => {
            if host.as_deref().is_none_or(|host| is_of(subject, host)) {
                row(true, said.to_owned())
            } else {
                row(false, format!("a host other than its registry was refused: {said}"))
            }
        }
        (_, Expected::Unknown) => row(true, said.to_owned()),
        (Outcome::ImageRefused, Expected::Pulled) => {
            let detail = format!("{said}: is Docker Desktop signed in with the organization that owns it?");
            row(false, detail)
        }
        (_, Expected::Pulled) => {
            row(false, format!("{said}: policy.registry-access has to allow that host, or an owner in Docker Home"))
        }
        (Outcome::ImageRefused, _) => {
            row(false, format!("refused by Image Access Management instead of Registry Access Management: {said}"))
        }
        _ => row(false, format!("refused by Registry Access Management instead of Image Access Management: {said}")),
    }
}

/// Whether a host is the image's registry; Docker Hub's has several.
fn is_of(subject: &Subject, host: &str) -> bool {
    let registry = &subject.repository.registry;
    let bare = host.split(':').next().unwrap_or(host);
    bare == registry.host()
        || (registry.is_docker_hub() && (bare.ends_with(".docker.io") || bare.ends_with("docker.com")))
}
