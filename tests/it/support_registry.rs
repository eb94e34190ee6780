//! The project's own registry compared with real ones: the same conversation, the same statuses and headers.

use serde_json::Value;

use crate::support::http::{Action, Exchange, Rule, block_on, client};
use crate::support::images::{Image, ImageSpec};
use crate::support::registry::{Auth, TestRegistry, User};
use crate::support::servers::RealRegistry;

/// One answer, without what registries may choose freely.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    what: String,
    status: u16,
    headers: Vec<(String, String)>,
    code: Option<String>,
    body: Option<String>,
}

/// A conversation with a registry, written down.
struct Talk {
    client: reqwest::Client,
    url: String,
    answers: Vec<Answer>,
}

impl Talk {
    fn new(url: String) -> Self {
        Self { client: client(), url, answers: Vec::new() }
    }

    fn request(&self, method: &str, target: &str) -> reqwest::RequestBuilder {
        let target = if target.starts_with("http") { target.to_owned() } else { format!("{}{target}", self.url) };
        self.client.request(method.parse().unwrap(), target)
    }

    /// Sends, writes down what matters, answers the absolute `Location`.
    async fn say(&mut self, what: &str, request: reqwest::RequestBuilder) -> String {
        let answer = request.send().await.unwrap();
        let base = answer.url().clone();
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let location = header("location").map(|to| base.join(&to).unwrap().to_string()).unwrap_or_default();
        let session = location.contains("/uploads/");
        let mut headers: Vec<(String, String)> =
            ["content-type", "docker-content-digest", "range", "content-range", "content-length", "link"]
                .iter()
                .filter_map(|name| header(name).map(|value| ((*name).to_owned(), value)))
                .collect();
        if !location.is_empty() && !session {
            headers.push(("location".to_owned(), location.replace(&self.url, "")));
        }
        let status = answer.status().as_u16();
        // Debian's registry announces a length on 416 that it does not send.
        let bytes = answer.bytes().await.unwrap_or_default();
        let error = status >= 400;
        let code = serde_json::from_slice::<Value>(&bytes)
            .ok()
            .and_then(|body| body["errors"][0]["code"].as_str().map(str::to_owned));
        // What errors say in words, and how long they are, is free; so is whether empty answers name a type.
        headers.retain(|(name, _)| {
            !(error || status == 202) || !matches!(name.as_str(), "content-length" | "content-type")
        });
        headers.retain(|(name, value)| !(name == "content-type" && value.starts_with("application/json")));
        headers.retain(|(name, value)| !(name == "content-length" && (value == "0" || bytes.starts_with(b"{"))));
        let body = (status == 200 || status == 206).then(|| canonical(&bytes));
        let code = code.filter(|_| status != 416);
        self.answers.push(Answer { what: what.to_owned(), status, headers, code, body });
        location
    }
}

fn canonical(bytes: &[u8]) -> String {
    match serde_json::from_slice::<Value>(bytes) {
        // The order of a whole tag list is the registry's own.
        Ok(mut json) => {
            if let Some(tags) = json["tags"].as_array_mut() {
                tags.sort_by_key(Value::to_string);
            }
            json.to_string()
        }
        Err(_) => wharfinger::internals::image::Digest::sha256(bytes).to_string(),
    }
}

async fn conversation(url: String) -> Vec<Answer> {
    let image = ImageSpec::new(7).attestations().build();
    let (first, bytes) = &image.blobs[0];
    let mut talk = Talk::new(url);
    talk.say("ping", talk.request("GET", "/v2/")).await;
    talk.say("tags of nothing", talk.request("GET", "/v2/team/none/tags/list")).await;
    talk.say("missing manifest", talk.request("GET", "/v2/team/app/manifests/none")).await;
    talk.say("missing manifest, head", talk.request("HEAD", "/v2/team/app/manifests/none")).await;
    talk.say("missing blob", talk.request("GET", &format!("/v2/team/app/blobs/{first}"))).await;
    talk.say("missing blob, head", talk.request("HEAD", &format!("/v2/team/app/blobs/{first}"))).await;
    uploads(&mut talk, first.as_str(), bytes).await;
    mounts(&mut talk, first.as_str()).await;
    ranges(&mut talk, first.as_str()).await;
    incomplete(&mut talk, &image).await;
    manifests(&mut talk, &image).await;
    pages(&mut talk, &image).await;
    deletes(&mut talk, &image).await;
    talk.answers
}

