//! Programs that a repository's configuration could make git run. A checkout prepared by somebody else brings it along,
//! so none of them is run: what the repository's own files name is disabled, what the user's or the machine's files
//! name stays.

use super::author::Configured;
use crate::forge::Error;

/// Given to every command: disables the programs that git would start by itself in one way or another.
pub(super) const NONE: [&str; 11] = [
    "core.fsmonitor=false",
    // git's hooks of every name
    "core.hooksPath=/dev/null",
    "core.askPass=",
    "core.alternateRefsCommand=",
    "diff.external=",
    "log.showSignature=false",
    "protocol.ext.allow=never",
    "push.gpgSign=false",
    "push.recurseSubmodules=no",
    "gc.auto=0",
    "maintenance.auto=false",
];

/// What a push into a directory runs there: git without that directory's hooks.
pub(super) const RECEIVE_PACK: &str = "--receive-pack=git -c core.hooksPath=/dev/null -c core.fsmonitor=false \
                                       -c core.alternateRefsCommand= -c receive.autoGC=false receive-pack";

/// The same for queries to a directory.
pub(super) const UPLOAD_PACK: &str =
    "--upload-pack=git -c core.hooksPath=/dev/null -c core.fsmonitor=false upload-pack";

/// Programs named by the repository's own configuration, and what else it says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Foreign {
    /// Content filters, which are disabled: contents stay as git stores them.
    filters: Vec<String>,
    /// Keys that affect how an origin is reached; nothing is pushed with them.
    pub(super) transport: Vec<String>,
    /// Whether any configuration names an origin.
    pub(super) origin: bool,
    /// The name for the first branch of a new repository.
    pub(super) default_branch: Option<String>,
    /// Who makes commits.
    pub(super) author: Configured,
    /// It says that there is a work tree.
    pub(super) has_work_tree: bool,
}

impl Foreign {
    /// Reads what `git config --list --show-scope -z` printed.
    pub(super) fn read(listing: &str) -> Self {
        let mut foreign = Self::default();
        let mut words = listing.split('\0');
        while let (Some(scope), Some(entry)) = (words.next(), words.next()) {
            let (key, value) = entry.split_once('\n').unwrap_or((entry, ""));
            foreign.origin |= key.starts_with("remote.origin.");
            foreign.author.note(key, value);
            if key == "core.bare" {
                foreign.has_work_tree = value == "false";
            }
            if key == "init.defaultbranch" && !value.is_empty() {
                foreign.default_branch = Some(value.to_owned());
            }
            if !matches!(scope, "system" | "global" | "command") {
                foreign.note(key);
            }
        }
        foreign
    }

    /// Section and name of a key are in lower case; the part between them is as written.
    fn note(&mut self, key: &str) {
        let Some((section, rest)) = key.split_once('.') else { return };
        match (section, rest.rsplit_once('.')) {
            ("filter", Some((filter, "clean" | "smudge" | "process"))) => self.filters.push(filter.to_owned()),
            ("credential", Some((_, "helper"))) | ("remote", Some((_, "vcs"))) => self.transport.push(key.to_owned()),
            _ if ["core.sshcommand", "core.gitproxy", "credential.helper"].contains(&key) => {
                self.transport.push(key.to_owned());
            }
            _ => {}
        }
    }

    /// Options that disable the filters, for git's `-c`.
    ///
    /// # Errors
    /// If one has a name that cannot be given there.
    pub(super) fn overrides(&self) -> Result<Vec<String>, Error> {
        let mut all = Vec::new();
        for filter in &self.filters {
            if filter.contains(['=', '\n']) {
                let text =
                    format!("the repository's configuration names a filter {filter:?}, which cannot be disabled");
                return Err(Error::Unusable(text));
            }
            all.extend(["clean=", "smudge=", "process=", "required=false"].map(|is| format!("filter.{filter}.{is}")));
        }
        Ok(all)
    }
}

/// Whether a push to this URL stays on this machine.
pub(super) fn is_directory(url: &str) -> bool {
    let scp = || url.split('/').next().is_some_and(|first| first.contains(':'));
    url.starts_with("file://") || !(url.contains("://") || scp())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn what_the_repository_itself_names_is_foreign_and_nothing_else() {
        let listing = "system\0filter.lfs.clean\0global\0core.sshcommand\nssh -x\0local\0user.name\0local\0filter.a.b.smudge\nx\0\
                       global\0init.defaultbranch\ntrunk\0worktree\0core.sshcommand\0local\0credential.https://x.y/.helper\0command\0core.gitproxy\0";
        let foreign = Foreign::read(listing);
        assert_eq!(foreign.filters, ["a.b"]);
        assert_eq!(foreign.default_branch.as_deref(), Some("trunk"));
        assert_eq!(foreign.transport, ["core.sshcommand", "credential.https://x.y/.helper"]);
        assert_eq!(foreign.overrides().unwrap()[3], "filter.a.b.required=false");
        assert!(Foreign::read("local\0filter.a=b.clean\0").overrides().is_err());
        assert_eq!(Foreign::read(""), Foreign::default());
    }

    #[test]
    fn directories_are_told_from_hosts() {
        for directory in ["/srv/x.git", "../x.git", "x", "file:///srv/x.git", "./a:b"] {
            assert!(is_directory(directory), "{directory}");
        }
        for host in ["https://x.y/z", "ssh://x.y/z", "git@x.y:z.git", "x:z"] {
            assert!(!is_directory(host), "{host}");
        }
    }
}
