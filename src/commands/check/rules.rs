//! What is to be said of the rules that a pull request brings, and by hand of every rule: that one picks nothing, or does not
//! read what is approved. Sources are listed for these alone.

use chrono::{DateTime, Utc};

use crate::image::{Location, Tag};
use crate::manifest::{Image, Manifest};
use crate::observe::candidates::{Listed, list};
use crate::observe::sources::Sources;
use crate::proposal::changed::changed;
use crate::proposal::subject;
use crate::rules::{self, Notice, NoticeKind, Rule, Subject, tried};

/// What is to be said of the rule of one image.
pub(super) struct Told {
    /// Its position in the manifest.
    pub(super) image: usize,
    pub(super) notice: Notice,
}

/// What sources are listed with, and how far.
pub(super) struct RuleReader<'a> {
    pub(super) sources: &'a Sources,
    /// Whether directories are out of reach.
    pub(super) public_only: bool,
    pub(super) now: DateTime<Utc>,
}

impl RuleReader<'_> {
    /// What is to be said of rules that `base` lacks. Where a source cannot be listed, what needs no list is said.
    pub(super) async fn told(&self, base: Option<&Manifest>, head: &Manifest) -> Vec<Told> {
        let wanted = |image: &Image| image.approved.is_empty() || !self.unread(&subject(image)).is_empty();
        let images: Vec<_> = changed(base, head).into_iter().filter(|(_, image)| wanted(image)).collect();
        let in_reach = |image: &&Image| !(self.public_only && matches!(image.source, Location::Layout(_)));
        let listed = list(self.sources, images.iter().map(|(_, image)| *image).filter(in_reach)).await;
        let mut failed = listed.iter().filter_map(|(source, listed)| Some((source, listed.as_ref().err()?)));
        if let Some((source, error)) = failed.next() {
            let others = failed.count();
            tracing::warn!("{source} and {others} others: it is not known whether rules pick anything there: {error}");
        }
        let of = |(at, image): &(usize, &Image)| {
            let (image_at, notices) = (*at, self.notices(image, &listed));
            notices.into_iter().map(move |notice| Told { image: image_at, notice }).collect::<Vec<_>>()
        };
        images.iter().flat_map(of).collect()
    }

    fn notices(&self, image: &Image, listed: &Listed) -> Vec<Notice> {
        let subject = subject(image);
        let mut notices = match (&image.rule, listed.get(&image.source)) {
            (Rule::Tags(tags), _) => self.of(&subject, tags),
            (Rule::Versions(_), Some(Ok(tags))) => self.of(&subject, tags),
            (Rule::Versions(_), _) => self.unread(&subject),
        };
        notices.retain(|notice| !matches!(notice.kind, NoticeKind::Beside { .. }));
        notices
    }

    /// The approvals that a rule does not read, without the list that a suggestion is tried on.
    fn unread(&self, subject: &Subject) -> Vec<Notice> {
        let unread = self.of(subject, &[]).into_iter().filter(|notice| matches!(notice.kind, NoticeKind::Unread(_)));
        unread.map(|notice| Notice { suggestion: None, ..notice }).collect()
    }

    fn of(&self, subject: &Subject, tags: &[Tag]) -> Vec<Notice> {
        rules::notices(subject, tags, &tried(subject, tags, self.now))
    }
}
