//! Whether documents except more than others do.

use std::collections::BTreeSet;

use super::statement::{Says, Statement};

/// What statements do, whatever their reasons are.
pub(crate) type Exceptions = BTreeSet<Statement>;

/// The vulnerabilities that statements except and that `before` does not, in the same words and at the same time.
pub(crate) fn newly_excepted(before: &Exceptions, after: &Exceptions) -> BTreeSet<String> {
    names(after.difference(before).filter(|statement| statement.says != Says::Affected))
}

/// The vulnerabilities of which statements say that something is affected, and `after` no longer does: what else is said
/// of them counts then.
pub(crate) fn no_longer_affected(before: &Exceptions, after: &Exceptions) -> BTreeSet<String> {
    names(before.difference(after).filter(|statement| statement.says == Says::Affected))
}

/// Each by its CVE identifier, if it has one.
fn names<'s>(statements: impl Iterator<Item = &'s Statement>) -> BTreeSet<String> {
    let name = |statement: &Statement| {
        let names = || statement.names.iter();
        names().find(|name| name.starts_with("CVE-")).or_else(|| names().next()).cloned()
    };
    statements.filter_map(name).collect()
}

impl Statement {
    /// The same without its reason.
    pub(crate) fn effect(self) -> Self {
        let says = match self.says {
            Says::Excepted(_) => Says::Excepted(String::new()),
            Says::Affected => Says::Affected,
        };
        Self { says, ..self }
    }
}
