//! Taking down revoked tags, and what happens if they cannot be removed.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wharfinger::internals::image::Digest;

use super::drift::World;
use super::promote::{Clone, entry, in_a_job, manifest};
use crate::support::github::{Options, TestGitHub};
use crate::support::http::{Action, Response, Rule};
use crate::support::hub::{Account, HubRepositoryEntry};
use crate::support::images::{Image, ImageSpec};
use crate::support::process::Run;
use crate::support::registry::TestRegistry;
use crate::support::servers::RealRegistry;

const SECRET: &str = "dckr_pat_canary";

fn revoked(digest: &Digest) -> String {
    format!("    revoked:\n      - {{ tag: \"1\", digest: \"{digest}\", reason: CVE-2027-1, delete: true }}\n")
}

/// An image of the small registry, revoked, and what the registry was given of it under three tags of the mirror.
fn text(host: &str, more: &str, digest: &Digest) -> String {
    manifest(host, &[entry("quay.io/team/app", "app", &format!("{more}{}", revoked(digest)), &[])])
}

/// A clone whose history recorded the promotion of what the text revokes.
fn clone_of(text: &str, mirrored: Option<&Digest>) -> Clone {
    let (before, rest) = text.split_once("    revoked:\n").unwrap();
    let (revoked, after) = rest.split_once("    approved:\n").unwrap();
    let digest = &revoked[revoked.find("sha256:").unwrap()..][..71];
    let mirrored = mirrored.map_or_else(|| digest.to_owned(), ToString::to_string);
    let approval = format!("      - tag: \"1\"\n        digest: {digest}\n        mirrored: {mirrored}\n");
    let clone = Clone::new(&format!("{before}    approved:\n{approval}{after}"));
    clone.commit(text);
    clone
}

#[track_caller]
fn promote(text: &str, status: i32) -> Value {
    clone_of(text, None).run(&[]).output().expect_status(status).json()
}

#[track_caller]
fn promote_on_hub(world: &World, text: &str, arguments: &[&str], user: &str, status: i32) -> Value {
    world.command(clone_of(text, None).run(arguments), user).output().expect_status(status).json()
}

fn bad() -> Image {
    ImageSpec::new(301).build()
}

/// What the one failure says, without the registry's port.
fn said(done: &Value, host: &str) -> String {
    let failed = done["failed"].as_array().unwrap();
    assert_eq!(failed.len(), 1, "{done}");
    let step = failed[0]["step"].as_str().unwrap();
    let error = failed[0]["error"].as_str().unwrap();
    let error = if host.is_empty() { error.to_owned() } else { error.replace(host, "HOST") };
    format!("{step}: {error}")
}

#[test]
fn a_revoked_tag_goes_and_other_tags_of_the_same_bytes_stay() {
    let mirror = TestRegistry::start();
    let digest = mirror.put_image("acme/app", "1", &bad());
    mirror.set_tag("acme/app", "other", &digest);
    let text = text(&mirror.host(), "", &digest);
    let shown = clone_of(&text, None).run(&["--dry-run"]).output().expect_status(0).json();
    let removal = json!({"repository": "app", "tag": "1", "digest": digest, "reason": "revoked", "detail": "revoked: CVE-2027-1"});
    assert_eq!((&shown["removals"], mirror.writes()), (&json!([removal]), Vec::new()));
    let done = promote(&text, 0);
    assert_eq!((&done["removed"], &done["changed"]), (&json!([removal]), &json!(true)));
    assert_eq!(mirror.tags("acme/app").into_keys().collect::<Vec<_>>(), ["other"]);
    mirror.server().clear_log();
    let again = promote(&text, 0);
    assert_eq!((&again["removed"], &again["changed"]), (&json!([]), &json!(false)));
    assert_eq!(mirror.writes(), Vec::<String>::new());
}

#[test]
fn what_is_not_what_was_promoted_is_left_alone() {
    let mirror = TestRegistry::start();
    let digest = bad().digest();
    let foreign = mirror.put_image("acme/app", "1", &ImageSpec::new(302).build());
    let done = promote(&text(&mirror.host(), "", &digest), 1);
    insta::assert_snapshot!(said(&done, &mirror.host()).replace(foreign.short(), "FOREIGN").replace(digest.short(), "REVOKED"), @"mirror-differs: revoked with `delete: true`, but the mirror's tag resolves to FOREIGN, which was not promoted from REVOKED: it is left alone; if it has to go, delete it there");
    assert_eq!(mirror.digest("acme/app", "1"), Some(foreign));
}

