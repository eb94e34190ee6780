//! `verify-access`: what a registry lets a member pull, and the results of pulls in Docker Desktop, which a small
//! program on the path imitates.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use wharfinger::internals::image::Digest;

use crate::support::hub::TestHub;
use crate::support::images::ImageSpec;
use crate::support::process::{Outcome, Run};
use crate::support::registry::{TestRegistry, User};

const POLICY: &str = "policy:
  image-access: { enabled: true, official: allowed, verified-publisher: restricted }
  registry-access: { enabled: true, docker-hub: allowed, registries: [{ address: quay.io, name: Quay }] }
";

/// Docker Hub's registry, another one, and a manifest whose images they hold.
struct World {
    hub: TestRegistry,
    other: TestRegistry,
    directory: tempfile::TempDir,
}

/// One image of the manifest: source, repository, and of each approval the tag, digest and what is recorded.
fn entry(source: &str, repository: &str, approved: &[(&str, &Digest, Option<&Digest>)]) -> String {
    let mut text = format!("  - source: {source}\n    repository: {repository}\n    approved:\n");
    for (tag, digest, mirrored) in approved {
        text.push_str(&format!("      - tag: \"{tag}\"\n        digest: {digest}\n"));
        text.push_str(&mirrored.map(|m| format!("        mirrored: {m}\n")).unwrap_or_default());
    }
    text
}

impl World {
    /// The organization's `dev` may pull acme/loki and acme/redis, and what is public upstream; acme/tempo was never granted.
    fn new() -> Self {
        let dev = User::limited("dev", "member-canary", &["acme/loki", "acme/redis", "grafana/*", "library/*"], &[]);
        let (hub, other) = (TestRegistry::with_users(vec![dev]), TestRegistry::start());
        let images: Vec<_> = (1..=4).map(|seed| ImageSpec::new(seed).build()).collect();
        let [one, two, redis, tempo] = &images[..] else { unreachable!() };
        for (repository, tag, image) in [
            ("acme/loki", "3.0.0", one),
            ("acme/loki", "3.1.0", two),
            ("acme/redis", "7.2.4", redis),
            ("acme/tempo", "2.6.0", tempo),
            ("grafana/loki", "3.1.0", two),
            ("library/redis", "7.2.4", redis),
            ("grafana/tempo", "2.6.0", tempo),
        ] {
            hub.put_image(repository, tag, image);
        }
        other.put_image("team/tool", "1.0.0", one);
        let (first, second, third, fourth) = (one.digest(), two.digest(), redis.digest(), tempo.digest());
        let images = [
            entry("grafana/loki", "loki", &[("3.0.0", &first, Some(&first)), ("3.1.0", &second, Some(&second))]),
            entry("redis", "redis", &[("7.2.4", &third, Some(&third))]),
            entry("grafana/tempo", "tempo", &[("2.6.0", &fourth, Some(&fourth))]),
            entry("ghcr.io/team/tool", "tool", &[("1.0.0", &first, None)]),
        ];
        let world = Self { hub, other, directory: tempfile::tempdir().unwrap() };
        let manifest = format!("organization: acme\n{POLICY}images:\n{}", images.concat());
        std::fs::write(world.path("approved-images.yml"), manifest).unwrap();
        world
    }

    fn path(&self, file: &str) -> PathBuf {
        self.directory.path().join(file)
    }

    fn verify(&self, arguments: &[&str]) -> Run {
        let hosts = format!("docker.io={},ghcr.io={}", self.hub.url(), self.other.url());
        let run = Run::new(env!("CARGO_BIN_EXE_wharfinger")).dir(self.directory.path()).arg("verify-access");
        run.args(arguments).env("WHARFINGER_HOSTS", hosts)
    }

    /// As the member, the token on standard input.
    fn as_dev(&self, arguments: &[&str]) -> Outcome {
        let run = self.verify(&["--username", "dev", "--dockerhub-token-file", "-"]).args(arguments);
        let outcome = run.stdin("member-canary\n").output();
        assert!(!format!("{outcome:?}").contains("canary"), "{outcome:?}");
        outcome
    }

    fn judged(&self, results: &str, status: i32) -> Value {
        let run = self.verify(&["--results", results, "--format", "json"]);
        valid(run.output().expect_status(status).json())
    }

    /// The script, written down.
    fn script(&self, arguments: &[&str]) -> PathBuf {
        let text = self.verify(&["--script"]).args(arguments).output().expect_status(0).stdout;
        std::fs::write(self.path("verify-access.sh"), text).unwrap();
        self.path("verify-access.sh")
    }
}

