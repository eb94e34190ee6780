//! What a registry hides from anonymous requests, and whose credential a refusal names.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::{Row, Scene, TAG, row, saw, try_all};
use crate::support::http::{Request, Response, Server};
use crate::support::images::ImageSpec;
use crate::support::process::Outcome;
use crate::support::registry::{Auth, TestRegistry, User};

const PASSWORD: &str = "pw-canary";
/// What is never said of what is only hidden.
const LOST: &[&str] = &["source-lost", "does not exist", "no such repository"];

#[test]
fn what_is_hidden_is_asked_for_with_the_credential() {
    try_all(&hidden());
}

#[test]
fn a_refusal_says_who_asked_and_who_refused() {
    try_all(&refusals());
}

#[test]
fn what_is_known_to_be_hidden_is_not_asked_for_twice() {
    try_all(&costs());
}

/// How a registry answers who does not say who asks.
#[derive(Clone, Copy)]
struct Hides {
    /// Whether `/v2/` asks for Basic; else it answers everybody.
    challenges: bool,
    /// The answer to anything else that is asked without the password.
    answer: fn(&Request) -> Response,
}

fn unknown(_: &Request) -> Response {
    error(404, "NAME_UNKNOWN")
}

fn error(status: u16, code: &str) -> Response {
    Response::json(status, &json!({"errors": [{"code": code, "message": "not for you"}]}))
}

/// Absent, but for a tag list, which is empty.
fn empty(request: &Request) -> Response {
    match request.path.ends_with("/tags/list") {
        true => Response::json(200, &json!({"name": "team/img", "tags": null})),
        false => unknown(request),
    }
}

const BY_404: Hides = Hides { challenges: true, answer: unknown };

impl Hides {
    fn at(self, registry: &TestRegistry) {
        registry.intercept(move |request, honest| {
            let known = request.basic().is_some_and(|login| login == ("me".to_owned(), PASSWORD.to_owned()));
            match request.path.as_str() {
                _ if known => honest(request),
                "/v2/" if self.challenges => Response::new(401).header("www-authenticate", "Basic realm=\"r\""),
                "/v2/" => honest(request),
                _ => (self.answer)(request),
            }
        });
    }

    fn at_source(self, scene: &Scene) {
        self.at(&scene.source);
        scene.credential(&scene.source.host(), "me", PASSWORD);
    }
}

/// A source that hides what it has, and what becomes of it.
fn hides(name: &'static str, challenges: bool, answer: fn(&Request) -> Response) -> Row {
    row(name, move |scene| Hides { challenges, answer }.at_source(scene))
        .right_and(|_, outcome| assert_not_lost(outcome))
        .proposed()
        .then("already promoted", |scene| {
            scene.image.put(scene.mirror(), "acme/img", TAG);
            for command in ["plan", "audit"] {
                let outcome = scene.run(&scene.recorded(), &[command]);
                assert_not_lost(&outcome);
                assert_eq!(outcome.status, Some(0), "{outcome:#?}");
                let result = outcome.json();
                assert!(of(&result, "failed").is_empty() && of(&result, "findings").is_empty(), "{outcome:#?}");
            }
        })
        .then("approved by hand", |scene| {
            let outcome = scene.run(&scene.unapproved(), &["approve", &format!("img:{TAG}")]);
            assert_eq!(outcome.status, Some(0), "{outcome:#?}");
            assert_not_lost(&outcome);
        })
}

fn of(value: &Value, key: &str) -> Vec<Value> {
    value[key].as_array().cloned().unwrap_or_default()
}

fn assert_not_lost(outcome: &Outcome) {
    let said = format!("{}{}", outcome.stdout, outcome.stderr);
    assert!(!LOST.iter().any(|lost| said.contains(lost)) && !said.contains(PASSWORD), "{outcome:#?}");
}

