//! When a request is tried again: how often, after which pause, and how long a server may ask to wait.
//!
//! Only the decision, without a clock. Which answers are worth another try, and whether a request may be sent twice, is
//! up to each protocol.

use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, RETRY_AFTER};

/// The numbers for one kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Tries of one request, including the first.
    pub tries: u32,
    /// The pause before the second try.
    pub first: Duration,
    /// Each further pause is this many times as long.
    pub factor: u32,
    /// Shorten each pause by up to a quarter, so that many who failed together do not come back together.
    pub jitter: bool,
    /// The longest pause that a server may ask for: a longer one is an error at once.
    pub longest: Duration,
}

/// What to do after a failed try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Another try after this pause.
    Again(Duration),
    /// No other try: the server asks for this pause, which is too long.
    TooLong(Duration),
    /// No other try: they are used up.
    UsedUp,
}

impl Policy {
    /// Decides after this many tries, if the server asked for a pause of `asked`.
    pub(crate) fn decide(&self, made: u32, asked: Option<Duration>) -> Decision {
        match asked {
            Some(wait) if wait > self.longest => Decision::TooLong(wait),
            _ if made >= self.tries => Decision::UsedUp,
            Some(wait) => Decision::Again(wait),
            None => Decision::Again(self.pause(made)),
        }
    }

    /// The pause after this many tries; none before the first.
    pub(crate) fn pause(&self, made: u32) -> Duration {
        let Some(exponent) = made.checked_sub(1) else { return Duration::ZERO };
        let whole = self.first.saturating_mul(self.factor.saturating_pow(exponent.min(6)));
        if self.jitter { whole - whole * random_share(made) / 1024 } else { whole }
    }
}

/// A random number under 256.
fn random_share(made: u32) -> u32 {
    use std::hash::{BuildHasher as _, RandomState};
    (RandomState::new().hash_one(made) % 256) as u32
}

/// The pause that `Retry-After` asks for, in seconds or as a date (RFC 9110, section 10.2.3).
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    const POLICY: Policy = Policy {
        tries: 4,
        first: Duration::from_millis(250),
        factor: 2,
        jitter: false,
        longest: Duration::from_secs(20),
    };

    #[test]
    fn pauses_grow_until_the_tries_are_used_up() {
        let pauses = |policy: Policy| (1..=5).map(move |made| policy.decide(made, None)).collect::<Vec<_>>();
        let again = |millis| Decision::Again(Duration::from_millis(millis));
        assert_eq!(pauses(POLICY), [again(250), again(500), again(1000), Decision::UsedUp, Decision::UsedUp]);
        let steeper = Policy { tries: 3, first: Duration::from_millis(300), factor: 4, ..POLICY };
        assert_eq!(pauses(steeper)[..3], [again(300), again(1200), Decision::UsedUp]);
        assert_eq!(POLICY.pause(0), Duration::ZERO);
        assert_eq!(POLICY.pause(u32::MAX), POLICY.pause(7), "no overflow");
    }

    #[test]
    fn a_pause_asked_for_is_made_up_to_the_longest() {
        let (short, long) = (Duration::from_secs(20), Duration::from_secs(21));
        assert_eq!(POLICY.decide(3, Some(short)), Decision::Again(short));
        assert_eq!(POLICY.decide(4, Some(short)), Decision::UsedUp);
        assert_eq!(POLICY.decide(1, Some(long)), Decision::TooLong(long));
        assert_eq!(POLICY.decide(4, Some(long)), Decision::TooLong(long), "until when is of use on the last try too");
    }

    #[test]
    fn jitter_takes_up_to_a_quarter_off() {
        let policy = Policy { jitter: true, ..POLICY };
        let pauses: Vec<_> = (0..100).map(|_| policy.pause(2)).collect();
        assert!(pauses.iter().all(|p| (Duration::from_millis(375)..=Duration::from_millis(500)).contains(p)));
        assert!(pauses.iter().any(|pause| *pause != pauses[0]));
    }

    #[test]
    fn retry_after_in_both_forms() {
        let now = httpdate::parse_http_date("Wed, 21 Oct 2015 07:28:00 GMT").unwrap();
        let of = |value: &str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
            retry_after(&headers, now).map(|wait| wait.as_secs())
        };
        assert_eq!(of("2"), Some(2));
        assert_eq!(of("Wed, 21 Oct 2015 07:27:00 GMT"), Some(0));
        assert_eq!(of("Wed, 21 Oct 2015 07:29:40 GMT"), Some(100));
        assert_eq!(of("soon"), None);
        assert_eq!(of("-5"), None);
    }
}
