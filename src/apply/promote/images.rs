//! Copies images concurrently.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::repositories::Unmade;
use super::work::{Applied, Promoted, Work, is_work};
use crate::apply::copy::{Companionship, Copied, Copier, CopyError, Mirror};
use crate::apply::interruption::Interruption;
use crate::image::RepositoryName;
use crate::plan::{FailedStep, State, Step};

/// How many images are copied concurrently.
const IMAGES: usize = 16;

/// Copies and verifies, except for repositories that are `unmade`; with `signatures`, also follows up on what is
/// already promoted.
pub(super) async fn copy(work: &Work<'_>, unmade: &Unmade, applied: &mut Applied, interruption: &Interruption) {
    let Work { copier, manifest, planned, .. } = *work;
    let mut images = Images::new(copier);
    for (index, step) in planned.steps.iter().enumerate() {
        let follow_up = work.signatures && step.state == State::Present;
        if !(is_work(step) || follow_up) {
            continue;
        }
        match (unmade.get(&step.repository), manifest.mirror(&step.repository)) {
            (Some(error), _) => images.fail(index, error.clone()),
            (None, Err(error)) => images.fail(index, CopyError::new(FailedStep::Resolve, error)),
            (None, Ok(location)) => images.start(index, step.clone(), copier.mirror(step, location)),
        }
    }
    images.finish(&planned.steps, applied, interruption).await;
}

/// The images in progress.
struct Images {
    copier: Arc<Copier>,
    tasks: JoinSet<(usize, Done)>,
    room: Arc<Semaphore>,
    refused: Arc<Refusals>,
    done: BTreeMap<usize, Done>,
}

/// What each repository that refused the credential said: it will refuse the next image too.
#[derive(Default)]
struct Refusals(Mutex<BTreeMap<RepositoryName, CopyError>>);

impl Refusals {
    fn of(&self, repository: &RepositoryName) -> Option<CopyError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(repository).cloned()
    }

    fn note(&self, repository: &RepositoryName, error: &CopyError) {
        let mut refusals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        refusals.entry(repository.clone()).or_insert_with(|| error.clone());
    }
}

/// The result of one step.
enum Done {
    Copied(Result<Copied, CopyError>),
    /// It was promoted before.
    FollowedUp(Companionship),
}

impl Images {
    fn new(copier: &Arc<Copier>) -> Self {
        Self {
            copier: Arc::clone(copier),
            tasks: JoinSet::new(),
            room: Arc::new(Semaphore::new(IMAGES)),
            refused: Arc::default(),
            done: BTreeMap::new(),
        }
    }

    fn fail(&mut self, index: usize, error: CopyError) {
        self.done.insert(index, Done::Copied(Err(error)));
    }

    /// Copies one image as soon as there is room; not at all if its repository refused the credential in the meantime.
    fn start(&mut self, index: usize, step: Step, mirror: Mirror) {
        let (copier, room, refused) = (Arc::clone(&self.copier), Arc::clone(&self.room), Arc::clone(&self.refused));
        self.tasks.spawn(async move {
            let _permit = room.acquire_owned().await;
            if let Some(error) = refused.of(&step.repository) {
                return (index, Done::Copied(Err(error)));
            }
            let done = if step.state == State::Present {
                Done::FollowedUp(copier.follow_up(&step, &mirror).await)
            } else {
                tracing::info!("{}:{}: {}", step.repository, step.tag, step.detail);
                Done::Copied(copier.promote(&step, &mirror).await)
            };
            if let Done::Copied(Err(error)) = &done
                && error.refused
            {
                refused.note(&step.repository, error);
            }
            (index, done)
        });
    }

    async fn finish(mut self, steps: &[Step], applied: &mut Applied, interruption: &Interruption) {
        let (mut ended, mut refusals) = (None, Vec::new());
        loop {
            tokio::select! {
                joined = self.tasks.join_next() => match joined {
                    Some(Ok((index, done))) => drop(self.done.insert(index, done)),
                    Some(Err(error)) if error.is_cancelled() => {}
                    Some(Err(error)) => tracing::error!("a copy was aborted: {error}"),
                    None => break,
                },
                signal = interruption.asked(), if ended.is_none() => {
                    ended = Some(signal);
                    self.tasks.abort_all();
                }
            }
        }
        for (index, step) in steps.iter().enumerate() {
            match self.done.remove(&index) {
                Some(Done::Copied(Ok(Copied { mirrored, companions }))) => {
                    applied.promoted.push(Promoted { step: step.clone(), mirrored });
                    applied.accompany(step, companions);
                }
                Some(Done::FollowedUp(companions)) => applied.accompany(step, companions),
                Some(Done::Copied(Err(error))) => {
                    refusals.push(error.refused.then(|| error.text.clone()));
                    applied.failed.push(step.failed(error.step, error.text));
                }
                None if is_work(step) => {
                    let text = match ended {
                        Some(signal) => format!("{signal} ended the run before this was promoted: run it again"),
                        None => "the copy was aborted, which is a bug in wharfinger: please report it".to_owned(),
                    };
                    applied.failed.push(step.failed(FailedStep::Blob, text));
                }
                None => {}
            }
        }
        // A credential that is refused everywhere can do nothing: no work was possible.
        let idle = applied.promoted.is_empty() && !applied.changed && refusals.iter().all(Option::is_some);
        applied.stopped = refusals.into_iter().flatten().next().filter(|_| idle && ended.is_none());
    }
}
