//! Which tags are of one family, so that one may follow another.

use std::collections::HashSet;

use super::super::number::Number;
use super::super::version::{Numbering, Suffix, Version, join};
use super::super::{Reason, Variant, VersionRule, words};
use super::Word;

/// What the tags of a line have in common. All of it comes from the rule and from one approved version, the habit; where
/// nothing is approved yet, from the newest version in range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Family {
    prefix: String,
    variant: Kind,
    build: Vec<(String, bool)>,
    commit: bool,
    architecture: Option<String>,
    numbering: Numbering,
    /// The number of numeric parts, where approvals set it.
    precision: Option<usize>,
    /// Whether the habit is to write `v`.
    pub(super) v: bool,
}

/// The variants of a family.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// This one.
    Exactly(String),
    /// Those that differ in numbers only: `alpine3.19`, `alpine3.20`.
    Like(Suffix),
}

impl Family {
    /// The family of an approved version.
    pub(super) fn of(habit: &Version, rule: &VersionRule) -> Self {
        Self { precision: Some(habit.precision()), v: habit.v, ..Self::shape(habit, rule) }
    }

    fn shape(version: &Version, rule: &VersionRule) -> Self {
        Self {
            prefix: version.prefix.clone(),
            variant: match rule.variant {
                Some(Variant::Any) => Kind::Like(version.variant.clone()),
                _ => Kind::Exactly(version.variant.0.clone()),
            },
            build: version.build.iter().map(|b| (b.word.clone(), b.dated)).collect(),
            commit: version.commit.is_some(),
            architecture: version.architecture.clone(),
            numbering: version.numbering(),
            precision: None,
            v: false,
        }
    }

    /// The family to begin with where nothing is approved: no prefix, no variant but the rule's, no architecture; nothing that
    /// floats, and no days, builds and commits where there is anything else. `None` where there is nothing to follow.
    pub(super) fn first<'a>(
        versions: impl Iterator<Item = &'a Version>,
        rule: &VersionRule,
        longer: &Longer<'_>,
    ) -> Option<Self> {
        let rank = |v: &Version| {
            let plain = v.build.is_empty() && v.commit.is_none();
            (!longer.floats(v), v.numbering() != Numbering::Day, plain)
        };
        let eligible = versions.filter(|v| may_begin(v, rule) && wanted_version(v, rule));
        let best = eligible.max_by(|a, b| {
            let wordless = |v: &Version| std::cmp::Reverse((v.build.len(), v.commit.is_some()));
            rank(a)
                .cmp(&rank(b))
                .then_with(|| (&a.numbers, &a.prerelease).cmp(&(&b.numbers, &b.prerelease)))
                .then_with(|| wordless(a).cmp(&wordless(b)))
                .then_with(|| (!a.variant.is_empty()).cmp(&!b.variant.is_empty()))
                .then_with(|| b.variant.kind().cmp(&a.variant.kind()))
                .then_with(|| a.cmp(b))
        })?;
        Some(Self::shape(best, rule))
    }

    /// Whether no approval set it.
    pub(super) const fn is_first(&self) -> bool {
        self.precision.is_none()
    }

    /// Whether the numbers of both go on in ways that fit.
    pub(super) fn counts_like(&self, other: &Self) -> bool {
        self.numbering.is_like(other.numbering)
    }

    /// Whether the version is of the family but for the number of its parts.
    pub(super) fn is_shape_of(&self, version: &Version) -> bool {
        self.is_kin_of(version) && self.builds_differ(version).is_none()
    }

    /// Whether the version is of the family but for the number of its parts and its builds.
    pub(super) fn is_kin_of(&self, version: &Version) -> bool {
        self.differs(version).is_none()
    }

    /// Why a version is of another family, apart from the number of its parts and its builds.
    pub(super) fn differs(&self, version: &Version) -> Option<Word> {
        if version.architecture != self.architecture {
            let detail = version.architecture.as_ref().map_or_else(
                || "not of one architecture, as the approvals are".to_owned(),
                |architecture| format!("`{architecture}` is one architecture, not a variant to follow"),
            );
            return Some(Word::skipped(Reason::OtherVariant, detail));
        }
        if !self.variant.admits(version) {
            return Some(Word::skipped(
                Reason::OtherVariant,
                format!("has {}, the line has {}", suffix(&version.variant.0), self.variant),
            ));
        }
        if !self.numbering.is_like(version.numbering()) {
            let detail = match version.numbering() {
                Numbering::Day => "is a day, the line counts",
                Numbering::Year | Numbering::Count => "counts, the line has days",
            };
            return Some(Word::skipped(Reason::OtherPrecision, detail));
        }
        (version.prefix != self.prefix).then(|| {
            let name = |prefix: &str| if prefix.is_empty() { "no prefix".to_owned() } else { format!("`{prefix}`") };
            let detail = format!("has {}, the line has {}", name(&version.prefix), name(&self.prefix));
            Word::skipped(Reason::OtherPrefix, detail)
        })
    }

    /// Why a version's builds are not the family's. After a repair comes a version without one again.
    pub(super) fn builds_differ(&self, version: &Version) -> Option<Word> {
        let repaired = version.build.is_empty() && self.build.iter().all(|(word, _)| words::repair(word));
        let same = version.build.len() == self.build.len()
            && version.build.iter().zip(&self.build).all(|(b, (word, dated))| b.word == *word && b.dated == *dated);
        (version.commit.is_some() != self.commit || !(same || repaired))
            .then(|| Word::skipped(Reason::OtherVariant, "another kind of build suffix"))
    }

    /// Why a version of the family has the wrong number of parts.
    pub(super) fn imprecise(&self, version: &Version, longer: &Longer<'_>) -> Option<Word> {
        let parts = version.precision();
        if !self.build.is_empty() && longer.built(version) {
            let detail = format!("moves with `{}-#`: builds of it are published beside it", join(&version.numbers));
            return Some(Word::skipped(Reason::Floating, detail));
        }
        if self.precision == Some(parts) || (self.precision.is_none() && !longer.beside(version)) {
            return None;
        }
        let moves = !version.dated && version.build.is_empty() && version.commit.is_none();
        if longer.beside(version) && moves && self.precision.is_none_or(|followed| parts < followed) {
            let numbers = join(&version.numbers);
            let detail = format!("moves with `{numbers}.x`: longer versions are published beside it");
            return Some(Word::skipped(Reason::Floating, detail));
        }
        let parts = if parts == 1 { "one numeric part".to_owned() } else { format!("{parts} numeric parts") };
        let detail = match self.precision {
            Some(followed) => format!("{parts}, the approvals have {followed}"),
            None => format!("{parts}, longer versions are published"),
        };
        Some(Word::skipped(Reason::OtherPrecision, detail))
    }
}

