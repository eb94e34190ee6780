//! `pattern`: a regular expression that says where the version is in a tag.

use super::number::runs;
use super::tag::{NoVersion, Reading, read};
use super::version::{Prerelease, Suffix, Version};

/// A regular expression that must match the whole tag; its named group `version` is the version, its other groups break
/// ties, compared numerically.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    regex: regex::Regex,
}

/// Why a text is not a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PatternError(pub String);

/// The largest compiled pattern, in bytes: far more than any tag needs, and far from harmful.
const SIZE_LIMIT: usize = 1 << 20;

impl Pattern {
    /// Reads a tag by the pattern. If the `version` group is not an ordinary version, every run of digits in it is a
    /// numeric part.
    #[must_use]
    pub fn read(&self, tag: &str, variant: Option<&str>) -> Reading {
        let Some(captures) = self.regex.captures(tag) else { return Reading::Other(NoVersion::Pattern) };
        let Some(group) = captures.name("version") else { return Reading::Other(NoVersion::Pattern) };
        let Some(mut version) = ordinary(group.as_str(), variant).or_else(|| numeric(group.as_str())) else {
            return Reading::Other(NoVersion::Pattern);
        };
        let names = self.regex.capture_names().enumerate().skip(1);
        let further = names.filter(|(_, name)| *name != Some("version"));
        version.ties = further.map(|(i, _)| captures.get(i).map_or_else(Vec::new, |m| runs(m.as_str()))).collect();
        tag.clone_into(&mut version.text);
        Reading::Version(version)
    }
}

/// A group that the grammar reads unambiguously: several numeric parts, or just a number, a prerelease and a commit
/// (whose digits are not part of the version).
fn ordinary(text: &str, variant: Option<&str>) -> Option<Box<Version>> {
    let Reading::Version(version) = read(text, variant) else { return None };
    let plain = version.build.is_empty() && version.variant.is_empty();
    (version.prefix.is_empty() && (version.precision() > 1 || plain)).then_some(version)
}

fn numeric(text: &str) -> Option<Box<Version>> {
    let numbers = runs(text);
    (!numbers.is_empty()).then(|| {
        Box::new(Version {
            numbers,
            prerelease: Prerelease::default(),
            build: Vec::new(),
            ties: Vec::new(),
            variant: Suffix::default(),
            prefix: String::new(),
            v: false,
            dated: false,
            commit: None,
            architecture: None,
            text: text.to_owned(),
        })
    })
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl std::str::FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let compile = |text: &str| regex::RegexBuilder::new(text).size_limit(SIZE_LIMIT).build();
        let alone = compile(text).map_err(|e| PatternError(e.to_string()))?;
        if !alone.capture_names().any(|name| name == Some("version")) {
            return Err(PatternError("a pattern needs a named group `version`: v(?<version>.+)".to_owned()));
        }
        // Anchored outside a separate group, so that neither an alternation nor a flag in the pattern escapes it.
        let regex = compile(&format!("^(?:{text})$")).map_err(|e| PatternError(e.to_string()))?;
        Ok(Self { text: text.to_owned(), regex })
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn numbers(pattern: &str, tag: &str) -> String {
        match pattern.parse::<Pattern>().unwrap().read(tag, None) {
            Reading::Version(v) => format!(
                "{} {:?}",
                super::super::version::join(&v.numbers),
                v.ties.iter().map(|t| super::super::version::join(t)).collect::<Vec<_>>()
            ),
            Reading::Other(why) => format!("{why:?}"),
        }
    }

    #[test]
    fn a_group_is_a_version_or_runs_of_digits() {
        insta::assert_snapshot!(numbers(r"RELEASE\.(?<version>.+)Z", "RELEASE.2025-06-13T11-33-47Z"), @r#"2025.6.13.11.33.47 []"#);
        insta::assert_snapshot!(numbers(r"v(?<version>\d+)-(?<stamp>\d+)", "v20231011-17"), @r#"20231011 ["17"]"#);
        insta::assert_snapshot!(numbers(r"nightly-(?<version>.+)", "nightly-2024-06-01"), @r#"2024.6.1 []"#);
        insta::assert_snapshot!(numbers(r"(?<version>\d+-\d+)", "2024-06"), @r#"2024.6 []"#);
    }

    #[test]
    fn the_whole_tag_must_match() {
        insta::assert_snapshot!(numbers(r"(?<version>\d+)|x", "12a"), @"Pattern");
        insta::assert_snapshot!(numbers(r"a|(?<version>ab1)", "ab1"), @r#"1 []"#);
    }

    #[test]
    fn a_pattern_without_its_group_is_refused() {
        insta::assert_snapshot!(r"v(\d+)".parse::<Pattern>().unwrap_err(), @"a pattern needs a named group `version`: v(?<version>.+)");
        assert!(r"(?<version>[0-9]{1000}{1000}{1000})".parse::<Pattern>().is_err());
    }
}
