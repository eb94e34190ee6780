//! How manifests, blobs and lists are answered.

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use wharfinger::internals::image::Digest;

use super::super::documents::in_manifest;
use super::{INDEX, Row, Scene, TAG, proposed, row, try_all};
use crate::support::http::{Piece, Request, Response, Server};
use crate::support::images::{Image, Manifest};

#[test]
fn manifests_are_read_however_they_are_answered() {
    let rows = [head_rows(), type_rows(), document_rows()];
    try_all(&rows.into_iter().flatten().collect::<Vec<_>>());
}

#[test]
fn bodies_may_come_compressed_or_be_called_so() {
    try_all(&compressed_rows());
}

#[test]
fn blobs_are_found_where_they_are_kept() {
    try_all(&blob_rows());
}

#[test]
fn tags_are_listed_as_the_registry_likes() {
    try_all(&list_rows());
}

fn is_manifest(request: &Request) -> bool {
    request.path.contains("/manifests/")
}

fn is_blob(request: &Request) -> bool {
    request.path.contains("/blobs/sha256:")
}

fn is_head(request: &Request) -> bool {
    request.method == "HEAD"
}

/// The source answers what is chosen so, and everything else honestly.
fn source(
    scene: &Scene,
    chosen: fn(&Request) -> bool,
    change: impl Fn(&Request, Response) -> Response + Send + Sync + 'static,
) {
    scene.source.intercept(move |request, honest| {
        let answer = honest(request);
        if chosen(request) { change(request, answer) } else { answer }
    });
}

fn head_rows() -> Vec<Row> {
    let refused = [400, 401, 403, 404, 405, 501].map(|status| {
        row(format!("HEAD of manifests is answered {status}").leak(), move |scene| {
            let chosen = |request: &Request| is_head(request) && is_manifest(request);
            source(scene, chosen, move |_, _| Response::new(status));
        })
        .right()
        .proposed()
        .then("nothing is lost", |scene| {
            scene.image.put(scene.mirror(), "acme/img", TAG);
            let audit = scene.run(&scene.recorded(), &["audit"]).expect_status(0).json();
            assert_eq!((&audit["findings"], &audit["failed"]), (&json!([]), &json!([])), "{audit}");
        })
    });
    let empty = row("HEAD with `Content-Length: 0`", |scene| {
        let chosen = |request: &Request| is_head(request) && is_manifest(request);
        source(scene, chosen, |_, answer| answer.header("content-length", "0"));
    });
    let once = row("HEAD is refused at a mirror", |scene| {
        scene.mirror().intercept(|request, honest| {
            if is_head(request) && is_manifest(request) { Response::new(405) } else { honest(request) }
        });
    });
    refused.into_iter().chain([empty.right().proposed(), once.right()]).collect()
}

fn type_rows() -> Vec<Row> {
    let types = ["text/plain; charset=utf-8", "application/json", "application/octet-stream", ""];
    let called = types.map(|called| {
        row(format!("manifests are called {called:?}").leak(), move |scene| {
            source(scene, is_manifest, move |_, mut answer| {
                answer.headers.retain(|(name, _)| name != "content-type");
                if called.is_empty() || answer.status != 200 { answer } else { answer.header("content-type", called) }
            });
        })
        .right()
        .proposed()
    });
    called.into()
}

/// An index that lists the blobs of a build cache.
fn cache() -> Image {
    let types = ["application/vnd.oci.image.layer.v1.tar+gzip", "application/vnd.buildkit.cacheconfig.v0"];
    let blobs: Vec<(Digest, Bytes)> = [b"a layer".as_slice(), br#"{"layers":[]}"#]
        .map(|bytes| (Digest::sha256(bytes), Bytes::from_static(bytes)))
        .into();
    let entry = |((digest, bytes), media_type): (&(Digest, Bytes), &str)| json!({"mediaType": media_type, "digest": digest, "size": bytes.len()});
    let entries: Vec<Value> = blobs.iter().zip(types).map(entry).collect();
    let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries});
    let index = Manifest { media_type: INDEX.to_owned(), bytes: index.to_string().into() };
    Image { blobs, manifests: vec![index] }
}

fn document_rows() -> Vec<Row> {
    let nulls = in_manifest(|manifest| {
        for member in ["annotations", "subject", "artifactType"] {
            manifest[member] = Value::Null;
        }
        for member in ["annotations", "urls", "platform", "data", "artifactType"] {
            manifest["config"][member] = Value::Null;
            manifest["layers"][0][member] = Value::Null;
        }
    });
    let annotation = in_manifest(|manifest| manifest["annotations"] = json!({"a": null}));
    vec![
        row("an annotation that is null", |_| {}).image(annotation).right().proposed(),
        row("members that are null", |_| {}).image(nulls).right().proposed(),
        row("a build cache", |_| {}).image(cache()).right().proposed().then("verified as blobs", |scene| {
            scene.image.put(scene.mirror(), "acme/img", TAG);
            scene.mirror().delete_blob("acme/img", &scene.image.blobs[0].0);
            scene.assert_right(&scene.promote());
        }),
        called(
            "a manifest that its index calls with parameters",
            "application/vnd.oci.image.manifest.v1+json; charset=utf-8",
        ),
        called("a manifest that its index calls in capitals", "application/vnd.OCI.image.manifest.v1+json"),
        called("a manifest that its index calls a layer", "application/vnd.oci.image.layer.v1.tar"),
        called("a manifest of no type", ""),
    ]
}

