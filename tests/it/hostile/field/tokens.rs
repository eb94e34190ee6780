//! Token services: where they are, what they answer, and which get the password.

use std::net::IpAddr;

use serde_json::{Value, json};
use wharfinger::internals::image::Digest;

use super::super::super::promote::entry;
use super::{Row, Scene, TAG, row, try_all};
use crate::support::http::{Exchange, Request, Response, Server};
use crate::support::images::{Image, ImageSpec};
use crate::support::registry::TestRegistry;

const PASSWORD: &str = "pw-canary";
const LOST: &[&str] = &["source-lost", "does not exist", PASSWORD];

#[test]
fn a_token_service_elsewhere_gets_the_password_where_a_setting_says_so() {
    try_all(&elsewhere());
}

#[test]
fn each_repository_is_asked_with_a_token_of_its_own_service() {
    try_all(&realms());
}

#[test]
fn what_a_token_service_answers_is_read_leniently_or_told() {
    try_all(&answers());
}

#[test]
fn scopes_that_are_refused_together_are_asked_for_alone() {
    try_all(&scopes());
}

/// Lets only who has a token that `takes` knows for the repository ask; the others are sent to the realm for it.
fn guard(
    registry: &TestRegistry,
    realm: impl Fn(&Request) -> String + Send + Sync + 'static,
    takes: fn(&str, &Request) -> bool,
) {
    registry.intercept(move |request, honest| {
        if request.path.contains("/token") || request.bearer().is_some_and(|token| takes(token, request)) {
            return honest(request);
        }
        let challenge = format!("Bearer realm=\"{}\",service=\"registry\"", realm(request));
        Response::new(401).header("www-authenticate", challenge)
    });
}

fn token() -> Response {
    Response::json(200, &json!({"token": "good", "expires_in": 300}))
}

fn is_good(token: &str, _: &Request) -> bool {
    token == "good"
}

/// The source sends everybody to a service at another address.
fn service(scene: &Scene, path: &'static str, answer: fn(&Request) -> Response) {
    let service = scene.keep(Server::start_at(IpAddr::from([127, 0, 0, 2]), answer));
    let realm = format!("{}{path}", service.url());
    guard(&scene.source, move |_| realm.clone(), is_good);
}

fn to_everybody(_: &Request) -> Response {
    token()
}

fn to_me(request: &Request) -> Response {
    match request.basic() {
        Some(login) if login == ("me".to_owned(), PASSWORD.to_owned()) => token(),
        _ => Response::json(401, &json!({"details": "who are you"})),
    }
}

fn asked(scene: &Scene) -> Vec<Option<String>> {
    scene.other().log().iter().map(Exchange::authorization).collect()
}

/// The service was asked, with the password or, each time, without.
fn assert_asked(scene: &Scene, by_me: bool) {
    let asked = asked(scene);
    assert!(!asked.is_empty() && asked.iter().all(|by| by.as_deref() == by_me.then_some("Basic me")), "{asked:?}");
    assert!(scene.saw("me").is_empty(), "the password goes to the token service alone");
}

fn setting(scene: &Scene) -> String {
    format!("{}={}", scene.source.host(), scene.other().url())
}

fn wants_password(scene: &Scene) {
    service(scene, "/token", to_me);
    scene.credential(&scene.source.host(), "me", PASSWORD);
}

/// A GitLab whose registry and whose own address are sent to loopback.
fn gitlab(scene: &Scene, answer: fn(&Request) -> Response) {
    let gitlab = scene.keep(Server::start_at(IpAddr::from([127, 0, 0, 2]), answer));
    guard(&scene.source, |_| "https://gitlab.example.com/jwt/auth/token".to_owned(), is_good);
    let hosts = [("registry.example.com", scene.source.url()), ("gitlab.example.com", gitlab.url())];
    let hosts = hosts.map(|(host, url)| format!("{host}={url}")).join(",");
    scene.variable("WHARFINGER_HOSTS", &hosts);
    scene.call_source("registry.example.com");
}

