//! Values that can be written in several forms.

use schemars::{Schema, SchemaGenerator, json_schema};

use super::lists::Filled;
use super::names::{FilePath, Glob, GroupName};
use super::object::{fields, object, read_object};
use super::read::{At, Reader, Value};
use super::scalars::Text;
use super::{Grouping, Permission, Signatures, Team};
use crate::diag::Code;
use crate::yaml::Node;

object! {
    /// How signatures are verified: by a key, or by a certificate's issuer and identity.
    SignatureKeys, "the signature settings";
    /// A file with the public key.
    optional key "key": FilePath,
    /// The issuer of the certificate.
    optional issuer "issuer": Text<500>,
    /// The identity in the certificate.
    optional identity "identity": Text<500>,
    /// A file with the trusted root; Sigstore's public good instance by default.
    optional trusted_root "trusted-root": FilePath,
}

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

impl Value for Signatures {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let keys = read_object::<SignatureKeys>(node, reader)?;
        let span = node.resolved().span;
        let text = |t: Option<At<Text<500>>>| t.map(|at| at.value.0);
        let path = |p: Option<At<FilePath>>| p.map(|at| at.value.0);
        match (path(keys.key), text(keys.issuer), text(keys.identity), path(keys.trusted_root)) {
            (Some(key), None, None, None) => Some(Self::Key(key)),
            (None, Some(issuer), Some(identity), trusted_root) => {
                Some(Self::Identity { issuer, identity, trusted_root })
            }
            (Some(_), ..) => {
                let help = "keep `key`, or keep `issuer` and `identity`";
                reader.fault(
                    Code::ConflictingKeys,
                    span,
                    "a key and a certificate's identity are mutually exclusive",
                    help,
                );
                None
            }
            _ if node.entries().is_some_and(<[_]>::is_empty) || !has_faulty_key(node) => {
                let help = "write { key: FILE } or { issuer: ..., identity: ... }";
                reader.fault(Code::MissingKey, span, "`key`, or `issuer` and `identity`, is missing", help);
                None
            }
            _ => None,
        }
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let keys = SignatureKeys::schema(generator);
        json_schema!({
            "allOf": [keys],
            "oneOf": [
                { "required": ["key"], "not": { "anyOf": [
                    { "required": ["issuer"] }, { "required": ["identity"] }, { "required": ["trusted-root"] },
                ] } },
                { "required": ["issuer", "identity"], "not": { "required": ["key"] } },
            ],
        })
    }
}

/// Whether `key`, or both `issuer` and `identity`, stand there, so that what lacks is a fault that was noted already.
fn has_faulty_key(node: &Node) -> bool {
    node.get("key").is_some() || (node.get("issuer").is_some() && node.get("identity").is_some())
}
