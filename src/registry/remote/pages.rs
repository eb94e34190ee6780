//! Paged lists: tags, referrers. Links are followed within limits, on the same origin only.

use std::collections::BTreeSet;

use bytes::Bytes;
use reqwest::header::{HeaderMap, LINK};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use url::Url;

use super::call::{Answer, Call};
use super::endpoint::Endpoint;
use super::realm::same_origin;
use super::repository::Remote;
use crate::image::Tag;
use crate::registry::error::{Error, ErrorKind};

/// The most bytes of one page.
const PAGE_LIMIT: usize = 8 * 1024 * 1024;
/// The most bytes of all pages of one list.
const LIST_LIMIT: usize = 64 * 1024 * 1024;
/// The most pages of one list.
const PAGES: usize = 1_000;

#[derive(Deserialize)]
struct TagPage {
    tags: Option<Vec<Option<String>>>,
}

impl Remote {
    /// All tags. Names that are not valid tags, which no registry should list, are left out.
    pub(super) async fn list_tags(&self) -> Result<Option<Vec<Tag>>, Error> {
        let endpoint = self.endpoint()?;
        let pages = match self.tag_pages(&endpoint).await? {
            Pages::Found(pages) => pages,
            Pages::Other(answer) if answer.status == StatusCode::NOT_FOUND => return Ok(None),
            Pages::Other(answer) => {
                let text = format!("the tag list of {}: {}", self.name(), answer.error.text);
                let declined = answer.is_declined();
                return Err(endpoint.error(if declined {
                    ErrorKind::Declined(text)
                } else {
                    ErrorKind::Protocol(text)
                }));
            }
        };
        let mut tags = Vec::new();
        let mut seen = BTreeSet::new();
        for page in pages {
            let page: TagPage = serde_json::from_slice(&page).map_err(|_| {
                endpoint.protocol(format!(
                    "the response for {} is not a tag list: is this a registry, or did a proxy or a sign-in page answer?",
                    self.name()
                ))
            })?;
            let page = page.tags.unwrap_or_default().into_iter().filter_map(|t| t?.parse::<Tag>().ok());
            tags.extend(page.filter(|t| seen.insert(t.clone())));
        }
        Ok(Some(tags))
    }

    /// The pages of the tag list, requested in a smaller size if the registry refuses the first, finally without one.
    async fn tag_pages(&self, endpoint: &Endpoint) -> Result<Pages, Error> {
        let sizes = endpoint.habits.page_sizes();
        for size in sizes {
            let path = size.map_or_else(|| "tags/list".to_owned(), |size| format!("tags/list?n={size}"));
            match self.pages(endpoint, &path, "application/json", "tag list").await? {
                Pages::Other(answer) if refuses_size(&answer) && Some(size) != sizes.last() => {}
                pages => {
                    if matches!(pages, Pages::Found(_)) {
                        endpoint.habits.learn_page_size(*size);
                    }
                    return Ok(pages);
                }
            }
        }
        Err(endpoint.protocol("a tag list that was never requested"))
    }

    /// The bodies of all pages from `path` on, or the first answer if it is not a success.
    pub(super) async fn pages(
        &self,
        endpoint: &Endpoint,
        path: &str,
        accept: &str,
        what: &str,
    ) -> Result<Pages, Error> {
        let mut call = Call {
            headers: vec![("accept", accept.to_owned())],
            limit: Some(PAGE_LIMIT),
            ..self.new_call(endpoint, Method::GET, path, format!("{what} of {}", self.name()))?
        };
        let mut bodies = Vec::new();
        let mut total = 0;
        let mut seen = BTreeSet::from([call.url.clone()]);
        for page in 0..PAGES {
            let answer = self.client.call(endpoint, self.identity, &call).await?;
            if page == 0 && !answer.status.is_success() {
                return Ok(Pages::Other(Box::new(answer)));
            }
            endpoint.success(&answer, &call.action)?;
            total += answer.body.len();
            if total > LIST_LIMIT {
                return Err(
                    endpoint.protocol(format!("the {} has more than {LIST_LIMIT} bytes, the limit", call.action))
                );
            }
            let next =
                next(&answer.headers, &answer.url).map_err(|e| endpoint.protocol(format!("{}: {e}", call.action)))?;
            bodies.push(answer.body);
            let Some(next) = next else { return Ok(Pages::Found(bodies)) };
            // The redirect of the first page is not followed again: its target serves all pages.
            if !seen.insert(next.clone()) {
                return Err(endpoint.protocol(format!("the {} links to a page that was already read", call.action)));
            }
            call.url = next;
        }
        Err(endpoint.protocol(format!("the {} has more than {PAGES} pages, the limit", call.action)))
    }
}

