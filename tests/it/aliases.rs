//! Aliases: tags at the mirror that follow the newest approval.

use serde_json::{Value, json};
use wharfinger::internals::image::Digest;

use super::promote::{Clone, manifest};
use crate::support::http::{Action, Rule};
use crate::support::images::{Image, ImageSpec};
use crate::support::process::Run;
use crate::support::registry::TestRegistry;
use crate::support::servers::RealRegistry;

const VERSIONS: [&str; 3] = ["3.0.0", "3.1.0", "4.0.0"];

/// An upstream with three versions, a mirror, and a clone whose manifest approves some of them.
struct World {
    upstream: TestRegistry,
    mirror: TestRegistry,
    clone: Clone,
}

fn image(at: usize) -> Image {
    ImageSpec::new(7_000 + at as u64).build()
}

impl World {
    fn new(approved: &[&str], more: &str) -> Self {
        let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
        for (at, version) in VERSIONS.iter().enumerate() {
            upstream.put_image("team/app", version, &image(at));
        }
        let clone = Clone::new(&text(&upstream, &mirror, approved, more));
        Self { upstream, mirror, clone }
    }

    /// Commits a manifest with these approvals, each recorded if the mirror has it.
    fn approve(&self, approved: &[&str], more: &str) {
        self.clone.commit(&text(&self.upstream, &self.mirror, approved, more));
    }

    #[track_caller]
    fn promote(&self, status: i32) -> Value {
        self.clone.promote(status)
    }

    /// Which version each alias is.
    fn alias(&self, alias: &str) -> Option<&'static str> {
        let held = self.mirror.digest("acme/app", alias)?;
        VERSIONS.iter().enumerate().find(|(at, _)| image(*at).digest() == held).map(|(_, version)| *version)
    }
}

fn digest(version: &str) -> Digest {
    image(VERSIONS.iter().position(|known| *known == version).unwrap()).digest()
}

fn text(upstream: &TestRegistry, mirror: &TestRegistry, approved: &[&str], more: &str) -> String {
    let mut entry = format!("  - source: {}/team/app\n    repository: app\n{more}", upstream.host());
    if !approved.is_empty() {
        entry.push_str("    approved:\n");
    }
    for version in approved {
        let digest = digest(version);
        entry.push_str(&format!("      - tag: \"{version}\"\n        digest: {digest}\n"));
        if mirror.digest("acme/app", version) == Some(digest.clone()) {
            entry.push_str(&format!("        mirrored: {digest}\n"));
        }
    }
    manifest(&mirror.host(), &[entry])
}

const ALIASES: &str = "    aliases: [latest, \"3\", \"3.0\", \"5\"]\n";

fn moved(done: &Value) -> Vec<String> {
    let aliases = done["aliases"].as_array().unwrap().iter();
    aliases
        .map(|alias| format!("{} {}", alias["alias"].as_str().unwrap(), alias["tag"].as_str().unwrap_or("-")))
        .collect()
}

#[test]
fn aliases_follow_the_newest_approval_and_cost_one_request_each_when_idle() {
    let world = World::new(&["3.0.0", "3.1.0"], ALIASES);
    let planned = world.clone.run(&["--dry-run"]).output().expect_status(0).json();
    assert_eq!(moved(&planned), ["latest 3.1.0", "3 3.1.0", "3.0 3.0.0", "5 -"]);
    assert_eq!(world.mirror.writes(), Vec::<String>::new());
    assert_eq!(moved(&world.promote(0)), ["latest 3.1.0", "3 3.1.0", "3.0 3.0.0"]);
    let held = ["latest", "3", "3.0", "5"].map(|alias| world.alias(alias));
    assert_eq!(held, [Some("3.1.0"), Some("3.1.0"), Some("3.0.0"), None]);

    world.mirror.server().clear_log();
    let idle = world.promote(0);
    assert_eq!((moved(&idle), &idle["changed"]), (Vec::new(), &json!(false)));
    let asked: Vec<String> =
        world.mirror.log().iter().map(|entry| format!("{} {}", entry.request.method, entry.request.path)).collect();
    let of_aliases = asked.iter().filter(|line| ["/latest", "/3", "/3.0", "/5"].iter().any(|tag| line.ends_with(tag)));
    assert_eq!((of_aliases.count(), asked.len()), (4, 6), "{asked:?}");

    // A new version moves what it is newer than, without any blob.
    world.approve(&VERSIONS, ALIASES);
    assert_eq!(moved(&world.promote(0)), ["latest 4.0.0"]);
    assert_eq!(["latest", "3", "3.0"].map(|alias| world.alias(alias)), [Some("4.0.0"), Some("3.1.0"), Some("3.0.0")]);
}

