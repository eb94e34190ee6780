#![allow(clippy::unwrap_used, clippy::panic)]
//! Configurations in the shapes that their projects document and people use, and what is made of them.

mod configurations;
mod constraint;
mod hub;

use std::fmt::Write as _;

use super::{Imported, Kind, import};
use crate::manifest::{File, parse};

/// The manifest, and below it what was left, each with its place.
fn shown(kind: Kind, text: &str, organization: Option<&str>) -> String {
    match import(kind, text, organization) {
        Ok(imported) => describe(&imported),
        Err(error) => format!("unreadable: {error}\n"),
    }
}

fn describe(Imported { manifest, left, images }: &Imported) -> String {
    let file = File { path: "approved-images.yml".to_owned(), text: manifest.clone() };
    let parsed = parse(vec![file]).unwrap();
    assert_eq!(parsed.images.len(), *images, "{manifest}");
    let mut shown = manifest.clone();
    shown.push_str("---\n");
    for one in left {
        let place = one.place.map_or_else(|| "-".to_owned(), |(line, column)| format!("{line}:{column}"));
        writeln!(shown, "{place}: {}: {}", one.what, one.why).unwrap();
    }
    shown
}

/// What stands in it must be in no manifest and no message.
const SECRET: &str = "hunter2";

fn snapshot(name: &str, kind: Kind, text: &str, organization: Option<&str>) {
    let shown = shown(kind, text, organization);
    assert!(!shown.contains(SECRET), "{shown}");
    assert_eq!(shown, self::shown(kind, &text.replace('\n', "\r\n"), organization), "with other line ends");
    assert_eq!(shown, self::shown(kind, &format!("\u{feff}{text}"), organization), "with a byte order mark");
    insta::with_settings!({ omit_expression => true, description => text.to_owned() }, {
        insta::assert_snapshot!(name, shown);
    });
}
