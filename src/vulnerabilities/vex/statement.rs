//! What a VEX document says, and for which findings it counts.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::product::Product;
use crate::image::Digest;
use crate::text::excerpt;
use crate::vulnerabilities::identity::ImageIdentity;
use crate::vulnerabilities::{Finding, ID};

/// The most statements about one image.
const MOST: usize = 50_000;
/// The most bytes of memory that they take.
const MEMORY: usize = 6 << 20;
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

    /// Whether it is about the package of a finding that it names.
    fn is_about(&self, finding: &Finding, image: &ImageIdentity) -> bool {
        self.products.is_empty() || self.products.iter().any(|product| product.is(finding, image))
    }

    /// The bytes of memory that it takes, about.
    fn memory(&self) -> usize {
        let name = |name: &String| name.len() + 2 * size_of::<String>();
        let reason = if let Says::Excepted(reason) = &self.says { reason.len() } else { 0 };
        let names: usize = self.names.iter().map(name).sum();
        size_of::<Self>() + SET + names + reason + self.products.iter().map(Product::memory).sum::<usize>()
    }
}

/// The bytes of memory of a small set, apart from what is in it.
const SET: usize = 250;

/// Statements, within bounds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Statements {
    list: Vec<Statement>,
    memory: usize,
}

impl Statements {
    /// Adds one.
    ///
    /// # Errors
    /// A bound, in words. Then there are none and none can be added: one that is left out might say that a package is
    /// affected.
    pub(crate) fn add(&mut self, statement: Statement) -> Result<(), String> {
        self.memory = self.memory.saturating_add(statement.memory());
        let why = match (self.list.len() == MOST, self.memory > MEMORY) {
            (true, _) => format!("there are more than {MOST} statements, which are the most"),
            (false, true) => "the statements take more than 6 MiB, which are the most".to_owned(),
            (false, false) => {
                self.list.push(statement);
                return Ok(());
            }
        };
        *self = Self { list: Vec::new(), memory: usize::MAX };
        Err(why)
    }

    /// Adds all of others.
    ///
    /// # Errors
    /// As for [`Self::add`].
    pub(crate) fn extend(&mut self, others: impl IntoIterator<Item = Statement>) -> Result<(), String> {
        others.into_iter().try_for_each(|one| self.add(one))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

impl IntoIterator for Statements {
    type Item = Statement;
    type IntoIter = std::vec::IntoIter<Statement>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

/// Statements by the vulnerabilities that they name.
pub(in crate::vulnerabilities) struct Named<'s> {
    all: &'s [Statement],
    by_name: BTreeMap<&'s str, Vec<usize>>,
}

impl<'s> Named<'s> {
    pub(in crate::vulnerabilities) fn of(statements: &'s Statements) -> Self {
        let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, statement) in statements.list.iter().enumerate() {
            statement.names.iter().for_each(|name| by_name.entry(name).or_default().push(at));
        }
        Self { all: &statements.list, by_name }
    }

    /// The statements about a finding, in their order.
    fn about(&self, finding: &Finding, image: &ImageIdentity) -> Vec<&'s Statement> {
        let named = finding.all_names().filter_map(|name| self.by_name.get(name)).flatten();
        let named: BTreeSet<usize> = named.copied().collect();
        named.into_iter().map(|at| &self.all[at]).filter(|statement| statement.is_about(finding, image)).collect()
    }
}

/// Why a finding does not count, if the latest statement about it says so. Of statements at the same time, one that it
/// affects the product wins. `own`, by the organization itself, go before `attested` ones, by the image's publisher.
pub(in crate::vulnerabilities) fn exception(
    own: &Named<'_>,
    attested: &Named<'_>,
    finding: &Finding,
    image: &ImageIdentity,
) -> Option<String> {
    [own, attested].into_iter().find_map(|all| {
        let about = all.about(finding, image);
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
