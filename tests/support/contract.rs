//! Checks recorded traffic against the API descriptions in the directory named by `WHARFINGER_TEST_CONTRACTS`: methods,
//! paths, queries and bodies of requests, statuses and bodies of responses. Without the variable nothing is checked,
//! which is reported once.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Mutex, Once, OnceLock};

use regex::Regex;
use serde_json::{Map, Value, json};

use super::github::graphql::{editors_query, files_query, history_query, numbers_asked, reviews_query};
use super::http::{Exchange, lock};

/// The variable that names the directory.
pub const VARIABLE: &str = "WHARFINGER_TEST_CONTRACTS";

/// Statuses that any endpoint may return, documented or not.
const ANYWHERE: [u16; 4] = [401, 403, 404, 429];

/// Fails if traffic with GitHub does not match GitHub's description. GraphQL must be `createCommitOnBranch`, the query
/// for whose token it is, or the one for where a file's lines came from.
pub fn github(log: &[Exchange]) {
    static DESCRIPTION: OnceLock<Option<Description>> = OnceLock::new();
    let description = DESCRIPTION.get_or_init(|| {
        let text = read("github-openapi-subset.json")?;
        Some(Description::new(serde_json::from_str(&text).expect("GitHub's description is JSON")))
    });
    check(description.as_ref(), log, github_violations);
}

/// Fails if traffic with Docker Hub does not match its description.
pub fn dockerhub(log: &[Exchange]) {
    static DESCRIPTION: OnceLock<Option<Description>> = OnceLock::new();
    let description = DESCRIPTION.get_or_init(|| {
        let text = read("dockerhub-openapi-mock.yaml")?;
        Some(Description::new(serde_yaml::from_str(&text).expect("Docker Hub's description is YAML")))
    });
    check(description.as_ref(), log, dockerhub_violations);
}

/// Docker documents that tags can be deleted, and with which scope, but its description omits the path.
fn dockerhub_violations(description: &Description, exchange: &Exchange) -> Vec<String> {
    const DELETION: &str = "^/v2/(namespaces/[^/]+/repositories|repositories/[^/]+)/[^/]+/tags/[^/]+$";
    let request = &exchange.request;
    if request.method != "DELETE" || !Regex::new(DELETION).expect("a pattern").is_match(&request.path) {
        return description.violations(exchange);
    }
    if request.body.is_empty() { Vec::new() } else { vec![format!("{} has a body", exchange.line())] }
}

fn check(
    description: Option<&Description>,
    log: &[Exchange],
    violations: impl Fn(&Description, &Exchange) -> Vec<String>,
) {
    let Some(description) = description else { return };
    let found: Vec<String> = log.iter().flat_map(|exchange| violations(description, exchange)).collect();
    assert!(found.is_empty(), "traffic breaks its description:\n{}", found.join("\n"));
}

