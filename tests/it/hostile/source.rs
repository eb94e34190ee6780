//! What a source can do.

use serde_json::json;

use super::case::{Case, End, LAYER, answer, case, challenge, date, fails, header, page, usual};
use super::documents::{foreign, in_index, in_manifest, layer, nested, promising, schema_1, with_layer, written};
use crate::support::http::Action;
use crate::support::images::{Image, ImageSpec};

const RIGHT: End = End::Right;
const TOKEN: &str = "^/token.*team%2Fsick";

pub(super) fn cases() -> Vec<Case> {
    [tokens(), manifests(), contents(), blobs(), redirects(), time()].into_iter().flatten().collect()
}

fn tokens() -> Vec<Case> {
    vec![
        case("token service redirects", fails("read", "not sent anywhere else"), |w| {
            drop(w.at_source("", TOKEN, answer(307, &[("location", &w.port.url())])));
        }),
        case("token service: 503 twice", RIGHT, |w| drop(w.at_source("", TOKEN, answer(503, &[])).times(2))),
        case("token service: 503 for ever", fails("read", "503"), |w| drop(w.at_source("", TOKEN, answer(503, &[])))),
        case("token service: 429, Retry-After in seconds", RIGHT, |w| {
            drop(w.at_source("", TOKEN, answer(429, &[("retry-after", "1")])).times(1));
        }),
        case("token service: 429, Retry-After an hour", fails("read", "wait until"), |w| {
            drop(w.at_source("", TOKEN, answer(429, &[("retry-after", "3600")])));
        }),
        case("token service: HTML with 200", fails("read", "something other than a token"), |w| {
            drop(w.at_source("", TOKEN, page(200)));
        }),
        case("token service: an answer without end", fails("read", "65536 bytes"), |w| {
            drop(w.at_source("", TOKEN, Action::Endless));
        }),
        case("token service: reset once", RIGHT, |w| drop(w.at_source("", TOKEN, Action::Reset).times(1))),
        case("token service: hangs once", RIGHT, |w| drop(w.at_source("", TOKEN, Action::Hang).times(1))).hangs(),
        case("token service: hangs", fails("read", "no response within"), |w| {
            drop(w.at_source("", TOKEN, Action::Hang));
        })
        .hangs(),
        case("token refused", fails("read", "requested as me"), |w| drop(w.at_source("", TOKEN, answer(401, &[])))),
        case("tokens that do for six requests", RIGHT, |w| w.source.set(|s| s.token_uses = Some(6))),
    ]
}

fn manifests() -> Vec<Case> {
    let once = |name, action: Action| {
        case(name, RIGHT, move |w| {
            drop(w.at_source("GET", &w.top(), action.clone()).times(1));
            drop(w.at_source("GET", &w.child(), action.clone()).times(1));
        })
    };
    vec![
        case("manifest: 503 twice", RIGHT, |w| drop(w.at_source("", &w.top(), answer(503, &[])).times(2))),
        case("manifest: 503 for ever", fails("read", "503"), |w| drop(w.at_source("", &w.top(), answer(503, &[])))),
        once("manifest: 429, Retry-After in seconds", answer(429, &[("retry-after", "1")])),
        once("manifest: 429, Retry-After a date", answer(429, &[("retry-after", &date(2))])),
        case("manifest: 429 without Retry-After", fails("read", "rate limit"), |w| {
            drop(w.at_source("", &w.child(), answer(429, &[])));
        }),
        case("manifest: 429, Retry-After an hour", fails("read", "wait until"), |w| {
            drop(w.at_source("", &w.top(), answer(429, &[("retry-after", "3600")])));
        }),
        case("manifest: 401, the token revoked", RIGHT, |w| {
            drop(w.at_source("", &w.child(), challenge(&w.source.url())).times(1));
        }),
        case("manifest: 403", fails("read", "refused"), |w| drop(w.at_source("", &w.top(), answer(403, &[])))),
        case("manifest: gone", fails("source-lost", "no longer has"), |w| {
            drop(w.at_source("", &w.top(), answer(404, &[])));
        }),
        case("manifest of the index: gone", fails("source-lost", "does not exist"), |w| {
            drop(w.at_source("", &w.child(), answer(404, &[])));
        }),
        case("the tag moved after the review", RIGHT, |w| {
            ImageSpec::new(2).build().put(&w.source, "team/sick", "1");
        }),
        once("manifest: reset before the headers", Action::Reset),
        once("manifest: reset at its first byte", Action::ResetAfter(0)),
        once("manifest: reset after one byte", Action::ResetAfter(1)),
        once("manifest: reset in its middle", Action::ResetAfter(100)),
        once("manifest: cut off at its first byte", Action::Truncate(0)),
        once("manifest: cut off after one byte", Action::Truncate(1)),
        once("manifest: cut off in its middle", Action::Truncate(100)),
        case("manifest: cut off before its last byte", RIGHT, |w| {
            let length = usual().manifests[0].bytes.len();
            drop(w.at_source("GET", &w.child(), Action::Truncate(length - 1)).times(1));
        }),
        case("manifest: always cut off", fails("read", "no answer"), |w| {
            drop(w.at_source("GET", &w.child(), Action::Truncate(100)));
        }),
        case("manifest: always reset", fails("read", "no answer"), |w| {
            drop(w.at_source("GET", &w.child(), Action::Reset));
        }),
        case("manifest: hangs once", RIGHT, |w| drop(w.at_source("", &w.child(), Action::Hang).times(1))).hangs(),
        case("manifest: hangs", fails("read", "no response within"), |w| {
            drop(w.at_source("", &w.child(), Action::Hang));
        })
        .hangs(),
        case("manifest: hangs in its middle", fails("read", "no data for"), |w| {
            drop(w.at_source("", &w.child(), Action::Stall(100)));
        })
        .hangs(),
    ]
}

