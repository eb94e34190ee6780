//! Lists of packages in little memory: their texts one after the other.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::{Package, VersionChange};

/// A list of packages. Clones share it, and so do long selections from it.
#[derive(Clone, Default)]
pub(crate) struct Packages {
    all: Arc<Packed>,
    /// The positions of those that are selected, in this order; `None`: all.
    selected: Option<Arc<[u32]>>,
}

#[derive(Default)]
struct Packed {
    text: String,
    entries: Vec<Entry>,
}

/// Where the texts of one package are: one after the other from `start`, with these lengths in bytes.
#[derive(Clone, Copy)]
struct Entry {
    start: u32,
    name: u16,
    version: u16,
    /// [`NO_PURL`] if it has none.
    purl: u16,
    licences: u16,
}

const NO_PURL: u16 = u16::MAX;

/// The longest text of one package that is kept, in bytes.
const LONGEST: usize = 60_000;

/// How many times more memory than a selection its whole list has to take for the selection to be copied.
const SPARSE: usize = 4;

impl Packages {
    pub(crate) fn len(&self) -> usize {
        self.selected.as_ref().map_or(self.all.entries.len(), |selected| selected.len())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = Package<'_>> + Clone {
        (0..self.len()).map(|position| self.get(position))
    }

    pub(super) fn at(&self, position: u32) -> Package<'_> {
        self.get(position as usize)
    }

    fn get(&self, position: usize) -> Package<'_> {
        self.entry(position).package(&self.all.text)
    }

    fn entry(&self, position: usize) -> &Entry {
        let position = self.selected.as_ref().map_or(position, |selected| selected[position] as usize);
        &self.all.entries[position]
    }

    /// The packages at these positions. A short list is copied, so that a long one need not be kept for it.
    pub(super) fn select(&self, positions: &[u32]) -> Self {
        let size = |position: &u32| size_of::<Entry>() + self.entry(*position as usize).length();
        if positions.iter().map(size).sum::<usize>() * SPARSE <= self.memory() {
            return positions.iter().map(|position| self.at(*position)).collect();
        }
        let of_all = |position: &u32| self.selected.as_ref().map_or(*position, |known| known[*position as usize]);
        Self { all: Arc::clone(&self.all), selected: Some(positions.iter().map(of_all).collect()) }
    }

    /// Copies of the packages at these positions, in this order.
    pub(super) fn selection(&self, positions: &[usize]) -> Self {
        positions.iter().map(|position| self.get(*position)).collect()
    }

    /// The names of the packages, and the bytes of memory that each takes.
    pub(super) fn named_sizes(&self) -> impl Iterator<Item = (&str, usize)> {
        let entries = (0..self.len()).map(|position| self.entry(position));
        self.iter().zip(entries).map(|(one, entry)| (one.name, size_of::<Entry>() + entry.length()))
    }

    /// The same without packages that are not selected.
    pub(super) fn alone(&self) -> Self {
        if self.selected.is_none() {
            self.clone()
        } else {
            self.iter().map(|one| Package { licences: "", ..one }).collect()
        }
    }

    /// Whether both are clones of one list.
    pub(crate) fn is_shared_with(&self, other: &Self) -> bool {
        let selected = match (&self.selected, &other.selected) {
            (Some(selected), Some(other)) => Arc::ptr_eq(selected, other),
            (selected, other) => selected.is_none() && other.is_none(),
        };
        selected && Arc::ptr_eq(&self.all, &other.all)
    }

    /// The bytes of memory that it takes.
    pub(crate) fn memory(&self) -> usize {
        let selected = self.selected.as_ref().map_or(0, |selected| size_of_val(&**selected));
        self.all.text.capacity() + self.all.entries.capacity() * size_of::<Entry>() + selected
    }
}

impl PartialEq for Packages {
    fn eq(&self, other: &Self) -> bool {
        self.is_shared_with(other) || self.iter().eq(other.iter())
    }
}

impl Eq for Packages {}

impl fmt::Debug for Packages {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_list().entries(self.iter()).finish()
    }
}

impl<'a> FromIterator<Package<'a>> for Packages {
    fn from_iter<I: IntoIterator<Item = Package<'a>>>(packages: I) -> Self {
        let mut packer = Packer::default();
        packages.into_iter().for_each(|package| packer.push(package));
        packer.pack()
    }
}

impl Entry {
    fn length(&self) -> usize {
        let purl = if self.purl == NO_PURL { 0 } else { self.purl };
        [self.name, self.version, purl, self.licences].into_iter().map(usize::from).sum()
    }

    fn package<'a>(&self, text: &'a str) -> Package<'a> {
        let mut rest = text.get(self.start as usize..).unwrap_or_default();
        let mut next = |length: u16| {
            let (text, after) = rest.split_at(usize::from(length));
            rest = after;
            text
        };
        let (name, version) = (next(self.name), next(self.version));
        let purl = (self.purl != NO_PURL).then(|| next(self.purl));
        Package { name, version, purl, licences: next(self.licences) }
    }
}

