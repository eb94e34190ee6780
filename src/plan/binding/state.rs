//! What the manifest says at one commit.

use std::collections::BTreeMap;

use super::bound::{Values, values};
use crate::image::Digest;
use crate::manifest::{self, File, Manifest, parse_included};

/// What the manifest says at one commit.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum State {
    /// There is none: nothing is asked for.
    Absent,
    /// It cannot be read.
    Broken {
        /// Its `policy.approvals` nevertheless, as far as that can be read.
        approvals: u32,
    },
    Whole(Box<Whole>),
}

/// A manifest and what it asks for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Whole {
    pub(crate) manifest: Manifest,
    pub(crate) values: Values,
}

static NOTHING: Values = Values::new();

impl State {
    /// Reads the main file and others that it may include. `named`: digests of further files that it may name, by path.
    pub(crate) fn read(main: Option<File>, others: Vec<File>, named: &BTreeMap<String, Digest>) -> Self {
        let Some(main) = main else { return Self::Absent };
        let text = main.text.clone();
        match parse_included(main, others) {
            Some(manifest) => Self::of(manifest, named),
            None => Self::Broken { approvals: manifest::approvals_asked(&text) },
        }
    }

    fn of(manifest: Manifest, named: &BTreeMap<String, Digest>) -> Self {
        Self::Whole(Box::new(Whole { values: values(&manifest, named), manifest }))
    }

    /// How many reviews it asks for.
    pub(crate) fn approvals(&self) -> u32 {
        match self {
            Self::Absent => 0,
            Self::Broken { approvals } => *approvals,
            Self::Whole(whole) => whole.manifest.policy.approvals,
        }
    }

    pub(crate) fn manifest(&self) -> Option<&Manifest> {
        match self {
            Self::Whole(whole) => Some(&whole.manifest),
            Self::Absent | Self::Broken { .. } => None,
        }
    }

    /// What it asks for; `None` if that cannot be read.
    pub(super) fn values(&self) -> Option<&Values> {
        match self {
            Self::Absent => Some(&NOTHING),
            Self::Broken { .. } => None,
            Self::Whole(whole) => Some(&whole.values),
        }
    }
}