#[test]
fn an_alias_that_somebody_moved_is_left_and_told_by_the_audit() {
    let world = World::new(&["3.0.0"], "    aliases: [latest]\n");
    world.promote(0);
    let foreign = world.mirror.put_image("acme/app", "latest", &ImageSpec::new(9).build());
    let done = world.promote(1);
    assert_eq!((&done["failed"][0]["step"], &done["failed"][0]["tag"]), (&json!("mirror-differs"), &json!("latest")));
    assert_eq!(world.mirror.digest("acme/app", "latest"), Some(foreign.clone()));
    let audit = |status: i32| {
        let run = Run::new(env!("CARGO_BIN_EXE_wharfinger")).dir(world.clone.path());
        run.args(["--forge", "git", "--format", "json", "audit"]).output().expect_status(status).json()
    };
    let findings = &audit(1)["findings"];
    assert_eq!((findings.as_array().unwrap().len(), &findings[0]["code"]), (1, &json!("mirror-differs")), "{findings}");
    assert_eq!((&findings[0]["tag"], &findings[0]["found"]), (&json!("latest"), &json!(foreign.to_string())));

    // Nor does revoking what was put there make it ours.
    let revoked = format!("    revoked: [{{ tag: 9.9.9, digest: \"{foreign}\", reason: x }}]\n");
    world.approve(&["3.0.0"], &format!("    aliases: [latest]\n{revoked}"));
    world.promote(1);
    assert_eq!(world.mirror.digest("acme/app", "latest"), Some(foreign.clone()));
    world.approve(&["3.0.0"], "    aliases: [latest]\n");

    world.mirror.delete_tag("acme/app", "latest");
    assert_eq!(audit(1)["findings"][0]["code"], json!("missing-tag"));
    assert_eq!(moved(&world.promote(0)), ["latest 3.0.0"]);
    assert_eq!(audit(0)["findings"], json!([]));
}

#[test]
fn an_alias_moves_off_what_was_retired_because_the_history_recorded_it() {
    let world = World::new(&["3.0.0"], "    aliases: [\"3\"]\n");
    world.promote(0);
    assert_eq!(world.alias("3"), Some("3.0.0"));
    // The old approval goes in the same change as the new one comes.
    world.approve(&["3.1.0"], "    aliases: [\"3\"]\n");
    assert_eq!(moved(&world.promote(0)), ["3 3.1.0"]);
    assert_eq!(world.alias("3"), Some("3.1.0"));
}

#[test]
fn nothing_that_is_not_promoted_gets_an_alias() {
    let world = World::new(&["3.0.0", "3.1.0"], "    aliases: [latest]\n");
    let lost = format!("/v2/team/app/manifests/{}", digest("3.1.0"));
    world.upstream.fault(Rule::new("GET", &lost, Action::Answer(404, vec![], "{}".into())));
    world.upstream.fault(Rule::new("HEAD", &lost, Action::Answer(404, vec![], "".into())));
    let done = world.promote(1);
    assert_eq!(
        (moved(&done), world.alias("latest"), world.alias("3.0.0")),
        (Vec::new(), None, Some("3.0.0")),
        "{done}"
    );
    world.upstream.server().clear_faults();
    assert_eq!(moved(&world.promote(0)), ["latest 3.1.0"]);
}

