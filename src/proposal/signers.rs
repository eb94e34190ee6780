//! Whether who signed what comes in also signed what is approved.

use std::collections::{BTreeMap, BTreeSet};

use super::Entry;
use crate::evidence::{Makers, State};
use crate::image::Digest;
use crate::manifest::Image;

/// Who signed digests, of those that were looked at.
pub(crate) type Signers = BTreeMap<Digest, BTreeSet<String>>;

/// How who signed what comes in differs from who signed what is approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignerChange {
    /// What is approved is signed, and what comes in is not.
    Lost,
    /// Nobody signed both.
    Changed,
}

/// Who signed an image: who is verified to have, and only where nobody is, who is said to have.
pub(crate) fn signers(makers: &Makers) -> BTreeSet<String> {
    let by = |states: &[State]| -> BTreeSet<String> {
        let signatures = makers.signatures.iter().filter(|signature| states.contains(&signature.state));
        signatures.map(|signature| signature.by.as_deref().map_or(UNNAMED, bare).to_owned()).collect()
    };
    let verified = by(&[State::Verified]);
    if verified.is_empty() { by(&[State::Present, State::Failed]) } else { verified }
}

/// Who signed with a key that nothing names.
const UNNAMED: &str = "an unnamed key";

/// The fingerprint of a key, however it is called, else the name as it is.
fn bare(name: &str) -> &str {
    let fingerprint = name.find("sha256:").and_then(|at| name.get(at..at + 71));
    let is_hex = |fingerprint: &&str| fingerprint[7..].bytes().all(|byte| byte.is_ascii_hexdigit());
    fingerprint.filter(is_hex).unwrap_or(name)
}

/// How the signers of what an entry lets in differ. What is approved and could not be looked at was signed by whom its record
/// names.
pub(crate) fn signer_change(image: &Image, entry: &Entry, signers: &Signers) -> Option<SignerChange> {
    let approved = image.approved.iter().find(|approval| Some(&approval.tag) == entry.from.as_ref())?;
    let after = signers.get(&entry.digest)?;
    let recorded = || approved.signed_by.iter().flat_map(|by| by.split(", ")).map(|by| bare(by).to_owned()).collect();
    let seen = signers.get(&approved.digest).filter(|seen| !seen.is_empty()).cloned();
    let before: BTreeSet<String> = seen.unwrap_or_else(recorded);
    match (before.is_empty(), after.is_empty()) {
        (true, _) => None,
        (false, true) => Some(SignerChange::Lost),
        (false, false) => before.is_disjoint(after).then_some(SignerChange::Changed),
    }
}

/// Whether it is worth being looked at who signed what would take the place of an approval, or follow it.
pub(crate) fn is_compared(image: &Image, entry: &Entry) -> bool {
    let approved = image.approved.iter().find(|approval| Some(&approval.tag) == entry.from.as_ref());
    approved.is_some_and(|approved| image.signatures.is_some() || approved.signed_by.is_some())
}
