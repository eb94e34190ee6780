//! A tag that is rebuilt every night, more often than its cooldown allows: day by day, on a registry whose clocks the
//! ledger keeps and on Docker Hub, which reports push times itself. Days pass by writing the ledger with earlier times.

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use serde_json::Value;
use wharfinger::internals::forge::git::GitForge;
use wharfinger::internals::image::Digest;

use crate::ledger::{append, older};
use crate::support::clone::Clone;
use crate::support::hub::TestHub;
use crate::support::images::ImageSpec;
use crate::support::process::Run;
use crate::support::registry::TestRegistry;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");
const MANIFEST: &str = "approved-images.yml";
const LEDGER: &str = "wharfinger/ledger";
const LOKI: &str = "wharfinger/image/loki/latest";
const STABLE: &str = "wharfinger/image/loki/tag/stable";

/// An upstream and an organization that looks at it every morning.
struct Mornings {
    registry: TestRegistry,
    hub: TestHub,
    mirror: TestRegistry,
    clone: Clone,
}

impl Mornings {
    /// Of Loki at `host` this tag is approved, and `keys` follow its source.
    fn with(host: &str, approved: &str, keys: &str) -> Self {
        let (registry, hub, mirror) = (TestRegistry::start(), TestHub::start(Vec::new()), TestRegistry::start());
        let upstream = Self { registry, hub, mirror, clone: Clone::with(&[]) };
        let digest = upstream.push(approved, 0, 40);
        let text = format!(
            "organization: acme\nregistry: {}\nimages:\n  - source: {host}/grafana/loki\n    repository: loki\n{keys}    \
             approved:\n      - tag: {approved}\n        digest: {digest}\n",
            upstream.mirror.host()
        );
        upstream.clone.commit(&[(MANIFEST, &text)], "Approve it");
        upstream
    }

    /// On both kinds of upstream.
    fn everywhere(approved: &str, keys: &str) -> Vec<Self> {
        ["quay.io", "docker.io"].iter().map(|host| Self::with(host, approved, keys)).collect()
    }

    /// Has a tag answer the image of this seed, pushed so many days ago.
    fn push(&self, tag: &str, seed: u64, days: i64) -> Digest {
        let digest = ImageSpec::new(seed).build().put(&self.registry, "grafana/loki", tag);
        let pushed = Utc::now() - Duration::days(days);
        self.hub.set_tag("grafana", "loki", tag, &digest, &pushed.to_rfc3339_opts(SecondsFormat::Secs, true));
        digest
    }

    fn hosts(&self) -> String {
        let url = self.registry.url();
        format!("quay.io={url},docker.io={url},hub.docker.com={}", self.hub.url())
    }

    fn run(&self, args: &[&str]) -> Value {
        self.clone.run(PROGRAM, &self.hosts(), args).output().expect_status(0).json()
    }

    /// What a person reads.
    fn shown(&self, args: &[&str]) -> String {
        let run = Run::new(PROGRAM).dir(self.clone.path()).env("WHARFINGER_HOSTS", self.hosts());
        run.args(["--forge", "git"]).args(args).output().expect_status(0).stdout
    }

    /// A run of `propose`, and a second one that must find nothing to do.
    fn propose(&self) -> Value {
        let output = self.run(&["propose"]);
        let again = self.run(&["propose"]);
        assert_eq!(again["changed"], false, "{again}");
        output
    }

