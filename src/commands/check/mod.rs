//! `check`: judges what a pull request would approve. Needs no secret and only writes the job's summary, annotations
//! and outputs.

use super::{Context, Exit, Stop, promote};
use crate::diag::position;
use crate::image::Tag;
use crate::manifest::{File, Image};
use crate::proposal::review::Finding;
use crate::report::annotations::{Annotation, Level, Place};
use crate::report::{Output, rows};
use crate::rules::{Notice, NoticeKind};

mod guards;
mod judge;
mod judged;
mod named;
mod rules;
mod subject;
mod verdict;

pub(super) use verdict::{post, post_verdict, recheck};

use self::rules::Told;
use judge::judge;
use judged::Judged;
use subject::Subject;

/// Runs it for `images`, or for all if none is named.
///
/// # Errors
/// Why it could not work. Faults of the manifest are a result like any other, except for the exit status.
pub(crate) async fn run(context: &Context, images: &[String], output: &mut Output) -> Result<Exit, Stop> {
    let subject = Subject::of_run(context).await?;
    let judged = judge(context, &subject).await?;
    let scope = promote::scope(context, &judged.manifest, images)?;
    Ok(tell(&subject, judged.within(&scope), output))
}

/// Reports everything that was found.
fn tell(subject: &Subject, judged: Judged, output: &mut Output) -> Exit {
    for finding in &judged.findings {
        output.annotate(annotation(Level::Error, finding, &subject.head));
    }
    for notice in &judged.notices {
        output.annotate(annotation(Level::Notice, notice, &subject.head));
    }
    let mut told = rows::Notices::default();
    for Told { image, notice } in &judged.told {
        let image = &judged.manifest.images[*image];
        told.add(image, std::slice::from_ref(notice));
        output.annotate(warning(image, notice, &subject.head));
    }
    let check = rows::Check {
        diagnostics: Vec::new(),
        findings: judged.findings.iter().map(row).collect(),
        unmatched: told.unmatched,
        unread: told.unread,
        promotions: judged.promotions,
        images: judged.evidence,
        failed: judged.failed,
        looked_at: judged.images,
    };
    let clean = check.findings.is_empty() && check.failed.is_empty();
    output.check(check, &subject.head);
    if !judged.guards.is_empty() {
        let organization = &judged.manifest.organization;
        let lines: Vec<String> = judged.guards.iter().map(|change| change.line(organization)).collect();
        output.evidence(&format!("## What a merge would change about guards\n\n{}", lines.join("\n\n")));
    }
    if !judged.report.is_empty() {
        output.evidence(&format!("## What a merge would approve\n\n{}", judged.report));
    }
    if clean { Exit::Done } else { Exit::Findings }
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

/// A warning about a rule, placed at the image or approval that it concerns.
fn warning(image: &Image, notice: &Notice, files: &[File]) -> Annotation {
    let approval = |tag: &Tag| image.approved.iter().find(|approval| approval.tag == *tag);
    let (code, at) = match &notice.kind {
        NoticeKind::Unmatched => ("unmatched", image.span.start),
        NoticeKind::Unread(tag) => ("unread", approval(tag).map_or(image.span.start, |approval| approval.span.start)),
        NoticeKind::Beside { .. } => ("beside", image.span.start),
    };
    let title = format!("{code} {}", image.repository);
    Annotation { level: Level::Warning, place: place(files, image.file, at), title, message: notice.text() }
}

fn place(files: &[File], file: usize, at: usize) -> Option<Place> {
    let File { path, text } = files.get(file)?;
    let (line, column) = position(text, at);
    Some(Place { file: path.clone(), line, column })
}

fn annotation(level: Level, finding: &Finding, files: &[File]) -> Annotation {
    let place = finding.place.and_then(|(file, at)| place(files, file, at));
    let message = format!("expected {}, found {}", finding.expected, finding.found);
    Annotation { level, place, title: finding.code.to_owned(), message }
}
