//! Why a file cannot be edited.

/// Why a text could not be edited as asked. The text is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EditError {
    /// What stands in the way, and how to fix it.
    pub message: String,
    /// The byte of the text that is in the way; `None` where it is the file as a whole.
    pub at: Option<usize>,
}

impl EditError {
    pub(super) fn whole(message: impl Into<String>) -> Self {
        Self { message: message.into(), at: None }
    }

    pub(super) fn at(at: usize, message: impl Into<String>) -> Self {
        Self { message: message.into(), at: Some(at) }
    }

    /// What is valid YAML but not worth editing.
    pub(super) fn unusual(at: usize) -> Self {
        Self::at(at, "this is written in a way that cannot be edited safely: make the change by hand")
    }

    /// The error at a place, where it has none yet.
    pub(super) fn or_at(self, at: usize) -> Self {
        Self { at: self.at.or(Some(at)), ..self }
    }
}
