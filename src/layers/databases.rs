//! What the package databases in an image's layers say: the topmost database decides.

use std::sync::Arc;

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
    Unread(Unread),
    /// It was not read so far.
    Lacking(&'a Descriptor),
}

/// A layer that is not read.
pub(super) struct Unread {
    /// The most bytes that a database in it may have.
    most: u64,
    reason: String,
}

impl Unread {
    /// One that a bound leaves out.
    pub(super) const fn bounded(layer: &Descriptor, reason: String) -> Self {
        Self { most: layer.size.saturating_mul(EXPANSION), reason }
    }

    /// One whose bytes cannot be used: nothing is known of them.
    pub(super) const fn failed(reason: String) -> Self {
        Self { most: u64::MAX, reason }
    }
}

/// What one image's layers say.
pub(super) enum State<'a> {
    /// These databases together.
    Found(Vec<Arc<Installed>>),
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
    parts: Vec<Arc<Installed>>,
    parts_seen: bool,
    /// Why a database cannot be used, if there is no other.
    unusable: Option<String>,
    /// The layer that may hold the most of those that were not read.
    unread: Option<Unread>,
    /// The databases in the topmost layer that has any.
    found: Vec<Arc<Installed>>,
}

/// Goes down the layers, the topmost first, until a database is found; then down those that were read anyway, for databases
/// elsewhere. Parts of dpkg's database add up over all layers.
pub(super) fn search<'a>(layers: impl Iterator<Item = Layer<'a>>) -> State<'a> {
    let mut search = Search::default();
    for layer in layers {
        let is_decided = !search.found.is_empty();
        match layer {
            Layer::Lacking(descriptor) if !is_decided => return State::Lacks(descriptor),
            Layer::Unread(unread) if !is_decided => search.pass(unread),
            Layer::Lacking(_) | Layer::Unread(_) => {}
            Layer::Read(facts) => {
                if let Err(reason) = search.visit(facts) {
                    return State::Unknown(reason);
                }
            }
        }
    }
    search.conclude()
}

impl<'a> Search<'a> {
    fn pass(&mut self, layer: Unread) {
        if self.unread.as_ref().is_none_or(|unread| unread.most < layer.most) {
            self.unread = Some(layer);
        }
    }

    /// Takes the databases that this layer holds, if the layers above let them be seen.
    fn visit(&mut self, facts: &'a LayerFacts) -> Result<(), String> {
        let mut whole = Vec::new();
        for (path, database) in &facts.databases {
            let is_visible = !self.above.0.iter().any(|above| above.has(path) || above.removes(path));
            match (Database::at(path).filter(|_| is_visible), database) {
                (Some(Database::Rpm), _) => self.unusable = Some("rpm databases are not read".to_owned()),
                (Some(Database::Part), Ok(part)) => {
                    self.parts_seen = true;
                    self.parts.push(Arc::clone(part));
                }
                (Some(_), Err(reason)) => return Err(reason.clone()),
                (Some(_), Ok(installed)) => whole.push(Arc::clone(installed)),
                (None, _) => {}
            }
        }
        self.above.0.push(facts);
        match self.parts_seen {
            true => self.parts.extend(whole),
            false => self.found.extend(whole.into_iter().filter(|database| !database.is_empty())),
        }
        Ok(())
    }

    /// A layer above that was not read could hold a newer database only if it is large enough.
    fn conclude(self) -> State<'a> {
        let largest = self.found.iter().map(|database| database.bytes).max();
        match self.unread {
            Some(Unread { most, reason }) if largest.is_none_or(|bytes| most > bytes) => return State::Unknown(reason),
            _ if largest.is_some() => return State::Found([self.found, self.parts].concat()),
            _ => {}
        }
        match self.unusable {
            Some(reason) if self.parts.iter().all(|part| part.is_empty()) => State::Unknown(reason),
            _ if self.parts.iter().all(|part| part.is_empty()) => State::Missing,
            _ => State::Found(self.parts),
        }
    }
}
