//! Whether provenance is what the manifest requires.

use super::Claims;
use super::source::is_same_source;
use crate::content::labels::Labels;
use crate::evidence::coverage::Coverage;
use crate::evidence::distinct::{Share, signed_by_each};
use crate::evidence::fault::Fault;
use crate::evidence::{Covers, Provenance, State, Subject, Unread};
use crate::manifest::RequiredProvenance;
use crate::text::{clean, cut};

/// The most characters of a source in a reason.
const SOURCE: usize = 500;

/// One statement about how the image, or one of its platforms, was built.
pub(in crate::evidence) struct Stated<'a> {
    /// Its claims; `None` if they cannot be read.
    pub claims: Option<&'a Claims>,
    /// Which parts of the image it is about.
    pub covers: &'a [Subject],
    /// Whether one of the signers that `signatures` requires signed it.
    pub is_signed: bool,
    /// Whether all of them did, with the index that holds it.
    pub is_by_all: bool,
    /// For each of them, by what name it signed it.
    pub signed_by: Vec<Option<&'a str>>,
    /// Why none of them is known to have signed it.
    pub fault: Option<&'a Fault>,
}

/// `each`: how many signers must each have signed what is required, each of them another one; 0 if any of them will do.
pub(in crate::evidence) fn judge(
    required: Option<&RequiredProvenance>,
    each: usize,
    stated: &[Stated<'_>],
    subjects: &[Subject],
    unread: &[Unread],
    labels: &Labels,
) -> Option<Provenance> {
    let met = |one: &Stated<'_>| required.is_none_or(|required| meets(one, required).is_ok());
    let shown = stated.iter().filter_map(|one| Some((one, one.claims?)));
    let shown = shown.min_by_key(|(one, claims)| (!met(one), !one.is_signed, names(one.covers), text(claims)));
    let broken = stated.iter().find_map(|one| one.fault.filter(|_| one.claims.is_none()));
    let (state, detail) = match (required, shown, broken) {
        (Some(required), ..) => require(required, each, stated, subjects, unread),
        (None, Some(_), _) => (State::Present, None),
        (None, None, Some(fault)) => (fault.state(), Some(fault.to_string())),
        (None, None, None) => (State::Unknown, Some(unread.first()?.why.clone())),
    };
    let claims = shown.map(|(_, claims)| claims.clone()).unwrap_or_default();
    let agrees = agrees(&claims, labels);
    let Claims { builder, source, commit, .. } = claims;
    Some(Provenance { state, builder, source, commit, agrees, detail })
}

fn names(covers: &[Subject]) -> Vec<&Covers> {
    covers.iter().map(|subject| &subject.covers).collect()
}

/// The sort key of statements, independent of the order in which they were found.
fn text(claims: &Claims) -> (&Option<String>, &Option<String>, &Option<String>) {
    (&claims.builder, &claims.source, &claims.commit)
}

fn require(
    required: &RequiredProvenance,
    each: usize,
    stated: &[Stated<'_>],
    subjects: &[Subject],
    unread: &[Unread],
) -> (State, Option<String>) {
    let meeting: Vec<&Stated<'_>> = stated.iter().filter(|one| meets(one, required).is_ok()).collect();
    let coverage = covered(subjects, meeting.iter().flat_map(|one| one.covers));
    let is_whole = coverage.is_whole();
    if is_whole && (each == 0 || by_each(each, &meeting, subjects).is_whole()) {
        return (State::Verified, None);
    }
    if let Some(unread) = unread.first() {
        return (State::Unknown, Some(format!("it could not be looked at: {}", unread.why)));
    }
    if is_whole {
        return (State::Failed, Some("not all of those who must sign the image signed it".to_owned()));
    }
    let is_part = coverage.covered().next().is_some();
    let lacking = coverage.lacking().next().filter(|_| is_part);
    let part = lacking.map(|subject| format!("not of {}: ", coverage.name(subject))).unwrap_or_default();
    // A signed statement is the most telling one.
    let unmet = stated.iter().filter_map(|one| Some((one.is_signed, meets(one, required).err()?)));
    match unmet.max_by_key(|(is_signed, unmet)| (*is_signed, unmet.state != State::Failed)) {
        Some((_, Unmet { state, why })) => (state, Some(format!("{part}{why}"))),
        None => (State::Absent, Some(format!("{part}nothing beside it says how it was built"))),
    }
}

fn covered<'s>(subjects: &'s [Subject], parts: impl Iterator<Item = &'s Subject>) -> Coverage<'s> {
    Coverage::of(subjects, parts.map(|subject| &subject.digest))
}

/// What each of so many signers stated as required: a statement that all of them signed, or one for each.
fn by_each<'s>(each: usize, meeting: &[&'s Stated<'s>], subjects: &'s [Subject]) -> Coverage<'s> {
    let mut shares: Vec<Share<'_>> = (0..each).map(|_| Share::default()).collect();
    for one in meeting {
        for (share, by) in shares.iter_mut().zip(&one.signed_by) {
            by.iter().for_each(|by| share.add(one.covers, by));
        }
    }
    let by_all = meeting.iter().filter(|one| one.is_by_all).flat_map(|one| one.covers);
    let apart = signed_by_each(subjects, &shares);
    covered(subjects, by_all.chain(apart.covered()))
}

/// Why a statement does not meet the requirement.
struct Unmet {
    state: State,
    why: String,
}

fn meets(one: &Stated<'_>, required: &RequiredProvenance) -> Result<(), Unmet> {
    let failed = |why: String| Unmet { state: State::Failed, why };
    let (Some(claims), true) = (one.claims, one.is_signed) else {
        let state = one.fault.map(Fault::state).filter(|state| *state != State::Present).unwrap_or(State::Failed);
        let fault = one.fault.map(|fault| format!(" ({fault})")).unwrap_or_default();
        let why =
            if one.claims.is_some() { "none of those who must sign the image signed it" } else { "it is not read" };
        return Err(Unmet { state, why: format!("{why}{fault}") });
    };
    if let Some(builder) = &required.builder
        && claims.exact.builder.as_ref() != Some(builder)
    {
        let is_alike = claims.builder.as_ref() == Some(builder);
        let hidden = if is_alike { " with characters that are not visible" } else { "" };
        return Err(failed(format!("its builder is {}{hidden}", claims.builder.as_deref().unwrap_or("not named"))));
    }
    let Some(source) = &required.source else { return Ok(()) };
    match (&claims.exact.source, &claims.source) {
        (Some(found), _) if is_same_source(found, source) => Ok(()),
        (Some(found), _) => Err(failed(format!("its source is {}", cut(&clean(found), SOURCE)))),
        (None, Some(found)) if !claims.is_fetched => {
            Err(failed(format!("{found} is only what the client of its builder said of its source")))
        }
        (None, Some(found)) => {
            Err(failed(format!("its source is not named; {found} is only something it was built with")))
        }
        (None, None) => Err(failed("its source is not named".to_owned())),
    }
}

/// Whether the labels and the provenance name the same; `None` if there is nothing to compare.
fn agrees(claims: &Claims, labels: &Labels) -> Option<bool> {
    let source = labels.source.as_ref().zip(claims.source.as_ref()).map(|(label, found)| is_same_source(label, found));
    let commit = labels.revision.as_ref().zip(claims.commit.as_ref());
    let commit = commit.map(|(label, found)| label.eq_ignore_ascii_case(found));
    match (source, commit) {
        (None, None) => None,
        (source, commit) => Some(source.unwrap_or(true) && commit.unwrap_or(true)),
    }
}
