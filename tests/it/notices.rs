//! Rules that pick nothing and approvals that rules do not read: reported wherever nothing is proposed, but not as
//! failures.

use serde_json::{Value, json};

use crate::support::clone::Clone;
use crate::support::github::{Options, TestGitHub};
use crate::support::http::{Action, Rule};
use crate::support::images::ImageSpec;
use crate::support::process::{Actions, Outcome, Run};
use crate::support::registry::TestRegistry;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");
const FILE: &str = "approved-images.yml";
const ALL_IS_WELL: [&str; 3] = ["everything matches the manifest", "no problems in", "Nothing found"];

/// Loki in three versions, and an image of which every tag has a variant.
fn upstream() -> TestRegistry {
    let registry = TestRegistry::start();
    for (seed, tag) in ["3.0.0", "3.1.0", "2.9.9"].into_iter().enumerate() {
        ImageSpec::new(seed as u64).build().put(&registry, "grafana/loki", tag);
    }
    for (seed, tag) in ["1.25.0-alpine", "1.26.1-alpine"].into_iter().enumerate() {
        ImageSpec::new(10 + seed as u64).build().put(&registry, "team/proxy", tag);
    }
    registry
}

fn hosts(registry: &TestRegistry) -> String {
    format!("quay.io={}", registry.url())
}

/// A manifest of one image of Loki with this range.
fn manifest(range: &str) -> String {
    format!(
        "organization: acme\nregistry: quay.io\nsources: [quay.io]\ndefaults: {{ cooldown: 0s }}\nimages:\n  - source: quay.io/grafana/loki\n    \
         versions: {range}\n"
    )
}

const VARIANTS_ALONE: &str = "  - source: quay.io/team/proxy\n";

fn local(text: &str, registry: &TestRegistry, arguments: &[&str]) -> Outcome {
    let clone = Clone::with(&[(FILE, text)]);
    clone.run(PROGRAM, &hosts(registry), arguments).output().expect_status(0)
}

