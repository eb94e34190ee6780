//! Writes that become visible late, and answers that are lost.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use super::super::super::promote::Clone;
use super::{Row, Scene, TAG, row, single, try_all, usual};
use crate::support::http::{Action, Exchange, Request, Response, Rule};
use crate::support::images::ImageSpec;
use crate::support::registry::TestRegistry;

const TAGGED: &str = "^/v2/acme/img/manifests/1.0.0$";

#[test]
fn what_was_put_may_be_seen_late_and_an_answer_may_be_lost() {
    try_all(&[seen_late(), never_seen(), answers_lost()].into_iter().flatten().collect::<Vec<_>>());
}

fn error(status: u16, code: &str) -> Response {
    Response::json(status, &json!({"errors": [{"code": code, "message": "x"}]}))
}

fn code(status: u16, code: &str) -> Action {
    Action::Answer(status, vec![], json!({"errors": [{"code": code}]}).to_string().into())
}

/// How often the tag was put.
fn puts(s: &Scene) -> usize {
    let tag = format!("/v2/acme/img/manifests/{TAG}");
    s.mirror().log().iter().filter(|e| e.request.method == "PUT" && e.request.path == tag).count()
}

/// Whether something was put less than this long ago, by the end of its path.
struct Fresh {
    since: Mutex<BTreeMap<String, Instant>>,
    late: Duration,
}

impl Fresh {
    fn new(late: Duration) -> Self {
        Self { since: Mutex::default(), late }
    }

    fn note(&self, name: &str) {
        self.since.lock().unwrap().entry(name.to_owned()).or_insert_with(Instant::now);
    }

    fn has(&self, name: &str) -> bool {
        self.since.lock().unwrap().get(name).is_some_and(|since| since.elapsed() < self.late)
    }
}

/// Manifests and tags show so long after they were put.
fn manifests_late(registry: &TestRegistry, late: Duration) {
    let fresh = Fresh::new(late);
    registry.intercept(move |request, ask| {
        if !request.path.contains("/manifests/") {
            return ask(request);
        }
        if request.method == "PUT" {
            let answer = ask(request);
            fresh.note(&request.path);
            return answer;
        }
        if fresh.has(&request.path) { error(404, "MANIFEST_UNKNOWN") } else { ask(request) }
    });
}

