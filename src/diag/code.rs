//! The stable codes of the manifest's diagnostics, all in one place.

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal,)+) => {
        /// What kind of fault a diagnostic names.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum Code {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Code {
            #[cfg(test)]
            const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// As it is printed.
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
    /// Aliases stand for more than a manifest can hold.
    AliasBomb = "alias-bomb",
    /// An alias inside the very node it stands for.
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
    /// The manifest asks for another release.
    OtherRelease = "other-release",
    /// A key that is not text.
    BadKey = "bad-key",
    /// A key twice in one mapping.
    DuplicateKey = "duplicate-key",
    /// A key that nothing reads.
    UnknownKey = "unknown-key",
    /// A key that is read, but not here.
    MisplacedKey = "misplaced-key",
    /// A key that must be there is not.
    MissingKey = "missing-key",
    /// A key without a value.
    MissingValue = "missing-value",
    /// A value of another type.
    WrongType = "wrong-type",
    /// None of the words that are possible here.
    BadChoice = "bad-choice",
    /// A number that is out of bounds.
    BadNumber = "bad-number",
    /// A text that is too long, empty or on several lines.
    BadText = "bad-text",
    /// The same entry twice in a list.
    DuplicateEntry = "duplicate-entry",
    /// A host that cannot be one.
    BadRegistry = "bad-registry",
    /// An organization that cannot be one.
    BadOrganization = "bad-organization",
    /// A source that is not a reference to a repository.
    BadReference = "bad-reference",
    /// A repository name that the destination does not take.
    BadRepository = "bad-repository",
    /// No tag.
    BadTag = "bad-tag",
    /// No digest.
    BadDigest = "bad-digest",
    /// No version range.
    BadRange = "bad-range",
    /// No variant.
    BadVariant = "bad-variant",
    /// No pattern, or one that everything matches.
    BadPattern = "bad-pattern",
    /// No duration.
    BadDuration = "bad-duration",
    /// No date.
    BadDate = "bad-date",
    /// No platform.
    BadPlatform = "bad-platform",
    /// No issuer of certificates.
    BadIssuer = "bad-issuer",
    /// No glob, or one that leaves the manifest's directory.
    BadGlob = "bad-glob",
    /// No user, team or label.
    BadName = "bad-name",
    /// A group's name that cannot stand in a branch.
    BadGroup = "bad-group",
    /// A branch prefix that git does not take.
    BadBranchPrefix = "bad-branch-prefix",
    /// An included file that is not there, or a glob that matches none.
    IncludeMissing = "include-missing",
    /// A source on a host that `sources` does not name.
    SourceNotAllowed = "source-not-allowed",
    /// Keys that exclude each other.
    ConflictingKeys = "conflicting-keys",
    /// Provenance is asked for, and no signatures that would vouch for it.
    ProvenanceUnsigned = "provenance-unsigned",
    /// Immutable tags together with proposals that would move them.
    ImmutableRebuilds = "immutable-rebuilds",
    /// Two approvals of one mirror tag.
    SharedMirrorTag = "shared-mirror-tag",
    /// Two images whose proposals would share a branch.
    SharedBranch = "shared-branch",
    /// Images that share a repository and want it otherwise.
    ConflictingRepository = "conflicting-repository",
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use std::collections::BTreeSet;

    use super::Code;

    /// `tests/it/manifest/broken.rs` proves that these examples are what broken manifests give.
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
