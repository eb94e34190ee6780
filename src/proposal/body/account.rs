//! What is known about one change, derived once for everything that shows it: the body, the job summary, the terminal,
//! JSON.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use super::mark::Mark;
use super::{Affected, Evidence, Served};
use crate::difference::Difference;
use crate::difference::SignerChange;
use crate::difference::words::verdict;
use crate::image::Tag;
use crate::manifest::{Image, Manifest};
use crate::policy::{Category, Gate, Standing, Told};
use crate::proposal::{Cause, Entry, Item, Kind};
use crate::rules::{Numbering, Reading, Rule, Since, Version, line_begun, order_of, series_of};

/// How far an update or downgrade goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// The first number differs.
    Major,
    /// The second number differs.
    Minor,
    /// A later number or the part after the numbers differs.
    Patch,
}

/// One change with everything that is known about it.
#[derive(Clone, Copy)]
pub(crate) struct Account<'a> {
    /// The manifest at the base.
    pub manifest: &'a Manifest,
    pub item: &'a Item,
    /// What was found out; `None` if nothing was checked.
    pub evidence: Option<&'a Evidence>,
}

impl<'a> Account<'a> {
    pub(crate) const fn of(manifest: &'a Manifest, item: &'a Item, evidence: Option<&'a Evidence>) -> Self {
        Self { manifest, item, evidence }
    }

