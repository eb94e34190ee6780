//! What is shown while a run works: the log and its groups ([`stream`]), and [`bars`] on a terminal.

mod bars;
mod drawn;
mod pace;
mod stream;

pub(crate) use bars::{Bar, Progress};
pub(crate) use drawn::end_bars;
pub(crate) use stream::{GROUP, Group, Messages, OutsideGroups, PHASE, join, say};
