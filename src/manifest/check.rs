//! Checks across several keys, images or files.

use std::collections::{BTreeMap, BTreeSet};

use super::document::{self, Settings};
use super::faults::{Faults, Place};
use super::globs::{MAX_INCLUDES, included};
use super::lists::Unique;
use super::names::{FileGlob, Organization};
use super::read::At;
use super::scalars::Source;
use super::signers::Asked;
use super::{Destination, File, Image};
use crate::diag::Code;
use crate::image::{Location, RegistryHost, RepositoryName, Tag};
use crate::rules::{Follow, Rule};

/// How many hosts of `sources` a message names.
const NAMED: usize = 20;
/// How many entries the lists of `defaults` may add up to over all images that inherit them.
const MAX_GIVEN: usize = 1_000_000;

/// Counts the list entries that images inherit from `defaults`.
#[derive(Default)]
pub(super) struct Given(usize);

impl Given {
    /// Counts one more image; `false` if the total is more than can be held.
    pub(super) fn count(&mut self, defaults: &Settings, faults: &mut Faults) -> bool {
        let before = self.0;
        self.0 = before.saturating_add(entries(defaults));
        if before <= MAX_GIVEN && self.0 > MAX_GIVEN {
            let message =
                format!("the lists in `defaults` add up to more than {MAX_GIVEN} entries across the images up to here");
            faults.report(Code::AliasBomb, defaults.place, message, "shorten the lists, or apply them to fewer images");
        }
        self.0 <= MAX_GIVEN
    }
}

/// The number of entries in all lists.
fn entries(settings: &Settings) -> usize {
    let Settings { tags, aliases, platforms, teams, reviewers, team_reviewers, labels, signatures, .. } = settings;
    let logins = [reviewers, team_reviewers].into_iter().flatten().map(|list| list.value.0.len()).sum::<usize>();
    logins
        + labels.as_ref().map_or(0, |list| list.value.0.len())
        + tags.as_ref().map_or(0, |list| list.value.0.0.len())
        + aliases.as_ref().map_or(0, |list| list.value.0.len())
        + platforms.as_ref().and_then(|list| list.value.0.as_ref()).map_or(0, Vec::len)
        + teams.as_ref().map_or(0, |list| list.value.0.len())
        + signatures.as_ref().map_or(0, |asked| asked.value.signers())
}

/// An image of the model, and the places for checks across images to point to.
pub(super) struct PlacedImage {
    pub(super) image: Image,
    pub(super) source: Place,
    /// Where the name in the organization comes from.
    pub(super) repository: Place,
    /// The tags that it has or will have in the mirror, with their places.
    pub(super) tags: Vec<At<Tag>>,
}

/// Where the mirrors of a manifest are.
pub(super) struct Namespace<'a> {
    pub(super) registry: &'a Destination,
    pub(super) organization: &'a str,
}

/// Every name and glob must match a file: an image that silently went missing would look retired.
pub(super) fn includes(include: &Option<At<Unique<FileGlob>>>, files: &[File], faults: &mut Faults) {
    let (Some((main, rest)), Some(include)) = (files.split_first(), include) else { return };
    if include.value.0.len() > MAX_INCLUDES {
        let message = format!("`include` lists more than {MAX_INCLUDES} files and globs, which is the limit");
        return faults.report(Code::TooLarge, include.place, message, "use globs, such as images/*.yml");
    }
    let paths: BTreeSet<&str> = rest.iter().map(|f| f.path.as_str()).collect();
    let directory = main.path.rfind('/').map_or("", |at| &main.path[..=at]);
    for glob in &include.value.0 {
        let name = &glob.value.0;
        let literal = !name.contains(['*', '?', '[', '{']);
        if literal && !paths.contains(format!("{directory}{name}").as_str()) {
            let message = format!("the included file `{name}` does not exist");
            faults.report(
                Code::IncludeMissing,
                glob.place,
                message,
                "name a file in this file's directory or below it",
            );
        } else if !literal && included(&main.path, std::slice::from_ref(name), paths.iter().copied()).is_empty() {
            let message = format!("no other file matches the included glob `{name}`");
            let help = "correct or remove it: globs are relative to this file's directory, and `*` does not match `/`";
            faults.report(Code::IncludeMissing, glob.place, message, help);
        }
    }
}

/// Docker Hub's organizations contain no `/`.
pub(super) fn organization(organization: &At<Organization>, registry: &Destination, faults: &mut Faults) {
    if is_hub(registry) && organization.value.0.contains('/') {
        let message = format!("`{}` is not an organization: names on Docker Hub have no `/`", organization.value.0);
        faults.report(Code::BadOrganization, organization.place, message, "write only the organization");
    }
}

