//! Packages with their purls, from the entries of databases.

use super::super::Packages;
use super::super::list::{List, Told, licences};
use super::distribution::{guess, purl};
use super::{Distribution, Installed};

/// The packages of one image from its databases. The distribution is what `etc/os-release` says, if it was seen.
///
/// # Errors
/// A bound in words.
pub(crate) fn packages(databases: &[&Installed], release: Option<&Distribution>) -> Result<Packages, String> {
    let mut list = List::default();
    let guessed = databases.iter().find_map(|installed| guess(installed));
    for installed in databases {
        let release = release.filter(|release| release.is_of(installed.manager)).or(guessed.as_ref());
        for entry in installed.entries() {
            list.add(Told {
                purl: purl(installed.manager, &entry, release),
                licences: licences(&entry.licence),
                name: Some(entry.name),
                version: Some(entry.version),
            })?;
        }
    }
    Ok(list.finish())
}
