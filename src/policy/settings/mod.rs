//! What the organization's settings are, what the manifest wants them to be, and the documents that would make them so.
//!
//! Docker Hub's documents are edited, never rebuilt: only known members that should differ are changed, every other one
//! goes back as it came, at every depth. What a document does not show is unknown, never equal.

use serde_json::{Value, json};

use crate::manifest::{AllowedRegistry, ImageAccess, Policy, RegistryAccess};

pub mod advice;
mod document;
mod editor;
mod numbers;
mod read_back;

pub(crate) use document::{Area, Comparison, Difference, Observed, Row, Unreadable};
use editor::{Editor, Words};
pub(crate) use read_back::{Lost, lost};

/// The longest list of registries that Docker Hub accepts.
pub(crate) const REGISTRY_LIMIT: usize = 100;

/// The documents that a policy covers.
pub(crate) fn areas(policy: &Policy) -> Vec<Area> {
    let image = policy.image_access.as_ref().map(|_| Area::ImageAccess);
    image.into_iter().chain(policy.registry_access.as_ref().map(|_| Area::RegistryAccess)).collect()
}

/// Compares one document with a policy, and builds the wanted one.
pub(crate) fn compare(policy: &Policy, area: Area, observed: &Observed) -> Result<Difference, Unreadable> {
    let document = &observed.document;
    let mut difference = match area {
        Area::ImageAccess => image_access(&policy.image_access.clone().unwrap_or_default(), document),
        Area::RegistryAccess => registry_access(&policy.registry_access.clone().unwrap_or_default(), document),
    }?;
    let altered = observed.inexact.iter().map(|number| {
        let number = crate::text::cut(number, 60);
        format!(
            "Docker Hub's document contains the number {number}, which this program cannot send back unchanged: an \
             owner has to make the change in Docker Home"
        )
    });
    difference.obstacles.extend(altered);
    Ok(difference)
}

/// Compares Image Access Management, and builds the wanted document. `observed` contains all of the organization's
/// settings.
pub(crate) fn image_access(wanted: &ImageAccess, observed: &Value) -> Result<Difference, Unreadable> {
    let mut document = Editor::new(Area::ImageAccess, observed)?;
    {
        let restricted = document.object("restricted_images")?;
        restricted.switch("enabled", "enabled", wanted.enabled, Words::Boolean)?;
        restricted.switch("allow_official_images", "official", wanted.official, Words::Access)?;
        restricted.switch(
            "allow_verified_publishers",
            "verified-publisher",
            wanted.verified_publisher,
            Words::Access,
        )?;
    }
    if let Some(community) = wanted.community {
        document.unknown("community", Words::Access.of(community));
    }
    if let Some(allowlist) = &wanted.allowlist {
        let shown = if allowlist.is_empty() { "empty".to_owned() } else { allowlist.join(", ") };
        document.unknown("allowlist", shown);
    }
    Ok(document.done())
}

/// Compares Registry Access Management, and builds the wanted document.
pub(crate) fn registry_access(wanted: &RegistryAccess, observed: &Value) -> Result<Difference, Unreadable> {
    let mut document = Editor::new(Area::RegistryAccess, observed)?;
    document.switch("enabled", "enabled", wanted.enabled, Words::Boolean)?;
    docker_hub(&mut document, wanted.docker_hub)?;
    registries(&mut document, wanted.registries.as_deref())?;
    Ok(document.done())
}

/// Docker Hub's own switch has its own list.
fn docker_hub(document: &mut Editor, wanted: Option<bool>) -> Result<(), Unreadable> {
    let mut list = document.list("standard_registries")?;
    let place = list.iter().position(|entry| entry["id"] == "DockerHub");
    let current = place.map(|at| document.boolean(&list[at], "allowed", "standard_registries")).transpose()?;
    let Some(wanted) = wanted else {
        // The API requires the list: adding an empty one could switch Docker Hub off.
        if place.is_none() {
            document.needs("docker-hub");
        }
        return Ok(());
    };
    document.row("docker-hub", current.map(|allowed| Words::Access.of(allowed)), Some(Words::Access.of(wanted)));
    match place {
        Some(at) => list[at]["allowed"] = json!(wanted),
        None => list.push(json!({ "id": "DockerHub", "allowed": wanted })),
    }
    document.set_list("standard_registries", list);
    Ok(())
}

/// The known members of a registry's entry.
const REGISTRY_MEMBERS: [&str; 3] = ["address", "friendly_name", "allowed"];

fn registries(document: &mut Editor, wanted: Option<&[AllowedRegistry]>) -> Result<(), Unreadable> {
    let mut list = document.list("custom_registries")?;
    let Some(wanted) = wanted else {
        document.set_list("custom_registries", list);
        return Ok(());
    };
    let mut kept = Vec::new();
    let mut met = Vec::new();
    for mut entry in list.drain(..) {
        let Some(address) = entry["address"].as_str().map(str::to_ascii_lowercase) else {
            return Err(document.unreadable("an entry of custom_registries has no address"));
        };
        let allowed = document.boolean(&entry, "allowed", "custom_registries")?;
        let named = wanted.iter().find(|registry| registry.address.eq_ignore_ascii_case(&address));
        let current = registry_words(allowed, entry["friendly_name"].as_str().unwrap_or_default());
        let setting = format!("registries.{address}");
        match named {
            Some(registry) => {
                document.row(&setting, Some(current), Some(registry_words(true, &registry.name)));
                entry["friendly_name"] = json!(registry.name);
                entry["allowed"] = json!(true);
                met.push(address);
                kept.push(entry);
            }
            // For developers, restricted and not listed are the same.
            None if !allowed => kept.push(entry),
            None => {
                document.gone(&setting, current);
                // Unknown parts of an entry must not be discarded with it.
                if has_more(&entry) {
                    entry["allowed"] = json!(false);
                    kept.push(entry);
                }
            }
        }
    }
    for registry in wanted {
        if met.contains(&registry.address.to_ascii_lowercase()) {
            continue;
        }
        document.missing(&format!("registries.{}", registry.address), registry_words(true, &registry.name));
        kept.push(json!({ "address": registry.address, "friendly_name": registry.name, "allowed": true }));
        met.push(registry.address.to_ascii_lowercase());
    }
    if kept.len() > REGISTRY_LIMIT {
        document.obstacles.push(format!(
            "Registry Access Management allows at most {REGISTRY_LIMIT} registries, and this would make {}",
            kept.len()
        ));
    }
    document.set_list("custom_registries", kept);
    Ok(())
}

fn has_more(entry: &Value) -> bool {
    entry.as_object().is_some_and(|entry| entry.keys().any(|key| !REGISTRY_MEMBERS.contains(&key.as_str())))
}

fn registry_words(allowed: bool, name: &str) -> String {
    format!("{} as \"{}\"", Words::Access.of(allowed), crate::text::excerpt(name, 100))
}

#[cfg(test)]
mod tests;
