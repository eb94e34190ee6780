//! Who and what goes with a proposal: labels, and those who are asked for a review.

use super::{Entry, Kind, Wanted, branch};
use crate::manifest::{Image, Manifest};

/// The label of a proposal with different bytes for an approved tag.
const REBUILD: &str = "rebuild";

/// Marks a body whose audience was not requested yet: if a run ends before that, the next one does it.
pub(crate) const UNASKED: &str = "<!-- wharfinger-unasked -->\n";

/// Labels, people and teams, each once, those of the manifest before those of its images.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Audience {
    pub labels: Vec<String>,
    /// Logins of people.
    pub reviewers: Vec<String>,
    /// Slugs of teams.
    pub teams: Vec<String>,
}

/// What a proposal that is recreated gains and loses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Turn {
    pub come: Audience,
    pub go: Vec<String>,
}

impl Audience {
    /// The audience of a proposal.
    pub(crate) fn of(manifest: &Manifest, wanted: &Wanted) -> Self {
        let images: Vec<&Image> = wanted.items.iter().map(|item| &manifest.images[item.image]).collect();
        Self::with(manifest, &images, wanted.items.iter().any(|item| item.entry.kind == Kind::Rebuild))
    }

    /// Whether there is nobody and nothing to request.
    pub(crate) fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.reviewers.is_empty() && self.teams.is_empty()
    }

    fn with(manifest: &Manifest, images: &[&Image], rebuild: bool) -> Self {
        let all = |everywhere: &[String], own: fn(&Image) -> &Vec<String>| {
            let mut names: Vec<String> = Vec::new();
            for name in everywhere.iter().chain(images.iter().flat_map(|image| own(image))) {
                if !names.contains(name) {
                    names.push(name.clone());
                }
            }
            names
        };
        let proposals = &manifest.proposals;
        let mut labels = all(&proposals.labels, |image| &image.labels);
        labels.extend((rebuild && !labels.iter().any(|label| label == REBUILD)).then(|| REBUILD.to_owned()));
        Self {
            labels,
            reviewers: all(&proposals.reviewers, |image| &image.reviewers),
            teams: all(&proposals.team_reviewers, |image| &image.team_reviewers),
        }
    }
}

/// What changes in a proposal's audience, which was `made_of` these entries and has these `labels` now. Only what its
/// changes add or remove: labels that a person removed and reviewers who were removed are not requested again, and
/// labels that a person added stay. If it is unknown what it was made of, only the rebuild label is adjusted.
pub(crate) fn turn(manifest: &Manifest, wanted: &Wanted, made_of: Option<&[Entry]>, labels: &[String]) -> Turn {
    let now = Audience::of(manifest, wanted);
    let before = match made_of {
        Some(entries) => of_entries(manifest, &wanted.branch, entries),
        None => {
            let mut same = now.clone();
            same.labels.retain(|label| label != REBUILD);
            same.labels.extend(labels.iter().filter(|label| *label == REBUILD).cloned());
            same
        }
    };
    let new = |now: Vec<String>, before: &[String]| now.into_iter().filter(|name| !before.contains(name)).collect();
    let has = |label: &String| labels.contains(label);
    let go = before.labels.iter().filter(|label| has(label) && !now.labels.contains(label)).cloned().collect();
    let mut come = Audience {
        labels: new(now.labels, &before.labels),
        reviewers: new(now.reviewers, &before.reviewers),
        teams: new(now.teams, &before.teams),
    };
    come.labels.retain(|label| !has(label));
    Turn { come, go }
}

