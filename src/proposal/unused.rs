//! Approvals that nobody pulls any more, as `keep` with `unused` has it.

use std::collections::BTreeMap;

use super::known::Candidates;
use crate::image::Tag;
use crate::manifest::{Approval, Image, Manifest};
use crate::plan::aliases::followed;
use crate::plan::{Key, is_revoked};
use crate::rules::{Reason, Selection};

/// What is known about the pulls of approvals that `keep` would retire.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Unused {
    /// Those that nobody has pulled for long enough, each with that in words: their removal is wanted.
    pub(crate) wanted: BTreeMap<Key, String>,
    /// Those for which that is not known, and why: they stay, and so does what proposes their removal.
    pub(crate) unknown: BTreeMap<Key, String>,
}

/// The approvals whose pulls matter: promoted, not revoked, beyond the newest of their line, and
/// followed by no alias.
pub(crate) fn asked<'m>(image: &'m Image, selection: &Selection) -> Vec<&'m Approval> {
    if image.keep.unused.is_none() {
        return Vec::new();
    }
    let older = |tag: &Tag| {
        selection.lines.iter().any(|line| line.approved.iter().skip(image.keep.protected()).any(|t| t == tag))
    };
    // Who pulls an alias pulls what it follows, and Docker Hub shows that for the alias alone.
    let followed =
        |approval: &Approval| image.aliases.iter().any(|alias| followed(image, alias) == Some(&approval.tag));
    let asked = |approval: &&Approval| {
        approval.mirrored.is_some() && !is_revoked(image, approval) && older(&approval.tag) && !followed(approval)
    };
    image.approved.iter().filter(asked).collect()
}

impl Unused {
    /// Adds what is known about an approval to what the rules say about its tag.
    pub(crate) fn tell(&self, manifest: &Manifest, candidates: &mut Candidates) {
        for (at, read) in &mut candidates.images {
            let repository = &manifest.images[*at].repository;
            for verdict in read.selection.tags.iter_mut().filter(|verdict| verdict.reason == Reason::Approved) {
                let key = Key { repository: repository.clone(), tag: verdict.tag.clone() };
                let stays =
                    self.unknown.get(&key).map(|why| format!("it stays, because its last use is unknown: {why}"));
                if let Some(told) = self.wanted.get(&key).cloned().or(stays) {
                    verdict.detail = format!("{}; {told}", verdict.detail);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use std::time::Duration;

    use super::*;
    use crate::proposal::fixtures::{approval, line, manifest, selected};

    #[test]
    fn pulls_matter_of_promoted_approvals_beyond_the_newest_of_their_line() {
        let mut image = manifest(&["grafana/loki"]).images.remove(0);
        image.approved = ["3.0.0", "3.1.0", "3.2.0", "3.3.0", "2.0.0"].map(approval).to_vec();
        image.approved.iter_mut().skip(1).for_each(|approval| approval.mirrored = Some(approval.digest.clone()));
        let mut of_line = line("latest", Some("3.3.0"), None);
        of_line.approved = ["3.3.0", "3.2.0", "3.1.0", "3.0.0"].map(|tag| tag.parse().unwrap()).to_vec();
        let selection = selected(0, vec![of_line]).selection;
        let asked = |image: &Image| asked(image, &selection).iter().map(|a| a.tag.to_string()).collect::<Vec<_>>();
        assert_eq!(asked(&image), Vec::<String>::new(), "`keep` does not ask");
        image.keep.unused = Some(Duration::from_secs(86_400));
        assert_eq!(asked(&image), ["3.1.0", "3.2.0"], "not 3.0.0, which is pending, nor 2.0.0, which no line has");
        image.keep.newest = Some(2);
        assert_eq!(asked(&image), ["3.1.0"]);
        let (tag, digest) = (image.approved[1].tag.clone(), image.approved[1].digest.clone());
        let (reason, span) = (String::new(), crate::diag::Span::default());
        image.revoked.push(crate::manifest::Revocation { tag, digest, reason, delete: false, span });
        assert_eq!(asked(&image), Vec::<String>::new());
    }
}
