//! Referrers of an image, and tag lists that are refused.

use serde_json::{Value, json};

use super::{INDEX, Row, Scene, row, try_all};
use crate::support::http::Response;
use crate::support::images::{Image, Manifest};
use crate::support::process::Outcome;
use crate::support::registry::TestRegistry;

#[test]
fn where_there_is_no_referrers_api_the_fallback_tag_is_used() {
    try_all(&[refused(), false_answers(), lists()].into_iter().flatten().collect::<Vec<_>>());
}

#[test]
fn a_refused_tag_list_loses_only_what_needs_it() {
    try_all(&tag_lists());
}

#[test]
fn a_fault_of_the_referrers_api_is_no_absence() {
    try_all(&faults());
}

#[test]
fn a_retired_artifact_manifest_travels() {
    let carries = |scene: &Scene| {
        let artifact = artifact(scene);
        scene.source.put_untagged("team/img", &artifact);
        scene.expect(artifact);
    };
    try_all(&[row("an OCI artifact manifest", carries).right_and(again_carries_nothing).proposed()]);
}

/// Everything of this kind is answered so.
fn answers(registry: &TestRegistry, part: &'static str, answer: Response) {
    registry.intercept(move |request, honest| match request.path.contains(part) {
        true => answer.clone(),
        false => honest(request),
    });
}

/// A signature that the source's fallback tag lists.
fn signed(scene: &Scene) {
    let signature = scene.sign("one");
    scene.list_in_fallback(&[&signature]);
}

fn again_carries_nothing(scene: &Scene, _: &Outcome) {
    let again = scene.run(&scene.recorded(), &["promote", "--signatures"]);
    assert_eq!((again.status, &again.json()["carried"]), (Some(0), &json!([])), "{again:#?}");
    scene.assert_signatures("again");
}

/// The source, and then the mirror, answers what asks for referrers so.
fn either_side(name: &str, answer: Response) -> [Row; 2] {
    let there = answer.clone();
    let source = row(format!("{name}, at the source").leak(), move |scene| {
        answers(&scene.source, "/referrers/", answer.clone());
        signed(scene);
    });
    let mirror = row(format!("{name}, at the mirror").leak(), move |scene| {
        answers(scene.mirror(), "/referrers/", there.clone());
        signed(scene);
    });
    [source.right_and(again_carries_nothing).proposed(), mirror.right_and(again_carries_nothing)]
}

fn refused() -> Vec<Row> {
    let statuses = [400, 401, 403, 404, 405, 406, 410, 501];
    statuses.into_iter().flat_map(|status| either_side(&status.to_string(), Response::new(status))).collect()
}

fn false_answers() -> Vec<Row> {
    let page = Response::new(200).header("content-type", "text/html").body("<html>Sign in</html>");
    [
        either_side("200 and {}", Response::json(200, &json!({}))),
        either_side("200 and a list", Response::json(200, &json!([]))),
        either_side("200 and a page", page),
        either_side("200 and errors", Response::json(200, &json!({"errors": []}))),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn index(manifests: &Value) -> Response {
    let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests});
    let mut answer = Response::json(200, &index);
    answer.headers = vec![("content-type".to_owned(), INDEX.to_owned())];
    answer
}

fn lists() -> Vec<Row> {
    let empty = |name, manifests: Value| {
        row(name, move |scene| {
            answers(&scene.source, "/referrers/", index(&manifests));
            signed(scene);
        })
        .right()
        .proposed()
    };
    vec![
        empty("an empty list", json!([])),
        empty("a list that is null", Value::Null),
        row("a mirror that says that it keeps track and lists nothing", |scene| {
            answers(scene.mirror(), "/referrers/", index(&json!([])));
            signed(scene);
        })
        .then("the fallback tag is written, and that is said", |scene| {
            let outcome = scene.promote();
            assert_eq!((outcome.status, &outcome.json()["failed"]), (Some(0), &json!([])), "{outcome:#?}");
            assert!(outcome.stderr.contains("but lists none"), "{outcome:#?}");
            assert!(scene.mirror().digest("acme/img", &scene.fallback_tag()).is_some(), "{outcome:#?}");
        }),
        row("a list of some", |scene| {
            let (one, two) = (scene.sign("one"), scene.sign("two"));
            let entry = |s: &Image| json!({"mediaType": s.root().media_type, "digest": s.digest(), "size": s.root().bytes.len()});
            let (subject, listed) = (scene.image.digest().to_string(), index(&json!([entry(&one)])));
            scene.source.intercept(move |request, honest| {
                match request.path.contains("/referrers/") && request.path.ends_with(&subject) {
                    true => listed.clone(),
                    false => honest(request),
                }
            });
            scene.list_in_fallback(&[&one, &two]);
        })
        .right(),
        row("a fallback tag that lists what is gone, beside an API", |scene| {
            let here = scene.sign("one");
            let gone = Image::artifact(scene.image.root(), "application/x.signature", b"gone");
            scene.list_in_fallback(&[&here, &gone]);
        })
        .right(),
        row("no API at either side", |scene| {
            scene.source.set(|s| s.referrers = false);
            scene.mirror().set(|s| s.referrers = false);
            signed(scene);
        })
        .right_and(again_carries_nothing)
        .proposed(),
    ]
}

