//! What a rule decides about every tag: the table of `explain`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use super::page::Page;
use super::rows::Failed;
use crate::image::Tag;
use crate::rules::{
    Line, NoVersion, Notice, NoticeKind, Reading, Reason, Rule, Selection, Subject, TagVerdict, Verdict,
};
use crate::text::{clean, pad, serde_name};

/// What rules decide about the tags of some images.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Explanation {
    /// The images, in the manifest's order.
    pub images: Vec<ExplainedImage>,
    /// What could not be checked.
    pub failed: Vec<Failed>,
}

/// What a rule decides about one image's tags.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExplainedImage {
    /// The image's source as the manifest writes it.
    pub source: String,
    /// The mirror's name without the organization.
    pub repository: String,
    /// The lines, newest first.
    pub lines: Vec<ExplainedLine>,
    /// Every tag, newest first.
    pub tags: Vec<ExplainedTag>,
    /// Whether the rule picks nothing and has no approval to follow.
    pub unmatched: bool,
    /// If the rule picks nothing: the small change to it that would pick something.
    pub suggestion: Option<String>,
    /// Approvals that the rule does not read: nothing is chosen past them.
    pub unread: Vec<ExplainedUnread>,
    /// Lines for which newer versions are published in another family.
    pub beside: Vec<ExplainedBeside>,
    /// The same in words, except for what is said at a line.
    #[serde(skip)]
    told: Vec<String>,
}

/// An approval that the rule does not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExplainedUnread {
    /// The approved tag.
    pub tag: Tag,
    /// The change to the rule that would read it, in words; null if none is known.
    pub suggestion: Option<String>,
}

/// A line for which newer versions are published in another family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExplainedBeside {
    /// The line.
    pub line: String,
    /// The line's newest approval.
    pub current: Tag,
    /// The newest of those versions.
    pub newest: Tag,
    /// The change to the rule that would follow them, in words; null if none is known.
    pub suggestion: Option<String>,
}

/// One line and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExplainedLine {
    /// Its name.
    pub line: String,
    /// Its newest approval.
    pub current: Option<Tag>,
    /// What would be proposed.
    pub chosen: Option<Tag>,
    /// The first day on which a waiting version is due.
    #[serde(skip)]
    due: Option<(Tag, DateTime<Utc>)>,
    /// What else is said about it, in words.
    #[serde(skip)]
    told: Vec<String>,
}

impl From<&Line> for ExplainedLine {
    fn from(line: &Line) -> Self {
        Self {
            line: line.name.clone(),
            current: line.current.as_ref().map(|(tag, _)| tag.clone()),
            chosen: line.chosen.as_ref().map(|chosen| chosen.tag.clone()),
            due: line.waiting.iter().filter_map(|w| Some((w.tag.clone(), w.until?))).min_by_key(|(_, due)| *due),
            told: Vec::new(),
        }
    }
}

/// One tag and its one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExplainedTag {
    /// The tag.
    pub tag: Tag,
    /// What became of it.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
    /// The reason, in words.
    pub detail: String,
    /// When it or an earlier digest of it is old enough; null if it does not wait, or if this is not known yet.
    #[schemars(with = "Option<String>")]
    pub until: Option<DateTime<Utc>>,
    /// The family it belongs to; `None` if it is not a version.
    #[serde(skip)]
    family: Option<String>,
    /// What was read as its version.
    #[serde(skip)]
    reading: String,
}

impl ExplainedImage {
    /// What `selection` says about tags under `subject`'s rule, and what has to be said about the rule.
    #[must_use]
    pub(crate) fn new(
        source: &str,
        repository: &str,
        subject: &Subject,
        selection: &Selection,
        notices: &[Notice],
    ) -> Self {
        let waiting = selection.lines.iter().flat_map(|line| &line.waiting);
        // if a tag waits on two lines, the first one counts
        let due: Due<'_> = waiting.rev().map(|waiting| (&waiting.tag, waiting.until)).collect();
        let mut image = Self {
            source: source.to_owned(),
            repository: repository.to_owned(),
            lines: selection.lines.iter().map(ExplainedLine::from).collect(),
            tags: selection.tags.iter().map(|verdict| explained(subject, &due, verdict)).collect(),
            unmatched: false,
            suggestion: None,
            unread: Vec::new(),
            beside: Vec::new(),
            told: Vec::new(),
        };
        notices.iter().for_each(|notice| image.tell(notice));
        image
    }

