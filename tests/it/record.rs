//! Recording on GitHub: a commit if the branch accepts it, one recording pull request if it does not.

use serde_json::{Value, json};
use wharfinger::internals::image::Digest;

use super::promote::{Clone, entry, in_a_job, manifest};
use crate::support::github::{Options, TestGitHub};
use crate::support::http::Exchange;
use crate::support::images::ImageSpec;
use crate::support::process::{Actions, Run};
use crate::support::registry::TestRegistry;
use crate::support::signing::{Key, tag_of};

const FILE: &str = "approved-images.yml";

struct World {
    upstream: TestRegistry,
    mirror: TestRegistry,
    github: TestGitHub,
}

impl World {
    fn new(protected: bool) -> Self {
        let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
        let github = TestGitHub::start(Options { protected, ..Options::default() });
        Self { upstream, mirror, github }
    }

    fn image(&self, number: u64) -> Digest {
        self.upstream.put_image("team/app", &format!("{number}"), &ImageSpec::new(200 + number).build())
    }

    /// A person brings approvals to the default branch.
    fn approve(&self, approved: &[(&str, &Digest)]) {
        let source = format!("{}/team/app", self.upstream.host());
        let text = manifest(&self.mirror.host(), &[entry(&source, "app", "", approved)]);
        self.github.push_as("main", "octocat", &[(FILE, &text)]);
    }

    #[track_caller]
    fn promote(&self, more: &[&str], status: i32) -> Value {
        let run = Run::new(env!("CARGO_BIN_EXE_wharfinger")).args(["--format", "json", "promote"]).args(more);
        in_a_job(&self.github, run).expect_status(status).json()
    }

    fn text(&self, revision: &str) -> String {
        self.github.read(revision, FILE).unwrap()
    }

    fn check_traffic(&self) {
        let log: Vec<Exchange> = self.github.log().into_iter().filter(|exchange| !exchange.scripted).collect();
        crate::support::contract::github(&log);
    }
}

impl Drop for World {
    /// Whatever a test did, everything asked of GitHub is as GitHub describes it.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.check_traffic();
        }
    }
}

/// One image merges the other's keys, and has approvals of its own.
#[test]
fn records_of_an_image_and_of_one_that_merges_its_keys_are_one_commit() {
    let world = World::new(false);
    let (one, two) = (world.image(1), world.image(2));
    let source = format!("{}/team/app", world.upstream.host());
    let text = manifest(&world.mirror.host(), &[entry(&source, "app", "", &[("1", &one)])]);
    let base = text.replacen("  - source:", "  - &base\n    source:", 1);
    let merging = format!("  - <<: *base\n    repository: copy\n    approved: [{{ tag: '2', digest: {two} }}]\n");
    world.github.push_as("main", "octocat", &[(FILE, &format!("{base}{merging}"))]);
    let result = world.promote(&[], 0);
    assert_eq!((&result["changed"], &result["failed"]), (&json!(true), &json!([])), "{result}");
    let text = world.text("main");
    assert!(
        text.contains(&format!("mirrored: {one}\n")) && text.contains(&format!(", mirrored: {two}, approved-on: ")),
        "{text}"
    );
    assert!(text.contains("  - &base\n") && text.contains("  - <<: *base\n    repository: copy\n"), "{text}");
}

#[test]
fn an_open_branch_takes_the_record_as_a_commit() {
    let world = World::new(false);
    let digest = world.image(1);
    world.approve(&[("1", &digest)]);
    let result = world.promote(&[], 0);
    assert_eq!((&result["changed"], &result["proposals"]), (&json!(true), &json!([])));
    let text = world.text("main");
    assert!(text.contains(&format!("mirrored: {digest}")) && text.contains("approved-on: "), "{text}");
    assert!(world.github.open_pulls().is_empty());
    world.check_traffic();
    world.github.clear_log();
    assert_eq!(world.promote(&[], 0)["changed"], json!(false));
    assert!(world.github.writes().is_empty(), "{:?}", world.github.writes());
}