fn read(name: &str) -> Option<String> {
    static SAID: Once = Once::new();
    let Some(directory) = std::env::var_os(VARIABLE).filter(|d| !d.is_empty()) else {
        SAID.call_once(|| {
            let _ =
                writeln!(std::io::stderr(), "{VARIABLE} is not set: traffic is not checked against API descriptions");
        });
        return None;
    };
    let path = PathBuf::from(directory).join(name);
    Some(std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{VARIABLE}: {}: {e}", path.display())))
}

/// GitHub's REST below either base, and its one GraphQL mutation.
pub fn github_violations(description: &Description, exchange: &Exchange) -> Vec<String> {
    let path = exchange.request.path.as_str();
    if path == "/graphql" || path == "/api/graphql" {
        return graphql_violations(exchange);
    }
    let mut exchange = exchange.clone();
    if let Some(rest) = path.strip_prefix("/api/v3") {
        exchange.request.path = rest.to_owned();
    }
    description.violations(&exchange)
}

fn is_number(text: &str) -> bool {
    text.parse::<u32>().is_ok()
}

fn graphql_violations(exchange: &Exchange) -> Vec<String> {
    const MUTATION: &str = r"^\s*mutation\s*\(\s*\$input\s*:\s*CreateCommitOnBranchInput!\s*\)\s*\{\s*createCommitOnBranch\s*\(\s*input\s*:\s*\$input\s*\)\s*\{\s*commit\s*\{\s*oid(\s+url)?\s*\}\s*\}\s*\}\s*$";
    let body = exchange.request.json();
    if body == json!({ "query": "query { viewer { login } }" }) {
        return Vec::new();
    }
    let query = body["query"].as_str().unwrap_or_default();
    let variables = body["variables"].as_object().cloned().unwrap_or_default();
    let count = |letter: char| variables.keys().filter(|name| name.strip_prefix(letter).is_some_and(is_number)).count();
    let (files, places) = (count('p'), count('e'));
    let fixed = match query {
        _ if query == history_query(files) => 3,
        _ if query == files_query(places) || query == reviews_query(&numbers_asked(query)) => 2,
        _ if !numbers_asked(query).is_empty() && query == editors_query(&numbers_asked(query)) => 2,
        _ => 0,
    };
    if fixed > 0 {
        let given = variables.values().filter(|value| value.as_str().is_some_and(|text| !text.is_empty())).count();
        let whole = given == fixed + files + places && given == variables.len();
        return if whole { Vec::new() } else { vec![format!("a question lacks variables: {variables:?}")] };
    }
    let mut found = Vec::new();
    if exchange.request.method != "POST" || !Regex::new(MUTATION).expect("a pattern").is_match(query) {
        found.push(format!("GraphQL is not createCommitOnBranch alone: {query}"));
    }
    let text = json!({ "type": "string", "minLength": 1 });
    let base64 = json!({ "type": "string", "pattern": "^[A-Za-z0-9+/]*={0,2}$" });
    let strict = |required: &[&str], properties: Value| json!({ "type": "object", "required": required, "properties": properties, "additionalProperties": false });
    let input = strict(
        &["branch", "expectedHeadOid", "message", "fileChanges"],
        json!({
            "branch": strict(&["repositoryNameWithOwner", "branchName"], json!({
                "repositoryNameWithOwner": { "type": "string", "pattern": "^[^/]+/[^/]+$" }, "branchName": text,
            })),
            "expectedHeadOid": { "type": "string", "pattern": "^[0-9a-f]{40}$" },
            "message": strict(&["headline"], json!({ "headline": text, "body": { "type": "string" } })),
            "fileChanges": strict(&[], json!({
                "additions": { "type": "array", "items": strict(&["path", "contents"], json!({ "path": text, "contents": base64 })) },
                "deletions": { "type": "array", "items": strict(&["path"], json!({ "path": text })) },
            })),
        }),
    );
    let validator = jsonschema::draft7::new(&input).expect("a schema");
    let errors = validator.iter_errors(&body["variables"]["input"]);
    found.extend(errors.map(|e| format!("createCommitOnBranch: {}: {e}", e.instance_path())));
    found
}

/// An OpenAPI 3.0 description.
pub struct Description {
    document: Value,
    operations: Vec<Operation>,
    validators: Mutex<BTreeMap<String, std::sync::Arc<jsonschema::Validator>>>,
}

struct Operation {
    method: String,
    template: String,
    pattern: Regex,
    /// Literal segments: if two templates match, the one with more is meant.
    literal: usize,
    /// The path's item and the operation in it.
    parameters: Vec<Value>,
    value: Value,
}

impl Description {
    pub fn new(document: Value) -> Self {
        let mut operations = Vec::new();
        for (template, item) in document["paths"].as_object().into_iter().flatten() {
            for (method, value) in item.as_object().into_iter().flatten() {
                if ["get", "head", "put", "post", "patch", "delete"].contains(&method.as_str()) {
                    operations.push(operation(&document, template, item, method, value));
                }
            }
        }
        operations.sort_by(|a, b| b.literal.cmp(&a.literal).then_with(|| a.template.cmp(&b.template)));
        Self { document, operations, validators: Mutex::default() }
    }

    /// Everything that differs from the description; empty if nothing does.
    pub fn violations(&self, exchange: &Exchange) -> Vec<String> {
        let request = &exchange.request;
        let matching = |o: &&Operation| o.method == request.method && o.pattern.is_match(&request.path);
        let Some(operation) = self.operations.iter().find(matching) else {
            return vec![format!("{} {} is not described", request.method, request.path)];
        };
        let mut found = self.query_violations(operation, exchange);
        found.extend(self.body_violations(operation, exchange));
        found.extend(self.answer_violations(operation, exchange));
        found.into_iter().map(|text| format!("{} ({}): {text}", exchange.line(), operation.template)).collect()
    }

    fn query_violations(&self, operation: &Operation, exchange: &Exchange) -> Vec<String> {
        let mut found = Vec::new();
        let pairs = exchange.request.query_pairs();
        let known: Vec<&Value> = operation.parameters.iter().filter(|p| p["in"] == "query").collect();
        for (name, value) in &pairs {
            let Some(parameter) = known.iter().find(|p| p["name"] == name.as_str()) else {
                found.push(format!("query parameter {name} is not described"));
                continue;
            };
            let value = match self.resolve(&parameter["schema"])["type"].as_str() {
                Some("integer" | "number" | "boolean") => serde_json::from_str(value).unwrap_or(json!(value)),
                _ => json!(value),
            };
            let key = format!("{} {} query {name}", operation.method, operation.template);
            found.extend(self.schema_violations(&key, &parameter["schema"], &value));
        }
        for parameter in known.iter().filter(|p| p["required"] == true) {
            if !pairs.iter().any(|(name, _)| parameter["name"] == name.as_str()) {
                found.push(format!("query parameter {} is missing", parameter["name"]));
            }
        }
        found
    }

    fn body_violations(&self, operation: &Operation, exchange: &Exchange) -> Vec<String> {
        let described = self.resolve(&operation.value["requestBody"]);
        let schema = &described["content"]["application/json"]["schema"];
        if exchange.request.body.is_empty() {
            let missing = described["required"] == true;
            return missing.then(|| "the request has no body".to_owned()).into_iter().collect();
        }
        if schema.is_null() {
            return vec!["the request has a body, and none is described".to_owned()];
        }
        let body = exchange.request.json();
        let key = format!("{} {} request", operation.method, operation.template);
        let mut found = self.schema_violations(&key, schema, &body);
        let described = self.resolve(schema);
        if let (Some(properties), Some(body)) = (described["properties"].as_object(), body.as_object()) {
            let unknown = body.keys().filter(|k| !properties.contains_key(*k));
            found.extend(unknown.map(|k| format!("member {k} of the request is not described")));
        }
        found
    }

    fn answer_violations(&self, operation: &Operation, exchange: &Exchange) -> Vec<String> {
        let Some(status) = exchange.status else { return Vec::new() };
        let answers = &operation.value["responses"];
        let described = [status.to_string(), format!("{}XX", status / 100), "default".to_owned()];
        let Some(answer) = described.iter().map(|s| &answers[s.as_str()]).find(|a| !a.is_null()) else {
            let usual = status >= 500 || ANYWHERE.contains(&status);
            return (!usual).then(|| format!("status {status} is not described")).into_iter().collect();
        };
        let raw = exchange.request.header("accept").is_some_and(|a| a.contains(".raw"))
            && exchange.response_header("content-type").is_some_and(|t| t.contains(".raw"));
        let schema = &self.resolve(answer)["content"]["application/json"]["schema"];
        if schema.is_null() || raw || exchange.request.method == "HEAD" {
            return Vec::new();
        }
        let key = format!("{} {} {status}", operation.method, operation.template);
        self.schema_violations(&key, schema, &exchange.response_json())
    }

    fn schema_violations(&self, key: &str, schema: &Value, instance: &Value) -> Vec<String> {
        let known = lock(&self.validators).get(key).cloned();
        let validator = known.unwrap_or_else(|| {
            let made = std::sync::Arc::new(self.validator(schema));
            lock(&self.validators).insert(key.to_owned(), std::sync::Arc::clone(&made));
            made
        });
        let cut = |text: String| text.chars().take(300).collect::<String>();
        validator.iter_errors(instance).map(|e| cut(format!("{}: {e}", e.instance_path()))).collect()
    }

    /// A validator of a schema with the components that it refers to.
    fn validator(&self, schema: &Value) -> jsonschema::Validator {
        let mut names = BTreeSet::new();
        let mut open = references(schema);
        while let Some(reference) = open.pop() {
            if names.insert(reference.clone()) {
                let target =
                    self.document.pointer(reference.trim_start_matches('#')).expect("a reference that leads somewhere");
                open.extend(references(target));
            }
        }
        let mut root = json!({ "allOf": [json_schema(schema)] });
        for reference in names {
            let pointer = reference.trim_start_matches('#');
            let target = json_schema(self.document.pointer(pointer).expect("seen above"));
            insert(&mut root, pointer, target);
        }
        jsonschema::draft7::new(&root).unwrap_or_else(|e| panic!("a schema of the description cannot be used: {e}"))
    }

    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        resolve(&self.document, value)
    }
}

