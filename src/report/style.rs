//! How results are written, and where to.

use std::io::Write;

use super::Format;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    pub format: Format,
    pub runner: Runner,
}

/// Whether the Actions runner reads what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Runner {
    #[default]
    Absent,
    /// It reads a command line in a step, whose standard output is only for results.
    Step,
    /// It reads the action: a single stream in order, whatever [`Sinks`] call it.
    Action,
}

/// The streams that results are written to.
pub struct Sinks {
    /// Standard output: results.
    pub out: Box<dyn Write + Send>,
    /// Standard error: everything else.
    pub err: Box<dyn Write + Send>,
}
