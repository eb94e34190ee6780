//! Why a file cannot be edited.

/// Why a text could not be edited as asked. The text is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EditError(pub String);

impl EditError {
    /// What is valid YAML but not worth editing.
    pub(super) fn unusual() -> Self {
        Self("this entry is written in a way that cannot be edited safely: make this change by hand".to_owned())
    }
}