async fn uploads(talk: &mut Talk, digest: &str, bytes: &bytes::Bytes) {
    let start = "/v2/team/app/blobs/uploads/";
    let location = talk.say("open", talk.request("POST", start)).await;
    let wrong = format!("{location}&digest=sha256:{}", "0".repeat(64));
    talk.say("put with another digest", talk.request("PUT", &wrong).body(bytes.clone())).await;
    let location = talk.say("open again", talk.request("POST", start)).await;
    talk.say("put whole", talk.request("PUT", &format!("{location}&digest={digest}")).body(bytes.clone())).await;
    let location = talk.say("open for pieces", talk.request("POST", start)).await;
    let half = bytes.len() / 2;
    let piece = talk.request("PATCH", &location).header("content-type", "application/octet-stream");
    let location = talk.say("first piece", piece.body(bytes.slice(..half))).await;
    talk.say("how far", talk.request("GET", &location)).await;
    let piece = talk.request("PATCH", &location).header("content-type", "application/octet-stream");
    let location = talk.say("second piece", piece.body(bytes.slice(half..))).await;
    talk.say("close", talk.request("PUT", &format!("{location}&digest={digest}"))).await;
    let location = talk.say("open to cancel", talk.request("POST", start)).await;
    talk.say("cancel", talk.request("DELETE", &location)).await;
    talk.say("after cancelling", talk.request("GET", &location)).await;
}

async fn mounts(talk: &mut Talk, digest: &str) {
    let mount = |from: &str, digest: &str| format!("/v2/team/other/blobs/uploads/?mount={digest}&from={from}");
    talk.say("mount", talk.request("POST", &mount("team/app", digest))).await;
    talk.say("mounted, head", talk.request("HEAD", &format!("/v2/team/other/blobs/{digest}"))).await;
    let unknown = format!("sha256:{}", "1".repeat(64));
    talk.say("mount of what is not there", talk.request("POST", &mount("team/app", &unknown))).await;
}

async fn ranges(talk: &mut Talk, digest: &str) {
    let blob = format!("/v2/team/app/blobs/{digest}");
    talk.say("blob", talk.request("GET", &blob)).await;
    talk.say("blob, head", talk.request("HEAD", &blob)).await;
    talk.say("end of blob", talk.request("GET", &blob).header("range", "bytes=10-")).await;
    talk.say("piece of blob", talk.request("GET", &blob).header("range", "bytes=3-9")).await;
    talk.say("beyond the blob", talk.request("GET", &blob).header("range", "bytes=99999-")).await;
}

async fn incomplete(talk: &mut Talk, image: &Image) {
    let child = &image.manifests[0];
    let put = |talk: &Talk, name: &str, media_type: &str, bytes: &bytes::Bytes| {
        let request = talk.request("PUT", &format!("/v2/team/app/manifests/{name}"));
        request.header("content-type", media_type).body(bytes.clone())
    };
    talk.say("manifest without its blobs", put(talk, "bad", &child.media_type, &child.bytes)).await;
    talk.say("index without its children", put(talk, "bad", &image.root().media_type, &image.root().bytes)).await;
    talk.say("no manifest", put(talk, "bad", &child.media_type, &bytes::Bytes::from_static(b"<html>"))).await;
    talk.say("nothing tagged", talk.request("HEAD", "/v2/team/app/manifests/bad")).await;
}

async fn manifests(talk: &mut Talk, image: &Image) {
    image.push(&talk.url, "team/app", "1.0", None).await;
    let accept = "application/vnd.oci.image.index.v1+json";
    for reference in ["1.0".to_owned(), image.digest().to_string()] {
        let target = format!("/v2/team/app/manifests/{reference}");
        talk.say("index", talk.request("GET", &target).header("accept", accept)).await;
        talk.say("index, head", talk.request("HEAD", &target).header("accept", accept)).await;
    }
    let root = image.root();
    let again = talk.request("PUT", "/v2/team/app/manifests/1.1").header("content-type", &root.media_type);
    talk.say("second tag", again.body(root.bytes.clone())).await;
    let wrong = talk.request("PUT", &format!("/v2/team/app/manifests/{}", image.manifests[0].digest()));
    let wrong = wrong.header("content-type", &root.media_type).body(root.bytes.clone());
    talk.say("under another digest", wrong).await;
}

