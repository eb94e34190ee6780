//! Sigstore bundles, versions 0.1 to 0.3.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::IgnoredAny;
use sigstore_verify::types::bundle::VerificationMaterialContent;
use sigstore_verify::types::{Bundle, MediaType, PayloadBytes, SignatureContent};

use super::Kind;
use super::certificate::Certificate;
use super::envelope::{Envelope, Opened, unreadable};
use super::fault::Fault;
use super::signed::{Claim, Signed};
use super::statement::{Says, Statement};

/// The envelope of a bundle; the other members are ignored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[serde(expecting = "a bundle")]
struct EnvelopeOnly<'a> {
    #[serde(borrow)]
    dsse_envelope: Option<Envelope<'a>>,
}

/// Read before the library parses a bundle, so that unsupported parts can be named.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[serde(expecting = "a bundle")]
struct Outline<'a> {
    media_type: Option<String>,
    #[serde(borrow)]
    dsse_envelope: Option<Envelope<'a>>,
    message_signature: Option<IgnoredAny>,
    #[serde(default)]
    verification_material: MaterialOutline,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
#[serde(expecting = "verification material")]
struct MaterialOutline {
    public_key: Option<IgnoredAny>,
    x509_certificate_chain: Option<ChainOutline>,
    tlog_entries: Option<Vec<EntryOutline>>,
    timestamp_verification_data: Option<TimestampOutline>,
}

#[derive(Deserialize)]
#[serde(expecting = "a certificate chain")]
struct ChainOutline {
    #[serde(default)]
    certificates: Vec<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[serde(expecting = "timestamps")]
struct TimestampOutline {
    #[serde(default)]
    rfc3161_timestamps: Vec<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[serde(expecting = "a log entry")]
struct EntryOutline {
    kind_version: Option<KindOutline>,
}

#[derive(Deserialize)]
#[serde(expecting = "the kind of a log entry")]
struct KindOutline {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    version: String,
}

/// The most certificates, log entries and timestamps of a bundle: each one costs time, and real bundles have one or two.
const PROOFS: usize = 10;

/// The kinds of log entries that can be read.
const ENTRIES: [&str; 4] = ["hashedrekord/0.0.1", "hashedrekord/0.0.2", "dsse/0.0.1", "intoto/0.0.2"];

/// Whether a bundle, of any size, is neither a signature nor provenance.
pub(super) fn is_other(content: &[u8]) -> bool {
    let envelope = serde_json::from_slice::<EnvelopeOnly<'_>>(content).ok().and_then(|bundle| bundle.dsse_envelope);
    envelope.is_some_and(|envelope| envelope.is_other())
}

impl<'a> Outline<'a> {
    fn read(content: &'a [u8]) -> Result<Self, Fault> {
        serde_json::from_slice(content).map_err(unreadable)
    }

    /// Checks that the bundle is in a form that can be verified at all.
    fn check(&self) -> Result<(), Fault> {
        if let Some(media_type) = &self.media_type
            && media_type.parse::<MediaType>().is_err()
        {
            return Err(Fault::Unsupported(format!("a bundle of type {media_type}")));
        }
        if self.message_signature.is_some() {
            return Err(Fault::Unsupported(
                "a bundle that signs bytes instead of a statement about an image".to_owned(),
            ));
        }
        self.dsse_envelope.as_ref().map(Envelope::signatures).transpose()?;
        self.verification_material.check()?;
        let entries = self.verification_material.tlog_entries.iter().flatten();
        let kinds = entries.filter_map(|entry| entry.kind_version.as_ref());
        match kinds.map(|kind| format!("{}/{}", kind.kind, kind.version)).find(|kind| !ENTRIES.contains(&kind.as_str()))
        {
            Some(kind) => Err(Fault::Unsupported(format!("a log entry of type {kind}"))),
            None => Ok(()),
        }
    }
}

impl MaterialOutline {
    /// Checks that the bundle does not hold more than is looked at.
    fn check(&self) -> Result<(), Fault> {
        let certificates = self.x509_certificate_chain.as_ref().map_or(0, |chain| chain.certificates.len());
        let entries = self.tlog_entries.as_ref().map_or(0, Vec::len);
        let timestamps = self.timestamp_verification_data.as_ref().map_or(0, |data| data.rfc3161_timestamps.len());
        let counts = [(certificates, "certificates"), (entries, "log entries"), (timestamps, "timestamps")];
        match counts.into_iter().find(|(count, _)| *count > PROOFS) {
            Some((count, what)) => Err(Fault::Unsupported(format!("a bundle with {count} {what}"))),
            None => Ok(()),
        }
    }
}

/// The kind of a bundle that cannot be read.
pub(super) fn kind(content: &[u8]) -> Kind {
    match Outline::read(content) {
        Ok(outline) if outline.verification_material.public_key.is_some() => Kind::CosignKey,
        _ => Kind::CosignKeyless,
    }
}

/// Reads a bundle; `None` if it is neither a signature nor provenance.
pub(super) fn read(content: &[u8]) -> Result<Option<Signed>, Fault> {
    let outline = Outline::read(content)?;
    let opened = outline.dsse_envelope.as_ref().map(Envelope::open).transpose();
    if matches!(&opened, Ok(Some(opened)) if opened.statement.says == Says::Other) {
        return Ok(None);
    }
    outline.check()?;
    signed(content, &outline, opened?.ok_or_else(no_envelope)?).map(Some)
}

/// Reads a bundle whatever its statement says.
pub(super) fn attestation(content: &[u8]) -> Result<Signed, Fault> {
    let outline = Outline::read(content)?;
    outline.check()?;
    let opened = outline.dsse_envelope.as_ref().ok_or_else(no_envelope)?.open()?;
    signed(content, &outline, opened)
}

fn no_envelope() -> Fault {
    Fault::Unreadable("it has no envelope".to_owned())
}

fn signed(content: &[u8], outline: &Outline<'_>, opened: Opened) -> Result<Signed, Fault> {
    let text = std::str::from_utf8(content).map_err(unreadable)?;
    let emptied = outline.dsse_envelope.as_ref().and_then(|envelope| envelope.emptied(text));
    let mut bundle = Bundle::from_json(emptied.as_deref().unwrap_or(text)).map_err(unreadable)?;
    let SignatureContent::DsseEnvelope(envelope) = &mut bundle.content else { return Err(no_envelope()) };
    envelope.payload = PayloadBytes::new(opened.payload);
    let (message, signature) = (envelope.pae().into(), envelope.signature.sig.clone());
    let claim = claim(&bundle)?;
    let kind = match claim {
        Claim::Key(_) => Kind::CosignKey,
        Claim::Certificate(_) => Kind::CosignKeyless,
    };
    let Statement { about, says } = opened.statement;
    Ok(Signed { kind, about, says, claim, message, signature, bundle })
}

/// Who claims to have signed.
pub(super) fn claim(bundle: &Bundle) -> Result<Claim, Fault> {
    if let Some(certificate) = bundle.signing_certificate() {
        return Certificate::read(certificate).map(Claim::Certificate);
    }
    let VerificationMaterialContent::PublicKey(key) = &bundle.verification_material.content else {
        return Err(Fault::Unreadable("it has neither a certificate nor a key".to_owned()));
    };
    // cosign identifies a key by the SHA-256 of its DER form; a hint in another form says nothing.
    let hash = STANDARD.decode(&key.hint).ok().filter(|hash| hash.len() == 32);
    Ok(Claim::Key(hash.map(|hash| hash.iter().map(|byte| format!("{byte:02x}")).collect())))
}
