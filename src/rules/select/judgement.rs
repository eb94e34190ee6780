//! The decision about one tag, and why.

use std::borrow::Cow;

use super::super::{Reason, TagVerdict, Verdict};
use crate::image::Tag;

/// A verdict without its tag.
#[derive(Debug, Clone)]
pub(super) struct Judgement {
    pub(super) verdict: Verdict,
    pub(super) reason: Reason,
    pub(super) detail: Cow<'static, str>,
}

impl Judgement {
    pub(super) fn new(verdict: Verdict, reason: Reason, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { verdict, reason, detail: detail.into() }
    }

    pub(super) fn skipped(reason: Reason, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Verdict::Skipped, reason, detail)
    }

    pub(super) fn on(self, tag: &Tag) -> TagVerdict {
        let Self { verdict, reason, detail } = self;
        TagVerdict { tag: tag.clone(), verdict, reason, detail: detail.into_owned() }
    }
}
