//! What changed inside, as the body shows it.

use std::fmt::Write as _;

use super::account::Account;
use super::mark::Mark;
use super::names::names;
use super::origin::Changes;
use crate::difference::words::{self, Line, Places, Style, Told};
use crate::difference::{ConfigChange, Difference, Field, PlatformDifference, Why};
use crate::evidence::{Signature, State};
use crate::layers::FileKind;
use crate::markdown::{code, folded};
use crate::packages::VersionChange;
use crate::proposal::unsigned::unsigned;
use crate::vulnerabilities::{Severity, VulnerabilityChanges};

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
        let first = [labelled("why it changed", why), labelled("known vulnerabilities", better)];
        let line = |Line { depth, text }: Line| format!("{}{text}", "  ".repeat(depth));
        first.into_iter().flatten().chain(changes.into_iter().map(line)).collect()
    }

    /// Why its bytes differ, and whether known vulnerabilities are better or worse: `source, better (fixes 1 high)`.
    pub(super) fn why_and_worst(&self) -> Option<String> {
        let difference = self.difference()?;
        let why = difference.why?;
        let why = if why == Why::Rebuild { "built again" } else { why.word() };
        let VulnerabilityChanges { fixed, new, .. } = &difference.vulnerabilities;
        let (fixes, brings) = (format!("fixes {}", words::counts(fixed)), format!("brings {}", words::counts(new)));
        Some(match words::verdict(difference) {
            "worse" if fixed.is_empty() => format!("{why}, **worse** ({brings})"),
            bad @ ("worse" | "better and worse") => format!("{why}, **{bad}** ({fixes}; {brings})"),
            "better" => format!("{why}, better ({fixes})"),
            other => format!("{why}, {other}"),
        })
    }
}

/// Why the bytes differ.
pub(super) fn why(told: Option<&Told>) -> Option<String> {
    Some(format!("Why it changed: {}", told?.why.as_ref()?))
}

/// Whether known vulnerabilities are better or worse.
pub(super) fn known(told: Option<&Told>) -> Option<String> {
    Some(format!("Known vulnerabilities: {}", told?.better.as_ref()?))
}

/// How many of several changes are better and worse than what is approved; `None` if none was compared.
pub(super) fn of_many(accounts: &[Account<'_>]) -> Option<String> {
    let compared = |account: &&Account<'_>| account.difference().is_some_and(|difference| !difference.is_first());
    let verdict = |account: &Account<'_>| account.difference().map(words::verdict);
    let part = |word: &str| {
        let these = accounts.iter().filter(compared).filter(|account| verdict(account) == Some(word));
        let these: Vec<&str> = these.map(|account| account.entry().source.as_str()).collect();
        let text = format!("{} {word}", these.len());
        match word {
            _ if these.is_empty() => None,
            "worse" | "better and worse" => Some(format!("**{text}** ({})", names(&these, 100))),
            "unknown" => Some(format!("{text} ({})", names(&these, 100))),
            _ => Some(text),
        }
    };
    let parts = ["worse", "better and worse", "unknown", "not looked up", "better", "the same"].map(part);
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| format!("Known vulnerabilities: {}", parts.join(", ")))
}

