//! What needs a review: everything that a change of the manifest asks for, on GitHub and Docker Hub stand-ins.

use serde_json::{Value, json};
use wharfinger::internals::image::Digest;

use super::drift::World as Hub;
use super::promote::{entry, in_a_job, manifest};
use crate::support::github::{Options, TestGitHub, Who};
use crate::support::http::Exchange;
use crate::support::hub::HubRepositoryEntry;
use crate::support::images::ImageSpec;
use crate::support::process::{Actions, Run};
use crate::support::registry::TestRegistry;
use crate::support::signing::{Key, tag_of};

const FILE: &str = "approved-images.yml";
const BRANCH: &str = "wharfinger/image/app/latest";
const ROBOT: &str = "wharf[bot]";

struct World {
    upstream: TestRegistry,
    hub: Hub,
    github: TestGitHub,
    digest: Digest,
}

impl World {
    /// A default branch whose manifest asks for so many approvals, and has an image without any.
    fn new(approvals: u32) -> Self {
        let upstream = TestRegistry::start();
        let digest = upstream.put_image("team/app", "1", &ImageSpec::new(1).build());
        let options = Options { who: Who::App("wharf".to_owned()), ..Options::default() };
        let (hub, github) = (Hub::owned(), TestGitHub::start(options));
        for person in ["mona", "hubot", "mallory"] {
            github.add_user(person, "write");
        }
        let world = Self { upstream, hub, github, digest };
        world.push(&world.text(approvals, "", &[]));
        world
    }

    fn text(&self, approvals: u32, more: &str, tags: &[&str]) -> String {
        let approved: Vec<_> = tags.iter().map(|tag| (*tag, &self.digest)).collect();
        let source = format!("{}/team/app", self.upstream.host());
        let text = manifest("docker.io", &[entry(&source, "app", more, &approved)]);
        if approvals == 0 { text } else { format!("policy:\n  approvals: {approvals}\n{text}") }
    }

    /// A direct push to the default branch by somebody who may push.
    fn push(&self, text: &str) -> String {
        self.github.push_as("main", "mallory", &[(FILE, text)])
    }

    /// A pull request of the program's App, approved by these people and merged.
    fn merged(&self, text: &str, people: &[&str]) -> u64 {
        let main = self.github.branch("main").unwrap();
        self.github.with(|state| state.set_branch(BRANCH, None, ROBOT));
        self.github.force(BRANCH, &main, ROBOT);
        self.github.commit_by(BRANCH, (ROBOT, "web-flow"), "Approve", (FILE, text));
        let number = self.github.open_as(ROBOT, BRANCH, "Approve", "");
        for who in people {
            self.github.review_as(number, who, "APPROVED");
        }
        self.github.merge(number);
        number
    }

    /// Merges the default branch into one that left it at `old` and says this: the branch's own history becomes the second parent.
    fn lead_around(&self, old: &str, text: &str) {
        self.github.with(|state| {
            let (before, date) = (state.git.branch("main").unwrap(), state.tick());
            let who = state.signature("mallory", &date);
            let files = [(FILE.to_owned(), Some(text.as_bytes().to_vec()))];
            let side = state.git.commit(Some(old), &files, "x", &who, &who);
            let tree = state.git.commit_info(&side).tree;
            let merge = state.git.commit_tree(&tree, &[&side, &before], "Merge", &who, &who);
            state.set_branch("main", Some(&merge), "mallory");
        });
    }

    #[track_caller]
    fn promote(&self, arguments: &[&str], status: i32) -> Value {
        let run = Run::new(env!("CARGO_BIN_EXE_wharfinger")).args(["--format", "json", "promote"]).args(arguments);
        in_a_job(&self.github, self.hub.command(run, "jo")).expect_status(status).json()
    }

    /// What is not done because nobody reviewed it.
    #[track_caller]
    fn unreviewed(&self, arguments: &[&str]) -> Vec<String> {
        let result = self.promote(arguments, 1);
        let rows = result["failed"].as_array().unwrap().iter().filter(|row| row["step"] == json!("unreviewed"));
        rows.map(|row| row["error"].as_str().unwrap().to_owned()).collect()
    }

