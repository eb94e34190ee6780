//! Where approvals came from.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::bound::Bound;
use super::line::{By, Step};
use crate::manifest::Manifest;
use crate::plan::Key;

/// The step that introduced an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Introduction {
    pub(crate) pull: Option<u64>,
    /// When it was committed.
    pub(crate) at: DateTime<Utc>,
}

/// What introduced a manifest's approvals, as far as these steps show: newest first, each followed by the one before.
pub(crate) fn introductions(manifest: &Manifest, steps: &[&Step]) -> BTreeMap<Key, Introduction> {
    let mut came = BTreeMap::new();
    for (image, approval) in manifest.approvals() {
        let key = Key::of(image, approval);
        let brings = |pair: &&[&Step]| brought(pair[0], pair[1], &key);
        if let Some([step, _]) = steps.windows(2).find(brings) {
            let pull = match step.by {
                By::Pull(number) => Some(number),
                By::Ours | By::Pushed | By::Detour => None,
            };
            came.insert(key, Introduction { pull, at: step.at });
        }
    }
    came
}

/// Whether a step introduced an approval, in its present form, compared with the step before.
pub(crate) fn brought(step: &Step, before: &Step, key: &Key) -> bool {
    let bound = Bound::Approval(key.clone());
    let says = |step: &Step| step.state.values().map(|values| values.get(&bound).cloned());
    let (now, then) = (says(step), says(before));
    now.as_ref().is_some_and(Option::is_some) && then.is_some() && now != then
}