fn elsewhere() -> Vec<Row> {
    const LINE: &str = "set WHARFINGER_TOKEN_SERVICES=registry.example.com=https://gitlab.example.com";
    vec![
        row("a realm elsewhere, nothing to protect", |scene| service(scene, "/token", to_everybody))
            .right_and(|scene, _| assert_asked(scene, false))
            .proposed(),
        row("a realm elsewhere that gives tokens to everybody, and a credential", |scene| {
            service(scene, "/token", to_everybody);
            scene.credential(&scene.source.host(), "me", PASSWORD);
        })
        .right_and(|scene, _| assert_asked(scene, false)),
        row("a realm elsewhere that wants the password", wants_password)
            .then("refused", |scene| {
                let outcome = scene.promote();
                scene.assert_refused(
                    &outcome,
                    "read",
                    &["requested without credentials", "those of me (from DOCKER_AUTH_CONFIG) were not sent"],
                );
                let line = format!("set WHARFINGER_TOKEN_SERVICES={}", setting(scene));
                assert!(outcome.stdout.contains(&line), "{line}: {outcome:#?}");
                assert_asked(scene, false);
            })
            .then("with the variable", |scene| {
                scene.variable("WHARFINGER_TOKEN_SERVICES", &setting(scene));
                let outcome = scene.promote();
                scene.assert_right(&outcome);
                assert_asked(scene, true);
            })
            .then("with the flag", |scene| {
                let flag = format!("--token-services={}", setting(scene));
                let outcome = scene.run(&scene.approved(), &["promote", &flag]);
                scene.assert_right(&outcome);
                assert_asked(scene, true);
            })
            .then("named by doctor", |scene| {
                let outcome = scene.run(&scene.approved(), &["doctor"]);
                let result = outcome.json();
                let checks = result["checks"].as_array().unwrap();
                let of_source = |check: &&Value| check["subject"] == format!("{} pull", scene.source_name()).as_str();
                let fix = checks.iter().find(of_source).map(|check| check["fix"].to_string()).unwrap_or_default();
                assert!(fix.contains(&format!("WHARFINGER_TOKEN_SERVICES={}", setting(scene))), "{fix}: {outcome:#?}");
            }),
        row("what is absent with a token of nobody", |scene| {
            service(scene, "/token", to_everybody);
            scene.source.intercept(|request, honest| match request.bearer() {
                Some(_) => Response::json(404, &json!({"errors": [{"code": "NAME_UNKNOWN"}]})),
                None => honest(request),
            });
            scene.credential(&scene.source.host(), "me", PASSWORD);
        })
        .refused(
            "read",
            &["404 NAME_UNKNOWN; requested without credentials", "set WHARFINGER_TOKEN_SERVICES=127.0.0.1"],
            LOST,
        ),
        row("one's own GitLab, without a credential", |scene| gitlab(scene, to_everybody))
            .right_and(|scene, _| {
                assert_asked(scene, false);
                let paths: Vec<String> =
                    scene.other().log().into_iter().map(|exchange| exchange.request.path).collect();
                assert!(paths.iter().all(|path| path == "/jwt/auth/token"), "{paths:?}");
            })
            .proposed(),
        row("one's own GitLab", |scene| {
            gitlab(scene, to_me);
            scene.credential("registry.example.com", "me", PASSWORD);
        })
        .refused("read", &[LINE, "the token service gitlab.example.com returned 401"], LOST)
        .then("with the setting", |scene| {
            scene.variable("WHARFINGER_TOKEN_SERVICES", "registry.example.com=https://gitlab.example.com");
            let outcome = scene.promote();
            scene.assert_right(&outcome);
            assert_asked(scene, true);
        }),
    ]
}

/// The repositories' names begin with what their realms' paths begin with; each service refuses the other's scopes.
fn a_realm_each(registry: &TestRegistry, status: u16) {
    let url = registry.url();
    let part = |path: &str| path.trim_start_matches("/v2").split('/').nth(1).unwrap_or_default().to_owned();
    registry.intercept(move |request, honest| {
        let mine = part(&request.path);
        if !request.path.ends_with("/token") {
            return honest(request);
        }
        let scopes = request.query_pairs().into_iter().filter(|(key, _)| key == "scope");
        let strange = scopes.filter(|(_, scope)| !scope.starts_with(&format!("repository:{mine}/"))).count();
        match strange {
            0 => Response::json(200, &json!({"token": format!("of-{mine}")})),
            _ => Response::new(status),
        }
    });
    guard(
        registry,
        move |request| format!("{url}/{}/token", part(&request.path)),
        |token, request| {
            request.path.trim_start_matches("/v2").split('/').nth(1).is_some_and(|mine| token == format!("of-{mine}"))
        },
    );
}

