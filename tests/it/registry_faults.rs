//! How the client copes with misbehaving registries: the right bytes, or an error that says what happened.

use std::time::Duration;

use serde_json::json;
use wharfinger::internals::content::Document;
use wharfinger::internals::image::{Digest, Reference};
use wharfinger::internals::registry::{ErrorKind, Put, Store};

use super::registry_contract::{Pieces, described, impatient, location, put, read, registries, tag};
use crate::support::http::{Action, Exchange, Request, Response, Rule, Server};
use crate::support::images::{Image, ImageSpec, random};
use crate::support::registry::TestRegistry;

const BLOB: usize = 200_000;

fn small() -> (TestRegistry, std::sync::Arc<dyn Store>) {
    let server = TestRegistry::start();
    let store = impatient().open(&location(&format!("{}/team/app", server.host())));
    (server, store)
}

/// A registry that holds an image with one blob of a size worth breaking.
fn filled() -> (TestRegistry, std::sync::Arc<dyn Store>, Image) {
    let (server, store) = small();
    let image = ImageSpec::new(1).platforms(&["linux/amd64"]).layers(1, BLOB).build();
    image.put(&server, "team/app", "1.0");
    (server, store, image)
}

fn layer(image: &Image) -> bytes::Bytes {
    image.blobs.iter().map(|(_, b)| b).find(|b| b.len() == BLOB).unwrap().clone()
}

fn count(server: &TestRegistry, line: &str) -> usize {
    server.log().iter().map(Exchange::line).filter(|l| l.contains(line)).count()
}

#[tokio::test]
async fn downloads_go_on_where_they_broke() {
    for cut in [0, 1, 65_536, 199_999] {
        let hangs = (cut == 65_536).then_some(Action::Stall(cut));
        for action in [Action::Truncate(cut), Action::ResetAfter(cut)].into_iter().chain(hangs) {
            for ranges in [true, false] {
                let (server, store, image) = filled();
                server.set(|s| s.ranges = ranges);
                server.fault(Rule::new("GET", "/blobs/", action.clone()).times(1));
                let bytes = read(&*store, &layer(&image), 0).await.unwrap().unwrap();
                assert_eq!(bytes, layer(&image), "{action:?}");
                assert_eq!(count(&server, "GET /v2/team/app/blobs/"), 2, "{action:?}");
            }
        }
    }
}

#[tokio::test]
async fn downloads_that_always_break_end() {
    for action in [Action::Truncate(5), Action::ResetAfter(5), Action::Stall(5), Action::Hang] {
        let (server, store, image) = filled();
        server.fault(Rule::new("GET", "/blobs/", action.clone()));
        assert!(read(&*store, &layer(&image), 0).await.is_err(), "{action:?}");
        assert!(count(&server, "GET") <= 8, "{action:?}: {:?}", server.server().lines());
    }
}

#[tokio::test]
async fn lengths_that_are_wrong_are_mismatches() {
    let (server, store, image) = filled();
    for body in [layer(&image).slice(1..), [layer(&image).as_ref(), b"x"].concat().into()] {
        server.server().clear_faults();
        server.fault(Rule::new("GET", "/blobs/", Action::Body(body)));
        let error = read(&*store, &layer(&image), 0).await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Mismatch(_)), "{error}");
    }
}

#[tokio::test]
async fn faults_that_pass_are_waited_out() {
    let html = vec![("content-type".to_owned(), "text/html".to_owned())];
    for action in
        [Action::Answer(503, html.clone(), "<html>".into()), Action::Reset, Action::Answer(500, vec![], "".into())]
    {
        let (server, store, image) = filled();
        server.fault(Rule::new("", "", action.clone()).times(2));
        let found = store.head(&tag("1.0")).await.unwrap().unwrap();
        assert_eq!(found.digest, image.digest(), "{action:?}");
        assert_eq!(server.log().len(), 3);
    }
}

#[tokio::test]
async fn server_errors_are_never_absence() {
    for status in [500, 502, 503, 504] {
        let (server, store, _) = filled();
        server.fault(Rule::new("", "", Action::Answer(status, vec![], "".into())));
        let error = store.manifest(&tag("1.0")).await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Server(_)), "{error}");
        assert_eq!(server.log().len(), 4);
    }
    let (server, store, _) = filled();
    server.fault(Rule::new("", "", Action::Answer(403, vec![], "".into())));
    assert!(matches!(store.manifest(&tag("1.0")).await.unwrap_err().kind, ErrorKind::Refused { .. }));
}

