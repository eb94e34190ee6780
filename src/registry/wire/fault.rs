//! What went wrong with one try, and whether to retry.

use std::time::{Duration, SystemTime};

use reqwest::header::HeaderMap;

use super::patience::Patience;
use crate::net::retry::{Decision, retry_after};
use crate::net::{NetError, causes};
use crate::registry::error::ErrorKind;

/// What went wrong with one try.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) kind: ErrorKind,
    pub(crate) cure: Cure,
}

/// Whether another try may help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cure {
    None,
    /// After the usual pause.
    Again,
    /// After the usual pause, but not often: the request hung.
    AgainOnce,
    /// After the pause that the registry asked for; `None` if it named none.
    After(Option<Duration>),
}

impl Fault {
    pub(crate) fn fatal(kind: ErrorKind) -> Self {
        Self { kind, cure: Cure::None }
    }

    pub(crate) fn protocol(text: impl Into<String>) -> Self {
        Self::fatal(ErrorKind::Protocol(text.into()))
    }

    /// Too many requests: the registry may have said how long to wait.
    pub(crate) fn rate_limited(text: String, headers: &HeaderMap) -> Self {
        Self { kind: ErrorKind::RateLimited(text), cure: Cure::After(retry_after(headers, SystemTime::now())) }
    }

    pub(crate) fn server_error(text: String, headers: &HeaderMap) -> Self {
        let cure = retry_after(headers, SystemTime::now()).map_or(Cure::Again, |wait| Cure::After(Some(wait)));
        Self { kind: ErrorKind::Server(text), cure }
    }

    pub(crate) fn broken(error: &reqwest::Error) -> Self {
        let cure = match error.is_timeout() {
            true => Cure::AgainOnce,
            false if causes::remedy(error).is_some() => Cure::None,
            false => Cure::Again,
        };
        Self { kind: ErrorKind::Unreachable(causes::causes(error)), cure }
    }

    /// Whether the request may have taken effect although there was no answer.
    pub(crate) const fn may_be_done(&self) -> bool {
        matches!(self.kind, ErrorKind::Unreachable(_) | ErrorKind::Server(_))
    }

    pub(crate) fn stalled(what: &str) -> Self {
        Self { kind: ErrorKind::Unreachable(what.to_owned()), cure: Cure::AgainOnce }
    }
}

impl From<NetError> for Fault {
    fn from(error: NetError) -> Self {
        Self::fatal(match error {
            NetError::NotPublic(_) => ErrorKind::Forbidden(error.to_string()),
            _ => ErrorKind::Unreachable(error.to_string()),
        })
    }
}

/// Counts tries and decides whether to retry.
#[derive(Debug, Default)]
pub(crate) struct Tries {
    made: u32,
    stalls: u32,
}

impl Tries {
    /// The pause before the next try, or the error if there is no other try.
    pub(crate) fn again(&mut self, fault: Fault, patience: &Patience) -> Result<Duration, ErrorKind> {
        self.made += 1;
        self.stalls += u32::from(fault.cure == Cure::AgainOnce);
        let asked = match fault.cure {
            Cure::None => return Err(fault.kind),
            Cure::After(wait) => wait,
            Cure::Again | Cure::AgainOnce => None,
        };
        match patience.retry.decide(self.made, asked) {
            Decision::TooLong(wait) => {
                let until = (chrono::Utc::now() + wait).format("%Y-%m-%dT%H:%M:%SZ");
                Err(ErrorKind::RateLimited(format!(
                    "{fault}; it asks clients to wait until {until}: run again then",
                    fault = inner(&fault.kind)
                )))
            }
            Decision::Again(pause) if self.stalls < patience.stalls => Ok(pause),
            Decision::Again(_) | Decision::UsedUp => Err(self.given_up(fault.kind)),
        }
    }

    /// Waits before the next try, or returns the error if there is no other try.
    pub(crate) async fn wait(&mut self, fault: Fault, patience: &Patience) -> Result<(), ErrorKind> {
        tokio::time::sleep(self.again(fault, patience)?).await;
        Ok(())
    }

    /// How often it was tried, and what a person can do now.
    fn given_up(&self, kind: ErrorKind) -> ErrorKind {
        let times = if self.made == 1 { "once".to_owned() } else { format!("{} times", self.made) };
        match kind {
            ErrorKind::Server(text) => {
                ErrorKind::Server(format!("{text}, {times}; run again when the registry has recovered"))
            }
            ErrorKind::RateLimited(text) => ErrorKind::RateLimited(format!(
                "{text}, {times}; run again later, or with a credential that has a higher limit"
            )),
            ErrorKind::Unreachable(text) => ErrorKind::Unreachable(format!(
                "{text}, {times}; run again, or find out why the registry cannot be reached from here"
            )),
            other => other,
        }
    }
}

fn inner(kind: &ErrorKind) -> String {
    match kind {
        ErrorKind::RateLimited(text) | ErrorKind::Server(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn tries_end_and_long_pauses_fail_at_once() {
        let patience = Patience::default();
        let kind = || ErrorKind::Server("503".to_owned());
        let mut tries = Tries::default();
        let mut made = 0;
        while tries.again(Fault { kind: kind(), cure: Cure::Again }, &patience).is_ok() {
            made += 1;
        }
        assert_eq!(made + 1, 4);
        let mut tries = Tries::default();
        assert!(tries.again(Fault::stalled("x"), &patience).is_ok());
        assert!(tries.again(Fault::stalled("x"), &patience).is_err());
        let long = Fault { kind: kind(), cure: Cure::After(Some(Duration::from_secs(21))) };
        let error = Tries::default().again(long, &patience).unwrap_err().to_string();
        assert!(error.starts_with("rate limit: 503; it asks clients to wait until 20"), "{error}");
    }
}
