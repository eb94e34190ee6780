//! What an image's configuration says about its origin and its platform: text that its publisher chose.

use serde_json::Value;

use crate::image::Platform;

/// The annotations of the OCI image specification that build tools write as labels. They are hostile text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Labels {
    /// `org.opencontainers.image.source`: where the source is.
    pub source: Option<String>,
    /// `org.opencontainers.image.revision`: its commit.
    pub revision: Option<String>,
}

/// The largest configuration, in bytes, that is read for its labels.
pub(crate) const CONFIG_LIMIT: u64 = 512 * 1024;

/// The largest label in bytes.
const LABEL_LIMIT: usize = 1_000;

impl Labels {
    /// The labels of an image configuration (`config.Labels`); empty if it has none or is something else.
    pub(crate) fn of(config: &[u8]) -> Self {
        let config: Value = serde_json::from_slice(config).unwrap_or_default();
        let label = |name: &str| {
            let text = config["config"]["Labels"][name].as_str()?.trim();
            (!text.is_empty() && text.len() <= LABEL_LIMIT).then(|| text.to_owned())
        };
        Self { source: label("org.opencontainers.image.source"), revision: label("org.opencontainers.image.revision") }
    }
}

/// The platform that an image configuration says it was built for (OCI image specification, `config.md`).
pub(crate) fn built_for(config: &[u8]) -> Option<Platform> {
    let config: Value = serde_json::from_slice(config).ok()?;
    let part = |name: &str| config[name].as_str().filter(|part| !part.is_empty());
    let variant = part("variant").map_or(String::new(), |variant| format!("/{variant}"));
    format!("{}/{}{variant}", part("os")?, part("architecture")?).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read_where_they_are_texts() {
        let config = br#"{"config": {"Labels": {"org.opencontainers.image.source": " https://github.com/a/b ",
            "org.opencontainers.image.revision": 7}}}"#;
        let source = Some("https://github.com/a/b".to_owned());
        assert_eq!(Labels::of(config), Labels { source, revision: None });
        for config in [&b"not JSON"[..], b"[]", b"{\"config\": null}", b"{\"config\": {\"Labels\": [1]}}"] {
            assert_eq!(Labels::of(config), Labels::default());
        }
    }

    #[test]
    fn a_configuration_says_what_it_was_built_for() {
        let told = |config: &str| built_for(config.as_bytes()).map(|platform| platform.to_string());
        assert_eq!(told(r#"{"os": "linux", "architecture": "arm", "variant": "v7"}"#).as_deref(), Some("linux/arm/v7"));
        assert_eq!(told(r#"{"os": "linux", "architecture": "amd64", "variant": ""}"#).as_deref(), Some("linux/amd64"));
        for config in ["", "[]", r#"{"os": "linux"}"#, r#"{"os": "a b", "architecture": "c"}"#] {
            assert_eq!(told(config), None, "{config}");
        }
    }
}