/// A list, or the answer given instead.
pub(super) enum Pages {
    Found(Vec<Bytes>),
    /// The first answer, which was not a success.
    Other(Box<Answer>),
}

/// The next page, as `Link: <...>; rel="next"` names it (RFC 8288): on the same origin and the same path, which some
/// registries behind a prefix omit from their links.
fn next(headers: &HeaderMap, page: &Url) -> Result<Option<Url>, &'static str> {
    let links = headers.get_all(LINK).iter().filter_map(|v| v.to_str().ok());
    let Some(target) = links.flat_map(split).find_map(|(target, rest)| is_next(rest).then_some(target)) else {
        return Ok(None);
    };
    let linked = page.join(target).map_err(|_| "a link to the next page that is not a URL")?;
    if !same_origin(page, &linked) {
        return Err("a link to the next page on another host, which is not followed");
    }
    let mut next = page.clone();
    next.set_query(linked.query());
    Ok(Some(next))
}

/// The targets of a `Link` header, each with its parameters.
fn split(value: &str) -> Vec<(&str, &str)> {
    let mut links = Vec::new();
    let mut rest = value;
    while let Some((_, after)) = rest.split_once('<') {
        let Some((target, after)) = after.split_once('>') else { break };
        let end = after.find('<').unwrap_or(after.len());
        links.push((target, &after[..end]));
        rest = &after[end..];
    }
    links
}

fn is_next(parameters: &str) -> bool {
    parameters.split([';', ',']).any(|p| {
        let Some((name, value)) = p.split_once('=') else { return false };
        let value = value.trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("rel") && value.split_whitespace().any(|r| r.eq_ignore_ascii_case("next"))
    })
}

/// Whether a list may have been refused because of the page size: not if there is no such list, or no list at all.
fn refuses_size(answer: &Answer) -> bool {
    let none = matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::GONE);
    answer.status.is_client_error() && !none
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn of(link: &str) -> Result<Option<String>, &'static str> {
        let mut headers = HeaderMap::new();
        headers.insert(LINK, link.parse().unwrap());
        next(&headers, &"https://r.io/x/v2/a/tags/list?n=2".parse().unwrap()).map(|u| u.map(Into::into))
    }

    #[test]
    fn links_in_many_forms() {
        let expected = Ok(Some("https://r.io/x/v2/a/tags/list?n=2&last=b".to_owned()));
        for link in [
            r#"</x/v2/a/tags/list?n=2&last=b>; rel="next""#,
            r#"</v2/a/tags/list?n=2&last=b>;rel=next"#,
            r#"<https://r.io/v2/a/tags/list?n=2&last=b>; title="a;b" ; REL="prev Next""#,
            r#"</first>; rel="first", <?n=2&last=b>; rel="next""#,
        ] {
            assert_eq!(of(link), expected, "{link}");
        }
        for none in [r#"</x>; rel="prev""#, "", "<", "</x"] {
            assert_eq!(of(none), Ok(None), "{none}");
        }
        for foreign in ["<http://r.io/v2>; rel=next", "<//evil.io/>; rel=next", "<https://r.io:444/>; rel=next"] {
            assert!(of(foreign).is_err(), "{foreign}");
        }
    }
}
