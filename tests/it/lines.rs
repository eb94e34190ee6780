//! What a change is compared with, and what it is called: new lines, downgrades, and everywhere they are reported.

use serde_json::{Value, json};

use crate::support::clone::Clone;
use crate::support::github::{Options, TestGitHub};
use crate::support::images::ImageSpec;
use crate::support::process::{Actions, Outcome, Run};
use crate::support::registry::TestRegistry;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");
const FILE: &str = "approved-images.yml";

struct World {
    registry: TestRegistry,
    github: TestGitHub,
}

impl World {
    /// Loki, of which these tags are published and these approved, and Redis with a patch to come; both in one group.
    /// Loki 4 lacks a platform.
    fn new(rule: &str, published: &[&str], approved: &[&str]) -> Self {
        let registry = TestRegistry::start();
        let mut text = format!(
            "organization: acme\ndefaults: {{ cooldown: 0s }}\nproposals: {{ group: all }}\nimages:\n  - source: quay.io/grafana/loki\n{rule}"
        );
        for (seed, tag) in (1..).zip(published) {
            let image = ImageSpec::new(seed);
            let image = if tag.starts_with("4.") { image.platforms(&["linux/amd64"]) } else { image };
            image.build().put(&registry, "grafana/loki", tag);
        }
        text.push_str("    approved:\n");
        for tag in approved {
            let digest = registry.digest("grafana/loki", tag).unwrap();
            text.push_str(&format!("      - tag: {tag}\n        digest: {digest}\n"));
        }
        let redis = ImageSpec::new(50).build().put(&registry, "cache/redis", "7.2.0");
        ImageSpec::new(51).build().put(&registry, "cache/redis", "7.2.1");
        text.push_str(&format!(
            "  - source: quay.io/cache/redis\n    approved:\n      - tag: 7.2.0\n        digest: {redis}\n"
        ));
        let github = TestGitHub::start(Options { files: vec![(FILE.to_owned(), text)], ..Options::default() });
        Self { registry, github }
    }

    fn hosts(&self) -> String {
        format!("quay.io={}", self.registry.url())
    }

    fn run(&self, actions: &Actions, args: &[&str]) -> Outcome {
        self.github.clear_log();
        let run = Run::new(PROGRAM).actions(actions).env("GITHUB_TOKEN", self.github.token());
        run.env("WHARFINGER_HOSTS", self.hosts()).args(["--format", "json"]).args(args).output()
    }

    /// A run that a schedule started, and the job's summary.
    #[track_caller]
    fn job(&self, args: &[&str]) -> (Value, String) {
        let actions = Actions::schedule(&self.github.repository());
        let actions = actions.api(&self.github.server(), &self.github.api(), &self.github.graphql());
        let json = self.run(&actions, args).expect_status(0).json();
        (json, actions.summary())
    }

    #[track_caller]
    fn proposed(&self) -> Vec<String> {
        let row = |p: &Value| format!("{} {}", p["branch"].as_str().unwrap(), p["action"].as_str().unwrap());
        self.job(&["propose"]).0["proposals"].as_array().unwrap().iter().map(row).collect()
    }

    fn number(&self, branch: &str) -> u64 {
        let open = self.github.open_pulls();
        open.into_iter().find(|number| self.github.pull(*number).head == branch).unwrap()
    }

    /// The summary of `check` of a pull request in which it finds nothing wrong.
    #[track_caller]
    fn checked(&self, number: u64) -> String {
        let (pull, merge) = (self.github.pull(number), self.github.merge_commit(number).unwrap());
        let head = (pull.head.as_str(), pull.head_sha.as_str());
        let main = self.github.branch("main").unwrap();
        let actions = Actions::pull_request(&self.github.repository(), number, head, &main, &merge);
        let actions = actions.api(&self.github.server(), &self.github.api(), &self.github.graphql());
        let output = self.run(&actions, &["check"]).expect_status(0).json();
        assert_eq!(output["findings"], json!([]), "{output}");
        actions.summary()
    }

    /// A clone of what GitHub has.
    fn clone(&self) -> Clone {
        Clone::with(&[(FILE, &self.github.read("main", FILE).unwrap())])
    }
}

/// What a text says of a change: its first lines, its rows of a table, what it calls out, its version; without what differs by
/// the time.
fn said(text: &str) -> String {
    let begins = ["- Change: ", "- Risk: ", "| `quay.io/grafana", "> ", "- Version: "];
    let told = |line: &&str| begins.iter().any(|begin| line.starts_with(begin));
    let cell = |line: &str| match line.strip_prefix("| ") {
        Some(row) => row.split(" | ").take(3).collect::<Vec<_>>().join(" | "),
        None => line.to_owned(),
    };
    text.lines().filter(told).map(cell).collect::<Vec<_>>().join("\n")
}

