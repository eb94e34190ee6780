//! A case, and the world it is tried in.

use std::net::IpAddr;

use serde_json::json;
use wharfinger::internals::image::Digest;

use super::{CANARY, healthy, readable};
use crate::support::http::{Action, Exchange, Request, Response, Rule, Server};
use crate::support::images::{Image, ImageSpec};
use crate::support::registry::{TestRegistry, User};

/// One fault and what is to come of it.
pub(super) struct Case {
    pub(super) name: &'static str,
    /// The image that meets it.
    pub(super) image: Image,
    pub(super) setup: Box<dyn Fn(&World) + Send + Sync>,
    pub(super) end: End,
    /// Something hangs, or is waited for in vain: the promotion is made with less patience.
    pub(super) hangs: bool,
    /// Requests that other origins are to get.
    pub(super) elsewhere: usize,
}

/// How a case is to end.
pub(super) enum End {
    /// The mirror's tag answers what was approved.
    Right,
    /// An error at this step with these words in it; the mirror's tag answers this, else what it did before.
    Fails { step: &'static str, words: &'static str, tag: Option<Digest> },
}

/// An end with an error.
pub(super) fn fails(step: &'static str, words: &'static str) -> End {
    End::Fails { step, words, tag: None }
}

/// A case of the usual image: an index of one manifest with a configuration and a layer.
pub(super) fn case(name: &'static str, end: End, setup: impl Fn(&World) + Send + Sync + 'static) -> Case {
    Case { name, image: usual(), setup: Box::new(setup), end, hangs: false, elsewhere: 0 }
}

impl Case {
    pub(super) fn image(self, image: Image) -> Self {
        Self { image, ..self }
    }

    pub(super) fn hangs(self) -> Self {
        Self { hangs: true, ..self }
    }

    pub(super) fn elsewhere(self, elsewhere: usize) -> Self {
        Self { elsewhere, ..self }
    }
}

pub(super) const LAYER: usize = 200_000;

pub(super) fn usual() -> Image {
    ImageSpec::new(1).platforms(&["linux/amd64"]).layers(1, LAYER).build()
}

/// A registry with the images, a mirror, and two origins that neither of them is.
pub(super) struct World {
    pub(super) source: TestRegistry,
    pub(super) mirror: TestRegistry,
    /// Another address.
    pub(super) host: Server,
    /// Another port of the same address.
    pub(super) port: Server,
    image: Image,
}

impl World {
    pub(super) fn new(image: &Image) -> Self {
        let guarded = || TestRegistry::with_users(vec![User::new("me", CANARY)]);
        let (source, mirror) = (guarded(), guarded());
        image.put(&source, "team/sick", "1");
        healthy().put(&source, "team/well", "1");
        let other = |ip: &str| {
            let image = image.clone();
            Server::start_at(ip.parse::<IpAddr>().unwrap(), move |request: &Request| serve(&image, request))
        };
        Self { source, mirror, host: other("127.0.0.2"), port: other("127.0.0.1"), image: image.clone() }
    }