/// Blobs show so long after they were uploaded; `named`: the answer to the upload names the digest. A manifest that names
/// one that does not show is refused with that status and code.
fn blobs_late(registry: &TestRegistry, named: bool, refusal: (u16, &'static str)) {
    let fresh = Fresh::new(Duration::from_millis(2_500));
    registry.intercept(move |request, ask| {
        if let Some(digest) = request.query_value("digest") {
            let mut answer = ask(request);
            fresh.note(&digest);
            answer.headers.retain(|(name, _)| named || name != "docker-content-digest");
            return answer;
        }
        if let Some((_, digest)) = request.path.split_once("/blobs/").filter(|_| request.method == "HEAD")
            && fresh.has(digest)
        {
            return error(404, "BLOB_UNKNOWN");
        }
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let names = fresh.since.lock().unwrap().keys().find(|digest| body.contains(digest.as_str())).cloned();
        match names.filter(|digest| fresh.has(digest) && request.method == "PUT") {
            Some(_) => error(refusal.0, refusal.1),
            None => ask(request),
        }
    });
}

/// An index is refused so long after its children were put.
fn children_late(registry: &TestRegistry, refusal: (u16, &'static str)) {
    let fresh = Fresh::new(Duration::from_millis(2_500));
    registry.intercept(move |request, ask| {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        if request.method == "PUT" && request.path.ends_with(TAG) && body.contains("\"manifests\"") {
            let known = fresh.since.lock().unwrap().keys().cloned().collect::<Vec<_>>();
            if known.iter().any(|child| body.contains(child) && fresh.has(child)) {
                return error(refusal.0, refusal.1);
            }
        } else if request.method == "PUT"
            && let Some((_, child)) = request.path.split_once("/manifests/")
        {
            fresh.note(child);
        }
        ask(request)
    });
}

fn seen_late() -> Vec<Row> {
    let late = Duration::from_millis(1_500);
    vec![
        row("seen later", move |s| manifests_late(s.mirror(), late)).right(),
        row("seen later, one manifest", move |s| manifests_late(s.mirror(), late)).image(single()).right(),
        row("seen much later", move |s| manifests_late(s.mirror(), Duration::from_secs(7))).image(single()).right(),
        row("a moved tag seen later", move |s| {
            let former = ImageSpec::new(9).build();
            former.put(s.mirror(), "acme/img", TAG);
            let (answers, fresh) = (former.root().clone(), Fresh::new(late));
            s.mirror().intercept(move |request, ask| {
                if !request.path.ends_with(&format!("/manifests/{TAG}")) {
                    return ask(request);
                }
                let answer = ask(request);
                if request.method == "PUT" {
                    fresh.note(TAG);
                } else if fresh.has(TAG) {
                    let digest = answers.digest().to_string();
                    let stale = Response::new(200).header("content-type", &answers.media_type);
                    return stale.header("docker-content-digest", digest).body(answers.bytes.clone());
                }
                answer
            });
        })
        .then("right", |s| {
            let record = format!("        mirrored: {}\n", s.mirror().digest("acme/img", TAG).unwrap());
            let outcome = s.run(&format!("{}{record}", s.approved()), &["promote"]);
            s.assert_right(&outcome);
        }),
        row("signatures seen later, without a referrers API at the mirror", move |s| {
            s.mirror().set(|switches| switches.referrers = false);
            for payload in ["one", "two", "three"] {
                s.sign(payload);
            }
            manifests_late(s.mirror(), late);
        })
        .right(),
        row("blobs seen later", |s| blobs_late(s.mirror(), false, (400, "MANIFEST_BLOB_UNKNOWN"))).right(),
        row("blobs seen later by manifests alone", |s| blobs_late(s.mirror(), true, (400, "MANIFEST_BLOB_UNKNOWN")))
            .right_and(|s, _| {
                let uploads = s.mirror().log().iter().filter(|e| e.request.query_value("digest").is_some()).count();
                assert_eq!(uploads, s.image.blobs.len(), "nothing is sent twice");
            }),
        row("blobs seen later by manifests alone, 404", |s| blobs_late(s.mirror(), true, (404, "BLOB_UNKNOWN")))
            .right(),
        row("children seen later", |s| children_late(s.mirror(), (400, "MANIFEST_BLOB_UNKNOWN"))).right(),
        row("children seen later, 404", |s| children_late(s.mirror(), (404, "MANIFEST_UNKNOWN"))).right(),
        row("nothing late", |_| {}).right_and(|s, _| {
            assert_eq!(s.mirror().log().len(), 1 + 2 * 2 + 2 + 3, "{:#?}", s.mirror().server().lines());
        }),
    ]
}

fn never_seen() -> Vec<Row> {
    let lose = |s: &Scene| {
        s.mirror().intercept(|request, ask| {
            let lost = request.method == "PUT" && request.path.contains("/manifests/");
            if lost { Response::new(201) } else { ask(request) }
        });
    };
    let within = |s: &Scene, run: &dyn Fn() -> crate::support::process::Outcome| {
        let start = Instant::now();
        let outcome = run();
        assert!(start.elapsed() < Duration::from_secs(45), "{:?}", start.elapsed());
        assert!(s.mirror().tags("acme/img").is_empty());
        outcome
    };
    vec![
        row("never seen", lose).then("refused", move |s| {
            let outcome = within(s, &|| s.promote());
            s.assert_refused(&outcome, "verify", &["is not there"]);
        }),
        row("never seen, many images", lose).then("refused", move |s| {
            let more = (0..40)
                .map(|n| ImageSpec::new(100 + n).single().build().put(&s.source, "team/more", &format!("1.{n}")));
            let digests: Vec<_> = more.collect();
            let tags: Vec<String> = (0..40).map(|n| format!("1.{n}")).collect();
            let approved: Vec<_> = tags.iter().map(String::as_str).zip(&digests).collect();
            let source = format!("{}/team/more", s.source.host());
            let entries = [super::super::super::promote::entry(&source, "img", "", &approved)];
            let outcome = within(s, &|| s.run(&s.manifest(&entries), &["promote"]));
            assert_eq!(outcome.status, Some(1), "{outcome:#?}");
            assert_eq!(outcome.json()["failed"].as_array().unwrap().len(), 40, "{outcome:#?}");
        }),
    ]
}

fn answers_lost() -> Vec<Row> {
    let once = |name, immutable: Option<(u16, &'static str)>| {
        row(name, move |s| {
            if let Some((status, refusal)) = immutable {
                s.mirror().fault(Rule::new("PUT", TAGGED, code(status, refusal)).after(1));
            }
            s.mirror().fault(Rule::new("PUT", TAGGED, Action::Lose).times(1));
        })
        .then("right, and a rerun", |s| {
            let clone = Clone::new(&s.approved());
            let outcome = s.run_in(&clone, &["promote"]);
            s.assert_right(&outcome);
            assert_eq!(puts(s), 1, "{:#?}", s.mirror().server().lines());
            let again = s.run_in(&clone, &["promote"]);
            assert_eq!((again.status, &again.json()["failed"]), (Some(0), &json!([])), "{again:#?}");
            assert_eq!(puts(s), 1);
            // The record may be lost with the run: the tag is verified then.
            s.assert_right(&s.promote());
            assert_eq!(puts(s), 1);
        })
    };
    let stored = |status: u16| {
        move |request: &Request, ask: &dyn Fn(&Request) -> Response| {
            let answer = ask(request);
            let done = request.method == "PUT" && answer.status == 201;
            if done { error(status, "UNAVAILABLE") } else { answer }
        }
    };
    let uploads = |e: &&Exchange| e.request.method == "PUT" && e.request.path.contains("/blobs/uploads/");
    vec![
        once("immutable tags", Some((400, "TAG_INVALID"))),
        once("immutable tags, 409", Some((409, "TAG_ALREADY_EXISTS"))),
        once("immutable tags, 412", Some((412, "PRECONDITION"))),
        once("immutable tags, 403", Some((403, "DENIED"))),
        once("a tag that may be put again", None),
        row("immutable tags, a single manifest", |s| {
            s.mirror().fault(Rule::new("PUT", TAGGED, code(400, "TAG_INVALID")).after(1));
            s.mirror().fault(Rule::new("PUT", TAGGED, Action::Lose).times(1));
        })
        .image(single())
        .right_and(|s, _| assert_eq!(puts(s), 1)),
        row("immutable tags, the answer hangs", |s| {
            s.variable("WHARFINGER_TIMEOUT", "3s");
            let (mirror, put) = (s.mirror().handle(), AtomicBool::new(false));
            s.mirror().intercept(move |request, ask| {
                let answer = ask(request);
                if request.method == "PUT" && request.path.ends_with(TAG) {
                    if put.swap(true, Ordering::SeqCst) {
                        mirror.delete_tag("acme/img", TAG);
                    }
                    std::thread::sleep(Duration::from_secs(5));
                }
                answer
            });
        })
        .right(),
        row("immutable tags, seen late and the answer lost", |s| {
            s.mirror().fault(Rule::new("PUT", TAGGED, code(400, "TAG_INVALID")).after(1));
            s.mirror().fault(Rule::new("PUT", TAGGED, Action::Lose).times(1));
            manifests_late(s.mirror(), Duration::from_millis(1_500));
        })
        .right(),
        row("a proxy answers 504 to what is stored", move |s| s.mirror().intercept(stored(504))).right_and(
            move |s, _| {
                assert_eq!(puts(s), 1);
                assert_eq!(s.mirror().log().iter().filter(uploads).count(), s.image.blobs.len());
            },
        ),
        row("every answer to an upload is lost", |s| {
            s.mirror().fault(Rule::new("PUT", "/blobs/uploads/", Action::Lose));
        })
        .right_and(move |s, _| {
            assert_eq!(s.mirror().log().iter().filter(uploads).count(), s.image.blobs.len(), "none is sent twice");
        }),
        row("a signature's answer is lost", |s| {
            let signature = s.sign("one");
            let path = format!("/manifests/{}$", signature.digest());
            s.mirror().fault(Rule::new("PUT", &path, Action::Lose).times(1));
        })
        .right_and(|s, _| {
            assert!(s.mirror().digest("acme/img", &s.fallback_tag()).is_none(), "the API lists it");
        }),
        row("a signature's answer is lost, without a referrers API at the mirror", |s| {
            s.mirror().set(|switches| switches.referrers = false);
            let signature = s.sign("one");
            let path = format!("/manifests/{}$", signature.digest());
            s.mirror().fault(Rule::new("PUT", &path, Action::Lose).times(1));
        })
        .image(usual())
        .right(),
    ]
}
