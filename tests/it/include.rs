//! A manifest in several files: each is edited where it declares its images, and judged together with all the others.

use serde_json::Value;
use wharfinger::internals::image::Digest;

use super::promote::entry;
use crate::support::clone::Clone;
use crate::support::github::{Options, TestGitHub};
use crate::support::images::ImageSpec;
use crate::support::process::{Actions, Run};
use crate::support::registry::TestRegistry;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");
const MAIN: &str = "approved-images.yml";
const FILES: [&str; 2] = ["images/cache.yml", "images/logs.yml"];
const BRANCHES: [&str; 2] = ["wharfinger/image/redis/latest", "wharfinger/image/loki/latest"];
const GROUP: &str = "wharfinger/group/all";

enum Forge {
    Local(Clone),
    GitHub(TestGitHub),
}

struct World {
    upstream: TestRegistry,
    mirror: TestRegistry,
    forge: Forge,
}

/// The manifest's files; `approved` says what every image approves.
fn files(group: &str, approved: [&[(&str, &Digest)]; 2]) -> Vec<(String, String)> {
    let main = format!(
        "organization: acme\nregistry: mirror.example\nsources: [quay.io]\ninclude: [images/*.yml]\n\
         defaults: {{ cooldown: 0s }}\nproposals: {{ group: {group} }}\nimages: []\n"
    );
    let mut files = vec![(MAIN.to_owned(), main)];
    for ((file, name), approved) in FILES.into_iter().zip(["redis", "loki"]).zip(approved) {
        let source = format!("quay.io/team/{name}");
        let text = match approved {
            [] => format!("  - source: {source}\n    approved: []\n"),
            approved => entry(&source, name, "", approved),
        };
        files.push((file.to_owned(), format!("# {name} has its owners\nimages:\n{text}")));
    }
    files
}

impl World {
    /// Both forges in turn, with the same images: nothing of them is approved, or everything.
    fn both(group: &str, approved: bool) -> [Self; 2] {
        [false, true].map(|on_github| {
            let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
            let redis = upstream.put_image("team/redis", "7.0.0", &ImageSpec::new(1).build());
            let loki = upstream.put_image("team/loki", "3.0.0", &ImageSpec::new(2).build());
            let approvals: [&[(&str, &Digest)]; 2] =
                if approved { [&[("7.0.0", &redis)], &[("3.0.0", &loki)]] } else { [&[], &[]] };
            let files = files(group, approvals);
            let forge = if on_github {
                Forge::GitHub(TestGitHub::start(Options { files, ..Options::default() }))
            } else {
                let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
                Forge::Local(Clone::with(&files))
            };
            Self { upstream, mirror, forge }
        })
    }

    fn hosts(&self) -> String {
        format!("quay.io={},mirror.example={}", self.upstream.url(), self.mirror.url())
    }

    #[track_caller]
    fn on_github(&self, github: &TestGitHub, event: Actions, command: &str, status: i32) -> Value {
        let event = event.api(&github.server(), &github.api(), &github.graphql());
        let run = Run::new(PROGRAM).actions(&event).env("GITHUB_TOKEN", github.token());
        let run = run.env("WHARFINGER_HOSTS", self.hosts()).args(["--format", "json", command]);
        run.output().expect_status(status).json()
    }

    /// What `check` says of a pull request in a workspace that holds no checkout.
    #[track_caller]
    fn check(&self, github: &TestGitHub, number: u64, status: i32) -> Value {
        let (pull, merge) = (github.pull(number), github.merge_commit(number).unwrap());
        let head = (pull.head.as_str(), pull.head_sha.as_str());
        let event = Actions::pull_request(&github.repository(), number, head, &pull.base_sha, &merge);
        self.on_github(github, event, "check", status)
    }

    #[track_caller]
    fn run(&self, command: &str) -> Value {
        match &self.forge {
            Forge::Local(clone) => clone.run(PROGRAM, &self.hosts(), &[command]).output().expect_status(0).json(),
            Forge::GitHub(github) => self.on_github(github, Actions::schedule(&github.repository()), command, 0),
        }
    }

