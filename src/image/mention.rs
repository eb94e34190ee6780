//! One image as people name it.

use std::fmt;
use std::str::FromStr;

use super::digest::Digest;
use super::name::NameError;
use super::reference::Tag;
use super::repository::Location;

/// An image as people name it on a command line: `NAME:TAG`, `NAME@DIGEST` or `NAME:TAG@DIGEST`, where NAME is a
/// repository or `oci:DIR`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mention {
    pub(crate) location: Location,
    pub(crate) tag: Option<Tag>,
    /// Goes before the tag, which is then only shown.
    pub(crate) digest: Option<Digest>,
}

/// A name with what may stand behind it: `NAME[:TAG][@DIGEST]`. Without both, the tag means `latest`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named<N> {
    pub(crate) name: N,
    pub(crate) tag: Option<Tag>,
    /// Goes before the tag, which is then only shown.
    pub(crate) digest: Option<Digest>,
}

impl<N: FromStr<Err = NameError>> FromStr for Named<N> {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest.parse()?)),
            None => (text, None),
        };
        let split = name.rsplit_once(':').filter(|(rest, tag)| !tag.contains('/') && *rest != "oci");
        let (name, tag) = match split {
            Some((name, tag)) => (name, Some(tag.parse()?)),
            None => (name, None),
        };
        Ok(Self { name: name.parse()?, tag, digest })
    }
}

impl FromStr for Mention {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let Named { name, tag, digest } = text.parse()?;
        if tag.is_none() && digest.is_none() {
            return Err(NameError::new("it needs a tag or a digest, as in redis:7.2 or redis@sha256:..."));
        }
        Ok(Self { location: name, tag, digest })
    }
}

impl fmt::Display for Mention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.location)?;
        self.tag.as_ref().map_or(Ok(()), |tag| write!(f, ":{tag}"))?;
        self.digest.as_ref().map_or(Ok(()), |digest| write!(f, "@{digest}"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn an_image_is_named_with_a_tag_or_a_digest() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let shown = |text: &str| text.parse::<Mention>().unwrap().to_string();
        assert_eq!(shown("redis:7.2"), "docker.io/library/redis:7.2");
        assert_eq!(shown(&format!("localhost:5000/a/b@{digest}")), format!("localhost:5000/a/b@{digest}"));
        assert_eq!(shown(&format!("ghcr.io/a/b:1@{digest}")), format!("ghcr.io/a/b:1@{digest}"));
        assert_eq!(shown("oci:dir/layout:1.2"), "oci:dir/layout:1.2");
        for bad in ["redis", "localhost:5000/a/b", "oci:dir", "oci:", "redis@sha256:a", "redis:", "Redis:7", "@", ""] {
            assert!(bad.parse::<Mention>().is_err(), "{bad}");
        }
    }
}
