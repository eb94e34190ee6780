//! `check`: judges what a pull request would let in. Needs no secret and writes nothing but the job's summary,
//! annotations and outputs.

use super::{Context, Exit, Stop, promote};
use crate::diag::position;
use crate::manifest::File;
use crate::proposal::review::Finding;
use crate::report::annotations::{Annotation, Level, Place};
use crate::report::{Output, rows};

mod judge;
mod subject;
mod verdict;

pub(super) use verdict::{post, post_verdict, verdict_now};

use judge::judge;
use subject::Subject;

/// Runs it for `images`, or for all where none is named.
///
/// # Errors
/// Why it could not work. Faults of the manifest are a result like any other, but for the exit status.
pub(crate) async fn run(context: &Context, images: &[String], output: &mut Output) -> Result<Exit, Stop> {
    let subject = Subject::of_run(context).await?;
    let judged = judge(context, &subject).await?;
    let scope = promote::scope(context, &judged.manifest, images)?;
    let judged = judged.within(&scope);
    for finding in &judged.findings {
        output.annotate(annotation(Level::Error, finding, &subject.head));
    }
    for notice in &judged.notices {
        output.annotate(annotation(Level::Notice, notice, &subject.head));
    }
    if !judged.report.is_empty() {
        output.evidence(&format!("## What a merge would let in\n\n{}", judged.report));
    }
    let check = rows::Check {
        diagnostics: Vec::new(),
        findings: judged.findings.iter().map(row).collect(),
        promotions: judged.promotions,
        failed: judged.failed,
    };
    let clean = check.findings.is_empty() && check.failed.is_empty();
    output.check(check, &subject.head);
    Ok(if clean { Exit::Done } else { Exit::Findings })
}

fn row(finding: &Finding) -> rows::Finding {
    rows::Finding {
        code: finding.code,
        repository: finding.repository.clone(),
        tag: finding.tag.clone(),
        expected: finding.expected.clone(),
        found: finding.found.clone(),
    }
}

fn annotation(level: Level, finding: &Finding, files: &[File]) -> Annotation {
    let place = finding.place.and_then(|(file, at)| {
        let File { path, text } = files.get(file)?;
        let (line, column) = position(text, at);
        Some(Place { file: path.clone(), line, column })
    });
    let message = format!("expected {}, found {}", finding.expected, finding.found);
    Annotation { level, place, title: finding.code.to_owned(), message }
}
