//! What `diff` shows of two images: the sentences that proposals have, as text, as Markdown or as JSON.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::evidence::{PlannedEvidence, reference};
use super::page::{Page, Tone};
use super::terminal::wrapped;
use crate::content::labels::Labels;
use crate::difference::Difference;
use crate::difference::words::{self, Line, List, Style, Told};
use crate::evidence::Makers;
use crate::image::{Digest, Mention};
use crate::markdown::{code, folded};
use crate::proposal::body::Mark;
use crate::proposal::body::makers::{provenance_words, signature_words};
use crate::proposal::body::origin::comparison;
use crate::text::{Quote, clean, excerpt};

/// How many signatures are shown.
const SIGNATURES: usize = 6;

/// Two images and what differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Compared {
    /// The images as they were named.
    pub mentions: [Mention; 2],
    /// Their digests.
    pub digests: [Digest; 2],
    /// Who made the new one.
    pub makers: Makers,
    /// The labels of both.
    pub labels: [Labels; 2],
    pub difference: Difference,
}

impl Compared {
    fn references(&self) -> [String; 2] {
        let named =
            |at: usize| reference(&self.mentions[at].location, self.mentions[at].tag.as_ref(), &self.digests[at]);
        [named(0), named(1)]
    }

    fn told(&self, style: Style) -> Told {
        let [was, is] = &self.labels;
        words::tell(&self.difference, comparison(is, was).as_deref(), style)
    }

    /// For programs.
    pub(super) fn document(&self) -> PlannedEvidence {
        let [from, to] = self.references();
        PlannedEvidence::compared(Some(from), to, Some(&self.difference), self.makers.clone())
    }

    /// Who made the new one.
    fn made(&self, quote: Quote) -> Vec<String> {
        let Makers { signatures, provenance, .. } = &self.makers;
        let signed = signatures.iter().take(SIGNATURES).map(|signature| signature_words(signature, quote));
        let more = signatures.len().saturating_sub(SIGNATURES);
        let more = (more > 0).then(|| format!("and {more} more signatures"));
        let built = provenance.iter().map(|provenance| provenance_words(provenance, quote));
        signed.chain(more).chain(built).map(|text| sentence(&text)).collect()
    }

    fn marks(&self) -> Vec<String> {
        self.difference.marks.iter().map(|mark| Mark::from(*mark).words().to_owned()).collect()
    }
}

/// For people on a terminal.
pub(super) fn human(out: &mut Page, compared: &Compared) -> io::Result<()> {
    let [from, to] = compared.references();
    let Told { why, better, changes, lists } = compared.told(Style::PLAIN);
    writeln!(out, "from  {from}\nto    {to}\n")?;
    let marks = compared.marks();
    let risk = (!marks.is_empty()).then(|| marks.join(", "));
    let first = [("Why it changed", why), ("Risk", risk), ("Known vulnerabilities", better)];
    for (label, text) in first.into_iter().filter_map(|(label, text)| Some((label, text?))) {
        let label = out.toned(label, (label == "Risk").then_some(Tone::Bad));
        wrapped(out, "", &format!("{label}: {}", clean(&text)))?;
    }
    compared.made(excerpt).iter().try_for_each(|line| wrapped(out, "", &clean(line)))?;
    if !changes.is_empty() {
        writeln!(out)?;
    }
    for Line { depth, text } in &changes {
        wrapped(out, &"  ".repeat(depth + 1), &clean(text))?;
    }
    for List { heading, lines } in &lists {
        writeln!(out)?;
        out.heading(&clean(heading))?;
        lines.iter().try_for_each(|line| wrapped(out, "  ", &clean(line)))?;
    }
    Ok(())
}

/// For pull requests of others: no heading, so that it fits anywhere.
pub(super) fn markdown(compared: &Compared) -> String {
    let [from, to] = compared.references();
    let Told { why, better, changes, lists } = compared.told(Style::MARKDOWN);
    let mut text = format!("From {} to {}\n\n", code(&from, 400), code(&to, 400));
    let marks = compared.marks();
    let lines = [
        why.map(|why| format!("Why it changed: {why}")),
        (!marks.is_empty()).then(|| format!("Risk: **{}**", marks.join("**, **"))),
        better.map(|better| format!("Known vulnerabilities: {better}")),
    ];
    for line in lines.into_iter().flatten().chain(compared.made(code)) {
        let _ = writeln!(text, "- {line}");
    }
    if !changes.is_empty() {
        text.push_str("\nWhat changed:\n\n");
    }
    for Line { depth, text: line } in &changes {
        let _ = writeln!(text, "{}- {line}", "  ".repeat(*depth));
    }
    for List { heading, lines } in &lists {
        let lines: String = lines.iter().map(|line| format!("- {line}\n")).collect();
        let _ = write!(text, "\n{}", folded(&heading.replace('`', ""), &lines));
    }
    text
}

/// `text`, beginning with a capital letter.
fn sentence(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map(|first| first.to_uppercase().chain(rest).collect()).unwrap_or_default()
}
