//! `signatures` and `provenance`: who must have made an image.

use std::fmt;

use regex::{Regex, RegexBuilder};

/// The largest compiled `identity-pattern`, in bytes: far more than any identity needs, far too little to do harm.
const SIZE_LIMIT: usize = 1 << 20;

/// `signatures`: who must have signed an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signatures {
    One(Signer),
    /// One of these is enough.
    AnyOf(Vec<Signer>),
    /// Every one of these.
    AllOf(Vec<Signer>),
}

/// One signer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signer {
    /// Whoever has the private key of the public key in this file.
    Key(String),
    /// Whoever a certificate identifies.
    Identity {
        /// Who vouched for the identity, an address that begins with https://.
        issuer: String,
        identity: Identity,
        /// The file with the trusted root; `None` is Sigstore's public one.
        trusted_root: Option<String>,
    },
}

/// The identity in a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    Exact(String),
    /// A regular expression that matches the whole identity.
    Pattern(String),
}

/// `provenance`: what a signed statement must say about where an image was built. At least one of the two is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequiredProvenance {
    pub builder: Option<String>,
    pub source: Option<String>,
}

/// What is required of who made an image.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Guard {
    pub(crate) signatures: Option<Signatures>,
    pub(crate) provenance: Option<RequiredProvenance>,
}

impl Signatures {
    pub(crate) fn signers(&self) -> &[Signer] {
        match self {
            Self::One(signer) => std::slice::from_ref(signer),
            Self::AnyOf(signers) | Self::AllOf(signers) => signers,
        }
    }

    /// The files with keys and trusted roots, as the manifest names them: relative to the main file's directory.
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        self.signers().iter().filter_map(Signer::file)
    }
}

impl Signer {
    fn file(&self) -> Option<&str> {
        match self {
            Self::Key(path) => Some(path),
            Self::Identity { trusted_root, .. } => trusted_root.as_deref(),
        }
    }
}

impl Identity {
    /// Whether a certificate that names `found` has this identity.
    pub(crate) fn is(&self, found: &str) -> bool {
        match self {
            Self::Exact(identity) => identity == found,
            Self::Pattern(pattern) => whole(pattern).is_ok_and(|regex| regex.is_match(found)),
        }
    }
}

/// The expression that matches a whole identity. It must also compile by itself: otherwise `a)|(b` would be two.
pub(super) fn whole(pattern: &str) -> Result<Regex, regex::Error> {
    let compile = |text: &str| RegexBuilder::new(text).size_limit(SIZE_LIMIT).build();
    compile(pattern)?;
    compile(&format!(r"\A(?:{pattern})\z"))
}

/// Identities with nothing in common except that anybody can get a similar one from their issuer.
const ANYBODYS: [&str; 4] = [
    "anybody@nowhere.example",
    "https://nowhere.example/anybody",
    "https://github.com/anybody-q7x/anything-q7x/.github/workflows/any.yml@refs/heads/any",
    "https://gitlab.com/anybody-q7x/anything-q7x//.gitlab-ci.yml@refs/heads/any",
];

/// A stranger's identity that an expression matches: anybody's, or that of an owner whose name only begins like the one
/// in the expression, which anybody may register.
pub(super) fn stranger(regex: &Regex) -> Option<String> {
    let similar = [("github", "any/.github/workflows/any.yml"), ("gitlab", "any//.gitlab-ci.yml")]
        .into_iter()
        .flat_map(|(host, path)| owners(regex.as_str(), host).map(move |owner| (host, owner, path)))
        .map(|(host, owner, path)| format!("https://{host}.com/{owner}-q7x/{path}@refs/heads/any"));
    ANYBODYS.into_iter().map(str::to_owned).chain(similar).find(|identity| regex.is_match(identity))
}

/// The names after `HOST.com/` in an expression, as far as they are letters.
fn owners<'r>(expression: &'r str, host: &'r str) -> impl Iterator<Item = &'r str> {
    let places = [format!("{host}.com/"), format!(r"{host}\.com/")];
    let after = places.into_iter().flat_map(|place| {
        let ends: Vec<usize> = expression.match_indices(&place).map(|(at, found)| at + found.len()).collect();
        ends
    });
    after.filter_map(|at| {
        let rest = expression.get(at..)?;
        let name = rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next()?;
        Some(name).filter(|name| !name.is_empty())
    })
}

/// As written in reports and in the values that reviews bind: two that differ are written differently.
impl fmt::Display for Signatures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, signers) = match self {
            Self::One(signer) => return signer.fmt(f),
            Self::AnyOf(signers) => ("any", signers),
            Self::AllOf(signers) => ("all", signers),
        };
        let signers: Vec<String> = signers.iter().map(ToString::to_string).collect();
        write!(f, "{word} of ({})", signers.join("; "))
    }
}

impl fmt::Display for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(path) => write!(f, "key {}", quoted(path)),
            Self::Identity { issuer, identity, trusted_root } => {
                write!(f, "{identity} by {}", quoted(issuer))?;
                trusted_root.as_ref().map_or(Ok(()), |root| write!(f, ", trusted root {}", quoted(root)))
            }
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(identity) => f.write_str(&quoted(identity)),
            Self::Pattern(pattern) => write!(f, "pattern {}", quoted(pattern)),
        }
    }
}

