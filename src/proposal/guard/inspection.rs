//! What a pull request changes about what is looked at inside images.

use std::collections::{BTreeMap, BTreeSet};

use super::change::{Change, Of, What};
use crate::image::Digest;
use crate::manifest::{Manifest, Vulnerabilities};
use crate::text::{counted, excerpt, size};
use crate::vulnerabilities::{Exceptions, Statement, newly_excepted, no_longer_affected, read_vex};

/// The contents of the VEX documents that a manifest names, by path; an error says why one cannot be read.
pub(crate) type VexFiles = BTreeMap<String, Result<Vec<u8>, String>>;

/// How many vulnerabilities are named.
const NAMED: usize = 3;

/// All changes. `before` and `after` are the documents that the base and the head name.
pub(super) fn changes(base: &Manifest, head: &Manifest, before: &VexFiles, after: &VexFiles) -> Vec<Change> {
    let (was, now) = (&base.inspection, &head.inspection);
    let mut changes = Vec::new();
    if was.vulnerabilities != now.vulnerabilities {
        let [before, after] = [was, now].map(|inspection| inspection.vulnerabilities.as_str().to_owned());
        let lowers = rank(now.vulnerabilities) < rank(was.vulnerabilities);
        changes.push(change(What::Key("evidence.vulnerabilities"), before, after, lowers));
    }
    if was.layers != now.layers {
        let [before, after] = [was, now].map(|inspection| size(inspection.layers));
        changes.push(change(What::Key("evidence.layers"), before, after, now.layers < was.layers));
    }
    if was.vex != now.vex {
        // What they name besides is judged by its content.
        let [before, after] = [was, now].map(|inspection| listed(&inspection.vex));
        changes.push(change(What::Key("evidence.vex"), before, after, false));
    }
    changes.extend(documents(before, after));
    changes
}

/// How much is known by them: scanners' reports are there only if a step wrote them.
const fn rank(vulnerabilities: Vulnerabilities) -> u8 {
    match vulnerabilities {
        Vulnerabilities::None => 0,
        Vulnerabilities::Reports => 1,
        Vulnerabilities::Osv => 2,
    }
}

fn listed(globs: &[String]) -> String {
    if globs.is_empty() { "none".to_owned() } else { globs.join(", ") }
}

/// The documents with other content. One lowers the guard if something is excepted that was not.
fn documents(before: &VexFiles, after: &VexFiles) -> Vec<Change> {
    if before == after {
        return Vec::new();
    }
    let (was, now) = (exceptions(before.values()), exceptions(after.values()));
    let unread = before.iter().find_map(|(path, bytes)| Some((path, bytes.as_ref().err()?)));
    let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let document = |path: &String| {
        let (former, new) = (before.get(path), after.get(path));
        if former == new || (former.is_some_and(Result::is_err) && new.is_none()) {
            return None;
        }
        let excepted = newly_excepted(&was, &exceptions(new));
        let counts = no_longer_affected(&exceptions(former), &now);
        let lowers = !(excepted.is_empty() && counts.is_empty());
        let why = [("which excepts", excepted), ("which no longer calls affected by", counts)];
        let why = why.into_iter().filter(|(_, names)| !names.is_empty());
        let mut why: String = why.map(|(says, names)| format!(", {says} {}", named(&names))).collect();
        if let (Some((place, fault)), true) = (unread, lowers) {
            let (place, fault) = (excerpt(place, 100), excerpt(fault, 200));
            why = format!("{why}; unknown whether the base has that too: {place} cannot be read ({fault})");
        }
        let what = What::File { path: path.clone(), key: "evidence.vex" };
        Some(change(what, content(former), format!("{}{why}", content(new)), lowers))
    };
    paths.into_iter().filter_map(document).collect()
}

/// What documents say; one that cannot be read excepts nothing.
fn exceptions<'f>(files: impl IntoIterator<Item = &'f Result<Vec<u8>, String>>) -> Exceptions {
    let readable = files.into_iter().filter_map(|bytes| read_vex(bytes.as_ref().ok()?).ok());
    readable.flatten().map(Statement::effect).collect()
}

fn named(names: &BTreeSet<String>) -> String {
    let mut words: Vec<String> = names.iter().take(NAMED).map(|name| excerpt(name, 60)).collect();
    let more = names.len().saturating_sub(NAMED);
    words.extend((more > 0).then(|| counted(more, "other")));
    words.join(", ")
}

fn content(bytes: Option<&Result<Vec<u8>, String>>) -> String {
    match bytes {
        Some(Ok(bytes)) => format!("sha256:{}", Digest::sha256(bytes).short()),
        Some(Err(why)) => format!("none: {}", excerpt(why, 200)),
        None => "none".to_owned(),
    }
}

fn change(what: What, before: String, after: String, lowers: bool) -> Change {
    Change { of: Of::All, place: (0, 0), what, before, after, lowers }
}
