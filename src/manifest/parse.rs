//! From texts to the model, or to diagnostics.

use super::aliases;
use super::check::{self, Namespace, PlacedImage};
use super::document::{self, Included, Main, Settings};
use super::faults::{Faults, Place};
use super::forms::DEFAULT_COOLDOWN;
use super::globs::MAX_INCLUDES;
use super::globs::included;
use super::lists::Unique;
use super::names::FileGlob;
use super::object::{Object, read_object};
use super::policy::policy;
use super::read::{At, Reader, Value};
use super::release;
use super::scalars::Source;
use super::{
    Approval, Cooldown, Destination, File, Guard, Image, Inspection, Manifest, Proposals, Rejection, Revocation,
};
use crate::diag::{Code, Diagnostic, Span};
use crate::image::{RegistryHost, RepositoryName};
use crate::rules::{Rule, VersionRule};
use crate::yaml::{self, Node};

/// The largest file that is read.
const MAX_BYTES: usize = 1 << 20;
/// The version of the format that this release reads.
const VERSION: u64 = 1;

/// Makes a file of the manifest from its bytes.
///
/// # Errors
/// A diagnostic if the bytes are not UTF-8 or too many.
pub fn file(path: &str, bytes: Vec<u8>) -> Result<File, Diagnostic> {
    let whole = |code: Code, message: String, help: &str| Diagnostic {
        code: code.as_str(),
        message,
        file: path.to_owned(),
        line: 1,
        column: 1,
        help: help.to_owned(),
        span: Span::default(),
    };
    if bytes.len() > MAX_BYTES {
        return Err(whole(Code::TooLarge, TOO_LARGE.to_owned(), SPLIT));
    }
    String::from_utf8(bytes).map(|text| File { path: path.to_owned(), text }).map_err(|error| {
        let message = format!("the file is not valid UTF-8 from byte {} on", error.utf8_error().valid_up_to());
        whole(Code::NotUtf8, message, "save it as UTF-8")
    })
}

const SPLIT: &str = "split it into several files and list them under `include`";
/// The actual size is not mentioned: a file that is too large is not read to its end.
const TOO_LARGE: &str = "the file is larger than 1,048,576 bytes, which is the limit";

/// The globs of `include` in the main file's text, so that the caller can read those files; empty if the text cannot be
/// read that far: [`parse`] then says why. They are relative to the main file's directory: see [`included`].
pub(crate) fn includes(text: &str) -> Vec<String> {
    if text.len() > MAX_BYTES {
        return Vec::new();
    }
    let (Some(root), _) = yaml::read(text) else { return Vec::new() };
    let mut faults = Faults::default();
    let mut reader = Reader { file: 0, faults: &mut faults, through: None };
    let globs = root.get("include").and_then(|node| Unique::<FileGlob>::read(node, &mut reader));
    let globs = globs.map(Unique::into_values).unwrap_or_default();
    if globs.len() > MAX_INCLUDES { Vec::new() } else { globs.into_iter().map(Into::into).collect() }
}

/// Reads the manifest: the main file first, then the included ones.
///
/// # Errors
/// All diagnostics of all files, in the order of file and place. If the manifest requires another release, only that.
pub fn parse(files: Vec<File>) -> Result<Manifest, Vec<Diagnostic>> {
    if let Some(refused) = files.first().filter(|main| main.text.len() <= MAX_BYTES).and_then(release::refused) {
        return Err(refused);
    }
    let mut faults = Faults::default();
    let manifest = read(files, &mut faults);
    let refused = release::refused_by(&manifest);
    let diagnostics = refused.unwrap_or_else(|| faults.into_diagnostics(&manifest.files));
    if diagnostics.is_empty() { Ok(manifest) } else { Err(diagnostics) }
}

/// All files combined, whatever errors they have.
fn read(files: Vec<File>, faults: &mut Faults) -> Manifest {
    let main = files.first().and_then(|file| read_file::<Main>(0, file, faults)).unwrap_or_default();
    let own = Included { place: main.place, defaults: main.defaults.clone(), images: main.images.clone() };
    let mut parts = vec![own];
    for (index, file) in files.iter().enumerate().skip(1) {
        parts.push(read_file(index, file, faults).unwrap_or_default());
    }
    assemble(main, parts, files, faults)
}

