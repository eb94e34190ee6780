//! What a reviewer should weigh, in one line.

use std::collections::{BTreeMap, BTreeSet};

use super::account::Account;
use super::mark::Mark;
use super::names::names;
use crate::difference::words::{hidden, verdict};
use crate::difference::{self, Difference, Field};
use crate::layers::FileKind;
use crate::markdown::code;
use crate::vulnerabilities::{Severity, VulnerabilitySource};

/// How many licences, packages or files are named.
const NAMED: usize = 3;

/// The risks of one change.
pub(super) fn of_one(account: &Account<'_>) -> String {
    let lost = account.evidence.map(|evidence| names(&evidence.lost, 60)).unwrap_or_default();
    let strong = |mark: Mark| match mark {
        Mark::NewLine => format!("**{}**", account.new_line().unwrap_or_default()),
        Mark::PlatformLost => format!("**{}** ({lost})", mark.words()),
        Mark::NotLookedAt => format!("**{}** (packages are not known)", mark.words()),
        _ => format!("**{}**", mark.words()),
    };
    let unmarked = unmarked(account).into_iter().map(|what| format!("**{what}**"));
    let risks: Vec<String> = marks(account).into_iter().map(strong).chain(unmarked).collect();
    let unseen = unseen(account);
    let mut parts = vec![if risks.is_empty() { none(unseen.is_empty()).to_owned() } else { risks.join(", ") }];
    let also = also(account);
    if !also.is_empty() {
        parts.push(format!("also changed: {}", also.join(", ")));
    }
    if !unseen.is_empty() {
        parts.push(format!("not looked at: {}", unseen.join(", ")));
    }
    format!("Risk: {}", parts.join("; "))
}

/// Nobody should stop reading at "none found" if something was not looked at.
const fn none(is_complete: bool) -> &'static str {
    if is_complete { "none found" } else { "none found in what was looked at" }
}

