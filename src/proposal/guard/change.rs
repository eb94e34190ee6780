//! One change of what guards images, in words.

use crate::image::RepositoryName;
use crate::markdown::code;
use crate::proposal::review::Finding;
use crate::text::excerpt;

/// The longest description of a guard in reports, in characters.
const LONGEST: usize = 300;

/// One change of what is required of images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(super) of: Of,
    /// The index of the file in the head, and the byte in it.
    pub(super) place: (usize, usize),
    pub(super) what: What,
    pub(super) before: String,
    pub(super) after: String,
    /// Whether bytes may come in that the base would have refused, or kept waiting, or shown as worse.
    pub(crate) lowers: bool,
}

/// What is guarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Of {
    /// By its index in the head.
    Image(usize, RepositoryName),
    Defaults,
    /// All images.
    All,
}

/// What changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// A key of the manifest.
    Key(&'static str),
    /// The content of a file that a key names.
    File { path: String, key: &'static str },
}

impl Change {
    /// The image that it is about, by its index in the head; `None` if it is not about one.
    pub(crate) const fn image(&self) -> Option<usize> {
        match self.of {
            Of::Image(at, _) => Some(at),
            Of::Defaults | Of::All => None,
        }
    }

    /// In one line of Markdown.
    pub(crate) fn line(&self, organization: &str) -> String {
        let of = match &self.of {
            Of::Image(_, repository) => format!(" of {}", code(&format!("{organization}/{repository}"), LONGEST)),
            Of::Defaults => " of `defaults`".to_owned(),
            Of::All => String::new(),
        };
        let [before, after] = [&self.before, &self.after].map(|text| code(text, LONGEST));
        match &self.what {
            What::Key(key) => format!("**`{key}`{of} changes: {before} → {after}**"),
            What::File { path, key } => {
                let path = code(path, LONGEST);
                format!("**The content of {path}, which `{key}`{of} names, changes: {before} → {after}**")
            }
        }
    }

    /// That less is required than at the base.
    pub(crate) fn finding(&self) -> Finding {
        let [before, after] = [&self.before, &self.after].map(|text| excerpt(text, LONGEST));
        let of = if self.of == Of::Defaults { " of `defaults`" } else { "" };
        let (expected, found) = match &self.what {
            What::Key(key) => (format!("`{key}`{of} as in the base: {before}"), format!("`{key}`{of}: {after}")),
            What::File { path, .. } => {
                (format!("the content of {} as in the base: {before}", excerpt(path, LONGEST)), after)
            }
        };
        let repository = match &self.of {
            Of::Image(_, repository) => Some(repository.clone()),
            Of::Defaults | Of::All => None,
        };
        Finding { code: "guard-lowered", repository, tag: None, expected, found, place: Some(self.place) }
    }
}