#[test]
fn revoked_bytes_lose_their_aliases() {
    let aliases = "    aliases: [latest, \"4\"]\n";
    let world = World::new(&["3.1.0", "4.0.0"], aliases);
    world.mirror.set(|switches| switches.delete_tags = false);
    world.promote(0);
    assert_eq!((world.alias("latest"), world.alias("4")), (Some("4.0.0"), Some("4.0.0")));
    let revoked = digest("4.0.0");
    let revoked = format!("    revoked: [{{ tag: 4.0.0, digest: \"{revoked}\", reason: CVE-2027-1, delete: true }}]\n");
    world.approve(&["3.1.0"], &format!("{aliases}{revoked}"));
    let done = world.promote(0);
    assert_eq!(moved(&done), ["latest 3.1.0"], "{done}");
    let removed: Vec<&Value> = done["removed"].as_array().unwrap().iter().map(|removal| &removal["tag"]).collect();
    assert_eq!(removed[0], &json!("4"), "{done}");
    assert_eq!(world.mirror.tags("acme/app").into_keys().collect::<Vec<_>>(), ["3.1.0", "latest"]);
    assert_eq!(world.promote(0)["changed"], json!(false));
}

#[test]
fn a_run_that_ends_before_an_alias_moves_is_made_good_by_the_next() {
    let world = World::new(&["3.0.0"], "    aliases: [latest]\n");
    world.mirror.fault(Rule::new("PUT", "/manifests/latest", Action::Answer(500, vec![], "{}".into())));
    let done = world.promote(1);
    assert_eq!((&done["failed"][0]["step"], &done["promoted"][0]["tag"]), (&json!("tag"), &json!("3.0.0")), "{done}");
    assert!(world.clone.manifest().contains("mirrored"), "what was copied is recorded");
    world.mirror.server().clear_faults();
    assert_eq!(moved(&world.promote(0)), ["latest 3.0.0"]);
}

#[test]
fn a_reference_to_an_alias_is_approved() {
    let world = World::new(&["3.0.0"], "    aliases: [latest]\n");
    world.promote(0);
    let image = format!("{}/acme/app", world.mirror.host());
    let dockerfile = format!("FROM {image}\nFROM {image}:latest\nFROM {image}:3\n");
    std::fs::write(world.clone.path().join("Dockerfile"), dockerfile).unwrap();
    let run = Run::new(env!("CARGO_BIN_EXE_wharfinger")).dir(world.clone.path());
    let found = run.args(["scan", "--format", "json", "Dockerfile"]).output().expect_status(1).json();
    let verdicts: Vec<&Value> = found["references"].as_array().unwrap().iter().map(|found| &found["verdict"]).collect();
    assert_eq!(verdicts, ["approved", "approved", "other-version"]);
}

#[test]
fn real_registries_take_aliases() {
    for registry in [RealRegistry::debian(), RealRegistry::distribution()].into_iter().flatten() {
        let upstream = TestRegistry::start();
        upstream.put_image("team/app", "3.0.0", &image(0));
        let entry = format!(
            "  - source: {}/team/app\n    repository: app\n    aliases: [latest, \"3\"]\n    approved:\n      - tag: 3.0.0\n        digest: {}\n",
            upstream.host(),
            digest("3.0.0")
        );
        let clone = Clone::new(&manifest(&registry.host(), &[entry]));
        assert_eq!(moved(&clone.promote(0)), ["latest 3.0.0", "3 3.0.0"]);
        assert_eq!(clone.promote(0)["changed"], json!(false));
    }
}

#[test]
fn an_alias_on_the_bytes_of_an_image_that_shares_the_repository_is_left() {
    let world = World::new(&["3.0.0"], "    aliases: [latest]\n");
    let other = world.upstream.put_image("team/other", "9.9", &ImageSpec::new(9).build());
    let sibling = format!(
        "  - source: {}/team/other\n    repository: app\n    variant: alpine\n    approved:\n      - tag: \"9.9\"\n        digest: {other}\n",
        world.upstream.host()
    );
    world.clone.commit(&format!("{}\n{sibling}", world.clone.manifest()));
    world.promote(0);
    world.mirror.set_tag("acme/app", "latest", &other);
    assert_eq!(world.promote(1)["failed"][0]["step"], json!("mirror-differs"));
    assert_eq!(world.mirror.digest("acme/app", "latest"), Some(other));
}
