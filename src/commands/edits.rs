//! A manifest that was edited here but does not count yet: commands that write use the default branch.

use std::collections::BTreeMap;

use super::{Context, Stop};
use crate::forge::Head;
use crate::manifest::File;
use crate::observe::manifest::files_from_directory;
use crate::settings::ForgeChoice;

/// Warns if the manifest in the working directory differs from the one that counts, and says how to make it count. A
/// workflow checks out what it was started for, which may well differ.
pub(super) fn tell(context: &Context, head: &Head, counts: &[File]) {
    let settings = &context.settings;
    if settings.github.in_actions {
        return;
    }
    let Ok(here) = files_from_directory(&settings.directory, &settings.manifest) else { return };
    let differing = differing(counts, &here);
    if differing.is_empty() {
        return;
    }
    let (paths, branch) = (differing.join(" "), &head.branch);
    let short: String = head.commit.0.chars().take(7).collect();
    let how = match settings.forge {
        ForgeChoice::Git => format!("run `git add {paths}` and `git commit` on {branch}, or merge into it"),
        _ => format!("push it to {branch}, or merge its pull request"),
    };
    tracing::warn!("{paths} here differs from {branch} at {short}, which this run uses; to make it count, {how}");
}

/// The error that the default branch has no manifest, with help: one that is here is not committed yet, one above is
/// not searched for.
pub(super) fn missing(context: &Context, head: &Head, path: &str, help: String) -> Stop {
    let settings = &context.settings;
    let (branch, in_job) = (&head.branch, settings.github.in_actions);
    if !in_job && settings.directory.join(path).is_file() {
        return Stop::Unusable(format!(
            "{path} exists here, but not on {branch}: run `git add {path}` and `git commit`"
        ));
    }
    // A clone is read from the current directory.
    let top = settings.directory.ancestors().find(|above| above.join(".git").exists());
    let below = top.filter(|_| settings.forge == ForgeChoice::Git);
    let below = below.and_then(|top| settings.directory.strip_prefix(top).ok()).map(|below| below.join(path));
    let looked_for = below.map_or_else(|| path.to_owned(), |below| below.display().to_string());
    let help = match settings.directory.ancestors().skip(1).find(|above| !in_job && above.join(path).is_file()) {
        Some(above) => format!("{} has one: run the command there", above.display()),
        None => help,
    };
    let short: String = head.commit.0.chars().take(7).collect();
    Stop::Unusable(format!("there is no {looked_for} on {branch} at {short}; {help}"))
}

/// The paths of files that differ, apart from line ends.
fn differing(counts: &[File], here: &[File]) -> Vec<String> {
    let texts = |files: &[File]| -> BTreeMap<String, String> {
        files.iter().map(|file| (file.path.clone(), file.text.replace("\r\n", "\n"))).collect()
    };
    let (counts, here) = (texts(counts), texts(here));
    let paths = here.keys().chain(counts.keys().filter(|path| !here.contains_key(*path)));
    paths.filter(|path| counts.get(*path) != here.get(*path)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_differ_by_their_text_and_not_by_their_line_ends() {
        let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
        let counts = [file("a.yml", "a\nb\n"), file("gone.yml", "x"), file("b.yml", "b\n")];
        let here = [file("a.yml", "a\r\nb\r\n"), file("b.yml", "c\n"), file("new.yml", "x")];
        assert_eq!(differing(&counts, &here), ["b.yml", "new.yml", "gone.yml"]);
        assert_eq!(differing(&counts, &counts), Vec::<String>::new());
    }
}
