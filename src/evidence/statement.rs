//! In-toto statements: what they are about, and what they say about it.

use std::collections::BTreeMap;
use std::fmt::Formatter;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::fault::Fault;
use super::provenance::Claims;
use crate::image::Digest;

/// The payload type of an envelope that holds a statement.
pub(super) const PAYLOAD: &str = "application/vnd.in-toto+json";

/// The type of cosign's statements that only say that the image is signed.
const SIGN: &str = "https://sigstore.dev/cosign/sign/v1";

/// The types of statements (in-toto attestation framework, versions 0.1 and 1).
const TYPES: [&str; 2] = ["https://in-toto.io/Statement/v0.1", "https://in-toto.io/Statement/v1"];

/// A statement about an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    /// The digests that it names, if their algorithm is one that images use.
    pub about: Vec<Digest>,
    pub says: Says,
}

/// What a statement says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Says {
    /// That its subject is signed.
    Signed,
    /// How its subject was built.
    Built(Box<Claims>),
    /// Something that is neither a signature nor provenance.
    Other,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[serde(expecting = "a statement")]
struct Raw<'a> {
    #[serde(rename = "_type")]
    kind: String,
    #[serde(default, rename = "subject", deserialize_with = "digests")]
    about: Vec<Digest>,
    predicate_type: String,
    #[serde(borrow)]
    predicate: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(expecting = "a subject")]
struct RawSubject {
    #[serde(default)]
    digest: BTreeMap<String, String>,
}

/// The largest predicate, in bytes, that is read.
const LIMIT: usize = 2 << 20;

/// The most subjects of a statement: an index may list a thousand manifests.
const SUBJECTS: usize = 10_000;

/// The digests of subjects, if their algorithm is one that images use. Nothing else of them is held.
fn digests<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Digest>, D::Error> {
    struct Digests;
    impl<'de> Visitor<'de> for Digests {
        type Value = Vec<Digest>;

        fn expecting(&self, to: &mut Formatter<'_>) -> std::fmt::Result {
            to.write_str("subjects")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut subjects: A) -> Result<Vec<Digest>, A::Error> {
            let (mut digests, mut count) = (Vec::new(), 0);
            while let Some(RawSubject { digest }) = subjects.next_element()? {
                count += 1;
                if count > SUBJECTS {
                    return Err(A::Error::custom(format_args!(
                        "it has more than {SUBJECTS} subjects, which are the most"
                    )));
                }
                digests.extend(digest.iter().filter_map(|(kind, hex)| format!("{kind}:{hex}").parse::<Digest>().ok()));
            }
            Ok(digests)
        }
    }
    from.deserialize_seq(Digests)
}

/// What a statement says, as it is written.
pub(super) struct Predicate<'a> {
    pub kind: String,
    pub text: &'a str,
}

impl<'a> Predicate<'a> {
    /// The predicate of a statement that was read; `None` if it has none.
    pub(super) fn of(statement: &'a [u8]) -> Option<Self> {
        let raw: Raw<'a> = serde_json::from_slice(statement).ok()?;
        Some(Self { kind: raw.predicate_type, text: raw.predicate?.get() })
    }
}

impl Statement {
    pub(super) fn read(payload: &[u8]) -> Result<Self, Fault> {
        let raw: Raw<'_> =
            serde_json::from_slice(payload).map_err(|error| Fault::Unreadable(format!("its statement: {error}")))?;
        if !TYPES.contains(&raw.kind.as_str()) {
            return Err(Fault::Unsupported(format!("a statement of type {}", raw.kind)));
        }
        let says = match raw.predicate_type.as_str() {
            SIGN => Says::Signed,
            kind if !Claims::are_in(kind) => Says::Other,
            kind => {
                let predicate = raw.predicate.map_or("null", RawValue::get);
                if predicate.len() > LIMIT {
                    return Err(Fault::TooLarge(predicate.len()));
                }
                Says::Built(Box::new(Claims::read(kind, predicate)))
            }
        };
        Ok(Self { about: raw.about, says })
    }
}
