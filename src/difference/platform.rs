//! How one platform differs.

use std::collections::{BTreeMap, BTreeSet};

use super::account::{LayerCounts, Named, PlatformDifference};
use super::base;
use super::config::{self, Config};
use super::images::{Former, PlatformInside, PlatformPair};
use super::labels::{Origin, differ};
use crate::image::{Descriptor, Digest};
use crate::layers::FileKind;
use crate::packages::{Listed, PackageChanges, PackageSource, Packages, changes};

/// One platform with what the decisions about the image need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Compared {
    pub(super) difference: PlatformDifference,
    pub(super) base: Option<Named>,
    pub(super) commits: Option<Named>,
    /// Whether all that differs was read for files that matter.
    pub(super) knows_files: bool,
    /// Whether both have the same manifest.
    pub(super) is_same: bool,
    /// Whether containers run as root in the former and in the new image, as far as that is known.
    pub(super) root: [Option<bool>; 2],
}

impl Compared {
    /// Whether both images have this platform.
    pub(super) const fn is_pair(&self) -> bool {
        self.difference.from.is_some() && self.difference.to.is_some()
    }

    /// Whether the packages of both are known.
    pub(super) fn knows_packages(&self) -> bool {
        self.difference.source != PackageSource::None
    }

    pub(super) fn has(&self, kind: FileKind) -> bool {
        self.difference.files.iter().any(|file| file.what == kind)
    }

    /// Whether the configuration differs in more than what every build writes anew.
    pub(super) fn configures(&self) -> bool {
        self.difference.config.iter().any(config::counts)
    }
}

/// The lists of packages that were compared last, and how they differ: one SBOM often lists those of all platforms.
#[derive(Default)]
pub(super) struct Last {
    from: Packages,
    to: Packages,
    changes: PackageChanges,
}

impl Last {
    fn changes(&mut self, from: Packages, to: Packages) -> PackageChanges {
        if !(self.from.is_shared_with(&from) && self.to.is_shared_with(&to)) {
            *self = Self { changes: changes(&from, &to), from, to };
        }
        self.changes.clone()
    }
}

/// Compares one platform of two images; `commits` are those that provenance names.
pub(super) fn compare(pair: PlatformPair, former: Former, commits: &[Option<String>; 2], last: &mut Last) -> Compared {
    let PlatformPair { name, from, to, listed, files, unread } = pair;
    let (was, is) = (from.as_ref().map(read), to.as_ref().map(read));
    let origin = |inside: &Option<PlatformInside>, config: &Option<Result<Config, String>>| {
        let labels = config.as_ref().and_then(|config| config.as_ref().ok()).map(|config| config.labels.clone());
        let annotations = inside.as_ref().map(|inside| inside.annotations.clone());
        Origin::of(&labels.unwrap_or_default(), &annotations.unwrap_or_default())
    };
    let origins = [origin(&from, &was), origin(&to, &is)];
    let (source, changes, unlisted) = packages(listed, last);
    let knows_files = unread.is_none();
    let detail = details([unlisted, unread, fault(was.as_ref(), "former "), fault(is.as_ref(), "")]);
    let (layers, added_bytes, dropped_bytes) = layers(from.as_ref(), to.as_ref());
    let known = |config: Option<&Result<Config, String>>| config.and_then(|config| config.as_ref().ok()).cloned();
    let (was, is) = (known(was.as_ref()), known(is.as_ref()));
    Compared {
        base: from
            .as_ref()
            .zip(to.as_ref())
            .and_then(|(from, to)| base::replaced(from, to, [&origins[0], &origins[1]])),
        commits: from.as_ref().zip(to.as_ref()).and_then(|_| other_commit(&origins, commits)),
        knows_files,
        is_same: from.as_ref().zip(to.as_ref()).is_some_and(|(from, to)| from.digest == to.digest),
        root: [was.as_ref().map(Config::is_root), is.as_ref().map(Config::is_root)],
        difference: PlatformDifference {
            name,
            layers,
            added_bytes,
            dropped_bytes,
            config: match (&was, &is) {
                (Some(was), Some(is)) => config::changes(was, is),
                (None, Some(is)) if former == Former::None => is.added(),
                _ => Vec::new(),
            },
            config_omitted: BTreeMap::new(),
            source,
            detail,
            packages: changes,
            files: if to.is_some() { files } else { Vec::new() },
            files_omitted: BTreeMap::new(),
            from: from.map(|inside| (inside.digest, inside.size)),
            to: to.map(|inside| (inside.digest, inside.size)),
        },
    }
}

fn read(inside: &PlatformInside) -> Result<Config, String> {
    inside.config.clone().and_then(|bytes| Config::read(&bytes))
}

/// Why a configuration is not known.
fn fault(config: Option<&Result<Config, String>>, whose: &str) -> Option<String> {
    let why = config?.as_ref().err()?;
    Some(format!("the {whose}image's configuration is unknown: {why}"))
}

fn details(parts: [Option<String>; 4]) -> Option<String> {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// Where the packages come from, how they differ, and why they are not known.
fn packages(listed: Listed, last: &mut Last) -> (PackageSource, PackageChanges, Option<String>) {
    let nothing = PackageChanges::default();
    match listed {
        Listed::Known { source, from, to } => (source, last.changes(from, to), None),
        Listed::Untouched => (PackageSource::Layers, nothing, None),
        Listed::Unknown(why) => (PackageSource::None, nothing, Some(why)),
    }
}

/// How many layers both have and one has, and the compressed bytes of those that came and went. A layer that an image
/// has twice counts once.
fn layers(from: Option<&PlatformInside>, to: Option<&PlatformInside>) -> (LayerCounts, u64, u64) {
    let of = |inside: Option<&PlatformInside>| -> BTreeSet<(Digest, u64)> {
        let key = |layer: &Descriptor| (layer.digest.clone(), layer.size);
        inside.into_iter().flat_map(|inside| &inside.layers).map(key).collect()
    };
    let (was, is) = (of(from), of(to));
    let sum =
        |layers: &mut dyn Iterator<Item = &(Digest, u64)>| layers.fold(0_u64, |sum, one| sum.saturating_add(one.1));
    let kept = was.intersection(&is).count();
    let counts = LayerCounts { kept, added: is.len() - kept, dropped: was.len() - kept };
    (counts, sum(&mut is.difference(&was)), sum(&mut was.difference(&is)))
}

/// The commits, if both images name one and not the same: labels and provenance are compared each with its own kind.
fn other_commit(origins: &[Origin; 2], commits: &[Option<String>; 2]) -> Option<Named> {
    let [was, is] = origins;
    if differ(was.revision.as_ref(), is.revision.as_ref()) {
        return Some(Named { from: was.revision.clone(), to: is.revision.clone() });
    }
    let [was, is] = commits;
    differ(was.as_ref(), is.as_ref()).then(|| Named { from: was.clone(), to: is.clone() })
}
