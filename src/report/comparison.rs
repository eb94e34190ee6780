//! What `diff` shows of two images: the sentences that proposals have, as text, as Markdown or as JSON.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::evidence::{PlannedEvidence, reference};
use super::page::{Page, Tone};
use super::terminal::wrapped;
use crate::content::labels::Labels;
use crate::difference::Difference;
use crate::difference::words::{self, Line, List, Style, Told};
use crate::evidence::{Makers, Signature};
use crate::image::{Digest, Mention};
use crate::markdown::{code, folded};
use crate::proposal::body::Mark;
use crate::proposal::body::origin::comparison;
use crate::text::{clean, excerpt};

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

    fn marks(&self) -> Vec<String> {
        self.difference.marks.iter().map(|mark| Mark::from(*mark).words().to_owned()).collect()
    }
}

/// For people on a terminal.
pub(super) fn human(out: &mut Page, compared: &Compared) -> io::Result<()> {
    let [from, to] = compared.references();
    let Told { why, better, changes, lists } = compared.told(Style::PLAIN);
    writeln!(out, "from  {from}\nto    {to}\n")?;
    let first = [("Why it changed", why), ("Known vulnerabilities", better)];
    for (label, text) in first.into_iter().filter_map(|(label, text)| Some((label, text?))) {
        wrapped(out, "", &format!("{label}: {}", clean(&text)))?;
    }
    let marks = compared.marks();
    if !marks.is_empty() {
        let risk = out.toned("Risk", Some(Tone::Bad));
        wrapped(out, "", &format!("{risk}: {}", marks.join(", ")))?;
    }
    compared.makers.signatures.iter().try_for_each(|signature| wrapped(out, "", &signed(signature, excerpt)))?;
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
        better.map(|better| format!("Known vulnerabilities: {better}")),
        (!marks.is_empty()).then(|| format!("Risk: **{}**", marks.join("**, **"))),
    ];
    let signatures = compared.makers.signatures.iter().map(|signature| signed(signature, code));
    for line in lines.into_iter().flatten().chain(signatures) {
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

/// One signature in words.
fn signed(signature: &Signature, quote: fn(&str, usize) -> String) -> String {
    let by = signature.by.as_ref().map(|by| format!(" by {}", quote(by, 200))).unwrap_or_default();
    let why = signature.detail.as_ref().map(|why| format!(": {}", quote(why, 300))).unwrap_or_default();
    format!("Signature: {}{by}{why}", signature.state.as_str())
}
