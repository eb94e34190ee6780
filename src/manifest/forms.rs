//! Values that can be written in several forms.

use schemars::{Schema, SchemaGenerator, json_schema};

use super::lists::Filled;
use super::names::{Glob, GroupName};
use super::object::{fields, object, read_object};
use super::read::{Reader, Value};
use super::scalars::Text;
use super::{Grouping, Permission, Team};
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
