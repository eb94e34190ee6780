//! The distribution protocol's routes: manifests, tags, blobs, referrers.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};
use wharfinger::internals::image::Digest;

use super::super::http::{Request, Response, Server, lock};
use super::{Core, Repo, State, StoredManifest, auth, uploads};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST_LIMIT: usize = 4 << 20;

/// An error body in the specification's form.
pub(super) fn error(status: u16, code: &str, message: &str) -> Response {
    Response::json(status, &json!({"errors": [{"code": code, "message": message, "detail": null}]}))
}

/// Answers a request.
pub(super) fn answer(core: &Arc<Core>, request: &Request) -> Response {
    if request.path == "/token" {
        return auth::token(core, request);
    }
    if request.path == "/v2/" || request.path == "/v2" {
        return match auth::allow(core, request, &[]) {
            Ok(_) => Response::json(200, &json!({})).header("docker-distribution-api-version", "registry/2.0"),
            Err(refusal) => refusal,
        };
    }
    let segments = request.segments();
    let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
    let Some((name, route)) = split(&parts) else { return error(404, "NAME_UNKNOWN", "no such route") };
    match allowed(core, request, &name) {
        Ok(user) => routed(core, request, &name, &route, user.as_deref()),
        Err(refusal) => refusal,
    }
}

/// `/v2/<name>/<kind>/<rest>` as name and the last parts.
fn split<'a>(parts: &[&'a str]) -> Option<(String, Vec<&'a str>)> {
    let ["v2", rest @ ..] = parts else { return None };
    let at = rest.iter().rposition(|part| matches!(*part, "manifests" | "blobs" | "tags" | "referrers"))?;
    (at > 0).then(|| (rest[..at].join("/"), rest[at..].to_vec()))
}

fn allowed(core: &Core, request: &Request, name: &str) -> Result<Option<String>, Response> {
    let reads = matches!(request.method.as_str(), "GET" | "HEAD") && !request.path.contains("/blobs/uploads/");
    let from = request.query_value("from").filter(|_| request.query_value("mount").is_some());
    let mut wanted = vec![(name, "pull")];
    if request.method == "DELETE" && !request.path.contains("/blobs/uploads/") {
        wanted = vec![(name, "delete")];
    } else if !reads {
        wanted.push((name, "push"));
    }
    if let Some(from) = from.as_deref() {
        wanted.push((from, "pull"));
    }
    let user = auth::allow(core, request, &wanted)?;
    if !reads && let Some(observer) = lock(&core.observer).clone() {
        observer.pushing(name, user.as_deref());
    }
    Ok(user)
}

fn routed(core: &Arc<Core>, request: &Request, name: &str, route: &[&str], user: Option<&str>) -> Response {
    let method = request.method.as_str();
    {
        let state = lock(&core.state);
        let push = !matches!(method, "GET" | "HEAD" | "DELETE");
        if push && !state.switches.create_on_push && !state.repos.contains_key(name) {
            return error(404, "NAME_UNKNOWN", "repository name not known to registry");
        }
    }
    match (method, route) {
        ("GET", ["tags", "list"]) => tags(&lock(&core.state), request, name),
        ("HEAD", ["manifests", reference]) => manifest(&lock(&core.state), name, reference),
        ("GET", ["manifests", reference]) => {
            let served =
                lock(&core.state).repos.get(name).and_then(|repo| find(repo, reference)).map(|(digest, _)| digest);
            if let (Some(digest), Some(observer)) = (served, lock(&core.observer).clone()) {
                observer.pulled(name, &digest);
            }
            manifest(&lock(&core.state), name, reference)
        }
        ("PUT", ["manifests", reference]) => put_manifest(core, request, name, reference, user),
        ("DELETE", ["manifests", reference]) => {
            let response = delete_manifest(&mut lock(&core.state), name, reference);
            if response.status == 202
                && let Some(observer) = lock(&core.observer).clone()
            {
                observer.untagged(name, reference);
            }
            response
        }
        ("GET", ["referrers", digest]) => referrers(&lock(&core.state), request, name, digest),
        ("POST", ["blobs", "uploads"]) => uploads::start(core, request, name),
        (_, ["blobs", "uploads", id]) => uploads::resume(core, request, name, id),
        ("GET" | "HEAD", ["blobs", digest]) => blob(core, request, name, digest),
        ("DELETE", ["blobs", digest]) => delete_blob(&mut lock(&core.state), name, digest),
        _ => error(405, "UNSUPPORTED", "the operation is unsupported"),
    }
}

