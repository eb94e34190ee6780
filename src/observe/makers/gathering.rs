//! Companions of manifests, read as far as they may say who made them.

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::bounds::{Bounds, DOCUMENT, too_large, too_many};
use super::platforms::Attestations;
use crate::content::Document;
use crate::content::statements::{Statement, names_contents, statements};
use crate::evidence::{Beside, Found, Place, Unread};
use crate::image::{Descriptor, Digest, Location, Tag};
use crate::observe::companions::{self, Companion};
use crate::observe::sources::Sources;
use crate::registry::{Error, ErrorKind};

/// How many documents or contents are read at once.
const TOGETHER: usize = 4;

/// The prefix of the predicate types of provenance.
const PROVENANCE: &str = "https://slsa.dev/provenance/";

/// What is read about one image.
pub(super) struct Gathering<'a> {
    sources: &'a Sources,
    location: &'a Location,
    bounds: Bounds,
    /// Whether more was found than is read: nothing else is looked for.
    is_full: bool,
    found: Found,
}

/// A companion document of a manifest.
struct Candidate {
    place: Place,
    /// Its name in messages.
    name: String,
    /// Whether a list names it; otherwise it is only tried.
    is_listed: bool,
    read: Read,
}

enum Read {
    Document(Document),
    Missing,
    /// It exists and cannot be understood.
    Unusable(String),
}

impl<'a> Gathering<'a> {
    pub(super) const fn new(sources: &'a Sources, location: &'a Location, bounds: Bounds) -> Self {
        Self { sources, location, bounds, is_full: false, found: Found { beside: Vec::new(), unread: Vec::new() } }
    }

    pub(super) const fn location(&self) -> &'a Location {
        self.location
    }

    pub(super) const fn found(&self) -> &Found {
        &self.found
    }

    /// Reads the companions of a manifest.
    pub(super) async fn beside(&mut self, subject: &Digest) -> Result<(), Error> {
        if self.is_full {
            return Ok(());
        }
        if let Err(why) = self.bounds.take_manifest() {
            self.fill(subject, why);
            return Ok(());
        }
        let (sources, location) = (self.sources, self.location);
        let mut listed = match self.bounds.tells {
            true => companions::signing(sources, location, subject).await?,
            false => companions::beside(sources, location, subject).await?,
        };
        for left in listed.left.into_iter().filter(|_| self.bounds.tells) {
            self.found.unread.push(Unread { subject: subject.clone(), why: left.to_string() });
        }
        let taken = self.bounds.take_companions(listed.companions.len());
        if taken < listed.companions.len() {
            listed.companions.truncate(taken);
            self.fill(subject, too_many());
        }
        let tags_are_listed = sources.companion_tags(location).await?.is_some();
        let wanted = self.with_room(subject, listed.companions);
        // Only a few documents are held at once: each may be large, whatever the list says.
        for few in wanted.chunks(TOGETHER) {
            let candidates: Vec<Candidate> = stream::iter(few.to_vec())
                .map(|(place, companion)| async move {
                    candidate(sources, location, place, companion, tags_are_listed).await
                })
                .buffered(TOGETHER)
                .try_collect()
                .await?;
            for candidate in candidates {
                self.take(subject, candidate).await?;
            }
        }
        Ok(())
    }

    /// Stops looking for more, and says why.
    fn fill(&mut self, subject: &Digest, why: String) {
        self.is_full = true;
        if self.bounds.tells {
            self.unread(subject, why);
        }
    }

    /// Those that may say who made the image, and whose documents there is room for.
    fn with_room(&mut self, subject: &Digest, companions: Vec<Companion>) -> Vec<(Place, Companion)> {
        let mut wanted = Vec::new();
        for (place, companion) in companions.into_iter().filter_map(places) {
            if let Companion::Referrer { referrer, .. } = &companion
                && let Err(why) = self.bounds.take_document(referrer.size)
            {
                why.into_iter().for_each(|why| self.unread(subject, format!("{}: {why}", referrer.digest)));
                continue;
            }
            wanted.push((place, companion));
        }
        wanted
    }

    /// Reads what attestation manifests of an index say about builds.
    pub(super) async fn inside(&mut self, attestations: &[Attestations]) -> Result<(), Error> {
        for Attestations { about, digest, size } in attestations {
            let (place, name) = (Place::Index, digest.to_string());
            if let Err(why) = self.bounds.take_document(*size).and_then(|()| self.bounds.take_attestations()) {
                why.into_iter().for_each(|why| self.unread(about, format!("{name}: {why}")));
                continue;
            }
            let read = read(self.sources.document(self.location, digest).await)?;
            self.take(about, Candidate { place, name, is_listed: true, read }).await?;
        }
        Ok(())
    }

    fn unread(&mut self, subject: &Digest, why: String) {
        self.found.unread.push(Unread { subject: subject.clone(), why });
    }

    /// Takes a document in the place of a signature, in a form that is not supported.
    fn unsupported(&mut self, subject: &Digest, document: &Document) {
        let layer = document.layers().ok().and_then(|layers| layers.into_iter().next());
        self.found.beside.extend(layer.map(|layer| Beside {
            subject: subject.clone(),
            place: Place::SignatureTag,
            media_type: layer.media_type,
            annotations: layer.annotations,
            content: Bytes::new(),
        }));
    }

    /// Takes what a document says about who made the image.
    async fn take(&mut self, subject: &Digest, candidate: Candidate) -> Result<(), Error> {
        let (place, name) = (candidate.place, candidate.name.clone());
        // The list of tags does not say how large they are.
        if let (Place::SignatureTag | Place::AttestationTag, Read::Document(document)) = (place, &candidate.read)
            && let Err(why) = self.bounds.take_document(document.bytes.len() as u64)
        {
            why.into_iter().for_each(|why| self.unread(subject, format!("{name}: {why}")));
            return Ok(());
        }
        match candidate.statements() {
            Ok(None) => Ok(()),
            Ok(Some((document, statements))) => {
                if place == Place::SignatureTag && statements.is_empty() {
                    self.unsupported(subject, &document);
                }
                self.take_statements(subject, place, &name, statements).await
            }
            Err(why) => {
                self.unread(subject, format!("{name} {why}"));
                Ok(())
            }
        }
    }

    /// Reads the contents of statements, as far as there is room.
    async fn take_statements(
        &mut self,
        subject: &Digest,
        place: Place,
        name: &str,
        statements: Vec<Statement>,
    ) -> Result<(), Error> {
        let (sources, location) = (self.sources, self.location);
        let mut wanted = Vec::new();
        for statement in statements {
            let provenance = || statement.predicate().is_some_and(|predicate| predicate.starts_with(PROVENANCE));
            if place == Place::Index && !provenance() {
                continue;
            }
            match self.bounds.take(statement.layer.size) {
                Ok(()) => wanted.push(statement),
                Err(Some(why)) => self.unread(subject, format!("{name}: {why}")),
                Err(None) => {}
            }
        }
        let contents: Vec<_> = stream::iter(wanted)
            .map(|statement| async move {
                let content = sources.content(location, &statement.layer).await?;
                Ok::<_, Error>((statement, content))
            })
            .buffered(TOGETHER)
            .try_collect()
            .await?;
        for (Statement { media_type, layer }, content) in contents {
            match content {
                Some(content) => self.found.beside.push(Beside {
                    subject: subject.clone(),
                    place,
                    media_type,
                    annotations: layer.annotations,
                    content,
                }),
                None => {
                    let why = format!("{name}: {} is not there with the bytes of its digest", layer.digest);
                    self.unread(subject, why);
                }
            }
        }
        Ok(())
    }
}

