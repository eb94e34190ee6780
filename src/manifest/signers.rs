//! `signatures` and `provenance` as written in the manifest.

use schemars::{Schema, SchemaGenerator, json_schema};

use super::faults::Faults;
use super::names::{FilePath, Issuer};
use super::object::{Field, fields, object, read_object};
use super::read::{At, Reader, Value};
use super::scalars::Text;
use super::signatures::{stranger, whole};
use super::{Identity, RequiredProvenance, Signatures, Signer};
use crate::diag::{Code, Span};
use crate::yaml::Node;

/// The most signers of one image.
const MOST: usize = 20;

const NESTED: &str = "write the signers in one list: a list of signers holds no other";

object! {
    /// A signer: a key, or a certificate's issuer and identity.
    SignerKeys, "a signer", misplaced &[("any-of", NESTED), ("all-of", NESTED)];
    /// A file with the public key, from the main file's directory.
    optional key "key": FilePath,
    /// Who vouched for the identity in the certificate: https://token.actions.githubusercontent.com for workflows at GitHub.
    optional issuer "issuer": Issuer,
    /// The identity in the certificate, exactly: a workflow's address, or an e-mail address.
    optional identity "identity": Text<500>,
    /// A regular expression that matches the whole identity.
    optional pattern "identity-pattern": Expression,
    /// A file with the trusted root, from the main file's directory; Sigstore's public one by default.
    optional root "trusted-root": FilePath,
}

object! {
    /// Who must have signed an image: one signer, any of several, or all of them.
    SignatureKeys, "the signature settings";
    /// Signers of whom one is enough.
    optional any_of "any-of": Signers,
    /// Signers who must all have signed.
    optional all_of "all-of": Signers,
    ..signer: SignerKeys,
}

object! {
    /// What a statement, signed by whom `signatures` asks for, must say of where the image was built.
    ProvenanceKeys, "the provenance settings";
    /// Who built it, as the statement names the builder.
    optional builder "builder": Text<500>,
    /// The repository that it was built from, as an address: https://github.com/owner/name.
    optional source "source": Text<500>,
}

/// A regular expression that does not match everybody's identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expression(String);

impl Value for Expression {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = Text::<500>::read(node, reader)?.0;
        let wanted = "a pattern of identities";
        let regex = match whole(&text) {
            Ok(regex) => regex,
            Err(error) => {
                let help =
                    "write a regular expression that matches the whole identity; single quotes keep the backslashes";
                return reader.refuse(node, Code::BadPattern, wanted, &error.to_string(), help);
            }
        };
        let Some(stranger) = stranger(&regex) else { return Some(Self(text)) };
        let why = format!("it matches anybody's identity, such as {stranger}");
        let help = "name whose identity it is: '^https://github\\.com/owner/name/\\.github/workflows/.*'";
        reader.refuse(node, Code::BadPattern, wanted, &why, help)
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number"], "minLength": 1, "maxLength": 500 })
    }
}

/// The signers of `any-of` and `all-of`.
#[derive(Debug, Clone)]
pub(crate) struct Signers(Vec<Signer>);

impl Value for Signers {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(items) = node.items() else {
            Vec::<SignerKeys>::read(node, reader)?;
            return None;
        };
        let span = node.resolved().span;
        if items.is_empty() {
            let help = "name at least one, or remove the key";
            reader.fault(Code::MissingValue, span, "this list of signers is empty", help);
            return None;
        }
        if items.len() > MOST {
            let message = format!("this list has {} signers, and {MOST} are the most", items.len());
            reader.fault(Code::TooLarge, span, message, "name fewer signers");
            return None;
        }
        let mut signers = Vec::new();
        for item in items {
            let written = read_object::<SignerKeys>(item, reader);
            let signer = written.and_then(|written| one(written, &Keys::of(item, reader), reader));
            match signer {
                Some(signer) if signers.contains(&signer) => {
                    let span = item.resolved().span;
                    let help = "remove one of the two";
                    reader.fault(Code::DuplicateEntry, span, "this signer stands in the list twice", help);
                }
                signer => signers.extend(signer),
            }
        }
        Some(Self(signers))
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let keys = SignerKeys::schema(generator);
        json_schema!({
            "type": "array", "minItems": 1, "maxItems": MOST, "uniqueItems": true,
            "items": { "allOf": [keys], "oneOf": alternatives() },
        })
    }
}

