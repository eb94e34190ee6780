//! The findings of one image, within bounds.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Finding, MOST};
use crate::image::Digest;

/// The most bytes of memory that they take.
const MEMORY: usize = 8 << 20;

/// What was found in one image: at most [`MOST`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Findings {
    list: Vec<Finding>,
    memory: usize,
}

impl Findings {
    /// Adds some.
    ///
    /// # Errors
    /// A bound, in words.
    pub(crate) fn add(&mut self, findings: impl IntoIterator<Item = Finding>) -> Result<(), String> {
        for finding in findings {
            self.memory += finding.memory();
            if self.list.len() == MOST {
                return Err(format!("there are more than {MOST} findings, which are the most"));
            }
            if self.memory > MEMORY {
                return Err("the findings take more than 8 MiB, which are the most".to_owned());
            }
            self.list.push(finding);
        }
        Ok(())
    }

    /// Those of which it is not known are of the platforms with these manifests.
    pub(crate) fn are_of(&mut self, manifests: &Arc<BTreeSet<Digest>>) {
        let unknown = self.list.iter_mut().filter(|finding| finding.manifests.is_empty());
        unknown.for_each(|finding| finding.manifests = Arc::clone(manifests));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.list.iter()
    }
}

impl IntoIterator for Findings {
    type Item = Finding;
    type IntoIter = std::vec::IntoIter<Finding>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl Finding {
    /// The bytes of memory that it takes.
    fn memory(&self) -> usize {
        let texts = [&self.vulnerability.id, &self.vulnerability.package].into_iter().chain(&self.purl);
        let names = self.names.iter().map(|name| name.len() + size_of::<String>());
        size_of::<Self>() + texts.map(String::len).chain(names).sum::<usize>()
    }
}
