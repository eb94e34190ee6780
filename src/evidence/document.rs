//! One document stored beside an image, read to tell what kind of signature or statement it is.

use super::fault::Fault;
use super::signed::Signed;
use super::statement::{Says, Statement};
use super::{Beside, Kind, Place, bundle, layer};

/// The largest document, in bytes, that is read whole.
const LIMIT: usize = 2 << 20;

/// What a document is.
#[derive(Debug)]
pub(super) enum Document {
    Signed(Box<Signed>),
    /// A statement without a signature, such as BuildKit's.
    Unsigned(Statement),
    /// A signature or provenance that cannot be read.
    Broken {
        kind: Kind,
        /// Whether it may be a signature; otherwise it may be provenance.
        is_signature: bool,
        fault: Fault,
    },
    /// Neither a signature nor provenance.
    Other,
}

impl Document {
    pub(super) fn read(beside: &Beside) -> Self {
        let Some(format) = Format::of(beside) else { return Self::Other };
        let is_signature = match format {
            Format::Statement => false,
            // Inside an index only what says how it was built is read.
            Format::Docker => beside.place != Place::Index,
            _ => beside.place != Place::AttestationTag,
        };
        let broken = |fault: Fault| Self::Broken { kind: format.kind(beside), is_signature, fault: fault.short() };
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
            Format::Docker => {
                Err(Fault::Unsupported(format!("Docker's own form of signatures ({})", beside.media_type)))
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

/// The signed statement in a document, whatever it says; `None` if it is not signed at all.
///
/// # Errors
/// Why it has none that can be verified.
pub(super) fn attestation(beside: &Beside) -> Result<Option<Signed>, Fault> {
    match Format::of(beside) {
        Some(Format::Bundle) => bundle::attestation(&beside.content).map(Some),
        Some(Format::Envelope) => layer::attestation(beside).map(Some),
        Some(Format::Statement) => Ok(None),
        _ => Err(Fault::Unsupported(format!("a statement of type {}", beside.media_type))),
    }
}

/// The form of a document, determined by its media type.
#[derive(Clone, Copy)]
enum Format {
    Bundle,
    SimpleSigning,
    Envelope,
    Statement,
    /// Statements that Docker's tools signed: envelopes with members of Docker's own.
    Docker,
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
            kind if kind.starts_with("application/vnd.in-toto.") && kind.ends_with("+dsse") => Self::Docker,
            "application/vnd.cncf.notary.signature" | "application/jose+json" | "application/cose" => Self::Notation,
            _ if beside.place == Place::SignatureTag => Self::Unknown,
            _ => return None,
        })
    }

    /// Whether a document that is too large to be read whole is neither a signature nor provenance.
    fn is_other(self, content: &[u8]) -> bool {
        match self {
            Self::Bundle => bundle::is_other(content),
            Self::Envelope => layer::is_other(content),
            _ => false,
        }
    }

    /// The kind of a document that cannot be read.
    fn kind(self, beside: &Beside) -> Kind {
        match self {
            Self::Bundle if beside.content.len() > LIMIT => Kind::CosignKeyless,
            Self::Bundle => bundle::kind(&beside.content),
            Self::Notation => Kind::Notation,
            Self::SimpleSigning | Self::Unknown => Kind::SimpleSigning,
            Self::Envelope | Self::Statement | Self::Docker => layer::kind(beside),
        }
    }
}
