//! Why a file cannot be edited.

/// Why a text could not be edited as asked. The text is unchanged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EditError {
    /// What prevents it, and how to fix that.
    pub message: String,
    /// The byte in the text that prevents it; `None` if it is the file as a whole.
    pub at: Option<usize>,
}

impl EditError {
    pub(super) fn whole(message: impl Into<String>) -> Self {
        Self { message: message.into(), at: None }
    }

    pub(super) fn at(at: usize, message: impl Into<String>) -> Self {
        Self { message: message.into(), at: Some(at) }
    }

    /// An error for valid YAML that is too unusual to edit.
    pub(super) fn unusual(at: usize) -> Self {
        Self::at(at, "this is written in a way that cannot be edited safely: make the change by hand")
    }

    /// The error with this place, unless it already has one.
    pub(super) fn or_at(self, at: usize) -> Self {
        Self { at: self.at.or(Some(at)), ..self }
    }
}
