//! Upload sessions: POST, PATCH, PUT, and mounts.

use std::collections::BTreeMap;

use bytes::Bytes;
use wharfinger::internals::image::Digest;

use super::super::http::{Request, Response, lock};
use super::{Core, routes::error};

/// The open sessions.
#[derive(Default)]
pub(super) struct Uploads {
    open: BTreeMap<String, (String, Vec<u8>)>,
    count: usize,
}

/// `POST /v2/NAME/blobs/uploads/`: a mount, a whole blob, or a new session.
pub(super) fn start(core: &Core, request: &Request, name: &str) -> Response {
    let mount = request.query_value("mount").zip(request.query_value("from"));
    if let Some((digest, from)) = mount
        && let Ok(digest) = digest.parse::<Digest>()
        && mounted(core, name, &from, &digest)
    {
        return created(name, &digest);
    }
    if let Some(digest) = request.query_value("digest") {
        return store(core, name, &digest, request.body.to_vec());
    }
    let mut state = lock(&core.state);
    state.uploads.count += 1;
    let id = format!("session-{}", state.uploads.count);
    state.uploads.open.insert(id.clone(), (name.to_owned(), Vec::new()));
    progress(202, name, &id, 0)
}

fn mounted(core: &Core, name: &str, from: &str, digest: &Digest) -> bool {
    let mut state = lock(&core.state);
    let there = state.switches.mount && state.repos.get(from).is_some_and(|repo| repo.blobs.contains(digest));
    if there {
        state.repos.entry(name.to_owned()).or_default().blobs.insert(digest.clone());
    }
    there
}

/// `PATCH`, `PUT`, `GET` and `DELETE` of a session.
pub(super) fn resume(core: &Core, request: &Request, name: &str, id: &str) -> Response {
    let mut state = lock(&core.state);
    let Some((_, bytes)) = state.uploads.open.get_mut(id).filter(|(repo, _)| repo == name) else {
        return error(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry");
    };
    match request.method.as_str() {
        "PATCH" | "PUT" => {
            if request.header("content-range").is_some_and(|range| !continues(range, bytes.len(), request.body.len())) {
                return progress(416, name, id, bytes.len());
            }
            bytes.extend_from_slice(&request.body);
            if request.method == "PATCH" {
                return progress(202, name, id, bytes.len());
            }
            let Some(digest) = request.query_value("digest") else {
                return error(400, "DIGEST_INVALID", "digest missing");
            };
            let bytes = state.uploads.open.remove(id).map(|(_, bytes)| bytes).unwrap_or_default();
            drop(state);
            store(core, name, &digest, bytes)
        }
        "GET" => progress(204, name, id, bytes.len()),
        "DELETE" => {
            state.uploads.open.remove(id);
            Response::new(204)
        }
        _ => error(405, "UNSUPPORTED", "method not allowed"),
    }
}

/// Whether `Content-Range: from-to` continues a session that has `have` bytes.
fn continues(range: &str, have: usize, length: usize) -> bool {
    let parsed = range.split_once('-').and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
    parsed.is_some_and(|(from, to): (usize, usize)| from == have && to + 1 == from + length)
}

fn progress(status: u16, name: &str, id: &str, length: usize) -> Response {
    // The registry's own query parameter, like real ones have: clients must append to it, not rebuild the address.
    Response::new(status)
        .header("location", format!("/v2/{name}/blobs/uploads/{id}?_state=s{length}"))
        .header("docker-upload-uuid", id)
        .header("range", format!("0-{}", length.saturating_sub(1)))
}

fn store(core: &Core, name: &str, digest: &str, bytes: Vec<u8>) -> Response {
    let Ok(digest) = digest.parse::<Digest>() else {
        return error(400, "DIGEST_INVALID", "provided digest did not match uploaded content");
    };
    if !digest.matches(&bytes) {
        return error(400, "DIGEST_INVALID", "provided digest did not match uploaded content");
    }
    let mut state = lock(&core.state);
    state.blobs.insert(digest.clone(), Bytes::from(bytes));
    state.repos.entry(name.to_owned()).or_default().blobs.insert(digest.clone());
    created(name, &digest)
}

fn created(name: &str, digest: &Digest) -> Response {
    Response::new(201)
        .header("location", format!("/v2/{name}/blobs/{digest}"))
        .header("docker-content-digest", digest.to_string())
}
