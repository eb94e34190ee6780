//! Registries in the field: what real ones answer, and what becomes of a promotion, a plan or an audit there.
//!
//! The real program runs; the registries are honest apart from what a row says. Each file contains the rows of one
//! kind.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use wharfinger::internals::image::Digest;

use super::super::promote::{Clone, entry, manifest, recorded};
use super::{assert_whole, tags};
use crate::support::http::{Exchange, Server, block_on, client};
use crate::support::images::{Image, ImageSpec, Manifest};
use crate::support::process::{Outcome, Run};
use crate::support::registry::TestRegistry;

mod absence;
mod beside;
mod late;
mod mounts;
mod protocols;
mod reading;
mod referrers;
mod slow;
mod tokens;
mod twins;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// How many rows are tried side by side: they mostly wait.
const TOGETHER: usize = 16;
const TAG: &str = "1.0.0";

/// What a server does, and what must come of it. Each expectation is met in a scene of its own.
pub(super) struct Row {
    name: &'static str,
    image: Image,
    one_registry: bool,
    setup: Box<dyn Fn(&Scene) + Send + Sync>,
    expected: Vec<(&'static str, Expected)>,
}

type Expected = Box<dyn Fn(&Scene) + Send + Sync>;

/// A row of the usual image, an index of one platform, at `HOST/team/img:1.0.0`.
pub(super) fn row(name: &'static str, setup: impl Fn(&Scene) + Send + Sync + 'static) -> Row {
    Row { name, image: usual(), one_registry: false, setup: Box::new(setup), expected: Vec::new() }
}

/// An index of one platform.
pub(super) fn usual() -> Image {
    ImageSpec::new(1).platforms(&["linux/amd64"]).layers(1, 20_000).build()
}

/// One manifest, no index.
pub(super) fn single() -> Image {
    ImageSpec::new(2).platforms(&["linux/amd64"]).single().layers(1, 20_000).build()
}

impl Row {
    pub(super) fn image(self, image: Image) -> Self {
        Self { image, ..self }
    }

    /// Source and mirror are one registry.
    pub(super) fn one_registry(self) -> Self {
        Self { one_registry: true, ..self }
    }

    /// Whatever else must hold, in a scene in which nothing has run yet.
    pub(super) fn then(mut self, name: &'static str, check: impl Fn(&Scene) + Send + Sync + 'static) -> Self {
        self.expected.push((name, Box::new(check)));
        self
    }

    /// `promote` exits 0 and the mirror has everything, byte for byte, and each signature where a client finds it.
    pub(super) fn right(self) -> Self {
        self.right_and(|_, _| {})
    }

    /// The same, and what it said or asked.
    pub(super) fn right_and(self, check: impl Fn(&Scene, &Outcome) + Send + Sync + 'static) -> Self {
        self.then("right", move |scene| {
            let outcome = scene.promote();
            scene.assert_right(&outcome);
            check(scene, &outcome);
        })
    }

    /// `plan` on a manifest without approvals proposes the tag.
    pub(super) fn proposed(self) -> Self {
        self.then("proposed", |scene| {
            let plan = scene.run(&scene.unapproved(), &["plan"]);
            assert_eq!(plan.status, Some(0), "{plan:#?}");
            assert_eq!(proposed(&plan.json()), [TAG], "{plan:#?}");
        })
    }

    /// `promote` exits 1, the tag is not at the mirror, and the image stands in `failed` with these words; none of `never`
    /// is said.
    pub(super) fn refused(
        self,
        step: &'static str,
        words: &'static [&'static str],
        never: &'static [&'static str],
    ) -> Self {
        self.then("refused", move |scene| {
            let outcome = scene.promote();
            scene.assert_refused(&outcome, step, words);
            let said = format!("{}{}", outcome.stdout, outcome.stderr);
            assert!(never.iter().all(|words| !said.contains(words)), "{outcome:#?}");
        })
    }
}

/// Source and mirror, honest until a row changes them, and what the program is run with.
pub(super) struct Scene {
    pub(super) source: TestRegistry,
    mirror: Option<TestRegistry>,
    pub(super) image: Image,
    given: Mutex<Given>,
    /// Servers beside the registries.
    others: Mutex<Vec<Arc<Server>>>,
}

#[derive(Default)]
struct Given {
    variables: BTreeMap<String, String>,
    auths: serde_json::Map<String, Value>,
    /// What refers to the image or stands beside it and is to be at the mirror, and its subject.
    signatures: Vec<(Digest, Image)>,
    /// The name of the source's host in the manifest, where it is another than its address.
    source_host: Option<String>,
}

impl Scene {
    fn new(row: &Row) -> Self {
        let source = TestRegistry::start();
        let mirror = (!row.one_registry).then(TestRegistry::start);
        row.image.put(&source, "team/img", TAG);
        let scene =
            Self { source, mirror, image: row.image.clone(), given: Mutex::default(), others: Mutex::default() };
        (row.setup)(&scene);
        scene
    }

