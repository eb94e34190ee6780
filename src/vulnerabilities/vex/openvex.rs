//! OpenVEX 0.2 (and 0.0.1, whose vulnerabilities and products are texts).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::product::Product;
use super::statement::{Says, Statement, Statements, excepted, names, time};
use crate::vulnerabilities::json::{each, nullable, parse};

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(default)]
    timestamp: Option<String>,
    #[serde(default, borrow)]
    statements: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Written {
    vulnerability: Named,
    #[serde(default)]
    timestamp: Option<String>,
    #[serde(default)]
    last_updated: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    products: Vec<Component>,
    status: String,
    #[serde(default)]
    justification: Option<String>,
    #[serde(default)]
    impact_statement: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Named {
    Text(String),
    Whole {
        #[serde(default)]
        name: String,
        #[serde(default, rename = "@id")]
        id: String,
        #[serde(default, deserialize_with = "nullable")]
        aliases: Vec<String>,
    },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Component {
    Text(String),
    Whole {
        #[serde(default, rename = "@id")]
        id: String,
        #[serde(default, deserialize_with = "nullable")]
        identifiers: BTreeMap<String, String>,
        #[serde(default, deserialize_with = "nullable")]
        hashes: BTreeMap<String, String>,
        #[serde(default, deserialize_with = "nullable")]
        subcomponents: Vec<Component>,
    },
}

pub(super) fn read(document: &[u8]) -> Result<Statements, String> {
    let document: Document<'_> = parse(document, "an OpenVEX document")?;
    let whole = time(document.timestamp.as_deref());
    let statement = |written: Written| {
        let says = match written.status.as_str() {
            status @ ("not_affected" | "fixed") => {
                excepted(status, [written.justification.as_deref(), written.impact_statement.as_deref()])
            }
            _ => Says::Affected,
        };
        let at = time(written.last_updated.as_deref()).or_else(|| time(written.timestamp.as_deref())).or(whole);
        let products = written.products.into_iter().map(product).collect();
        Statement { names: named(written.vulnerability), products, says, at, only: None }
    };
    let mut statements = Statements::default();
    if let Some(written) = document.statements {
        each(written, "an OpenVEX document", &mut |one| statements.add(statement(one)))?;
    }
    Ok(statements)
}

fn named(vulnerability: Named) -> std::collections::BTreeSet<String> {
    match vulnerability {
        Named::Text(name) => names([name]),
        Named::Whole { name, id, aliases } => names(aliases.into_iter().chain([name, id])),
    }
}

fn product(component: Component) -> Product {
    let Component::Whole { id, mut identifiers, mut hashes, subcomponents } = component else {
        let Component::Text(id) = component else { return Product::default() };
        return Product::of(id);
    };
    let purl = |id: String, identifiers: &mut BTreeMap<String, String>| identifiers.remove("purl").unwrap_or(id);
    let part = |part: Component| match part {
        Component::Text(id) => id,
        Component::Whole { id, mut identifiers, .. } => purl(id, &mut identifiers),
    };
    let id = purl(id, &mut identifiers);
    let hashes = hashes.remove("sha-256").into_iter().collect();
    Product::new(id, hashes, subcomponents.into_iter().map(part).collect())
}