/// The risks of several changes, with the images that have each.
pub(super) fn of_many(accounts: &[Account<'_>]) -> String {
    let mut having: BTreeMap<(Option<Mark>, &str), Vec<&str>> = BTreeMap::new();
    let mut unseen_in: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for account in accounts {
        let source = account.entry().source.as_str();
        for mark in marks(account) {
            having.entry((Some(mark), mark.words())).or_default().push(source);
        }
        for what in unmarked(account) {
            having.entry((None, what)).or_default().push(source);
        }
        for what in unseen(account) {
            unseen_in.entry(what).or_default().push(source);
        }
    }
    let whose = |having: &[&str], of: usize| if having.len() == of { "all".to_owned() } else { names(having, 100) };
    let risks = having.iter().map(|((_, words), having)| format!("**{words}** ({})", whose(having, accounts.len())));
    let risks =
        if having.is_empty() { none(unseen_in.is_empty()).to_owned() } else { risks.collect::<Vec<_>>().join(", ") };
    let incoming = accounts.iter().filter(|account| account.lets_in()).count();
    let unseen = unseen_in.iter().map(|(what, having)| format!("{what} ({})", whose(having, incoming)));
    let unseen = unseen.collect::<Vec<_>>().join(", ");
    if unseen.is_empty() { format!("Risk: {risks}") } else { format!("Risk: {risks}; not looked at: {unseen}") }
}

/// The marks that are risks: what kind of change it is, is said before.
fn marks(account: &Account<'_>) -> Vec<Mark> {
    account.marks().into_iter().filter(|mark| !matches!(mark, Mark::FirstApproval | Mark::Rebuild)).collect()
}

/// What is a risk and has no mark.
fn unmarked(account: &Account<'_>) -> Vec<&'static str> {
    let hides = account.difference().is_some_and(|difference| !hidden(difference).is_empty());
    hides.then_some("hidden characters in names").into_iter().chain(worse(account)).collect()
}

/// That known vulnerabilities came, if no mark says it.
fn worse(account: &Account<'_>) -> Option<&'static str> {
    let difference = account.difference().filter(|_| !account.marks().contains(&Mark::NewCritical))?;
    let has_high = difference.vulnerabilities.new.severities().of(Severity::High) > 0;
    match (difference.is_first(), verdict(difference)) {
        (true, _) => has_high.then_some("known vulnerabilities of high severity"),
        (false, "worse") => Some("known vulnerabilities are worse"),
        (false, "better and worse") => Some("new known vulnerabilities"),
        (false, _) => None,
    }
}

/// What has no mark and is still worth a look.
fn also(account: &Account<'_>) -> Vec<String> {
    let Some(difference) = account.difference().filter(|difference| !difference.is_first()) else { return Vec::new() };
    let mut config = difference.platforms.iter().flat_map(|platform| &platform.config);
    let mut omitted = difference.platforms.iter().map(|platform| &platform.config_omitted);
    let command =
        config.any(|change| change.field == Field::Command) || omitted.any(|o| o.contains_key(&Field::Command));
    let command = command.then(|| "the command".to_owned());
    let started = [("scheduled jobs", FileKind::Cron), ("services", FileKind::Init)];
    let started = started.into_iter().filter_map(|(what, kind)| files(difference, what, kind));
    command.into_iter().chain(started).chain(licences(difference)).chain(removed(difference)).collect()
}

/// New files that make something run.
fn files(difference: &Difference, what: &str, kind: FileKind) -> Option<String> {
    let files = difference.platforms.iter().flat_map(|platform| &platform.files);
    let files: BTreeSet<&str> = files.filter(|file| file.what == kind).map(|file| file.path.as_str()).collect();
    let whole = difference.whole.as_ref().map(|whole| whole.files.get(&kind).copied().unwrap_or_default());
    some_of(what, "new", &files, whole)
}

/// Packages that are gone: something may have relied on them.
fn removed(difference: &Difference) -> Option<String> {
    let gone = difference.platforms.iter().flat_map(|platform| platform.packages.removed.iter());
    let names = gone.map(|package| package.name).collect();
    some_of("packages", "removed", &names, difference.whole.as_ref().map(|whole| whole.removed))
}

fn licences(difference: &Difference) -> Option<String> {
    let new = || difference.platforms.iter().map(|platform| &platform.packages.licences_added);
    let names: BTreeSet<&str> = new().flat_map(|licences| &licences.names).map(String::as_str).collect();
    let further = new().map(|licences| licences.further).max().unwrap_or_default();
    let count = difference.whole.as_ref().map_or(names.len() + further, |whole| whole.licences);
    some_of("licences", "new", &names, Some(count))
}

/// `licences (new: MIT)`; many are only counted. `count` says how many there are if not all may be among `names`.
fn some_of(what: &str, word: &str, names: &BTreeSet<&str>, count: Option<usize>) -> Option<String> {
    match count.unwrap_or(names.len()) {
        0 => None,
        count @ 1..=NAMED if count == names.len() => {
            let names: Vec<String> = names.iter().map(|name| code(name, 60)).collect();
            Some(format!("{what} ({word}: {})", names.join(", ")))
        }
        many => Some(format!("{what} ({many} {word})")),
    }
}

/// What nobody looked at, so that no risk can be found in it.
fn unseen(account: &Account<'_>) -> Vec<&'static str> {
    if !account.lets_in() {
        return Vec::new();
    }
    let Some(difference) = account.difference() else { return vec!["what is inside"] };
    let source = difference.vulnerabilities.source;
    let vulnerabilities = matches!(source, VulnerabilitySource::None | VulnerabilitySource::Unknown);
    let is_said = difference.marks.contains(&difference::Mark::NotLookedAt);
    let mut compared = difference.platforms.iter().filter(|platform| platform.to.is_some());
    let files = !is_said && compared.any(|platform| platform.detail.is_some());
    let all = [(vulnerabilities, "known vulnerabilities"), (files, "some files or packages")];
    all.into_iter().filter(|(holds, _)| *holds).map(|(_, what)| what).collect()
}
