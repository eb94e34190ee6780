//! What a signing certificate says about itself: only claims until it is verified.

use chrono::{DateTime, Utc};
use sigstore_verify::crypto::parse_certificate_info;
use sigstore_verify::types::DerCertificate;
use x509_cert::Certificate as X509;
use x509_cert::der::asn1::{PrintableStringRef, TeletexStringRef, Utf8StringRef};
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{Decode, Tagged};

use super::fault::Fault;

/// `organizationName` (X.520)
const ORGANIZATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");

/// The claims of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Certificate {
    /// The first email address or URI among the subject's alternative names.
    pub identity: Option<String>,
    /// Who vouched for the identity, as Fulcio writes it.
    pub issuer: Option<String>,
    /// The organization of the authority that issued it.
    pub authority: Option<String>,
    /// When its validity begins: within a few minutes of the signing.
    pub begins: DateTime<Utc>,
}

impl Certificate {
    pub(super) fn read(der: &DerCertificate) -> Result<Self, Fault> {
        let info = parse_certificate_info(der).map_err(|error| Fault::Unreadable(error.to_string()))?;
        let begins = DateTime::from_timestamp(info.not_before.as_second(), 0)
            .ok_or_else(|| Fault::Unreadable("its certificate has no date".to_owned()))?;
        let identity = info.identity.map(|name| name.as_str().to_owned());
        Ok(Self { identity, issuer: info.issuer, authority: organizations(der.as_bytes()).issuer, begins })
    }
}

/// The organizations named in a certificate.
pub(super) struct Organizations {
    pub issuer: Option<String>,
    pub subject: Option<String>,
}

pub(super) fn organizations(der: &[u8]) -> Organizations {
    let certificate = X509::from_der(der).ok();
    let tbs = certificate.as_ref().map(|certificate| &certificate.tbs_certificate);
    let organization = |name: &x509_cert::name::Name| {
        let parts = name.0.iter().flat_map(|part| part.0.iter());
        parts.filter(|part| part.oid == ORGANIZATION).find_map(|part| text(&part.value))
    };
    Organizations {
        issuer: tbs.and_then(|tbs| organization(&tbs.issuer)),
        subject: tbs.and_then(|tbs| organization(&tbs.subject)),
    }
}

fn text(value: &x509_cert::der::Any) -> Option<String> {
    match value.tag() {
        x509_cert::der::Tag::Utf8String => value.decode_as::<Utf8StringRef<'_>>().ok().map(|text| text.to_string()),
        x509_cert::der::Tag::PrintableString => {
            value.decode_as::<PrintableStringRef<'_>>().ok().map(|text| text.to_string())
        }
        x509_cert::der::Tag::TeletexString => {
            value.decode_as::<TeletexStringRef<'_>>().ok().map(|text| text.to_string())
        }
        _ => None,
    }
}