/// The manifest made from a main file and only some of the files that it includes; `None` if they cannot be used.
/// Missing files are not an error.
pub(crate) fn parse_part(files: Vec<File>) -> Option<Manifest> {
    let mut faults = Faults::default();
    let manifest = read(files, &mut faults);
    let diagnostics = faults.into_diagnostics(&manifest.files);
    diagnostics.iter().all(|fault| fault.code == Code::IncludeMissing.as_str()).then_some(manifest)
}

/// The manifest made from a main file and those of the other files that it includes, as with [`parse_part`].
pub(crate) fn parse_included(main: File, others: impl IntoIterator<Item = File>) -> Option<Manifest> {
    let others: Vec<File> = others.into_iter().collect();
    let paths = others.iter().map(|file| file.path.as_str());
    let included = included(&main.path, &includes(&main.text), paths);
    let others = others.into_iter().filter(|file| included.contains(&file.path));
    parse_part(std::iter::once(main).chain(others).collect())
}

/// How many reviews a main file's text requires, whatever else is wrong with it; none if it does not say.
pub(crate) fn approvals_asked(text: &str) -> u32 {
    let file = File { path: String::new(), text: text.to_owned() };
    let main = read_file::<Main>(0, &file, &mut Faults::default());
    main.and_then(|main| main.policy).map_or(0, |given| policy(given.value.0).approvals)
}

/// One file; `None` if nothing in it can be read.
fn read_file<T: Object>(index: usize, file: &File, faults: &mut Faults) -> Option<T> {
    let whole = Place { file: index, span: Span::default() };
    if file.text.len() > MAX_BYTES {
        faults.report(Code::TooLarge, whole, TOO_LARGE, SPLIT);
        return None;
    }
    let (root, tree_faults) = yaml::read(&file.text);
    let broken = root.is_none() && !tree_faults.is_empty();
    for fault in tree_faults {
        faults.report(fault.code, Place { file: index, span: fault.span }, fault.message, fault.help);
    }
    let Some(root) = root.filter(|r| !r.is_null()) else {
        for key in T::keys().iter().filter(|k| k.required && !broken) {
            let message = format!("`{}` is missing from {}: the file is empty", key.name, T::WHAT);
            faults.report(Code::MissingKey, whole, message, format!("add `{}:`", key.name));
        }
        return None;
    };
    if let Some(newer) = root.get("version").and_then(newer_version) {
        let place = Place { file: index, span: newer.span };
        let version = newer.text().unwrap_or_default();
        let message = format!("this manifest uses format version {version}, and this release reads version {VERSION}");
        faults.report(Code::NewerVersion, place, message, format!("use wharfinger {version}.x, which reads it"));
        return None;
    }
    read_object(&root, &mut Reader { file: index, faults, through: None })
}

/// The node of a version that only a newer release can read.
fn newer_version(node: &Node) -> Option<&Node> {
    let number: u64 = node.text()?.parse().ok()?;
    (number > VERSION).then_some(node)
}

/// Combines the files: defaults, images, and checks across several keys.
fn assemble(main: Main, parts: Vec<Included>, files: Vec<File>, faults: &mut Faults) -> Manifest {
    let registry = main.registry.map_or_else(|| Destination::Registry(RegistryHost::docker_hub()), |r| r.value);
    let common = main.defaults.map(|d| d.value.settings).unwrap_or_default();
    check::includes(&main.include, &files, faults);
    check::rule_keys(&common, faults);
    if let Some(organization) = &main.organization {
        check::organization(organization, &registry, faults);
    }
    let organization = main.organization.map(|o| o.value.0).unwrap_or_default();
    let namespace = Namespace { registry: &registry, organization: &organization };
    let (mut images, mut guards, mut cooldowns) = (Vec::new(), Vec::new(), Vec::new());
    let mut given = check::Given::default();
    for (file, part) in parts.into_iter().enumerate() {
        let own = part.defaults.map(|d| d.value.settings).unwrap_or_default();
        check::rule_keys(&own, faults);
        let defaults = if file == 0 { own } else { layer(own, &common) };
        guards.push(guard(&defaults));
        cooldowns.push(cooldown(&defaults));
        for (index, raw) in part.images.map(|l| l.value).unwrap_or_default().into_iter().enumerate() {
            check::rule_keys(&raw.settings, faults);
            if !given.count(&defaults, faults) {
                break;
            }
            images.extend(image(index, raw, &defaults, &namespace, faults));
        }
    }
    let sources = main.sources.map(|s| s.value.0.into_values());
    check::images(&images, sources.as_deref(), faults);
    Manifest {
        files,
        required_version: main.required_version.map(|r| r.value),
        organization,
        registry,
        sources,
        repositories: main.repositories.map(|r| r.value).unwrap_or_default(),
        policy: main.policy.map(|p| policy(p.value.0)).unwrap_or_default(),
        proposals: main.proposals.map(|p| proposals(p.value)).unwrap_or_default(),
        guards,
        cooldowns,
        inspection: main.evidence.map(|e| inspection(e.value)).unwrap_or_default(),
        advisories: main.advisories.map(|file| file.value.0),
        images: images.into_iter().map(|i| i.image).collect(),
    }
}