    /// The change as the metadata keeps it.
    pub(crate) const fn entry(&self) -> &'a Entry {
        &self.item.entry
    }

    pub(crate) fn image(&self) -> &'a Image {
        &self.manifest.images[self.item.image]
    }

    pub(crate) fn lets_in(&self) -> bool {
        self.entry().kind.lets_in()
    }

    /// The tags that an update goes from and to.
    pub(super) const fn update(&self) -> Option<(&'a Tag, &'a Tag)> {
        match (self.entry().kind, &self.entry().from, &self.entry().to) {
            (Kind::Update, Some(from), Some(to)) => Some((from, to)),
            _ => None,
        }
    }

    /// How an update's version compares with the approved one; `None` if the rule cannot tell.
    pub(super) fn order(&self) -> Option<Ordering> {
        self.update().and_then(|(from, to)| order_of(&self.image().rule, from, to))
    }

    /// How far an update or downgrade goes, if both tags are counting versions. Calendar versions have no major.
    pub(crate) fn step(&self) -> Option<Step> {
        self.order().filter(|order| order.is_ne())?;
        let (from, to) = self.update()?;
        let (from, to) = (self.version(from)?, self.version(to)?);
        if from.numbering() != Numbering::Count || to.numbering() != Numbering::Count {
            return None;
        }
        let differs = |at: usize| from.numbers.get(at) != to.numbers.get(at);
        Some(match (differs(0), differs(1)) {
            (true, _) => Step::Major,
            (false, true) => Step::Minor,
            (false, false) => Step::Patch,
        })
    }

    /// The line that it starts in an image with other approved lines, in words: `new line 3.2`.
    pub(crate) fn new_line(&self) -> Option<String> {
        let (image, to) = (self.image(), self.entry().to.as_ref()?);
        let name = match self.update() {
            Some((from, _)) => line_begun(&image.rule, from, to)?,
            None if self.entry().kind == Kind::New && !image.approved.is_empty() => {
                series_of(&image.rule, to).unwrap_or_default()
            }
            None => return None,
        };
        Some(format!("{} {name}", Mark::NewLine.words()).trim_end().to_owned())
    }

    fn version(&self, tag: &Tag) -> Option<Box<Version>> {
        let Rule::Versions(rule) = &self.image().rule else { return None };
        match rule.read(tag) {
            Reading::Version(version) => Some(version),
            Reading::Other(_) => None,
        }
    }

    /// What a reviewer should not overlook, the most serious first.
    pub(crate) fn marks(&self) -> Vec<Mark> {
        let evidence = self.evidence.filter(|_| self.lets_in());
        let prerelease = || self.entry().to.as_ref().and_then(|to| self.version(to)).is_some_and(|v| v.is_prerelease());
        let all = [
            (Mark::Revoked, self.revocation().is_some()),
            (Mark::Urgent, self.entry().urgent.is_some()),
            (Mark::TagMoved, evidence.is_some_and(|e| matches!(e.served, Served::Not(_)))),
            (Mark::Incomplete, evidence.is_some_and(|e| !e.complete && !e.platforms.is_empty())),
            (Mark::PlatformLost, evidence.is_some_and(|e| !e.lost.is_empty())),
            (Mark::SignatureLost, self.signer_change() == Some(SignerChange::Lost)),
            (Mark::SignerChanged, self.signer_change() == Some(SignerChange::Changed)),
            (Mark::Downgrade, self.order() == Some(Ordering::Less)),
            (Mark::Major, self.step() == Some(Step::Major)),
            (Mark::AnotherTag, self.update().is_some() && self.order().is_none_or(Ordering::is_eq)),
            (Mark::Rebuild, self.entry().kind == Kind::Rebuild),
            (Mark::FirstApproval, self.entry().kind == Kind::New && self.image().approved.is_empty()),
            (Mark::NewLine, self.new_line().is_some()),
            (Mark::Prerelease, self.lets_in() && prerelease()),
            (Mark::NewHabit, self.item.prefix_changed),
            (Mark::EscapesReview, self.gate() == Some(Gate::Allowlisted)),
            (Mark::NoMirrorNeeded, self.gate() == Some(Gate::Allowed)),
        ];
        let of_inside =
            self.difference().into_iter().flat_map(|difference| &difference.marks).map(|mark| (*mark).into());
        let held = all.into_iter().filter(|(_, holds)| *holds).map(|(mark, _)| mark);
        held.chain(of_inside).collect::<BTreeSet<Mark>>().into_iter().collect()
    }

    /// What changed inside, if that was checked.
    pub(crate) fn difference(&self) -> Option<&'a Difference> {
        self.evidence.filter(|_| self.lets_in())?.difference.as_ref()
    }

    /// Who uses what is removed, if that was checked.
    pub(crate) fn affected(&self) -> Option<&'a Affected> {
        self.evidence.filter(|_| matches!(self.entry().kind, Kind::Retire | Kind::Revoke))?.affected.as_ref()
    }

    /// How its signers differ from those of the approved image, if that was checked.
    fn signer_change(&self) -> Option<SignerChange> {
        self.item.signer.or_else(|| self.evidence?.signer)
    }

    /// The kind of change in words, with how far it goes, without marks.
    pub(super) fn kind_and_step(&self) -> String {
        self.kind_and_step_in(&self.marks(), str::to_owned)
    }

    fn kind_and_step_in(&self, marks: &[Mark], strong: fn(&str) -> String) -> String {
        match (self.entry().kind, self.step()) {
            (Kind::New | Kind::Rebuild, _) => strong(&self.kind_words()),
            (Kind::Update, _) if marks.contains(&Mark::Downgrade) => strong(&self.kind_words()),
            (Kind::Update, _) if marks.contains(&Mark::AnotherTag) => strong(&self.kind_words()),
            (Kind::Update, Some(Step::Major)) => format!("{} update", strong("major")),
            (Kind::Update, Some(Step::Minor)) => "minor update".to_owned(),
            (Kind::Update, Some(Step::Patch)) => "patch update".to_owned(),
            (Kind::Retire | Kind::Revoke, _) if marks.contains(&Mark::Revoked) => strong("revocation"),
            _ => self.kind_words(),
        }
    }

    /// The kind of change in words, with how far it goes and the marks; `strong` makes a mark stand out.
    pub(crate) fn change(&self, strong: fn(&str) -> String) -> String {
        let marks = self.marks();
        let new_line = self.new_line();
        let kind = self.kind_and_step_in(&marks, strong);
        let further = marks.into_iter().filter(|mark| !self.says(*mark)).map(|mark| match (mark, &new_line) {
            (Mark::NewLine, Some(line)) => strong(line),
            _ => strong(mark.words()),
        });
        let urgent = self.entry().urgent.as_ref().map(|_| strong("urgent"));
        urgent.into_iter().chain([kind]).chain(further).collect::<Vec<_>>().join(", ")
    }

    /// Whether the kind of change, or the text before it, already says a mark.
    fn says(&self, mark: Mark) -> bool {
        match mark {
            Mark::Revoked | Mark::Downgrade | Mark::Major | Mark::AnotherTag | Mark::Rebuild | Mark::FirstApproval => {
                true
            }
            Mark::NewLine => self.entry().kind == Kind::New,
            _ => mark == Mark::Urgent,
        }
    }

    /// The kind of change in words, without how far an update goes.
    pub(super) fn kind_words(&self) -> String {
        let downgrade = || match self.step() {
            Some(Step::Major) => "major downgrade",
            Some(Step::Minor) => "minor downgrade",
            Some(Step::Patch) => "patch downgrade",
            None => "downgrade",
        };
        let words = match self.entry().kind {
            Kind::New => return self.new_line().unwrap_or_else(|| Mark::FirstApproval.words().to_owned()),
            Kind::Update => match self.order() {
                Some(Ordering::Greater) => "update",
                Some(Ordering::Less) => downgrade(),
                Some(Ordering::Equal) | None => Mark::AnotherTag.words(),
            },
            Kind::Rebuild => "rebuild",
            Kind::Retire => "retirement",
            Kind::Reject => "rejection",
            Kind::Revoke => "revocation",
            Kind::Expire => "end of a rejection",
        };
        words.to_owned()
    }

    /// Why the manifest revokes what is removed.
    pub(crate) fn revocation(&self) -> Option<&'a str> {
        if let Some(Cause::Revoked(reason)) = &self.item.cause {
            return Some(reason);
        }
        let Entry { to, digest, kind, .. } = self.entry();
        let revoked = self.image().revoked.iter();
        let mut this = revoked.filter(|r| *kind == Kind::Retire && Some(&r.tag) == to.as_ref() && r.digest == *digest);
        this.next().map(|r| r.reason.as_str())
    }

    /// Why it is proposed, if a person gave a reason: for the urgency, the revocation or the rejection.
    pub(crate) fn reason(&self) -> Option<String> {
        if let Some(urgent) = &self.entry().urgent {
            return Some(urgent.clone());
        }
        if let Some(rejection) = &self.entry().rejection {
            return Some(rejection.reason.clone());
        }
        if let Some(revocation) = self.revocation() {
            return Some(revocation.to_owned());
        }
        if let Some(cause) = self.item.cause.as_ref().filter(|cause| **cause != Cause::Keep) {
            return Some(cause.to_string());
        }
        let rejected = self.image().rejected.iter().find(|r| Some(&r.tag) == self.entry().to.as_ref());
        rejected.filter(|_| !self.lets_in()).map(|r| r.reason.clone())
    }

    /// Since when its digest has been known, if that was checked.
    pub(crate) const fn since(&self) -> Option<Since> {
        self.item.public_since
    }

    /// What it fixes, if its cooldown is shorter because of that.
    pub(crate) fn fixes(&self) -> Option<&str> {
        self.item.fixes.as_deref()
    }

    /// How long it waited before it was checked.
    pub(crate) fn waited(&self) -> Option<TimeDelta> {
        let at: DateTime<Utc> = self.evidence?.at?;
        Some((at - self.since()?.at).max(TimeDelta::zero()))
    }

    /// Which of the organization's rules it falls under.
    pub(crate) fn standing(&self) -> Standing {
        let by_name = Standing::of_name(&self.image().source, &self.manifest.organization);
        by_name.or_else(|| self.evidence.map(|e| e.standing.clone())).unwrap_or_default()
    }

    /// Whether its source's category was checked, or follows from the name.
    pub(crate) fn has_standing(&self) -> bool {
        self.standing() != Standing::NotAsked
    }

    /// What the manifest's policy means for its source, if bytes are added.
    pub(crate) fn gate(&self) -> Option<Gate> {
        self.lets_in().then(|| self.standing().gate(&self.image().source, &self.manifest.policy))
    }

    /// Its category and where that comes from, if known.
    pub(crate) fn category(&self) -> Option<(Category, Told)> {
        match self.standing() {
            Standing::Category(category, told) => Some((category, told)),
            _ => None,
        }
    }

    /// The currently approved digest, which would be replaced or followed.
    pub(crate) fn before(&self) -> Option<&'a crate::image::Digest> {
        let from = self.entry().from.as_ref()?;
        self.image().approved.iter().find(|a| a.tag == *from).map(|a| &a.digest)
    }

    /// Its upstream page.
    pub(crate) fn link(&self) -> Option<String> {
        super::upstream(&self.image().source, self.entry().to.as_ref()?)
    }

    /// Its rank among others: the serious first, then larger steps, removals last.
    pub(super) fn rank(&self) -> (u8, Option<Mark>, Option<Step>) {
        let grave = |mark: &Mark| *mark < Mark::BaseChanged;
        let verdict = self.difference().filter(|difference| !difference.is_first()).map(verdict);
        let worse = matches!(verdict, Some("worse" | "better and worse")).then_some(Mark::DowngradedPackage);
        let first = self.marks().into_iter().chain(worse).filter(grave).min();
        match (first, self.lets_in()) {
            (Some(_), _) => (0, first, None),
            (None, true) if matches!(verdict, Some("unknown" | "not looked up")) => (1, None, self.step()),
            (None, true) => (2, None, self.step()),
            (None, false) => (3, None, None),
        }
    }
}
