//! What a manifest asks for, item by item, each with its value, so that two states of a manifest can be compared.

use std::collections::{BTreeMap, BTreeSet};

use crate::image::{Digest, Location, RepositoryName, Tag};
use crate::manifest::{
    Destination, FixesCooldown, Image, ImageAccess, Manifest, Policy, RegistryAccess, Signatures, beside, included,
};
use crate::plan::Key;
use crate::rules::Rule;

/// One item that a manifest asks for and that reviews bind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Bound {
    Organization,
    Registry,
    Sources,
    /// `repositories`: whether promotion fixes drift.
    Enforcement,
    /// `evidence`: what is looked at inside images.
    Evidence,
    /// `advisories`: the file of advisories.
    Advisories,
    ImageAccess,
    RegistryAccess,
    /// The content of a file that the manifest names, by its path in the repository.
    File(String),
    /// `adopt`: whether an existing repository is taken over.
    Adopt(RepositoryName),
    Visibility(RepositoryName),
    Description(RepositoryName),
    Team(RepositoryName, String),
    ImmutableTags(ImageName),
    Signatures(ImageName),
    Provenance(ImageName),
    Platforms(ImageName),
    Cooldown(ImageName),
    Aliases(ImageName),
    Rejected(ImageName, Tag),
    Revoked(ImageName, Tag, Digest),
    /// The source, the digest, and the image that has the approval.
    Approval(Key),
    /// The platforms that are kept of the approved image.
    Kept(Key),
    Mirrored(Key),
}

/// Identifies an image across states of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ImageName {
    pub(crate) source: Location,
    pub(crate) repository: RepositoryName,
    /// What sets it apart within its source and repository: its variant, and whether it follows floating tags.
    pub(crate) part: String,
}

impl ImageName {
    pub(crate) fn of(image: &Image) -> Self {
        let kind = if matches!(image.rule, Rule::Tags(_)) { " (tags)" } else { "" };
        Self {
            source: image.source.clone(),
            repository: image.repository.clone(),
            part: format!("{}{kind}", image.slug()),
        }
    }
}

/// Everything that a manifest asks for. What is missing here is absent, and that is a value too.
pub(crate) type Values = BTreeMap<Bound, String>;

/// Reads the values from a manifest; `named` holds the digests of the files that it names, by path.
pub(super) fn values(manifest: &Manifest, named: &BTreeMap<String, Digest>) -> Values {
    // Which releases may act says nothing about what they do.
    let Manifest {
        files: _,
        required_version: _,
        organization,
        registry,
        sources,
        repositories,
        policy,
        proposals: _,
        // Images have them applied.
        guards: _,
        cooldowns: _,
        inspection,
        advisories,
        images,
    } = manifest;
    let Policy { image_access, registry_access, approvals: _ } = policy;
    let mut values = Values::from([
        (Bound::Organization, organization.clone()),
        (Bound::Registry, destination(registry)),
        (Bound::Enforcement, format!("{repositories:?}").to_lowercase()),
    ]);
    let sources = sources.as_ref().map(|hosts| listed(hosts.iter().map(ToString::to_string)));
    values.extend(sources.map(|hosts| (Bound::Sources, hosts)));
    values.extend(inspection.written().map(|text| (Bound::Evidence, text)));
    values.extend(image_access.as_ref().map(|access| (Bound::ImageAccess, image_access_text(access))));
    values.extend(registry_access.as_ref().map(|access| (Bound::RegistryAccess, registry_access_text(access))));
    // VEX documents that are missing except nothing.
    let vex = included(manifest.path(), &inspection.vex, named.keys().map(String::as_str));
    values.extend(vex.into_iter().filter_map(|path| Some((Bound::File(path.clone()), named.get(&path)?.to_string()))));
    if let Some(path) = advisories {
        values.insert(Bound::Advisories, path.clone());
        values.insert(Bound::File(beside(manifest.path(), path)), content(named, &beside(manifest.path(), path)));
    }
    values.extend(together(images));
    for image in images {
        of_image(image, &mut values);
        for path in named_files(image).map(|path| beside(manifest.path(), path)) {
            let held = content(named, &path);
            values.insert(Bound::File(path), held);
        }
    }
    values
}

fn content(named: &BTreeMap<String, Digest>, path: &str) -> String {
    named.get(path).map_or_else(|| "missing".to_owned(), ToString::to_string)
}

