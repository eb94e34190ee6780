//! What a VEX document says, and for which findings it counts.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::product::Product;
use crate::text::excerpt;
use crate::vulnerabilities::identity::ImageIdentity;
use crate::vulnerabilities::{Finding, ID};

/// The most statements of all documents.
pub(super) const MOST: usize = 50_000;
/// The longest reason, in characters.
const REASON: usize = 300;

/// What one statement says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Statement {
    /// Everything that the vulnerability is called.
    pub(super) names: BTreeSet<String>,
    /// What it is about; empty if it names no products. One of several is enough.
    pub(super) products: Vec<Product>,
    pub(super) says: Says,
    /// A later statement replaces an earlier one; none is the earliest.
    pub(super) at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Says {
    /// Not affected, or fixed, and why.
    Excepted(String),
    /// Affected, or still being looked into.
    Affected,
}

impl Statement {
    fn is_about(&self, finding: &Finding, image: &ImageIdentity) -> bool {
        let named = self.names.iter().any(|name| finding.names.contains(name));
        named && (self.products.is_empty() || self.products.iter().any(|product| product.is(finding, image)))
    }
}

/// Why a finding does not count, if the latest statement about it says so. Of statements at the same time, one that it
/// affects the product wins.
pub(in crate::vulnerabilities) fn exception(
    vex: &[Statement],
    finding: &Finding,
    image: &ImageIdentity,
) -> Option<String> {
    let about = vex.iter().filter(|statement| statement.is_about(finding, image));
    let latest = about.max_by_key(|statement| (statement.at, statement.says == Says::Affected))?;
    match &latest.says {
        Says::Excepted(reason) => Some(reason.clone()),
        Says::Affected => None,
    }
}

/// Says a status with what explains it.
pub(super) fn excepted(status: &str, why: [Option<&str>; 2]) -> Says {
    let why: Vec<&str> = why.into_iter().flatten().map(str::trim).filter(|why| !why.is_empty()).collect();
    let text = match why.is_empty() {
        true => status.to_owned(),
        false => format!("{status}: {}", why.join(": ")),
    };
    Says::Excepted(excerpt(&text, REASON))
}

pub(super) fn names(texts: impl IntoIterator<Item = String>) -> BTreeSet<String> {
    texts.into_iter().filter(|name| !name.is_empty()).map(|name| excerpt(&name, ID)).collect()
}

pub(super) fn time(text: Option<&str>) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text?).ok().map(|time| time.to_utc())
}