/// The audience of a proposal on a branch that was made of these entries, according to the current manifest.
fn of_entries(manifest: &Manifest, on: &str, entries: &[Entry]) -> Audience {
    let prefix = &manifest.prefix();
    let grouped = branch::spans_images(prefix, on);
    let concerned = |image: &&Image| {
        let named = entries.iter().any(|entry| entry.names(image));
        named && (grouped || on.starts_with(&branch::of_image(prefix, &image.slug())))
    };
    let images: Vec<&Image> = manifest.images.iter().filter(concerned).collect();
    Audience::with(manifest, &images, entries.iter().any(|entry| entry.kind == Kind::Rebuild))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;
    use crate::proposal::fixtures::{line, manifest, selected, with_current};
    use crate::proposal::leaving::Conditions;
    use crate::proposal::wanted::wanted;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    /// Two images in one group, each with its own audience.
    fn grouped() -> Manifest {
        let mut manifest = manifest(&["grafana/loki", "redis"]);
        manifest.proposals.group = crate::manifest::Grouping::All;
        manifest.proposals.labels = names(&["images"]);
        manifest.proposals.reviewers = names(&["octocat"]);
        for (image, label) in manifest.images.iter_mut().zip(["logs", "cache"]) {
            (image.labels, image.reviewers) = (names(&[label, "images"]), names(&[&format!("{label}-owner")]));
            image.team_reviewers = names(&[&format!("{label}-team")]);
        }
        manifest
    }

    fn of(manifest: &Manifest, images: &[usize], rebuild: bool) -> Wanted {
        let lines = |at: &usize| {
            let mut line = line("latest", Some(if rebuild { "3.0.1" } else { "3.0.0" }), Some("3.0.1"));
            line.chosen.as_mut().unwrap().rebuild = rebuild;
            selected(*at, vec![line])
        };
        let selected: Vec<_> = images.iter().map(lines).collect();
        wanted(&with_current(manifest, &selected), &selected, &Conditions::default()).remove(0)
    }

    #[test]
    fn each_once_the_manifests_first() {
        let manifest = grouped();
        let audience = Audience::of(&manifest, &of(&manifest, &[0, 1], true));
        assert_eq!(audience.labels, ["images", "logs", "cache", "rebuild"]);
        assert_eq!(audience.reviewers, ["octocat", "logs-owner", "cache-owner"]);
        assert_eq!(audience.teams, ["logs-team", "cache-team"]);
    }

    #[test]
    fn what_joins_brings_its_audience_and_what_leaves_takes_its_label() {
        let manifest = grouped();
        let (loki, both) = (of(&manifest, &[0], false), of(&manifest, &[0, 1], false));
        let joined = turn(&manifest, &both, Some(&loki.entries()), &names(&["logs", "by-hand"]));
        assert_eq!((joined.come.labels, joined.go), (names(&["cache"]), names(&[])), "what was taken off stays off");
        assert_eq!((joined.come.reviewers, joined.come.teams), (names(&["cache-owner"]), names(&["cache-team"])));
        let left = turn(&manifest, &loki, Some(&both.entries()), &names(&["images", "logs", "cache", "by-hand"]));
        assert_eq!((left.come, left.go), (Audience::default(), names(&["cache"])));
        let same = turn(&manifest, &both, Some(&both.entries()), &[]);
        assert_eq!(same, Turn::default());
    }

    #[test]
    fn the_mark_of_a_rebuild_comes_and_goes_with_it() {
        let manifest = manifest(&["grafana/loki"]);
        let (update, rebuild) = (of(&manifest, &[0], false), of(&manifest, &[0], true));
        let with = |wanted: &Wanted, made_of: Option<&Wanted>, labels: &[&str]| {
            let Turn { come, go } = turn(&manifest, wanted, made_of.map(Wanted::entries).as_deref(), &names(labels));
            (come.labels, go)
        };
        let (none, mark) = (names(&[]), names(&["rebuild"]));
        assert_eq!(with(&rebuild, Some(&update), &[]), (mark.clone(), none.clone()));
        assert_eq!(with(&rebuild, Some(&update), &["rebuild"]), (none.clone(), none.clone()));
        assert_eq!(with(&update, Some(&rebuild), &["rebuild", "x"]), (none.clone(), mark.clone()));
        assert_eq!(with(&update, Some(&rebuild), &["x"]), (none.clone(), none.clone()));
        // without metadata
        assert_eq!(with(&update, None, &["rebuild", "x"]), (none.clone(), mark.clone()));
        assert_eq!(with(&rebuild, None, &["x"]), (mark, none));
    }
}
