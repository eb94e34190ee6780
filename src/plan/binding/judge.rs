//! The judgement: which values of the manifest are covered by reviews, and what was last reviewed of the others.
//!
//! A step is covered by the reviews of the pull request that it merged, and a value by those whose commit had that very
//! value, absence included. So a later reviewed change covers what it found, and an earlier one nothing that came after
//! it.

use std::collections::{BTreeMap, BTreeSet};

use super::bound::{Bound, Values};
use super::line::{Base, By, Line, Pull, Pulls, Step};
use super::state::State;
use crate::plan::Key;
use crate::plan::reviews::{Objection, Opinion, Origin, unreviewed};

/// What reviews cover in the head.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Judgement {
    /// The items for which the head differs from what was last reviewed.
    pub(crate) gaps: BTreeMap<Bound, Gap>,
    /// How many reviews a change needs now.
    pub(crate) asked: u32,
    /// The newest step up to which everything is known to be reviewed.
    pub(crate) settled: Option<String>,
    /// What steps recorded for approvals although neither our own record nor a review vouches for it.
    pub(crate) foreign: BTreeSet<ForeignRecord>,
}

/// A `mirrored` that nobody vouches for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ForeignRecord {
    pub(crate) key: Key,
    pub(crate) digest: String,
}

/// A value of the head that no review covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gap {
    /// The head's value; `None` if it has none.
    pub(crate) now: Option<String>,
    /// What was last reviewed; `None`: its absence.
    pub(crate) reviewed: Option<Reviewed>,
    /// Why it is not covered, in words.
    pub(crate) why: String,
    /// The position of the step that introduced it.
    pub(crate) brought: usize,
}

/// A value that was reviewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reviewed {
    pub(crate) value: String,
    /// The position on the line of a step with this value.
    pub(crate) step: usize,
}

const CUT: &str = "the change that brought it is not among the newest commits of the default branch: merge a \
                   reviewed pull request, which covers everything in the manifest at that point";

/// Judges the head, or names the pull requests whose reviews must be known first. `floor` is the least number of
/// reviews, whatever the manifest says.
pub(crate) fn judge(line: &Line, floor: u32, pulls: &Pulls) -> Result<Judgement, BTreeSet<u64>> {
    let steps = begun(line, floor);
    let history = History::of(steps);
    let asking = Asking::along(line, steps, floor, pulls)?;
    let judge = Judge { base: line.base, steps, history: &history, asking: &asking, pulls };
    judge.head()
}

/// The steps from the beginning on: with a floor, that is the oldest state of the manifest.
fn begun(line: &Line, floor: u32) -> &[Step] {
    let is_state = |step: &Step| *step.state != State::Absent;
    let oldest = line.steps.iter().rposition(is_state).filter(|_| floor > 0 && line.base == Base::Beginning);
    oldest.map_or(&line.steps[..], |oldest| &line.steps[..=oldest])
}

/// The values along the line: a step that cannot be read has the values of the one before it.
struct History<'a> {
    values: Vec<&'a Values>,
    /// The positions of the steps that changed an item, newest first.
    changes: BTreeMap<&'a Bound, Vec<usize>>,
}

static NOTHING: Values = Values::new();

impl<'a> History<'a> {
    fn of(steps: &'a [Step]) -> Self {
        let mut values: Vec<&Values> = Vec::with_capacity(steps.len());
        for step in steps.iter().rev() {
            let before = values.last().copied().unwrap_or(&NOTHING);
            values.push(step.state.values().unwrap_or(before));
        }
        values.reverse();
        let mut changes: BTreeMap<&Bound, Vec<usize>> = BTreeMap::new();
        if let Some(oldest) = values.last() {
            changes.extend(oldest.keys().map(|bound| (bound, Vec::new())));
        }
        for (at, pair) in values.windows(2).enumerate().filter(|(_, pair)| !std::ptr::eq(pair[0], pair[1])) {
            let [now, before] = pair else { continue };
            for bound in now.keys().chain(before.keys()).filter(|bound| now.get(bound) != before.get(bound)) {
                let places = changes.entry(bound).or_default();
                if places.last() != Some(&at) {
                    places.push(at);
                }
            }
        }
        Self { values, changes }
    }

