//! What signatures are verified with: the repository's keys and trust roots, and the built-in root.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use sigstore_verify::crypto::{KeyAlgorithm, SigningScheme, VerificationKey};
use sigstore_verify::trust_root::{SIGSTORE_PRODUCTION_TRUSTED_ROOT, TrustedRoot};
use sigstore_verify::types::{Artifact, Bundle, DerPublicKey, SignatureBytes};
use sigstore_verify::{PublicKeyVerificationPolicy, VerificationPolicy, VerificationResult, Verifier};
use x509_cert::der::Encode;
use x509_cert::der::asn1::{AnyRef, BitString};
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use super::certificate::{Certificate, organizations};
use super::fault::Fault;
use super::provider;
use crate::image::Digest;

/// The root of Sigstore's public instance, as it was when this release was made.
static PUBLIC: LazyLock<Result<Root, String>> = LazyLock::new(|| Root::read(SIGSTORE_PRODUCTION_TRUSTED_ROOT));

/// Keys and trust roots by the path that the manifest gives them, and the root of the public instance.
#[derive(Debug)]
pub(crate) struct Trust {
    files: BTreeMap<String, Result<File, String>>,
}

/// The most roots in a file: each of them costs time for every signature.
const ROOTS: usize = 20;

/// What a file holds.
#[derive(Debug)]
enum File {
    Key(Key),
    Roots(Vec<Root>),
}

impl Trust {
    /// `files`: the content of each file that the manifest names for `key` or `trusted-root`, or why it is unavailable.
    pub(crate) fn new(files: &BTreeMap<String, Result<Vec<u8>, String>>) -> Self {
        let read = |content: &Result<Vec<u8>, String>| File::read(content.as_ref().map_err(Clone::clone)?);
        Self { files: files.iter().map(|(path, content)| (path.clone(), read(content))).collect() }
    }

    /// When the newest key of the built-in root becomes valid.
    pub(crate) fn newest_key(&self) -> DateTime<Utc> {
        PUBLIC.as_ref().map_or(DateTime::UNIX_EPOCH, |root| root.newest)
    }

    /// The files that are unusable or missing, each with the reason.
    pub(crate) fn unusable(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter_map(|(path, file)| Some((path.as_str(), file.as_ref().err()?.as_str())))
    }

    pub(super) fn key(&self, path: &str) -> Result<&Key, Fault> {
        match self.file(path)? {
            File::Key(key) => Ok(key),
            File::Roots(_) => Err(Fault::Untrusted(format!("{path} is a trusted root, not a public key"))),
        }
    }

    /// The roots in this file, or the public one.
    pub(super) fn roots(&self, path: Option<&str>) -> Result<&[Root], Fault> {
        let Some(path) = path else { return self.public().map(std::slice::from_ref) };
        match self.file(path)? {
            File::Roots(roots) => Ok(roots),
            File::Key(_) => Err(Fault::Untrusted(format!("{path} is a public key, not a trusted root"))),
        }
    }

    #[expect(clippy::unused_self, reason = "callers have trust, not a global")]
    pub(super) fn public(&self) -> Result<&Root, Fault> {
        PUBLIC.as_ref().map_err(|why| Fault::Untrusted(format!("the trust root that ships: {why}")))
    }

    fn file(&self, path: &str) -> Result<&File, Fault> {
        // The reason why a file is unavailable already names it.
        let untrusted =
            |why: &str| Fault::Untrusted(if why.contains(path) { why.to_owned() } else { format!("{path}: {why}") });
        let file = self.files.get(path).ok_or_else(|| untrusted("it was not read"))?;
        file.as_ref().map_err(|why| untrusted(why))
    }
}