fn resolve<'a>(document: &'a Value, mut value: &'a Value) -> &'a Value {
    while let Some(reference) = value["$ref"].as_str() {
        value = document.pointer(reference.trim_start_matches('#')).expect("a reference that leads somewhere");
    }
    value
}

fn operation(document: &Value, template: &str, item: &Value, method: &str, value: &Value) -> Operation {
    let segments: Vec<&str> = template.split('/').collect();
    let pattern: Vec<String> = segments
        .iter()
        .map(|segment| match *segment {
            // These may contain slashes; the root of a repository is the empty path.
            "{path}" => ".*".to_owned(),
            "{ref}" | "{branch}" | "{basehead}" => ".+".to_owned(),
            parameter if parameter.starts_with('{') => "[^/]+".to_owned(),
            literal => regex::escape(literal),
        })
        .collect();
    let both = [&item["parameters"], &value["parameters"]];
    let parameters = both.into_iter().filter_map(Value::as_array).flatten();
    Operation {
        method: method.to_uppercase(),
        template: template.to_owned(),
        pattern: Regex::new(&format!("^{}$", pattern.join("/"))).expect("a pattern"),
        literal: segments.iter().filter(|s| !s.starts_with('{')).count(),
        parameters: parameters.map(|p| resolve(document, p).clone()).collect(),
        value: value.clone(),
    }
}

