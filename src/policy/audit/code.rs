//! The kinds of findings: stable codes, what each means, and how to fix it.

use schemars::JsonSchema;
use serde::Serialize;

// SARIF uses the same words. How serious a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Developers can get what was not approved, or see what they should not.
    Error,
    /// Something differs from the manifest, but nobody gains access by it.
    Warning,
    /// Worth knowing, but not drift.
    Note,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// A tag in a mirror that no approval has.
    UnapprovedTag,
    /// A mirror's tag resolves to something that promotion did not put there.
    MirrorDiffers,
    /// Something in a mirror that is stored as a signature but is an image.
    ForeignCompanion,
    /// A tag that was promoted is gone.
    MissingTag,
    /// An approval that is not promoted.
    NotPromoted,
    /// Upstream no longer has what was approved.
    SourceLost,
    /// Upstream no longer has an approved tag.
    Withdrawn,
    /// A tag that the manifest wants deleted.
    RevokedTag,
    /// Revoked bytes that the manifest does not delete.
    RevokedKept,
    /// A tag left behind by a retired approval.
    RetiredTag,
    /// A repository is public that should be private, or the other way round.
    Visibility,
    /// A team may do more or less with a repository than the manifest says.
    Team,
    /// A team that the manifest does not name may do something with a repository.
    ExtraTeam,
    /// Tags can be moved that nobody should move, or the other way round.
    ImmutableTags,
    /// A repository's short description differs.
    Description,
    /// A setting of Image Access Management is not as the policy says.
    ImageAccess,
    /// A setting of Registry Access Management is not as the policy says.
    RegistryAccess,
    /// A source is approved version by version, but also allowed as a whole.
    AllowlistedSource,
    /// A setting that Docker Hub's API does not show.
    Unknown,
}

impl Code {
    /// All of them, in the order of the README's table.
    pub const ALL: [Self; 19] = [
        Self::UnapprovedTag,
        Self::MirrorDiffers,
        Self::ForeignCompanion,
        Self::MissingTag,
        Self::NotPromoted,
        Self::SourceLost,
        Self::Withdrawn,
        Self::RevokedTag,
        Self::RevokedKept,
        Self::RetiredTag,
        Self::Visibility,
        Self::Team,
        Self::ExtraTeam,
        Self::ImmutableTags,
        Self::Description,
        Self::ImageAccess,
        Self::RegistryAccess,
        Self::AllowlistedSource,
        Self::Unknown,
    ];