const MAJOR: &str = "wharfinger/image/loki/4";
const GROUP: &str = "wharfinger/group/all";

fn each_major() -> World {
    World::new("    follow: each-major\n", &["3.0.2", "3.1.0", "4.0.0"], &["3.1.0", "3.0.2"])
}

#[test]
fn a_new_major_that_loses_a_platform_is_marked_and_leaves_its_group() {
    let world = each_major();
    let (plan, summary) = world.job(&["propose", "--dry-run"]);
    let of_loki = plan["proposals"].as_array().unwrap().iter().find(|p| p["branch"] == MAJOR).unwrap();
    let image = &of_loki["images"][0];
    assert_eq!((&image["from"], &image["to"], &image["kind"]), (&json!("3.1.0"), &json!("4.0.0"), &json!("update")));
    assert_eq!(image["marks"], json!(["platform-lost", "major", "new-line"]), "{image}");
    assert_eq!(image["change"], json!("major update, platform lost, new line 4"));
    assert_eq!((&image["step"], &image["platforms_lost"]), (&json!("major"), &json!(["linux/arm64"])));
    assert!(summary.contains("major update, platform lost, new line 4 | `3.1.0` → `4.0.0`"), "{summary}");
    assert_eq!(world.proposed(), [format!("{GROUP} opened"), format!("{MAJOR} opened")]);
    let pull = world.github.pull(world.number(MAJOR));
    assert_eq!(pull.title, "Approve quay.io/grafana/loki 4.0.0 (major, new line 4, after 3.1.0)");
    insta::assert_snapshot!(said(&pull.body), @r"
    - Change: major update of [`quay.io/grafana/loki:4.0.0`](https://quay.io/repository/grafana/loki?tab=tags&tag=4.0.0), after `3.1.0`
    - Risk: **platform lost** (`linux/arm64`), **major**, **new line 4**; not looked at: known vulnerabilities
    - Version: `4.0.0`, new line 4, compared with [`3.1.0`](https://quay.io/repository/grafana/loki?tab=tags&tag=3.1.0), the newest approval below it
    ");
    assert!(pull.body.contains("| `linux/arm64` |  | **lost** |  |"), "{}", pull.body);
    assert_eq!(said(&world.checked(world.number(MAJOR))), said(&pull.body), "check says the same");
    assert_eq!(world.proposed(), [format!("{GROUP} unchanged"), format!("{MAJOR} unchanged")]);
    world.github.merge(world.number(MAJOR));
    let text = world.github.read("main", FILE).unwrap();
    assert!(["3.0.2", "3.1.0", "4.0.0"].iter().all(|tag| text.contains(&format!("tag: {tag}\n"))), "{text}");
}

#[test]
fn a_terminal_says_the_same_of_a_new_line() {
    let world = each_major();
    let clone = world.clone();
    let run = Run::new(PROGRAM).dir(clone.path()).env("WHARFINGER_HOSTS", world.hosts());
    let text = run.args(["--forge", "git", "propose", "--dry-run"]).output().expect_status(0).stdout;
    let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(joined.contains("loki: 3.1.0 -> 4.0.0, major update, platform lost, new line 4, "), "{text}");
    assert!(joined.contains("platforms lost: linux/arm64"), "{text}");
}

#[test]
fn lines_between_and_below_what_is_approved() {
    let rule = "    versions: '>=2'\n    follow: each-minor\n    keep: 1\n";
    let published = ["2.9.4", "3.0.0", "3.0.1", "3.1.0", "3.2.0", "v3.3.0"];
    let world = World::new(rule, &published, &["3.2.0", "3.0.0"]);
    let (plan, _) = world.job(&["propose", "--dry-run"]);
    let images = plan["proposals"].as_array().unwrap().iter().flat_map(|p| p["images"].as_array().unwrap());
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let rows = images.filter(|image| image["repository"] == "loki");
    let rows = rows
        .map(|i| format!("{} {} -> {}: {}", text(&i["kind"]), text(&i["from"]), text(&i["to"]), text(&i["change"])));
    insta::assert_snapshot!(rows.collect::<Vec<_>>().join("\n"), @r"
    update 3.2.0 -> v3.3.0: minor update, new line 3.3, new habit
    update 3.0.0 -> 3.1.0: minor update, new line 3.1
    update 3.0.0 -> 3.0.1: patch update
    retire - -> 3.0.0: retirement
    new - -> 2.9.4: new line 2.9
    ");
    assert_eq!(world.proposed(), [format!("{GROUP} opened")]);
    let number = world.number(GROUP);
    let body = world.github.pull(number).body;
    assert!(!body.contains("first approval"), "{body}");
    let comes_in = |text: &str| {
        let leaves = |line: &&str| line.starts_with("- Change: ") || line.contains("retirement");
        said(text).lines().filter(|line| !leaves(line)).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(comes_in(&world.checked(number)), comes_in(&body), "check says the same of what comes in");
}

#[test]
fn a_new_version_of_all_is_compared_with_the_one_below_it() {
    let world = World::new("    follow: all\n", &["3.0.0", "3.0.1", "3.2.0", "4.0.0"], &["3.0.0", "3.2.0"]);
    assert_eq!(world.proposed(), [format!("{GROUP} opened"), "wharfinger/image/loki/4.0.0 opened".to_owned()]);
    let group = world.github.pull(world.number(GROUP)).body;
    assert!(said(&group).contains("| `3.0.0` → `3.0.1` |"), "{group}");
    let major = world.github.pull(world.number("wharfinger/image/loki/4.0.0")).body;
    assert!(said(&major).contains("after `3.2.0`\n- Risk: **platform lost** (`linux/arm64`), **major**"), "{major}");
}

#[test]
fn a_floating_tag_more_is_a_new_line_of_an_image_that_has_one() {
    let world = World::new("    tags: [stable, edge]\n", &["stable", "edge"], &["stable"]);
    assert_eq!(world.proposed(), [format!("{GROUP} opened")]);
    let body = world.github.pull(world.number(GROUP)).body;
    assert!(said(&body).contains("| **new line** | `edge`"), "{body}");
    assert_eq!(said(&world.checked(world.number(GROUP))), said(&body), "check says the same");
}

#[test]
fn a_proposal_that_compared_with_nothing_is_updated_once() {
    let world = World::new("    follow: each-minor\n", &["3.1.0", "3.2.0"], &["3.1.0"]);
    assert_eq!(world.proposed(), [format!("{GROUP} opened")]);
    let number = world.number(GROUP);
    let body = world.github.pull(number).body;
    let entry = r#""from":"3.1.0","to":"3.2.0""#;
    let as_before =
        body.replace(entry, r#""from":null,"to":"3.2.0""#).replacen("\"kind\":\"update\"", "\"kind\":\"new\"", 1);
    assert!(body.contains(entry) && as_before != body, "{body}");
    world.github.with(|state| state.pull(number).unwrap().body.clone_from(&as_before));
    assert_eq!(world.proposed(), [format!("{GROUP} updated")]);
    assert_eq!(said(&world.github.pull(number).body), said(&body));
    assert_eq!(world.proposed(), [format!("{GROUP} unchanged")]);
    assert_eq!(world.github.writes(), Vec::<String>::new());
}

#[test]
fn what_was_approved_follows_the_base_though_another_line_was_merged() {
    let world = World::new("    follow: each-minor\n", &["3.1.0", "3.2.0", "4.0.0"], &["3.1.0"]);
    let major = "wharfinger/image/loki/4.0";
    assert_eq!(world.proposed(), [format!("{GROUP} opened"), format!("{major} opened")]);
    let number = world.number(major);
    assert!(said(&world.github.pull(number).body).contains(", after `3.1.0`\n"));
    world.github.review_as(number, "octocat", "APPROVED");
    world.github.merge(world.number(GROUP));
    assert_eq!(world.proposed(), [format!("{major} updated")]);
    assert!(said(&world.github.pull(number).body).contains(", after `3.2.0`\n"));
    let text = world.github.read(major, FILE).unwrap();
    assert!(text.contains("tag: 3.2.0\n") && text.contains("tag: 4.0.0\n"), "{text}");
}

#[test]
fn an_older_version_that_a_person_asks_for_is_a_downgrade_everywhere() {
    let world = World::new("    versions: '^3'\n    keep: 1\n", &["3.0.0", "3.1.0"], &["3.1.0"]);
    let clone = world.clone();
    let before = std::fs::read_to_string(clone.path().join(FILE)).unwrap();
    let approve = |format: &[&str]| {
        std::fs::write(clone.path().join(FILE), &before).unwrap();
        let run = Run::new(PROGRAM).dir(clone.path()).env("WHARFINGER_HOSTS", world.hosts());
        run.args(format).args(["approve", "loki:3.0.0"]).output().expect_status(0)
    };
    let image = &approve(&["--format", "json"]).json()["approval"]["images"][0];
    assert_eq!((&image["from"], &image["kind"]), (&json!("3.1.0"), &json!("update")), "{image}");
    assert_eq!((&image["change"], &image["step"]), (&json!("minor downgrade"), &json!("minor")));
    assert_eq!(image["marks"], json!(["downgrade"]));
    let shown = approve(&[]).stdout;
    assert!(shown.contains("loki: 3.1.0 -> 3.0.0, minor downgrade, "), "{shown}");
    let after = std::fs::read_to_string(clone.path().join(FILE)).unwrap();
    assert!(after.contains("tag: 3.1.0\n") && after.contains("tag: 3.0.0\n"), "nothing is retired: {after}");

    let (opened, summary) = world.job(&["approve", "loki:3.0.0", "--urgent", "3.1 loses logs"]);
    assert_eq!(opened["approval"]["branch"], json!("wharfinger/image/loki/latest"), "{opened}");
    assert!(summary.contains("| **urgent, minor downgrade** |"), "{summary}");
    let number = world.number("wharfinger/image/loki/latest");
    let pull = world.github.pull(number);
    assert_eq!(pull.title, "Urgent: Approve quay.io/grafana/loki 3.0.0 (minor downgrade from 3.1.0)");
    insta::assert_snapshot!(said(&pull.body), @r"
    - Change: minor downgrade of [`quay.io/grafana/loki:3.0.0`](https://quay.io/repository/grafana/loki?tab=tags&tag=3.0.0), after `3.1.0`
    - Risk: **urgent**, **downgrade**; not looked at: known vulnerabilities
    > [!WARNING]
    > Urgent: [`quay.io/grafana/loki:3.0.0`](https://quay.io/repository/grafana/loki?tab=tags&tag=3.0.0) does not wait for the cooldown. Why: `3.1 loses logs`
    > [!WARNING]
    > **Downgrade:** [`quay.io/grafana/loki:3.0.0`](https://quay.io/repository/grafana/loki?tab=tags&tag=3.0.0) is older than `3.1.0`, which is approved.
    - Version: `3.0.0`, a **downgrade** from [`3.1.0`](https://quay.io/repository/grafana/loki?tab=tags&tag=3.1.0)
    ");
    assert!(!pull.body.contains("retirement"), "{}", pull.body);
    assert_eq!(said(&world.checked(number)), said(&pull.body), "check says the same");
    let text = world.github.read(&pull.head, FILE).unwrap();
    assert!(text.contains("tag: 3.1.0\n") && text.contains("tag: 3.0.0\n"), "{text}");
    assert!(world.proposed().contains(&"wharfinger/image/loki/latest unchanged".to_owned()));
}

#[test]
fn a_pull_request_that_puts_an_older_version_in_place_is_told_as_a_downgrade() {
    let world = World::new("    versions: '^3'\n", &["3.0.0", "3.1.0", "testing"], &["3.1.0"]);
    let text = world.github.read("main", FILE).unwrap();
    let digest = |tag: &str| world.registry.digest("grafana/loki", tag).unwrap().to_string();
    let with = |branch: &str, tag: &str| {
        let text = text.replace("3.1.0", tag).replace(&digest("3.1.0"), &digest(tag));
        let number = world.github.fork_pull("stranger", branch, &[(FILE, text.as_str())], "Please", "");
        said(&world.checked(number))
    };
    insta::assert_snapshot!(with("older", "3.0.0"), @r"
    - Change: minor downgrade of [`quay.io/grafana/loki:3.0.0`](https://quay.io/repository/grafana/loki?tab=tags&tag=3.0.0), after `3.1.0`
    - Risk: **downgrade**; not looked at: known vulnerabilities
    > [!WARNING]
    > **Downgrade:** [`quay.io/grafana/loki:3.0.0`](https://quay.io/repository/grafana/loki?tab=tags&tag=3.0.0) is older than `3.1.0`, which is approved.
    - Version: `3.0.0`, a **downgrade** from [`3.1.0`](https://quay.io/repository/grafana/loki?tab=tags&tag=3.1.0)
    ");
    insta::assert_snapshot!(with("other", "testing"), @r"
    - Change: another tag of [`quay.io/grafana/loki:testing`](https://quay.io/repository/grafana/loki?tab=tags&tag=testing), after `3.1.0`
    - Risk: **another tag**; not looked at: known vulnerabilities
    - Version: `testing`, a different tag from [`3.1.0`](https://quay.io/repository/grafana/loki?tab=tags&tag=3.1.0): it is unknown which is newer
    ");
}
