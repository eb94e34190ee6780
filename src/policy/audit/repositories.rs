//! Settings of the mirrors' repositories.

use super::code::Code;
use super::facts::OrganizationFacts;
use super::finding::{Finding, Mismatch, about};
use crate::image::RepositoryName;
use crate::manifest::{Image, Manifest};
use crate::plan::drift::{Aspect, Difference, ObservedSettings, WantedSettings, drift, unknown};

pub(super) fn judge(manifest: &Manifest, facts: &OrganizationFacts) -> Vec<Finding> {
    let shown = facts.mirrors.iter().filter_map(|(name, mirror)| Some((name, mirror.settings.as_ref()?)));
    let asked = shown.filter(|(name, _)| manifest.has_effect_on(name));
    asked.flat_map(|(name, found)| of(manifest, name, found)).collect()
}

fn of(manifest: &Manifest, name: &RepositoryName, found: &ObservedSettings) -> Vec<Finding> {
    let image = manifest.images.iter().find(|image| image.repository == *name);
    let Some((image, wanted)) = image.zip(WantedSettings::of(manifest, name)) else { return Vec::new() };
    let differences = drift(&wanted, found).into_iter().map(|difference| differing(manifest, image, difference));
    let hidden = unknown(&wanted, found).into_iter().map(|aspect| {
        let (expected, found) = (format!("{} as in the manifest", aspect.code()), "not shown".to_owned());
        let finding = about(manifest, image, Mismatch { code: Code::Unknown, tag: None, expected, found });
        Finding { subject: Some(aspect.code().to_owned()), ..finding }
    });
    differences.chain(hidden).collect()
}

fn differing(manifest: &Manifest, image: &Image, difference: Difference) -> Finding {
    let Difference { aspect, subject, expected, found, remedy } = difference;
    let mismatch = Mismatch { code: code(aspect), tag: None, expected, found };
    Finding { subject, help: remedy.advice(), ..about(manifest, image, mismatch) }
}

const fn code(aspect: Aspect) -> Code {
    match aspect {
        Aspect::Visibility => Code::Visibility,
        Aspect::Team => Code::Team,
        Aspect::ExtraTeam => Code::ExtraTeam,
        Aspect::ImmutableTags => Code::ImmutableTags,
        Aspect::Description => Code::Description,
    }
}
