//! What a VEX document says, and for which findings it counts.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::product::Product;
use crate::image::Digest;
use crate::text::excerpt;
use crate::vulnerabilities::identity::ImageIdentity;
use crate::vulnerabilities::{Finding, ID};

/// The most statements of one document.
pub(crate) const MOST: usize = 50_000;
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
    /// The only platform's manifest for which it counts; `None`: it counts for all.
    pub(super) only: Option<Digest>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Says {
    /// Not affected, or fixed, and why.
    Excepted(String),
    /// Affected, or still being looked into.
    Affected,
}

impl Statement {
    /// The same, which counts only for the platform with this manifest.
    pub(crate) fn only_for(self, manifest: &Digest) -> Self {
        Self { only: Some(manifest.clone()), ..self }
    }

    fn is_about(&self, finding: &Finding, image: &ImageIdentity) -> bool {
        let named = self.names.iter().any(|name| finding.is_called(name));
        named && (self.products.is_empty() || self.products.iter().any(|product| product.is(finding, image)))
    }
}

/// Why a finding does not count, if the latest statement about it says so. Of statements at the same time, one that it
/// affects the product wins. `own`, by the organization itself, go before `attested` ones, by the image's publisher.
pub(in crate::vulnerabilities) fn exception(
    own: &[Statement],
    attested: &[Statement],
    finding: &Finding,
    image: &ImageIdentity,
) -> Option<String> {
    [own, attested].into_iter().find_map(|all| {
        let about: Vec<&Statement> = all.iter().filter(|statement| statement.is_about(finding, image)).collect();
        (!about.is_empty()).then(|| excepted_by(&about, finding))
    })?
}

/// Why none of the platforms that have a package is affected.
fn excepted_by(about: &[&Statement], finding: &Finding) -> Option<String> {
    let latest = |manifest: Option<&Digest>| {
        let here = about.iter().filter(|one| one.only.is_none() || one.only.as_ref() == manifest);
        let latest = here.max_by_key(|statement| (statement.at, statement.says == Says::Affected))?;
        match &latest.says {
            Says::Excepted(reason) => Some(reason.clone()),
            Says::Affected => None,
        }
    };
    if finding.manifests.is_empty() {
        return latest(None);
    }
    let reasons: Option<Vec<String>> = finding.manifests.iter().map(|manifest| latest(Some(manifest))).collect();
    reasons?.into_iter().next()
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
