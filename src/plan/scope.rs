//! Which images a run covers: those named on the command line, and one shard of a large estate.

use std::collections::BTreeSet;

use crate::image::{Digest, Location};
use crate::manifest::{Image, Manifest};

/// The images that a run covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    images: BTreeSet<usize>,
}

/// A name on the command line that fits no image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no image is called `{0}`: use its source, its repository, or its repository and variant as in branch names")]
pub struct UnknownImage(pub String);

impl Scope {
    /// The images that `names` refer to (all if there are none), and of these the shard `number` of `count`, from 1.
    pub fn new(manifest: &Manifest, names: &[String], shard: Option<(u32, u32)>) -> Result<Self, UnknownImage> {
        if let Some(unknown) = names.iter().find(|name| !manifest.images.iter().any(|image| is_called(image, name))) {
            return Err(UnknownImage(unknown.clone()));
        }
        let named = |image: &Image| names.is_empty() || names.iter().any(|name| is_called(image, name));
        let ours = |image: &Image| shard.is_none_or(|(number, count)| shard_of(&kin(manifest, image), count) == number);
        let images = manifest.images.iter().enumerate().filter(|(_, image)| named(image) && ours(image));
        Ok(Self { images: images.map(|(index, _)| index).collect() })
    }

    /// Only the image at this position of [`Manifest::images`].
    pub(crate) fn of(image: usize) -> Self {
        Self { images: BTreeSet::from([image]) }
    }

    /// The same without some images.
    #[must_use]
    pub(crate) fn without(mut self, left_out: impl Fn(&Image) -> bool, manifest: &Manifest) -> Self {
        self.images.retain(|at| manifest.images.get(*at).is_none_or(|image| !left_out(image)));
        self
    }

    /// Whether the image at this position of [`Manifest::images`] is in scope.
    #[must_use]
    pub fn contains(&self, image: usize) -> bool {
        self.images.contains(&image)
    }
}

/// Whether a name on the command line means an image: its source, its repository, or its slug as in branches.
pub(crate) fn is_called(image: &Image, name: &str) -> bool {
    image.source_text == name
        || image.repository.as_str() == name
        || image.slug() == name
        || image.source.to_string() == name
}

/// The common name of images that are likely to share blobs: one publisher's images build on the same base, so it is
/// the registry and the first part of the source's path. Docker Hub's official images have many makers, so each is its
/// own kin. Images that share a mirror follow the first of them, so that no two shards write to one repository.
fn kin(manifest: &Manifest, image: &Image) -> String {
    let first = manifest.images.iter().find(|other| other.repository == image.repository).unwrap_or(image);
    match &first.source {
        Location::Remote(source) => match source.name.as_str().split_once('/') {
            Some((publisher, _)) if publisher != "library" => format!("{}/{publisher}", source.registry),
            _ => first.source.to_string(),
        },
        Location::Layout(_) => first.source.to_string(),
    }
}

/// The shard, from 1 to `count`, of a kin: derived from its name alone, so that adding an image moves no other kin.
fn shard_of(kin: &str, count: u32) -> u32 {
    let digest = Digest::sha256(kin.as_bytes());
    let number = u64::from_str_radix(&digest.hex()[..15], 16).unwrap_or_default();
    u32::try_from(number % u64::from(count.max(1))).unwrap_or_default() + 1
}
