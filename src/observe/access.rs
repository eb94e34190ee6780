//! What registries let a member of the organization read: one HEAD per image, which does not count as a pull.

use futures_util::StreamExt as _;

use crate::image::{Reference, RegistryHost};
use crate::policy::access::{Answer, Subject};
use crate::registry::{Error, Registries};

/// How many images are checked at once; each host's own limit is in the client.
const TOGETHER: usize = 64;

/// Checks whether the credential is accepted at all.
///
/// # Errors
/// If it is not, or if the registry does not answer.
pub(crate) async fn greet(registries: &Registries, registry: &RegistryHost) -> Result<(), Error> {
    registries.client().probe_sign_in(registry).await
}

/// The answer for each image, in order: for a mirror by its tag, as members pull it; for an upstream by its digest, as
/// its tag may have moved on.
pub(crate) async fn ask(registries: &Registries, subjects: &[Subject], by_tag: bool) -> Vec<Answer> {
    let asked = subjects.iter().map(|subject| async move {
        let digest = subject.digest.clone().map(Reference::Digest);
        let tag = subject.tag.clone().map(Reference::Tag);
        let reference = if by_tag { tag.or(digest) } else { digest.or(tag) };
        let Some(reference) = reference else { return Answer::Absent };
        answer(registries.client().probe_manifest(&subject.repository, &reference).await)
    });
    futures_util::stream::iter(asked).buffered(TOGETHER).collect().await
}

fn answer(answered: Result<Option<Option<crate::image::Digest>>, Error>) -> Answer {
    match answered {
        Ok(Some(digest)) => Answer::There(digest),
        Ok(None) => Answer::Absent,
        Err(Error { kind, .. }) if kind.is_refusal() => Answer::Refused(kind.to_string()),
        Err(error) => Answer::Failed(error.to_string()),
    }
}
