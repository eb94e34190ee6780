//! Companions of manifests, read as far as they may say who made them.

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::bounds::Bounds;
use super::platforms::Attestations;
use crate::content::Document;
use crate::content::statements::{Statement, names_contents, statements};
use crate::evidence::{Beside, Found, Place, Unread};
use crate::image::{Descriptor, Digest, Location, Tag};
use crate::observe::companions::{self, Companion};
use crate::observe::sources::Sources;
use crate::registry::{Error, ErrorKind};

/// How many documents or contents are read at once.
const TOGETHER: usize = 8;

/// The prefix of the predicate types of provenance.
const PROVENANCE: &str = "https://slsa.dev/provenance/";

/// What is read about one image.
pub(super) struct Gathering<'a> {
    sources: &'a Sources,
    location: &'a Location,
    bounds: Bounds,
    found: Found,
}

/// A companion document of a manifest.
struct Candidate {
    place: Place,
    /// Its name in messages.
    name: String,
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
        Self { sources, location, bounds, found: Found { beside: Vec::new(), unread: Vec::new() } }
    }

    pub(super) const fn location(&self) -> &'a Location {
        self.location
    }

    pub(super) const fn found(&self) -> &Found {
        &self.found
    }

    /// Reads the companions of a manifest.
    pub(super) async fn beside(&mut self, subject: &Digest) -> Result<(), Error> {
        let (sources, location) = (self.sources, self.location);
        let mut listed = match self.bounds.tells {
            true => companions::signing(sources, location, subject).await?,
            false => companions::beside(sources, location, subject).await?,
        };
        listed.bound();
        for left in listed.left.into_iter().filter(|_| self.bounds.tells) {
            self.found.unread.push(Unread { subject: subject.clone(), why: left.to_string() });
        }
        let candidates: Vec<Candidate> = stream::iter(listed.companions.into_iter().filter_map(places))
            .map(|(place, companion)| async move { candidate(sources, location, place, companion).await })
            .buffered(TOGETHER)
            .try_collect()
            .await?;
        for candidate in candidates {
            self.take(subject, candidate).await?;
        }
        Ok(())
    }

    /// Reads what attestation manifests of an index say about builds.
    pub(super) async fn inside(&mut self, attestations: &[Attestations]) -> Result<(), Error> {
        for Attestations { about, digest } in attestations {
            let (place, name) = (Place::Index, digest.to_string());
            let read = read(self.sources.document(self.location, digest).await)?;
            self.take(about, Candidate { place, name, read }).await?;
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
            Read::Missing if matches!(self.place, Place::SignatureTag | Place::AttestationTag) => Ok(None),
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
) -> Result<Candidate, Error> {
    let (name, document) = match companion {
        Companion::Referrer { referrer, .. } => {
            (referrer.digest.to_string(), sources.document(location, &referrer.digest).await)
        }
        Companion::Tagged(tag) => (Tag::to_string(&tag), sources.document_of_tag(location, &tag).await),
    };
    Ok(Candidate { place, name, read: read(document)? })
}

fn read(document: Result<Option<Document>, Error>) -> Result<Read, Error> {
    match document {
        Ok(Some(document)) => Ok(Read::Document(document)),
        Ok(None) => Ok(Read::Missing),
        // A fault in the document itself is permanent.
        Err(Error {
            kind: ErrorKind::Ambiguous(why) | ErrorKind::Mismatch(why) | ErrorKind::Protocol(why), ..
        }) => Ok(Read::Unusable(why)),
        Err(error) => Err(error),
    }
}
