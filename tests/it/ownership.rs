//! Docker Hub repositories that are not ours: whatever a manifest says, nothing in them is touched.

use serde_json::{Value, json};
use wharfinger::internals::image::Digest;

use super::drift::World;
use super::promote::{Clone, entry, manifest, recorded};
use crate::support::github::{Options, TestGitHub};
use crate::support::http::{Action, Rule};
use crate::support::hub::HubRepositoryEntry;
use crate::support::images::ImageSpec;
use crate::support::process::{Actions, Run};

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");
const MARK: &str = "Kept by Wharfinger: ";
/// What a manifest would make of `acme/vault`.
const GREEDY: &str = "    description: Approved copies\n    visibility: private\n    teams: { developers: read }\n";

/// `acme/vault` of team security, with a tag of its own.
fn vault(world: &World) -> HubRepositoryEntry {
    world.hub.add_team("acme", "security");
    let vault = HubRepositoryEntry {
        is_private: true,
        description: "Secrets".to_owned(),
        full_description: "Ask security first.".to_owned(),
        grants: [("security".to_owned(), "admin".to_owned())].into(),
        ..HubRepositoryEntry::default()
    };
    world.hub.add_repository("acme", "vault", vault);
    let own = world.registry.put_image("acme/vault", "1.0.0", &ImageSpec::new(701).build());
    world.hub.set_tag("acme", "vault", "1.0.0", &own, "2026-11-21T08:00:00Z");
    world.entry("vault")
}

/// What upstream has: `grafana/loki` and `grafana/vault`, each in one version.
fn upstream(world: &World) -> (Digest, Digest) {
    let put = |name: &str, seed| world.registry.put_image(name, "3.1.0", &ImageSpec::new(seed).build());
    (put("grafana/loki", 702), put("grafana/vault", 703))
}

fn text(loki: &Digest, vault: &Digest, more: &str) -> String {
    let loki = entry("grafana/loki", "loki", "", &[("3.1.0", loki)]);
    manifest("docker.io", &[loki, entry("grafana/vault", "vault", more, &[("3.1.0", vault)])])
}

fn promote(world: &World, clone: &Clone, arguments: &[&str], status: i32) -> Value {
    world.command(clone.run(arguments), "jo").output().expect_status(status).json()
}

/// Step, repository and text of every failure.
fn failed(done: &Value) -> Vec<(&str, &str, &str)> {
    let text = |row: &'static str, of: &'_ Value| of[row].as_str().unwrap_or_default().to_owned().leak() as &str;
    let rows = done["failed"].as_array().unwrap().iter();
    rows.map(|row| (text("step", row), text("repository", row), text("error", row))).collect()
}

#[track_caller]
fn is_left_alone(world: &World, before: &HubRepositoryEntry, name: &str) {
    assert_eq!(world.entry(name), *before);
    let writes = world.hub.writes();
    assert!(writes.iter().all(|line| !line.contains(&format!("/{name}"))), "{writes:?}");
    let pushed = world.registry.writes();
    assert!(pushed.iter().all(|line| !line.contains(&format!("/acme/{name}/"))), "{pushed:?}");
}

#[test]
fn a_repository_that_exists_and_is_not_ours_is_left_alone_and_other_images_go_on() {
    let world = World::owned();
    let before = vault(&world);
    let (loki, of_vault) = upstream(&world);
    let clone = Clone::new(&text(&loki, &of_vault, GREEDY));
    let shown = promote(&world, &clone, &["--dry-run"], 1);
    assert_eq!(shown["promotions"][1]["state"], json!("not-ours"));
    let shown = shown["repositories"].as_array().unwrap();
    assert!(shown.iter().all(|row| row["repository"] == "loki"), "{shown:?}");
    let done = promote(&world, &clone, &["--prune"], 1);
    let failed = failed(&done);
    let [("not-ours", "vault", error)] = failed[..] else { panic!("{failed:?}") };
    let error = error.split_once("`Kept by").map(|(before, after)| (before, after.split_once('`').unwrap().1)).unwrap();
    insta::assert_snapshot!(format!("{}MARK{}", error.0, error.1), @"acme/vault already exists and is not ours: the default branch never recorded a promotion to it, and its full description does not say MARK. It is left untouched; `adopt: true` on the image takes it over, `repository` gives the image another name");
    assert_eq!(world.registry.digest("acme/loki", "3.1.0"), Some(loki), "other images go on");
    is_left_alone(&world, &before, "vault");
    assert!(!clone.manifest().split_once("source: grafana/vault").unwrap().1.contains("mirrored"));
}

