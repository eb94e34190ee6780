//! A difference in sentences, for everything that people read: bodies, summaries, terminals.
//!
//! Text by others is quoted by the [`Style`]; links are made by this program or there are none.

use super::{Difference, Named, PlatformDifference, Why};
use crate::text::short_digests;

mod config;
mod listing;
mod packages;
mod platforms;
mod style;
mod told;
mod vulnerabilities;

pub(crate) use style::Style;
pub(crate) use told::{Line, List, Told};
pub(crate) use vulnerabilities::{name, verdict};

use listing::Listing;
use platforms::on_platforms;
use style::{NAMED, named};

/// The most lines that say what changed before the rest is folded.
const LINES: usize = 20;

/// Says a difference. `comparison` is the page that compares both commits of the source, at a known forge.
pub(crate) fn tell(difference: &Difference, comparison: Option<&str>, style: Style) -> Told {
    let first = difference.is_first();
    let (mut changes, mut lists) = (Vec::new(), Vec::new());
    for (lines, of_lines) in [
        vulnerabilities::tell(difference, first, style),
        on_platforms(difference, style, |platform, on| packages::tell(platform, difference, first, on, style)),
        on_platforms(difference, style, |platform, on| files(platform, first, on, style)),
        on_platforms(difference, style, |platform, on| config::tell(platform, first, on, style)),
        on_platforms(difference, style, |platform, on| packages::licences(platform, first, on, style)),
        (platforms::tell(difference, first, style), Vec::new()),
        (platforms::layers(difference, first, style), Vec::new()),
    ] {
        changes.extend(lines);
        lists.extend(of_lines.into_iter().filter_map(Listing::shown));
    }
    if changes.len() > LINES {
        let rest: Vec<String> = changes.split_off(LINES - 1).into_iter().map(|line| line.text).collect();
        changes.push(Line::top(format!("{} more lines are folded below", rest.len())));
        lists.insert(0, List { heading: "More of what changed".to_owned(), lines: rest });
    }
    Told {
        why: difference.why.map(|word| why(difference, word, comparison, style)),
        better: (!first).then(|| vulnerabilities::better(difference, style)),
        changes,
        lists,
    }
}

fn why(difference: &Difference, why: Why, comparison: Option<&str>, style: Style) -> String {
    let named = match why {
        Why::Base => difference.base.as_ref(),
        Why::Source => difference.commits.as_ref(),
        _ => None,
    };
    let named = named.and_then(|named| replaced(named, style));
    let link = comparison.filter(|_| why == Why::Source).map(|url| style.link("what changed in the source", url));
    let more: Vec<String> = link.or(named).into_iter().collect();
    let more = if more.is_empty() { String::new() } else { format!(" ({})", more.join(", ")) };
    format!("{}: {}{more}", style.strong(why.word()), why.sentence())
}

/// From what to what, where publishers name it.
fn replaced(Named { from, to }: &Named, style: Style) -> Option<String> {
    let name = |name: &String| style.name(&short_digests(name));
    Some(format!("{} → {}", name(from.as_ref()?), name(to.as_ref()?)))
}

impl Why {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Unexplained => "unexplained",
            Self::Platforms => "platforms",
            Self::Base => "base",
            Self::Source => "source",
            Self::Packages => "packages",
            Self::Config => "config",
            Self::Rebuild => "rebuild",
            Self::Same => "same",
        }
    }

    pub(crate) const fn sentence(self) -> &'static str {
        match self {
            Self::Unexplained => "the bytes differ, and nothing that was checked explains why",
            Self::Platforms => "platforms were added or removed",
            Self::Base => "the image that it is built on was replaced",
            Self::Source => "it was built from another commit",
            Self::Packages => "installed packages changed",
            Self::Config => "its configuration changed",
            Self::Rebuild => "it was built again, with the same packages and the same configuration",
            Self::Same => "the bytes are the same",
        }
    }
}

/// Files that a reviewer should know of, one line for each kind.
fn files(platform: &PlatformDifference, first: bool, on: &str, style: Style) -> (Vec<Line>, Vec<Listing>) {
    use crate::layers::FileKind;
    let kinds = [
        (FileKind::Setuid, "setuid or setgid program"),
        (FileKind::Cron, "scheduled job (cron or timer)"),
        (FileKind::Init, "service that starts with the system"),
        (FileKind::NewExecutable, "executable that no package owns"),
    ];
    let (mut lines, mut lists) = (Vec::new(), Vec::new());
    for (kind, noun) in kinds {
        let of_kind = platform.files.iter().filter(|file| file.what == kind);
        let paths: Vec<String> = of_kind.map(|file| style.name(&file.path)).collect();
        if paths.is_empty() {
            continue;
        }
        let count = paths.len();
        let noun = plural(count, noun);
        if first {
            lines.push(Line::top(format!("Files{on}: {count} {noun}")));
            continue;
        }
        let what = style.strong(&format!("{count} new {noun}"));
        lines.push(Line::top(format!("Files{on}: {what}: {}", named(&paths, NAMED))));
        lists.push(Listing {
            heading: format!("{count} new {noun}"),
            on: on.to_owned(),
            all: paths,
            shown: NAMED,
            further: 0,
        });
    }
    (lines, lists)
}

fn plural(count: usize, noun: &str) -> String {
    match noun.split_once(' ') {
        _ if count == 1 => noun.to_owned(),
        Some((noun @ ("executable" | "service"), rest)) => format!("{noun}s {rest}"),
        Some(("scheduled", _)) => noun.replacen("job", "jobs", 1),
        _ => format!("{noun}s"),
    }
}

#[cfg(test)]
mod tests;
