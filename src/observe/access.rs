//! What registries answer a member of the organization: one HEAD an image, which counts as no pull.

use futures_util::StreamExt as _;

use crate::image::{Reference, RegistryHost};
use crate::policy::access::{Answer, Subject};
use crate::registry::{Error, Registries};

/// How many are asked together; each host's own limit is the client's.
const TOGETHER: usize = 64;

/// Asks whether the credential is taken at all.
///
/// # Errors
/// Where it is not, or where the registry does not answer.
pub(crate) async fn greet(registries: &Registries, registry: &RegistryHost) -> Result<(), Error> {
    registries.client().probe_sign_in(registry).await
}

/// What is answered for each image, in their order: for a mirror by its tag, as members ask; for an upstream by its
/// digest, for its tag may have moved on.
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
