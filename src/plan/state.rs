//! The decision: one approval's state, and what has to be found out first.

use schemars::JsonSchema;
use serde::Serialize;

use crate::image::Digest;
use crate::manifest::{Approval, Image};

/// The state of one approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The bytes are to be copied and the tag set.
    Copy,
    /// The mirror has the bytes under this tag, but they are not recorded: they are verified and recorded.
    TagOnly,
    /// Promoted, recorded and still there.
    Present,
    /// To be copied, but upstream no longer has the digest.
    SourceLost,
    /// The mirror's tag resolves to something that promotion did not put there.
    MirrorDiffers,
    /// Fewer people approved it than the policy requires.
    Unreviewed,
    /// It is not verified to be signed as the image asks.
    Unsigned,
    /// The mirror is a repository that exists and is not ours: it is left untouched.
    NotOurs,
    /// A manifest or index of it is one that two readers could understand differently.
    Refused,
    /// It is unknown what the mirror's tag should resolve to: upstream does not provide the index, and what the mirror
    /// says does not count if this program did not record it.
    Unknown,
    /// The manifest revokes it.
    Revoked,
}

/// What was observed for one approval. The mirror is asked first; [`decide`] says whether anything else is needed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Observed {
    /// What the mirror's tag resolves to.
    pub mirror: Option<Digest>,
    /// Why the mirror's repository is not ours, if it is not.
    pub not_ours: Option<String>,
    /// Whether enough people approved it; `None` if that was not checked.
    pub review: Option<Review>,
    /// Whether upstream still has the approved digest; `None` if it was not asked.
    pub upstream: Option<bool>,
    /// The result of `digest` and `platforms`, if it is known: always for a whole index; for a subset once the index
    /// was read upstream or at the mirror.
    pub expected: Option<Digest>,
    /// The result of `digest` and `platforms` according to the mirror's own document, if nothing else says so and its
    /// record is not this program's.
    pub claimed: Option<Digest>,
    /// Why what upstream has is refused: two readers could understand it differently.
    pub refused: Option<String>,
    /// Whether it is signed as the image requires; `None` if that was not checked.
    pub signing: Option<Signing>,
    /// How many layers to be copied may not be distributed: their descriptors are kept, their bytes are not copied.
    pub foreign: usize,
}

/// Whether as many people approved as the policy requires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Review {
    Enough,
    /// Why it may not be promoted although it is in the manifest.
    TooFew(String),
}

/// Whether bytes are signed as their image requires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Signing {
    /// They are; by whom, as recorded.
    Verified(Option<String>),
    /// Why they are not accepted.
    Unsigned(String),
}

/// The state of an approval as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decision {
    /// Unchecked reviews and signatures count as sufficient; an upstream that was not asked counts as having
    /// everything.
    pub state: State,
    /// What has to be found out before the state is settled.
    pub lacks: Option<Fact>,
}

/// What a decision may still need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fact {
    /// [`Observed::review`].
    Review,
    /// [`Observed::upstream`], and what it says about [`Observed::expected`].
    Upstream,
    /// [`Observed::signing`].
    Signing,
}

/// Decides the state of one approval.
///
/// Nothing is promoted to a repository that is not ours, and then nothing else has to be looked up. A record counts as
/// promoted only if it is the result of `digest` and `platforms`; a mirror tag is moved only off what is recorded;
/// bytes that the image revokes are never promoted, under any tag.
pub(crate) fn decide(image: &Image, approval: &Approval, observed: &Observed) -> Decision {
    let state = state(image, approval, observed);
    let lacks = match (state, &observed.review) {
        (State::Present | State::Revoked | State::Unreviewed | State::Unsigned | State::NotOurs, _) => None,
        (State::Refused | State::Unknown, _) => None,
        (State::MirrorDiffers, _) if is_recorded(approval, observed) => None,
        (_, None) => Some(Fact::Review),
        (State::Copy, _) if observed.upstream.is_none() => Some(Fact::Upstream),
        (State::MirrorDiffers, _) if observed.upstream.is_none() && observed.expected.is_none() => Some(Fact::Upstream),
        (State::Copy | State::TagOnly, _) if image.signatures.is_some() && observed.signing.is_none() => {
            Some(Fact::Signing)
        }
        _ => None,
    };
    Decision { state, lacks }
}

fn state(image: &Image, approval: &Approval, observed: &Observed) -> State {
    if is_revoked(image, approval) {
        return State::Revoked;
    }
    if observed.not_ours.is_some() {
        return State::NotOurs;
    }
    let now = observed.mirror.as_ref();
    if is_recorded(approval, observed) {
        match now {
            Some(now) if Some(now) == approval.mirrored.as_ref() => return State::Present,
            Some(_) => return State::MirrorDiffers,
            None => {}
        }
    }
    if matches!(observed.review, Some(Review::TooFew(_))) {
        return State::Unreviewed;
    }
    if observed.refused.is_some() {
        return State::Refused;
    }
    let unsigned = matches!(observed.signing, Some(Signing::Unsigned(_)));
    match at_mirror(approval, observed) {
        State::Copy | State::TagOnly if unsigned => State::Unsigned,
        state => state,
    }
}

