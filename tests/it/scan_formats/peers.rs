//! The table beside other tools: `peers/PEERS.md` says of each shape in `peers/shapes.txt` what this program finds, by running it
//! here, and what others find, as `peers/measure.py` measured it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{scan, world};

const HEAD: &str = "# What is found, beside other tools

Each row is a file ([`shapes.txt`](shapes.txt)) and the images that the program it is for would pull. This project chose the rows and wrote down those
images by hand, to cover what it reads itself: the totals say how far the others read the same shapes, not how often these occur. The first
column of findings is this program's, and a test runs it on every row; the image of a custom resource is found and its verdict is `unknown`.

The other columns were measured on the same files without a network by [`measure.py`](measure.py), whose results are in [`peers.json`](peers.json):

- the released Renovate with `--dry-run=extract`; its manager for Kubernetes has no files by default and is told of `k8s/`,
- the released hadolint with a trusted registry that no image is from (DL3026). It names lines, which count as the images that this program finds there,
- Dependabot's parsers for Docker, Compose and Helm, run with stand-ins for the rest of it. Which files each gets is read from its fetchers.

They have other purposes: Dependabot leaves what has no version, and hadolint reads Dockerfiles only.

`all` means every image, `none` not one; `·` that the tool is not for such files. What is found beyond these images, or without a part of their
names, is named as `else`.

";

/// A file, and the images that would be pulled.
struct Shape {
    path: String,
    title: String,
    text: String,
    truth: BTreeSet<String>,
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/scan_formats/peers")
}

fn shapes() -> Vec<Shape> {
    let all = fs::read_to_string(directory().join("shapes.txt")).unwrap();
    let shape = |part: &str| {
        let (head, text) = part.split_once('\n').unwrap();
        let fields: Vec<&str> = head.split('|').map(str::trim).collect();
        let [path, title, truth] = fields[..] else { panic!("{head}") };
        Shape {
            path: path.to_owned(),
            title: title.to_owned(),
            text: text.to_owned(),
            truth: truth.split(", ").filter(|name| !name.is_empty()).map(str::to_owned).collect(),
        }
    };
    all.split(">>> ").skip(1).map(shape).collect()
}

/// What this program finds: by its line, and without what Docker Hub's names may leave out.
fn found(shape: &Shape) -> BTreeMap<u64, BTreeSet<String>> {
    let world = world();
    world.write(&shape.path, &shape.text);
    let mut lines: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
    for row in scan(&world, &[])["references"].as_array().unwrap() {
        let part =
            |key: &str, before: &str| row[key].as_str().map(|part| format!("{before}{part}")).unwrap_or_default();
        let name = format!("{}{}{}", part("image", ""), part("tag", ":"), part("digest", "@"));
        lines.entry(row["line"].as_u64().unwrap()).or_default().insert(short(&name).to_owned());
    }
    lines
}

fn short(name: &str) -> &str {
    let name = name.strip_prefix("docker.io/").unwrap_or(name);
    name.strip_prefix("library/").unwrap_or(name)
}

/// What hadolint says of lines, as the images there: of an instruction that goes on, those that follow.
fn of_lines(flagged: &[u64], ours: &BTreeMap<u64, BTreeSet<String>>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (index, line) in flagged.iter().enumerate() {
        let end = flagged.get(index + 1).copied().unwrap_or(u64::MAX);
        match ours.range(line..&end).next() {
            Some((_, there)) => names.extend(there.iter().cloned()),
            None => {
                names.insert(format!("line {line}"));
            }
        }
    }
    names
}

/// How many images were found by a tool, and how many other things.
#[derive(Default)]
struct Total {
    found: usize,
    other: usize,
    of: usize,
}

impl Total {
    fn cell(&mut self, names: &BTreeSet<String>, truth: &BTreeSet<String>) -> String {
        let (right, other) = (names.intersection(truth).count(), names.difference(truth));
        self.found += right;
        self.other += other.clone().count();
        self.of += truth.len();
        let other: Vec<String> = other.map(|name| format!("`{name}`")).collect();
        let amount = match (right, truth.len()) {
            (0, _) => "none".to_owned(),
            (right, all) if right == all => "all".to_owned(),
            (right, all) => format!("{right} of {all}"),
        };
        match other.is_empty() {
            true => amount,
            false => format!("{amount}; else {}", other.join(", ")),
        }
    }

    fn shown(&self) -> String {
        format!("{} of {}; else {}", self.found, self.of, self.other)
    }
}

#[test]
fn the_table_beside_other_tools_is_true() {
    let measured: Value = serde_json::from_slice(&fs::read(directory().join("peers.json")).unwrap()).unwrap();
    let version = |tool: &str| measured["versions"][tool].as_str().unwrap();
    let mut table = format!(
        "{HEAD}| file | shape | wharfinger | Renovate {} | hadolint {} | Dependabot {} |\n| --- | --- | --- | --- | --- | --- |\n",
        version("renovate"),
        version("hadolint"),
        version("dependabot"),
    );
    let [mut own, mut renovate, mut hadolint, mut dependabot] = [(); 4].map(|()| Total::default());
    let (shapes, rows) = (shapes(), measured["found"].as_array().unwrap());
    assert_eq!(shapes.len(), rows.len(), "measure again");
    for (shape, row) in shapes.iter().zip(rows) {
        assert_eq!(
            (&row["path"], &row["shape"]),
            (&Value::from(&*shape.path), &Value::from(&*shape.title)),
            "measure again"
        );
        let ours = found(shape);
        let names = |tool: &str| {
            let names = row[tool].as_array()?.iter().map(|name| short(name.as_str().unwrap()).to_owned());
            Some(names.collect::<BTreeSet<String>>())
        };
        let flagged: Option<Vec<u64>> =
            row["hadolint"].as_array().map(|lines| lines.iter().map(|line| line.as_u64().unwrap()).collect());
        let cells = [
            own.cell(&ours.values().flatten().cloned().collect(), &shape.truth),
            renovate.cell(&names("renovate").unwrap(), &shape.truth),
            flagged.map_or("·".to_owned(), |lines| hadolint.cell(&of_lines(&lines, &ours), &shape.truth)),
            dependabot.cell(&names("dependabot").unwrap(), &shape.truth),
        ];
        let _ = writeln!(table, "| `{}` | {} | {} |", shape.path, shape.title, cells.join(" | "));
    }
    let totals = [own, renovate, hadolint, dependabot].map(|total| total.shown());
    let _ = writeln!(table, "| | images found | {} |", totals.join(" | "));
    let path = directory().join("PEERS.md");
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        fs::write(&path, &table).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), table, "INSTA_UPDATE=always writes it");
}
