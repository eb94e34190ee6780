//! What the layers of two images say, or which of them is needed next.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::changes::{Compared, MOST};
use super::databases::{Layer, State, Unread, search};
use super::facts::LayerFacts;
use super::listed::{Databases, Side as Found, Unlisted};
use super::side::Side;
use super::stack::Stack;
use super::{Contents, Next, Pair};
use crate::image::{Descriptor, Digest};
use crate::packages::Listed;
use crate::packages::database::Distribution;
use crate::text;

/// How many bytes what was read may take before nothing more is read: a layer takes about 20 MiB at most.
const MEMORY: usize = 8 << 20;

/// What was read so far.
type Facts = BTreeMap<Digest, Result<Arc<LayerFacts>, String>>;

impl Pair {
    /// What these layers say, or which of them are needed to tell; one at a time, so that little is held at once. `read` has
    /// what was read so far.
    ///
    /// Layers that only one image has are read first, then those that both have, from the top, until the package database is
    /// found, and only if a layer of one image alone may have changed it. If files seem new then, further layers of both
    /// images are read within the bounds, from the top: they may have had these files before.
    pub(crate) fn next(&self, read: &Facts) -> Next {
        let view = View {
            is_first: self.from.is_empty(),
            from: Side::new(&self.from, &self.to, self),
            to: Side::new(&self.to, &self.from, self),
            is_full: read.values().flatten().map(|facts| facts.memory()).sum::<usize>() >= MEMORY,
            read,
        };
        let mut selected = view.to.selected.iter().chain(&view.from.selected);
        if let Some(lacking) = selected.find(|layer| !view.is_full && !read.contains_key(&layer.digest)) {
            return Next::Read(vec![(*lacking).clone()]);
        }
        match view.packages() {
            Packages::Lacks(layer) => Next::Read(vec![layer.clone()]),
            Packages::Known(databases) => match view.confirming(&databases) {
                Some(layer) => Next::Read(vec![layer.clone()]),
                None => Next::Known(Box::new(view.contents(databases))),
            },
        }
    }
}

/// The two images and what was read of them.
struct View<'a> {
    is_first: bool,
    from: Side<'a>,
    to: Side<'a>,
    /// Whether what was read takes so much memory that nothing more is read.
    is_full: bool,
    read: &'a Facts,
}

enum Packages<'a> {
    Known(Databases),
    Lacks(&'a Descriptor),
}

