//! A request to the API, what the credential needs for it, and the answer.

use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Error;
use crate::text::excerpt;

/// A request to the API. Not `Debug`: the body of one of them is the credential.
#[derive(Clone)]
pub(super) struct Call<'a> {
    pub(super) method: Method,
    /// The path's segments, after the base's own; they are encoded when sent.
    pub(super) path: Vec<String>,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Option<Value>,
    /// What is being done, for messages.
    pub(super) action: String,
    /// What the credential needs for it.
    pub(super) need: Need<'a>,
    /// Whether sending it twice is the same as sending it once.
    pub(super) repeatable: bool,
}

impl<'a> Call<'a> {
    pub(super) fn new(method: Method, path: &[&str], need: Need<'a>, action: String) -> Self {
        let repeatable = method != Method::POST;
        let path = path.iter().map(|segment| (*segment).to_owned()).collect();
        Self { method, path, query: Vec::new(), body: None, action, need, repeatable }
    }

    pub(super) fn query(mut self, name: &'static str, value: &(impl ToString + ?Sized)) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    pub(super) fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// A POST that sets a value: it may be repeated.
    pub(super) fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }
}

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// The error for a status that is not a success.
    pub(super) fn success(&self, call: &Call<'_>) -> Result<(), Error> {
        if self.is_success() { Ok(()) } else { Err(self.unexpected(call)) }
    }

    /// The body of a success, parsed as the expected type.
    pub(super) fn read<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<T, Error> {
        self.success(call)?;
        serde_json::from_slice(&self.body).map_err(|e| self.unreadable(call, &e))
    }

    /// The body of a success, as is.
    pub(super) fn text(&self, call: &Call<'_>) -> Result<&str, Error> {
        self.success(call)?;
        std::str::from_utf8(&self.body).map_err(|e| self.unreadable(call, &e))
    }

    /// The error for a body that is not of the expected type.
    pub(super) fn unreadable(&self, call: &Call<'_>, error: &dyn std::fmt::Display) -> Error {
        Error::Unusable(format!("the response to {} does not match its API: {error}", call.action))
    }

    /// The error for a status that the call cannot handle.
    pub(super) fn unexpected(&self, call: &Call<'_>) -> Error {
        Error::Unusable(format!("returned {} for {}: {}", self.status, call.action, self.message()))
    }

    /// The message of an error by Docker Hub, cleaned and truncated.
    pub(super) fn message(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let message =
            ["detail", "message", "text"].iter().find_map(|key| body[*key].as_str().filter(|t| !t.is_empty()));
        match message {
            Some(text) => excerpt(text, 300),
            None if self.body.is_empty() => "no message".to_owned(),
            // A page for browsers says nothing to someone reading a log.
            None if self.body.trim_ascii_start().starts_with(b"<") => "an HTML page".to_owned(),
            None => excerpt(&String::from_utf8_lossy(&self.body), 300),
        }
    }
}

/// What a call needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need<'a> {
    /// Nothing that could be missing.
    Nothing,
    /// In a namespace: a scope of an organization access token, or a role of a personal one's user.
    Scope {
        namespace: &'a str,
        /// The scope's value, such as `scope-repository-create`.
        scope: &'static str,
        /// Which resource of the token the scope belongs to.
        level: Level,
        /// The minimum access of a personal access token.
        personal: &'static str,
    },
    /// Settings of the organization, which only owners may see and change.
    Owner {
        namespace: &'a str,
        /// The scope of an organization access token, if Docker names one.
        scope: Option<&'static str>,
        /// The minimum access of a personal access token.
        personal: &'static str,
    },
    /// A path that no organization access token may use.
    PersonalOnly {
        namespace: &'a str,
        /// The minimum access of a personal access token.
        personal: &'static str,
    },
}

impl<'a> Need<'a> {
    /// For selected repositories of a namespace, or for all of them.
    pub(super) const fn on_repository(namespace: &'a str, scope: &'static str, personal: &'static str) -> Self {
        Self::Scope { namespace, scope, level: Level::Repository, personal }
    }

    /// For an organization as a whole.
    pub(super) const fn in_organization(namespace: &'a str, scope: &'static str, personal: &'static str) -> Self {
        Self::Scope { namespace, scope, level: Level::Organization, personal }
    }
}

/// Where a scope is selected when a token is created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// For the organization as a whole.
    Organization,
    /// For selected repositories, or for all.
    Repository,
}

/// Reading what is public or the caller's own.
pub(super) const READS: &str = "Read";
/// Changing repositories and teams.
pub(super) const MANAGES: &str = "Read, Write, Delete";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_docker_hub_says_is_cleaned_and_cut() {
        let message = |body: &str| Answer { status: 400, body: body.as_bytes().to_vec() }.message();
        assert_eq!(
            message(r#"{"errinfo":{},"detail":"no\u001b[31m\n::error::x","message":"m"}"#),
            "no [31m ::error::x"
        );
        assert_eq!(message(r#"{"text":"Invalid"}"#), "Invalid");
        assert_eq!(message(""), "no message");
        assert_eq!(message("\n<!DOCTYPE html><html>"), "an HTML page");
        assert_eq!(message(&"x".repeat(5000)).chars().count(), 300);
    }
}
