#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::difference::fixtures::{config, file, on_two, package, patch, version, worst};
use crate::difference::{Field, Mark, Why};
use crate::layers::FileKind;
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
    for platform in &mut first.platforms {
        platform.from = None;
        platform.files = vec![file("/usr/bin/su", FileKind::Setuid), file("/etc/cron.d/job", FileKind::Cron)];
        platform.config.insert(0, config(Field::User, None, Some("root")));
    }
    first.why = None;
    insta::assert_snapshot!(text(&first, Style::PLAIN));
}

#[test]
fn hidden_characters_are_noticed_wherever_an_image_has_them() {
    let places = |change: fn(&mut PlatformDifference)| {
        let difference = on_two(Why::Config, &[], change);
        hidden(&difference).into_iter().collect::<Vec<_>>().join(", ")
    };
    assert_eq!(places(|_| {}), "");
    assert_eq!(places(|one| one.packages.removed = [package("a\u{202e}", "1")].into_iter().collect()), "package names");
    assert_eq!(places(|one| one.packages.licences_added.names = ["MIT\u{200b}".to_owned()].into()), "licences");
    assert_eq!(places(|one| one.files = vec![file("/a\nb", FileKind::Cron)]), "file paths");
    assert_eq!(places(|one| one.name = "linux/\u{1b}[2J".to_owned()), "platform names");
    let label = |text: &'static str| {
        move |one: &mut PlatformDifference| {
            one.config = vec![config(Field::Label, None, Some(text))];
        }
    };
    for (text, found) in [("a=one\n\ttwo ❤\u{fe0f}", ""), ("a=one\u{202e}", "the configuration")] {
        let difference = on_two(Why::Config, &[], label(text));
        assert_eq!(hidden(&difference).into_iter().collect::<String>(), found, "{text:?}");
    }
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
            platform.packages.downgraded = [version("zlib", "1.3.1", &format!("1.2.{n}"))].into_iter().collect();
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
