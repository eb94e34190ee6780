//! What the package databases in an image's layers say: the topmost database decides.

use super::facts::LayerFacts;
use super::places::Database;
use super::stack::Stack;
use crate::image::Descriptor;
use crate::packages::database::Installed;

/// How many times larger than the bytes of a layer a database may be, at most, that the layer could hold: text of this kind
/// is compressed to a fifth or so.
const EXPANSION: u64 = 16;

/// A layer, from the top.
pub(super) enum Layer<'a> {
    Read(&'a LayerFacts),
    /// It is not read, and why.
    Unread(&'a Descriptor, String),
    /// It was not read so far.
    Lacking(&'a Descriptor),
}

/// What one image's layers say.
pub(super) enum State<'a> {
    /// These databases together.
    Found(Vec<&'a Installed>),
    /// There is no database.
    Missing,
    /// In words.
    Unknown(String),
    /// This layer is needed to tell.
    Lacks(&'a Descriptor),
}

/// What is found on the way down.
#[derive(Default)]
struct Search<'a> {
    above: Stack<'a>,
    /// The parts of dpkg's database, which add up.
    parts: Vec<&'a Installed>,
    parts_seen: bool,
    /// Why a database cannot be used, if there is no other.
    unusable: Option<String>,
    /// The largest of the layers that were not read.
    unread: Option<(u64, String)>,
}

/// Goes down the layers, the topmost first, until a database is found. Parts of dpkg's database add up over all layers.
pub(super) fn search<'a>(layers: impl Iterator<Item = Layer<'a>>) -> State<'a> {
    let mut search = Search::default();
    for layer in layers {
        match layer {
            Layer::Lacking(descriptor) => return State::Lacks(descriptor),
            Layer::Unread(descriptor, reason) => search.pass(descriptor, reason),
            Layer::Read(facts) => match search.visit(facts) {
                Some(Ok(found)) if !search.parts_seen && !found.is_empty() => return search.decide(found),
                Some(Ok(found)) => search.parts.push(found),
                Some(Err(reason)) => return State::Unknown(reason),
                None => {}
            },
        }
    }
    search.conclude()
}

impl<'a> Search<'a> {
    fn pass(&mut self, layer: &Descriptor, reason: String) {
        if self.unread.as_ref().is_none_or(|(size, _)| *size < layer.size) {
            self.unread = Some((layer.size, reason));
        }
    }

    /// The whole database that this layer holds, if the layers above let it be seen.
    fn visit(&mut self, facts: &'a LayerFacts) -> Option<Result<&'a Installed, String>> {
        let mut whole = None;
        for (path, database) in &facts.databases {
            let is_visible = !self.above.0.iter().any(|above| above.has(path) || above.removes(path));
            match (Database::at(path).filter(|_| is_visible), database) {
                (Some(Database::Rpm), _) => self.unusable = Some("rpm databases are not read".to_owned()),
                (Some(Database::Part), Ok(part)) => {
                    self.parts_seen = true;
                    self.parts.push(part);
                }
                (Some(_), Err(reason)) => whole = Some(Err(reason.clone())),
                (Some(_), Ok(installed)) => whole = Some(Ok(installed)),
                (None, _) => {}
            }
        }
        self.above.0.push(facts);
        whole
    }

    /// A layer above that was not read could hold a newer database only if it is large enough.
    fn decide(&self, found: &'a Installed) -> State<'a> {
        match &self.unread {
            Some((size, reason)) if size.saturating_mul(EXPANSION) > found.bytes => State::Unknown(reason.clone()),
            _ => State::Found(vec![found]),
        }
    }

    fn conclude(self) -> State<'a> {
        if let Some((_, reason)) = self.unread {
            return State::Unknown(reason);
        }
        match self.unusable {
            Some(reason) if self.parts.iter().all(|part| part.is_empty()) => State::Unknown(reason),
            _ if self.parts.iter().all(|part| part.is_empty()) => State::Missing,
            _ => State::Found(self.parts),
        }
    }
}