/// The same image in a manifest that asks for its key, signed by it.
fn signed(world: &World, key: &Key, digest: &Digest) -> String {
    let signature = key.simple_signature_of(digest);
    world.upstream.put_image("team/app", &tag_of(digest, ".sig"), &signature);
    let source = format!("{}/team/app", world.upstream.host());
    let more = "    cooldown: 0s\n    signatures: { key: keys/tool.pub }\n";
    manifest(&world.mirror.host(), &[entry(&source, "app", more, &[("1", digest)])])
}

/// Who signed, as the manifest says; a key's digest apart.
fn signed_by(text: &str) -> Vec<&str> {
    let said = text.lines().filter_map(|line| line.trim().strip_prefix("signed-by: "));
    said.map(|who| who.split_once(" (sha256:").map_or(who, |(who, _)| who)).collect()
}

#[test]
fn who_signed_stands_in_the_record_and_no_longer_beside_other_bytes() {
    for (protected, branch) in [(false, "main"), (true, "wharfinger/record")] {
        let (world, key) = (World::new(protected), Key::generate());
        let digest = world.image(1);
        let text = signed(&world, &key, &digest);
        world.github.push_as("main", "octocat", &[(FILE, &text), ("keys/tool.pub", &key.pem())]);
        let result = world.promote(&[], 0);
        assert_eq!((&result["changed"], &result["failed"]), (&json!(true), &json!([])), "{result}");
        let recorded = world.text(branch);
        assert_eq!(signed_by(&recorded), ["keys/tool.pub"], "{recorded}");
        if let Some(number) = world.github.open_pulls().first() {
            let (pull, merge) = (world.github.pull(*number), world.github.merge_commit(*number).unwrap());
            let head = (pull.head.as_str(), pull.head_sha.as_str());
            let event = Actions::pull_request(&world.github.repository(), *number, head, &pull.base_sha, &merge);
            let event = event.api(&world.github.server(), &world.github.api(), &world.github.graphql());
            let run = Run::new(env!("CARGO_BIN_EXE_wharfinger")).args(["--format", "json", "check"]);
            let checked =
                run.actions(&event).env("GITHUB_TOKEN", world.github.token()).output().expect_status(0).json();
            assert_eq!(checked["findings"], json!([]), "{checked}");
            world.github.merge(*number);
        }
        assert_eq!(world.promote(&[], 0)["changed"], json!(false));

        // The same tag is built anew.
        let rebuilt = world.upstream.put_image("team/app", "1", &ImageSpec::new(300).build());
        signed(&world, &key, &rebuilt);
        let run = Run::new(env!("CARGO_BIN_EXE_wharfinger")).args(["--format", "json", "propose"]);
        let proposed = in_a_job(&world.github, run).expect_status(0).json();
        let proposal = proposed["proposals"][0]["branch"].as_str().unwrap();
        let text = world.text(proposal);
        assert!(text.contains(rebuilt.as_str()) && text.contains(&format!("mirrored: {digest}")), "{text}");
        assert_eq!(signed_by(&text), [""; 0], "who signed the former bytes says nothing of these: {text}");
    }
}

#[test]
fn in_a_clone_who_signed_is_recorded_too() {
    let (upstream, mirror, key) = (TestRegistry::start(), TestRegistry::start(), Key::generate());
    let digest = upstream.put_image("team/app", "1", &ImageSpec::new(1).build());
    upstream.put_image("team/app", &tag_of(&digest, ".sig"), &key.simple_signature_of(&digest));
    let source = format!("{}/team/app", upstream.host());
    let more = "    signatures: { key: keys/tool.pub }\n";
    let text = manifest(&mirror.host(), &[entry(&source, "app", more, &[("1", &digest)])]);
    let clone = Clone::new(&text);
    // Only what is committed counts.
    std::fs::create_dir(clone.path().join("keys")).unwrap();
    std::fs::write(clone.path().join("keys/tool.pub"), key.pem()).unwrap();
    let result = clone.promote(1);
    let failed = &result["failed"][0];
    assert_eq!(failed["step"], json!("unsigned"), "{result}");
    let error = failed["error"].as_str().unwrap();
    assert!(error.contains("there is no keys/tool.pub in the repository at "), "{error}");
    clone.commit(&text);
    assert_eq!(clone.promote(0)["failed"], json!([]));
    assert_eq!(signed_by(&clone.manifest()), ["keys/tool.pub"]);
    assert_eq!(clone.promote(0)["changed"], json!(false));
}

