//! What a token may do, as the distribution token specification writes it: `repository:library/redis:pull,push`.

use std::collections::{BTreeMap, BTreeSet};

use crate::image::RepositoryName;

/// Resources and the actions wanted on them.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Scopes(BTreeMap<String, BTreeSet<String>>);

impl Scopes {
    pub(crate) fn pull(name: &RepositoryName) -> Self {
        Self(BTreeMap::from([(format!("repository:{name}"), BTreeSet::from(["pull".to_owned()]))]))
    }

    /// Reading and writing a repository.
    pub(crate) fn push(name: &RepositoryName) -> Self {
        let actions = BTreeSet::from(["pull".to_owned(), "push".to_owned()]);
        Self(BTreeMap::from([(format!("repository:{name}"), actions)]))
    }

    /// Deleting from a repository, and reading it to check the result.
    pub(crate) fn delete(name: &RepositoryName) -> Self {
        let actions = BTreeSet::from(["delete".to_owned(), "pull".to_owned()]);
        Self(BTreeMap::from([(format!("repository:{name}"), actions)]))
    }

    /// Parses the scopes of a challenge, which are separated by spaces.
    pub(crate) fn parse(text: &str) -> Self {
        let mut scopes = Self::default();
        for part in text.split_whitespace() {
            let Some((resource, actions)) = part.rsplit_once(':') else { continue };
            let actions = actions.split(',').filter(|a| !a.is_empty()).map(str::to_owned);
            scopes.0.entry(resource.to_owned()).or_default().extend(actions);
        }
        scopes
    }

    pub(crate) fn and(mut self, other: &Self) -> Self {
        for (resource, actions) in &other.0 {
            self.0.entry(resource.clone()).or_default().extend(actions.iter().cloned());
        }
        self
    }

    /// Whether a token for these scopes also serves the others.
    pub(crate) fn cover(&self, other: &Self) -> bool {
        other.0.iter().all(|(resource, actions)| self.0.get(resource).is_some_and(|own| own.is_superset(actions)))
    }

    /// These scopes without the actions that `has` accepts (given the kind of resource, its name and the action).
    pub(crate) fn without(&self, has: impl Fn(&str, &str, &str) -> bool) -> Self {
        let lacks = |(resource, actions): (&String, &BTreeSet<String>)| {
            let (kind, name) = resource.split_once(':').unwrap_or(("", resource));
            let left: BTreeSet<String> = actions.iter().filter(|action| !has(kind, name, action)).cloned().collect();
            (!left.is_empty()).then(|| (resource.clone(), left))
        };
        Self(self.0.iter().filter_map(lacks).collect())
    }

    /// Each scope in the form of a `scope` parameter.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(resource, actions)| {
            format!("{resource}:{}", actions.iter().map(String::as_str).collect::<Vec<_>>().join(","))
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn scopes_are_joined_and_compared() {
        let (a, b) = ("a/b".parse().unwrap(), "c".parse().unwrap());
        let both = Scopes::push(&a).and(&Scopes::pull(&b));
        assert_eq!(both.parameters().collect::<Vec<_>>(), ["repository:a/b:pull,push", "repository:c:pull"]);
        assert!(both.cover(&Scopes::pull(&a)) && both.cover(&Scopes::pull(&b)) && !both.cover(&Scopes::push(&b)));
        assert_eq!(Scopes::parse("repository:a/b:push,pull repository:c:pull nonsense"), both);
    }
}
