//! Who made an image: signatures and provenance, read from the documents beside it and verified offline.
//!
//! Bytes come in and verdicts go out. A verdict never says more than was verified: what is not required is
//! [`State::Present`] at most, and what could not be checked is [`State::Unknown`], never absent.
//!
//! Nothing here asks for the time, except the verification library: what is dated in the future does not count.

use std::collections::BTreeMap;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::image::Digest;
use crate::manifest::{RequiredProvenance, Signatures};

mod attested;
mod bundle;
mod certificate;
mod coverage;
mod distinct;
mod document;
mod envelope;
mod examine;
mod fault;
mod judge;
mod layer;
mod provenance;
mod provider;
mod signed;
mod standing;
mod statement;
#[cfg(test)]
mod tests;
mod trust;
mod verify;

pub(crate) use attested::{Attestation, AttestationVerifier};
pub(crate) use judge::judge;
pub(crate) use trust::Trust;

/// A manifest that may be signed: the image's top document, or the manifest of one platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject {
    pub digest: Digest,
    pub covers: Covers,
}

/// What a signature of a [`Subject`] covers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Covers {
    /// The top document and with it everything that it lists; also the only document of a single-platform image.
    Index,
    /// The manifest of this platform.
    Platform(String),
}

impl Covers {
    /// The value of `covers` in JSON: `index` or the platform.
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Index => "index",
            Self::Platform(platform) => platform,
        }
    }
}

/// One document found beside a subject, with its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Beside {
    /// The subject that it was found beside.
    pub subject: Digest,
    pub place: Place,
    /// The media type of this layer; for a bundle the artifact type will do.
    pub media_type: String,
    /// The layer's annotations: simple signing keeps the signature there.
    pub annotations: BTreeMap<String, String>,
    /// The layer's bytes, already bounded and checked against their digest by the fetcher.
    pub content: Bytes,
}

/// Where a document was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// The referrers API, or the fallback tag.
    Referrer,
    /// `sha256-<hex>.sig`
    SignatureTag,
    /// `sha256-<hex>.att`
    AttestationTag,
    /// The image's own index, by digest: BuildKit's attestation manifests.
    Index,
}

/// A place that could not be read, and why. It makes a verdict unknown, never absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unread {
    pub subject: Digest,
    pub why: String,
}

/// Everything that was found beside the subjects of one image.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Found {
    pub beside: Vec<Beside>,
    pub unread: Vec<Unread>,
}

/// What is known of a signature or of provenance. The words are never mixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Asked for, and verified.
    Verified,
    /// There, and not asked for.
    Present,
    /// Nothing about this digest.
    Absent,
    /// There, and not by what is asked for, or not valid.
    Failed,
    /// There, in a form that is not read.
    Unsupported,
    /// Its log or authority has a key that the trust root does not have yet.
    RootTooOld,
    /// It could not be looked at.
    Unknown,
}

impl State {
    /// The value in JSON.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Present => "present",
            Self::Absent => "absent",
            Self::Failed => "failed",
            Self::Unsupported => "unsupported",
            Self::RootTooOld => "root-too-old",
            Self::Unknown => "unknown",
        }
    }
}

/// The form of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// cosign's bundle, by a key.
    CosignKey,
    /// cosign's bundle, by a certificate.
    CosignKeyless,
    /// cosign's former form, under the `.sig` tag.
    SimpleSigning,
    /// An attestation that GitHub stores in the registry.
    #[serde(rename = "github")]
    GitHub,
    /// Of the Notary Project.
    Notation,
}

impl Kind {
    /// The value in JSON.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::CosignKey => "cosign-key",
            Self::CosignKeyless => "cosign-keyless",
            Self::SimpleSigning => "simple-signing",
            Self::GitHub => "github",
            Self::Notation => "notation",
        }
    }
}

/// One signature, or the entry that says that there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signature {
    pub kind: Kind,
    pub state: State,
    /// Who signed, as the certificate or the manifest names it: untrusted text unless the state is verified.
    pub by: Option<String>,
    /// Why the state is what it is.
    pub detail: Option<String>,
    pub covers: Covers,
}

/// What statements say about how the image was built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Provenance {
    pub state: State,
    pub builder: Option<String>,
    pub source: Option<String>,
    pub commit: Option<String>,
    /// Whether the image's labels name the same source and commit; `None` where they name neither.
    pub agrees: Option<bool>,
    /// Why the state is what it is.
    pub detail: Option<String>,
}

/// What the manifest requires of an image.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub signatures: Option<&'a Signatures>,
    pub provenance: Option<&'a RequiredProvenance>,
}

/// Who made an image.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Makers {
    pub signatures: Vec<Signature>,
    pub provenance: Option<Provenance>,
    /// Who made the signatures that `signatures` requires, as `signed-by` records it; `None` if they are not verified.
    pub signed_by: Option<String>,
    /// Whether they signed the index itself, and with it everything that it lists.
    pub index_is_signed: bool,
    /// Why it is not accepted, if `signatures` or `provenance` require something that is not verified.
    pub unsigned: Option<String>,
}

impl Makers {
    /// The commit that provenance names.
    pub(crate) fn commit(&self) -> Option<String> {
        self.provenance.as_ref()?.commit.clone()
    }
}