impl fmt::Display for RequiredProvenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [("builder", &self.builder), ("source", &self.source)];
        let parts = parts.into_iter().filter_map(|(key, value)| Some(format!("{key} {}", quoted(value.as_ref()?))));
        f.write_str(&parts.collect::<Vec<_>>().join(", "))
    }
}

/// In quotes if it could be mistaken for more than one word.
fn quoted(text: &str) -> String {
    let is_word = text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b',' | b';' | b'(' | b')'));
    if is_word && text != "pattern" { text.to_owned() } else { format!("{text:?}") }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    const ISSUER: &str = "https://token.actions.githubusercontent.com";

    fn key(path: &str) -> Signer {
        Signer::Key(path.to_owned())
    }

    fn identity(identity: Identity, root: Option<&str>) -> Signer {
        Signer::Identity { issuer: ISSUER.to_owned(), identity, trusted_root: root.map(str::to_owned) }
    }

    #[test]
    fn an_identity_is_the_whole_of_what_a_certificate_names() {
        let exact = Identity::Exact("me@acme.example".to_owned());
        assert!(exact.is("me@acme.example"));
        assert!(!exact.is("me@acme.example.evil") && !exact.is("Me@acme.example"));
        let pattern = Identity::Pattern(r"https://github\.com/acme/[a-z]+/.*|me".to_owned());
        for (found, is_it) in [
            ("https://github.com/acme/tool/.github/workflows/release.yml@refs/tags/v1", true),
            ("me", true),
            ("some me", false),
            ("me\nhttps://github.com/acme/tool/", false),
            ("https://github.com/acme-evil/tool/", false),
            ("https://githubxcom/acme/tool/x", false),
        ] {
            assert_eq!(pattern.is(found), is_it, "{found}");
        }
        assert!(whole("a)|(b").is_err() && whole("(a{1000}){1000}").is_err());
    }

    #[test]
    fn a_pattern_that_lets_in_strangers_is_found() {
        for pattern in [
            ".*",
            "",
            ".+@.+",
            "https://.*",
            r"https://github\.com/.*",
            r"(?s).*workflows.*",
            r"https://gitlab\.com/.+//.+",
            r"https://github\.com/acme.*",
            "https://github.com/acme-.+/.+",
            r"https://gitlab\.com/acme[^/]*/.+|https://github\.com/acme/.+",
        ] {
            let found = whole(pattern).ok().and_then(|regex| stranger(&regex));
            assert_eq!(found.is_some(), !pattern.is_empty(), "{pattern}");
        }
        for pattern in [
            r".*@acme\.example",
            r"https://github\.com/acme/.*",
            "https://github.com/acme/tool/.+@refs/tags/v.*",
            r"https://git(hub|lab)\.com/acme/.+",
        ] {
            assert_eq!(whole(pattern).ok().and_then(|regex| stranger(&regex)), None, "{pattern}");
        }
    }

    /// Reviews compare the written form: no two of these may read alike.
    #[test]
    fn signers_that_differ_are_written_differently() {
        let exact = |text: &str| Identity::Exact(text.to_owned());
        let all = [
            Signatures::One(key("a.pub")),
            Signatures::One(key("a.pub; key b.pub")),
            Signatures::AnyOf(vec![key("a.pub")]),
            Signatures::AnyOf(vec![key("a.pub"), key("b.pub")]),
            Signatures::AnyOf(vec![key("a.pub; key b.pub")]),
            Signatures::AllOf(vec![key("a.pub"), key("b.pub")]),
            Signatures::AllOf(vec![key("b.pub"), key("a.pub")]),
            Signatures::One(identity(exact("me"), None)),
            Signatures::One(identity(exact("me"), Some("root.json"))),
            Signatures::One(identity(exact("pattern me"), None)),
            Signatures::One(identity(exact("pattern"), None)),
            Signatures::One(identity(Identity::Pattern("me".to_owned()), None)),
            Signatures::One(identity(exact("me by https://other.example"), None)),
            Signatures::One(identity(exact("\"me\""), None)),
        ];
        let written: std::collections::BTreeSet<String> = all.iter().map(ToString::to_string).collect();
        assert_eq!(written.len(), all.len(), "{written:#?}");
        insta::assert_snapshot!(all.map(|signatures| signatures.to_string()).join("\n"), @r#"
        key a.pub
        key "a.pub; key b.pub"
        any of (key a.pub)
        any of (key a.pub; key b.pub)
        any of (key "a.pub; key b.pub")
        all of (key a.pub; key b.pub)
        all of (key b.pub; key a.pub)
        me by https://token.actions.githubusercontent.com
        me by https://token.actions.githubusercontent.com, trusted root root.json
        "pattern me" by https://token.actions.githubusercontent.com
        "pattern" by https://token.actions.githubusercontent.com
        pattern me by https://token.actions.githubusercontent.com
        "me by https://other.example" by https://token.actions.githubusercontent.com
        "\"me\"" by https://token.actions.githubusercontent.com
        "#);
    }
}
