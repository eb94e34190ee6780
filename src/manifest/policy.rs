//! What the organization's settings should be, from what is written to the model.

use super::document;
use super::{AllowedRegistry, ImageAccess, Policy, RegistryAccess};

pub(super) fn policy(raw: document::Policy) -> Policy {
    Policy {
        image_access: raw.image_access.map(|i| image_access(i.value)),
        registry_access: raw.registry_access.map(|r| registry_access(r.value)),
        approvals: raw.approvals.and_then(|a| u32::try_from(a.value.0).ok()).unwrap_or_default(),
    }
}

fn image_access(raw: document::ImageAccess) -> ImageAccess {
    ImageAccess {
        enabled: raw.enabled.map(|e| e.value),
        official: raw.official.map(|a| a.value.0),
        verified_publisher: raw.verified_publisher.map(|a| a.value.0),
        community: raw.community.map(|a| a.value.0),
        allowlist: raw.allowlist.map(|l| l.value.into_values().into_iter().map(|r| r.0).collect()),
    }
}

fn registry_access(raw: document::RegistryAccess) -> RegistryAccess {
    let registry = |raw: document::AllowedRegistry| {
        let address = raw.address?.value.to_string();
        Some(AllowedRegistry { name: raw.name.map_or_else(|| address.clone(), |n| n.value.0), address })
    };
    RegistryAccess {
        enabled: raw.enabled.map(|e| e.value),
        docker_hub: raw.docker_hub.map(|d| d.value.0),
        registries: raw.registries.map(|r| r.value.into_iter().filter_map(registry).collect()),
    }
}
