//! Registries: whose credential it is, from where, and what it may do, without writing.

use serde_json::json;

use super::{MANIFEST, World, check, doctor, finished, of};
use crate::support::hub::Account;
use crate::support::images::ImageSpec;
use crate::support::registry::{Auth, Refusal, TestRegistry, User};
use crate::support::servers::RealRegistry;

fn between(source: &str, mirror: &str) -> String {
    format!("organization: acme\nregistry: {mirror}\nimages:\n  - source: {source}/team/app\n    versions: \">=1\"\n")
}

fn auths(entries: &[(&str, &str)]) -> String {
    let entry = |(host, login): &(&str, &str)| {
        let (name, password) = login.split_once(':').unwrap();
        ((*host).to_owned(), json!({"username": name, "password": password}))
    };
    json!({"auths": entries.iter().map(entry).collect::<serde_json::Map<_, _>>()}).to_string()
}

#[test]
fn a_reader_may_not_push_and_the_scope_is_named() {
    let users = vec![User::limited("me", "pw-canary", &["*"], &[])];
    let server = TestRegistry::with_users(users);
    server.set(|switches| switches.readable_tokens = true);
    ImageSpec::new(1).build().put(&server, "team/app", "1.0");
    let host = server.host();
    let run = doctor(&between(&host, &host)).env("WHARFINGER_REGISTRY_AUTH", auths(&[(&host, "me:pw-canary")]));
    let told = finished(&run.args(["--format", "json", "-vvv"]), 1).json();
    let push = check(&told, &format!("{host}/acme/app push"));
    assert_eq!(push["status"], "missing");
    assert!(push["found"].as_str().unwrap().ends_with("the token lacks repository:acme/app:push"), "{push}");
    assert_eq!(
        check(&told, &format!("{host} credential"))["found"],
        "me: a password or a token issued by the registry, from registry-auth"
    );
    assert_eq!(check(&told, &format!("{host} pull"))["status"], "ok");
    assert!(server.log().iter().all(|e| e.request.method == "GET"), "{:?}", server.server().lines());
}

#[test]
fn what_a_token_does_not_say_is_not_known() {
    let server = TestRegistry::with_users(vec![User::new("me", "pw-canary")]);
    ImageSpec::new(1).build().put(&server, "team/app", "1.0");
    let host = server.host();
    let look = |password: &str, status| {
        let run = doctor(&between(&host, &host)).env("DOCKER_AUTH_CONFIG", auths(&[(&host, password)]));
        finished(&run.args(["--format", "json", "-vvv"]), status).json()
    };
    let told = look("me:pw-canary", 1);
    assert_eq!(check(&told, &format!("{host} push"))["status"], "unknown");
    server.set(|switches| switches.readable_tokens = true);
    assert_eq!(check(&look("me:pw-canary", 1), &format!("{host} push"))["status"], "ok");
    let wrong = look("me:wrong-canary", 1);
    let credential = check(&wrong, &format!("{host} credential"));
    assert!(credential["fix"].as_str().unwrap().starts_with("wrong password or token? "), "{credential}");
    assert_eq!(credential["status"], "missing");
    let pull = check(&wrong, &format!("{host}/team/app pull"));
    let found = pull["found"].as_str().unwrap();
    assert!(pull["status"] == "missing" && found.contains("requested as me (from DOCKER_AUTH_CONFIG)"), "{pull}");
    server.set(|switches| switches.refusal = Refusal::Status(403));
    server.set(|switches| switches.auth = Auth::None);
    assert_eq!(check(&look("me:pw-canary", 1), &format!("{host} push"))["status"], "unknown", "reading is open to all");
}

