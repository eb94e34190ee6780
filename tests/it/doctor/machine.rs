//! The manifest, the network, the clock, the event, and the hosts to open.

use super::{MANIFEST, World, check, doctor, finished, of};
use crate::support::http::{Action, Rule};
use crate::support::process::{Actions, Run};
use crate::support::registry::TestRegistry;

#[test]
fn where_no_server_answers_nothing_could_be_asked() {
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let hosts = format!("docker.io=http://{dead},hub.docker.com=http://{dead}");
    let run = || {
        let run = doctor(MANIFEST).env("WHARFINGER_HOSTS", &hosts);
        run.env("DOCKERHUB_USERNAME", "jo").env("DOCKERHUB_TOKEN", "dckr_pat_canary")
    };
    let outcome = finished(&run(), 3);
    assert_eq!(outcome.stderr, "error: nothing could be checked: no server responded\n");
    let told = finished(&run().arg("--format").arg("json"), 3).json();
    assert_eq!(told["error"], "nothing could be checked: no server responded");
    let answers: Vec<_> =
        of(&told, "missing").into_iter().filter(|(subject, _)| subject.ends_with(" answers")).collect();
    assert_eq!(answers.len(), 2, "{told:#}");
    assert!(of(&told, "ok").iter().all(|(subject, _)| !subject.contains("push") && !subject.contains("pull")));
}

#[test]
fn one_server_that_does_not_answer_is_missing_and_the_others_are_asked() {
    let world = World::owned().with_mirror();
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let hosts = format!("{},quay.io=http://{dead}", world.hosts());
    let manifest = format!("{MANIFEST}  - source: quay.io/team/app\n    versions: \">=1\"\n");
    let run = world.run(&manifest, ("jo", "dckr_pat_canary")).env("WHARFINGER_HOSTS", hosts);
    let told = world.look(&run.arg("--format").arg("json"), 1).json();
    let quay = check(&told, "quay.io answers");
    assert_eq!(quay["status"], "missing");
    assert!(quay["fix"].as_str().unwrap().contains("doctor --hosts"));
    assert_eq!(check(&told, "docker.io push")["status"], "ok");
}

#[test]
fn a_clock_is_judged_by_the_servers_and_what_breaks_is_said() {
    let world = World::owned().with_mirror();
    let look = |registry: i64, hub: i64| {
        for (server, ahead) in [(world.registry.server(), registry), (world.hub.server(), hub)] {
            server.clear_faults();
            let date = (chrono::Utc::now() - chrono::Duration::seconds(ahead)).format("%a, %d %b %Y %H:%M:%S GMT");
            server.fault(Rule::new("", "", Action::Header("date".to_owned(), Some(date.to_string()))));
        }
        let run = world.run(MANIFEST, ("jo", "dckr_pat_canary")).arg("--format").arg("json");
        let told = world.look(&run, 1).json();
        let clock = check(&told, "clock");
        format!("{} {}", clock["status"].as_str().unwrap(), clock["found"].as_str().unwrap())
    };
    assert_eq!(look(0, 0), "ok within 60 s of Docker Hub's API");
    assert_eq!(look(0, 9000), "ok within 60 s of docker.io", "one that has our time is enough");
    assert!(look(150, 130).starts_with("missing 2 min ahead of Docker Hub's API: cooldowns, and"));
    let hours = look(-4000, -9000);
    assert!(hours.starts_with("missing 66 min behind docker.io") && hours.contains("5 minutes"), "{hours}");
    assert!(look(200_000, 200_000).contains("certificates"));
}

#[test]
fn proxies_and_certificates_are_told_without_their_passwords() {
    let world = World::owned().with_mirror();
    let run = world
        .run(MANIFEST, ("jo", "dckr_pat_canary"))
        .env("HTTPS_PROXY", "http://me:pw-canary@127.0.0.1:3128")
        .env("NO_PROXY", "127.0.0.1,.corp")
        .env("SSL_CERT_FILE", "/nowhere/at/all.pem");
    let told = world.look(&run.arg("--format").arg("json"), 1).json();
    assert_eq!(check(&told, "proxies")["found"], "HTTPS_PROXY http://127.0.0.1:3128; not for NO_PROXY 127.0.0.1,.corp");
    assert_eq!(check(&told, "SSL_CERT_FILE")["found"], "/nowhere/at/all.pem cannot be read");
    assert!(check(&told, "WHARFINGER_HOSTS")["found"].as_str().unwrap().contains("docker.io is at http://127.0.0.1:"));
}

#[test]
fn a_machine_that_trusts_nobody_is_told_so() {
    let server = TestRegistry::start_tls();
    let hosts = format!("docker.io=https://{},hub.docker.com=https://{}", server.host(), server.host());
    let run = |bundle: &str| {
        doctor(MANIFEST).env("WHARFINGER_HOSTS", &hosts).env("SSL_CERT_FILE", bundle).args(["--format", "json"])
    };
    let told = finished(&run("/nowhere/at/all.pem"), 3).json();
    assert_eq!(check(&told, "certificates")["status"], "missing");
    let directory = tempfile::tempdir().unwrap();
    let other = directory.path().join("other.pem");
    std::fs::write(&other, include_str!("../../support/tls/localhost.pem")).unwrap();
    let told = finished(&run(other.to_str().unwrap()), 3).json();
    let answers = check(&told, "docker.io answers")["found"].as_str().unwrap().to_owned();
    assert!(answers.contains("the server's certificate is not signed by a known CA"), "{answers}");
}