fn hidden() -> Vec<Row> {
    vec![
        hides("hidden by 404", true, unknown),
        hides("hidden by 404, and /v2/ is open", false, unknown),
        hides("hidden by a bare 401", true, |_| Response::new(401)),
        hides("hidden by a 401 that names a scheme nobody has", false, |_| {
            Response::new(401).header("www-authenticate", "Negotiate")
        }),
        hides("hidden by 403", false, |_| error(403, "DENIED")),
        hides("hidden by an empty tag list", true, empty),
        row("hidden by 404, tokens at /v2/", |scene| {
            scene.source.set(|switches| (switches.auth, switches.anonymous_pull) = (Auth::Bearer, false));
            scene.source.add_user(User::new("me", PASSWORD));
            scene.source.intercept(|request, honest| {
                let asks =
                    request.header("authorization").is_some() || ["/v2/", "/token"].contains(&request.path.as_str());
                if asks { honest(request) } else { unknown(request) }
            });
            scene.credential(&scene.source.host(), "me", PASSWORD);
        })
        .right()
        .proposed(),
        row("signatures that are hidden with the rest", |scene| {
            scene.sign("hidden");
            BY_404.at_source(scene);
        })
        .right(),
        row("only blobs are kept from everybody", |scene| {
            Hides { challenges: false, answer: unknown }.at_source(scene);
            scene.source.intercept(|request, hides| match request.path.contains("/blobs/") {
                true if request.basic().is_none() => error(403, "DENIED"),
                true => hides(request),
                false => hides(&with_basic(request)),
            });
        })
        .right(),
        row("a mirror that hides what it has", |scene| at_mirror(scene, unknown)).right().then(
            "there already",
            |scene| {
                scene.image.put(scene.mirror(), "acme/img", TAG);
                let outcome = scene.promote();
                scene.assert_right(&outcome);
                assert!(writes(scene).is_empty(), "{outcome:#?}");
            },
        ),
        row("a mirror that everybody reads and that refuses writers by 403", |scene| {
            scene.mirror().intercept(|request, honest| match request.method.as_str() {
                "GET" | "HEAD" => honest(request),
                _ if request.basic().is_some() => honest(request),
                _ => error(403, "DENIED"),
            });
            ImageSpec::new(5).build().put(scene.mirror(), "acme/img", "0.9.0");
            scene.credential(&scene.mirror().host(), "me", PASSWORD);
        })
        .right(),
    ]
}

fn with_basic(request: &Request) -> Request {
    let mut known = request.clone();
    known.headers.retain(|(name, _)| name != "authorization");
    let login = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("me:{PASSWORD}"));
    known.headers.push(("authorization".to_owned(), format!("Basic {login}")));
    known
}

fn at_mirror(scene: &Scene, answer: fn(&Request) -> Response) {
    Hides { challenges: true, answer }.at(scene.mirror());
    scene.credential(&scene.mirror().host(), "me", PASSWORD);
}

fn writes(scene: &Scene) -> Vec<String> {
    scene.mirror().log().iter().filter(|e| e.is_write()).map(crate::support::http::Exchange::line).collect()
}

