//! Promotion with a credential that is wrong or limited: what is read anyway, and what ends the run.

use serde_json::json;
use wharfinger::internals::image::Digest;

use super::promote::{Clone, entry, manifest};
use crate::support::http::{Action, Request, Response, Rule, Server};
use crate::support::hub::{Account, TestHub};
use crate::support::images::ImageSpec;
use crate::support::process::{Outcome, Run};
use crate::support::registry::{Auth, Refusal, TestRegistry, User};

const SECRET: &str = "hunter2-secret";

/// Docker Hub, with the organization `acme` and two public images upstream.
struct DockerHub {
    registry: TestRegistry,
    hub: TestHub,
    images: [Digest; 2],
    clone: Clone,
}

impl DockerHub {
    fn new() -> Self {
        let registry = TestRegistry::start();
        registry.set(|switches| switches.auth = Auth::Bearer);
        let hub = TestHub::start(vec![Account::personal("owner", SECRET, &["acme"])]);
        hub.link(&registry);
        let put = |tag: &str, seed| registry.put_image("grafana/loki", tag, &ImageSpec::new(seed).build());
        let images = [put("1", 401), put("2", 402)];
        let approved = [("1", &images[0]), ("2", &images[1])];
        let clone = Clone::new(&manifest("docker.io", &[entry("grafana/loki", "loki", "", &approved)]));
        Self { registry, hub, images, clone }
    }

    fn promote(&self, secret: &str) -> Outcome {
        let hosts = format!("docker.io={},hub.docker.com={}", self.registry.url(), self.hub.url());
        let run = self.clone.run(&[]).env("WHARFINGER_HOSTS", &hosts);
        run.env("DOCKERHUB_USERNAME", "owner").env("DOCKERHUB_TOKEN", secret).output()
    }

    #[track_caller]
    fn assert_untouched(&self) {
        assert!(self.registry.writes().is_empty(), "{:?}", self.registry.writes());
        assert!(self.hub.writes().is_empty(), "{:?}", self.hub.writes());
        assert_eq!(self.hub.repository("acme", "loki"), None);
        assert_eq!(self.clone.count("main"), 1);
        self.hub.check_traffic();
    }
}

fn requests(registry: &TestRegistry, method: &str, part: &str) -> usize {
    registry.log().iter().filter(|e| e.request.method == method && e.line().contains(part)).count()
}

#[test]
fn a_source_that_refuses_the_organizations_credential_is_read_anonymously() {
    for refusal in [Refusal::Reduced, Refusal::Status(403)] {
        let world = DockerHub::new();
        world.registry.change_user("owner", |user| user.refused = vec!["grafana/*".to_owned()]);
        world.registry.set(|switches| switches.refusal = refusal);
        let done = world.promote(SECRET).expect_status(0);
        assert_eq!(done.json()["promoted"].as_array().unwrap().len(), 2, "{done:#?}");
        for (tag, digest) in ["1", "2"].iter().zip(&world.images) {
            assert_eq!(world.registry.digest("acme/loki", tag).as_ref(), Some(digest));
        }
        let said = "Docker Hub refuses this credential on docker.io/grafana/loki";
        assert_eq!(done.stderr.matches(said).count(), 1, "{refusal:?}: {}", done.stderr);
        let blobs = world.registry.blobs("acme/loki").len();
        assert_eq!(requests(&world.registry, "GET", "/v2/grafana/loki/blobs/"), blobs, "{refusal:?}: all are streamed");
        assert_eq!(requests(&world.registry, "PUT", "/v2/acme/loki/blobs/"), blobs, "{refusal:?}");
        assert_eq!(requests(&world.registry, "POST", "from=grafana"), 0, "{refusal:?}: none is mounted");
        world.hub.check_traffic();
    }
}

#[test]
fn a_wrong_password_for_docker_hub_ends_the_run_before_any_write() {
    let world = DockerHub::new();
    let end = world.promote("wrong-password").expect_status(3);
    assert!(end.stderr.contains("owner") && !end.stderr.contains("wrong-password"), "{}", end.stderr);
    world.assert_untouched();
}

#[test]
fn a_credential_that_may_not_push_is_found_before_the_repository_is_made() {
    for (refusal, readable) in [(Refusal::Reduced, true), (Refusal::Status(401), false), (Refusal::Status(403), false)]
    {
        let world = DockerHub::new();
        world.registry.change_user("owner", |user| {
            user.pull.push("acme/*".to_owned());
            user.push.clear();
        });
        world.registry.set(|switches| (switches.refusal, switches.readable_tokens) = (refusal, readable));
        let end = world.promote(SECRET).expect_status(3);
        assert!(end.stderr.contains("acme/loki"), "{refusal:?}: {}", end.stderr);
        world.assert_untouched();
    }
}

