//! How approvals that are still to be promoted came to the default branch, and who approved them there.
//!
//! Asked only about what is pending; every file's history is listed once, every text, pull request and account read once.
//! What brought an approval is the newest commit of the default branch's own line that holds it while the commit before
//! does not: neither a branch that was merged nor what a commit says of itself decides.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use crate::forge::{Change, Commit, Error, Forge, Merge, Review, Social, Verdict};
use crate::image::Digest;
use crate::manifest::{self, Approval, File, Image, Manifest};
use crate::plan::Key;
use crate::plan::reviews::{self, Objection, Origin, Say, Subject, unreviewed};

/// Pages of a history that are looked at, of a hundred commits each.
const PAGES: u32 = 3;
/// Commits of the default branch's own line that are read one by one where the history of the file does not tell.
const SCANNED: usize = 50;

const NO_FORGE: &str = "there is no forge to ask: give GITHUB_TOKEN and GITHUB_REPOSITORY";
const NO_REVIEWS: &str = "a plain git repository has none: nothing is promoted from it under this policy";
const NOT_FOUND: &str = "what brought it is not among the newest commits of the default branch: take the approval out and \
                         merge a pull request that adds it";

/// Where reviews are looked for, and how many this run asks for at least.
#[derive(Clone, Copy)]
pub struct Bar<'a> {
    /// The forge, where there is one.
    pub forge: Option<&'a dyn Forge>,
    /// The default branch's commit that the manifest was read at; `None`: as it is now.
    pub at: Option<&'a Commit>,
    /// The path of the main file.
    pub path: &'a str,
    /// The least number of reviews, whatever the manifest says.
    pub floor: u32,
}

/// Why each of these approvals may not be promoted, `None` where it may, or why that could not be found out.
pub(super) async fn judge(
    bar: &Bar<'_>,
    manifest: &Manifest,
    pending: &[(&Image, &Approval)],
) -> BTreeMap<Key, Result<Option<String>, Error>> {
    let floor = bar.floor.max(manifest.policy.approvals);
    let all = |why: &dyn Fn() -> Result<Option<String>, Error>| {
        pending.iter().map(|(image, approval)| (Key::of(image, approval), why())).collect()
    };
    if pending.is_empty() {
        return BTreeMap::new();
    }
    let Some(forge) = bar.forge else { return all(&|| Ok(unreviewed(floor, &Origin::Unknown(NO_FORGE)))) };
    let head = match bar.at {
        Some(at) => at.clone(),
        None => match forge.head().await {
            Ok(head) => head.commit,
            Err(error) => return all(&|| Err(error.clone())),
        },
    };
    let mut search = Search {
        forge,
        bar,
        manifest,
        head,
        histories: BTreeMap::new(),
        held: BTreeMap::new(),
        merges: BTreeMap::new(),
        parents: BTreeMap::new(),
        pulls: BTreeMap::new(),
        writers: BTreeMap::new(),
        accounts: BTreeMap::new(),
    };
    let mut judged = BTreeMap::new();
    for (image, approval) in pending {
        judged.insert(Key::of(image, approval), search.judge(image, approval).await);
    }
    judged
}

/// What is remembered between approvals.
struct Search<'a> {
    forge: &'a dyn Forge,
    bar: &'a Bar<'a>,
    manifest: &'a Manifest,
    head: Commit,
    /// What was listed of a path's history (`None`: of the branch's), the next page, whether there is one.
    histories: BTreeMap<Option<String>, (Vec<Change>, u32, bool)>,
    /// What a main file and another together hold, by a digest of both.
    held: BTreeMap<Digest, Option<Manifest>>,
    merges: BTreeMap<Commit, Option<Merge>>,
    parents: BTreeMap<Commit, Vec<Commit>>,
    pulls: BTreeMap<u64, Vec<reviews::Review>>,
    writers: BTreeMap<u64, Option<BTreeSet<String>>>,
    accounts: BTreeMap<String, bool>,
}

/// The change of the default branch that brought something.
struct Brought {
    commit: Commit,
    before: Option<Commit>,
    pull: Option<u64>,
}

