//! The form of what is said.

/// A difference in sentences.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Told {
    /// Why the bytes differ, one word and its sentence: `base: the image that it is built on was replaced`. `None` for
    /// a first approval.
    pub why: Option<String>,
    /// Whether known vulnerabilities are better or worse than in what is approved. `None` for a first approval.
    pub better: Option<String>,
    /// What came in and what went out, the most important first: at most twenty lines.
    pub changes: Vec<Line>,
    /// What the lines above only count.
    pub lists: Vec<List>,
}

/// One line of a list, or of the list below a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub depth: usize,
    pub text: String,
}

/// A list that readers unfold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct List {
    pub heading: String,
    pub lines: Vec<String>,
}

impl Line {
    pub(super) fn top(text: String) -> Self {
        Self { depth: 0, text }
    }

    pub(super) fn below(text: String) -> Self {
        Self { depth: 1, text }
    }
}
