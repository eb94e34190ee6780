//! The names of branches: computed from the manifest alone, so that a proposal is found again without stored state.

use std::fmt::Write as _;

/// The branch of an image's line: `<prefix>image/<slug>/<line>`. `line` is the name of [`crate::rules::Line`]; that of
/// a floating tag, `tag/<name>`, keeps its `/`.
pub(crate) fn image(prefix: &str, slug: &str, line: &str) -> String {
    let line: Vec<String> = line.split('/').map(component).collect();
    format!("{}{}", of_image(prefix, slug), line.join("/"))
}

/// What the names of all branches of one image start with.
pub(crate) fn of_image(prefix: &str, slug: &str) -> String {
    format!("{prefix}image/{}/", component(slug))
}

/// The branch of a group: `<prefix>group/<name>`; that of `group: all` is named `all`.
pub(crate) fn group(prefix: &str, name: &str) -> String {
    format!("{}{}", of_groups(prefix), component(name))
}

/// What the names of all branches of groups start with.
pub(crate) fn of_groups(prefix: &str) -> String {
    format!("{prefix}group/")
}

/// The branch of the revocations that advisories ask for.
pub(crate) fn revoke(prefix: &str) -> String {
    format!("{prefix}revoke")
}

/// Whether a branch may be about several images: a group's, or that of revocations.
pub(crate) fn spans_images(prefix: &str, branch: &str) -> bool {
    branch.starts_with(&of_groups(prefix)) || branch == revoke(prefix)
}

/// The branch of the recording pull request.
pub(crate) fn record(prefix: &str) -> String {
    format!("{prefix}record")
}

/// Whether this is the branch of a proposal for images, and not the recording one, the ledger or a temporary one.
pub(crate) fn is_proposal(prefix: &str, branch: &str) -> bool {
    spans_images(prefix, branch) || branch.strip_prefix(prefix).is_some_and(|rest| rest.starts_with("image/"))
}

/// Whether the part after the common prefix of a branch's name says that it belongs to a manifest with a non-default
/// name.
pub(crate) fn is_of_another(rest: &str) -> bool {
    let part = rest.split('/').next().and_then(|part| part.strip_prefix("m-"));
    part.is_some_and(|hex| hex.len() == 8 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
}

/// One part of a branch's name that git accepts (git-check-ref-format(1)) and that no other text results in: letters,
/// digits, `_`, `-` and single dots stay, everything else is written as `%XX`, byte by byte.
fn component(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    for (at, byte) in text.bytes().enumerate() {
        let rest = &text.as_bytes()[at + 1..];
        let bad_dot = byte == b'.' && (at == 0 || rest.is_empty() || rest[0] == b'.' || rest == b"lock");
        if (byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')) && !bad_dot {
            name.push(char::from(byte));
        } else {
            let _ = write!(name, "%{byte:02X}");
        }
    }
    if name.is_empty() { "%".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_what_people_expect() {
        assert_eq!(image("wharfinger/", "loki", "latest"), "wharfinger/image/loki/latest");
        assert_eq!(image("wharfinger/", "redis-alpine", "7.2"), "wharfinger/image/redis-alpine/7.2");
        assert_eq!(image("wharfinger/", "tool", "tag/stable"), "wharfinger/image/tool/tag/stable");
        assert_eq!(image("deps-", "loki", "3"), "deps-image/loki/3");
        assert_eq!(group("wharfinger/", "all"), "wharfinger/group/all");
        assert_eq!(record("wharfinger/"), "wharfinger/record");
    }

    #[test]
    fn what_git_would_refuse_is_escaped() {
        assert_eq!(image("w/", "a.lock", "1..2"), "w/image/a%2Elock/1%2E.2");
        assert_eq!(image("w/", "a", "tag/1."), "w/image/a/tag/1%2E");
        assert_eq!(group("w/", "two words~^:"), "w/group/two%20words%7E%5E%3A");
        assert_eq!(group("w/", "größe"), "w/group/gr%C3%B6%C3%9Fe");
    }

    #[test]
    fn only_images_and_groups_are_proposals() {
        assert!(is_proposal("w/", "w/image/loki/latest"));
        assert!(is_proposal("w/", "w/group/all"));
        assert!(is_proposal("w/", &revoke("w/")));
        for other in ["w/record", "w/revoke/x", "w/ledger", "w/tmp/x", "image/loki/latest", "x/w/image/loki/latest"] {
            assert!(!is_proposal("w/", other), "{other}");
        }
    }

    /// git-check-ref-format(1), rule by rule, for `refs/heads/<branch>`.
    fn is_ref(branch: &str) -> bool {
        branch.split('/').all(|c| !c.is_empty() && !c.starts_with('.') && !c.ends_with(".lock"))
            && !branch.contains("..")
            && !branch.contains("@{")
            && !branch.ends_with('.')
            && !branch.chars().any(|c| c.is_control() || " ~^:?*[\\".contains(c))
    }

    proptest! {
        #[test]
        fn every_text_gives_a_ref(slug in ".{0,20}", line in "[a-zA-Z0-9_][a-zA-Z0-9._-]{0,12}(\\.lock)?") {
            let branch = image("wharfinger/", &slug, &line);
            prop_assert!(is_ref(&branch), "{}", branch);
        }

        #[test]
        fn no_two_texts_give_the_same_name(a in "[a.%_-]{0,5}(\\.lock)?", b in "[a.%_-]{0,5}(\\.lock)?") {
            prop_assert_eq!(a == b, component(&a) == component(&b));
        }
    }
}
