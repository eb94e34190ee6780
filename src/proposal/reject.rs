//! A proposal turned into one that adds a `rejected` entry instead of the approval.

use chrono::NaiveDate;

use super::comment::{Fault, Reject, Target, aim};
use super::leaving::holds;
use super::wanted::context;
use super::{Entry, Item, Kind, Rejection, Wanted, branch};
use crate::manifest::{Image, Manifest};
use crate::markdown::code;
use crate::rules::{Reading, Rule, Variant, line_of};

/// The proposal that `/wharfinger reject` asks for in place of the one on branch `on`, which holds `entries`. A
/// rejection in a group leaves the group and gets its line's branch; a single image's proposal stays on its branch.
/// `today` is the UTC date: a rejection that has expired by then is not an obstacle, the new one replaces it.
///
/// # Errors
/// If the comment does not say what is meant, or the manifest cannot contain the entry.
pub(crate) fn rejecting(
    manifest: &Manifest,
    on: &str,
    entries: &[Entry],
    reject: &Reject,
    today: NaiveDate,
) -> Result<Wanted, Fault> {
    let prefix = &manifest.prefix();
    let grouped = branch::spans_images(prefix, on);
    let about: Vec<(usize, &Entry, Target)> =
        entries.iter().filter(|e| e.kind.can_be_rejected()).filter_map(|e| target(manifest, on, e)).collect();
    let targets: Vec<Target> = about.iter().map(|(_, _, target)| target.clone()).collect();
    let elsewhere = manifest.images.iter().enumerate().filter(|(at, _)| about.iter().all(|(about, ..)| about != at));
    let others: Vec<String> = elsewhere.flat_map(|(_, image)| names(image)).collect();
    let (chosen, reason) = aim(reject, &targets, grouped, &others)?;
    let (at, entry, Target { tag, .. }) = &about[chosen];
    let image = &manifest.images[*at];
    if let Some(there) = image.rejected.iter().find(|r| r.tag == *tag && holds(r, today)) {
        let until = there.until.map(|until| format!(", until {until}")).unwrap_or_default();
        let name = code(tag.as_str(), 128);
        return Err(Fault(format!(
            "The manifest's `rejected` already has an entry for {name}{until}: change it there."
        )));
    }
    let line = line_of(&image.rule, tag);
    let branch = if grouped { branch::image(prefix, &image.slug(), &line) } else { on.to_owned() };
    let rejection = Some(Rejection { reason, until: reject.until });
    let entry = Entry { from: None, kind: Kind::Reject, rejection, urgent: None, reason: None, ..(*entry).clone() };
    let items = vec![Item::new(entry, *at, line)];
    let context = context(manifest, &items);
    Ok(Wanted { branch, group: None, items, later: 0, context })
}

impl Kind {
    /// Whether a comment can turn it into a rejection: approvals, and rejections, whose reason then changes.
    const fn can_be_rejected(self) -> bool {
        self.lets_in() || matches!(self, Self::Reject)
    }
}

/// An entry's image and what people may call it; `None` if the manifest no longer has it.
fn target<'e>(manifest: &Manifest, on: &str, entry: &'e Entry) -> Option<(usize, &'e Entry, Target)> {
    let tag = entry.to.clone()?;
    let prefix = &manifest.prefix();
    let same: Vec<usize> = (0..manifest.images.len()).filter(|at| entry.names(&manifest.images[*at])).collect();
    let by = |is: &dyn Fn(&Image) -> bool| same.iter().copied().find(|at| is(&manifest.images[*at]));
    let reads = |image: &Image| match &image.rule {
        Rule::Tags(tags) => tags.contains(&tag),
        Rule::Versions(rule) => match (rule.read(&tag), &rule.variant) {
            (Reading::Version(version), Some(Variant::Exactly(variant))) => version.variant.0 == *variant,
            (reading, _) => matches!(reading, Reading::Version(_)),
        },
    };
    let at = by(&|image| on.starts_with(&branch::of_image(prefix, &image.slug()))).or_else(|| by(&reads));
    let at = at.or_else(|| same.first().copied())?;
    Some((at, entry, Target { names: names(&manifest.images[at]), tag }))
}

