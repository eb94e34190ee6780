//! The two documents, and how each compares with the manifest.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::numbers;

/// One of the two documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Area {
    /// Image Access Management: `policy.image-access`.
    ImageAccess,
    /// Registry Access Management: `policy.registry-access`.
    RegistryAccess,
}

impl Area {
    /// The name of the product.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::ImageAccess => "Image Access Management",
            Self::RegistryAccess => "Registry Access Management",
        }
    }

    /// The key under `policy`.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::ImageAccess => "image-access",
            Self::RegistryAccess => "registry-access",
        }
    }
}

/// One setting: what it is and what it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Row {
    /// The document that contains it.
    pub area: Area,
    /// The key under `policy`, such as `official`; a registry is `registries.` and its address.
    pub setting: String,
    /// What Docker Hub shows; null if it does not show it.
    pub current: Option<String>,
    /// What the manifest wants; null for a registry that it does not list.
    pub wanted: Option<String>,
    /// How the two compare.
    pub state: Comparison,
}

/// How a setting compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Comparison {
    /// As wanted.
    Same,
    /// Otherwise.
    Different,
    /// Different before: written, and read back as wanted.
    Written,
    /// Docker Hub's API does not show it, so it can neither be compared nor written: that is left to an owner.
    Unknown,
}

/// How a document compares with the manifest.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Difference {
    /// Every setting in the manifest, and every registry on either side.
    pub rows: Vec<Row>,
    /// The document to send: the one that was read, with the differences changed.
    pub document: Value,
    /// Why that document may not be sent.
    pub obstacles: Vec<String>,
}

impl Difference {
    /// Whether a setting that Docker Hub shows is not as wanted.
    pub(crate) fn differs(&self) -> bool {
        self.rows.iter().any(|row| row.state == Comparison::Different)
    }
}

/// A document that does not match Docker Hub's API: nothing in it is compared or changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Docker Hub's settings for {title} cannot be understood: {what}", title = .area.title())]
pub(crate) struct Unreadable {
    pub area: Area,
    /// Where and why.
    pub what: String,
}

/// One of the documents as Docker Hub sent it.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    pub document: Value,
    /// The numbers in it that would be sent back with a different value.
    pub inexact: Vec<String>,
}

impl Observed {
    /// Reads a document.
    pub fn read(text: &str) -> serde_json::Result<Self> {
        Ok(Self { document: serde_json::from_str(text)?, inexact: numbers::inexact(text) })
    }
}

impl From<Value> for Observed {
    fn from(document: Value) -> Self {
        Self { document, inexact: Vec::new() }
    }
}
