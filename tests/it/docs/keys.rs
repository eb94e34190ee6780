//! The manifest's keys, from its schema.

use std::collections::BTreeSet;

use serde_json::Value;
use wharfinger::internals::manifest::schema::json_schema;

use super::{anchor, escaped};

const FILE: &str = "\
<!-- Made from the manifest's schema; a test compares it and says how to make it anew. -->
# Every key of the manifest

[The manifest](manifest.md) explains what they are for, with examples; [`examples/approved-images.yml`](../examples/approved-images.yml)
uses every one of them. The keys of an image, and of `defaults`, have [a page of their own](manifest-image-keys.md).

`wharfinger schema` prints the schema that these pages are made from, for editors: `# yaml-language-server: $schema=approved-images.schema.json`
as the first line of a manifest names it. A key that is not listed here is an error, with its line.
";

const IMAGE: &str = "\
<!-- Made from the manifest's schema; a test compares it and says how to make it anew. -->
# Every key of an image

The other keys of the manifest have [a page of their own](manifest-keys.md).
";

/// A table of keys.
struct Section {
    /// Its name in the schema; the whole schema if it is empty.
    part: &'static str,
    heading: &'static str,
    /// What a link to it is called.
    called: &'static str,
    page: &'static str,
}

const fn section(page: &'static str, part: &'static str, heading: &'static str, called: &'static str) -> Section {
    Section { part, heading, called, page }
}

const FILE_PAGE: &str = "manifest-keys.md";
const IMAGE_PAGE: &str = "manifest-image-keys.md";

/// The tables, in the order in which they are read.
const SECTIONS: [Section; 16] = [
    section(FILE_PAGE, "", "The file", ""),
    section(FILE_PAGE, "Proposals", "`proposals`", "mapping"),
    section(FILE_PAGE, "Evidence", "`evidence`", "mapping"),
    section(FILE_PAGE, "Policy", "`policy`", "mapping"),
    section(FILE_PAGE, "ImageAccess", "`image-access`", "mapping"),
    section(FILE_PAGE, "RegistryAccess", "`registry-access`", "mapping"),
    section(FILE_PAGE, "AllowedRegistry", "An entry of `registries`", "mappings"),
    section(IMAGE_PAGE, "Image", "An image", "images"),
    section(IMAGE_PAGE, "Approval", "An entry of `approved`", "entries"),
    section(IMAGE_PAGE, "Rejection", "An entry of `rejected`", "entries"),
    section(IMAGE_PAGE, "Revocation", "An entry of `revoked`", "entries"),
    section(IMAGE_PAGE, "CooldownKeys", "`cooldown` as a mapping", "mapping"),
    section(IMAGE_PAGE, "KeepKeys", "`keep` as a mapping", "mapping"),
    section(IMAGE_PAGE, "TeamSettings", "A team as a mapping", "mapping"),
    section(IMAGE_PAGE, "SignatureKeys", "`signatures` as a mapping", "mapping"),
    section(IMAGE_PAGE, "ProvenanceKeys", "`provenance` as a mapping", "mapping"),
];

/// Parts of which the keys are those of other parts.
const ELSEWHERE: [&str; 3] = ["Defaults", "Included", "SignerKeys"];

/// The pages: their paths and texts.
pub fn pages() -> [(&'static str, String); 2] {
    let schema: Value = serde_json::from_str(&json_schema()).unwrap();
    let defined: BTreeSet<&str> = schema["$defs"].as_object().unwrap().keys().map(String::as_str).collect();
    let described = SECTIONS.iter().map(|section| section.part).skip(1).chain(ELSEWHERE).collect();
    assert_eq!(defined, described, "a new part of the schema needs a section");
    let text = |head: &str, page: &str| {
        let sections = SECTIONS.iter().filter(|section| section.page == page);
        head.to_owned() + &sections.map(|section| table(&schema, section)).collect::<String>()
    };
    [("docs/manifest-keys.md", text(FILE, FILE_PAGE)), ("docs/manifest-image-keys.md", text(IMAGE, IMAGE_PAGE))]
}

fn table(schema: &Value, section: &Section) -> String {
    let part = if section.part.is_empty() { schema } else { &schema["$defs"][section.part] };
    let mut text = format!("\n## {}\n\n", section.heading);
    if section.part == "Image" {
        let own = list(&without(schema, "Image", "Defaults"));
        text.push_str(&format!("`defaults` takes the same keys, except {own}. What an image says replaces them.\n\n"));
    }
    text.push_str("| key | value | meaning |\n| --- | --- | --- |\n");
    let required: Vec<&str> = part["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (key, value) in part["properties"].as_object().unwrap() {
        let needed = if required.contains(&key.as_str()) { ", required" } else { "" };
        let meaning = escaped(value["description"].as_str().unwrap());
        let kind = kind(schema, section.page, value);
        text.push_str(&format!("| `{key}`{needed} | {} | {} |\n", cell(&kind), cell(&meaning)));
    }
    text
}

/// The keys of one part that another one lacks; the other one has no key of its own.
fn without(schema: &Value, all: &str, some: &str) -> Vec<String> {
    let keys = |part: &str| -> Vec<String> {
        schema["$defs"][part]["properties"].as_object().unwrap().keys().cloned().collect()
    };
    assert!(keys(some).iter().all(|key| keys(all).contains(key)), "{some} has keys that {all} has not");
    keys(all).into_iter().filter(|key| !keys(some).contains(key)).collect()
}

/// What a key takes, in words.
fn kind(schema: &Value, page: &str, of: &Value) -> String {
    let inner = |value: &Value| kind(schema, page, value);
    if let Some(part) = of["$ref"].as_str().map(|path| path.trim_start_matches("#/$defs/")) {
        return reference(schema, page, part);
    }
    if let Some(several) = ["allOf", "anyOf"].iter().find_map(|key| of[key].as_array()) {
        let kinds = several.iter().filter(|one| one["type"] != "null").map(inner);
        return kinds.collect::<Vec<_>>().join(", or ");
    }
    if let Some(values) = of["enum"].as_array() {
        return values.iter().map(quoted).collect::<Vec<_>>().join(", ");
    }
    if !of["const"].is_null() {
        return quoted(&of["const"]);
    }
    match of["type"].as_str().or_else(|| of["type"][0].as_str()).unwrap() {
        "boolean" => "`true`, `false`".to_owned(),
        "integer" if of["minimum"] == of["maximum"] => quoted(&of["minimum"]),
        "integer" => format!("a number, {} to {}", of["minimum"], of["maximum"]),
        "array" => format!("a list of {}", inner(&of["items"]).replace("text", "texts")),
        "object" => format!("names with {}", inner(&of["additionalProperties"])),
        _ => "text".to_owned(),
    }
}

fn quoted(value: &Value) -> String {
    format!("`{}`", value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

fn list(keys: &[String]) -> String {
    keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
}

/// A link to the table of a part.
fn reference(schema: &Value, page: &str, part: &str) -> String {
    if part == "SignerKeys" {
        let never = list(&without(schema, "SignatureKeys", part));
        return format!("mappings as this one, without {never}");
    }
    let part = if part == "Defaults" { "Image" } else { part };
    let section = SECTIONS.iter().find(|section| section.part == part).unwrap();
    let path = if section.page == page { "" } else { section.page };
    format!("[{}]({path}#{})", section.called, anchor(section.heading))
}

/// Text of a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