#[test]
fn a_manifest_that_cannot_be_used_keeps_nothing_else_from_being_looked_at() {
    let world = World::owned();
    let broken = world.run("organization: acme\nimage: []\n", ("jo", "dckr_pat_canary"));
    let outcome = world.look(&broken, 2);
    assert!(
        outcome.stdout.contains("missing  approved-images.yml")
            && outcome.stdout.contains("jo: a personal access token")
    );
    assert!(outcome.stderr.contains("unknown-key"), "{}", outcome.stderr);
    let json = world.look(&broken.arg("--format").arg("json"), 2).json();
    assert!(!json["diagnostics"].as_array().unwrap().is_empty() && !json["checks"].as_array().unwrap().is_empty());
    let none = world.look(&world.run("", ("jo", "dckr_pat_canary")).arg("--format").arg("json"), 1).json();
    assert!(check(&none, "approved-images.yml")["found"].as_str().unwrap().starts_with("there is none in /"));
    assert_eq!(check(&none, "credential")["area"], "docker-hub", "and it is taken");
}

#[test]
fn an_event_for_which_nothing_is_written_is_told() {
    let world = World::owned().with_mirror();
    let sha = "0123456789012345678901234567890123456789";
    let look = |actions: &Actions| {
        std::fs::write(actions.workspace().join("approved-images.yml"), MANIFEST).unwrap();
        let run =
            Run::new(env!("CARGO_BIN_EXE_wharfinger")).actions(actions).env("INPUT_COMMAND", "doctor --format json");
        let run = run.env("WHARFINGER_HOSTS", world.hosts());
        let run = run.env("INPUT_DOCKERHUB-USERNAME", "jo").env("INPUT_DOCKERHUB-TOKEN", "dckr_pat_secret");
        let told = run.output().expect_status(1).json();
        let event = check(&told, "event");
        format!("{}: {}", event["status"].as_str().unwrap(), event["found"].as_str().unwrap())
    };
    assert_eq!(
        look(&Actions::workflow_dispatch("acme/images")),
        "ok: workflow_dispatch for refs/heads/main: commands that write run here"
    );
    assert_eq!(
        look(&Actions::pull_request("acme/images", 7, ("topic", sha), sha, sha)),
        "ok: pull_request for refs/pull/7/merge: check runs here, but commands that write do not"
    );
    let topic = look(&Actions::push("acme/images", sha, sha).reference("refs/heads/topic"));
    assert!(topic.starts_with("missing: ") && topic.contains("refs/heads/main"), "{topic}");
}

const MANY: &str = "organization: acme
sources: [docker.io, ghcr.io, quay.io, registry.k8s.io, 'localhost:5000', registry.gitlab.com]
images:
  - { source: grafana/loki, versions: \">=3\" }
  - { source: ghcr.io/team/app, versions: \">=3\" }
  - { source: 'localhost:5000/team/app', repository: local, versions: \">=3\" }
  - { source: registry.gitlab.com/team/tool, versions: \">=3\" }
";

#[test]
fn hosts_are_listed_with_their_ports_and_nothing_is_asked() {
    let server = TestRegistry::start();
    let run = || {
        let run = doctor(MANY).arg("--hosts").env("WHARFINGER_HOSTS", format!("quay.io={}", server.url()));
        run.env("HTTPS_PROXY", "http://me:pw-canary@proxy.corp:3128")
            .env("GITHUB_TOKEN", "ghp_canary")
            .env("GITHUB_REPOSITORY", "acme/images")
    };
    let outcome = finished(&run(), 0);
    insta::assert_snapshot!(outcome.stdout.replace(&server.host(), "127.0.0.1:rrrrr"));
    let json = finished(&run().arg("--format").arg("json"), 0).json();
    assert_eq!(json["hosts"].as_array().unwrap().len(), outcome.stdout.lines().count());
    let (host, port) =
        (server.host(), |host: &serde_json::Value| format!("{}:{}", host["host"].as_str().unwrap(), host["port"]));
    assert!(json["hosts"].as_array().unwrap().iter().any(|found| port(found) == host), "{json}");
    assert!(server.log().is_empty(), "nothing is asked");
    finished(&doctor("").arg("--hosts"), 2);
}

#[test]
fn the_host_of_vulnerabilities_is_listed_where_the_manifest_asks_it() {
    let listed = |evidence: &str, hosts: &str| {
        let run = doctor(&format!("{MANIFEST}{evidence}")).arg("--hosts").env("WHARFINGER_HOSTS", hosts);
        let lines = finished(&run, 0).stdout;
        lines.lines().find(|line| line.contains("known vulnerabilities")).map(str::to_owned)
    };
    let osv = "evidence: { vulnerabilities: osv }\n";
    assert!(listed(osv, "").is_some_and(|line| line.contains("api.osv.dev") && line.contains("443")));
    let moved = listed(osv, "api.osv.dev=https://osv.corp:8443").unwrap();
    assert!(moved.contains("osv.corp") && moved.contains("8443") && !moved.contains("api.osv.dev"), "{moved}");
    for evidence in ["", "evidence: { vulnerabilities: none }\n", "evidence: { vulnerabilities: reports }\n"] {
        assert_eq!(listed(evidence, "api.osv.dev=https://osv.corp:8443"), None, "{evidence}");
    }
}