fn contents() -> Vec<Case> {
    let is = |name, image: Image, words| case(name, fails("read", words), |_| {}).image(image);
    let refused = |name, image: Image, words| case(name, fails("refused", words), |_| {}).image(image);
    vec![
        case("manifest: HTML with 200", fails("read", "do not have the digest"), |w| {
            drop(w.at_source("", &w.top(), page(200)));
        }),
        case("manifest: other bytes", fails("read", "do not have the digest"), |w| {
            drop(w.at_source("GET", &w.top(), Action::Body(ImageSpec::new(2).build().root().bytes.clone())));
        }),
        case("manifest: another Content-Type", fails("refused", "declares itself"), |w| {
            let other = "application/vnd.oci.image.manifest.v1+json";
            drop(w.at_source("GET", &w.top(), header("content-type", other)));
        }),
        case("manifest: half a gigabyte", fails("read", "4194304 bytes"), |w| {
            drop(w.at_source("GET", &w.top(), Action::Endless));
        }),
        case("manifest of the index: half a gigabyte", fails("read", "4194304 bytes"), |w| {
            drop(w.at_source("GET", &w.child(), Action::Endless));
        }),
        case("an index that is answered for its own entry", fails("read", "do not have the digest"), |w| {
            drop(w.at_source("GET", &w.child(), Action::Body(usual().root().bytes.clone())));
        }),
        is("schema 1", schema_1(), "schema 1"),
        refused(
            "manifests and layers in one document",
            in_manifest(|m| m["manifests"] = json!([])),
            "of both an index and",
        ),
        refused("layers in an index", in_index(|m| m["layers"] = json!([])), "of both an index and"),
        refused("manifests and Manifests", written(true, "\"Manifests\":[],"), "some readers treat as `manifests`"),
        refused("manifests with another s", written(true, "\"manifeſts\":[],"), "as `manifests`"),
        refused("a digest twice", written(true, "\"digest\":\"\",\"digest\":\"\","), "two members `digest`"),
        refused("Layers in the manifest of an index", written(false, "\"Layers\":[],"), "as `layers`"),
        refused("Digest deep in a manifest", written(false, "\"x\":[{\"Digest\":1}],"), "as `digest`"),
        case("other writings in annotations", RIGHT, |_| {})
            .image(written(true, "\"annotations\":{\"Digest\":\"\",\"Os\":\"\"},")),
        is("a digest that is a path", with_layer(layer("sha256:../../v2/_catalog?x=", 1)), "the digest"),
        is("five indexes deep", nested(5), "nested more than"),
        case("three indexes deep", RIGHT, |_| {}).image(nested(3)),
        is("an index of 1001 manifests", promising(1_001, 500), "1001 descriptors"),
        is("manifests of 24 MiB together", promising(6, 4 << 20), "16777216 bytes"),
        is("an entry with another size", in_index(|i| i["manifests"][0]["size"] = json!(7)), "says size 7"),
        is(
            "an entry of another type",
            in_index(|i| {
                i["manifests"][0]["mediaType"] = json!("application/vnd.docker.distribution.manifest.v2+json");
            }),
            "says media type",
        ),
        is(
            "a layer of 2^64 - 1 bytes",
            in_manifest(|m| m["layers"][0]["size"] = json!(u64::MAX)),
            "18446744073709551615 bytes",
        ),
        is("a layer of -1 bytes", in_manifest(|m| m["layers"][0]["size"] = json!(-1)), "not a manifest"),
        is("one layer, two sizes", with_layer(layer(usual().blobs[1].0.as_str(), 1)), "is listed with both"),
        case("a layer that may not be distributed, with urls", RIGHT, |_| {})
            .image(foreign("http://127.0.0.2:1/layer")),
    ]
}