    fn given(&self) -> MutexGuard<'_, Given> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The registry of the mirror, `acme/img`.
    pub(super) fn mirror(&self) -> &TestRegistry {
        self.mirror.as_ref().unwrap_or(&self.source)
    }

    /// Keeps a server as long as the scene.
    pub(super) fn keep(&self, server: Server) -> Arc<Server> {
        let server = Arc::new(server);
        self.others.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&server));
        server
    }

    /// The first server that is kept.
    pub(super) fn other(&self) -> Arc<Server> {
        Arc::clone(&self.others.lock().unwrap_or_else(PoisonError::into_inner)[0])
    }

    /// Sets a variable for every run.
    pub(super) fn variable(&self, name: &str, value: &str) {
        self.given().variables.insert(name.to_owned(), value.to_owned());
    }

    /// Gives a user name and a password for a host.
    pub(super) fn credential(&self, host: &str, username: &str, password: &str) {
        self.given().auths.insert(host.to_owned(), json!({"username": username, "password": password}));
    }

    /// The manifest calls the source's host so.
    pub(super) fn call_source(&self, host: &str) {
        self.given().source_host = Some(host.to_owned());
    }

    /// Puts a signature that names the image as its subject, without listing it anywhere; it is to travel.
    pub(super) fn sign(&self, payload: &str) -> Image {
        let signature = Image::artifact(self.image.root(), "application/x.signature", payload.as_bytes());
        self.source.put_untagged("team/img", &signature);
        self.given().signatures.push((self.image.digest(), signature.clone()));
        signature
    }

    /// Something beside the image that is to be at the mirror, found there as a referrer of the image.
    pub(super) fn expect(&self, signature: Image) {
        self.given().signatures.push((self.image.digest(), signature));
    }

    /// Lists signatures under the source's fallback tag of the image, as a client does where there is no referrers API.
    pub(super) fn list_in_fallback(&self, signatures: &[&Image]) {
        let entries: Vec<Value> = signatures.iter().map(|s| {
            json!({"mediaType": s.root().media_type, "digest": s.digest(), "size": s.root().bytes.len(), "artifactType": "application/x.signature"})
        }).collect();
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries});
        let index = Manifest { media_type: INDEX.to_owned(), bytes: index.to_string().into() };
        let tag = self.fallback_tag();
        Image { blobs: Vec::new(), manifests: vec![index] }.put(&self.source, "team/img", &tag);
    }

    pub(super) fn fallback_tag(&self) -> String {
        format!("sha256-{}", self.image.digest().hex())
    }

    /// The source as the manifest names it.
    pub(super) fn source_name(&self) -> String {
        let host = self.given().source_host.clone().unwrap_or_else(|| self.source.host());
        format!("{host}/team/img")
    }

    /// A manifest whose only image has this version approved.
    pub(super) fn approved(&self) -> String {
        let rule = "    versions: \">=1\"\n    cooldown: 0d\n";
        self.manifest(&[entry(&self.source_name(), "img", rule, &[(TAG, &self.image.digest())])])
    }

    /// The same, promoted and recorded.
    pub(super) fn recorded(&self) -> String {
        let rule = "    versions: \">=1\"\n    cooldown: 0d\n";
        self.manifest(&[recorded(&self.source_name(), "img", rule, TAG, &self.image.digest())])
    }

    /// A manifest without approvals.
    pub(super) fn unapproved(&self) -> String {
        self.manifest(&[unapproved(&self.source_name(), "img")])
    }

    /// The same of several repositories below `team/` of the source.
    pub(super) fn unapproved_of(&self, names: &[&str]) -> String {
        let entry = |name: &&str| unapproved(&format!("{}/team/{name}", self.source.host()), name);
        self.manifest(&names.iter().map(entry).collect::<Vec<_>>())
    }

    pub(super) fn manifest(&self, entries: &[String]) -> String {
        manifest(&self.mirror().host(), entries)
    }

    /// Runs the program in a new clone with this manifest.
    pub(super) fn run(&self, manifest: &str, command: &[&str]) -> Outcome {
        self.run_in(&Clone::new(manifest), command)
    }

    /// Runs the program in a clone.
    pub(super) fn run_in(&self, clone: &Clone, command: &[&str]) -> Outcome {
        let given = self.given();
        let auths = json!({"auths": given.auths.clone()}).to_string();
        let run = Run::new(env!("CARGO_BIN_EXE_wharfinger")).dir(clone.path()).env("DOCKER_AUTH_CONFIG", auths);
        let run = given.variables.iter().fold(run, |run, (name, value)| run.env(name, value));
        drop(given);
        run.args(["--forge", "git", "--format", "json"]).args(command).output()
    }

    /// Promotes the approved version.
    pub(super) fn promote(&self) -> Outcome {
        self.run(&self.approved(), &["promote"])
    }

    pub(super) fn assert_right(&self, outcome: &Outcome) {
        assert_eq!(outcome.status, Some(0), "{outcome:#?}");
        let result = outcome.json();
        assert_eq!(result["failed"], json!([]), "{outcome:#?}");
        assert!(result["promoted"].as_array().unwrap().iter().any(|promoted| promoted["tag"] == TAG), "{outcome:#?}");
        assert_eq!(self.mirror().digest("acme/img", TAG), Some(self.image.digest()), "{outcome:#?}");
        assert_whole(self.mirror(), "acme/img", &self.image.digest(), &format!("{outcome:#?}"));
        self.assert_signatures(&format!("{outcome:#?}"));
    }

    /// Each signature is at the mirror, whole, and listed where a client looks for it.
    pub(super) fn assert_signatures(&self, context: &str) {
        for (subject, signature) in self.given().signatures.iter() {
            let digest = signature.digest();
            assert_eq!(
                self.mirror().manifest("acme/img", digest.as_str()),
                Some(signature.root().bytes.clone()),
                "{context}"
            );
            let blobs = self.mirror().blobs("acme/img");
            assert!(signature.blobs.iter().all(|(digest, _)| blobs.contains(digest)), "{context}");
            let listed = self.listed(subject);
            assert!(listed.contains(&digest.to_string()), "{digest} is not listed ({listed:?}): {context}");
        }
    }

    /// What refers to a digest at the mirror, as a client finds it: by the API where it answers an index, else by the fallback tag.
    pub(super) fn listed(&self, subject: &Digest) -> Vec<String> {
        let digests = |bytes: &[u8]| -> Option<Vec<String>> {
            let index: Value = serde_json::from_slice(bytes).ok()?;
            let entries = index["manifests"].as_array()?;
            Some(entries.iter().map(|entry| entry["digest"].as_str().unwrap_or_default().to_owned()).collect())
        };
        let url = format!("{}/v2/acme/img/referrers/{subject}", self.mirror().url());
        let (status, body) = block_on(async {
            let answer = client().get(url).send().await.unwrap();
            (answer.status().as_u16(), answer.bytes().await.unwrap_or_default())
        });
        let by_api = (status == 200).then(|| digests(&body)).flatten();
        let by_tag = || digests(&self.mirror().manifest("acme/img", &format!("sha256-{}", subject.hex()))?);
        by_api.or_else(by_tag).unwrap_or_default()
    }

    pub(super) fn assert_refused(&self, outcome: &Outcome, step: &str, words: &[&str]) {
        assert_eq!(outcome.status, Some(1), "{outcome:#?}");
        let result = outcome.json();
        let failed = result["failed"].as_array().unwrap();
        assert!(failed.len() == 1 && failed[0]["step"] == step, "{outcome:#?}");
        let error = failed[0]["error"].as_str().unwrap();
        assert!(words.iter().all(|words| error.contains(words)), "{error}: {outcome:#?}");
        assert_eq!(self.mirror().digest("acme/img", TAG), None, "{outcome:#?}");
    }

    /// The requests of the source's log that carried a Basic credential of this user.
    pub(super) fn saw(&self, user: &str) -> Vec<String> {
        saw(&self.source.log(), user)
    }
}

