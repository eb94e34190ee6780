//! What the organization's settings are, what the manifest wants them to be, and the documents that would make them so.
//!
//! Docker Hub's documents are edited, never rebuilt: only members that are known and wanted otherwise change, every other
//! one goes back as it came, at every depth. What a document does not show is unknown, never equal.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::manifest::{AllowedRegistry, ImageAccess, Policy, RegistryAccess};

pub mod advice;
mod numbers;
mod read_back;

pub use read_back::{Lost, lost};

/// Docker Hub takes no longer list of registries.
pub const REGISTRY_LIMIT: usize = 100;

/// One of the two documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Area {
    /// Image Access Management: `policy.image-access`.
    ImageAccess,
    /// Registry Access Management: `policy.registry-access`.
    RegistryAccess,
}

impl Area {
    /// The name of the product.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::ImageAccess => "Image Access Management",
            Self::RegistryAccess => "Registry Access Management",
        }
    }

    /// The key under `policy`.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::ImageAccess => "image-access",
            Self::RegistryAccess => "registry-access",
        }
    }
}

/// One setting: what it is and what it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Row {
    /// The document it stands in.
    pub area: Area,
    /// The key under `policy`, such as `official`; a registry is `registries.` and its address.
    pub setting: String,
    /// What Docker Hub shows; null where it does not show it.
    pub current: Option<String>,
    /// What the manifest wants; null for a registry that it does not name.
    pub wanted: Option<String>,
    /// How the two compare.
    pub state: Comparison,
}

/// How a setting compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Comparison {
    /// As wanted.
    Same,
    /// Otherwise.
    Different,
    /// Otherwise until now: written, and read back as wanted.
    Written,
    /// Docker Hub's API does not show it, so it can be neither compared nor written: that is left to an owner.
    Unknown,
}

/// One of the documents as Docker Hub sent it.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// Every member of it.
    pub document: Value,
    /// The numbers in it that would go back with another value.
    pub inexact: Vec<String>,
}

impl Observed {
    /// Reads a document.
    ///
    /// # Errors
    /// Where it is no JSON.
    pub fn read(text: &str) -> serde_json::Result<Self> {
        Ok(Self { document: serde_json::from_str(text)?, inexact: numbers::inexact(text) })
    }
}

impl From<Value> for Observed {
    fn from(document: Value) -> Self {
        Self { document, inexact: Vec::new() }
    }
}

/// What a document is compared to the manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Every setting that the manifest names, and every registry that either side names.
    pub rows: Vec<Row>,
    /// The document to send: the one that was read, changed where it differs.
    pub document: Value,
    /// Why that document may not be sent.
    pub obstacles: Vec<String>,
}

impl Difference {
    /// Whether a setting that Docker Hub shows is not as wanted.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.rows.iter().any(|row| row.state == Comparison::Different)
    }
}

/// A document that is not what Docker Hub's API describes: nothing in it is compared or changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("what Docker Hub shows of {title} cannot be understood: {what}", title = .area.title())]
pub struct Unreadable {
    /// The document.
    pub area: Area,
    /// Where and why.
    pub what: String,
}

/// The documents that a policy says something of.
#[must_use]
pub fn areas(policy: &Policy) -> Vec<Area> {
    let image = policy.image_access.as_ref().map(|_| Area::ImageAccess);
    image.into_iter().chain(policy.registry_access.as_ref().map(|_| Area::RegistryAccess)).collect()
}

/// Compares one document with a policy, and makes the document that would be as wanted.
///
/// # Errors
/// Where a known member is not of its kind.
pub fn compare(policy: &Policy, area: Area, observed: &Observed) -> Result<Difference, Unreadable> {
    let document = &observed.document;
    let mut difference = match area {
        Area::ImageAccess => image_access(&policy.image_access.clone().unwrap_or_default(), document),
        Area::RegistryAccess => registry_access(&policy.registry_access.clone().unwrap_or_default(), document),
    }?;
    let altered = observed.inexact.iter().map(|number| {
        let number = crate::text::cut(number, 60);
        format!(
            "Docker Hub's document holds the number {number}, which this program cannot send back as it is: an owner makes \
             the change in Docker Home"
        )
    });
    difference.obstacles.extend(altered);
    Ok(difference)
}

