//! Why an image is unsigned, and what would verify it.

use crate::evidence::{Makers, State};
use crate::text::excerpt;

/// In characters.
const LONGEST: usize = 1_500;

/// Why an image may not come in, with the setting that would verify it where somebody else than asked says to have signed it.
/// Hostile text.
pub(crate) fn unsigned(makers: &Makers) -> Option<String> {
    let why = makers.unsigned.as_ref()?;
    let text = suggestion(makers).map_or_else(|| why.clone(), |suggestion| format!("{why}; {suggestion}"));
    Some(excerpt(&text, LONGEST))
}

fn suggestion(makers: &Makers) -> Option<String> {
    let present = makers.signatures.iter().filter(|signature| signature.state == State::Present);
    let by = present.filter_map(|signature| signature.by.as_deref()).next()?;
    Some(match by.rsplit_once(" by ") {
        Some((identity, issuer)) => format!(
            "it says to be signed by {identity} with issuer {issuer}: if that is who publishes it, \
             `signatures: {{ issuer: {}, identity: {} }}` asks for that",
            scalar(issuer),
            scalar(identity)
        ),
        None => format!(
            "it says to be signed by {by}: if that is who publishes it, `signatures: {{ key: FILE }}` with that public key \
             asks for that"
        ),
    })
}

/// A text as it stands in a flow mapping of YAML.
fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '/' | '.' | '@' | '-' | '_' | '+');
    let is_plain =
        text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(plain) && !text.ends_with(':');
    if is_plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::evidence::{Covers, Kind, Signature};

    fn told(state: State, by: &str) -> String {
        let signature = Signature {
            kind: Kind::CosignKeyless,
            state,
            by: Some(by.to_owned()),
            detail: None,
            covers: Covers::Index,
        };
        let unsigned_because = Some("failed: not by what is asked for".to_owned());
        unsigned(&Makers { signatures: vec![signature], unsigned: unsigned_because, ..Makers::default() }).unwrap()
    }

    #[test]
    fn who_says_to_have_signed_is_suggested() {
        let by = "https://github.com/x/y/.github/workflows/r.yml@refs/tags/v1 by https://token.actions.githubusercontent.com";
        assert_eq!(
            told(State::Present, by),
            "failed: not by what is asked for; it says to be signed by \
             https://github.com/x/y/.github/workflows/r.yml@refs/tags/v1 with issuer \
             https://token.actions.githubusercontent.com: if that is who publishes it, `signatures: { issuer: \
             https://token.actions.githubusercontent.com, identity: \
             https://github.com/x/y/.github/workflows/r.yml@refs/tags/v1 }` asks for that"
        );
        assert!(told(State::Present, "a, b } by https://x").contains(r#"identity: "a, b }" }`"#));
        assert!(told(State::Present, "key sha256:ab").contains("`signatures: { key: FILE }`"));
        assert_eq!(told(State::Failed, "key sha256:ab"), "failed: not by what is asked for", "it would not verify");
    }
}
