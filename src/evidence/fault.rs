//! Why something beside an image is not a verified signature: each fault has its own message.

use std::fmt;

use chrono::{DateTime, Utc};
use sigstore_verify::bundle::Error as BundleError;
use sigstore_verify::{CertificateError, Error, TimestampError, TransparencyLogError};

use super::State;
use crate::text::{clean, cut, size};

/// The most characters shown of the library's message.
const WORDS: usize = 200;

/// Why a document does not verify.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// It says that it was made with another key than the required one.
    OtherKey,
    /// The key does not verify it, and nothing says whether another key would.
    OtherKeyOrChanged,
    OtherIdentity,
    OtherIssuer,
    /// It was signed with a certificate, but a key is required.
    ByCertificate,
    /// It was signed with a key, but an identity is required.
    ByKey,
    /// The key that it names does not verify it.
    Changed,
    /// The trust root does not contain the authority that issued its certificate.
    OtherRoot,
    /// The certificate was not valid when it signed.
    Expired,
    NoLog,
    UnknownLog,
    Log(String),
    /// The trust root does not contain the authority that attests when it was signed.
    UnknownClock,
    NoTime,
    Time(String),
    /// The certificate is in none of the trust root's certificate logs.
    NotTransparent,
    /// What the trust root is missing is newer than the root.
    RootTooOld {
        signed: DateTime<Utc>,
        newest: DateTime<Utc>,
    },
    Several,
    Unsupported(String),
    Unreadable(String),
    TooLarge(usize),
    /// The key or the trust root is unavailable.
    Untrusted(String),
}

impl Fault {
    /// The state that the fault gives a document.
    pub(super) const fn state(&self) -> State {
        match self {
            Self::OtherKey
            | Self::OtherKeyOrChanged
            | Self::OtherIdentity
            | Self::OtherIssuer
            | Self::ByCertificate
            | Self::ByKey => State::Present,
            Self::RootTooOld { .. } => State::RootTooOld,
            Self::Several | Self::Unsupported(_) => State::Unsupported,
            Self::TooLarge(_) | Self::Untrusted(_) => State::Unknown,
            _ => State::Failed,
        }
    }

    /// Whether the trust root is missing something that a newer one may have.
    pub(super) const fn is_missing_trust(&self) -> bool {
        matches!(self, Self::OtherRoot | Self::UnknownLog | Self::UnknownClock | Self::NotTransparent)
    }

    /// How much it says about the required signature: of several faults, the most telling one is shown.
    pub(super) const fn weight(&self) -> u8 {
        match self {
            Self::ByCertificate | Self::ByKey => 0,
            Self::OtherIssuer => 1,
            Self::OtherIdentity | Self::OtherKey => 2,
            Self::OtherKeyOrChanged => 3,
            Self::Untrusted(_) => 4,
            Self::Unreadable(_) => 5,
            Self::Several | Self::Unsupported(_) => 6,
            Self::TooLarge(_) => 7,
            Self::RootTooOld { .. } => 9,
            _ => 8,
        }
    }
}