#[test]
fn a_scheduled_run_and_a_push_leave_it_alone_too() {
    let world = World::owned();
    let before = vault(&world);
    let public = HubRepositoryEntry { description: "Our cache".to_owned(), ..HubRepositoryEntry::default() };
    world.hub.add_repository("acme", "redis", public.clone());
    let (loki, of_vault) = upstream(&world);
    // `acme/redis` is named, and nothing of it is approved: it is not even a failure.
    let text = format!("{}{}", text(&loki, &of_vault, GREEDY), entry("redis", "redis", GREEDY, &[]));
    let github = TestGitHub::start(Options::default());
    let head = github.push_as("main", "octocat", &[("approved-images.yml", &text)]);
    for event in [Actions::push(&github.repository(), &head, &head), Actions::schedule(&github.repository())] {
        let event = event.api(&github.server(), &github.api(), &github.graphql()).env("GITHUB_TOKEN", github.token());
        let run = Run::new(PROGRAM).args(["--format", "json", "run"]);
        let done = world.command(run, "jo").actions(&event).output().expect_status(1).json();
        let of_vault: Vec<_> = failed(&done).into_iter().filter(|row| row.0 == "not-ours").collect();
        assert!(matches!(of_vault[..], [(_, "vault", _)]), "{done}");
        is_left_alone(&world, &before, "vault");
        is_left_alone(&world, &public, "redis");
    }
    assert_eq!(world.registry.digest("acme/loki", "3.1.0"), Some(loki));
    let approved = format!("{text}      - tag: \"7\"\n        digest: {}\n", Digest::sha256(b"7"));
    world.run(&approved, &["redis"], "jo").expect_status(1);
    is_left_alone(&world, &public, "redis");
}

#[test]
fn adopt_takes_it_over_and_says_what_changes() {
    let world = World::owned();
    vault(&world);
    let (loki, of_vault) = upstream(&world);
    let adopting = text(&loki, &of_vault, &format!("    adopt: true\n{GREEDY}"));
    let clone = Clone::new(&adopting);
    let shown = promote(&world, &clone, &["--dry-run"], 0);
    let rows: Vec<(&str, &str)> = shown["repositories"].as_array().unwrap()[1..]
        .iter()
        .map(|row| (row["action"].as_str().unwrap(), row["detail"].as_str().unwrap()))
        .collect();
    assert_eq!(rows[0].0, "adopt");
    assert!(
        rows[0].1.starts_with("takes over acme/vault, which exists and was not ours; its full description"),
        "{rows:?}"
    );
    let changes =
        [("fix", "developers: no grant becomes developers: read"), ("fix", "\"Secrets\" becomes \"Approved copies\"")];
    assert_eq!(rows[1..], changes);
    promote(&world, &clone, &[], 0);
    let now = world.entry("vault");
    assert_eq!((now.grants["developers"].as_str(), now.grants["security"].as_str()), ("read", "admin"));
    assert!(
        now.full_description.starts_with(&format!("Ask security first.\n\n{MARK}commit ")),
        "{}",
        now.full_description
    );
    assert_eq!(world.registry.digest("acme/vault", "3.1.0"), Some(of_vault));
    // From then on it is ours, whatever `adopt` says.
    clone.commit(&clone.manifest().replace("    adopt: true\n", ""));
    assert_eq!(promote(&world, &clone, &[], 0)["changed"], json!(false));
}

