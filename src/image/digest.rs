//! Content digests.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256, Sha512};

use super::name::{NameError, text_type};

/// A content digest: `sha256:` or `sha512:` and lower-case hexadecimal of the right length.
///
/// See the OCI image specification, `descriptor.md`, "Digests".
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(String);

text_type!(Digest);

impl Digest {
    /// The SHA-256 digest of `bytes`.
    #[must_use]
    pub fn sha256(bytes: &[u8]) -> Self {
        let mut hasher = Hasher::Sha256(Sha256::new());
        hasher.update(bytes);
        hasher.finish()
    }

    /// Starts a running digest with this digest's own algorithm, for checking bytes against it as they stream by.
    #[must_use]
    pub fn hasher(&self) -> Hasher {
        if self.algorithm() == "sha512" { Hasher::Sha512(Sha512::new()) } else { Hasher::Sha256(Sha256::new()) }
    }

    /// Whether `bytes` have this digest.
    #[must_use]
    pub fn matches(&self, bytes: &[u8]) -> bool {
        let mut hasher = self.hasher();
        hasher.update(bytes);
        hasher.finish() == *self
    }

    /// `sha256` or `sha512`.
    #[must_use]
    pub fn algorithm(&self) -> &str {
        self.0.split(':').next().unwrap_or_default()
    }

    /// Whether this is a SHA-256 digest, which every registry knows.
    #[must_use]
    pub fn is_sha256(&self) -> bool {
        self.algorithm() == "sha256"
    }

    /// The hexadecimal part.
    #[must_use]
    pub fn hex(&self) -> &str {
        self.0.split(':').nth(1).unwrap_or_default()
    }

    /// The first twelve hexadecimal digits, for people; never for identity.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.hex()[..12]
    }
}

impl FromStr for Digest {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let (algorithm, hex) =
            text.split_once(':').ok_or_else(|| NameError::new("a digest is written sha256:<64 hexadecimal digits>"))?;
        let length = match algorithm {
            "sha256" => 64,
            "sha512" => 128,
            _ => return Err(NameError::new("a digest starts with sha256: or sha512:")),
        };
        if hex.len() != length || !hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(NameError::new(format!(
                "a {algorithm} digest consists of {length} lower-case hexadecimal digits"
            )));
        }
        Ok(Self(text.to_owned()))
    }
}

/// A running digest; see [`Digest::hasher`].
#[derive(Clone)]
pub enum Hasher {
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Hasher {
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(h) => h.update(bytes),
            Self::Sha512(h) => h.update(bytes),
        }
    }

    /// The digest of everything added.
    #[must_use]
    pub fn finish(self) -> Digest {
        fn hex(bytes: &[u8]) -> String {
            bytes.iter().map(|b| format!("{b:02x}")).collect()
        }
        match self {
            Self::Sha256(h) => Digest(format!("sha256:{}", hex(&h.finalize()))),
            Self::Sha512(h) => Digest(format!("sha512:{}", hex(&h.finalize()))),
        }
    }
}
