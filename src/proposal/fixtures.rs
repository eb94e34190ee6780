//! Manifests and selections for the tests of this room.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::time::Duration;

use super::Selected;
use crate::diag::Span;
use crate::image::{Digest, Location, RegistryHost};
use crate::manifest::{
    Destination, Enforcement, File, Image, Manifest, Permission, Policy, Proposals, Team, Visibility,
};
use crate::rules::{Chosen, Follow, Line, Rule, Selection, Since, VersionRule};

/// A manifest of these sources with nothing approved, two lines an image.
pub(crate) fn manifest(sources: &[&str]) -> Manifest {
    let mut text = "organization: acme\nimages:\n".to_owned();
    let mut images = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        let start = text.len() + 2;
        text.push_str(&format!("  - source: {source}\n    description: one\n"));
        images.push(image(index, Span { start, end: text.len() }, source));
    }
    Manifest {
        files: vec![File { path: "approved-images.yml".to_owned(), text }],
        organization: "acme".to_owned(),
        registry: Destination::Registry(RegistryHost::docker_hub()),
        sources: None,
        repositories: Enforcement::Enforce,
        policy: Policy::default(),
        proposals: Proposals::default(),
        images,
    }
}

fn image(index: usize, span: Span, source_text: &str) -> Image {
    let source: Location = source_text.parse().unwrap();
    let team = Team { permission: Permission::Read, create: false };
    Image {
        file: 0,
        index,
        span,
        source_text: source_text.to_owned(),
        repository: source.last().to_lowercase().parse().unwrap(),
        source,
        description: None,
        rule: Rule::Versions(VersionRule {
            range: None,
            variant: None,
            pattern: None,
            follow: Follow::Latest,
            prereleases: false,
        }),
        approved: Vec::new(),
        rejected: Vec::new(),
        revoked: Vec::new(),
        visibility: Visibility::Private,
        teams: BTreeMap::from([("developers".to_owned(), team)]),
        platforms: None,
        cooldown: Duration::from_secs(3 * 86_400),
        rebuilds: true,
        keep: None,
        immutable_tags: false,
        reviewers: Vec::new(),
        team_reviewers: Vec::new(),
        labels: Vec::new(),
        signatures: None,
    }
}

/// A line with a current and a chosen version; each tag's digest is that of its text.
pub(crate) fn line(name: &str, current: Option<&str>, chosen: Option<&str>) -> Line {
    Line {
        name: name.to_owned(),
        current: current.map(|t| (t.parse().unwrap(), Digest::sha256(t.as_bytes()))),
        chosen: chosen.map(|t| Chosen {
            tag: t.parse().unwrap(),
            digest: Digest::sha256(t.as_bytes()),
            rebuild: false,
            public_since: Some(Since::published("2026-11-02T10:00:00Z".parse().unwrap())),
            prefix_changed: false,
        }),
        retired: Vec::new(),
        waiting: Vec::new(),
    }
}

/// The selection of an image.
pub(crate) fn selected(image: usize, lines: Vec<Line>) -> Selected {
    Selected { image, selection: Selection { lines, ..Selection::default() } }
}
