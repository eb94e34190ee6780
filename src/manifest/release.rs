//! `required-version`: which releases of this program may act on a manifest. It is checked before anything else: what
//! is valid for another release may look like an error to this one.

use semver::{Comparator, Op, Version, VersionReq};

use super::faults::{Faults, Place};
use super::{File, Manifest};
use crate::diag::{Code, Diagnostic, Span};
use crate::yaml;

/// The version of this release.
const OWN: &str = env!("CARGO_PKG_VERSION");

/// The diagnostics if this main file requires another release; `None` if it requires none, or cannot be understood.
pub(super) fn refused(main: &File) -> Option<Vec<Diagnostic>> {
    // Other spellings are judged once everything is read.
    if !main.text.contains("required-version") {
        return None;
    }
    let root = yaml::read(&main.text).0?;
    let node = root.get("required-version")?;
    let asked: VersionReq = node.text()?.parse().ok()?;
    refusal(main, &asked, node.resolved().span)
}

/// The same for a manifest that was read; `None` if this release is the required one.
pub(super) fn refused_by(manifest: &Manifest) -> Option<Vec<Diagnostic>> {
    refusal(manifest.files.first()?, manifest.required_version.as_ref()?, Span::default())
}

fn refusal(main: &File, asked: &VersionReq, span: Span) -> Option<Vec<Diagnostic>> {
    let own: Version = OWN.parse().ok()?;
    if asked.matches(&own) {
        return None;
    }
    let age = if is_older(&own, asked) { "older" } else { "newer" };
    let mut faults = Faults::default();
    let place = Place { file: 0, span };
    let message = format!("this is wharfinger {own}, which is {age} than this manifest requires: {asked}");
    let help = format!("use a release that matches {asked}; in a workflow it is set after the `@` in `uses:`");
    faults.report(Code::OtherRelease, place, message, help);
    Some(faults.into_diagnostics(std::slice::from_ref(main)))
}

/// Whether a release is too old rather than too new.
fn is_older(own: &Version, asked: &VersionReq) -> bool {
    let begins = |bound: &Comparator| Version::new(bound.major, bound.minor.unwrap_or(0), bound.patch.unwrap_or(0));
    let is_upper = |bound: &Comparator| matches!(bound.op, Op::Less | Op::LessEq);
    asked.comparators.iter().any(|bound| !is_upper(bound) && begins(bound) > *own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_asked_for_however_the_key_is_written() {
        let rest = "organization: acme\nregistry: registry.example\nimages: []\n";
        for key in ["required-version", r#""required\x2dversion""#, r#""required\u002dversion""#] {
            let text = format!("{key}: '>=9999'\n{rest}");
            let file = File { path: "approved-images.yml".to_owned(), text };
            let refused = crate::manifest::parse(vec![file]).err().unwrap_or_default();
            assert!(refused.iter().any(|fault| fault.code == Code::OtherRelease.as_str()), "{key}: {refused:?}");
        }
    }

    #[test]
    fn what_a_release_is_not_is_told_by_the_bound_it_misses() {
        let own = Version::new(0, 3, 1);
        for (asked, older) in [
            (">=0.4", true),
            ("0.4", true),
            ("=0.3.2", true),
            ("~0.5.0", true),
            ("<0.3", false),
            (">=0.1, <0.2", false),
            ("0.2", false),
            ("=0.3.0", false),
        ] {
            let asked: VersionReq = asked.parse().unwrap_or_default();
            assert!(!asked.matches(&own), "{asked}");
            assert_eq!(is_older(&own, &asked), older, "{asked}");
        }
    }
}
