//! A first request to a server: whether it answers at all, and what time it has.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::DATE;
use url::Url;

use super::{Http, causes};

/// How long to wait for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How a server answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProbeAnswer {
    /// Its time, if it gave one (RFC 9110, section 6.6.1).
    pub date: Option<DateTime<Utc>>,
    /// Our time when the answer arrived.
    pub received: DateTime<Utc>,
}

impl Http {
    /// Sends a GET without any credential; every answer counts.
    pub async fn probe(&self, url: &Url) -> Result<ProbeAnswer, String> {
        self.admit(url).map_err(|e| e.to_string())?;
        let request = self.client().get(url.clone()).header("accept", "application/json");
        let answer = tokio::time::timeout(PATIENCE, request.send()).await;
        let answer = answer.map_err(|_| format!("no answer within {} s", PATIENCE.as_secs()))?;
        let answer = answer.map_err(|e| causes::causes(&e))?;
        let date = answer.headers().get(DATE).and_then(|date| date.to_str().ok());
        let date = date.and_then(|date| httpdate::parse_http_date(date).ok()).map(DateTime::from);
        Ok(ProbeAnswer { date, received: Utc::now() })
    }
}