/// Who signed it, in one line.
pub(super) fn signing(account: &Account<'_>) -> Option<String> {
    let evidence = account.evidence.filter(|_| account.lets_in())?;
    let (asks, manifest) = (account.image().signatures.is_some(), code(account.main_file(), 200));
    let Some(makers) = &evidence.makers else {
        let required = if asks { "required, but " } else { "" };
        let none = if asks { String::new() } else { format!("; {manifest} requires none") };
        return Some(format!("Signature: {required}not checked{none}"));
    };
    let by =
        |signature: &Signature| signature.by.as_ref().map(|by| format!(" by {}", code(by, 200))).unwrap_or_default();
    let mut found = makers.signatures.iter().filter(|signature| signature.state != State::Absent);
    let verified = makers.signatures.iter().find(|signature| signature.state == State::Verified).filter(|_| asks);
    let text = match (unsigned(makers), verified, found.next()) {
        (Some(why), ..) => format!("**unsigned**, so never promoted: {}", code(&why, 300)),
        (None, Some(signature), _) => format!("verified{}", by(signature)),
        (None, None, Some(signature)) => {
            format!("{}{}, not verified; {manifest} requires none", signature.state.as_str(), by(signature))
        }
        (None, None, None) => format!("none found; {manifest} requires none"),
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

/// That the image's texts have characters that do not show.
pub(super) fn hides(account: &Account<'_>, name: &str) -> Option<String> {
    let places: Vec<&str> = words::hidden(account.difference()?).into_iter().collect();
    let text = format!(
        "**Hidden characters:** {name} has them in {}. They are made to mislead a reader: do not trust its other texts.",
        places.join(", ")
    );
    (!places.is_empty()).then_some(text)
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
            let lacks = if difference.is_first() { "" } else { "; the approved image does not" };
            format!("**New critical vulnerability:** {name} has {}{lacks}.", new_criticals(difference))
        }
        _ if difference.is_first() => return None,
        Mark::Root => {
            let former =
                former(difference, Field::User).map_or_else(|| "another user".to_owned(), |user| code(user, 60));
            format!("**Runs as root:** {name} runs as root; the approved image runs as {former}.")
        }
        Mark::Setuid => format!(
            "**New setuid program:** {name} has {}, which runs with the rights of the file's owner or group (often \
             root), whoever starts it.",
            files(difference, FileKind::Setuid)
        ),
        Mark::NewExecutable => format!(
            "**New executable:** {name} has {}, which no package owns and the approved image does not have.",
            files(difference, FileKind::NewExecutable)
        ),
        Mark::Entrypoint => {
            let [was, is] = [former(difference, Field::Entrypoint), latter(difference, Field::Entrypoint)]
                .map(|entrypoint| entrypoint.map_or_else(|| "nothing of its own".to_owned(), |text| code(text, 120)));
            format!("**Entrypoint changed:** {name} starts {is}; the approved image starts {was}.")
        }
        Mark::Port => format!("**New port:** {name} exposes {}.", new_ports(difference)),
        Mark::DowngradedPackage => {
            format!("**Downgraded package:** {name} has {}.", downgraded(difference))
        }
        _ => return None,
    })
}

/// The first names; `count` says how many there are if not all may be among them.
fn some(mut names: Vec<String>, count: Option<usize>) -> String {
    names.sort();
    names.dedup();
    let count = count.unwrap_or(names.len());
    names.truncate(NAMED);
    match (names.len(), count.saturating_sub(names.len())) {
        (0, more) => format!("{more} that are not listed"),
        (_, 0) => names.join(", "),
        (_, more) => format!("{} and {more} more", names.join(", ")),
    }
}

fn new_criticals(difference: &Difference) -> String {
    let new = difference.vulnerabilities.new.named().iter().filter(|one| one.severity == Severity::Critical);
    let places = Places::of(difference);
    let count = difference.vulnerabilities.new.severities().of(Severity::Critical);
    some(new.map(|one| words::name(one, &places, Style::MARKDOWN)).collect(), Some(count))
}

fn config(difference: &Difference, field: Field) -> impl Iterator<Item = &ConfigChange> {
    difference.platforms.iter().flat_map(|platform| &platform.config).filter(move |change| change.field == field)
}

fn former(difference: &Difference, field: Field) -> Option<&str> {
    config(difference, field).find_map(|change| change.from.as_deref())
}

fn latter(difference: &Difference, field: Field) -> Option<&str> {
    config(difference, field).find_map(|change| change.to.as_deref())
}

fn new_ports(difference: &Difference) -> String {
    let new = config(difference, Field::Port).filter(|change| change.from.is_none());
    some(new.filter_map(|change| change.to.as_ref()).map(|port| code(port, 60)).collect(), None)
}

/// Each with its versions, and the platform if it is not on all.
fn downgraded(difference: &Difference) -> String {
    let all = difference.platforms.iter().filter(|platform| platform.to.is_some());
    let having: Vec<&PlatformDifference> = all.clone().filter(|p| p.packages.counts().downgraded > 0).collect();
    let on = match (having.as_slice(), all.count()) {
        ([one], 2..) => format!(" on {}", code(&one.name, 60)),
        _ => String::new(),
    };
    let changes = having.iter().flat_map(|platform| platform.packages.downgraded.iter());
    let name = |VersionChange { name, from, to, .. }: VersionChange<'_>| {
        format!("{} {}{on}, older than the approved {}", code(name, 60), code(to, 40), code(from, 40))
    };
    some(changes.map(name).collect(), difference.whole.as_ref().map(|whole| whole.downgraded))
}

fn files(difference: &Difference, what: FileKind) -> String {
    let files = difference.platforms.iter().flat_map(|platform| &platform.files);
    let whole = difference.whole.as_ref().map(|whole| whole.files.get(&what).copied().unwrap_or_default());
    some(files.filter(|file| file.what == what).map(|file| code(&file.path, 120)).collect(), whole)
}