#[tokio::test]
async fn a_rate_limit_is_obeyed_or_named() {
    let retry = |value: &str| vec![("retry-after".to_owned(), value.to_owned())];
    let (server, store, image) = filled();
    server.fault(Rule::new("", "", Action::Answer(429, retry("1"), "".into())).times(1));
    let start = std::time::Instant::now();
    assert_eq!(store.head(&tag("1.0")).await.unwrap().unwrap().digest, image.digest());
    assert!(start.elapsed() >= Duration::from_secs(1), "not before the registry allows it");
    server.server().clear_log();
    server.fault(Rule::new("", "", Action::Answer(429, retry("3600"), "".into())));
    let error = store.head(&tag("1.0")).await.unwrap_err();
    assert!(matches!(&error.kind, ErrorKind::RateLimited(text) if text.contains("wait until 20")), "{error}");
    assert_eq!(server.log().len(), 1, "a longer pause fails at once, and no GET follows a HEAD that was limited");
}

#[tokio::test]
async fn manifests_are_what_was_asked_for() {
    let (server, store, image) = filled();
    let html = vec![("content-type".to_owned(), "text/html".to_owned())];
    let other = ImageSpec::new(2).build();
    for (action, by_tag) in [
        (Action::Body(other.root().bytes.clone()), true),
        (Action::Answer(200, html, "<html>".into()), true),
        (
            Action::Header("content-type".to_owned(), Some("application/vnd.oci.image.manifest.v1+json".to_owned())),
            true,
        ),
        (Action::Body(vec![b' '; 4 * 1024 * 1024 + 1].into()), true),
    ] {
        server.server().clear_faults();
        server.fault(Rule::new("GET", "/manifests/", action.clone()));
        assert!(store.manifest(&Reference::Digest(image.digest())).await.is_err(), "{action:?}");
        assert!(!by_tag || store.manifest(&tag("1.0")).await.is_err(), "{action:?}");
    }
    server.server().clear_faults();
    let lie = Some(Digest::sha256(b"lie").to_string());
    server.fault(Rule::new("", "/manifests/", Action::Header("docker-content-digest".to_owned(), lie)));
    assert!(matches!(store.head(&Reference::Digest(image.digest())).await.unwrap_err().kind, ErrorKind::Mismatch(_)));
    assert!(matches!(store.manifest(&tag("1.0")).await.unwrap_err().kind, ErrorKind::Mismatch(_)));
}

#[tokio::test]
async fn an_endless_manifest_is_not_read_to_its_end() {
    let server = Server::start(|_: &Request| {
        let pieces = vec![crate::support::http::Piece::Bytes(vec![b' '; 1024 * 1024].into()); 64];
        Response::new(200).header("content-type", "application/vnd.oci.image.index.v1+json").pieces(pieces)
    });
    let store = registries(|_| {}).open(&location(&format!("{}/team/app", server.host())));
    let error = store.manifest(&tag("1.0")).await.unwrap_err();
    assert!(error.to_string().contains("more than 4194304 bytes"), "{error}");
}

#[tokio::test]
async fn what_was_put_is_read_back() {
    let image = ImageSpec::new(1).single().build();
    let document = Document::new(image.root().bytes.clone(), None, None).unwrap();
    let lie = ("docker-content-digest".to_owned(), Digest::sha256(b"lie").to_string());
    for action in [Action::Answer(201, vec![], "".into()), Action::Answer(201, vec![lie], "".into())] {
        let (server, store) = small();
        for (_, bytes) in &image.blobs {
            store.put_blob(&described(bytes), None, &Pieces::new(bytes.clone())).await.unwrap();
        }
        server.fault(Rule::new("PUT", "/manifests/", action.clone()));
        let error = store.put_manifest(&tag("1.0"), &document).await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Mismatch(_)), "{action:?}: {error}");
    }
}