    fn value(&self, at: usize, bound: &Bound) -> Option<&'a String> {
        self.values.get(at)?.get(bound)
    }
}

/// How many reviews each step needs, and how many the next one after the head.
struct Asking {
    steps: Vec<u32>,
    next: u32,
    /// Whether the head asks for exactly the number that was reviewed.
    settled: bool,
}

impl Asking {
    /// Lowering `policy.approvals` takes the reviews that its last reviewed value asks for; an unreviewed raise applies
    /// until then. If nothing is asked for, the step that begins to ask lacks nothing.
    fn along(line: &Line, steps: &[Step], floor: u32, pulls: &Pulls) -> Result<Self, BTreeSet<u64>> {
        let (mut reviewed, mut asked) = (0, floor);
        let mut needed = vec![0; steps.len()];
        for (at, step) in steps.iter().enumerate().rev() {
            let says = step.state.approvals();
            if at + 1 == steps.len() {
                // What came before is unknown: then nothing in this step counts as reviewed either.
                let head = steps.first().map_or(0, |head| head.state.approvals());
                // If the line was cut, its oldest step is no beginning for what the head asks.
                let known = if line.base == Base::Cut { line.asked_before.max(head) } else { 0 };
                (reviewed, asked) = (says.max(known), floor.max(says).max(known));
                needed[at] = if line.base == Base::Cut { asked } else { 0 };
                continue;
            }
            needed[at] = if asked == 0 { 0 } else { asked.max(says) };
            if says == reviewed && asked == floor.max(says) {
                continue;
            }
            let asks = floor.max(reviewed);
            let agrees = |state: &State| state.approvals() == says;
            let readable = step.state.values().is_some();
            let covered = asks == 0 || (readable && step_reviews(step, pulls, agrees)? >= asks);
            match covered {
                true => (reviewed, asked) = (says, floor.max(says)),
                false => asked = asked.max(says),
            }
        }
        let says = steps.first().map_or(0, |head| head.state.approvals());
        Ok(Self { steps: needed, next: asked, settled: says == reviewed && asked == floor.max(says) })
    }
}

/// How many of a step's reviews that count are about a state like this.
fn step_reviews(step: &Step, pulls: &Pulls, agrees: impl Fn(&State) -> bool) -> Result<u32, BTreeSet<u64>> {
    let By::Pull(number) = step.by else { return Ok(0) };
    let pull = pulls.get(&number).ok_or_else(|| BTreeSet::from([number]))?;
    let counts = |(opinion, state): &&(Opinion, _)| {
        let state: &Option<std::sync::Arc<State>> = state;
        opinion.objection.is_none() && state.as_deref().is_some_and(&agrees)
    };
    Ok(u32::try_from(pull.reviews.iter().filter(counts).count()).unwrap_or(u32::MAX))
}

/// Whether a run of steps with one value is covered.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Cover {
    Yes,
    No,
    Unknown(Unknown),
}

/// The pull requests whose reviews must be known first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Unknown {
    /// The one that introduced the value.
    first: Option<u64>,
    all: BTreeSet<u64>,
}

struct Judge<'a> {
    base: Base,
    steps: &'a [Step],
    history: &'a History<'a>,
    asking: &'a Asking,
    pulls: &'a Pulls,
}

/// A run of steps with one value, from its newest step to the one that introduced it.
#[derive(Clone, Copy)]
struct Run {
    newest: usize,
    brought: usize,
    /// Whether the oldest step of the line already has the value.
    oldest: bool,
}