/// Settings over others. A layer with `tags` takes no versions from below, and the other way round.
fn layer(over: Settings, under: &Settings) -> Settings {
    let mut under = under.clone();
    if over.tags.is_some() {
        (under.versions, under.variant, under.pattern, under.follow) = (None, None, None, None);
        under.aliases = None;
    } else if over.versions.is_some() || over.variant.is_some() || over.pattern.is_some() || over.follow.is_some() {
        under.tags = None;
    }
    over.over(&under)
}

fn image(
    index: usize,
    raw: document::Image,
    defaults: &Settings,
    namespace: &Namespace<'_>,
    faults: &mut Faults,
) -> Option<PlacedImage> {
    let source = raw.source?;
    let named = raw.repository.map(|r| (r.value, r.place));
    let (repository, repository_place) = match named {
        Some(named) => named,
        None => (check::default_repository(&source, faults)?, source.place),
    };
    check::repository(&repository, repository_place, namespace, faults);
    let settings = layer(raw.settings, defaults);
    check::immutable(&settings, faults);
    check::unused(&settings, namespace, faults);
    check::vouched(&settings, &source.value.text, faults);
    let approved = raw.approved.map(|a| a.value.0).unwrap_or_default();
    let floating = settings.tags.clone().map(|t| t.value.0.0).unwrap_or_default();
    let short = settings.aliases.clone().map(|a| a.value.0).unwrap_or_default();
    aliases::check(&short, &approved, raw.revoked.as_ref().map_or(&[], |r| &r.value.0), faults);
    let tags = check::mirror_tags(&approved, floating, short, faults);
    let rejected = raw.rejected.map(|r| r.value.0).unwrap_or_default();
    check::rejected_once(&rejected, faults);
    let lists = Lists { approved, rejected, revoked: raw.revoked.map(|r| r.value.0).unwrap_or_default() };
    let mirror = Mirror { repository, adopt: raw.adopt.is_some_and(|a| a.value) };
    let image = build(raw.place, index, source.value, mirror, settings, lists);
    Some(PlacedImage { image, source: source.place, repository: repository_place, tags })
}

struct Lists {
    approved: Vec<document::Approval>,
    rejected: Vec<document::Rejection>,
    revoked: Vec<document::Revocation>,
}

/// Where the image goes.
struct Mirror {
    repository: RepositoryName,
    adopt: bool,
}

/// The image, with the defaults of the format.
fn build(place: Place, index: usize, source: Source, mirror: Mirror, settings: Settings, lists: Lists) -> Image {
    let Cooldown { default, fixes } = cooldown(&settings);
    Image {
        file: place.file,
        index,
        span: place.span,
        source_text: source.text,
        source: source.location,
        repository: mirror.repository,
        adopt: mirror.adopt,
        description: settings.description.clone().map(|d| d.value.0),
        rule: rule(&settings),
        approved: lists.approved.into_iter().filter_map(approval).collect(),
        rejected: lists.rejected.into_iter().filter_map(rejection).collect(),
        revoked: lists.revoked.into_iter().filter_map(revocation).collect(),
        visibility: settings.visibility.map(|v| v.value).unwrap_or_default(),
        teams: settings.teams.map(|t| t.value.0).unwrap_or_default().into_iter().collect(),
        aliases: settings.aliases.map(|a| a.value.into_values()).unwrap_or_default(),
        platforms: settings.platforms.and_then(|p| p.value.0),
        cooldown: default,
        fixes,
        rebuilds: settings.rebuilds.is_none_or(|r| r.value.0),
        keep: settings.keep.map(|k| k.value).unwrap_or_default(),
        immutable_tags: settings.immutable_tags.is_some_and(|i| i.value),
        reviewers: texts(settings.reviewers),
        team_reviewers: texts(settings.team_reviewers),
        labels: texts(settings.labels),
        signatures: settings.signatures.and_then(|s| s.value.signatures()),
        provenance: settings.provenance.and_then(|p| p.value.0),
    }
}

