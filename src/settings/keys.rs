//! The table of settings: the name of each determines its flag, its variable and its action input.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// The name: `a-b` gives the flag `--a-b`, the variable `WHARFINGER_A_B` and the input `a-b`.
    pub name: &'static str,
    /// Variables that people already use.
    pub people: &'static [&'static str],
    /// Whether the action has it as an input.
    pub input: bool,
    /// Whether it is a secret: then it has a flag `--a-b-file` instead of its own.
    pub secret: bool,
}

const fn input(name: &'static str) -> Key {
    Key { name, people: &[], input: true, secret: false }
}

pub const KEYS: &[Key] = &[
    input("manifest"),
    Key { people: &["GITHUB_TOKEN"], secret: true, ..input("github-token") },
    Key { people: &["DOCKERHUB_USERNAME"], ..input("dockerhub-username") },
    Key { people: &["DOCKERHUB_TOKEN"], secret: true, ..input("dockerhub-token") },
    Key { secret: true, ..input("registry-auth") },
    input("ca-certificates"),
    input("record"),
    input("min-approvals"),
    input("shard"),
    input("dry-run"),
    input("timeout"),
    input("source-timeout"),
    input("token-services"),
    input("reports"),
    input("consumers"),
    input("log-level"),
    Key { input: false, ..input("format") },
    Key { input: false, ..input("forge") },
];

impl Key {
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.name == name)
    }

    /// Its variable: `WHARFINGER_A_B`.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("WHARFINGER_{}", self.name.to_uppercase().replace('-', "_"))
    }

    /// The variable in which the Actions runner passes its input: upper case, hyphens kept.
    #[must_use]
    pub fn input_variable(&self) -> String {
        format!("INPUT_{}", self.name.to_uppercase())
    }
}
