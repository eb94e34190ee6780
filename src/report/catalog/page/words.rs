//! Dates and addresses as the page shows them, and how long texts may be.

use chrono::{DateTime, NaiveDate};
use url::Url;

/// The most characters of a text by a person.
pub(super) const TEXT: usize = 400;
/// The most characters of a name.
pub(super) const NAME: usize = 255;

/// A day or a time, for machines and for people.
pub(super) struct Moment {
    pub(super) machine: String,
    pub(super) people: String,
}

pub(super) fn day(date: NaiveDate) -> Moment {
    Moment { machine: date.to_string(), people: date.format("%-d %b %Y").to_string() }
}

/// A time in RFC 3339, in UTC; `None` for anything else.
pub(super) fn time(text: &str) -> Option<Moment> {
    let time = DateTime::parse_from_rfc3339(text).ok()?.to_utc();
    let (machine, people) = (time.format("%Y-%m-%dT%H:%M:%SZ"), time.format("%-d %b %Y, %H:%M UTC"));
    Some(Moment { machine: machine.to_string(), people: people.to_string() })
}

/// An address that a browser only opens as a page; `None` for anything else, `javascript:` included.
pub(super) fn link(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    (matches!(url.scheme(), "https" | "http") && url.has_host()).then(|| url.to_string())
}
