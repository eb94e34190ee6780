//! The form of answers and refusals.

use serde_json::{Value, json};

use crate::support::http::{Request, Response};

/// An answer, or the refusal instead of it.
pub(super) type Answer = Result<Response, Response>;

pub fn ok(value: &Value) -> Answer {
    Ok(Response::json(200, value))
}

pub fn created(value: &Value) -> Answer {
    Ok(Response::json(201, value))
}

pub fn message(status: u16, text: &str) -> Response {
    let body =
        json!({ "message": text, "documentation_url": "https://docs.github.com/rest", "status": status.to_string() });
    Response::json(status, &body)
}

pub(super) fn not_found() -> Response {
    message(404, "Not Found")
}

pub(super) fn invalid(resource: &str, field: &str, code: &str, text: Option<&str>) -> Response {
    let mut error = json!({ "resource": resource, "code": code });
    if !field.is_empty() {
        error["field"] = json!(field);
    }
    if let Some(text) = text {
        error["message"] = json!(text);
    }
    let body = json!({
        "message": "Validation Failed", "errors": [error], "documentation_url": "https://docs.github.com/rest", "status": "422",
    });
    Response::json(422, &body)
}

/// One page of a listing, with `Link`.
pub fn page(request: &Request, api: &str, items: &[Value]) -> Response {
    let number = |name: &str, default: usize| {
        request.query_value(name).and_then(|v| v.parse::<usize>().ok()).filter(|n| *n > 0).unwrap_or(default)
    };
    let per_page = number("per_page", 30).min(100);
    let page = number("page", 1);
    let some: Vec<&Value> = items.iter().skip((page - 1) * per_page).take(per_page).collect();
    let response = Response::json(200, &json!(some));
    let last = items.len().div_ceil(per_page).max(1);
    if page >= last {
        return response;
    }
    let origin = api.split('/').take(3).collect::<Vec<_>>().join("/");
    let link = |page: usize, relation: &str| {
        let mut pairs = request.query_pairs();
        pairs.retain(|(k, _)| k != "page");
        pairs.push(("page".to_owned(), page.to_string()));
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        format!("<{origin}{}?{query}>; rel=\"{relation}\"", request.path)
    };
    response.header("link", format!("{}, {}", link(page + 1, "next"), link(last, "last")))
}
