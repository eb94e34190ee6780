//! Which tags belong to one family, so that one may follow another.

use super::super::version::{Numbering, Suffix, Version, join};
use super::super::{Reason, Variant, VersionRule, vocabulary};
use super::floating::{FloatingVersions, Floats};
use super::judgement::Judgement;

/// What the tags of a line have in common. All of it comes from the rule and from one approved version, the habit; if
/// nothing is approved yet, from the newest version in range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Family {
    prefix: String,
    variant: Kind,
    build: Vec<(String, bool)>,
    commit: bool,
    architecture: Option<String>,
    numbering: Numbering,
    /// The number of numeric parts, if approvals determine it.
    precision: Option<usize>,
    /// Whether the habit is a prerelease.
    previews: bool,
    /// Whether `v` is written by habit.
    pub(super) v: bool,
}

/// The variants of a family.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// This one.
    Exactly(String),
    /// Variants that differ in numbers only: `alpine3.19`, `alpine3.20`.
    Like(Suffix),
}

impl Family {
    /// The family of an approved version.
    pub(super) fn of(habit: &Version, rule: &VersionRule) -> Self {
        Self { precision: Some(habit.precision()), v: habit.v, ..Self::shape(habit, rule) }
    }

    /// The family of a version that nobody approved.
    pub(super) fn shape(version: &Version, rule: &VersionRule) -> Self {
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
            previews: version.is_prerelease(),
            v: false,
        }
    }

    /// Whether it does not come from an approval.
    pub(super) const fn is_first(&self) -> bool {
        self.precision.is_none()
    }

    /// Whether the numbers of both continue in compatible ways.
    pub(super) fn counts_like(&self, other: &Self) -> bool {
        self.numbering.is_like(other.numbering)
    }

    /// Whether the version belongs to the family, apart from the number of its parts.
    pub(super) fn is_shape_of(&self, version: &Version) -> bool {
        self.is_kin_of(version) && self.builds_differ(version).is_none()
    }

    /// Whether the version belongs to the family, apart from the number of its parts and its builds.
    pub(super) fn is_kin_of(&self, version: &Version) -> bool {
        self.differs(version).is_none()
    }

    /// Why a version belongs to another family, apart from the number of its parts and its builds.
    pub(super) fn differs(&self, version: &Version) -> Option<Judgement> {
        if version.architecture != self.architecture {
            let detail = version.architecture.as_ref().map_or_else(
                || "not for a single architecture, as the approvals are".to_owned(),
                |architecture| format!("`{architecture}` is an architecture, not a variant to follow"),
            );
            return Some(Judgement::skipped(Reason::OtherVariant, detail));
        }
        if !self.variant.admits(version) {
            return Some(Judgement::skipped(
                Reason::OtherVariant,
                format!("has {}, the line has {}", suffix(&version.variant.0), self.variant),
            ));
        }
        if !self.numbering.is_like(version.numbering()) {
            let detail = match version.numbering() {
                Numbering::Day => "is a date, the line counts",
                Numbering::Year | Numbering::Count => "counts, the line uses dates",
            };
            return Some(Judgement::skipped(Reason::OtherPrecision, detail));
        }
        (version.prefix != self.prefix).then(|| {
            let name = |prefix: &str| if prefix.is_empty() { "no prefix".to_owned() } else { format!("`{prefix}`") };
            let detail = format!("has {}, the line has {}", name(&version.prefix), name(&self.prefix));
            Judgement::skipped(Reason::OtherPrefix, detail)
        })
    }

    /// Why a version's builds are not the family's. A repair is followed by a version without one.
    pub(super) fn builds_differ(&self, version: &Version) -> Option<Judgement> {
        let repaired = version.build.is_empty() && self.build.iter().all(|(word, _)| vocabulary::repair(word));
        let same = version.build.len() == self.build.len()
            && version.build.iter().zip(&self.build).all(|(b, (word, dated))| b.word == *word && b.dated == *dated);
        let detail = match version.build.is_empty() && version.commit.is_none() {
            true => "without the line's build suffix",
            false => "another kind of build suffix",
        };
        let differs = version.commit.is_some() != self.commit || !(same || repaired);
        differs.then(|| Judgement::skipped(Reason::OtherVariant, detail))
    }

    /// Why a version of the family floats, or has the wrong number of parts.
    pub(super) fn imprecise(&self, version: &Version, floating: &FloatingVersions<'_>) -> Option<Judgement> {
        let parts = version.precision();
        let built = floating.built(version).filter(|_| self.is_first() || !self.build.is_empty());
        let previewed = floating.previewed(version).filter(|_| self.is_first() || self.previews);
        if let Some(why) = built.or(previewed) {
            return Some(floats(why, version));
        }
        let longer = floating.longer(version);
        match self.precision {
            Some(followed) if followed == parts => return None,
            None if longer.is_none() => return None,
            _ => {}
        }
        let moves = !version.dated && version.build.is_empty() && version.commit.is_none();
        if let Some(why) = longer.filter(|_| moves && self.precision.is_none_or(|followed| parts < followed)) {
            return Some(floats(why, version));
        }
        let parts = if parts == 1 { "one numeric part".to_owned() } else { format!("{parts} numeric parts") };
        let detail = match self.precision {
            Some(followed) => format!("{parts}, the approvals have {followed}"),
            None => format!("{parts}, longer versions are published"),
        };
        Some(Judgement::skipped(Reason::OtherPrecision, detail))
    }
}

/// Says that a version moves, and why.
pub(super) fn floats(why: Floats, version: &Version) -> Judgement {
    let numbers = join(&version.numbers);
    let detail = match why {
        Floats::Longer => format!("moves with `{numbers}.x`: longer versions are also published"),
        Floats::Built => "moves: builds of it are also published".to_owned(),
        Floats::Neighbours => {
            "moves, as similar tags do: longer versions or builds of those are also published".to_owned()
        }
        Floats::Previewed => format!("moves with its prereleases until {numbers} is released"),
    };
    Judgement::skipped(Reason::Floating, detail)
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

/// Whether an image's first approval may look like this version.
pub(super) fn may_begin(version: &Version, rule: &VersionRule) -> bool {
    version.prefix.is_empty() && version.architecture.is_none() && wanted_variant(version, rule)
}

/// Whether the rule's own variant admits the version.
pub(super) fn wanted_variant(version: &Version, rule: &VersionRule) -> bool {
    match &rule.variant {
        None => version.variant.is_empty(),
        Some(Variant::Any) => true,
        Some(Variant::Exactly(variant)) => version.variant.0 == *variant,
    }
}

/// Whether the rule would take a version like this one.
pub(super) fn wanted_version(version: &Version, rule: &VersionRule) -> bool {
    unwanted_prerelease(version, rule).is_none() && out_of_range(version, rule).is_none()
}

/// A prerelease that the rule does not want, unless its range names one of the same release.
pub(super) fn unwanted_prerelease(version: &Version, rule: &VersionRule) -> Option<Judgement> {
    let named = || rule.range.as_ref().is_some_and(|range| range.names_prerelease_of(version));
    (version.is_prerelease() && !rule.prereleases && !named())
        .then(|| Judgement::skipped(Reason::Prerelease, "a prerelease, and the rule wants releases"))
}

/// A version that the rule's range does not admit.
pub(super) fn out_of_range(version: &Version, rule: &VersionRule) -> Option<Judgement> {
    let range = rule.range.as_ref().filter(|range| !range.admits(version))?;
    Some(Judgement::skipped(Reason::OutOfRange, format!("not in `{range}`")))
}
