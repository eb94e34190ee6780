//! One run of one tool: how each is told to copy the same images.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use wharfinger::internals::image::Digest;

use super::ideal::{self, Wanted};
use super::measure::{self, Cost, Invocation};
use super::scenarios::{MIRROR, Place, Scenario};
use super::support::git::git;
use super::support::http::{block_on, client};
use super::tools::Tool;

/// What a tool has to do in one run.
pub struct Job {
    items: Vec<Told>,
    from: String,
    to: String,
    same_registry: bool,
    /// git records its running time, which takes time itself.
    traced: bool,
    directory: tempfile::TempDir,
}

struct Told {
    path: String,
    repository: String,
    tag: String,
    digest: String,
    blobs: Vec<(String, u64)>,
    manifests: Vec<(&'static str, String)>,
    held: bool,
    asked: bool,
}

impl Job {
    /// Copies from and to these `HOST:PORT`; `traced`: git records its running time.
    pub fn new(scenario: &Scenario, place: &Place, from: &str, to: &str, traced: bool) -> Self {
        let told = place.images.iter().map(|(item, image)| Told {
            path: item.path.clone(),
            repository: item.repository.clone(),
            tag: item.tag.clone(),
            digest: image.digest().to_string(),
            blobs: image.blobs.iter().map(|(digest, bytes)| (digest.to_string(), bytes.len() as u64)).collect(),
            manifests: image.manifests.iter().map(|(kind, bytes)| (*kind, Digest::sha256(bytes).to_string())).collect(),
            held: item.held,
            asked: item.asked,
        });
        Self {
            items: told.collect(),
            from: from.to_owned(),
            to: to.to_owned(),
            same_registry: scenario.same_registry,
            traced,
            directory: tempfile::tempdir().expect("a temporary directory"),
        }
    }

    fn asked(&self) -> impl Iterator<Item = &Told> {
        self.items.iter().filter(|item| item.asked)
    }

    /// What has to be copied to the mirror, each blob once per repository.
    fn lacking(&self) -> Vec<Wanted> {
        let mut there: BTreeSet<(&str, &str)> = BTreeSet::new();
        for item in self.items.iter().filter(|item| item.held) {
            there.extend(item.blobs.iter().map(|(digest, _)| (item.repository.as_str(), digest.as_str())));
        }
        let wanted = self.asked().map(|item| Wanted {
            from: item.path.clone(),
            to: format!("{MIRROR}/{}", item.repository),
            tag: item.tag.clone(),
            blobs: item.blobs.iter().filter(|(digest, _)| there.insert((&item.repository, digest))).cloned().collect(),
            manifests: item.manifests.clone(),
        });
        wanted.collect()
    }

    /// What is wrong with the answers of the mirror at this URL.
    pub fn wrong(&self, mirror: &str) -> Option<String> {
        let client = client();
        let accept = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json";
        block_on(async {
            for item in self.asked() {
                let url = format!("{mirror}/v2/{MIRROR}/{}/manifests/{}", item.repository, item.tag);
                let answer = client.head(url).header("accept", accept).send().await.expect("an answer");
                let digest = answer.headers().get("docker-content-digest").and_then(|digest| digest.to_str().ok());
                if digest != Some(item.digest.as_str()) {
                    return Some(format!("{}:{} is not at the mirror", item.repository, item.tag));
                }
            }
            None
        })
    }

    /// The source and the mirror of an item, as references.
    fn references(&self, item: &Told) -> (String, String) {
        let from = format!("{}/{}:{}", self.from, item.path, item.tag);
        (from, format!("{}/{MIRROR}/{}:{}", self.to, item.repository, item.tag))
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    }

    /// Runs it with a tool; `program` is its path.
    pub fn run(&self, tool: Tool, program: PathBuf) -> Cost {
        match tool {
            Tool::Ours | Tool::Before => ours(program, self),
            Tool::Ideal => ideal(self),
            _ => {
                let runs = self.arguments(tool).into_iter().map(|arguments| {
                    let directory = self.directory.path().to_owned();
                    let program = program.clone();
                    measure::run(&Invocation { program, arguments, environment: Vec::new(), directory })
                });
                runs.reduce(Cost::then).unwrap_or_default()
            }
        }
    }