fn unapproved(source: &str, repository: &str) -> String {
    format!("  - source: {source}\n    repository: {repository}\n    versions: \">=1\"\n    cooldown: 0d\n")
}

/// The requests that carried a Basic credential of this user.
pub(super) fn saw(log: &[Exchange], user: &str) -> Vec<String> {
    let basic = format!("Basic {user}");
    log.iter().filter(|e| e.authorization().as_ref() == Some(&basic)).map(Exchange::line).collect()
}

/// The tags that a plan proposes.
pub(super) fn proposed(plan: &Value) -> Vec<String> {
    let of = |value: &Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    let images = of(plan, "proposals").into_iter().flat_map(|proposal| of(&proposal, "images"));
    images.filter_map(|image| image["to"].as_str().map(str::to_owned)).collect()
}

/// Tries all rows, many side by side; every one that ends otherwise than it should is named.
pub(super) fn try_all(rows: &[Row]) {
    assert!(!rows.is_empty());
    let tries: Vec<(&Row, usize)> =
        rows.iter().flat_map(|row| (0..row.expected.len()).map(move |at| (row, at))).collect();
    assert!(rows.iter().all(|row| !row.expected.is_empty()), "a row expects nothing");
    let (left, wrong) = (Mutex::new(tries), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..TOGETHER {
            scope.spawn(|| {
                loop {
                    let Some((row, at)) = left.lock().unwrap().pop() else { return };
                    let (what, expected) = &row.expected[at];
                    let tried = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                        let scene = Scene::new(row);
                        expected(&scene);
                        assert_tags_whole(scene.mirror());
                    }));
                    if tried.is_err() {
                        wrong.lock().unwrap().push(format!("{}: {what}", row.name));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "wrong: {wrong:#?}");
}

/// Whatever a tag of the mirrored repository answers is whole.
fn assert_tags_whole(mirror: &TestRegistry) {
    for (repository, tag, digest) in tags(mirror) {
        if repository == "acme/img" {
            assert_whole(mirror, &repository, &digest, &format!("{repository}:{tag}"));
        }
    }
}
