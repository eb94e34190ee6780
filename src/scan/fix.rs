//! How a file is rewritten so that it names approved images.

use std::collections::{BTreeMap, BTreeSet};

use super::file::{JudgedFile, JudgedReference};
use crate::image::{Named, Repository};
use crate::references::{Replacement, Site, TextEdit, changes_only, find, rewrite};

/// The most groups of edits of a file that are tried alone if all of them together do not work.
const ALONE: usize = 50;

/// The edits of a file, and which of its references they replace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fix {
    /// In the order of the text; none overlaps another.
    pub(crate) edits: Vec<TextEdit>,
    /// What becomes of each reference.
    pub(crate) repairs: Vec<Repair>,
}

/// What becomes of a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Repair {
    /// There is nothing to replace it with, or no need.
    None,
    /// It can be replaced where it stands; whether the file then says what it should was not tried.
    Untried,
    /// By these edits, which other references may share.
    Replaced(Vec<TextEdit>),
    /// It stays, and why.
    Left(&'static str),
}

/// The edits that belong to one place, and the references that they replace.
struct Group {
    edits: Vec<TextEdit>,
    references: Vec<usize>,
}

/// What could be replaced, without trying it: no edits.
pub(crate) fn untried(file: &JudgedFile) -> Fix {
    let repair = |reference: &JudgedReference| match &reference.judgement.replacement {
        None => Repair::None,
        Some(_) => stays(&reference.found.site).map_or(Repair::Untried, Repair::Left),
    };
    Fix { edits: Vec::new(), repairs: file.references.iter().map(repair).collect() }
}

/// Why a reference is not rewritten where it stands.
const fn stays(site: &Site) -> Option<&'static str> {
    match site {
        Site::Literal(_) | Site::Parts(_) => None,
        Site::Composed => Some("it is put together from several places"),
        Site::Shared => Some("its text is also used for something that is not an image"),
    }
}

/// The edits that replace what can be replaced. Each was tried: the edited text names the replacements, and everything else
/// that it named before.
pub(crate) fn fix(file: &JudgedFile) -> Fix {
    let groups = groups(file);
    let all: Vec<&Group> = groups.iter().collect();
    if works(file, &all) {
        return of(file, &all);
    }
    let mut working: Vec<&Group> = Vec::new();
    for group in groups.iter().take(ALONE) {
        working.push(group);
        if !works(file, &working) {
            working.pop();
        }
    }
    of(file, &working)
}

/// What the edits do to the text.
pub(crate) fn edited(bytes: &[u8], edits: &[TextEdit]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + edits.iter().map(|edit| edit.text.len()).sum::<usize>());
    let mut from = 0;
    for edit in edits {
        out.extend_from_slice(bytes.get(from..edit.at.start).unwrap_or_default());
        out.extend_from_slice(edit.text.as_bytes());
        from = edit.at.end;
    }
    out.extend_from_slice(bytes.get(from..).unwrap_or_default());
    out
}

/// References that are used in several places and stand in one share its edits.
fn groups(file: &JudgedFile) -> Vec<Group> {
    let (mut groups, mut at_place) = (Vec::<Group>::new(), BTreeMap::new());
    for (index, reference) in file.references.iter().enumerate() {
        let Some(to) = &reference.judgement.replacement else { continue };
        let mut edits = rewrite(file.source.text(), &reference.found.site, to);
        edits.sort_by_key(place);
        let Some(first) = edits.first().map(place) else { continue };
        match at_place.get(&first).and_then(|at| groups.get_mut::<usize>(*at)).filter(|group| group.edits == edits) {
            Some(group) => group.references.push(index),
            None => {
                at_place.insert(first, groups.len());
                groups.push(Group { edits, references: vec![index] });
            }
        }
    }
    groups
}

const fn place(edit: &TextEdit) -> (usize, usize) {
    (edit.at.start, edit.at.end)
}

fn of(file: &JudgedFile, groups: &[&Group]) -> Fix {
    let replaced: BTreeMap<usize, &Group> =
        groups.iter().flat_map(|group| group.references.iter().map(|index| (*index, *group))).collect();
    let repair = |(index, reference): (usize, &JudgedReference)| match (
        &reference.judgement.replacement,
        replaced.get(&index),
    ) {
        (None, _) => Repair::None,
        (Some(_), Some(group)) => Repair::Replaced(group.edits.clone()),
        (Some(_), None) => {
            let why = stays(&reference.found.site);
            Repair::Left(why.unwrap_or("replacing it would change something else in this file"))
        }
    };
    Fix { edits: together(groups), repairs: file.references.iter().enumerate().map(repair).collect() }
}

fn together(groups: &[&Group]) -> Vec<TextEdit> {
    let mut edits: Vec<TextEdit> = groups.iter().flat_map(|group| group.edits.iter().cloned()).collect();
    edits.sort_by_key(place);
    edits
}

/// Whether the edits overlap nowhere, and the edited text names what it should.
fn works(file: &JudgedFile, groups: &[&Group]) -> bool {
    let edits = together(groups);
    if edits.windows(2).any(|pair| pair[0].at.end > pair[1].at.start || place(&pair[0]) == place(&pair[1])) {
        return false;
    }
    let Ok(text) = String::from_utf8(edited(file.source.text().as_bytes(), &edits)) else { return false };
    if !changes_only(file.format, file.source.text(), &text, &edits) {
        return false;
    }
    let after = find(file.format, &text);
    let replaced: BTreeSet<usize> = groups.iter().flat_map(|group| group.references.iter().copied()).collect();
    after.unresolved.len() == file.unresolved.len()
        && after.references.len() == file.references.len()
        && after.references.iter().zip(&file.references).enumerate().all(|(index, (after, before))| {
            match before.judgement.replacement.as_ref().filter(|_| replaced.contains(&index)) {
                Some(to) => names(&after.image, to),
                None => after.image == before.found.image,
            }
        })
}

/// Whether an image is the replacement; a reference in parts may have no place for the digest.
fn names(image: &Named<Repository>, to: &Replacement) -> bool {
    image.name == to.mirror
        && image.tag.as_ref() == Some(&to.tag)
        && image.digest.as_ref().is_none_or(|digest| *digest == to.digest)
}
