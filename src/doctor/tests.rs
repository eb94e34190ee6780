#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::check::{PROMOTE, some};
use super::facts::{
    Fault, GitHubFacts, Holder, HubFacts, Kind, ManifestFact, Mirror, RegistryFacts, Server, TokenKind,
};
use super::*;

fn holder(kind: Kind) -> Holder {
    Holder { user: Some("jo".to_owned()), kind, place: "dockerhub-token".to_owned() }
}

fn facts() -> Facts {
    Facts {
        manifest_path: "approved-images.yml".to_owned(),
        manifest: ManifestFact::Unread("a disk that fails".to_owned()),
        machine: facts::Machine::default(),
        event: None,
        servers: Vec::new(),
        registries: Vec::new(),
        hub: None,
        github: GitHubFacts { elsewhere: true, ..GitHubFacts::default() },
        signing: None,
    }
}

fn server(name: &str, reached: Result<Option<i64>, String>) -> Server {
    Server { name: name.to_owned(), address: format!("{name}:443"), needed_for: vec![PROMOTE], reached }
}

/// The statuses of one area's checks.
fn statuses(facts: &Facts, area: Area) -> Vec<Status> {
    judge(facts).into_iter().filter(|check| check.area == area).map(|check| check.status).collect()
}

#[test]
fn what_was_not_asked_is_never_fine() {
    for kind in [Kind::HubPersonal, Kind::HubOrganization, Kind::Password] {
        let hub = HubFacts {
            organization: Some("acme".to_owned()),
            holder: Some(holder(kind)),
            immutable: true,
            takes_down: true,
            ..HubFacts::default()
        };
        assert_eq!(statuses(&Facts { hub: Some(hub), ..facts() }, Area::DockerHub), [Status::Unknown]);
    }
    for kind in [TokenKind::Job, TokenKind::App, TokenKind::Classic, TokenKind::FineGrained, TokenKind::Other] {
        let github = GitHubFacts {
            token: Some(kind),
            repository: Some("acme/images".to_owned()),
            labels: true,
            ..GitHubFacts::default()
        };
        assert_eq!(statuses(&Facts { github, ..facts() }, Area::Github), [Status::Unknown]);
    }
    assert_eq!(judge(&facts())[0].status, Status::Unknown, "the manifest");
}

#[test]
fn what_failed_without_a_refusal_is_not_known_and_a_refusal_is_missing() {
    let registry = |fault: Fault| RegistryFacts {
        name: "ghcr.io".to_owned(),
        holder: Ok(Some(holder(Kind::Password))),
        reached: true,
        lacking_setting: None,
        sources: Vec::new(),
        mirrors: vec![Mirror {
            repository: "ghcr.io/acme/app".to_owned(),
            read: Err(fault.clone()),
            push: Err(fault),
            unmade: false,
        }],
        unasked: 0,
    };
    let failed = registry(Fault::Failed("500".to_owned()));
    let refused = registry(Fault::Refused("403".to_owned()));
    // If it was refused wherever it was tried, the credential itself is what is missing.
    for (registry, expected) in [
        (failed, [Status::Ok, Status::Unknown, Status::Unknown]),
        (refused, [Status::Missing, Status::Missing, Status::Missing]),
    ] {
        let facts = Facts { registries: vec![registry], ..facts() };
        assert_eq!(statuses(&facts, Area::Registries), expected);
    }
}

#[test]
fn nothing_answered_only_where_somebody_was_asked() {
    let with = |servers| Facts { servers, ..facts() };
    assert!(!nothing_answered(&facts()));
    assert!(nothing_answered(&with(vec![server("a", Err("no".to_owned()))])));
    assert!(!nothing_answered(&with(vec![server("a", Err("no".to_owned())), server("b", Ok(None))])));
}

#[test]
fn long_lists_of_names_are_counted() {
    let names = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>();
    assert_eq!(some(&names(2)), "0, 1");
    assert_eq!(some(&names(5)), "0, 1, 2, 3, 4");
    assert_eq!(some(&names(7)), "0, 1, 2, 3, 4 and 2 more");
}
