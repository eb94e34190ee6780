//! Whether an image is signed as the manifest requires.

use std::collections::{BTreeMap, BTreeSet};

use super::coverage::Coverage;
use super::distinct::{Share, signed_by_each};
use super::examine::{Covering, Examined, Image};
use super::fault::Fault;
use super::{Kind, Signature, State, Subject, Trust, Unread};
use crate::manifest::{Signatures, Signer};
use crate::text::{counted, cut};

/// The most characters of `signed-by`.
const SIGNED_BY: usize = 1_000;

/// Whether an image is signed by all required signers.
pub(super) struct Overall {
    /// Who signed it, if that is verified.
    pub signed_by: Option<String>,
    /// Why it is not accepted.
    pub unsigned: Option<String>,
    /// The entries for signatures that are required and missing.
    pub missing: Vec<Covering>,
    /// Whether the required signers signed the index itself, and with it everything that it lists.
    pub index_is_signed: bool,
}

/// The result for one signer.
struct Standing<'a> {
    signer: &'a Signer,
    state: State,
    kind: Kind,
    detail: String,
    /// Who signed, by name.
    by: BTreeSet<&'a str>,
    signed_index: bool,
    uncovered: Vec<&'a Subject>,
}

pub(super) fn stand(signatures: &Signatures, examined: &[Examined], image: &Image<'_>, unread: &[Unread]) -> Overall {
    if let Some(detail) = same_key(signatures, image.trust) {
        return twice(signatures, image, &detail);
    }
    let standings: Vec<Standing<'_>> = signatures
        .signers()
        .iter()
        .enumerate()
        .map(|(i, signer)| standing(i, signer, examined, image, unread))
        .collect();
    let verified = |standing: &&Standing<'_>| standing.state == State::Verified;
    let (is_verified, index_is_signed) = match signatures {
        Signatures::AllOf(_) if standings.iter().all(|one| verified(&one)) => {
            let by_each = signed_by_each(image.subjects, &shares(standings.len(), examined));
            if !by_each.is_whole() {
                return twice(signatures, image, SHARED);
            }
            (true, by_each.has_index())
        }
        Signatures::AllOf(_) => (false, false),
        Signatures::One(_) | Signatures::AnyOf(_) => {
            (standings.iter().any(|one| verified(&one)), standings.iter().any(|one| one.signed_index))
        }
    };
    if is_verified && !standings.is_empty() {
        let by: BTreeSet<&str> = standings.iter().filter(verified).flat_map(|standing| standing.by.clone()).collect();
        return Overall { signed_by: Some(joined(&by)), unsigned: None, missing: Vec::new(), index_is_signed };
    }
    let open = standings.iter().filter(|standing| !verified(standing)).min_by_key(|standing| rank(standing.state));
    let Some(open) = open else {
        let unsigned = Some("no signer is named".to_owned());
        return Overall { signed_by: None, unsigned, missing: Vec::new(), index_is_signed: false };
    };
    let who = match signatures {
        Signatures::AllOf(_) => open.signer.to_string(),
        Signatures::One(_) | Signatures::AnyOf(_) => signatures.to_string(),
    };
    let unsigned = format!("no verified signature by {who}: {}, {}", open.state.as_str(), open.detail);
    Overall { signed_by: None, unsigned: Some(unsigned), missing: open.missing(), index_is_signed: false }
}

/// Says which two of the signers that must all sign are the same key: its signature would count for both.
pub(super) fn same_key(signatures: &Signatures, trust: &Trust) -> Option<String> {
    let Signatures::AllOf(signers) = signatures else { return None };
    let mut known = BTreeMap::new();
    signers.iter().find_map(|signer| {
        let Signer::Key(path) = signer else { return None };
        let key = trust.key(path).ok()?;
        let other = known.insert(key.fingerprint.as_str(), path)?;
        Some(format!("{other} and {path} are the same key, and all-of needs different ones"))
    })
}

const SHARED: &str = "one of those who signed is the only one for two entries, and all-of needs different ones";

/// Who signed for each of so many signers.
fn shares(signers: usize, examined: &[Examined]) -> Vec<Share<'_>> {
    let share = |i: usize| {
        let mut share = Share::default();
        for one in examined.iter().filter(|one| one.is_signature()) {
            one.by_signer(i).into_iter().for_each(|by| share.add(&one.covers, by));
        }
        share
    };
    (0..signers).map(share).collect()
}

/// The result if two signers are the same.
fn twice(signatures: &Signatures, image: &Image<'_>, detail: &str) -> Overall {
    let unsigned = format!("no verified signature by {signatures}: {}, {detail}", State::Failed.as_str());
    let missing = image.subjects.iter().take(1).map(|Subject { digest, covers }| {
        let (kind, state, covers) = (Kind::CosignKey, State::Failed, covers.clone());
        let signature = Signature { kind, state, by: None, detail: Some(detail.to_owned()), covers };
        Covering { signature, digest: digest.clone() }
    });
    Overall { signed_by: None, unsigned: Some(unsigned), missing: missing.collect(), index_is_signed: false }
}

/// Which of several unverified results is shown first: one that may still turn out well.
const fn rank(state: State) -> u8 {
    match state {
        State::Unknown => 0,
        State::RootTooOld => 1,
        State::Unsupported => 2,
        State::Failed => 3,
        _ => 4,
    }
}