/// The output for people.
fn read(text: &str, registry: &TestRegistry, command: &str) -> String {
    let clone = Clone::with(&[(FILE, text)]);
    let run = Run::new(PROGRAM).dir(clone.path()).env("WHARFINGER_HOSTS", hosts(registry));
    let stdout = run.arg(command).output().expect_status(0).stdout;
    ALL_IS_WELL.iter().for_each(|words| assert!(!stdout.contains(words), "{stdout}"));
    stdout.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn unmatched(name: &str, suggestion: &str) -> Value {
    let repository = name.rsplit('/').next().unwrap();
    json!({ "source": format!("quay.io/{name}"), "repository": repository, "suggestion": suggestion })
}

const TYPO: &str = "the newest version is 3.1.0; `versions: ^3` would pick 3.1.0";

#[test]
fn a_rule_that_picks_nothing_is_a_warning_wherever_nothing_is_proposed() {
    let registry = upstream();
    let text = manifest("^31") + VARIANTS_ALONE;
    let expected =
        json!(
            [unmatched("grafana/loki", TYPO), unmatched("team/proxy", "`variant: alpine` would pick 1.26.1-alpine"),]
        );
    for command in ["plan", "check"] {
        let output = local(&text, &registry, &[command]).json();
        assert_eq!((&output["unmatched"], &output["unread"]), (&expected, &json!([])), "{command}");
        let shown = read(&text, &registry, command);
        assert!(shown.contains("unmatched loki quay.io/grafana/loki the rule picks none"), "{shown}");
        assert!(shown.contains(TYPO) && shown.contains("`variant: alpine` would pick 1.26.1-alpine"), "{shown}");
    }
    let output = local(&text, &registry, &["explain"]).json();
    let loki = &output["images"][0];
    assert_eq!((&loki["unmatched"], &loki["suggestion"]), (&json!(true), &json!(TYPO)));
    assert_eq!((&loki["unread"], &loki["beside"]), (&json!([]), &json!([])));
    let shown = read(&text, &registry, "explain");
    assert!(shown.contains(&format!("the rule picks none of the existing tags; {TYPO}")), "{shown}");
}

#[test]
fn what_picks_something_or_is_approved_is_no_warning() {
    let registry = upstream();
    let digest = registry.digest("grafana/loki", "3.1.0").unwrap();
    let approved = format!("    approved: [{{ tag: 3.1.0, digest: {digest}, mirrored: {digest} }}]\n");
    ImageSpec::new(1).build().put(&registry, "acme/loki", "3.1.0");
    for text in [manifest("^3"), manifest("^3") + &approved] {
        for command in ["plan", "check"] {
            let output = local(&text, &registry, &[command]).json();
            assert_eq!(output["unmatched"], json!([]), "{command} of {text}");
        }
    }
}

/// A repository on GitHub whose manifest is `text`.
struct World {
    registry: TestRegistry,
    /// A host that no base names.
    foreign: TestRegistry,
    github: TestGitHub,
}

impl World {
    fn new(text: &str) -> Self {
        let files = vec![(FILE.to_owned(), text.to_owned())];
        Self {
            registry: upstream(),
            foreign: TestRegistry::start(),
            github: TestGitHub::start(Options { files, ..Options::default() }),
        }
    }

    /// A run in a job, and the job's summary.
    fn run(&self, event: Actions, arguments: &[&str]) -> (Outcome, String) {
        let event = event.api(&self.github.server(), &self.github.api(), &self.github.graphql());
        let run = Run::new(PROGRAM).actions(&event).env("GITHUB_TOKEN", self.github.token());
        let hosts = format!("{},ghcr.io={}", hosts(&self.registry), self.foreign.url());
        let outcome = run.env("WHARFINGER_HOSTS", hosts).args(arguments).output().expect_status(0);
        (outcome, event.summary())
    }

    fn scheduled(&self, arguments: &[&str]) -> (Outcome, String) {
        self.run(Actions::schedule(&self.github.repository()), arguments)
    }

    fn check(&self, number: u64, arguments: &[&str]) -> (Outcome, String) {
        let (pull, merge) = (self.github.pull(number), self.github.merge_commit(number).unwrap());
        let head = (pull.head.as_str(), pull.head_sha.as_str());
        self.run(Actions::pull_request(&self.github.repository(), number, head, &pull.base_sha, &merge), arguments)
    }

    fn listings(&self, repository: &str) -> usize {
        let path = format!("/v2/{repository}/tags/list");
        self.registry.server().lines().iter().filter(|line| line.contains(&path)).count()
    }
}

#[test]
fn propose_and_run_say_it_each_time_until_the_rule_is_fixed() {
    let world = World::new(&manifest("^31"));
    for command in ["propose", "run", "propose"] {
        let (outcome, summary) = world.scheduled(&[command]);
        let warning = format!("::warning title=unmatched loki::the rule picks none of the existing tags; {TYPO}");
        assert!(outcome.stderr.lines().any(|line| line == warning), "{}", outcome.stderr);
        let shown = outcome.said() + &summary;
        ALL_IS_WELL.iter().for_each(|words| assert!(!shown.contains(words), "{shown}"));
        assert!(summary.contains("| unmatched | `loki` | `quay.io/grafana/loki` |"), "{summary}");
        assert!(summary.contains("would pick 3.1.0"), "{summary}");
        let (outcome, _) = world.scheduled(&["--format", "json", command]);
        let output = outcome.json();
        assert_eq!(output["unmatched"], json!([unmatched("grafana/loki", TYPO)]));
        assert_eq!((&output["proposals"], &output["changed"]), (&json!([]), &json!(false)), "{output}");
    }
    world.github.push_as("main", "octocat", &[(FILE, &manifest("^3"))]);
    let (outcome, _) = world.scheduled(&["--format", "json", "propose"]);
    let output = outcome.json();
    assert_eq!((&output["unmatched"], &output["proposals"][0]["action"]), (&json!([]), &json!("opened")), "{output}");
}

#[test]
fn check_lists_the_sources_of_the_rules_that_a_pull_request_brings_and_of_no_others() {
    let world = World::new(&manifest("^31"));
    let pull = |branch: &str, text: &str| world.github.fork_pull("stranger", branch, &[(FILE, text)], "Please", "");
    let changed =
        manifest("^32") + "  - { source: quay.io/grafana/loki, repository: old, versions: ^9 }\n" + VARIANTS_ALONE;
    let number = pull("typo", &changed);
    let (outcome, summary) = world.check(number, &["check"]);
    assert!(
        outcome.stderr.contains("::warning file=approved-images.yml,line=6,col=5,title=unmatched loki::"),
        "{}",
        outcome.stderr
    );
    ALL_IS_WELL.iter().for_each(|words| assert!(!(outcome.said() + &summary).contains(words), "{summary}"));
    assert!(summary.contains("| unmatched | `proxy` |"), "{summary}");
    assert_eq!((world.listings("grafana/loki"), world.listings("team/proxy")), (1, 1), "one listing a source");
    world.registry.server().clear_log();

    let number = pull("label", &manifest("^31").replace("    versions", "    labels: [logs]\n    versions"));
    let output = world.check(number, &["--format", "json", "check"]).0.json();
    assert_eq!((&output["unmatched"], world.listings("grafana/loki")), (&json!([]), 0), "its rule stood before");

    let number =
        pull("foreign", &(manifest("^3").replace("sources: [quay.io]\n", "") + "  - source: ghcr.io/evil/tool\n"));
    let output = world.check(number, &["--format", "json", "check"]).0.json();
    assert_eq!((&output["unmatched"], world.foreign.log().len()), (&json!([]), 0), "{output}");
}

/// A list that cannot be had is no finding: what needs none is told.
#[test]
fn check_is_as_good_without_a_list() {
    let registry = upstream();
    registry.fault(Rule::new("GET", "^/v2/grafana/loki/tags/list", Action::Answer(403, Vec::new(), "{}".into())));
    let text =
        manifest("^31") + VARIANTS_ALONE + "  - { source: quay.io/grafana/loki, repository: old, versions: ^9 }\n";
    let outcome = local(&text, &registry, &["check"]);
    assert_eq!(outcome.json()["unmatched"][0]["repository"], "proxy", "{}", outcome.stdout);
    assert_eq!(outcome.json()["unmatched"].as_array().unwrap().len(), 1, "{}", outcome.stdout);
    let said = "it is unknown whether rules pick anything from quay.io/grafana/loki: ";
    assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
}

/// Debian with an approval that the grammar does not read.
fn codename(registry: &TestRegistry) -> String {
    for (seed, tag) in ["testing-20240513", "testing-20240612", "12.5", "12.6"].into_iter().enumerate() {
        ImageSpec::new(20 + seed as u64).build().put(registry, "team/debian", tag);
    }
    let digest = registry.digest("team/debian", "testing-20240513").unwrap();
    format!("  - source: quay.io/team/debian\n    approved:\n      - tag: testing-20240513\n        digest: {digest}\n")
}

const READS: &str = "`pattern: 'testing-(?<version>.+)'` would pick testing-20240612";

fn unread(suggestion: Option<&str>) -> Value {
    let suggestion = suggestion.map_or(Value::Null, Value::from);
    json!([{
        "source": "quay.io/team/debian", "repository": "debian", "tag": "testing-20240513", "suggestion": suggestion,
    }])
}

#[test]
fn an_approval_that_its_rule_does_not_read_is_named_with_the_rule_that_would() {
    let registry = upstream();
    let text = manifest("^3").replace("images:\n", &format!("images:\n{}", codename(&registry)));
    for command in ["plan", "check"] {
        let output = local(&text, &registry, &[command, "debian"]).json();
        assert_eq!((&output["unread"], &output["unmatched"]), (&unread(Some(READS)), &json!([])), "{command}");
        assert!(output["proposals"].as_array().is_none_or(Vec::is_empty), "{output}");
        let shown = read(&text, &registry, command);
        assert!(
            shown.contains("unread debian:testing-20240513 quay.io/team/debian testing-20240513 is approved"),
            "{shown}"
        );
        assert!(shown.contains(READS), "{shown}");
    }
    let output = local(&text, &registry, &["explain", "debian"]).json();
    let debian = &output["images"][0];
    assert_eq!(debian["unread"], json!([{ "tag": "testing-20240513", "suggestion": READS }]), "{debian}");
    assert_eq!(debian["unmatched"], json!(false));
    assert!(read(&text, &registry, "explain").contains(READS));
}

#[test]
fn an_approval_that_is_not_read_is_named_though_its_source_has_no_list() {
    let registry = upstream();
    let text = manifest("^3").replace("images:\n", &format!("images:\n{}", codename(&registry)));
    registry.fault(Rule::new("GET", "^/v2/team/debian/tags/list", Action::Answer(403, Vec::new(), "{}".into())));
    assert_eq!(local(&text, &registry, &["check"]).json()["unread"], unread(None));
    let clone = Clone::with(&[(FILE, &text)]);
    let output = clone.run(PROGRAM, &hosts(&registry), &["plan", "debian"]).output().expect_status(1).json();
    assert_eq!((&output["unread"], &output["failed"][0]["step"]), (&unread(None), &json!("resolve")), "{output}");
}

#[test]
fn a_pull_request_that_brings_an_approval_which_is_not_read_is_warned_at_its_line() {
    let world = World::new(&manifest("^3"));
    let text = manifest("^3") + &codename(&world.registry);
    let number = world.github.fork_pull("stranger", "debian", &[(FILE, &text)], "Please", "");
    let (outcome, summary) = world.check(number, &["check"]);
    let warning =
        "::warning file=approved-images.yml,line=10,col=9,title=unread debian::testing-20240513 is approved, but";
    assert!(outcome.stderr.contains(warning), "{}", outcome.stderr);
    assert!(summary.contains("| unread | `debian:testing-20240513` |"), "{summary}");
}

/// Temurin, whose first release has fewer parts than its updates.
#[test]
fn newer_versions_beside_the_family_are_told_with_the_rule_that_follows_them() {
    let world = World::new("");
    for (seed, tag) in ["25_36-jre-alpine", "25.0.1_8-jre-alpine", "25.0.4_7-jre-alpine"].into_iter().enumerate() {
        ImageSpec::new(30 + seed as u64).build().put(&world.registry, "team/temurin", tag);
    }
    let digest = world.registry.digest("team/temurin", "25_36-jre-alpine").unwrap();
    let approved = format!("    approved: [{{ tag: 25_36-jre-alpine, digest: {digest}, mirrored: {digest} }}]\n");
    let text = manifest("25").replace("grafana/loki", "team/temurin") + &approved;
    ImageSpec::new(30).build().put(&world.registry, "acme/temurin", "25_36-jre-alpine");
    let output = local(&text, &world.registry, &["plan"]).json();
    let beside = &output["beside"][0];
    let (current, newest) = (beside["current"].as_str(), beside["newest"].as_str());
    assert_eq!((current, newest), (Some("25_36-jre-alpine"), Some("25.0.4_7-jre-alpine")), "{output}");
    let suggestion = beside["suggestion"].as_str().unwrap();
    assert!(suggestion.contains("would pick 25.0.4_7-jre-alpine"), "{suggestion}");
    for command in ["plan", "explain"] {
        let shown = read(&text, &world.registry, command);
        assert!(
            shown.contains("25.0.4_7-jre-alpine is newer than 25_36-jre-alpine") && shown.contains(suggestion),
            "{shown}"
        );
    }
    world.github.push_as("main", "octocat", &[(FILE, &text)]);
    let (outcome, summary) = world.scheduled(&["propose"]);
    assert!(summary.contains("| beside | `temurin:25_36-jre-alpine` |"), "{summary}");
    assert!(!outcome.said().contains("::warning"), "{}", outcome.said());
    ALL_IS_WELL.iter().for_each(|words| assert!(!outcome.said().contains(words), "{}", outcome.said()));
}
