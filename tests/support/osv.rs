//! A stand-in for OSV's API that keeps its vulnerabilities. Shapes are those of its documentation: a batch takes at most
//! 1,000 queries, is refused as a whole if one of them is unusable, answers in their order and only with identifiers, and
//! pages each answer separately.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::http::{Exchange, Request, Response, Rule, Server, lock};

/// The most queries of a batch.
const BATCH: usize = 1_000;
/// Some of the types of package URLs that it knows.
const TYPES: [&str; 6] = ["pkg:apk/alpine/", "pkg:cargo/", "pkg:deb/debian/", "pkg:golang/", "pkg:npm/", "pkg:pypi/"];

struct State {
    records: BTreeMap<String, Value>,
    /// The identifiers by package URL, with version and without qualifiers.
    affected: BTreeMap<String, Vec<String>>,
    /// How many identifiers a page has.
    page: usize,
    /// Requests with a credential: nobody has one for it.
    credentials: Vec<String>,
}

/// The running stand-in; it stops when dropped.
pub struct TestOsv {
    server: Server,
    state: Arc<Mutex<State>>,
}

impl TestOsv {
    /// Starts without any vulnerabilities. A request with a credential makes the test fail.
    pub fn start() -> Self {
        let state =
            State { records: BTreeMap::new(), affected: BTreeMap::new(), page: usize::MAX, credentials: Vec::new() };
        let state = Arc::new(Mutex::new(state));
        let for_server = Arc::clone(&state);
        let server = Server::start(move |request: &Request| lock(&for_server).checked(request));
        Self { server, state }
    }

    pub fn url(&self) -> String {
        self.server.url()
    }

    pub fn log(&self) -> Vec<Exchange> {
        self.server.log()
    }

    /// The requests so far: `GET /v1/vulns/CVE-2027-1 200`.
    pub fn lines(&self) -> Vec<String> {
        self.server.lines()
    }

    pub fn fault(&self, rule: Rule) {
        self.server.fault(rule);
    }

    /// Adds a vulnerability of these packages, `more` being the rest of its record.
    pub fn add(&self, id: &str, purls: &[&str], more: &Value) {
        let mut record = json!({ "schema_version": "1.7.5", "id": id, "modified": "2026-11-01T00:00:00Z" });
        if let (Some(record), Some(more)) = (record.as_object_mut(), more.as_object()) {
            record.extend(more.clone());
        }
        let mut state = lock(&self.state);
        state.records.insert(id.to_owned(), record);
        for purl in purls {
            state.affected.entry((*purl).to_owned()).or_default().push(id.to_owned());
        }
    }

    /// Answers with at most so many identifiers a page.
    pub fn page(&self, size: usize) {
        lock(&self.state).page = size;
    }
}

impl Drop for TestOsv {
    fn drop(&mut self) {
        let credentials = std::mem::take(&mut lock(&self.state).credentials);
        assert!(std::thread::panicking() || credentials.is_empty(), "OSV was sent a credential: {credentials:?}");
    }
}

/// The headers that may hold a credential.
const CREDENTIALS: [&str; 3] = ["authorization", "proxy-authorization", "cookie"];

impl State {
    fn checked(&mut self, request: &Request) -> Response {
        let sent = CREDENTIALS.iter().filter(|name| request.header(name).is_some());
        self.credentials.extend(sent.map(|name| format!("{name} at {} {}", request.method, request.path)));
        self.answer(request)
    }

    fn answer(&self, request: &Request) -> Response {
        let segments = request.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (request.method.as_str(), &segments[..]) {
            ("POST", ["v1", "querybatch"]) => self.batch(&request.json()),
            ("GET", ["v1", "vulns", id]) => match self.records.get(*id) {
                Some(record) => Response::json(200, record),
                None => refused(404, "Bug not found."),
            },
            _ => refused(404, "Not Found"),
        }
    }

    fn batch(&self, body: &Value) -> Response {
        let Some(queries) = body["queries"].as_array().filter(|queries| queries.len() <= BATCH) else {
            return refused(400, "Too many queries.");
        };
        let results: Option<Vec<Value>> = queries.iter().map(|query| self.query(query)).collect();
        match results {
            Some(results) => Response::json(200, &json!({ "results": results })),
            None => refused(400, "Invalid query."),
        }
    }

    /// One page of an answer; `None` if the query is unusable.
    fn query(&self, query: &Value) -> Option<Value> {
        let purl = query["package"]["purl"].as_str()?;
        let purl = purl.split(['?', '#']).next()?;
        let known = TYPES.iter().any(|known| purl.starts_with(known)) && purl.rsplit('/').next()?.contains('@');
        known.then_some(())?;
        let all = self.affected.get(purl).map(Vec::as_slice).unwrap_or_default();
        let start = query["page_token"].as_str().map_or(Some(0), |token| token.parse().ok())?;
        let rest = all.get(start..)?;
        if rest.is_empty() {
            return Some(json!({}));
        }
        let end = rest.len().min(self.page);
        let vulns: Vec<Value> =
            rest[..end].iter().map(|id| json!({ "id": id, "modified": self.records[id]["modified"] })).collect();
        let mut answer = json!({ "vulns": vulns });
        if end < rest.len() {
            answer["next_page_token"] = json!((start + end).to_string());
        }
        Some(answer)
    }
}

fn refused(status: u16, message: &str) -> Response {
    Response::json(status, &json!({ "code": 3, "message": message }))
}
