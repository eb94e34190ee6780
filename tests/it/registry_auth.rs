//! The client's identity towards a registry: tokens, their number and lifetime, and where passwords are sent.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::json;
use wharfinger::internals::image::{Digest, Location, Reference, Repository};
use wharfinger::internals::registry::credentials::{Credentials, Environment, Given};
use wharfinger::internals::registry::{ErrorKind, Put, Reach, Registries};

use super::registry_contract::{Pieces, described, location, put, registries, tag};
use crate::support::http::{Action, Exchange, Response, Rule, Server};
use crate::support::images::ImageSpec;
use crate::support::registry::{Auth, TestRegistry, User};

fn auths(entries: &[(&str, &str)]) -> Credentials {
    let auths: serde_json::Map<_, _> = entries
        .iter()
        .map(|(host, login)| {
            let (user, password) = login.split_once(':').unwrap();
            ((*host).to_owned(), json!({"username": user, "password": password}))
        })
        .collect();
    let text = json!({ "auths": auths }).to_string();
    let given = Given { registry_auth: Some(text.into()), ..Given::default() };
    Credentials::load(given, &Environment::default()).unwrap()
}

fn with(credentials: Credentials) -> Registries {
    registries(|o| o.credentials = credentials)
}

fn lines(log: &[Exchange], part: &str) -> Vec<String> {
    log.iter().map(Exchange::line).filter(|l| l.contains(part)).collect()
}

/// A registry with one user who may do everything, an image in it, and that user's registries.
fn guarded() -> (TestRegistry, Registries, Location) {
    let server = TestRegistry::with_users(vec![User::new("me", "pw")]);
    ImageSpec::new(1).build().put(&server, "team/app", "1.0");
    let all = with(auths(&[(&server.host(), "me:pw")]));
    let place = location(&format!("{}/team/app", server.host()));
    (server, all, place)
}

/// So many tasks ask at once what the tag answers.
async fn heads_at_once(tasks: usize, all: &Registries, place: &Location) {
    let tasks: Vec<_> = (0..tasks)
        .map(|_| {
            let store = all.open(place);
            tokio::spawn(async move { store.head(&tag("1.0")).await.unwrap().unwrap() })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test]
async fn one_token_request_however_many_wait() {
    let (server, all, place) = guarded();
    heads_at_once(32, &all, &place).await;
    let log = server.log();
    assert_eq!(lines(&log, "/token").len(), 1, "{:?}", server.server().lines());
    let refused = log.iter().filter(|e| e.status == Some(401)).count();
    assert!((1..=8).contains(&refused), "as many as are asked at once find out, the others know: {refused}");
    assert_eq!(log.len(), 32 + refused + 1);
    assert!(lines(&log, "/v2/ ").is_empty(), "nobody asks for nothing");
}

#[tokio::test]
async fn a_registry_that_wants_no_token_is_asked_once_for_each_thing() {
    let server = TestRegistry::start();
    ImageSpec::new(1).build().put(&server, "team/app", "1.0");
    let all = registries(|_| ());
    let place = location(&format!("{}/team/app", server.host()));
    heads_at_once(20, &all, &place).await;
    assert_eq!(server.log().len(), 20);
}

#[tokio::test]
async fn a_refused_token_request_is_shared_too() {
    let (server, _, place) = guarded();
    let all = with(auths(&[(&server.host(), "me:wrong-canary")]));
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let store = all.open(&place);
            tokio::spawn(async move { store.head(&tag("1.0")).await.unwrap_err() })
        })
        .collect();
    for task in tasks {
        let error = task.await.unwrap();
        assert!(matches!(error.kind, ErrorKind::Refused { .. }) && !error.to_string().contains("canary"), "{error}");
    }
    assert_eq!(lines(&server.log(), "/token").len(), 1);
}

