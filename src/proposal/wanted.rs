//! From what the rules chose to the proposals that should be open.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::apart::set_apart;
use super::groups::{Groups, group_of};
use super::leaving::{Conditions, holds, leaving};
use super::marked::Marked;
use super::signers::signer_change;
use super::{Cause, Entry, Item, Kind, Selected, Wanted, branch, metadata};
use crate::image::{Digest, Tag};
use crate::manifest::{Image, Manifest};
use crate::rules::{Chosen, Line, Selection, is_other_major, is_patch, line_of, order_of, out_of_range};

/// The proposals that should be open: one per image and line, or one per group; and separate ones for revoked approvals
/// and those that lack reviews.
///
/// They are in the order in which they are opened while there is room: removals of revoked approvals, removals of those
/// that lack reviews, patch releases on an approved line, everything else. Among equals the one that has been public
/// (or was first seen) longest comes first, then those whose age was not checked; then the manifest's order decides.
pub(crate) fn wanted(manifest: &Manifest, selected: &[Selected], conditions: &Conditions) -> Vec<Wanted> {
    let mut drafts = Drafts {
        manifest,
        marked: &conditions.marked,
        groups: Groups::of(&manifest.proposals.group),
        wanted: Vec::new(),
    };
    let rejecting = rejecting(manifest, conditions);
    for (at, image) in manifest.images.iter().enumerate() {
        let of_image = selected.iter().find(|s| s.image == at);
        let selection = of_image.map(|s| &s.selection);
        if selection.is_none() && !conditions.without_selection.contains(&at) {
            continue;
        }
        let (own, mut leaving): (Vec<Item>, Vec<Item>) = leaving(at, image, conditions, selection.is_some())
            .into_iter()
            .partition(|item| own_branch(item).is_some());
        let taken: BTreeSet<Tag> = own.iter().chain(&leaving).filter_map(|item| item.entry.to.clone()).collect();
        for item in own {
            drafts.alone(image, item);
        }
        let blocked: Vec<&(String, Item)> = rejecting.iter().filter(|(_, item)| item.image == at).collect();
        for (branch, item) in &blocked {
            drafts.on(branch.clone(), group_of(manifest, branch), vec![item.clone()]);
        }
        let mut urgent: Vec<Item> = hurried(manifest, conditions).into_iter().filter(|item| item.image == at).collect();
        for line in selection.into_iter().flat_map(|selection| &selection.lines) {
            let mut items = items(at, image, line);
            for item in urgent.extract_if(.., |item| item.line == line.name) {
                hurry(&mut items, item, line, selection);
            }
            for item in items.iter_mut().filter(|item| item.entry.kind.lets_in()) {
                item.signer = of_image.and_then(|of_image| signer_change(image, &item.entry, &of_image.signers));
                explain(image, &mut item.entry, &conditions.reasons);
            }
            items.retain(|item| {
                item.entry.kind != Kind::Retire || !item.entry.to.as_ref().is_some_and(|t| taken.contains(t))
            });
            items.extend(leaving.extract_if(.., |item| item.line == line.name));
            drafts.line(image, &line.name, items, &blocked);
        }
        for item in urgent.into_iter().filter(|_| selection.is_some()) {
            let name = item.line.clone();
            drafts.line(image, &name, vec![item], &blocked);
        }
        // of lines that no longer exist
        while let Some(name) = leaving.first().map(|item| item.line.clone()) {
            let items = leaving.extract_if(.., |item| item.line == name).collect();
            drafts.line(image, &name, items, &blocked);
        }
    }
    let mut wanted = set_apart(manifest, drafts.wanted);
    for proposal in &mut wanted {
        let named = metadata::fitting(&proposal.entries());
        proposal.later = proposal.items.len() - named;
        proposal.items.truncate(named);
        proposal.context = context(manifest, &proposal.items);
    }
    wanted.sort_by_key(|proposal| order(manifest, proposal));
    wanted
}

struct Drafts<'a> {
    manifest: &'a Manifest,
    /// [`Conditions::marked`].
    marked: &'a Marked,
    groups: Groups<'a>,
    wanted: Vec<Wanted>,
}