/// The state given what the mirror has, if nothing prevents the approval.
fn at_mirror(approval: &Approval, observed: &Observed) -> State {
    let now = observed.mirror.as_ref();
    match now {
        Some(_) if now == observed.expected.as_ref() => State::TagOnly,
        Some(_) if now != approval.mirrored.as_ref() && observed.expected.is_some() => State::MirrorDiffers,
        Some(_) if observed.upstream == Some(false) && is_only_claimed(observed) => State::Unknown,
        _ if observed.upstream == Some(false) => State::SourceLost,
        Some(_) if now != approval.mirrored.as_ref() => State::MirrorDiffers,
        _ => State::Copy,
    }
}

/// Whether the image revokes the approved bytes: then nothing has to be looked up to decide.
pub(crate) fn is_revoked(image: &Image, approval: &Approval) -> bool {
    image.revoked.iter().any(|revoked| revoked.digest == approval.digest)
}

/// Whether the recorded digest is the result of `digest` and `platforms`.
fn is_recorded(approval: &Approval, observed: &Observed) -> bool {
    approval.mirrored.is_some() && approval.mirrored == observed.expected
}

/// Whether only the mirror's own document says that it is what was approved.
fn is_only_claimed(observed: &Observed) -> bool {
    observed.expected.is_none() && observed.claimed.is_some() && observed.claimed == observed.mirror
}

/// Says that upstream no longer has what was approved.
pub(crate) fn lost(source: &str, digest: &Digest) -> String {
    format!("{source} no longer has {digest}: approve what it has now, or remove the approval")
}

/// The state in words, for the plan.
pub(super) fn detail(image: &Image, approval: &Approval, observed: &Observed, state: State) -> String {
    let short = |digest: Option<&Digest>| digest.map_or("nothing", Digest::short).to_owned();
    let now = short(observed.mirror.as_ref());
    match state {
        State::Copy => copying(image, approval, observed),
        State::TagOnly => "the mirror already has it; its bytes are verified and recorded".to_owned(),
        State::Present => "promoted".to_owned(),
        State::SourceLost => lost(&image.source_text, &approval.digest),
        State::MirrorDiffers => match &approval.mirrored {
            Some(mirrored) => format!(
                "the mirror's tag resolves to {now}, not to the recorded {}: somebody else moved it, so it is left alone; delete it there to have the approved image copied",
                mirrored.short()
            ),
            None => format!(
                "the mirror's tag already resolves to {now}, which is not recorded: it is left alone; delete it there to have the approved image copied"
            ),
        },
        State::NotOurs => observed.not_ours.clone().unwrap_or_default(),
        State::Unreviewed => match &observed.review {
            Some(Review::TooFew(why)) => why.clone(),
            _ => String::new(),
        },
        State::Unsigned => match &observed.signing {
            Some(Signing::Unsigned(why)) => why.clone(),
            _ => String::new(),
        },
        State::Refused => observed.refused.clone().unwrap_or_default(),
        State::Unknown => format!(
            "the mirror has {now}, which claims to be the wanted platforms of the approved image, but {}; only upstream's index could prove it",
            lost(&image.source_text, &approval.digest)
        ),
        State::Revoked => {
            let reason = image.revoked.iter().find(|r| r.digest == approval.digest).map(|r| r.reason.as_str());
            format!("revoked: {}", reason.unwrap_or_default())
        }
    }
}

fn copying(image: &Image, approval: &Approval, observed: &Observed) -> String {
    let target = observed.expected.as_ref().unwrap_or(&approval.digest).short();
    let subset = image.platforms.as_ref().filter(|_| observed.expected.as_ref() != Some(&approval.digest));
    let what = match &observed.mirror {
        Some(now) => format!("moves the tag from {} to {target}", now.short()),
        None if is_recorded(approval, observed) => format!("the mirror has lost the tag: copies {target} again"),
        None if subset.is_none() => format!("copies {target} from {}", image.source_text),
        None => format!("copies {target}"),
    };
    let what = match subset {
        Some(platforms) => {
            let names: Vec<String> = platforms.iter().map(ToString::to_string).collect();
            format!("{what}, a new index with {} of {}", names.join(", "), approval.digest.short())
        }
        None => what,
    };
    match observed.foreign {
        0 => what,
        count => {
            format!("{what}; {count} layer(s) may not be distributed: they are listed, but their bytes are not copied")
        }
    }
}
