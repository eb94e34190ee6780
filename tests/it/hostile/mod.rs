//! Every fault with which a registry can disturb a promotion: it ends in the approved bytes, or in an error that names
//! image, step and remedy. Next to the affected image a healthy one is promoted, and whatever a tag of the mirror
//! resolves to is complete, down to its blobs.
//!
//! The real program promotes; if a fault is that something hangs, its library does so in this process, with less
//! patience.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use regex::Regex;
use serde_json::{Value, json};
use wharfinger::internals::action::Variables;
use wharfinger::internals::commands::{self, Context, Exit};
use wharfinger::internals::image::Digest;
use wharfinger::internals::registry::Registries;
use wharfinger::internals::registry::remote::{Client, Options, Patience};
use wharfinger::internals::report::{Output, Runner, Sinks, Style};
use wharfinger::internals::settings::{self, Format, Given};

use self::case::{Case, End, World};
use super::promote::{Clone, entry, manifest};
use crate::support::images::{Image, ImageSpec};
use crate::support::registry::TestRegistry;

mod case;
mod documents;
mod field;
mod lists;
mod mirror;
mod source;

/// The password that is sent nowhere but to its own registries' token services.
const CANARY: &str = "canary-password";
/// How many cases are tried side by side.
const TOGETHER: usize = 10;

/// What a promotion came to.
struct Promotion {
    status: i32,
    result: Value,
    said: String,
}

#[test]
fn whatever_a_source_does_the_end_is_the_right_bytes_or_an_error_that_helps() {
    let table = all(&source::cases());
    insta::assert_snapshot!("source", table);
}

#[test]
fn whatever_a_mirror_does_the_end_is_the_right_bytes_or_an_error_that_helps() {
    let table = all(&mirror::cases());
    insta::assert_snapshot!("mirror", table);
}

#[test]
fn the_plan_says_which_layers_may_not_be_distributed() {
    for image in [documents::foreign("http://127.0.0.2:1/layer"), documents::foreign_alone("http://127.0.0.2:1/layer")]
    {
        let (source, mirror) = (TestRegistry::start(), TestRegistry::start());
        let digest = image.put(&source, "team/app", "1");
        let approved = [entry(&format!("{}/team/app", source.host()), "app", "", &[("1", &digest)])];
        let clone = Clone::new(&manifest(&mirror.host(), &approved));
        let plan = clone.run(&["--dry-run"]).output().expect_status(0).json();
        let detail = plan["promotions"][0]["detail"].as_str().unwrap();
        let words = "; 1 layer(s) may not be distributed: they are listed, but their bytes are not copied";
        assert!(detail.ends_with(words), "{plan}");
        clone.run(&[]).output().expect_status(0);
        let (asked, top) = (source.log().len(), mirror.manifest("acme/app", digest.as_str()));
        assert_eq!(top, Some(image.root().bytes.clone()), "descriptor and urls are kept");
        assert_eq!(source.log().iter().filter(|e| e.line().contains("/manifests/")).count(), 2 * image.manifests.len());
        // Beside them, looking for signatures: one request a manifest and one listing.
        let looking = image.manifests.len() + 1;
        let copying = 2 * image.manifests.len() + image.blobs.len();
        assert_eq!(asked, copying + looking, "what was read to plan is not read again");
    }
}

/// Tries every case; answers the table of them.
fn all(cases: &[Case]) -> String {
    let left = Mutex::new(cases.iter().enumerate().collect::<Vec<_>>());
    let rows = Mutex::new(vec![Ok(String::new()); cases.len()]);
    std::thread::scope(|scope| {
        for _ in 0..TOGETHER {
            scope.spawn(|| {
                loop {
                    let Some((at, case)) = left.lock().unwrap().pop() else { return };
                    let tried = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| tried(case)));
                    rows.lock().unwrap()[at] = tried.map_err(|_| case.name);
                }
            });
        }
    });
    let rows = rows.into_inner().unwrap();
    let wrong: Vec<_> = rows.iter().filter_map(|row| row.as_ref().err()).collect();
    assert!(wrong.is_empty(), "wrong: {wrong:#?}");
    rows.into_iter().map(|row| row.unwrap_or_default() + "\n").collect()
}