#[tokio::test]
async fn one_token_writes_and_reads_what_is_mounted_from() {
    let (server, all, place) = guarded();
    let image = ImageSpec::new(1).build();
    let from: Repository = format!("{}/team/app", server.host()).parse().unwrap();
    let mirror = location(&format!("{}/acme/app", server.host()));
    let (source, to) = (all.open(&place), all.destination(&mirror, std::slice::from_ref(&from)));
    source.manifest(&tag("1.0")).await.unwrap().unwrap();
    for (_, bytes) in &image.blobs {
        let nothing = Pieces::new(b"".to_vec());
        let put = to.put_blob(&described(bytes), Some(&from.name), &nothing).await.unwrap();
        assert_eq!((put, nothing.opened()), (Put::Mounted, 0));
    }
    let log = server.log();
    let tokens = lines(&log, "/token");
    assert_eq!(tokens.len(), 1, "{tokens:?}");
    assert!(tokens[0].contains("acme%2Fapp%3Apull%2Cpush") && tokens[0].contains("team%2Fapp%3Apull"), "{tokens:?}");
    assert_eq!(log.len(), 1 + 1 + 1 + image.blobs.len(), "401, token, manifest, one mount a blob");
}

#[tokio::test]
async fn tokens_that_end_are_renewed() {
    for change in
        [(|s| s.expires_in = Some(0)) as fn(&mut crate::support::registry::Switches), |s| s.token_uses = Some(2)]
    {
        let (server, all, place) = guarded();
        server.set(change);
        let store = all.open(&place);
        for _ in 0..5 {
            store.head(&tag("1.0")).await.unwrap().unwrap();
        }
        assert!(lines(&server.log(), "/token").len() > 1);
    }
}

