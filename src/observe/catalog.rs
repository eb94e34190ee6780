//! What the catalogue shows besides the plan: what the mirrors' images contain, and who approved them.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;

use super::blob::small_blob;
use crate::catalog::{CatalogPlatform, Merged};
use crate::content::labels::built_for;
use crate::content::{Content, Document};
use crate::forge::{Accounts, Error as ForgeError, Reviewed};
use crate::image::{Descriptor, Digest, Location, Reference};
use crate::plan::reviews::{Opinion, Verdict, latest};
use crate::registry::{Error, Registries, Store};
use crate::text::excerpt;

/// How many images are read at once; each host's own limit is in the client.
const TOGETHER: usize = 16;
/// The most platforms that are read of one image.
const PLATFORMS: usize = 100;
/// The largest configuration that is read to learn what a single manifest was built for.
const CONFIGURATION: u64 = 1024 * 1024;

/// What images contain, by where they are; or why that could not be read.
pub(crate) async fn read_platforms(
    registries: &Registries,
    images: BTreeSet<(Location, Digest)>,
) -> BTreeMap<(Location, Digest), Result<Vec<CatalogPlatform>, Error>> {
    let read = futures_util::stream::iter(images).map(|(location, digest)| async move {
        let platforms = platforms(&*registries.open(&location), &digest).await;
        ((location, digest), platforms)
    });
    read.buffer_unordered(TOGETHER).collect().await
}

async fn platforms(store: &dyn Store, digest: &Digest) -> Result<Vec<CatalogPlatform>, Error> {
    let Some(document) = store.manifest(&Reference::Digest(digest.clone())).await? else { return Ok(Vec::new()) };
    let children = match document.read() {
        Ok(Content::Index { children, .. }) => children,
        Ok(Content::Manifest { config, .. }) => {
            let platform = match config.filter(|config| config.size <= CONFIGURATION) {
                Some(config) => small_blob(store, &config).await?.and_then(|bytes| built_for(&bytes)),
                None => None,
            };
            let platform = platform.map_or_else(|| "unknown".to_owned(), |platform| platform.to_string());
            return Ok(vec![CatalogPlatform { platform, size: size(&document) }]);
        }
        Err(_) => return Ok(Vec::new()),
    };
    let mut platforms = Vec::new();
    for child in children.into_iter().filter(|child| !is_attestation(child)).take(PLATFORMS) {
        let document = store.manifest(&Reference::Digest(child.digest)).await?;
        let platform = child.platform.map_or_else(|| "unnamed".to_owned(), |platform| platform.to_string());
        platforms.push(CatalogPlatform { platform: excerpt(&platform, 100), size: document.as_ref().and_then(size) });
    }
    Ok(platforms)
}

/// BuildKit names the platform of attestations `unknown/unknown`.
fn is_attestation(child: &Descriptor) -> bool {
    child.platform.as_ref().is_some_and(|platform| platform.os == "unknown")
}

/// The bytes of configuration and layers. Sizes are claims, and may be absurd.
fn size(document: &Document) -> Option<u64> {
    match document.read().ok()? {
        Content::Manifest { config, layers, .. } => {
            Some(config.iter().chain(&layers).fold(0, |all: u64, blob| all.saturating_add(blob.size)))
        }
        Content::Index { .. } => None,
    }
}

/// Who approved pull requests; `page` is the address of one.
///
/// # Errors
/// If the forge does not answer.
pub(crate) async fn read_merged(
    accounts: &dyn Accounts,
    numbers: &BTreeSet<u64>,
    page: impl Fn(u64) -> Option<String>,
) -> Result<BTreeMap<u64, Merged>, ForgeError> {
    if numbers.is_empty() {
        return Ok(BTreeMap::new());
    }
    let reviewed = accounts.reviewed(numbers).await?;
    let merged = |(number, reviewed): (u64, Reviewed)| {
        let approves = |opinion: &Opinion| opinion.objection.is_none() && opinion.review.verdict == Verdict::Approved;
        let opinions = latest(reviewed.reviews).into_iter().filter(approves);
        (number, Merged { url: page(number), reviewers: opinions.map(|opinion| opinion.review.login).collect() })
    };
    Ok(reviewed.into_iter().map(merged).collect())
}
