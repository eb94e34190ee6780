//! How OSV is asked about a package.

use std::str::FromStr as _;

use packageurl::PackageUrl;

use crate::packages::Package;

/// The types of package URLs that OSV knows. A batch with another one is refused as a whole.
const TYPES: [&str; 14] = [
    "bitnami", "cargo", "composer", "conan", "cran", "gem", "golang", "hackage", "hex", "maven", "npm", "nuget", "pub",
    "pypi",
];
/// The types and namespaces of distributions that OSV knows.
const DISTRIBUTIONS: [(&str, &str); 12] = [
    ("apk", "alpine"),
    ("apk", "chainguard"),
    ("apk", "wolfi"),
    ("deb", "debian"),
    ("deb", "ubuntu"),
    ("rpm", "almalinux"),
    ("rpm", "mageia"),
    ("rpm", "openeuler"),
    ("rpm", "opensuse"),
    ("rpm", "redhat"),
    ("rpm", "rocky-linux"),
    ("rpm", "suse"),
];

/// The package URL by which OSV knows a package; `None` if it does not know such packages. Distributions report by
/// source packages, which SBOMs name in the qualifier `upstream`.
pub(crate) fn query(package: Package<'_>) -> Option<String> {
    let purl = PackageUrl::from_str(package.purl?).ok()?;
    let version = purl.version().filter(|version| !version.is_empty())?;
    let namespace = purl.namespace().unwrap_or_default();
    if TYPES.contains(&purl.ty()) {
        return written(purl.ty(), purl.namespace(), purl.name(), version, None);
    }
    DISTRIBUTIONS.contains(&(purl.ty(), namespace)).then_some(())?;
    let qualifier = |key: &str| purl.qualifiers().get(key).map(AsRef::as_ref).filter(|value: &&str| !value.is_empty());
    let (name, version) = match qualifier("upstream") {
        Some(upstream) => upstream.split_once('@').unwrap_or((upstream, version)),
        None => (purl.name(), version),
    };
    written(purl.ty(), Some(namespace), name, version, qualifier("distro"))
}

fn written(ty: &str, namespace: Option<&str>, name: &str, version: &str, distro: Option<&str>) -> Option<String> {
    let mut purl = PackageUrl::new(ty, name).ok()?;
    if let Some(namespace) = namespace {
        purl.with_namespace(namespace.to_owned()).ok()?;
    }
    purl.with_version(version.to_owned()).ok()?;
    if let Some(distro) = distro {
        purl.add_qualifier("distro", distro.to_owned()).ok()?;
    }
    Some(purl.to_string())
}