impl Search<'_> {
    async fn judge(&mut self, image: &Image, approval: &Approval) -> Result<Option<String>, Error> {
        let subject = Subject::of(image, approval);
        let path = self.manifest.files.get(image.file).map_or(self.bar.path, |file| file.path.as_str()).to_owned();
        let Some(brought) = self.brought(&subject, &path).await? else {
            let asked = self.bar.floor.max(self.manifest.policy.approvals);
            return Ok(unreviewed(asked, &Origin::Unknown(NOT_FOUND)));
        };
        let mut asked = self.bar.floor;
        for commit in [Some(&brought.commit), brought.before.as_ref()].into_iter().flatten() {
            let main = self.forge.read(commit, self.bar.path).await?;
            asked = asked.max(main.map_or(0, |text| manifest::approvals_asked(&text)));
        }
        if asked == 0 {
            return Ok(None);
        }
        let origin = match (self.forge.social(), brought.pull) {
            (None, _) => Origin::Unknown(NO_REVIEWS),
            (Some(_), None) => Origin::Pushed(brought.commit.0),
            (Some(social), Some(number)) => Origin::Pull(number, self.opinions(social, number, &subject, &path).await?),
        };
        Ok(unreviewed(asked, &origin))
    }

    /// The newest change of the default branch that brought the subject. A file's own history tells; where what promotion
    /// makes of an approval was changed by the main file's defaults, that file's does.
    async fn brought(&mut self, subject: &Subject, path: &str) -> Result<Option<Brought>, Error> {
        let mut paths = vec![path.to_owned()];
        if path != self.bar.path {
            paths.push(self.bar.path.to_owned());
        }
        for listed in paths {
            let mut at = 0;
            while let Some(change) = self.change(Some(&listed), at).await? {
                at += 1;
                if self.brings(&change.commit, change.parent.as_ref(), subject, path).await?
                    && let Some(brought) = self.on_the_default_branch(change, subject, path).await?
                {
                    return Ok(Some(brought));
                }
            }
        }
        Ok(None)
    }

    /// The commit of a history at a place, newest first.
    async fn change(&mut self, path: Option<&str>, at: usize) -> Result<Option<Change>, Error> {
        loop {
            let key = path.map(str::to_owned);
            let (known, page, more) = self.histories.entry(key).or_insert((Vec::new(), 1, true));
            if let Some(change) = known.get(at) {
                return Ok(Some(change.clone()));
            }
            if !*more || *page > PAGES {
                return Ok(None);
            }
            let (listed, another) = self.forge.history(&self.head, path, *page).await?;
            known.extend(listed);
            (*page, *more) = (*page + 1, another);
        }
    }

    async fn brings(
        &mut self,
        commit: &Commit,
        before: Option<&Commit>,
        subject: &Subject,
        path: &str,
    ) -> Result<bool, Error> {
        if !self.holds(commit, subject, path).await? {
            return Ok(false);
        }
        match before {
            Some(before) => Ok(!self.holds(before, subject, path).await?),
            None => Ok(true),
        }
    }

    /// Whether the main file and the one that declares the image hold the subject at a commit.
    async fn holds(&mut self, at: &Commit, subject: &Subject, path: &str) -> Result<bool, Error> {
        let main = self.forge.read(at, self.bar.path).await?;
        let other = if path == self.bar.path { None } else { self.forge.read(at, path).await? };
        let Some(main) = main else { return Ok(false) };
        let whole = format!("{main}\0{}", other.as_deref().unwrap_or_default());
        let key = Digest::sha256(whole.as_bytes());
        let manifest = self.held.entry(key).or_insert_with(|| {
            let mut files = vec![File { path: self.bar.path.to_owned(), text: main }];
            files.extend(other.map(|text| File { path: path.to_owned(), text }));
            manifest::parse_part(files)
        });
        Ok(manifest.as_ref().is_some_and(|manifest| subject.is_held(manifest)))
    }

    /// The change of the default branch that a commit came with: the merge of its pull request, or the commit itself.
    async fn on_the_default_branch(
        &mut self,
        change: Change,
        subject: &Subject,
        path: &str,
    ) -> Result<Option<Brought>, Error> {
        let Change { commit, parent } = change;
        let direct = |pull| Some(Brought { commit: commit.clone(), before: parent.clone(), pull });
        let Some(social) = self.forge.social() else { return Ok(direct(None)) };
        let Some(merge) = self.merge(social, &commit).await? else {
            return match self.is_on_the_line(&commit).await? {
                true => Ok(direct(None)),
                false => self.scan(social, subject, path).await,
            };
        };
        // A squash is the commit itself, and rebased commits stand in the line one by one.
        let Some(by) = merge.commit.filter(|by| *by != commit) else { return Ok(direct(Some(merge.number))) };
        if !self.parents.contains_key(&by) {
            self.parents.insert(by.clone(), social.parents(&by).await?);
        }
        let parents = self.parents.get(&by).cloned().unwrap_or_default();
        let [before, _, ..] = &parents[..] else { return Ok(direct(Some(merge.number))) };
        let brings = self.brings(&by, Some(before), subject, path).await?;
        Ok(brings.then(|| Brought { commit: by, before: Some(before.clone()), pull: Some(merge.number) }))
    }

    async fn merge(&mut self, social: &dyn Social, commit: &Commit) -> Result<Option<Merge>, Error> {
        if let Some(known) = self.merges.get(commit) {
            return Ok(known.clone());
        }
        let merge = social.merged_by(commit).await?;
        self.merges.insert(commit.clone(), merge.clone());
        Ok(merge)
    }

    /// The default branch's own line, newest first, as far as it was listed: each the first parent of the one before.
    async fn line(&mut self) -> Result<Vec<Change>, Error> {
        let mut all: BTreeMap<Commit, Option<Commit>> = BTreeMap::new();
        let mut at = 0;
        while let Some(change) = self.change(None, at).await? {
            all.insert(change.commit, change.parent);
            at += 1;
        }
        let (mut line, mut next) = (Vec::new(), Some(self.head.clone()));
        while let Some(commit) = next {
            let Some(parent) = all.remove(&commit) else { break };
            next = parent.clone();
            line.push(Change { commit, parent });
        }
        Ok(line)
    }

    async fn is_on_the_line(&mut self, commit: &Commit) -> Result<bool, Error> {
        Ok(*commit == self.head || self.line().await?.iter().any(|change| change.commit == *commit))
    }

    /// Reads the default branch's own line commit by commit: a branch was merged by hand.
    async fn scan(&mut self, social: &dyn Social, subject: &Subject, path: &str) -> Result<Option<Brought>, Error> {
        for Change { commit, parent } in self.line().await?.into_iter().take(SCANNED) {
            if self.brings(&commit, parent.as_ref(), subject, path).await? {
                let pull = self.merge(social, &commit).await?.map(|merge| merge.number);
                return Ok(Some(Brought { commit, before: parent, pull }));
            }
        }
        Ok(None)
    }

    /// Each person's latest review and what speaks against it. Accounts are asked about only where nothing else does.
    async fn opinions(
        &mut self,
        social: &dyn Social,
        number: u64,
        subject: &Subject,
        path: &str,
    ) -> Result<Vec<(String, Option<Objection>)>, Error> {
        if let Entry::Vacant(unread) = self.pulls.entry(number) {
            let given = social.reviews(number).await?;
            unread.insert(reviews::latest(given.into_iter().filter_map(review).collect()));
        }
        let mut opinions = Vec::new();
        for review in self.pulls.get(&number).cloned().unwrap_or_default() {
            let objection = match Objection::at_sight(&review) {
                Some(objection) => Some(objection),
                None => self.objection(social, number, &review, subject, path).await?,
            };
            opinions.push((review.login, objection));
        }
        Ok(opinions)
    }

    async fn objection(
        &mut self,
        social: &dyn Social,
        number: u64,
        review: &reviews::Review,
        subject: &Subject,
        path: &str,
    ) -> Result<Option<Objection>, Error> {
        let login = review.login.to_lowercase();
        if let Entry::Vacant(unread) = self.writers.entry(number) {
            unread.insert(social.writers(number).await?);
        }
        match self.writers.get(&number).and_then(Option::as_ref) {
            None => return Ok(Some(Objection::WritersUnknown)),
            Some(writers) if writers.contains(&login) => return Ok(Some(Objection::Wrote)),
            Some(_) => {}
        }
        let looked_at = review.commit.clone().map(Commit);
        let held = match &looked_at {
            Some(commit) => self.holds(commit, subject, path).await?,
            None => false,
        };
        if !held {
            return Ok(Some(Objection::OtherBytes));
        }
        let may = match self.accounts.get(&login) {
            Some(may) => *may,
            None => social.may_write(&review.login).await?,
        };
        self.accounts.insert(login, may);
        Ok((!may).then_some(Objection::MayNotWrite))
    }
}

/// A remark is no review here.
fn review(review: Review) -> Option<reviews::Review> {
    let Review { login, person, verdict, commit } = review;
    let say = match verdict {
        Verdict::Approved => Say::Approved,
        Verdict::ChangesRequested => Say::ChangesRequested,
        Verdict::Dismissed => Say::Dismissed,
        Verdict::Commented => return None,
    };
    Some(reviews::Review { login, person, say, commit: commit.map(|commit| commit.0) })
}
