//! A difference in sentences, for everything that people read: bodies, summaries, terminals.
//!
//! Text by others is quoted by the [`Style`]; links are made by this program or there are none.

use super::{Difference, Named, PlatformDifference, Why};
use crate::text::short_digests;

mod config;
mod hidden;
mod listing;
mod packages;
mod places;
mod platforms;
mod style;
mod told;
mod vulnerabilities;

pub(crate) use hidden::hidden;
pub(crate) use places::Places;
pub(crate) use style::Style;
pub(crate) use told::{Line, List, Told};
pub(crate) use vulnerabilities::{counts, name, verdict};

use listing::Listing;
use platforms::{compared, on_platforms};
use style::{NAMED, named_of};

/// The most lines that say what changed before the rest is folded.
const LINES: usize = 20;

/// Says a difference. `comparison` is the page that compares both commits of the source, at a known forge.
pub(crate) fn tell(difference: &Difference, comparison: Option<&str>, style: Style) -> Told {
    let first = difference.is_first();
    let (mut changes, mut lists) = (Vec::new(), Vec::new());
    for (lines, of_lines) in [
        (hidden::tell(difference, style).into_iter().chain(omitted(difference)).collect(), Vec::new()),
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

/// That lists are not complete, as numbers are.
fn omitted(difference: &Difference) -> Option<Line> {
    let count = difference.omitted()?;
    Some(Line::top(format!(
        "Lists: {count} entries are left out, because the lists of all changes of this run are too long; the numbers \
         include them"
    )))
}

fn why(difference: &Difference, why: Why, comparison: Option<&str>, style: Style) -> String {
    let link = || comparison.map(|url| style.link("what changed in the source", url));
    let commits = || difference.commits.as_ref().and_then(|named| replaced(named, style));
    let more = match why {
        Why::Base => Some(base(difference, style)),
        Why::Source => link().or_else(commits),
        Why::Rebuild => {
            let layers = layers_that_differ(difference).map(|layers| format!("; {layers}")).unwrap_or_default();
            // the word first would be read as "the same tag again"
            return format!("{}{layers} ({})", why.sentence(), style.key(why.word()));
        }
        _ => None,
    };
    let more = more.map(|more| format!(" ({more})")).unwrap_or_default();
    format!("{}: {}{more}", style.strong(why.word()), why.sentence())
}

/// Which image it was built on, and which one now.
fn base(difference: &Difference, style: Style) -> String {
    let named = difference.base.as_ref().and_then(|named| replaced(named, style));
    named.unwrap_or_else(|| {
        "seen from its lowest layers; its labels do not name both the old and the new one".to_owned()
    })
}

fn layers_that_differ(difference: &Difference) -> Option<String> {
    let layers = compared(difference).first()?.layers;
    let is_same = compared(difference).iter().all(|platform| platform.layers == layers);
    is_same.then(|| format!("{} of {} layers differ", layers.added, layers.kept + layers.added))
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
            Self::Rebuild => "built again, with the same packages and the same configuration",
            Self::Same => "the bytes are the same",
        }
    }
}

/// How files of one kind are named.
struct FileWords {
    kind: crate::layers::FileKind,
    state: &'static str,
    noun: &'static str,
}

/// Files that a reviewer should know of, one line for each kind.
fn files(platform: &PlatformDifference, first: bool, on: &str, style: Style) -> (Vec<Line>, Vec<Listing>) {
    use crate::layers::FileKind;
    let kinds = [
        FileWords { kind: FileKind::Setuid, state: "new", noun: "program with setuid, setgid or file capabilities" },
        FileWords { kind: FileKind::Cron, state: "new or changed", noun: "scheduled job (cron or timer)" },
        FileWords { kind: FileKind::Init, state: "new or changed", noun: "service that starts with the system" },
        FileWords { kind: FileKind::NewExecutable, state: "new", noun: "executable that no package owns" },
    ];
    let (mut lines, mut lists) = (Vec::new(), Vec::new());
    if platform.files.is_empty() && platform.files_omitted.is_empty() {
        lines.push(Line::top(format!("Files{on}: {}", no_files(platform, first))));
    }
    for FileWords { kind, state, noun } in kinds {
        let of_kind = platform.files.iter().filter(|file| file.what == kind);
        let paths: Vec<String> = of_kind.map(|file| style.name(&file.path)).collect();
        let (count, further) = (platform.file_count(kind), platform.file_count(kind) - paths.len());
        if count == 0 {
            continue;
        }
        let noun = plural(count, noun);
        // of a first approval only what runs with raised rights is named
        if first && kind != FileKind::Setuid {
            lines.push(Line::top(format!("Files{on}: {count} {noun}")));
            continue;
        }
        let what = if first { format!("{count} {noun}") } else { format!("{count} {state} {noun}") };
        let told = if first { what.clone() } else { style.strong(&what) };
        lines.push(Line::top(format!("Files{on}: {told}: {}", named_of(&paths, count, NAMED))));
        lists.push(Listing { heading: what, on: on.to_owned(), all: paths, shown: NAMED, further });
    }
    (lines, lists)
}

/// That nothing was found is said only of what was read.
fn no_files(platform: &PlatformDifference, first: bool) -> &'static str {
    match (platform.detail.is_some(), first) {
        (true, _) => "nothing found, but not all of them were read",
        (false, true) => "no programs with setuid, setgid or file capabilities, scheduled jobs or services",
        (false, false) => {
            "no new programs with setuid, setgid or file capabilities, scheduled jobs, services or executables outside \
             packages"
        }
    }
}

fn plural(count: usize, noun: &str) -> String {
    match noun.split_once(' ') {
        _ if count == 1 => noun.to_owned(),
        Some((noun @ ("executable" | "program" | "service"), rest)) => format!("{noun}s {rest}"),
        Some(("scheduled", _)) => noun.replacen("job", "jobs", 1),
        _ => format!("{noun}s"),
    }
}

#[cfg(test)]
mod tests;