/// Tries one case; answers its row.
fn tried(case: &Case) -> String {
    let world = World::new(&case.image);
    (case.setup)(&world);
    let before = world.mirror.digest("acme/sick", "1");
    let entries = ["sick", "well"].map(|name| {
        let digest = if name == "sick" { case.image.digest() } else { healthy().digest() };
        entry(&format!("{}/team/{name}", world.source.host()), name, "", &[("1", &digest)])
    });
    let clone = Clone::new(&manifest(&world.mirror.host(), &entries));
    let auths = [&world.source, &world.mirror].map(|r| (r.host(), json!({"username": "me", "password": CANARY})));
    let auths = json!({"auths": auths.into_iter().collect::<serde_json::Map<_, _>>()}).to_string();
    let done = if case.hangs { in_process(&clone, &auths) } else { program(&clone, &auths) };
    let context = format!("{}: {}\n{}", case.name, done.result, done.said);

    let promoted =
        |name: &str| done.result["promoted"].as_array().is_some_and(|p| p.iter().any(|p| p["repository"] == name));
    assert!(promoted("well"), "the healthy image is not promoted: {context}");
    assert_eq!(world.mirror.digest("acme/well", "1"), Some(healthy().digest()), "{context}");
    for (repository, tag, digest) in tags(&world.mirror) {
        assert_whole(&world.mirror, &repository, &digest, &format!("{repository}:{tag}: {context}"));
    }
    let (failed, row) = (done.result["failed"].as_array().unwrap(), done.result["failed"][0].clone());
    let end = match &case.end {
        End::Right => {
            assert_eq!((done.status, failed.len(), promoted("sick")), (0, 0, true), "{context}");
            assert_eq!(world.mirror.digest("acme/sick", "1"), Some(case.image.digest()), "{context}");
            assert_eq!(clone.manifest().matches("mirrored:").count(), 2, "{context}");
            "right bytes".to_owned()
        }
        End::Fails { step, words, tag } => {
            assert_eq!((done.status, failed.len(), promoted("sick")), (1, 1, false), "{context}");
            assert_eq!((&row["repository"], &row["tag"]), (&json!("sick"), &json!("1")), "{context}");
            assert!(row["source"].as_str().unwrap().ends_with("/team/sick"), "{context}");
            let error = row["error"].as_str().unwrap();
            assert!(row["step"] == *step && error.contains(words), "{context}");
            let answers = world.mirror.digest("acme/sick", "1");
            assert_eq!(answers, tag.clone().or(before), "{context}");
            assert_eq!(clone.manifest().matches("mirrored:").count(), 1, "{context}");
            format!("{step}: {}", world.readable(error))
        }
    };
    assert!(!done.said.contains(CANARY), "{context}");
    world.check_secrets(case.elsewhere, &context);
    // Twice for a look and twice for the copy: a minute each, where the program waits.
    let most = if case.hangs { 4 } else { 12 };
    assert!(world.faulty() <= most, "{} tries: {context}", world.faulty());
    format!("{} | {end}", case.name)
}

fn program(clone: &Clone, auths: &str) -> Promotion {
    let outcome = clone.run(&[]).env("DOCKER_AUTH_CONFIG", auths).output();
    let said = format!("{}\n{}", outcome.stdout, outcome.stderr);
    Promotion { status: outcome.status.unwrap_or(-1), result: outcome.json(), said }
}

