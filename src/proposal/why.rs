//! Why an open proposal is closed, or left alone because nothing is known about its image: the explanation for its
//! readers.

use super::machine::Existing;
use super::{Entry, Kind, Selected, adding, branch};
use crate::manifest::{Image, Manifest};

/// Why there should no longer be anything on the branch.
pub(crate) fn moot(manifest: &Manifest, selected: &[Selected], existing: &Existing) -> String {
    let entries: Vec<&Entry> = existing.made_of.iter().flat_map(|made| &made.entries).collect();
    // removals that come with an update are not what it was about
    let about = |entry: &&&Entry| entry.kind != Kind::Retire || entries.iter().all(|e| !e.kind.lets_in());
    let mut reasons: Vec<String> =
        entries.iter().filter(about).map(|entry| moot_entry(manifest, selected, entry)).collect();
    reasons.dedup();
    match reasons.as_slice() {
        [] => "there is nothing left to propose on this branch".to_owned(),
        reasons => reasons.join("; "),
    }
}

fn moot_entry(manifest: &Manifest, selected: &[Selected], entry: &Entry) -> String {
    let Entry { source, repository, to: Some(tag), digest, .. } = entry else {
        return "there is nothing left to propose on this branch".to_owned();
    };
    let same: Vec<(usize, &Image)> =
        manifest.images.iter().enumerate().filter(|(_, image)| entry.names(image)).collect();
    if same.is_empty() {
        return format!("the manifest no longer has {source} as {repository}");
    }
    match entry.kind {
        Kind::Retire if same.iter().all(|(_, image)| image.approved.iter().all(|a| a.tag != *tag)) => {
            return format!("{repository}:{tag} is no longer approved");
        }
        Kind::Retire => return format!("the approval of {repository}:{tag} no longer needs to go"),
        Kind::Revoke if same.iter().all(|(_, image)| image.approved.iter().all(|a| a.tag != *tag)) => {
            return format!("{repository}:{tag} is no longer approved");
        }
        Kind::Revoke => return format!("no advisory names {repository}:{tag} with this reason any more"),
        Kind::Expire if same.iter().all(|(_, image)| image.rejected.iter().all(|r| r.tag != *tag)) => {
            return format!("{repository}:{tag} is no longer rejected");
        }
        Kind::Expire => return format!("the rejection of {repository}:{tag} still applies"),
        Kind::Reject if same.iter().any(|(_, image)| image.rejected.iter().any(|r| r.tag == *tag)) => {
            return format!("{repository}:{tag} is already rejected");
        }
        Kind::Reject => return format!("the rejection of {repository}:{tag} would already have ended"),
        Kind::New | Kind::Update | Kind::Rebuild => {}
    }
    if same.iter().any(|(_, image)| image.approved.iter().any(|a| a.tag == *tag && a.digest == *digest)) {
        return format!("{repository}:{tag} is already approved");
    }
    let verdicts =
        selected.iter().filter(|s| same.iter().any(|(at, _)| *at == s.image)).flat_map(|s| &s.selection.tags);
    match verdicts.into_iter().find(|verdict| verdict.tag == *tag) {
        Some(verdict) if !verdict.detail.is_empty() => format!("{repository}:{tag}: {}", verdict.detail),
        Some(_) => format!("the manifest's rule no longer picks {repository}:{tag}"),
        None => format!("upstream no longer has {repository}:{tag}"),
    }
}

