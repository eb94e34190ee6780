//! What the catalogue shows besides the plan: what the mirrors' images contain, who approved them, what is newer.

use std::collections::{BTreeMap, BTreeSet};

use chrono::SecondsFormat;
use futures_util::{StreamExt, TryStreamExt};

use super::blob::small_blob;
use super::category::Standings;
use super::proposals::Situation;
use crate::catalog::{CatalogPlatform, CatalogWaiting, Merged, WaitingState};
use crate::content::labels::built_for;
use crate::content::{Content, Document};
use crate::forge::{Accounts, Error as ForgeError, Reviewed};
use crate::image::{Descriptor, Digest, Location, Reference};
use crate::manifest::Manifest;
use crate::plan::reviews::{Opinion, Verdict, latest};
use crate::policy::Standing;
use crate::proposal::machine::{Action, Wait};
use crate::registry::{Error, Registries, Store};
use crate::text::excerpt;

/// How many images are read at once; each host's own limit is in the client.
const TOGETHER: usize = 16;
/// How many platforms of one image are read at once.
const CHILDREN: usize = 8;
/// How many pull requests may not exist before it is said that they cannot be read.
const REFUSED: usize = 20;
/// The most characters of a platform's name.
const NAME: usize = 100;
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
            return Ok(vec![CatalogPlatform { platform: excerpt(&platform, NAME), size: size(&document) }]);
        }
        Err(_) => return Ok(Vec::new()),
    };
    let children = children.into_iter().filter(|child| !is_attestation(child)).take(PLATFORMS);
    let read = futures_util::stream::iter(children).map(|child| async move {
        let document = store.manifest(&Reference::Digest(child.digest)).await?;
        let platform = child.platform.map_or_else(|| "unnamed".to_owned(), |platform| platform.to_string());
        Ok(CatalogPlatform { platform: excerpt(&platform, NAME), size: document.as_ref().and_then(size) })
    });
    read.buffered(CHILDREN).try_collect().await
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

/// Who approved pull requests; `page` is the address of one. One that does not exist is left out.
///
/// # Errors
/// If the forge does not answer.
pub(crate) async fn read_merged(
    accounts: &dyn Accounts,
    numbers: BTreeSet<u64>,
    page: &(dyn Fn(u64) -> Option<String> + Sync),
) -> Result<BTreeMap<u64, Merged>, ForgeError> {
    let (mut left, mut reviewed, mut refused) = (vec![numbers], BTreeMap::new(), 0);
    while let Some(mut asked) = left.pop().filter(|asked| !asked.is_empty()) {
        match accounts.reviewed(&asked).await {
            Ok(found) => reviewed.extend(found),
            // GitHub refuses the whole question because of one number: the halves are asked about.
            Err(ForgeError::Refused { .. }) if asked.len() > 1 => {
                let middle = asked.iter().nth(asked.len() / 2).copied().unwrap_or_default();
                left.push(asked.split_off(&middle));
                left.push(asked);
            }
            Err(e @ ForgeError::Refused { .. }) if reviewed.is_empty() && left.is_empty() => return Err(e),
            Err(ForgeError::Refused { .. }) if refused < REFUSED => refused += 1,
            Err(e) => return Err(e),
        }
    }
    let merged = |(number, reviewed): (u64, Reviewed)| {
        let approves = |opinion: &Opinion| opinion.objection.is_none() && opinion.review.verdict == Verdict::Approved;
        let opinions = latest(reviewed.reviews).into_iter().filter(approves);
        (number, Merged { url: page(number), reviewers: opinions.map(|opinion| opinion.review.login).collect() })
    };
    Ok(reviewed.into_iter().map(merged).collect())
}

/// Where the sources of a manifest stand, by their positions.
pub(crate) async fn read_standings(standings: &Standings, manifest: &Manifest) -> BTreeMap<usize, Standing> {
    let images = manifest.images.iter().enumerate();
    let read = futures_util::stream::iter(images)
        .map(|(at, image)| async move { (at, standings.of(&manifest.organization, &image.source).await) });
    read.buffer_unordered(CHILDREN).collect().await
}

/// What is newer than what is approved, by image: what is proposed or would be, what was declined, and what waits.
pub(crate) fn waiting(situation: &Situation) -> BTreeMap<usize, Vec<CatalogWaiting>> {
    let mut waiting: BTreeMap<usize, Vec<CatalogWaiting>> = BTreeMap::new();
    for (at, wanted) in situation.wanted.iter().enumerate() {
        let decision = situation.decisions.iter().find(|decision| decision.wanted == Some(at));
        let (state, why) = match decision.map(|decision| &decision.action) {
            Some(Action::Wait(why @ Wait::Declined)) => (WaitingState::Declined, why.to_string()),
            Some(Action::Wait(why)) => (WaitingState::Waiting, why.to_string()),
            _ => (WaitingState::Proposed, String::new()),
        };
        let open = situation.open.iter().find(|open| open.branch == wanted.branch);
        let url = open.map(|open| open.url.clone()).filter(|url| url.starts_with("http"));
        for item in wanted.items.iter().filter(|item| item.entry.kind.lets_in()) {
            let Some(tag) = item.entry.to.clone() else { continue };
            let row = CatalogWaiting { tag, state, why: why.clone(), until: None, url: url.clone() };
            waiting.entry(item.image).or_default().push(row);
        }
    }
    for (at, image) in &situation.candidates.images {
        for young in image.selection.lines.iter().flat_map(|line| &line.waiting) {
            let rows = waiting.entry(*at).or_default();
            if !rows.iter().any(|other| other.tag == young.tag) {
                rows.push(CatalogWaiting {
                    tag: young.tag.clone(),
                    state: WaitingState::Waiting,
                    why: young.detail.clone(),
                    until: young.until.map(|until| until.to_rfc3339_opts(SecondsFormat::Secs, true)),
                    url: None,
                });
            }
        }
    }
    waiting
}
