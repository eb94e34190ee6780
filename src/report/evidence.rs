//! The evidence of one change, in the form for programs.

use schemars::JsonSchema;
use serde::Serialize;

use super::inside::{ComparedPlatform, ComparedVulnerabilities, shown, shown_if};
use crate::difference::{Difference, Mark, Why};
use crate::evidence::{Kind, Makers, Provenance, Signature, State};
use crate::image::{Digest, Location, Tag};
use crate::proposal::body::{self, Account};
use crate::text::excerpt;

/// What was found out about the bytes that come in, compared with what is approved. What was not looked at is null or
/// empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct PlannedEvidence {
    /// The former image upstream, `HOST/REPOSITORY[:TAG]@DIGEST`; null for a first approval.
    pub from: Option<String>,
    /// The new image upstream.
    pub to: Option<String>,
    /// Why the bytes differ: the most serious reason. Null for a first approval, or if the images could not be read.
    pub why: Option<Why>,
    /// What differs, platform by platform; empty if the digests are the same.
    pub platforms: Vec<ComparedPlatform>,
    /// Signatures, and what stands for there being none that is asked for.
    pub signatures: Vec<PlannedSignature>,
    /// What statements say of how it was built; null where there is none and none is asked for.
    pub provenance: Option<PlannedProvenance>,
    /// How known vulnerabilities differ.
    pub vulnerabilities: ComparedVulnerabilities,
    /// What is risky about it, the most serious first.
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
        let (source, entry) = (&account.image().source, account.entry());
        let tag = entry.from.as_ref().or(entry.to.as_ref());
        let from = evidence.former.as_ref().map(|digest| reference(source, tag, digest));
        let to = reference(source, entry.to.as_ref(), &entry.digest);
        let makers = evidence.makers.clone().unwrap_or_default();
        let mut all = Self::compared(from, to, evidence.difference.as_ref(), makers);
        all.marks.extend(account.marks().into_iter().filter_map(body::Mark::of_bytes));
        all.marks.sort_unstable();
        all.marks.dedup();
        Some(all)
    }

    /// The same for any two images.
    pub(crate) fn compared(from: Option<String>, to: String, difference: Option<&Difference>, makers: Makers) -> Self {
        let Makers { signatures, provenance, .. } = makers;
        let platforms = difference.into_iter().flat_map(|difference| &difference.platforms);
        let vulnerabilities = difference.map(|difference| ComparedVulnerabilities::from(&difference.vulnerabilities));
        Self {
            from,
            to: Some(to),
            why: difference.and_then(|difference| difference.why),
            platforms: platforms.map(ComparedPlatform::from).collect(),
            signatures: signatures.into_iter().map(PlannedSignature::from).collect(),
            provenance: provenance.map(PlannedProvenance::from),
            vulnerabilities: vulnerabilities.unwrap_or_default(),
            marks: difference.map(|difference| difference.marks.iter().copied().collect()).unwrap_or_default(),
        }
    }
}

/// `HOST/REPOSITORY[:TAG]@DIGEST`.
pub(crate) fn reference(source: &Location, tag: Option<&Tag>, digest: &Digest) -> String {
    let tag = tag.map(|tag| format!(":{tag}")).unwrap_or_default();
    shown(&format!("{source}{tag}@{digest}"))
}

impl From<Signature> for PlannedSignature {
    fn from(Signature { kind, state, by, detail, covers }: Signature) -> Self {
        Self { kind, state, by: shown_if(by), detail: shown_if(detail), covers: excerpt(covers.as_str(), 60) }
    }
}

impl From<Provenance> for PlannedProvenance {
    fn from(Provenance { state, builder, source, commit, agrees, detail }: Provenance) -> Self {
        let (builder, source, commit) = (shown_if(builder), shown_if(source), shown_if(commit));
        Self { state, builder, source, commit, agrees, detail: shown_if(detail) }
    }
}