#[test]
fn what_we_made_is_ours_by_its_mark_until_a_person_takes_the_mark_away() {
    let world = World::owned();
    let (loki, of_vault) = upstream(&world);
    let clone = Clone::new(&text(&loki, &of_vault, GREEDY));
    // A run that is stopped after the creation: nothing is copied or recorded.
    world.registry.fault(Rule::new("PUT", "/acme/vault/manifests/", Action::Answer(400, vec![], "{}".into())));
    promote(&world, &clone, &[], 1);
    world.registry.server().clear_faults();
    let made = world.entry("vault");
    assert!(made.full_description.contains(MARK), "{}", made.full_description);
    assert!(made.tags.is_empty());
    // The same manifest of another repository is somebody else.
    let other = Clone::new(&format!("# another\n{}", text(&loki, &of_vault, GREEDY)));
    let done = promote(&world, &other, &["vault"], 1);
    assert!(failed(&done)[0].2.contains("its full description says that it is kept by commit "), "{done}");
    let edited = HubRepositoryEntry { full_description: "Rewritten".to_owned(), ..made.clone() };
    world.hub.add_repository("acme", "vault", edited);
    assert!(failed(&promote(&world, &clone, &[], 1))[0].2.contains("`adopt: true`"));
    let plan = Run::new(PROGRAM).dir(clone.path()).args(["--forge", "git", "--format", "json", "plan", "vault"]);
    let plan = world.command(plan, "jo").output().expect_status(1).json();
    assert!(failed(&plan).iter().any(|row| row.0 == "not-ours" && row.2.contains("`adopt: true`")), "{plan}");
    let doctor = Run::new(PROGRAM).dir(clone.path()).args(["--forge", "git", "--format", "json", "doctor"]);
    let doctor = world.command(doctor, "jo").output().expect_status(1).json();
    let check = doctor["checks"].as_array().unwrap().iter().find(|check| check["subject"] == "repository vault");
    let check = check.unwrap_or_else(|| panic!("{doctor}"));
    assert_eq!(check["status"], json!("missing"));
    assert!(check["found"].as_str().unwrap().starts_with("acme/vault already exists and is not ours"), "{check}");
    assert!(check["fix"].as_str().unwrap().starts_with("set `adopt: true`"), "{check}");
    world.hub.add_repository("acme", "vault", made);
    promote(&world, &clone, &[], 0);
    assert_eq!(world.registry.digest("acme/vault", "3.1.0"), Some(of_vault));
}