impl Judge<'_> {
    fn head(&self) -> Result<Judgement, BTreeSet<u64>> {
        let (mut gaps, mut foreign, mut lacking) = (BTreeMap::new(), BTreeSet::new(), Lacking::default());
        for (bound, changes) in &self.history.changes {
            match self.gap(bound, changes) {
                Ok(gap) => gaps.extend(gap.map(|gap| ((*bound).clone(), gap))),
                Err(unknown) => lacking.0.push(unknown),
            }
            match self.foreign_records(bound, changes) {
                Ok(records) => foreign.extend(records),
                Err(unknown) => lacking.0.push(unknown),
            }
        }
        lacking.next(self.steps, self.pulls)?;
        let asked = self.asking.next;
        let whole = gaps.is_empty() && self.asking.settled;
        let settled = match (whole, self.base) {
            (true, _) => self.steps.first(),
            (false, Base::Settled) => self.steps.last(),
            (false, Base::Beginning | Base::Cut) => None,
        };
        Ok(Judgement { gaps, asked, settled: settled.map(|step| step.commit.clone()), foreign })
    }

    /// What the head has without reviews for an item; `None` if they cover it.
    fn gap(&self, bound: &Bound, changes: &[usize]) -> Result<Option<Gap>, Unknown> {
        let now = self.history.value(0, bound);
        let mut runs = self.runs(changes).into_iter();
        let Some(head) = runs.next() else { return Ok(None) };
        match self.cover(bound, head) {
            Cover::Yes => return Ok(None),
            Cover::Unknown(pulls) => return Err(pulls),
            Cover::No => {}
        }
        let mut reviewed = None;
        for run in runs {
            match self.cover(bound, run) {
                Cover::No => continue,
                Cover::Unknown(pulls) => return Err(pulls),
                Cover::Yes => {
                    let value = self.history.value(run.newest, bound).cloned();
                    // A step that cannot be read has the value only after one that can.
                    let step = (run.newest..=run.brought).find(|at| self.steps[*at].state.manifest().is_some());
                    reviewed = value.zip(step).map(|(value, step)| Reviewed { value, step });
                    break;
                }
            }
        }
        // An approval that was removed and came back counts as new: its removal was intended.
        let same = reviewed.as_ref().map(|reviewed| &reviewed.value) == now;
        if same && !(matches!(bound, Bound::Approval(_)) && now.is_some()) {
            return Ok(None);
        }
        Ok(Some(Gap { now: now.cloned(), reviewed, why: self.why(bound, head), brought: head.brought }))
    }

    /// Everything ever recorded for an approval that is not covered, even if it was removed again.
    fn foreign_records(&self, bound: &Bound, changes: &[usize]) -> Result<Vec<ForeignRecord>, Unknown> {
        let Bound::Mirrored(key) = bound else { return Ok(Vec::new()) };
        let (mut vouched, mut foreign) = (BTreeSet::new(), Vec::new());
        for run in self.runs(changes) {
            let Some(digest) = self.history.value(run.newest, bound) else { continue };
            match self.cover(bound, run) {
                Cover::Yes => drop(vouched.insert(digest)),
                Cover::No => foreign.push(digest),
                Cover::Unknown(unknown) => return Err(unknown),
            }
        }
        foreign.retain(|digest| !vouched.contains(digest));
        let record = |digest: &String| ForeignRecord { key: key.clone(), digest: digest.clone() };
        Ok(foreign.into_iter().map(record).collect())
    }

    fn runs(&self, changes: &[usize]) -> Vec<Run> {
        let mut newest = 0;
        let mut runs = Vec::with_capacity(changes.len() + 1);
        for at in changes {
            runs.push(Run { newest, brought: *at, oldest: false });
            newest = at + 1;
        }
        runs.push(Run { newest, brought: self.steps.len() - 1, oldest: true });
        runs
    }

    fn cover(&self, bound: &Bound, run: Run) -> Cover {
        if run.oldest && self.base != Base::Cut || self.asking.steps[run.brought] == 0 {
            return Cover::Yes;
        }
        if self.is_our_record(bound, run.brought) {
            return Cover::Yes;
        }
        let value = self.history.value(run.newest, bound);
        let mut unknown = Unknown::default();
        for at in run.newest..=run.brought {
            match self.covers(bound, value, at) {
                Ok(true) => return Cover::Yes,
                Ok(false) => {}
                Err(pulls) => {
                    unknown.first = pulls.first().copied().filter(|_| at == run.brought);
                    unknown.all.extend(pulls);
                }
            }
        }
        if unknown.all.is_empty() { Cover::No } else { Cover::Unknown(unknown) }
    }

    /// Whether the reviews of one step cover a value.
    fn covers(&self, bound: &Bound, value: Option<&String>, at: usize) -> Result<bool, BTreeSet<u64>> {
        let step = &self.steps[at];
        let says = |state: &State| state.values().is_some_and(|values| values.get(bound) == value);
        if step.state.values().is_none() {
            return Ok(false);
        }
        if step_reviews(step, self.pulls, says)? >= self.asking.steps[at] {
            return Ok(true);
        }
        let record = match step.by {
            By::Pull(number) => self.pulls.get(&number).and_then(|pull| pull.record.as_deref()),
            By::Ours | By::Pushed | By::Detour => None,
        };
        Ok(matches!(bound, Bound::Mirrored(_)) && record.is_some_and(says))
    }

    /// Whether our own account wrote the record here, and nothing else.
    fn is_our_record(&self, bound: &Bound, at: usize) -> bool {
        let recorded = |bound: &Bound| matches!(bound, Bound::Mirrored(_));
        if !recorded(bound) || self.steps[at].by != By::Ours {
            return false;
        }
        let (Some(now), Some(before)) = (self.history.values.get(at), self.history.values.get(at + 1)) else {
            return false;
        };
        let changed = |bound: &&Bound| now.get(bound) != before.get(bound);
        now.keys().chain(before.keys()).filter(changed).all(recorded)
    }

    fn why(&self, bound: &Bound, run: Run) -> String {
        let step = &self.steps[run.brought];
        let asked = self.asking.steps[run.brought];
        let value = self.history.value(run.newest, bound);
        let origin = match step.by {
            _ if run.oldest => Origin::Unknown(CUT),
            By::Pull(number) => {
                let pull = self.pulls.get(&number);
                Origin::Pull(number, pull.map_or_else(Vec::new, |pull| opinions(pull, bound, value)))
            }
            By::Ours | By::Pushed | By::Detour => Origin::Pushed(step.commit.clone()),
        };
        unreviewed(asked, &origin).unwrap_or_default()
    }
}

