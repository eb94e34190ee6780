//! The decision: what one approval's state is.

use super::{Observed, State};
use crate::image::Digest;
use crate::manifest::{Approval, Image};

/// Decides the state of one approval.
///
/// What is recorded counts as promoted only where it is what `digest` and `platforms` give; a mirror tag is moved only off
/// what is recorded; bytes that the image revokes are never promoted, under whichever tag.
#[must_use]
pub fn state(image: &Image, approval: &Approval, observed: &Observed) -> State {
    if image.revoked.iter().any(|revoked| revoked.digest == approval.digest) {
        return State::Revoked;
    }
    let now = observed.mirror.as_ref();
    if is_recorded(approval, observed) {
        match now {
            Some(now) if Some(now) == approval.mirrored.as_ref() => return State::Present,
            Some(_) => return State::MirrorDiffers,
            None => {}
        }
    }
    if observed.unreviewed.is_some() {
        return State::Unreviewed;
    }
    match now {
        Some(_) if now == observed.expected.as_ref() => State::TagOnly,
        Some(_) if now != approval.mirrored.as_ref() && observed.expected.is_some() => State::MirrorDiffers,
        _ if observed.upstream == Some(false) => State::SourceLost,
        Some(_) if now != approval.mirrored.as_ref() => State::MirrorDiffers,
        _ => State::Copy,
    }
}

/// Whether an approval is still to be promoted, so that reviews are asked about: neither promoted and there, nor revoked.
#[must_use]
pub fn awaits(image: &Image, approval: &Approval, observed: &Observed) -> bool {
    let doubted = Observed { unreviewed: Some(String::new()), ..observed.clone() };
    state(image, approval, &doubted) == State::Unreviewed
}

/// Whether what is recorded is what `digest` and `platforms` give.
fn is_recorded(approval: &Approval, observed: &Observed) -> bool {
    approval.mirrored.is_some() && approval.mirrored == observed.expected
}

/// That upstream no longer has what was approved, in words.
#[must_use]
pub fn lost(source: &str, digest: &Digest) -> String {
    format!("{source} no longer answers {digest}: approve what it has now, or take the approval out")
}

/// The state in words, for the plan.
pub(super) fn detail(image: &Image, approval: &Approval, observed: &Observed, state: State) -> String {
    let short = |digest: Option<&Digest>| digest.map_or("nothing", Digest::short).to_owned();
    let now = short(observed.mirror.as_ref());
    match state {
        State::Copy => copying(image, approval, observed),
        State::TagOnly => "the mirror already answers it; its bytes are verified and recorded".to_owned(),
        State::Present => "promoted".to_owned(),
        State::SourceLost => lost(&image.source_text, &approval.digest),
        State::MirrorDiffers => match &approval.mirrored {
            Some(mirrored) => format!(
                "the mirror's tag answers {now}, not the recorded {}: somebody else moved it, so it is left alone; delete it there to have what is approved copied",
                mirrored.short()
            ),
            None => format!(
                "the mirror's tag already answers {now}, which nothing records: it is left alone; delete it there to have what is approved copied"
            ),
        },
        State::Unreviewed => observed.unreviewed.clone().unwrap_or_default(),
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
        None if is_recorded(approval, observed) => format!("the mirror lost the tag: copies {target} again"),
        None if subset.is_none() => format!("copies {target} from {}", image.source_text),
        None => format!("copies {target}"),
    };
    let what = match subset {
        Some(platforms) => {
            let names: Vec<String> = platforms.iter().map(ToString::to_string).collect();
            format!("{what}, a new index that keeps {} of {}", names.join(", "), approval.digest.short())
        }
        None => what,
    };
    match observed.foreign {
        0 => what,
        count => format!("{what}; {count} layer(s) may not be distributed: named, but their bytes are not copied"),
    }
}
