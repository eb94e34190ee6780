//! The verdict on one image.

use std::collections::{BTreeMap, BTreeSet};

use super::coverage::Coverage;
use super::examine::{Covering, Examined, Image, examine};
use super::provenance::{self, Stated};
use super::standing::{Overall, stand};
use super::{Asked, Beside, Covers, Found, Kind, Makers, Signature, State, Subject, Trust};
use crate::content::labels::Labels;
use crate::manifest::Signatures;

/// Judges who made the image with these subjects from what was found beside them. The subjects are its top document
/// and, for an index, the manifests of the wanted platforms.
pub(crate) fn judge(asked: Asked<'_>, subjects: &[Subject], found: &Found, labels: &Labels, trust: &Trust) -> Makers {
    let image = Image { subjects, signers: asked.signatures.map_or(&[], Signatures::signers), trust };
    // The order in which they were found must not matter.
    let mut beside: Vec<&Beside> = found.beside.iter().collect();
    beside.sort_by(|a, b| (&a.subject, a.place, &a.content).cmp(&(&b.subject, b.place, &b.content)));
    let examined: Vec<Examined> = beside.into_iter().filter_map(|beside| examine(beside, &image)).collect();
    let overall = asked.signatures.map(|signatures| stand(signatures, &examined, &image, &found.unread));
    let provenance = {
        let signers = image.signers.len();
        let index_is_signed = overall.as_ref().is_some_and(|overall| overall.index_is_signed);
        let stated: Vec<Stated<'_>> = examined.iter().filter_map(|one| one.stated(index_is_signed, signers)).collect();
        let each = if matches!(asked.signatures, Some(Signatures::AllOf(_))) { signers } else { 0 };
        provenance::judge(asked.provenance, each, &stated, subjects, &found.unread, labels)
    };
    let unsigned = overall.as_ref().and_then(|overall| overall.unsigned.clone()).or_else(|| {
        let required = asked.provenance?;
        let provenance = provenance.as_ref().filter(|provenance| provenance.state != State::Verified)?;
        let detail = provenance.detail.as_deref().unwrap_or_default();
        Some(format!("no verified provenance with {required}: {}, {detail}", provenance.state.as_str()))
    });
    let signed_by = overall.as_ref().and_then(|overall| overall.signed_by.clone());
    let index_is_signed = overall.as_ref().is_some_and(|overall| overall.index_is_signed);
    let signatures = signatures(&examined, overall, &image, found);
    Makers { signatures, provenance, signed_by, index_is_signed, unsigned }
}

/// The most signatures that are listed, verified ones first: a hostile publisher may put any number beside an image.
const LISTED: usize = 200;

/// The signatures, verified ones first, and an entry for each one that is required and missing.
fn signatures(examined: &[Examined], overall: Option<Overall>, image: &Image<'_>, found: &Found) -> Vec<Signature> {
    let mut all: Vec<Covering> = examined.iter().flat_map(Examined::signatures).collect();
    match overall {
        Some(overall) => {
            let told: BTreeSet<&str> = all.iter().map(|one| one.signature.state.as_str()).collect();
            let is_told = |missing: &Covering| told.contains(missing.signature.state.as_str());
            let missing: Vec<Covering> = overall.missing.into_iter().filter(|missing| !is_told(missing)).collect();
            all.extend(missing);
        }
        None => all.extend(found.unread.iter().map(|unread| {
            let (kind, state, detail) = (Kind::CosignKeyless, State::Unknown, Some(unread.why.clone()));
            let signature = Signature { kind, state, by: None, detail, covers: image.covers(&unread.subject) };
            Covering { signature, digest: unread.subject.clone() }
        })),
    }
    let mut merged = merge(&all, image);
    merged.sort_by(|a, b| key(a).cmp(&key(b)));
    merged.truncate(LISTED);
    merged
}

/// Merges equal ones; if every platform is signed alike, that counts as the index.
fn merge(all: &[Covering], image: &Image<'_>) -> Vec<Signature> {
    let mut alike: BTreeMap<_, Vec<&Covering>> = BTreeMap::new();
    for one in all {
        let Signature { kind, state, by, detail, covers: _ } = &one.signature;
        alike.entry((*kind, state.as_str(), by, detail)).or_default().push(one);
    }
    let mut merged = Vec::new();
    for alike in alike.values() {
        let coverage = Coverage::of(image.subjects, alike.iter().map(|one| &one.digest));
        let covers: BTreeSet<&Covers> = match coverage.is_whole() {
            true => BTreeSet::from([&Covers::Index]),
            false => alike.iter().map(|one| &one.signature.covers).collect(),
        };
        let first = alike.first().map(|one| &one.signature);
        merged.extend(
            first.iter().flat_map(|first| {
                covers.iter().map(|covers| Signature { covers: (*covers).clone(), ..(*first).clone() })
            }),
        );
    }
    merged
}

/// The sort key of signatures.
fn key(signature: &Signature) -> impl Ord + '_ {
    let Signature { kind, state, by, detail, covers } = signature;
    (*state != State::Verified, covers, *kind, state.as_str(), by, detail)
}