/// The texts of a list of names.
fn texts<T: Into<String>>(list: Option<At<Unique<T>>>) -> Vec<String> {
    list.map(|l| l.value.into_values()).unwrap_or_default().into_iter().map(Into::into).collect()
}

fn cooldown(settings: &Settings) -> Cooldown {
    let given = settings.cooldown.as_ref().map(|cooldown| &cooldown.value);
    let default = given.map_or(DEFAULT_COOLDOWN, |given| given.default);
    Cooldown { default, fixes: given.and_then(|given| given.fixes) }
}

fn guard(settings: &Settings) -> Guard {
    Guard {
        signatures: settings.signatures.clone().and_then(|s| s.value.signatures()),
        provenance: settings.provenance.clone().and_then(|p| p.value.0),
    }
}

fn rule(settings: &Settings) -> Rule {
    if let Some(tags) = &settings.tags {
        return Rule::Tags(tags.value.0.clone().into_values());
    }
    Rule::Versions(VersionRule {
        range: settings.versions.clone().map(|v| v.value),
        variant: settings.variant.clone().map(|v| v.value),
        pattern: settings.pattern.clone().map(|p| p.value),
        follow: settings.follow.as_ref().map(|f| f.value).unwrap_or_default(),
        prereleases: settings.prereleases.as_ref().is_some_and(|p| p.value),
    })
}

fn approval(raw: document::Approval) -> Option<Approval> {
    Some(Approval {
        tag: raw.tag?.value,
        digest: raw.digest?.value,
        mirrored: raw.mirrored.map(|m| m.value),
        pull: raw.pull.map(|p| p.value.0),
        approved_on: raw.approved_on.map(|d| d.value),
        signed_by: raw.signed_by.map(|s| s.value.0),
        reason: raw.reason.map(|r| r.value.0),
        span: raw.place.span,
    })
}

fn rejection(raw: document::Rejection) -> Option<Rejection> {
    Some(Rejection {
        tag: raw.tag?.value,
        reason: raw.reason?.value.0,
        until: raw.until.map(|u| u.value),
        span: raw.place.span,
    })
}

fn revocation(raw: document::Revocation) -> Option<Revocation> {
    Some(Revocation {
        tag: raw.tag?.value,
        digest: raw.digest?.value,
        reason: raw.reason?.value.0,
        delete: raw.delete.is_some_and(|d| d.value),
        span: raw.place.span,
    })
}

fn inspection(raw: document::Evidence) -> Inspection {
    Inspection {
        layers: raw.layers.map_or(Inspection::default().layers, |l| l.value.0),
        vulnerabilities: raw.vulnerabilities.map(|v| v.value).unwrap_or_default(),
        vex: texts(raw.vex),
    }
}

fn proposals(raw: document::Proposals) -> Proposals {
    let default = Proposals::default();
    Proposals {
        group: raw.group.map_or(default.group, |g| g.value),
        limit: raw.limit.and_then(|l| u32::try_from(l.value.0).ok()).unwrap_or(default.limit),
        labels: texts(raw.labels),
        reviewers: texts(raw.reviewers),
        team_reviewers: texts(raw.team_reviewers),
        branch_prefix: raw.branch_prefix.map_or(default.branch_prefix, |b| b.value.0),
        title: raw.title.map(|t| t.value.0),
        commit_message: raw.commit_message.map(|c| c.value.0),
        sign_off: raw.sign_off.map(|s| s.value.0),
    }
}
