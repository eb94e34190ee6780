//! How long to wait for what.

use std::time::Duration;

use crate::net::{TIMEOUT, retry};

/// How long to wait for a registry. The defaults are what the program runs with.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Without an answer or a byte for this long, a request is broken: the setting `timeout`.
    pub idle: Duration,
    /// Below this many bytes a second over `idle`, it is broken too.
    pub floor: u64,
    /// How long the answer to a finished upload may take; a second more for every 64 MiB of it.
    pub answer: Duration,
    /// How long what was just put may take to become visible.
    pub settle: Duration,
    /// When a request is tried again.
    pub retry: retry::Policy,
    /// How often a request that hung is tried at most.
    pub stalls: u32,
    /// How long to wait for one source in all while reading its lists and evidence: the setting `source-timeout`. Time
    /// spent streaming blobs does not count.
    pub source: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            idle: TIMEOUT,
            floor: 8 * 1024,
            answer: TIMEOUT,
            settle: Duration::from_secs(15),
            retry: retry::Policy {
                tries: 4,
                first: Duration::from_millis(250),
                factor: 2,
                jitter: true,
                longest: Duration::from_secs(20),
            },
            stalls: 2,
            source: Duration::from_secs(5 * 60),
        }
    }
}

impl Patience {
    /// The default, except for the settings `timeout` and `source-timeout`.
    pub(crate) fn of(timeout: Duration, source: Duration) -> Self {
        Self { idle: timeout, answer: timeout, source, ..Self::default() }
    }

    /// The bytes that must arrive within `idle`.
    pub(crate) fn least(&self) -> u64 {
        self.floor * self.idle.as_millis() as u64 / 1000
    }
}

/// Seconds, for messages.
pub(crate) fn seconds(duration: Duration) -> String {
    if duration.subsec_millis() == 0 {
        duration.as_secs().to_string()
    } else {
        format!("{:.1}", duration.as_secs_f64())
    }
}
