//! Whether approvals of images that require signatures are signed accordingly.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, stream};

use super::inspection::Inspection;
use crate::doctor::facts::{SignedFact, SigningFacts};
use crate::manifest::{Approval, Image, Signatures};
use crate::observe::makers::MakerReader;
use crate::observe::sources::Sources;
use crate::plan;
use crate::proposal::unsigned::unsigned;

/// This many images are checked.
const ASKED: usize = 20;
const AT_ONCE: usize = 4;

/// `None` if no image requires signatures.
pub(super) async fn look_at_signatures(inspection: &Inspection<'_>, reached: &BTreeSet<&str>) -> Option<SigningFacts> {
    let images = inspection.manifest.into_iter().flat_map(|manifest| &manifest.images);
    let asking: Vec<&Image> = images.filter(|image| image.signatures.is_some()).collect();
    if asking.is_empty() {
        return None;
    }
    let answers = |image: &Image| image.source.registry().is_none_or(|host| reached.contains(host.as_str()));
    let newest = |image: &'_ &Image| image.approved.iter().rev().any(|approval| !plan::is_revoked(image, approval));
    let sources = Sources::new(inspection.registries.clone());
    let reader = MakerReader { sources: &sources, trust: &inspection.keys };
    let looked_at: Vec<&Image> = asking.iter().copied().filter(|image| answers(image)).filter(newest).collect();
    let found = stream::iter(looked_at.iter().take(ASKED)).map(|image| signed(reader, image));
    let newest_key = inspection.keys.newest_key();
    let faults: BTreeMap<&str, &str> = inspection.keys.unusable().collect();
    let files: BTreeSet<&str> =
        asking.iter().flat_map(|image| image.signatures.iter().flat_map(Signatures::files)).collect();
    Some(SigningFacts {
        newest_key: newest_key.date_naive(),
        days: (inspection.now - newest_key).num_days(),
        files: files.into_iter().map(|path| (path.to_owned(), faults.get(path).map(|why| (*why).to_owned()))).collect(),
        images: found.buffered(AT_ONCE).filter_map(|signed| async { signed }).collect().await,
        unasked: looked_at.len().saturating_sub(ASKED),
    })
}

/// The newest approval that is not revoked.
async fn signed(reader: MakerReader<'_>, image: &Image) -> Option<SignedFact> {
    let approvals = image.approved.iter().rev();
    let Approval { tag, digest, .. } = approvals.into_iter().find(|approval| !plan::is_revoked(image, approval))?;
    let makers = reader.asked_or_unknown(image, digest).await;
    let signed = unsigned(&makers).map_or_else(|| Ok(makers.signed_by.unwrap_or_default()), Err);
    Some(SignedFact { name: format!("{}:{tag}", image.source_text), signed })
}
