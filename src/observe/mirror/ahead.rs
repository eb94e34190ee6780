//! Upstream, queried at the same time as the mirrors: nearly everything that was never promoted needs it. An approval
//! that does need it waits only for its own answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::error::MirrorError;
use super::reader::MirrorReader;
use super::upstream::{self, Upstream};
use crate::manifest::{Approval, Destination, Image};
use crate::observe::reviews::Reviews;
use crate::plan::{FailedStep, Key};

/// How many approvals are queried at once.
const TOGETHER: usize = 64;

/// The pending queries.
pub(super) struct Ahead(BTreeMap<Key, Asking>);

/// A query, which is cancelled when dropped.
pub(super) struct Asking(JoinHandle<Result<Upstream, MirrorError>>);

impl Ahead {
    /// Queries everything that was never promoted and that reviews cover. If one registry is both source and
    /// destination and takes a credential, the first read at the mirror shows how to sign in there, so that is waited
    /// for.
    pub(super) async fn ask(reader: &MirrorReader<'_>, reviews: &Reviews, approvals: &[(&Image, &Approval)]) -> Self {
        let (sources, registry) = (reader.sources, &reviews.binding.manifest.registry);
        let credentials = &reader.registries.client().options().credentials;
        let signs_in = match registry {
            // Docker Hub makes everybody sign in, if only anonymously.
            Destination::Registry(host) if host.is_docker_hub() => Some(host),
            Destination::Registry(host) if !matches!(credentials.get(host).await, Ok(None)) => Some(host),
            _ => None,
        };
        let keyed = approvals.iter().map(|(image, approval)| (*image, *approval, Key::of(image, approval)));
        let wanted = keyed.filter(|(image, approval, key)| {
            let apart = signs_in.is_none() || image.source.registry() != signs_in;
            apart && upstream::is_wanted(image, approval) && reviews.untold.is_none() && reviews.why_not(key).is_none()
        });
        let room = Arc::new(Semaphore::new(TOGETHER));
        let asking = wanted.map(|(image, approval, key)| {
            let (room, sources, image, approval) =
                (Arc::clone(&room), sources.clone(), image.clone(), approval.clone());
            let task = tokio::spawn(async move {
                let _turn = room.acquire().await;
                upstream::upstream(&sources, &image, &approval).await
            });
            (key, Asking(task))
        });
        Self(asking.collect())
    }

    pub(super) fn take(&mut self, key: &Key) -> Option<Asking> {
        self.0.remove(key)
    }
}

impl Asking {
    pub(super) async fn answer(mut self) -> Result<Upstream, MirrorError> {
        let cut = |e: tokio::task::JoinError| Err(MirrorError::Approval(FailedStep::Read, e.to_string()));
        (&mut self.0).await.unwrap_or_else(cut)
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.abort();
    }
}