#[tokio::test]
async fn a_manifest_put_survives_what_passes() {
    for action in [
        Action::Answer(503, vec![], "".into()),
        Action::Answer(400, vec![], r#"{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN"}]}"#.into()),
        Action::Lose,
        Action::Reset,
    ] {
        let (server, store) = small();
        server.fault(Rule::new("PUT", "/manifests/", action.clone()).times(1));
        let image = ImageSpec::new(1).single().build();
        put(&*store, &image, "1.0").await;
        assert_eq!(server.digest("team/app", "1.0"), Some(image.digest()), "{action:?}");
    }
}

#[tokio::test]
async fn uploads_start_over() {
    let bytes = random(5, BLOB);
    for (method, action, opened) in [
        ("PUT", Action::Answer(404, vec![], r#"{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}"#.into()), 2),
        ("PUT", Action::Answer(503, vec![], "".into()), 2),
        ("PUT", Action::Answer(416, vec![], "".into()), 2),
        ("PUT", Action::Reset, 2),
        ("PUT", Action::Hang, 2),
        ("PUT", Action::Lose, 1),
        ("POST", Action::Answer(503, vec![], "".into()), 1),
        ("POST", Action::Lose, 1),
    ] {
        let (server, store) = small();
        server.fault(Rule::new(method, "/blobs/uploads/", action.clone()).times(1));
        let source = Pieces::new(bytes.clone());
        assert_eq!(store.put_blob(&described(&bytes), None, &source).await.unwrap(), Put::Uploaded, "{action:?}");
        assert_eq!(source.opened(), opened, "{action:?}");
        assert!(server.blobs("team/app").contains(&described(&bytes).digest));
    }
    let (server, store) = small();
    server.fault(Rule::new("PUT", "/blobs/uploads/", Action::Answer(404, vec![], "".into())));
    let source = Pieces::new(bytes.clone());
    assert!(store.put_blob(&described(&bytes), None, &source).await.is_err());
    assert_eq!(source.opened(), 4, "a bounded number of times");
}

#[tokio::test]
async fn a_mount_that_is_not_done_becomes_an_upload() {
    let bytes = random(5, BLOB);
    let no_location = Action::Header("location".to_owned(), None);
    for (fault, posts) in [
        (None, 1),
        (Some(no_location), 2),
        (Some(Action::Answer(403, vec![], "".into())), 2),
        (Some(Action::Answer(404, vec![], "".into())), 2),
        (Some(Action::Answer(405, vec![], "".into())), 2),
    ] {
        let (server, store) = small();
        server.set(|s| s.mount = false);
        if let Some(action) = fault.clone() {
            server.fault(Rule::new("POST", "mount=", action));
        }
        let source = Pieces::new(bytes.clone());
        let from = "team/base".parse().unwrap();
        let put = store.put_blob(&described(&bytes), Some(&from), &source).await.unwrap();
        assert_eq!((put, source.opened()), (Put::Uploaded, 1), "{fault:?}");
        assert_eq!(count(&server, "POST"), posts, "{fault:?}");
        assert_eq!(server.log().len(), posts + 1, "no HEAD: {:?}", server.server().lines());
    }
}

#[tokio::test]
async fn an_upload_goes_to_no_other_origin() {
    let evil = Server::start(|_: &Request| Response::new(201));
    let (server, store) = small();
    let bytes = random(5, 1_000);
    let place = Some(format!("{}/v2/upload", evil.url()));
    server.fault(Rule::new("POST", "/blobs/uploads/", Action::Header("location".to_owned(), place)));
    let source = Pieces::new(bytes.clone());
    let error = store.put_blob(&described(&bytes), None, &source).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Forbidden(_)), "{error}");
    assert_eq!(evil.log().len(), 0, "no byte goes there");
}

#[tokio::test]
async fn a_location_with_a_query_is_kept() {
    let server = Server::start(|request: &Request| match request.method.as_str() {
        "POST" => Response::new(202).header("location", "../../../upload/x?state=a%2Fb%3D%3D&y"),
        _ => Response::new(201),
    });
    let store = registries(|_| {}).open(&location(&format!("{}/team/app", server.host())));
    let bytes = random(5, 1_000);
    store.put_blob(&described(&bytes), None, &Pieces::new(bytes.clone())).await.unwrap();
    let expected = format!("PUT /v2/upload/x?state=a%2Fb%3D%3D&y&digest={} 201", described(&bytes).digest);
    assert!(
        server.lines()[1].replace("/v2/team/", "/v2/").contains(expected.split("/v2/").last().unwrap()),
        "{:?}",
        server.lines()
    );
}

#[tokio::test]
async fn tag_pages_end() {
    let (server, store) = small();
    let image = ImageSpec::new(1).single().build();
    for n in 0..7 {
        image.put(&server, "team/app", &format!("1.{n}"));
    }
    server.set(|s| s.page_size = Some(2));
    assert_eq!(store.tags().await.unwrap().unwrap().len(), 7);
    assert_eq!(server.log().len(), 4);
    assert!(server.server().lines()[0].starts_with("GET /v2/team/app/tags/list?n=1000 "));
    for link in ["</v2/team/app/tags/list?n=1000>; rel=\"next\"", "<http://127.0.0.2:1/v2/x>; rel=\"next\""] {
        server.server().clear_faults();
        server.server().clear_log();
        server.fault(Rule::new("GET", "/tags/list", Action::Header("link".to_owned(), Some(link.to_owned()))));
        let error = store.tags().await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Protocol(_)), "{error}");
        assert_eq!(server.log().len(), 1, "{link}");
    }
    let endless = Server::start(|request: &Request| {
        let n: usize = request.query_value("last").and_then(|l| l.parse().ok()).unwrap_or(0);
        let link = format!("</v2/team/app/tags/list?last={}>; rel=\"next\"", n + 1);
        Response::json(200, &json!({"tags": [format!("t{n}")]})).header("link", link)
    });
    let store = registries(|_| {}).open(&location(&format!("{}/team/app", endless.host())));
    let error = store.tags().await.unwrap_err();
    assert!(error.to_string().contains("1000 pages"), "{error}");
    assert_eq!(endless.log().len(), 1_000);
}

