//! Mounts that are refused or fake, and blobs that are acknowledged but not kept.

use std::collections::BTreeSet;
use std::sync::Mutex;

use serde_json::{Value, json};
use wharfinger::internals::image::Digest;

use super::super::super::promote::entry;
use super::{Row, Scene, TAG, row, try_all, usual};
use crate::support::http::{Action, Exchange, Request, Response, Rule};
use crate::support::images::{Image, ImageSpec, Manifest, random};
use crate::support::registry::TestRegistry;

const MOUNT: &str = "/blobs/uploads/.mount=";

#[test]
fn where_a_mount_is_not_done_the_bytes_are_sent() {
    try_all(&[refused(), none(), other_digests(), looked_for()].into_iter().flatten().collect::<Vec<_>>());
}

/// How many requests of a registry's log are such ones.
fn count(registry: &TestRegistry, method: &str, part: &str) -> usize {
    let is = |e: &&Exchange| e.request.method == method && e.line().contains(part);
    registry.log().iter().filter(is).count()
}

fn error(status: u16, code: &str) -> Response {
    Response::json(status, &json!({"errors": [{"code": code, "message": "x"}]}))
}

/// Fifty blobs.
fn many() -> Image {
    ImageSpec::new(3).platforms(&["linux/amd64"]).layers(49, 100).build()
}

fn refused() -> Vec<Row> {
    let answered = |name, action: Action| {
        row(name, move |s| s.source.fault(Rule::new("POST", MOUNT, action.clone())))
            .image(many())
            .one_registry()
            .right_and(|s, _| {
                assert_eq!(count(&s.source, "PUT", "/blobs/uploads/"), 50);
                // Sixteen are tried at once, four times each at most, and then none.
                let tried: BTreeSet<_> = s.source.log().iter().filter_map(|e| e.request.query_value("mount")).collect();
                assert!((1..=16).contains(&tried.len()), "{tried:?}");
            })
    };
    let plain = |status: u16, code: &str| {
        let body = json!({"errors": [{"code": code, "message": "x"}]}).to_string();
        Action::Answer(status, Vec::new(), body.into())
    };
    let elsewhere = vec![("location".to_owned(), "http://127.0.0.2:1/".to_owned())];
    vec![
        answered("mounts answered 500", plain(500, "UNKNOWN")),
        answered("mounts answered 503", plain(503, "UNAVAILABLE")),
        answered("mounts answered 501", plain(501, "UNSUPPORTED")),
        answered("mounts answered 405", plain(405, "UNSUPPORTED")),
        answered("mounts answered 400", plain(400, "UNSUPPORTED")),
        answered("mounts answered 403", plain(403, "DENIED")),
        answered("mounts answered 307", Action::Answer(307, elsewhere.clone(), "".into())),
        answered("mounts reset", Action::Reset),
        answered("mounts answered 201 without a digest, and none is done", Action::Answer(201, vec![], "".into())),
        row("mounts answered 404", move |s| s.source.fault(Rule::new("POST", MOUNT, plain(404, "BLOB_UNKNOWN"))))
            .one_registry()
            .right(),
        row("mounts that open an upload elsewhere", move |s| {
            s.source.fault(Rule::new("POST", MOUNT, Action::Answer(202, elsewhere.clone(), "".into())));
        })
        .one_registry()
        .right(),
        row("mounts that open an upload", |s| s.source.set(|switches| switches.mount = false))
            .one_registry()
            .right_and(|s, _| {
                let blobs = s.image.blobs.len();
                assert_eq!(count(&s.source, "POST", "/blobs/uploads/"), blobs, "which is continued");
            }),
        row("mounts that open an upload and do not say where", |s| {
            s.source.fault(Rule::new("POST", MOUNT, Action::Header("location".to_owned(), None)));
            s.source.set(|switches| switches.mount = false);
        })
        .one_registry()
        .right(),
        row("mounts answered 500 once", |s| {
            s.source.fault(Rule::new("POST", MOUNT, Action::Answer(500, vec![], "".into())).times(1));
        })
        .one_registry()
        .right_and(|s, _| assert_eq!(count(&s.source, "PUT", "/blobs/uploads/"), 0, "a fault that passes")),
    ]
}