/// Why it is unknown what should become of an open proposal; `None` if it is known. `images` are those about which
/// nothing is known, by their position in [`Manifest::images`], each with the reason.
pub(crate) fn not_known(manifest: &Manifest, images: &[(usize, String)], existing: &Existing) -> Option<String> {
    if existing.made_of.as_ref().is_some_and(|made| adding::added(manifest, made).is_some()) {
        return Some("it adds an image, which only waits for its reviewers: `approve` recreates it".to_owned());
    }
    let prefix = &manifest.prefix();
    let concerned = |image: &Image| {
        let group = branch::spans_images(prefix, &existing.branch);
        let mut entries = existing.made_of.iter().flat_map(|made| &made.entries);
        existing.branch.starts_with(&branch::of_image(prefix, &image.slug()))
            || (group && entries.any(|entry| entry.names(image)))
    };
    images.iter().find(|(at, _)| concerned(&manifest.images[*at])).map(|(_, why)| why.clone())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;
    use crate::image::Digest;
    use crate::proposal::fixtures::{line, manifest, selected};
    use crate::proposal::metadata::Metadata;
    use crate::rules::{Reason, TagVerdict, Verdict};

    fn existing(branch: &str, source: &str, tag: &str) -> Existing {
        let entry = Entry {
            source: source.to_owned(),
            repository: source.rsplit('/').next().unwrap().parse().unwrap(),
            from: None,
            to: Some(tag.parse().unwrap()),
            digest: Digest::sha256(tag.as_bytes()),
            kind: Kind::New,
            rejection: None,
            urgent: None,
            reason: None,
        };
        let made_of = Some(Metadata {
            manifest: None,
            head: None,
            entries: vec![entry],
            context: Digest::sha256(b""),
            kept: Vec::new(),
        });
        Existing { branch: branch.to_owned(), made_of, touched: false, elsewhere: None }
    }

    #[test]
    fn a_closed_proposal_says_why() {
        let mut manifest = manifest(&["grafana/loki"]);
        manifest.images[0].approved = vec![crate::manifest::Approval {
            tag: "3.0.0".parse().unwrap(),
            digest: Digest::sha256(b"3.0.0"),
            mirrored: None,
            pull: None,
            approved_on: None,
            signed_by: None,
            reason: None,
            span: crate::diag::Span::default(),
        }];
        let mut selected = selected(0, vec![line("latest", None, None)]);
        let verdict = |tag: &str, detail: &str| TagVerdict {
            tag: tag.parse().unwrap(),
            verdict: Verdict::Skipped,
            reason: Reason::OutOfRange,
            detail: detail.to_owned(),
        };
        selected.selection.tags = vec![verdict("4.0.0", "4.0.0 is not in ^3"), verdict("3.2.0", "")];
        let why =
            |source: &str, tag: &str| moot(&manifest, std::slice::from_ref(&selected), &existing("w", source, tag));
        assert_eq!(why("grafana/mimir", "1"), "the manifest no longer has grafana/mimir as mimir");
        assert_eq!(why("grafana/loki", "3.0.0"), "loki:3.0.0 is already approved");
        assert_eq!(why("grafana/loki", "4.0.0"), "loki:4.0.0: 4.0.0 is not in ^3");
        assert_eq!(why("grafana/loki", "3.2.0"), "the manifest's rule no longer picks loki:3.2.0");
        assert_eq!(why("grafana/loki", "3.3.0"), "upstream no longer has loki:3.3.0");
        let unreadable = Existing { made_of: None, ..existing("w", "grafana/loki", "1") };
        assert_eq!(moot(&manifest, &[], &unreadable), "there is nothing left to propose on this branch");
    }

    #[test]
    fn an_unknown_image_concerns_its_branches_and_groups_that_name_it() {
        let manifest = manifest(&["grafana/loki", "redis"]);
        let images = [(0, "no answer".to_owned())];
        let of = |branch: &str, source: &str| not_known(&manifest, &images, &existing(branch, source, "1"));
        assert_eq!(of("wharfinger/image/loki/latest", "grafana/loki"), Some("no answer".to_owned()));
        assert_eq!(of("wharfinger/image/redis/latest", "redis"), None);
        assert_eq!(of("wharfinger/group/all", "grafana/loki"), Some("no answer".to_owned()));
        assert_eq!(of("wharfinger/group/all", "redis"), None);
        assert_eq!(of("wharfinger/image/loki-alpine/latest", "grafana/loki"), None, "another image of that source");
    }
}