/// The names, as many as fit.
fn joined(by: &BTreeSet<&str>) -> String {
    let mut text = String::new();
    for name in by {
        if text.is_empty() {
            text = cut(name, SIGNED_BY);
        } else if text.chars().count() + 2 + name.chars().count() <= SIGNED_BY {
            text = format!("{text}, {name}");
        }
    }
    text
}

fn standing<'a>(
    i: usize,
    signer: &'a Signer,
    examined: &'a [Examined],
    image: &Image<'a>,
    unread: &[Unread],
) -> Standing<'a> {
    let is_about = |one: &&Examined| one.is_signature() && !one.covers.is_empty();
    let by_signer = examined.iter().filter(is_about);
    let by_signer: Vec<(&Examined, &str)> = by_signer.filter_map(|one| Some((one, one.by_signer(i)?))).collect();
    let covered = by_signer.iter().flat_map(|(one, _)| &one.covers).map(|subject| &subject.digest);
    let coverage = Coverage::of(image.subjects, covered);
    // What another required signer made says nothing about this one.
    let about: Vec<&Examined> = examined.iter().filter(is_about).filter(|one| !one.is_verified()).collect();
    let faults = about.iter().filter_map(|one| Some((*one, one.verdicts.get(i)?.as_ref().err()?)));
    let worst = faults.max_by_key(|(_, fault)| fault.weight());
    let kind = match (worst, signer) {
        (Some((one, _)), _) => one.kind(),
        (None, Signer::Key(_)) => Some(Kind::CosignKey),
        (None, Signer::Identity { .. }) => None,
    };
    let lack = Lack { coverage: &coverage, worst, about: &about, examined };
    let (state, detail) = if coverage.is_whole() {
        (State::Verified, String::new())
    } else if let Err(fault) = had(signer, image) {
        (State::Unknown, fault.to_string())
    } else if let Some(unread) = unread.first() {
        (State::Unknown, format!("it could not be looked at: {}", unread.why))
    } else {
        lack.told()
    };
    Standing {
        signer,
        state,
        kind: kind.unwrap_or(Kind::CosignKeyless),
        detail,
        by: by_signer.iter().map(|(_, by)| *by).collect(),
        signed_index: coverage.has_index(),
        uncovered: coverage.uncovered(),
    }
}

/// Whether the key or the root is available.
fn had(signer: &Signer, image: &Image<'_>) -> Result<(), Fault> {
    match signer {
        Signer::Key(path) => image.trust.key(path).map(drop),
        Signer::Identity { trusted_root, .. } => image.trust.roots(trusted_root.as_deref()).map(drop),
    }
}

/// What was found instead of a signature by the required signer.
struct Lack<'a> {
    coverage: &'a Coverage<'a>,
    worst: Option<(&'a Examined, &'a Fault)>,
    about: &'a [&'a Examined],
    examined: &'a [Examined],
}

impl Lack<'_> {
    /// The state, and its explanation.
    fn told(&self) -> (State, String) {
        let names = |subjects: &[&Subject]| self.coverage.names(subjects);
        let covered: Vec<&Subject> = self.coverage.covered().collect();
        let part = (!covered.is_empty())
            .then(|| format!("{} is signed, {} is not", names(&covered), names(&self.coverage.uncovered())));
        let (state, why) = match self.worst {
            None => (State::Absent, self.foreign()),
            Some((_, fault)) if fault.state() == State::Present => (State::Failed, self.others(fault)),
            Some((_, fault)) => (fault.state(), fault.to_string()),
        };
        match (part, self.worst) {
            (Some(part), None) => (state, part),
            (Some(part), Some(_)) => (state, format!("{part}: {why}")),
            (None, _) => (state, why),
        }
    }

    /// Nothing found signs the image.
    fn foreign(&self) -> String {
        let verified = || self.examined.iter().filter(|one| one.is_verified());
        match self.examined.iter().filter(|one| one.is_foreign()).count() {
            0 if verified().any(Examined::is_signature) => "only others that must sign it did".to_owned(),
            0 if verified().next().is_some() => "it is only attested how it was built".to_owned(),
            0 => "nothing beside it signs it".to_owned(),
            count => format!("{} beside it is of another digest", counted(count, "signature")),
        }
    }

    /// Others signed the image.
    fn others(&self, fault: &Fault) -> String {
        let by: BTreeSet<String> = self.about.iter().filter_map(|one| one.by()).collect();
        match by.first() {
            Some(first) if by.len() == 1 => format!("{fault}: {first}"),
            Some(first) => format!("{fault}: {first} and {}", counted(by.len() - 1, "other")),
            None => fault.to_string(),
        }
    }
}

impl Standing<'_> {
    /// The entries for the missing signature.
    fn missing(&self) -> Vec<Covering> {
        let (kind, state, detail) = (self.kind, self.state, Some(self.detail.clone()));
        let one = |Subject { digest, covers }: &Subject| {
            let signature = Signature { kind, state, by: None, detail: detail.clone(), covers: covers.clone() };
            Covering { signature, digest: digest.clone() }
        };
        self.uncovered.iter().map(|subject| one(subject)).collect()
    }
}