/// An index that calls its manifest, which has a platform, something else. The source gives it as a blob too.
fn called(name: &'static str, media_type: &'static str) -> Row {
    let mut image = super::usual();
    let mut index: Value = serde_json::from_slice(&image.root().bytes).unwrap();
    index["manifests"][0]["mediaType"] = media_type.into();
    let child = image.manifests[0].clone();
    image.blobs.push((child.digest(), child.bytes.clone()));
    image.manifests[1] = Manifest { media_type: INDEX.to_owned(), bytes: index.to_string().into() };
    row(name, |_| {}).image(image).then("refused", |scene| {
        let outcome = scene.promote();
        assert_eq!(outcome.status, Some(1), "{outcome:#?}");
        assert_eq!(scene.mirror().digest("acme/img", TAG), None, "{outcome:#?}");
    })
}

/// The layer is gzip itself: what it is called is not what was done to it.
fn gzip_layer() -> Image {
    let mut image = super::single();
    let layer = Bytes::from(packed(&crate::support::images::random(3, 200_000)));
    let descriptor = json!({"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": Digest::sha256(&layer), "size": layer.len()});
    let mut manifest: Value = serde_json::from_slice(&image.root().bytes).unwrap();
    manifest["layers"] = json!([descriptor]);
    let media_type = image.root().media_type.clone();
    image.manifests = vec![Manifest { media_type, bytes: manifest.to_string().into() }];
    image.blobs[1] = (Digest::sha256(&layer), layer);
    image
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The same answer compressed.
fn compressed(answer: Response) -> Response {
    let bytes = packed(&answer.bytes());
    answer.header("content-encoding", "gzip").body(bytes)
}

/// Without a length: what its end is, the connection tells.
fn without_length(answer: Response) -> Response {
    let bytes = answer.bytes();
    answer.pieces(vec![Piece::Bytes(bytes), Piece::Pause(Duration::ZERO)])
}

fn compressed_rows() -> Vec<Row> {
    let unasked =
        |name, chosen| row(name, move |scene| source(scene, chosen, |_, answer| compressed(answer))).right().proposed();
    vec![
        unasked("manifests and blobs compressed, unasked", |request| is_manifest(request) || is_blob(request)),
        unasked("everything compressed, errors and lists too", |_| true),
        row("blobs compressed, of no length", |scene| {
            source(scene, is_blob, |_, answer| without_length(compressed(answer)));
        })
        .image(gzip_layer())
        .right()
        .proposed(),
        row("compressed, and the connection breaks", |scene| {
            let broke = AtomicBool::new(false);
            source(scene, is_blob, move |request, answer| {
                let whole = compressed(answer);
                let bytes = whole.bytes();
                if is_head(request) || bytes.len() < 10_000 || broke.swap(true, Ordering::Relaxed) {
                    return whole;
                }
                let length = bytes.len().to_string();
                whole.header("content-length", length).pieces(vec![Piece::Bytes(bytes.slice(..9_000)), Piece::Reset])
            });
        })
        .right(),
        row("what uncompresses without end", |scene| {
            source(scene, is_blob, |request, answer| {
                let bomb = packed(&vec![0; 64 << 20]);
                if is_head(request) { answer } else { answer.header("content-encoding", "gzip").body(bomb) }
            });
        })
        .refused("blob", &["more than the"], &[]),
        row("blobs that are called gzip and are not", |scene| {
            source(scene, is_blob, |_, answer| answer.header("content-encoding", "gzip"));
        })
        .right()
        .proposed(),
        row("blobs that are called x-gzip and are not", |scene| {
            source(scene, is_blob, |_, answer| answer.header("content-encoding", "x-gzip"));
        })
        .right()
        .proposed(),
        row("layers of gzip that are called gzip and are not, of no length", |scene| {
            source(scene, is_blob, |_, answer| without_length(answer.header("content-encoding", "gzip")));
        })
        .image(gzip_layer())
        .right(),
        row("blobs that are called gzip and are not, of no length", |scene| {
            source(scene, is_blob, |_, answer| without_length(answer.header("content-encoding", "gzip")));
        })
        .right(),
        row("compressed where the client takes it", |scene| {
            source(scene, is_manifest, |request, answer| match request.header("accept-encoding") {
                Some(coding) if coding.contains("gzip") => compressed(answer),
                _ => answer,
            });
        })
        .right()
        .proposed(),
    ]
}

/// Another host with an image's blobs, which are asked for by `query`; HEAD is answered with this status, if any.
fn elsewhere(image: &Image, query: &'static str, head: Option<u16>) -> Server {
    let blobs = image.blobs.clone();
    Server::start_at(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)), move |request: &Request| {
        if request.query.as_deref() != Some(query) {
            return Response::new(403);
        }
        if let Some(status) = head.filter(|_| is_head(request)) {
            return Response::new(status);
        }
        let Some((_, bytes)) = blobs.iter().find(|(digest, _)| request.path.ends_with(digest.hex())) else {
            return Response::new(404);
        };
        match request.header("range") {
            Some("bytes=0-0") => {
                let range = format!("bytes 0-0/{}", bytes.len());
                Response::new(206).header("content-range", range).body(bytes.slice(..1))
            }
            _ => Response::new(200).body(bytes.clone()),
        }
    })
}