impl Drafts<'_> {
    /// What happens on one line: on the line's branch, or its group's. While a rejection on the line is open, nothing
    /// else is proposed there; marked changes leave their group.
    fn line(&mut self, image: &Image, line: &str, items: Vec<Item>, blocked: &[&(String, Item)]) {
        let branch = branch::image(&self.manifest.prefix(), &image.slug(), line);
        let chosen = items.iter().find(|item| item.entry.kind.lets_in()).map(|item| &item.entry.to);
        let rejected = |(on, item): &&(String, Item)| *on == branch || Some(&item.entry.to) == chosen;
        if items.is_empty() || blocked.iter().any(rejected) {
            return;
        }
        match self.groups.name(image).filter(|_| !items.iter().any(|item| self.is_marked(image, item))) {
            Some(group) => self.on(branch::group(&self.manifest.prefix(), &group), Some(group), items),
            None => self.on(branch, None, items),
        }
    }

    fn is_marked(&self, image: &Image, item: &Item) -> bool {
        let bytes = || (item.entry.repository.clone(), item.entry.digest.clone());
        is_marked(image, item) || (item.entry.kind.lets_in() && self.marked.contains(&bytes()))
    }

    /// Adds a separate proposal.
    fn alone(&mut self, image: &Image, item: Item) {
        let (Some(part), Some(tag)) = (own_branch(&item), &item.entry.to) else { return };
        let name = format!("{part}/{tag}");
        let branch = branch::image(&self.manifest.prefix(), &image.slug(), &name);
        self.on(branch, None, vec![item]);
    }

    fn on(&mut self, branch: String, group: Option<String>, items: Vec<Item>) {
        match self.wanted.iter_mut().find(|w| w.branch == branch) {
            Some(same) => same.items.extend(items),
            None => self.wanted.push(Wanted { branch, group, items, later: 0, context: Digest::sha256(b"") }),
        }
    }
}

fn own_branch(item: &Item) -> Option<&'static str> {
    item.cause.as_ref().and_then(Cause::own_branch)
}

/// Whether it deserves a separate review whatever is in it: another major than the approved one, an older version, other
/// signers.
fn is_marked(image: &Image, item: &Item) -> bool {
    match (item.entry.kind, &item.entry.from, &item.entry.to) {
        _ if item.entry.urgent.is_some() || item.signer.is_some() => true,
        (Kind::Update, Some(from), Some(to)) => {
            is_other_major(&image.rule, from, to) || order_of(&image.rule, from, to) == Some(Ordering::Less)
        }
        _ => false,
    }
}

/// What a person requested as urgent and open proposals contain, as far as the manifest has the image and neither
/// approves nor forbids it yet.
fn hurried(manifest: &Manifest, conditions: &Conditions) -> Vec<Item> {
    let item = |(on, entry): &(String, Entry)| {
        let (tag, digest) = (entry.to.as_ref().filter(|_| entry.kind.lets_in())?, &entry.digest);
        let (at, image) = manifest.images.iter().enumerate().find(|(_, image)| {
            let own = branch::image(&manifest.prefix(), &image.slug(), &line_of(&image.rule, tag));
            entry.names(image) && *on == own
        })?;
        let refused = image.rejected.iter().any(|r| r.tag == *tag && holds(r, conditions.today))
            || image.revoked.iter().any(|r| r.digest == *digest)
            || image.approved.iter().any(|a| a.tag == *tag && a.digest == *digest)
            || out_of_range(&image.rule, tag).is_some();
        let rebuild = image.approved.iter().any(|a| a.tag == *tag);
        let compared = Entry::approving(image, tag, digest, rebuild);
        let entry = Entry { urgent: entry.urgent.clone(), reason: entry.reason.clone(), ..compared };
        (!refused).then(|| Item::approving(at, image, line_of(&image.rule, tag), entry))
    };
    conditions.urgent.iter().filter_map(item).collect()
}

/// Keeps why a person asked for it.
fn explain(image: &Image, entry: &mut Entry, reasons: &[Entry]) {
    let is_it = |asked: &&Entry| asked.names(image) && asked.to == entry.to && asked.digest == entry.digest;
    if let (None, Some(asked)) = (&entry.reason, reasons.iter().find(is_it)) {
        entry.reason.clone_from(&asked.reason);
    }
}

