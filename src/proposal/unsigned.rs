//! Why an image is unsigned, and what would verify it.

use crate::evidence::{Makers, State};
use crate::text::excerpt;

/// In characters.
const LONGEST: usize = 1_500;

/// Why an image is not accepted, with the setting that would verify it if the signature claims another signer. Hostile
/// text.
pub(crate) fn unsigned(makers: &Makers) -> Option<String> {
    let why = makers.unsigned.as_ref()?;
    let text = suggestion(makers, why).map_or_else(|| why.clone(), |suggestion| format!("{why}; {suggestion}"));
    Some(excerpt(&text, LONGEST))
}

/// What would verify it: a newer root, or a setting for its signer, if the reason is that this is a different one.
fn suggestion(makers: &Makers, why: &str) -> Option<String> {
    if makers.signatures.iter().any(|signature| signature.state == State::RootTooOld) {
        return Some(
            "a newer root may verify it: that of a newer release, or a newer file for `trusted-root`".to_owned(),
        );
    }
    let present = makers.signatures.iter().filter(|signature| signature.state == State::Present);
    let by = present.filter_map(|signature| signature.by.as_deref()).find(|by| why.contains(by))?;
    Some(match by.rsplit_once(" by ") {
        Some((identity, issuer)) => format!(
            "if that is its publisher, ask for it: `signatures: {{ issuer: {}, identity: {} }}`",
            scalar(issuer),
            scalar(identity)
        ),
        None => "if that is its publisher's key, ask for it: `signatures: { key: FILE }`, with the public key in FILE"
            .to_owned(),
    })
}

/// A text as written in a YAML flow mapping.
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
        let unsigned_because = Some(format!("failed, it is signed by another key: {by}"));
        unsigned(&Makers { signatures: vec![signature], unsigned: unsigned_because, ..Makers::default() }).unwrap()
    }

    #[test]
    fn who_says_to_have_signed_is_suggested() {
        let by = "https://github.com/x/y/.github/workflows/r.yml@refs/tags/v1 by https://token.actions.githubusercontent.com";
        let suggested = told(State::Present, by);
        let setting = "; if that is its publisher, ask for it: `signatures: { issuer: \
             https://token.actions.githubusercontent.com, identity: \
             https://github.com/x/y/.github/workflows/r.yml@refs/tags/v1 }`";
        assert!(suggested.ends_with(setting), "{suggested}");
        assert!(told(State::Present, "a, b } by https://x").contains(r#"identity: "a, b }" }`"#));
        assert!(told(State::Present, "key sha256:ab").contains("`signatures: { key: FILE }`"));
        assert!(
            told(State::RootTooOld, by)
                .ends_with("; a newer root may verify it: that of a newer release, or a newer file for `trusted-root`")
        );
        let failed = told(State::Failed, "key sha256:ab");
        assert_eq!(failed, "failed, it is signed by another key: key sha256:ab", "it would not verify");
    }

    #[test]
    fn who_is_not_named_is_not_suggested() {
        let by = |by: &str| Signature {
            kind: Kind::CosignKey,
            state: State::Present,
            by: Some(by.to_owned()),
            detail: None,
            covers: Covers::Index,
        };
        let why = Some("unknown, keys/tool.pub: it is not in the repository".to_owned());
        let makers = Makers { signatures: vec![by("key sha256:ab")], unsigned: why.clone(), ..Makers::default() };
        assert_eq!(unsigned(&makers), why);
    }
}
