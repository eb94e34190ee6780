//! OSV's API (<https://google.github.io/osv.dev/api/>): which vulnerabilities packages have. It needs no credential.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use futures_util::{StreamExt as _, TryStreamExt as _};
use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use crate::net::Http;
use crate::net::causes::{causes, remedy};
use crate::net::retry::{Decision, Policy, retry_after};
use crate::vulnerabilities::{Record, read_answers, read_record};

/// The most queries that OSV takes at once.
const BATCH: usize = 1_000;
/// The most packages that are asked about for two images.
pub(super) const QUERIES: usize = 20_000;
/// The most pages of one answer.
const PAGES: usize = 50;
/// The most identifiers in the answers to one batch.
const IDENTIFIERS: usize = 50_000;
/// The most vulnerabilities that a run looks up.
const RECORDS: usize = 5_000;
/// How many requests are under way.
const TOGETHER: usize = 8;
/// The longest answer to a batch, in bytes.
const ANSWER_LIMIT: usize = 8 << 20;
/// The longest vulnerability, in bytes: those of the kernel have some hundreds of thousands.
const RECORD_LIMIT: usize = 2 << 20;

/// Nothing here writes, so every request may be repeated.
const RETRY: Policy =
    Policy { tries: 4, first: Duration::from_millis(500), factor: 2, jitter: true, longest: Duration::from_secs(30) };

/// OSV's API. What it answered is kept for the run.
pub(crate) struct Osv {
    http: Http,
    base: Url,
    timeout: Duration,
    /// The identifiers that OSV gave, by package URL.
    listed: Mutex<BTreeMap<String, Arc<BTreeSet<String>>>>,
    records: Mutex<BTreeMap<String, Arc<Record>>>,
}

/// The outcome of one try.
enum Try {
    Answered(Answer),
    /// Worth another try, after the wait that OSV asks for, if any.
    Again {
        why: String,
        wait: Option<Duration>,
    },
}

/// What a request was answered.
struct Answer {
    status: u16,
    body: Vec<u8>,
}

impl Osv {
    pub(crate) fn new(http: Http, base: Url, timeout: Duration) -> Self {
        Self { http, base, timeout, listed: Mutex::default(), records: Mutex::default() }
    }