/// Replaces the rule's choice with the urgent version, unless the choice is newer.
fn hurry(items: &mut Vec<Item>, mut urgent: Item, line: &Line, selection: Option<&Selection>) {
    let place = |tag: &Tag| selection.and_then(|s| s.tags.iter().position(|verdict| verdict.tag == *tag));
    let (Some(tag), chosen) = (urgent.entry.to.clone(), line.chosen.as_ref()) else { return };
    match chosen {
        Some(chosen) if chosen.tag == tag && chosen.digest == urgent.entry.digest => {
            urgent.public_since = chosen.public_since;
            urgent.prefix_changed |= chosen.prefix_changed;
            urgent.is_earlier = chosen.instead_of.is_some();
        }
        // tags are listed newest first
        Some(chosen) if place(&chosen.tag) <= place(&tag) => return,
        _ => items.clear(),
    }
    items.retain(|item| !item.entry.kind.lets_in());
    items.insert(0, urgent);
}

/// The rejections that open proposals contain and the manifest does not have yet, each with its branch.
fn rejecting(manifest: &Manifest, conditions: &Conditions) -> Vec<(String, Item)> {
    let prefix = &manifest.prefix();
    let item = |(on, entry): &(String, Entry)| {
        let tag = entry.to.as_ref()?;
        let over = entry.rejection.as_ref()?.until.is_some_and(|last| last < conditions.today);
        let (at, image) = manifest.images.iter().enumerate().find(|(_, image)| {
            entry.names(image)
                && (group_of(manifest, on).is_some() || on.starts_with(&branch::of_image(prefix, &image.slug())))
        })?;
        let there = image.rejected.iter().any(|r| r.tag == *tag && holds(r, conditions.today));
        (!over && !there).then(|| (on.clone(), Item::new(entry.clone(), at, line_of(&image.rule, tag))))
    };
    conditions.rejecting.iter().filter_map(item).collect()
}

/// A proposal's place in the order of opening; see [`wanted`].
fn order(manifest: &Manifest, proposal: &Wanted) -> (u8, bool, Option<DateTime<Utc>>) {
    let causes = |is: fn(&Cause) -> bool| proposal.items.iter().filter_map(|item| item.cause.as_ref()).any(is);
    let patch = |item: &Item| match (item.entry.kind, &item.entry.from, &item.entry.to) {
        (Kind::Update, Some(from), Some(to)) => {
            let rule = &manifest.images[item.image].rule;
            is_patch(rule, from, to) && order_of(rule, from, to) == Some(Ordering::Greater)
        }
        _ => false,
    };
    let rank = if causes(|cause| matches!(cause, Cause::Revoked(_))) {
        0
    } else if causes(|cause| matches!(cause, Cause::Unreviewed(_))) {
        1
    } else if proposal.items.iter().any(patch) {
        2
    } else {
        3
    };
    let longest = proposal.items.iter().filter_map(|item| item.public_since.map(|since| since.at)).min();
    (rank, longest.is_none(), longest)
}

/// What a line's choice changes: it is added, and what `keep` no longer keeps is removed with it.
fn items(at: usize, image: &Image, line: &Line) -> Vec<Item> {
    let Some(chosen) = &line.chosen else { return Vec::new() };
    let comes = approving(at, image, &line.name, chosen);
    let retired = line.retired.iter().map(|(tag, digest)| Item {
        cause: Some(Cause::Keep),
        ..Item::new(Entry::of(image, Kind::Retire, None, tag, digest), at, line.name.clone())
    });
    std::iter::once(comes).chain(retired).collect()
}

/// The change that approves a version on a line.
pub(super) fn approving(at: usize, image: &Image, line: &str, chosen: &Chosen) -> Item {
    let entry = Entry::approving(image, &chosen.tag, &chosen.digest, chosen.rebuild);
    let item = Item::approving(at, image, line.to_owned(), entry);
    let prefix_changed = item.prefix_changed || chosen.prefix_changed;
    let is_earlier = chosen.instead_of.is_some();
    Item { public_since: chosen.public_since, fixes: chosen.fixes.clone(), prefix_changed, is_earlier, ..item }
}

/// What a proposal depends on at its base, besides its entries: the lines of the image and the one on either side of
/// them (an edit there would conflict), and the settings that its body names.
pub(super) fn context(manifest: &Manifest, items: &[Item]) -> Digest {
    let mut text = format!("{} {:?}\n", manifest.organization, manifest.registry);
    let mut last = None;
    for item in items {
        if last == Some(item.image) {
            continue;
        }
        last = Some(item.image);
        let image = &manifest.images[item.image];
        let Image { visibility, teams, platforms, cooldown, fixes, signatures, provenance, .. } = image;
        let file = &manifest.files[image.file];
        text.push_str(&format!("{} {visibility:?} {teams:?} {platforms:?} {cooldown:?} {signatures:?}\n", file.path));
        text.extend(fixes.iter().map(|fixes| format!("{fixes:?}\n")));
        text.extend(provenance.iter().map(|asked| format!("{asked}\n")));
        text.push_str(around(&file.text, image.span.start, image.span.end));
    }
    Digest::sha256(text.as_bytes())
}

