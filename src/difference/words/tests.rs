#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::difference::fixtures::{on_two, patch, worst};
use crate::difference::{Mark, Why};
use crate::packages::PackageSource;
use crate::vulnerabilities::{VulnerabilityChanges, VulnerabilitySource};

fn text(difference: &Difference, style: Style) -> String {
    let Told { why, better, changes, lists } = tell(difference, Some("https://github.com/a/b/compare/1...2"), style);
    let mut lines: Vec<String> = why.into_iter().chain(better).collect();
    lines.extend(changes.iter().map(|line| format!("{}- {}", "  ".repeat(line.depth), line.text)));
    for list in lists {
        lines.push(format!("== {}", list.heading));
        lines.extend(list.lines);
    }
    lines.join("\n")
}

#[test]
fn a_patch_in_sentences() {
    insta::assert_snapshot!(format!("{}\n\n{}", text(&patch(), Style::MARKDOWN), text(&patch(), Style::PLAIN)));
}

#[test]
fn the_worst_in_sentences() {
    insta::assert_snapshot!(text(&worst(), Style::MARKDOWN));
}

#[test]
fn a_first_approval_is_told_in_numbers() {
    let mut first = patch();
    first.vulnerabilities.new = std::mem::take(&mut first.vulnerabilities.fixed);
    first.platforms.iter_mut().for_each(|platform| platform.from = None);
    first.why = None;
    insta::assert_snapshot!(text(&first, Style::PLAIN));
}

#[test]
fn what_is_not_known_is_never_said_to_be_fixed_or_the_same() {
    let unknown = |source, detail: Option<&str>| {
        let mut difference = on_two(Why::Unexplained, &[Mark::NotLookedAt], |platform| {
            platform.source = PackageSource::None;
            platform.detail = Some("no layer has a package database".to_owned());
        });
        difference.vulnerabilities =
            VulnerabilityChanges { source, detail: detail.map(str::to_owned), ..VulnerabilityChanges::default() };
        text(&difference, Style::PLAIN)
    };
    let failed = unknown(VulnerabilitySource::Unknown, Some("a report is there for one of the images only"));
    for word in ["fixed", "the same", "none"] {
        assert!(!failed.contains(word), "{word}: {failed}");
    }
    insta::assert_snapshot!(format!("{failed}\n\n{}", unknown(VulnerabilitySource::None, None)));
}

#[test]
fn what_differs_by_platform_is_said_of_each_within_the_lines() {
    let mut difference = worst();
    let platforms: Vec<_> = (0..12)
        .map(|n| {
            let mut platform = difference.platforms[0].clone();
            platform.name = format!("linux/arch{n}");
            platform.packages.downgraded[0].to = format!("1.2.{n}");
            platform
        })
        .collect();
    difference.platforms = platforms;
    let told = tell(&difference, None, Style::PLAIN);
    assert_eq!(told.changes.len(), LINES);
    let folded = &told.lists[0];
    assert_eq!(folded.heading, "More of what changed");
    assert_eq!(told.changes.last().unwrap().text, format!("{} more lines are folded below", folded.lines.len()));
    let all: Vec<&str> = told.changes.iter().map(|line| &line.text).chain(&folded.lines).map(String::as_str).collect();
    for n in 0..12 {
        assert!(all.iter().any(|line| line.contains(&format!("on linux/arch{n}:"))), "{all:#?}");
    }
    assert!(all.iter().any(|line| line.starts_with("Layers on all 12 platforms: 3 kept")), "{all:#?}");
}
