//! SBOMs and VEX beside an image, which count if they are signed as the image must be.

use std::collections::BTreeMap;

use super::allowance::Allowance;
use super::documents::{DocumentReader, Sbom};
use super::side::Side;
use crate::content::Document;
use crate::content::sboms::{is_sbom, names_sbom};
use crate::content::statements::{Statement, may_be_contents, names_predicate, statements_of_contents};
use crate::evidence::{Attestation, AttestationVerifier, Beside, Place, Trust};
use crate::image::Digest;
use crate::manifest::Signatures;
use crate::observe::companions::Companion;
use crate::observe::sources::Sources;
use crate::observe::vulnerabilities::Vex;
use crate::packages::read_sbom;
use crate::text::excerpt;
use crate::vulnerabilities::read_vex;

/// The predicate types of VEX documents: CycloneDX's may be SBOMs, VEX or both.
const VEX: [&str; 2] = ["https://openvex.dev/", "https://cyclonedx.org/"];

/// Who must have signed what counts.
#[derive(Clone, Copy)]
pub(crate) struct SignedBy<'a> {
    pub signatures: &'a Signatures,
    pub trust: &'a Trust,
}

/// What is looked for beside a manifest.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) sbom: bool,
    pub(super) vex: bool,
}

impl Wanted {
    pub(super) const fn nothing(self) -> bool {
        !self.sbom && !self.vex
    }
}

/// Reads what is attested about two images.
pub(super) struct AttestationReader<'a> {
    sources: &'a Sources,
    signed: SignedBy<'a>,
    /// What VEX says about each image, by its digest.
    vex: BTreeMap<Digest, Vex>,
}

/// What one manifest has beside it.
struct Attested<'a> {
    reader: DocumentReader<'a>,
    verifier: AttestationVerifier<'a>,
    about: Digest,
    wanted: Wanted,
    sbom: Sbom,
    vex: Vex,
}

impl<'a> AttestationReader<'a> {
    pub(super) const fn new(sources: &'a Sources, signed: SignedBy<'a>) -> Self {
        Self { sources, signed, vex: BTreeMap::new() }
    }

    /// The SBOM beside a manifest of one of the images, if it is wanted; VEX is kept for [`Self::take_vex`].
    pub(super) async fn beside(
        &mut self,
        side: Side<'a>,
        about: &Digest,
        wanted: Wanted,
        allowance: &mut Allowance,
    ) -> Sbom {
        if wanted.nothing() {
            return Ok(None);
        }
        let mut attested = Attested {
            reader: DocumentReader { sources: self.sources, location: side.location },
            verifier: AttestationVerifier::new(self.signed.signatures, self.signed.trust),
            about: about.clone(),
            wanted,
            sbom: Ok(None),
            vex: Vex::default(),
        };
        if let Err(why) = attested.read(allowance).await {
            attested.refuse(why);
        }
        let Attested { sbom, vex, .. } = attested;
        let known = self.vex.entry(side.digest.clone()).or_default();
        let is_image = about == side.digest;
        let statements = vex.statements.into_iter();
        let statements = statements.map(|one| if is_image { one } else { one.only_for(about) });
        known.faults.extend(vex.faults);
        if let Err(why) = known.statements.extend(statements) {
            known.faults.push(format!("attested VEX excepts nothing: {why}"));
        }
        sbom
    }

    /// What VEX says about an image, as far as it was read.
    pub(super) fn take_vex(&mut self, image: &Digest) -> Vex {
        self.vex.remove(image).unwrap_or_default()
    }
}