/// The whole lines that hold `start..end`, and one more on either side.
fn around(text: &str, start: usize, end: usize) -> &str {
    let line_start = |at: usize| text[..at].rfind('\n').map_or(0, |i| i + 1);
    let line_end = |at: usize| text[at..].find('\n').map_or(text.len(), |i| at + i + 1);
    let start = line_start(text.floor_char_boundary(start.min(text.len())));
    let before = if start == 0 { 0 } else { line_start(start - 1) };
    // an entry's last byte may be the line's end already
    let end = text.floor_char_boundary(end.min(text.len()));
    let own = if text[..end].ends_with('\n') { end } else { line_end(end) };
    &text[before.min(own)..line_end(own)]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use std::fmt::Write as _;

    use super::*;
    use crate::manifest::{Grouping, Rejection, Revocation};
    use crate::plan::Key;
    use crate::proposal::fixtures::{approval, line, manifest, selected, with_current};
    use crate::rules::Rule;

    fn wanted(manifest: &Manifest, selected: &[Selected], conditions: &Conditions) -> Vec<Wanted> {
        super::wanted(&with_current(manifest, selected), selected, conditions)
    }

    fn table(manifest: &Manifest, selected: &[Selected]) -> String {
        let mut text = String::new();
        for proposal in wanted(manifest, selected, &Conditions::default()) {
            writeln!(text, "{}", proposal.branch).unwrap();
            for Item { entry, line, .. } in &proposal.items {
                let name = |tag: &Option<Tag>| tag.as_ref().map_or("-".to_owned(), ToString::to_string);
                let (from, to) = (name(&entry.from), name(&entry.to));
                writeln!(text, "  {} {line}: {:?} {from} -> {to}", entry.repository, entry.kind).unwrap();
            }
        }
        text
    }

    /// Three images: one with a first version, one with an update that retires two, one with a rebuild and a quiet line.
    fn three() -> (Manifest, Vec<Selected>) {
        let manifest = manifest(&["grafana/loki", "redis", "quay.io/prom/node"]);
        let mut update = line("latest", Some("7.2.0"), Some("7.2.1"));
        update.retired = ["7.1.0", "7.0.0"].map(|t| (t.parse().unwrap(), Digest::sha256(t.as_bytes()))).to_vec();
        let mut rebuild = line("1.8", Some("1.8.0"), Some("1.8.0"));
        rebuild.chosen.as_mut().unwrap().rebuild = true;
        let selected = vec![
            selected(0, vec![line("latest", None, Some("3.1.0"))]),
            selected(1, vec![update]),
            selected(2, vec![line("1.9", Some("1.9.0"), None), rebuild]),
        ];
        (manifest, selected)
    }

    #[test]
    fn one_proposal_an_image_and_line() {
        let (manifest, selected) = three();
        insta::assert_snapshot!(table(&manifest, &selected), @r"
        wharfinger/image/redis/latest
          redis latest: Update 7.2.0 -> 7.2.1
          redis latest: Retire - -> 7.1.0
          redis latest: Retire - -> 7.0.0
        wharfinger/image/loki/latest
          loki latest: New - -> 3.1.0
        wharfinger/image/node/1.8
          node 1.8: Rebuild 1.8.0 -> 1.8.0
        ");
    }

    #[test]
    fn named_groups_take_by_source_or_repository_and_leave_the_rest() {
        let (mut manifest, selected) = three();
        manifest.proposals.group = Grouping::Named(vec![
            ("monitoring".to_owned(), vec!["grafana/*".to_owned(), "node".to_owned()]),
            ("none".to_owned(), vec!["*".to_owned()]),
        ]);
        insta::assert_snapshot!(table(&manifest, &selected), @r"
        wharfinger/group/none
          redis latest: Update 7.2.0 -> 7.2.1
          redis latest: Retire - -> 7.1.0
          redis latest: Retire - -> 7.0.0
        wharfinger/group/monitoring
          loki latest: New - -> 3.1.0
          node 1.8: Rebuild 1.8.0 -> 1.8.0
        ");
        manifest.proposals.group = Grouping::All;
        let all = wanted(&manifest, &selected, &Conditions::default());
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].branch, "wharfinger/group/all");
    }

    #[test]
    fn the_context_is_the_text_around_the_edit_and_the_settings() {
        let (mut manifest, selected) = three();
        let of = |manifest: &Manifest, at: usize| {
            let all = wanted(manifest, &selected, &Conditions::default());
            all.into_iter().find(|w| w.items[0].image == at).unwrap().context
        };
        let before = [of(&manifest, 0), of(&manifest, 1), of(&manifest, 2)];
        manifest.files[0].text = manifest.files[0].text.replacen("description: one", "description: two", 1);
        assert_ne!(of(&manifest, 0), before[0], "its own text");
        assert_ne!(of(&manifest, 1), before[1], "the line before it");
        assert_eq!(of(&manifest, 2), before[2], "text elsewhere");
        manifest.images[2].visibility = crate::manifest::Visibility::Public;
        assert_ne!(of(&manifest, 2), before[2], "a default that it inherits");
    }

    #[test]
    fn the_context_reaches_one_line_beyond_the_entry() {
        let sources: Vec<String> = (0..20).map(|n| format!("a/image{n}")).collect();
        let manifest = manifest(&sources.iter().map(String::as_str).collect::<Vec<_>>());
        let selected = [selected(10, vec![line("latest", None, Some("1.0"))])];
        let context = |changed_line: Option<usize>| {
            let mut manifest = manifest.clone();
            let lines = manifest.files[0].text.lines().enumerate();
            let changed =
                lines.map(|(at, line)| if Some(at) == changed_line { line.to_uppercase() } else { line.to_owned() });
            manifest.files[0].text = changed.map(|line| line + "\n").collect();
            wanted(&manifest, &selected, &Conditions::default()).remove(0).context
        };
        // two lines of head, and two per image
        let before = context(None);
        assert_eq!(before, context(Some(20)));
        for near in 21..=24 {
            assert_ne!(before, context(Some(near)), "line {near}");
        }
        assert_eq!(before, context(Some(25)));
    }

    fn branches(manifest: &Manifest, selected: &[Selected], conditions: &Conditions) -> Vec<String> {
        let entries = |w: &Wanted| -> Vec<String> {
            let one = |i: &Item| {
                let why = i.cause.as_ref().map(|c| format!(" ({c})")).unwrap_or_default();
                format!("{:?} {}{why}", i.entry.kind, i.entry.to.as_ref().unwrap())
            };
            w.items.iter().map(one).collect()
        };
        wanted(manifest, selected, conditions)
            .iter()
            .map(|w| format!("{}: {}", w.branch, entries(w).join(", ")))
            .collect()
    }

    /// One image with an approval for every reason to leave, and an update.
    fn leaving_ones() -> (Manifest, Conditions) {
        let mut manifest = manifest(&["redis"]);
        let image = &mut manifest.images[0];
        let Rule::Versions(rule) = &mut image.rule else { unreachable!() };
        rule.range = Some("^7".parse().unwrap());
        image.approved = ["6.2.0", "7.0.0", "7.0.1", "7.0.2", "7.0.3", "7.2.0"].map(approval).to_vec();
        let span = crate::diag::Span::default();
        let rejection = |tag: &str, until: Option<&str>| Rejection {
            tag: tag.parse().unwrap(),
            reason: "slow".to_owned(),
            until: until.map(|u| u.parse().unwrap()),
            span,
        };
        image.rejected = vec![rejection("7.0.1", None), rejection("7.3.0", Some("2026-11-20"))];
        image.revoked = vec![Revocation {
            tag: "7.0.2".parse().unwrap(),
            digest: Digest::sha256(b"7.0.2"),
            reason: "CVE-2027-1".to_owned(),
            delete: false,
            span,
        }];
        let key = |tag: &str| Key { repository: "redis".parse().unwrap(), tag: tag.parse().unwrap() };
        let conditions = Conditions {
            today: "2026-11-21".parse().unwrap(),
            gone: [key("7.0.0")].into(),
            unreviewed: [(key("7.0.3"), "0 of 1 reviews".to_owned())].into(),
            ..Conditions::default()
        };
        (manifest, conditions)
    }

    #[test]
    fn what_leaves_joins_its_line_but_for_what_stands_for_itself() {
        let (manifest, conditions) = leaving_ones();
        let update = [selected(0, vec![line("latest", Some("7.2.0"), Some("7.2.1"))])];
        insta::assert_snapshot!(branches(&manifest, &update, &conditions).join("\n"), @r"
        wharfinger/image/redis/revoked/7.0.2: Retire 7.0.2 (revoked: CVE-2027-1)
        wharfinger/image/redis/unreviewed/7.0.3: Retire 7.0.3 (0 of 1 reviews)
        wharfinger/image/redis/latest: Update 7.2.1, Retire 6.2.0 (not in `^7`), Retire 7.0.0 (upstream no longer has this tag or this digest), Retire 7.0.1 (rejected: slow), Expire 7.3.0 (its rejection ended on 2026-11-20)
        ");
        let alone = branches(&manifest, &[selected(0, vec![])], &conditions);
        assert_eq!(alone.len(), 3, "{alone:?}");
        assert!(alone[2].starts_with("wharfinger/image/redis/latest: Retire 6.2.0"), "{alone:?}");
        let not_looked_at = Conditions { without_selection: [0].into(), ..conditions.clone() };
        let safe = branches(&manifest, &[], &not_looked_at);
        assert_eq!(safe.len(), 2, "without upstream only what needs none: {safe:?}");
        assert_eq!(branches(&manifest, &[], &conditions), Vec::<String>::new(), "an image that the run is not about");
    }

    #[test]
    fn the_last_day_of_a_rejection_is_one_of_its_days() {
        let (manifest, mut conditions) = leaving_ones();
        conditions.today = "2026-11-20".parse().unwrap();
        let all = branches(&manifest, &[selected(0, vec![])], &conditions).join("\n");
        assert!(!all.contains("Expire"), "{all}");
    }

    #[test]
    fn whose_leaving_was_declined_stays() {
        let (manifest, mut conditions) = leaving_ones();
        let all = wanted(&manifest, &[selected(0, vec![])], &conditions);
        conditions.declined = all.iter().flat_map(Wanted::entries).collect();
        assert_eq!(branches(&manifest, &[selected(0, vec![])], &conditions), Vec::<String>::new());
    }

    #[test]
    fn patches_come_first_then_what_waits_longest() {
        let mut manifest = manifest(&["a/new", "a/minor", "a/major", "a/patch", "a/late-patch", "a/unasked"]);
        manifest.images.push(leaving_ones().0.images.remove(0));
        manifest.images[6].file = 0;
        let public = |mut line: Line, since: Option<&str>| {
            line.chosen.as_mut().unwrap().public_since =
                since.map(|s| crate::rules::Since::published(format!("{s}T00:00:00Z").parse().unwrap()));
            vec![line]
        };
        let all = [
            selected(0, public(line("latest", None, Some("1.0.0")), Some("2026-11-03"))),
            selected(1, public(line("latest", Some("1.1.0"), Some("1.2.0")), Some("2026-11-02"))),
            selected(2, public(line("latest", Some("1.1.0"), Some("2.0.0")), Some("2026-11-02"))),
            selected(3, public(line("latest", Some("1.1.0"), Some("1.1.1")), Some("2026-11-20"))),
            selected(4, public(line("latest", Some("1.1.0"), Some("1.1.2")), Some("2026-11-21"))),
            selected(5, public(line("latest", Some("1.1.0"), Some("1.2.0")), None)),
            selected(6, vec![]),
        ];
        let names: Vec<String> = wanted(&manifest, &all, &leaving_ones().1).into_iter().map(|w| w.branch).collect();
        insta::assert_snapshot!(names.join("\n"), @r"
        wharfinger/image/redis/revoked/7.0.2
        wharfinger/image/redis/unreviewed/7.0.3
        wharfinger/image/patch/latest
        wharfinger/image/late-patch/latest
        wharfinger/image/minor/latest
        wharfinger/image/major/latest
        wharfinger/image/new/latest
        wharfinger/image/unasked/latest
        wharfinger/image/redis/latest
        ");
    }

    #[test]
    fn a_new_line_stays_in_its_group_unless_it_is_a_major_and_retires_nothing() {
        let mut manifest = manifest(&["redis", "loki"]);
        manifest.proposals.group = Grouping::All;
        for image in &mut manifest.images {
            let Rule::Versions(rule) = &mut image.rule else { unreachable!() };
            (rule.follow, image.keep) = (crate::rules::Follow::EachMinor, Some(1));
            image.approved = ["3.1.3", "3.1.4"].map(approval).to_vec();
        }
        let all = [
            selected(0, vec![line("4.0", None, Some("4.0.0")), line("3.2", None, Some("3.2.0"))]),
            selected(1, vec![line("3.2", None, Some("3.2.0")), line("3.0", None, Some("3.0.9"))]),
        ];
        insta::assert_snapshot!(table(&manifest, &all), @r"
        wharfinger/image/redis/4.0
          redis 4.0: Update 3.1.4 -> 4.0.0
        wharfinger/group/all
          redis 3.2: Update 3.1.4 -> 3.2.0
          loki 3.2: Update 3.1.4 -> 3.2.0
          loki 3.0: New - -> 3.0.9
        ");
    }

    #[test]
    fn an_urgent_downgrade_stands_alone_and_retires_nothing() {
        let mut manifest = manifest(&["redis", "loki"]);
        manifest.proposals.group = Grouping::All;
        manifest.images[0].keep = Some(1);
        manifest.images[0].approved = ["7.2.0", "7.2.1"].map(approval).to_vec();
        let (tag, digest) = ("7.1.0".parse().unwrap(), Digest::sha256(b"7.1.0"));
        let asked = Entry {
            urgent: Some("7.2 breaks".to_owned()),
            ..Entry::of(&manifest.images[0], Kind::New, None, &tag, &digest)
        };
        let urgent = vec![("wharfinger/image/redis/latest".to_owned(), asked)];
        let conditions = Conditions { urgent, ..Conditions::default() };
        let nothing_newer = [selected(0, vec![line("latest", Some("7.2.1"), None)])];
        let all = super::wanted(&manifest, &nothing_newer, &conditions);
        let [Wanted { group: None, items, .. }] = all.as_slice() else { panic!("{all:?}") };
        let [Item { entry, .. }] = items.as_slice() else { panic!("{items:?}") };
        assert_eq!((entry.kind, &entry.from), (Kind::Update, &"7.2.1".parse().ok()), "compared anew");
    }

    #[test]
    fn a_major_leaves_its_group_and_a_rejection_stands_alone() {
        let mut manifest = manifest(&["redis", "loki", "node"]);
        manifest.proposals.group = Grouping::All;
        let all = [
            selected(0, vec![line("latest", Some("7.2.0"), Some("8.0.0"))]),
            selected(1, vec![line("latest", Some("3.0.0"), Some("3.1.0"))]),
            selected(2, vec![line("latest", Some("1.8.0"), Some("1.9.0"))]),
        ];
        insta::assert_snapshot!(branches(&manifest, &all, &Conditions::default()).join("\n"), @r"
        wharfinger/image/redis/latest: Update 8.0.0
        wharfinger/group/all: Update 3.1.0, Update 1.9.0
        ");
        let own = "wharfinger/image/node/latest".to_owned();
        let rejection = Some(crate::proposal::Rejection { reason: "slow".to_owned(), until: None });
        let entry = wanted(&manifest, &all, &Conditions::default())[1].items[1].entry.clone();
        let entry = Entry { kind: Kind::Reject, rejection, ..entry };
        let mut conditions = Conditions { rejecting: vec![(own, entry)], ..Conditions::default() };
        insta::assert_snapshot!(branches(&manifest, &all, &conditions).join("\n"), @r"
        wharfinger/image/redis/latest: Update 8.0.0
        wharfinger/group/all: Update 3.1.0
        wharfinger/image/node/latest: Reject 1.9.0
        ");
        manifest.images[2].rejected = vec![Rejection {
            tag: "1.9.0".parse().unwrap(),
            reason: "slow".to_owned(),
            until: None,
            span: crate::diag::Span::default(),
        }];
        let merged = branches(&manifest, &all[..2], &conditions).join("\n");
        assert!(!merged.contains("node"), "{merged}");
        manifest.images[2].rejected.clear();
        conditions.rejecting[0].1.rejection.as_mut().unwrap().until = Some("2020-01-01".parse().unwrap());
        conditions.today = "2026-11-21".parse().unwrap();
        assert!(!branches(&manifest, &all, &conditions).join("\n").contains("Reject"), "its day is over");
    }
}
