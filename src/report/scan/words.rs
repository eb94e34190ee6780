//! What is said of references, in words.

use super::row::{ReferenceRow, Scan};
use crate::scan::Verdict;
use crate::text::{counted, excerpt};

/// The most characters of a reference in a sentence.
const NAME: usize = 200;

/// What a verdict means, as the rest of a sentence about a reference.
pub(super) const fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Approved => "is approved",
        Verdict::NotMirrored => "is approved, but is pulled past the mirror",
        Verdict::OtherVersion => "is not approved, other versions of it are",
        Verdict::Revoked => "was revoked",
        Verdict::Allowed => "is allowed",
        Verdict::NotApproved => "is not approved",
        Verdict::Unknown => "could not be judged",
    }
}

/// What is wrong with a reference.
pub(super) fn message(row: &ReferenceRow) -> String {
    format!("`{}` {}", excerpt(&row.text, NAME), meaning(row.verdict))
}

/// What to do about it.
pub(super) fn help(row: &ReferenceRow) -> String {
    let replacement = row.replacement.as_deref();
    match (replacement, row.fixed, row.left) {
        (Some(to), Some(true), _) => format!("replaced with {to}"),
        (Some(to), Some(false), Some(why)) => format!("use {to}; it was not replaced: {why}"),
        (Some(to), Some(false), None) => {
            format!("use {to}; it was not replaced, because the file could not be written")
        }
        (Some(to), None, _) => format!("use {to}"),
        (None, ..) => without_replacement(row),
    }
}

fn without_replacement(row: &ReferenceRow) -> String {
    match row.verdict {
        Verdict::NotMirrored | Verdict::OtherVersion => {
            "nothing of it has been copied to the mirror yet: wait for the promotion".to_owned()
        }
        Verdict::Revoked => "remove it: no other version of it is approved".to_owned(),
        Verdict::Unknown => {
            "the manifest cannot tell whether this may be pulled: its category decides, or the field is \
                             one of a resource that is not known"
                .to_owned()
        }
        _ => "ask for its approval, or use an approved image".to_owned(),
    }
}

/// How much was found, in one line.
pub(super) fn counts(scan: &Scan) -> String {
    let all = [
        (Verdict::Approved, "approved"),
        (Verdict::Allowed, "allowed"),
        (Verdict::NotMirrored, "not mirrored"),
        (Verdict::OtherVersion, "in other versions"),
        (Verdict::Revoked, "revoked"),
        (Verdict::NotApproved, "not approved"),
        (Verdict::Unknown, "unknown"),
    ];
    let of = |verdict| scan.references.iter().filter(|row| row.verdict == verdict).count();
    let parts: Vec<String> = all
        .into_iter()
        .map(|(verdict, words)| (of(verdict), words))
        .filter(|(count, _)| *count > 0)
        .map(|(count, words)| format!("{count} {words}"))
        .collect();
    let (references, files) = (counted(scan.references.len(), "reference"), counted(scan.files, "file"));
    let parts = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
    let unresolved = match scan.unresolved.len() {
        0 => String::new(),
        count => format!("; {count} not resolved"),
    };
    format!("{references} in {files}{parts}{unresolved}")
}

/// What to do next, if there is anything.
pub(super) fn next(scan: &Scan) -> Option<String> {
    let is_fix = scan.references.iter().any(|row| row.fixed.is_some());
    let replaced = scan.references.iter().filter(|row| row.fixed == Some(true)).count();
    let remaining = scan.remaining().count();
    let replaceable = scan.remaining().filter(|row| row.replacement.is_some() && row.left.is_none()).count();
    match (is_fix, replaced, remaining, replaceable) {
        (true, 0, 0, _) => None,
        (true, replaced, remaining, _) => Some(format!("replaced {replaced}; {remaining} remain")),
        (false, _, _, 0) => None,
        (false, _, remaining, replaceable) if remaining == replaceable => Some("`--fix` replaces them".to_owned()),
        (false, _, _, replaceable) => Some(format!("`--fix` replaces {replaceable} of them")),
    }
}
