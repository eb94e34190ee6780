//! The marks of a change.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::difference;

/// What a reviewer should not overlook, the most serious first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// The manifest revokes these bytes.
    Revoked,
    /// A person asked not to wait for the cooldown.
    Urgent,
    /// The tag no longer resolves to this digest.
    TagMoved,
    /// Not all of it exists.
    Incomplete,
    /// A platform that is mirrored now would no longer be.
    PlatformLost,
    /// What is approved is signed, and this is not.
    SignatureLost,
    /// Nobody who signed what is approved signed this.
    SignerChanged,
    /// Nothing that was looked at explains why the bytes differ.
    Unexplained,
    /// It has a critical vulnerability that the approved image does not have.
    NewCritical,
    /// It runs as root, and the approved image does not; for a first approval, it runs as root.
    Root,
    /// It has a new program that runs with the rights of its owner or group.
    Setuid,
    /// It has a new executable that no package owns.
    NewExecutable,
    /// It starts another program.
    Entrypoint,
    /// It exposes another port.
    Port,
    /// It has an older version of a package.
    DowngradedPackage,
    /// Its packages are not known, or not those of the approved image.
    NotLookedAt,
    /// The version is older than the approved one.
    Downgrade,
    /// The first number of the version differs.
    Major,
    /// Neither newer nor older than the approved version, as far as the rule can tell.
    AnotherTag,
    /// The same tag with different bytes.
    Rebuild,
    /// No version of this image was approved before.
    FirstApproval,
    /// No version of this line was approved before, only of other lines of the image.
    NewLine,
    /// It is a prerelease.
    Prerelease,
    /// Upstream started or stopped writing its versions with `v`.
    NewHabit,
    /// The image that it is built on was replaced.
    BaseChanged,
    /// The policy allows developers to pull any tag of its repository, whatever is reviewed here.
    EscapesReview,
    /// The policy allows developers to pull it from upstream.
    NoMirrorNeeded,
}

impl Mark {
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Urgent => "urgent",
            Self::TagMoved => "tag moved",
            Self::Incomplete => "incomplete",
            Self::PlatformLost => "platform lost",
            Self::SignatureLost => "signature lost",
            Self::SignerChanged => "signer changed",
            Self::Unexplained => "unexplained",
            Self::NewCritical => "new critical vulnerability",
            Self::Root => "runs as root",
            Self::Setuid => "new setuid program",
            Self::NewExecutable => "new executable",
            Self::Entrypoint => "entrypoint changed",
            Self::Port => "new port",
            Self::DowngradedPackage => "downgraded package",
            Self::NotLookedAt => "not looked at",
            Self::Downgrade => "downgrade",
            Self::Major => "major",
            Self::AnotherTag => "another tag",
            Self::Rebuild => "rebuild",
            Self::FirstApproval => "first approval",
            Self::NewLine => "new line",
            Self::Prerelease => "prerelease",
            Self::NewHabit => "new habit",
            Self::BaseChanged => "base changed",
            Self::EscapesReview => "allowlisted whole",
            Self::NoMirrorNeeded => "no mirror needed",
        }
    }

    /// The mark of the bytes that it stands for, if it results from checking them.
    pub(crate) fn of_bytes(self) -> Option<difference::Mark> {
        difference::Mark::ALL.into_iter().find(|mark| Self::from(*mark) == self)
    }

    /// Whether checking the bytes found something that a person should review by itself.
    pub(crate) fn sets_apart(self) -> bool {
        self.of_bytes().is_some_and(|mark| mark != difference::Mark::BaseChanged)
    }
}

impl From<difference::Mark> for Mark {
    fn from(mark: difference::Mark) -> Self {
        use difference::Mark as Of;
        match mark {
            Of::PlatformLost => Self::PlatformLost,
            Of::SignatureLost => Self::SignatureLost,
            Of::SignerChanged => Self::SignerChanged,
            Of::Unexplained => Self::Unexplained,
            Of::NewCritical => Self::NewCritical,
            Of::Root => Self::Root,
            Of::Setuid => Self::Setuid,
            Of::NewExecutable => Self::NewExecutable,
            Of::Entrypoint => Self::Entrypoint,
            Of::Port => Self::Port,
            Of::DowngradedPackage => Self::DowngradedPackage,
            Of::NotLookedAt => Self::NotLookedAt,
            Of::BaseChanged => Self::BaseChanged,
        }
    }
}