/// The files that a manifest names other than by globs, with the paths given there.
pub(crate) fn all_named(manifest: &Manifest) -> impl Iterator<Item = &str> {
    manifest.images.iter().flat_map(named_files).chain(manifest.advisories.as_deref())
}

/// The files that an image's settings name, with the paths given there.
pub(crate) fn named_files(image: &Image) -> impl Iterator<Item = &str> {
    image.signatures.iter().flat_map(Signatures::files)
}

fn of_image(image: &Image, values: &mut Values) {
    let (name, repository) = (|| ImageName::of(image), || image.repository.clone());
    if image.adopt {
        values.insert(Bound::Adopt(repository()), "true".to_owned());
    }
    values.insert(Bound::Visibility(repository()), image.visibility.as_str().to_owned());
    values.extend(image.description.iter().map(|text| (Bound::Description(repository()), text.clone())));
    for (team, access) in &image.teams {
        let made = if access.create { ", created if missing" } else { "" };
        values.insert(Bound::Team(repository(), team.clone()), format!("{}{made}", access.permission.as_str()));
    }
    join(values, Bound::Platforms(name()), platforms(image));
    join(values, Bound::Cooldown(name()), cooldown(image));
    if !image.aliases.is_empty() {
        join(values, Bound::Aliases(name()), listed(image.aliases.iter().map(ToString::to_string)));
    }
    for rejected in &image.rejected {
        let until = rejected.until.map_or_else(|| "permanently".to_owned(), |day| format!("until {day}"));
        values.insert(Bound::Rejected(name(), rejected.tag.clone()), until);
    }
    for revoked in &image.revoked {
        let says = if revoked.delete { "with `delete: true`" } else { "without `delete`" };
        values.insert(Bound::Revoked(name(), revoked.tag.clone(), revoked.digest.clone()), says.to_owned());
    }
    for approval in &image.approved {
        let mut says = format!("{} {} of {}", image.source, approval.digest, ImageName::of(image).part);
        // Among images of one name, which of them has the approval says who must have made it.
        for bound in [Bound::Signatures(name()), Bound::Provenance(name())] {
            let own = guard_text(image, &bound);
            if values.get(&bound).is_some_and(|joined| *joined != own) {
                says.push_str(&format!(", asked for {own}"));
            }
        }
        values.insert(Bound::Approval(Key::of(image, approval)), says);
        values.insert(Bound::Kept(Key::of(image, approval)), platforms(image));
        let mirrored = approval.mirrored.iter();
        values.extend(mirrored.map(|digest| (Bound::Mirrored(Key::of(image, approval)), digest.to_string())));
    }
}

/// What protects images, by their names. Images of one name may differ: their values are combined, and that one of them
/// lacks it is a value as well. Nothing is said of names without any.
fn together(images: &[Image]) -> Values {
    let mut all: BTreeMap<Bound, BTreeSet<String>> = BTreeMap::new();
    for image in images {
        let name = || ImageName::of(image);
        for bound in [Bound::Signatures(name()), Bound::Provenance(name()), Bound::ImmutableTags(name())] {
            let text = guard_text(image, &bound);
            all.entry(bound).or_default().insert(text);
        }
    }
    let asks = |texts: &BTreeSet<String>| texts.iter().any(|text| text != NONE);
    let joined = |texts: BTreeSet<String>| texts.into_iter().collect::<Vec<_>>().join(" and ");
    all.into_iter().filter(|(_, texts)| asks(texts)).map(|(bound, texts)| (bound, joined(texts))).collect()
}

/// Where images of one name differ, the one that lacks a protection.
const NONE: &str = "none";

fn guard_text(image: &Image, bound: &Bound) -> String {
    let text = match bound {
        Bound::Signatures(_) => image.signatures.as_ref().map(ToString::to_string),
        Bound::Provenance(_) => image.provenance.as_ref().map(ToString::to_string),
        _ => image.immutable_tags.then(|| "true".to_owned()),
    };
    text.unwrap_or_else(|| NONE.to_owned())
}

/// Images of the same name may differ in a setting: their values are combined.
fn join(values: &mut Values, bound: Bound, value: String) {
    let joined = values.entry(bound).or_default();
    if !joined.split(" and ").any(|known| known == value) {
        let parts: Vec<String> = joined.split(" and ").filter(|known| !known.is_empty()).map(str::to_owned).collect();
        let mut parts: Vec<String> = parts.into_iter().chain([value]).collect();
        parts.sort();
        *joined = parts.join(" and ");
    }
}