/// What people may call an image: its name in the manifest, in branches, or in full.
fn names(image: &Image) -> Vec<String> {
    let mut names =
        vec![image.source_text.clone(), image.repository.to_string(), image.slug(), image.source.to_string()];
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use std::fmt::Write as _;

    use super::*;
    use crate::edit::Change;
    use crate::image::Digest;
    use crate::manifest;
    use crate::proposal::fixtures::manifest;

    fn entry(source: &str, tag: &str, kind: Kind) -> Entry {
        Entry {
            source: source.to_owned(),
            repository: source.rsplit('/').next().unwrap().parse().unwrap(),
            from: Some("1.0.0".parse().unwrap()),
            to: Some(tag.parse().unwrap()),
            digest: Digest::sha256(tag.as_bytes()),
            kind,
            rejection: None,
            urgent: None,
            reason: None,
        }
    }

    fn rejected(manifest: &Manifest, on: &str, entries: &[Entry], words: &str) -> String {
        let reject = Reject { words: words.to_owned(), until: None };
        match rejecting(manifest, on, entries, &reject, "2026-01-31".parse().unwrap()) {
            Err(fault) => format!("! {fault}"),
            Ok(Wanted { branch, group, items, .. }) => {
                assert_eq!((group, items.len()), (None, 1));
                assert!(items[0].change().is_some());
                let Entry { source, to, rejection, .. } = &items[0].entry;
                format!("{branch}: {source} {} {:?}", to.as_ref().unwrap(), rejection.as_ref().unwrap().reason)
            }
        }
    }

    #[test]
    fn a_rejection_that_is_over_gives_its_place_to_a_new_one() {
        let mut manifest = manifest(&["redis"]);
        manifest.images[0].rejected = vec![manifest::Rejection {
            tag: "7.2.1".parse().unwrap(),
            reason: "slow".to_owned(),
            until: "2026-01-31".parse().ok(),
            span: Default::default(),
        }];
        let entries = [entry("redis", "7.2.1", Kind::Update)];
        let reject = Reject { words: "still slow".to_owned(), until: None };
        let on = "wharfinger/image/redis/latest";
        let wanted = |today: &str| rejecting(&manifest, on, &entries, &reject, today.parse().unwrap());
        assert!(wanted("2026-01-31").unwrap_err().0.contains(", until 2026-01-31"));
        let item = wanted("2026-02-01").unwrap().items.remove(0);
        let changes = item.changes(&manifest.images[0]);
        assert!(
            matches!(&changes[..], [Change::Expire { .. }, Change::Reject { reason, .. }] if reason == "still slow")
        );
    }

    #[test]
    fn one_entry_in_the_place_of_what_it_rejects() {
        let mut manifest = manifest(&["grafana/loki", "redis", "redis", "quay.io/prom/node"]);
        let mut follow = |at: usize, variant: &str| {
            let Rule::Versions(rule) = &mut manifest.images[at].rule else { unreachable!() };
            rule.variant = Some(crate::rules::Variant::Exactly(variant.to_owned()));
            rule.follow = crate::rules::Follow::EachMinor;
        };
        follow(1, "alpine");
        follow(2, "bookworm");
        manifest.images[3].rejected = vec![manifest::Rejection {
            tag: "1.8.0".parse().unwrap(),
            reason: "old".to_owned(),
            until: "2026-01-31".parse().ok(),
            span: Default::default(),
        }];
        let loki = [entry("grafana/loki", "3.1.0", Kind::Update), entry("grafana/loki", "3.0.0", Kind::Retire)];
        let alpine = [entry("redis", "7.2.1-alpine", Kind::New)];
        let node = [entry("quay.io/prom/node", "1.8.0", Kind::Update)];
        let gone = [entry("gone", "1.0.0", Kind::Update)];
        let all = [loki.as_slice(), &alpine, &[entry("redis", "7.2.1-bookworm", Kind::Rebuild)], &node, &gone].concat();
        let cases: [(&str, &[Entry], &str); 11] = [
            ("wharfinger/image/loki/latest", &loki, "breaks"),
            ("wharfinger/image/loki/latest", &loki, "grafana/loki:3.0.0 breaks"),
            ("wharfinger/image/loki/latest", &loki, "redis-alpine:7 breaks"),
            ("wharfinger/image/redis-alpine/7.2", &alpine, "redis:7.2.1-alpine breaks"),
            ("wharfinger/image/node/latest", &node, "breaks"),
            ("wharfinger/image/gone/latest", &gone, "breaks"),
            ("wharfinger/group/all", &all, "breaks"),
            ("wharfinger/group/all", &all, "loki breaks"),
            ("wharfinger/group/all", &all, "redis-bookworm breaks"),
            ("wharfinger/group/all", &all, "redis:7.2.1-alpine breaks"),
            ("wharfinger/group/all", &all, "gone breaks"),
        ];
        let mut table = String::new();
        for (on, entries, words) in cases {
            writeln!(table, "{on}, {words}\n    {}", rejected(&manifest, on, entries, words)).unwrap();
        }
        insta::assert_snapshot!(table);
    }
}