/// The document, which the schema describes.
fn valid(json: Value) -> Value {
    let schema = Run::new(env!("CARGO_BIN_EXE_wharfinger")).args(["schema", "output"]).output().json();
    jsonschema::validate(&schema, &json).unwrap();
    json
}

/// Image, state and whether it is as it should be, of a list.
fn states(rows: &Value) -> Vec<(String, String, bool)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let row = |row: &Value| (text(&row["image"]), text(&row["state"]), row["ok"].as_bool().unwrap());
    rows.as_array().unwrap().iter().map(row).collect()
}

fn expected(rows: &[(&str, &str, bool)]) -> Vec<(String, String, bool)> {
    rows.iter().map(|(image, state, ok)| ((*image).to_owned(), (*state).to_owned(), *ok)).collect()
}

#[test]
fn a_member_is_answered_for_every_mirror_by_one_head_each() {
    let world = World::new();
    let json = valid(world.as_dev(&["--format", "json"]).expect_status(1).json());
    assert_eq!(
        states(&json["mirrors"]),
        expected(&[
            ("docker.io/acme/loki:3.0.0", "allowed", true),
            ("docker.io/acme/loki:3.1.0", "allowed", true),
            ("docker.io/acme/redis:7.2.4", "allowed", true),
            ("docker.io/acme/tempo:2.6.0", "refused", false),
        ])
    );
    assert_eq!(
        states(&json["upstreams"]),
        expected(&[
            ("docker.io/grafana/loki:3.1.0", "not-enforced-here", true),
            ("docker.io/library/redis:7.2.4", "allowed", true),
            ("docker.io/grafana/tempo:2.6.0", "not-enforced-here", true),
            ("ghcr.io/team/tool:1.0.0", "not-enforced-here", true),
        ])
    );
    assert_eq!(
        (&json["version"], &json["username"], &json["organization"]),
        (&json!(1), &json!("dev"), &json!("acme"))
    );
    for registry in [&world.hub, &world.other] {
        let asked: Vec<_> = registry.log().into_iter().filter(|e| e.request.path.contains("/manifests/")).collect();
        assert!(asked.iter().all(|e| e.request.method == "HEAD"), "{:?}", registry.server().lines());
        let answered = asked.iter().filter(|e| e.status == Some(200)).count();
        assert_eq!(answered, if registry.host() == world.hub.host() { 6 } else { 1 });
    }
    let with_credential = |e: &crate::support::http::Exchange| e.request.header("authorization").is_some();
    assert!(!world.other.log().iter().any(with_credential), "the token is Docker Hub's");
    assert_eq!(world.hub.writes(), [""; 0]);
    insta::assert_snapshot!(world.as_dev(&[]).expect_status(1).stdout);
}

#[test]
fn what_the_mirror_holds_otherwise_is_found_and_what_is_there_is_no_finding() {
    let world = World::new();
    let [tempo] = &[ImageSpec::new(9).build()];
    world.hub.change_user("dev", |user| user.pull.push("acme/tempo".to_owned()));
    assert_eq!(states(&world.as_dev(&["--format", "json"]).expect_status(0).json()["mirrors"]).len(), 4);
    world.hub.put_image("acme/tempo", "2.6.0", tempo);
    world.hub.delete_tag("acme/redis", "7.2.4");
    // A registry that refuses a member an upstream image by itself shows what is wanted, or what is not.
    world.hub.change_user("dev", |user| user.refused = vec!["grafana/*".to_owned(), "library/redis".to_owned()]);
    let json = world.as_dev(&["--format", "json"]).expect_status(1).json();
    let states = [states(&json["mirrors"]), states(&json["upstreams"])].concat();
    let found: Vec<_> = states.iter().map(|(_, state, ok)| (state.as_str(), *ok)).collect();
    assert_eq!(
        found,
        [
            ("allowed", true),
            ("allowed", true),
            ("missing", false),
            ("differs", false),
            ("refused", true),
            ("refused", false),
            ("refused", true),
            ("not-enforced-here", true),
        ]
    );
    let one = world.as_dev(&["tempo", "--upstreams", "0", "--format", "json"]).expect_status(1).json();
    assert_eq!((one["mirrors"].as_array().unwrap().len(), &one["upstreams"]), (1, &json!([])));
}

