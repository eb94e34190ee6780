//! The evidence of one change, in the form for programs.

use schemars::JsonSchema;
use serde::Serialize;

use crate::evidence::{Kind, Makers, Provenance, Signature, State};
use crate::proposal::body::{Account, Mark};
use crate::text::excerpt;

/// The most characters of a text by others.
const TEXT: usize = 500;

/// What was found out about the bytes that come in. What was not looked at is null or empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct PlannedEvidence {
    /// Signatures, and what stands for there being none that is asked for.
    pub signatures: Vec<PlannedSignature>,
    /// What statements say of how it was built; null where there is none and none is asked for.
    pub provenance: Option<PlannedProvenance>,
    /// Those of the marks that came of looking at the bytes, the most serious first.
    pub marks: Vec<Mark>,
}

/// One signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlannedSignature {
    /// Its form.
    pub kind: Kind,
    /// What is known of it: `verified` only where it is what the manifest asks for.
    pub state: State,
    /// Who signed, or where it is not verified who says so: an identity with its issuer, or a key; null where that is not known.
    pub by: Option<String>,
    /// Why the state is what it is; null where that needs no words.
    pub detail: Option<String>,
    /// `index`, or the one platform that is signed.
    pub covers: String,
}

/// What statements say of how an image was built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlannedProvenance {
    /// What is known of them: `verified` only where whom the manifest asks for signed them.
    pub state: State,
    /// Who built it.
    pub builder: Option<String>,
    /// The source that it was built from.
    pub source: Option<String>,
    /// The commit of the source.
    pub commit: Option<String>,
    /// Whether the image's labels name the same source and commit; null where they name neither.
    pub agrees: Option<bool>,
    /// Why the state is what it is; null where that needs no words.
    pub detail: Option<String>,
}

impl PlannedEvidence {
    /// `None` if nothing was checked.
    pub(crate) fn of(account: &Account<'_>) -> Option<Self> {
        let evidence = account.evidence.filter(|_| account.lets_in())?;
        let Makers { signatures, provenance, .. } = evidence.makers.clone().unwrap_or_default();
        Some(Self {
            signatures: signatures.into_iter().map(PlannedSignature::from).collect(),
            provenance: provenance.map(PlannedProvenance::from),
            marks: account.marks().into_iter().filter(|mark| mark.is_of_bytes()).collect(),
        })
    }
}

fn shown(text: Option<String>) -> Option<String> {
    text.map(|text| excerpt(&text, TEXT))
}

impl From<Signature> for PlannedSignature {
    fn from(Signature { kind, state, by, detail, covers }: Signature) -> Self {
        Self { kind, state, by: shown(by), detail: shown(detail), covers: excerpt(covers.as_str(), 60) }
    }
}

impl From<Provenance> for PlannedProvenance {
    fn from(Provenance { state, builder, source, commit, agrees, detail }: Provenance) -> Self {
        let (builder, source, commit) = (shown(builder), shown(source), shown(commit));
        Self { state, builder, source, commit, agrees, detail: shown(detail) }
    }
}
