//! What a word says once its arguments are substituted.

use super::placed::Placed;

/// What stands in a word after substitution.
#[derive(Debug, Default)]
pub(super) struct Value {
    pub(super) text: Placed,
    parts: Parts,
    /// Why the text is not what a build would see.
    pub(super) missing: Option<Missing>,
    /// An argument that was never declared, and so counted as empty.
    pub(super) undeclared: Option<String>,
}

/// What a value was put together from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Parts {
    #[default]
    Nothing,
    /// Text that stands in the word itself.
    Text,
    /// One argument or one default.
    Substituted,
    Several,
}

#[derive(Debug, Clone)]
pub(super) struct Missing {
    /// A clause without a full stop.
    pub(super) why: String,
    /// Whether even an empty text says nothing about the value.
    opaque: bool,
}

impl Value {
    /// A value of which only that is known why nothing is known of it.
    pub(super) fn unknown(why: String) -> Self {
        Self { missing: Some(Missing { why, opaque: true }), ..Self::default() }
    }

    /// Whether it is the whole of what stands in one place.
    pub(super) fn is_of_one_place(&self) -> bool {
        self.parts != Parts::Several
    }

    /// Whether nothing was substituted.
    pub(super) fn is_verbatim(&self) -> bool {
        matches!(self.parts, Parts::Nothing | Parts::Text)
    }

    /// A value that is empty as long as nothing from outside says otherwise.
    pub(super) fn lacking(why: String) -> Self {
        Self { missing: Some(Missing { why, opaque: false }), ..Self::default() }
    }

    /// The value of an argument that nothing declares: empty, whatever is given to the build.
    pub(super) fn undeclared(name: String) -> Self {
        Self { undeclared: Some(name), ..Self::default() }
    }

    /// Whether a build with nothing given to it sees no text.
    pub(super) fn is_empty(&self) -> bool {
        self.text.text().is_empty() && !self.missing.as_ref().is_some_and(|missing| missing.opaque)
    }

    /// Notes why the value is not known, unless something else was noted before.
    pub(super) fn miss(&mut self, why: String) {
        self.missing.get_or_insert(Missing { why, opaque: true });
    }

    /// Appends a character of the word itself.
    pub(super) fn literal(&mut self, from: &Placed, at: usize, c: char) {
        self.text.copy(from, at..at + c.len_utf8());
        self.parts = match self.parts {
            Parts::Nothing | Parts::Text => Parts::Text,
            Parts::Substituted | Parts::Several => Parts::Several,
        };
    }

    /// Appends what was substituted; `budget` is how many bytes may still be.
    pub(super) fn substitute(&mut self, value: &Self, budget: &mut usize) {
        self.parts = match self.parts {
            Parts::Nothing if value.is_of_one_place() => Parts::Substituted,
            _ => Parts::Several,
        };
        if self.missing.is_none() {
            self.missing.clone_from(&value.missing);
        }
        if self.undeclared.is_none() {
            self.undeclared.clone_from(&value.undeclared);
        }
        match budget.checked_sub(value.text.text().len()) {
            Some(left) => {
                *budget = left;
                self.text.copy(&value.text, 0..value.text.text().len());
            }
            None => self.miss("the arguments of this file expand to too much text".to_owned()),
        }
    }
}