    /// A day passes for all that was seen.
    fn day(&self) {
        let Some(text) = self.ledger() else { return };
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let forge = GitForge::open(self.clone.path()).await.unwrap();
            append(&forge, &older(&text, 1)).await;
        });
    }

    fn ledger(&self) -> Option<String> {
        let there = self.clone.branches().iter().any(|branch| branch == LEDGER);
        there.then(|| self.clone.read(LEDGER, "wharfinger-ledger.txt") + "\n")
    }

    /// How many lines the ledger has of a tag.
    fn entries(&self, tag: &str) -> usize {
        self.ledger().iter().flat_map(|text| text.lines()).filter(|line| line.contains(&format!(" {tag} "))).count()
    }

    /// Whether the proposal on a branch has this digest; without one, whether there is no proposal.
    fn proposes(&self, branch: &str, digest: Option<&Digest>) -> bool {
        let open = self.clone.branches().iter().any(|b| b == branch);
        digest.map_or(!open, |digest| open && self.clone.read(branch, MANIFEST).contains(digest.as_str()))
    }

    fn merge(&self, branch: &str) {
        self.clone.git(&["merge", "--quiet", "--no-ff", "-m", "Merge", branch]);
    }

    /// So many nights with a new build each; after each a run, and the digest of three nights ago is proposed from `first` on.
    fn nights(&self, tag: &str, branch: &str, builds: &mut Vec<Digest>, nights: usize, first: usize) {
        for _ in 0..nights {
            let night = builds.len();
            builds.push(self.push(tag, u64::try_from(night).unwrap() + 100, 0));
            let output = self.propose();
            let due = night.checked_sub(3).filter(|build| *build >= first).map(|build| &builds[build]);
            assert!(self.proposes(branch, due), "night {night}: {output}");
            assert_eq!(waits(&output, tag), 1, "what it answers now: {output}");
            self.day();
        }
    }
}

fn waits(output: &Value, tag: &str) -> usize {
    let rows = output["waiting"].as_array().unwrap().iter();
    rows.filter(|row| row["tag"] == tag && row["reason"] == "waiting" && is_ahead(&row["until"])).count()
}

fn is_ahead(time: &Value) -> bool {
    time.as_str().is_some_and(|time| time.parse::<DateTime<Utc>>().unwrap() > Utc::now())
}

#[test]
fn a_new_version_and_then_its_rebuilds_are_proposed_as_each_gets_old_enough() {
    for upstream in Mornings::everywhere("3.0.0", "    versions: ^3\n") {
        let mut builds = Vec::new();
        upstream.nights("3.1.0", LOKI, &mut builds, 6, 0);
        assert!(upstream.entries("3.0.0") == 0 && upstream.entries("3.1.0") == 6, "{:?}", upstream.ledger());
        let message = upstream.clone.git(&["log", "-1", "--format=%B", LOKI]);
        assert!(message.contains("- First seen:") && message.contains("the cooldown of 3d is over"), "{message}");
        let moved = "Moved on: upstream's";
        assert!(message.contains(moved), "{message}");
        assert!(message.contains("which is an earlier one: its current digest is too young"), "{message}");

        std::fs::write(upstream.clone.path().join(MANIFEST), upstream.clone.read(LOKI, MANIFEST) + "\n").unwrap();
        assert_eq!(upstream.run(&["check"])["findings"], Value::Array(Vec::new()), "the ledger saw it there");
        upstream.clone.git(&["checkout", "--quiet", MANIFEST]);
        upstream.merge(LOKI);
        let promoted = upstream.run(&["promote"]);
        assert_eq!(upstream.mirror.digest("acme/loki", "3.1.0").as_ref(), Some(&builds[2]), "{promoted}");
        // every later build is newer than what was merged
        upstream.nights("3.1.0", LOKI, &mut builds, 12, 3);
        assert!(upstream.entries("3.1.0") <= 12, "{:?}", upstream.ledger());
        let message = upstream.clone.git(&["log", "-1", "--format=%s", LOKI]);
        assert!(message.ends_with("3.1.0, rebuilt"), "{message}");
        upstream.merge(LOKI);
        upstream.run(&["promote"]);
        assert_eq!(upstream.mirror.digest("acme/loki", "3.1.0").as_ref(), Some(&builds[14]));
        let output = upstream.propose();
        assert!(upstream.proposes(LOKI, Some(&builds[15])), "what got old enough since: {output}");
    }
}

#[test]
fn a_floating_tag_is_given_the_same() {
    for upstream in Mornings::everywhere("stable", "    tags: [stable]\n") {
        upstream.nights("stable", STABLE, &mut Vec::new(), 5, 0);
    }
}

