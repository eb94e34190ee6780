//! What a merge would change about what guards images, and what it would then let in.

use super::subject::Subject;
use crate::evidence::Trust;
use crate::image::{Digest, Location};
use crate::manifest::{Image, Manifest, Vulnerabilities};
use crate::observe::makers::MakerReader;
use crate::observe::named::NamedFiles;
use crate::plan::Signing;
use crate::proposal::guard::{self, Pending, Replaced, ReplacedFiles, VexFiles};
use crate::proposal::review::Finding;
use crate::text::excerpt;

/// The files that the manifest names: for keys and trusted roots, and VEX documents.
pub(super) struct Files {
    /// As the base has them.
    base: NamedFiles,
    /// As they would be.
    head: NamedFiles,
    /// The documents that the base names, and those that the head does.
    vex: [VexFiles; 2],
}

impl Files {
    pub(super) async fn read(subject: &Subject, base: Option<&Manifest>, head: &Manifest) -> Self {
        let guarded = (0..head.images.len()).filter(|at| guard::asking(base, head, *at).is_some());
        let guarded: Vec<Image> = guarded.map(|at| guard::guarded(base, head, at)).collect();
        let by_default: Vec<Image> = guard::by_defaults(base, head).collect();
        let before = base.into_iter().flat_map(|base| &base.images).chain(&guarded).chain(&by_default);
        let after = head.images.iter().chain(&by_default);
        let vex = match base {
            // Nothing is excepted of what nobody is asked for.
            Some(base) if base.inspection.vulnerabilities != Vulnerabilities::None => {
                [subject.vex_at_base(base).await, subject.vex_at_head(head).await]
            }
            _ => [VexFiles::new(), VexFiles::new()],
        };
        Self { base: subject.named_at_base(before).await, head: subject.named_at_head(after).await, vex }
    }

    pub(super) const fn vex(&self) -> [&VexFiles; 2] {
        let [before, after] = &self.vex;
        [before, after]
    }

    /// What verifies whatever the base guards.
    pub(super) fn at_base(&self) -> Trust {
        Trust::new(&self.base)
    }

    /// What verifies the rest.
    pub(super) fn at_head(&self) -> Trust {
        Trust::new(&self.head)
    }

    /// The files with other content than at the base.
    pub(super) fn replaced(&self) -> ReplacedFiles {
        let both = self.base.iter().filter_map(|(path, before)| Some((path, before, self.head.get(path)?)));
        let replaced = both.filter_map(|(path, before, after)| {
            let lowers = match (before, after) {
                (Ok(before), Ok(after)) if before == after => return None,
                (Err(_), Err(_)) => return None,
                (_, after) => after.is_ok(),
            };
            Some((path.clone(), Replaced { before: content(before), after: content(after), lowers }))
        });
        replaced.collect()
    }
}

fn content(content: &Result<Vec<u8>, String>) -> String {
    match content {
        Ok(bytes) => format!("sha256:{}", Digest::sha256(bytes).short()),
        Err(why) => format!("none: {}", excerpt(why, 200)),
    }
}

/// The approvals that wait for promotion and that do not satisfy what the base requires.
pub(super) async fn unverified(reader: MakerReader<'_>, pending: &[Pending<'_>], public_only: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for Pending { image, approval, asked } in pending {
        let signing = match asked.source {
            Location::Layout(_) if public_only => {
                Signing::Unsigned("unknown: directories are not read here".to_owned())
            }
            _ => reader.signing(asked, &approval.digest).await,
        };
        if let (Signing::Unsigned(found), Some(signatures)) = (signing, &asked.signatures) {
            let expected = format!("signed by {}, as the base requires", excerpt(&signatures.to_string(), 300));
            findings.push(Finding::about("unsigned", image, approval, expected, found));
        }
    }
    findings
}
