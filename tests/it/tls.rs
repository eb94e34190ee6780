//! TLS: HTTP/2 by ALPN, whom the program trusts, and what it says if it trusts nobody.

use std::path::PathBuf;

use serde_json::Value;
use wharfinger::internals::registry::{ErrorKind, Put};

use super::registry_contract::{Pieces, described, location, put, read, registries, tag};
use crate::support::clone::Clone;
use crate::support::http::{Action, Request, Response, Rule, Server, TEST_CA};
use crate::support::images::{ImageSpec, random};
use crate::support::process::Outcome;
use crate::support::registry::TestRegistry;

const NAME: &str = "registry.example/team/app";

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/support/tls").join(name)
}

#[tokio::test]
async fn a_registry_with_tls_is_spoken_to_in_http_2_on_one_connection() {
    let server = TestRegistry::start_tls();
    let registries = registries(|o| {
        o.net.ca_certificates = Some(TEST_CA.to_owned());
        o.net.hosts = format!("registry.example={}", server.url()).parse().unwrap();
    });
    let store = registries.open(&location(NAME));
    let image = ImageSpec::new(1).single().build();
    put(&*store, &image, "1.0").await;
    let big = random(7, 1_500_000);
    assert_eq!(store.put_blob(&described(&big), None, &Pieces::new(big.clone())).await.unwrap(), Put::Uploaded);
    assert!(store.has_blob(&described(&big).digest).await.unwrap());
    assert_eq!(read(&*store, &big, 0).await.unwrap().unwrap(), big);
    assert_eq!(store.head(&tag("1.0")).await.unwrap().unwrap().digest, image.digest());
    let versions: Vec<_> = server.log().iter().map(|e| e.request.version).collect();
    assert!(versions.len() > 5 && versions.iter().all(|v| *v == hyper::Version::HTTP_2), "{versions:?}");
}

#[tokio::test]
async fn nothing_leaves_tls_for_plain_http() {
    let plain = Server::start(|_: &Request| Response::new(200));
    let server = TestRegistry::start_tls();
    let registries = registries(|o| {
        o.net.ca_certificates = Some(TEST_CA.to_owned());
        o.net.hosts = format!("registry.example={}", server.url()).parse().unwrap();
    });
    let store = registries.open(&location(NAME));
    let blob = random(7, 1_000);
    let location = Some(format!("{}/v2/team/app", plain.url()));
    server.fault(Rule::new(
        "GET",
        "/manifests/",
        Action::Answer(307, [("location".to_owned(), plain.url())].into(), "".into()),
    ));
    server.fault(Rule::new("POST", "/blobs/uploads/", Action::Header("location".to_owned(), location)));
    let read = store.manifest(&tag("1.0")).await.unwrap_err().to_string();
    assert!(read.contains("a redirect from https to http://127.0.0.1"), "{read}");
    let put = store.put_blob(&described(&blob), None, &Pieces::new(blob.clone())).await.unwrap_err().to_string();
    assert!(put.contains("an upload Location on another origin (http://127.0.0.1"), "{put}");
    assert_eq!(plain.log().len(), 0);
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let server = Server::start_tls("127.0.0.2".parse().unwrap(), |_: &Request| Response::new(200));
    let registries = registries(|o| {
        o.net.ca_certificates = Some(TEST_CA.to_owned());
        o.net.hosts = format!("registry.example={}", server.url()).parse().unwrap();
    });
    let error = registries.open(&location(NAME)).head(&tag("1.0")).await.unwrap_err();
    assert!(matches!(&error.kind, ErrorKind::Unreachable(text) if text.contains("not valid for name")), "{error}");
    assert_eq!(server.log().len(), 0);
}