fn tags(state: &State, request: &Request, name: &str) -> Response {
    let Some(repo) = state.repos.get(name) else {
        return error(404, "NAME_UNKNOWN", "repository name not known to registry");
    };
    let asked = request.query_value("n").and_then(|n| n.parse::<usize>().ok());
    let size = asked.into_iter().chain(state.switches.page_size).min().unwrap_or(usize::MAX);
    let last = request.query_value("last").unwrap_or_default();
    let mut rest = repo.tags.keys().filter(|tag| **tag > last);
    let page: Vec<&String> = rest.by_ref().take(size).collect();
    let response = Response::json(200, &json!({"name": name, "tags": page}));
    match (rest.next(), page.last()) {
        (Some(_), Some(last)) => {
            response.header("link", format!("</v2/{name}/tags/list?last={last}&n={size}>; rel=\"next\""))
        }
        _ => response,
    }
}

/// A manifest by tag or digest.
pub(super) fn find<'a>(repo: &'a Repo, reference: &str) -> Option<(Digest, &'a StoredManifest)> {
    let digest = match reference.parse::<Digest>() {
        Ok(digest) => digest,
        Err(_) => repo.tags.get(reference)?.clone(),
    };
    repo.manifests.get(&digest).map(|manifest| (digest, manifest))
}

fn manifest(state: &State, name: &str, reference: &str) -> Response {
    let Some((digest, manifest)) = state.repos.get(name).and_then(|repo| find(repo, reference)) else {
        return error(404, "MANIFEST_UNKNOWN", "manifest unknown");
    };
    let response = Response::new(200).header("content-type", &manifest.media_type).body(manifest.bytes.clone());
    if state.switches.digest_header {
        return response.header("docker-content-digest", digest.to_string());
    }
    response
}

fn put_manifest(core: &Core, request: &Request, name: &str, reference: &str, user: Option<&str>) -> Response {
    if request.body.len() > MANIFEST_LIMIT {
        return error(413, "SIZE_INVALID", "manifest too large");
    }
    let digest = Digest::sha256(&request.body);
    let by_digest = reference.parse::<Digest>().ok();
    if by_digest.as_ref().is_some_and(|wanted| !wanted.matches(&request.body)) {
        return error(400, "DIGEST_INVALID", "provided digest did not match uploaded content");
    }
    let digest = by_digest.clone().unwrap_or(digest);
    let media_type = request.header("content-type").unwrap_or_default().to_owned();
    let document: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let mut state = lock(&core.state);
    if let Err(refusal) = complete(&state, name, &media_type, &document) {
        return refusal;
    }
    let repo = state.repos.entry(name.to_owned()).or_default();
    repo.manifests.insert(digest.clone(), StoredManifest { media_type, bytes: request.body.clone() });
    if by_digest.is_none() {
        repo.tags.insert(reference.to_owned(), digest.clone());
    }
    let referrers = state.switches.referrers;
    drop(state);
    if by_digest.is_none()
        && let Some(observer) = lock(&core.observer).clone()
    {
        observer.tagged(name, reference, &digest, user);
    }
    let response = Response::new(201)
        .header("location", format!("/v2/{name}/manifests/{digest}"))
        .header("docker-content-digest", digest.to_string());
    match document["subject"]["digest"].as_str() {
        Some(subject) if referrers => response.header("oci-subject", subject),
        _ => response,
    }
}

