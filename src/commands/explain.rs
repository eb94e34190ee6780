//! `explain`: why a rule picks what it picks, for the manifest's images or for a list of tags.

use std::io::Read;
use std::time::Duration;

use super::reader::{proposal_reader, signing_keys, vulnerability_reader};
use super::{Context, Exit, Stop, load, planned, promote};
use crate::args::Explain;
use crate::image::{Location, Tag};
use crate::observe::ledger::Trust;
use crate::observe::proposals::Asked;
use crate::proposal::Unreviewed;
use crate::report::Output;
use crate::report::explain::{ExplainedImage, Explanation};
use crate::report::rows::Failed;
use crate::rules::{Follow, Rule, Subject, Variant, VersionRule, made_up, notices, tried};

/// The largest list of tags that is read: far more than any repository has.
const LIST_LIMIT: u64 = 32 * 1024 * 1024;

pub(crate) async fn run(context: &Context, arguments: &Explain, output: &mut Output) -> Result<Exit, Stop> {
    let explanation = match &arguments.tags {
        Some(file) => Explanation { images: vec![trial(context, arguments, file)?], failed: Vec::new() },
        None => of_manifest(context, &arguments.images).await?,
    };
    let exit = if explanation.failed.is_empty() { Exit::Done } else { Exit::Findings };
    output.explanation(explanation);
    Ok(exit)
}

async fn of_manifest(context: &Context, images: &[String]) -> Result<Explanation, Stop> {
    let manifest = load::here(context).await?;
    let scope = promote::scope(context, &manifest, images)?;
    let mut reader = proposal_reader(context, context.forge.as_deref(), Trust::Keeper);
    reader.keys = signing_keys(context, None, None, &manifest).await;
    reader.vulnerabilities = vulnerability_reader(context, None, None, &manifest);
    let situation = reader.situation(&manifest, &scope, &Unreviewed::default(), &Asked::default()).await?;
    let notices = planned::notices(&manifest, &situation.candidates);
    let failed = situation.candidates.failed.values().chain(&situation.untold).cloned().map(Failed::from);
    Ok(Explanation {
        images: planned::explained(&manifest, &situation.candidates, &notices),
        failed: failed.chain(planned::about_ledger(&manifest, &situation)).collect(),
    })
}

/// Tries a rule on a list of tags: no manifest, no network; cooldown, readiness and signatures are not checked.
fn trial(context: &Context, arguments: &Explain, file: &str) -> Result<ExplainedImage, Stop> {
    let source = match arguments.images.as_slice() {
        [source] => source,
        _ => return Err(Stop::Unusable("with --tags, name one SOURCE, such as grafana/loki".to_owned())),
    };
    let location: Location = source.parse().map_err(|e| Stop::Unusable(format!("{source}: {e}")))?;
    let tags = tags(&list(context, file)?)?;
    let subject = subject_of(arguments)?;
    let selection = tried(&subject, &tags, context.now);
    let notices = notices(&subject, &tags, &selection);
    let repository = location.to_string().rsplit('/').next().unwrap_or_default().to_owned();
    Ok(ExplainedImage::new(source, &repository, &subject, &selection, &notices))
}

/// The list's text, from a file or standard input.
fn list(context: &Context, file: &str) -> Result<String, Stop> {
    let unreadable = |e: std::io::Error| Stop::Unusable(format!("the list of tags {file} cannot be read: {e}"));
    let mut text = String::new();
    let read = if file == "-" {
        std::io::stdin().take(LIST_LIMIT).read_to_string(&mut text)
    } else {
        let opened = std::fs::File::open(context.settings.directory.join(file)).map_err(unreadable)?;
        opened.take(LIST_LIMIT).read_to_string(&mut text)
    };
    read.map(|_| text).map_err(unreadable)
}

fn tags(text: &str) -> Result<Vec<Tag>, Stop> {
    let lines = text.trim_start_matches('\u{feff}').lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
    let named = lines.filter(|(_, line)| !line.is_empty());
    named.map(|(at, line)| line.parse().map_err(|e| Stop::Unusable(format!("line {at} of the list: {e}")))).collect()
}

fn subject_of(arguments: &Explain) -> Result<Subject, Stop> {
    let range = arguments.versions.as_ref().map(|text| text.parse()).transpose();
    let range = range.map_err(|e: crate::rules::RangeError| Stop::Unusable(format!("--versions: {e}")))?;
    let pattern = arguments.pattern.as_ref().map(|text| text.parse()).transpose();
    let pattern = pattern.map_err(|e: crate::rules::PatternError| Stop::Unusable(format!("--pattern: {e}")))?;
    let variant = arguments.variant.as_ref().map(|text| match text.as_str() {
        "*" => Variant::Any,
        text => Variant::Exactly(text.trim_start_matches('-').to_owned()),
    });
    let follow = match arguments.follow.as_deref() {
        Some("each-minor") => Follow::EachMinor,
        Some("each-major") => Follow::EachMajor,
        Some("all") => Follow::All,
        _ => Follow::Latest,
    };
    let approved = arguments.approved.iter().map(|text| {
        let tag: Tag = text.parse().map_err(|e| Stop::Unusable(format!("--approved {text}: {e}")))?;
        let digest = made_up(&tag);
        Ok((tag, digest))
    });
    Ok(Subject {
        rule: Rule::Versions(VersionRule { range, variant, pattern, follow, prereleases: arguments.prereleases }),
        approved: approved.collect::<Result<_, Stop>>()?,
        rejected: Vec::new(),
        revoked: Vec::new(),
        cooldown: Duration::ZERO,
        fixes: None,
        rebuilds: false,
        keep: None,
        ask_readiness: false,
        ask_signatures: false,
    })
}