    fn manifest(&self) -> String {
        self.github.read("main", FILE).unwrap()
    }

    fn mirror(&self, name: &str, tag: &str) -> Option<Digest> {
        self.hub.registry.digest(&format!("acme/{name}"), tag)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let log: Vec<Exchange> = self.github.log().into_iter().filter(|exchange| !exchange.scripted).collect();
            crate::support::contract::github(&log);
        }
    }
}

/// That some failure begins like this.
#[track_caller]
fn assert_said(failures: &[String], what: &str) {
    assert!(failures.iter().any(|failure| failure.starts_with(what)), "{what} is not in {failures:#?}");
}

#[test]
fn one_push_takes_down_nothing_and_grants_nothing() {
    let world = World::new(2);
    let product = world.hub.registry.put_image("acme/billing", "latest", &ImageSpec::new(9).build());
    world.hub.hub.add_repository("acme", "billing", HubRepositoryEntry::default());
    let evil = format!(
        "  - source: evil/billing\n    repository: billing\n    teams: {{ developers: admin }}\n    revoked:\n      \
         - {{ tag: latest, digest: {product}, reason: mine, delete: true }}\n"
    );
    world.push(&(world.text(2, "", &[]) + &evil));
    let said = world.unreviewed(&["--min-approvals", "2", "--prune"]);
    assert_said(&said, "`developers`: admin on `acme/billing`: 2 approving reviews are required");
    assert_said(&said, "`revoked` of `acme/billing:latest`");
    assert_eq!(world.mirror("billing", "latest"), Some(product));
    assert!(world.hub.entry("billing").grants.is_empty());
}

#[test]
fn records_that_were_written_and_taken_out_prune_nothing() {
    let world = World::new(2);
    let product = world.hub.registry.put_image("acme/billing", "1.0", &ImageSpec::new(9).build());
    world.hub.hub.add_repository("acme", "billing", HubRepositoryEntry::default());
    let billing =
        |approved: &str| format!("  - source: evil/billing\n    repository: billing\n    approved:\n{approved}");
    let record = format!("      - {{ tag: \"1.0\", digest: {product}, mirrored: {product} }}\n");
    world.push(&(world.text(2, "", &[]) + &billing(&record)));
    world.push(&(world.text(2, "", &[]) + &billing("")));
    world.unreviewed(&["--min-approvals", "2", "--prune"]);
    assert_eq!(world.mirror("billing", "1.0"), Some(product));
}

#[test]
fn three_pushes_that_lower_the_policy_approve_and_raise_it_promote_nothing() {
    let world = World::new(1);
    for (approvals, tags) in [(0, &[][..]), (0, &["1"]), (1, &["1"])] {
        world.push(&world.text(approvals, "", tags));
        if !tags.is_empty() {
            let said = world.unreviewed(&[]);
            assert_said(&said, "1 approving review is required, and it came in with");
        }
    }
    assert_eq!(world.mirror("app", "1"), None);
    // Taking the policy out, or the whole manifest, lowers it as well.
    world.github.with(|state| {
        let main = state.git.branch("main").unwrap();
        let date = state.tick();
        let who = state.signature("mallory", &date);
        let sha = state.git.commit(Some(&main), &[(FILE.to_owned(), None)], "Delete", &who, &who);
        state.set_branch("main", Some(&sha), "mallory");
    });
    world.push(&world.text(0, "", &["1"]));
    assert_said(&world.unreviewed(&[]), "1 approving review is required");
    assert_eq!(world.mirror("app", "1"), None);
}