/// Lets time pass without waiting for it.
pub(crate) async fn later(seconds: u64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_token_is_renewed_shortly_before_it_ends_and_not_sooner() {
    let (server, all, place) = guarded();
    server.set(|s| s.expires_in = Some(300));
    let store = all.open(&place);
    for (seconds, asked) in [(0, 1), (280, 1), (12, 2), (200, 2), (100, 3)] {
        later(seconds).await;
        store.head(&tag("1.0")).await.unwrap().unwrap();
        assert_eq!(lines(&server.log(), "/token").len(), asked, "{seconds} s later");
    }
    assert_eq!(lines(&server.log(), " 401").len(), 1, "only the first request came without one");
}

#[tokio::test]
async fn a_token_revoked_in_the_middle_of_an_upload_is_fetched_anew() {
    let (server, all, place) = guarded();
    let store = all.destination(&place, &[]);
    store.head(&tag("1.0")).await.unwrap();
    let challenge = format!("Bearer realm=\"{}/token\",service=\"test\"", server.url());
    let headers = vec![("www-authenticate".to_owned(), challenge)];
    server.fault(Rule::new("PUT", "/blobs/uploads/", Action::Answer(401, headers, "".into())).times(1));
    let source = Pieces::new(vec![7; 50_000]);
    assert_eq!(store.put_blob(&described(&[7; 50_000]), None, &source).await.unwrap(), Put::Uploaded);
    assert_eq!(source.opened(), 2);
    assert_eq!(lines(&server.log(), "/token").len(), 2);
}

#[tokio::test]
async fn identity_tokens_and_bearer_tokens() {
    let mut user = User::new("me", "pw");
    user.identity_token = Some("identity-canary".to_owned());
    let server = TestRegistry::with_users(vec![user]);
    ImageSpec::new(1).build().put(&server, "team/app", "1.0");
    let text = json!({"auths": {(server.host()): {"identitytoken": "identity-canary"}}}).to_string();
    let given = Given { registry_auth: Some(text.into()), ..Given::default() };
    let all = with(Credentials::load(given, &Environment::default()).unwrap());
    let place = location(&format!("{}/team/app", server.host()));
    all.open(&place).head(&tag("1.0")).await.unwrap().unwrap();
    assert_eq!(lines(&server.log(), "/token"), ["POST /token 200"]);

    let seen = Server::start(|request: &crate::support::http::Request| match request.bearer() {
        Some("given") => Response::new(404),
        _ => Response::new(401).header("www-authenticate", "Bearer realm=\"http://127.0.0.1:1/token\""),
    });
    let text = json!({"auths": {(seen.host()): {"registrytoken": "given"}}}).to_string();
    let given = Given { registry_auth: Some(text.into()), ..Given::default() };
    let all = with(Credentials::load(given, &Environment::default()).unwrap());
    let store = all.open(&location(&format!("{}/team/app", seen.host())));
    assert_eq!(store.head(&tag("1.0")).await.unwrap(), None);
}

#[tokio::test]
async fn basic_is_answered_on_the_registrys_own_origin_only() {
    let server = TestRegistry::with_users(vec![User::new("me", "pw")]);
    server.set(|s| {
        s.auth = Auth::Basic;
        s.redirect_blobs = true;
    });
    let image = ImageSpec::new(1).build();
    let store = with(auths(&[(&server.host(), "me:pw")])).open(&location(&format!("{}/team/app", server.host())));
    put(&*store, &image, "1.0").await;
    for (_, bytes) in &image.blobs {
        super::registry_contract::read(&*store, bytes, 0).await.unwrap().unwrap();
    }
    assert!(server.log().iter().all(|e| e.status == Some(401) || e.authorization().as_deref() == Some("Basic me")));
    assert!(!server.cdn_log().is_empty());
    assert!(server.cdn_log().iter().all(|e| e.authorization().is_none()), "nothing goes along with a redirect");
}

/// A token service beside a registry: what it answers, and that the registry names it.
fn elsewhere(registry: &TestRegistry, ip: &str, answer: fn() -> Response) -> Server {
    let service = Server::start_at(ip.parse().unwrap(), move |_: &crate::support::http::Request| answer());
    registry.set(|s| s.realm = Some(format!("{}/token", service.url())));
    service
}

fn refusal() -> Response {
    Response::json(401, &json!({"details": "who are you"}))
}

#[tokio::test]
async fn a_token_service_elsewhere_is_asked_without_the_password() {
    // another host, and the registry's own host at another port
    for ip in ["127.0.0.2", "127.0.0.1"] {
        let (server, all, place) = guarded();
        let service = elsewhere(&server, ip, refusal);
        let error = all.open(&place).head(&tag("1.0")).await.unwrap_err();
        let line = format!("set WHARFINGER_TOKEN_SERVICES={}={}", server.host(), service.url());
        assert!(matches!(error.kind, ErrorKind::Refused { .. }) && error.to_string().ends_with(&line), "{error}");
        assert!(error.to_string().contains("requested without credentials"), "{error}");
        let anonymous = all.open_anonymously(&place).head(&tag("1.0")).await.unwrap_err().to_string();
        assert!(!anonymous.contains("WHARFINGER_TOKEN_SERVICES"), "no password was kept from it: {anonymous}");
        assert!(service.log().iter().all(|e| e.authorization().is_none() && e.request.method == "GET"));
        assert!(!service.log().is_empty());
    }
}

#[tokio::test]
async fn an_identity_token_is_posted_to_no_token_service_elsewhere() {
    let (server, _, place) = guarded();
    let service = elsewhere(&server, "127.0.0.1", refusal);
    let text = json!({"auths": {(server.host()): {"identitytoken": "identity-canary"}}}).to_string();
    let given = Given { registry_auth: Some(text.into()), ..Given::default() };
    let all = with(Credentials::load(given, &Environment::default()).unwrap());
    let error = all.open(&place).head(&tag("1.0")).await.unwrap_err().to_string();
    assert!(error.contains("WHARFINGER_TOKEN_SERVICES="), "{error}");
    let sent = service.log();
    assert!(sent.iter().all(|e| e.request.method == "GET" && !format!("{e:?}").contains("canary")), "{sent:?}");
}

#[tokio::test]
async fn a_token_that_nobody_got_elsewhere_and_the_registry_refuses_names_the_setting_too() {
    let (server, all, place) = guarded();
    let service = elsewhere(&server, "127.0.0.2", || Response::json(200, &json!({"token": "of-nobody"})));
    let error = all.open(&place).head(&tag("1.0")).await.unwrap_err().to_string();
    assert!(error.contains(&format!("WHARFINGER_TOKEN_SERVICES={}={}", server.host(), service.url())), "{error}");
    assert!(!error.contains("requested as me"), "{error}");
}

#[tokio::test]
async fn a_named_token_service_gets_the_password() {
    let (server, _, place) = guarded();
    let service = elsewhere(&server, "127.0.0.2", refusal);
    let all = registries(|o| {
        o.credentials = auths(&[(&server.host(), "me:pw")]);
        o.token_services = format!("{}={}", server.host(), service.url()).parse().unwrap();
    });
    let error = all.open(&place).head(&tag("1.0")).await.unwrap_err().to_string();
    assert!(error.contains("requested as me"), "{error}");
    assert_eq!(service.log()[0].authorization().as_deref(), Some("Basic me"));
}

#[tokio::test]
async fn a_token_service_that_is_no_address_is_not_asked_and_a_redirect_of_one_is_not_followed() {
    let (server, all, place) = guarded();
    server.set(|s| s.realm = Some("/token".to_owned()));
    let error = all.open(&place).head(&tag("1.0")).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Forbidden(_)), "{error}");
    let (server, all, place) = guarded();
    let evil = Server::start_at("127.0.0.2".parse().unwrap(), |_: &crate::support::http::Request| Response::new(200));
    let headers = vec![("location".to_owned(), format!("{}/token", evil.url()))];
    server.fault(Rule::new("GET", "^/token", Action::Answer(307, headers, Vec::new().into())));
    let error = all.open(&place).head(&tag("1.0")).await.unwrap_err();
    assert!(error.to_string().contains("redirects"), "{error}");
    assert!(evil.log().is_empty());
}

