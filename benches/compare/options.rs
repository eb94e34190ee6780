//! The command line options.

use std::path::PathBuf;
use std::time::Duration;

use super::scenarios::{self, Scenario};
use super::tools::{TOOLS, Tool};

const HELP: &str = "\
cargo bench --bench compare -- [SCENARIO]... [OPTIONS]

  --tools A,B       only these tools
  --runs N          runs without a proxy, of which the median counts (3)
  --slow-runs N     runs through the proxy, of which the median counts (1)
  --delay MS        what the proxy makes a round trip take (40)
  --full            also what takes minutes: skopeo with 20 tags, one process per image for 200 images
  --registry NAME   docker-registry, or registry for distribution 3; with a referrers API zot or olareg; or all that are
                    on the path, one after the other
  --ours FILE       another binary of this program
  --before FILE     one more binary of this program, to compare with
  --trace-git       say how often git ran and how long; a run of git takes about a millisecond longer then
  --on-disk         registries keep their files in the temporary directory, not in memory
";

/// The registries that images are copied between.
const REGISTRIES: [&str; 4] = ["docker-registry", "registry", "zot", "olareg"];

pub struct Options {
    chosen: Vec<String>,
    tools: Vec<String>,
    pub runs: usize,
    pub slow_runs: usize,
    pub delay: Duration,
    pub full: bool,
    registry: String,
    pub ours: PathBuf,
    pub before: Option<PathBuf>,
    pub trace_git: bool,
    pub on_disk: bool,
}

impl Options {
    pub fn read() -> Self {
        let mut options = Self {
            chosen: Vec::new(),
            tools: Vec::new(),
            runs: 3,
            slow_runs: 1,
            delay: Duration::from_millis(40),
            full: false,
            registry: "docker-registry".to_owned(),
            ours: PathBuf::from(env!("CARGO_BIN_EXE_wharfinger")),
            before: None,
            trace_git: false,
            on_disk: false,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().unwrap_or_else(|| end(&format!("{argument} needs a value"), 2));
            match argument.as_str() {
                // Cargo passes this to every benchmark.
                "--bench" => {}
                "--help" => end("", 0),
                "--tools" => options.tools = value().split(',').map(str::to_owned).collect(),
                "--runs" => options.runs = number(&value()).max(1),
                "--slow-runs" => options.slow_runs = number(&value()).max(1),
                "--delay" => options.delay = Duration::from_millis(number(&value()) as u64),
                "--full" => options.full = true,
                "--registry" => options.registry = value(),
                "--ours" => options.ours = binary(value()),
                "--before" => options.before = Some(binary(value())),
                "--trace-git" => options.trace_git = true,
                "--on-disk" => options.on_disk = true,
                name if !name.starts_with('-') => options.chosen.push(argument),
                other => end(&format!("{other} is not known"), 2),
            }
        }
        options.check();
        options
    }

    /// Names that match nothing are a mistake, not an empty selection.
    fn check(&self) {
        let scenarios: Vec<&str> = scenarios::all().iter().map(|scenario| scenario.name).collect();
        let tools: Vec<&str> = TOOLS.iter().map(|tool| tool.name()).collect();
        for (names, known) in [(&self.chosen, scenarios), (&self.tools, tools)] {
            if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
                end(&format!("{unknown} is none of: {}", known.join(", ")), 2);
            }
        }
        if self.registry != "all" && !REGISTRIES.contains(&self.registry.as_str()) {
            end(&format!("--registry is all or one of: {}", REGISTRIES.join(", ")), 2);
        }
    }

    pub fn tools(&self) -> Vec<Tool> {
        let all = TOOLS.iter().copied().filter(|tool| *tool != Tool::Before || self.before.is_some());
        all.filter(|tool| self.tools.is_empty() || self.tools.iter().any(|name| name == tool.name())).collect()
    }

    /// The path of a tool.
    pub fn find(&self, tool: Tool) -> Option<PathBuf> {
        tool.find(&self.ours, self.before.as_deref())
    }

    /// The registries, one after the other.
    pub fn registries(&self) -> Vec<&str> {
        if self.registry == "all" { REGISTRIES.to_vec() } else { vec![&self.registry] }
    }

    pub fn scenarios(&self) -> Vec<Scenario> {
        let mut all = scenarios::all();
        all.retain(|scenario| self.chosen.is_empty() || self.chosen.iter().any(|name| name == scenario.name));
        all
    }
}

/// Tools run in separate directories.
fn binary(path: String) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|error| end(&error.to_string(), 2))
}

fn number(text: &str) -> usize {
    text.parse().unwrap_or_else(|_| end(&format!("{text} is no number"), 2))
}

fn end(text: &str, status: i32) -> ! {
    let names: Vec<&str> = scenarios::all().iter().map(|scenario| scenario.name).collect();
    eprintln!("{text}\n{HELP}\nScenarios: {}", names.join(", "));
    std::process::exit(status)
}
