//! Package URLs in one form, and the names that people know packages by.

use std::str::FromStr;

use packageurl::PackageUrl;

use super::Package;

/// The longest purl that is kept, in bytes.
const LONGEST: usize = 1_000;

/// The qualifiers that say which release of a distribution a package is for, and which source it is built from.
const KEPT: [&str; 2] = ["distro", "upstream"];

/// The types of packages of distributions: their namespace is the distribution, no part of the name.
const DISTRIBUTIONS: [&str; 4] = ["deb", "apk", "rpm", "alpm"];

/// A purl, taken apart.
pub(super) struct Purl {
    /// The name that people use: `@scope/name`, `github.com/owner/module`, `group/artifact`, `libssl3`.
    pub name: String,
    pub version: Option<String>,
    /// With the qualifiers that are kept.
    pub text: String,
}

impl Purl {
    /// `None` if it is none.
    pub(super) fn read(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let mut purl = PackageUrl::from_str(text).ok()?;
        let qualifier = |key: &&str| purl.qualifiers().get(*key).map(|value| ((*key).to_owned(), value.to_string()));
        let kept: Vec<(String, String)> = KEPT.iter().filter_map(qualifier).collect();
        purl.clear_qualifiers();
        purl.without_subpath();
        for (key, value) in kept {
            purl.add_qualifier(key, value).ok()?;
        }
        let name = match purl.namespace() {
            Some(namespace) if !DISTRIBUTIONS.contains(&purl.ty()) => format!("{namespace}/{}", purl.name()),
            _ => purl.name().to_owned(),
        };
        let version = purl.version().map(str::to_owned);
        Some(Self { name, version, text: purl.to_string() })
    }
}

/// The type of a package's purl, which tells how its versions are ordered; empty if it has none.
pub(super) fn ecosystem(package: Package<'_>) -> &str {
    let purl = package.purl.and_then(|purl| purl.strip_prefix("pkg:"));
    purl.and_then(|rest| rest.split_once('/')).map_or("", |(kind, _)| kind)
}