/// `tags` excludes the other keys of a rule.
pub(super) fn rule_keys(settings: &Settings, faults: &mut Faults) {
    if settings.tags.is_none() {
        return;
    }
    let others = [
        ("versions", settings.versions.as_ref().map(|a| a.place)),
        ("variant", settings.variant.as_ref().map(|a| a.place)),
        ("pattern", settings.pattern.as_ref().map(|a| a.place)),
        ("follow", settings.follow.as_ref().map(|a| a.place)),
        ("aliases", settings.aliases.as_ref().map(|a| a.place)),
    ];
    for (key, place) in others {
        if let Some(place) = place {
            let message = format!("`{key}` cannot be used with `tags`, which follows only those floating tags");
            faults.report(Code::ConflictingKeys, place, message, format!("remove `{key}`, or `tags`"));
        }
    }
}

/// Immutable tags and proposals of rebuilds exclude each other; floating tags are exempt from immutability.
pub(super) fn immutable(settings: &Settings, faults: &mut Faults) {
    let ignored = settings.rebuilds.as_ref().is_some_and(|r| !r.value.0);
    match &settings.immutable_tags {
        Some(immutable) if immutable.value && !ignored && settings.tags.is_none() => {
            let place = settings.rebuilds.as_ref().map_or(immutable.place, |r| r.place);
            let message = "an immutable tag cannot be moved to a rebuild";
            faults.report(
                Code::ImmutableRebuilds,
                place,
                message,
                "write `rebuilds: ignore` or `immutable-tags: false`",
            );
        }
        _ => {}
    }
}

/// Only Docker Hub shows when a tag was last pulled.
pub(super) fn unused(settings: &Settings, namespace: &Namespace<'_>, faults: &mut Faults) {
    let asked = settings.keep.as_ref().filter(|keep| keep.value.unused.is_some());
    if let Some(keep) = asked.filter(|_| !is_hub(namespace.registry)) {
        let message = "`unused` needs mirrors on Docker Hub: no other registry shows when a tag was last pulled";
        faults.report(Code::ConflictingKeys, keep.place, message, "write how many to keep instead, as in `keep: 3`");
    }
}

/// A statement about where an image was built is worth as much as its signature.
pub(super) fn vouched(settings: &Settings, source: &str, faults: &mut Faults) {
    let asked = settings.signatures.as_ref().map(|s| &s.value);
    let required = settings.provenance.as_ref().filter(|p| p.value.0.is_some());
    if let (None | Some(Asked::Nothing), Some(required)) = (asked, required) {
        let message = format!(
            "`{source}` asks for provenance and for no signatures, but anybody can state where an image was built"
        );
        let help = "name who signs it under `signatures`, or write `provenance: none` for it";
        faults.report(Code::ProvenanceUnsigned, required.place, message, help);
    }
}

/// The last part of the source, if that can be a repository.
pub(super) fn default_repository(source: &At<Source>, faults: &mut Faults) -> Option<RepositoryName> {
    let last = source.value.location.last();
    let name = last.parse().ok();
    if name.is_none() {
        let message = format!("`{last}` is not a valid repository name");
        faults.report(Code::BadRepository, source.place, message, "set the name with `repository:`");
    }
    name
}

/// Docker Hub accepts fewer names than the distribution specification.
pub(super) fn repository(name: &RepositoryName, place: Place, namespace: &Namespace<'_>, faults: &mut Faults) {
    let length = namespace.organization.len() + 1 + name.as_str().len();
    if length > 255 {
        let message = format!("the mirror's name, with its organization, has {length} characters; the limit is 255");
        faults.report(Code::BadRepository, place, message, "set a shorter name with `repository:`");
    }
    if is_hub(namespace.registry) && !name.fits_docker_hub() {
        let message = format!(
            "`{name}` is not a Docker Hub repository: 2 to 255 lower-case letters and digits, joined by single `.`, `_` or `-`"
        );
        faults.report(Code::BadRepository, place, message, "set another name with `repository:`");
    }
}

fn is_hub(registry: &Destination) -> bool {
    matches!(registry, Destination::Registry(host) if host.is_docker_hub())
}

/// The mirror tags of one image: of approvals, floating tags and aliases. Approving a tag twice is an error.
pub(super) fn mirror_tags(
    approved: &[document::Approval],
    floating: Vec<At<Tag>>,
    aliases: Vec<At<Tag>>,
    faults: &mut Faults,
) -> Vec<At<Tag>> {
    let (mut tags, mut seen) = (Vec::new(), BTreeSet::new());
    for tag in approved.iter().filter_map(|a| a.tag.clone()) {
        if !seen.insert(tag.value.clone()) {
            let message = format!("`{}` is approved twice for the same mirror tag", tag.value);
            faults.report(Code::SharedMirrorTag, tag.place, message, "keep one approval of this tag");
        } else {
            tags.push(tag);
        }
    }
    tags.extend(floating.into_iter().filter(|tag| seen.insert(tag.value.clone())));
    tags.extend(aliases.into_iter().filter(|alias| seen.insert(alias.value.clone())));
    tags
}

/// A tag is rejected only once.
pub(super) fn rejected_once(rejected: &[document::Rejection], faults: &mut Faults) {
    let mut seen = BTreeSet::new();
    for tag in rejected.iter().filter_map(|r| r.tag.as_ref()) {
        if !seen.insert(&tag.value) {
            let message = format!("`{}` is rejected twice", tag.value);
            faults.report(Code::DuplicateEntry, tag.place, message, "keep one of the two");
        }
    }
}