/// Compares Image Access Management, and makes the document that would be as wanted. `observed` is all of the
/// organization's settings.
///
/// # Errors
/// Where a known member is not of its kind.
pub fn image_access(wanted: &ImageAccess, observed: &Value) -> Result<Difference, Unreadable> {
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

/// Compares Registry Access Management, and makes the document that would be as wanted.
///
/// # Errors
/// Where a known member is not of its kind.
pub fn registry_access(wanted: &RegistryAccess, observed: &Value) -> Result<Difference, Unreadable> {
    let mut document = Editor::new(Area::RegistryAccess, observed)?;
    document.switch("enabled", "enabled", wanted.enabled, Words::Boolean)?;
    docker_hub(&mut document, wanted.docker_hub)?;
    registries(&mut document, wanted.registries.as_deref())?;
    Ok(document.done())
}

/// Docker Hub's own switch stands in a list of its own.
fn docker_hub(document: &mut Editor, wanted: Option<bool>) -> Result<(), Unreadable> {
    let mut list = document.list("standard_registries")?;
    let place = list.iter().position(|entry| entry["id"] == "DockerHub");
    let current = place.map(|at| document.boolean(&list[at], "allowed", "standard_registries")).transpose()?;
    let Some(wanted) = wanted else {
        // The API wants the list: an empty one in its place could switch Docker Hub off.
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

/// The members of a registry's entry that are known.
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
        let current = shown(allowed, entry["friendly_name"].as_str().unwrap_or_default());
        let setting = format!("registries.{address}");
        match named {
            Some(registry) => {
                document.row(&setting, Some(current), Some(shown(true, &registry.name)));
                entry["friendly_name"] = json!(registry.name);
                entry["allowed"] = json!(true);
                met.push(address);
                kept.push(entry);
            }
            // Restricted and not named is the same to developers.
            None if !allowed => kept.push(entry),
            None => {
                document.gone(&setting, current);
                // What is not known of an entry is not thrown away with it.
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
        document.missing(&format!("registries.{}", registry.address), shown(true, &registry.name));
        kept.push(json!({ "address": registry.address, "friendly_name": registry.name, "allowed": true }));
        met.push(registry.address.to_ascii_lowercase());
    }
    if kept.len() > REGISTRY_LIMIT {
        document.obstacles.push(format!(
            "Registry Access Management takes {REGISTRY_LIMIT} registries at most, and these would be {}",
            kept.len()
        ));
    }
    document.set_list("custom_registries", kept);
    Ok(())
}

fn has_more(entry: &Value) -> bool {
    entry.as_object().is_some_and(|entry| entry.keys().any(|key| !REGISTRY_MEMBERS.contains(&key.as_str())))
}

fn shown(allowed: bool, name: &str) -> String {
    format!("{} as \"{}\"", Words::Access.of(allowed), crate::text::excerpt(name, 100))
}

/// How a switch is shown: in the manifest's words.
#[derive(Debug, Clone, Copy)]
enum Words {
    Boolean,
    Access,
}

impl Words {
    fn of(self, value: bool) -> String {
        match (self, value) {
            (Self::Boolean, value) => value.to_string(),
            (Self::Access, true) => "allowed".to_owned(),
            (Self::Access, false) => "restricted".to_owned(),
        }
    }
}

/// A document that is being compared and changed.
struct Editor {
    area: Area,
    document: Value,
    /// The member in which switches are set; the document itself where there is none.
    inside: Option<&'static str>,
    rows: Vec<Row>,
    obstacles: Vec<String>,
}

impl Editor {
    fn new(area: Area, observed: &Value) -> Result<Self, Unreadable> {
        let editor = Self { area, document: observed.clone(), inside: None, rows: Vec::new(), obstacles: Vec::new() };
        if observed.is_object() { Ok(editor) } else { Err(editor.unreadable("it is no object")) }
    }

    fn unreadable(&self, what: &str) -> Unreadable {
        Unreadable { area: self.area, what: what.to_owned() }
    }

    /// Goes into a member that is an object, or makes it where there is none.
    fn object(&mut self, member: &'static str) -> Result<&mut Self, Unreadable> {
        match &self.document[member] {
            Value::Object(_) => {}
            Value::Null => self.document[member] = Value::Object(Map::new()),
            _ => return Err(self.unreadable(&format!("{member} is no object"))),
        }
        self.inside = Some(member);
        Ok(self)
    }

    /// Compares and sets a switch. One that is neither shown nor said cannot be left out of what is sent.
    fn switch(&mut self, member: &str, setting: &str, wanted: Option<bool>, words: Words) -> Result<(), Unreadable> {
        let inside = self.inside;
        let place = match inside {
            Some(inside) => &self.document[inside][member],
            None => &self.document[member],
        };
        let current = match place {
            Value::Bool(value) => Some(*value),
            Value::Null => None,
            _ => return Err(self.unreadable(&format!("{member} is no true or false"))),
        };
        match (wanted, current) {
            (None, Some(_)) => {}
            (None, None) => self.needs(setting),
            (Some(wanted), current) => {
                self.row(setting, current.map(|value| words.of(value)), Some(words.of(wanted)));
                match inside {
                    Some(inside) => self.document[inside][member] = json!(wanted),
                    None => self.document[member] = json!(wanted),
                }
            }
        }
        Ok(())
    }

    fn needs(&mut self, setting: &str) {
        self.obstacles.push(format!(
            "Docker Hub shows no {setting} and takes no change without one: write {setting} under policy.{}",
            self.area.key()
        ));
    }

    /// A list of objects; empty where there is none.
    fn list(&self, member: &str) -> Result<Vec<Value>, Unreadable> {
        match &self.document[member] {
            Value::Array(entries) if entries.iter().all(Value::is_object) => Ok(entries.clone()),
            Value::Null => Ok(Vec::new()),
            _ => Err(self.unreadable(&format!("{member} is no list of objects"))),
        }
    }

    fn set_list(&mut self, member: &str, list: Vec<Value>) {
        self.document[member] = Value::Array(list);
    }

    fn boolean(&self, entry: &Value, member: &str, list: &str) -> Result<bool, Unreadable> {
        entry[member].as_bool().ok_or_else(|| self.unreadable(&format!("{member} in {list} is no true or false")))
    }

    fn row(&mut self, setting: &str, current: Option<String>, wanted: Option<String>) {
        let state = if current == wanted { Comparison::Same } else { Comparison::Different };
        self.rows.push(Row { area: self.area, setting: setting.to_owned(), current, wanted, state });
    }

    /// A registry that nobody may pull from any longer.
    fn gone(&mut self, setting: &str, current: String) {
        self.row(setting, Some(current), None);
    }

    /// A registry that is not listed yet.
    fn missing(&mut self, setting: &str, wanted: String) {
        self.row(setting, Some("not listed".to_owned()), Some(wanted));
    }

    fn unknown(&mut self, setting: &str, wanted: String) {
        self.rows.push(Row {
            area: self.area,
            setting: setting.to_owned(),
            current: None,
            wanted: Some(wanted),
            state: Comparison::Unknown,
        });
    }

    fn done(self) -> Difference {
        Difference { rows: self.rows, document: self.document, obstacles: self.obstacles }
    }
}

#[cfg(test)]
mod tests;