#[test]
fn longer_than_the_history_of_a_tag_is() {
    for upstream in Mornings::everywhere("3.0.0", "    versions: ^3\n    cooldown: 2w\n") {
        let mut first = None;
        for night in 0..15 {
            assert!(upstream.proposes(LOKI, None), "night {night}");
            let build = upstream.push("3.1.0", 100 + night, 0);
            upstream.propose();
            first.get_or_insert(build);
            upstream.day();
        }
        assert!(upstream.proposes(LOKI, first.as_ref()), "{:?}", upstream.ledger());
        assert_eq!(upstream.entries("3.1.0"), 12);
    }
}

#[test]
fn what_upstream_deleted_is_not_proposed_and_does_not_stay_so() {
    for upstream in Mornings::everywhere("3.0.0", "    versions: ^3\n") {
        let mut builds = Vec::new();
        upstream.nights("3.1.0", LOKI, &mut builds, 3, 0);
        upstream.push("3.0.9", 50, 40);
        builds.push(upstream.push("3.1.0", 103, 0));
        upstream.propose();
        assert!(upstream.proposes(LOKI, Some(&builds[0])), "the newest version goes before the next older one");
        upstream.day();
        upstream.registry.delete_manifest("grafana/loki", &builds[1]);
        builds.push(upstream.push("3.1.0", 104, 0));
        upstream.propose();
        assert!(upstream.proposes(LOKI, Some(&builds[0])), "the next older build, which is open already");
        upstream.registry.delete_manifest("grafana/loki", &builds[0]);
        let output = upstream.propose();
        assert!(!upstream.proposes(LOKI, Some(&builds[0])), "what is open is asked for again: {output}");
        upstream.day();
        builds.push(upstream.push("3.1.0", 105, 0));
        upstream.propose();
        assert!(upstream.proposes(LOKI, Some(&builds[2])));
    }
}

#[test]
fn what_was_taken_back_is_forgotten() {
    for upstream in Mornings::everywhere("3.0.0", "    versions: ^3\n") {
        upstream.push("3.0.0", 101, 0);
        upstream.propose();
        assert_eq!(upstream.entries("3.0.0"), 2, "what is approved, and what waits");
        upstream.day();
        upstream.push("3.0.0", 0, 0);
        upstream.propose();
        assert_eq!(upstream.entries("3.0.0"), 0);
        for _ in 0..3 {
            upstream.day();
        }
        upstream.push("3.0.0", 102, 0);
        let output = upstream.propose();
        assert!(upstream.proposes(LOKI, None) && waits(&output, "3.0.0") == 1, "{output}");
    }
}

/// What Docker Hub calls old enough is written down where the tag waited before, so that a later build does not bring back
/// what came before it.
#[test]
fn a_proposal_does_not_go_back_to_an_earlier_build() {
    let upstream = Mornings::with("docker.io", "3.0.0", "    versions: ^3\n    cooldown: 12h\n");
    let first = upstream.push("3.1.0", 100, 0);
    upstream.propose();
    upstream.day();
    let second = upstream.push("3.1.0", 101, 1);
    upstream.propose();
    assert!(upstream.proposes(LOKI, Some(&second)));
    upstream.day();
    upstream.push("3.1.0", 102, 0);
    upstream.propose();
    assert!(upstream.proposes(LOKI, Some(&second)) && !upstream.proposes(LOKI, Some(&first)));
}

#[test]
fn where_signatures_are_asked_no_earlier_build_comes_unverified() {
    for (approved, keys, branch) in [("3.0.0", "    versions: ^3\n", LOKI), ("stable", "    tags: [stable]\n", STABLE)]
    {
        for upstream in Mornings::everywhere(approved, keys) {
            let mut builds = Vec::new();
            upstream.nights(approved, branch, &mut builds, 4, 0);
            let text = upstream.clone.read("main", MANIFEST) + "\n";
            let signed = text.replace(keys, &format!("{keys}    signatures: {{ key: cosign.pub }}\n"));
            let key = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE0000000000000000000000000000\n-----END PUBLIC KEY-----\n";
            upstream.clone.commit(&[(MANIFEST, &signed), ("cosign.pub", key)], "Ask for signatures");
            let output = upstream.propose();
            assert!(upstream.proposes(branch, None), "{output}");
            assert_eq!(output["waiting"][0]["reason"], "unsigned", "{output}");
        }
    }
}

