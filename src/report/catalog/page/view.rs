//! What the page shows of one image: cleaned, cut and put into words. Escaping is the template's.

use crate::catalog::{CatalogImage, CatalogRejection, CatalogRevocation, CatalogTag, CatalogWaiting, WaitingState};
use crate::text::{clean, counted, excerpt};

use super::tag::TagView;
use super::words::{Moment, NAME, TEXT, day, link, time};

/// The most approved tags that are not folded away.
const UNFOLDED: usize = 5;

/// What images can be filtered by; an image has several.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Available,
    Pending,
    Waiting,
    Rejected,
    Revoked,
}

impl State {
    pub(super) const ALL: [Self; 5] = [Self::Available, Self::Pending, Self::Waiting, Self::Rejected, Self::Revoked];

    /// As it stands in the page's address.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Pending => "not-at-the-mirror",
            Self::Waiting => "waiting",
            Self::Rejected => "rejected",
            Self::Revoked => "revoked",
        }
    }

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Available => "Available",
            Self::Pending => "Not at the mirror",
            Self::Waiting => "Waiting",
            Self::Rejected => "Rejected",
            Self::Revoked => "Revoked",
        }
    }

    fn holds(self, image: &CatalogImage) -> bool {
        match self {
            Self::Available => image.approved.iter().any(|tag| tag.pinned.is_some()),
            Self::Pending => image.approved.iter().any(|tag| tag.pinned.is_none()),
            Self::Waiting => !image.waiting.is_empty(),
            Self::Rejected => !image.rejected.is_empty(),
            Self::Revoked => !image.revoked.is_empty(),
        }
    }
}

/// One image.
pub(super) struct ImageView {
    pub(super) id: String,
    pub(super) mirror: String,
    /// What a search looks into, in lower case.
    pub(super) find: String,
    /// Empty if there is none.
    pub(super) category: String,
    /// Names of states, with spaces between them.
    pub(super) states: String,
    /// Platforms of approved tags, with spaces between them.
    pub(super) platforms: String,
    pub(super) description: String,
    pub(super) source: String,
    pub(super) rule: String,
    pub(super) newest: Vec<TagView>,
    pub(super) older: Vec<TagView>,
    pub(super) older_summary: String,
    pub(super) waiting: Vec<WaitingView>,
    pub(super) rejected: Vec<RejectedView>,
    pub(super) revoked: Vec<RevokedView>,
}

pub(super) struct WaitingView {
    pub(super) tag: String,
    pub(super) words: String,
    pub(super) until: Option<Moment>,
    pub(super) url: Option<String>,
}

pub(super) struct RejectedView {
    pub(super) tag: String,
    pub(super) reason: String,
    pub(super) until: Option<Moment>,
}

pub(super) struct RevokedView {
    pub(super) tag: String,
    pub(super) reason: String,
    pub(super) digest: String,
    pub(super) instead: Option<String>,
}

impl ImageView {
    pub(super) fn of(image: &CatalogImage) -> Self {
        let mut tags: Vec<TagView> = image.approved.iter().map(TagView::of).collect();
        let older = tags.split_off(tags.len().min(UNFOLDED));
        let states: Vec<&str> = State::ALL.into_iter().filter(|state| state.holds(image)).map(State::name).collect();
        let mirror = clean(&image.mirror);
        Self {
            id: format!("image-{}", image.repository),
            find: find(image),
            category: excerpt(image.category.as_deref().unwrap_or_default(), NAME),
            states: states.join(" "),
            platforms: platforms(&image.approved),
            description: excerpt(image.description.as_deref().unwrap_or_default(), TEXT),
            source: excerpt(&image.source, NAME),
            rule: excerpt(&image.rule, TEXT),
            newest: tags,
            older_summary: counted(older.len(), "older approved tag"),
            older,
            waiting: image.waiting.iter().map(waiting).collect(),
            rejected: image.rejected.iter().map(rejected).collect(),
            revoked: image.revoked.iter().map(|revoked| self::revoked(revoked, &mirror)).collect(),
            mirror,
        }
    }
}

/// Everything that people know an image by: names, also as they are pasted from files, tags, digests, description, category.
fn find(image: &CatalogImage) -> String {
    let (source, mirror) = (excerpt(&image.source, NAME), clean(&image.mirror));
    let mut words = vec![source.clone(), mirror.clone()];
    words.extend([&image.description, &image.category].into_iter().flatten().map(|text| excerpt(text, TEXT)));
    for tag in &image.approved {
        words.push(format!("{source}:{}", tag.tag));
        words.push(format!("{}@{}", clean(&tag.reference), tag.mirrored.as_ref().unwrap_or(&tag.digest)));
        words.extend(tag.mirrored.as_ref().filter(|mirrored| **mirrored != tag.digest).map(|_| tag.digest.to_string()));
        words.extend(tag.aliases.iter().map(|alias| format!("{mirror}:{alias}")));
    }
    let others = image.waiting.iter().map(|waiting| &waiting.tag);
    let others = others.chain(image.rejected.iter().map(|rejected| &rejected.tag));
    words.extend(others.flat_map(|tag| [format!("{source}:{tag}"), format!("{mirror}:{tag}")]));
    words.extend(image.revoked.iter().map(|revoked| format!("{mirror}:{}@{}", revoked.tag, revoked.digest)));
    words.join("\n").to_lowercase()
}

fn platforms(tags: &[CatalogTag]) -> String {
    let mut names: Vec<String> = Vec::new();
    for platform in tags.iter().flat_map(|tag| &tag.platforms) {
        let name = excerpt(&platform.platform, NAME).replace(' ', "-");
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(" ")
}

fn waiting(waiting: &CatalogWaiting) -> WaitingView {
    let why = excerpt(&waiting.why, TEXT);
    let words = match (waiting.state, why.is_empty()) {
        (WaitingState::Proposed, true) => "Proposed: waits for a review".to_owned(),
        (WaitingState::Proposed, false) => format!("Proposed: {why}"),
        (WaitingState::Waiting, true) => "Waits".to_owned(),
        (WaitingState::Declined, _) => format!("Declined: {why}"),
        (WaitingState::Unreviewed, _) => "In the manifest, and not approved by enough people".to_owned(),
        (WaitingState::Waiting, false) => format!("Waits: {why}"),
    };
    WaitingView {
        tag: waiting.tag.to_string(),
        words,
        until: waiting.until.as_deref().and_then(time),
        url: waiting.url.as_deref().and_then(link),
    }
}

fn rejected(rejected: &CatalogRejection) -> RejectedView {
    RejectedView {
        tag: rejected.tag.to_string(),
        reason: excerpt(&rejected.reason, TEXT),
        until: rejected.until.map(day),
    }
}

fn revoked(revoked: &CatalogRevocation, mirror: &str) -> RevokedView {
    RevokedView {
        tag: format!("{mirror}:{}", revoked.tag),
        reason: excerpt(&revoked.reason, TEXT),
        digest: revoked.digest.to_string(),
        instead: revoked.instead.as_ref().map(|tag| format!("{mirror}:{tag}")),
    }
}
