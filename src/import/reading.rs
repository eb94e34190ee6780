//! A configuration as it is read: its values with their places, and what is made of them.

use crate::diag::{Lines, Span};
use crate::image::{Platform, Repository};
use crate::references::{Entry, Merging};
use crate::text::excerpt;
use crate::yaml::{Node, read_stream};

use super::wish::Wish;

/// These tools are written in Go; its readers of YAML take a mapping's own value before a merged one.
const FIELDS: Merging = Merging::OwnFirst;
/// The largest text that is read, in bytes: the pods of a large cluster, with all that Kubernetes says about them.
const LARGEST: usize = 64 << 20;

/// Something that the manifest does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Left {
    /// Line and column (in characters) in the configuration, from 1; `None` if it does not stand there.
    pub(crate) place: Option<(usize, usize)>,
    /// What it is about: a key or an image, never a credential.
    pub(crate) what: String,
    /// Why, and what to do instead.
    pub(crate) why: String,
}

/// Why a text could not be read as a configuration of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unreadable(String);

impl Unreadable {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

/// A configuration, and what was made of it so far.
pub(super) struct Reading<'t> {
    text: &'t str,
    lines: Lines<'t>,
    pub(super) wishes: Vec<Wish>,
    left: Vec<(Option<Span>, String, String)>,
}

impl<'t> Reading<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, lines: Lines::new(text), wishes: Vec::new(), left: Vec::new() }
    }

    /// The documents of the text. Two readers must accept it: ours, which knows places, and serde_yaml.
    ///
    /// # Errors
    /// If it is too long, or not YAML (of which JSON is a part).
    pub(super) fn documents(&self) -> Result<Vec<Node>, Unreadable> {
        if self.text.len() > LARGEST {
            return Err(Unreadable::new(format!("it is larger than {} MiB", LARGEST >> 20)));
        }
        let mut roots = Vec::new();
        for document in read_stream(self.text, |_| true) {
            let root = document.root.map_err(|broken| {
                let (line, column) = self.lines.position(broken.at.start);
                Unreadable::new(format!("line {line}, column {column}: not valid YAML: {}", excerpt(&broken.why, 120)))
            })?;
            roots.extend(root);
        }
        for document in serde_yaml::Deserializer::from_str(self.text.trim_start_matches('\u{feff}')) {
            // Its message names the line, and quotes keys at most.
            <serde_yaml::Value as serde::Deserialize>::deserialize(document)
                .map_err(|e| Unreadable::new(format!("not valid YAML: {}", excerpt(&e.to_string(), 120))))?;
        }
        Ok(roots)
    }

    pub(super) const fn text(&self) -> &'t str {
        self.text
    }

    /// What stands at a place.
    pub(super) fn at(&self, at: Span) -> &'t str {
        &self.text[at.start..at.end]
    }

    /// Leaves out what stands at a value.
    pub(super) fn left(&mut self, at: &Node, what: impl Into<String>, why: impl Into<String>) {
        self.left_at(at.span, what, why);
    }

    pub(super) fn left_at(&mut self, at: Span, what: impl Into<String>, why: impl Into<String>) {
        self.left.push((Some(at), without_userinfo(&what.into()), without_userinfo(&why.into())));
    }

    /// Leaves out what the text does not name.
    pub(super) fn left_unnamed(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.left.push((None, without_userinfo(&what.into()), without_userinfo(&why.into())));
    }

    /// Says of every key of a mapping that is neither read nor about how the tool runs that it has no counterpart. Keys that
    /// begin with `x-` hold what others are made of.
    pub(super) fn unread(&mut self, map: &Node, read: &[&str], passed_over: &[&str]) {
        for Entry { name, value } in entries(map) {
            if !read.contains(&name) && !passed_over.contains(&name) && !name.starts_with("x-") && !is_off(value) {
                self.left(value, shown(name), "it has no counterpart here");
            }
        }
    }

    /// A repository by the name that a value holds, without its tag.
    pub(super) fn repository(&mut self, at: &Node, text: &str) -> Option<Repository> {
        if is_template(text) {
            self.left(at, shown(text), "it is filled in when the tool runs: write the name that it stands for");
            return None;
        }
        match text.strip_prefix("docker://").unwrap_or(text).parse() {
            Ok(repository) => Some(repository),
            Err(error) => {
                self.left(at, shown(text), format!("it is not a repository on a registry: {error}"));
                None
            }
        }
    }

    /// The items of a list that selects something; none if there is no such key. `None` if its value is no list: then nothing
    /// is known to be selected, and that is said.
    pub(super) fn selecting<'n>(&mut self, map: &'n Node, key: &str) -> Option<&'n [Node]> {
        let Some(list) = value(map, key).filter(|list| !list.is_null()) else { return Some(&[]) };
        if list.items().is_none() {
            self.left(list, key, "it must be a list: what it stands in is left out");
        }
        list.items()
    }

    /// Platforms by their names.
    pub(super) fn platforms<'n>(&mut self, names: impl IntoIterator<Item = &'n Node>) -> Vec<Platform> {
        let mut platforms = Vec::new();
        for node in names {
            match node.text().and_then(|text| text.parse().ok()) {
                Some(platform) => platforms.push(platform),
                None => {
                    self.left(node, shown(node.text().unwrap_or_default()), "it is not a platform such as linux/amd64");
                }
            }
        }
        platforms
    }

    /// What was left, in the order of the text.
    pub(super) fn finish(mut self) -> Vec<Left> {
        let start = |at: &Option<Span>| at.map_or(usize::MAX, |at| at.start);
        self.left.sort_by(|(a, what, why), (b, other, reason)| (start(a), what, why).cmp(&(start(b), other, reason)));
        self.left.dedup();
        let place = |(at, what, why): (Option<Span>, String, String)| Left {
            place: at.map(|at| self.lines.position(at.start)),
            what,
            why,
        };
        self.left.into_iter().map(place).collect()
    }
}