    /// A fault of the source.
    pub(super) fn at_source(&self, method: &str, target: &str, action: Action) -> Scripted<'_> {
        Scripted { registry: &self.source, rule: Some(Rule::new(method, target, action)) }
    }

    /// A fault of the mirror.
    pub(super) fn at_mirror(&self, method: &str, target: &str, action: Action) -> Scripted<'_> {
        Scripted { registry: &self.mirror, rule: Some(Rule::new(method, target, action)) }
    }

    /// The approved document.
    pub(super) fn top(&self) -> String {
        format!("sick/manifests/{}$", self.image.digest())
    }

    /// The manifest in the index.
    pub(super) fn child(&self) -> String {
        format!("sick/manifests/{}$", self.image.manifests[0].digest())
    }

    pub(super) fn layer(&self) -> Digest {
        self.image.blobs[1].0.clone()
    }

    /// The layer at the source.
    pub(super) fn blob(&self) -> String {
        format!("sick/blobs/{}", self.layer())
    }

    /// The upload of the layer.
    pub(super) fn upload(&self) -> String {
        format!("sick/blobs/uploads/.*digest={}", self.layer())
    }

    /// How many requests met the fault.
    pub(super) fn faulty(&self) -> usize {
        [self.source.log(), self.mirror.log()].concat().iter().filter(|exchange| exchange.scripted).count()
    }

    pub(super) fn readable(&self, text: &str) -> String {
        let (host, port) = (self.host.host(), self.port.host());
        let hosts = [
            (self.source.host(), "source"),
            (self.mirror.host(), "mirror"),
            (host, "other-host"),
            (port, "other-port"),
        ];
        readable(text, &hosts)
    }

    /// Nobody but the registries themselves was told who asks; so many requests went elsewhere. Nothing was patched:
    /// uploads are one PUT, so what a registry answers to PATCH does not matter.
    pub(super) fn check_secrets(&self, elsewhere: usize, context: &str) {
        let foreign: Vec<Exchange> = [self.host.log(), self.port.log(), self.source.cdn_log()].concat();
        assert!(foreign.iter().all(|e| e.authorization().is_none()), "a secret went elsewhere: {context}");
        let lines: Vec<String> = foreign.iter().map(Exchange::line).collect();
        assert_eq!(lines.len(), elsewhere, "{lines:?}: {context}");
        for exchange in [self.source.log(), self.mirror.log()].concat() {
            let line = exchange.line();
            assert!(exchange.request.method != "PATCH" && !line.contains("_catalog") && !line.contains(".."), "{line}");
            let asked = exchange.authorization().unwrap_or_default();
            assert!(!asked.starts_with("Basic") || exchange.request.path == "/token", "{line}");
        }
    }
}

/// Gives whatever is asked for, whoever asks: a token, a document, a blob, or that something was stored.
fn serve(image: &Image, request: &Request) -> Response {
    let found = |digest: &Digest| request.path.ends_with(digest.as_str());
    if let Some((_, bytes)) = image.blobs.iter().find(|(digest, _)| found(digest)) {
        return Response::new(200).body(bytes.clone());
    }
    if let Some(manifest) = image.manifests.iter().find(|manifest| found(&manifest.digest())) {
        return Response::new(200).header("content-type", &manifest.media_type).body(manifest.bytes.clone());
    }
    Response::json(201, &json!({"token": "given"}))
}

/// A fault that is added when it is dropped.
pub(super) struct Scripted<'a> {
    registry: &'a TestRegistry,
    rule: Option<Rule>,
}

impl Scripted<'_> {
    pub(super) fn times(mut self, times: usize) -> Self {
        self.rule = self.rule.take().map(|rule| rule.times(times));
        self
    }

    pub(super) fn after(mut self, skip: usize) -> Self {
        self.rule = self.rule.take().map(|rule| rule.after(skip));
        self
    }
}

impl Drop for Scripted<'_> {
    fn drop(&mut self) {
        if let Some(rule) = self.rule.take() {
            self.registry.fault(rule);
        }
    }
}

/// An answer without a body.
pub(super) fn answer(status: u16, headers: &[(&str, &str)]) -> Action {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Action::Answer(status, headers, "".into())
}

/// A page of a proxy or of a sign-in.
pub(super) fn page(status: u16) -> Action {
    Action::Answer(status, vec![("content-type".to_owned(), "text/html".to_owned())], "<html>Sign in</html>".into())
}

/// An error as the specification has it.
pub(super) fn code(status: u16, code: &str) -> Action {
    Action::Answer(status, Vec::new(), json!({"errors": [{"code": code}]}).to_string().into())
}

pub(super) fn header(name: &str, value: impl Into<String>) -> Action {
    Action::Header(name.to_owned(), Some(value.into()))
}

pub(super) fn without(name: &str) -> Action {
    Action::Header(name.to_owned(), None)
}

/// The challenge of a token service at `url`.
pub(super) fn challenge(url: &str) -> Action {
    answer(401, &[("www-authenticate", &format!("Bearer realm=\"{url}/token\",service=\"test-registry\""))])
}

/// A date so many seconds from now, as HTTP writes it.
pub(super) fn date(seconds: i64) -> String {
    let then = chrono::Utc::now() + chrono::Duration::seconds(seconds);
    then.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