fn references(value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) => {
            let own = members.get("$ref").and_then(Value::as_str).map(str::to_owned);
            own.into_iter().chain(members.values().flat_map(references)).collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

fn insert(root: &mut Value, pointer: &str, target: Value) {
    let mut place = root;
    for key in pointer.split('/').filter(|k| !k.is_empty()) {
        let object = place.as_object_mut().expect("an object");
        place = object.entry(key).or_insert_with(|| Value::Object(Map::new()));
    }
    *place = target;
}

/// Converts a schema of OpenAPI 3.0 to draft 7, where `nullable` is a type, and bounds are not booleans.
fn json_schema(schema: &Value) -> Value {
    match schema {
        Value::Array(items) => Value::Array(items.iter().map(json_schema).collect()),
        Value::Object(members) => {
            let skip = [
                "nullable",
                "example",
                "examples",
                "discriminator",
                "xml",
                "externalDocs",
                "exclusiveMinimum",
                "exclusiveMaximum",
            ];
            // Below `properties` the keys are names of members, not keywords.
            let mut made: Map<String, Value> = members
                .iter()
                .filter(|(key, value)| !skip.contains(&key.as_str()) || value.get("type").is_some())
                .map(|(key, value)| {
                    let literal = matches!(key.as_str(), "enum" | "default" | "required");
                    (key.clone(), if literal && !value.is_object() { value.clone() } else { json_schema(value) })
                })
                .collect();
            if members.get("nullable") != Some(&Value::Bool(true)) {
                return Value::Object(made);
            }
            made.remove("default");
            json!({ "anyOf": [Value::Object(made), { "type": "null" }] })
        }
        other => other.clone(),
    }
}
