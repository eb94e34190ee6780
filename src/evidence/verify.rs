//! Whether a signature was made by one of the signers that the manifest names.

use sigstore_verify::SubjectAltName;
use sigstore_verify::types::Artifact;

use super::fault::Fault;
use super::provider::knowing;
use super::signed::{Claim, Signed};
use super::trust::{Root, Trust};
use crate::image::Digest;
use crate::manifest::{Identity, Signer};

/// Verifies `signed`, which names `subject`, and returns who made it, as reports and records write it.
///
/// # Errors
/// Why it is not verified.
pub(super) fn verify(signed: &Signed, subject: &Digest, signer: &Signer, trust: &Trust) -> Result<String, Fault> {
    knowing(&signed.message, || match signer {
        Signer::Key(path) => by_key(signed, subject, path, trust),
        Signer::Identity { issuer, identity, trusted_root } => {
            let asked = Asked { issuer, identity };
            by_identity(signed, subject, &asked, trust.roots(trusted_root.as_deref())?)
        }
    })
}

/// Verifies with the key in this file. The key alone says who signed; a log entry is not required, but if there is one
/// in a log of the public root, it must hold.
fn by_key(signed: &Signed, subject: &Digest, path: &str, trust: &Trust) -> Result<String, Fault> {
    let key = trust.key(path)?;
    let Claim::Key(claimed) = &signed.claim else { return Err(Fault::ByCertificate) };
    if !key.verifies(&signed.message, &signed.signature) {
        return Err(match claimed {
            Some(fingerprint) if *fingerprint == key.fingerprint => Fault::Changed,
            Some(_) => Fault::OtherKey,
            None => Fault::OtherKeyOrChanged,
        });
    }
    if let Ok(root) = trust.public()
        && root.has_log_of(&signed.bundle)
    {
        root.verify_logged(&signed.bundle, artifact(signed, subject)?, key)?;
    }
    Ok(format!("{path} (sha256:{})", key.fingerprint))
}

/// The required identity.
struct Asked<'a> {
    issuer: &'a str,
    identity: &'a Identity,
}

impl Asked<'_> {
    fn check(&self, issuer: Option<&str>, identity: Option<&str>) -> Result<(), Fault> {
        if issuer != Some(self.issuer) {
            return Err(Fault::OtherIssuer);
        }
        if !identity.is_some_and(|identity| self.identity.is(identity)) {
            return Err(Fault::OtherIdentity);
        }
        Ok(())
    }
}

/// Verifies a certificate of this identity, under one of these roots.
fn by_identity(signed: &Signed, subject: &Digest, asked: &Asked<'_>, roots: &[Root]) -> Result<String, Fault> {
    let Claim::Certificate(certificate) = &signed.claim else { return Err(Fault::ByKey) };
    asked.check(certificate.issuer.as_deref(), certificate.identity.as_deref())?;
    let mut fault = None;
    for root in roots {
        match root.verify(&signed.bundle, artifact(signed, subject)?) {
            Ok(verified) => {
                // The verified identity should be the one read before; checking it again makes sure.
                asked.check(verified.issuer(), verified.identity().map(SubjectAltName::as_str))?;
                return Ok(signed.by().unwrap_or_default());
            }
            Err(other) if fault.is_none() || root.knows(certificate) => fault = Some(root.lacking(other, certificate)),
            Err(_) => {}
        }
    }
    Err(fault.unwrap_or(Fault::OtherRoot))
}

fn artifact<'a>(signed: &'a Signed, subject: &Digest) -> Result<Artifact<'a>, Fault> {
    signed.artifact(subject).ok_or_else(|| Fault::Unsupported(format!("the digest {subject}")))
}
