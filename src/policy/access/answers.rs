//! How a registry's answer to a member's token is judged. A registry does not know what Docker Desktop enforces: that
//! it serves an image that should be refused is not a failure.

use super::{Expected, Row, State, Subject};
use crate::image::Digest;

/// A registry's answer to a member who requests an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It exists, with this digest if the registry gives it.
    There(Option<Digest>),
    Absent,
    /// The member may not pull it; what the registry said.
    Refused(String),
    /// There was no usable answer, and why.
    Failed(String),
}

/// Judges a mirror's answer.
pub(crate) fn judge_mirror(subject: &Subject, answer: &Answer) -> Row {
    let row = |state, ok, detail: String| Row::new(subject, state, ok, detail);
    match answer {
        Answer::There(Some(found)) if subject.digest.as_ref().is_some_and(|recorded| recorded != found) => {
            let detail = format!("resolves to {found}, which is not what was recorded: see `wharfinger plan`");
            row(State::Differs, false, detail)
        }
        Answer::There(_) => row(State::Allowed, true, String::new()),
        Answer::Absent => row(State::Missing, false, "the mirror has no such tag: see `wharfinger plan`".to_owned()),
        Answer::Refused(said) => {
            let detail = format!(
                "{said}; give one of the member's teams `read` on {}: `teams` in the manifest",
                subject.repository.name
            );
            row(State::Refused, false, detail)
        }
        Answer::Failed(why) => row(State::Failed, false, why.clone()),
    }
}

/// Judges an upstream's answer.
pub(crate) fn judge_upstream(subject: &Subject, answer: &Answer) -> Row {
    let row = |state, ok, detail: String| Row::new(subject, state, ok, detail);
    match (answer, subject.expected) {
        (Answer::There(_), Expected::Pulled | Expected::Unknown) => row(State::Allowed, true, String::new()),
        (Answer::There(_), Expected::ImageRefused | Expected::RegistryRefused) => {
            let detail =
                "the registry serves it; only a Docker Desktop that is signed in with the organization refuses it";
            row(State::NotEnforcedHere, true, detail.to_owned())
        }
        (Answer::Absent, _) => row(State::Missing, true, "upstream no longer has it".to_owned()),
        (Answer::Refused(said), Expected::Pulled) => {
            row(State::Refused, false, format!("{said}; the policy allows it, but its registry does not"))
        }
        (Answer::Refused(said), _) => row(State::Refused, true, said.clone()),
        (Answer::Failed(why), _) => row(State::Failed, false, why.clone()),
    }
}