#[test]
fn a_merge_by_hand_on_top_of_what_was_approved_adds_nothing() {
    let world = World::new(1);
    let main = world.github.branch("main").unwrap();
    world.github.commit_by(BRANCH, (ROBOT, "web-flow"), "Approve", (FILE, &world.text(1, "", &["1"])));
    let number = world.github.open_as(ROBOT, BRANCH, "Approve", "");
    world.github.review_as(number, "mona", "APPROVED");
    let approved = world.github.branch(BRANCH).unwrap();
    let evil = world.text(1, "    teams: { developers: admin }\n", &["1", "2"]);
    world.github.with(|state| {
        let date = state.tick();
        let who = state.signature("mallory", &date);
        let side = state.git.commit(Some(&main), &[(FILE.to_owned(), Some(evil.into_bytes()))], "x", &who, &who);
        let tree = state.git.commit_info(&side).tree;
        let merge = state.git.commit_tree(&tree, &[&main, &approved], "Merge", &who, &who);
        state.set_branch("main", Some(&merge), "mallory");
        state.mark_merged(number, &merge, "mallory");
    });
    let result = world.promote(&[], 1);
    assert_eq!(result["promoted"][0]["tag"], json!("1"), "what was reviewed goes on: {result}");
    let errors: Vec<&str> = result["failed"].as_array().unwrap().iter().map(|f| f["error"].as_str().unwrap()).collect();
    assert!(
        errors.iter().any(|error| error.contains("mona reviewed a commit that did not say exactly this")),
        "{errors:?}"
    );
    assert!(errors.iter().any(|error| error.starts_with("`developers`: admin on `acme/app`")), "{errors:?}");
    assert_eq!(world.mirror("app", "2"), None);
    assert!(world.hub.entry("app").grants.is_empty());
}

#[test]
fn a_line_that_leaves_the_branch_behind_is_one_step_that_nobody_reviewed() {
    let world = World::new(1);
    let old = world.github.branch("main").unwrap();
    world.merged(&world.text(1, "", &["1"]), &["mona"]);
    world.promote(&[], 0);
    // The own history becomes the second parent; the first leads around it, to a state before.
    let evil = world.text(1, "    teams: { developers: admin }\n", &["1", "2"]);
    world.lead_around(&old, &evil);
    let result = world.promote(&[], 1);
    let errors: Vec<&str> = result["failed"].as_array().unwrap().iter().map(|f| f["error"].as_str().unwrap()).collect();
    assert!(errors.iter().any(|error| error.starts_with("`developers`: admin on `acme/app`")), "{errors:?}");
    assert_eq!(world.mirror("app", "2"), None);
    // What was reviewed before that is still known to be.
    let states: Vec<(&str, &str)> = result["promotions"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| (row["tag"].as_str().unwrap(), row["state"].as_str().unwrap()))
        .collect();
    assert!(states.is_empty() || states.contains(&("1", "present")), "{states:?}");
}

#[test]
fn a_later_reviewed_change_covers_what_it_finds() {
    let world = World::new(1);
    world.push(&world.text(1, "    teams: { developers: read }\n", &["1"]));
    assert_said(&world.unreviewed(&[]), "1 approving review is required");
    let more = "    teams: { developers: read }\n    description: An app\n";
    world.merged(&world.text(1, more, &["1"]), &["mona"]);
    let result = world.promote(&[], 0);
    assert_eq!((&result["failed"], &result["promoted"][0]["tag"]), (&json!([]), &json!("1")), "{result}");
    assert_eq!(world.hub.entry("app").grants.len(), 1);
}

#[test]
fn what_was_last_reviewed_holds_and_the_rest_goes_on() {
    let world = World::new(1);
    world.upstream.put_image("team/app", "2", &ImageSpec::new(1).build());
    let teams = "    teams: { developers: read }\n    visibility: private\n";
    world.merged(&world.text(1, teams, &["1"]), &["mona"]);
    world.promote(&[], 0);
    let recorded = world.manifest();
    world.push(&recorded.replace("developers: read", "developers: admin").replace("private", "public"));
    let said = world.unreviewed(&[]);
    assert_said(&said, "`developers`: admin on `acme/app`");
    assert!(said.iter().any(|error| error.ends_with("the last reviewed value stays in force: read")), "{said:#?}");
    let app = world.hub.entry("app");
    assert_eq!((app.grants.values().cloned().collect::<Vec<_>>(), app.is_private), (vec!["read".to_owned()], true));
    // Somebody loosens it on Docker Hub: it becomes what was reviewed, not what was pushed.
    world.hub.hub.add_repository("acme", "app", HubRepositoryEntry { is_private: false, ..app });
    world.promote(&[], 1);
    assert!(world.hub.entry("app").is_private);
}

