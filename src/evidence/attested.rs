//! What those who must sign an image attest of what is in it: SBOMs and VEX.

use std::collections::{BTreeMap, BTreeSet};

use sigstore_verify::types::SignatureContent;

use super::distinct::each_has_own;
use super::document::attestation;
use super::fault::Fault;
use super::signed::Signed;
use super::standing::same_key;
use super::statement::{Predicate, Statement};
use super::verify::verify;
use super::{Beside, Trust};
use crate::image::Digest;
use crate::manifest::Signatures;

/// A statement about an image that is signed as the image must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attestation {
    /// The statement (in-toto), as it was signed.
    pub statement: Vec<u8>,
    /// The type of its predicate.
    pub predicate_type: String,
}

impl Attestation {
    /// What it says, as it is written.
    pub(crate) fn predicate(&self) -> &str {
        Predicate::of(&self.statement).map_or("null", |predicate| predicate.text)
    }
}

/// Verifies attestations about one image.
pub(crate) struct AttestationVerifier<'a> {
    signatures: &'a Signatures,
    trust: &'a Trust,
    /// Where all must sign: who signed a statement so far, for each of them.
    signed: BTreeMap<Digest, Vec<BTreeSet<String>>>,
}

impl<'a> AttestationVerifier<'a> {
    pub(crate) const fn new(signatures: &'a Signatures, trust: &'a Trust) -> Self {
        Self { signatures, trust, signed: BTreeMap::new() }
    }

    /// The statement in a document, which must be about the manifest that it was found beside; `None` where all must sign
    /// the same statement, and this is not the last of them.
    ///
    /// # Errors
    /// Why it does not count, in words.
    pub(crate) fn verify(&mut self, beside: Beside) -> Result<Option<Attestation>, String> {
        let told = |fault: Fault| fault.short().to_string();
        let signed =
            attestation(&beside).map_err(told)?.ok_or("it is not signed as `signatures` asks: it is not signed")?;
        // Documents can be long: each is dropped when what is in it was taken out.
        let subject = beside.subject.clone();
        drop(beside);
        let statement = payload(&signed).ok_or("it has no statement")?;
        let about = Statement::read(statement).map_err(told)?.about;
        if !about.contains(&subject) {
            return Err("its statement is about another digest".to_owned());
        }
        let signers = self.signatures.signers().iter();
        let verdicts: Vec<Result<String, Fault>> =
            signers.map(|signer| verify(&signed, &subject, signer, self.trust)).collect();
        if verdicts.iter().all(Result::is_err) {
            let faults = verdicts.into_iter().filter_map(Result::err);
            let fault = faults.max_by_key(Fault::weight).map(told).unwrap_or_default();
            return Err(format!("it is not signed as `signatures` asks: {fault}"));
        }
        if !self.is_by_all(statement, &verdicts)? {
            return Ok(None);
        }
        let kind = Predicate::of(statement).map(|predicate| predicate.kind);
        let predicate_type = kind.ok_or("its statement has no predicate")?;
        let Signed { bundle, message, .. } = signed;
        drop(message);
        match bundle.content {
            SignatureContent::DsseEnvelope(envelope) => {
                Ok(Some(Attestation { statement: envelope.payload.into_bytes(), predicate_type }))
            }
            _ => Err("it has no statement".to_owned()),
        }
    }

    /// Whether some of those who must all sign did not sign a statement that others of them signed.
    pub(crate) fn lacks_signers(&self) -> bool {
        self.signed.values().any(|entries| !is_by_each(entries))
    }

    fn is_by_all(&mut self, statement: &[u8], verdicts: &[Result<String, Fault>]) -> Result<bool, String> {
        if !matches!(self.signatures, Signatures::AllOf(_)) {
            return Ok(true);
        }
        if let Some(why) = same_key(self.signatures, self.trust) {
            return Err(why);
        }
        let entries = self.signed.entry(Digest::sha256(statement)).or_default();
        entries.resize(verdicts.len(), BTreeSet::new());
        for (entry, verdict) in entries.iter_mut().zip(verdicts) {
            entry.extend(verdict.as_ref().ok().cloned());
        }
        Ok(is_by_each(entries))
    }
}

fn is_by_each(entries: &[BTreeSet<String>]) -> bool {
    let names: Vec<BTreeSet<&str>> = entries.iter().map(|entry| entry.iter().map(String::as_str).collect()).collect();
    each_has_own(&names)
}

/// The bytes of the statement that the signature is of.
fn payload(signed: &Signed) -> Option<&[u8]> {
    match &signed.bundle.content {
        SignatureContent::DsseEnvelope(envelope) => Some(envelope.payload.as_bytes()),
        _ => None,
    }
}