impl Candidate {
    /// The document with the parts that may say who made the image; `None` if a tag that was tried does not exist.
    ///
    /// # Errors
    /// Why it could not be read.
    fn statements(self) -> Result<Option<(Document, Vec<Statement>)>, String> {
        match self.read {
            Read::Document(document) => match statements(&document) {
                Ok(statements) => Ok(Some((document, statements))),
                Err(error) => Err(format!("cannot be used: {error}")),
            },
            Read::Missing if !self.is_listed => Ok(None),
            Read::Missing => Err("is listed and not there".to_owned()),
            Read::Unusable(why) => Err(format!("cannot be used: {why}")),
        }
    }
}

/// Where it was found; `None` for something that says nothing about who made an image.
fn places(companion: Companion) -> Option<(Place, Companion)> {
    let is_contents = |referrer: &Descriptor| referrer.artifact_type.as_deref().is_some_and(names_contents);
    let place = match &companion {
        Companion::Referrer { referrer, .. } if is_contents(referrer) => return None,
        Companion::Referrer { .. } => Place::Referrer,
        Companion::Tagged(tag) if tag.as_str().ends_with(".sig") => Place::SignatureTag,
        Companion::Tagged(tag) if tag.as_str().ends_with(".att") => Place::AttestationTag,
        Companion::Tagged(_) => return None,
    };
    Some((place, companion))
}

async fn candidate(
    sources: &Sources,
    location: &Location,
    place: Place,
    companion: Companion,
    tags_are_listed: bool,
) -> Result<Candidate, Error> {
    let is_listed = tags_are_listed || companion.subject().is_some();
    let (name, document) = match companion {
        Companion::Referrer { referrer, .. } => {
            (referrer.digest.to_string(), sources.document(location, &referrer.digest).await)
        }
        Companion::Tagged(tag) => (Tag::to_string(&tag), sources.document_of_tag(location, &tag).await),
    };
    Ok(Candidate { place, name, is_listed, read: read(document)? })
}

fn read(document: Result<Option<Document>, Error>) -> Result<Read, Error> {
    match document {
        Ok(Some(document)) if document.bytes.len() as u64 > DOCUMENT => {
            Ok(Read::Unusable(too_large(document.bytes.len() as u64)))
        }
        Ok(Some(document)) => Ok(Read::Document(document)),
        Ok(None) => Ok(Read::Missing),
        // A fault in the document itself is permanent.
        Err(Error {
            kind: ErrorKind::Ambiguous(why) | ErrorKind::Mismatch(why) | ErrorKind::Protocol(why), ..
        }) => Ok(Read::Unusable(why)),
        Err(error) => Err(error),
    }
}