#[test]
fn an_approval_that_no_edit_can_touch_keeps_no_other_from_its_record() {
    for (protected, branch) in [(false, "main"), (true, "wharfinger/record")] {
        let world = World::new(protected);
        let (one, two) = (world.image(1), world.image(2));
        world.approve(&[("1", &one), ("2", &two)]);
        let odd = format!("        ? digest\n        : {two}\n");
        let text = world.text("main").replace(&format!("        digest: {two}\n"), &odd);
        world.github.push_as("main", "octocat", &[(FILE, &text)]);
        for promoted in [json!(["1", "2"]), json!([])] {
            let result = world.promote(&[], 1);
            let failed = &result["failed"];
            assert_eq!(
                (&failed[0]["tag"], &failed[0]["step"], failed[1].is_null()),
                (&json!("2"), &json!("record"), true)
            );
            let error = failed[0]["error"].as_str().unwrap();
            assert!(error.starts_with("approved-images.yml:") && error.contains("cannot be edited safely"), "{error}");
            let tags: Vec<&Value> = result["promoted"].as_array().unwrap().iter().map(|row| &row["tag"]).collect();
            assert_eq!(json!(tags), promoted, "{result}");
        }
        let text = world.text(branch);
        assert!(text.contains(&format!("mirrored: {one}")) && !text.contains(&format!("mirrored: {two}")), "{text}");
        assert!(text.contains(&odd), "{text}");
    }
}

#[test]
fn a_protected_branch_gets_one_recording_pull_request_that_promotions_add_to() {
    let world = World::new(true);
    let (one, two) = (world.image(1), world.image(2));
    world.approve(&[("1", &one)]);
    let result = world.promote(&[], 0);
    assert_eq!(result["proposals"][0]["branch"], json!("wharfinger/record"));
    assert_eq!(result["proposals"][0]["action"], json!("opened"));
    assert!(world.text("wharfinger/record").contains(&format!("mirrored: {one}")));
    assert!(!world.text("main").contains("mirrored:"));

    world.check_traffic();
    world.github.clear_log();
    let result = world.promote(&[], 0);
    assert_eq!((&result["changed"], &result["promoted"]), (&json!(false), &json!([])));
    assert_eq!(result["proposals"][0]["action"], json!("unchanged"));
    assert!(world.github.writes().is_empty(), "{:?}", world.github.writes());

    world.approve(&[("1", &one), ("2", &two)]);
    assert_eq!(world.promote(&[], 0)["proposals"][0]["action"], json!("updated"));
    let pulls = world.github.open_pulls();
    assert_eq!(pulls.len(), 1);
    let text = world.text("wharfinger/record");
    assert!(text.contains(&format!("mirrored: {one}")) && text.contains(&format!("mirrored: {two}")), "{text}");

    world.github.merge(pulls[0]);
    world.mirror.server().clear_log();
    let result = world.promote(&[], 0);
    assert_eq!((&result["changed"], &result["proposals"]), (&json!(false), &json!([])));
    assert_eq!(world.mirror.log().len(), 2, "one HEAD an approval");
}

#[test]
fn the_recording_pull_request_says_why_images_were_asked_for() {
    let world = World::new(true);
    let (one, two) = (world.image(1), world.image(2));
    world.approve(&[("1", &one), ("2", &two)]);
    let text = world.text("main");
    let reason = "        reason: \"asked for by team @billing, see #7\"\n";
    let text = text.replacen(&format!("digest: {one}\n"), &format!("digest: {one}\n{reason}"), 1);
    assert!(text.contains(reason), "{text}");
    world.github.push_as("main", "octocat", &[(FILE, &text)]);
    world.promote(&[], 0);
    let body = world.github.pull(1).body;
    assert!(body.contains("| mirror | digest | reviewed in | asked for |\n"), "{body}");
    let row = |tag: &str| body.lines().find(|line| line.starts_with(&format!("| `app:{tag}` |"))).unwrap().to_owned();
    assert!(row("1").ends_with(" | asked for by team @<!-- -->billing, see #<!-- -->7 |"), "{body}");
    assert!(row("2").ends_with(" |  |"), "{body}");
}