    /// The name that reports and other programs use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnapprovedTag => "unapproved-tag",
            Self::MirrorDiffers => "mirror-differs",
            Self::ForeignCompanion => "foreign-companion",
            Self::MissingTag => "missing-tag",
            Self::NotPromoted => "not-promoted",
            Self::SourceLost => "source-lost",
            Self::Withdrawn => "withdrawn",
            Self::RevokedTag => "revoked-tag",
            Self::RevokedKept => "revoked-kept",
            Self::RetiredTag => "retired-tag",
            Self::Visibility => "visibility",
            Self::Team => "team",
            Self::ExtraTeam => "extra-team",
            Self::ImmutableTags => "immutable-tags",
            Self::Description => "description",
            Self::ImageAccess => "image-access",
            Self::RegistryAccess => "registry-access",
            Self::AllowlistedSource => "allowlisted-source",
            Self::Unknown => "unknown",
        }
    }

    /// How serious it is. A [`Level::Note`] alone is not drift.
    #[must_use]
    pub const fn level(self) -> Level {
        match self {
            Self::UnapprovedTag
            | Self::MirrorDiffers
            | Self::ForeignCompanion
            | Self::RevokedTag
            | Self::Visibility
            | Self::Team
            | Self::ExtraTeam
            | Self::ImageAccess
            | Self::RegistryAccess => Level::Error,
            Self::MissingTag
            | Self::NotPromoted
            | Self::SourceLost
            | Self::Withdrawn
            | Self::ImmutableTags
            | Self::Description
            | Self::AllowlistedSource => Level::Warning,
            Self::RevokedKept | Self::RetiredTag | Self::Unknown => Level::Note,
        }
    }

    /// Whether it is a difference between the organization and the manifest.
    #[must_use]
    pub const fn is_drift(self) -> bool {
        !matches!(self.level(), Level::Note)
    }

    /// What it means, in a sentence.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::UnapprovedTag => "a mirror has a tag that was never approved, now or in the manifest's history",
            Self::MirrorDiffers => "a mirror's tag resolves to something that promotion did not put there",
            Self::ForeignCompanion => "a mirror has an image or index in place of a signature or another artifact",
            Self::MissingTag => "a promoted tag is gone from its mirror",
            Self::NotPromoted => "an approval is not promoted, or not recorded",
            Self::SourceLost => "upstream no longer has the approved digest",
            Self::Withdrawn => "upstream no longer has the approved tag, or its repository",
            Self::RevokedTag => "a tag that is revoked with `delete: true` is still there",
            Self::RevokedKept => "revoked bytes can still be pulled, and the manifest does not ask to delete them",
            Self::RetiredTag => "a tag was promoted, and its approval has been retired since",
            Self::Visibility => "a mirror is public but should be private, or the other way round",
            Self::Team => "a team's permission on a mirror is not what the manifest says",
            Self::ExtraTeam => "a team that the manifest does not list has a grant on a mirror",
            Self::ImmutableTags => "the immutable tags of a mirror are not what the manifest says",
            Self::Description => "a mirror's short description is not what the manifest says",
            Self::ImageAccess => "Image Access Management does not match `policy.image-access`",
            Self::RegistryAccess => "Registry Access Management does not match `policy.registry-access`",
            Self::AllowlistedSource => "a source is approved version by version, but `allowlist` allows all of it",
            Self::Unknown => "the manifest specifies a setting that Docker Hub's API does not show",
        }
    }

    /// How to fix it.
    #[must_use]
    pub const fn help(self) -> &'static str {
        match self {
            Self::UnapprovedTag => "approve these bytes by pull request, or delete the tag in the registry",
            Self::MirrorDiffers => {
                "find out who moved it; delete the tag in the registry, and `promote` copies the approved image"
            }
            Self::ForeignCompanion => "find out who put it there, and delete it in the registry; no run copies it",
            Self::MissingTag | Self::NotPromoted => "run `promote`",
            Self::SourceLost => {
                "the promoted image stays usable; approve what upstream has now, or retire the approval"
            }
            Self::Withdrawn => {
                "find out why it was withdrawn; the promoted image stays usable until you retire or revoke the approval"
            }
            Self::RevokedTag => "run `promote`, or delete the tag in the registry; find out who pulled it",
            Self::RevokedKept => "write `delete: true` to have it deleted",
            Self::RetiredTag => {
                "`promote --prune` deletes it (but no signatures) if it still resolves to the last recorded digest; or leave it for those who still use it"
            }
            Self::Visibility => "run `promote`; only `promote --yes` makes a private mirror public",
            Self::ExtraTeam => "remove the grant on Docker Hub, or list the team under `teams`; no run removes it",
            Self::Team | Self::ImmutableTags | Self::Description => "run `promote`",
            Self::ImageAccess | Self::RegistryAccess => "run `apply-policy --yes` as an owner",
            Self::AllowlistedSource => "remove it from the allowlist or from the manifest",
            Self::Unknown => "an owner compares it in Docker Home",
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_unique_and_in_kebab_case() {
        let words: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(words.len(), Code::ALL.len());
        assert!(words.iter().all(|word| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')));
    }

    #[test]
    fn what_a_retired_approval_left_is_no_drift() {
        let notes: Vec<&str> = Code::ALL.iter().filter(|code| !code.is_drift()).map(|code| code.as_str()).collect();
        assert_eq!(notes, ["revoked-kept", "retired-tag", "unknown"]);
    }
}