    fn read(&self, revision: &str, path: &str) -> String {
        match &self.forge {
            Forge::Local(clone) => clone.git(&["show", &format!("{revision}:{path}")]),
            Forge::GitHub(github) => github.read(revision, path).unwrap().trim_end().to_owned(),
        }
    }

    fn commit(&self, revision: &str) -> String {
        match &self.forge {
            Forge::Local(clone) => clone.git(&["rev-parse", revision]),
            Forge::GitHub(github) => github.with(|state| state.git.resolve(revision)).unwrap(),
        }
    }

    /// How many commits are between two revisions, and the files that differ.
    fn between(&self, from: &str, to: &str) -> (usize, Vec<String>) {
        match &self.forge {
            Forge::Local(clone) => {
                let commits = clone.git(&["rev-list", "--count", &format!("{from}..{to}")]).parse().unwrap();
                (commits, clone.git(&["diff", "--name-only", from, to]).lines().map(str::to_owned).collect())
            }
            Forge::GitHub(github) => github.with(|state| {
                let commits = state.git.log(&[&format!("{from}..{to}")]).len();
                (commits, state.git.changed(from, to).into_iter().map(|(_, path)| path).collect())
            }),
        }
    }
}

#[test]
fn a_proposal_edits_the_file_that_declares_its_image() {
    for world in World::both("image", false) {
        assert_eq!(world.run("propose")["proposals"].as_array().unwrap().len(), 2);
        for (branch, file) in BRANCHES.into_iter().zip(FILES) {
            assert_eq!(world.between("main", branch), (1, vec![file.to_owned()]));
            let text = world.read(branch, file);
            assert!(text.starts_with("# ") && text.contains("- tag: ") && text.contains("digest: sha256:"), "{text}");
        }
        assert_eq!(world.run("propose")["changed"], false);
    }
}

#[test]
fn a_groups_proposal_edits_all_its_files_in_one_commit() {
    for world in World::both("all", false) {
        let output = world.run("propose");
        assert_eq!(output["proposals"].as_array().unwrap().len(), 1, "{output}");
        assert_eq!(world.between("main", GROUP), (1, FILES.map(str::to_owned).to_vec()));
        assert!(world.read(GROUP, FILES[0]).contains("tag: 7.0.0"));
        assert!(world.read(GROUP, FILES[1]).contains("tag: 3.0.0"));
        assert_eq!(world.run("propose")["changed"], false);
    }
}

#[test]
fn promotions_are_recorded_where_their_images_are_declared_in_one_commit() {
    for world in World::both("image", true) {
        let before = world.commit("main");
        assert_eq!(world.run("promote")["promoted"].as_array().unwrap().len(), 2);
        assert_eq!(world.between(&before, "main"), (1, FILES.map(str::to_owned).to_vec()));
        for (file, (repository, tag)) in FILES.into_iter().zip([("acme/redis", "7.0.0"), ("acme/loki", "3.0.0")]) {
            let digest = world.mirror.digest(repository, tag).unwrap();
            assert_eq!(Some(&digest), world.upstream.digest(&repository.replace("acme", "team"), tag).as_ref());
            let text = world.read("main", file);
            assert!(text.contains(&format!("mirrored: {digest}")), "{text}");
        }
        assert_eq!(world.run("promote")["changed"], false);
    }
}

#[test]
fn on_github_check_reads_the_files_of_both_sides() {
    let [_, world] = World::both("all", true);
    let Forge::GitHub(github) = &world.forge else { panic!("the second one is GitHub") };
    world.run("promote");
    world.upstream.put_image("team/loki", "3.1.0", &ImageSpec::new(3).build());
    world.run("propose");
    let output = world.check(github, github.open_pulls()[0], 0);
    assert_eq!(
        (&output["findings"], &output["promotions"][0]["tag"]),
        (&Value::from([0; 0].as_slice()), &"3.1.0".into())
    );

    let invented = Digest::sha256(b"invented");
    let text = world.read("main", FILES[1]) + &format!("\n      - tag: 3.1.0\n        digest: {invented}\n");
    let output = world.check(github, github.fork_pull("stranger", "bad", &[(FILES[1], &text)], "Please", ""), 1);
    assert_eq!(output["findings"][0]["code"], "never-served", "{output}");
    assert_eq!(output["findings"].as_array().unwrap().len(), 1, "{output}");
}

