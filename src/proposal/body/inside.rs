//! What changed inside, as the body shows it.

use std::fmt::Write as _;

use super::account::Account;
use super::mark::Mark;
use super::origin::Changes;
use crate::difference::words::{self, Line, Style, Told};
use crate::difference::{Difference, Field};
use crate::evidence::{Makers, Signature, State};
use crate::layers::FileKind;
use crate::markdown::{code, folded};
use crate::proposal::unsigned::unsigned;
use crate::vulnerabilities::Severity;

/// How many names a callout has.
const NAMED: usize = 3;

impl Account<'_> {
    /// What changed inside, in sentences; `None` if that was not checked.
    pub(crate) fn told(&self, style: Style) -> Option<Told> {
        let pages = self.pages();
        let comparison = match pages.as_ref().and_then(|pages| pages.changes.as_ref()) {
            Some(Changes::Compared(url)) => Some(url.as_str()),
            _ => None,
        };
        self.difference().map(|difference| words::tell(difference, comparison, style))
    }

    /// The same for a terminal, one line each.
    pub(crate) fn told_in_lines(&self) -> Vec<String> {
        let Some(Told { why, better, changes, .. }) = self.told(Style::PLAIN) else { return Vec::new() };
        let labelled = |label: &str, text: Option<String>| text.map(|text| format!("{label}: {text}"));
        let first = [labelled("why it changed", why), labelled("better or worse", better)];
        let line = |Line { depth, text }: Line| format!("{}{text}", "  ".repeat(depth));
        first.into_iter().flatten().chain(changes.into_iter().map(line)).collect()
    }

    /// Why its bytes differ and whether it is better, in three words at most: `source, better`.
    pub(super) fn why_and_worst(&self) -> Option<String> {
        let difference = self.difference()?;
        let better = match words::verdict(difference) {
            bad @ ("worse" | "better and worse") => format!("**{bad}**"),
            other => other.to_owned(),
        };
        Some(difference.why.map_or_else(String::new, |why| format!("{}, {better}", why.word())))
    }
}

/// The lines of the decision: why the bytes differ, whether they are better, who signed them.
pub(super) fn lead(account: &Account<'_>) -> Vec<String> {
    let Some(Told { why, better, .. }) = account.told(Style::MARKDOWN) else { return Vec::new() };
    let why = why.map(|why| format!("Why it changed: {why}"));
    let better = better.map(|better| format!("Better or worse: {better}"));
    why.into_iter().chain(better).chain(signing(account)).collect()
}

/// How many of several changes are better and worse than what is approved; `None` if none was compared.
pub(super) fn of_many(accounts: &[Account<'_>]) -> Option<String> {
    let compared = accounts.iter().filter_map(Account::difference).filter(|difference| difference.why.is_some());
    let verdicts: Vec<&str> = compared.map(words::verdict).collect();
    let part = |word: &str| {
        let count = verdicts.iter().filter(|verdict| **verdict == word).count();
        let text = format!("{count} {word}");
        (count > 0).then(|| if word == "worse" { format!("**{text}**") } else { text })
    };
    let parts = ["worse", "better and worse", "better", "the same", "unknown"].map(part);
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| format!("Better or worse, by known vulnerabilities: {}", parts.join(", ")))
}

/// Who signed it, in one line.
fn signing(account: &Account<'_>) -> Option<String> {
    let makers: &Makers = account.evidence?.makers.as_ref()?;
    let of = |state: State| makers.signatures.iter().find(|signature| signature.state == state);
    let by =
        |signature: &Signature| signature.by.as_ref().map(|by| format!(" by {}", code(by, 200))).unwrap_or_default();
    let asks = account.image().signatures.is_some();
    let text = match (unsigned(makers), of(State::Verified), of(State::Present)) {
        (Some(why), ..) => format!("**unsigned**, so never promoted: {}", code(&why, 300)),
        (None, Some(signature), _) if asks => format!("verified,{}", by(signature)),
        (None, _, Some(_)) => "present, not verified: the manifest requires none".to_owned(),
        (None, ..) => "none required, none found".to_owned(),
    };
    Some(format!("Signature: {text}"))
}

/// What stands above that.
pub(super) fn heading(account: &Account<'_>) -> &'static str {
    if account.difference().is_some_and(Difference::is_first) { "What is in it" } else { "What changed" }
}

/// What came in and what went out; empty if that was not checked.
pub(super) fn changes(account: &Account<'_>) -> String {
    let changes = account.told(Style::MARKDOWN).map(|told| told.changes).unwrap_or_default();
    changes.iter().fold(String::new(), |mut text, Line { depth, text: line }| {
        let _ = writeln!(text, "{}- {line}", "  ".repeat(*depth));
        text
    })
}

/// What these lines only count, to be unfolded.
pub(super) fn lists(account: &Account<'_>) -> String {
    let lists = account.told(Style::MARKDOWN).map(|told| told.lists).unwrap_or_default();
    let list = |list: &words::List| {
        let lines: String = list.lines.iter().map(|line| format!("- {line}\n")).collect();
        format!("\n{}", folded(&list.heading, &lines))
    };
    lists.iter().map(list).collect()
}

/// What a mark of the bytes means for this image, for the serious ones.
pub(super) fn meaning(account: &Account<'_>, mark: Mark, name: &str) -> Option<String> {
    let difference = account.difference()?;
    Some(match mark {
        Mark::Unexplained => format!(
            "**Unexplained:** the bytes of {name} differ from what is approved, and nothing that was checked explains \
             why. Find out before you merge."
        ),
        Mark::NewCritical => {
            let has = if difference.is_first() { "has" } else { "has, and the approved image does not have," };
            format!("**New critical vulnerability:** {name} {has} {}.", new_criticals(difference))
        }
        Mark::Root if difference.is_first() => return None,
        Mark::Root => {
            format!("**Runs as root:** {name} runs as root, the approved image as {}.", former_user(difference))
        }
        Mark::Setuid => {
            format!(
                "**New setuid program:** whoever starts it in {name} gets its owner's rights: {}.",
                setuid(difference)
            )
        }
        _ => return None,
    })
}

fn some(mut names: Vec<String>) -> String {
    names.dedup();
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    names.join(", ") + &more
}

fn new_criticals(difference: &Difference) -> String {
    let new = difference.vulnerabilities.new.iter().filter(|one| one.severity == Severity::Critical);
    some(new.map(|one| words::name(one, Style::MARKDOWN)).collect())
}

fn former_user(difference: &Difference) -> String {
    let config = difference.platforms.iter().flat_map(|platform| &platform.config);
    let user = config.filter(|change| change.field == Field::User).find_map(|change| change.from.as_deref());
    user.map_or_else(|| "another user".to_owned(), |user| code(user, 60))
}

fn setuid(difference: &Difference) -> String {
    let files = difference.platforms.iter().flat_map(|platform| &platform.files);
    let mut paths: Vec<String> =
        files.filter(|file| file.what == FileKind::Setuid).map(|file| code(&file.path, 120)).collect();
    paths.sort();
    some(paths)
}
