//! One document beside an image, read for what kind of signature or statement it is.

use sigstore_verify::types::{Artifact, ArtifactDigest, Bundle, HashAlgorithm, SignatureBytes, SignatureContent};

use super::certificate::Certificate;
use super::fault::Fault;
use super::statement::{Says, Statement};
use super::{Beside, Kind, Place, bundle, layer};
use crate::image::Digest;
use crate::text::{clean, cut};

/// The most bytes of a document that is read whole.
const LIMIT: usize = 2 << 20;

/// The most characters of a name that is shown of who signed.
const NAME: usize = 400;

/// The issuer of the identities that GitHub's workflows have.
const GITHUB: &str = "https://token.actions.githubusercontent.com";

/// What a document is.
#[derive(Debug)]
pub(super) enum Document {
    Signed(Box<Signed>),
    /// A statement that nobody signed, such as BuildKit's.
    Unsigned(Statement),
    /// A signature or provenance that cannot be read.
    Broken {
        kind: Kind,
        /// Whether it may be a signature. Otherwise it may be provenance.
        is_signature: bool,
        fault: Fault,
    },
    /// Neither a signature nor provenance.
    Other,
}

/// Something signed, with who says to have signed it.
#[derive(Debug)]
pub(super) struct Signed {
    pub kind: Kind,
    /// The digests that it names.
    pub about: Vec<Digest>,
    pub says: Says,
    pub claim: Claim,
    /// The bytes that are signed.
    pub message: Vec<u8>,
    pub signature: SignatureBytes,
    /// The signature with certificate, log entries and timestamps, in the form that is verified.
    pub bundle: Bundle,
}

/// Who says to have signed.
#[derive(Debug)]
pub(super) enum Claim {
    /// A key, and its fingerprint where that is named.
    Key(Option<String>),
    Certificate(Certificate),
}

impl Signed {
    /// What the signature is of, for the library: the image by its digest, or what simple signing signs itself.
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

    /// Whether it signs the image: a statement that it is signed, simple signing, or GitHub's that it was built.
    pub(super) fn is_signature(&self) -> bool {
        matches!(self.says, Says::Signed) || self.kind == Kind::GitHub
    }

    /// Who says to have signed it.
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
}

impl Document {
    pub(super) fn read(beside: &Beside) -> Self {
        let Some(format) = Format::of(beside) else { return Self::Other };
        let is_signature = !matches!(format, Format::Statement) && beside.place != Place::AttestationTag;
        let broken = |fault| Self::Broken { kind: format.kind(beside), is_signature, fault };
        if beside.content.len() > LIMIT && !matches!(format, Format::Statement) {
            let is_other = format.is_other(&beside.content);
            return if is_other { Self::Other } else { broken(Fault::TooLarge(beside.content.len())) };
        }
        let signed = match format {
            Format::Bundle => bundle::read(&beside.content),
            Format::SimpleSigning => layer::simple(beside),
            Format::Envelope => layer::envelope(beside),
            Format::Statement => {
                return match Statement::read(&beside.content) {
                    Ok(statement) if statement.says != Says::Other => Self::Unsigned(statement),
                    Err(fault @ Fault::TooLarge(_)) => broken(fault),
                    _ => Self::Other,
                };
            }
            Format::Notation => Err(Fault::Unsupported("Notation".to_owned())),
            Format::Unknown => Err(Fault::Unsupported(format!("a signature of type {}", beside.media_type))),
        };
        match signed {
            Ok(None) => Self::Other,
            Ok(Some(mut signed)) => {
                if beside.place == Place::Referrer && signed.is_built_by_github() {
                    signed.kind = Kind::GitHub;
                }
                Self::Signed(Box::new(signed))
            }
            Err(fault) => broken(fault),
        }
    }
}

impl Signed {
    /// Whether it is what GitHub's workflows store beside an image that they built.
    fn is_built_by_github(&self) -> bool {
        let Claim::Certificate(Certificate { issuer: Some(issuer), .. }) = &self.claim else { return false };
        // Organizations and installations of GitHub have issuers of their own.
        let is_own = issuer.strip_prefix("https://token.actions.").is_some_and(|host| host.ends_with(".ghe.com"));
        let is_github =
            is_own || issuer.strip_prefix(GITHUB).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        matches!(self.says, Says::Built(_)) && is_github
    }
}

/// The form of a document, told by its media type.
#[derive(Clone, Copy)]
enum Format {
    Bundle,
    SimpleSigning,
    Envelope,
    Statement,
    Notation,
    Unknown,
}

impl Format {
    fn of(beside: &Beside) -> Option<Self> {
        Some(match beside.media_type.as_str() {
            kind if kind.starts_with("application/vnd.dev.sigstore.bundle") => Self::Bundle,
            "application/vnd.dev.cosign.simplesigning.v1+json" => Self::SimpleSigning,
            "application/vnd.dsse.envelope.v1+json" => Self::Envelope,
            "application/vnd.in-toto+json" => Self::Statement,
            "application/vnd.cncf.notary.signature" | "application/jose+json" | "application/cose" => Self::Notation,
            _ if beside.place == Place::SignatureTag => Self::Unknown,
            _ => return None,
        })
    }

    /// Whether what is too large to be read whole is neither a signature nor provenance.
    fn is_other(self, content: &[u8]) -> bool {
        match self {
            Self::Bundle => bundle::is_other(content),
            Self::Envelope => layer::is_other(content),
            _ => false,
        }
    }

    /// The kind of what cannot be read.
    fn kind(self, beside: &Beside) -> Kind {
        match self {
            Self::Bundle if beside.content.len() > LIMIT => Kind::CosignKeyless,
            Self::Bundle => bundle::kind(&beside.content),
            Self::Notation => Kind::Notation,
            Self::SimpleSigning | Self::Unknown => Kind::SimpleSigning,
            Self::Envelope | Self::Statement => layer::kind(beside),
        }
    }
}
