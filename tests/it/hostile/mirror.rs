//! What a mirror, or a proxy in front of it, can do.

use std::sync::Arc;

use wharfinger::internals::image::Digest;

use super::case::{Case, End, World, answer, case, challenge, code, date, fails, header, page, usual, without};
use crate::support::http::{Action, Hook};
use crate::support::images::{Image, ImageSpec};

const RIGHT: End = End::Right;
const TOKEN: &str = "^/token.*acme%2Fsick";
const TAG: &str = "^/v2/acme/sick/manifests/1$";
const SESSION: &str = "^/v2/acme/sick/blobs/uploads/";
/// The manifest in the index.
const CHILD: &str = "^/v2/acme/sick/manifests/sha256:";

pub(super) fn cases() -> Vec<Case> {
    [tokens(), looks(), sessions(), uploads(), manifests(), tags()].into_iter().flatten().collect()
}

fn tokens() -> Vec<Case> {
    vec![
        case("token service: 503 twice", RIGHT, |w| drop(w.at_mirror("", TOKEN, answer(503, &[])).times(2))),
        case("token service: 429, Retry-After in seconds", RIGHT, |w| {
            drop(w.at_mirror("", TOKEN, answer(429, &[("retry-after", "1")])).times(1));
        }),
        case("tokens that do for eight requests", RIGHT, |w| w.mirror.set(|s| s.token_uses = Some(8))),
        case("tokens that end at once", RIGHT, |w| w.mirror.set(|s| s.expires_in = Some(0))),
    ]
}

/// The first look at the mirror's tag.
fn looks() -> Vec<Case> {
    vec![
        case("tag: 503 twice", RIGHT, |w| drop(w.at_mirror("HEAD", TAG, answer(503, &[])).times(2))),
        case("tag: 503 for ever", fails("resolve", "503"), |w| drop(w.at_mirror("HEAD", TAG, answer(503, &[])))),
        case("tag: 429, Retry-After in seconds", RIGHT, |w| {
            drop(w.at_mirror("HEAD", TAG, answer(429, &[("retry-after", "1")])).times(1));
        }),
        case("tag: HTML with 200", fails("resolve", "text/html"), |w| drop(w.at_mirror("", TAG, page(200)))),
        case("tag: hangs once", RIGHT, |w| drop(w.at_mirror("HEAD", TAG, Action::Hang).times(1))).hangs(),
        case("tag: hangs", fails("resolve", "no response within"), |w| {
            drop(w.at_mirror("HEAD", TAG, Action::Hang));
        })
        .hangs(),
        case("no digest in any answer", RIGHT, |w| w.mirror.set(|s| s.digest_header = false)),
    ]
}

/// Upload sessions opened.
fn sessions() -> Vec<Case> {
    let once =
        |name, action: Action| case(name, RIGHT, move |w| drop(w.at_mirror("POST", SESSION, action.clone()).times(1)));
    let elsewhere = |name, place: fn(&World) -> String| {
        case(name, fails("blob", "another origin"), move |w| {
            drop(w.at_mirror("POST", SESSION, header("location", place(w))));
        })
    };
    vec![
        once("session: 503", answer(503, &[])),
        once("session: 429, Retry-After a date", answer(429, &[("retry-after", &date(2))])),
        once("session: reset", Action::Reset),
        once("session: the answer is lost", Action::Lose),
        once("session: hangs once", Action::Hang).hangs(),
        case("session: HTML with 200", fails("blob", "202"), |w| drop(w.at_mirror("POST", SESSION, page(200)))),
        case("session: 202 without Location", fails("blob", "202 without the upload's Location"), |w| {
            drop(w.at_mirror("POST", SESSION, without("location")));
        }),
        case("session: redirected", fails("blob", "not followed"), |w| {
            drop(w.at_mirror("POST", SESSION, answer(307, &[("location", &w.port.url())])));
        }),
        elsewhere("session: Location on another host", |w| format!("{}/v2/upload", w.host.url())),
        elsewhere("session: Location on another port", |w| format!("{}/v2/upload", w.port.url())),
        elsewhere("session: Location of another scheme", |w| format!("https://{}/v2/upload", w.mirror.host())),
    ]
}

fn uploads() -> Vec<Case> {
    let once = |name, action: Action| {
        case(name, RIGHT, move |w| drop(w.at_mirror("PUT", &w.upload(), action.clone()).times(1)))
    };
    let wrong = |name, step, words, action: Action| {
        case(name, fails(step, words), move |w| drop(w.at_mirror("PUT", &w.upload(), action.clone())))
    };
    let lie = Digest::sha256(b"lie").to_string();
    vec![
        once("upload: the session is lost", code(404, "BLOB_UPLOAD_UNKNOWN")),
        wrong("upload: the session is always lost", "blob", "BLOB_UPLOAD_UNKNOWN", code(404, "BLOB_UPLOAD_UNKNOWN")),
        once("upload: 416", answer(416, &[])),
        once("upload: 400", code(400, "DIGEST_INVALID")),
        once("upload: 503", answer(503, &[])),
        wrong("upload: 503 for ever", "blob", "503", answer(503, &[])),
        once("upload: 429, Retry-After in seconds", answer(429, &[("retry-after", "1")])),
        wrong("upload: 413", "blob", "413", answer(413, &[])),
        case("upload: 401, the token revoked", RIGHT, |w| {
            drop(w.at_mirror("PUT", &w.upload(), challenge(&w.mirror.url())).times(1));
        }),
        case("upload: 401 in its middle", RIGHT, |w| {
            let realm = format!("Bearer realm=\"{}/token\",service=\"test-registry\"", w.mirror.url());
            let headers = vec![("www-authenticate".to_owned(), realm)];
            drop(w.at_mirror("PUT", &w.upload(), Action::Early(1_000, 401, headers)).times(1));
        }),
        once("upload: reset before its first byte", Action::ResetUpload(0)),
        once("upload: reset in its middle", Action::ResetUpload(100_000)),
        once("upload: reset after its last byte", Action::Reset),
        once("upload: the answer is lost", Action::Lose),
        wrong("upload: always reset", "blob", "no answer", Action::ResetUpload(1)),
        wrong("upload: 201, and nothing is stored", "verify", "does not have the blob", answer(201, &[])).hangs(),
        wrong("upload: HTML with 200", "verify", "does not have the blob", page(200)).hangs(),
        wrong(
            "upload: another digest",
            "verify",
            "the registry calls it",
            answer(201, &[("docker-content-digest", &lie)]),
        ),
        wrong("upload: redirected", "blob", "307", answer(307, &[("location", "http://127.0.0.2:1/")])),
        once("upload: hangs once", Action::Hang).hangs(),
        wrong("upload: hangs", "blob", "no response to a finished upload", Action::Hang).hangs(),
        once("upload: not read on, once", Action::StopReading(1_000)).image(large()).hangs(),
        wrong("upload: not read on", "blob", "bytes per second", Action::StopReading(1_000)).image(large()).hangs(),
    ]
}

