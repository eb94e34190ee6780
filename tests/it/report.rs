//! The results of commands, as people and programs receive them.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use chrono::{TimeZone, Utc};
use serde_json::Value;
use wharfinger::internals::diag::{Diagnostic, Span};
use wharfinger::internals::plan::removal::Why;
use wharfinger::internals::plan::{FailedStep, State};
use wharfinger::internals::policy::{Category, Gate, Told};
use wharfinger::internals::proposal::Kind;
use wharfinger::internals::proposal::body::{Mark, Step};
use wharfinger::internals::report::facts::{PlannedFacts, PlannedPlatform};
use wharfinger::internals::report::rows::{
    Beside, Check, Failed, Finding, Matrix, Notices, Outcome, Plan, PlannedImage, PlannedProposal, PlannedRepository,
    Promoted, Promotion, Proposed, ProposedAction, Removal, RepositoryAction, Unmatched, Unread, Waiting,
};
use wharfinger::internals::report::{Ending, Format, Output, Runner, Sinks, Style, json};
use wharfinger::internals::rules::{Clock, Reason};

const DIGEST: &str = "sha256:84e4509524fd99960badbac55254afcea330d7a10eabd6a5f1dcb45fc38c3f40";

/// A sink that the test can read afterwards.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Shown {
    stdout: String,
    stderr: String,
    ending: Ending,
}

fn show(style: Style, error: Option<&str>, fill: impl FnOnce(&mut Output)) -> Shown {
    let out = Kept::default();
    let err = if style.runner == Runner::Action { out.clone() } else { Kept::default() };
    let mut output = Output::new(style, Sinks { out: Box::new(out.clone()), err: Box::new(err.clone()) });
    fill(&mut output);
    let ending = output.finish(error).unwrap();
    let text = |kept: &Kept| String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    Shown { stdout: text(&out), stderr: text(&err), ending }
}

const PERSON: Style = Style { format: Format::Human, runner: Runner::Absent };
const PROGRAM: Style = Style { format: Format::Json, runner: Runner::Absent };
const JOB: Style = Style { format: Format::Human, runner: Runner::Action };

fn planned(repository: &str, from: Option<&str>, to: &str, kind: Kind) -> PlannedImage {
    PlannedImage {
        source: format!("grafana/{repository}"),
        repository: repository.parse().unwrap(),
        from: from.map(|tag| tag.parse().unwrap()),
        to: Some(to.parse().unwrap()),
        digest: DIGEST.parse().unwrap(),
        kind,
        facts: PlannedFacts::default(),
    }
}

/// What a look upstream makes known of an update.
fn known() -> PlannedFacts {
    let platform = |name: &str, size, size_before| PlannedPlatform {
        platform: name.to_owned(),
        digest: DIGEST.parse().unwrap(),
        size,
        size_before,
    };
    PlannedFacts {
        change: "minor update, platform lost".to_owned(),
        step: Some(Step::Minor),
        marks: vec![Mark::PlatformLost],
        upstream: Some("https://hub.docker.com/r/grafana/loki/tags?name=3.1.0".to_owned()),
        category: Some(Category::VerifiedPublisher),
        category_told_by: Some(Told::Search),
        policy: Some(Gate::Allowed),
        category_detail: "Verified Publisher (from Docker Hub's search: only a hint, because no published API says it); a mirror is not needed under this policy, which allows the category".to_owned(),
        since: Some(Utc.with_ymd_and_hms(2026, 11, 16, 10, 0, 0).unwrap()),
        clock: Some(Clock::Published),
        waited: Some(5 * 86_400),
        size: Some(41_000_000),
        size_before: Some(39_100_000),
        platforms: vec![
            platform("linux/amd64", 20_500_000, Some(20_100_000)),
            platform("linux/arm64", 19_000_000, Some(19_000_000)),
        ],
        platforms_lost: vec!["linux/s390x".to_owned()],
        on_merge: "creates acme/loki, private, developers: read; copies 2 platforms, 41 MB to acme/loki:3.1.0".to_owned(),
        verified: vec!["upstream's 3.1.0 resolves to this digest".to_owned()],
        not_verified: vec![
            "signatures: the manifest requires none, so none were verified".to_owned(),
            "the layers: neither fetched nor inspected; promotion checks them against their digests".to_owned(),
        ],
        ..PlannedFacts::default()
    }
}

