//! What is reported about a registry's refusal: the identity used and the missing scope, after a bounded number of
//! tries.

use serde_json::json;
use wharfinger::internals::registry::credentials::{Credentials, Environment, Given};
use wharfinger::internals::registry::{Error, ErrorKind, Registries, Store};

use super::registry_contract::{Pieces, described, location, registries, tag};
use crate::support::http::{Action, Exchange, Rule};
use crate::support::images::ImageSpec;
use crate::support::registry::{Auth, Refusal, Switches, TestRegistry, User};

/// A registry with an image, and the registries of somebody who is given this `registry-auth`.
fn world(user: User, login: &str, change: impl FnOnce(&mut Switches)) -> (TestRegistry, Registries) {
    let server = TestRegistry::with_users(vec![user]);
    server.set(change);
    ImageSpec::new(1).build().put(&server, "team/app", "1.0");
    let (name, password) = login.split_once(':').unwrap();
    let auths = json!({"auths": {(server.host()): {"username": name, "password": password}}});
    let given = Given { registry_auth: Some(auths.to_string().into()), ..Given::default() };
    let credentials = if login == ":" { Credentials::default() } else { load(given) };
    (server, registries(|options| options.credentials = credentials))
}

fn load(given: Given) -> Credentials {
    let environment = Environment { github_server_url: Some("https://github.com".into()), ..Environment::default() };
    Credentials::load(given, &environment).unwrap()
}

fn refused(error: &Error) -> String {
    assert!(matches!(error.kind, ErrorKind::Refused { .. }), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    error.to_string()
}

fn lines(server: &TestRegistry) -> Vec<String> {
    let short = |e: &Exchange| format!("{} {} {}", e.request.method, e.request.path, e.status.unwrap_or_default());
    let lines = server.log().iter().map(short).collect();
    server.server().clear_log();
    lines
}

#[tokio::test]
async fn a_token_that_is_refused_is_renewed_once_and_then_told() {
    let (server, all) = world(User::new("me", "pw-canary"), "me:pw-canary", |s| s.token_uses = Some(0));
    let place = location(&format!("{}/team/app", server.host()));
    let told = refused(&all.open(&place).head(&tag("1.0")).await.unwrap_err());
    assert_eq!(lines(&server).len(), 3, "nobody, a token, and with it");
    let expected = "requested as me (from registry-auth): the token lacks repository:team/app:pull";
    assert!(told.ends_with(expected), "{told}");
    let told = refused(&all.open(&place).manifest(&tag("1.0")).await.unwrap_err());
    assert!(told.ends_with(expected), "{told}");
    let path = "/v2/team/app/manifests/1.0";
    let once = ["GET /token 200".to_owned(), format!("GET {path} 401")];
    assert_eq!(lines(&server), [once.clone(), once].concat(), "a new token each time, and no third");
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let store = all.open(&place);
            tokio::spawn(async move { store.head(&tag("1.0")).await.unwrap_err() })
        })
        .collect();
    for task in tasks {
        refused(&task.await.unwrap());
    }
    let asked = lines(&server);
    assert_eq!(asked.iter().filter(|line| line.starts_with("HEAD")).count(), 16, "twice each: {asked:?}");
}

#[tokio::test]
async fn an_upload_that_is_refused_twice_ends() {
    let (server, all) = world(User::new("me", "pw-canary"), "me:pw-canary", |s| s.readable_tokens = true);
    let store = all.destination(&location(&format!("{}/acme/app", server.host())), &[]);
    let challenge = format!("Bearer realm=\"{}/token\",service=\"test\"", server.url());
    for (status, sent) in [(401, 2), (403, 1)] {
        let headers = vec![("www-authenticate".to_owned(), challenge.clone())];
        server.fault(Rule::new("PUT", "/blobs/uploads/", Action::Answer(status, headers, "".into())));
        let source = Pieces::new(vec![7; 50_000]);
        let told = refused(&store.put_blob(&described(&[7; 50_000]), None, &source).await.unwrap_err());
        assert_eq!(source.opened(), sent, "{told}");
        assert!(
            told.ends_with("; requested as me (from registry-auth)"),
            "the token grants all that is needed: {told}"
        );
        server.server().clear_faults();
    }
}

#[tokio::test]
async fn the_scope_that_a_readable_token_lacks_is_named_and_no_other() {
    let reader = User::limited("me", "pw-canary", &["*"], &[]);
    let (server, all) = world(reader, "me:pw-canary", |s| s.readable_tokens = true);
    let store = all.destination(&location(&format!("{}/team/app", server.host())), &[]);
    store.head(&tag("1.0")).await.unwrap();
    let told = refused(&store.may_push().await.unwrap_err());
    let host = server.host();
    assert_eq!(
        told,
        format!(
            "{host}: refused push to team/app: the token service grants this credential pull there; \
             requested as me (from registry-auth): the token lacks repository:team/app:push"
        )
    );
    let source = Pieces::new(vec![7; 10]);
    let told = refused(&store.put_blob(&described(&[7; 10]), None, &source).await.unwrap_err());
    assert!(told.ends_with("the token lacks repository:team/app:push"), "{told}");
}

#[tokio::test]
async fn as_whom_it_was_asked_is_said_of_every_way_of_asking() {
    let mut told = Vec::new();
    let (server, all) = world(User::new("me", "pw"), ":", |_| ());
    told.push((server.host(), head(&all, &server.host()).await));
    let (server, all) = world(User::new("me", "pw"), ":", |s| s.refusal = Refusal::Status(403));
    told.push((server.host(), head(&all, &server.host()).await));
    let (server, all) = world(User::new("me", "pw"), "ghp_canary:x-canary", |_| ());
    told.push((server.host(), head(&all, &server.host()).await));
    let (server, all) = world(User::new("me", "pw"), "you:pw-canary", |s| s.auth = Auth::Basic);
    told.push((server.host(), head(&all, &server.host()).await));
    let given = Given { github_token: Some("job-canary".to_owned().into()), ..Given::default() };
    let (server, _) = world(User::new("me", "pw"), ":", |_| ());
    let all = registries(|options| {
        options.credentials = load(given);
        options.net.hosts = format!("ghcr.io={}", server.url()).parse().unwrap();
    });
    told.push((server.host(), head(&all, "ghcr.io").await));
    let text: String = told.iter().map(|(host, told)| format!("{}\n", told.replace(host, "HOST"))).collect();
    insta::assert_snapshot!(text);
}

async fn head(all: &Registries, host: &str) -> String {
    let store = all.open(&location(&format!("{host}/team/app")));
    refused(&Store::head(&*store, &tag("1.0")).await.unwrap_err())
}
