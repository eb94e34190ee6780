//! Who makes a commit, where git's configuration says it plainly.

use chrono::{DateTime, Local};

/// Variables that say who makes a commit, and when, in place of the configuration.
const VARIABLES: [&str; 6] = [
    "GIT_AUTHOR_NAME",
    "GIT_AUTHOR_EMAIL",
    "GIT_AUTHOR_DATE",
    "GIT_COMMITTER_NAME",
    "GIT_COMMITTER_EMAIL",
    "GIT_COMMITTER_DATE",
];

/// What the configuration says about the author of a commit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Configured {
    name: Option<String>,
    email: Option<String>,
    /// It has more to say than a name and an address.
    more: bool,
}

impl Configured {
    /// Reads an entry; later ones count.
    pub(super) fn note(&mut self, key: &str, value: &str) {
        match key {
            "user.name" => self.name = Some(value.to_owned()),
            "user.email" => self.email = Some(value.to_owned()),
            "author.name" | "author.email" | "committer.name" | "committer.email" | "i18n.commitencoding" => {
                self.more = true;
            }
            _ => {}
        }
    }

    /// `NAME <ADDRESS>` as git would write it for both author and committer; `None` if only git can tell.
    pub(super) fn plain(&self) -> Option<String> {
        let (name, email) = (self.name.as_ref()?, self.email.as_ref()?);
        let is_asked = !self.more && is_plain(name) && is_plain(email);
        let is_overridden = || VARIABLES.iter().any(|name| std::env::var_os(name).is_some());
        (is_asked && !is_overridden()).then(|| format!("{name} <{email}>"))
    }
}

/// Whether git leaves a name or an address as it is: it removes some characters, and others at either end.
fn is_plain(text: &str) -> bool {
    let ends = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    ends(text.chars().next())
        && ends(text.chars().last())
        && !text.contains(|c: char| c.is_control() || "<>\u{fffd}".contains(c))
}

/// A moment as git writes it: seconds since 1970, and the offset from UTC.
pub(super) fn moment(at: DateTime<Local>) -> String {
    format!("{} {}", at.timestamp(), at.format("%z"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn configured(entries: &[(&str, &str)]) -> Option<String> {
        let mut configured = Configured::default();
        entries.iter().for_each(|(key, value)| configured.note(key, value));
        configured.plain()
    }

    #[test]
    fn only_a_plain_name_and_address_are_used_without_asking_git() {
        let (name, email) = (("user.name", "Zoë O. Person"), ("user.email", "zoe@example.org"));
        assert_eq!(configured(&[("user.name", "x"), name, email]).as_deref(), Some("Zoë O. Person <zoe@example.org>"));
        for odd in ["", "Zoë.", " Zoë", "Z<o>ë", "Zo\në", "\"Zoë\""] {
            assert_eq!(configured(&[("user.name", odd), email]), None, "{odd:?}");
            assert_eq!(configured(&[name, ("user.email", odd)]), None, "{odd:?}");
        }
        for more in ["author.name", "author.email", "committer.name", "committer.email", "i18n.commitencoding"] {
            assert_eq!(configured(&[name, email, (more, "x")]), None, "{more}");
        }
        assert_eq!((configured(&[name]), configured(&[email])), (None, None));
    }
}
