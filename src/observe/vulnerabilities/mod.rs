//! What is known of two images' vulnerabilities: by OSV's API or scanners' reports, as the manifest asks, and without what
//! VEX documents except.
//!
//! Nothing here fails a run: what cannot be found out is unknown, with the reason.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::OnceCell;

use super::named::{KeptPlace, NamedFiles, read_matching};
use crate::forge::Contents;
use crate::manifest::{Inspection, Vulnerabilities};
use crate::plan::binding::Held;
use crate::text::excerpt;
use crate::vulnerabilities::{VulnerabilityChanges, VulnerabilitySource, read_vex};

mod api;
mod compared;
mod packages;
mod reports;

pub(crate) use api::Osv;
pub(crate) use compared::{Compared, ComparedImage, Vex};

/// Where the VEX documents of the manifest are.
pub(crate) struct VexPlace {
    pub place: KeptPlace,
    /// With reviews: where the reviewed contents of documents are, if that is not here.
    pub reviewed: Option<(Arc<dyn Contents>, Held)>,
    /// The manifest's main file.
    pub main: String,
}

/// Compares vulnerabilities as a manifest asks. VEX documents are read when something is first compared, and everything
/// once.
pub(crate) struct VulnerabilityReader {
    inspection: Inspection,
    osv: Arc<Osv>,
    /// The directory with reports.
    reports: Option<PathBuf>,
    vex: Option<VexPlace>,
    known: OnceCell<Vex>,
}

impl VulnerabilityReader {
    /// Without `vex`, no document excepts anything.
    pub(crate) fn new(inspection: &Inspection, osv: Arc<Osv>, reports: Option<PathBuf>, vex: Option<VexPlace>) -> Self {
        Self { inspection: inspection.clone(), osv, reports, vex, known: OnceCell::new() }
    }

    /// Whether anything is asked that VEX documents could except.
    pub(crate) fn asks(&self) -> bool {
        self.inspection.vulnerabilities != Vulnerabilities::None
    }

    /// How the vulnerabilities of two images differ.
    pub(crate) async fn compare(&self, images: &Compared<'_>) -> VulnerabilityChanges {
        let found = match self.inspection.vulnerabilities {
            Vulnerabilities::None => return VulnerabilityChanges::default(),
            Vulnerabilities::Osv => packages::compare(&self.osv, images, self.statements()).await,
            Vulnerabilities::Reports => reports::compare(self.reports.as_deref(), images, self.statements()).await,
        };
        let mut changes = found.unwrap_or_else(VulnerabilityChanges::unknown);
        if changes.source != VulnerabilitySource::Unknown {
            let attested = images.attested.iter().flat_map(|vex| &vex.faults);
            let faults: BTreeSet<&String> = self.statements().await.faults.iter().chain(attested).collect();
            let notes: Vec<String> = changes.detail.take().into_iter().chain(faults.into_iter().cloned()).collect();
            changes.detail = (!notes.is_empty()).then(|| notes.join("; "));
        }
        changes
    }

    async fn statements(&self) -> &Vex {
        let read = async {
            match &self.vex {
                Some(VexPlace { place, reviewed, main }) if !self.inspection.vex.is_empty() => {
                    let reviewed = reviewed.as_ref().map(|(contents, held)| (&**contents, held));
                    parse(read_matching(place.place(), reviewed, main, &self.inspection.vex).await)
                }
                _ => Vex::default(),
            }
        };
        self.known.get_or_init(|| read).await
    }
}

/// What documents say; one that cannot be used excepts nothing.
fn parse(files: NamedFiles) -> Vex {
    let mut vex = Vex::default();
    for (path, bytes) in files {
        match bytes.and_then(|bytes| read_vex(&bytes)) {
            Ok(statements) => {
                // What is left out may be that something is affected.
                if let Err(why) = vex.statements.extend(statements) {
                    return Vex { faults: vec![format!("VEX documents except nothing: {why}")], ..Vex::default() };
                }
            }
            Err(why) => vex.faults.push(format!("{} excepts nothing: {}", excerpt(&path, 200), excerpt(&why, 200))),
        }
    }
    vex
}