/// A pull request's reviews, as far as they concern one value.
fn opinions(pull: &Pull, bound: &Bound, value: Option<&String>) -> Vec<Opinion> {
    let opinion = |(opinion, state): &(Opinion, Option<std::sync::Arc<State>>)| {
        let held = state.as_deref().and_then(State::values).is_some_and(|values| values.get(bound) == value);
        let other = (!held).then_some(Objection::Other);
        Opinion { objection: opinion.objection.clone().or(other), ..opinion.clone() }
    };
    pull.reviews.iter().map(opinion).collect()
}

/// The pull requests that are needed to judge values.
#[derive(Default)]
struct Lacking(Vec<Unknown>);

impl Lacking {
    /// The ones to ask about next: first only the newest, which usually covers everything; then those that introduced
    /// what is not covered; then the rest.
    fn next(self, steps: &[Step], known: &Pulls) -> Result<(), BTreeSet<u64>> {
        let Self(lacking) = self;
        let all = || lacking.iter().flat_map(|unknown| unknown.all.iter().copied());
        let first: BTreeSet<u64> = lacking.iter().filter_map(|unknown| unknown.first).collect();
        let place = |number: &u64| steps.iter().position(|step| step.by == By::Pull(*number));
        match () {
            () if lacking.is_empty() => Ok(()),
            () if known.is_empty() => Err(all().min_by_key(place).into_iter().collect()),
            () if !first.is_empty() => Err(first),
            () => Err(all().collect()),
        }
    }
}
