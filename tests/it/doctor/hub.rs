//! Docker Hub: kinds of tokens, roles and scopes. A refusal names the one missing scope.

use serde_json::Value;

use super::{MANIFEST, World, check, of};
use crate::support::http::{Action, Rule};
use crate::support::hub::Account;

const EVERYTHING: &str = "organization: acme
policy:
  image-access: { enabled: true }
  registry-access: { enabled: true }
defaults: { teams: { developers: read } }
images:
  - { source: grafana/loki, versions: \">=3\" }
";

/// What a token is told: the checks about Docker Hub's API.
fn told(world: &World, manifest: &str, credential: (&str, &str)) -> Value {
    let run = world.run(manifest, credential).args(["--format", "json", "-vvv"]);
    world.look(&run, 1).json()
}

fn lacking(told: &Value) -> Vec<(String, String)> {
    let about = |check: &&Value| check["area"] == "docker-hub" && check["status"] == "missing";
    let text = |check: &Value, key: &str| check[key].as_str().unwrap_or_default().to_owned();
    let checks = told["checks"].as_array().unwrap().iter().filter(about);
    checks
        .map(|check| (text(check, "subject"), format!("{} -> {}", text(check, "found"), text(check, "fix"))))
        .collect()
}

fn organization(scopes: &[&str]) -> World {
    let world = World::start(vec![Account::organization("acme", "dckr_oat_canary", scopes)]).with_mirror();
    world.hub.add_team("acme", "developers");
    world
}

/// Each lets something that can be seen without a write.
const ALL: [&str; 7] = [
    "scope-repository-create",
    "scope-repository-read",
    "scope-tag-read",
    "scope-group-read",
    "scope-repo-group-edit",
    "scope-ram-write",
    "scope-repository-list",
];

#[test]
fn of_an_organizations_token_the_scope_that_is_missing_is_named_and_no_other() {
    let lacks = |without: &str| {
        let scopes: Vec<&str> = ALL.into_iter().filter(|scope| *scope != without).collect();
        lacking(&told(&organization(&scopes), EVERYTHING, ("acme", "dckr_oat_canary")))
    };
    let iam = "Image Access Management";
    let named = |lacks: &[(String, String)]| lacks.iter().map(|(subject, _)| subject.clone()).collect::<Vec<_>>();
    assert_eq!(named(&lacks("")), [iam], "no organization's token reads those settings");
    for (without, subject, scope) in [
        ("scope-tag-read", "scope-tag-read", "scope-tag-read"),
        ("scope-repo-group-edit", "scope-repo-group-read", "scope-repo-group-read"),
        ("scope-group-read", "teams", "scope-group-read"),
        ("scope-ram-write", "Registry Access Management", "scope-ram-read"),
        ("scope-repository-read", "repository loki", "scope-repository-read"),
        ("scope-repository-list", "scope-repository-list", ""),
    ] {
        let found = lacks(without);
        let about: Vec<_> = found.iter().filter(|(subject, _)| subject != iam).collect();
        assert_eq!(about.len(), 1, "{without}: {found:#?}");
        assert_eq!(about[0].0, subject);
        let refusal = about[0].1.split(" -> ").next().unwrap();
        let scopes: Vec<&str> = refusal.split(' ').filter(|word| word.starts_with("scope-")).collect();
        let expected: Vec<&str> = Some(scope).filter(|scope| !scope.is_empty()).into_iter().collect();
        assert_eq!(scopes, expected, "{refusal}");
    }
}

#[test]
fn what_only_writing_shows_is_not_known_and_never_fine() {
    let world = World::start(vec![Account::organization("acme", "dckr_oat_canary", &ALL)]);
    world.hub.add_team("acme", "developers");
    let manifest = "organization: acme
defaults: { teams: { developers: { permission: read, create: true } }, immutable-tags: true, rebuilds: ignore }
images:
  - source: grafana/loki
    versions: \">=3\"
    revoked:
      - { tag: 3.0.9, digest: sha256:4385d63b6ea32e670a9db84af8ffad489b0fc1cd437f8d0f883b9c1ec49da75d, reason: bad, delete: true }
";
    let told = told(&world, manifest, ("acme", "dckr_oat_canary"));
    let unknown: Vec<String> = of(&told, "unknown").into_iter().map(|(subject, _)| subject).collect();
    for scope in [
        "scope-repository-create",
        "scope-repo-group-edit",
        "scope-group-edit",
        "scope-repository-settings-admin",
        "scope-tag-admin",
        "scope-repo-group-admin",
    ] {
        assert!(unknown.iter().any(|subject| subject == scope), "{scope}: {unknown:?}");
        assert_eq!(check(&told, scope)["status"], "unknown");
    }
    assert_eq!(check(&told, "repositories to create")["status"], "ok");
}

#[test]
fn a_persons_role_is_told_as_far_as_it_is_shown() {
    let world = |role: &str| {
        let world = World::owned().with_mirror();
        if !role.is_empty() {
            world.hub.set_role("acme", "jo", role);
        }
        world
    };
    let jo = ("jo", "dckr_pat_canary");
    let owner = told(&world(""), EVERYTHING, jo);
    assert_eq!(
        (&check(&owner, "role in acme")["status"], &check(&owner, "Image Access Management")["status"]),
        (&"ok".into(), &"ok".into())
    );
    let editor = told(&world("editor"), EVERYTHING, jo);
    assert_eq!(check(&editor, "role in acme")["status"], "ok");
    assert_eq!(check(&editor, "Image Access Management")["found"], "it can be read, but only owners can change it");
    let member = told(&world("member"), MANIFEST, jo);
    assert_eq!(check(&member, "role in acme")["status"], "unknown");
    let lacks = lacking(&member);
    assert_eq!(lacks.len(), 1, "{lacks:#?}");
    assert!(lacks[0].0 == "repository loki" && lacks[0].1.starts_with("it can only be read"), "{lacks:#?}");
    let hidden = world("editor");
    let gone = Action::Answer(404, Vec::new(), "{\"message\":\"not found\"}".into());
    hidden.hub.server().fault(Rule::new("GET", "/members", gone));
    let hidden = told(&hidden, MANIFEST, jo);
    assert_eq!(check(&hidden, "role in acme")["status"], "unknown", "a list that is not shown names nobody");
    let stranger = World::start(vec![
        Account::personal("jo", "dckr_pat_canary", &["acme"]),
        Account::personal("al", "dckr_pat_canary", &[]),
    ]);
    let lacks = lacking(&told(&stranger, EVERYTHING, ("al", "dckr_pat_canary")));
    insta::assert_snapshot!(lacks.iter().map(|(subject, text)| format!("{subject}: {text}\n")).collect::<String>());
}

#[test]
fn a_credential_that_is_refused_says_which_and_where_to_look() {
    let world = World::start(vec![
        Account::personal("jo", "dckr_pat_right", &["acme"]),
        Account::organization("acme", "dckr_oat_right", &[]),
    ]);
    let mut text = String::new();
    for credential in [
        ("jo", "dckr_pat_canary"),
        ("acme", "dckr_pat_canary"),
        ("jo", "dckr_oat_canary"),
        ("acme", "dckr_oat_canary"),
        ("jo", "canary"),
    ] {
        for (subject, found) in lacking(&told(&world, MANIFEST, credential)) {
            text.push_str(&format!("{subject}: {found}\n"));
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn a_team_that_nobody_made_is_missing() {
    let world = World::owned().with_mirror();
    let lacks = lacking(&told(&world, EVERYTHING, ("jo", "dckr_pat_canary")));
    assert!(lacks[0].0 == "teams" && lacks[0].1.starts_with("the organization has no team developers"), "{lacks:#?}");
    let made = EVERYTHING.replace("developers: read", "developers: { permission: read, create: true }");
    assert_eq!(lacking(&told(&world, &made, ("jo", "dckr_pat_canary"))), []);
}