/// More than are asked at once, so that some are first taken to be at the service of another.
fn many() -> Vec<(String, Image)> {
    (0..12).map(|at| (format!("repository-{at}"), ImageSpec::new(100 + at).single().build())).collect()
}

/// Promotes these: the repository of the source, that of the mirror, and the digest.
fn all_promoted(scene: &Scene, images: &[(String, String, Digest)]) {
    let source = |path: &str| format!("{}/{path}", scene.source.host());
    let entries: Vec<String> =
        images.iter().map(|(path, name, digest)| entry(&source(path), name, "", &[(TAG, digest)])).collect();
    let outcome = scene.run(&scene.manifest(&entries), &["promote"]);
    assert_eq!(outcome.status, Some(0), "{outcome:#?}");
    for (_, name, digest) in images {
        assert_eq!(scene.mirror().digest(&format!("acme/{name}"), TAG).as_ref(), Some(digest), "{outcome:#?}");
    }
}

fn realms() -> Vec<Row> {
    let each = |name, status, anonymous: bool| {
        row(name, move |scene| {
            for (name, image) in many() {
                image.put(&scene.source, &format!("{name}/img"), TAG);
            }
            a_realm_each(&scene.source, status);
            if !anonymous {
                scene.credential(&scene.source.host(), "me", PASSWORD);
            }
        })
        .then("all right", |scene| {
            let named = |(name, image): (String, Image)| (format!("{name}/img"), name, image.digest());
            all_promoted(scene, &many().into_iter().map(named).collect::<Vec<_>>());
        })
    };
    let beside = |name, credential: bool| {
        row(name, move |scene| {
            let realm = format!("{}/token", scene.source.url());
            scene.image.put(&scene.source, "private/img", TAG);
            scene.source.intercept(move |request, honest| {
                let of_team = request.query_value("scope").is_some_and(|scope| scope.contains("team/img"));
                let may = request.path.starts_with("/v2/team/") || request.bearer() == Some("good");
                match request.path.as_str() {
                    "/token" if of_team => Response::new(403),
                    "/token" => token(),
                    _ if may => honest(request),
                    _ => Response::new(401)
                        .header("www-authenticate", format!("Bearer realm=\"{realm}\",service=\"registry\"")),
                }
            });
            if credential {
                scene.credential(&scene.source.host(), "me", PASSWORD);
            }
        })
        .then("both right", |scene| {
            let named = |path: &str, name: &str| (path.to_owned(), name.to_owned(), scene.image.digest());
            all_promoted(scene, &[named("private/img", "one"), named("team/img", "img")]);
        })
    };
    vec![
        beside("open to everybody, beside one that needs a token", false),
        beside("open to everybody, beside one that needs a token, and a credential", true),
        each("a realm for each repository", 403, true),
        each("a realm for each repository, and a credential", 403, false),
        each("a realm for each repository, the others' scopes are unknown", 404, true),
        row("a realm for each of source and mirror", |scene| a_realm_each(&scene.source, 403))
            .one_registry()
            .right_and(|scene, _| assert!(!scene.source.server().lines().iter().any(|line| line.contains("mount=")))),
        row("one realm for all", |scene| {
            let realm = format!("{}/token", scene.source.url());
            scene.source.intercept(|request, honest| if request.path == "/token" { token() } else { honest(request) });
            guard(&scene.source, move |_| realm.clone(), is_good);
        })
        .right_and(|scene, _| {
            let lines = scene.source.server().lines();
            let refused = lines.iter().filter(|line| line.ends_with(" 401")).count();
            assert!(refused <= 8, "as many as are asked at once: {lines:?}");
        }),
    ]
}

/// The source's own token service answers so.
fn answering(name: &'static str, answer: fn(&Request) -> Response) -> Row {
    row(name, move |scene| {
        let realm = format!("{}/token", scene.source.url());
        scene
            .source
            .intercept(move |request, honest| if request.path == "/token" { answer(request) } else { honest(request) });
        guard(&scene.source, move |_| realm.clone(), is_good);
    })
}

fn life(name: &'static str, answer: fn(&Request) -> Response) -> Row {
    answering(name, answer).right_and(|scene, _| {
        let tokens = scene.source.log().iter().filter(|exchange| exchange.request.path == "/token").count();
        assert!((1..=3).contains(&tokens), "it lives for a while: {:?}", scene.source.server().lines());
    })
}