/// Plans an image behind TLS and one behind plain HTTP, with these certificates.
fn plan(cert_file: &str, flag: Option<&str>) -> (Outcome, TestRegistry, TestRegistry) {
    let (secure, plain) = (TestRegistry::start_tls(), TestRegistry::start());
    ImageSpec::new(1).build().put(&secure, "team/app", "1.0.0");
    ImageSpec::new(2).build().put(&plain, "team/plain", "1.0.0");
    let image = |source: &str| format!("  - source: {source}\n    versions: ^1\n    cooldown: 0s\n    approved: []\n");
    let images = [image("quay.io/team/plain"), image(NAME)].concat();
    let clone = Clone::with(&[("approved-images.yml", &format!("organization: acme\nimages:\n{images}"))]);
    let hosts = format!("registry.example={},quay.io={}", secure.url(), plain.url());
    let certificates = flag.map(|name| file(name).display().to_string());
    let mut arguments = vec!["plan"];
    arguments.extend(certificates.iter().flat_map(|path| ["--ca-certificates", path]));
    let run = clone.run(env!("CARGO_BIN_EXE_wharfinger"), &hosts, &arguments);
    (run.env("SSL_CERT_FILE", file(cert_file)).output(), secure, plain)
}

/// What was proposed, and what failed with which error.
fn outcome(outcome: &Outcome) -> (usize, Vec<String>) {
    let json = outcome.json();
    let rows = |key: &str| json[key].as_array().cloned().unwrap_or_default();
    let failed = rows("failed").iter().map(|row: &Value| row.to_string()).collect();
    (rows("proposals").len(), failed)
}

#[test]
fn a_private_ca_is_trusted_where_it_is_named() {
    for (cert_file, flag) in [("ca.pem", None), ("missing.pem", Some("ca.pem")), ("localhost.pem", Some("ca.pem"))] {
        let (run, secure, _plain) = plan(cert_file, flag);
        assert_eq!(outcome(&run), (2, vec![]), "{cert_file} {flag:?}: {run:?}");
        assert!(secure.log().iter().all(|e| e.request.version == hyper::Version::HTTP_2));
    }
}

#[test]
fn an_unknown_ca_is_refused_with_how_to_fix_it_and_nothing_is_asked() {
    let (run, secure, plain) = plan("localhost.pem", None);
    let (proposed, failed) = outcome(&run);
    assert_eq!((run.status, proposed, failed.len()), (Some(1), 1, 1), "{run:?}");
    let text = "UnknownIssuer: the server's certificate is not signed by a known CA; set SSL_CERT_FILE or ca-certificates to \
                a PEM file of the CA that signed it";
    assert!(failed[0].contains(NAME) && failed[0].contains(text), "{failed:?}");
    assert_eq!((secure.log().len(), plain.log().is_empty()), (0, false));
}

#[test]
fn a_machine_without_certificates_works_over_plain_http_and_says_what_https_lacks() {
    let (run, secure, plain) = plan("missing.pem", None);
    let (proposed, failed) = outcome(&run);
    assert_eq!((run.status, proposed, failed.len()), (Some(1), 1, 1), "{run:?}");
    let text = "no CA certificates on this machine: install the ca-certificates package, or set SSL_CERT_FILE or \
                ca-certificates to a bundle";
    assert!(failed[0].contains(NAME) && failed[0].contains(text), "{failed:?}");
    assert_eq!((secure.log().len(), plain.log().is_empty()), (0, false));
}

#[test]
fn where_no_tls_is_spoken_no_certificate_is_read() {
    let plain = TestRegistry::start();
    ImageSpec::new(2).build().put(&plain, "team/plain", "1.0.0");
    let text = "organization: acme\nimages:\n  - source: quay.io/team/plain\n    versions: ^1\n    cooldown: 0s\n    \
                approved: []\n";
    let clone = Clone::with(&[("approved-images.yml", text)]);
    // Reading a pipe that nobody writes to would never end.
    let directory = tempfile::tempdir().unwrap();
    let pipe = directory.path().join("certificates.pem");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let run = clone.run(env!("CARGO_BIN_EXE_wharfinger"), &format!("quay.io={}", plain.url()), &["plan"]);
    assert_eq!(outcome(&run.env("SSL_CERT_FILE", &pipe).output()), (1, vec![]));
}
