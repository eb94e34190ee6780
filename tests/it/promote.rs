//! Promotion with the real program: what is copied, what is requested, and what is left alone.

use std::path::Path;

use serde_json::{Value, json};
use wharfinger::internals::image::Digest;

use crate::support::git::git;
use crate::support::github::TestGitHub;
use crate::support::http::{Action, Rule};
use crate::support::hub::{Account, TestHub};
use crate::support::images::{Image, ImageSpec};
use crate::support::process::{Actions, Outcome, Run};
use crate::support::registry::{Auth, TestRegistry};
use crate::support::servers::RealRegistry;

/// A local clone with a manifest.
pub(crate) struct Clone(tempfile::TempDir);

impl Clone {
    pub(crate) fn new(manifest: &str) -> Self {
        let clone = Self(tempfile::tempdir().unwrap());
        git(clone.path(), &["init", "--quiet", "--initial-branch=main"]);
        clone.commit(manifest);
        clone
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn commit(&self, manifest: &str) {
        std::fs::write(self.path().join("approved-images.yml"), manifest).unwrap();
        git(self.path(), &["add", "--all"]);
        git(self.path(), &["commit", "--quiet", "-m", "Change the manifest"]);
    }

    pub(crate) fn manifest(&self) -> String {
        self.text("main")
    }

    fn commits(&self) -> usize {
        self.count("main")
    }

    /// The manifest on a branch.
    pub(crate) fn text(&self, branch: &str) -> String {
        git(self.path(), &["show", &format!("{branch}:approved-images.yml")])
    }

    /// How many commits a branch has.
    pub(crate) fn count(&self, branch: &str) -> usize {
        git(self.path(), &["rev-list", "--count", branch]).parse().unwrap()
    }

    /// All references and what they point to.
    pub(crate) fn refs(&self) -> String {
        git(self.path(), &["for-each-ref", "--format=%(refname) %(objectname)"])
    }

    /// What differs in the work tree.
    pub(crate) fn status(&self) -> String {
        git(self.path(), &["status", "--porcelain"])
    }

    pub(crate) fn run(&self, args: &[&str]) -> Run {
        Run::new(env!("CARGO_BIN_EXE_wharfinger"))
            .dir(self.path())
            .args(["--forge", "git", "--format", "json", "promote"])
            .args(args)
    }

    #[track_caller]
    pub(crate) fn promote(&self, status: i32) -> Value {
        self.run(&[]).output().expect_status(status).json()
    }
}

/// `run`, as the job of a push to the default branch runs it.
pub(crate) fn in_a_job(github: &TestGitHub, run: Run) -> Outcome {
    let head = github.branch("main").unwrap();
    let actions = Actions::push(&github.repository(), &head, &head)
        .api(&github.server(), &github.api(), &github.graphql())
        .env("GITHUB_TOKEN", github.token());
    run.actions(&actions).output()
}

/// One image of the manifest and its approvals.
pub(crate) fn entry(source: &str, repository: &str, more: &str, approved: &[(&str, &Digest)]) -> String {
    let mut text = format!("  - source: {source}\n    repository: {repository}\n{more}    approved:\n");
    for (tag, digest) in approved {
        text.push_str(&format!("      - tag: \"{tag}\"\n        digest: {digest}\n"));
    }
    text
}

/// The same of one version that is promoted and recorded.
pub(crate) fn recorded(source: &str, repository: &str, more: &str, tag: &str, digest: &Digest) -> String {
    format!("{}        mirrored: {digest}\n", entry(source, repository, more, &[(tag, digest)]))
}

pub(crate) fn manifest(destination: &str, entries: &[String]) -> String {
    format!("organization: acme\nregistry: {destination}\nimages:\n{}", entries.concat())
}

/// Requests by kind, token requests apart.
fn count(registry: &TestRegistry, method: &str, part: &str) -> usize {
    registry.log().iter().filter(|e| e.request.method == method && e.request.path.contains(part)).count()
}

fn total(registry: &TestRegistry) -> usize {
    registry.log().iter().filter(|e| e.request.path != "/token").count()
}

/// Everything of the image is in the repository, byte for byte.
#[track_caller]
pub(crate) fn assert_whole(registry: &TestRegistry, repository: &str, tag: &str, image: &Image) {
    assert_eq!(registry.digest(repository, tag), Some(image.digest()));
    for manifest in &image.manifests {
        assert_eq!(registry.manifest(repository, manifest.digest().as_str()), Some(manifest.bytes.clone()));
    }
    let blobs = registry.blobs(repository);
    assert!(image.blobs.iter().all(|(digest, _)| blobs.contains(digest)), "a blob of {repository}:{tag} is missing");
}

/// 14 blobs: two platforms of six layers (five of them a base) and a configuration.
fn large(seed: u64) -> Image {
    ImageSpec { base: Some((1, 5)), ..ImageSpec::new(seed) }.build()
}

#[test]
fn a_promotion_copies_and_records_and_the_next_one_asks_one_head() {
    let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
    let (one, two) = (large(11), ImageSpec::new(12).attestations().build());
    upstream.put_image("team/app", "1.0.0", &one);
    upstream.put_image("team/app", "1.1.0", &two);
    let source = format!("{}/team/app", upstream.host());
    let (first, second) = (one.digest(), two.digest());
    let clone =
        Clone::new(&manifest(&mirror.host(), &[entry(&source, "app", "", &[("1.0.0", &first), ("1.1.0", &second)])]));
    let result = clone.promote(0);
    assert_eq!(
        result["promoted"],
        json!([
            {"repository": "app", "tag": "1.0.0", "digest": first, "mirrored": first, "pull": null, "pull_url": null},
            {"repository": "app", "tag": "1.1.0", "digest": second, "mirrored": second, "pull": null, "pull_url": null},
        ])
    );
    assert_eq!((&result["failed"], &result["changed"]), (&json!([]), &json!(true)));
    assert_whole(&mirror, "acme/app", "1.0.0", &one);
    assert_whole(&mirror, "acme/app", "1.1.0", &two);
    let recorded = clone.manifest();
    assert_eq!(recorded.matches(&format!("mirrored: {first}")).count(), 1, "{recorded}");
    assert_eq!(recorded.matches(&format!("mirrored: {second}")).count(), 1, "{recorded}");
    assert_eq!(clone.commits(), 2);

    mirror.server().clear_log();
    upstream.server().clear_log();
    let result = clone.promote(0);
    assert_eq!((&result["promoted"], &result["changed"]), (&json!([]), &json!(false)));
    assert_eq!((total(&mirror), count(&mirror, "HEAD", "/manifests/")), (2, 2), "{:?}", mirror.server().lines());
    assert_eq!(total(&upstream), 0);
    assert_eq!(clone.commits(), 2);
}

#[test]
fn a_new_tag_on_a_known_base_costs_the_minimum() {
    let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
    let (old, new) = (large(21), large(22));
    let source = format!("{}/team/app", upstream.host());
    let (first, second) =
        (upstream.put_image("team/app", "1.0.0", &old), upstream.put_image("team/app", "1.1.0", &new));
    let clone = Clone::new(&manifest(&mirror.host(), &[entry(&source, "app", "", &[("1.0.0", &first)])]));
    clone.promote(0);
    let text = clone.manifest();
    clone.commit(&format!("{}\n      - tag: \"1.1.0\"\n        digest: {second}\n", text.trim_end()));
    mirror.server().clear_log();
    upstream.server().clear_log();
    clone.promote(0);
    assert_whole(&mirror, "acme/app", "1.1.0", &new);
    assert_eq!((count(&upstream, "GET", "/manifests/"), count(&upstream, "GET", "/blobs/")), (3, 4));
    // Beside them, looking for signatures: one request a manifest and one listing.
    assert_eq!((count(&upstream, "GET", "/referrers/"), count(&upstream, "GET", "/tags/list")), (3, 1));
    assert_eq!(total(&upstream), 7 + 4);
    // The new tag, once when it is looked at and once before it is set; each manifest read back; the sibling's manifests.
    assert_eq!((count(&mirror, "HEAD", "/manifests/"), count(&mirror, "GET", "/manifests/")), (5, 3));
    assert_eq!((count(&mirror, "POST", "/blobs/"), count(&mirror, "PUT", "/blobs/")), (4, 4));
    assert_eq!((count(&mirror, "PUT", "/manifests/"), count(&mirror, "HEAD", "/blobs/")), (3, 0));
    assert_eq!(total(&mirror), 19, "{:#?}", mirror.server().lines());
}

#[test]
fn what_the_mirror_lost_is_brought_anew_although_a_sibling_vouches_for_it() {
    for single in [false, true] {
        let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
        let build = |seed: u64| {
            let spec = ImageSpec { base: Some((1, 5)), ..ImageSpec::new(seed) };
            if single { spec.single().build() } else { spec.build() }
        };
        let (old, new) = (build(23), build(24));
        let source = format!("{}/team/app", upstream.host());
        let (first, second) =
            (upstream.put_image("team/app", "1.0.0", &old), upstream.put_image("team/app", "1.1.0", &new));
        let clone = Clone::new(&manifest(&mirror.host(), &[entry(&source, "app", "", &[("1.0.0", &first)])]));
        clone.promote(0);
        let shared = |digest: &&Digest| new.blobs.iter().any(|(blob, _)| blob == *digest);
        let lost: Vec<Digest> = mirror.blobs("acme/app").iter().filter(shared).take(2).cloned().collect();
        assert_eq!(lost.len(), 2, "the two share a base");
        for blob in &lost {
            mirror.delete_blob("acme/app", blob);
        }
        let text = clone.manifest();
        clone.commit(&format!("{}\n      - tag: \"1.1.0\"\n        digest: {second}\n", text.trim_end()));
        mirror.server().clear_log();
        clone.promote(0);
        assert_whole(&mirror, "acme/app", "1.1.0", &new);
        assert!(clone.manifest().contains(&format!("mirrored: {second}")));
        let sent = if single { 2 } else { 4 } + lost.len();
        assert_eq!(
            count(&mirror, "PUT", "/blobs/"),
            sent,
            "what is new and what was lost: {:#?}",
            mirror.server().lines()
        );
    }
}

#[test]
fn on_one_registry_everything_is_mounted() {
    let registry = TestRegistry::start();
    let image = large(31);
    let digest = registry.put_image("team/app", "1.0.0", &image);
    let source = format!("{}/team/app", registry.host());
    let clone = Clone::new(&manifest(&registry.host(), &[entry(&source, "app", "", &[("1.0.0", &digest)])]));
    clone.promote(0);
    assert_whole(&registry, "acme/app", "1.0.0", &image);
    assert_eq!((count(&registry, "POST", "/blobs/"), count(&registry, "PUT", "/blobs/")), (14, 0));
    assert_eq!((count(&registry, "GET", "/blobs/"), count(&registry, "HEAD", "/blobs/")), (0, 0));
    assert_eq!((count(&registry, "GET", "/referrers/"), count(&registry, "GET", "/tags/list")), (3, 1));
    // What the tag answers is looked at once: no bytes were sent since.
    assert_eq!(
        (count(&registry, "HEAD", "/manifests/1.0.0"), total(&registry)),
        (2, 24 + 4),
        "{:#?}",
        registry.server().lines()
    );
}

#[test]
fn no_blob_is_fetched_or_sent_twice_in_a_run() {
    let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
    let mut entries = Vec::new();
    for number in 0..4_u64 {
        let digest = upstream.put_image(&format!("team/app{number}"), "1", &large(40 + number % 2));
        entries.push(entry(
            &format!("{}/team/app{number}", upstream.host()),
            &format!("app{number}"),
            "",
            &[("1", &digest)],
        ));
    }
    let clone = Clone::new(&manifest(&mirror.host(), &entries));
    clone.promote(0);
    for number in 0..4_u64 {
        assert_whole(&mirror, &format!("acme/app{number}"), "1", &large(40 + number % 2));
    }
    // Ten base layers, and of each of two images two layers and two configurations.
    assert_eq!((count(&upstream, "GET", "/blobs/"), count(&mirror, "PUT", "/blobs/")), (18, 18));
}

#[test]
fn a_subset_has_its_own_digest_and_is_known_again() {
    let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
    let image = ImageSpec::new(51).platforms(&["linux/amd64", "linux/arm64", "linux/s390x"]).attestations().build();
    let digest = upstream.put_image("team/app", "1", &image);
    let source = format!("{}/team/app", upstream.host());
    let platforms = "    platforms: [linux/amd64, linux/arm64]\n";
    let clone = Clone::new(&manifest(&mirror.host(), &[entry(&source, "app", platforms, &[("1", &digest)])]));
    let result = clone.promote(0);
    let mirrored = mirror.digest("acme/app", "1").unwrap();
    assert_ne!(mirrored, digest);
    assert_eq!(result["promoted"][0]["mirrored"], json!(mirrored));
    let index: Value = serde_json::from_slice(&mirror.manifest("acme/app", "1").unwrap()).unwrap();
    let kept: Vec<&str> = index["manifests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["platform"]["architecture"].as_str().unwrap())
        .collect();
    assert_eq!(kept, ["amd64", "arm64", "unknown", "unknown"]);
    mirror.server().clear_log();
    upstream.server().clear_log();
    clone.promote(0);
    assert_eq!((total(&upstream), total(&mirror), count(&mirror, "HEAD", "/manifests/1")), (0, 2, 1));
    clone.commit(&clone.manifest().replace("[linux/amd64, linux/arm64]", "[linux/amd64]"));
    let result = clone.promote(0);
    assert_ne!(result["promoted"][0]["mirrored"], json!(mirrored), "other platforms give another digest: {result}");
    assert_eq!(clone.promote(0)["changed"], json!(false));
}

#[test]
fn what_somebody_pushed_is_left_alone_and_other_images_go_on() {
    let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
    let (image, foreign) = (ImageSpec::new(61).build(), ImageSpec::new(62).build());
    let digest = upstream.put_image("team/app", "1", &image);
    let lost = ImageSpec::new(63).build().digest();
    mirror.put_image("acme/taken", "1", &foreign);
    let source = format!("{}/team/app", upstream.host());
    let entries = [
        entry(&source, "taken", "", &[("1", &digest)]),
        entry(&source, "gone", "", &[("1", &lost)]),
        entry(&source, "app", "", &[("1", &digest)]),
    ];
    let clone = Clone::new(&manifest(&mirror.host(), &entries));
    let result = clone.promote(1);
    let steps: Vec<(&Value, &Value)> =
        result["failed"].as_array().unwrap().iter().map(|f| (&f["repository"], &f["step"])).collect();
    assert_eq!(steps, [(&json!("taken"), &json!("mirror-differs")), (&json!("gone"), &json!("source-lost"))]);
    assert_eq!(result["failed"][0]["source"], json!(source));
    assert_eq!(result["promoted"].as_array().unwrap().len(), 1);
    assert_eq!(mirror.digest("acme/taken", "1"), Some(foreign.digest()));
    assert_whole(&mirror, "acme/app", "1", &image);
    assert_eq!(clone.manifest().matches("mirrored:").count(), 1);
}

#[test]
fn the_reviewed_bytes_are_copied_after_upstream_moved_its_tag() {
    let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
    let (reviewed, moved) = (ImageSpec::new(71).build(), ImageSpec::new(72).build());
    let digest = upstream.put_image("team/app", "1", &reviewed);
    upstream.put_image("team/app", "1", &moved);
    let source = format!("{}/team/app", upstream.host());
    let clone = Clone::new(&manifest(&mirror.host(), &[entry(&source, "app", "", &[("1", &digest)])]));
    clone.promote(0);
    assert_whole(&mirror, "acme/app", "1", &reviewed);
    // A rebuild moves the tag off what is recorded, and off nothing else.
    clone.commit(&clone.manifest().replace(&format!(" digest: {digest}"), &format!(" digest: {}", moved.digest())));
    clone.promote(0);
    assert_whole(&mirror, "acme/app", "1", &moved);
    assert!(clone.manifest().contains(&format!("mirrored: {}", moved.digest())));
}

#[test]
fn a_dry_run_and_a_run_without_forge_write_nothing() {
    let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
    let digest = upstream.put_image("team/app", "1", &ImageSpec::new(81).build());
    let source = format!("{}/team/app", upstream.host());
    let clone = Clone::new(&manifest(&mirror.host(), &[entry(&source, "app", "", &[("1", &digest)])]));
    let result = clone.run(&["--dry-run"]).output().expect_status(0).json();
    assert_eq!(result["promotions"][0]["state"], json!("copy"));
    let run = Run::new(env!("CARGO_BIN_EXE_wharfinger")).dir(clone.path()).args(["promote"]);
    run.output().expect_status(3);
    assert!(mirror.writes().is_empty(), "{:?}", mirror.writes());
    assert_eq!((clone.commits(), total(&upstream)), (1, 3), "the index and its manifests");
}

#[test]
fn reviews_that_cannot_be_counted_keep_approvals_out() {
    let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
    let digest = upstream.put_image("team/app", "1", &ImageSpec::new(85).build());
    let source = format!("{}/team/app", upstream.host());
    let text = |approved: &[(&str, &Digest)]| manifest(&mirror.host(), &[entry(&source, "app", "", approved)]);
    let clone = Clone::new(&text(&[]));
    clone.commit(&text(&[("1", &digest)]));
    let result = clone.run(&["--min-approvals", "1"]).output().expect_status(1).json();
    assert_eq!(result["failed"][0]["step"], json!("unreviewed"));
    assert_eq!((mirror.writes().len(), total(&upstream)), (0, 0));
    // The oldest state of the manifest counts as reviewed.
    let clone = Clone::new(&text(&[("1", &digest)]));
    clone.promote(0);
    let result = clone.run(&["--min-approvals", "1"]).output().expect_status(1).json();
    let error = result["failed"][0]["error"].as_str().unwrap();
    assert!(
        error.starts_with("`mirrored` of `acme/app:1`"),
        "nobody vouches for a record in a plain repository: {error}"
    );
}

#[test]
fn one_lost_blob_fails_its_image_alone() {
    let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
    let (broken, good) = (ImageSpec::new(91).build(), ImageSpec::new(92).build());
    let bad = upstream.put_image("team/broken", "1", &broken);
    upstream.delete_blob("team/broken", &broken.blobs[1].0);
    let digest = upstream.put_image("team/good", "1", &good);
    let source = |name: &str| format!("{}/team/{name}", upstream.host());
    let entries =
        [entry(&source("broken"), "broken", "", &[("1", &bad)]), entry(&source("good"), "good", "", &[("1", &digest)])];
    let clone = Clone::new(&manifest(&mirror.host(), &entries));
    let result = clone.promote(1);
    assert_eq!(result["failed"].as_array().unwrap().len(), 1, "{result}");
    assert_eq!((&result["failed"][0]["repository"], &result["failed"][0]["step"]), (&json!("broken"), &json!("blob")));
    assert_eq!(mirror.digest("acme/broken", "1"), None, "no tag answers what is not whole");
    assert_whole(&mirror, "acme/good", "1", &good);
}

/// Kills the program after every single request that it makes at the mirror, then runs it again.
#[test]
fn stopped_after_any_request_a_second_run_ends_the_same() {
    let image = ImageSpec { layers: 2, ..ImageSpec::new(101) }.build();
    let mut after = 0;
    loop {
        let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
        let digest = upstream.put_image("team/app", "1", &image);
        let source = format!("{}/team/app", upstream.host());
        let clone = Clone::new(&manifest(&mirror.host(), &[entry(&source, "app", "", &[("1", &digest)])]));
        mirror.fault(Rule::new("", ".*", Action::Hang).after(after));
        let mut child = clone.run(&[]).spawn();
        let stopped = loop {
            if child.try_wait().unwrap().is_some() {
                break false;
            }
            if mirror.log().len() > after {
                break true;
            }
            std::thread::sleep(std::time::Duration::from_millis(2));
        };
        child.kill().unwrap();
        child.wait().unwrap();
        mirror.server().clear_faults();
        if mirror.digest("acme/app", "1").is_some() {
            assert_whole(&mirror, "acme/app", "1", &image);
        }
        let uploads = count(&mirror, "PUT", "/blobs/");
        let result = clone.promote(0);
        assert_eq!(result["failed"], json!([]), "killed after {after} requests");
        assert_whole(&mirror, "acme/app", "1", &image);
        assert_eq!(clone.manifest().matches(&format!("mirrored: {digest}")).count(), 1);
        assert_eq!(clone.commits(), 2, "killed after {after} requests");
        assert!(uploads <= image.blobs.len());
        if !stopped {
            break;
        }
        after += 1;
    }
    assert!(after > 15, "the run makes more than {after} requests");
}

#[test]
fn two_promotions_at_once_both_end_well_with_one_record() {
    let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
    let image = large(111);
    let digest = upstream.put_image("team/app", "1", &image);
    let source = format!("{}/team/app", upstream.host());
    let clone = Clone::new(&manifest(&mirror.host(), &[entry(&source, "app", "", &[("1", &digest)])]));
    let ends: Vec<Outcome> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..2).map(|_| scope.spawn(|| clone.run(&[]).output())).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    for end in ends {
        end.expect_status(0);
    }
    assert_whole(&mirror, "acme/app", "1", &image);
    assert_eq!((clone.commits(), clone.manifest().matches("mirrored:").count()), (2, 1));
}

/// Promotes three kinds of image between real registries, then looks again.
fn between(upstream: &RealRegistry, mirror: &RealRegistry) {
    let images = [large(121), ImageSpec::new(122).docker().build(), ImageSpec::new(123).single().build()];
    let mut approved = Vec::new();
    for (number, image) in images.iter().enumerate() {
        image.push_blocking(&upstream.url(), "team/app", &format!("1.{number}"));
        approved.push((format!("1.{number}"), image.digest()));
    }
    let approved: Vec<(&str, &Digest)> = approved.iter().map(|(tag, digest)| (tag.as_str(), digest)).collect();
    let source = format!("{}/team/app", upstream.host());
    let clone = Clone::new(&manifest(&mirror.host(), &[entry(&source, "app", "", &approved)]));
    assert_eq!(clone.promote(0)["promoted"].as_array().unwrap().len(), 3);
    let before = mirror.settled_log().len();
    assert_eq!(clone.promote(0)["changed"], json!(false));
    let asked: Vec<_> = mirror.settled_log().split_off(before);
    assert_eq!(asked.iter().map(|a| a.method.as_str()).collect::<Vec<_>>(), ["HEAD"; 3], "{asked:?}");
}

#[test]
fn between_two_real_registries() {
    let (Some(upstream), Some(mirror)) = (RealRegistry::debian(), RealRegistry::debian()) else { return };
    between(&upstream, &mirror);
}

#[test]
fn to_and_from_distribution_3() {
    let (Some(upstream), Some(mirror)) = (RealRegistry::distribution(), RealRegistry::distribution()) else { return };
    between(&upstream, &mirror);
}

#[test]
fn between_registries_of_two_generations() {
    let (Some(old), Some(new)) = (RealRegistry::debian(), RealRegistry::distribution()) else { return };
    between(&old, &new);
}

/// docker-registry 2.8 answers 500 and 400 where two clients link the same blobs at once.
#[test]
fn two_promotions_at_once_into_a_real_registry() {
    for registry in [RealRegistry::debian(), RealRegistry::distribution()].into_iter().flatten() {
        let image = large(125);
        image.push_blocking(&registry.url(), "team/app", "1");
        let source = format!("{}/team/app", registry.host());
        let names = ["one", "two", "three"];
        let digest = image.digest();
        let entries = names.map(|name| entry(&source, name, "", &[("1", &digest)]));
        let clone = Clone::new(&manifest(&registry.host(), &entries));
        let ends: Vec<Outcome> = std::thread::scope(|scope| {
            let runs: Vec<_> = (0..2).map(|_| scope.spawn(|| clone.run(&[]).output())).collect();
            runs.into_iter().map(|run| run.join().unwrap()).collect()
        });
        for end in ends {
            end.expect_status(0);
        }
        assert_eq!(clone.manifest().matches("mirrored:").count(), 3);
        assert_eq!(clone.promote(0)["changed"], json!(false));
    }
}

#[test]
fn on_docker_hub_the_repository_is_made_before_the_first_push() {
    let registry = TestRegistry::start();
    registry.set(|switches| switches.auth = Auth::Bearer);
    let hub = TestHub::start(vec![Account::personal("owner", "hunter2-secret", &["acme"])]);
    hub.link(&registry);
    hub.add_team("acme", "developers");
    let image = large(141);
    let digest = registry.put_image("grafana/loki", "3.1.0", &image);
    let more = "    description: Log aggregation\n    teams: { developers: read }\n";
    let clone = Clone::new(&manifest("docker.io", &[entry("grafana/loki", "loki", more, &[("3.1.0", &digest)])]));
    let hosts = format!("docker.io={},hub.docker.com={}", registry.url(), hub.url());
    let run = |secret: &str| {
        let run = clone.run(&[]).env("WHARFINGER_HOSTS", &hosts);
        run.env("DOCKERHUB_USERNAME", "owner").env("DOCKERHUB_TOKEN", secret).output()
    };
    run("wrong").expect_status(3);
    assert!(registry.writes().is_empty() && hub.writes().is_empty(), "{:?} {:?}", registry.writes(), hub.writes());
    let done = run("hunter2-secret").expect_status(0);
    assert!(!done.stdout.contains("hunter2-secret") && !done.stderr.contains("hunter2-secret"));
    assert_whole(&registry, "acme/loki", "3.1.0", &image);
    let made = hub.repository("acme", "loki").unwrap();
    assert!(made.is_private && !made.created_by_push, "{made:?}");
    assert_eq!(made.description, "Log aggregation");
    assert!(made.full_description.contains("`grafana/loki`"), "{}", made.full_description);
    assert_eq!(made.grants.into_iter().collect::<Vec<_>>(), [("developers".to_owned(), "read".to_owned())]);
    assert_eq!(count(&registry, "GET", "/blobs/"), 0, "everything was mounted");
    let before = hub.writes().len();
    registry.server().clear_log();
    run("hunter2-secret").expect_status(0);
    assert_eq!((hub.writes().len(), total(&registry) - count(&registry, "GET", "/token")), (before, 1));
    hub.check_traffic();
}

#[test]
fn into_a_directory() {
    let upstream = TestRegistry::start();
    let image = large(131);
    let digest = upstream.put_image("team/app", "1", &image);
    let source = format!("{}/team/app", upstream.host());
    let clone = Clone::new(&manifest("oci:mirror", &[entry(&source, "app", "", &[("1", &digest)])]));
    clone.promote(0);
    let layout = clone.path().join("mirror/acme/app");
    for (blob, _) in &image.blobs {
        assert!(layout.join("blobs/sha256").join(blob.hex()).is_file());
    }
    assert_eq!(clone.promote(0)["changed"], json!(false));
}