    fn tell(&mut self, notice: &Notice) {
        let Notice { kind, suggestion } = notice.clone();
        let mut at = &mut self.told;
        match kind {
            NoticeKind::Unmatched => {
                self.unmatched = true;
                self.suggestion = suggestion;
            }
            NoticeKind::Unread(tag) => self.unread.push(ExplainedUnread { tag, suggestion }),
            NoticeKind::Beside { line, current, newest } => {
                if let Some(explained) = self.lines.iter_mut().find(|explained| explained.line == line) {
                    at = &mut explained.told;
                }
                self.beside.push(ExplainedBeside { line, current, newest, suggestion });
            }
        }
        at.push(notice.text());
    }
}

/// When a waiting version is old enough, if that is known.
type Due<'s> = BTreeMap<&'s Tag, Option<DateTime<Utc>>>;

fn explained(subject: &Subject, due: &Due<'_>, verdict: &TagVerdict) -> ExplainedTag {
    let reading = match &subject.rule {
        Rule::Versions(rule) => rule.read(&verdict.tag),
        Rule::Tags(_) => Reading::Other(NoVersion::Name),
    };
    let (family, reading) = match reading {
        Reading::Version(version) => (Some(version.family()), version.release()),
        Reading::Other(_) => (None, String::new()),
    };
    let TagVerdict { tag, verdict, reason, detail } = verdict.clone();
    let until = due.get(&tag).copied().flatten();
    ExplainedTag { tag, verdict, reason, detail, until, family, reading }
}

/// The table for people: the lines of each image, then its tags by family, newest first; the families that have a
/// chosen or approved tag come first.
pub(super) fn human(out: &mut Page, explanation: &Explanation) -> io::Result<()> {
    for image in &explanation.images {
        out.heading(&format!("{} -> {}", clean(&image.source), clean(&image.repository)))?;
        for line in &image.lines {
            let name = |tag: &Option<Tag>| tag.as_ref().map_or("nothing", Tag::as_str).to_owned();
            let chosen = line.chosen.as_ref().map_or("nothing new".to_owned(), |tag| format!("would propose {tag}"));
            let due = line.due.as_ref().map(|(tag, due)| {
                let tag = if line.chosen.as_ref() == Some(tag) { "its current digest" } else { tag.as_str() };
                format!("; {tag} is due {}", due.format("%Y-%m-%d %H:%M UTC"))
            });
            writeln!(
                out,
                "  line {}: approved {}, {chosen}{}",
                line.line,
                name(&line.current),
                due.unwrap_or_default()
            )?;
            line.told.iter().try_for_each(|text| writeln!(out, "    {}", clean(text)))?;
        }
        image.told.iter().try_for_each(|text| writeln!(out, "  {}", clean(text)))?;
        families(out, &image.tags)?;
        writeln!(out)?;
    }
    Ok(())
}

fn families(out: &mut Page, tags: &[ExplainedTag]) -> io::Result<()> {
    let mut families: BTreeMap<Option<&str>, (usize, Vec<&ExplainedTag>)> = BTreeMap::new();
    for (at, tag) in tags.iter().enumerate() {
        let family = families.entry(tag.family.as_deref()).or_insert_with(|| (at, Vec::new()));
        family.1.push(tag);
    }
    let mut families: Vec<_> = families.into_iter().collect();
    let wanted = |tags: &[&ExplainedTag]| tags.iter().any(|tag| tag.verdict != Verdict::Skipped);
    families.sort_by_key(|(name, (first, tags))| (!wanted(tags), name.is_none(), *first));
    for (family, (_, tags)) in families {
        writeln!(out, "\n  {}", family.unwrap_or("no versions"))?;
        let width = |text: fn(&ExplainedTag) -> usize| tags.iter().map(|tag| text(tag)).max().unwrap_or(0);
        let (first, second) = (width(|t| t.tag.as_str().len()), width(|t| t.reading.len()));
        let fourth = width(|t| serde_name(&t.reason).len()).max(15);
        for tag in &tags {
            let line = format!(
                "    {}  {}  {}  {}  {}",
                pad(tag.tag.as_str(), first),
                pad(&tag.reading, second),
                pad(verdict(tag.verdict), 8),
                pad(&serde_name(&tag.reason), fourth),
                clean(&tag.detail)
            );
            writeln!(out, "{}", line.trim_end())?;
        }
    }
    Ok(())
}

const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Chosen => "chosen",
        Verdict::Approved => "approved",
        Verdict::Skipped => "skipped",
    }
}