/// A layer that no buffer holds.
fn large() -> Image {
    ImageSpec::new(1).platforms(&["linux/amd64"]).layers(1, 16 << 20).build()
}

fn manifests() -> Vec<Case> {
    let once = |name, action: Action| {
        case(name, RIGHT, move |w| {
            drop(w.at_mirror("PUT", CHILD, action.clone()).times(1));
            drop(w.at_mirror("PUT", TAG, action.clone()).times(1));
        })
    };
    let wrong = |name, step, words, action: Action| {
        case(name, fails(step, words), move |w| drop(w.at_mirror("PUT", CHILD, action.clone())))
    };
    let lie = Digest::sha256(b"lie").to_string();
    vec![
        once("manifest: 503", answer(503, &[])),
        wrong("manifest: 503 for ever", "manifest", "503", answer(503, &[])),
        once("manifest: 429, Retry-After in seconds", answer(429, &[("retry-after", "1")])),
        once("manifest: 400, a blob is linked at that moment", code(400, "MANIFEST_BLOB_UNKNOWN")),
        once("manifest: 500, a blob is linked at that moment", code(500, "UNKNOWN")),
        wrong("manifest: always refused", "manifest", "MANIFEST_INVALID", code(400, "MANIFEST_INVALID")),
        case("manifest: 401, the token revoked", RIGHT, |w| {
            drop(w.at_mirror("PUT", CHILD, challenge(&w.mirror.url())).times(1));
        }),
        once("manifest: reset", Action::Reset),
        once("manifest: the answer is lost", Action::Lose),
        once("manifest: hangs once", Action::Hang).hangs(),
        wrong("manifest: hangs", "manifest", "no response within", Action::Hang).hangs(),
        wrong("manifest: 201, and nothing is stored", "verify", "is not there", answer(201, &[])).hangs(),
        wrong("manifest: HTML with 200", "verify", "is not there", page(200)).hangs(),
        wrong(
            "manifest: another digest",
            "verify",
            "the registry calls it",
            answer(201, &[("docker-content-digest", &lie)]),
        ),
        wrong("manifest: redirected", "manifest", "not followed", answer(308, &[("location", "http://127.0.0.2:1/")])),
        case("manifest read back: 503 twice", RIGHT, |w| drop(w.at_mirror("HEAD", CHILD, answer(503, &[])).times(2))),
        case("manifest read back: another digest", fails("verify", "returned"), move |w| {
            drop(w.at_mirror("HEAD", CHILD, header("docker-content-digest", lie.clone())));
        }),
    ]
}

fn tags() -> Vec<Case> {
    let other = || ImageSpec::new(9).build();
    let holds = |end: End| match end {
        End::Fails { step, words, .. } => End::Fails { step, words, tag: Some(other().digest()) },
        End::Right => End::Right,
    };
    // Somebody pushes when this is asked for, if the tag answers this then.
    let pushed = |name, end: End, method: &'static str, target: &'static str, while_it: fn() -> Option<Digest>| {
        case(name, holds(end), move |w| {
            w.mirror.put_untagged("acme/sick", &other());
            let mirror = w.mirror.handle();
            let push = move || {
                if mirror.digest("acme/sick", "1") == while_it() {
                    mirror.set_tag("acme/sick", "1", &other().digest());
                }
            };
            drop(w.at_mirror(method, target, Action::First(Hook(Arc::new(push)))));
        })
    };
    let differs = || fails("mirror-differs", "left alone");
    vec![
        pushed("tag: pushed by hand before", differs(), "HEAD", TAG, || None),
        pushed("tag: pushed by hand during the copy", differs(), "PUT", CHILD, || None),
        pushed("tag: swapped after the PUT", fails("verify", "was pushed as"), "HEAD", TAG, || Some(usual().digest())),
        case("tag: 201, and nothing is stored", fails("verify", "is not there"), |w| {
            drop(w.at_mirror("PUT", TAG, answer(201, &[])));
        })
        .hangs(),
        case("tag: 503 for ever", fails("tag", "503"), |w| drop(w.at_mirror("PUT", TAG, answer(503, &[])))),
        case("tag: always the same digest already", RIGHT, |w| {
            usual().put(&w.mirror, "acme/sick", "1");
        }),
        case("tag: already there, a blob lost", RIGHT, |w| {
            usual().put(&w.mirror, "acme/sick", "1");
            w.mirror.delete_blob("acme/sick", &w.layer());
        }),
    ]
}
