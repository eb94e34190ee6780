//! The JSON Schema and the parser agree on every document, as far as a schema can express it.

use serde_json::{Map, Value, json};
use wharfinger::internals::manifest::{File, parse, schema};

use super::EXAMPLE;
use super::broken::corpus;

/// Faults that lie between values, or in what a value means: no schema expresses them.
const BEYOND: [&str; 19] = [
    "bad-alias",
    "bad-glob",
    "bad-pattern",
    "bad-range",
    "bad-reference",
    "bad-registry",
    "bad-repository",
    "bad-branch-prefix",
    "bad-date",
    "bad-name",
    "bad-organization",
    "bad-text",
    "conflicting-keys",
    "immutable-rebuilds",
    "include-missing",
    "provenance-unsigned",
    "shared-branch",
    "shared-mirror-tag",
    "source-not-allowed",
];

/// Of how many mutants one is tried; it shares no factor with the number of values put in, so that all values are met.
const SAMPLE: usize = 8;

fn validator() -> jsonschema::Validator {
    jsonschema::validator_for(&serde_json::from_str(&schema::json_schema()).unwrap()).unwrap()
}

/// The codes that the parser finds in a main file.
fn codes(text: &str) -> Vec<&'static str> {
    let file = File { path: "approved-images.yml".to_owned(), text: text.to_owned() };
    parse(vec![file]).err().unwrap_or_default().into_iter().map(|d| d.code).collect()
}

/// All documents that differ from one in one place: a key gone, misspelt, or with another value.
fn mutants(value: &Value) -> Vec<Value> {
    let replacements = [json!(null), json!(true), json!(3), json!("zzz zzz"), json!([]), json!({}), json!(["x", "x"])];
    let mut found: Vec<Value> = replacements.into_iter().collect();
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let others = || map.iter().filter(|(k, _)| *k != key).map(|(k, v)| (k.clone(), v.clone()));
                found.push(Value::Object(others().collect()));
                found.push(Value::Object(others().chain([(format!("{key}-x"), inner.clone())]).collect()));
                found.extend(mutants(inner).into_iter().map(|mutant| {
                    let replaced =
                        |(k, v): (&String, &Value)| (k.clone(), if k == key { mutant.clone() } else { v.clone() });
                    Value::Object(map.iter().map(replaced).collect::<Map<_, _>>())
                }));
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                found.extend(mutants(inner).into_iter().map(|mutant| {
                    let mut items = items.clone();
                    items[index] = mutant;
                    Value::Array(items)
                }));
            }
        }
        _ => {}
    }
    found
}

#[test]
fn schema_and_parser_agree_on_mutants_of_the_example() {
    let validator = validator();
    let example: Value = serde_yaml::from_str(EXAMPLE).unwrap();
    assert!(validator.is_valid(&example));
    let mutants: Vec<Value> = mutants(&example).into_iter().filter(Value::is_object).collect();
    assert!(mutants.len() > 1000, "{}", mutants.len());
    let mut disagreements = Vec::new();
    for mutant in mutants.into_iter().step_by(SAMPLE) {
        let codes = codes(&mutant.to_string());
        let valid = validator.is_valid(&mutant);
        let expressible = codes.iter().any(|c| !BEYOND.contains(c));
        if (codes.is_empty() && !valid) || (valid && expressible) {
            let errors: Vec<String> =
                validator.iter_errors(&mutant).map(|e| format!("{}: {e}", e.instance_path())).collect();
            disagreements.push(format!("schema: {errors:?}, parser: {codes:?}, {mutant}"));
        }
    }
    assert!(disagreements.is_empty(), "{} disagreements:\n{}", disagreements.len(), disagreements.join("\n"));
}

#[test]
fn what_the_schema_refuses_the_parser_refuses() {
    let validator = validator();
    let mut refused = 0;
    for (name, files) in corpus() {
        let Ok(value) = serde_yaml::from_str::<Value>(&files[0].text) else { continue };
        let codes = codes(&files[0].text);
        let expressible = codes.iter().any(|c| ["unknown-key", "missing-key", "bad-choice", "bad-digest"].contains(c));
        assert!(!codes.is_empty() || validator.is_valid(&value), "{name}");
        // A YAML tag and an empty file are nothing to a schema.
        assert!(!expressible || !validator.is_valid(&value), "{name}: {codes:?}");
        refused += usize::from(!validator.is_valid(&value));
    }
    assert!(refused >= 8, "{refused}");
}
