//! The labels by which publishers say what an image was built from (OCI image specification, "Annotations").

use std::collections::BTreeMap;

pub(super) const BASE_NAME: &str = "org.opencontainers.image.base.name";
pub(super) const BASE_DIGEST: &str = "org.opencontainers.image.base.digest";
const REVISION: &str = "org.opencontainers.image.revision";
const VERSION: &str = "org.opencontainers.image.version";
const CREATED: &str = "org.opencontainers.image.created";

/// The same from before there was a specification (label-schema.org).
const OLD: [&str; 3] = ["org.label-schema.vcs-ref", "org.label-schema.version", "org.label-schema.build-date"];

/// Whether every build writes this label anew: its change explains something or nothing, but configures nothing.
pub(super) fn is_of_build(name: &str) -> bool {
    [BASE_NAME, BASE_DIGEST, REVISION, VERSION, CREATED].contains(&name) || OLD.contains(&name)
}

/// What an image says about what it was built from: text by others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Origin {
    pub base_name: Option<String>,
    pub base_digest: Option<String>,
    pub revision: Option<String>,
}

impl Origin {
    /// By labels, and by annotations where there is no such label.
    pub(super) fn of(labels: &BTreeMap<String, String>, annotations: &BTreeMap<String, String>) -> Self {
        let text = |name: &str| {
            let text = labels.get(name).or_else(|| annotations.get(name))?.trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        Self { base_name: text(BASE_NAME), base_digest: text(BASE_DIGEST), revision: text(REVISION) }
    }

    /// The base image as `name@digest`, as far as it is named.
    pub(super) fn base(&self) -> Option<String> {
        match (&self.base_name, &self.base_digest) {
            (Some(name), Some(digest)) => Some(format!("{name}@{digest}")),
            (name, digest) => name.clone().or_else(|| digest.clone()),
        }
    }
}

/// Whether both name something, and not the same.
pub(super) fn differ(from: Option<&String>, to: Option<&String>) -> bool {
    from.zip(to).is_some_and(|(from, to)| from != to)
}