/// A text of a configuration in a message.
pub(super) fn shown(text: &str) -> String {
    excerpt(&without_userinfo(text), 120)
}

/// `***` in place of what stands before an `@` if it has a `:`, such as the user and password of an address; a digest has its `:`
/// behind the `@`.
fn without_userinfo(text: &str) -> String {
    let word = |word: &str| {
        // What was split at the `@` may be the part before it.
        let Some((before, after)) = word.rsplit_once('@') else {
            let (scheme, rest) = word.split_once("://")?;
            let (_, port) = rest.split('/').next()?.split_once(':')?;
            return (!port.bytes().all(|byte| byte.is_ascii_digit())).then(|| format!("{scheme}://***"));
        };
        let (scheme, user) = before.split_once("://").map_or(("", before), |(scheme, user)| (scheme, user));
        let names_an_image =
            scheme.is_empty() && after.split_once(':').is_some_and(|(algorithm, _)| algorithm.starts_with("sha"));
        let is_secret = !scheme.is_empty() || (user.contains(':') && !names_an_image);
        let between = if scheme.is_empty() { "" } else { "://" };
        is_secret.then(|| format!("{scheme}{between}***@{after}"))
    };
    text.split(' ').map(|one| word(one).unwrap_or_else(|| one.to_owned())).collect::<Vec<_>>().join(" ")
}

/// The value of a key that has one.
pub(super) fn value<'n>(map: &'n Node, key: &str) -> Option<&'n Node> {
    FIELDS.value(map, key)
}

/// The text of a key that has one.
pub(super) fn text<'n>(map: &'n Node, key: &str) -> Option<&'n str> {
    value(map, key).and_then(Node::text).filter(|text| !text.is_empty())
}

/// The items of a list, or none.
pub(super) fn items<'n>(map: &'n Node, key: &str) -> &'n [Node] {
    value(map, key).and_then(Node::items).unwrap_or_default()
}

/// All entries of a mapping that have a value, each key once.
pub(super) fn entries(map: &Node) -> Vec<Entry<'_>> {
    FIELDS.entries(map).into_iter().filter(|entry| !entry.value.is_null()).collect()
}

/// Whether a value asks for nothing.
fn is_off(node: &Node) -> bool {
    node.text().is_some_and(|text| matches!(text, "false" | "" | "0"))
        || node.items().is_some_and(<[Node]>::is_empty)
        || node.entries().is_some_and(<[(Node, Node)]>::is_empty)
}

/// Whether a text is completed by Go's templates, a shell or the environment.
pub(super) fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains('$')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_an_at_sign_is_not_shown_if_it_may_be_a_password() {
        for (text, without) in [
            ("https://bob:S3CRET@quay.io/a/b", "https://***@quay.io/a/b"),
            ("no https://bob@quay.io/a, no", "no https://***@quay.io/a, no"),
            ("bob:S3C@RET@quay.io/a/c", "***@quay.io/a/c"),
            ("https://bob:S3CRET", "https://***"),
            ("https://localhost:5000/a", "https://localhost:5000/a"),
            ("redis@sha256:abc", "redis@sha256:abc"),
            ("localhost:5000/redis:7@sha256:abc", "localhost:5000/redis:7@sha256:abc"),
            ("@acme/platform", "@acme/platform"),
        ] {
            assert_eq!(without_userinfo(text), without);
        }
    }
}