#[test]
fn a_subset_is_known_by_what_it_was_made_of() {
    let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
    let image = ImageSpec::new(303).platforms(&["linux/amd64", "linux/arm64", "linux/s390x"]).build();
    let digest = upstream.put_image("team/app", "1", &image);
    let source = format!("{}/team/app", upstream.host());
    let platforms = "    platforms: [linux/amd64]\n";
    let whole = manifest(&mirror.host(), &[entry(&source, "app", platforms, &[("1", &digest)])]);
    Clone::new(&whole).run(&[]).output().expect_status(0);
    let subset = mirror.digest("acme/app", "1").unwrap();
    assert_ne!(subset, digest);
    let other = text(&mirror.host(), "    platforms: [linux/arm64]\n", &digest);
    assert!(said(&promote(&other, 1), "").starts_with("mirror-differs"));
    let clone = clone_of(&text(&mirror.host(), platforms, &digest), Some(&subset));
    let done = clone.run(&[]).output().expect_status(0).json();
    assert_eq!(done["removed"][0]["digest"], json!(subset));
    assert_eq!(mirror.digest("acme/app", "1"), None);
}

#[test]
fn a_registry_that_deletes_only_manifests_is_asked_for_that_only_where_no_other_tag_would_go() {
    let mirror = TestRegistry::start();
    mirror.set(|switches| switches.delete_tags = false);
    let image = bad();
    let digest = mirror.put_image("acme/app", "1", &image);
    mirror.put_image("acme/app", "fine", &ImageSpec::new(304).build());
    mirror.set_tag("acme/app", "other", &digest);
    let whole = text(&mirror.host(), "", &digest);
    let done = promote(&whole, 1);
    insta::assert_snapshot!(said(&done, &mirror.host()), @"revoked: HOST/acme/app:1 is revoked, but could not be deleted: this registry does not delete tags (405 UNSUPPORTED: the operation is unsupported), and deleting the manifest would also delete other. Somebody with permission must delete it; until then, everybody who may pull from the repository can pull it");
    assert_eq!(mirror.tags("acme/app").len(), 3);
    // A list that is refused, missing or without the tag itself tells nothing of others: nothing goes.
    for (status, body) in [(400, "{}"), (404, "{}"), (200, r#"{"name": "acme/app", "tags": ["fine"]}"#)] {
        mirror.fault(Rule::new("GET", "/tags/list", Action::Answer(status, vec![], body.into())));
        promote(&whole, 1);
        assert_eq!(mirror.tags("acme/app").len(), 3, "after {status}");
        mirror.server().clear_faults();
    }
    mirror.delete_tag("acme/app", "other");
    promote(&whole, 0);
    assert_eq!(mirror.tags("acme/app").into_keys().collect::<Vec<_>>(), ["fine"]);
    // A single manifest that an approved index lists would break that index.
    let child = image.manifests[0].digest();
    mirror.put_image("acme/app", "whole", &image);
    mirror.set_tag("acme/app", "1", &child);
    let done = promote(&text(&mirror.host(), "", &child), 1);
    assert!(said(&done, "").contains("would also delete whole"), "{done}");
    mirror.set(|switches| switches.delete = false);
    mirror.delete_tag("acme/app", "whole");
    let done = promote(&text(&mirror.host(), "", &child), 1);
    insta::assert_snapshot!(said(&done, &mirror.host()), @"revoked: HOST/acme/app:1 is revoked, but could not be deleted: this registry does not delete manifests (405 UNSUPPORTED: the operation is unsupported). Somebody with permission must delete it; until then, everybody who may pull from the repository can pull it");
    assert_eq!(mirror.digest("acme/app", "1"), Some(child));
}

#[test]
fn a_revoked_tag_that_a_rebuild_replaces_is_moved_and_not_deleted() {
    let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
    let old = upstream.put_image("team/app", "1", &bad());
    let new = upstream.put_image("team/app", "1", &ImageSpec::new(306).build());
    let source = format!("{}/team/app", upstream.host());
    let clone = Clone::new(&manifest(&mirror.host(), &[entry(&source, "app", "", &[("1", &old)])]));
    clone.run(&[]).output().expect_status(0);
    let text = clone.manifest().replace(&format!(" digest: {old}"), &format!(" digest: {new}"));
    clone.commit(&text.replace("    approved:\n", &format!("{}    approved:\n", revoked(&old))));
    let done = clone.run(&[]).output().expect_status(0).json();
    assert_eq!((&done["removed"], mirror.digest("acme/app", "1")), (&json!([]), Some(new)));
}

#[test]
fn a_lost_answer_to_a_deletion_is_read_again() {
    let mirror = TestRegistry::start();
    let digest = mirror.put_image("acme/app", "1", &bad());
    mirror.fault(Rule::new("DELETE", "", Action::Lose));
    let done = promote(&text(&mirror.host(), "", &digest), 0);
    assert_eq!((done["removed"].as_array().unwrap().len(), mirror.digest("acme/app", "1")), (1, None));
    assert_eq!(mirror.writes().len(), 1, "it is looked at before it is deleted again: {:?}", mirror.writes());
}

#[test]
fn a_tag_that_answers_for_a_while_after_its_deletion_is_gone() {
    let mirror = TestRegistry::start();
    let digest = mirror.put_image("acme/app", "1", &bad());
    let (deleted, stale) = (Mutex::new(None), bad().root().clone());
    mirror.intercept(move |request, ask| {
        let mut deleted = deleted.lock().unwrap();
        if request.method == "DELETE" {
            *deleted = Some(Instant::now());
        } else if request.path.ends_with("/manifests/1")
            && deleted.is_some_and(|since| since.elapsed() < Duration::from_secs(3))
        {
            let answer = Response::new(200).header("content-type", &stale.media_type);
            return answer.header("docker-content-digest", stale.digest().to_string()).body(stale.bytes.clone());
        }
        ask(request)
    });
    let done = promote(&text(&mirror.host(), "", &digest), 0);
    assert_eq!((done["removed"].as_array().unwrap().len(), mirror.digest("acme/app", "1")), (1, None));
}

#[test]
fn in_a_directory_the_name_goes() {
    let upstream = TestRegistry::start();
    let digest = upstream.put_image("team/app", "1", &bad());
    let source = format!("{}/team/app", upstream.host());
    let clone = Clone::new(&manifest("oci:mirror", &[entry(&source, "app", "", &[("1", &digest)])]));
    clone.run(&[]).output().expect_status(0);
    clone.commit(&text("oci:mirror", "", &digest));
    assert_eq!(clone.run(&[]).output().expect_status(0).json()["removed"][0]["tag"], json!("1"));
    assert_eq!(clone.run(&[]).output().expect_status(0).json()["changed"], json!(false));
}

#[test]
fn real_registries_lose_the_tag_and_nothing_else() {
    for registry in [RealRegistry::debian(), RealRegistry::distribution()].into_iter().flatten() {
        let image = bad();
        for tag in ["1", "other"] {
            image.push_blocking(&registry.url(), "acme/app", tag);
        }
        let text = text(&registry.host(), "", &image.digest());
        let done = clone_of(&text, None).run(&[]).output();
        let json = done.json();
        let answers = |tag: &str| {
            let url = format!("{}/v2/acme/app/manifests/{tag}", registry.url());
            let accept = "application/vnd.oci.image.index.v1+json";
            crate::support::http::block_on(async {
                let request = crate::support::http::client().head(url).header("accept", accept);
                request.send().await.unwrap().status().as_u16()
            })
        };
        assert_eq!(answers("other"), 200, "{json}");
        match done.status {
            Some(0) => assert_eq!(answers("1"), 404, "{json}"),
            Some(1) => {
                assert!(said(&json, "").contains("deleting the manifest would also delete"), "{json}");
                ImageSpec::new(305).build().push_blocking(&registry.url(), "acme/app", "other");
                promote(&text, 0);
                assert_eq!((answers("1"), answers("other")), (404, 200));
            }
            other => panic!("{other:?}: {json}"),
        }
    }
}

/// A world on Docker Hub with a revoked tag in `acme/app`, and another tag of the same bytes.
fn on_hub(world: World, immutable: Option<&[&str]>) -> (World, Digest) {
    let grants = [("developers", "read"), ("interns", "write")];
    let app = HubRepositoryEntry {
        is_private: true,
        grants: grants.map(|(team, permission)| (team.to_owned(), permission.to_owned())).into(),
        immutable_tags: immutable.map(|rules| rules.iter().map(|rule| (*rule).to_owned()).collect()),
        ..HubRepositoryEntry::default()
    };
    world.hub.add_repository("acme", "app", app);
    let digest = world.registry.put_image("acme/app", "1", &bad());
    world.registry.set_tag("acme/app", "other", &digest);
    for tag in ["1", "other"] {
        world.hub.set_tag("acme", "app", tag, &digest, "2026-11-21T08:00:00Z");
    }
    (world, digest)
}

const TEAMS: &str = "    teams: { developers: read }\n";

#[test]
fn on_docker_hub_its_own_api_deletes_the_tag_and_lets_go_of_an_immutable_one() {
    let (world, digest) = on_hub(World::owned(), Some(&["^[0-9]+$", "^keep"]));
    let text = text("docker.io", TEAMS, &digest);
    let done = promote_on_hub(&world, &text, &[], "jo", 0);
    assert_eq!(done["removed"][0]["tag"], json!("1"));
    let now = world.entry("app");
    assert_eq!(now.tags.keys().collect::<Vec<_>>(), ["other"]);
    assert_eq!(world.registry.tags("acme/app").into_keys().collect::<Vec<_>>(), ["other"]);
    assert_eq!(now.immutable_tags, Some(vec!["^keep".to_owned()]));
    assert_eq!(now.grants["developers"], "read", "nobody was locked out");
    let before = world.hub.writes();
    assert_eq!(
        before,
        [
            "PATCH /v2/namespaces/acme/repositories/app/immutabletags 200",
            "DELETE /v2/namespaces/acme/repositories/app/tags/1 204"
        ]
    );
    promote_on_hub(&world, &text, &[], "jo", 0);
    assert_eq!(world.hub.writes(), before, "done once");
}

#[test]
fn where_deletion_is_refused_the_teams_are_locked_out_until_the_tag_is_gone() {
    let (world, digest) = on_hub(World::owned(), None);
    let refusal = Action::Answer(403, vec![], r#"{"detail":"deleting is not allowed"}"#.into());
    world.hub.server().fault(Rule::new("DELETE", "/tags/1$", refusal));
    world.registry.set(|switches| switches.delete = false);
    let text = text("docker.io", TEAMS, &digest);
    let done = promote_on_hub(&world, &text, &[], "jo", 1);
    insta::assert_snapshot!(said(&done, ""), @"revoked: docker.io/acme/app:1 is revoked, but could not be deleted: Docker Hub refused deleting the tag acme/app:1: deleting is not allowed; jo must be an owner or editor of acme, and the personal access token needs Read, Write, Delete. Somebody with permission must delete it; until then, the teams cannot read acme/app: removed developers: read, removed interns: write; the next run after it is deleted restores the grants in the manifest, and other grants have to be restored by hand");
    assert_eq!(done["changed"], json!(true));
    assert!(world.entry("app").grants.is_empty() && world.entry("app").is_private);
    for _ in 0..2 {
        let before = world.hub.writes().len();
        let done = promote_on_hub(&world, &text, &[], "jo", 1);
        assert_eq!((&done["changed"], &done["fixed"]), (&json!(false), &json!([])), "nobody is granted anything again");
        assert!(world.entry("app").grants.is_empty());
        let writes = world.hub.writes().split_off(before);
        assert!(writes.iter().all(|line| line.starts_with("DELETE ") && line.contains("/tags/1")), "{writes:?}");
    }
    // Another image that shares the repository does not give it back either.
    let shared = text.replace(
        "images:\n",
        &format!("images:\n{}", entry("quay.io/team/tool", "app", &format!("    variant: alpine\n{TEAMS}"), &[])),
    );
    promote_on_hub(&world, &shared, &["quay.io/team/tool"], "jo", 1);
    assert!(world.entry("app").grants.is_empty());
    world.registry.delete_tag("acme/app", "1");
    let done = promote_on_hub(&world, &text, &[], "jo", 0);
    assert_eq!(done["fixed"][0]["expected"], json!("developers: read"));
    assert_eq!(world.entry("app").grants["developers"], "read");
}

#[test]
fn a_public_repository_is_hidden_and_a_token_without_the_scope_is_told_which_it_lacks() {
    let scopes = ["scope-repository-read", "scope-tag-read", "scope-repo-group-edit", "scope-image-push"];
    let (world, digest) = on_hub(World::new(Account::organization("acme", SECRET, &scopes)), None);
    world.registry.set(|switches| switches.delete = false);
    let done = promote_on_hub(&world, &text("docker.io", TEAMS, &digest), &[], "acme", 1);
    insta::assert_snapshot!(said(&done, ""), @"revoked: docker.io/acme/app:1 is revoked, but could not be deleted: Docker Hub refused deleting the tag acme/app:1: access to the resource is forbidden with the current token; the organization access token of acme lacks scope-tag-admin (under Repository, for this repository or all of them). Somebody with permission must delete it; teams may still read it: Docker Hub refused removing the grant of developers on acme/app: access to the resource is forbidden with the current token; the organization access token of acme lacks scope-repo-group-admin (under Repository, for this repository or all of them)");
    let (world, digest) = on_hub(World::owned(), None);
    let public = HubRepositoryEntry { is_private: false, ..world.entry("app") };
    world.hub.add_repository("acme", "app", public);
    world.hub.server().fault(Rule::new("DELETE", "/tags/1$", Action::Answer(400, vec![], "{}".into())));
    world.registry.set(|switches| switches.delete = false);
    promote_on_hub(&world, &text("docker.io", "    visibility: public\n", &digest), &[], "jo", 1);
    assert!(world.entry("app").is_private && world.entry("app").grants.is_empty());
}

#[test]
fn lost_answers_on_docker_hub_change_nothing_about_the_end() {
    let (world, digest) = on_hub(World::owned(), None);
    world.hub.lose_answer("DELETE", "/tags/1$");
    let done = promote_on_hub(&world, &text("docker.io", TEAMS, &digest), &[], "jo", 0);
    assert_eq!(done["removed"][0]["tag"], json!("1"));
    // An API that knows the older path alone.
    let (world, digest) = on_hub(World::owned(), None);
    world.hub.server().fault(Rule::new("DELETE", "/v2/namespaces/", Action::Answer(405, vec![], "{}".into())));
    promote_on_hub(&world, &text("docker.io", TEAMS, &digest), &[], "jo", 0);
    assert_eq!(world.entry("app").tags.len(), 1);
}

/// A clone whose history promoted `1` and `2` and retired `1`.
fn retired(mirror: &TestRegistry) -> (Clone, Digest, Digest) {
    let upstream = TestRegistry::start();
    let (one, two) = (ImageSpec::new(311).build(), ImageSpec::new(312).build());
    let digests = (upstream.put_image("team/app", "1", &one), upstream.put_image("team/app", "2", &two));
    let source = format!("{}/team/app", upstream.host());
    let approved = [("1", &digests.0), ("2", &digests.1)];
    let clone = Clone::new(&manifest(&mirror.host(), &[entry(&source, "app", "", &approved)]));
    clone.run(&[]).output().expect_status(0);
    let kept = clone.manifest();
    let from = kept.find("      - tag: \"1\"").unwrap();
    let to = kept.find("      - tag: \"2\"").unwrap();
    clone.commit(&format!("{}{}", &kept[..from], &kept[to..]));
    (clone, digests.0, digests.1)
}

#[test]
fn pruning_deletes_what_history_records_as_promoted_and_nothing_else() {
    let mirror = TestRegistry::start();
    let (clone, one, two) = retired(&mirror);
    mirror.put_image("acme/app", "theirs", &ImageSpec::new(313).build());
    mirror.set_tag("acme/app", &format!("sha256-{}.sig", two.hex()), &two);
    mirror.set_tag("acme/app", "alias", &one);
    assert_eq!(clone.run(&[]).output().expect_status(0).json()["removed"], json!([]), "only where it is asked for");
    let shown = clone.run(&["--prune", "--dry-run"]).output().expect_status(0).json();
    assert_eq!((&shown["removals"][0]["reason"], mirror.tags("acme/app").len()), (&json!("retired"), 5));
    let done = clone.run(&["--prune"]).output().expect_status(0).json();
    assert_eq!(done["removed"].as_array().unwrap().len(), 1, "{done}");
    assert_eq!((&done["removed"][0]["tag"], &done["removed"][0]["digest"]), (&json!("1"), &json!(one)));
    assert_eq!(mirror.tags("acme/app").len(), 4);
    assert_eq!(clone.run(&["--prune"]).output().expect_status(0).json()["changed"], json!(false));
}

#[test]
fn a_retired_tag_that_somebody_moved_is_left_alone() {
    let mirror = TestRegistry::start();
    let (clone, _, _) = retired(&mirror);
    let foreign = mirror.put_image("acme/app", "1", &ImageSpec::new(314).build());
    let done = clone.run(&["--prune"]).output().expect_status(1).json();
    assert_eq!((&done["failed"][0]["step"], &done["failed"][0]["tag"]), (&json!("mirror-differs"), &json!("1")));
    assert_eq!(mirror.digest("acme/app", "1"), Some(foreign));
}

/// A pull request whose branch claims a promotion and takes the claim back before it is merged proves nothing.
#[test]
fn what_only_a_merged_branch_ever_said_is_not_believed() {
    let mirror = TestRegistry::start();
    let (clone, _, two) = retired(&mirror);
    let theirs = mirror.put_image("acme/app", "theirs", &ImageSpec::new(315).build());
    let honest = clone.manifest();
    let claim = format!("      - tag: theirs\n        digest: {theirs}\n        mirrored: {theirs}\n");
    let git = |arguments: &[&str]| crate::support::git::git(clone.path(), arguments);
    git(&["checkout", "--quiet", "-b", "topic"]);
    clone.commit(&format!("{}\n{claim}", honest.trim_end()));
    clone.commit(&format!("# tidied\n{honest}"));
    git(&["checkout", "--quiet", "main"]);
    git(&["merge", "--quiet", "--no-ff", "-m", "Merge", "topic"]);
    let done = clone.run(&["--prune"]).output().expect_status(0).json();
    assert_eq!(done["removed"].as_array().unwrap().len(), 1, "{done}");
    assert_eq!(mirror.digest("acme/app", "theirs"), Some(theirs));
    assert_eq!(mirror.digest("acme/app", "2"), Some(two));
}

#[test]
fn on_github_history_is_read_through_the_api() {
    let mirror = TestRegistry::start();
    let (clone, _, two) = retired(&mirror);
    let versions = crate::support::git::git(clone.path(), &["log", "--reverse", "--format=%H", "main"]);
    let github = TestGitHub::start(Options::default());
    for version in versions.lines() {
        let text = crate::support::git::git(clone.path(), &["show", &format!("{version}:approved-images.yml")]);
        github.push_as("main", "octocat", &[("approved-images.yml", &text)]);
    }
    let run = Run::new(env!("CARGO_BIN_EXE_wharfinger")).args(["--format", "json", "promote", "--prune"]);
    let done = in_a_job(&github, run).expect_status(0).json();
    assert_eq!(done["removed"][0]["tag"], json!("1"));
    assert_eq!(mirror.tags("acme/app").into_values().collect::<Vec<_>>(), [two]);
    let log: Vec<_> = github.log().into_iter().filter(|exchange| !exchange.scripted).collect();
    crate::support::contract::github(&log);
}

/// Three hundred versions of the manifest on the default branch, and a tag that none of them knows.
#[test]
fn a_long_history_is_read_in_tens_of_requests() {
    const VERSIONS: usize = 300;
    let mirror = TestRegistry::start();
    let (clone, _, two) = retired(&mirror);
    let theirs = mirror.put_image("acme/app", "theirs", &ImageSpec::new(316).build());
    let show =
        |version: &str| crate::support::git::git(clone.path(), &["show", &format!("{version}:approved-images.yml")]);
    let (recorded, now) = (show("main~1"), show("main"));
    let github = TestGitHub::start(Options::default());
    for n in 1..=VERSIONS {
        let text = if n <= VERSIONS / 3 { &recorded } else { &now };
        github.push_as("main", "octocat", &[("approved-images.yml", &format!("# {n}\n{text}"))]);
    }
    github.clear_log();
    let run = Run::new(env!("CARGO_BIN_EXE_wharfinger")).args(["--format", "json", "promote", "--prune"]);
    let outcome = in_a_job(&github, run).expect_status(0);
    let asked = github.lines();
    assert_eq!(outcome.json()["removed"][0]["tag"], json!("1"), "{}", outcome.stdout);
    assert_eq!(mirror.tags("acme/app").into_values().collect::<Vec<_>>(), [two, theirs]);
    assert!(outcome.stderr.contains("only the newest 256 versions of the manifest were read"), "{}", outcome.stderr);
    assert!(asked.len() <= 30, "{} requests: {asked:#?}", asked.len());
}
