//! What to say about the rules that a pull request brings, or about every rule when run by hand: that one picks
//! nothing, or does not read what is approved. Sources are listed for these only.

use chrono::{DateTime, Utc};

use crate::image::{Location, Tag};
use crate::manifest::{Image, Manifest};
use crate::observe::candidates::{Listed, list};
use crate::observe::sources::Sources;
use crate::proposal::changed::changed;
use crate::proposal::subject;
use crate::rules::{self, Notice, NoticeKind, Rule, Subject, tried};
use crate::text::counted;

/// What to say about the rule of one image.
pub(super) struct Told {
    /// Its position in the manifest.
    pub(super) image: usize,
    pub(super) notice: Notice,
}

/// What sources are listed with, and how far.
pub(super) struct RuleReader<'a> {
    pub(super) sources: &'a Sources,
    /// Whether directories must not be read.
    pub(super) public_only: bool,
    pub(super) now: DateTime<Utc>,
}

impl RuleReader<'_> {
    /// What to say about rules that `base` lacks. If a source cannot be listed, only what needs no list is said.
    pub(super) async fn told(&self, base: Option<&Manifest>, head: &Manifest) -> Vec<Told> {
        let wanted = |image: &Image| image.approved.is_empty() || !self.of(&subject(image), &[]).is_empty();
        let images: Vec<_> = changed(base, head).into_iter().filter(|(_, image)| wanted(image)).collect();
        let in_reach = |image: &&Image| !(self.public_only && matches!(image.source, Location::Layout(_)));
        let listed = list(self.sources, images.iter().map(|(_, image)| *image).filter(in_reach)).await;
        let mut failed = listed.iter().filter_map(|(source, listed)| Some((source, listed.as_ref().err()?)));
        if let Some((source, error)) = failed.next() {
            let others = match failed.count() {
                0 => String::new(),
                count => format!(" and {}", counted(count, "other source")),
            };
            tracing::warn!("it is unknown whether rules pick anything from {source}{others}: {error}");
        }
        let notices =
            |(at, image)| self.notices(image, &listed).into_iter().map(move |notice| Told { image: at, notice });
        images.into_iter().flat_map(notices).collect()
    }

    fn notices(&self, image: &Image, listed: &Listed) -> Vec<Notice> {
        let subject = subject(image);
        let mut notices = match (&image.rule, listed.get(&image.source)) {
            (Rule::Tags(tags), _) => self.of(&subject, tags),
            (Rule::Versions(_), Some(Ok(tags))) => self.of(&subject, tags),
            (Rule::Versions(_), _) => rules::unread(&subject),
        };
        notices.retain(|notice| !matches!(notice.kind, NoticeKind::Beside { .. }));
        notices
    }

    fn of(&self, subject: &Subject, tags: &[Tag]) -> Vec<Notice> {
        rules::notices(subject, tags, &tried(subject, tags, self.now))
    }
}