impl<'a> View<'a> {
    fn facts(&self, layer: &Descriptor) -> Option<&'a LayerFacts> {
        self.read.get(&layer.digest)?.as_deref().ok()
    }

    /// The layers of one image alone that were not read.
    fn unread(&self, side: &Side<'a>) -> Vec<&'a Descriptor> {
        side.own.iter().copied().filter(|layer| self.facts(layer).is_none()).collect()
    }

    fn packages(&self) -> Packages<'a> {
        let own = || self.to.own.iter().chain(&self.from.own);
        let may_differ = own().any(|layer| self.facts(layer).is_none_or(|facts| facts.touches_databases));
        if !may_differ {
            let shares = self.to.layers.len() > self.to.own.len();
            return Packages::Known(if shares { Databases::Untouched } else { Databases::none() });
        }
        let to = self.search(&self.to);
        let from = if self.is_first { State::Found(Vec::new()) } else { self.search(&self.from) };
        match (from, to) {
            (_, State::Unknown(reason)) | (State::Unknown(reason), _) => Packages::Known(Databases::Unknown(reason)),
            (_, State::Lacks(layer)) | (State::Lacks(layer), _) => Packages::Lacks(layer),
            (State::Found(from), State::Found(to)) => {
                let side = |databases, side| Found { databases, release: self.release(side) };
                Packages::Known(Databases::Found { from: side(from, &self.from), to: side(to, &self.to) })
            }
            (State::Missing, State::Found(_)) => unknown("the layers of the former image hold no package database"),
            (State::Found(_), State::Missing) if !self.is_first => {
                unknown("the layers of the new image hold no package database")
            }
            (_, State::Missing) => Packages::Known(Databases::none()),
        }
    }

    fn search(&self, side: &Side<'a>) -> State<'a> {
        search(side.layers.iter().map(|layer| self.layer(side, layer)))
    }

    fn layer(&self, side: &Side<'a>, layer: &'a Descriptor) -> Layer<'a> {
        match self.read.get(&layer.digest) {
            Some(Ok(facts)) => Layer::Read(facts),
            Some(Err(_)) if side.own.contains(&layer) => Layer::Unread(Unread::failed(self.own_reason(side))),
            Some(Err(reason)) => {
                Layer::Unread(Unread::failed(format!("a layer of both images was not read: {reason}")))
            }
            None if side.own.contains(&layer) => Layer::Unread(Unread::bounded(layer, self.own_reason(side))),
            None => match self.refuses(side, layer) {
                Some(reason) => Layer::Unread(Unread::bounded(layer, reason)),
                None => Layer::Lacking(layer),
            },
        }
    }

    /// Why a layer of both images cannot be read too.
    fn refuses(&self, side: &Side<'a>, layer: &Descriptor) -> Option<String> {
        match self.is_full {
            true => Some(TOO_MANY.to_owned()),
            false => side.refuses(layer, |digest| self.read.contains_key(digest)),
        }
    }

    /// The topmost layer of both images that was not read, if it may tell that what seems new is not.
    fn confirming(&self, databases: &Databases) -> Option<&'a Descriptor> {
        let layer = self.unread_shared()?;
        let may_be_read = !self.read.contains_key(&layer.digest) && self.refuses(&self.to, layer).is_none();
        let compared = self.compared(databases);
        (may_be_read && compared.may_be_known(&compared.files())).then_some(layer)
    }

    /// The topmost layer of both images that was not read.
    fn unread_shared(&self) -> Option<&'a Descriptor> {
        let mut shared = self.to.layers.iter().copied().filter(|layer| !self.to.own.contains(layer));
        shared.find(|layer| self.facts(layer).is_none())
    }

    /// Why layers of one image alone were not read.
    fn own_reason(&self, side: &Side<'a>) -> String {
        let unread = self.unread(side);
        let failed = unread.iter().find_map(|layer| self.read.get(&layer.digest)).and_then(|read| read.as_ref().err());
        let reason = failed.or(side.bound.as_ref()).map_or(TOO_MANY, String::as_str);
        let count = side.own.len();
        format!("{} of {count} layers that differ were read: {reason}", count - unread.len())
    }

    fn release(&self, side: &Side<'a>) -> Option<Distribution> {
        side.layers.iter().find_map(|layer| self.facts(layer)?.distribution.clone())
    }

    fn compared(&self, databases: &Databases) -> Compared<'a> {
        let to = self.stack(&self.to);
        Compared {
            from: self.stack(&self.from),
            is_merged: to.is_merged() || databases.merge_folders(),
            to,
            packages_differ: databases.differ(),
            executables: !self.is_first && self.untold(databases).is_none(),
        }
    }

    fn contents(&self, databases: Databases) -> Unlisted {
        let compared = self.compared(&databases);
        let mut files = compared.files();
        let mut words = self.unread_words(self.untold(&databases));
        if let Some(layer) = self.unread_shared().filter(|_| compared.may_be_known(&files)) {
            words.push(format!("{} may not be new: {}", text::counted(files.len(), "file"), self.shared_reason(layer)));
        }
        if files.len() > MOST {
            words.push(format!("only {MOST} of {} files that matter are named", files.len()));
            files.sort_by_key(|file| file.what);
            files.truncate(MOST);
            files.sort();
        }
        let listed = Listed::Unknown(String::new());
        let contents = Contents { files, unread: (!words.is_empty()).then(|| words.join("; ")), listed };
        Unlisted { databases, contents }
    }

    /// Why not all layers of both images were read, this one for instance.
    fn shared_reason(&self, layer: &Descriptor) -> String {
        let failed = self.read.get(&layer.digest).and_then(|read| read.as_ref().err().cloned());
        let reason = failed.or_else(|| self.refuses(&self.to, layer)).unwrap_or_default();
        format!("not all layers of both images were read: {reason}")
    }

    fn stack(&self, side: &Side<'a>) -> Stack<'a> {
        Stack(side.layers.iter().filter_map(|layer| self.facts(layer)).collect())
    }

    /// Why new executables cannot be told: whether a package owns them, or whether the former image had them, is not known.
    fn untold(&self, databases: &Databases) -> Option<String> {
        if !self.unread(&self.from).is_empty() {
            return Some("some layers of the former image were not read".to_owned());
        }
        match databases {
            _ if self.is_first => None,
            Databases::Unknown(reason) => Some(reason.clone()),
            _ => None,
        }
    }

    fn unread_words(&self, untold: Option<String>) -> Vec<String> {
        let sides = [&self.to, &self.from].into_iter().filter(|side| !self.unread(side).is_empty());
        let mut words: Vec<String> = sides.map(|side| self.own_reason(side)).collect();
        let read = self.to.layers.iter().chain(&self.from.layers).filter_map(|layer| self.facts(layer));
        words.extend(read.filter_map(|facts| facts.cut).map(str::to_owned));
        words.extend(untold.map(|reason| format!("new executables cannot be told: {reason}")));
        words.dedup();
        words
    }
}

const TOO_MANY: &str = "they hold too many files";

fn unknown(reason: &str) -> Packages<'static> {
    Packages::Known(Databases::Unknown(reason.to_owned()))
}
