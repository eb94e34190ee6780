//! The documentation is accurate: its examples parse, its lists are the program's, its links lead somewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

mod commands;
mod examples;
mod facts;
mod generated;
mod keys;
mod messages;
mod picture;

/// The longest page, in bytes: what somebody reads in one go.
const PAGE: usize = 12 * 1024;

/// A page of the documentation.
pub struct Page {
    /// Relative to the repository, with `/`.
    pub path: String,
    pub text: String,
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// One page.
#[track_caller]
pub fn page(path: &str) -> Page {
    let text = std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    Page { path: path.to_owned(), text }
}

/// Every Markdown file that people read: at the top, in `.github` and in `docs`.
pub fn pages() -> Vec<Page> {
    let mut paths = Vec::new();
    for directory in ["", ".github", "docs"] {
        for entry in std::fs::read_dir(root().join(directory)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".md") {
                paths.push(Path::new(directory).join(name).to_str().unwrap().to_owned());
            }
        }
    }
    paths.sort();
    paths.iter().map(|path| page(path)).collect()
}

/// The fenced blocks of a language, without the indentation of a list that they stand in.
pub fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let indent = line.len() - line.trim_start().len();
        if line.trim_start() == format!("```{language}") {
            let inside = lines.by_ref().take_while(|line| line.trim() != "```");
            found.push(inside.map(|line| format!("{}\n", line.get(indent..).unwrap_or_default())).collect());
        }
    }
    found
}

/// A text with placeholders such as `<NAME>`, which Markdown would take for HTML outside code.
pub fn escaped(text: &str) -> String {
    let parts = text.split('`').enumerate();
    let parts = parts.map(|(at, part)| if at % 2 == 0 { part.replace('<', "\\<") } else { part.to_owned() });
    parts.collect::<Vec<_>>().join("`")
}

/// The links and pictures of a page, and the anchors that GitHub gives its headings.
fn links_and_anchors(text: &str) -> (Vec<String>, BTreeSet<String>) {
    let (mut links, mut anchors, mut times) = (Vec::new(), BTreeSet::new(), BTreeMap::<String, usize>::new());
    let mut heading: Option<String> = None;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                let anchor = anchor(&heading.take().unwrap_or_default());
                let before = times.entry(anchor.clone()).or_default();
                anchors.insert(if *before == 0 { anchor.clone() } else { format!("{anchor}-{before}") });
                *before += 1;
            }
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => links.push(dest_url.to_string()),
            Event::Text(words) | Event::Code(words) => {
                if let Some(heading) = heading.as_mut() {
                    heading.push_str(&words);
                }
            }
            _ => {}
        }
    }
    (links, anchors)
}

/// What GitHub makes of a heading's text.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// What is wrong with a link of a page, if anything is.
fn broken(page: &Page, target: &str) -> Option<String> {
    if target.contains("://") {
        return (!target.starts_with("https://")).then(|| "is not https".to_owned());
    }
    let (file, anchor) = target.split_once('#').map_or((target, None), |(file, anchor)| (file, Some(anchor)));
    let directory = Path::new(&page.path).parent().unwrap();
    let path = if file.is_empty() { PathBuf::from(&page.path) } else { directory.join(file) };
    let path = root().join(path);
    if !path.exists() {
        return Some("there is no such file".to_owned());
    }
    let anchors = || links_and_anchors(&std::fs::read_to_string(&path).unwrap()).1;
    anchor.filter(|anchor| !anchors().contains(*anchor)).map(|anchor| format!("there is no heading #{anchor}"))
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for page in pages() {
        for target in links_and_anchors(&page.text).0 {
            seen += 1;
            wrong.extend(broken(&page, &target).map(|why| format!("{}: {target}: {why}", page.path)));
        }
    }
    assert!(wrong.is_empty() && seen > 50, "{seen} links\n{}", wrong.join("\n"));
    let readme = page("README.md");
    for (target, why) in
        [("docs/nothing.md", "file"), ("README.md#nowhere", "heading"), ("http://example.com", "https")]
    {
        assert!(broken(&readme, target).is_some_and(|said| said.contains(why)), "{target}");
    }
}

#[test]
fn anchors_are_githubs() {
    let text = "# The `run` command\n## What's new?\n## Twice\n## Twice\n## Amazon ECR (`*.amazonaws.com`)\n";
    let expected = ["the-run-command", "whats-new", "twice", "twice-1", "amazon-ecr-amazonawscom"];
    assert_eq!(links_and_anchors(text).1, expected.map(str::to_owned).into_iter().collect());
}

#[test]
fn no_page_is_too_long_and_the_first_is_short() {
    for page in pages().iter().filter(|page| page.path.starts_with("docs/")) {
        assert!(page.text.len() <= PAGE, "{}: {} bytes; split it", page.path, page.text.len());
    }
    let first = page("README.md").text.len();
    assert!((6_000..=8 * 1024).contains(&first), "README.md has {first} bytes");
}

#[test]
fn the_list_of_pages_is_complete() {
    let listed: BTreeSet<String> = links_and_anchors(&page("docs/README.md").text).0.into_iter().collect();
    for page in pages() {
        if let Some(name) = page.path.strip_prefix("docs/").filter(|name| *name != "README.md") {
            assert!(listed.contains(name), "docs/README.md does not list {name}");
        }
    }
}