#[test]
fn where_the_category_decides_docker_hub_is_asked_for_it() {
    let world = World::new();
    let text = std::fs::read_to_string(world.path("approved-images.yml")).unwrap();
    std::fs::write(
        world.path("approved-images.yml"),
        text.replace("verified-publisher: restricted", "verified-publisher: allowed"),
    )
    .unwrap();
    let hub = TestHub::start(Vec::new());
    hub.set_badge("grafana", "loki", "verified_publisher");
    hub.set_badge("grafana", "tempo", "none");
    let run = world.verify(&["--username", "dev", "--format", "json"]).env("DOCKERHUB_TOKEN", "member-canary");
    let hosts = format!("docker.io={},ghcr.io={},hub.docker.com={}", world.hub.url(), world.other.url(), hub.url());
    let json = run.env("WHARFINGER_HOSTS", hosts).output().expect_status(1).json();
    let expected: Vec<_> = json["upstreams"].as_array().unwrap().iter().map(|row| row["expected"].clone()).collect();
    assert_eq!(expected, ["pulled", "pulled", "image-refused", "registry-refused"]);
}

#[test]
fn where_the_registry_does_not_tell_a_digest_it_is_not_read_either() {
    let world = World::new();
    world.hub.set(|switches| switches.digest_header = false);
    world.as_dev(&["loki"]).expect_status(0);
    let manifests: Vec<_> = world.hub.log().into_iter().filter(|e| e.request.path.contains("/manifests/")).collect();
    assert!(!manifests.is_empty() && manifests.iter().all(|e| e.request.method == "HEAD"));
}

#[test]
fn what_keeps_it_from_asking_is_said() {
    let world = World::new();
    let wrong = world.verify(&["--username", "dev"]).env("DOCKERHUB_TOKEN", "another-canary").output().expect_status(3);
    assert!(wrong.stderr.contains("requested as dev: the password or token is wrong"), "{}", wrong.stderr);
    assert!(!wrong.stderr.contains("canary"), "{}", wrong.stderr);
    let elsewhere = "organization: acme\nregistry: 127.0.0.1:1\nimages: []\n";
    std::fs::write(world.path("elsewhere.yml"), elsewhere).unwrap();
    let sent =
        world.verify(&["--manifest", "elsewhere.yml", "--username", "dev"]).env("DOCKERHUB_TOKEN", "dckr_pat_canary");
    let sent = sent.output().expect_status(2);
    assert!(sent.stderr.contains("is for Docker Hub and is not sent there"), "{}", sent.stderr);
    let none = world.verify(&["--username", "dev"]).output().expect_status(3);
    assert!(none.stderr.contains("set DOCKERHUB_TOKEN or use --dockerhub-token-file FILE"), "{}", none.stderr);
    let nobody = world.verify(&[]).output().expect_status(2);
    assert!(nobody.stderr.contains("--username <NAME>"), "{}", nobody.stderr);
    let empty = world.verify(&["--username", ""]).env("DOCKERHUB_TOKEN", "x").output().expect_status(2);
    assert!(empty.stderr.contains("username"), "{}", empty.stderr);
    let image = world.verify(&["--script", "--refused", "x';id;'"]).output().expect_status(2);
    assert!(image.stderr.contains("is not an image"), "{}", image.stderr);
    std::fs::write(world.path("other.txt"), "hello\n").unwrap();
    let other = world.verify(&["--results", "other.txt"]).output().expect_status(2);
    assert!(other.stderr.contains("it contains no lines from the script"), "{}", other.stderr);
    world.verify(&["--results", "absent.txt"]).output().expect_status(2);
    drop(world.hub);
}

/// What imitates Docker: `rules` says what comes of a pull (a pattern, an exit status and words), `here` what is on the
/// machine, `log` what was asked.
const DOCKER: &str = r#"#!/bin/sh
cd "$FAKE_DOCKER" || exit 70
printf '%s\n' "$*" >>log
case "$1 $2" in
    'info --format') cat system; exit 0 ;;
    'image inspect') grep -qxF -e "$3" here; exit $? ;;
    'image rm') grep -vxF -e "$3" here >next; mv next here; exit 0 ;;
    'pull --quiet') ;;
    *) echo "unknown command: $*" >&2; exit 64 ;;
esac
while IFS='|' read -r pattern status said; do
    case $3 in
        $pattern) printf '%b\n' "$said" >&2; exit "$status" ;;
    esac