impl File {
    fn read(content: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(content).map_err(|_| "it is no text".to_owned())?;
        if !text.trim_start().starts_with('{') {
            return Key::read(text).map(Self::Key);
        }
        if let Ok(root) = Root::read(text) {
            return Ok(Self::Roots(vec![root]));
        }
        // `gh attestation trusted-root` writes one root per line.
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        if lines.clone().nth(ROOTS).is_some() {
            return Err(format!("it has more than {ROOTS} trusted roots, which are the most"));
        }
        lines.map(Root::read).collect::<Result<Vec<_>, _>>().map(Self::Roots)
    }
}

/// A public key.
pub(super) struct Key {
    der: DerPublicKey,
    /// The same key with each hash that signers use with it.
    with_hashes: Vec<VerificationKey>,
    /// SHA-256 of its DER form, in hexadecimal: identifies a key in bundles.
    pub fingerprint: String,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.fingerprint)
    }
}

impl Key {
    fn read(pem: &str) -> Result<Self, String> {
        provider::install();
        if pem.contains("PRIVATE KEY-----") {
            return Err("it is a private key, which must not be in a repository".to_owned());
        }
        let der = public_key(pem)?;
        let algorithm =
            KeyAlgorithm::from_spki(&der).map_err(|_| "its key is of no kind that is supported".to_owned())?;
        let schemes: &[SigningScheme] = match algorithm {
            KeyAlgorithm::EcdsaP256 => &[SigningScheme::EcdsaP256Sha256],
            KeyAlgorithm::EcdsaP384 => &[SigningScheme::EcdsaP384Sha384, SigningScheme::EcdsaP384Sha256],
            KeyAlgorithm::Ed25519 => &[SigningScheme::Ed25519],
            KeyAlgorithm::Rsa => &[SigningScheme::RsaPkcs1Sha256, SigningScheme::RsaPssSha256],
            _ => return Err("its key is of no kind that is supported".to_owned()),
        };
        let with = |scheme: &SigningScheme| VerificationKey::from_spki_with_scheme(&der, *scheme);
        let with_hashes = schemes.iter().map(with).collect::<Result<_, _>>().map_err(|error| error.to_string())?;
        let fingerprint = fingerprint(der.as_bytes());
        Ok(Self { der, with_hashes, fingerprint })
    }

    /// Whether the key made this signature over `message`.
    pub(super) fn verifies(&self, message: &[u8], signature: &SignatureBytes) -> bool {
        self.with_hashes.iter().any(|key| key.verify(message, signature).is_ok())
    }
}

/// The public key in a PEM text (`SubjectPublicKeyInfo`); an RSA key may be bare (PKCS #1).
fn public_key(pem: &str) -> Result<DerPublicKey, String> {
    const RSA: &str = "RSA PUBLIC KEY-----";
    if pem.contains("BEGIN CERTIFICATE-----") {
        return Err("it is a certificate, and `key` names a public key".to_owned());
    }
    let none = |_| "it is no public key in PEM".to_owned();
    if !pem.contains(RSA) {
        return DerPublicKey::from_pem(pem).map_err(none);
    }
    let bare = DerPublicKey::from_pem(&pem.replace(RSA, "PUBLIC KEY-----")).map_err(none)?;
    let algorithm = AlgorithmIdentifierOwned { oid: RSA_ENCRYPTION, parameters: Some(AnyRef::NULL.into()) };
    let key = BitString::from_bytes(bare.as_bytes()).map_err(|error| error.to_string())?;
    let whole = SubjectPublicKeyInfoOwned { algorithm, subject_public_key: key };
    Ok(DerPublicKey::new(whole.to_der().map_err(|error| error.to_string())?))
}

/// `rsaEncryption` (RFC 8017, appendix C)
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// Identifies a key: SHA-256 of its DER form, in hexadecimal.
pub(super) fn fingerprint(der: &[u8]) -> String {
    Digest::sha256(der).hex().to_owned()
}

/// A trusted root.
pub(super) struct Root {
    verifier: Verifier,
    /// Signatures must be in one of its logs; a root without a log requires a timestamp of its authority instead.
    has_log: bool,
    has_certificate_log: bool,
    logs: BTreeSet<Vec<u8>>,
    /// The organizations of its certificate authorities.
    organizations: BTreeSet<String>,
    newest: DateTime<Utc>,
}

