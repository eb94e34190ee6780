//! The tags for signatures, attestations and SBOMs of a digest: the referrers tag schema of the OCI distribution
//! specification, and cosign's own.

use crate::image::{Digest, NameError, Tag};

/// What cosign appends to the tag of a digest.
const COSIGN: [&str; 3] = [".sig", ".att", ".sbom"];

/// The tag that lists what refers to a digest if a registry has no referrers API: `sha256-<64 hexadecimal digits>`,
/// algorithm and digits cut to 32 and 64 characters (OCI distribution specification, "Referrers Tag Schema").
///
/// # Errors
/// If that is not a tag, which no digest of a known algorithm leads to.
pub(crate) fn fallback_tag(digest: &Digest) -> Result<Tag, NameError> {
    let hex: String = digest.hex().chars().take(64).collect();
    format!("{}-{hex}", digest.algorithm()).parse()
}

/// The tags under which cosign keeps signatures, attestations and SBOMs of a digest.
pub(crate) fn cosign_tags(digest: &Digest) -> Vec<Tag> {
    let stem = format!("{}-{}", digest.algorithm(), digest.hex());
    COSIGN.iter().filter_map(|suffix| format!("{stem}{suffix}").parse().ok()).collect()
}

/// Whether a tag, by one of these schemes, is for something that belongs to a digest.
pub(crate) fn is_companion(tag: &Tag) -> bool {
    let name = COSIGN.iter().find_map(|suffix| tag.as_str().strip_suffix(suffix)).unwrap_or(tag.as_str());
    name.split_once('-').is_some_and(|(algorithm, hex)| {
        matches!(algorithm, "sha256" | "sha512") && hex.len() >= 64 && hex.bytes().all(|b| b.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn tags_of_companions() {
        let (a, b) = ("a".repeat(64), "b".repeat(128));
        let fallback = |text: String| fallback_tag(&text.parse().unwrap()).unwrap().to_string();
        assert_eq!(fallback(format!("sha256:{a}")), format!("sha256-{a}"));
        assert_eq!(fallback(format!("sha512:{b}")), format!("sha512-{}", "b".repeat(64)));
        let cosign = cosign_tags(&format!("sha256:{a}").parse().unwrap());
        let cosign: Vec<&str> = cosign.iter().map(Tag::as_str).collect();
        assert_eq!(cosign, [format!("sha256-{a}.sig"), format!("sha256-{a}.att"), format!("sha256-{a}.sbom")]);
        let is = |text: &str| is_companion(&text.parse().unwrap());
        assert!(cosign.iter().all(|tag| is(tag)) && is(&format!("sha256-{a}")));
        assert!(!is("sha256-abc") && !is("1.2.3") && !is("sha-1a2b3c4") && !is(&format!("x-{a}.sig")));
    }
}
