//! Which tags nobody may move or delete on Docker Hub.
//!
//! Docker Hub keeps a list of RE2 expressions: an existing tag that one of them matches cannot be moved or deleted, and
//! with an empty list that applies to every tag. RE2 has no "all but", so the expressions written here describe the
//! form of the promoted tags, `^[0-9]+\.[0-9]+\.[0-9]+$`: the next version is covered before it is pushed, a retired
//! tag stays covered, and floating tags are not. If a tag that must stay movable has the form of a promoted one, those
//! promoted tags are listed one by one.
//!
//! Rules are compared by their effect on tags, never as text, and other people's rules that do no harm are kept.

use std::collections::{BTreeMap, BTreeSet};

use regex::RegexBuilder;

use crate::image::Tag;
use crate::manifest::Image;
use crate::rules::Rule;

/// The largest compiled rule, in bytes: more than any tag needs.
const SIZE_LIMIT: usize = 1 << 20;

/// Which tags of a repository nobody may move or delete, as Docker Hub stores it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImmutableTags {
    /// Whether there are any.
    pub enabled: bool,
    /// RE2 expressions for these tags; all tags if there are none.
    pub rules: Vec<String>,
}

impl ImmutableTags {
    /// Whether a tag certainly cannot be moved: an expression matches all of it.
    #[must_use]
    pub fn holds(&self, tag: &Tag) -> bool {
        self.enabled && (self.rules.is_empty() || self.rules.iter().any(|rule| matches_whole(rule, tag)))
    }

    /// Whether it is possible that a tag cannot be moved: an expression matches all or part of it. Docker Hub does not
    /// document which of the two it checks.
    #[must_use]
    pub fn may_hold(&self, tag: &Tag) -> bool {
        self.enabled && (self.rules.is_empty() || self.rules.iter().any(|rule| matches_part(rule, tag)))
    }
}

/// The tags of a repository, by whether they may ever move.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Tags {
    /// Promoted tags that nobody may move.
    pub fixed: BTreeSet<Tag>,
    /// Tags that promotion has to be able to move: floating ones, and versions whose rebuilds are proposed.
    pub movable: BTreeSet<Tag>,
}

impl Tags {
    /// The tags of the images that share a repository.
    pub(crate) fn of(images: &[&Image]) -> Self {
        let mut tags = Self::default();
        for image in images {
            tags.movable.extend(image.aliases.iter().cloned());
            let approved = image.approved.iter().map(|approval| approval.tag.clone());
            match &image.rule {
                Rule::Tags(floating) => tags.movable.extend(approved.chain(floating.iter().cloned())),
                Rule::Versions(_) if image.immutable_tags => tags.fixed.extend(approved),
                Rule::Versions(_) if image.rebuilds => tags.movable.extend(approved),
                Rule::Versions(_) => {}
            }
        }
        tags.fixed.retain(|tag| !tags.movable.contains(tag));
        tags
    }

    /// The same, but one tag has to be deletable.
    pub(crate) fn without(mut self, tag: &Tag) -> Self {
        self.fixed.remove(tag);
        self.movable.insert(tag.clone());
        self
    }

    /// The rules that hold every fixed tag and no movable one; existing rules that catch no movable tag are kept.
    pub(crate) fn corrected(&self, held: &ImmutableTags) -> ImmutableTags {
        let harmless = |rule: &&String| !self.movable.iter().any(|tag| matches_part(rule, tag));
        let kept = held.rules.iter().filter(|_| held.enabled).filter(harmless);
        let mut rules: Vec<String> = kept.cloned().collect();
        let uncovered = |tag: &&Tag| !rules.iter().any(|rule| matches_whole(rule, tag));
        let open: BTreeSet<&Tag> = self.fixed.iter().filter(uncovered).collect();
        rules.extend(self.rules(&open));
        ImmutableTags { enabled: !rules.is_empty(), rules }
    }

    /// One rule for each form of these tags or, if a movable tag has that form too, one that lists them.
    fn rules(&self, tags: &BTreeSet<&Tag>) -> Vec<String> {
        let mut forms: BTreeMap<String, Vec<&Tag>> = BTreeMap::new();
        for tag in tags {
            forms.entry(form(tag)).or_default().push(tag);
        }
        let named = |tags: &[&Tag]| {
            let names: Vec<String> = tags.iter().map(|tag| regex::escape(tag.as_str())).collect();
            format!("^(?:{})$", names.join("|"))
        };
        let rule = |(form, tags): (String, Vec<&Tag>)| {
            let shared = self.movable.iter().any(|tag| matches_part(&form, tag));
            if shared { named(&tags) } else { form }
        };
        forms.into_iter().map(rule).collect()
    }
}

/// The form of a tag: the tag itself, with every run of digits standing for any number.
fn form(tag: &Tag) -> String {
    let mut form = String::from("^");
    let mut rest = tag.as_str();
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if digits > 0 {
            form.push_str("[0-9]+");
            rest = &rest[digits..];
        } else {
            let end = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
            form.push_str(&regex::escape(&rest[..end]));
            rest = &rest[end..];
        }
    }
    form.push('$');
    form
}

fn matches_whole(rule: &str, tag: &Tag) -> bool {
    matches_part(&format!("^(?:{rule})$"), tag)
}

/// A rule that cannot be parsed here matches nothing: the tags that it should hold then get another rule.
fn matches_part(rule: &str, tag: &Tag) -> bool {
    let compiled = RegexBuilder::new(rule).size_limit(SIZE_LIMIT).build();
    compiled.is_ok_and(|expression| expression.is_match(tag.as_str()))
}