#[test]
fn a_repository_that_comes_to_be_during_the_run_is_left_alone() {
    let world = World::owned();
    let (loki, of_vault) = upstream(&world);
    let before = vault(&world);
    let hidden = Action::Answer(404, vec![], r#"{"detail":"object not found","message":"object not found"}"#.into());
    world.hub.server().fault(Rule::new("GET", "/repositories/vault$", hidden).times(1));
    let clone = Clone::new(&text(&loki, &of_vault, GREEDY));
    let done = promote(&world, &clone, &[], 1);
    let failed = failed(&done);
    assert!(
        matches!(failed[..], [("not-ours", "vault", error)] if error.contains("was created in the meantime")),
        "{failed:?}"
    );
    is_left_alone(&world, &before, "vault");
    assert_eq!(world.registry.digest("acme/loki", "3.1.0"), Some(loki));
}

#[test]
fn a_creation_whose_answer_is_lost_is_ours_by_its_mark() {
    let world = World::owned();
    let (loki, of_vault) = upstream(&world);
    world.hub.lose_answer("POST", "/repositories$");
    let clone = Clone::new(&text(&loki, &of_vault, GREEDY));
    promote(&world, &clone, &[], 0);
    assert_eq!(world.entry("vault").grants["developers"], "read");
}

/// Where only the registry's own credential is there, tags are all that shows that a repository exists.
#[test]
fn without_docker_hubs_api_a_repository_with_tags_is_not_ours_either() {
    use base64::Engine as _;
    let world = World::owned();
    let before = vault(&world);
    let (loki, of_vault) = upstream(&world);
    let auth = base64::engine::general_purpose::STANDARD.encode("jo:dckr_pat_canary");
    let auths = json!({"auths": {"https://index.docker.io/v1/": {"auth": auth}}}).to_string();
    let clone = Clone::new(&text(&loki, &of_vault, GREEDY));
    let run = |status: i32| {
        let run = world.command(clone.run(&[]), "").env("DOCKERHUB_TOKEN", "").env("DOCKER_AUTH_CONFIG", &auths);
        run.output().expect_status(status).json()
    };
    let done = run(1);
    let failed = failed(&done);
    assert!(matches!(failed[..], [("not-ours", "vault", error)] if error.contains("`adopt: true`")), "{failed:?}");
    assert_eq!(world.registry.digest("acme/loki", "3.1.0"), Some(loki));
    is_left_alone(&world, &before, "vault");
    clone.commit(&clone.manifest().replace(GREEDY, "    adopt: true\n"));
    run(0);
    assert_eq!(world.registry.digest("acme/vault", "3.1.0"), Some(of_vault));
}

/// A repository that history knows is ours, though no approval of it is left that says so.
#[test]
fn what_was_recorded_once_stays_ours() {
    let world = World::owned();
    let (loki, of_vault) = upstream(&world);
    let clone = Clone::new(&text(&loki, &of_vault, GREEDY));
    promote(&world, &clone, &[], 0);
    // As an earlier release made it, without a mark.
    let old = HubRepositoryEntry { full_description: "Kept by Wharfinger.".to_owned(), ..world.entry("vault") };
    world.hub.add_repository("acme", "vault", old);
    let next = world.registry.put_image("grafana/vault", "3.2.0", &ImageSpec::new(704).build());
    clone.commit(
        &text(&loki, &next, GREEDY).replace("tag: \"3.1.0\"\n        digest: ", "tag: \"3.2.0\"\n        digest: "),
    );
    let done = promote(&world, &clone, &["vault"], 0);
    assert_eq!(done["promoted"][0]["digest"], json!(next), "{done}");
}

/// The organization's own product, public, at `acme/billing:latest`.
fn billing(world: &World) -> (HubRepositoryEntry, Digest) {
    let digest = world.registry.put_image("acme/billing", "latest", &ImageSpec::new(711).build());
    world.hub.add_repository("acme", "billing", HubRepositoryEntry::default());
    world.hub.set_tag("acme", "billing", "latest", &digest, "2026-11-21T08:00:00Z");
    (world.entry("billing"), digest)
}

fn revoking(digest: &Digest, more: &str) -> String {
    let revoked = format!("    revoked:\n      - {{ tag: latest, digest: \"{digest}\", reason: x, delete: true }}\n");
    entry("ghcr.io/evil/billing", "billing", &format!("    teams: {{ developers: admin }}\n{more}{revoked}"), &[])
}

#[test]
fn a_revocation_deletes_nothing_that_no_record_shows_to_be_ours() {
    let world = World::owned();
    let (before, digest) = billing(&world);
    let done = world.run(&manifest("docker.io", &[revoking(&digest, "")]), &[], "jo").expect_status(1).json();
    assert!(failed(&done).iter().all(|row| row.0 == "not-ours" && row.1 == "billing"), "{done}");
    is_left_alone(&world, &before, "billing");
    // Where the repository is taken over, the tag is still not ours: nobody is locked out either.
    let adopted = manifest("docker.io", &[revoking(&digest, "    adopt: true\n")]);
    let done = world.run(&adopted, &[], "jo").expect_status(1).json();
    let text = failed(&done)[0].2.replace(digest.short(), "DIGEST");
    insta::assert_snapshot!(text, @"revoked with `delete: true`, and the mirror's tag resolves to DIGEST, but the default branch never recorded that it was promoted there: it is left alone; if it has to go, delete it there");
    assert_eq!(world.registry.digest("acme/billing", "latest"), Some(digest));
    assert!(world.hub.writes().iter().all(|line| !line.starts_with("DELETE")), "{:?}", world.hub.writes());
}

/// A record that was written for another repository, organization or registry says nothing of this one.
#[test]
fn a_record_counts_only_for_the_place_that_it_was_written_for() {
    let world = World::owned();
    let (before, digest) = billing(&world);
    let once = |name: &str| recorded("ghcr.io/evil/billing", name, "", "latest", &digest);
    let renamed = [
        manifest("docker.io", &[once("tool")]),
        manifest("docker.io", &[once("billing")]).replace("organization: acme", "organization: other"),
        manifest("quay.io", &[once("billing")]),
    ];
    for first in renamed {
        // The record is carried along, then the bytes are revoked, then all of it is retired.
        let clone = Clone::new(&first);
        clone.commit(&manifest("docker.io", &[once("billing")]));
        clone.commit(&manifest("docker.io", &[revoking(&digest, "")]));
        let done = promote(&world, &clone, &[], 1);
        assert!(failed(&done).iter().all(|row| row.0 == "not-ours"), "{done}");
        clone.commit(&manifest("docker.io", &[entry("ghcr.io/evil/billing", "billing", "", &[])]));
        assert_eq!(promote(&world, &clone, &["--prune"], 0)["removed"], json!([]));
        is_left_alone(&world, &before, "billing");
    }
}

/// The body that `propose` writes for `vault`, with Docker Hub's credential or without.
fn proposed(world: &World, more: &str, signed_in: bool) -> String {
    let image = format!("  - source: grafana/vault\n    repository: vault\n{more}{GREEDY}");
    let text = manifest("docker.io\ndefaults: { cooldown: 0s }", &[image]);
    let clone = Clone::new(&text);
    let run = Run::new(PROGRAM).dir(clone.path()).args(["--forge", "git", "--format", "json", "propose"]);
    let run = world.command(run, "jo");
    let run = if signed_in { run } else { run.env("DOCKERHUB_USERNAME", "").env("DOCKERHUB_TOKEN", "") };
    let done = run.output().expect_status(0).json();
    assert_eq!(done["failed"], json!([]), "{done}");
    let body = crate::support::git::git(clone.path(), &["log", "-1", "--format=%B", "wharfinger/image/vault/latest"]);
    let line = body.lines().find(|line| line.starts_with("- On merge: ")).unwrap();
    line.replacen("- On merge: ", "", 1)
}

#[test]
fn no_proposal_says_that_it_creates_what_exists() {
    let world = World::owned();
    upstream(&world);
    let absent = proposed(&world, "", true);
    assert!(absent.starts_with("creates `acme/vault`, private, `developers`: read; copies "), "{absent}");
    vault(&world);
    let not_ours = proposed(&world, "", true);
    assert!(not_ours.starts_with("`acme/vault` already exists and is not ours: it is left untouched, "), "{not_ours}");
    let adopted = proposed(&world, "    adopt: true\n", true);
    let changes = "developers: no grant becomes developers: read; \"Secrets\" becomes \"Approved copies\"";
    let said = format!("takes over `acme/vault`, which exists and was not ours (`{changes}`); copies ");
    assert!(adopted.starts_with(&said), "{adopted}");
    let untold = proposed(&world, "", false);
    assert!(untold.starts_with("unless it exists, creates `acme/vault`, private"), "{untold}");
    assert_eq!(world.hub.writes(), Vec::<String>::new());
}