#[test]
fn where_only_commits_are_wanted_a_protected_branch_is_a_failure_of_recording() {
    let world = World::new(true);
    let digest = world.image(1);
    world.approve(&[("1", &digest)]);
    let result = world.promote(&["--record", "commit"], 1);
    assert_eq!(result["failed"][0]["step"], json!("record"));
    assert_eq!(result["promoted"][0]["mirrored"], json!(digest));
    assert!(world.github.open_pulls().is_empty());
    assert_eq!(world.promote(&["--record", "none"], 0)["changed"], json!(false));
    assert_eq!(world.promote(&["--record", "pull-request"], 0)["proposals"][0]["action"], json!("opened"));
}

#[test]
fn records_take_the_form_that_rulesets_ask_for() {
    for protected in [false, true] {
        let world = World::new(protected);
        let pattern = "(?s)^chore\\(app\\): Record .*\\nSigned-off-by: Images <images@example.com>$";
        let rule = json!({ "name": "", "negate": false, "operator": "regex", "pattern": pattern });
        world.github.with(|s| s.rules = vec![(String::new(), "commit_message_pattern", rule)]);
        let digest = world.image(1);
        let source = format!("{}/team/app", world.upstream.host());
        let form = "proposals:\n  title: \"chore({repository}): {title}\"\n  commit-message: \"chore({repository}): {title}\"\n  sign-off: Images <images@example.com>\n";
        let text = manifest(&world.mirror.host(), &[entry(&source, "app", "", &[("1", &digest)])]);
        world.github.push_as("main", "octocat", &[(FILE, &text.replacen("images:\n", &format!("{form}images:\n"), 1))]);
        let result = world.promote(&[], 0);
        assert_eq!(result["changed"], json!(true), "{result}");
        if protected {
            assert_eq!(world.github.pull(1).title, "chore(app): Record app:1 as promoted");
        } else {
            let tip = world.github.branch("main").unwrap();
            let message = world.github.with(|s| s.git.commit_info(&tip).message);
            assert!(message.starts_with("chore(app): Record app:1 as promoted\n\napp:1 sha256:"), "{message}");
        }
    }
}

#[test]
fn a_record_is_made_once_whatever_answer_is_lost_and_whatever_limit_is_met() {
    for protected in [false, true] {
        for (method, path) in
            [("POST", "/graphql$"), ("POST", "/git/refs$"), ("POST", "/pulls$"), ("DELETE", "/git/refs/")]
        {
            if !protected && path != "/graphql$" {
                continue;
            }
            for lost in [true, false] {
                let world = World::new(protected);
                let digest = world.image(1);
                world.approve(&[("1", &digest)]);
                match lost {
                    true => world.github.lose_answers(method, path, 1),
                    false => world.github.secondary_limit(method, path, 1, 0),
                }
                let result = world.promote(&[], 0);
                let place = format!("{protected} {path} {lost}: {result}");
                assert_eq!(result["changed"], json!(true), "{place}");
                let branch = if protected { "wharfinger/record" } else { "main" };
                assert_eq!(world.text(branch).matches("mirrored:").count(), 1, "{place}");
                assert_eq!(world.github.pulls().len(), usize::from(protected), "{place}");
                let branches = world.github.branches();
                assert!(!branches.iter().any(|b| b.starts_with("wharfinger/tmp/")), "{place}: {branches:?}");
                let commits = world.github.with(|s| s.git.log(&[&format!("{branch}~1..{branch}")]).len());
                assert_eq!(commits, 1, "{place}");
            }
        }
    }
}

