//! Who owns an existing repository at Docker Hub. It is ours if a record shows that we promoted to it, or if it bears
//! our mark: a line in its full description that names the manifest that keeps it. Anything else is left alone, unless
//! `adopt` says to take it over.

use crate::text::excerpt;

/// The longest full description that Docker Hub takes, in characters.
const FULL_DESCRIPTION_LIMIT: usize = 25_000;
/// The beginning of the line.
const MARK: &str = "Kept by Wharfinger: ";

/// The manifest that keeps repositories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Keeper {
    /// Distinguishes the forge's repository from others: `OWNER/NAME` on GitHub. `None` if there is no forge to say so,
    /// as in runs that write nothing.
    pub repository: Option<String>,
    /// The path of the main file.
    pub path: String,
}

/// What a full description says about its keeper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mark {
    /// It names this manifest.
    Ours,
    /// It names another manifest, given as written.
    Anothers(String),
    /// It names none.
    Absent,
    /// It could not be read, and why.
    Unknown(String),
}

/// What the default branch's history says about a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Past {
    /// A digest was recorded while an image had this very repository.
    Recorded,
    NeverRecorded,
    /// It could not be read, and why.
    Unknown(String),
}

/// What is known about a repository. `None` means not asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Claim {
    /// Whether Docker Hub has it; `None` if that is unknown.
    pub exists: Option<bool>,
    /// Whether a tag resolves to what the current manifest records for it.
    pub answers_record: bool,
    /// Whether an image of the manifest takes it over.
    pub adopt: bool,
    pub mark: Option<Mark>,
    pub past: Option<Past>,
}

/// What may be needed to judge a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// [`Claim::mark`].
    Mark,
    /// [`Claim::past`].
    Past,
}

/// Who owns a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ownership {
    /// There is none of that name.
    Absent,
    Ours,
    /// It was not ours, and the manifest takes it over.
    Adopted,
    /// Why it is left untouched, and what can be done.
    NotOurs(String),
}

/// Who owns a repository, and its full description if that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owned {
    pub ownership: Ownership,
    pub full_description: Option<String>,
}

impl Owned {
    /// Why it is left untouched; `None` if it may be changed.
    pub(crate) fn not_ours(&self) -> Option<&str> {
        match &self.ownership {
            Ownership::NotOurs(why) => Some(why),
            _ => None,
        }
    }
}

/// Who owns the repository `name` (`ORGANIZATION/REPOSITORY`).
///
/// # Errors
/// What has to be found out first.
pub(crate) fn ownership(name: &str, claim: &Claim, keeper: &Keeper) -> Result<Ownership, Proof> {
    if claim.exists == Some(false) {
        return Ok(Ownership::Absent);
    }
    if claim.answers_record {
        return Ok(Ownership::Ours);
    }
    let mark = match claim.mark.as_ref().ok_or(Proof::Mark)? {
        Mark::Ours => return Ok(Ownership::Ours),
        _ if claim.adopt => return Ok(Ownership::Adopted),
        mark => mark,
    };
    let unread = match claim.past.as_ref().ok_or(Proof::Past)? {
        Past::Recorded => return Ok(Ownership::Ours),
        Past::NeverRecorded => None,
        Past::Unknown(why) => Some(why),
    };
    let exists = claim.exists == Some(true);
    Ok(Ownership::NotOurs(not_ours(name, exists, &evidence(mark, unread, keeper))))
}

/// Why a repository is not ours, and what can be done.
fn not_ours(name: &str, exists: bool, evidence: &str) -> String {
    let cure = "`adopt: true` on the image takes it over, `repository` gives the image another name";
    match exists {
        true => format!("{name} already exists and is not ours: {evidence}. It is left untouched; {cure}"),
        false => {
            format!(
                "it is unknown whether {name} exists and is ours: {evidence}. It is left untouched; if it exists, {cure}"
            )
        }
    }
}

/// The evidence that a repository is not ours, in words.
fn evidence(mark: &Mark, unread: Option<&String>, keeper: &Keeper) -> String {
    let mark = match mark {
        Mark::Anothers(keeper) => format!("its full description says that it is kept by {keeper}"),
        Mark::Unknown(why) => format!("its full description cannot be read ({why})"),
        Mark::Ours | Mark::Absent => match keeper.line() {
            Some(line) => format!("its full description does not say `{line}`"),
            None => "its full description does not name this manifest".to_owned(),
        },
    };
    let past = match unread {
        Some(why) => format!("it is unknown whether the default branch ever recorded a promotion to it ({why})"),
        None => "the default branch never recorded a promotion to it".to_owned(),
    };
    format!("{past}, and {mark}")
}

/// The keeper that a full description names; the last mention counts.
fn named(full_description: &str) -> Option<&str> {
    full_description.lines().rev().find_map(|line| line.trim().strip_prefix(MARK))
}

/// Whether a path that an earlier release wrote unnormalized (`./a`, `a//b`) is this one.
fn same_path(written: &str, path: &str) -> bool {
    let parts = written.split('/').filter(|part| !matches!(*part, "" | "."));
    !written.starts_with('/') && parts.eq(path.split('/'))
}

/// Whether two full descriptions name the same keeper.
pub(crate) fn same_keeper(one: &str, other: &str) -> bool {
    named(one).is_some_and(|keeper| named(other) == Some(keeper))
}

impl Keeper {
    /// The mark: the last line of a full description. `None` if the forge's repository is unknown.
    pub(crate) fn line(&self) -> Option<String> {
        self.repository.as_ref().map(|repository| format!("{MARK}{repository}, {}", self.path))
    }