/// Somewhere to write to that can be read afterwards.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The same promotion in this process, by registries that wait two seconds where the program waits sixty.
fn in_process(clone: &Clone, auths: &str) -> Promotion {
    let text = |text: &str| text.to_owned();
    let variables = Variables::from([(text("DOCKER_AUTH_CONFIG"), text(auths))]);
    let flags = [("forge", text("git")), ("format", text("json")), ("timeout", text("2s"))].into();
    let (stdin, directory) = (&mut std::io::empty(), clone.path().to_owned());
    let mut given = Given { flags, verbosity: 0, variables: &variables, as_action: false, stdin, directory };
    let secrets = settings::secrets(&mut given);
    let settings = settings::resolve(&given, secrets).unwrap();
    let page = Page::default();
    let sinks = Sinks { out: Box::new(page.clone()), err: Box::new(page.clone()) };
    let mut output = Output::new(Style { format: Format::Json, runner: Runner::Absent }, sinks);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let exit = runtime.block_on(async {
        let mut context = Context::build(settings).await.unwrap();
        let wait = Duration::from_secs(2);
        let patience = Patience { idle: wait, answer: wait, settle: wait, ..Patience::default() };
        let options = Options { patience, ..context.registries.client().options().clone() };
        context.registries = Registries::new(Arc::new(Client::new(options).unwrap()));
        commands::promote::run(&context, &wharfinger::internals::args::Promote::default(), &mut output).await.unwrap()
    });
    output.finish(None).unwrap();
    let said = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
    let status = if exit == Exit::Done { 0 } else { 1 };
    Promotion { status, result: serde_json::from_str(&said).unwrap(), said }
}

/// The image that meets no fault.
fn healthy() -> Image {
    ImageSpec::new(7).build()
}

fn tags(registry: &TestRegistry) -> Vec<(String, String, Digest)> {
    let of = |repository: String| {
        let tags = registry.tags(&repository).into_iter();
        tags.map(move |(tag, digest)| (repository.clone(), tag, digest)).collect::<Vec<_>>()
    };
    registry.repositories().into_iter().flat_map(of).collect()
}

/// Everything below a digest is there with its bytes; layers that may not be distributed apart.
fn assert_whole(registry: &TestRegistry, repository: &str, digest: &Digest, context: &str) {
    let bytes = registry.manifest(repository, digest.as_str());
    let bytes = bytes.unwrap_or_else(|| panic!("{digest} is not there: {context}"));
    assert!(digest.matches(&bytes), "{digest} has other bytes: {context}");
    let document: Value = serde_json::from_slice(&bytes).unwrap();
    let named = |key: &str| document[key].as_array().cloned().unwrap_or_default();
    let of = |descriptor: &Value| -> Digest { descriptor["digest"].as_str().unwrap().parse().unwrap() };
    for child in named("manifests") {
        let media_type = child["mediaType"].as_str().unwrap_or_default();
        if media_type.contains("manifest") || media_type.contains("index") {
            assert_whole(registry, repository, &of(&child), context);
        } else {
            assert!(registry.blob(repository, &of(&child)).is_some(), "the blob {child} is not there: {context}");
        }
    }
    let layers = named("layers").into_iter().filter(|layer| layer["urls"].is_null());
    for blob in layers.chain(document.get("config").cloned()) {
        let digest = of(&blob);
        let bytes = registry.blob(repository, &digest);
        assert!(bytes.is_some_and(|bytes| digest.matches(&bytes)), "the blob {digest} is not there: {context}");
    }
}

/// A text without what changes from run to run.
fn readable(text: &str, hosts: &[(String, &str)]) -> String {
    let text = hosts.iter().fold(text.to_owned(), |text, (host, name)| text.replace(host, name));
    let text = Regex::new("(sha(256|512):)?[0-9a-f]{64}").unwrap().replace_all(&text, "DIGEST").into_owned();
    // How a connection breaks is the kernel's to say, and not always the same.
    let broken = Regex::new("(connection|request|error|end of file|unexpected)[^,@]*, ([0-9] times)").unwrap();
    let text = broken.replace_all(&text, "CAUSE, $2").into_owned();
    Regex::new(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ").unwrap().replace_all(&text, "TIME").into_owned()
}