async fn pages(talk: &mut Talk, image: &Image) {
    for tag in ["2.0", "2.1"] {
        image.push(&talk.url, "team/app", tag, None).await;
    }
    talk.say("all tags", talk.request("GET", "/v2/team/app/tags/list")).await;
}

async fn deletes(talk: &mut Talk, image: &Image) {
    let target = format!("/v2/team/app/manifests/{}", image.digest());
    talk.say("delete", talk.request("DELETE", &target)).await;
    talk.say("deleted", talk.request("GET", &target)).await;
    talk.say("its tag", talk.request("HEAD", "/v2/team/app/manifests/1.0")).await;
    talk.say("delete again", talk.request("DELETE", &target)).await;
}

fn compare(real: &RealRegistry) {
    let own = TestRegistry::start();
    own.set(|switches| switches.referrers = false);
    let (expected, found) = (block_on(conversation(real.url())), block_on(conversation(own.url())));
    assert!(expected.len() > 40, "the conversation took place");
    for (expected, found) in expected.iter().zip(&found) {
        assert_eq!(found, expected, "{}", expected.what);
    }
    assert_eq!(expected.len(), found.len());
}

#[test]
fn tags_come_in_pages_of_the_asked_or_the_largest_size() {
    let registry = TestRegistry::start();
    for tag in ["1", "2", "3", "4", "5"] {
        registry.put_image("app", tag, &ImageSpec::new(1).build());
    }
    let link = |query: &str| {
        let url = format!("{}/v2/app/tags/list{query}", registry.url());
        block_on(async {
            let answer = client().get(url).send().await.unwrap();
            let link = answer.headers().get("link").map(|link| link.to_str().unwrap().to_owned());
            (link, canonical(&answer.bytes().await.unwrap()))
        })
    };
    assert_eq!(link(""), (None, r#"{"name":"app","tags":["1","2","3","4","5"]}"#.to_owned()));
    registry.set(|switches| switches.page_size = Some(2));
    let next = "</v2/app/tags/list?last=2&n=2>; rel=\"next\"";
    assert_eq!(link("?n=100"), (Some(next.to_owned()), r#"{"name":"app","tags":["1","2"]}"#.to_owned()));
    assert_eq!(link("?last=4&n=2"), (None, r#"{"name":"app","tags":["5"]}"#.to_owned()));
}

#[test]
fn answers_as_debians_registry_does() {
    if let Some(real) = RealRegistry::debian() {
        compare(&real);
    }
}

#[test]
fn the_real_registrys_access_log_is_read() {
    if let Some(real) = RealRegistry::debian() {
        let image = ImageSpec::new(1).build();
        image.push_blocking(&real.url(), "app", "1");
        let log = real.settled_log();
        let puts = log.iter().filter(|access| access.method == "PUT" && access.target.contains("/manifests/"));
        assert_eq!(puts.count(), 3);
        assert!(log.iter().all(|access| access.status < 400), "{log:#?}");
    }
}

async fn get(url: &str, authorization: Option<&str>) -> (u16, String, Value) {
    let mut request = client().get(url);
    if let Some(value) = authorization {
        request = request.header("authorization", value);
    }
    let answer = request.send().await.unwrap();
    let challenge = answer.headers().get("www-authenticate").map(|v| v.to_str().unwrap().to_owned());
    let status = answer.status().as_u16();
    let body = answer.bytes().await.unwrap();
    (status, challenge.unwrap_or_default(), serde_json::from_slice(&body).unwrap_or_default())
}

/// The token for scopes, by Basic `user:password`.
async fn token(registry: &TestRegistry, basic: Option<(&str, &str)>, scopes: &[&str]) -> Option<String> {
    let mut request = client().get(format!("{}/token", registry.url())).query(&[("service", "test-registry")]);
    for scope in scopes {
        request = request.query(&[("scope", *scope)]);
    }
    if let Some((user, password)) = basic {
        request = request.basic_auth(user, Some(password));
    }
    let answer = request.send().await.unwrap();
    let good = answer.status() == 200;
    let body: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    good.then(|| format!("Bearer {}", body["token"].as_str().unwrap()))
}

#[test]
fn tokens_carry_exactly_the_scopes_that_their_user_may_have() {
    let registry = TestRegistry::with_users(vec![
        User::limited("reader", "r", &["team/*"], &[]),
        User::limited("writer", "w", &[], &["team/app"]),
    ]);
    let image = ImageSpec::new(3).build();
    registry.put_image("team/app", "1", &image);
    registry.put_image("secret/app", "1", &image);
    let blob = image.blobs[0].0.clone();
    block_on(async {
        let tags = format!("{}/v2/team/app/tags/list", registry.url());
        let (status, challenge, _) = get(&tags, None).await;
        let expected = format!(
            "Bearer realm=\"{}/token\",service=\"test-registry\",scope=\"repository:team/app:pull\"",
            registry.url()
        );
        assert_eq!((status, challenge), (401, expected));
        assert_eq!(token(&registry, Some(("reader", "wrong")), &["repository:team/app:pull"]).await, None);
        let reader = token(&registry, Some(("reader", "r")), &["repository:team/app:pull,push"]).await.unwrap();
        assert_eq!(get(&tags, Some(&reader)).await.0, 200);
        let secret = format!("{}/v2/secret/app/tags/list", registry.url());
        let (status, challenge, _) = get(&secret, Some(&reader)).await;
        assert_eq!(status, 401);
        assert!(
            challenge.ends_with("scope=\"repository:secret/app:pull\",error=\"insufficient_scope\""),
            "{challenge}"
        );
        let start = |token: &str, query: &str| {
            let request = client().post(format!("{}/v2/team/app/blobs/uploads/{query}", registry.url()));
            request.header("authorization", token).send()
        };
        assert_eq!(start(&reader, "").await.unwrap().status(), 401, "a reduced grant does not push");
        let scope = ["repository:team/app:pull,push", "repository:secret/app:pull"];
        let writer = token(&registry, Some(("writer", "w")), &scope).await.unwrap();
        assert_eq!(start(&writer, "").await.unwrap().status(), 202);
        let mount = format!("?mount={blob}&from=secret/app");
        assert_eq!(start(&writer, &mount).await.unwrap().status(), 401, "a mount needs pull on its source");
        registry.revoke_tokens();
        assert!(get(&tags, Some(&reader)).await.1.ends_with("error=\"invalid_token\""));
    });
}

#[test]
fn anonymous_pulls_basic_and_short_tokens_are_switches() {
    let registry = TestRegistry::with_users(vec![User::new("me", "pw")]);
    registry.put_image("app", "1", &ImageSpec::new(3).build());
    let tags = format!("{}/v2/app/tags/list", registry.url());
    block_on(async {
        let nobody = token(&registry, None, &["repository:app:pull"]).await.unwrap();
        assert_eq!(get(&tags, Some(&nobody)).await.0, 401);
        registry.set(|switches| switches.anonymous_pull = true);
        let nobody = token(&registry, None, &["repository:app:pull"]).await.unwrap();
        assert_eq!(get(&tags, Some(&nobody)).await.0, 200);
        assert_eq!(get(&tags, None).await.0, 401, "also what is public needs a token");
        registry.set(|switches| switches.token_uses = Some(2));
        let statuses = [get(&tags, Some(&nobody)).await.0, get(&tags, Some(&nobody)).await.0];
        assert_eq!(statuses, [200, 401]);
        registry.set(|switches| {
            (switches.auth, switches.anonymous_pull) = (Auth::Basic, false);
        });
        assert_eq!(get(&tags, None).await.1, "Basic realm=\"test\"");
        assert_eq!(get(&tags, Some("Basic bWU6cHc=")).await.0, 200);
    });
    let users: Vec<Option<String>> = registry.log().iter().map(Exchange::authorization).collect();
    assert_eq!(users.last().unwrap().as_deref(), Some("Basic me"));
}

#[test]
fn referrers_are_listed_filtered_and_paged() {
    let registry = TestRegistry::start();
    let image = ImageSpec::new(5).build();
    registry.put_image("app", "1", &image);
    block_on(async {
        let signature = Image::artifact(image.root(), "application/vnd.dev.sigstore.bundle.v0.3+json", b"signature");
        let put = client()
            .put(format!("{}/v2/app/manifests/{}", registry.url(), signature.digest()))
            .header("content-type", &signature.root().media_type)
            .body(signature.root().bytes.clone());
        assert_eq!(put.try_clone().unwrap().send().await.unwrap().status(), 400, "its blobs are not there yet");
        registry.put_untagged("app", &signature);
        let subject = image.digest().to_string();
        assert_eq!(put.send().await.unwrap().headers()["oci-subject"], subject.as_str());
        registry.put_untagged("app", &Image::artifact(image.root(), "application/spdx+json", b"sbom"));
        registry.set(|switches| switches.referrers_page_size = Some(1));
        let url = format!("{}/v2/app/referrers/{subject}", registry.url());
        let first = client().get(&url).send().await.unwrap();
        assert!(first.headers()["link"].to_str().unwrap().ends_with("?skip=1>; rel=\"next\""));
        let (_, _, second) = get(&format!("{url}?skip=1"), None).await;
        assert_eq!(second["manifests"].as_array().unwrap().len(), 1);
        let (_, _, filtered) = get(&format!("{url}?artifactType=application/spdx%2Bjson"), None).await;
        assert_eq!(filtered["manifests"][0]["artifactType"], "application/spdx+json");
        assert_eq!(filtered["manifests"].as_array().unwrap().len(), 1);
        registry.set(|switches| switches.referrers = false);
        assert_eq!(get(&url, None).await.0, 404);
    });
}

#[test]
fn blobs_redirect_to_another_host_and_faults_break_answers() {
    let registry = TestRegistry::start();
    let image = ImageSpec::new(5).layers(1, 4096).build();
    registry.put_image("app", "1", &image);
    let (digest, bytes) = image.blobs.iter().find(|(_, bytes)| bytes.len() == 4096).unwrap();
    let url = format!("{}/v2/app/blobs/{digest}", registry.url());
    block_on(async {
        registry.fault(Rule::new("GET", "/blobs/", Action::Truncate(100)).times(1));
        let cut = client().get(&url).send().await.unwrap();
        assert_eq!(cut.content_length(), Some(4096));
        assert!(cut.bytes().await.is_err(), "100 bytes of 4096 came");
        registry.fault(Rule::new("GET", "/blobs/", Action::ResetAfter(64)).times(1));
        assert!(client().get(&url).send().await.unwrap().bytes().await.is_err());
        registry.fault(Rule::new("GET", "/blobs/", Action::Reset).times(1));
        assert!(client().get(&url).send().await.is_err());
        registry.fault(
            Rule::new("", "/blobs/", Action::Answer(429, vec![("retry-after".into(), "2".into())], "".into())).times(1),
        );
        assert_eq!(client().get(&url).send().await.unwrap().headers()["retry-after"], "2");
        assert_eq!(client().get(&url).send().await.unwrap().bytes().await.unwrap(), *bytes);
        registry.set(|switches| switches.redirect_blobs = true);
        let moved = client().get(&url).send().await.unwrap();
        let location = moved.headers()["location"].to_str().unwrap().to_owned();
        assert!(location.starts_with("http://127.0.0.2:"), "{location}");
        assert_eq!(client().get(&location).send().await.unwrap().bytes().await.unwrap(), *bytes);
    });
    assert_eq!(registry.cdn_log().len(), 1);
    let statuses: Vec<Option<u16>> = registry.log().iter().map(|exchange| exchange.status).collect();
    assert_eq!(statuses, [Some(200), Some(200), None, Some(429), Some(200), Some(307)]);
}

#[test]
fn a_layout_holds_what_was_written() {
    let directory = tempfile::tempdir().unwrap();
    let (first, second) = (ImageSpec::new(1).build(), ImageSpec::new(2).docker().single().build());
    first.write_layout(directory.path(), "1");
    second.write_layout(directory.path(), "2");
    second.write_layout(directory.path(), "1");
    let index: Value = serde_json::from_slice(&std::fs::read(directory.path().join("index.json")).unwrap()).unwrap();
    let names: Vec<_> = index["manifests"].as_array().unwrap().iter().map(|m| &m["annotations"]).collect();
    assert_eq!(names.len(), 2);
    assert!(index["manifests"].as_array().unwrap().iter().all(|m| m["digest"] == second.digest().as_str()));
    let stored = std::fs::read(directory.path().join("blobs/sha256").join(first.digest().hex())).unwrap();
    assert_eq!(stored, first.root().bytes);
}

/// Layers of the tests' images are archives of exactly the size that the specification says.
#[test]
fn layers_are_archives_of_their_size() {
    for length in [250, 256, 300, 1_000, 5_000, 70_000, 1 << 20] {
        let layer = crate::support::images::layer(7, length);
        assert_eq!(layer.len(), length);
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(&layer[..]));
        let mut entries = archive.entries().unwrap();
        let entry = entries.next().unwrap().unwrap();
        assert_eq!(entry.path().unwrap().to_str(), Some("srv/data-7"));
        assert!(entries.next().is_none());
    }
}
