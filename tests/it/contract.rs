//! The traffic checker finds faults: it is given traffic that violates a description.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::support::contract::{Description, github_violations};
use crate::support::http::{Exchange, Request};

fn description() -> Description {
    Description::new(json!({
        "openapi": "3.0.3",
        "paths": {
            "/repos/{owner}/pulls": {
                "get": {
                    "parameters": [
                        { "name": "state", "in": "query", "schema": { "type": "string", "enum": ["open", "closed"] } },
                        { "name": "page", "in": "query", "schema": { "type": "integer" } },
                    ],
                    "responses": { "200": { "content": { "application/json": { "schema": {
                        "type": "array", "items": { "$ref": "#/components/schemas/pull" },
                    } } } } },
                },
                "post": {
                    "requestBody": { "required": true, "content": { "application/json": { "schema": {
                        "type": "object", "required": ["title"],
                        "properties": { "title": { "type": "string" }, "draft": { "type": "boolean", "nullable": true } },
                    } } } },
                    "responses": { "201": { "description": "made" }, "422": { "description": "refused" } },
                },
            },
            "/repos/{owner}/contents/{path}": { "get": { "responses": { "200": { "description": "a file" } } } },
        },
        "components": { "schemas": { "pull": {
            "type": "object", "required": ["number", "body"],
            "properties": { "number": { "type": "integer" }, "body": { "type": "string", "nullable": true } },
        } } },
    }))
}

fn exchange(method: &str, target: &str, body: &Value, status: u16, answer: &Value) -> Exchange {
    let (path, query) = target.split_once('?').map_or((target, None), |(p, q)| (p, Some(q.to_owned())));
    let text = |v: &Value| if v.is_null() { Bytes::new() } else { Bytes::from(v.to_string()) };
    Exchange {
        request: Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query,
            version: hyper::Version::HTTP_11,
            headers: Vec::new(),
            body: text(body),
        },
        status: Some(status),
        scripted: false,
        response_headers: Vec::new(),
        response_body: text(answer),
    }
}

fn violations(method: &str, target: &str, body: &Value, status: u16, answer: &Value) -> String {
    description().violations(&exchange(method, target, body, status, answer)).join("\n")
}

#[test]
fn traffic_as_described_passes() {
    let none = Value::Null;
    let pulls = json!([{ "number": 1, "body": null }, { "number": 2, "body": "b" }]);
    assert_eq!(violations("GET", "/repos/acme/pulls?state=open&page=2", &none, 200, &pulls), "");
    assert_eq!(violations("POST", "/repos/acme/pulls", &json!({ "title": "t", "draft": null }), 201, &none), "");
    assert_eq!(violations("GET", "/repos/acme/contents/a/b.yml", &none, 200, &none), "");
    assert_eq!(violations("GET", "/repos/acme/pulls", &none, 503, &none), "", "any server may fail");
}

#[test]
fn each_fault_is_found() {
    let none = Value::Null;
    let found = [
        violations("DELETE", "/repos/acme/pulls", &none, 204, &none),
        violations("GET", "/repos/acme/pulls/more", &none, 200, &json!([])),
        violations("GET", "/repos/acme/pulls?state=all", &none, 200, &json!([])),
        violations("GET", "/repos/acme/pulls?page=two", &none, 200, &json!([])),
        violations("GET", "/repos/acme/pulls?sate=open", &none, 200, &json!([])),
        violations("GET", "/repos/acme/pulls", &none, 200, &json!([{ "number": "1", "body": null }])),
        violations("GET", "/repos/acme/pulls", &none, 200, &json!([{ "number": 1 }])),
        violations("GET", "/repos/acme/pulls", &none, 204, &none),
        violations("POST", "/repos/acme/pulls", &none, 201, &none),
        violations("POST", "/repos/acme/pulls", &json!({ "draft": true }), 201, &none),
        violations("POST", "/repos/acme/pulls", &json!({ "title": "t", "haed": "b" }), 201, &none),
        violations("GET", "/repos/acme/contents/a", &json!({ "a": 1 }), 200, &none),
    ];
    insta::assert_snapshot!(found.join("\n"), @r#"
    DELETE /repos/acme/pulls is not described
    GET /repos/acme/pulls/more is not described
    GET /repos/acme/pulls?state=all 200 (/repos/{owner}/pulls): : "all" is not one of "open" or "closed"
    GET /repos/acme/pulls?page=two 200 (/repos/{owner}/pulls): : "two" is not of type "integer"
    GET /repos/acme/pulls?sate=open 200 (/repos/{owner}/pulls): query parameter sate is not described
    GET /repos/acme/pulls 200 (/repos/{owner}/pulls): /0/number: "1" is not of type "integer"
    GET /repos/acme/pulls 200 (/repos/{owner}/pulls): /0: "body" is a required property
    GET /repos/acme/pulls 204 (/repos/{owner}/pulls): status 204 is not described
    POST /repos/acme/pulls 201 (/repos/{owner}/pulls): the request has no body
    POST /repos/acme/pulls 201 (/repos/{owner}/pulls): : "title" is a required property
    POST /repos/acme/pulls 201 (/repos/{owner}/pulls): member haed of the request is not described
    GET /repos/acme/contents/a 200 (/repos/{owner}/contents/{path}): the request has a body, and none is described
    "#);
}

#[test]
fn graphql_is_one_mutation_and_nothing_else() {
    let query =
        "mutation ($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid } } }";
    let input = json!({
        "branch": { "repositoryNameWithOwner": "acme/images", "branchName": "main" }, "expectedHeadOid": "a".repeat(40),
        "message": { "headline": "Record" }, "fileChanges": { "additions": [{ "path": "a", "contents": "YQ==" }] },
    });
    let ask = |query: &str, input: &Value| {
        let body = json!({ "query": query, "variables": { "input": input } });
        github_violations(&description(), &exchange("POST", "/graphql", &body, 200, &Value::Null))
    };
    assert!(ask(query, &input).is_empty(), "{:?}", ask(query, &input));
    assert_eq!(ask("query { viewer { login } }", &input).len(), 1);
    assert_eq!(ask(&query.replace("{ commit { oid } }", "{ commit { oid author { name } } }"), &input).len(), 1);
    let mut wrong = input.clone();
    wrong["expectedHeadOid"] = json!("main");
    wrong["fileChanges"]["additions"][0]["contents"] = json!("not base64!");
    assert_eq!(ask(query, &wrong).len(), 2);
    wrong["force"] = json!(true);
    assert_eq!(ask(query, &wrong).len(), 3);
}
