//! Old and new protocols: HTTP/1.0, interim answers, HTTP/2 connections that end, refusals before a body was read.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;

use super::{Row, Scene, row, try_all, usual};
use crate::support::http::{Action, Rule};
use crate::support::images::ImageSpec;
use crate::support::registry::{Auth, TestRegistry, User};

#[test]
fn every_protocol_that_registries_speak_is_understood() {
    try_all(&[plain(), secure(), early()].into_iter().flatten().collect::<Vec<_>>());
}

/// What stands in front of a registry and speaks otherwise; each connection is for one request.
#[derive(Clone, Copy)]
enum Front {
    /// HTTP/1.0, and no connection is kept.
    Old,
    /// These answers come before each answer.
    Interim(&'static str),
}

impl Front {
    /// Starts it; answers its URL. It runs as long as the tests do.
    fn start(self, registry: &TestRegistry) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (url, behind) = (format!("http://{}", listener.local_addr().unwrap()), registry.host());
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let behind = behind.clone();
                std::thread::spawn(move || self.pass(client, &behind));
            }
        });
        url
    }

    /// Passes one request on, and its answer back. What breaks is for the client to find out.
    fn pass(self, client: TcpStream, behind: &str) -> Option<()> {
        let mut registry = TcpStream::connect(behind).ok()?;
        let (mut from_client, mut to_client) = (client.try_clone().ok()?, client);
        let (mut to_registry, head) = (registry.try_clone().ok()?, head(&mut from_client)?);
        let asked = head.replacen("\r\n", "\r\nConnection: close\r\n", 1);
        to_registry.write_all(asked.as_bytes()).ok()?;
        let bodies = std::thread::spawn(move || std::io::copy(&mut from_client, &mut to_registry));
        let answer = self::head(&mut registry)?;
        match self {
            Self::Old => to_client.write_all(answer.replacen("HTTP/1.1", "HTTP/1.0", 1).as_bytes()).ok()?,
            Self::Interim(before) => {
                to_client.write_all(before.as_bytes()).ok()?;
                to_client.write_all(answer.as_bytes()).ok()?;
            }
        }
        let _ = std::io::copy(&mut registry, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Both);
        let _ = bodies.join();
        Some(())
    }
}

/// The head of a message, to its empty line.
fn head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    String::from_utf8(head).ok()
}

/// Source and mirror are asked at these addresses.
fn sent(s: &Scene, source: &str, mirror: &str) {
    s.variable("WHARFINGER_HOSTS", &format!("{}={source},{}={mirror}", s.source.host(), s.mirror().host()));
}

fn plain() -> Vec<Row> {
    let behind = |name, front: Front| {
        row(name, move |s| sent(s, &front.start(&s.source), &front.start(s.mirror())))
            .image(ImageSpec::new(8).layers(3, 200_000).build())
            .right()
            .proposed()
    };
    let hints = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n";
    let both = "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n";
    vec![
        behind("HTTP/1.0, a connection for each request", Front::Old),
        behind("103 before each answer", Front::Interim(hints)),
        behind("102 and 103 before each answer", Front::Interim(both)),
    ]
}

/// Source and mirror speak TLS and HTTP/2; these faults are both servers'.
fn with_tls(s: &Scene, rules: &[Rule]) {
    let fronts = [s.source.tls_front(), s.mirror().tls_front()];
    sent(s, &fronts[0].url(), &fronts[1].url());
    let ca = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/support/tls/ca.pem");
    s.variable("SSL_CERT_FILE", &ca.display().to_string());
    for front in fronts {
        rules.iter().for_each(|rule| front.fault(rule.clone()));
        drop(s.keep(front));
    }
}

fn secure() -> Vec<Row> {
    let large = || ImageSpec::new(8).platforms(&["linux/amd64"]).layers(2, 8 << 20).build();
    let every_third =
        || (0..40).map(|n| Rule::new("", "", Action::GoAway).after(3 + 3 * n).times(1)).collect::<Vec<_>>();
    vec![
        row("HTTP/2", |s| with_tls(s, &[])).right().proposed(),
        row("HTTP/2, streams are refused", |s| {
            with_tls(s, &["GET", "HEAD", "POST", "PUT"].map(|method| Rule::new(method, "", Action::Refuse).times(2)));
        })
        .right_and(|s, _| {
            let refused = s.other().log().iter().filter(|exchange| exchange.scripted).count();
            assert!(refused >= 2, "{refused}");
        })
        .proposed(),
        row("HTTP/2, GOAWAY after every three answers", move |s| with_tls(s, &every_third()))
            .image(ImageSpec::new(8).layers(5, 2_000).build())
            .right()
            .proposed(),
        row("HTTP/2, GOAWAY in the middle of an upload", |s| {
            with_tls(s, &[Rule::new("PUT", "/blobs/uploads/", Action::GoAway).times(2)]);
        })
        .image(large())
        .right(),
        row("HTTP/2, GOAWAY in the middle of a download", |s| {
            with_tls(s, &[Rule::new("GET", "/blobs/", Action::GoAway).times(2)]);
        })
        .image(large())
        .right(),
        row("HTTP/2, an upload's stream is reset", |s| {
            with_tls(s, &[Rule::new("PUT", "/blobs/uploads/", Action::ResetUpload(100_000)).times(1)]);
        })
        .image(large())
        .right(),
    ]
}

fn early() -> Vec<Row> {
    vec![
        row("401 before an upload's body was read", |s| {
            let mirror = s.mirror();
            mirror.set(|switches| switches.auth = Auth::Bearer);
            mirror.add_user(User::new("me", "secret"));
            s.credential(&mirror.host(), "me", "secret");
            let challenge = format!("Bearer realm=\"{}/token\",service=\"test-registry\"", mirror.url());
            let refusal = Action::Early(1, 401, vec![("www-authenticate".to_owned(), challenge)]);
            mirror.fault(Rule::new("PUT", "/blobs/uploads/", refusal).times(2));
        })
        .image(usual())
        .right(),
    ]
}