#[tokio::test]
async fn a_token_answer_has_an_end() {
    for (body, text) in [
        ("x".repeat(70_000), "65536"),
        ("<html>".to_owned(), "other than a token"),
        ("{}".to_owned(), "other than a token"),
    ] {
        let (server, all, place) = guarded();
        server.fault(Rule::new("GET", "^/token", Action::Answer(200, Vec::new(), body.into())));
        let error = all.open(&place).head(&tag("1.0")).await.unwrap_err().to_string();
        assert!(error.contains(text) && error.len() < 400, "{error}");
    }
}

#[tokio::test]
async fn the_jobs_token_is_followed_by_one_anonymous_try() {
    let server = TestRegistry::with_users(vec![]);
    server.set(|s| s.anonymous_pull = true);
    let image = ImageSpec::new(1).build();
    image.put(&server, "acme/app", "1.0");
    let environment =
        Environment { github_server_url: Some("https://github.com".to_owned()), ..Environment::default() };
    let given = Given { github_token: Some(SecretString::from("job-canary".to_owned())), ..Given::default() };
    let credentials = Credentials::load(given, &environment).unwrap();
    let all = registries(|o| {
        o.credentials = credentials;
        o.net.hosts = format!("ghcr.io={}", server.url()).parse().unwrap();
    });
    let store = all.open(&location("ghcr.io/acme/app"));
    for _ in 0..2 {
        assert_eq!(store.head(&tag("1.0")).await.unwrap().unwrap().digest, image.digest());
    }
    let tokens: Vec<_> =
        server.log().iter().filter(|e| e.request.path == "/token").map(Exchange::authorization).collect();
    assert_eq!(tokens, [Some("Basic wharfinger".to_owned()), None]);
}

#[tokio::test]
async fn an_anonymous_store_uses_no_credential() {
    let (server, all, place) = guarded();
    server.set(|s| s.anonymous_pull = true);
    all.open_anonymously(&place).head(&tag("1.0")).await.unwrap().unwrap();
    assert!(server.log().iter().all(|e| !e.authorization().is_some_and(|a| a.starts_with("Basic"))));
}