fn promotion(repository: &str, tag: &str, state: State, detail: &str) -> Promotion {
    Promotion {
        source: format!("grafana/{repository}"),
        repository: repository.parse().unwrap(),
        tag: tag.parse().unwrap(),
        digest: DIGEST.parse().unwrap(),
        state,
        detail: detail.to_owned(),
    }
}

fn failed(step: FailedStep, tag: Option<&str>, error: &str) -> Failed {
    Failed {
        source: Some("grafana/mimir".to_owned()),
        repository: Some("mimir".parse().unwrap()),
        tag: tag.map(|tag| tag.parse().unwrap()),
        step,
        error: error.to_owned(),
    }
}

fn waiting() -> Waiting {
    Waiting {
        source: "grafana/loki".to_owned(),
        repository: "loki".parse().unwrap(),
        tag: "3.2.0".parse().unwrap(),
        reason: Reason::Waiting,
        detail: "public since 2026-11-20T10:00:00Z; the cooldown is 3d".to_owned(),
        until: Some(Utc.with_ymd_and_hms(2026, 11, 23, 10, 0, 0).unwrap()),
    }
}

fn unmatched(name: &str, suggestion: Option<&str>) -> Unmatched {
    let suggestion = suggestion.map(str::to_owned);
    Unmatched { source: format!("grafana/{name}"), repository: name.parse().unwrap(), suggestion }
}

fn beside(name: &str) -> Beside {
    Beside {
        source: format!("library/{name}"),
        repository: name.parse().unwrap(),
        line: "latest".to_owned(),
        current: "25_36-jre-alpine".parse().unwrap(),
        newest: "25.0.4_7-jre-alpine".parse().unwrap(),
        suggestion: Some(
            r"`pattern: '(?<version>25\.\d+\.\d+_\d+)-jre-alpine'` would pick 25.0.4_7-jre-alpine".to_owned(),
        ),
    }
}

fn notices() -> Notices {
    let unread = Unread {
        source: "debian".to_owned(),
        repository: "debian".parse().unwrap(),
        tag: "testing-20240513".parse().unwrap(),
        suggestion: Some("`pattern: 'testing-(?<version>.+)'` reads it".to_owned()),
    };
    let suggestion = "the newest version is 2.14.0; `versions: ^2` would pick 2.14.0";
    Notices {
        unmatched: vec![unmatched("mimir", Some(suggestion)), unmatched("agent", None)],
        unread: vec![unread],
        beside: vec![beside("temurin")],
    }
}

fn settings(name: &str, action: RepositoryAction, code: Option<&'static str>, detail: &str) -> PlannedRepository {
    let given = |text: &str| code.map(|_| text.to_owned());
    PlannedRepository {
        repository: name.parse().unwrap(),
        action,
        code,
        expected: given("what should be"),
        found: given("what is"),
        detail: detail.to_owned(),
    }
}

fn removal() -> Removal {
    Removal {
        repository: "loki".parse().unwrap(),
        tag: "3.0.9".parse().unwrap(),
        digest: DIGEST.parse().unwrap(),
        reason: Why::Revoked,
        detail: "revoked: CVE-2027-1234".to_owned(),
    }
}

