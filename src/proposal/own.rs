//! Which open proposals belong to a manifest, if a repository has several.

use super::branch;
use super::metadata::Metadata;
use crate::manifest::Manifest;

/// Which manifest a proposal belongs to, as seen from one manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Belongs {
    /// This manifest's.
    Here,
    /// This manifest's, under the name that its branch had before it contained the manifest's part; with its current
    /// name.
    Formerly(String),
    /// The same, if the repository has only one manifest: it does not say which one it belongs to.
    FormerlyIfAlone(String),
    Elsewhere,
}

/// Which manifest the proposal on `branch`, with the metadata `made`, belongs to. What a body says about the manifest
/// only counts if the branch leaves it open.
pub(crate) fn belongs(manifest: &Manifest, branch: &str, made: Option<&Metadata>) -> Belongs {
    let (shared, own) = (manifest.proposals.branch_prefix.as_str(), manifest.prefix());
    let said = made.and_then(|made| made.manifest.as_deref());
    let rest = branch.strip_prefix(shared).filter(|rest| !branch::is_of_another(rest));
    match rest {
        None if own != shared && branch.starts_with(&own) => Belongs::Here,
        None => Belongs::Elsewhere,
        Some(_) if own == shared => match said {
            Some(path) if path != manifest.path() => Belongs::Elsewhere,
            _ => Belongs::Here,
        },
        Some(rest) => {
            let now = format!("{own}{rest}");
            let names_ours = || {
                made.is_none_or(|made| made.entries.iter().any(|e| manifest.images.iter().any(|image| e.names(image))))
            };
            match said {
                Some(path) if path == manifest.path() => Belongs::Formerly(now),
                None if names_ours() => Belongs::FormerlyIfAlone(now),
                _ => Belongs::Elsewhere,
            }
        }
    }
}

/// The current name of a branch that is this manifest's under its former name; otherwise the branch.
pub(crate) fn present(manifest: &Manifest, branch: &str) -> String {
    let own = manifest.prefix();
    let rest = branch.strip_prefix(&manifest.proposals.branch_prefix).filter(|rest| !branch::is_of_another(rest));
    rest.map_or_else(|| branch.to_owned(), |rest| format!("{own}{rest}"))
}

/// The name that a branch of this manifest had before it contained the manifest's part; `None` if it contains none.
pub(crate) fn former(manifest: &Manifest, branch: &str) -> Option<String> {
    let (shared, own) = (&manifest.proposals.branch_prefix, manifest.prefix());
    let rest = branch.strip_prefix(&own).filter(|_| own != *shared)?;
    Some(format!("{shared}{rest}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;
    use crate::image::Digest;
    use crate::proposal::fixtures;
    use crate::proposal::{Entry, Kind};

    fn at(path: &str) -> Manifest {
        let mut manifest = fixtures::manifest(&["grafana/loki"]);
        path.clone_into(&mut manifest.files[0].path);
        manifest
    }

    fn made(of: &Manifest, says: Option<&str>) -> Metadata {
        let digest = Digest::sha256(b"1");
        let entry = Entry::of(&of.images[0], Kind::New, None, &"1".parse().unwrap(), &digest);
        Metadata {
            manifest: says.map(str::to_owned),
            head: None,
            context: digest,
            entries: vec![entry],
            kept: Vec::new(),
        }
    }

    #[test]
    fn branches_tell_manifests_apart_and_former_names_are_known() {
        let (main, team) = (at("approved-images.yml"), at("teams/images.yml"));
        assert_eq!(main.prefix(), "wharfinger/");
        let own = team.prefix();
        assert_eq!(own, format!("wharfinger/m-{}/", &Digest::sha256(b"teams/images.yml").hex()[..8]));
        let (plain, named) = ("wharfinger/image/loki/latest", format!("{own}image/loki/latest"));
        let asked = |manifest: &Manifest, branch: &str, says| belongs(manifest, branch, Some(&made(manifest, says)));
        for says in [None, Some("approved-images.yml")] {
            assert_eq!(asked(&main, plain, says), Belongs::Here);
            assert_eq!(asked(&main, &named, says), Belongs::Elsewhere);
        }
        assert_eq!(asked(&main, plain, Some("teams/images.yml")), Belongs::Elsewhere);
        assert_eq!(asked(&team, &named, None), Belongs::Here);
        assert_eq!(asked(&team, plain, Some("teams/images.yml")), Belongs::Formerly(named.clone()));
        assert_eq!(asked(&team, plain, None), Belongs::FormerlyIfAlone(named.clone()));
        assert_eq!(asked(&team, plain, Some("approved-images.yml")), Belongs::Elsewhere);
        assert_eq!(belongs(&team, plain, Some(&made(&fixtures::manifest(&["redis"]), None))), Belongs::Elsewhere);
        assert_eq!(belongs(&team, "topic", None), Belongs::Elsewhere);
        assert_eq!((former(&team, &named).as_deref(), former(&main, plain)), (Some(plain), None));
    }
}