#[tokio::test]
async fn a_redirected_tag_list_is_paged_where_it_leads() {
    let behind = Server::start_at("127.0.0.2".parse().unwrap(), |request: &Request| {
        match (request.query_value("n").as_deref(), request.query_value("last").as_deref()) {
            (Some("1000"), None) => Response::json(200, &json!({"tags": ["1", "2"]}))
                .header("link", "</v2/far/app/tags/list?n=1000&last=2>; rel=\"next\""),
            (Some("1000"), Some("2")) => Response::json(200, &json!({"tags": ["3"]})),
            _ => Response::new(400),
        }
    });
    let target = format!("{}/v2/far/app/tags/list", behind.url());
    let front = Server::start(move |_: &Request| Response::new(307).header("location", target.clone()));
    let store = registries(|_| {}).open(&location(&format!("{}/app", front.host())));
    assert_eq!(store.tags().await.unwrap().unwrap().len(), 3);
    assert_eq!((front.log().len(), behind.log().len()), (1, 2));
}

#[tokio::test]
async fn redirects_end() {
    let circle = Server::start(|_: &Request| Response::new(302).header("location", "/v2/team/app/manifests/1.0"));
    let store = registries(|_| {}).open(&location(&format!("{}/team/app", circle.host())));
    let error = store.manifest(&tag("1.0")).await.unwrap_err();
    assert!(error.to_string().contains("more than 5 redirects"), "{error}");
    assert_eq!(circle.log().len(), 6);
}

#[tokio::test]
async fn referrers_are_not_lost_to_a_fault() {
    let (server, store) = small();
    let image = ImageSpec::new(1).single().build();
    put(&*store, &image, "1.0").await;
    server.set(|s| s.referrers = false);
    assert_eq!(store.referrers(&image.digest()).await.unwrap(), []);
    server.server().clear_log();
    assert_eq!(store.referrers(&image.digest()).await.unwrap(), []);
    assert_eq!(count(&server, "/referrers/"), 0, "not asked again of a registry that has no such API");
    for status in [403, 429, 500] {
        server.server().clear_faults();
        server.fault(Rule::new("", "/manifests/sha256-", Action::Answer(status, vec![], "".into())));
        assert!(store.referrers(&image.digest()).await.is_err(), "{status}");
    }
    let (server, store) = small();
    put(&*store, &image, "1.0").await;
    server.fault(Rule::new("", "/team/app/", Action::Answer(403, vec![], "".into())));
    assert!(store.referrers(&image.digest()).await.is_err(), "where all is refused, nothing is known");
    server.server().clear_faults();
    server.fault(Rule::new("", "/referrers/", Action::Answer(500, vec![], "".into())));
    assert!(store.referrers(&image.digest()).await.is_err());
    server.server().clear_faults();
    server.fault(Rule::new("", "/referrers/", Action::Answer(403, vec![], "".into())));
    assert_eq!(store.referrers(&image.digest()).await.unwrap(), [], "where only they are, there is no API");
}

#[tokio::test]
async fn hostile_text_in_errors_is_one_short_line() {
    let (server, store, _) = filled();
    let body =
        format!("{{\"errors\":[{{\"code\":\"DENIED\",\"message\":\"\\n::add-mask::x{}\"}}]}}", "y".repeat(5_000));
    server.fault(Rule::new("", "", Action::Answer(403, vec![], body.into())));
    let text = store.manifest(&tag("1.0")).await.unwrap_err().to_string();
    assert!(!text.contains('\n') && text.len() < 500, "{text}");
}

#[tokio::test]
async fn nobody_there_is_unreachable_and_plain_http_is_for_loopback_only() {
    let store = registries(|_| {}).open(&location("127.0.0.1:1/team/app"));
    let error = store.head(&tag("1.0")).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Unreachable(_)), "{error}");
}
