//! The sentences about who made an image.

use super::account::Account;
use super::check::{Check, Outcome};
use super::phrases::more;
use crate::evidence::{Covers, Makers, Provenance, Signature, State};
use crate::proposal::unsigned::unsigned;
use crate::text::Quote;

/// How many signatures are listed.
const NAMED: usize = 6;

/// The most characters of a name by others.
const NAME: usize = 300;

impl Account<'_> {
    /// What is known about who made it.
    pub(super) fn makers(&self, quote: Quote) -> Vec<Check> {
        let asks = self.image().signatures.is_some();
        let manifest = quote(self.main_file(), NAME);
        let asks_none = || Check::unchecked(format!("signatures: {manifest} requires none, so none were verified"));
        let Some(makers) = self.evidence.and_then(|evidence| evidence.makers.as_ref()) else {
            let required = format!("signatures: {manifest} requires some, but they were not checked");
            return vec![if asks { Check::unchecked(required) } else { asks_none() }];
        };
        let mut lines = Vec::new();
        match unsigned(makers) {
            Some(why) => lines.push(Check::failed(format!("unsigned, so never promoted: {}", quote(&why, 700)))),
            None if asks => {}
            None => lines.push(asks_none()),
        }
        lines.extend(signatures(makers, asks, quote));
        lines.extend(makers.provenance.iter().map(|provenance| built(provenance, quote)));
        lines
    }

    /// The path of the main manifest.
    pub(super) fn main_file(&self) -> &str {
        self.manifest.files.first().map_or("approved-images.yml", |file| file.path.as_str())
    }
}

/// One line each. If none is required, a missing one is not mentioned.
fn signatures(makers: &Makers, asks: bool, quote: Quote) -> Vec<Check> {
    let told = |signature: &&Signature| asks || signature.state != State::Absent;
    let told: Vec<&Signature> = makers.signatures.iter().filter(told).collect();
    let mut lines: Vec<Check> = told.iter().take(NAMED).map(|signature| signed(signature, quote)).collect();
    lines.extend(more(told.len(), NAMED, "signatures").map(Check::unchecked));
    lines
}

fn signed(signature: &Signature, quote: Quote) -> Check {
    Check { outcome: outcome(signature.state), text: signature_words(signature, quote) }
}

/// A signature in a sentence: what kind, whether it was verified, who made it, what it covers.
pub(crate) fn signature_words(signature: &Signature, quote: Quote) -> String {
    let Signature { kind, state, by, detail, covers } = signature;
    let by = by.as_ref().map(|by| format!(", by {}", quote(by, NAME))).unwrap_or_default();
    let covers = match covers {
        Covers::Index => "it covers the whole image".to_owned(),
        Covers::Platform(platform) => format!("it covers {} alone", quote(platform, 60)),
    };
    let covers = if *state == State::Absent { String::new() } else { format!("; {covers}") };
    let detail = detail.as_ref().map(|detail| format!(": {}", quote(detail, NAME))).unwrap_or_default();
    format!("signature ({}): {}{by}{detail}{covers}", kind.as_str(), words(*state))
}

fn built(provenance: &Provenance, quote: Quote) -> Check {
    Check { outcome: outcome(provenance.state), text: provenance_words(provenance, quote) }
}

/// Provenance in a sentence: whether it was verified, and what it says of the build.
pub(crate) fn provenance_words(provenance: &Provenance, quote: Quote) -> String {
    let Provenance { state, builder, source, commit, agrees, detail } = provenance;
    let part = |word: &str, text: &Option<String>| text.as_ref().map(|text| format!("{word} {}", quote(text, NAME)));
    let parts = [part("by", builder), part("from", source), part("at commit", commit)];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let built = if parts.is_empty() { String::new() } else { format!(": built {}", parts.join(" ")) };
    let agrees = match agrees {
        Some(true) => "; the image's labels name the same",
        Some(false) => "; **the image's labels name something else**",
        None => "",
    };
    let detail = detail.as_ref().map(|detail| format!(" ({})", quote(detail, NAME))).unwrap_or_default();
    format!("provenance: {}{built}{agrees}{detail}", words(*state))
}

const fn outcome(state: State) -> Outcome {
    match state {
        State::Verified => Outcome::Verified,
        State::Failed => Outcome::Failed,
        State::Present | State::Absent | State::Unsupported | State::RootTooOld | State::Unknown => Outcome::Unchecked,
    }
}

/// A state in a sentence. What is only present is never said to be more.
const fn words(state: State) -> &'static str {
    match state {
        State::Verified => "verified",
        State::Present => "present, and not verified",
        State::Absent => "absent",
        State::Failed => "failed",
        State::Unsupported => "unsupported",
        State::RootTooOld => "root-too-old",
        State::Unknown => "unknown",
    }
}