impl Kind {
    fn admits(&self, version: &Version) -> bool {
        match self {
            Self::Exactly(variant) => version.variant.0 == *variant,
            Self::Like(like) => version.variant.is_like(like),
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exactly(variant) => f.write_str(&suffix(variant)),
            Self::Like(like) => f.write_str(&suffix(&like.kind())),
        }
    }
}

fn suffix(variant: &str) -> String {
    if variant.is_empty() { "no suffix".to_owned() } else { format!("`-{variant}`") }
}

/// Whether a first approval may look like this version.
pub(super) fn may_begin(version: &Version, rule: &VersionRule) -> bool {
    version.prefix.is_empty() && version.architecture.is_none() && wanted_variant(version, rule)
}

/// Whether the rule's own words on variants admit the version.
pub(super) fn wanted_variant(version: &Version, rule: &VersionRule) -> bool {
    match &rule.variant {
        None => version.variant.is_empty(),
        Some(Variant::Any) => true,
        Some(Variant::Exactly(variant)) => version.variant.0 == *variant,
    }
}

fn wanted_version(version: &Version, rule: &VersionRule) -> bool {
    unwanted_prerelease(version, rule).is_none() && out_of_range(version, rule).is_none()
}

/// A prerelease where the rule wants none, unless its range names one of the same release.
pub(super) fn unwanted_prerelease(version: &Version, rule: &VersionRule) -> Option<Word> {
    let named = || rule.range.as_ref().is_some_and(|range| range.names_prerelease_of(version));
    (version.is_prerelease() && !rule.prereleases && !named())
        .then(|| Word::skipped(Reason::Prerelease, "a prerelease, and the rule wants releases"))
}

/// A version that the rule's range does not admit.
pub(super) fn out_of_range(version: &Version, rule: &VersionRule) -> Option<Word> {
    let range = rule.range.as_ref().filter(|range| !range.admits(version))?;
    Some(Word::skipped(Reason::OutOfRange, format!("not in `{range}`")))
}

/// The beginnings of longer versions, to tell what floats: a version is floating where something longer is published
/// beside it, that is, with the same parts before its last. `1` and `1.27` float beside `1.27.3`, and so does `1.28`
/// before its first patch is there; `16.4` does not because of `9.6.24`.
///
/// One or two parts float also where bare builds of them are published: `9.4` beside `9.4-1123`.
pub(super) struct Longer<'a> {
    beginnings: HashSet<(usize, &'a [Number])>,
    built: HashSet<&'a [Number]>,
}

impl<'a> Longer<'a> {
    pub(super) fn new(versions: impl Iterator<Item = &'a Version>) -> Self {
        let (mut beginnings, mut built) = (HashSet::new(), HashSet::new());
        for version in versions {
            for parts in (1..version.precision()).rev() {
                if !beginnings.insert((parts, &version.numbers[..parts - 1])) {
                    break;
                }
            }
            if version.precision() < 3 && version.build.iter().any(|b| matches!(b.word.as_str(), "" | "_")) {
                built.insert(&*version.numbers);
            }
        }
        Self { beginnings, built }
    }

    /// Whether the version moves.
    fn floats(&self, version: &Version) -> bool {
        self.beside(version) || self.built(version)
    }

    fn beside(&self, version: &Version) -> bool {
        let parts = version.precision();
        self.beginnings.contains(&(parts, &version.numbers[..parts - 1]))
    }

    /// Whether builds of this very version are published beside it.
    fn built(&self, version: &Version) -> bool {
        version.build.is_empty() && version.commit.is_none() && self.built.contains(&*version.numbers)
    }
}
