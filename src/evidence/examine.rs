//! Examines one document beside an image: which part of the image it covers, and which of the required signers made it.

use std::collections::BTreeSet;

use super::document::Document;
use super::fault::Fault;
use super::provenance::{Claims, Stated};
use super::statement::{Says, Statement};
use super::verify::verify;
use super::{Beside, Covers, Kind, Place, Signature, State, Subject, Trust};
use crate::image::Digest;
use crate::manifest::Signer;

/// The image that is judged, and its required signers.
pub(super) struct Image<'a> {
    pub subjects: &'a [Subject],
    pub signers: &'a [Signer],
    pub trust: &'a Trust,
}

impl Image<'_> {
    /// Which part of the image has this digest; what is beside no part of it belongs to the whole.
    pub(super) fn covers(&self, digest: &Digest) -> Covers {
        let subject = self.subjects.iter().find(|subject| subject.digest == *digest);
        subject.map_or(Covers::Index, |subject| subject.covers.clone())
    }
}

/// A signature, and the digest that it covers: the name of a platform may stand for several.
pub(super) struct Covering {
    pub signature: Signature,
    pub digest: Digest,
}

/// A document that is a signature, provenance or both.
pub(super) struct Examined {
    document: Document,
    place: Place,
    /// Which parts of the image it is about; empty if it is about something else.
    pub covers: Vec<Subject>,
    /// For each signer, who made it or why it is not verified.
    pub verdicts: Vec<Result<String, Fault>>,
}

/// Examines a document that is a signature or provenance.
pub(super) fn examine(beside: &Beside, image: &Image<'_>) -> Option<Examined> {
    let document = Document::read(beside);
    let about: BTreeSet<&Digest> = match &document {
        Document::Other => return None,
        Document::Signed(signed) => signed.about.iter().collect(),
        Document::Unsigned(statement) => statement.about.iter().collect(),
        Document::Broken { .. } => BTreeSet::from([&beside.subject]),
    };
    let subjects: Vec<&Subject> = image.subjects.iter().filter(|one| about.contains(&one.digest)).collect();
    let verdicts = match (&document, subjects.first()) {
        (Document::Signed(signed), Some(subject)) => {
            let verdict = |signer| verify(signed, &subject.digest, signer, image.trust).map_err(Fault::short);
            image.signers.iter().map(verdict).collect()
        }
        (Document::Broken { fault, .. }, _) => image.signers.iter().map(|_| Err(fault.clone())).collect(),
        _ => Vec::new(),
    };
    let mut covers: Vec<Subject> = subjects.into_iter().cloned().collect();
    if let Some(index) = covers.iter().find(|subject| subject.covers == Covers::Index).cloned() {
        covers = vec![index];
    }
    Some(Examined { document, place: beside.place, covers, verdicts })
}

impl Examined {
    /// Whether it is, or may be, the signature of an image.
    pub(super) fn is_signature(&self) -> bool {
        match &self.document {
            Document::Signed(signed) => signed.is_signature(),
            Document::Broken { is_signature, .. } => *is_signature,
            Document::Unsigned(_) | Document::Other => false,
        }
    }

    pub(super) const fn kind(&self) -> Option<Kind> {
        match &self.document {
            Document::Signed(signed) => Some(signed.kind),
            Document::Broken { kind, .. } => Some(*kind),
            Document::Unsigned(_) | Document::Other => None,
        }
    }

    /// Who claims to have signed it.
    pub(super) fn by(&self) -> Option<String> {
        match &self.document {
            Document::Signed(signed) => signed.by(),
            _ => None,
        }
    }

    /// Why none of the signers verifies it: the most telling fault.
    pub(super) fn fault(&self) -> Option<&Fault> {
        if let Document::Broken { fault, .. } = &self.document {
            return Some(fault);
        }
        self.verdicts.iter().filter_map(|verdict| verdict.as_ref().err()).max_by_key(|fault| fault.weight())
    }

    /// Whether one of the signers made it.
    pub(super) fn is_verified(&self) -> bool {
        self.verified_by().is_some()
    }

    /// By what name this signer made it.
    pub(super) fn by_signer(&self, signer: usize) -> Option<&str> {
        self.verdicts.get(signer)?.as_ref().ok().map(String::as_str)
    }

    fn verified_by(&self) -> Option<&String> {
        self.verdicts.iter().find_map(|verdict| verdict.as_ref().ok())
    }

    /// It as signatures, one for each part of the image that it covers.
    pub(super) fn signatures(&self) -> Vec<Covering> {
        let Some(kind) = self.kind().filter(|_| self.is_signature()) else { return Vec::new() };
        let (state, by, detail) = match (self.verified_by(), self.fault()) {
            (Some(by), _) => (State::Verified, Some(by.clone()), None),
            (None, Some(fault)) => (fault.state(), self.by(), Some(fault.to_string())),
            (None, None) => (State::Present, self.by(), None),
        };
        let signature = |Subject { digest, covers }: &Subject| {
            let (by, detail, covers) = (by.clone(), detail.clone(), covers.clone());
            Covering { signature: Signature { kind, state, by, detail, covers }, digest: digest.clone() }
        };
        self.covers.iter().map(signature).collect()
    }

    /// It as a statement of provenance, judged for so many signers.
    pub(super) fn stated(&self, index_is_signed: bool, signers: usize) -> Option<Stated<'_>> {
        let in_signed_index = self.place == Place::Index && index_is_signed;
        let (claims, is_signed) = match &self.document {
            Document::Signed(signed) => (built(&signed.says), self.is_verified()),
            Document::Unsigned(Statement { says, .. }) => (built(says), in_signed_index),
            Document::Broken { is_signature: false, .. } => (None, false),
            Document::Broken { .. } | Document::Other => return None,
        };
        let fault = self.fault().filter(|_| !is_signed);
        let is_stated =
            !self.covers.is_empty() && (claims.is_some() || matches!(self.document, Document::Broken { .. }));
        let is_by_all = in_signed_index && matches!(self.document, Document::Unsigned(_));
        let signed_by: Vec<Option<&str>> = (0..signers).map(|i| self.by_signer(i)).collect();
        is_stated.then_some(Stated { claims, covers: &self.covers, is_signed, is_by_all, signed_by, fault })
    }

    /// Whether it is a signature of something else.
    pub(super) fn is_foreign(&self) -> bool {
        self.is_signature() && self.covers.is_empty()
    }
}

fn built(says: &Says) -> Option<&Claims> {
    match says {
        Says::Built(claims) => Some(claims),
        Says::Signed | Says::Other => None,
    }
}
