//! What the organization's settings allow.

use std::collections::BTreeSet;

use super::code::Code;
use super::finding::{Finding, Mismatch, about, about_organization};
use crate::image::Location;
use crate::manifest::Manifest;
use crate::policy::settings::{Area, Comparison, Row};

/// A setting that is not as wanted, or not shown.
pub(super) fn setting(manifest: &Manifest, row: &Row) -> Option<Finding> {
    let code = match (row.state, row.area) {
        (Comparison::Same | Comparison::Written, _) => return None,
        (Comparison::Unknown, _) => Code::Unknown,
        (Comparison::Different, Area::ImageAccess) => Code::ImageAccess,
        (Comparison::Different, Area::RegistryAccess) => Code::RegistryAccess,
    };
    let found = match row.state {
        Comparison::Unknown => "not shown by Docker Hub's API".to_owned(),
        _ => row.current.clone().unwrap_or_else(|| "not set".to_owned()),
    };
    let wanted = row.wanted.as_deref().unwrap_or("not allowed");
    let subject = format!("{}.{}", row.area.key(), row.setting);
    let expected =
        if code == Code::Unknown { format!("{subject}: {wanted}") } else { format!("{}: {wanted}", row.setting) };
    let mismatch = Mismatch { code, tag: None, expected, found };
    Some(Finding { subject: Some(subject), ..about_organization(manifest, mismatch) })
}

/// The approved sources that the policy's allowlist allows as a whole.
pub(super) fn allowlisted(manifest: &Manifest) -> Vec<Finding> {
    let listed =
        manifest.policy.image_access.as_ref().and_then(|access| access.allowlist.as_deref()).unwrap_or_default();
    let listed: BTreeSet<Location> = listed.iter().filter_map(|name| name.parse().ok()).collect();
    let escaping = manifest.images.iter().filter(|image| !image.approved.is_empty() && listed.contains(&image.source));
    escaping
        .map(|image| {
            let found = format!("the allowlist allows every tag of {}", image.source);
            let expected = "only approved versions".to_owned();
            let mismatch = Mismatch { code: Code::AllowlistedSource, tag: None, expected, found };
            Finding { subject: Some(image.source.to_string()), ..about(manifest, image, mismatch) }
        })
        .collect()
}