    /// One list per process.
    fn arguments(&self, tool: Tool) -> Vec<Vec<OsString>> {
        let each = |of: &dyn Fn(&str, &str) -> Vec<String>| -> Vec<Vec<String>> {
            self.asked().map(|item| self.references(item)).map(|(from, to)| of(&from, &to)).collect()
        };
        let lists = match tool {
            Tool::Crane => each(&|from, to| words(&["copy", "--insecure", from, to])),
            Tool::CraneAll => {
                let first = self.asked().next().expect("an image");
                let (from, to) =
                    (format!("{}/{}", self.from, first.path), format!("{}/{MIRROR}/{}", self.to, first.repository));
                vec![words(&["copy", "--insecure", "--all-tags", &from, &to])]
            }
            Tool::Regctl => each(&|from, to| {
                let host = |host: &str| format!("--host=reg={host},tls=disabled");
                let hosts = [host(&self.from), host(&self.to)];
                let hosts = hosts.iter().take(if self.same_registry { 1 } else { 2 }).map(String::as_str);
                words(&hosts.chain(["image", "copy", from, to]).collect::<Vec<_>>())
            }),
            Tool::Regsync => {
                let config = self.write("regsync.yml", &regsync(self)).display().to_string();
                vec![words(&["once", "--config", &config])]
            }
            Tool::Skopeo => each(&|from, to| {
                let (from, to) = (format!("docker://{from}"), format!("docker://{to}"));
                let copy = ["--insecure-policy", "copy", "--all", "--preserve-digests"];
                let plain = ["--src-tls-verify=false", "--dest-tls-verify=false"];
                words(&copy.into_iter().chain(plain).chain([from.as_str(), to.as_str()]).collect::<Vec<_>>())
            }),
            Tool::SkopeoSync => {
                let file = self.write("skopeo.yml", &skopeo_sync(self)).display().to_string();
                let to = format!("{}/{MIRROR}", self.to);
                let sync = ["--insecure-policy", "sync", "--all", "--preserve-digests", "--src=yaml", "--dest=docker"];
                let rest = ["--dest-tls-verify=false", file.as_str(), to.as_str()];
                vec![words(&sync.into_iter().chain(rest).collect::<Vec<_>>())]
            }
            Tool::Ours | Tool::Before | Tool::Ideal => Vec::new(),
        };
        lists.into_iter().map(|list| list.into_iter().map(OsString::from).collect()).collect()
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// As fast as its documentation says it can be, with as many requests at a time as this program.
fn regsync(job: &Job) -> String {
    let mut text = "version: 1\ncreds:\n".to_owned();
    for host in [&job.from, &job.to].into_iter().take(if job.same_registry { 1 } else { 2 }) {
        writeln!(text, "  - {{registry: \"{host}\", tls: disabled, reqConcurrent: 8}}").expect("a string");
    }
    text.push_str("defaults: {parallel: 8}\nsync:\n");
    for item in job.asked() {
        let (from, to) = job.references(item);
        writeln!(text, "  - {{source: \"{from}\", target: \"{to}\", type: image}}").expect("a string");
    }
    text
}

fn skopeo_sync(job: &Job) -> String {
    let mut tags: std::collections::BTreeMap<&str, Vec<String>> = std::collections::BTreeMap::new();
    for item in job.asked() {
        tags.entry(&item.path).or_default().push(format!("\"{}\"", item.tag));
    }
    let mut text = format!("\"{}\":\n  tls-verify: false\n  images:\n", job.from);
    for (path, tags) in tags {
        writeln!(text, "    {path}: [{}]", tags.join(", ")).expect("a string");
    }
    text
}

/// `wharfinger promote` in a clone whose manifest approves the images; registries have names, and are reached through
/// `WHARFINGER_HOSTS`.
fn ours(program: PathBuf, job: &Job) -> Cost {
    let clone = job.directory.path().join("clone");
    std::fs::create_dir(&clone).expect("a directory");
    git(&clone, &["init", "--quiet", "--initial-branch=main"]);
    std::fs::write(clone.join("approved-images.yml"), manifest(job)).expect("a file");
    git(&clone, &["config", "user.name", "Reviewer"]);
    git(&clone, &["config", "user.email", "reviewer@example.com"]);
    git(&clone, &["add", "--all"]);
    git(&clone, &["commit", "--quiet", "-m", "Approve"]);
    let hosts = format!("upstream.example=http://{},mirror.example=http://{}", job.from, job.to);
    let trace = job.directory.path().join("git.trace");
    let mut environment = vec![("WHARFINGER_HOSTS", OsString::from(hosts))];
    if job.traced {
        environment.push(("GIT_TRACE2_EVENT", trace.clone().into_os_string()));
    }
    let arguments = ["--forge", "git", "--format", "json", "promote"].map(OsString::from).to_vec();
    let mut cost = measure::run(&Invocation { program, arguments, environment, directory: clone });
    cost.git = job.traced.then(|| git_time(&trace));
    cost
}

fn manifest(job: &Job) -> String {
    let source = if job.same_registry { "mirror.example" } else { "upstream.example" };
    let mut text = format!("organization: {MIRROR}\nregistry: mirror.example\nimages:\n");
    let mut last = None;
    for item in &job.items {
        if last != Some(&item.repository) {
            let (path, repository) = (&item.path, &item.repository);
            writeln!(text, "  - source: {source}/{path}\n    repository: {repository}\n    approved:")
                .expect("a string");
            last = Some(&item.repository);
        }
        writeln!(text, "      - tag: \"{}\"\n        digest: {}", item.tag, item.digest).expect("a string");
        if item.held {
            writeln!(text, "        mirrored: {}", item.digest).expect("a string");
        }
    }
    text
}

/// How long and how often git ran, according to its own trace.
fn git_time(trace: &Path) -> (f64, usize) {
    let text = std::fs::read_to_string(trace).unwrap_or_default();
    let events = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    // A session id with a slash belongs to a child of git itself.
    let ended = events.filter(|event| event["event"] == "atexit" && !event["sid"].to_string().contains('/'));
    let times: Vec<f64> = ended.filter_map(|event| event["t_abs"].as_f64()).collect();
    (times.iter().sum(), times.len())
}

fn ideal(job: &Job) -> Cost {
    let began = Instant::now();
    if job.items.iter().all(|item| item.held) {
        let path = |item: &Told| format!("/v2/{MIRROR}/{}/manifests/{}", item.repository, item.tag);
        let paths: Vec<String> = job.asked().map(path).collect();
        let found = ideal::heads(&job.to, &paths);
        let cost = Cost::of_ourselves(began.elapsed().as_secs_f64());
        return cost.judged((found != paths.len()).then(|| format!("{found} of {} tags were there", paths.len())));
    }
    ideal::copy(&job.from, &job.to, &job.lacking());
    Cost::of_ourselves(began.elapsed().as_secs_f64())
}