#[test]
fn what_one_repository_refuses_fails_its_image_alone() {
    let scopes = [
        "scope-repository-create",
        "scope-image-push",
        "scope-repository-read",
        "scope-repo-group-read",
        "scope-tag-read",
    ];
    for account in [Account::personal("owner", SECRET, &["acme"]), Account::organization("acme", SECRET, &scopes)] {
        let name = account.identifier.clone();
        let registry = TestRegistry::start();
        registry.set(|switches| switches.auth = Auth::Bearer);
        let hub = TestHub::start(vec![account]);
        hub.link(&registry);
        let put = |repository: &str, seed| registry.put_image(repository, "1", &ImageSpec::new(seed).build());
        let digests = ["grafana/loki", "grafana/tempo"].map(|source| put(source, 441 + source.len() as u64));
        let of = |at: usize| [("1", &digests[at])];
        let entries = [entry("grafana/loki", "loki", "", &of(0)), entry("grafana/tempo", "tempo", "", &of(1))];
        let clone = Clone::new(&manifest("docker.io", &entries));
        let hosts = format!("docker.io={},hub.docker.com={}", registry.url(), hub.url());
        let run = || {
            let run = clone.run(&[]).env("WHARFINGER_HOSTS", &hosts);
            run.env("DOCKERHUB_USERNAME", &name).env("DOCKERHUB_TOKEN", SECRET).output()
        };
        let refusal = Action::Answer(403, vec![], r#"{"detail":"not this one"}"#.into());
        hub.server().fault(Rule::new("POST", "/repositories$", refusal).times(1));
        let done = run().expect_status(1);
        let result = done.json();
        assert_eq!(result["failed"].as_array().unwrap().len(), 1, "{result}");
        let failed = &result["failed"][0];
        assert_eq!((&failed["repository"], &failed["step"]), (&json!("loki"), &json!("create")), "{result}");
        assert!(failed["error"].as_str().unwrap().contains("refused creating the repository acme/loki: not this one"));
        assert_eq!(result["promoted"][0]["repository"], json!("tempo"), "{result}");
        assert_eq!(registry.digest("acme/tempo", "1").as_ref(), Some(&digests[1]));
        assert_eq!(registry.digest("acme/loki", "1"), None);
        run().expect_status(0);
        assert_eq!(registry.digest("acme/loki", "1").as_ref(), Some(&digests[0]));
        hub.check_traffic();
    }
}

/// A token for chosen repositories: one of two that exist is none of them.
#[test]
fn a_mirror_that_may_not_be_written_fails_its_images_alone() {
    let upstream = TestRegistry::start();
    let mirror = TestRegistry::with_users(vec![User::limited("robot", SECRET, &["*"], &["acme/app"])]);
    let digests =
        [451, 452, 453].map(|seed| upstream.put_image("team/app", &seed.to_string(), &ImageSpec::new(seed).build()));
    let source = format!("{}/team/app", upstream.host());
    let entries = [
        entry(&source, "other", "", &[("451", &digests[0]), ("452", &digests[1])]),
        entry(&source, "app", "", &[("453", &digests[2])]),
    ];
    let clone = Clone::new(&manifest(&mirror.host(), &entries));
    let auth = json!({"auths": {mirror.host(): {"username": "robot", "password": SECRET}}}).to_string();
    let result = clone.run(&[]).env("DOCKER_AUTH_CONFIG", &auth).output().expect_status(1).json();
    let failed: Vec<_> = result["failed"].as_array().unwrap().iter().map(|f| (&f["repository"], &f["tag"])).collect();
    assert_eq!(failed, [(&json!("other"), &json!("451")), (&json!("other"), &json!("452"))], "{result}");
    assert_eq!(mirror.digest("acme/app", "453").as_ref(), Some(&digests[2]));
    assert_eq!(result["promoted"][0]["repository"], json!("app"));
}

#[test]
fn tokens_that_say_what_they_grant_do_for_pushing() {
    let world = DockerHub::new();
    world.registry.set(|switches| switches.readable_tokens = true);
    world.promote(SECRET).expect_status(0);
    assert_eq!(world.registry.digest("acme/loki", "1").as_ref(), Some(&world.images[0]));
}

/// A mirror elsewhere whose only user has a password, and `auth` as the run's Docker configuration.
fn elsewhere(user: User, password: &str) -> (TestRegistry, Clone, Outcome) {
    let upstream = TestRegistry::start();
    let name = user.name.clone();
    let mirror = TestRegistry::with_users(vec![user]);
    let digest = upstream.put_image("team/app", "1", &ImageSpec::new(411).build());
    let source = format!("{}/team/app", upstream.host());
    let clone = Clone::new(&manifest(&mirror.host(), &[entry(&source, "app", "", &[("1", &digest)])]));
    let auth = json!({"auths": {mirror.host(): {"username": name, "password": password}}}).to_string();
    let end = clone.run(&[]).env("DOCKER_AUTH_CONFIG", &auth).output();
    (mirror, clone, end)
}

#[test]
fn a_mirror_that_refuses_the_credential_ends_the_run_before_any_write() {
    let (mirror, clone, end) = elsewhere(User::new("robot", "right-password"), "wrong-password");
    let end = end.expect_status(3);
    assert!(end.stderr.contains("robot") && !end.stderr.contains("wrong-password"), "{}", end.stderr);
    assert!(mirror.writes().is_empty(), "{:?}", mirror.writes());
    assert_eq!(clone.count("main"), 1);
}

#[test]
fn a_mirror_that_may_only_be_read_ends_the_run_and_takes_nothing() {
    let (mirror, clone, end) = elsewhere(User::limited("robot", "right-password", &["*"], &[]), "right-password");
    end.expect_status(3);
    assert!(mirror.log().iter().filter(|e| e.is_write()).all(|e| e.status == Some(401)), "{:?}", mirror.writes());
    assert!(mirror.repositories().is_empty());
    assert_eq!(clone.count("main"), 1);
    let (mirror, _, end) = elsewhere(User::new("robot", "right-password"), "right-password");
    end.expect_status(0);
    assert_eq!(mirror.repositories(), ["acme/app"], "the same run with a credential that may");
}

#[test]
fn one_dead_source_of_two_fails_alone() {
    let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
    let (digest, lost) =
        (upstream.put_image("team/app", "1", &ImageSpec::new(421).build()), ImageSpec::new(422).build().digest());
    // It takes connections and breaks them: a port that nobody holds may become another test's server.
    let dead = TestRegistry::start();
    dead.fault(Rule::new("", ".*", Action::Reset));
    let source = |registry: &TestRegistry| format!("{}/team/app", registry.host());
    let entries =
        [entry(&source(&dead), "dead", "", &[("1", &lost)]), entry(&source(&upstream), "app", "", &[("1", &digest)])];
    let clone = Clone::new(&manifest(&mirror.host(), &entries));
    let result = clone.run(&[]).output().expect_status(1).json();
    let failed = result["failed"].as_array().unwrap();
    assert_eq!(failed.len(), 1, "{result}");
    assert_eq!((&failed[0]["repository"], &failed[0]["step"]), (&json!("dead"), &json!("read")));
    assert_eq!(result["promoted"][0]["repository"], json!("app"));
    assert_eq!(mirror.digest("acme/app", "1"), Some(digest.clone()));
    let recorded = clone.manifest();
    assert_eq!(recorded.matches("mirrored:").count(), 1, "{recorded}");
    assert!(recorded.contains(&format!("mirrored: {digest}")), "{recorded}");
}

#[test]
fn without_a_forge_no_registry_is_asked() {
    let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
    let digest = upstream.put_image("team/app", "1", &ImageSpec::new(431).build());
    let source = format!("{}/team/app", upstream.host());
    let clone = Clone::new(&manifest(&mirror.host(), &[entry(&source, "app", "", &[("1", &digest)])]));
    let end = Run::new(env!("CARGO_BIN_EXE_wharfinger")).dir(clone.path()).args(["promote"]).output();
    assert!(end.expect_status(3).stderr.contains("needs a forge"));
    assert_eq!((upstream.log().len(), mirror.log().len()), (0, 0));
}

#[test]
fn a_mirror_whose_token_service_is_elsewhere_gets_no_password_and_says_the_line_that_sends_it() {
    let service = Server::start(|_: &Request| Response::json(401, &json!({"details": "who are you"})));
    let mirror = TestRegistry::with_users(vec![User::new("owner", SECRET)]);
    let source = TestRegistry::start();
    let digest = source.put_image("grafana/loki", "1", &ImageSpec::new(403).build());
    mirror.set(|switches| switches.realm = Some(format!("{}/token", service.url())));
    let from = format!("{}/grafana/loki", source.host());
    let clone = Clone::new(&manifest(&mirror.host(), &[entry(&from, "loki", "", &[("1", &digest)])]));
    let auths = json!({"auths": {(mirror.host()): {"username": "owner", "password": SECRET}}}).to_string();
    let done = clone.run(&[]).env("DOCKER_AUTH_CONFIG", &auths).output().expect_status(3);
    let line = format!("WHARFINGER_TOKEN_SERVICES={}={}", mirror.host(), service.url());
    assert!(done.stderr.contains(&line) && !done.stderr.contains(SECRET), "{}", done.stderr);
    assert!(mirror.writes().is_empty(), "{:?}", mirror.writes());
    assert!(!service.log().is_empty() && service.log().iter().all(|e| e.authorization().is_none()));

    let said = clone
        .run(&[])
        .env("DOCKER_AUTH_CONFIG", &auths)
        .env("WHARFINGER_TOKEN_SERVICES", line.split_once('=').unwrap().1);
    said.output().expect_status(3);
    let last = service.log().pop().unwrap();
    assert_eq!(last.authorization().as_deref(), Some("Basic owner"), "a person said that it may have it");
}
