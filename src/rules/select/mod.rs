//! The choice from a list of tags, with a reason for every tag.
//!
//! [`Readings::of`] reads the list once, [`Readings::inquire`] judges once what needs no facts,
//! [`missing`](inquiry::Inquiry::missing) says what must be looked up, and [`answer`](inquiry::Inquiry::answer)
//! decides. A caller looks up what is missing and asks again until nothing is: for each line the newest candidate's
//! digest, then its age, then its readiness (or, if it is too young, its tag's earlier digests), and the next older
//! candidate's only if that one must not be proposed. Every line asks for one fact per round, and [`ROUNDS`] limits the
//! rounds.

mod below;
mod beside;
mod candidate;
mod commits;
mod earlier;
mod family;
mod floating;
mod inquiry;
mod judgement;
mod line;
mod named;
mod readings;
mod rows;
mod start;
mod versions;

pub(crate) use below::{compared_with, is_followed, newest_approval, newest_first};
pub(crate) use candidate::Candidate;
pub(crate) use earlier::{EARLIER, alone};
pub use line::ROUNDS;
pub use readings::Readings;

#[cfg(test)]
mod decisions;
#[cfg(test)]
mod histories;
#[cfg(test)]
mod lookups;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