#[test]
fn a_record_names_up_to_where_everything_was_reviewed_and_spares_the_next_runs() {
    let world = World::new(1);
    let number = world.merged(&world.text(1, "", &["1"]), &["mona"]);
    let reviewed = world.github.branch("main").unwrap();
    world.promote(&[], 0);
    let head = world.github.branch("main").unwrap();
    let message = world.github.with(|state| state.git.commit_info(&head).message);
    assert!(message.contains(&format!("\n\nWharfinger-Reviewed: {reviewed} of 1")), "{message}");
    // What was judged stays so.
    world.github.dismiss(number, "mona");
    world.github.clear_log();
    assert_eq!(world.promote(&[], 0)["failed"], json!([]));
    assert!(!world.github.questions().contains(&"reviews"), "{:?}", world.github.questions());
    assert!(world.github.lines().len() <= 12, "{:#?}", world.github.lines());
    // Nobody else's commit may say so.
    let evil = world.text(1, "    teams: { developers: admin }\n", &["1"]);
    world.push(&evil);
    world.github.with(|state| {
        let main = state.git.branch("main").unwrap();
        let (tree, date) = (state.git.commit_info(&main).tree, state.tick());
        let who = state.signature("mallory", &date);
        let message = format!("Record\n\nWharfinger-Reviewed: {main} of 1\n");
        let sha = state.git.commit_tree(&tree, &[&main], &message, &who, &who);
        state.set_branch("main", Some(&sha), "mallory");
    });
    assert_said(&world.unreviewed(&[]), "`developers`: admin on `acme/app`");
}

#[test]
fn a_manifest_of_today_goes_on_where_its_policy_begins() {
    let world = World::new(0);
    world.push(&world.text(0, "    teams: { developers: read }\n", &["1"]));
    world.promote(&[], 0);
    world.push(&format!("policy: {{ approvals: 1 }}\n{}", world.manifest()));
    assert_eq!(world.promote(&[], 0)["failed"], json!([]));
    world.upstream.put_image("team/app", "2", &ImageSpec::new(1).build());
    let two = world
        .manifest()
        .replace("    approved:\n", &format!("    approved:\n      - {{ tag: \"2\", digest: {} }}\n", world.digest));
    world.push(&two);
    assert_said(&world.unreviewed(&[]), "1 approving review is required");
}

#[test]
fn a_state_that_cannot_be_read_takes_no_guard_away() {
    let world = World::new(1);
    let guarded = format!("    revoked: [{{ tag: \"9\", digest: {}, reason: bad }}]\n", world.digest);
    world.merged(&world.text(1, &guarded, &["1"]), &["mona"]);
    world.push("policy: { approvals: 1 }\nimages: [");
    world.push(&world.text(1, "", &["1"]));
    assert_said(&world.unreviewed(&[]), "`revoked` of `acme/app:9`");
    assert_eq!(world.mirror("app", "1"), None, "what was revoked stays so");
    // Neither does another image of the same source take it over.
    let world = World::new(1);
    world.merged(&world.text(1, &guarded, &["1"]), &["mona"]);
    let source = format!("{}/team/app", world.upstream.host());
    let other = entry(&source, "app", &format!("    variant: alpine\n{guarded}"), &[]);
    world.push(&(world.text(1, "", &["1"]) + &other));
    assert_said(&world.unreviewed(&[]), "`revoked` of `acme/app:9`");
    assert_eq!(world.mirror("app", "1"), None);
}

#[test]
fn a_detour_under_many_pushes_is_found_and_a_reviewed_change_ends_it() {
    let world = World::new(1);
    let old = world.github.branch("main").unwrap();
    world.merged(&world.text(1, "", &["1"]), &["mona"]);
    let evil = world.text(1, "    teams: { developers: admin }\n", &["1", "2"]);
    world.lead_around(&old, &evil);
    for n in 0..110 {
        world.github.push_as("main", "mallory", &[("notes", &format!("{n}\n"))]);
    }
    assert_said(&world.unreviewed(&[]), "`developers`: admin on `acme/app`");
    assert_eq!(world.mirror("app", "2"), None);
    // What is reviewed after it counts, whatever is pushed then.
    let good = world.text(1, "    teams: { developers: read }\n", &["1"]);
    world.merged(&good, &["mona"]);
    world.github.push_as("main", "octocat", &[("README.md", "x\n")]);
    let result = world.promote(&[], 0);
    assert_eq!(world.hub.entry("app").grants.values().cloned().collect::<Vec<_>>(), ["read"], "{result}");
}

