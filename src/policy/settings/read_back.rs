//! Whether what was sent is there when it is read back.

use serde_json::Value;

/// A member that was sent but is missing, or differs from what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lost {
    /// Its place: `restricted_images.allowlist`, `custom_registries[ghcr.io].note`.
    pub member: String,
    /// What was sent, as JSON.
    pub sent: String,
    /// What is there instead; `None` if nothing is.
    pub found: Option<String>,
}

/// The parts of `sent` that are lost or changed in `found`. Members that only `found` has do not count, nor does a
/// different order; entries of the lists of registries are identified by their address or id, wherever they are.
pub(crate) fn lost(sent: &Value, found: &Value) -> Vec<Lost> {
    let mut all = Vec::new();
    walk(String::new(), sent, Some(found), &mut all);
    all
}

fn walk(place: String, sent: &Value, found: Option<&Value>, all: &mut Vec<Lost>) {
    match (sent, found) {
        (sent, Some(found)) if sent == found => {}
        (Value::Object(members), Some(Value::Object(there))) => {
            for (name, value) in members {
                let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
                walk(place, value, there.get(name), all);
            }
        }
        (Value::Array(entries), Some(Value::Array(there))) if entries.iter().all(|entry| key(entry).is_some()) => {
            for entry in entries {
                let name = key(entry).unwrap_or_default();
                let same = there.iter().find(|candidate| key(candidate) == Some(name));
                walk(format!("{place}[{name}]"), entry, same, all);
            }
            let unsent = there.iter().filter(|entry| !entries.iter().any(|sent| key(sent) == key(entry)));
            all.extend(unsent.map(|entry| Lost {
                member: format!("{place}[{}]", key(entry).unwrap_or("?")),
                sent: "nothing".to_owned(),
                found: Some(short(entry)),
            }));
        }
        (sent, found) => all.push(Lost { member: place, sent: short(sent), found: found.map(short) }),
    }
}

fn key(entry: &Value) -> Option<&str> {
    entry["address"].as_str().or_else(|| entry["id"].as_str())
}

fn short(value: &Value) -> String {
    crate::text::excerpt(&value.to_string(), 200)
}
