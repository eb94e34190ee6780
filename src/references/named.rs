//! Names of images as Docker reads them in other people's files.

use std::borrow::Cow;

use crate::image::{Named, Repository};

/// An image by its name. The letters of a registry's host may be in upper case (Docker's reference grammar,
/// `domain-component`), and mean the same host as in lower case.
pub(super) fn image_named(text: &str) -> Option<Named<Repository>> {
    let text = match text.split_once('/') {
        Some((host, rest)) if host.contains(['.', ':']) && host.bytes().any(|byte| byte.is_ascii_uppercase()) => {
            Cow::Owned(format!("{}/{rest}", host.to_ascii_lowercase()))
        }
        _ => Cow::Borrowed(text),
    };
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_in_upper_case_is_that_host() {
        let shown = |text| image_named(text).map(|image| image.name.to_string());
        assert_eq!(shown("GHCR.io/acme/redis:7").as_deref(), Some("ghcr.io/acme/redis"));
        assert_eq!(shown("Docker.IO/redis:7").as_deref(), Some("docker.io/library/redis"));
        assert_eq!(shown("EVIL:5000/x").as_deref(), Some("evil:5000/x"));
        // A host without a dot is none that Docker would guess from lower case; a repository has no upper case.
        for text in ["Evil/x", "ghcr.io/Acme/x", "Redis:7"] {
            assert_eq!(shown(text), None, "{text}");
        }
    }
}