fn lives(expires_in: &Value) -> Response {
    Response::json(200, &json!({"token": "good", "expires_in": expires_in}))
}

fn plain(status: u16) -> Response {
    Response::new(status).header("content-type", "text/plain")
}

fn answers() -> Vec<Row> {
    const WORDS: &[&str] = &["refused a token for repository:team/img:pull: the token service returned 4"];
    let out_of_reach = |name, answer: fn(&Request) -> Response| {
        answering(name, answer).refused("read", WORDS, LOST).then("not planned", |scene| {
            let plan = scene.run(&scene.unapproved(), &["plan"]);
            assert!(plan.status == Some(1) && plan.stdout.contains(WORDS[0]), "{plan:#?}");
        })
    };
    vec![
        life("a life in words", |_| lives(&json!("300"))),
        life("a life in parts of a second", |_| lives(&json!(299.5))),
        life("a negative life", |_| lives(&json!(-5))),
        life("no life", |_| lives(&Value::Null)),
        life("a life that no number holds", |_| {
            Response::new(200).body("{\"token\": \"good\", \"expires_in\": 100000000000000000000000000}")
        }),
        life("a life of aeons", |_| lives(&json!(u64::MAX))),
        out_of_reach("a project out of reach", |_| plain(404)),
        out_of_reach("a scope that is called bad", |_| plain(400)),
        out_of_reach("a project that is gone", |_| plain(410)),
        answering("a project out of reach, and a credential", |_| plain(404)).then("refused", |scene| {
            scene.credential(&scene.source.host(), "me", PASSWORD);
            let outcome = scene.promote();
            scene.assert_refused(
                &outcome,
                "read",
                &["the token service returned 404 Not Found; requested as me (from DOCKER_AUTH_CONFIG)"],
            );
            assert!(!LOST.iter().any(|lost| outcome.stdout.contains(lost)), "{outcome:#?}");
        }),
        row("one project of two out of reach at the mirror", |scene| {
            let realm = format!("{}/token", scene.mirror().url());
            scene.mirror().intercept(|request, honest| match request.query_value("scope") {
                Some(scope) if request.path == "/token" && scope.contains("acme/lost") => plain(404),
                _ if request.path == "/token" => token(),
                _ => honest(request),
            });
            guard(scene.mirror(), move |_| realm.clone(), is_good);
        })
        .then("alone refused", |scene| {
            let entries =
                ["img", "lost"].map(|name| entry(&scene.source_name(), name, "", &[(TAG, &scene.image.digest())]));
            let outcome = scene.run(&scene.manifest(&entries), &["promote"]);
            assert_eq!(outcome.status, Some(1), "{outcome:#?}");
            assert_eq!(scene.mirror().digest("acme/img", TAG), Some(scene.image.digest()), "{outcome:#?}");
            let failed = outcome.json()["failed"][0].clone();
            assert!(
                failed["repository"] == "lost" && failed["error"].to_string().contains("the token service"),
                "{outcome:#?}"
            );
        }),
    ]
}

/// One registry for both, whose token service refuses to give a token for two repositories.
fn single_scope(name: &'static str, status: u16) -> Row {
    row(name, move |scene| {
        let realm = format!("{}/token", scene.source.url());
        scene.source.intercept(move |request, honest| {
            let scopes = request.query_pairs().iter().filter(|(key, _)| key == "scope").count();
            match request.path.as_str() {
                "/token" if scopes > 1 => Response::new(status),
                "/token" => token(),
                _ => honest(request),
            }
        });
        guard(&scene.source, move |_| realm.clone(), is_good);
    })
    .one_registry()
    .right_and(move |scene, outcome| {
        let lines = scene.source.server().lines();
        assert!(!lines.iter().any(|line| line.contains("mount=")), "{lines:?}: {outcome:#?}");
        let refused =
            lines.iter().filter(|line| line.starts_with("GET /token") && line.ends_with(&format!(" {status}"))).count();
        assert!((1..=2).contains(&refused), "nobody asks again for what is refused: {lines:?}");
    })
}

fn scopes() -> Vec<Row> {
    [("two scopes: 404", 404), ("two scopes: 400", 400), ("two scopes: 401", 401), ("two scopes: 403", 403)]
        .map(|(name, status)| single_scope(name, status))
        .into()
}