#[test]
fn the_organizations_policy_is_written_in_actions_as_it_was_last_reviewed() {
    let world = World::new(1);
    let with = |enabled: bool| {
        let policy = format!("policy:\n  image-access: {{ enabled: {enabled} }}\n");
        world.text(1, "", &[]).replacen("policy:\n", &policy, 1)
    };
    world.merged(&with(true), &["mona"]);
    world.push(&with(false));
    let run = Run::new(env!("CARGO_BIN_EXE_wharfinger")).args(["--format", "json", "apply-policy", "--yes"]);
    let result = in_a_job(&world.github, world.hub.command(run, "jo")).expect_status(1).json();
    let refused = &result["refused"][0];
    assert_eq!(refused["step"], json!("review"), "{result}");
    assert!(refused["error"].as_str().unwrap().starts_with("`policy.image-access`: enabled: false"), "{result}");
    assert_eq!(world.hub.hub.settings("acme", "")["restricted_images"]["enabled"], json!(true));
}

#[test]
fn a_body_names_in_bold_what_its_review_would_cover_as_well() {
    let world = World::new(1);
    world.push(&world.text(1, "    cooldown: 0s\n    teams: { developers: admin }\n", &[]));
    let run = Run::new(env!("CARGO_BIN_EXE_wharfinger")).args(["--format", "json", "propose"]);
    let result = in_a_job(&world.github, world.hub.command(run, "jo")).expect_status(1).json();
    assert_eq!(result["failed"][0]["step"], json!("unreviewed"), "{result}");
    let open = world.github.open_pulls();
    // The cooldown that was pushed does not hold either: nothing is old enough.
    assert_eq!(open, Vec::<u64>::new(), "{result}");
    world.merged(&world.text(1, "    cooldown: 0s\n", &[]), &["mona"]);
    world.push(&world.text(1, "    cooldown: 0s\n    teams: { developers: admin }\n", &[]));
    let run = Run::new(env!("CARGO_BIN_EXE_wharfinger")).args(["--format", "json", "propose"]);
    in_a_job(&world.github, world.hub.command(run, "jo")).expect_status(1);
    let number = world.github.open_pulls()[0];
    let body = world.github.pull(number).body;
    assert!(body.contains("- **`developers: admin on acme/app`, never reviewed**"), "{body}");
}

#[test]
fn a_scheduled_run_says_once_what_is_not_reviewed() {
    let world = World::new(1);
    world.push(&world.text(1, "    teams: { developers: admin }\n", &[]));
    let actions = Actions::schedule(&world.github.repository())
        .api(&world.github.server(), &world.github.api(), &world.github.graphql())
        .env("GITHUB_TOKEN", world.github.token());
    let run = Run::new(env!("CARGO_BIN_EXE_wharfinger")).args(["--format", "json", "run"]);
    let result = world.hub.command(run, "jo").actions(&actions).output().expect_status(1).json();
    assert_eq!(result["failed"].as_array().unwrap().len(), 1, "{result}");
}

/// One who replaces a key, renames it or takes it away lets nothing in before that is reviewed, and keeps nothing out.
#[test]
fn who_must_sign_is_what_was_last_reviewed() {
    let (good, evil) = (Key::generate(), Key::generate());
    let (tool, other) = ("    signatures: { key: keys/tool.pub }\n", "    signatures: { key: keys/other.pub }\n");
    for (name, steps) in [
        ("replaced", &[(Some("keys/tool.pub"), None)][..]),
        ("renamed", &[(Some("keys/other.pub"), Some(other))]),
        ("replaced, then renamed", &[(Some("keys/tool.pub"), None), (Some("keys/other.pub"), Some(other))]),
        ("taken away", &[(None, Some(""))]),
    ] {
        for (signer, comes) in [(&good, true), (&evil, false)] {
            let world = World::new(1);
            let signature = signer.simple_signature_of(&world.digest);
            world.upstream.put_image("team/app", &tag_of(&world.digest, ".sig"), &signature);
            world.github.push_as("main", "octocat", &[("keys/tool.pub", &good.pem())]);
            world.merged(&world.text(1, tool, &["1"]), &["mona"]);
            for (key, keys) in steps {
                if let Some(path) = key {
                    world.github.push_as("main", "mallory", &[(*path, &evil.pem())]);
                }
                if let Some(keys) = keys {
                    world.push(&world.text(1, keys, &["1"]));
                }
            }
            let result = world.promote(&[], 1);
            let failed = result["failed"].as_array().unwrap();
            let steps: Vec<&str> = failed.iter().map(|row| row["step"].as_str().unwrap()).collect();
            let expected = comes.then(|| world.digest.clone());
            assert_eq!(world.mirror("app", "1"), expected, "{name}: {result}");
            assert_eq!(
                (steps.contains(&"unreviewed"), steps.contains(&"unsigned")),
                (true, !comes),
                "{name}: {result}"
            );
        }
    }
}