#[test]
fn a_moved_branch_is_looked_at_again() {
    let world = World::new(false);
    let (one, two) = (world.image(1), world.image(2));
    world.approve(&[("1", &one)]);
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..3).map(|_| scope.spawn(|| world.promote(&[], 0))).collect();
        runs.into_iter().for_each(|run| drop(run.join().unwrap()));
    });
    assert_eq!(world.text("main").matches("mirrored:").count(), 1);
    world.approve(&[("1", &one), ("2", &two)]);
    world.promote(&[], 0);
    let text = world.text("main");
    assert_eq!(text.matches("mirrored:").count(), 2, "{text}");
}

#[test]
fn an_empty_recording_pull_request_is_closed_and_a_persons_commits_are_not() {
    for touched in [false, true] {
        let world = World::new(true);
        let digest = world.image(1);
        world.approve(&[("1", &digest)]);
        world.promote(&[], 0);
        let number = world.github.open_pulls()[0];
        if touched {
            world.github.push_as("wharfinger/record", "octocat", &[("NOTES.md", "mine\n")]);
        }
        world.approve(&[]);
        let result = world.promote(&[], 0);
        let action = if touched { "unchanged" } else { "closed" };
        assert_eq!((&result["proposals"][0]["action"], &result["changed"]), (&json!(action), &json!(!touched)));
        assert_eq!(world.github.pull(number).open, touched);
        let said = world.github.comments(number).iter().any(|c| c.body.contains("Nothing is left to record"));
        assert_eq!(said, !touched);
        world.check_traffic();
        world.github.clear_log();
        assert_eq!(world.promote(&[], 0)["changed"], json!(false));
        assert!(world.github.writes().is_empty(), "{:?}", world.github.writes());
    }
}

#[test]
fn a_recording_pull_request_that_a_person_directs_elsewhere_records_nothing() {
    let world = World::new(true);
    let (one, two) = (world.image(1), world.image(2));
    world.approve(&[("1", &one)]);
    world.promote(&[], 0);
    world.github.push_as("release", "octocat", &[("NOTES", "x\n")]);
    world.github.with(|s| "release".clone_into(&mut s.pull(1).unwrap().base));
    world.approve(&[("1", &one), ("2", &two)]);
    let result = world.promote(&[], 0);
    assert_eq!((&result["proposals"][0]["number"], &result["proposals"][0]["action"]), (&json!(2), &json!("opened")));
    assert_eq!(world.github.pull(2).base, "main");
    assert_eq!(world.text("wharfinger/record").matches("mirrored:").count(), 2);
    assert_eq!(world.promote(&[], 0)["changed"], json!(false));
    world.github.merge(2);
    assert_eq!(world.text("main").matches("mirrored:").count(), 2);
}

#[test]
fn what_a_person_put_on_the_recording_branch_is_not_carried_on_as_ours() {
    let world = World::new(true);
    let (one, two) = (world.image(1), world.image(2));
    world.approve(&[("1", &one)]);
    world.promote(&[], 0);
    let evil = Digest::sha256(b"evil");
    let forged = world.text("wharfinger/record").replace(&format!("mirrored: {one}"), &format!("mirrored: {evil}"));
    let files = [(FILE, forged.as_str()), ("keys/tool.pub", "mine\n")];
    world.github.push_as("wharfinger/record", "octocat", &files);
    world.approve(&[("1", &one), ("2", &two)]);
    let result = world.promote(&[], 0);
    assert_eq!(result["proposals"][0]["action"], json!("updated"), "{result}");
    let text = world.text("wharfinger/record");
    let records = [&one, &two].map(|digest| text.contains(&format!("mirrored: {digest}")));
    assert_eq!((records, text.contains(evil.as_str())), ([true, true], false), "{text}");
    assert_eq!(world.github.read("wharfinger/record", "keys/tool.pub"), None);
    assert_eq!(world.github.with(|state| state.git.log(&["main..wharfinger/record"]).len()), 1);
    assert_eq!(world.github.open_pulls().len(), 1);
}

