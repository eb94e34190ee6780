//! Whether the signers of the new image also signed the approved one.

use std::collections::{BTreeMap, BTreeSet};

use super::Entry;
use crate::evidence::{Makers, State};
use crate::image::Digest;
use crate::manifest::Image;

/// Who signed digests, as far as they were checked.
pub(crate) type Signers = BTreeMap<Digest, BTreeSet<String>>;

/// How the signers of the new image differ from those of the approved one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignerChange {
    /// The approved image is signed, and the new one is not.
    Lost,
    /// No signer signed both.
    Changed,
}

/// Who signed an image: the verified signers or, if there are none, the claimed ones.
pub(crate) fn signers(makers: &Makers) -> BTreeSet<String> {
    let by = |states: &[State]| -> BTreeSet<String> {
        let signatures = makers.signatures.iter().filter(|signature| states.contains(&signature.state));
        signatures.map(|signature| signature.by.as_deref().map_or(UNNAMED, bare).to_owned()).collect()
    };
    let verified = by(&[State::Verified]);
    if verified.is_empty() { by(&[State::Present, State::Failed]) } else { verified }
}

/// The signer if the key has no name.
const UNNAMED: &str = "an unnamed key";

/// The fingerprint of a key, in whichever form it is named, else the name as it is.
fn bare(name: &str) -> &str {
    let fingerprint = name.find("sha256:").and_then(|at| name.get(at..at + 71));
    let is_hex = |fingerprint: &&str| fingerprint[7..].bytes().all(|byte| byte.is_ascii_hexdigit());
    fingerprint.filter(is_hex).unwrap_or(name)
}

/// How the signers of an entry's new bytes differ. If the approved image could not be checked, its record says who
/// signed it.
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

/// Whether to check who signed the bytes that would replace or follow an approval.
pub(crate) fn is_compared(image: &Image, entry: &Entry) -> bool {
    let approved = image.approved.iter().find(|approval| Some(&approval.tag) == entry.from.as_ref());
    approved.is_some_and(|approved| image.signatures.is_some() || approved.signed_by.is_some())
}