#[test]
fn a_key_that_was_replaced_and_hosts_that_were_let_in_are_not_reviewed() {
    let world = World::new(1);
    let keyed = world.text(1, "    signatures: { key: keys/tool.pub }\n", &[]);
    world.github.push_as("main", "octocat", &[("keys/tool.pub", "good\n")]);
    world.merged(&keyed, &["mona"]);
    world.promote(&[], 0);
    world.github.push_as("main", "mallory", &[("keys/tool.pub", "evil\n")]);
    assert_said(&world.unreviewed(&[]), "the file `keys/tool.pub`");
    // A reviewed change of anything covers the file that it finds.
    world.merged(&format!("# Seen\n{keyed}"), &["mona"]);
    world.promote(&[], 0);

    let world = World::new(1);
    let with = |hosts: &str, tags: &[&str]| format!("sources: [{hosts}]\n{}", world.text(1, "", tags));
    let own = world.upstream.host();
    world.merged(&with("quay.io", &[]).replace(&format!("{own}/team/app"), "quay.io/team/app"), &["mona"]);
    world.push(&with(&format!("quay.io, '{own}'"), &["1"]));
    let said = world.unreviewed(&[]);
    assert_said(
        &said,
        &format!(
            "`sources`: {}",
            if own.as_str() < "quay.io" { format!("{own}, quay.io") } else { format!("quay.io, {own}") }
        ),
    );
    assert_eq!(world.mirror("app", "1"), None);
}

#[test]
fn a_revocation_that_nobody_reviewed_moves_no_alias_back() {
    let world = World::new(1);
    let newer = world.upstream.put_image("team/app", "2", &ImageSpec::new(2).build());
    let approved =
        format!("{}      - tag: \"2\"\n        digest: {newer}\n", world.text(1, "    aliases: [latest]\n", &["1"]));
    world.merged(&approved, &["mona"]);
    world.promote(&[], 0);
    assert_eq!(world.mirror("app", "latest"), Some(newer.clone()));
    let recorded = world.manifest();
    let revoked = format!("{recorded}    revoked: [{{ tag: \"2\", digest: {newer}, reason: mine }}]\n");
    world.push(&revoked);
    assert_said(&world.unreviewed(&[]), "`revoked` of `acme/app:2`");
    assert_eq!(world.mirror("app", "latest"), Some(newer));
    world.push(&recorded);
    world.merged(&revoked, &["mona"]);
    world.promote(&[], 0);
    assert_eq!(world.mirror("app", "latest"), world.mirror("app", "1"));
}

#[test]
fn an_alias_that_nobody_reviewed_is_not_set() {
    let world = World::new(1);
    world.merged(&world.text(1, "", &["1"]), &["mona"]);
    world.promote(&[], 0);
    let plain = world.manifest();
    let with_alias = plain.replace("    repository: app\n", "    repository: app\n    aliases: [latest]\n");
    world.push(&with_alias);
    assert_said(&world.unreviewed(&[]), "`aliases`: latest on `acme/app`: 1 approving review");
    assert_eq!(world.mirror("app", "latest"), None);
    world.push(&plain);
    world.merged(&with_alias, &["mona"]);
    world.promote(&[], 0);
    assert_eq!(world.mirror("app", "latest"), world.mirror("app", "1"));
}
