//! The distribution that packages belong to, which their purls name.

use std::collections::BTreeMap;
use std::io::{BufRead, Result};

use packageurl::PackageUrl;

use super::{Entry, Installed, Manager, each_line};
use crate::text;

/// The longest identifier of a distribution or release that is kept, in characters.
const LONGEST: usize = 40;

/// A distribution, as `etc/os-release` names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Distribution {
    /// `debian`, `ubuntu`, `alpine`, `wolfi`.
    id: String,
    /// `12`, `24.04`, `3.20.3`.
    version: Option<String>,
}

impl Distribution {
    /// Reads `etc/os-release`; `None` if it does not say.
    ///
    /// # Errors
    /// Those of the reader.
    pub(crate) fn read(reader: &mut dyn BufRead) -> Result<Option<Self>> {
        let mut fields = BTreeMap::new();
        each_line(reader, &mut |line| {
            let line = String::from_utf8_lossy(line);
            if let Some((key, value)) = line.split_once('=').filter(|(key, _)| matches!(*key, "ID" | "VERSION_ID")) {
                fields.insert(key.to_owned(), value.trim().trim_matches(['"', '\'']).to_owned());
            }
        })?;
        let is_plain = |text: &String| {
            !text.is_empty()
                && text.len() <= LONGEST
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        };
        let version = fields.remove("VERSION_ID").filter(is_plain);
        Ok(fields.remove("ID").filter(is_plain).map(|id| Self { id: text::clean(&id), version }))
    }

    /// Whether it can be the distribution of such a database: an image may have a package manager that is not its own.
    pub(super) fn is_of(&self, manager: Manager) -> bool {
        let is_apk = matches!(self.id.as_str(), "alpine" | "wolfi" | "chainguard" | "postmarketos");
        is_apk == (manager == Manager::Apk)
    }
}

/// The distribution as its own packages tell it.
pub(super) fn guess(installed: &Installed) -> Option<Distribution> {
    let release = |name| {
        let text: String = installed.version_of(name)?;
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        Some(text[..end].to_owned()).filter(|release| !release.is_empty())
    };
    let (id, version) = match installed.manager {
        Manager::Dpkg if installed.is_empty() => return None,
        Manager::Dpkg if installed.ubuntu => ("ubuntu", None),
        // Of Debian's releases, the number is that of this package: `12.4+deb12u5`.
        Manager::Dpkg => {
            let version = release("base-files");
            ("debian", version.map(|version| version.split('.').next().unwrap_or_default().to_owned()))
        }
        Manager::Apk if installed.version_of("wolfi-baselayout").is_some() => ("wolfi", None),
        Manager::Apk if installed.version_of("chainguard-baselayout").is_some() => ("chainguard", None),
        Manager::Apk => ("alpine", release("alpine-release")),
    };
    Some(Distribution { id: id.to_owned(), version })
}

/// The purl of a package; databases of vulnerabilities know it by its source package, `upstream`.
pub(super) fn purl(manager: Manager, entry: &Entry, distribution: Option<&Distribution>) -> Option<String> {
    let (kind, usual) = match manager {
        Manager::Dpkg => ("deb", "debian"),
        Manager::Apk => ("apk", "alpine"),
    };
    let id = distribution.map_or(usual, |distribution| &distribution.id);
    let mut purl = PackageUrl::new(kind, entry.name.as_str()).ok()?;
    purl.with_namespace(id).ok()?.with_version(entry.version.as_str()).ok()?;
    if let Some(version) = distribution.and_then(|distribution| distribution.version.as_deref()) {
        purl.add_qualifier("distro", format!("{id}-{version}")).ok()?;
    }
    if !entry.source.is_empty() && entry.source != entry.name {
        purl.add_qualifier("upstream", entry.source.as_str()).ok()?;
    }
    Some(purl.to_string())
}
