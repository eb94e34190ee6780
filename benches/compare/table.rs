//! Prints what was measured.

use std::time::Duration;

use super::measure::Cost;
use super::scenarios::Scenario;
use super::tools::Tool;
use super::traffic::Traffic;

/// One tool in one scenario.
pub struct Row {
    pub tool: Tool,
    /// Directly.
    pub direct: Vec<Cost>,
    /// With slow round trips.
    pub delayed: Vec<Cost>,
    /// What the proxies in front of source and mirror counted.
    pub traffic: Option<[Traffic; 2]>,
}

impl Row {
    pub const fn new(tool: Tool) -> Self {
        Self { tool, direct: Vec::new(), delayed: Vec::new(), traffic: None }
    }

    fn wall(&self) -> Option<f64> {
        median(&self.direct, |cost| Some(cost.wall))
    }

    fn cpu(&self) -> Option<f64> {
        median(&self.direct, |cost| cost.memory.is_some().then_some(cost.cpu))
    }

    /// MiB, for the run with the highest peak.
    fn memory(&self) -> Option<f64> {
        self.direct.iter().filter_map(|cost| cost.memory).max().map(|kib| kib as f64 / 1024.0)
    }

    fn delayed(&self) -> Option<f64> {
        median(&self.delayed, |cost| Some(cost.wall))
    }

    fn requests(&self) -> Option<[u64; 2]> {
        self.traffic.as_ref().map(|both| [both[0].total(), both[1].total()])
    }

    fn faults(&self) -> Vec<&str> {
        self.direct.iter().chain(&self.delayed).filter_map(|cost| cost.fault.as_deref()).collect()
    }
}

fn median(costs: &[Cost], of: impl Fn(&Cost) -> Option<f64>) -> Option<f64> {
    let mut values: Vec<f64> = costs.iter().filter_map(of).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// One scenario: every figure, then requests by kind, then what went wrong.
pub fn print(scenario: &Scenario, rows: &[Row], delay: Duration) {
    let fastest = rows.iter().filter(|row| row.tool != Tool::Ideal).filter_map(Row::wall).fold(f64::MAX, f64::min);
    println!("\n### {}: {}\n", scenario.name, scenario.title);
    println!(
        "| tool | s | × fastest | CPU s | memory MiB | s at {} ms | requests source + mirror | manifest GETs upstream | MiB down | MiB up |",
        delay.as_millis()
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    for row in rows {
        let traffic = row.traffic.clone().unwrap_or_default();
        let bytes = |of: fn(&Traffic) -> u64| (of(&traffic[0]) + of(&traffic[1])) as f64 / f64::from(1 << 20);
        println!(
            "| {} | {} | {} | {} | {} | {} | {} + {} | {} | {:.2} | {:.2} |",
            row.tool.name(),
            seconds(row.wall()),
            row.wall().map_or(String::new(), |wall| format!("{:.2}", wall / fastest)),
            seconds(row.cpu()),
            row.memory().map_or("–".to_owned(), |mib| format!("{mib:.1}")),
            seconds(row.delayed()),
            traffic[0].total(),
            traffic[1].total(),
            traffic[0].of("manifest GET"),
            bytes(|t| t.down),
            bytes(|t| t.up),
        );
    }
    println!();
    for row in rows {
        details(row);
    }
}

fn details(row: &Row) {
    if let Some([source, mirror]) = &row.traffic {
        let list = |traffic: &Traffic| {
            let kinds: Vec<String> = traffic.requests.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
            format!("{} ({} connections)", kinds.join(", "), traffic.connections)
        };
        println!("- {}: source {}; mirror {}", row.tool.name(), list(source), list(mirror));
    }
    for (what, costs) in [("runs", &row.direct), ("slow runs", &row.delayed)] {
        let walls: Vec<String> = costs.iter().map(|cost| format!("{:.3}", cost.wall)).collect();
        if walls.len() > 1 {
            println!("  - {what}: {} s", walls.join(", "));
        }
    }
    let git = row.direct.last().and_then(|cost| cost.git).filter(|(_, times)| *times > 0);
    if let Some((seconds, times)) = git {
        println!("  - git ran {times} times, {:.0} ms together", seconds * 1e3);
    }
    if let Some(first) = median(&row.delayed, |cost| cost.first_request) {
        println!("  - first request after {:.0} ms", first * 1e3);
    }
    for fault in row.faults() {
        println!("  - FAILED: {fault}");
    }
}

/// A figure's name, and what to print for a tool.
type Figure<'a> = (&'a str, &'a dyn Fn(&Row) -> String);

/// Everything in one table: a line per figure, a column per tool.
pub fn summary(all: &[(Scenario, Vec<Row>)], delay: Duration) {
    let mut tools: Vec<Tool> = Vec::new();
    for row in all.iter().flat_map(|(_, rows)| rows) {
        if !tools.contains(&row.tool) {
            tools.push(row.tool);
        }
    }
    let heads: Vec<&str> = tools.iter().map(|tool| tool.name()).collect();
    println!("\n## Compared\n\n| | | {} |", heads.join(" | "));
    println!("|---|---|{}", "--:|".repeat(tools.len()));
    for (scenario, rows) in all {
        let slow = format!("s at {} ms", delay.as_millis());
        let figures: [Figure<'_>; 5] = [
            ("s", &|row| seconds(row.wall())),
            (&slow, &|row| seconds(row.delayed())),
            ("CPU s", &|row| seconds(row.cpu())),
            ("MiB of memory", &|row| row.memory().map_or("–".to_owned(), |mib| format!("{mib:.0}"))),
            ("requests", &|row| {
                row.requests().map_or("–".to_owned(), |[source, mirror]| format!("{source} + {mirror}"))
            }),
        ];
        for (number, (figure, of)) in figures.iter().enumerate() {
            let cell = |tool: &Tool| rows.iter().find(|row| row.tool == *tool).map_or(String::new(), of);
            let cells: Vec<String> = tools.iter().map(cell).collect();
            let title = if number == 0 { scenario.title } else { "" };
            println!("| {title} | {figure} | {} |", cells.join(" | "));
        }
    }
}

fn seconds(value: Option<f64>) -> String {
    match value {
        None => "–".to_owned(),
        Some(value) if value < 0.1 => format!("{value:.3}"),
        Some(value) => format!("{value:.2}"),
    }
}