/// Answers every mount of such a digest as if it had been done.
fn lie(registry: &TestRegistry, about: &'static str) {
    registry.intercept(move |request, ask| match request.query_value("mount") {
        Some(digest) if digest.starts_with(about) => Response::new(201).header("docker-content-digest", digest),
        _ => ask(request),
    });
}

fn none() -> Vec<Row> {
    let own = |s: &Scene| {
        let lines = s.mirror().server().lines();
        assert!(!lines.iter().any(|line| line.contains("from=acme/img")), "{lines:#?}");
    };
    vec![
        row("a mount that is none", |s| lie(s.mirror(), "")).right(),
        row("a mount that is none, from the source", |s| lie(s.mirror(), "")).one_registry().right_and(|s, _| {
            assert_eq!(count(&s.source, "PUT", "/blobs/uploads/"), s.image.blobs.len(), "each is sent once");
        }),
        row("a mount that is none, from a sibling", |s| lie(s.mirror(), "")).then("right", |s| {
            let entries = ["img", "other"].map(|name| entry(&s.source_name(), name, "", &[(TAG, &s.image.digest())]));
            let outcome = s.run(&s.manifest(&entries), &["promote"]);
            s.assert_right(&outcome);
            assert_eq!(s.mirror().digest("acme/other", TAG), Some(s.image.digest()), "{outcome:#?}");
            let all: BTreeSet<Digest> = s.image.blobs.iter().map(|(digest, _)| digest.clone()).collect();
            assert_eq!(s.mirror().blobs("acme/other"), all, "{outcome:#?}");
        }),
        row("a fresh mirror", |_| {}).right_and(move |s, _| own(s)),
        row("a fresh mirror on the source's registry", |_| {}).one_registry().right_and(move |s, _| {
            own(s);
            assert_eq!(count(&s.source, "POST", MOUNT.split('.').next().unwrap()), s.image.blobs.len());
        }),
        row("a mirror that lost a blob of a tag it has", |s| {
            s.image.put(s.mirror(), "acme/img", TAG);
            s.mirror().delete_blob("acme/img", &s.image.blobs[0].0);
        })
        .right_and(move |s, _| {
            own(s);
            assert_eq!(count(s.mirror(), "PUT", "/blobs/uploads/"), 1, "what is there is not sent");
        }),
        row("a mirror that loses a blob again", |s| {
            s.image.put(s.mirror(), "acme/img", TAG);
            s.mirror().delete_blob("acme/img", &s.image.blobs[0].0);
            forget(s.mirror(), "");
        })
        .then("never recorded", |s| {
            let outcome = s.promote();
            assert_eq!(outcome.status, Some(1), "{outcome:#?}");
            let error = outcome.json()["failed"][0]["error"].as_str().unwrap().to_owned();
            assert!(error.contains("acknowledged the upload but does not have the blob"), "{error}");
            // The tag stood there before; it was not left as whole.
            s.image.put(s.mirror(), "acme/img", TAG);
        }),
        row("a tag that is moved, most of its blobs known", |s| {
            let former = ImageSpec { base: Some((9, 5)), ..ImageSpec::new(4) }.platforms(&["linux/amd64"]).build();
            former.put(s.mirror(), "acme/img", TAG);
        })
        .image(ImageSpec { base: Some((9, 5)), ..ImageSpec::new(5) }.platforms(&["linux/amd64"]).build())
        .then("right", move |s| {
            let former = s.mirror().digest("acme/img", TAG).unwrap();
            let record = format!("        mirrored: {former}\n");
            let outcome = s.run(&format!("{}{record}", s.approved()), &["promote"]);
            s.assert_right(&outcome);
            assert_eq!(count(s.mirror(), "PUT", "/blobs/uploads/"), 2, "a layer and a configuration");
            own(s);
        }),
    ]
}

/// Acknowledges uploads of such digests and keeps nothing.
fn forget(registry: &TestRegistry, about: &'static str) {
    registry.intercept(move |request, ask| match request.query_value("digest") {
        Some(digest) if digest.starts_with(about) => Response::new(201).header("docker-content-digest", digest),
        _ => ask(request),
    });
}