#[test]
fn on_github_an_included_file_may_be_renamed() {
    let [_, world] = World::both("image", true);
    let Forge::GitHub(github) = &world.forge else { panic!("the second one is GitHub") };
    world.run("promote");
    let text = world.read("main", FILES[1]) + "\n";
    let number = github.with(|state| {
        let date = state.tick();
        let who = state.signature("stranger", &date);
        let parent = state.git.branch("main").unwrap();
        let files = [(FILES[1].to_owned(), None), ("images/loki.yml".to_owned(), Some(text.into_bytes()))];
        let sha = state.git.commit(Some(&parent), &files, "Another name", &who, &who);
        state.open("stranger", (Some("stranger/images".to_owned()), "rename", &sha), "main", "Another name", "")
    });
    let output = world.check(github, number, 0);
    assert_eq!(
        output["findings"].as_array().unwrap().len() + output["promotions"].as_array().unwrap().len(),
        0,
        "{output}"
    );
}

/// Files whose main file includes a directory that is not there.
fn lost() -> Vec<(String, String)> {
    let mut files = files("image", [&[], &[]]);
    files[0].1 = files[0].1.replace("images/*.yml", "teams/*.yml");
    files
}

fn fault(output: &Value) -> (&str, &str, u64, u64) {
    let fault = &output["diagnostics"][0];
    let text = |key: &str| fault[key].as_str().unwrap();
    (text("code"), text("file"), fault["line"].as_u64().unwrap(), fault["column"].as_u64().unwrap())
}

#[test]
fn a_glob_that_matches_nothing_is_a_fault_however_the_manifest_is_read() {
    let expected = ("include-missing", MAIN, 4, 11);
    let lost_files = lost();
    let named: Vec<_> = lost_files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let clone = Clone::with(&named);
    for command in ["plan", "explain", "check", "propose", "promote"] {
        let output = clone.run(PROGRAM, "quay.io=http://127.0.0.1:1", &[command]).output().expect_status(2).json();
        assert_eq!(fault(&output), expected, "{command}: {output}");
        let help = output["diagnostics"][0]["help"].as_str().unwrap();
        assert!(help.contains("relative to this file's directory"), "{help}");
    }

    let [_, world] = World::both("image", true);
    let Forge::GitHub(github) = &world.forge else { panic!("the second one is GitHub") };
    let number = github.fork_pull("stranger", "lost", &[(MAIN, &lost_files[0].1)], "Elsewhere", "");
    assert_eq!(fault(&world.check(github, number, 2)), expected);

    let github = &TestGitHub::start(Options { files: lost_files, ..Options::default() });
    let output = world.on_github(github, Actions::schedule(&github.repository()), "run", 2);
    assert_eq!(fault(&output), expected);
}

#[test]
fn a_pull_request_that_fixes_a_glob_is_judged_by_what_there_is_of_the_base() {
    let [_, world] = World::both("image", true);
    let github = &TestGitHub::start(Options { files: lost(), ..Options::default() });
    let fixed = files("image", [&[], &[]])[0].1.clone();
    let number = github.fork_pull("stranger", "fixed", &[(MAIN, &fixed)], "Fixed", "");
    let output = world.check(github, number, 0);
    assert_eq!(output["findings"], Value::from([0; 0].as_slice()), "{output}");

    let digest = Digest::sha256(b"1");
    let wide = fixed.replace("sources: [quay.io]\n", "").replace(
        "images: []",
        &format!("images:\n  - source: ghcr.io/evil/tool\n    approved: [{{ tag: 1.0.0, digest: {digest} }}]"),
    );
    let output = world.check(github, github.fork_pull("stranger", "wide", &[(MAIN, &wide)], "Wide", ""), 1);
    assert_eq!(output["findings"][0]["code"], "source-not-allowed", "{output}");
}