/// A list that grows.
#[derive(Default)]
pub(super) struct Packer(Packed);

impl Packer {
    pub(super) fn len(&self) -> usize {
        self.0.entries.len()
    }

    pub(super) fn push(&mut self, package: Package<'_>) {
        let entry = write(&mut self.0.text, package);
        self.0.entries.push(entry);
    }

    pub(super) fn pack(self) -> Packages {
        let Packed { mut text, mut entries } = self.0;
        text.shrink_to_fit();
        entries.shrink_to_fit();
        Packages { all: Arc::new(Packed { text, entries }), selected: None }
    }

    /// In order of names, each once: of the same package several times, the licences are put together, at most so many.
    pub(super) fn pack_sorted(self, is_same: fn(Package<'_>, Package<'_>) -> bool, licences: usize) -> Packages {
        let Packed { mut text, mut entries } = self.0;
        entries.sort_unstable_by(|a, b| a.package(&text).cmp(&b.package(&text)));
        let mut unique = Vec::with_capacity(entries.len());
        let mut rest = entries.as_slice();
        while let Some(first) = rest.first() {
            let one = first.package(&text);
            let count = rest.iter().take_while(|entry| is_same(one, entry.package(&text))).count();
            let (group, after) = rest.split_at(count.max(1));
            rest = after;
            let all: BTreeSet<&str> = group.iter().flat_map(|entry| entry.package(&text).licences()).collect();
            let all = all.into_iter().take(licences).collect::<Vec<_>>().join("\n");
            let entry = match all == one.licences {
                true => *first,
                false => {
                    let (name, version, purl) =
                        (one.name.to_owned(), one.version.to_owned(), one.purl.map(str::to_owned));
                    write(&mut text, Package { name: &name, version: &version, purl: purl.as_deref(), licences: &all })
                }
            };
            unique.push(entry);
        }
        drop(entries);
        Self(Packed { text, entries: unique }).pack()
    }
}

fn write(text: &mut String, package: Package<'_>) -> Entry {
    let start = u32::try_from(text.len()).unwrap_or(u32::MAX);
    let mut add = |part: &str| {
        let part = &part[..part.floor_char_boundary(LONGEST)];
        text.push_str(part);
        u16::try_from(part.len()).unwrap_or_default()
    };
    let (name, version) = (add(package.name), add(package.version));
    let purl = package.purl.map_or(NO_PURL, &mut add);
    Entry { start, name, version, purl, licences: add(package.licences) }
}

/// Packages whose versions differ: of the former image, and in the same order of the new one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct VersionChanges {
    from: Packages,
    to: Packages,
}

impl VersionChanges {
    pub(crate) fn len(&self) -> usize {
        self.to.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.to.is_empty()
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = VersionChange<'_>> + Clone {
        self.from.iter().zip(self.to.iter()).map(|(from, to)| VersionChange {
            name: to.name,
            from: from.version,
            to: to.version,
            purl: to.purl,
        })
    }
}

impl VersionChanges {
    /// The packages at these positions of two lists, which stand for each other in this order.
    pub(super) fn select(from: &Packages, to: &Packages, of_former: &[u32], of_new: &[u32]) -> Self {
        Self { from: from.select(of_former), to: to.select(of_new) }
    }

    /// The same without packages that are not selected, and without what is not told of a former package.
    pub(super) fn alone(&self) -> Self {
        let versions =
            || self.from.iter().map(|one| Package { name: "", version: one.version, purl: None, licences: "" });
        let is_alone = self.from.selected.is_none();
        Self { from: if is_alone { self.from.clone() } else { versions().collect() }, to: self.to.alone() }
    }

    /// Copies of the packages at these positions, in this order.
    pub(super) fn selection(&self, positions: &[usize]) -> Self {
        Self { from: self.from.selection(positions), to: self.to.selection(positions) }
    }

    /// The names of the packages, and the bytes of memory that each takes.
    pub(super) fn named_sizes(&self) -> impl Iterator<Item = (&str, usize)> {
        let sizes = self.from.named_sizes().zip(self.to.named_sizes());
        sizes.map(|((_, of_former), (name, of_new))| (name, of_former + of_new))
    }

    pub(super) fn is_shared_with(&self, other: &Self) -> bool {
        self.from.is_shared_with(&other.from) && self.to.is_shared_with(&other.to)
    }

    /// The bytes of memory that they take.
    pub(super) fn memory(&self) -> usize {
        self.from.memory() + self.to.memory()
    }
}

#[cfg(test)]
impl<'a> FromIterator<VersionChange<'a>> for VersionChanges {
    fn from_iter<I: IntoIterator<Item = VersionChange<'a>>>(changes: I) -> Self {
        let (from, to): (Vec<Package<'_>>, Vec<Package<'_>>) = changes
            .into_iter()
            .map(|VersionChange { name, from, to, purl }| {
                let package = |version, purl| Package { name, version, purl, licences: "" };
                (package(from, None), package(to, purl))
            })
            .unzip();
        Self { from: from.into_iter().collect(), to: to.into_iter().collect() }
    }
}