/// Takes every manifest, whatever is missing; unlike the registry itself.
fn take_unseen(registry: &TestRegistry) {
    let taken: Mutex<Vec<(String, Request)>> = Mutex::default();
    registry.intercept(move |request, ask| {
        if !request.path.starts_with("/v2/acme/img/manifests/") {
            return ask(request);
        }
        let mut taken = taken.lock().unwrap();
        if request.method == "PUT" {
            taken.push((request.path.clone(), request.clone()));
            let digest = Digest::sha256(&request.body);
            taken.push((format!("/v2/acme/img/manifests/{digest}"), request.clone()));
            return Response::new(201).header("docker-content-digest", digest.to_string());
        }
        match taken.iter().rev().find(|(path, _)| *path == request.path) {
            None => error(404, "MANIFEST_UNKNOWN"),
            Some((_, put)) => Response::new(200)
                .header("content-type", put.header("content-type").unwrap_or_default())
                .header("docker-content-digest", Digest::sha256(&put.body).to_string())
                .body(put.body.clone()),
        }
    });
}

/// An image whose layer has a SHA-512 digest.
fn sha512() -> Image {
    let mut image = ImageSpec::new(6).platforms(&["linux/amd64"]).single().layers(1, 100).build();
    let layer = random(7, 20_000);
    let any: Digest = format!("sha512:{}", "0".repeat(128)).parse().unwrap();
    let mut hasher = any.hasher();
    hasher.update(&layer);
    let digest = hasher.finish();
    let manifest = image.manifests.remove(0);
    let mut document: Value = serde_json::from_slice(&manifest.bytes).unwrap();
    document["layers"][0]["digest"] = json!(digest.to_string());
    document["layers"][0]["size"] = json!(layer.len());
    image.blobs.remove(1);
    image.blobs.push((digest, layer));
    image.manifests.push(Manifest { bytes: document.to_string().into(), ..manifest });
    image
}

fn other_digests() -> Vec<Row> {
    vec![
        row("sha512 mounts", |s| lie(&s.source, "sha512:")).image(sha512()).one_registry().right_and(|s, _| {
            assert_eq!(count(&s.source, "PUT", "/blobs/uploads/"), 1, "the other blob was mounted");
        }),
        row("sha512 mounts that are done", |_| {}).image(sha512()).one_registry().right_and(|s, _| {
            assert_eq!(count(&s.source, "PUT", "/blobs/uploads/"), 0);
        }),
        row("sha512 blobs lost", |s| {
            forget(s.mirror(), "sha512:");
            take_unseen(s.mirror());
        })
        .image(sha512())
        .refused("verify", &["acknowledged the upload but does not have the blob", "sha512:"], &[]),
        row("sha512 blobs at an honest mirror", |_| {}).image(sha512()).right_and(|s, _| {
            assert_eq!(count(s.mirror(), "HEAD", "/blobs/sha512:"), 1);
            assert_eq!(count(s.mirror(), "HEAD", "/blobs/sha256:"), 0);
        }),
        row("every blob lost, which the manifest then shows", |s| forget(s.mirror(), "")).image(usual()).refused(
            "verify",
            &["acknowledged the upload but does not have the blob"],
            &[],
        ),
    ]
}

fn looked_for() -> Vec<Row> {
    let kept_elsewhere = |s: &Scene| {
        s.mirror().set(|switches| switches.redirect_blobs = true);
        s.mirror().intercept(|request, ask| {
            if request.method != "HEAD" || !request.path.contains("/blobs/sha256:") {
                return ask(request);
            }
            ask(&Request { method: "GET".to_owned(), ..request.clone() })
        });
        s.mirror().cdn_fault(Rule::new("HEAD", "", Action::Answer(403, vec![], "".into())));
    };
    vec![
        row("blobs kept elsewhere, at a fresh mirror", kept_elsewhere).right(),
        row("blob HEAD refused at the source", |s| {
            s.source.fault(Rule::new("HEAD", "/blobs/", Action::Answer(401, vec![], "".into())));
        })
        .right(),
        row("blobs kept elsewhere, the tag there already", move |s| {
            s.image.put(s.mirror(), "acme/img", TAG);
            kept_elsewhere(s);
        })
        .right(),
    ]
}