fn plan() -> Plan {
    Plan {
        proposals: vec![
            PlannedProposal {
                branch: "wharfinger/image/loki/latest".to_owned(),
                title: Some("Approve grafana/loki 3.1.0 (after 3.0.0)".to_owned()),
                images: vec![PlannedImage { facts: known(), ..planned("loki", Some("3.0.0"), "3.1.0", Kind::Update) }],
                detail: None,
            },
            PlannedProposal {
                branch: "wharfinger/group/monitoring".to_owned(),
                title: None,
                images: vec![
                    planned("prometheus", None, "2.55.1-distroless", Kind::New),
                    planned("grafana", Some("11.3.0"), "11.3.0", Kind::Rebuild),
                ],
                detail: Some("the limit of open proposals (proposals.limit) is reached".to_owned()),
            },
        ],
        promotions: vec![
            promotion("loki", "3.0.0", State::Present, ""),
            promotion(
                "tempo",
                "2.6.1",
                State::Copy,
                "creates acme/tempo, private, developers: read; copies 3 platforms, 41 MB",
            ),
            promotion(
                "mimir",
                "2.14.0",
                State::MirrorDiffers,
                "the tag answers sha256:9b2c0d0a3f11, which nobody approved",
            ),
        ],
        repositories: vec![
            settings("tempo", RepositoryAction::Create, None, "creates acme/tempo, private, developers: read"),
            settings("loki", RepositoryAction::Fix, Some("team"), "developers: admin becomes developers: read"),
            settings(
                "mimir",
                RepositoryAction::Report,
                Some("visibility"),
                "private should be public: `promote --yes` makes it public, or write `visibility: private`",
            ),
        ],
        removals: vec![removal()],
        waiting: vec![waiting()],
        notices: notices(),
        failed: vec![failed(FailedStep::Resolve, None, "docker.io: no answer: connection refused\n::add-mask::x")],
        ..Plan::default()
    }
}

fn outcome() -> Outcome {
    Outcome {
        proposals: vec![Proposed {
            number: Some(41),
            url: "https://github.com/acme/images/pull/41".to_owned(),
            branch: "wharfinger/image/loki/latest".to_owned(),
            action: ProposedAction::Opened,
            detail: None,
            title: "Approve grafana/loki 3.1.0".to_owned(),
        }],
        promoted: vec![Promoted {
            repository: "tempo".parse().unwrap(),
            tag: "2.6.1".parse().unwrap(),
            digest: DIGEST.parse().unwrap(),
            mirrored: DIGEST.parse().unwrap(),
            pull: Some(40),
            pull_url: Some("https://github.com/acme/images/pull/40".to_owned()),
        }],
        waiting: vec![],
        fixed: vec![Finding {
            code: "team",
            repository: Some("loki".parse().unwrap()),
            tag: None,
            expected: "developers: read".to_owned(),
            found: "developers: admin".to_owned(),
        }],
        removed: vec![removal()],
        failed: vec![failed(FailedStep::MirrorDiffers, Some("2.14.0"), "the tag answers something else")],
        changed: true,
        ..Outcome::default()
    }
}

fn check() -> Check {
    Check {
        diagnostics: vec![],
        findings: vec![Finding {
            code: "never-served",
            repository: Some("loki".parse().unwrap()),
            tag: Some("3.1.0".parse().unwrap()),
            expected: "a digest that docker.io/grafana/loki:3.1.0 answers".to_owned(),
            found: "sha256:9b2c0d0a3f11".to_owned(),
        }],
        unmatched: vec![unmatched("mimir", Some("`versions: ^2` would pick 2.14.0"))],
        unread: notices().unread,
        promotions: vec![promotion("loki", "3.1.0", State::Copy, "copies 3 platforms")],
        failed: vec![],
        images: Vec::new(),
        looked_at: 0,
    }
}

fn diagnostic(line: usize) -> Diagnostic {
    Diagnostic {
        code: "unknown-key",
        message: "unknown key `platfroms` in an image".to_owned(),
        file: "approved-images.yml".to_owned(),
        line,
        column: 5,
        help: "did you mean `platforms`?".to_owned(),
        span: Span::default(),
    }
}

#[test]
fn a_person_reads_a_plan_within_80_columns() {
    let shown = show(PERSON, None, |output| output.plan(&plan()));
    assert!(shown.stdout.lines().all(|line| line.chars().count() <= 80), "{}", shown.stdout);
    insta::assert_snapshot!(shown.stdout);
    assert_eq!(shown.stderr, "");
}

/// The widest row of a table, in pixels of a page with large letters: what no line can break within, and padding.
fn widest_row(markdown: &str) -> usize {
    let plain = |cell: &str| cell.replace("<code>", "`").replace("</code>", "`").replace("<!-- -->", "");
    let width = |word: &str| word.replace(['`', '\\'], "").replace("&lt;", "<").replace("&gt;", ">").chars().count();
    let cell = |cell: &str| {
        let cell = plain(cell).replace("<wbr>", " ");
        let cell = cell.split_once("](").map_or(cell.clone(), |(shown, _)| shown.to_owned());
        let longest = cell.split([' ', '-']).map(width).max().unwrap_or(0);
        longest * 82 / 10 + 26 + if cell.contains('`') { 11 } else { 0 }
    };
    let row = |line: &str| line.trim_matches('|').split(" | ").map(str::trim).map(cell).sum();
    markdown.lines().filter(|line| line.starts_with("| ")).map(row).max().unwrap_or_default()
}

