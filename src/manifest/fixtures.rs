//! Manifests for unit tests.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Destination, Enforcement, File, Image, Manifest, Permission, Policy, Proposals, Team, Visibility};
use crate::diag::Span;
use crate::image::{Location, RegistryHost};
use crate::rules::{Follow, Rule, VersionRule};

/// A manifest with these sources and nothing approved, two lines per image.
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
        required_version: None,
        organization: "acme".to_owned(),
        registry: Destination::Registry(RegistryHost::docker_hub()),
        sources: None,
        repositories: Enforcement::Enforce,
        policy: Policy::default(),
        proposals: Proposals::default(),
        guards: Vec::new(),
        cooldowns: Vec::new(),
        inspection: crate::manifest::Inspection::default(),
        advisories: None,
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
        adopt: false,
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
        aliases: Vec::new(),
        revoked: Vec::new(),
        visibility: Visibility::Private,
        teams: BTreeMap::from([("developers".to_owned(), team)]),
        platforms: None,
        cooldown: Duration::from_secs(3 * 86_400),
        fixes: None,
        rebuilds: true,
        keep: crate::manifest::Keep::default(),
        immutable_tags: false,
        reviewers: Vec::new(),
        team_reviewers: Vec::new(),
        labels: Vec::new(),
        signatures: None,
        provenance: None,
    }
}
