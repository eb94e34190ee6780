//! What other mirroring tools are configured to copy, and what a cluster runs, as a manifest.
//!
//! Pure: a text goes in, a manifest and a list of what it does not hold come out. Nothing is looked up, so every digest in
//! the manifest stood in the text, and no tag is approved that the text does not pin by digest.

mod assemble;
mod constraint;
mod destination;
mod dregsy;
mod filter;
mod hub;
mod image_syncer;
mod kind;
mod kubernetes;
mod rancher;
mod reading;
mod regsync;
mod skopeo;
mod wish;
mod write;

pub(crate) use assemble::Imported;
pub(crate) use hub::{Held, hub};
pub(crate) use kind::Kind;
pub(crate) use reading::{Left, Unreadable};

/// Reads a configuration.
///
/// `organization` is where the mirrors will be, on Docker Hub; without it, where the configuration puts most of its images.
///
/// # Errors
/// If the text is not what it is said to be, or no organization is known.
pub(crate) fn import(kind: Kind, text: &str, organization: Option<&str>) -> Result<Imported, Unreadable> {
    let mut reading = reading::Reading::new(text);
    let documents = reading.documents()?;
    let root = documents.first().ok_or_else(|| Unreadable::new("there is nothing in it"))?;
    match kind {
        Kind::Regsync => regsync::read(&mut reading, root)?,
        Kind::Skopeo => skopeo::read(&mut reading, root)?,
        Kind::ImageSyncer => image_syncer::read(&mut reading, root)?,
        Kind::Rancher => rancher::read(&mut reading, root)?,
        Kind::Dregsy => dregsy::read(&mut reading, root)?,
        Kind::Kubernetes => kubernetes::read(&mut reading)?,
        Kind::Hub => return Err(Unreadable::new("a list of sources needs what the organization has")),
    }
    assemble::assemble(kind, reading, organization)
}

#[cfg(test)]
mod tests;