/// GET and HEAD of blobs at this registry lead to that host.
fn leads(registry: &crate::support::registry::TestRegistry, host: Server, query: &'static str) {
    registry.intercept(move |request, honest| {
        let answer = honest(request);
        if !is_blob(request) || answer.status != 200 {
            return answer;
        }
        let digest = request.path.rsplit(':').next().unwrap_or_default();
        Response::new(307).header("location", format!("{}/kept/{digest}?{query}", host.url()))
    });
}

const SIGNED: &str = "X-Sig=a%2Fb%3Ac~d=e&x=%7E";

fn blob_rows() -> Vec<Row> {
    let kept = [403, 404, 405].map(|status| {
        row(format!("blobs kept elsewhere, where HEAD is answered {status}").leak(), move |scene| {
            scene.image.put(scene.mirror(), "acme/img", TAG);
            leads(scene.mirror(), elsewhere(&scene.image, SIGNED, Some(status)), SIGNED);
        })
        .right_and(|scene, outcome| {
            let writes = scene.mirror().writes();
            assert!(writes.is_empty(), "all of it is there: {writes:?} {outcome:#?}");
        })
    });
    let lost = row("what is kept elsewhere is gone", |scene| {
        scene.image.put(scene.mirror(), "acme/img", TAG);
        scene.mirror().delete_blob("acme/img", &scene.image.blobs[1].0);
        leads(scene.mirror(), elsewhere(&scene.image, SIGNED, Some(403)), SIGNED);
    });
    let at_source = [400, 401, 403, 405, 501].map(|status| {
        row(format!("HEAD of blobs is answered {status} at the source").leak(), move |scene| {
            let chosen = |request: &Request| is_head(request) && is_blob(request);
            source(scene, chosen, move |_, _| Response::new(status));
        })
        .right()
        .proposed()
    });
    let signed = row("signed addresses", |scene| {
        leads(&scene.source, elsewhere(&scene.image, SIGNED, Some(403)), SIGNED);
    });
    kept.into_iter().chain(at_source).chain([signed.right().proposed(), lost.right()]).collect()
}

/// The pages of the tag list that were asked for.
fn pages(scene: &Scene) -> Vec<String> {
    let lists = scene.source.log().into_iter().filter(|exchange| exchange.request.path.ends_with("/tags/list"));
    lists.map(|exchange| exchange.request.query.unwrap_or_default()).collect()
}

fn limited(scene: &Scene, most: Option<u32>) {
    scene.source.intercept(move |request, honest| {
        let asked = request.query_value("n").and_then(|n| n.parse::<u32>().ok());
        if request.path.ends_with("/tags/list") && asked.is_some_and(|asked| most.is_none_or(|most| asked > most)) {
            let error = json!({"errors": [{"code": "PAGINATION_NUMBER_INVALID", "message": "invalid number of results requested"}]});
            return Response::json(400, &error);
        }
        honest(request)
    });
}

fn list_rows() -> Vec<Row> {
    let listing = |tags: Value| {
        move |scene: &Scene| {
            let tags = tags.clone();
            scene.source.intercept(move |request, honest| match request.path.ends_with("/tags/list") {
                true => Response::json(200, &json!({"name": "team/img", "tags": tags})),
                false => honest(request),
            });
        }
    };
    let hex = "a".repeat(64);
    let odd = json!([
        format!("sha256:{hex}"),
        format!("sha256__{hex}"),
        TAG,
        TAG,
        "",
        "-x",
        "a b",
        null,
        "../x",
        "x".repeat(200)
    ]);
    vec![
        row("pages of at most 100", |scene| limited(scene, Some(100))).right().proposed().then("once", |scene| {
            scene.image.put(&scene.source, "team/img", "0.9.0");
            scene.source.set(|switches| switches.page_size = Some(1));
            let plan = scene.run(&scene.unapproved(), &["plan"]).expect_status(0).json();
            assert_eq!(proposed(&plan), [TAG], "{plan}");
            assert_eq!(pages(scene), ["n=1000", "n=100", "last=0.9.0&n=1"], "{plan}");
        }),
        row("no size of pages at all", |scene| limited(scene, None)).right().proposed(),
        row("odd tags", listing(odd)).proposed(),
        row("tags that are null", listing(Value::Null)).then("nothing is proposed", |scene| {
            let plan = scene.run(&scene.unapproved(), &["plan"]);
            assert!(proposed(&plan.json()).is_empty() && plan.status.is_some_and(|status| status <= 1), "{plan:#?}");
        }),
    ]
}
