//! What a version fixes, compared with what is approved.

use super::evidence::EvidenceReader;
use super::makers::MakerReader;
use crate::content::labels::Labels;
use crate::image::{Digest, Tag};
use crate::manifest::{Image, Manifest, Vulnerabilities};
use crate::proposal::shortens::shortens;
use crate::proposal::signers::{Signers, signer_change, signers};
use crate::proposal::{Entry, Item};
use crate::rules::NotShorter;

/// What a version fixes that shortens its cooldown, in words; an error says why nothing does. Nothing is read where it
/// could not.
pub(super) async fn fixes(
    reader: EvidenceReader<'_>,
    manifest: &Manifest,
    image: &Image,
    tag: &Tag,
    digest: &Digest,
) -> Result<String, NotShorter> {
    let cooldown = image.fixes.ok_or_else(|| NotShorter::known("the manifest has no shorter cooldown"))?;
    if manifest.inspection.vulnerabilities == Vulnerabilities::None {
        return Err(NotShorter::known("`evidence.vulnerabilities` asks for none"));
    }
    let rebuild = image.approved.iter().any(|approval| approval.tag == *tag);
    let entry = Entry::approving(image, tag, digest, rebuild);
    let before = image.approved.iter().rev().find(|approval| Some(&approval.tag) == entry.from.as_ref());
    let nothing = || NotShorter::known("nothing that is approved can be compared with it");
    let before = before.ok_or_else(nothing)?.digest.clone();
    let at = manifest.images.iter().position(|other| std::ptr::eq(other, image));
    let at = at.or_else(|| manifest.images.iter().position(|other| other == image));
    let at = at.ok_or_else(|| NotShorter::known("the manifest does not have the image"))?;
    let same_signer = same_signer(reader, image, &entry, &before).await?;
    let item = Item::approving(at, image, String::new(), entry);
    let evidence = reader.read(Some(manifest), manifest, &item).await;
    match evidence.difference {
        Some(difference) => shortens(cooldown, &difference, same_signer),
        None => {
            let why = evidence.unknown.into_iter().next();
            Err(NotShorter::unknown(why.unwrap_or_else(|| "it could not be read".to_owned())))
        }
    }
}

/// Whether both are verified to be signed as the image asks, and by somebody in common.
async fn same_signer(
    reader: EvidenceReader<'_>,
    image: &Image,
    entry: &Entry,
    before: &Digest,
) -> Result<bool, NotShorter> {
    let makers = MakerReader { sources: reader.sources, trust: reader.trust };
    let mut known = Signers::new();
    for digest in [before, &entry.digest] {
        match makers.asked(image, digest, &Labels::default()).await {
            Ok(makers) if makers.unsigned.is_none() => drop(known.insert(digest.clone(), signers(&makers))),
            Ok(_) => return Ok(false),
            Err(error) => return Err(NotShorter::unknown(format!("who signed it is unknown: {error}"))),
        }
    }
    Ok(signer_change(image, entry, &known).is_none())
}
