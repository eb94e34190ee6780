//! How serious a vulnerability is, by a CVSS vector, a score, or a database's word.

use cvss::Cvss;

use super::Severity;

/// The longest CVSS vector: version 4 with every metric has about 200 characters.
const VECTOR: usize = 400;

/// By a CVSS vector of version 2, 3 or 4.
pub(super) fn by_vector(vector: &str) -> Option<Severity> {
    let vector = Some(vector.trim()).filter(|vector| vector.len() <= VECTOR)?;
    by_score(vector.parse::<Cvss>().ok()?.score())
}

/// By a CVSS score; zero says that there is no impact. Version 2 has no words of its own for scores: those of version 3
/// apply.
pub(super) fn by_score(score: f64) -> Option<Severity> {
    match score {
        s if !(0.0..=10.0).contains(&s) => None,
        s if s >= 9.0 => Some(Severity::Critical),
        s if s >= 7.0 => Some(Severity::High),
        s if s >= 4.0 => Some(Severity::Medium),
        _ => Some(Severity::Low),
    }
}

/// By the words of databases and scanners, also `high**`, as Debian writes what is not final.
pub(super) fn by_word(word: &str) -> Option<Severity> {
    let word = word.trim().trim_end_matches('*').to_ascii_lowercase();
    match word.as_str() {
        "critical" => Some(Severity::Critical),
        "high" | "important" => Some(Severity::High),
        "medium" | "moderate" => Some(Severity::Medium),
        "low" | "minor" | "negligible" | "unimportant" | "none" => Some(Severity::Low),
        _ => None,
    }
}