/// However long names are, no table of the job summary is wider than its page.
#[test]
fn however_long_names_are_no_table_of_the_summary_is_wider_than_its_page() {
    let long = "a-long_name.of-an-image".repeat(8);
    let tag = "2.55.1_distroless.bookworm_20261119".repeat(3);
    let name = || long.parse().unwrap();
    let text = format!("docker.io/{long}:{tag} answers {DIGEST}, {}", "x".repeat(200));
    let failed = Failed { repository: Some(name()), ..failed(FailedStep::Read, Some(&tag), &text) };
    let finding = Finding {
        code: "allowlisted-source",
        repository: Some(name()),
        tag: Some(tag.parse().unwrap()),
        expected: text.clone(),
        found: text.clone(),
    };
    let branch = format!("wharfinger/image/{long}/latest");
    let proposal = Proposed { branch: branch.clone(), detail: Some(text.clone()), ..outcome().proposals.remove(0) };
    let promoted = Promoted { repository: name(), tag: tag.parse().unwrap(), ..outcome().promoted.remove(0) };
    let waiting = Waiting { repository: name(), tag: tag.parse().unwrap(), detail: text.clone(), ..waiting() };
    let notices = Notices { beside: vec![Beside { suggestion: Some(text.clone()), ..beside(&long) }], ..notices() };
    let outcome = Outcome {
        proposals: vec![proposal],
        promoted: vec![promoted],
        waiting: vec![waiting],
        fixed: vec![finding.clone()],
        removed: vec![Removal { repository: name(), tag: tag.parse().unwrap(), detail: text.clone(), ..removal() }],
        drift: vec![finding.clone()],
        failed: vec![failed.clone()],
        notices,
        ..Outcome::default()
    };
    let image = PlannedImage { facts: known(), ..planned(&long, Some(&tag), &tag, Kind::Update) };
    let plan = Plan {
        proposals: vec![PlannedProposal { branch, title: None, images: vec![image; 5], detail: None }],
        promotions: vec![promotion(&long, &tag, State::Copy, &text)],
        repositories: vec![settings(&long, RepositoryAction::Fix, Some("visibility"), &text)],
        failed: vec![failed.clone()],
        ..Plan::default()
    };
    let check = Check { findings: vec![finding], failed: vec![failed], ..check() };
    let summaries = [
        show(JOB, None, |output| output.plan(&plan)),
        show(JOB, None, |output| output.outcome(outcome)),
        show(JOB, None, |output| output.check(check, &[])),
    ];
    for summary in summaries.map(|shown| shown.ending.summary) {
        assert!(widest_row(&summary) <= 860, "{} pixels\n{summary}", widest_row(&summary));
        assert!(summary.contains("<wbr>") && !summary.contains(DIGEST), "{summary}");
    }
}

/// The longest names that there may be: what passes 80 columns is one word that nothing can break.
#[test]
fn however_long_names_are_no_line_passes_80_columns_but_for_one_word() {
    let long = "a-long-name".repeat(9);
    let wide = planned(&long, Some(&"3.0.0-alpine".repeat(4)), &"3.1.0-alpine".repeat(10), Kind::Update);
    let reason = "exploited since Friday, see the advisory ".repeat(5);
    let mut facts = PlannedFacts { reason: Some(reason), ..known() };
    facts.platforms = vec![facts.platforms[0].clone(); 30];
    facts.not_verified.push(format!("not looked at: {long}: no answer"));
    let mut plan = plan();
    plan.proposals.push(PlannedProposal {
        branch: format!("wharfinger/image/{long}/latest"),
        title: Some(format!("Urgent: Approve ghcr.io/{long} 3.1.0 (major, after 2.0.0)")),
        images: vec![PlannedImage { facts, ..wide }],
        detail: Some("somebody committed to this branch, so it is left alone ".repeat(3)),
    });
    plan.promotions.push(promotion(&long, "3.1.0", State::Copy, &"creates a repository, ".repeat(9)));
    plan.waiting.push(Waiting { repository: long.parse().unwrap(), ..waiting() });
    plan.failed.push(Failed { repository: Some(long.parse().unwrap()), ..failed(FailedStep::Read, Some("1"), "no") });
    let shown = show(PERSON, None, |output| output.plan(&plan)).stdout;
    for line in shown.lines().filter(|line| line.chars().count() > 80) {
        assert_eq!(line.split_whitespace().count(), 1, "{line}\n\n{shown}");
    }
    assert!(shown.lines().count() > 60 && shown.contains(&long), "{shown}");
}

