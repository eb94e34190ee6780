//! Envelopes (DSSE). Their payload may be long: it is decoded once, and what an envelope stands in is parsed without it.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::fault::Fault;
use super::statement::{PAYLOAD, Says, Statement};

/// An envelope as it is written.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[serde(expecting = "an envelope")]
pub(super) struct Envelope<'a> {
    #[serde(default)]
    pub payload_type: String,
    #[serde(default, borrow)]
    payload: Option<&'a RawValue>,
    #[serde(default, borrow)]
    signatures: Option<&'a RawValue>,
}

/// What is in an envelope.
pub(super) struct Opened {
    pub payload: Vec<u8>,
    /// The payload, read.
    pub statement: Statement,
}

impl Envelope<'_> {
    /// The statement in it.
    pub(super) fn open(&self) -> Result<Opened, Fault> {
        if self.payload_type != PAYLOAD {
            return Err(Fault::Unsupported(format!("an envelope of type {}", self.payload_type)));
        }
        let payload = self.payload()?;
        let statement = Statement::read(&payload)?;
        Ok(Opened { payload, statement })
    }

    /// Whether its statement is neither a signature nor provenance.
    pub(super) fn is_other(&self) -> bool {
        matches!(self.open(), Ok(Opened { statement: Statement { says: Says::Other, .. }, .. }))
    }

    fn payload(&self) -> Result<Vec<u8>, Fault> {
        #[derive(Deserialize)]
        #[serde(expecting = "a payload in base64")]
        struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
        let Some(payload) = self.payload else { return Ok(Vec::new()) };
        let Text(text) = serde_json::from_str(payload.get()).map_err(unreadable)?;
        STANDARD.decode(&*text).map_err(unreadable)
    }

    /// Its signatures as they are written, of which there is at most one.
    pub(super) fn signatures(&self) -> Result<&str, Fault> {
        let signatures = self.signatures.map_or("[]", RawValue::get);
        let all: Vec<IgnoredAny> = serde_json::from_str(signatures).map_err(unreadable)?;
        if all.len() > 1 { Err(Fault::Several) } else { Ok(signatures) }
    }

    /// The text that it stands in, with an empty payload.
    pub(super) fn emptied(&self, text: &str) -> Option<String> {
        let payload = self.payload?.get();
        let start = payload.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
        let (before, after) = (text.get(..start)?, text.get(start + payload.len()..)?);
        Some([before, "\"\"", after].concat())
    }
}

pub(super) fn unreadable(error: impl std::fmt::Display) -> Fault {
    Fault::Unreadable(error.to_string())
}
