//! The requests of runs that find little or nothing to do: counted, and the same in every run.

use serde_json::json;
use wharfinger::internals::image::Digest;

use super::promote::{Clone, entry, manifest};
use crate::support::github::{Options, TestGitHub, Who};
use crate::support::http::{Action, Rule};
use crate::support::images::ImageSpec;
use crate::support::process::{Actions, Run};
use crate::support::registry::TestRegistry;

const FILE: &str = "approved-images.yml";

fn count(registry: &TestRegistry, method: &str, part: &str) -> usize {
    registry.log().iter().filter(|e| e.request.method == method && e.request.path.contains(part)).count()
}

/// Three hundred images of which everything is promoted, with nothing new upstream, as a scheduled run sees them.
#[test]
fn an_idle_run_of_three_hundred_images_asks_github_twelve_times_and_each_tag_once() {
    const IMAGES: usize = 300;
    let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
    // Then the list of tags, which is read anyway, tells of every signature.
    upstream.set(|switches| switches.referrers = false);
    let image = ImageSpec::new(1).build();
    let digest = image.digest();
    let mut entries = Vec::new();
    for n in 0..IMAGES {
        upstream.put_image(&format!("team/app{n}"), "1.0.0", &image);
        mirror.put_image(&format!("acme/app{n}"), "1.0.0", &image);
        let record = format!("      - {{ tag: 1.0.0, digest: {digest}, mirrored: {digest} }}\n");
        let source = format!("{}/team/app{n}", upstream.host());
        entries.push(entry(&source, &format!("app{n}"), "    cooldown: 0s\n", &[]) + &record);
    }
    let text = manifest(&mirror.host(), &entries);
    for approvals in [0, 1] {
        let options = Options { who: Who::App("wharf".to_owned()), ..Options::default() };
        let github = TestGitHub::start(options);
        let policy = if approvals == 0 { String::new() } else { format!("policy:\n  approvals: {approvals}\n") };
        github.push_as("main", "octocat", &[(FILE, &format!("{policy}{text}"))]);
        github.clear_log();
        upstream.server().clear_log();
        mirror.server().clear_log();
        let auth = json!({ "auths": { mirror.host(): { "auth": "dXNlcjpwYXNzd29yZA==" } } }).to_string();
        let actions = Actions::schedule(&github.repository())
            .api(&github.server(), &github.api(), &github.graphql())
            .env("GITHUB_TOKEN", github.token())
            .env("DOCKER_AUTH_CONFIG", &auth);
        let run = Run::new(env!("CARGO_BIN_EXE_wharfinger")).args(["--format", "json", "run"]);
        let result = run.actions(&actions).output().expect_status(0).json();
        assert_eq!((&result["failed"], &result["changed"]), (&json!([]), &json!(false)), "{result}");
        assert!(github.lines().len() <= 12, "approvals {approvals}: {:#?}", github.lines());
        let heads = count(&mirror, "HEAD", "/manifests/1.0.0");
        assert_eq!((heads, mirror.log().len()), (IMAGES, IMAGES), "{:#?}", mirror.server().lines());
        // One list a source serves promotion and proposals; one question tells that there is no referrers API.
        assert_eq!((count(&upstream, "GET", "/tags/list"), count(&upstream, "GET", "/referrers/")), (IMAGES, 1));
        assert_eq!(count(&upstream, "HEAD", "/manifests/1.0.0"), IMAGES, "whether it was rebuilt");
        assert_eq!(upstream.log().len(), 2 * IMAGES + 1);
    }
}

#[test]
fn of_twenty_tags_at_once_the_first_finds_out_whether_there_is_a_referrers_api() {
    const TAGS: usize = 20;
    let upstream = TestRegistry::start();
    let push = |n: usize| upstream.put_image("team/app", &format!("1.{n}.0"), &ImageSpec::new(n as u64).build());
    let approved: Vec<(String, Digest)> = (0..TAGS).map(|n| (format!("1.{n}.0"), push(n))).collect();
    let approved: Vec<(&str, &Digest)> = approved.iter().map(|(tag, digest)| (tag.as_str(), digest)).collect();
    let source = format!("{}/team/app", upstream.host());
    upstream.fault(Rule::new("GET", "/referrers/", Action::Delay(std::time::Duration::from_millis(20))));
    for (has, asked) in [(false, 1), (true, 3 * TAGS)] {
        upstream.set(|switches| switches.referrers = has);
        for run in 0..10 {
            let mirror = TestRegistry::start();
            let clone = Clone::new(&manifest(&mirror.host(), &[entry(&source, "app", "", &approved)]));
            upstream.server().clear_log();
            clone.promote(0);
            let counts = (count(&upstream, "GET", "/referrers/"), count(&upstream, "GET", "/tags/list"));
            assert_eq!(counts, (asked, 1), "run {run}");
        }
    }
}