#[test]
fn a_person_reads_what_was_done() {
    let shown = show(PERSON, None, |output| output.outcome(outcome()));
    insta::assert_snapshot!(shown.stdout);
    let nothing = show(PERSON, None, |output| output.outcome(Outcome::default()));
    assert_eq!(nothing.stdout, "nothing to do: everything matches the manifest\n");
}

#[test]
fn a_run_of_two_commands_says_once_that_there_was_nothing_to_do() {
    let two = |first: Outcome, second: Outcome| {
        show(PERSON, None, |output| {
            output.outcome(first);
            output.outcome(second);
        })
        .stdout
    };
    let idle = two(Outcome::default(), Outcome::default());
    assert_eq!(idle, "nothing to do: everything matches the manifest\n");
    let busy = two(Outcome::default(), Outcome { changed: true, ..Outcome::default() });
    assert_eq!(busy, "", "one of the two wrote something");
    let open = Outcome { proposals: outcome().proposals, ..Outcome::default() };
    assert!(two(Outcome::default(), open).ends_with("nothing to write: everything is up to date\n"));
    for notices in [
        Notices { unmatched: notices().unmatched, ..Notices::default() },
        Notices { unread: notices().unread, ..Notices::default() },
        Notices { beside: notices().beside, ..Notices::default() },
    ] {
        let told = two(Outcome::default(), Outcome { notices, ..Outcome::default() });
        assert!(
            told.ends_with("nothing to write, but some rules leave something out: see the warnings above\n"),
            "{told}"
        );
    }
}

/// An image a line may stand there for months: the log has all of them, the summary most, annotations none.
#[test]
fn newer_versions_beside_families_stay_few_in_the_summary_and_are_no_annotations() {
    let many: Vec<Beside> = (0..300).map(|at| beside(&format!("image-{at}"))).collect();
    let notices = Notices { beside: many, ..notices() };
    let shown = show(JOB, None, |output| output.outcome(Outcome { notices, ..Outcome::default() }));
    let rows =
        |word: &str| shown.ending.summary.lines().filter(|line| line.starts_with(&format!("| {word} |"))).count();
    assert_eq!((rows("unmatched"), rows("unread"), rows("beside")), (2, 1, 97));
    assert!(shown.ending.summary.contains("\n\nand 203 more: the log has all of them\n"), "{}", shown.ending.summary);
    assert!(shown.stdout.contains("image-299:25_36-jre-alpine"));
    let warnings: Vec<&str> = shown.stdout.lines().filter(|line| line.starts_with("::warning")).collect();
    assert_eq!(warnings.len(), 3, "{warnings:?}");
    assert!(
        warnings[2].starts_with("::warning title=unread debian%3Atesting-20240513::testing-20240513 is approved, but")
    );

    let unmatched = (0..12).map(|at| unmatched(&format!("image-{at}"), None)).collect();
    let notices = Notices { unmatched, ..Notices::default() };
    let shown = show(JOB, None, |output| output.plan(&Plan { notices, ..Plan::default() }));
    let warnings: Vec<&str> = shown.stdout.lines().filter(|line| line.starts_with("::warning")).collect();
    assert_eq!(warnings.len(), 10);
    assert_eq!(warnings[9], "::warning::3 more warnings: see the job summary and the log");
}

#[test]
fn a_person_reads_what_a_check_found() {
    let shown = show(PERSON, None, |output| output.check(check(), &[]));
    insta::assert_snapshot!(shown.stdout);
}

