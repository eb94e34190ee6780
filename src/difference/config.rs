//! What image configurations say about how a container runs (OCI image specification, `config.md`), and how two differ.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::labels;

/// What a configuration says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    User,
    Entrypoint,
    Command,
    Env,
    Port,
    Volume,
    Label,
    StopSignal,
    Workdir,
}

/// One difference of the configurations: text by others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct ConfigChange {
    /// What it is about.
    pub field: Field,
    /// Null if only the new image has it. A variable's value is shown only if its name ends in `_VERSION`: other values
    /// that differ appear as two equal names. A label is `name=value`.
    pub from: Option<String>,
    /// Null if only the former image has it.
    pub to: Option<String>,
}

/// What one configuration says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Config {
    user: String,
    entrypoint: Option<String>,
    command: Option<String>,
    env: BTreeMap<String, String>,
    ports: BTreeSet<String>,
    volumes: BTreeSet<String>,
    pub(super) labels: BTreeMap<String, String>,
    stop_signal: Option<String>,
    workdir: Option<String>,
}

/// How root is shown, however a configuration writes it.
const ROOT: &str = "root";

impl Config {
    /// Reads a configuration leniently: what has another form is absent.
    ///
    /// # Errors
    /// If it is not a JSON object.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        let read: serde_json::Map<String, Value> =
            serde_json::from_slice(bytes).map_err(|e| format!("the configuration is not a JSON object: {e}"))?;
        let config = &read.get("config").cloned().unwrap_or_default();
        let env = texts(&config["Env"]).into_iter().map(|text| match text.split_once('=') {
            Some((name, value)) => (name.to_owned(), value.to_owned()),
            None => (text, String::new()),
        });
        Ok(Self {
            user: config["User"].as_str().unwrap_or_default().trim().to_owned(),
            entrypoint: words(&config["Entrypoint"]),
            command: words(&config["Cmd"]),
            env: env.collect(),
            ports: keys(&config["ExposedPorts"]).map(|port| with_protocol(&port)).collect(),
            volumes: keys(&config["Volumes"]).collect(),
            labels: values(&config["Labels"]),
            stop_signal: text(&config["StopSignal"]),
            workdir: text(&config["WorkingDir"]),
        })
    }

    /// Whether containers run as root unless they are told otherwise.
    pub(super) fn is_root(&self) -> bool {
        let user = self.user.split(':').next().unwrap_or_default();
        user.is_empty() || user == ROOT || user.parse() == Ok(0_u32)
    }

    /// The user for people; root's own group adds nothing.
    fn user(&self) -> String {
        let group = self.user.split_once(':').map(|(_, group)| group).unwrap_or_default();
        match self.is_root() && (group.is_empty() || group == ROOT || group.parse() == Ok(0_u32)) {
            true => ROOT.to_owned(),
            false => self.user.clone(),
        }
    }

    /// Everything that it says, as added.
    pub(super) fn added(&self) -> Vec<ConfigChange> {
        let mut all = changes(&Self::default(), self);
        all.retain(|change| change.field != Field::User);
        all.insert(0, ConfigChange { field: Field::User, from: None, to: Some(self.user()) });
        all
    }
}

/// How `to` differs from `from`, in order of fields.
pub(super) fn changes(from: &Config, to: &Config) -> Vec<ConfigChange> {
    let one = |field, from: Option<String>, to: Option<String>| {
        (from != to).then_some(ConfigChange { field, from, to }).into_iter()
    };
    let cloned = |text: &Option<String>| text.clone();
    one(Field::User, Some(from.user()), Some(to.user()))
        .chain(one(Field::Entrypoint, cloned(&from.entrypoint), cloned(&to.entrypoint)))
        .chain(one(Field::Command, cloned(&from.command), cloned(&to.command)))
        .chain(maps(Field::Env, &from.env, &to.env, variable))
        .chain(sets(Field::Port, &from.ports, &to.ports))
        .chain(sets(Field::Volume, &from.volumes, &to.volumes))
        .chain(maps(Field::Label, &from.labels, &to.labels, |name, value| format!("{name}={value}")))
        .chain(one(Field::StopSignal, cloned(&from.stop_signal), cloned(&to.stop_signal)))
        .chain(one(Field::Workdir, cloned(&from.workdir), cloned(&to.workdir)))
        .collect()
}

/// Whether a change is more than that of a label that every build writes anew.
pub(super) fn counts(change: &ConfigChange) -> bool {
    let name = |text: &Option<String>| text.as_deref().and_then(|text| text.split('=').next()).map(str::to_owned);
    let label = name(&change.to).or_else(|| name(&change.from)).unwrap_or_default();
    change.field != Field::Label || !labels::is_of_build(&label)
}

/// A variable without its value, which may be a secret, unless that is a version.
fn variable(name: &str, value: &str) -> String {
    if name.ends_with("_VERSION") { format!("{name}={value}") } else { name.to_owned() }
}

fn maps(
    field: Field,
    from: &BTreeMap<String, String>,
    to: &BTreeMap<String, String>,
    show: fn(&str, &str) -> String,
) -> Vec<ConfigChange> {
    let names: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    let differing = names.into_iter().filter(|name| from.get(*name) != to.get(*name));
    let shown = |map: &BTreeMap<String, String>, name: &str| map.get(name).map(|value| show(name, value));
    differing.map(|name| ConfigChange { field, from: shown(from, name), to: shown(to, name) }).collect()
}

fn sets<'a>(
    field: Field,
    from: &'a BTreeSet<String>,
    to: &'a BTreeSet<String>,
) -> impl Iterator<Item = ConfigChange> + use<'a> {
    let dropped = from.difference(to).map(move |text| ConfigChange { field, from: Some(text.clone()), to: None });
    let added = to.difference(from).map(move |text| ConfigChange { field, from: None, to: Some(text.clone()) });
    dropped.chain(added)
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A command line as a JSON array, so that words with spaces stay words; old builders write a single text.
fn words(value: &Value) -> Option<String> {
    let words = texts(value);
    match words.is_empty() {
        true => text(value),
        false => serde_json::to_string(&words).ok(),
    }
}

fn keys(value: &Value) -> impl Iterator<Item = String> {
    value.as_object().into_iter().flatten().map(|(key, _)| key.clone())
}

fn values(value: &Value) -> BTreeMap<String, String> {
    let texts = value.as_object().into_iter().flatten();
    texts.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

/// `80` and `80/tcp` are the same port.
fn with_protocol(port: &str) -> String {
    if port.contains('/') { port.to_owned() } else { format!("{port}/tcp") }
}
