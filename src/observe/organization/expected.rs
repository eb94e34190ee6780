//! What `digest` and `platforms` result in, where a mirror's tag resolves.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;

use super::reader::OrganizationReader;
use crate::content::Document;
use crate::image::{Digest, Platform};
use crate::manifest::{Approval, Image};
use crate::plan::{self, Key};
use crate::policy::audit::{Mirror, Unseen};
use crate::registry::Store;

/// How many approvals of one mirror are checked at once.
const TOGETHER: usize = 8;

/// An approval of selected platforms.
struct Chosen<'a> {
    image: &'a Image,
    approval: &'a Approval,
    platforms: &'a [Platform],
    /// What the mirror's tag resolves to.
    now: Digest,
}

/// What approvals of one mirror result in.
#[derive(Default)]
pub(super) struct Expectations {
    /// What `digest` and `platforms` result in, if known.
    pub(super) expected: BTreeMap<Key, Option<Digest>>,
    /// Approvals whose tag resolves to something that falsely claims to be that.
    pub(super) forged: BTreeSet<Key>,
    pub(super) failed: Vec<Unseen>,
}

/// What one approval results in.
enum Gives {
    Known(Option<Digest>),
    /// Something other than what the mirror's tag resolves to, which claims to be that.
    Forged(Option<Digest>),
    /// Why it is unknown.
    Unknown(String),
}

/// Determines what approvals of selected platforms result in: from upstream's document, and from the mirror's own only
/// if there is none and this program recorded it.
pub(super) async fn read(
    reader: &OrganizationReader<'_>,
    store: &dyn Store,
    images: &[&Image],
    mirror: &Mirror,
) -> Expectations {
    let chosen = images.iter().flat_map(|image| {
        let platforms = image.platforms.as_deref().unwrap_or_default();
        image.approved.iter().filter(|_| !platforms.is_empty()).map(move |approval| (*image, approval, platforms))
    });
    let answering = chosen.filter_map(|(image, approval, platforms)| {
        let now = mirror.tags.get(&approval.tag)?.digest.clone()?;
        Some(Chosen { image, approval, platforms, now })
    });
    let read: Vec<(Key, Gives)> = futures_util::stream::iter(answering.collect::<Vec<_>>())
        .map(|chosen| async move { (Key::of(chosen.image, chosen.approval), gives(reader, store, &chosen).await) })
        .buffered(TOGETHER)
        .collect()
        .await;
    let mut all = Expectations::default();
    for (key, gives) in read {
        match gives {
            Gives::Known(expected) => drop(all.expected.insert(key, expected)),
            Gives::Forged(expected) => {
                all.expected.insert(key.clone(), expected);
                all.forged.insert(key);
            }
            Gives::Unknown(error) => all.failed.push(Unseen::of_mirror(&key.repository, Some(key.tag), error)),
        }
    }
    all
}

async fn gives(reader: &OrganizationReader<'_>, store: &dyn Store, chosen: &Chosen<'_>) -> Gives {
    let Chosen { image, approval, platforms, now } = chosen;
    let upstream = reader.sources.document(&image.source, &approval.digest).await;
    if let Ok(Some(document)) = &upstream {
        let expected = plan::from_upstream(document, Some(platforms)).ok().map(|wanted| wanted.digest);
        if expected.as_ref() == Some(now) {
            return Gives::Known(expected);
        }
        return match claimed(reader, store, chosen).await {
            Ok(Some(_)) => Gives::Forged(expected),
            _ => Gives::Known(expected),
        };
    }
    let why = match upstream {
        Err(error) => error.to_string(),
        Ok(_) => plan::lost(&image.source_text, &approval.digest),
    };
    match claimed(reader, store, chosen).await {
        Err(error) => Gives::Unknown(error),
        Ok(_) if reader.foreign_records.contains(&Key::of(image, approval)) => Gives::Unknown(format!(
            "it is unknown what it should resolve to, only upstream's index could show it: {why}"
        )),
        Ok(claimed) => Gives::Known(claimed),
    }
}

/// What the mirror's own document says that it is.
async fn claimed(
    reader: &OrganizationReader<'_>,
    store: &dyn Store,
    chosen: &Chosen<'_>,
) -> Result<Option<Digest>, String> {
    let held: Option<Document> = match reader.sources.documents.of(store, &chosen.now).await {
        Err(error) if error.is_ambiguous() => None,
        held => held.map_err(|error| error.to_string())?,
    };
    Ok(held.and_then(|held| plan::from_mirror(&held, &chosen.approval.digest, chosen.platforms)))
}
