//! What differs on all platforms is said once.

use super::listing::Listing;
use super::style::{Style, named};
use super::told::Line;
use crate::difference::{Difference, LayerCounts, PlatformDifference};
use crate::text::{counted, size};

/// How many platforms are named.
const NAMED: usize = 3;

/// The platforms that both images have; for a first approval all of them.
pub(super) fn compared(difference: &Difference) -> Vec<&PlatformDifference> {
    let first = difference.is_first();
    difference.platforms.iter().filter(|p| p.to.is_some() && (first || p.from.is_some())).collect()
}

/// What is said of each platform, said once for all of which it is the same. `tell` gets the words for which ones.
pub(super) fn on_platforms(
    difference: &Difference,
    style: Style,
    tell: impl Fn(&PlatformDifference, &str) -> (Vec<Line>, Vec<Listing>),
) -> (Vec<Line>, Vec<Listing>) {
    let all = compared(difference);
    let groups = grouped(&all, |platform| tell(platform, ""));
    let (mut lines, mut lists) = (Vec::new(), Vec::new());
    for group in groups {
        let (of_group, listed) = tell(group[0], &on(&group, all.len(), style));
        lines.extend(of_group);
        lists.extend(listed);
    }
    (lines, lists)
}

/// The platforms in groups of those with the same key, in order.
fn grouped<'p, K: PartialEq>(
    all: &[&'p PlatformDifference],
    key: impl Fn(&PlatformDifference) -> K,
) -> Vec<Vec<&'p PlatformDifference>> {
    let mut groups: Vec<(K, Vec<&PlatformDifference>)> = Vec::new();
    for platform in all {
        let own = key(platform);
        match groups.iter_mut().find(|(key, _)| *key == own) {
            Some((_, group)) => group.push(platform),
            None => groups.push((own, vec![platform])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// ` on both platforms`, ` on linux/amd64`; empty if there is only one.
fn on(group: &[&PlatformDifference], all: usize, style: Style) -> String {
    match (group.len(), all) {
        (_, 1) => String::new(),
        (2, 2) => " on both platforms".to_owned(),
        (count, all) if count == all => format!(" on all {all} platforms"),
        _ => format!(" on {}", names(group.iter().copied(), style)),
    }
}

pub(super) fn names<'p>(platforms: impl Iterator<Item = &'p PlatformDifference>, style: Style) -> String {
    let names: Vec<String> = platforms.map(|platform| style.name(&platform.name)).collect();
    named(&names, NAMED)
}

/// Platforms that only one of the images has.
pub(super) fn tell(difference: &Difference, first: bool, style: Style) -> Vec<Line> {
    if first {
        return Vec::new();
    }
    if compared(difference).is_empty() && !difference.platforms.is_empty() {
        let text = "what is approved could not be read, so nothing is compared";
        return vec![Line::top(format!("Platforms: {}", style.strong(text)))];
    }
    let only = |is: fn(&PlatformDifference) -> bool| difference.platforms.iter().filter(move |p| is(p));
    let [lost, new] = [only(|p| p.to.is_none()), only(|p| p.from.is_none())].map(|these| names(these, style));
    let lost = (!lost.is_empty()).then(|| format!("{} {lost}", style.strong("lost:")));
    let new = (!new.is_empty()).then(|| format!("new: {new}"));
    let parts: Vec<String> = lost.into_iter().chain(new).collect();
    if parts.is_empty() { Vec::new() } else { vec![Line::top(format!("Platforms: {}", parts.join("; ")))] }
}

/// How many layers were kept, added and dropped, with their bytes.
pub(super) fn layers(difference: &Difference, first: bool, style: Style) -> Vec<Line> {
    let all = compared(difference);
    let line = |group: Vec<&PlatformDifference>| {
        let LayerCounts { kept, added, dropped } = group[0].layers;
        let sum =
            |bytes: fn(&PlatformDifference) -> u64| group.iter().fold(0, |sum: u64, p| sum.saturating_add(bytes(p)));
        let (came, left) = (sum(|p| p.added_bytes), sum(|p| p.dropped_bytes));
        let each = if group.len() > 1 { " in all" } else { "" };
        let on = on(&group, all.len(), style);
        Line::top(match (first, added, dropped) {
            (true, ..) => format!("Layers{on}: {}{each}", layers_of(added, came)),
            (false, 0, 0) => format!("Layers{on}: the same"),
            (false, ..) => format!(
                "Layers{on}: {kept} kept, {added} added ({}{each}), {dropped} dropped ({}{each})",
                size(came),
                size(left)
            ),
        })
    };
    grouped(&all, |platform| platform.layers).into_iter().map(line).collect()
}

/// A number of layers with their bytes.
fn layers_of(count: usize, bytes: u64) -> String {
    if count == 0 { counted(count, "layer") } else { format!("{} ({})", counted(count, "layer"), size(bytes)) }
}