fn cooldown(image: &Image) -> String {
    let default = format!("{}s", image.cooldown.as_secs());
    let Some(FixesCooldown { wait, severity }) = image.fixes else { return default };
    format!("{default}, {}s for fixes of severity {} or worse", wait.as_secs(), severity.as_str())
}

/// The order of platforms has no meaning.
pub(super) fn platforms(image: &Image) -> String {
    let Some(platforms) = &image.platforms else { return "all".to_owned() };
    listed(platforms.iter().map(ToString::to_string))
}

fn listed(texts: impl Iterator<Item = String>) -> String {
    let mut texts: Vec<String> = texts.collect();
    texts.sort();
    texts.join(", ")
}

fn destination(registry: &Destination) -> String {
    match registry {
        Destination::Registry(host) => host.to_string(),
        Destination::Directory(path) => format!("oci:{}", path.display()),
    }
}

fn image_access_text(access: &ImageAccess) -> String {
    let ImageAccess { enabled, official, verified_publisher, community, allowlist } = access;
    let switches = [
        ("enabled", enabled),
        ("official", official),
        ("verified-publisher", verified_publisher),
        ("community", community),
    ];
    let switches = switches.into_iter().filter_map(|(key, value)| Some(format!("{key}: {}", (*value)?)));
    let allowed = allowlist.iter().map(|list| format!("allowlist: [{}]", listed(list.iter().cloned())));
    switches.chain(allowed).collect::<Vec<_>>().join(", ")
}

fn registry_access_text(access: &RegistryAccess) -> String {
    let RegistryAccess { enabled, docker_hub, registries } = access;
    let switches = [("enabled", enabled), ("docker-hub", docker_hub)];
    let switches = switches.into_iter().filter_map(|(key, value)| Some(format!("{key}: {}", (*value)?)));
    let registry = |registries: &Vec<crate::manifest::AllowedRegistry>| {
        let all = registries.iter().map(|registry| format!("{} ({})", registry.address, registry.name));
        format!("registries: [{}]", listed(all))
    };
    switches.chain(registries.iter().map(registry)).collect::<Vec<_>>().join(", ")
}

impl Bound {
    /// The item and its value in words, with names in backquotes: "`developers`: admin on `acme/billing`".
    pub(crate) fn describe(&self, organization: &str, value: Option<&str>) -> String {
        let value = value.unwrap_or("removed");
        let key = |name: &str| format!("`{name}`: {value}");
        let on =
            |name: &str, repository: &RepositoryName| format!("`{name}`: {value} on `{organization}/{repository}`");
        let at = |name: &str, repository: &RepositoryName, tag: &Tag| {
            format!("`{name}` of `{organization}/{repository}:{tag}`: {value}")
        };
        match self {
            Self::Organization => key("organization"),
            Self::Registry => key("registry"),
            Self::Sources => key("sources"),
            Self::Enforcement => key("repositories"),
            Self::Evidence => key("evidence"),
            Self::Advisories => key("advisories"),
            Self::ImageAccess => key("policy.image-access"),
            Self::RegistryAccess => key("policy.registry-access"),
            Self::File(path) => format!("the file `{path}`: {value}"),
            Self::Adopt(repository) => on("adopt", repository),
            Self::Visibility(repository) => on("visibility", repository),
            Self::Description(repository) => on("description", repository),
            Self::Team(repository, team) => on(team, repository),
            Self::ImmutableTags(image) => on("immutable-tags", &image.repository),
            Self::Signatures(image) => on("signatures", &image.repository),
            Self::Provenance(image) => on("provenance", &image.repository),
            Self::Platforms(image) => on("platforms", &image.repository),
            Self::Cooldown(image) => on("cooldown", &image.repository),
            Self::Aliases(image) => on("aliases", &image.repository),
            Self::Rejected(image, tag) => at("rejected", &image.repository, tag),
            Self::Revoked(image, tag, digest) => {
                format!("`revoked` of `{organization}/{}:{tag}` at {}: {value}", image.repository, digest.short())
            }
            Self::Approval(key) => at("approved", &key.repository, &key.tag),
            Self::Kept(key) => at("platforms", &key.repository, &key.tag),
            Self::Mirrored(key) => at("mirrored", &key.repository, &key.tag),
        }
    }
}
