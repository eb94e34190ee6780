//! The client: one per run, with handles that differ in how long they wait and whether they sign in.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;
use url::Url;

use super::call::{Answer, Call};
use super::refusal::refused;
use super::session::{Credential, Session};
use super::transport::Transport;
use super::{Derived, Error, HubTeam};
use crate::net::retry::Policy;

pub(super) const PAGE_SIZE: usize = 100;
const PAGES: usize = 1000;

/// The teams of each organization that was queried, by name: listed once per run.
pub(super) type Teams = BTreeMap<String, BTreeMap<String, HubTeam>>;

/// Docker Hub's API, with the credential of this run. The token is exchanged once and cached until it expires. Clones
/// are handles of the same client: a rate limit reported to one applies to all.
#[derive(Clone)]
pub struct Hub {
    pub(super) transport: Transport,
    pub(super) session: Arc<Session>,
    pub(super) teams: Arc<Mutex<Teams>>,
}

#[derive(Deserialize)]
struct Page<T> {
    next: Option<String>,
    results: Vec<T>,
}

impl Hub {
    /// The API at `base`; without a credential only public things are available. `http` must not follow redirects.
    /// `derived` receives the tokens.
    #[must_use]
    pub fn new(http: reqwest::Client, base: Url, credential: Option<Credential>, derived: Option<Derived>) -> Self {
        Self {
            transport: Transport::new(http, base),
            session: Arc::new(Session::new(credential, derived)),
            teams: Arc::default(),
        }
    }

    /// A handle that waits and retries differently from [`RETRY`](super::RETRY).
    #[must_use]
    pub fn with_retry(mut self, policy: Policy) -> Self {
        self.transport.policy = policy;
        self
    }

    /// A handle with a time limit for requests, including their answers.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.transport.timeout = timeout;
        self
    }

    /// A handle that never signs in: for public things, which a credential may be refused because of what it may not do
    /// elsewhere.
    #[must_use]
    pub fn anonymous(&self) -> Self {
        let session = Arc::new(Session::new(None, None));
        Self { transport: self.transport.clone(), session, teams: Arc::default() }
    }

    /// Signs in, and returns the user; `None` if there is no credential.
    pub async fn sign_in(&self) -> Result<Option<&str>, Error> {
        self.session.token(&self.transport).await?;
        Ok(self.session.identifier())
    }

    /// Sends a call without the credential.
    pub(super) async fn anonymously(&self, call: &Call<'_>) -> Result<Answer, Error> {
        let answer = self.transport.send(call, None).await?;
        if matches!(answer.status, 401 | 403) {
            return Err(refused(self.session.identifier(), call, &answer));
        }
        Ok(answer)
    }

    /// Sends a call with the token; one that is no longer accepted is renewed once.
    pub(super) async fn send(&self, call: &Call<'_>) -> Result<Answer, Error> {
        let token = self.session.token(&self.transport).await?;
        let mut answer = self.transport.send(call, token.as_ref()).await?;
        if let (401, Some(old)) = (answer.status, &token) {
            self.session.forget(old).await;
            let renewed = self.session.token(&self.transport).await?;
            answer = self.transport.send(call, renewed.as_ref()).await?;
        }
        match answer.status {
            401 | 403 => Err(refused(self.session.identifier(), call, &answer)),
            200..=299 | 400 | 404 | 405 | 409 | 422 => Ok(answer),
            _ => Err(answer.unexpected(call)),
        }
    }

    /// What a call reads; `None` if it does not exist.
    pub(super) async fn get<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<Option<T>, Error> {
        let answer = self.send(call).await?;
        if answer.status == 404 { Ok(None) } else { answer.read(call).map(Some) }
    }

    /// All pages of a list; `None` if it does not exist. The next page is requested by number: its address in the
    /// answer names another host.
    pub(super) async fn pages<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<Option<Vec<T>>, Error> {
        let mut all = Vec::new();
        for number in 1..=PAGES {
            let call = call.clone().query("page", &number).query("page_size", &PAGE_SIZE);
            let answer = self.send(&call).await?;
            if answer.status == 404 && number == 1 {
                return Ok(None);
            }
            let page: Page<T> = answer.read(&call)?;
            all.extend(page.results);
            if page.next.is_none() {
                return Ok(Some(all));
            }
        }
        Err(Error::Unusable(format!("{}: more than {PAGES} pages", call.action)))
    }
}

pub(super) fn no_organization(organization: &str) -> Error {
    Error::Unusable(format!("the organization {organization} does not exist, or this credential may not see it"))
}