#[test]
fn explain_and_approve_name_the_earlier_build() {
    for upstream in Mornings::everywhere("3.0.0", "    versions: ^3\n") {
        let mut builds = Vec::new();
        upstream.nights("3.1.0", LOKI, &mut builds, 4, 0);
        let explained = upstream.run(&["explain", "loki"]);
        let image = &explained["images"][0];
        assert_eq!(image["lines"][0]["chosen"], "3.1.0", "{explained}");
        let row = &image["tags"][0];
        assert_eq!((&row["tag"], &row["verdict"]), (&"3.1.0".into(), &"chosen".into()), "{explained}");
        let detail = row["detail"].as_str().unwrap();
        assert!(detail.ends_with("before; the current digest is too young"), "{detail}");
        let shown = upstream.shown(&["explain", "loki"]);
        assert!(shown.contains("would propose 3.1.0; its current digest is due 20"), "{shown}");
        upstream.run(&["approve", "loki:3.1.0"]);
        let text = std::fs::read_to_string(upstream.clone.path().join(MANIFEST)).unwrap();
        assert!(text.contains(builds[1].as_str()), "{text}");
        upstream.clone.git(&["checkout", "--quiet", MANIFEST]);
        upstream.run(&["approve", "loki:3.1.0", "--urgent", "CVE-2027-1234 is exploited"]);
        let text = std::fs::read_to_string(upstream.clone.path().join(MANIFEST)).unwrap();
        assert!(text.contains(builds[3].as_str()), "what is urgent is what the tag answers now: {text}");
    }
}

/// What Docker Hub's images cost in the ledger: a line for each version that waits, as long as it does.
#[test]
fn a_version_of_docker_hub_is_in_the_ledger_only_while_it_waits() {
    let (registry, hub) = (TestRegistry::start(), TestHub::start(Vec::new()));
    let push = |name: &str, tag: &str, seed: u64, days: i64| {
        let digest = ImageSpec::new(seed).build().put(&registry, &format!("acme/{name}"), tag);
        let pushed = Utc::now() - Duration::days(days);
        hub.set_tag("acme", name, tag, &digest, &pushed.to_rfc3339_opts(SecondsFormat::Secs, true));
        digest
    };
    let mut text = "organization: example\nimages:\n".to_owned();
    for (seed, name) in (0..).zip(["quiet", "old-enough", "waits", "waits-too"]) {
        let digest = push(name, "1.0.0", seed, 40);
        text += &format!("  - source: acme/{name}\n    approved:\n      - tag: 1.0.0\n        digest: {digest}\n");
    }
    push("old-enough", "1.1.0", 11, 9);
    let clone = Clone::with(&[(MANIFEST, &text)]);
    let propose = || {
        let hosts = format!("docker.io={},hub.docker.com={}", registry.url(), hub.url());
        clone.run(PROGRAM, &hosts, &["propose"]).output().expect_status(0).json()
    };
    let lines = || {
        let there = clone.branches().iter().any(|branch| branch == LEDGER);
        let text = if there { clone.read(LEDGER, "wharfinger-ledger.txt") } else { String::new() };
        text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect::<Vec<_>>()
    };
    propose();
    assert_eq!(lines(), Vec::<String>::new(), "nothing waits");
    for (seed, name) in [(12, "waits"), (13, "waits-too")] {
        push(name, "1.1.0", seed, 1);
    }
    propose();
    assert_eq!(lines().len(), 2, "one a version that waits: {:?}", lines());
    for (seed, name) in [(12, "waits"), (13, "waits-too")] {
        push(name, "1.1.0", seed, 4);
    }
    propose();
    for name in ["old-enough", "waits", "waits-too"] {
        clone.git(&["merge", "--quiet", "--no-ff", "-m", "Merge", &format!("wharfinger/image/{name}/latest")]);
    }
    let output = propose();
    assert_eq!((lines(), &output["waiting"]), (Vec::new(), &Value::Array(Vec::new())), "all are approved");
}