impl std::fmt::Debug for Root {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Root({:?}, {})", self.organizations, self.newest)
    }
}

impl Root {
    fn read(json: &str) -> Result<Self, String> {
        provider::install();
        let root = TrustedRoot::from_json(json).map_err(|error| format!("it is no trusted root: {error}"))?;
        if root.certificate_authorities.is_empty() {
            return Err("it is no trusted root: it has no certificate authority".to_owned());
        }
        if root.tlogs.is_empty() && root.timestamp_authorities.is_empty() {
            return Err("it is no trusted root: it has neither a log nor a timestamp authority".to_owned());
        }
        let verifier = Verifier::new(&root).map_err(|error| error.to_string())?;
        let windows = [
            root.tlogs.iter().map(|log| log.public_key.valid_for).collect::<Vec<_>>(),
            root.ctlogs.iter().map(|log| log.public_key.valid_for).collect(),
            root.certificate_authorities.iter().map(|authority| authority.valid_for).collect(),
            root.timestamp_authorities.iter().map(|authority| authority.valid_for).collect(),
        ];
        let starts = windows.iter().flatten().flatten().map(|window| window.start.as_second());
        let newest = starts.filter_map(|start| DateTime::from_timestamp(start, 0)).max();
        let certificates = root.certificate_authorities.iter().flat_map(|authority| &authority.cert_chain.certificates);
        Ok(Self {
            verifier,
            has_log: !root.tlogs.is_empty(),
            has_certificate_log: !root.ctlogs.is_empty(),
            logs: root.tlogs.iter().map(|log| log.log_id.key_id.as_bytes().to_vec()).collect(),
            organizations: certificates.filter_map(|der| organizations(der.raw_bytes.as_bytes()).subject).collect(),
            newest: newest.unwrap_or(DateTime::UNIX_EPOCH),
        })
    }

    /// Whether the log that a signature claims to be in is one of the root's.
    pub(super) fn has_log_of(&self, bundle: &Bundle) -> bool {
        let entries = &bundle.verification_material.tlog_entries;
        entries.iter().any(|entry| self.logs.contains(entry.log_id.key_id.as_bytes()))
    }

    /// Verifies certificate, log entry, time and signature; the caller judges the identity.
    pub(super) fn verify(&self, bundle: &Bundle, artifact: Artifact<'_>) -> Result<VerificationResult, Fault> {
        let mut policy = VerificationPolicy::any_identity();
        if !self.has_log {
            policy = policy.skip_tlog_unsafe();
        }
        if !self.has_certificate_log {
            policy = policy.skip_sct();
        }
        Ok(self.verifier.verify(artifact, bundle, &policy)?)
    }

    /// Verifies the log entry of a signature made with a key, and the signature again.
    pub(super) fn verify_logged(&self, bundle: &Bundle, artifact: Artifact<'_>, key: &Key) -> Result<(), Fault> {
        let policy = PublicKeyVerificationPolicy::new(key.der.clone());
        self.verifier.verify(artifact, bundle, &policy)?;
        Ok(())
    }

    /// Whether the root contains an authority of this name.
    pub(super) fn knows(&self, certificate: &Certificate) -> bool {
        certificate.authority.as_ref().is_some_and(|authority| self.organizations.contains(authority))
    }

    /// Refines a fault if the root is missing something: another root is needed, or a newer one. Newer means that what
    /// is missing belongs to an organization in the root, and signed after everything in the root became valid.
    pub(super) fn lacking(&self, fault: Fault, certificate: &Certificate) -> Fault {
        match fault {
            fault if !fault.is_missing_trust() => fault,
            _ if !self.knows(certificate) => Fault::OtherRoot,
            _ if certificate.begins > self.newest => {
                Fault::RootTooOld { signed: certificate.begins, newest: self.newest }
            }
            fault => fault,
        }
    }
}