done <rules
grep -qxF -e "$3" here || printf '%s\n' "$3" >>here
printf '%s\n' "$3"
"#;

const COMMUNITY: &str = "Error response from daemon: image access denied: community images not allowed";
const REGISTRY: &str = "Error response from daemon: registry access to ghcr.io is not allowed";
const DOWN: &str = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?";

/// A machine with such a Docker.
struct Desktop(tempfile::TempDir);

impl Desktop {
    fn new(system: &str, rules: &[(&str, i32, &str)], here: &[&str]) -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        let desktop = Self(tempfile::tempdir().unwrap());
        let docker = desktop.path().join("docker");
        std::fs::write(&docker, DOCKER).unwrap();
        std::fs::set_permissions(&docker, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::write(desktop.path().join("system"), format!("{system}\n")).unwrap();
        std::fs::write(desktop.path().join("log"), "").unwrap();
        std::fs::write(desktop.path().join("here"), here.iter().map(|i| format!("{i}\n")).collect::<String>()).unwrap();
        desktop.rule(rules);
        desktop
    }

    fn rule(&self, rules: &[(&str, i32, &str)]) {
        let line = |(pattern, status, said): &(&str, i32, &str)| format!("{pattern}|{status}|{said}\n");
        std::fs::write(self.path().join("rules"), rules.iter().map(line).collect::<String>()).unwrap();
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn read(&self, file: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.path().join(file)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn pulls(&self) -> usize {
        self.read("log").iter().filter(|line| line.starts_with("pull ")).count()
    }

    /// Runs the script with `sh` in a directory of its own.
    fn run(&self, script: &Path) -> Outcome {
        let work = self.path().join("work");
        std::fs::create_dir_all(&work).unwrap();
        let path = format!("{}:/usr/bin:/bin", self.path().display());
        Run::new("/bin/sh").arg(script).dir(work).env("PATH", path).env("FAKE_DOCKER", self.path()).output()
    }
}

/// As a Docker Desktop does where the policy of [`World`] holds.
fn enforced() -> Vec<(&'static str, i32, &'static str)> {
    vec![("docker.io/grafana/*", 1, COMMUNITY), ("ghcr.io/*", 1, REGISTRY), ("docker.io/bitnami/*", 1, COMMUNITY)]
}

#[test]
fn the_script_is_given_to_programs_as_they_ask_for_it() {
    let world = World::new();
    let text = world.verify(&["--script"]).output().expect_status(0).stdout;
    let json = valid(world.verify(&["--script", "--format", "json"]).output().expect_status(0).json());
    assert_eq!((json["shell"].as_str(), json["script"].as_str()), (Some("sh"), Some(text.as_str())));
}

#[test]
fn the_script_is_run_and_its_results_are_judged() {
    let world = World::new();
    let script = world.script(&["--refused", "bitnami/redis"]);
    let text = std::fs::read_to_string(&script).unwrap();
    let here = text.lines().find_map(|l| l.strip_prefix("try 'docker.io/acme/loki@")).unwrap();
    let here = format!("docker.io/acme/loki@{}", here.split('\'').next().unwrap());
    let desktop = Desktop::new("Docker Desktop", &enforced(), &["hello-world:latest", &here]);
    let ran = desktop.run(&script).expect_status(0);
    assert_eq!(desktop.read("here"), ["hello-world:latest".to_owned(), here], "what was there, and nothing else");
    assert_eq!(desktop.pulls(), 8);
    let kept = std::fs::read_to_string(desktop.path().join("work/wharfinger-verify-access.kept")).unwrap();
    assert_eq!(kept, ran.stdout, "what is kept is what is printed");
    std::fs::write(world.path("results.txt"), &ran.stdout).unwrap();
    let arguments = ["--results", "results.txt", "--refused", "bitnami/redis"];
    let judged = world.verify(&arguments).args(["--format", "json"]).output().expect_status(0);
    let json = valid(judged.json());
    assert_eq!((&json["problems"], &json["results"]), (&json!([]), &json!("results.txt")));
    assert_eq!(
        [states(&json["mirrors"]), states(&json["upstreams"])].concat(),
        expected(&[
            ("docker.io/acme/loki:3.1.0", "allowed", true),
            ("docker.io/acme/redis:7.2.4", "allowed", true),
            ("docker.io/acme/tempo:2.6.0", "allowed", true),
            ("docker.io/grafana/loki:3.1.0", "refused", true),
            ("docker.io/library/redis:7.2.4", "allowed", true),
            ("docker.io/grafana/tempo:2.6.0", "refused", true),
            ("ghcr.io/team/tool:1.0.0", "refused", true),
            ("docker.io/bitnami/redis:latest", "refused", true),
        ])
    );
    let piped = world.verify(&["--results", "-", "--refused", "bitnami/redis"]).stdin(&ran.stdout).output();
    insta::assert_snapshot!(piped.expect_status(0).stdout);
    // It asked no registry for any of this.
    assert_eq!((world.hub.log().len(), world.other.log().len()), (0, 0));
}

#[test]
fn a_script_that_was_stopped_goes_on_where_it_was() {
    let world = World::new();
    let script = world.script(&[]);
    let mut rules =
        vec![("docker.io/acme/tempo@*", 1, DOWN), ("docker.io/acme/redis@*", 1, "net/http: TLS handshake timeout")];
    rules.extend(enforced());
    let desktop = Desktop::new("Docker Desktop", &rules, &[]);
    let stopped = desktop.run(&script).expect_status(3);
    assert!(stopped.stderr.contains("start Docker Desktop, sign in, and run this again"), "{}", stopped.stderr);
    assert_eq!(desktop.pulls(), 3, "loki, redis, tempo");
    desktop.rule(&enforced());
    let ended = desktop.run(&script).expect_status(0);
    assert_eq!(
        desktop.pulls(),
        3 + 6,
        "loki is known; redis, which failed, and tempo are tried again, and four upstreams"
    );
    std::fs::write(world.path("results.txt"), &ended.stdout).unwrap();
    world.judged("results.txt", 0);
    desktop.run(&script).expect_status(0);
    assert_eq!(desktop.pulls(), 9, "everything is known");
    std::fs::write(world.path("first.txt"), &stopped.stdout).unwrap();
    let first = world.judged("first.txt", 1);
    let states: Vec<_> = states(&first["mirrors"]).into_iter().map(|(_, state, _)| state).collect();
    assert_eq!(states, ["allowed", "unclear", "not-run"]);
}

#[test]
fn what_is_not_enforced_or_wrongly_is_found() {
    let world = World::new();
    let script = world.script(&[]);
    let rules = [
        ("docker.io/acme/loki@*", 1, COMMUNITY),
        (
            "docker.io/acme/redis@*",
            1,
            "Error response from daemon: pull access denied for acme/redis\\nrepository does not exist",
        ),
        ("docker.io/grafana/loki@*", 1, REGISTRY),
    ];
    let desktop = Desktop::new("Docker Desktop", &rules, &[]);
    let ran = desktop.run(&script).expect_status(0);
    let lines = ["pull\tquay.io/some/other@sha256:0\t0\tok\n", "Using default tag: latest\n"].concat();
    std::fs::write(world.path("results.txt"), ran.stdout + &lines).unwrap();
    world.judged("results.txt", 1);
    let shown = world.verify(&["--results", "results.txt"]).output().expect_status(1).stdout;
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    insta::assert_snapshot!(shown);
    let elsewhere = Desktop::new("Debian GNU/Linux 12 (bookworm)", &[], &[]);
    std::fs::write(world.path("results.txt"), elsewhere.run(&script).expect_status(0).stdout).unwrap();
    let json = world.judged("results.txt", 1);
    assert_eq!(json["problems"].as_array().unwrap().len(), 1, "{json}");
    assert_eq!(states(&json["upstreams"])[0].1, "not-enforced-here");
}

#[test]
fn the_scripts_are_as_they_were_read() {
    let world = World::new();
    insta::assert_snapshot!("sh", world.verify(&["--script", "--upstreams", "1"]).output().expect_status(0).stdout);
    let power = world.verify(&["--script", "powershell", "--upstreams", "1"]).output().expect_status(0).stdout;
    insta::assert_snapshot!("powershell", power);
    let script = world.script(&[]);
    match Command::new("shellcheck").args(["--shell=sh", "--severity=style"]).arg(&script).output() {
        Ok(checked) => assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout)),
        Err(e) => {
            use std::io::Write as _;
            let _ = writeln!(std::io::stderr(), "shellcheck is absent, the script is not checked by it: {e}");
        }
    }
    let bare = Run::new("/bin/sh").arg(&script).env("PATH", world.directory.path()).output();
    assert_eq!(bare.status, Some(3), "{bare:?}");
    assert!(bare.stderr.contains("docker is not on the path"), "{}", bare.stderr);
}