/// `signatures`: what is required, or that nothing is.
#[derive(Debug, Clone)]
pub(crate) enum Asked {
    /// `none`, in an image whose defaults require signatures.
    Nothing,
    Signatures(Signatures),
    /// It could not be read, which was reported.
    Faulty,
}

impl Asked {
    pub(super) fn signatures(self) -> Option<Signatures> {
        match self {
            Self::Signatures(signatures) => Some(signatures),
            Self::Nothing | Self::Faulty => None,
        }
    }

    /// How many signers it names.
    pub(super) fn signers(&self) -> usize {
        match self {
            Self::Signatures(signatures) => signatures.signers().len(),
            Self::Nothing | Self::Faulty => 0,
        }
    }
}

impl Value for Asked {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if node.text() == Some("none") {
            return Some(Self::Nothing);
        }
        if node.entries().is_none() {
            reader.wrong_type::<()>(
                node,
                "the signers",
                "write { key: FILE }, { issuer: ..., identity: ... }, or none",
            );
            return Some(Self::Faulty);
        }
        let written = read_object::<SignatureKeys>(node, reader);
        let asked = written.and_then(|written| signatures(written, &Keys::of(node, reader), reader));
        Some(asked.map_or(Self::Faulty, Self::Signatures))
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let keys = SignatureKeys::schema(generator);
        let mut forms = alternatives();
        for form in &mut forms {
            if let Some(not) = form["not"]["anyOf"].as_array_mut() {
                not.extend(required(&["any-of", "all-of"]));
            }
        }
        for (list, other) in [("any-of", "all-of"), ("all-of", "any-of")] {
            let not = required(&[other, "key", "issuer", "identity", "identity-pattern"]);
            forms.push(serde_json::json!({ "required": [list], "not": { "anyOf": not } }));
        }
        json_schema!({ "anyOf": [{ "const": "none" }, { "allOf": [keys], "oneOf": forms }] })
    }
}

/// `provenance`: what is required; `None` is `none`, in an image whose defaults require it.
#[derive(Debug, Clone)]
pub(crate) struct Required(pub(crate) Option<RequiredProvenance>);

impl Value for Required {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if node.text() == Some("none") {
            return Some(Self(None));
        }
        if node.entries().is_none() {
            return reader.wrong_type(node, "the required provenance", "write { builder: ..., source: ... }, or none");
        }
        let keys = read_object::<ProvenanceKeys>(node, reader)?;
        let text = |text: Option<At<Text<500>>>| text.map(|at| at.value.0);
        let (builder, source) = (text(keys.builder), text(keys.source));
        if builder.is_none() && source.is_none() {
            let keys = Keys::of(node, reader);
            if keys.keys.iter().all(|(key, _)| *key == "<<") {
                let help = "write { builder: ... }, { source: ... } or both";
                reader.fault(Code::MissingKey, node.resolved().span, "`builder` or `source` is missing", help);
            }
            return None;
        }
        Some(Self(Some(RequiredProvenance { builder, source })))
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let keys = ProvenanceKeys::schema(generator);
        json_schema!({ "anyOf": [
            { "const": "none" },
            { "allOf": [keys], "anyOf": [{ "required": ["builder"] }, { "required": ["source"] }] },
        ] })
    }
}

/// The forms of one signer.
fn alternatives() -> Vec<serde_json::Value> {
    let form =
        |needs: &[&str], not: &[&str]| serde_json::json!({ "required": needs, "not": { "anyOf": required(not) } });
    vec![
        form(&["key"], &["issuer", "identity", "identity-pattern", "trusted-root"]),
        form(&["issuer", "identity"], &["key", "identity-pattern"]),
        form(&["issuer", "identity-pattern"], &["key", "identity"]),
    ]
}

fn required(keys: &[&str]) -> Vec<serde_json::Value> {
    keys.iter().map(|key| serde_json::json!({ "required": [key] })).collect()
}

/// The keys in a mapping, whether or not their values could be read, and where they are.
struct Keys<'n> {
    whole: Span,
    keys: Vec<(&'n str, Span)>,
}

impl<'n> Keys<'n> {
    fn of(node: &'n Node, reader: &Reader<'_>) -> Self {
        // Errors in keys were reported when they were read.
        let mut reader = Reader { file: reader.file, faults: &mut Faults::default(), through: None };
        let place = |field: Field<'n>| Some((field.key.text()?, field.through.unwrap_or(field.key.resolved().span)));
        Self { whole: node.resolved().span, keys: fields(node, &mut reader).into_iter().filter_map(place).collect() }
    }

