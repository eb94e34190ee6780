//! `diff`: what differs between any two images. No manifest is needed.

use super::reader::vulnerability_reader;
use super::{Context, Exit, Stop, load};
use crate::args::Diff;
use crate::evidence::Trust;
use crate::image::{Mention, Platform};
use crate::manifest::{self, Inspection, Manifest, Signatures, Signer, Vulnerabilities};
use crate::observe::comparison::{Comparison, ComparisonReader, Fault};
use crate::observe::named::NamedFiles;
use crate::observe::vulnerabilities::VulnerabilityReader;
use crate::report::Output;
use crate::report::comparison::Compared;

/// The largest key that is read, in bytes.
const KEY: u64 = 1 << 20;

/// Runs it.
///
/// # Errors
/// If an argument is unusable, or one of the images cannot be had.
pub(crate) async fn run(context: &Context, arguments: &Diff, output: &mut Output) -> Result<Exit, Stop> {
    let (from, to) = (mention(&arguments.from)?, mention(&arguments.to)?);
    let platform = arguments.platform.as_deref().map(platform).transpose()?;
    let manifest = manifest(context).await?;
    let mut files = NamedFiles::new();
    if let Some(key) = &arguments.key {
        files.insert(key.clone(), Ok(read_key(context, key)?));
    }
    let trust = Trust::new(&files);
    let signatures = arguments.key.clone().map(|key| Signatures::One(Signer::Key(key)));
    let sources = context.sources.bounded();
    let bytes = manifest.as_ref().map_or_else(Inspection::default, |manifest| manifest.inspection.clone()).layers;
    let reader = ComparisonReader {
        sources: &sources,
        trust: &trust,
        signatures: signatures.as_ref(),
        vulnerabilities: &vulnerabilities(context, manifest),
        bytes,
        platform,
    };
    let Comparison { from: was, to: is, makers, labels, difference } =
        reader.compare(&from, &to).await.map_err(|fault: Fault| Stop::CannotWork(fault.into()))?;
    output.comparison(Compared { mentions: [from, to], digests: [was, is], makers, labels, difference });
    Ok(Exit::Done)
}

fn mention(text: &str) -> Result<Mention, Stop> {
    text.parse().map_err(|e| Stop::Unusable(format!("{text}: {e}")))
}

fn platform(text: &str) -> Result<Platform, Stop> {
    text.parse().map_err(|e| Stop::Unusable(format!("--platform {text}: {e}")))
}

/// The manifest, if there is one; one that is named has to exist.
async fn manifest(context: &Context) -> Result<Option<Manifest>, Stop> {
    let path = context.settings.directory.join(&context.settings.manifest);
    match context.settings.manifest == manifest::DEFAULT_PATH && !path.exists() {
        true => Ok(None),
        false => load::here(context).await.map(Some),
    }
}

/// Compares vulnerabilities as the manifest's `evidence` asks. Where it asks for none, a directory with reports does.
fn vulnerabilities(context: &Context, manifest: Option<Manifest>) -> VulnerabilityReader {
    let reports = context.settings.reports.clone();
    let by_reports = |inspection: &mut Inspection| {
        if reports.is_some() && inspection.vulnerabilities == Vulnerabilities::None {
            inspection.vulnerabilities = Vulnerabilities::Reports;
        }
    };
    if let Some(mut manifest) = manifest {
        by_reports(&mut manifest.inspection);
        return vulnerability_reader(context, None, None, &manifest);
    }
    let mut inspection = Inspection::default();
    by_reports(&mut inspection);
    VulnerabilityReader::new(&inspection, context.osv.clone(), reports, None)
}

fn read_key(context: &Context, key: &str) -> Result<Vec<u8>, Stop> {
    use std::io::Read as _;
    let unreadable = |e: std::io::Error| Stop::Unusable(format!("--key {key}: it cannot be read: {e}"));
    let mut bytes = Vec::new();
    let file = std::fs::File::open(context.settings.directory.join(key)).map_err(unreadable)?;
    file.take(KEY + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    match bytes.len() as u64 > KEY {
        true => Err(Stop::Unusable(format!("--key {key}: it has more than {KEY} bytes: is it a public key?"))),
        false => Ok(bytes),
    }
}