#[test]
fn a_recording_branch_that_cannot_be_read_keeps_its_records() {
    let world = World::new(true);
    let (one, two) = (world.image(1), world.image(2));
    world.approve(&[("1", &one)]);
    world.promote(&[], 0);
    let tip = world.github.branch("wharfinger/record").unwrap();
    world.approve(&[("1", &one), ("2", &two)]);
    world.github.fail("GET", &format!("/contents/.*ref={tip}"), 100, 502);
    let result = world.promote(&[], 1);
    assert_eq!(result["failed"][0]["step"], json!("record"), "{result}");
    assert_eq!(world.github.branch("wharfinger/record"), Some(tip));
    world.github.clear_faults();
    assert_eq!(world.promote(&[], 0)["proposals"][0]["action"], json!("updated"));
    assert_eq!(world.text("wharfinger/record").matches("mirrored:").count(), 2);
}

#[test]
fn a_branch_that_moves_between_reading_and_committing_is_read_again() {
    let world = World::new(false);
    let digest = world.image(1);
    world.approve(&[("1", &digest)]);
    world.github.push_before("GET", "/pulls", "main", "octocat", &[("NOTES.md", "mine\n")]);
    assert_eq!(world.promote(&[], 0)["changed"], json!(true));
    let commits = world.github.writes().iter().filter(|line| line.starts_with("POST /graphql")).count();
    assert_eq!(commits, 2, "the first one is refused");
    assert_eq!(world.github.read("main", "NOTES.md").as_deref(), Some("mine\n"));
    assert_eq!(world.text("main").matches("mirrored:").count(), 1);
}

#[test]
fn a_revoked_tag_that_is_to_be_deleted_fails_until_it_is_gone() {
    let world = World::new(false);
    let digest = world.image(1);
    world.approve(&[("1", &digest)]);
    world.promote(&[], 0);
    let revoked = format!("    revoked:\n      - tag: \"1\"\n        digest: {digest}\n        reason: CVE-2027-1\n");
    let source = format!("{}/team/app", world.upstream.host());
    let text =
        |delete: &str| manifest(&world.mirror.host(), &[entry(&source, "app", &format!("{revoked}{delete}"), &[])]);
    world.github.push_as("main", "octocat", &[(FILE, &text(""))]);
    assert_eq!(world.promote(&[], 0)["failed"], json!([]), "without delete the tag stays");
    world.github.push_as("main", "octocat", &[(FILE, &text("        delete: true\n"))]);
    world.mirror.set(|switches| switches.delete = false);
    let failed = &world.promote(&[], 1)["failed"][0];
    assert_eq!((&failed["step"], &failed["tag"]), (&json!("revoked"), &json!("1")));
    assert!(failed["error"].as_str().unwrap().contains("this registry does not delete manifests"), "{failed}");
    assert_eq!(world.mirror.digest("acme/app", "1"), Some(digest));
    world.mirror.set(|switches| switches.delete = true);
    assert_eq!(world.promote(&[], 0)["removed"][0]["tag"], json!("1"));
    assert_eq!(world.mirror.digest("acme/app", "1"), None);
}

#[test]
fn in_a_job_the_log_has_a_line_a_phase_and_none_where_errors_alone_are_asked_for() {
    let world = World::new(false);
    world.approve(&[("1", &world.image(1))]);
    let lines = |level: &str| {
        let run =
            Run::new(env!("CARGO_BIN_EXE_wharfinger")).args(["--log-level", level, "--format", "json", "promote"]);
        let outcome = in_a_job(&world.github, run).expect_status(0);
        let told = outcome.stderr.lines().filter(|line| !line.starts_with("::add-mask::"));
        // How long it took is no matter.
        told.map(|line| line.split(" after ").next().unwrap_or(line).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        lines("warn"),
        [
            "::group::Checking the mirrors of 1 approval",
            "::endgroup::",
            "::group::Copying approved images",
            "app:1: 4 blobs, 1.2 kB",
            "app:1: done",
            "::endgroup::",
            "::group::Recording 1 digest",
            "::endgroup::",
        ]
    );
    assert_eq!(lines("error"), Vec::<String>::new());
}