    fn has(&self, key: &str) -> bool {
        self.keys.iter().any(|(known, _)| *known == key)
    }

    /// Those of `keys` that are present, in that order.
    fn among<'k>(&self, keys: &[&'k str]) -> Vec<&'k str> {
        keys.iter().copied().filter(|key| self.has(key)).collect()
    }

    /// Reports that the second key conflicts with the first.
    fn conflict(&self, first: &str, second: &str, help: &str, reader: &mut Reader<'_>) {
        let span = self.keys.iter().find(|(key, _)| *key == second).map_or(self.whole, |(_, span)| *span);
        reader.fault(Code::ConflictingKeys, span, format!("`{first}` and `{second}` exclude each other"), help);
    }
}

fn signatures(written: SignatureKeys, keys: &Keys<'_>, reader: &mut Reader<'_>) -> Option<Signatures> {
    let lists = keys.among(&["any-of", "all-of"]);
    let Some(first) = lists.first() else { return one(written.signer, keys, reader).map(Signatures::One) };
    let others = keys.among(&["any-of", "all-of", "key", "issuer", "identity", "identity-pattern"]);
    if let Some(second) = others.iter().find(|key| *key != first) {
        keys.conflict(first, second, &format!("keep `{first}`, and name all signers in its list"), reader);
        return None;
    }
    let root = written.signer.root;
    let mut signers = written.any_of.or(written.all_of)?.value.0;
    if let Some(root) = root {
        rooted(&mut signers, &root, reader);
    }
    Some(if *first == "any-of" { Signatures::AnyOf(signers) } else { Signatures::AllOf(signers) })
}

/// Gives a root to the signers in a list that have none of their own.
fn rooted(signers: &mut [Signer], root: &At<FilePath>, reader: &mut Reader<'_>) {
    let mut is_used = signers.is_empty();
    for signer in signers {
        let Signer::Identity { trusted_root: own @ None, .. } = signer else { continue };
        *own = Some(root.value.0.clone());
        is_used = true;
    }
    if !is_used {
        let message =
            "this trusted root is for no signer of the list: it is for those with an identity and no root of their own";
        reader.fault(Code::ConflictingKeys, root.place.span, message, "remove `trusted-root`");
    }
}

/// The signer that these keys describe.
fn one(written: SignerKeys, keys: &Keys<'_>, reader: &mut Reader<'_>) -> Option<Signer> {
    let identities = keys.among(&["identity", "identity-pattern"]);
    if keys.has("key") {
        let Some(other) = keys.among(&["issuer", "identity", "identity-pattern", "trusted-root"]).into_iter().next()
        else {
            return Some(Signer::Key(written.key?.value.0));
        };
        let help = match other {
            "trusted-root" => "remove `trusted-root`: a key needs none",
            _ => "keep `key`, or keep `issuer` and the identity",
        };
        keys.conflict("key", other, help, reader);
        return None;
    }
    let exact = written.identity.map(|at| Identity::Exact(at.value.0));
    let pattern = written.pattern.map(|at| Identity::Pattern(at.value.0));
    match (keys.has("issuer"), &identities[..]) {
        (_, [first, second]) => keys.conflict(first, second, "keep one of the two", reader),
        (true, [_]) => {
            let trusted_root = written.root.map(|at| at.value.0);
            return Some(Signer::Identity {
                issuer: written.issuer?.value.0,
                identity: exact.or(pattern)?,
                trusted_root,
            });
        }
        _ => lacking(keys, reader),
    }
    None
}

/// Reports what a signer lacks, unless a key is misspelt or misplaced: that was reported and may be the missing one.
fn lacking(keys: &Keys<'_>, reader: &mut Reader<'_>) {
    let known = ["issuer", "identity", "identity-pattern", "trusted-root", "<<"];
    if !keys.keys.iter().all(|(key, _)| known.contains(key)) {
        return;
    }
    let (message, help) = match (keys.has("issuer"), keys.among(&["identity", "identity-pattern"]).is_empty()) {
        (true, _) => {
            ("`identity` is missing: an issuer vouches for everybody", "add `identity:` or `identity-pattern:`")
        }
        (false, false) => ("`issuer` is missing: who vouched for this identity?", "add `issuer:`"),
        (false, true) => {
            ("`key`, or `issuer` and `identity`, is missing", "write { key: FILE } or { issuer: ..., identity: ... }")
        }
    };
    reader.fault(Code::MissingKey, keys.whole, message, help);
}
