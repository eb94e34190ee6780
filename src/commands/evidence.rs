//! `evidence`: what is known of one approval, for auditors.

use std::collections::BTreeMap;

use super::reader::{proposal_reader, signing_keys, vulnerability_reader};
use super::unreviewed::reviews;
use super::{Context, Exit, Stop, load};
use crate::image::Tag;
use crate::manifest::{Approval, Image, Manifest};
use crate::observe::approved::{Brought, read_brought};
use crate::observe::ledger::Trust;
use crate::plan::{Key, is_called};
use crate::proposal::Wanted;
use crate::proposal::body::Account;
use crate::proposal::{Entry, Item};
use crate::report::Output;
use crate::report::approved::{ApprovalRecord, GivenReview};
use crate::report::evidence::PlannedEvidence;
use crate::report::facts::PlannedFacts;
use crate::text::{excerpt, names_there_are};

/// Runs it for `name`, an image of the manifest with a tag that it approves.
///
/// # Errors
/// If there is no such approval.
pub(crate) async fn run(context: &Context, name: &str, output: &mut Output) -> Result<Exit, Stop> {
    let manifest = load::here(context).await?;
    let (at, approval) = find(&manifest, name).map_err(Stop::Unusable)?;
    let image = &manifest.images[at];
    let reviews = reviews(context, None, &manifest).await;
    let came = reviews.came.get(&Key::of(image, &approval));
    let pull = came.and_then(|came| came.pull).or(approval.pull);
    let forge = context.forge.as_deref();
    let Brought { merged, reviews: given, then, mut unknown } =
        read_brought(forge, &manifest, image, &approval, pull).await;
    unknown.extend(reviews.untold.clone());
    let (before, wanted) = without(&manifest, at, &approval);
    let mut reader = proposal_reader(context, forge, Trust::Keeper);
    reader.keys = signing_keys(context, None, Some(&reviews), &manifest).await;
    reader.vulnerabilities = vulnerability_reader(context, None, Some(&reviews), &manifest);
    let evidence = reader.evidence(&before, &wanted, &BTreeMap::new()).await;
    let account = Account::of(&before, &wanted.items[0], evidence.first());
    let Approval { tag, digest, mirrored, approved_on, signed_by, reason, .. } = approval.clone();
    output.approved(ApprovalRecord {
        image: image.source_text.clone(),
        repository: image.repository.clone(),
        tag,
        digest,
        mirrored,
        approved_on: came.map(|came| came.at.date_naive()).or(approved_on),
        pull,
        url: merged.as_ref().and_then(|merged| merged.url.clone()),
        merged_at: merged.as_ref().and_then(|merged| merged.at),
        merged_by: merged.and_then(|merged| merged.by),
        reason,
        revoked: revocation(image, &approval),
        signed_by,
        reviews: given.into_iter().map(GivenReview::from).collect(),
        then,
        now: PlannedEvidence::of(&account),
        unknown,
        facts: PlannedFacts::from(&account),
    });
    Ok(Exit::Done)
}

/// Why the manifest revokes these bytes.
fn revocation(image: &Image, Approval { tag, digest, .. }: &Approval) -> Option<String> {
    let mut revoked = image.revoked.iter().filter(|revoked| revoked.tag == *tag);
    revoked.find(|revoked| revoked.digest == *digest).map(|revoked| revoked.reason.clone())
}

/// The image and the approval that a name means.
fn find(manifest: &Manifest, name: &str) -> Result<(usize, Approval), String> {
    let wanted = name.rsplit_once(':').and_then(|(image, tag)| Some((image, tag.parse::<Tag>().ok()?)));
    let (image, tag) = wanted.ok_or_else(|| format!("`{name}` names no tag: use IMAGE:TAG"))?;
    let called: Vec<_> = manifest.images.iter().enumerate().filter(|(_, one)| is_called(one, image)).collect();
    let approvals = called.iter().flat_map(|(at, image)| image.approved.iter().map(move |approval| (*at, approval)));
    let mut found = approvals.filter(|(_, approval)| approval.tag == tag);
    match (found.next(), found.next()) {
        (Some((at, approval)), None) => Ok((at, approval.clone())),
        (Some(_), Some(_)) => Err(format!("several approvals are called `{name}`: name the repository")),
        (None, _) => Err(not_approved(&called.iter().map(|(_, image)| *image).collect::<Vec<_>>(), image, &tag)),
    }
}

/// What the manifest says instead.
fn not_approved(images: &[&Image], name: &str, tag: &Tag) -> String {
    if images.is_empty() {
        return format!("the manifest has no image `{}`", excerpt(name, 200));
    }
    let no = format!("the manifest does not approve `{}:{tag}`", excerpt(name, 200));
    let mut revoked = images.iter().flat_map(|image| &image.revoked);
    if let Some(revoked) = revoked.find(|revoked| revoked.tag == *tag) {
        return format!("{no}: it is revoked ({})", excerpt(&revoked.reason, 200));
    }
    let approved = images.iter().flat_map(|image| &image.approved);
    let approved: Vec<String> = approved.map(|approval| approval.tag.to_string()).collect();
    let known = names_there_are(tag.as_str(), &approved);
    format!("{no}: {}", known.unwrap_or_else(|| "nothing of it is approved".to_owned()))
}

/// The manifest without an approval, and the change that brings it.
fn without(manifest: &Manifest, at: usize, approval: &Approval) -> (Manifest, Wanted) {
    let mut before = manifest.clone();
    before.images[at].approved.retain(|other| other.tag != approval.tag);
    let image = &before.images[at];
    let mut entry = Entry::approving(image, &approval.tag, &approval.digest, false);
    entry.reason.clone_from(&approval.reason);
    let item = Item::approving(at, image, String::new(), entry);
    let context = approval.digest.clone();
    let wanted = Wanted { branch: String::new(), group: None, items: vec![item], later: 0, context };
    (before, wanted)
}