#[test]
fn the_job_summary_has_everything() {
    let shown = show(JOB, Some("GitHub refused: 403"), |output| {
        output.plan(&plan());
        output.outcome(outcome());
        output.check(check(), &[]);
        output.diagnostics(vec![diagnostic(7)], &[]);
    });
    insta::assert_snapshot!(shown.ending.summary);
}

/// Foreign text on standard output stands between stop-commands and its token; nothing else starts a line with `::`.
#[test]
fn in_a_job_the_runner_obeys_nobody_else() {
    let shown = show(JOB, Some("first\n::add-mask::second"), |output| {
        output.plan(&plan());
        output.outcome(outcome());
    });
    insta::assert_snapshot!(shown.stdout);
    let step = show(Style { runner: Runner::Step, ..JOB }, Some("first\n::add-mask::second"), |output| {
        output.plan(&plan());
        output.outcome(outcome());
    });
    assert!(
        step.stdout.starts_with("Proposals\n") && !step.stdout.lines().any(|line| line.trim_start().starts_with("::"))
    );
    assert!(
        step.stderr.starts_with("error: first\n: :add-mask::second\n::error title=wharfinger::first%0A"),
        "{}",
        step.stderr
    );
}

#[test]
fn a_job_gets_outputs_and_the_matrix() {
    let shown = show(JOB, None, |output| {
        output.plan(&Plan { matrix: Some(Matrix::of(3)), ..plan() });
        output.outcome(outcome());
    });
    let outputs: Vec<String> = shown.ending.outputs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    insta::assert_snapshot!(outputs.join("\n"));
}

#[test]
fn ten_annotations_of_a_kind_and_the_rest_counted() {
    let shown = show(JOB, None, |output| output.diagnostics((1..=12).map(diagnostic).collect(), &[]));
    let annotations: Vec<&str> = shown.stdout.lines().filter(|line| line.starts_with("::error")).collect();
    assert_eq!(annotations.len(), 10);
    assert!(annotations[0].starts_with("::error file=approved-images.yml,line=1,col=5,title=unknown-key::"));
    assert!(annotations[9].contains("3 more errors"), "{}", annotations[9]);
}

fn parsed(fill: impl FnOnce(&mut Output), error: Option<&str>) -> Value {
    let shown = show(PROGRAM, error, fill);
    assert_eq!(shown.stdout.lines().count(), 1, "one object on one line");
    serde_json::from_str(&shown.stdout).unwrap()
}

#[test]
fn a_program_reads_one_object_that_the_schema_describes() {
    let validator = jsonschema::validator_for(&json::schema()).unwrap();
    let documents = [
        ("plan", parsed(|output| output.plan(&plan()), None)),
        ("matrix", parsed(|output| output.plan(&Plan { matrix: Some(Matrix::of(2)), ..Plan::default() }), None)),
        ("outcome", parsed(|output| output.outcome(outcome()), None)),
        ("check", parsed(|output| output.check(check(), &[]), None)),
        ("diagnostics", parsed(|output| output.diagnostics(vec![diagnostic(7)], &[]), None)),
        ("nothing", parsed(|_| {}, Some("GitHub refused: 403"))),
    ];
    for (name, document) in &documents {
        assert!(validator.is_valid(document), "{name}: {document:#}");
        assert_eq!(document["version"], 1, "{name}");
    }
    let wrong = serde_json::json!({"version": 2});
    assert!(!validator.is_valid(&wrong), "the schema takes anything");
    insta::assert_snapshot!(documents.map(|(name, document)| format!("{name}: {document:#}")).join("\n"));
}

#[test]
fn two_commands_of_a_run_make_one_document() {
    let both = parsed(
        |output| {
            output.plan(&plan());
            output.outcome(Outcome { proposals: vec![], ..outcome() });
            output.plan(&plan());
            output.outcome(Outcome { promoted: vec![], failed: vec![], changed: false, ..outcome() });
        },
        Some("rate limit"),
    );
    assert_eq!(both["proposals"].as_array().unwrap().len(), 1);
    assert_eq!(both["promoted"].as_array().unwrap().len(), 1);
    assert_eq!(both["failed"].as_array().unwrap().len(), 1, "a plan's failures are not counted again");
    assert_eq!((both["changed"].as_bool(), both["error"].as_str()), (Some(true), Some("rate limit")));
}
