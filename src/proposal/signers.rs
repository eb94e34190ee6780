//! Whether the signers of the new image also signed the approved one.

use std::collections::{BTreeMap, BTreeSet};

use super::Entry;
use crate::difference::SignerChange;
use crate::evidence::{Makers, State};
use crate::image::Digest;
use crate::manifest::{Identity, Image, Signatures, Signer};

/// Who signed digests, as far as they were checked.
pub(crate) type Signers = BTreeMap<Digest, BTreeSet<String>>;

/// Who signed an image: who is verified to have, and only where nobody is, that somebody says to have.
pub(crate) fn signers(makers: &Makers) -> BTreeSet<String> {
    let of = |states: &[State]| {
        makers.signatures.iter().filter(|signature| states.contains(&signature.state)).collect::<Vec<_>>()
    };
    let verified = of(&[State::Verified]);
    if verified.is_empty() {
        // Anybody can write any name there.
        let said = of(&[State::Present, State::Failed]);
        return said.iter().map(|_| UNVERIFIED.to_owned()).collect();
    }
    verified.iter().map(|signature| signature.by.as_deref().map_or(UNNAMED, bare).to_owned()).collect()
}

/// Stands for whoever is named without being verified: it is nobody's name, and never the same signer.
const UNVERIFIED: &str = "";

/// Who signed with a key that nothing names.
const UNNAMED: &str = "an unnamed key";

/// The fingerprint that ends the name of a key, in whichever form it is named, else the name as it is: an identity may
/// contain anything, and ends with its issuer.
fn bare(name: &str) -> &str {
    let end = name.strip_suffix(')').unwrap_or(name);
    let fingerprint = end.len().checked_sub(71).and_then(|at| end.get(at..));
    let is_hex = |hex: &str| hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    fingerprint.filter(|text| text.strip_prefix("sha256:").is_some_and(is_hex)).unwrap_or(name)
}

/// How the signers of an entry's new bytes differ. If the approved image could not be checked, its record says who
/// signed it.
pub(crate) fn signer_change(image: &Image, entry: &Entry, signers: &Signers) -> Option<SignerChange> {
    let approved = image.approved.iter().find(|approval| Some(&approval.tag) == entry.from.as_ref())?;
    let after = signers.get(&entry.digest)?;
    let recorded = || approved.signed_by.iter().flat_map(|by| by.split(", ")).map(|by| bare(by).to_owned()).collect();
    let seen = signers.get(&approved.digest).filter(|seen| !seen.is_empty());
    let verified = seen.filter(|seen| seen.iter().any(|by| by != UNVERIFIED)).cloned();
    let before: BTreeSet<String> = verified.unwrap_or_else(recorded);
    let was_signed = !before.is_empty() || seen.is_some();
    let moves = image.signatures.iter().flat_map(Signatures::signers).any(is_pattern);
    change(was_signed, &before, after, |by| if moves { without_ref(by) } else { by.to_owned() })
}

/// How the signers of two images differ, each verified by the same requirements.
pub(crate) fn change_between(was: &Makers, is: &Makers) -> Option<SignerChange> {
    let (seen, after) = (signers(was), signers(is));
    let before = seen.iter().filter(|by| *by != UNVERIFIED).cloned().collect();
    change(!seen.is_empty(), &before, &after, str::to_owned)
}

/// `before` are those who are known to have signed the former image, by the name that `name` makes of it.
fn change(
    was_signed: bool,
    before: &BTreeSet<String>,
    after: &BTreeSet<String>,
    name: impl Fn(&str) -> String,
) -> Option<SignerChange> {
    if after.is_empty() {
        return was_signed.then_some(SignerChange::Lost);
    }
    let after: BTreeSet<String> = after.iter().filter(|by| *by != UNVERIFIED).map(|by| name(by)).collect();
    let same = before.iter().any(|by| after.contains(&name(by)));
    (!before.is_empty() && !same).then_some(SignerChange::Changed)
}

const fn is_pattern(signer: &Signer) -> bool {
    matches!(signer, Signer::Identity { identity: Identity::Pattern(_), .. })
}

