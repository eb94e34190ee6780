//! The stable codes of the manifest's diagnostics, all in one place.

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal,)+) => {
        /// The kind of problem that a diagnostic reports.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum Code {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Code {
            #[cfg(test)]
            const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// As printed.
            pub(crate) const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }
        }
    };
}

codes! {
    /// The file is not UTF-8.
    NotUtf8 = "not-utf8",
    /// The file is larger than 1 MiB.
    TooLarge = "too-large",
    /// The file is not YAML.
    Syntax = "syntax",
    /// Lists and mappings are nested deeper than any manifest needs.
    TooDeep = "too-deep",
    /// More than one YAML document in the file.
    MultipleDocuments = "multiple-documents",
    /// Aliases expand to more than a manifest can hold.
    AliasBomb = "alias-bomb",
    /// An alias inside the very node that it stands for.
    AliasLoop = "alias-loop",
    /// An alias of an anchor that does not come before it.
    UnknownAlias = "unknown-alias",
    /// An alias where every value must be written out.
    AliasNotAllowed = "alias-not-allowed",
    /// A merge key whose value is not a mapping.
    BadMerge = "bad-merge",
    /// A YAML tag that means nothing here.
    UnknownYamlTag = "unknown-yaml-tag",
    /// The manifest is written for a newer release.
    NewerVersion = "newer-version",
    /// The manifest requires another release.
    OtherRelease = "other-release",
    /// A key that is not text.
    BadKey = "bad-key",
    /// A key twice in one mapping.
    DuplicateKey = "duplicate-key",
    /// An unknown key.
    UnknownKey = "unknown-key",
    /// A key in the wrong place.
    MisplacedKey = "misplaced-key",
    /// A required key is missing.
    MissingKey = "missing-key",
    /// A key without a value.
    MissingValue = "missing-value",
    /// A value of the wrong type.
    WrongType = "wrong-type",
    /// A word that is not a possible value here.
    BadChoice = "bad-choice",
    /// A number outside the bounds.
    BadNumber = "bad-number",
    /// A text that is too long, empty or on several lines.
    BadText = "bad-text",
    /// The same entry twice in a list.
    DuplicateEntry = "duplicate-entry",
    /// An invalid host.
    BadRegistry = "bad-registry",
    /// An invalid organization.
    BadOrganization = "bad-organization",
    /// A source that is not a reference to a repository.
    BadReference = "bad-reference",
    /// A repository name that the destination does not accept.
    BadRepository = "bad-repository",
    /// An invalid tag.
    BadTag = "bad-tag",
    /// An invalid digest.
    BadDigest = "bad-digest",
    /// An invalid version range.
    BadRange = "bad-range",
    /// An invalid variant.
    BadVariant = "bad-variant",
    /// An invalid pattern, or one that everything matches.
    BadPattern = "bad-pattern",
    /// An invalid duration.
    BadDuration = "bad-duration",
    /// An invalid size.
    BadSize = "bad-size",
    /// An invalid date.
    BadDate = "bad-date",
    /// An invalid platform.
    BadPlatform = "bad-platform",
    /// An invalid issuer of certificates.
    BadIssuer = "bad-issuer",
    /// An invalid glob, or one that leaves the manifest's directory.
    BadGlob = "bad-glob",
    /// An invalid user, team or label.
    BadName = "bad-name",
    /// An alias that does not say which approval it follows.
    BadAlias = "bad-alias",
    /// A group's name that cannot be part of a branch name.
    BadGroup = "bad-group",
    /// A branch prefix that git does not accept.
    BadBranchPrefix = "bad-branch-prefix",
    /// An included file that is missing, or a glob that matches nothing.
    IncludeMissing = "include-missing",
    /// A source on a host that `sources` does not name.
    SourceNotAllowed = "source-not-allowed",
    /// Keys that exclude each other.
    ConflictingKeys = "conflicting-keys",
    /// Provenance is required without signatures that would vouch for it.
    ProvenanceUnsigned = "provenance-unsigned",
    /// Immutable tags together with proposals that would move them.
    ImmutableRebuilds = "immutable-rebuilds",
    /// Two approvals of one mirror tag.
    SharedMirrorTag = "shared-mirror-tag",
    /// Two images whose proposals would share a branch.
    SharedBranch = "shared-branch",
    /// Images that share a repository but want different settings for it.
    ConflictingRepository = "conflicting-repository",
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use std::collections::BTreeSet;

    use super::Code;

    /// `tests/it/manifest/broken.rs` proves that broken manifests give these examples.
    #[test]
    fn every_code_is_written_once_and_has_an_example() {
        let codes: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(codes.len(), Code::ALL.len(), "two codes are written alike");
        assert!(codes.iter().all(|t| t.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')));
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/manifest/snapshots/broken");
        let files =
            std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let examples: BTreeSet<String> = files.filter_map(|f| f.strip_suffix(".snap").map(str::to_owned)).collect();
        assert!(examples.iter().map(String::as_str).eq(codes), "{examples:?}");
    }
}