fn blobs() -> Vec<Case> {
    let once =
        |name, action: Action| case(name, RIGHT, move |w| drop(w.at_source("GET", &w.blob(), action.clone()).times(1)));
    let wrong = |name, words, action: Action| {
        case(name, fails("blob", words), move |w| drop(w.at_source("GET", &w.blob(), action.clone())))
    };
    // The second request, which asks for the rest.
    let rest = |name, action: Action| {
        case(name, RIGHT, move |w| {
            drop(w.at_source("GET", &w.blob(), Action::ResetAfter(LAYER / 2)).times(1));
            drop(w.at_source("GET", &w.blob(), action.clone()).after(1).times(1));
        })
    };
    let swapped = usual().blobs[1].1.iter().map(|byte| !byte).collect::<Vec<u8>>();
    vec![
        once("blob: 503 twice", answer(503, &[])).twice(answer(503, &[])),
        wrong("blob: 503 for ever", "503", answer(503, &[])),
        once("blob: 429, Retry-After a date", answer(429, &[("retry-after", &date(2))])),
        wrong("blob: gone", "does not exist at", answer(404, &[])),
        once("blob: reset before the headers", Action::Reset),
        once("blob: reset at its first byte", Action::ResetAfter(0)),
        once("blob: reset after one byte", Action::ResetAfter(1)),
        once("blob: reset in its middle", Action::ResetAfter(LAYER / 2)),
        once("blob: reset before its last byte", Action::ResetAfter(LAYER - 1)),
        once("blob: cut off at its first byte", Action::Truncate(0)),
        once("blob: cut off after one byte", Action::Truncate(1)),
        once("blob: cut off in its middle", Action::Truncate(LAYER / 2)),
        once("blob: cut off before its last byte", Action::Truncate(LAYER - 1)),
        wrong("blob: always cut off", "", Action::Truncate(1)),
        wrong("blob: always reset", "no answer", Action::Reset),
        rest("the rest: 200 instead of 206", header("x-ranges", "none")).without_ranges(),
        rest("the rest: 416", answer(416, &[])),
        rest("the rest: another range", header("content-range", format!("bytes 0-{}/{LAYER}", LAYER - 1))),
        rest("the rest: 401, the token revoked", answer(401, &[])).revoked(),
        rest("the rest: 503", answer(503, &[])),
        wrong("blob: HTML with 200", "bytes instead of", page(200)),
        wrong("blob: other bytes", "has the digest", Action::Body(swapped.into())),
        wrong("blob: too short", "bytes instead of", Action::Body(usual().blobs[1].1.slice(1..))),
        wrong("blob: too long", "bytes instead of", Action::Body([&usual().blobs[1].1[..], b"x"].concat().into())),
        wrong("blob: half a gigabyte", "more than", Action::Endless),
        once("blob: hangs once", Action::Hang).hangs(),
        wrong("blob: hangs", "no response within", Action::Hang).hangs(),
        once("blob: hangs once in its middle", Action::Stall(LAYER / 2)).hangs(),
        wrong("blob: hangs in its middle", "no data for", Action::Stall(1_000)).hangs(),
        wrong("blob: headers and no body", "no data for", Action::Stall(0)).hangs(),
    ]
}

fn redirects() -> Vec<Case> {
    let to = |name, path: fn(&super::case::World) -> (String, String), requests| {
        case(name, RIGHT, move |w| {
            let (target, location) = path(w);
            drop(w.at_source("GET", &target, answer(307, &[("location", &location)])));
        })
        .elsewhere(requests)
    };
    vec![
        case("blobs on another host", RIGHT, |w| w.source.set(|s| s.redirect_blobs = true)).elsewhere(6),
        to("blob redirected to another port", |w| (w.blob(), format!("{}/{}", w.port.url(), w.layer())), 1),
        to("manifest redirected to another port", |w| (w.top(), format!("{}/{}", w.port.url(), usual().digest())), 1),
        case("manifest redirected in a circle", fails("read", "more than 5 redirects"), |w| {
            let here = format!("/v2/team/sick/manifests/{}", usual().digest());
            drop(w.at_source("GET", &w.top(), answer(302, &[("location", &here)])));
        }),
        case("blob redirected in a circle", fails("blob", "more than 5 redirects"), |w| {
            let here = format!("/v2/team/sick/blobs/{}", w.layer());
            drop(w.at_source("GET", &w.blob(), answer(302, &[("location", &here)])));
        }),
        case("blob redirected to nowhere", fails("blob", "without a usable Location"), |w| {
            drop(w.at_source("GET", &w.blob(), answer(302, &[("location", "ftp://127.0.0.2/x")])));
        }),
    ]
}

/// What a token's end does in the middle.
fn time() -> Vec<Case> {
    vec![case("tokens that end at once", RIGHT, |w| w.source.set(|s| s.expires_in = Some(0)))]
}

impl Case {
    /// The fault comes twice.
    fn twice(self, action: Action) -> Self {
        let setup = move |w: &super::case::World| drop(w.at_source("GET", &w.blob(), action.clone()).times(2));
        Self { setup: Box::new(setup), ..self }
    }

    /// The source knows no ranges.
    fn without_ranges(self) -> Self {
        let before = self.setup;
        let setup = move |w: &super::case::World| {
            w.source.set(|s| s.ranges = false);
            before(w);
        };
        Self { setup: Box::new(setup), ..self }
    }

    /// The 401 comes with a challenge.
    fn revoked(self) -> Self {
        let setup = |w: &super::case::World| {
            drop(w.at_source("GET", &w.blob(), Action::ResetAfter(LAYER / 2)).times(1));
            drop(w.at_source("GET", &w.blob(), challenge(&w.source.url())).after(1).times(1));
        };
        Self { setup: Box::new(setup), ..self }
    }
}
