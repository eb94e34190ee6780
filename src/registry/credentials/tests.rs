#![allow(clippy::unwrap_used, clippy::expect_used)]
use base64::Engine as _;

use super::*;

fn b64(text: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(text)
}

fn host(text: &str) -> RegistryHost {
    text.parse().unwrap()
}

fn render(credential: Option<Credential>) -> String {
    match credential {
        None => "none".to_owned(),
        Some(Credential::Password { username, password }) => format!("{username}:{}", password.expose_secret()),
        Some(Credential::Identity(t)) => format!("identity {}", t.expose_secret()),
        Some(Credential::Bearer(t)) => format!("bearer {}", t.expose_secret()),
        Some(Credential::Job(t)) => format!("job {}", t.expose_secret()),
    }
}

async fn get(credentials: &Credentials, registry: &str) -> String {
    credentials.get(&host(registry)).await.map(render).unwrap_or_else(|e| e.to_string())
}

fn auths(entries: &[(&str, String)]) -> String {
    let entries: Vec<String> = entries.iter().map(|(k, v)| format!("{k:?}: {v}")).collect();
    format!("{{\"auths\": {{{}}}}}", entries.join(","))
}

#[tokio::test]
async fn docker_hub_has_many_names_and_every_form_is_read() {
    for key in
        ["https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io", "https://docker.io"]
    {
        let text = auths(&[(key, format!("{{\"auth\": {:?}}}", b64("me:pw:x").trim_end_matches('=')))]);
        let given = Given { registry_auth: Some(text.into()), ..Given::default() };
        let credentials = Credentials::load(given, &Environment::default()).unwrap();
        assert_eq!(get(&credentials, "docker.io").await, "me:pw:x", "{key}");
    }
    let text = auths(&[
        ("a.io", r#"{"identitytoken": "t1", "auth": "bm86"}"#.to_owned()),
        ("b.io", r#"{"registrytoken": "t2"}"#.to_owned()),
        ("c.io", format!("{{\"auth\": {:?}}}", b64("<token>:t3"))),
        ("d.io", "{}".to_owned()),
        ("e.io:5000", r#"{"username": "u", "password": "p"}"#.to_owned()),
        ("f.io/team", r#"{"username": "u", "password": "p"}"#.to_owned()),
    ]);
    let given = Given { registry_auth: Some(text.into()), ..Given::default() };
    let credentials = Credentials::load(given, &Environment::default()).unwrap();
    let mut found = Vec::new();
    for registry in ["a.io", "b.io", "c.io", "d.io", "e.io:5000", "e.io", "f.io"] {
        found.push(get(&credentials, registry).await);
    }
    assert_eq!(found, ["identity t1", "bearer t2", "identity t3", "none", "u:p", "none", "none"]);
}

#[tokio::test]
async fn what_was_given_goes_before_the_environment() {
    let dir = tempfile::tempdir().unwrap();
    let config = |user: &str| auths(&[("docker.io", format!("{{\"auth\": {:?}}}", b64(&format!("{user}:x"))))]);
    let environment = |auth: Option<String>| Environment {
        docker_auth_config: auth.map(Into::into),
        docker_config: Some(dir.path().to_owned()),
        ..Environment::default()
    };
    std::fs::write(dir.path().join("config.json"), config("file")).unwrap();
    let load = |given, environment| Credentials::load(given, &environment).unwrap();
    assert_eq!(get(&load(Given::default(), environment(None)), "docker.io").await, "file:x");
    assert_eq!(get(&load(Given::default(), environment(Some(config("env")))), "docker.io").await, "env:x");
    let given = Given { registry_auth: Some(config("given").into()), ..Given::default() };
    assert_eq!(get(&load(given, environment(Some(config("env")))), "docker.io").await, "given:x");
    let given = Given {
        registry_auth: Some(config("given").into()),
        dockerhub: Some(("hub".to_owned(), "t".to_owned().into())),
        github_token: None,
    };
    let credentials = load(given, environment(None));
    assert_eq!(get(&credentials, "docker.io").await, "hub:t");
    assert!(!format!("{credentials:?}").contains("hub"));
    let secrets: Vec<String> = credentials.secrets().iter().map(|s| s.expose_secret().to_owned()).collect();
    assert_eq!(secrets, ["t".to_owned(), b64("hub:t")]);
}

#[tokio::test]
async fn the_jobs_token_goes_to_ghcr_only_from_github_com() {
    for (server, expected) in [
        (Some("https://github.com"), "job t"),
        (Some("https://github.com/"), "job t"),
        (Some("https://github.com.evil.io"), "none"),
        (Some("https://ghe.corp"), "none"),
        (None, "none"),
    ] {
        let environment = Environment { github_server_url: server.map(str::to_owned), ..Environment::default() };
        let given = Given { github_token: Some("t".to_owned().into()), ..Given::default() };
        let credentials = Credentials::load(given, &environment).unwrap();
        assert_eq!(get(&credentials, "ghcr.io").await, expected, "{server:?}");
        let known = credentials.find(&host("ghcr.io")).await.unwrap();
        assert!(known.is_none_or(|known| known.is_job()));
    }
}

#[test]
fn broken_configurations_are_named_without_their_content() {
    for (text, why) in [
        ("{\"auths\": canary}", "line 1"),
        (r#"{"auths": {"a.io": {"auth": "canary!"}}}"#, "auths: a.io: auth is not base64"),
        (r#"{"auths": {"a.io": {"auth": "Y2FuYXJ5"}}}"#, "user:password"),
        (r#"{"auths": {"a.io": 5}}"#, "line 1"),
    ] {
        let given = Given { registry_auth: Some(text.to_owned().into()), ..Given::default() };
        let error = Credentials::load(given, &Environment::default()).unwrap_err().to_string();
        assert!(error.starts_with("registry-auth: ") && error.contains(why) && !error.contains("canary"), "{error}");
    }
}

/// Written by a separate process: a program that this process still has open for writing cannot be run.
#[cfg(unix)]
fn helper(dir: &Path, name: &str, script: &str) {
    let path = dir.join(format!("docker-credential-{name}"));
    let write = "printf '#!/bin/sh\\n%s\\n' \"$2\" > \"$1\" && chmod 755 \"$1\"";
    let status = std::process::Command::new("sh").args(["-c", write, "sh"]).arg(path).arg(script).status().unwrap();
    assert!(status.success());
}

#[cfg(unix)]
#[tokio::test]
async fn helpers_are_asked_once_and_what_they_print_stays_unshown() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    helper(
        dir.path(),
        "good",
        &format!("cat >> {}; echo '{{\"Username\":\"u\",\"Secret\":\"canary\"}}'", log.display()),
    );
    helper(dir.path(), "none", "echo 'credentials not found in native keychain'; exit 1");
    helper(dir.path(), "bad", "echo canary; exit 3");
    helper(dir.path(), "talk", "echo canary");
    let config = r#"{"credsStore": "none", "auths": {"own.io": {"username":"o","password":"p"}},
        "credHelpers": {"index.docker.io": "good", "bad.io": "bad", "talk.io": "talk", "gone.io": "gone", "evil.io": "../x"}}"#;
    std::fs::write(dir.path().join("config.json"), config).unwrap();
    let environment = Environment {
        docker_config: Some(dir.path().to_owned()),
        path: Some(std::env::join_paths([dir.path(), Path::new("/bin"), Path::new("/usr/bin")]).unwrap()),
        ..Environment::default()
    };
    let credentials = Credentials::load(Given::default(), &environment).unwrap();
    assert_eq!(get(&credentials, "docker.io").await, "u:canary");
    assert_eq!(get(&credentials.clone(), "docker.io").await, "u:canary");
    assert_eq!(std::fs::read_to_string(log).unwrap(), "https://index.docker.io/v1/");
    assert_eq!(get(&credentials, "own.io").await, "o:p");
    assert_eq!(get(&credentials, "other.io").await, "none");
    for (registry, expected) in [
        ("bad.io", "docker-credential-bad: failed (exit status: 3)"),
        ("talk.io", "docker-credential-talk: returned something other than credentials"),
        ("gone.io", "docker-credential-gone: cannot be run"),
        ("evil.io", "Docker's config.json: a credential helper's name is invalid"),
    ] {
        let said = get(&credentials, registry).await;
        assert!(said.starts_with(expected) && !said.contains("canary"), "{said}");
    }
}
