//! A signed document, whatever form it was found in.

use bytes::Bytes;
use sigstore_verify::types::{Artifact, ArtifactDigest, Bundle, HashAlgorithm, SignatureBytes, SignatureContent};

use super::Kind;
use super::certificate::Certificate;
use super::statement::Says;
use crate::image::Digest;
use crate::text::{clean, cut};

/// The most characters shown of a signer's name.
const NAME: usize = 400;

/// The issuer of the identities of GitHub's workflows.
const GITHUB: &str = "https://token.actions.githubusercontent.com";

/// A signed document, with who claims to have signed it.
#[derive(Debug)]
pub(super) struct Signed {
    pub kind: Kind,
    /// The digests that it names.
    pub about: Vec<Digest>,
    pub says: Says,
    pub claim: Claim,
    /// The bytes that are signed.
    pub message: Bytes,
    pub signature: SignatureBytes,
    /// The signature with its certificate, log entries and timestamps, in the form that gets verified.
    pub bundle: Bundle,
}

/// Who claims to have signed.
#[derive(Debug)]
pub(super) enum Claim {
    /// A key, with its fingerprint if that is given.
    Key(Option<String>),
    Certificate(Certificate),
}

impl Signed {
    /// What the signature covers, for the library: the image, by digest, or in simple signing the bytes themselves.
    pub(super) fn artifact(&self, digest: &Digest) -> Option<Artifact<'_>> {
        if matches!(self.bundle.content, SignatureContent::MessageSignature(_)) {
            return Some(Artifact::Blob(&self.message));
        }
        let algorithm = if digest.is_sha256() { HashAlgorithm::Sha2256 } else { HashAlgorithm::Sha2512 };
        let hex = digest.hex().as_bytes().chunks(2);
        let bytes = hex.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        let bytes = bytes.collect::<Option<Vec<u8>>>()?;
        Some(Artifact::Digest(ArtifactDigest::new(algorithm, bytes).ok()?))
    }

    /// Whether it signs the image: cosign's statement to that effect, simple signing, or GitHub's build statement.
    pub(super) fn is_signature(&self) -> bool {
        matches!(self.says, Says::Signed) || self.kind == Kind::GitHub
    }

    /// Who claims to have signed it.
    pub(super) fn by(&self) -> Option<String> {
        match &self.claim {
            Claim::Key(fingerprint) => fingerprint.as_ref().map(|hex| format!("key sha256:{hex}")),
            Claim::Certificate(certificate) => {
                let identity = certificate.identity.as_deref().map(|name| cut(&clean(name), NAME));
                let issuer = certificate.issuer.as_deref().map(|name| cut(&clean(name), NAME));
                match (identity, issuer) {
                    (Some(identity), Some(issuer)) => Some(format!("{identity} by {issuer}")),
                    (identity, issuer) => identity.or(issuer),
                }
            }
        }
    }

    /// Whether it is what GitHub's workflows store beside an image that they built.
    pub(super) fn is_built_by_github(&self) -> bool {
        let Claim::Certificate(Certificate { issuer: Some(issuer), .. }) = &self.claim else { return false };
        // Some organizations and installations of GitHub have their own issuers.
        let is_own = issuer.strip_prefix("https://token.actions.").is_some_and(|host| host.ends_with(".ghe.com"));
        let is_github =
            is_own || issuer.strip_prefix(GITHUB).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        matches!(self.says, Says::Built(_)) && is_github
    }
}