/// The refused list is said, once.
fn is_said(_: &Scene, outcome: &Outcome) {
    assert_eq!(outcome.stderr.matches("the tag list is refused").count(), 1, "{outcome:#?}");
}

fn tag_lists() -> Vec<Row> {
    let statuses = [400, 401, 403, 405, 410, 501];
    let listed = statuses.into_iter().map(|status| {
        row(format!("the source's tag list is answered {status}").leak(), move |scene| {
            answers(&scene.source, "/tags/list", Response::new(status));
            scene.sign("one");
        })
        .right_and(is_said)
    });
    let bare = row("neither tags nor referrers are listed", |scene| {
        answers(&scene.source, "/tags/list", Response::new(403));
        answers(&scene.source, "/referrers/", Response::new(404));
        signed(scene);
    });
    let hidden = row("the tag list is answered 404, and no referrers are listed", |scene| {
        answers(&scene.source, "/tags/list", Response::new(404));
        answers(&scene.source, "/referrers/", Response::new(404));
        signed(scene);
    });
    let mirror = row("the mirror's tag list is answered 403", |scene| {
        answers(scene.mirror(), "/tags/list", Response::new(403));
        scene.sign("one");
    });
    let mirror = mirror.right().then("audit looks at what is approved, and says what it cannot see", |scene| {
        scene.image.put(scene.mirror(), "acme/img", super::TAG);
        let audit = scene.run(&scene.recorded(), &["audit"]);
        assert_eq!(audit.status, Some(1), "{audit:#?}");
        let json = audit.json();
        assert_eq!(json["findings"], json!([]), "{audit:#?}");
        let failed = json["failed"].as_array().unwrap();
        let error = failed[0]["error"].as_str().unwrap();
        assert!(failed.len() == 1 && error.contains("tags cannot be listed"), "{audit:#?}");
    });
    listed.chain([bare.right_and(is_said), hidden.right_and(is_said), mirror]).collect()
}

fn faults() -> Vec<Row> {
    let rows = [429, 500, 503].map(|status| {
        row(format!("the referrers API answers {status}").leak(), move |scene| {
            answers(&scene.source, "/referrers/", Response::new(status));
            signed(scene);
        })
        .then("said, and the image is promoted", |scene| {
            let outcome = scene.promote();
            assert_eq!(outcome.status, Some(1), "{outcome:#?}");
            assert_eq!(scene.mirror().digest("acme/img", super::TAG), Some(scene.image.digest()), "{outcome:#?}");
            let error = outcome.json()["failed"][0]["error"].as_str().unwrap_or_default().to_owned();
            assert!(error.contains("not all of its signatures"), "{outcome:#?}");
        })
    });
    rows.into()
}

/// A signature as an artifact manifest of the release candidates of OCI 1.1.
fn artifact(scene: &Scene) -> Image {
    const TYPE: &str = "application/vnd.oci.artifact.manifest.v1+json";
    let mut image = Image::artifact(scene.image.root(), "application/vnd.cncf.notary.signature", b"a signature");
    let manifest: Value = serde_json::from_slice(&image.root().bytes).unwrap();
    let retired = json!({"mediaType": TYPE, "artifactType": manifest["artifactType"], "blobs": manifest["layers"],
        "subject": manifest["subject"], "annotations": manifest["annotations"]});
    image.blobs.remove(0);
    image.manifests = vec![Manifest { media_type: TYPE.to_owned(), bytes: retired.to_string().into() }];
    image
}