#[tokio::test]
async fn docker_hub_is_where_it_was_sent_with_its_token_service() {
    let server = TestRegistry::with_users(vec![User::new("me", "pw")]);
    server.set(|s| s.realm = Some("https://auth.docker.io/token".to_owned()));
    ImageSpec::new(1).build().put(&server, "library/redis", "7.2");
    let all = registries(|o| {
        o.credentials = auths(&[("https://index.docker.io/v1/", "me:pw")]);
        o.net.hosts = format!("docker.io={}", server.url()).parse().unwrap();
    });
    let store = all.open(&location("redis"));
    assert_eq!(store.location().to_string(), "docker.io/library/redis");
    store.head(&tag("7.2")).await.unwrap().unwrap();
    assert_eq!(lines(&server.log(), "/token").len(), 1);
}

#[tokio::test]
async fn derived_secrets_are_handed_out_once() {
    let (server, _, place) = guarded();
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let told = std::sync::Arc::clone(&seen);
    let all = registries(|o| {
        o.credentials = auths(&[(&server.host(), "me:pw")]);
        o.derived = Some(std::sync::Arc::new(move |s: &SecretString| {
            told.lock().unwrap().push(secrecy::ExposeSecret::expose_secret(s).to_owned());
        }));
    });
    for _ in 0..3 {
        all.open(&place).head(&tag("1.0")).await.unwrap();
    }
    let answer = server.log().into_iter().find(|e| e.request.path == "/token").unwrap().response_json();
    let seen = seen.lock().unwrap().clone();
    assert_eq!(seen.iter().filter(|s| *s == answer["token"].as_str().unwrap()).count(), 1, "{seen:?}");
}

#[tokio::test]
async fn reach_is_kept() {
    let server = TestRegistry::start();
    let image = ImageSpec::new(1).build();
    image.put(&server, "team/app", "1.0");
    let place = location(&format!("{}/team/app", server.host()));
    let all = registries(|_| {});
    let public = Reach { only: None, public_only: true };
    let name = format!("localhost:{}", server.host().rsplit_once(':').unwrap().1);
    for place in [&place, &location(&format!("{name}/team/app"))] {
        let error = all.within(public.clone()).unwrap().open(place).head(&tag("1.0")).await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Forbidden(_)), "{error}");
    }
    assert_eq!(server.log().len(), 0);
    let only = Reach { only: Some(["ghcr.io".parse().unwrap()].into()), public_only: false };
    let error = all.within(only).unwrap().open(&place).head(&tag("1.0")).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Forbidden(_)), "{error}");
    let sent = registries(|o| o.net.hosts = format!("quay.io={}", server.url()).parse().unwrap());
    let digest = sent
        .within(public)
        .unwrap()
        .open(&location("quay.io/team/app"))
        .head(&tag("1.0"))
        .await
        .unwrap()
        .unwrap()
        .digest;
    assert_eq!(Reference::Digest(digest), Reference::Digest(Digest::clone(&image.digest())));
}

/// Where only public addresses may be contacted, `WHARFINGER_HOSTS` lets in exactly the origins that it names.
#[tokio::test]
async fn a_redirect_to_another_port_of_a_host_in_wharfinger_hosts_is_not_followed() {
    let inside = Server::start(|_: &crate::support::http::Request| Response::new(200).body("secret"));
    let server = TestRegistry::start();
    let image = ImageSpec::new(1).build();
    image.put(&server, "team/app", "1.0");
    let port = |host: &str| host.rsplit_once(':').unwrap().1.to_owned();
    let named = format!("http://localhost:{}", port(&server.host()));
    for (base, target) in [(server.url(), inside.url()), (named, format!("http://localhost:{}", port(&inside.host())))]
    {
        let all = registries(|o| o.net.hosts = format!("quay.io={base}").parse().unwrap());
        let public = all.within(Reach { only: None, public_only: true }).unwrap();
        let store = public.open(&location("quay.io/team/app"));
        assert!(store.head(&tag("1.0")).await.unwrap().is_some(), "the origin itself answers");
        let headers = vec![("location".to_owned(), format!("{target}/latest/meta-data"))];
        server.fault(Rule::new("GET", "/manifests/", Action::Answer(307, headers, Vec::new().into())));
        let error = store.manifest(&tag("1.0")).await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Forbidden(_)), "{error}");
        assert!(error.to_string().contains("is not a public address"), "{error}");
        server.server().clear_faults();
    }
    assert!(inside.log().is_empty());
}
