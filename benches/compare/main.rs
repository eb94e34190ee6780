//! This program and the copiers that people use today, side by side: `cargo bench --bench compare`.
//!
//! Each of crane, regctl, regsync and skopeo found on the path copies the same images between two real registries
//! (`docker-registry`, or others by `--registry`) as `wharfinger promote` does. Wall time, processor time and memory
//! are measured directly; then once more through a proxy that counts requests and bytes and makes every round trip take
//! 40 ms. Figures are comparable within one run only. `-- --help` lists the options.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr)]
#![allow(unreachable_pub, missing_docs)]

mod ideal;
mod images;
mod job;
mod measure;
mod options;
mod proxy;
mod scenarios;
mod table;
mod tools;
mod traffic;

/// The tests' code for running servers is used here too.
#[path = "../../tests/support"]
#[allow(dead_code)]
mod support {
    pub mod git;
    pub mod http;
    pub mod servers;
}

use std::time::Duration;

use job::Job;
use measure::Cost;
use options::Options;
use proxy::Proxy;
use scenarios::{Bench, Scenario};
use table::Row;
use tools::Tool;
use traffic::Traffic;

fn main() {
    let options = Options::read();
    if std::path::Path::new("/dev/shm").is_dir() && !options.on_disk {
        // A disk still busy with the previous run's writes would distort the next measurement.
        let _ = tempfile::env::override_temp_dir(std::path::Path::new("/dev/shm"));
    }
    let tools: Vec<Tool> = options.tools().into_iter().filter(|tool| present(*tool, &options)).collect();
    for registry in options.registries() {
        // A missing one is reported.
        if let Some(bench) = Bench::start(registry) {
            between(&bench, registry, &tools, &options);
        }
    }
}

/// All scenarios between two registries of one kind.
fn between(bench: &Bench, registry: &str, tools: &[Tool], options: &Options) {
    println!("\n# Between two of {registry}");
    let mut summary = Vec::new();
    for scenario in options.scenarios() {
        let rows = compared(bench, &scenario, tools, options);
        table::print(&scenario, &rows, options.delay);
        summary.push((scenario, rows));
    }
    table::summary(&summary, options.delay);
}

/// Whether a tool is available; a missing one is reported.
fn present(tool: Tool, options: &Options) -> bool {
    let found = options.find(tool).is_some();
    if !found {
        eprintln!("not compared: {} is not on the path", tool.program());
    }
    found
}

/// All tools in one scenario, their runs interleaved.
fn compared(bench: &Bench, scenario: &Scenario, tools: &[Tool], options: &Options) -> Vec<Row> {
    let place = bench.place(scenario);
    let tools: Vec<Tool> = tools.iter().copied().filter(|tool| scenario.fits(*tool, options.full)).collect();
    let mut rows: Vec<Row> = tools.iter().map(|tool| Row::new(*tool)).collect();
    for number in 0..scenario.runs(options.runs) {
        for row in &mut rows {
            eprintln!("{} {} direct {}", scenario.name, row.tool.name(), number + 1);
            row.direct.push(once(bench, scenario, &place, row.tool, options, None).0);
        }
    }
    let delay = if scenario.delayed { options.delay } else { Duration::ZERO };
    for number in 0..scenario.runs(options.slow_runs) {
        for row in &mut rows {
            eprintln!("{} {} with {} ms {}", scenario.name, row.tool.name(), delay.as_millis(), number + 1);
            let (cost, traffic) = once(bench, scenario, &place, row.tool, options, Some(delay));
            if scenario.delayed {
                row.delayed.push(cost);
            }
            row.traffic = traffic;
        }
    }
    rows
}

/// One run of one tool against mirrors in the state the scenario says, and what passed through the proxies, if any.
fn once(
    bench: &Bench,
    scenario: &Scenario,
    place: &scenarios::Place,
    tool: Tool,
    options: &Options,
    delay: Option<Duration>,
) -> (Cost, Option<[Traffic; 2]>) {
    let mirror = bench.mirror(scenario, place);
    let (source, destination) = (place.source(&mirror), mirror.registry());
    let proxies = delay.map(|delay| {
        let destination = Proxy::start(&bench.runtime, destination.host(), delay);
        // One registry has one name: otherwise what is to be mounted would seem to come from another.
        let source = (!scenario.same_registry).then(|| Proxy::start(&bench.runtime, source.host(), delay));
        (source, destination)
    });
    let (from, to) = match &proxies {
        Some((from, to)) => (from.as_ref().unwrap_or(to).host(), to.host()),
        None => (source.host(), destination.host()),
    };
    let job = Job::new(scenario, place, &from, &to, options.trace_git);
    let cost = job.run(tool, options.find(tool).expect("it was there a moment ago"));
    let traffic = proxies.map(|(from, to)| [from.map(|p| p.traffic()).unwrap_or_default(), to.traffic()]);
    let cost = cost.with_first_request(traffic.as_ref());
    let wrong = job.wrong(&destination.url());
    (cost.judged(wrong), traffic)
}