/// Rules between images, and between images and `sources`.
pub(super) fn images(images: &[PlacedImage], sources: Option<&[RegistryHost]>, faults: &mut Faults) {
    if let Some(sources) = sources {
        let known: BTreeSet<&RegistryHost> = sources.iter().collect();
        images.iter().for_each(|placed| allowed_source(placed, sources, &known, faults));
    }
    shared_tags(images, faults);
    shared_branches(images, faults);
    shared_repositories(images, faults);
}

/// A repository has one visibility, one description and one set of teams: images that share it must agree.
fn shared_repositories(images: &[PlacedImage], faults: &mut Faults) {
    let mut owners: BTreeMap<&RepositoryName, &PlacedImage> = BTreeMap::new();
    let mut described: BTreeMap<&RepositoryName, &PlacedImage> = BTreeMap::new();
    for placed in images {
        let image = &placed.image;
        let owner = &owners.entry(&image.repository).or_insert(placed).image;
        let other = image.description.as_ref().map(|_| *described.entry(&image.repository).or_insert(placed));
        let differs = [
            ("`visibility`", owner.visibility != image.visibility),
            ("`teams`", owner.teams != image.teams),
            ("`description`", other.is_some_and(|other| other.image.description != image.description)),
        ];
        let keys: Vec<&str> = differs.into_iter().filter_map(|(key, differs)| differs.then_some(key)).collect();
        if !keys.is_empty() {
            let keys = keys.join(" and ");
            let message = format!("images that are mirrored to `{}` differ in {keys}", image.repository);
            let help = format!("set the same {keys} for all of them, or give this one another `repository`");
            faults.report(Code::ConflictingRepository, placed.repository, message, help);
        }
    }
}

fn allowed_source(
    placed: &PlacedImage,
    sources: &[RegistryHost],
    known: &BTreeSet<&RegistryHost>,
    faults: &mut Faults,
) {
    let origin = match &placed.image.source {
        Location::Remote(repository) if known.contains(&repository.registry) => return,
        Location::Remote(repository) => format!("`{}`", repository.registry),
        Location::Layout(_) => "a directory".to_owned(),
    };
    let mut allowed = sources.iter().take(NAMED).map(RegistryHost::as_str).collect::<Vec<_>>().join(", ");
    if sources.len() > NAMED {
        allowed.push_str(&format!(" and {} more", sources.len() - NAMED));
    }
    let message = format!("{origin} is not one of the hosts that images may come from: {allowed}");
    faults.report(
        Code::SourceNotAllowed,
        placed.source,
        message,
        "take the image from one of them, or add the host to `sources`",
    );
}

fn shared_tags(images: &[PlacedImage], faults: &mut Faults) {
    let mut owners: BTreeMap<(&RepositoryName, &Tag), &PlacedImage> = BTreeMap::new();
    for placed in images {
        for tag in &placed.tags {
            let key = (&placed.image.repository, &tag.value);
            if let Some(owner) = owners.get(&key) {
                let message =
                    format!("the mirror tag `{}:{}` is already used by `{}`", key.0, key.1, owner.image.source_text);
                let help = "give one of the two images another `repository`";
                faults.report(Code::SharedMirrorTag, tag.place, message, help);
            } else {
                owners.insert(key, placed);
            }
        }
    }
}

/// Branches are named after repository, variant and line: images of the same name must follow different kinds of lines.
fn shared_branches(images: &[PlacedImage], faults: &mut Faults) {
    let mut owners: BTreeMap<(String, &'static str), &PlacedImage> = BTreeMap::new();
    for placed in images {
        let lines = match &placed.image.rule {
            // Lines of floating tags are named after the tags, which are compared as mirror tags.
            Rule::Tags(_) => continue,
            Rule::Versions(rule) => match rule.follow {
                Follow::Latest => "latest",
                Follow::EachMinor => "each-minor",
                Follow::EachMajor => "each-major",
                Follow::All => "all",
            },
        };
        let slug = placed.image.slug();
        if let Some(owner) = owners.get(&(slug.clone(), lines)) {
            let (name, other) = (&placed.image.repository, &owner.image.source_text);
            let same = (owner.image.source == placed.image.source, owner.image.repository == *name);
            let message = match same {
                (true, true) => format!("`{other}` is listed twice"),
                (false, true) => format!("the mirror of this image and that of `{other}` would both be `{name}`"),
                (_, false) => {
                    format!("proposals for this image and for `{other}` would share the branch image/{slug}/...")
                }
            };
            let help = match same.0 {
                true => "make them one image, or give one of the two another `variant` or `repository`",
                false => "give one of the two another `repository`, or make them one image",
            };
            faults.report(Code::SharedBranch, placed.repository, message, help);
        } else {
            owners.insert((slug, lines), placed);
        }
    }
}