/// Whether everything that a manifest refers to is in the repository, and whether it is a manifest at all.
fn complete(state: &State, name: &str, media_type: &str, document: &Value) -> Result<(), Response> {
    let invalid = |why: &str| error(400, "MANIFEST_INVALID", why);
    if !document.is_object() {
        return Err(invalid("not a JSON object"));
    }
    if document["mediaType"].as_str().is_some_and(|inner| inner != media_type) {
        return Err(invalid("mediaType is not the Content-Type"));
    }
    if document["manifests"].is_array() && document["layers"].is_array() {
        return Err(invalid("both an index and a manifest"));
    }
    let empty = Repo::default();
    let repo = state.repos.get(name).unwrap_or(&empty);
    let digests = |key: &str| -> Vec<String> {
        let entries = document[key].as_array().cloned().unwrap_or_default();
        entries.iter().filter(|entry| entry["urls"].is_null()).map(digest_of).collect()
    };
    let listed = document["manifests"].as_array().cloned().unwrap_or_default();
    for entry in listed.iter().filter(|entry| entry["urls"].is_null()) {
        let (child, media_type) = (digest_of(entry), entry["mediaType"].as_str().unwrap_or_default());
        // What an index lists besides manifests are blobs.
        let is_manifest = ["manifest", "index"].iter().any(|word| media_type.contains(word));
        let there = |digest: Digest| match is_manifest {
            true => repo.manifests.contains_key(&digest),
            false => repo.blobs.contains(&digest),
        };
        if !child.parse::<Digest>().is_ok_and(there) {
            return Err(error(400, "MANIFEST_BLOB_UNKNOWN", &format!("manifest unknown: {child}")));
        }
    }
    let config = document["config"].is_object().then(|| digest_of(&document["config"]));
    for blob in config.into_iter().chain(digests("layers")).chain(digests("blobs")) {
        if !blob.parse::<Digest>().is_ok_and(|digest| repo.blobs.contains(&digest)) {
            return Err(error(400, "MANIFEST_BLOB_UNKNOWN", &format!("blob unknown to registry: {blob}")));
        }
    }
    Ok(())
}

fn digest_of(descriptor: &Value) -> String {
    descriptor["digest"].as_str().unwrap_or_default().to_owned()
}

fn delete_manifest(state: &mut State, name: &str, reference: &str) -> Response {
    let by_tag = reference.parse::<Digest>().is_err();
    if !state.switches.delete || (by_tag && !state.switches.delete_tags) {
        return error(405, "UNSUPPORTED", "the operation is unsupported");
    }
    let Some(repo) = state.repos.get_mut(name) else {
        return error(404, "NAME_UNKNOWN", "repository name not known to registry");
    };
    let gone = match reference.parse::<Digest>() {
        Ok(digest) => {
            repo.tags.retain(|_, tagged| *tagged != digest);
            repo.manifests.remove(&digest).is_some()
        }
        Err(_) => repo.tags.remove(reference).is_some(),
    };
    if gone { Response::new(202) } else { error(404, "MANIFEST_UNKNOWN", "manifest unknown") }
}

fn delete_blob(state: &mut State, name: &str, digest: &str) -> Response {
    let Some(repo) = state.repos.get_mut(name) else {
        return error(404, "NAME_UNKNOWN", "repository name not known to registry");
    };
    let gone = digest.parse::<Digest>().is_ok_and(|digest| repo.blobs.remove(&digest));
    if gone { Response::new(202) } else { error(404, "BLOB_UNKNOWN", "blob unknown to registry") }
}