fn refusals() -> Vec<Row> {
    vec![
        row("really lost", |scene| {
            BY_404.at_source(scene);
            scene.source.delete_manifest("team/img", &scene.image.digest());
        })
        .then("refused", |scene| {
            let outcome = scene.promote();
            scene.assert_refused(&outcome, "source-lost", &[]);
            assert!(!scene.saw("me").is_empty(), "{outcome:#?}");
        }),
        row("a refusal for everybody", |scene| {
            scene.source.intercept(|_, _| error(403, "DENIED"));
            scene.credential(&scene.source.host(), "me", PASSWORD);
        })
        .refused("read", &["403 DENIED: not for you; requested as me (from DOCKER_AUTH_CONFIG)"], LOST)
        .then("with the credential", |scene| {
            scene.promote();
            assert!(
                scene.saw("me").iter().any(|line| line.contains("/v2/team/img/")),
                "{:?}",
                scene.source.server().lines()
            );
        }),
        row("a refusal for everybody, and no credential", |scene| scene.source.intercept(|_, _| error(403, "DENIED")))
            .refused("read", &["requested without credentials: none were given for 127.0.0.1"], LOST),
        row("absent without the credential, refused with it", |scene| {
            Hides { challenges: false, answer: unknown }.at(&scene.source);
            scene.source.intercept(|request, hides| match request.basic() {
                Some(_) => Response::new(401),
                None => hides(request),
            });
            scene.credential(&scene.source.host(), "me", PASSWORD);
        })
        .refused("read", &["401", "requested as me"], LOST),
        row("a credential of another registry", |scene| {
            BY_404.at(&scene.source);
            scene.credential(&scene.mirror().host(), "me", PASSWORD);
            scene.credential("registry.example.com", "me", PASSWORD);
        })
        .then("refused", |scene| {
            let outcome = scene.promote();
            scene.assert_refused(&outcome, "source-lost", &[]);
            let log = scene.source.log();
            assert!(
                log.iter().all(|exchange| exchange.authorization().is_none()),
                "{:?}",
                scene.source.server().lines()
            );
        }),
        row("another host refuses what the registry redirects to", elsewhere).then("refused", |scene| {
            let outcome = scene.promote();
            let words = [
                "403 Forbidden by http://127.0.0.2:",
                "to which the registry redirects; no credentials are sent there",
            ];
            scene.assert_refused(&outcome, "blob", &words);
            assert!(
                !outcome.stdout.contains("requested as") && !outcome.stdout.contains("requested without"),
                "{outcome:#?}"
            );
            assert_not_lost(&outcome);
        }),
    ]
}

/// Blobs are kept elsewhere, where nobody gets them.
fn elsewhere(scene: &Scene) {
    let elsewhere = Server::start_at(IpAddr::from([127, 0, 0, 2]), |request: &Request| {
        assert!(request.header("authorization").is_none(), "a credential went elsewhere");
        Response::new(403)
    });
    BY_404.at_source(scene);
    scene.source.intercept(move |request, honest| match request.path.contains("/blobs/sha256:") {
        true => Response::new(307).header("location", format!("{}/blob", elsewhere.url())),
        false => honest(request),
    });
}

fn costs() -> Vec<Row> {
    vec![
        row("an open source, and a mirror without the repository", |_| {}).then("as many requests", |scene| {
            scene.promote();
            let open = [scene.source.log().len(), scene.mirror().log().len()];
            scene.source.server().clear_log();
            scene.mirror().server().clear_log();
            for (tag, digest) in scene.mirror().tags("acme/img") {
                scene.mirror().delete_tag("acme/img", &tag);
                scene.mirror().delete_manifest("acme/img", &digest);
            }
            for blob in scene.mirror().blobs("acme/img") {
                scene.mirror().delete_blob("acme/img", &blob);
            }
            for host in [scene.source.host(), scene.mirror().host()] {
                scene.credential(&host, "me", PASSWORD);
            }
            let outcome = scene.promote();
            scene.assert_right(&outcome);
            assert_eq!(scene.source.log().len(), open[0], "{:?}", scene.source.server().lines());
            let lines = scene.mirror().server().lines();
            assert_eq!(lines.len(), open[1] + 2, "the registry and the first thing that is absent, once: {lines:?}");
            assert_eq!(lines.iter().filter(|line| line.starts_with("GET /v2/ ")).count(), 1, "{lines:?}");
        }),
        row("a hidden source", |scene| BY_404.at_source(scene)).then("asked twice once", |scene| {
            scene.promote();
            let log = scene.source.log();
            let lines = scene.source.server().lines();
            let anonymous = log.iter().filter(|exchange| exchange.authorization().is_none()).count();
            assert!((2..=9).contains(&anonymous), "as many as are asked at once, and the registry: {lines:?}");
            assert_eq!(lines.iter().filter(|line| line.starts_with("GET /v2/ ")).count(), 1, "{lines:?}");
            assert!(saw(&log, "me").len() == lines.len() - anonymous, "{lines:?}");
        }),
    ]
}
