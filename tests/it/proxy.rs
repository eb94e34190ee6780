//! Proxies: `HTTPS_PROXY` is used, `NO_PROXY` is obeyed. The names end in `.invalid`, which no resolver knows (RFC 6761).

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use crate::support::process::{Actions, Run};

/// A proxy that writes down what it is asked for and reaches nothing.
struct Proxy {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let lines = BufReader::new(stream.try_clone().unwrap()).lines();
                let head: Vec<String> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
                kept.lock().unwrap().extend(head.first().cloned());
                let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            }
        });
        Self { url, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

const MANIFEST: &str =
    "organization: acme\nimages:\n  - source: registry.invalid/team/app\n    versions: \">=1\"\n    cooldown: 0s\n";

fn plan(proxy: &Proxy, no_proxy: &str) -> Run {
    let run = Run::new(env!("CARGO_BIN_EXE_wharfinger"));
    std::fs::write(run.home().join("approved-images.yml"), MANIFEST).unwrap();
    run.args(["plan", "--format", "json"]).env("HTTPS_PROXY", &proxy.url).env("NO_PROXY", no_proxy)
}

#[test]
fn registries_are_reached_through_the_proxy() {
    let proxy = Proxy::start();
    let outcome = plan(&proxy, "").output().expect_status(1);
    assert!(outcome.json()["failed"][0]["source"] == "registry.invalid/team/app", "{outcome:?}");
    assert!(proxy.asked().iter().all(|line| line.starts_with("CONNECT registry.invalid:443 ")), "{:?}", proxy.asked());
    assert!(!proxy.asked().is_empty(), "{outcome:?}");
}

#[test]
fn a_host_in_no_proxy_is_reached_directly() {
    let proxy = Proxy::start();
    let outcome = plan(&proxy, "registry.invalid").output().expect_status(1);
    assert!(outcome.json()["failed"][0]["source"] == "registry.invalid/team/app", "{outcome:?}");
    assert_eq!(proxy.asked(), Vec::<String>::new());
}

#[test]
fn github_is_reached_through_the_proxy() {
    let proxy = Proxy::start();
    let actions = Actions::schedule("acme/images")
        .api("https://github.invalid", "https://github.invalid/api/v3", "https://github.invalid/api/graphql")
        .env("HTTPS_PROXY", &proxy.url)
        .input("github-token", "canary");
    Run::new(env!("CARGO_BIN_EXE_wharfinger")).actions(&actions).output().expect_status(3);
    assert!(proxy.asked().iter().all(|line| line.starts_with("CONNECT github.invalid:443 ")), "{:?}", proxy.asked());
    assert!(!proxy.asked().is_empty());
}