    /// What a full description says about its keeper. Names on forges never differ by case alone.
    pub(crate) fn mark(&self, full_description: &str) -> Mark {
        let Some(named) = named(full_description) else { return Mark::Absent };
        let is_ours = named.split_once(", ").is_some_and(|(repository, path)| {
            same_path(path, &self.path)
                && self.repository.as_ref().is_none_or(|own| own.eq_ignore_ascii_case(repository))
        });
        if is_ours { Mark::Ours } else { Mark::Anothers(excerpt(named, 200)) }
    }

    /// A full description of ours, followed by the mark; the text is cut if both do not fit.
    pub(crate) fn signed(&self, text: &str) -> String {
        let Some(line) = self.line() else { return text.to_owned() };
        let room = FULL_DESCRIPTION_LIMIT.saturating_sub(line.chars().count() + 3);
        let text: String = text.trim_end().chars().take(room).collect();
        format!("{text}\n\n{line}\n")
    }

    /// Somebody else's full description, followed by the mark in place of another keeper's; `None` if it does not fit.
    pub(crate) fn taken_over(&self, theirs: &str) -> Option<String> {
        let kept: Vec<&str> = theirs.lines().filter(|line| !line.trim().starts_with(MARK)).collect();
        let kept = kept.join("\n");
        let text = match kept.trim_end() {
            "" => format!("{}\n", self.line()?),
            kept => format!("{kept}\n\n{}\n", self.line()?),
        };
        (text.chars().count() <= FULL_DESCRIPTION_LIMIT).then_some(text)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn keeper() -> Keeper {
        Keeper { repository: Some("acme/images".to_owned()), path: "approved-images.yml".to_owned() }
    }

    #[test]
    fn only_a_record_a_mark_or_the_manifest_makes_a_repository_ours() {
        let (exists, of) = (Some(true), |claim: &Claim| ownership("acme/vault", claim, &keeper()));
        let claim = Claim { exists, ..Claim::default() };
        assert_eq!(of(&Claim { exists: Some(false), ..claim.clone() }), Ok(Ownership::Absent));
        assert_eq!(of(&Claim { answers_record: true, ..claim.clone() }), Ok(Ownership::Ours));
        assert_eq!(of(&claim), Err(Proof::Mark));
        for exists in [exists, None] {
            let marked = |mark: Mark| Claim { exists, mark: Some(mark), ..Claim::default() };
            assert_eq!(of(&marked(Mark::Ours)), Ok(Ownership::Ours));
            for mark in [Mark::Absent, Mark::Anothers("x".to_owned()), Mark::Unknown("x".to_owned())] {
                let claim = marked(mark);
                assert_eq!(of(&claim), Err(Proof::Past));
                assert_eq!(of(&Claim { adopt: true, ..claim.clone() }), Ok(Ownership::Adopted));
                assert_eq!(of(&Claim { past: Some(Past::Recorded), ..claim.clone() }), Ok(Ownership::Ours));
                for past in [Past::NeverRecorded, Past::Unknown("x".to_owned())] {
                    let told = of(&Claim { past: Some(past), ..claim.clone() }).unwrap();
                    assert!(matches!(&told, Ownership::NotOurs(why) if why.contains("`adopt: true`")), "{told:?}");
                }
            }
        }
    }

    #[test]
    fn the_last_line_that_names_a_keeper_counts() {
        let keeper = keeper();
        let text = keeper.signed("# loki\n\nCopies.\n");
        assert_eq!(text, "# loki\n\nCopies.\n\nKept by Wharfinger: acme/images, approved-images.yml\n");
        assert_eq!(keeper.mark(&text), Mark::Ours);
        assert_eq!(keeper.mark(&text.replace("acme/images", "Acme/Images").replace('\n', "\r\n")), Mark::Ours);
        assert_eq!(keeper.mark("Kept by Wharfinger.\n"), Mark::Absent, "what earlier releases wrote names nobody");
        let other = "Kept by Wharfinger: acme/other, approved-images.yml";
        assert_eq!(
            keeper.mark(&format!("{text}{other}")),
            Mark::Anothers("acme/other, approved-images.yml".to_owned())
        );
        assert_eq!(keeper.mark(&format!("{other}\n{text}")), Mark::Ours);
        assert_eq!(
            keeper.mark(&text.replace(", ", ", ./")),
            Mark::Ours,
            "as an earlier release wrote what it was given"
        );
        let path = Keeper { path: "team/approved-images.yml".to_owned(), ..keeper.clone() };
        assert!(matches!(path.mark(&text), Mark::Anothers(_)));
        assert_eq!(
            Keeper { repository: None, ..keeper }.mark(&text),
            Mark::Ours,
            "nobody is there to say which repository"
        );
    }

    #[test]
    fn the_mark_fits_whatever_stands_above_it() {
        let keeper = keeper();
        let long = keeper.signed(&"é".repeat(30_000));
        assert_eq!((long.chars().count(), keeper.mark(&long)), (FULL_DESCRIPTION_LIMIT, Mark::Ours));
        assert_eq!(keeper.taken_over(&"é".repeat(25_000)), None, "what a person wrote is not cut");
        let theirs = "Our vault.\n\nKept by Wharfinger: acme/old, approved-images.yml\n";
        let line = keeper.line().unwrap();
        assert_eq!(keeper.taken_over(theirs), Some(format!("Our vault.\n\n{line}\n")));
        assert_eq!(keeper.taken_over(""), Some(format!("{line}\n")));
    }
}
