//! Which of two versions is newer, by the rules of the ecosystem that they belong to.

use std::cmp::Ordering;

mod apk;
mod debian;
mod gem;
mod maven;
mod numbers;
mod python;
mod redhat;
mod semantic;
#[cfg(test)]
mod tests;

/// The longest version that is compared, in bytes.
const LONGEST: usize = 256;

/// Compares two versions as the ecosystem (the type of the purl: `deb`, `apk`, `npm`) does; `None` if that is not known,
/// or if one of them is no version there. Of an unknown ecosystem, numbers with dots are compared.
pub(crate) fn compare(ecosystem: &str, a: &str, b: &str) -> Option<Ordering> {
    if a.len() > LONGEST || b.len() > LONGEST || a.is_empty() || b.is_empty() {
        return None;
    }
    match ecosystem {
        "deb" => Some(debian::compare(a, b)),
        "rpm" => Some(redhat::compare(a, b)),
        "apk" => apk::compare(a, b),
        "npm" | "cargo" | "golang" | "nuget" | "hex" | "pub" | "composer" | "swift" => semantic::compare(a, b),
        "pypi" => python::compare(a, b),
        "maven" => Some(maven::compare(a, b)),
        "gem" => gem::compare(a, b),
        _ => numbers::compare_dotted(a, b),
    }
}