fn referrers(state: &State, request: &Request, name: &str, digest: &str) -> Response {
    if !state.switches.referrers {
        return error(404, "UNSUPPORTED", "404 page not found");
    }
    let wanted = request.query_value("artifactType");
    let empty = Repo::default();
    let repo = state.repos.get(name).unwrap_or(&empty);
    let mut found: Vec<Value> = repo.manifests.iter().filter_map(|(d, m)| referrer(d, m, digest)).collect();
    found.retain(|descriptor| wanted.as_deref().is_none_or(|wanted| descriptor["artifactType"] == wanted));
    let skip = request.query_value("skip").and_then(|skip| skip.parse().ok()).unwrap_or(0);
    let size = state.switches.referrers_page_size.unwrap_or(usize::MAX);
    let more = found.len() > size.saturating_add(skip);
    let page: Vec<Value> = found.into_iter().skip(skip).take(size).collect();
    let body = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": page});
    let mut response = Response::json(200, &body);
    response.headers = vec![("content-type".to_owned(), INDEX.to_owned())];
    if wanted.is_some() {
        response = response.header("oci-filters-applied", "artifactType");
    }
    if more {
        let filter = wanted.map(|wanted| format!("&artifactType={wanted}")).unwrap_or_default();
        let next = format!("</v2/{name}/referrers/{digest}?skip={}{filter}>; rel=\"next\"", skip + size);
        response = response.header("link", next);
    }
    response
}

fn referrer(digest: &Digest, manifest: &StoredManifest, subject: &str) -> Option<Value> {
    let document: Value = serde_json::from_slice(&manifest.bytes).ok()?;
    if document["subject"]["digest"].as_str() != Some(subject) {
        return None;
    }
    let mut descriptor =
        json!({"mediaType": manifest.media_type, "digest": digest.to_string(), "size": manifest.bytes.len()});
    let config = &document["config"]["mediaType"];
    let artifact = if document["artifactType"].is_string() { &document["artifactType"] } else { config };
    if artifact.is_string() {
        descriptor["artifactType"] = artifact.clone();
    }
    if document["annotations"].is_object() {
        descriptor["annotations"] = document["annotations"].clone();
    }
    Some(descriptor)
}

fn blob(core: &Core, request: &Request, name: &str, digest: &str) -> Response {
    let unknown = || error(404, "BLOB_UNKNOWN", "blob unknown to registry");
    let state = lock(&core.state);
    let Ok(digest) = digest.parse::<Digest>() else { return unknown() };
    let there = state.repos.get(name).is_some_and(|repo| repo.blobs.contains(&digest));
    let Some(bytes) = state.blobs.get(&digest).filter(|_| there) else { return unknown() };
    let (bytes, switches) = (bytes.clone(), state.switches.clone());
    drop(state);
    if switches.redirect_blobs && request.method == "GET" {
        let cdn = lock(&core.cdn).as_ref().map(Server::url).unwrap_or_default();
        return Response::new(307).header("location", format!("{cdn}/cdn/{digest}?signature=secret"));
    }
    let response = ranged(request, &bytes, switches.ranges);
    if switches.digest_header { response.header("docker-content-digest", digest.to_string()) } else { response }
}

/// The bytes, or the requested range of them.
fn ranged(request: &Request, bytes: &Bytes, ranges: bool) -> Response {
    let whole = || Response::new(200).header("content-type", "application/octet-stream").body(bytes.clone());
    let Some(range) = request.header("range").filter(|_| ranges) else { return whole() };
    let Some((from, to)) = range.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return whole();
    };
    let from: usize = from.parse().unwrap_or(usize::MAX);
    let to = to.parse().unwrap_or(usize::MAX).min(bytes.len().saturating_sub(1));
    if from > to || from >= bytes.len() {
        return error(416, "RANGE_INVALID", "invalid content range")
            .header("content-range", format!("bytes */{}", bytes.len()));
    }
    Response::new(206)
        .header("content-type", "application/octet-stream")
        .header("content-range", format!("bytes {from}-{to}/{}", bytes.len()))
        .body(bytes.slice(from..=to))
}

/// The other host that blobs are redirected to.
pub(super) fn start_cdn(core: &Arc<Core>) -> Server {
    let core = Arc::downgrade(core);
    Server::start_at(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)), move |request: &Request| {
        let digest = request.path.strip_prefix("/cdn/").and_then(|digest| digest.parse::<Digest>().ok());
        let core = core.upgrade();
        let bytes = core.zip(digest).and_then(|(core, digest)| lock(&core.state).blobs.get(&digest).cloned());
        bytes.map_or_else(|| Response::new(404), |bytes| ranged(request, &bytes, true))
    })
}
