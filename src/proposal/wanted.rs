//! From what rules chose to the proposals that should be open.

use globset::GlobMatcher;

use super::{Entry, Item, Kind, Wanted, branch};
use crate::image::Digest;
use crate::manifest::{self, Grouping, Image, Manifest};
use crate::rules::{Chosen, Line, Selection};

/// What rules made of one image's tags. An image that could not be looked at has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// The image: index into [`Manifest::images`].
    pub image: usize,
    /// The selection; nothing is missing in it.
    pub selection: Selection,
}

/// The proposals that should be open: one an image and line, or one a group, in the manifest's order.
#[must_use]
pub fn wanted(manifest: &Manifest, selected: &[Selected]) -> Vec<Wanted> {
    let groups = Groups::of(&manifest.proposals.group);
    let mut wanted: Vec<Wanted> = Vec::new();
    for (image_at, image, line) in lines(manifest, selected) {
        let items = items(image_at, image, line);
        if items.is_empty() {
            continue;
        }
        let prefix = &manifest.proposals.branch_prefix;
        let group = groups.name(image);
        let branch = match &group {
            Some(name) => branch::group(prefix, name),
            None => branch::image(prefix, &image.slug(), &line.name),
        };
        match wanted.iter_mut().find(|w| w.branch == branch) {
            Some(same) => same.items.extend(items),
            None => wanted.push(Wanted { branch, group, items, context: Digest::sha256(b"") }),
        }
    }
    for proposal in &mut wanted {
        proposal.context = context(manifest, &proposal.items);
    }
    wanted
}

/// The lines of all images, images in the manifest's order.
fn lines<'a>(
    manifest: &'a Manifest,
    selected: &'a [Selected],
) -> impl Iterator<Item = (usize, &'a Image, &'a Line)> + 'a {
    manifest.images.iter().enumerate().flat_map(move |(at, image)| {
        let selections = selected.iter().filter(move |s| s.image == at);
        selections.flat_map(move |s| s.selection.lines.iter().map(move |line| (at, image, line)))
    })
}

/// What a line's choice changes: it comes in, and what `keep` no longer holds leaves with it.
fn items(at: usize, image: &Image, line: &Line) -> Vec<Item> {
    let Some(chosen) = &line.chosen else { return Vec::new() };
    let item = |entry| Item { entry, image: at, line: line.name.clone(), public_since: None, prefix_changed: false };
    let entry = Entry {
        source: image.source_text.clone(),
        repository: image.repository.clone(),
        from: line.current.as_ref().map(|(tag, _)| tag.clone()),
        to: Some(chosen.tag.clone()),
        digest: chosen.digest.clone(),
        kind: kind(line, chosen),
        rejection: None,
    };
    let retired = line.retired.iter().map(|(tag, digest)| Entry {
        from: None,
        to: Some(tag.clone()),
        digest: digest.clone(),
        kind: Kind::Retire,
        ..entry.clone()
    });
    let retired: Vec<Item> = retired.map(item).collect();
    let Chosen { public_since, prefix_changed, .. } = *chosen;
    std::iter::once(Item { public_since, prefix_changed, ..item(entry) }).chain(retired).collect()
}

fn kind(line: &Line, chosen: &Chosen) -> Kind {
    match &line.current {
        None => Kind::New,
        Some(_) if chosen.rebuild => Kind::Rebuild,
        Some(_) => Kind::Update,
    }
}

/// What a proposal depends on at its base beside its entries: the lines of the image and the one on either side of them
/// (an edit there would conflict), and the settings that its body names.
fn context(manifest: &Manifest, items: &[Item]) -> Digest {
    let mut text = format!("{} {:?}\n", manifest.organization, manifest.registry);
    let mut last = None;
    for item in items {
        if last == Some(item.image) {
            continue;
        }
        last = Some(item.image);
        let image = &manifest.images[item.image];
        let Image { visibility, teams, platforms, cooldown, signatures, .. } = image;
        let file = &manifest.files[image.file];
        text.push_str(&format!("{} {visibility:?} {teams:?} {platforms:?} {cooldown:?} {signatures:?}\n", file.path));
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

/// `proposals.group`, ready to be asked.
enum Groups<'a> {
    None,
    All,
    Named(Vec<(&'a str, Vec<GlobMatcher>)>),
}

impl<'a> Groups<'a> {
    fn of(grouping: &'a Grouping) -> Self {
        // The manifest has checked the globs: one that is none takes nothing.
        let matcher = |g: &String| manifest::glob(g);
        match grouping {
            Grouping::Image => Self::None,
            Grouping::All => Self::All,
            Grouping::Named(named) => Self::Named(
                named.iter().map(|(n, globs)| (n.as_str(), globs.iter().filter_map(matcher).collect())).collect(),
            ),
        }
    }

    /// The group of an image: the first that takes its source, as written or in full, or its repository.
    fn name(&self, image: &Image) -> Option<String> {
        let names = [image.source_text.clone(), image.source.to_string(), image.repository.to_string()];
        let takes = |globs: &[GlobMatcher]| globs.iter().any(|g| names.iter().any(|name| g.is_match(name)));
        match self {
            Self::None => None,
            Self::All => Some("all".to_owned()),
            Self::Named(named) => named.iter().find(|(_, globs)| takes(globs)).map(|(name, _)| (*name).to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use std::fmt::Write as _;

    use super::*;
    use crate::image::Tag;
    use crate::proposal::fixtures::{line, manifest, selected};

    fn shown(manifest: &Manifest, selected: &[Selected]) -> String {
        let mut text = String::new();
        for proposal in wanted(manifest, selected) {
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
        insta::assert_snapshot!(shown(&manifest, &selected), @r"
        wharfinger/image/loki/latest
          loki latest: New - -> 3.1.0
        wharfinger/image/redis/latest
          redis latest: Update 7.2.0 -> 7.2.1
          redis latest: Retire - -> 7.1.0
          redis latest: Retire - -> 7.0.0
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
        insta::assert_snapshot!(shown(&manifest, &selected), @r"
        wharfinger/group/monitoring
          loki latest: New - -> 3.1.0
          node 1.8: Rebuild 1.8.0 -> 1.8.0
        wharfinger/group/none
          redis latest: Update 7.2.0 -> 7.2.1
          redis latest: Retire - -> 7.1.0
          redis latest: Retire - -> 7.0.0
        ");
        manifest.proposals.group = Grouping::All;
        assert_eq!(wanted(&manifest, &selected).len(), 1);
        assert_eq!(wanted(&manifest, &selected)[0].branch, "wharfinger/group/all");
    }

    #[test]
    fn the_context_is_the_text_around_the_edit_and_the_settings() {
        let (mut manifest, selected) = three();
        let of = |manifest: &Manifest, at: usize| wanted(manifest, &selected)[at].context.clone();
        let before = [of(&manifest, 0), of(&manifest, 1), of(&manifest, 2)];
        manifest.files[0].text = manifest.files[0].text.replacen("description: one", "description: two", 1);
        assert_ne!(of(&manifest, 0), before[0], "its own text");
        assert_ne!(of(&manifest, 1), before[1], "the line before it");
        assert_eq!(of(&manifest, 2), before[2], "text elsewhere");
        manifest.images[2].visibility = crate::manifest::Visibility::Public;
        assert_ne!(of(&manifest, 2), before[2], "a default that it inherits");
    }
}
