//! Servers that take their time, and servers that never finish.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{Row, TAG, proposed, row, single, try_all};
use crate::support::http::{Action, Piece, Request, Response, Rule};
use crate::support::images::ImageSpec;
use crate::support::registry::{Auth, User};

#[test]
fn slow_servers_are_waited_for_and_endless_ones_are_not() {
    try_all(&[patient(), bounded()].into_iter().flatten().collect::<Vec<_>>());
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn patient() -> Vec<Row> {
    let finish = |name, after: u64| {
        // The handler is asked once the time is over: where the client hung up before, nothing is stored.
        row(name, move |s| {
            s.mirror().fault(Rule::new("PUT", "/blobs/uploads/", Action::Delay(seconds(after))));
        })
        .right_and(|s, _| {
            let uploads = s.mirror().log().iter().filter(|e| e.request.query_value("digest").is_some()).count();
            assert_eq!(uploads, s.image.blobs.len(), "each once");
        })
    };
    vec![
        row("a proxy cache", |s| s.source.fault(Rule::new("GET", "/manifests/", Action::Delay(seconds(12)))))
            .image(single())
            .right(),
        row("a slow manifest PUT", |s| s.mirror().fault(Rule::new("PUT", "/manifests/", Action::Delay(seconds(12)))))
            .image(single())
            .right_and(|s, _| {
                let puts =
                    s.mirror().log().iter().filter(|e| e.line().starts_with("PUT /v2/acme/img/manifests/")).count();
                assert_eq!(puts, 1);
            }),
        row("tag list, HEAD, manifests and blobs of the source after 12 s each", |s| {
            s.source.fault(Rule::new("", "", Action::Delay(seconds(12))));
        })
        .image(single())
        .right()
        .proposed(),
        row("token services after 12 s", |s| {
            for registry in [&s.source, s.mirror()] {
                registry.set(|switches| switches.auth = Auth::Bearer);
                registry.add_user(User::new("me", "secret"));
                registry.fault(Rule::new("", "^/token", Action::Delay(seconds(12))));
                s.credential(&registry.host(), "me", "secret");
            }
        })
        .image(single())
        .right(),
        row("uploads opened after 12 s", |s| {
            s.mirror().fault(Rule::new("POST", "/blobs/uploads/", Action::Delay(seconds(12))));
        })
        .image(single())
        .right(),
        finish("a blob is finalized in 35 s", 35),
        finish("in 25 s, and cut off", 25),
        row("a body that stops", |s| {
            let first: Mutex<Vec<String>> = Mutex::default();
            s.source.intercept(move |request, ask| {
                let mut answer = ask(request);
                let bytes = answer.bytes();
                if request.method != "GET" || !request.path.contains("/blobs/") || bytes.len() <= 9_000 {
                    return answer;
                }
                first.lock().unwrap().push(request.path.clone());
                answer.headers.push(("content-length".to_owned(), bytes.len().to_string()));
                let (head, rest) = (bytes.slice(..9_000), bytes.slice(9_000..));
                answer.pieces(vec![Piece::Bytes(head), Piece::Pause(seconds(25)), Piece::Bytes(rest)])
            });
        })
        .right_and(|s, _| {
            let blobs = s.source.log().iter().filter(|e| e.line().contains("/blobs/")).count();
            assert_eq!(blobs, s.image.blobs.len(), "none is begun twice");
        }),
    ]
}

fn bounded() -> Vec<Row> {
    vec![
        row("a server that never answers", |s| {
            s.source.fault(Rule::new("", "", Action::Hang));
            s.variable("WHARFINGER_TIMEOUT", "2s");
        })
        .then("refused", |s| {
            let start = Instant::now();
            let outcome = s.promote();
            s.assert_refused(&outcome, "read", &["no response within 2 s (`timeout`)"]);
            assert!(start.elapsed() < seconds(15), "{:?}", start.elapsed());
        }),
        row("a mirror that never answers", |s| {
            s.mirror().fault(Rule::new("", "", Action::Hang));
            s.variable("WHARFINGER_TIMEOUT", "2s");
        })
        .then("refused", |s| {
            let start = Instant::now();
            let outcome = s.promote();
            assert_eq!(outcome.status, Some(3), "nothing at all can be promoted: {outcome:#?}");
            let error = outcome.json()["error"].as_str().unwrap().to_owned();
            assert!(error.contains("no response within 2 s (`timeout`)"), "{error}");
            assert!(start.elapsed() < seconds(15), "{:?}", start.elapsed());
        }),
        row("a mirror that never answers a PUT", |s| {
            s.mirror().fault(Rule::new("PUT", "", Action::Hang));
            s.variable("WHARFINGER_TIMEOUT", "2s");
        })
        .refused("blob", &["(`timeout`)"], &[]),
        row("referrers of one repository hang", |s| {
            ImageSpec::new(7).build().put(&s.source, "team/other", TAG);
            s.source.fault(Rule::new("GET", "/team/other/referrers/", Action::Hang));
            s.sign("one");
            s.variable("WHARFINGER_SOURCE_TIMEOUT", "6s");
        })
        .then("the other's signature is found", |s| {
            let plan = s.run(&s.unapproved_of(&["other", "img"]), &["plan"]).json();
            let images: Vec<_> =
                plan["proposals"].as_array().unwrap().iter().flat_map(|p| p["images"].as_array().unwrap()).collect();
            let signed = images.iter().find(|image| image["repository"] == "img").unwrap();
            assert_eq!(signed["companions"].as_array().unwrap().len(), 1, "{plan}");
        }),
        row("an endless tag list", |s| {
            ImageSpec::new(7).build().put(&s.source, "team/other", TAG);
            s.source.intercept(|request: &Request, ask| {
                if request.path != "/v2/team/img/tags/list" {
                    return ask(request);
                }
                std::thread::sleep(seconds(1));
                let page: u32 = request.query_value("page").and_then(|page| page.parse().ok()).unwrap_or(0);
                let next = format!("</v2/team/img/tags/list?page={}>; rel=\"next\"", page + 1);
                Response::json(200, &json!({"name": "team/img", "tags": [format!("1.0.{page}")]})).header("link", next)
            });
            s.variable("WHARFINGER_SOURCE_TIMEOUT", "5s");
        })
        .then("the other is proposed", |s| {
            let plan = s.run(&s.unapproved_of(&["img", "other"]), &["plan"]);
            assert_eq!(plan.status, Some(1), "{plan:#?}");
            let result = plan.json();
            let failed = result["failed"].as_array().unwrap();
            assert!(failed.len() == 1 && failed[0]["repository"] == "img", "{result}");
            assert!(failed[0]["error"].as_str().unwrap().contains("`source-timeout`"), "{result}");
            assert_eq!(proposed(&result), [TAG], "{result}");
        }),
    ]
}
