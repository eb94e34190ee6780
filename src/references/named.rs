//! Names of images as Docker reads them in other people's files.

use std::borrow::Cow;

use crate::image::{Named, Repository};
use crate::text::excerpt;

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

/// Why a text names no image, in a clause.
pub(super) fn not_an_image(text: &str) -> String {
    let has_upper = |part: &str| part.bytes().any(|byte| byte.is_ascii_uppercase());
    let (first, rest) = text.split_once('/').unwrap_or(("", text));
    if has_upper(first) && !has_upper(rest) && image_named(&text.to_ascii_lowercase()).is_some() {
        return format!(
            "Docker takes `{}` for a registry's host, because it has upper case letters",
            excerpt(first, 60)
        );
    }
    match has_upper(text) && image_named(&text.to_ascii_lowercase()).is_some() {
        true => "not an image reference: a repository has no upper case letters".to_owned(),
        false => NO_REFERENCE.to_owned(),
    }
}

/// Why most texts are none.
pub(super) const NO_REFERENCE: &str = "not an image reference";

#[cfg(test)]
mod tests {
    use super::*;

    /// As Docker's own parser splits them (`ParseNormalizedNamed` of distribution/reference).
    #[test]
    fn what_upper_case_does_is_told() {
        let host =
            |host: &str| format!("Docker takes `{host}` for a registry's host, because it has upper case letters");
        let refused = "not an image reference: a repository has no upper case letters";
        assert_eq!(not_an_image("Evil/x"), host("Evil"));
        assert_eq!(not_an_image("Evil/x:1.0"), host("Evil"));
        assert_eq!(not_an_image("LOCALHOST/x"), host("LOCALHOST"));
        for text in ["evil/X", "Evil/X", "Redis", "Redis:7", "GHCR.io/Acme/x", "a/b/C:1"] {
            assert_eq!(not_an_image(text), refused, "{text}");
        }
        for text in ["-a/x", "a/b..c", "Not an image", "redis:TAG!"] {
            assert_eq!(not_an_image(text), NO_REFERENCE, "{text}");
        }
    }

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
