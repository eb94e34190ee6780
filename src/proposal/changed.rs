//! Which rules a change to the manifest affects.

use std::collections::BTreeMap;

use crate::image::{Location, Tag};
use crate::manifest::{Image, Manifest};

/// The images of `head` that are new, or whose rule chooses differently from the base's: a different rule, or different
/// approved or rejected tags. All of them if there is no base. Each with its position in the manifest.
pub(crate) fn changed<'a>(base: Option<&'a Manifest>, head: &'a Manifest) -> Vec<(usize, &'a Image)> {
    let mut before: BTreeMap<&Location, Vec<&Image>> = BTreeMap::new();
    for image in base.into_iter().flat_map(|base| &base.images) {
        before.entry(&image.source).or_default().push(image);
    }
    let stood =
        |image: &Image| before.get(&image.source).is_some_and(|images| images.iter().any(|was| alike(was, image)));
    head.images.iter().enumerate().filter(|(_, image)| !stood(image)).collect()
}

fn alike(was: &Image, is: &Image) -> bool {
    let approved = |image: &Image| image.approved.iter().map(|approval| approval.tag.clone()).collect::<Vec<Tag>>();
    let rejected = |image: &Image| image.rejected.iter().map(|r| (r.tag.clone(), r.until)).collect::<Vec<_>>();
    was.repository == is.repository
        && was.rule == is.rule
        && approved(was) == approved(is)
        && rejected(was) == rejected(is)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;
    use crate::proposal::fixtures::manifest;

    #[test]
    fn what_the_base_has_is_not_brought() {
        let base = manifest(&["grafana/loki", "redis"]);
        let at = |head: &Manifest| changed(Some(&base), head).into_iter().map(|(at, _)| at).collect::<Vec<_>>();
        assert!(at(&base).is_empty());
        assert_eq!(changed(None, &base).len(), 2);

        let mut head = manifest(&["redis", "grafana/loki", "grafana/tempo"]);
        assert_eq!(at(&head), [2], "the order is nothing");
        head.images[0].labels.push("cache".to_owned());
        assert_eq!(at(&head), [2], "a label chooses nothing");
        head.images[0].rule = crate::rules::Rule::Tags(vec!["stable".parse().unwrap()]);
        assert_eq!(at(&head), [0, 2]);
        head.images[1].repository = "logs".parse().unwrap();
        assert_eq!(at(&head), [0, 1, 2]);
    }
}
