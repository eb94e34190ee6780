//! `scan`: which images files name, whether they are approved, and what replaces them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::elsewhere::Elsewhere;
use super::{Context, Exit, Stop, into_file};
use crate::apply::rewriting::rewrite_file;
use crate::args::Scan as Arguments;
use crate::forge::git::changed_since;
use crate::manifest::Manifest;
use crate::observe::manifest::from_directory;
use crate::observe::tree::{Look, Root, SourceFile, Told, Tree, Wanted, read_tree};
use crate::references;
use crate::report::Output;
use crate::report::scan::{FailedFile, Scan, UnresolvedRow};
use crate::scan::{Fix, Judge, JudgedFile, SourceText, edited, fix, judge_file, untried};
use crate::settings::Format;

/// Runs it. Without `--fix`, nothing is written.
///
/// # Errors
/// If a path, the manifest or REF does not exist or is unusable.
pub(crate) async fn run(context: &Context, arguments: &Arguments, output: &mut Output) -> Result<Exit, Stop> {
    into_file(context, arguments.output.as_deref(), output)?;
    let roots = roots(context, &arguments.paths)?;
    let manifest = manifest(context).await?;
    let only = match &arguments.changed_since {
        Some(reference) => Some(changed(context, &roots, reference).await?),
        None => None,
    };
    let fixes = match (arguments.fix, context.settings.format) {
        (true, _) => Fixes::Written,
        (false, Format::Sarif) => Fixes::Shown,
        (false, _) => Fixes::Untried,
    };
    // On a thread of its own, so that the run can be ended meanwhile.
    let work = tokio::task::spawn_blocking(move || scan(&roots, &manifest, only.as_ref(), fixes));
    let scan = work.await.map_err(|e| Stop::CannotWork(e.into()))?;
    let clean = scan.is_clean();
    output.scan(scan);
    Ok(if clean { Exit::Done } else { Exit::Findings })
}

fn roots(context: &Context, paths: &[String]) -> Result<Vec<Root>, Stop> {
    let here = [".".to_owned()];
    let paths = match paths {
        [] if context.settings.github.in_actions => &here,
        [] => return Err(Stop::Unusable("name what to scan, such as `wharfinger scan .`".to_owned())),
        paths => paths,
    };
    paths.iter().map(|path| Root::new(&context.settings.directory, path).map_err(Stop::Unusable)).collect()
}

/// The manifest in the working directory, or the one that is named on GitHub.
async fn manifest(context: &Context) -> Result<Manifest, Stop> {
    match Elsewhere::parse(&context.settings.manifest) {
        Some(elsewhere) => elsewhere.read(context).await,
        None => Ok(from_directory(&context.settings.directory, &context.settings.manifest)?),
    }
}

/// What changed in the repositories of the roots, each asked once.
async fn changed(context: &Context, roots: &[Root], reference: &str) -> Result<BTreeSet<PathBuf>, Stop> {
    let mut changed = BTreeSet::new();
    for directory in roots.iter().map(Root::directory).collect::<BTreeSet<&Path>>() {
        let found = changed_since(directory, reference, context.settings.timeout).await;
        changed.extend(found.map_err(|e| Stop::Unusable(format!("--changed-since: {e}")))?);
    }
    Ok(changed)
}

/// What becomes of the edits that replace references.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fixes {
    /// Nobody wants them: each costs reading its file again.
    Untried,
    /// They are part of the report.
    Shown,
    Written,
}

/// A file that names images, and how it could be rewritten.
struct Found {
    real: PathBuf,
    file: JudgedFile,
    fix: Fix,
}

fn scan(roots: &[Root], manifest: &Manifest, only: Option<&BTreeSet<PathBuf>>, fixes: Fixes) -> Scan {
    let judge = Judge::new(manifest);
    let wanted = Wanted { possible: references::Format::possible, only };
    let Tree { found, left, failed, files } = read_tree(roots, &wanted, |file| look(&judge, file, fixes));
    let unresolved = left.into_iter().map(|Told { path, why }| UnresolvedRow::of_file(path, why)).collect();
    let failed = failed.into_iter().map(|Told { path, why }| FailedFile { file: path, error: why }).collect();
    let mut scan = Scan { unresolved, failed, files, ..Scan::default() };
    for found in &found {
        let written = match fixes {
            Fixes::Untried | Fixes::Shown => None,
            Fixes::Written => Some(replace(found).unwrap_or_else(|error| {
                scan.failed.push(FailedFile { file: found.file.path.clone(), error });
                false
            })),
        };
        scan.add(&found.file, &found.fix, written);
    }
    scan.in_order()
}

/// Writes a file's edits, if there are any; whether there were.
fn replace(Found { real, file, fix }: &Found) -> Result<bool, String> {
    let bytes = file.source.bytes();
    match fix.edits.is_empty() {
        true => Ok(false),
        false => rewrite_file(real, bytes, &edited(bytes, &fix.edits)).map(|()| true),
    }
}

fn look(judge: &Judge<'_>, file: SourceFile, fixes: Fixes) -> Look<Found> {
    let SourceFile { shown, inside, real, bytes, given } = file;
    let source = SourceText::new(bytes);
    let Some(format) = references::Format::of(&inside, source.text()) else {
        return match given {
            true => Look::Left("neither its name nor its text tells a format that names images".to_owned()),
            false => Look::Other,
        };
    };
    let file = judge_file(judge, shown, format, source);
    let fix = |file: &JudgedFile| if fixes == Fixes::Untried { untried(file) } else { fix(file) };
    let found = (!file.is_empty()).then(|| Found { real, fix: fix(&file), file });
    Look::Seen(found)
}