impl Attested<'_> {
    /// Reads documents until nothing more is wanted.
    async fn read(&mut self, allowance: &mut Allowance) -> Result<(), String> {
        let found = self.reader.companions(&self.about, true, allowance).await?;
        let tags = self.reader.sources.companion_tags(self.reader.location).await.map_err(|error| error.to_string())?;
        for companion in &found.companions {
            match companion {
                Companion::Referrer { referrer, .. } if names_sbom(referrer) => self.refuse_sbom(UNSIGNED.to_owned()),
                Companion::Referrer { referrer, .. } if !may_be_contents(&referrer.annotations) => {}
                Companion::Tagged(tag) if tag.as_str().ends_with(".att") => {
                    self.companion(companion, allowance).await?;
                }
                // cosign attaches SBOMs without a signature.
                Companion::Tagged(tag) if tag.as_str().ends_with(".sbom") && tags.is_some() => {
                    self.refuse_sbom(UNSIGNED.to_owned());
                }
                Companion::Tagged(_) => {}
                Companion::Referrer { .. } => self.companion(companion, allowance).await?,
            }
        }
        match self.verifier.lacks_signers() {
            true => Err("not all of those who must sign the image signed it".to_owned()),
            false => Ok(()),
        }
    }

    /// Reads one companion.
    ///
    /// # Errors
    /// Why no more is read.
    async fn companion(&mut self, companion: &Companion, allowance: &mut Allowance) -> Result<(), String> {
        let document = match self.reader.companion(companion, &self.about, allowance).await {
            Ok(Some(document)) => document,
            Ok(None) => return Ok(()),
            Err(why) if allowance.left() == 0 => return Err(why),
            Err(why) => {
                if is_named(companion) {
                    self.refuse(why);
                }
                return Ok(());
            }
        };
        for statement in self.statements(&document) {
            let content = match self.reader.content(&statement.layer, allowance).await {
                Ok(content) => content,
                Err(why) if allowance.left() == 0 => return Err(why),
                Err(why) => {
                    self.refuse_one(&statement, why);
                    continue;
                }
            };
            let beside = Beside {
                subject: self.about.clone(),
                place: if companion.subject().is_some() { Place::Referrer } else { Place::AttestationTag },
                media_type: statement.media_type.clone(),
                annotations: statement.layer.annotations.clone(),
                content,
            };
            match self.verifier.verify(beside) {
                Ok(Some(attestation)) => self.take(attestation).await,
                Ok(None) => {}
                Err(why) => self.refuse_one(&statement, why),
            }
        }
        Ok(())
    }

    /// The statements in a document that may be what is wanted.
    fn statements(&self, document: &Document) -> Vec<Statement> {
        let is_wanted = |statement: &Statement| {
            statement
                .predicate()
                .is_none_or(|kind| self.wants_sbom() && is_sbom(kind) || self.wanted.vex && is_vex(kind))
        };
        statements_of_contents(document).unwrap_or_default().into_iter().filter(is_wanted).collect()
    }

    const fn wants_sbom(&self) -> bool {
        self.wanted.sbom && !matches!(self.sbom, Ok(Some(_)))
    }

    /// Takes what an attestation that counts says.
    async fn take(&mut self, attestation: Attestation) {
        let kind = &attestation.predicate_type;
        let mut is_only_vex = false;
        if self.wanted.vex && is_vex(kind) {
            match read_vex(attestation.predicate().as_bytes()) {
                Ok(statements) => {
                    is_only_vex = !statements.is_empty();
                    if let Err(why) = self.vex.statements.extend(statements) {
                        self.refuse_vex(&why);
                    }
                }
                // As an SBOM it may be of use.
                Err(_) if is_sbom(kind) => {}
                Err(why) => self.refuse_vex(&why),
            }
        }
        if !(self.wants_sbom() && is_sbom(kind)) {
            return;
        }
        let read = tokio::task::spawn_blocking(move || read_sbom(&attestation.statement)).await;
        match read.unwrap_or_else(|_| Err("it could not be read".to_owned())) {
            Ok(sbom) => self.sbom = Ok(Some(sbom.packages)),
            Err(_) if is_only_vex => {}
            Err(why) => self.refuse_sbom(why),
        }
    }

    /// Notes why nothing more is read: whatever is wanted may be missing.
    fn refuse(&mut self, why: String) {
        if self.wanted.vex {
            self.refuse_vex(&why);
        }
        self.refuse_sbom(why);
    }

    fn refuse_one(&mut self, statement: &Statement, why: String) {
        if let Some(kind) = statement.predicate() {
            if self.wanted.vex && is_vex(kind) && !is_sbom(kind) {
                self.refuse_vex(&why);
            }
            if is_sbom(kind) {
                self.refuse_sbom(why);
            }
        }
    }

    fn refuse_vex(&mut self, why: &str) {
        let fault = format!("attested VEX excepts nothing: {}", excerpt(why, 200));
        if !self.vex.faults.contains(&fault) {
            self.vex.faults.push(fault);
        }
    }

    /// The first reason is told, if no SBOM can be used.
    fn refuse_sbom(&mut self, why: String) {
        if self.wanted.sbom && self.sbom == Ok(None) {
            self.sbom = Err(why);
        }
    }
}

/// Whether its place says that it is about contents.
fn is_named(companion: &Companion) -> bool {
    match companion {
        Companion::Referrer { referrer, .. } => names_predicate(&referrer.annotations),
        Companion::Tagged(_) => true,
    }
}

const UNSIGNED: &str = "it is not signed as `signatures` asks";

fn is_vex(predicate: &str) -> bool {
    VEX.iter().any(|known| predicate.starts_with(known))
}