    /// The identifiers of the vulnerabilities that packages have, by their package URLs.
    ///
    /// # Errors
    /// Why OSV did not say.
    pub(super) async fn listed(
        &self,
        purls: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Arc<BTreeSet<String>>>, String> {
        let lacking: Vec<String> = {
            let known = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
            purls.iter().filter(|purl| !known.contains_key(*purl)).cloned().collect()
        };
        for batch in lacking.chunks(BATCH) {
            let found = self.batch(batch).await?;
            let mut known = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
            known.extend(batch.iter().cloned().zip(found.into_iter().map(Arc::new)));
        }
        let known = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(purls.iter().filter_map(|purl| Some((purl.clone(), known.get(purl)?.clone()))).collect())
    }

    /// Asks about at most [`BATCH`] packages; answers that have more pages are asked for these.
    async fn batch(&self, purls: &[String]) -> Result<Vec<BTreeSet<String>>, String> {
        let mut found = vec![BTreeSet::new(); purls.len()];
        let mut open: Vec<(usize, Option<String>)> = (0..purls.len()).map(|at| (at, None)).collect();
        for _ in 0..PAGES {
            let query = |(at, token): &(usize, Option<String>)| {
                let package = json!({ "purl": purls[*at] });
                token.as_ref().map_or_else(
                    || json!({ "package": package }),
                    |token| json!({ "package": package, "page_token": token }),
                )
            };
            let queries: Vec<Value> = open.iter().map(query).collect();
            let body = json!({ "queries": queries });
            let answer = self.ask(Method::POST, &["v1", "querybatch"], Some(&body), ANSWER_LIMIT).await?;
            let answers = read_answers(&answer.success()?, open.len())?;
            let mut more = Vec::new();
            for ((at, _), answer) in open.iter().zip(&answers) {
                found[*at].extend(answer.ids().map(str::to_owned));
                more.extend(answer.next().map(|token| (*at, Some(token.to_owned()))));
            }
            if found.iter().map(BTreeSet::len).sum::<usize>() > IDENTIFIERS {
                return Err(format!("OSV lists more than {IDENTIFIERS} vulnerabilities, which are the most"));
            }
            if more.is_empty() {
                return Ok(found);
            }
            open = more;
        }
        Err(format!("OSV's answer has more than {PAGES} pages, which are the most"))
    }

    /// What the vulnerabilities of these identifiers are.
    ///
    /// # Errors
    /// Why OSV did not say.
    pub(super) async fn records(&self, ids: &BTreeSet<String>) -> Result<BTreeMap<String, Arc<Record>>, String> {
        let lacking: Vec<String> = {
            let known = self.records.lock().unwrap_or_else(PoisonError::into_inner);
            let lacking: Vec<String> = ids.iter().filter(|id| !known.contains_key(*id)).cloned().collect();
            if known.len() + lacking.len() > RECORDS {
                return Err(format!("there are more than {RECORDS} vulnerabilities to look up, which are the most"));
            }
            lacking
        };
        let read = futures_util::stream::iter(lacking)
            .map(|id| async move { self.record(&id).await.map(|record| (id, Arc::new(record))) })
            .buffer_unordered(TOGETHER)
            .try_collect::<Vec<_>>()
            .await?;
        let mut known = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        known.extend(read);
        Ok(ids.iter().filter_map(|id| Some((id.clone(), known.get(id)?.clone()))).collect())
    }

    async fn record(&self, id: &str) -> Result<Record, String> {
        let answer = self.ask(Method::GET, &["v1", "vulns", id], None, RECORD_LIMIT).await?;
        // Listed a moment ago: that it is gone now is no proof that there is nothing.
        if answer.status == 404 {
            return Ok(Record::unknown(id));
        }
        read_record(&answer.success()?)
    }

    /// Sends until there is an answer that is neither 429 nor a server's error.
    async fn ask(&self, method: Method, path: &[&str], body: Option<&Value>, limit: usize) -> Result<Answer, String> {
        let url = self.url(path)?;
        self.http.admit(&url).map_err(|error| error.to_string())?;
        for made in 1.. {
            let (why, wait) = match self.once(method.clone(), &url, body, limit).await? {
                Try::Answered(answer) => return Ok(answer),
                Try::Again { why, wait } => (why, wait),
            };
            match RETRY.decide(made, wait) {
                Decision::Again(pause) => tokio::time::sleep(pause).await,
                Decision::TooLong(wait) => return Err(format!("{why}; it asks to wait {} s", wait.as_secs())),
                Decision::UsedUp => return Err(why),
            }
        }
        Err("OSV was not asked".to_owned())
    }

    fn url(&self, path: &[&str]) -> Result<Url, String> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| format!("{} is not the address of an API", self.base))?
            .pop_if_empty()
            .extend(path);
        Ok(url)
    }

    async fn once(&self, method: Method, url: &Url, body: Option<&Value>, limit: usize) -> Result<Try, String> {
        let mut request = self.http.client_for(url).request(method, url.clone()).timeout(self.timeout);
        request = request.header("accept", "application/json");
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return lost(&error),
        };
        let status = response.status().as_u16();
        if status == 429 || status >= 500 {
            let wait = retry_after(response.headers(), SystemTime::now());
            return Ok(Try::Again { why: format!("OSV answered {status}"), wait });
        }
        match read(response, limit).await {
            Ok(Some(body)) => Ok(Try::Answered(Answer { status, body })),
            Ok(None) => Err(format!("OSV's answer has more than {limit} bytes, which are the most")),
            Err(error) => lost(&error),
        }
    }
}

/// No answer: worth another try, unless people have to fix something first.
fn lost(error: &reqwest::Error) -> Result<Try, String> {
    let why = format!("OSV did not answer: {}", causes(error));
    if remedy(error).is_some() { Err(why) } else { Ok(Try::Again { why, wait: None }) }
}

impl Answer {
    fn success(self) -> Result<Vec<u8>, String> {
        match self.status {
            200 => Ok(self.body),
            status => Err(format!("OSV answered {status}")),
        }
    }
}

/// The body; `None` if it is longer than `limit`.
async fn read(mut response: reqwest::Response, limit: usize) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > limit {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}
