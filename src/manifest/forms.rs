//! Values that can be written in several forms.

use std::time::Duration;

use schemars::{Schema, SchemaGenerator, json_schema};

use super::lists::Filled;
use super::names::{Glob, GroupName};
use super::object::{fields, object, read_object};
use super::read::{Reader, Value};
use super::scalars::{Text, Whole};
use super::{FixesCooldown, Grouping, Keep, Permission, Severity, Team};
use crate::diag::Code;
use crate::yaml::Node;

object! {
    /// A team's permission, and whether to create a missing team.
    TeamSettings, "a team";
    /// What the team may do: read, write or admin.
    required permission "permission": Permission,
    /// Create the team if the organization has no team of this name.
    optional create "create": bool,
}

/// `teams`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Teams(pub(crate) Vec<(String, Team)>);

impl Value for Teams {
    const NULLABLE: bool = true;

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if node.entries().is_none() {
            return reader.wrong_type(node, "a mapping of teams", "write it as { developers: read }");
        }
        let mut teams = Vec::new();
        for field in fields(node, reader) {
            let name = Text::<100>::read(field.key, reader);
            let team = read_team(field.value, reader);
            teams.extend(name.zip(team).map(|(name, team)| (name.0, team)));
        }
        Some(Self(teams))
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let forms = vec![Permission::schema(generator).to_value(), TeamSettings::schema(generator).to_value()];
        json_schema!({ "type": "object", "additionalProperties": { "anyOf": forms } })
    }
}

fn read_team(node: &Node, reader: &mut Reader<'_>) -> Option<Team> {
    if node.entries().is_none() {
        return Permission::read(node, reader).map(|permission| Team { permission, create: false });
    }
    let settings = read_object::<TeamSettings>(node, reader)?;
    let permission = settings.permission?.value;
    Some(Team { permission, create: settings.create.is_some_and(|c| c.value) })
}

impl Value for Grouping {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if node.entries().is_none() {
            let word = reader.text(node, "image, all or groups")?;
            return match word {
                "image" => Some(Self::Image),
                "all" => Some(Self::All),
                other => reader.bad_choice(node, other, "a value of `group`", &["image", "all"]),
            };
        }
        let mut groups = Vec::new();
        for field in fields(node, reader) {
            let name = GroupName::read(field.key, reader);
            let globs = Filled::<Glob>::read(field.value, reader);
            let globs = globs.map(|g| g.0.into_values().into_iter().map(|g| g.0).collect());
            groups.extend(name.zip(globs).map(|(name, globs)| (name.0, globs)));
        }
        Some(Self::Named(groups))
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let globs = Filled::<Glob>::schema(generator);
        let names = GroupName::schema(generator);
        json_schema!({ "anyOf": [
            { "enum": ["image", "all"] },
            { "type": "object", "propertyNames": names, "additionalProperties": globs },
        ] })
    }
}

/// How long a version must have been public by default.
pub(super) const DEFAULT_COOLDOWN: Duration = Duration::from_secs(3 * 86_400);

object! {
    /// How long a version must have been public, and how long one that fixes vulnerabilities.
    CooldownKeys, "the cooldown";
    /// How long a version must have been public: 3d by default.
    optional default "default": Duration,
    /// How long a version must have been public that fixes a vulnerability and brings none as bad. It counts only where `signatures` is
    /// asked for, the version has the approved one's signer, and nothing else about it is risky.
    optional fixes "fixes": Duration,
    /// The least serious vulnerability whose fix counts: critical, high (default), medium or low.
    optional severity "severity": Severity,
}

/// `cooldown`: a duration, or a mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CooldownForm {
    pub(super) default: Duration,
    pub(super) fixes: Option<FixesCooldown>,
}

impl Value for CooldownForm {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if node.entries().is_none() {
            return Duration::read(node, reader).map(|default| Self { default, fixes: None });
        }
        let keys = read_object::<CooldownKeys>(node, reader)?;
        let default = keys.default.as_ref().map_or(DEFAULT_COOLDOWN, |d| d.value);
        let severity = keys.severity.as_ref().map_or(Severity::High, |s| s.value);
        let fixes = keys.fixes.as_ref().map(|wait| FixesCooldown { wait: wait.value, severity });
        agree(node, &keys, default, reader);
        Some(Self { default, fixes })
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let keys = CooldownKeys::schema(generator);
        json_schema!({ "anyOf": [
            Duration::schema(generator),
            { "allOf": [keys], "minProperties": 1, "dependentRequired": { "severity": ["fixes"] } },
        ] })
    }
}

/// Reports keys that have no effect together.
fn agree(node: &Node, keys: &CooldownKeys, default: Duration, reader: &mut Reader<'_>) {
    if let Some(fixes) = keys.fixes.as_ref().filter(|fixes| fixes.value > default) {
        let message = "`fixes` is longer than `default`, so it would never apply";
        reader.faults.report(Code::ConflictingKeys, fixes.place, message, "write a shorter duration");
    } else if let (Some(severity), None) = (&keys.severity, node.get("fixes")) {
        let message = "`fixes` is missing: `severity` says nothing without it";
        let help = "add `fixes:`, how long a version waits that fixes something as serious";
        reader.faults.report(Code::MissingKey, severity.place, message, help);
    } else if node.entries().is_some_and(<[_]>::is_empty) {
        let help = "write a duration, such as 3d, or { default: 3d, fixes: 0d }";
        reader.fault(Code::MissingValue, node.resolved().span, "this cooldown is empty", help);
    }
}

/// How long nobody may have pulled a tag: at least a day, because days are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unused(Duration);

impl Unused {
    const LEAST: Duration = Duration::from_secs(86_400);
}

impl Value for Unused {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let unused = Duration::read(node, reader)?;
        if unused >= Self::LEAST {
            return Some(Self(unused));
        }
        let help = "write a day or more, such as 180d";
        reader.refuse(node, Code::BadDuration, "a duration for `unused`", "days are compared", help)
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        Duration::schema(generator)
    }
}

object! {
    /// Which approvals stay.
    KeepKeys, "`keep`";
    /// How many of a line's newest approvals stay, whether or not anybody pulls them: 1 by default where `unused` is given.
    optional newest "newest": Whole<1, 1_000_000>,
    /// Propose the retirement of older approvals whose mirror tag nobody has pulled for this long, such as 180d; updates then retire none.
    /// Only on Docker Hub, which shows the last pull.
    optional unused "unused": Unused,
}

impl Value for Keep {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if node.text() == Some("all") {
            return Some(Self::default());
        }
        let newest = |number: Whole<1, 1_000_000>| u32::try_from(number.0).ok();
        if node.entries().is_none() {
            return Whole::read(node, reader).map(|number| Self { newest: newest(number), unused: None });
        }
        let keys = read_object::<KeepKeys>(node, reader)?;
        if node.entries().is_some_and(<[_]>::is_empty) {
            let help = "write all, a number, or { newest: 3, unused: 180d }";
            reader.fault(Code::MissingValue, node.resolved().span, "this `keep` is empty", help);
        }
        let unused = keys.unused.map(|unused| unused.value.0);
        Some(Self { newest: keys.newest.and_then(|number| newest(number.value)), unused })
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let (number, keys) = (Whole::<1, 1_000_000>::schema(generator), KeepKeys::schema(generator));
        json_schema!({ "anyOf": [{ "const": "all" }, number, { "allOf": [keys], "minProperties": 1 }] })
    }
}