/// A workflow's identity without the ref that it ran for, which differs from release to release.
fn without_ref(by: &str) -> String {
    let (identity, issuer) = by.rsplit_once(" by ").unwrap_or((by, ""));
    let workflow = identity.rsplit_once("@refs/").map_or(identity, |(workflow, _)| workflow);
    format!("{workflow} by {issuer}")
}

/// Whether to check who signed the bytes that would replace or follow an approval.
pub(crate) fn is_compared(image: &Image, entry: &Entry) -> bool {
    let approved = image.approved.iter().find(|approval| Some(&approval.tag) == entry.from.as_ref());
    approved.is_some_and(|approved| image.signatures.is_some() || approved.signed_by.is_some())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::evidence::{Covers, Kind, Signature};
    use crate::proposal::fixtures::{approval, manifest};

    const ISSUER: &str = "https://token.actions.githubusercontent.com";

    fn workflow(at: &str) -> String {
        format!("https://github.com/acme/app/.github/workflows/release.yml@refs/{at} by {ISSUER}")
    }

    fn makers(state: State, by: &str) -> Makers {
        let (kind, covers) = (Kind::CosignKeyless, Covers::Index);
        let signature = Signature { kind, state, by: Some(by.to_owned()), detail: None, covers };
        Makers { signatures: vec![signature], ..Makers::default() }
    }

    fn image(identity: Identity) -> Image {
        let mut image = manifest(&["docker.io/team/app"]).images.remove(0);
        image.approved = vec![approval("1.0.0")];
        let signer = Signer::Identity { issuer: ISSUER.to_owned(), identity, trusted_root: None };
        image.signatures = Some(Signatures::One(signer));
        image
    }

    fn change(image: &Image, before: &Makers, after: &Makers) -> Option<SignerChange> {
        let (was, now) = (Digest::sha256(b"1.0.0"), Digest::sha256(b"1.1.0"));
        let entry = Entry::approving(image, &"1.1.0".parse().unwrap(), &now, false);
        signer_change(image, &entry, &Signers::from([(was, signers(before)), (now, signers(after))]))
    }

    #[test]
    fn who_is_not_verified_is_never_the_same_signer() {
        let mut image = image(Identity::Exact("me".to_owned()));
        let (by, changed) = ("me by https://a.example", Some(SignerChange::Changed));
        let verified = makers(State::Verified, by);
        assert_eq!(change(&image, &verified, &verified), None);
        for state in [State::Present, State::Failed] {
            assert_eq!(change(&image, &verified, &makers(state, by)), changed);
        }
        assert_eq!(change(&image, &verified, &Makers::default()), Some(SignerChange::Lost));
        assert_eq!(change(&image, &makers(State::Present, by), &makers(State::Present, by)), None, "nobody is known");
        image.approved[0].signed_by = Some(by.to_owned());
        assert_eq!(
            change(&image, &makers(State::Present, by), &makers(State::Present, by)),
            changed,
            "who is recorded"
        );
    }

    #[test]
    fn an_identity_that_contains_the_fingerprint_of_a_key_is_not_that_key() {
        let fingerprint = Digest::sha256(b"key").to_string();
        let image = image(Identity::Exact("me".to_owned()));
        let key = makers(State::Verified, &format!("keys/tool.pub ({fingerprint})"));
        let said = makers(State::Verified, &format!("key {fingerprint}"));
        assert_eq!(change(&image, &key, &said), None, "one key, named in two ways");
        let identity = makers(State::Verified, &format!("https://a.example/({fingerprint}) by {ISSUER}"));
        assert_eq!(change(&image, &key, &identity), Some(SignerChange::Changed));
    }

    #[test]
    fn a_workflow_is_the_same_signer_for_every_release_that_a_pattern_lets_in() {
        let of = |at: &str| makers(State::Verified, &workflow(at));
        let pattern = image(Identity::Pattern("https://github.com/acme/app/.+".to_owned()));
        assert_eq!(change(&pattern, &of("tags/v1"), &of("tags/v2")), None);
        let other = makers(State::Verified, &workflow("tags/v2").replace("release.yml", "test.yml"));
        assert_eq!(change(&pattern, &of("tags/v1"), &other), Some(SignerChange::Changed));
        let exact = image(Identity::Exact("me".to_owned()));
        assert_eq!(change(&exact, &of("tags/v1"), &of("tags/v2")), Some(SignerChange::Changed));
    }
}