impl Fault {
    /// The same without text that is never shown: others may write megabytes of it, and each signer has a fault.
    pub(super) fn short(self) -> Self {
        match self {
            Self::Log(why) => Self::Log(said(&why)),
            Self::Time(why) => Self::Time(said(&why)),
            Self::Unsupported(what) => Self::Unsupported(said(&what)),
            Self::Unreadable(why) => Self::Unreadable(said(&why)),
            Self::Untrusted(why) => Self::Untrusted(said(&why)),
            fault => fault,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Self::OtherKey => "it is signed by another key",
            Self::OtherKeyOrChanged => "it is signed by another key, or it was changed",
            Self::OtherIdentity => "it is signed by another identity",
            Self::OtherIssuer => "another issuer vouches for its identity",
            Self::ByCertificate => "it is signed with a certificate, and a key is asked for",
            Self::ByKey => "it is signed with a key, and an identity is asked for",
            Self::Changed => "it was changed: its signature does not fit",
            Self::OtherRoot => "no authority of the trust root issued its certificate",
            Self::Expired => "its certificate was not valid when it was signed",
            Self::NoLog => "it has no proven entry in a transparency log",
            Self::UnknownLog => "the trust root does not have its transparency log",
            Self::Log(why) => return write!(f, "its log entry does not hold: {}", said(why)),
            Self::UnknownClock => "the trust root does not have the authority that says when it was signed",
            Self::NoTime => "nothing proves when it was signed",
            Self::Time(why) => return write!(f, "its timestamp does not hold: {}", said(why)),
            Self::NotTransparent => "no certificate log of the trust root has its certificate",
            Self::RootTooOld { signed, newest } => {
                let (signed, newest) = (signed.date_naive(), newest.date_naive());
                return write!(f, "it was signed on {signed}, and the newest key of the trust root is of {newest}");
            }
            Self::Several => "its envelope has several signatures, and only one can be verified",
            Self::Unsupported(what) => return write!(f, "{} is not supported", said(what)),
            Self::Unreadable(why) => return write!(f, "it cannot be read: {}", said(why)),
            Self::TooLarge(bytes) => return write!(f, "it has {}, which is more than is read", size(*bytes as u64)),
            Self::Untrusted(why) => return f.write_str(&said(why)),
        };
        f.write_str(words)
    }
}

/// Text that may quote what others wrote.
fn said(text: &str) -> String {
    cut(&clean(text), WORDS)
}

/// An error of the library.
impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::SignatureInvalid(_) => Self::Changed,
            Error::Certificate(error) => error.into(),
            Error::TransparencyLog(error) => error.into(),
            Error::Timestamp(error) => error.into(),
            Error::ArtifactMismatch(why) => Self::Log(why),
            Error::UnsupportedBundle(what) | Error::UnsupportedArtifact(what) => Self::Unsupported(what),
            Error::Bundle(
                BundleError::MissingInclusionProof(_)
                | BundleError::MissingInclusionPromise(_)
                | BundleError::MissingSigningTimeEvidence
                | BundleError::MissingCheckpoint,
            ) => Self::NoLog,
            Error::Bundle(error @ (BundleError::CheckpointRootMismatch | BundleError::LogIndexOutOfRange { .. })) => {
                Self::Log(error.to_string())
            }
            error => Self::Unreadable(error.to_string()),
        }
    }
}

impl From<CertificateError> for Fault {
    fn from(error: CertificateError) -> Self {
        match error {
            CertificateError::Malformed(why) => Self::Unreadable(why),
            CertificateError::ChainInvalid(why) if why.contains("CertExpired") || why.contains("CertNotValidYet") => {
                Self::Expired
            }
            CertificateError::NotYetValid { .. } | CertificateError::Expired { .. } => Self::Expired,
            CertificateError::Sct(_) => Self::NotTransparent,
            _ => Self::OtherRoot,
        }
    }
}

impl From<TransparencyLogError> for Fault {
    fn from(error: TransparencyLogError) -> Self {
        match error {
            TransparencyLogError::UnknownLog { .. } => Self::UnknownLog,
            TransparencyLogError::InclusionPromise(why) if why.starts_with("No log key valid") => Self::UnknownLog,
            TransparencyLogError::Checkpoint(why) if why.starts_with("No matching Rekor key") => Self::UnknownLog,
            TransparencyLogError::IntegratedTime(why) if why.contains("certificate validity") => Self::Expired,
            error => Self::Log(error.to_string()),
        }
    }
}

impl From<TimestampError> for Fault {
    fn from(error: TimestampError) -> Self {
        match error {
            TimestampError::NoVerifiedTimestamp(_) => Self::NoTime,
            TimestampError::OutsideAuthorityValidity { .. } => Self::UnknownClock,
            TimestampError::Invalid(why)
                if why.contains("does not match any trusted") || why.contains("no timestamp authorities") =>
            {
                Self::UnknownClock
            }
            error => Self::Time(error.to_string()),
        }
    }
}