#[test]
fn every_place_that_credentials_come_from_is_named() {
    let servers: Vec<TestRegistry> =
        (0..5).map(|_| TestRegistry::with_users(vec![User::new("me", "pw-canary")])).collect();
    let hosts: Vec<String> = servers.iter().map(TestRegistry::host).collect();
    let images: String = hosts
        .iter()
        .enumerate()
        .map(|(n, host)| format!("  - {{ source: {host}/team/app{n}, versions: \">=1\" }}\n"))
        .collect();
    let run = doctor(&format!("organization: acme\nregistry: {}\nimages:\n{images}", hosts[0]));
    let config = run.home().join(".docker");
    std::fs::create_dir(&config).unwrap();
    let text = json!({
        "auths": {(hosts[2].clone()): {"identitytoken": "identity-canary"}}, "credHelpers": {(hosts[3].clone()): "absent", (hosts[4].clone()): "here"},
    });
    std::fs::write(config.join("config.json"), text.to_string()).unwrap();
    let helper = config.join("docker-credential-here");
    std::fs::write(&helper, "#!/bin/sh\necho '{\"Username\":\"me\",\"Secret\":\"pw-canary\"}'\n").unwrap();
    std::fs::set_permissions(&helper, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", config.display(), std::env::var("PATH").unwrap());
    let run = run
        .env("PATH", path)
        .env("WHARFINGER_REGISTRY_AUTH", auths(&[(&hosts[0], "me:pw-canary")]))
        .env("DOCKER_AUTH_CONFIG", auths(&[(&hosts[1], "ghp_canary:x-oauth-basic")]));
    let path = config.join("config.json").display().to_string();
    let told = finished(&run.args(["--format", "json", "-vvv"]), 1).json();
    let found = |n: usize| {
        let found = check(&told, &format!("{} credential", hosts[n]))["found"].as_str().unwrap().to_owned();
        found.trim_end_matches(": refused everywhere it was tried").to_owned()
    };
    assert_eq!(found(0), "me: a password or a token issued by the registry, from registry-auth");
    assert_eq!(
        found(1),
        "a token used as the user name: a password or a token issued by the registry, from DOCKER_AUTH_CONFIG"
    );
    assert_eq!(found(2), format!("an identity token, from {path}"));
    assert!(found(3).starts_with("docker-credential-absent: cannot be run"), "{}", found(3));
    assert_eq!(found(4), "me: a password or a token issued by the registry, from docker-credential-here");
}

#[test]
fn a_source_that_refuses_the_credential_and_lets_everybody_read_is_well() {
    let world = World::owned().with_mirror();
    let mut user = User::limited("jo", "dckr_pat_canary2", &[], &["acme/*"]);
    user.refused = vec!["grafana/*".to_owned()];
    world.registry.add_user(user);
    let run = world.run(MANIFEST, ("jo", "dckr_pat_canary2")).args(["--format", "json", "-vvv"]);
    let told = world.look(&run, 1).json();
    let pull = check(&told, "docker.io/grafana/loki pull");
    assert!(
        pull["status"] == "ok" && pull["found"].as_str().unwrap().starts_with("read without credentials"),
        "{pull}"
    );
}

#[test]
fn a_mirror_that_is_yet_to_be_made_is_no_refusal() {
    let world = World::start(vec![Account::personal("jo", "dckr_pat_canary", &["acme"])]);
    let run = world.run(MANIFEST, ("jo", "dckr_pat_canary")).args(["--format", "json", "-vvv"]);
    let told = world.look(&run, 1).json();
    let missing: Vec<String> = of(&told, "missing").into_iter().map(|(subject, _)| subject).collect();
    assert_eq!(missing, ["credential"], "GitHub's alone: {told:#}");
    assert_eq!(check(&told, "docker.io push")["status"], "ok");
}

#[test]
fn a_large_estate_is_asked_in_part_and_that_is_said() {
    let server = TestRegistry::start();
    let host = server.host();
    let images: String =
        (0..50).map(|n| format!("  - {{ source: {host}/team/app{n}, versions: \">=1\" }}\n")).collect();
    let told = finished(
        &doctor(&format!("organization: acme\nregistry: {host}\nimages:\n{images}")).args(["--format", "json", "-vvv"]),
        1,
    );
    let others = check(&told.json(), &format!("{host} others")).clone();
    assert_eq!(
        (&others["status"], &others["found"]),
        (&"unknown".into(), &"not known: 60 more sources and mirrors there were not checked".into())
    );
    assert!(server.log().len() <= 41, "{}", server.log().len());
}

#[test]
fn real_registries_without_and_with_passwords() {
    for server in [RealRegistry::debian(), RealRegistry::distribution()].into_iter().flatten() {
        let host = server.host();
        let told = finished(&doctor(&between(&host, &host)).args(["--format", "json", "-vvv"]), 1).json();
        assert_eq!(check(&told, &format!("{host} push"))["status"], "unknown");
        assert_eq!(check(&told, &format!("{host} credential"))["status"], "unknown", "it may be open to everybody");
        assert_eq!(
            check(&told, &format!("{host}/team/app pull"))["found"],
            "this repository does not exist, or the credential may not see it"
        );
        assert!(server.settled_log().iter().all(|access| access.method == "GET"));
    }
    for server in RealRegistry::guarded() {
        let host = server.host();
        let look = |login: &str| {
            let run = doctor(&between(&host, &host));
            let run =
                if login.is_empty() { run } else { run.env("WHARFINGER_REGISTRY_AUTH", auths(&[(&host, login)])) };
            finished(&run.args(["--format", "json", "-vvv"]), 1).json()
        };
        let right = look("me:pw-canary");
        assert_eq!(
            check(&right, &format!("{host} push"))["status"],
            "unknown",
            "only writing shows what this password may do"
        );
        for (login, name, who) in [
            ("me:wrong-canary", "acme", "requested as me (from registry-auth)"),
            ("", "team", "requested without credentials"),
        ] {
            let told = look(login);
            let pull = check(&told, &format!("{host}/{name}/app pull"));
            assert!(pull["status"] == "missing" && pull["found"].as_str().unwrap().contains(who), "{pull}");
        }
    }
}
